#!/bin/bash
# erika-press publish to mirrors that take pushes: many at once, a line for
# each, only what is missing, and what breaks off goes on.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/ports.sh"
. "$SRC/tests/lib/newsroom.sh"
PATH=$ERIKA_BIN/tests/tool:$PATH

declare -A pid at
start() { # NAME [LISTEN]: serve NAME.conf; sets ${at[NAME]}
	: >"$1.err"
	erika-mirror serve -q -c "$1.conf" 2>"$1.err" &
	pid[$1]=$!
	at[$1]=
	for _ in $(seq 200); do
		at[$1]=$(sed -n 's/^erika-mirror: serving .* on //p' "$1.err" 2>/dev/null)
		[ "${at[$1]}" ] && return
		sleep 0.05
	done
}
stop() { kill -"${2:-TERM}" "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null; }
stop_all() { for p in "${pid[@]}"; do kill "$p" 2>/dev/null; done; }
trap stop_all EXIT

# node NAME WORDS: a configuration that takes that outlet's pushes.
node() {
	printf '[mirror]\nroot = %s\nlisten = 127.0.0.1:0\npublisher = %s\n' \
		"$PWD/$1" "$2" >"$1.conf"
	mkdir -p "$1"
}

# mirrors NAME...: mirrors.ini of those that run.
mirrors() {
	for m in "$@"; do
		printf '[mirror "%s"]\nto = %s\n' "$m" "${at[$m]}"
	done >h/room/mirrors.ini
}

# news N: a page that no one has yet.
news() {
	page h "news$1" "News $1" "Number $1. $(seq 3000 | tr '\n' ' ')"
	erika-press pack -q -C h/room h/pages >/dev/null 2>&1
}

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
erika-press pack -q -C h/room h/pages >/dev/null 2>&1
for m in north south east west; do
	node $m "$words"
	start $m
done

# ---- to many at once
mirrors north south east west
run 0 "publish to four mirrors" erika-press publish -C h/room
said=$err
for m in north south east west; do
	like "$said" "^$m +[0-9]+ files, [0-9.]+ ([KM]B|bytes)\$" "a line for $m"
	run 0 "$m is whole" wholetool $m "$words"
	is "$out" "1 2 0" "$m has all"
done
unlike "$said" $'\r' "no progress where there is no terminal"
is "$(for m in north south east west; do
	cmp $m/m/now.pack h/room/repository/m/now.pack && cat $m/m/now.pack |
		sha256sum; done | sort -u | wc -l)" 1 "each has the newsroom's pack"

# ---- only what is new
erika-press publish -C h/room >/dev/null 2>said.txt
like "$(cat said.txt)" '^north +1 file, [0-9]+ bytes$' \
	"a signature without news is one file"
news 1
erika-press publish -C h/room >/dev/null 2>said.txt
like "$(cat said.txt)" '^north +5 files, ' \
	"news are a bundle, its signature, and three files of metadata"
# The same head again: nothing but a question.
stop north KILL
start north
mirrors north south east west
cp -r h/room again
erika-press publish -q -C h/room
run 0 "after a mirror was killed, by another address" wholetool north "$words"
is "${out%% *}" "$(wholetool south "$words" | cut -d' ' -f1)" "it is as new"

# On a terminal it says how far it is.
news 2
python3 - erika-press publish -C h/room >tty.txt <<'PY'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
out = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    out += data
os.waitpid(pid, 0)
sys.stdout.write(out.decode().replace("\r", "\n"))
PY
like "$(cat tty.txt)" '[0-4] of 4 mirrors, [0-9]+ files, ' \
	"progress on a terminal"
like "$(cat tty.txt)" 'north +[0-9]+ files, ' "and the lines as well"

# ---- a proxy that loses the mirror for a moment
gateway() { # NAME MIRROR REQUESTS [SECONDS]
	python3 "$SRC/tests/lib/gateway.py" "${at[$2]}" "${@:3}" >"$1.url" 2>"$1.err" &
	pid[$1]=$!
	for _ in $(seq 200); do
		at[$1]=$(cat "$1.url")
		[ "${at[$1]}" ] && return
		sleep 0.05
	done
}
gateway blinks north 2
gateway gone south -1
mirrors blinks gone
news gateway
run 3 "a proxy answers 502: for good, or twice" erika-press publish -C h/room
like "$err" '^blinks +[0-9]+ files' "twice is tried again"
like "$err" '^erika-press: gone: .*in front of it does not reach it' \
	"for good is told"
run 0 "and what was behind it is whole" wholetool north "$words"
stop blinks
stop gone

# ---- one that keeps lone signatures back: they come before the head is live
gateway holds north 0 0.3
mirrors holds
news signature
run 0 "a proxy is slow with signatures" erika-press publish -C h/room
run 0 "and what is behind it is whole" wholetool north "$words"
is "$(find north -name '*.minisig' | wc -l)" \
	"$(find h/room/repository/t -name '*.minisig' | wc -l)" \
	"with all the signatures"
stop holds

# ---- one that says "I have it" while it is still being told, and a network
# that breaks off
early() { # NAME BREAKS
	python3 "$SRC/tests/lib/early.py" "$2" >"$1.url" 2>"$1.err" &
	pid[$1]=$!
	for _ in $(seq 200); do
		at[$1]=$(head -n 1 "$1.url")
		[ "${at[$1]}" ] && return
		sleep 0.05
	done
}
for i in 1 2 3 4 5; do
	page h long$i "Long $i" "$(head -c 700000 /dev/urandom | base64)"
done
erika-press pack -q -C h/room h/pages >/dev/null 2>&1
early early 0
mirrors early
run 0 "a proxy has it all already" erika-press publish -C h/room
read -r _ length came <<<"$(grep '^PUT' early.url)"
[ "${length:-0}" -gt 3000000 ] && [ "$came" -lt $((length / 4)) ]
ok $? "and is not sent what it has ($came bytes of $length)"
stop early
early breaks 3
mirrors breaks
run 0 "a connection that breaks is tried again" erika-press publish -C h/room
stop breaks
early breaks 4
mirrors breaks
run 1 "but not for ever" erika-press publish -C h/room
like "$err" '^erika-press: breaks: no usable answer' "which is told"
stop breaks

# ---- some fail
node stranger "$(newsroom o "Other"; echo "$words")"
words=$(sed -n 's/^words *//p' h/init.out)
start stranger
at[dead]=http://127.0.0.1:$(free_ports 1)/
serve web h/m
at[web]=$http/normal/
mkdir -p static
mirrors north stranger dead web south
news 2b
run 3 "publish with three that fail" erika-press publish -C h/room
like "$err" '^erika-press: stranger: .*m/1\.root\.json: 403' \
	"one carries another outlet"
like "$err" '^erika-press: dead: .*(network|refused|connect)' "one is down"
like "$err" '^erika-press: web: ' "one is no mirror of ours"
like "$err" '^north +[0-9]+ files' "the others are served"
like "$err" '3 of 5 mirrors failed' "which is counted"
run 0 "north is whole" wholetool north "$words"
run 0 "south is whole" wholetool south "$words"
run 1 "when all fail" erika-press publish -C h/room dead
run 2 "a URL that is none" bash -c '
	printf "[mirror \"x\"]\nto = http://HOST/?q\n" >h/room/mirrors.ini
	erika-press publish -C h/room'
like "$err" '"to" is no URL' "is told of"
mkdir folder
{ printf '[mirror "f"]\nto = %s\n' "$PWD/folder"
	printf '[mirror "north"]\nto = %s\n' "${at[north]}"; } >h/room/mirrors.ini
run 0 "a folder and a push side by side" erika-press publish -C h/room
is "$(cmp folder/m/timestamp.json north/m/timestamp.json && echo same)" same \
	"have the same head"

# ---- an old copy of the records
rm -rf old && cp -r again old
printf '[mirror "north"]\nto = %s\n' "${at[north]}" >old/mirrors.ini
cp old/repository/m/timestamp.json old.json
for _ in 1 2; do
	run 12 "an old copy of the newsroom" erika-press publish -C old
	like "$err" 'nothing was signed: north: .*newsroom is at' \
		"finds a newer head there"
done
run 0 "before it signs another" cmp old/repository/m/timestamp.json old.json
run 0 "which stays" wholetool north "$words"

# ---- broken off at any moment: it goes on, and sends nothing twice
mirrors north
for i in 3 4 5 6; do news $i; done
rm -rf fresh
node fresh "$words"
start fresh
mirrors fresh
total=$(wholetool h/room/repository "$words" | cut -d' ' -f2)
cut=0 bad=0
for i in $(seq 30); do
	erika-press publish -q -C h/room 2>/dev/null &
	p=$!
	sleep "0.0$((i % 10))"
	kill -9 $p 2>/dev/null && cut=$((cut + 1))
	wait $p 2>/dev/null
	wholetool fresh "$words" >state.txt 2>&1 || {
		bad=$((bad + 1))
		sed 's/^/# /' state.txt
	}
done
is $bad 0 "a push that is killed thirty times leaves the mirror whole"
[ $cut -ge 3 ]
ok $? "it was killed $cut times in time"
run 0 "and then goes on" erika-press publish -C h/room
run 0 "to the end" wholetool fresh "$words"
like "$out" "^[0-9]+ [0-9]+ 0\$" "with all"
is "$(find fresh/.stage -type f ! -name owner ! -name lock)" "" \
	"and an empty stage"
# The mirror killed in the middle.
rm -rf fresh2
node fresh2 "$words"
start fresh2
at[fresh]=${at[fresh2]}
mirrors fresh
bad=0
for i in 1 2 3 4 5 6; do
	erika-press publish -q -C h/room 2>/dev/null &
	p=$!
	sleep "0.0$i"
	port=${at[fresh2]##*:}
	stop fresh2 KILL
	sed -i "s|^listen.*|listen = 127.0.0.1:${port%/}|" fresh2.conf
	wait $p
	wholetool fresh2 "$words" >state.txt 2>&1 || bad=$((bad + 1))
	start fresh2
done
is $bad 0 "a mirror that is killed in pushes is whole"
run 0 "and is brought up to date" erika-press publish -C h/room
run 0 "to the end" wholetool fresh2 "$words"
is "${out%% *}" "$(wholetool h/room/repository "$words" | cut -d' ' -f1)" \
	"with the newest head"

# ---- what a mirror lost or was given by others
rm -r fresh2/t/b fresh2/m/timestamp.json
run 0 "a mirror that lost half of it" erika-press publish -C h/room
run 0 "has all again" wholetool fresh2 "$words"
news rot
role=$(ls fresh2/m/*.targets.json | tail -n 1)
bundle=$(ls fresh2/t/b/news/*/*.ekb | head -n 1)
truncate -s 20 "$role"
truncate -s 40 "$bundle"
run 1 "a mirror whose files rot" wholetool fresh2 "$words"
run 0 "is sent news" erika-press publish -C h/room
run 0 "and what is broken" wholetool fresh2 "$words"
node viaother "$words"
echo "pull = $PWD/fresh2" >>viaother.conf
run 0 "a mirror that was fed by another" erika-mirror pull -q -c viaother.conf
start viaother
mirrors viaother
erika-press publish -C h/room >/dev/null 2>said.txt
like "$(cat said.txt)" '^viaother +1 file,' "is sent the new signature only" ||
	sed 's/^/# /' said.txt

# ---- a full mirror
node small "$words"
echo "store = 60K" >>small.conf
start small
mirrors small north
run 3 "one whose quota is too small" erika-press publish -C h/room
like "$err" 'small: (disk or quota|no space|.*507)' "is told of"
run 0 "and serves nothing half" wholetool small "$words"
[ "$(du -s --apparent-size -k small | cut -f1)" -le 60 ]
ok $? "nor takes more"

# ---- the process that talks to mirrors has no key
grep -q . h/room/keys/*.key
ok $? "there are keys"
mkfifo hold
python3 - hold.port <<'PY' &
import socket, sys, time, os
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
c, _ = s.accept()
while not os.path.exists("let-go"):
    time.sleep(0.02)
PY
holder=$!
for _ in $(seq 200); do [ -e hold.port ] && break; sleep 0.05; done
printf '[mirror "h"]\nto = http://127.0.0.1:%s/\n' "$(cat hold.port)" \
	>h/room/mirrors.ini
erika-press publish -q -C h/room 2>/dev/null &
p=$!
child=
for _ in $(seq 200); do
	child=$(cat "/proc/$p/task/$p/children" 2>/dev/null)
	[ "$child" ] && ls -l /proc/${child// /}/fd 2>/dev/null |
		grep -c socket | grep -q '^[2-9]' && break
	sleep 0.02
done
if [ "$child" ] && [ -r "/proc/${child// /}/mem" ]; then
	python3 - "${child// /}" h/room/keys/newsroom.key >mem.txt <<'PY'
import base64, sys
pid, path = sys.argv[1:]
seed = base64.b64decode(open(path).read().split("\n")[1])[62:94]
found = read = 0
for line in open(f"/proc/{pid}/maps"):
    span, mode = line.split()[:2]
    if "r" not in mode or "[v" in line:
        continue
    a, b = (int(x, 16) for x in span.split("-"))
    try:
        with open(f"/proc/{pid}/mem", "rb") as m:
            m.seek(a)
            data = m.read(b - a)
    except OSError:
        continue
    read += len(data)
    found += seed in data
print(found, read > 100000)
PY
	is "$(cat mem.txt)" "0 True" "no secret key is in the memory of what sends"
	is "$(ls -l /proc/${child// /}/fd | grep -c 'press.db\|keys')" 0 \
		"nor is a file of the newsroom open in it"
else
	skip "the memory of the process that sends" "it cannot be read here"
fi
touch let-go
kill $p 2>/dev/null
wait $p $holder 2>/dev/null
stop_all
servers_stop
wait
trap - EXIT
# ---- a thief of the timestamp's key ran ahead on a mirror of ours
if command -v python3 >/dev/null; then
	newsroom k "The Quay"
	page k eel "The eel" "It swam."
	erika-press pack -q -C k/room k/pages >/dev/null 2>&1
	for key in daily daily-2; do
		erika-press key new -q -C k/room --no-passphrase $key
	done
	erika-press root new -q -C k/room set timestamp daily >/dev/null
	node quay "$words"
	start quay
	trap 'kill "${pid[quay]}" 2>/dev/null' EXIT
	printf '[mirror "quay"]\nto = %s\n' "${at[quay]}" >k/room/mirrors.ini
	run 0 "publish" erika-press publish -C k/room
	mkdir evil && cp -r quay/m evil/
	python3 "$SRC/tests/lib/thief.py" "$ERIKA_BIN/tests/tool/headtool" evil \
		timestamp=k/room/keys/daily.key set timestamp version=9000
	run 0 "a head by a stolen key is pushed to our mirror" python3 -c '
import sys, urllib.request
put = urllib.request.Request(sys.argv[1] + "m/timestamp.json", method="PUT",
                             data=open("evil/m/timestamp.json", "rb").read())
urllib.request.urlopen(put, timeout=60)' "${at[quay]}"
	run 0 "which serves it" cmp evil/m/timestamp.json quay/m/timestamp.json
	run 12 "publish notices" erika-press publish -C k/room
	like "$err" 'quay: it has timestamp version 9000' "and says so"
	erika-press root new -q -C k/room set timestamp daily-2 >/dev/null
	run 0 "with another key" erika-press publish -C k/room
	run 0 "the mirror is ours again" \
		cmp k/room/repository/m/timestamp.json quay/m/timestamp.json
	stop quay
	trap - EXIT
fi
plan
