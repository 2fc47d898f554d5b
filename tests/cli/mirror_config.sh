#!/bin/bash
# erika-mirror init, check, and serve's reload: the configuration.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/mirror.sh"

# refused TEXT PATTERN NAME: check refuses a file with this text.
refused() {
	printf '%b' "$1" >bad.conf
	run 2 "refused: $3" erika-mirror check -c bad.conf
	like "$err" "$2" "it says where: $3"
}

# ---- init
run 0 "init writes a configuration" erika-mirror init node
ok "$((! $([ -f node/erika-mirror.conf ] && [ -d node/tree ] && echo 1)))" \
	"and makes the folder to serve"
run 0 "the example is what init writes" \
	cmp node/erika-mirror.conf "$SRC/mirrors/example.conf"
run 0 "check accepts it" erika-mirror check -c node/erika-mirror.conf
like "$out" '^listen +127\.0\.0\.1:8080$' "check tells the address"
like "$out" '^root +node/tree$' "the root stands beside the file"
like "$out" 'per address +no limit' "no limit for one proxy"
like "$err" 'nothing is published' "it warns of an empty root"
run 1 "init does not overwrite" erika-mirror init node
like "$err" 'already there: node/erika-mirror.conf' "and says so"
run 0 "init here" sh -c 'mkdir here && cd here && erika-mirror init --root "$PWD/x" --listen "[::]:80" --prefix /n/'
run 0 "check without -c" sh -c 'cd here && erika-mirror check --json'
is "$(printf '%s' "$out" | python3 -c 'import json, sys
c = json.load(sys.stdin); print(c["root"], c["listen"], c["prefix"], c["per-address"])')" \
	"$PWD/here/x [::]:80 /n/ 64" "the options are in the file, as JSON shows"
run 2 "init refuses a bad address" erika-mirror init --listen localhost:80 other
run 2 "init refuses a root that a file cannot hold" \
	erika-mirror init --root 'a # b' other
run 2 "or that would add a key" erika-mirror init --root 'a
prefix = /x/' other
[ ! -e other ]
ok $? "and makes nothing then"

# ---- check
run 1 "no file" erika-mirror check -c nowhere.conf
like "$err" 'not found: nowhere.conf is not here' "it says which, and what to do"
run 0 "no file is needed with --root" erika-mirror check --root node
run 0 "options win over the file" erika-mirror check --json \
	-c node/erika-mirror.conf --root node --listen unix:/run/x --prefix /p/
like "$out" '"listen":"unix:/run/x".*"prefix":"/p/".*"root":"node"' "all three"
run 2 "a bad option is bad usage" erika-mirror check --root node --prefix p
printf '[mirror]\nroot = gone\n' >gone.conf
run 0 "a missing root is for serve to refuse" erika-mirror check -c gone.conf
like "$err" 'gone is not a folder yet: serve will not start' "but check warns"
run 1 "serve refuses it" erika-mirror serve -c gone.conf

run 0 "few descriptors" bash -c 'ulimit -n 100 && exec erika-mirror check --root node'
like "$err" 'allows 34 connections' "are told"

refused '[mirror]\nroot = .\nspeed = 20Mbit\n' 'bad.conf:3: unknown key "speed"' "unknown key"
refused '[mirror]\nroot = .\nliste = :0\n' 'unknown key "liste"; is it listen\?' "a slip in a key"
refused '[mirror]\nroot = .\nroot = .\n' 'bad.conf:3: "root" stands in line 2' "key twice"
refused '[mirror]\nlisten = :0\n' 'bad.conf:2: listen' "no address"
refused '[mirror]\nlisten = localhost:80\n' 'bad.conf:2: listen' "a name"
refused '[mirror]\nlisten = 127.0.0.1\n' 'bad.conf:2: listen' "no port"
refused '[mirror]\nlisten = 127.0.0.1:65536\n' 'bad.conf:2: listen' "port too high"
refused '[mirror]\nlisten = 127.0.0.1:080\n' 'bad.conf:2: listen' "port with a zero"
refused '[mirror]\nlisten = ::1:80\n' 'bad.conf:2: listen' "IPv6 without brackets"
refused '[mirror]\nlisten = [::1]\n' 'bad.conf:2: listen' "IPv6 without a port"
refused '[mirror]\nlisten = [127.0.0.1]:80\n' 'bad.conf:2: listen' "IPv4 in brackets"
refused '[mirror]\nlisten = unix:x\n' 'bad.conf:2: listen' "relative socket"
refused "[mirror]\nlisten = unix:/$(printf '%0120d' 0)\n" 'bad.conf:2: listen' "long socket path"
refused '[mirror]\nlisten = \n' 'bad.conf:2: listen' "empty address"
refused '[mirror]\nroot =\n' 'bad.conf:2: root' "empty root"
refused '[mirror]\nlog = none\n' 'bad.conf: no "root"' "no root"
refused '[mirror]\nlog = all\n' 'bad.conf:2: log' "unknown log"
refused '[mirror]\nprefix = x/\n' 'bad.conf:2: prefix' "relative prefix"
refused '[mirror]\nprefix = /x\n' 'bad.conf:2: prefix' "open prefix"
refused '[mirror]\nprefix = //\n' 'bad.conf:2: prefix' "double slash"
refused '[mirror]\nprefix = /../\n' 'bad.conf:2: prefix' "dots"
refused '[mirror]\nprefix = /a b/\n' 'bad.conf:2: prefix' "space in a prefix"
refused '[mirror]\nconnections = 0\n' 'bad.conf:2: connections: a whole number from 1' "none"
refused '[mirror]\nconnections = 70000\n' 'bad.conf:2: connections' "too many"
refused '[mirror]\nhead-seconds = 1.5\n' 'bad.conf:2: head-seconds' "a fraction"
refused '[mirror]\nidle-seconds = -1\n' 'bad.conf:2: idle-seconds' "negative"
refused '[mirror]\nwrite-bytes = 4k\n' 'bad.conf:2: write-bytes' "a unit"
refused 'root = .\n' 'bad.conf:1: keys stand under \[mirror\]' "no section"
refused '[mirrors]\nroot = .\n' 'bad.conf:2: unknown section' "another section"
refused '[mirror "x"]\nroot = .\n' 'bad.conf:2: unknown section' "a label"
refused '[mirror]\nroot = \x1b[2J\n' 'bad.conf:2: forbidden' "escape sequence"
unlike "$err" "$(printf '\033')" "which is not printed"
refused '\n\nnonsense\n' 'bad.conf:3: neither' "no key"

# ---- keys of a node that takes pushes
fp=$(printf '0123456789abcdef%.0s' 1 2 3 4)
words='ancient carry fuel picture chevron zigzag drift nutmeg'
for bad in 20 0G G 20g 20GiB 1.5G -1G; do
	case $bad in
	20) continue ;; # bytes
	esac
	refused "[mirror]\nstore = $bad\n" 'bad.conf:2: store: a size' "store = $bad"
done
refused '[mirror]\nfiles = 5\n' 'bad.conf:2: files' "too few files"
for bad in 500G/year 500/ 0 /month 500G/month/; do
	refused "[mirror]\ntraffic = $bad\n" 'bad.conf:2: traffic' "traffic = $bad"
done
for bad in 20 20MB 1Kbit 9999999Gbit fast; do
	refused "[mirror]\nrate = $bad\n" 'bad.conf:2: rate' "rate = $bad"
done
refused '[mirror]\nmetrics = 0.0.0.0:9108\n' 'bad.conf:2: metrics: an address of this machine' "metrics for all"
refused '[mirror]\nmetrics = [::]:9108\n' 'bad.conf:2: metrics: an address of this machine' "and in IPv6"
refused '[mirror]\nmetrics = 9108\n' 'bad.conf:2: metrics: listen' "a bare port"
refused '[mirror]\ncover =\n' 'bad.conf:2: cover' "empty cover"
refused '[mirror]\nstate =\n' 'bad.conf:2: state' "empty state"
refused '[mirror]\noperator = \n' 'bad.conf:2: operator' "empty operator"
refused '[mirror]\noperator-key = RWxx\n' 'bad.conf:2: operator-key' "a key that is none"
refused '[mirror]\npushes = 0\n' 'bad.conf:2: pushes' "no pushes"
refused '[mirror]\npublisher = nobody\n' 'bad.conf:2: .*link, fingerprint or eight words' "no fingerprint"
refused "[mirror]\npublisher = ${fp}0\n" 'bad.conf:2: ' "a long fingerprint"
refused "[mirror]\npublisher = ${fp%f}F\n" 'bad.conf:2: ' "a fingerprint in capitals"
refused '[mirror]\npublisher = erika:12\n' 'bad.conf:2: ' "half a link"
refused '[mirror]\npull = relative/\n' 'bad.conf:2: pull' "a relative source"
refused '[mirror]\npull = ftp://h/\n' 'bad.conf:2: pull' "FTP"
refused '[mirror]\npull = https://h/\nroot = .\n' 'bad.conf: no "publisher"' "pull of nobody"
refused '[mirror]\npinned = x\n' 'bad.conf:2: pinned' "no pattern"
refused "[publisher]\nfingerprint = $fp\n" 'bad.conf:2: write \[publisher "NAME"\]' "no name"
refused "[publisher \"../x\"]\nfingerprint = $fp\n" 'bad.conf:2: write' "dots in a name"
refused "[publisher \"m\"]\nfingerprint = $fp\n" 'bad.conf:2: write' "a name of ours"
refused '[publisher "a"]\nnonsense = 1\n' 'bad.conf:2: unknown key "nonsense" of a publisher' "unknown key of a publisher"
refused '[mirror]\nroot = .\n[publisher "a"]\nstore = 1G\n' 'bad.conf: \[publisher "a"\]: no "fingerprint"' "a publisher without a fingerprint"
refused "[mirror]\nroot = .\npublisher = $words\n[publisher \"a\"]\nfingerprint = $fp\n" \
	'bad.conf: "publisher" is for one alone' "two ways at once"
cat >many.conf <<-EOF
	[mirror]
	root = node/tree
	store = 20GB
	files = 1000
	traffic = 500 G/month   ; of UTC
	rate = 20 Mbit
	metrics = unix:/run/erika/metrics
	cover = node
	state = kept
	operator = mirror@example.org
	[publisher "harbour"]
	fingerprint = $words
	pull = https://a.example/  http://b.example/news/ /mnt/x
	pinned = b/news/2026-w09/*
	[publisher "gazette"]
	fingerprint = erika:$fp?at=https%3A%2F%2Fc.example%2F
	store = 1T
	files = 500
EOF
run 0 "two publishers" erika-mirror check --json -c many.conf
is "$(printf '%s' "$out" | python3 -c 'import json, sys
c = json.load(sys.stdin)
print(c["traffic"], c["rate"], c["cover"], c["state"], c["metrics"])
for p in c["publishers"]:
    print(p["name"], p["folder"], len(p["fingerprint"]), p["store"], p["files"], *p["pull"])')" \
	"500000000000 20000000 node kept unix:/run/erika/metrics
harbour harbour 22 20000000000 1000 https://a.example/ http://b.example/news/ /mnt/x
gazette gazette 64 1000000000000 500 https://c.example/" "as they were written"
run 0 "for people" erika-mirror check -c many.conf
like "$out" "harbour: $words\$" "the words to compare"
like "$out" 'rate +20000 kbit/s' "the rate"
like "$err" 'may store 1.0 TB, but the disk has' "more than the disk has is told"

# ---- init: options, questions
run 0 "init with all options" erika-mirror init -q --publisher "$words" \
	--listen unix:/run/erika/http --store 1T --traffic none full
is "$(grep -E '^[a-z]' full/erika-mirror.conf)" "publisher = $words
listen = unix:/run/erika/http
root = tree
prefix = /
store = 1T
log = counts" "writes them"
run 0 "a fingerprint" erika-mirror init -q --publisher "$fp" hex
like "$(cat hex/erika-mirror.conf)" '^# In words: [a-z]+ [a-z ]+$' "comes with its words"
run 2 "init refuses a bad publisher" erika-mirror init --publisher nobody other
run 2 "a bad store" erika-mirror init --store much other
run 2 "a bad traffic" erika-mirror init --traffic 5G/day other
run 15 "a file that is no root" sh -c 'echo "{}" >x.json; erika-mirror init --publisher x.json other'
like "$err" 'x.json is no root.json' "and says so"
[ ! -e other ]
ok $? "and makes nothing then"
cat >ask.py <<'PY'
"""Answer questions on a terminal: ask.py ANSWERS COMMAND..."""
import os, pty, select, sys
answers = sys.argv[1].encode().decode("unicode_escape").split("|")
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
asked = 0
while True:
    if not select.select([fd], [], [], 20)[0]:
        break
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    while seen[asked:].rstrip(b"\r\n").endswith(b"] ") and answers:
        asked = len(seen)
        os.write(fd, answers.pop(0).encode())
print(seen.decode().replace("\r", ""))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
run 0 "init asks on a terminal" python3 ask.py "nobody\n|$words\n|2\n|\n|5G/year\n|none\n" \
	erika-mirror init asked
is "$(grep -cE '^[1-4]/4 ' <<<"$out")" 6 "four questions, two of them again"
like "$out" 'not an outlet.s link, fingerprint or eight words' "it says what was wrong"
is "$(grep -E '^(publisher|listen|store|traffic)' asked/erika-mirror.conf)" \
	"publisher = $words
listen = unix:/run/erika/http
store = 20G" "the answers are in the file"
run 1 "an end of input" python3 ask.py 'none\n|\x04' erika-mirror init cancelled
like "$out" 'nothing is written' "writes nothing"
[ ! -e cancelled ]
ok $? "and makes nothing"
run 0 "no questions where none are wanted" python3 ask.py '' erika-mirror init --no-input quiet
unlike "$out" '/4' "none is asked"

# ---- reload
mkdir -p a/t b/t
echo a >a/t/x
echo b >b/t/x
printf '[mirror]\nlisten = 127.0.0.1:0\nroot = a\n' >r.conf
mirror_start -c r.conf
run 0 "the first root" curl -sf "${url}t/x"
is "$out" a "is served"
first=$url
printf '[mirror]\nlisten = 127.0.0.1:0\nroot = b\nprefix = /p/\n' >r.conf
kill -HUP "$mirror_pid"
mirror_said serving 2
is "$(tail -n 1 mirror.err)" "erika-mirror: serving b on ${first}p/" \
	"SIGHUP takes the new file, on the same port"
run 0 "the second root" curl -sf "${first}p/t/x"
is "$out" b "is served"
printf '[mirror]\nroot = a\nnonsense\n' >r.conf
kill -HUP "$mirror_pid"
mirror_said 'not reloaded: r.conf:3: ' 1
ok $? "a bad file is told with its line"
printf '[mirror]\nlisten = 127.0.0.1:0\nroot = nowhere\n' >r.conf
kill -HUP "$mirror_pid"
mirror_said 'not reloaded: nowhere: ' 1
ok $? "so is a missing root"
printf '[mirror]\nlisten = 192.0.2.1:1\nroot = a\n' >r.conf
kill -HUP "$mirror_pid"
mirror_said 'not reloaded: cannot listen on 192.0.2.1:1' 1
ok $? "and an address that is not ours"
if python3 - <<'PY'
import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 2)
PY
then
	outside=$(mktemp -d)
	printf '[mirror]\nlisten = 127.0.0.1:0\nroot = %s\n' "$outside" >r.conf
	kill -HUP "$mirror_pid"
	mirror_said "not reloaded: $outside: .*shut in: restart it" 1
	ok $? "and a folder that the sandbox does not let it see"
	rmdir "$outside"
	like "$(cat "/proc/$mirror_pid/status")" 'NoNewPrivs:	1' "it gains no privilege"
else
	skip "a folder that the sandbox does not let it see" "no Landlock here"
fi
mkdir -p crowd/blocked
(cd crowd/blocked && seq 9000 | xargs touch)
printf '[mirror]\nlisten = 127.0.0.1:0\nroot = a\nstate = crowd\n' >r.conf
kill -HUP "$mirror_pid"
mirror_said 'not reloaded: crowd/blocked: has too many' 1
ok $? "and blocks that cannot be read"
rm -r crowd
run 0 "it goes on as before" curl -sf "${first}p/t/x"
is "$out" b "with the last good file"
printf '[mirror]\nlisten = unix:%s/s\nroot = a\nlog = none\n' "$PWD" >r.conf
kill -HUP "$mirror_pid"
mirror_said serving 3
run 0 "another address" curl -sf --unix-socket s http://h/t/x
is "$out" a "is served"
run 7 "the old one is closed" curl -s "${first}p/t/x"
mirror_stop
is "$mirror_status" 0 "it ends with 0"
is "$(grep -c requests mirror.err)" 0 "log = none writes no counts"
plan
