#!/bin/bash
# Limits that cost nobody but the owner, what a probe sees, what the operator
# sees, and that no reader is ever written down.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/mirror.sh"
. "$SRC/tests/lib/newsroom.sh"

limits() {
	results python3 "$SRC/tests/lib/http_limits.py" "$1" "$port"
}

# ---- a tree
mkdir -p tree/m tree/t/b cover/menu cover/empty
echo '{}' >tree/m/timestamp.json
head -c 60000 /dev/urandom >tree/t/b/big
head -c 1000 /dev/urandom >tree/t/b/small
head -c 400000 /dev/urandom >tree/t/b/rate
echo '<!doctype html><title>Harbour café</title><h1>Harbour café</h1>' >cover/index.html
echo '<!doctype html><h1>Soup</h1>' >cover/menu/index.html
echo '<!doctype html><h1>Nothing here</h1>' >cover/404.html
echo 'h1 { color: navy }' | tee cover/style.css >cover/.hidden
cp cover/.hidden cover/menu/.hidden
ln -s index.html cover/link

# ---- the month's traffic
printf '[mirror]\nlisten = 127.0.0.1:0\nroot = tree\ntraffic = 100K/month\n' >cap.conf
mirror_start -c cap.conf
limits cap
mirror_stop
is "$mirror_status" 0 "it ends"
run 0 "status" erika-mirror status -c cap.conf
like "$out" '^traffic  (9[0-9]|1[0-9][0-9])\.[0-9] KB sent this month of 100\.0 KB' \
	"shows what is used"
mirror_start -c cap.conf
limits capped
kill -KILL "$mirror_pid"
wait "$mirror_pid" 2>/dev/null
mirror_start -c cap.conf
limits capped
mirror_stop
python3 - <<'PY'
import json
s = json.load(open("tree/.node/state.json"))
s["year"] -= 1
json.dump(s, open("tree/.node/state.json", "w"))
PY
mirror_start -c cap.conf
run 0 "last year's traffic is not this month's" curl -sf -o /dev/null "${url}t/b/small"
mirror_stop
rm tree/.node/state.json
mirror_start -c cap.conf
limits burst
mirror_stop
echo nonsense >tree/.node/state.json
run 15 "a state that cannot be read stops it" timeout 20 erika-mirror serve -c cap.conf
like "$err" 'state\.json' "and is named"
rm -r tree/.node
mirror_start --root tree --listen 127.0.0.1:0
mirror_stop
[ ! -e tree/.node ]
ok $? "nothing is written into a folder that is served for a while"

# ---- the rate
printf '[mirror]\nlisten = 127.0.0.1:0\nroot = tree\nrate = 1600Kbit\nwrite-seconds = 2\n' >rate.conf
mirror_start -c rate.conf
limits rate
mirror_stop
is "$mirror_status" 0 "it ends"

# ---- the cover
printf '[mirror]\nlisten = 127.0.0.1:0\nroot = tree\nprefix = /news/\ncover = cover\n' >cover.conf
mirror_start -c cover.conf
limits cover
mirror_stop

# ---- a node of a newsroom's
newsroom n "The Harbour"
page n one "One ship" "It came in on the tide."
issue n
ok $? "a newsroom publishes"
rm -rf node
mkdir node
cp -r n/m node/tree
minisign -G -W -p op.pub -s op.key >/dev/null 2>&1
cat >node/node.conf <<-EOF
	[mirror]
	listen = 127.0.0.1:0
	root = tree
	publisher = $words
	store = 1G
	metrics = unix:$PWD/metrics
	operator = mirror@example.org
	operator-key = $(tail -n 1 op.pub)
EOF
mirror_start -c node/node.conf
ok $? "a node for it"
run 0 "its head is served" curl -sf -o head.json "${url}m/timestamp.json"
metrics() {
	curl -s --unix-socket metrics "http://h/$1"
}
metrics metrics >metrics.out
is "$(grep -c '^erika_mirror_head_version{publisher="publisher"} 1$' metrics.out)" 1 \
	"metrics know the head"
like "$(cat metrics.out)" '^erika_mirror_requests_total\{result="found"\} 1$' "and count requests"
like "$(cat metrics.out)" '^erika_mirror_bundles\{publisher="publisher"\} 1$' "bundles"
is "$(grep -v '^#' metrics.out | grep -vcE '^erika_mirror_[a-z_]+(\{[a-z]+="[a-z]+"\})? [0-9]+$')" 0 \
	"in Prometheus's form"
is "$(grep -v '^#' metrics.out | sed 's/[{ ].*//' | sort -u | while read -r m; do
	grep -q "^# HELP $m ." metrics.out && grep -qE "^# TYPE $m (counter|gauge)$" metrics.out || echo "$m"
done)" "" "each with its type and what it is"
is "$(metrics healthz)" ok "it is well"
is "$(metrics nothing)" "Not Found" "nothing else is there"
is "$(curl -s -o /dev/null -w '%{http_code}' "${url}metrics")" 404 "readers do not see it"
run 0 "status" erika-mirror status -c node/node.conf
like "$out" '^server   running$' "it runs"
like "$out" '^  version 1, signed .*, came ' "the head"
like "$out" '^  fresh: the first of its roles expires in [0-9]+ days$' "is fresh"
like "$out" '^  1 bundle, [0-9]+ files, [0-9.]+ KB of 1\.0 GB$' "the disk"
run 0 "status, as JSON" erika-mirror status --json -c node/node.conf
is "$(printf '%s' "$out" | python3 -c 'import json, sys
s = json.load(sys.stdin); p = s["publishers"][0]
print(s["schema"], s["running"], p["version"], p["stale"], p["bundles"], p["store"], p["error"] == "")')" \
	"erika-mirror-status-1 True 1 False 1 1000000000 True" "the same"
run 0 "in ten years" faketime -f '+3650d' erika-mirror status -c node/node.conf
like "$out" 'STALE: [a-z-]+ expired [0-9]+ days ago' "the head is stale"
echo '{}' >node/tree/m/1.snapshot.json
run 0 "a broken tree" erika-mirror status -c node/node.conf
like "$out" 'NOT IN ORDER: ' "is seen"
cp -p n/m/m/1.snapshot.json node/tree/m/

# ---- a pull is remembered, and takes nothing that is blocked
mkdir pulled
printf '[mirror]\nroot = tree\npublisher = %s\npull = %s/\n' "$words" "$PWD/n/m" >pulled/p.conf
run 0 "status before a pull" erika-mirror status -c pulled/p.conf
like "$out" '^  nothing has come yet$' "nothing is there"
like "$out" '^pulled   never$' "nor was it pulled"
run 0 "a pull" erika-mirror pull -q -c pulled/p.conf
run 0 "status after it" erika-mirror status -c pulled/p.conf
like "$out" '^  version 1, ' "the head is there"
like "$out" '^pulled   now$' "and when it was pulled"
like "$out" '^server   not running$' "without a server"
is "$(find pulled -name '*.ekb' | wc -l)" 1 "and the bundle"
mkdir barred
cp pulled/p.conf barred/p.conf
run 0 "a block of what has not come yet" erika-mirror block -q -c barred/p.conf \
	"$(cd n/m && basename t/b/*/*/*.ekb | cut -c 1-64)" --reason x
run 0 "a pull" erika-mirror pull -q -c barred/p.conf
is "$(find barred -name '*.ekb' | wc -l)" 0 "leaves it out"
run 0 "and the rest" cmp barred/tree/m/timestamp.json n/m/m/timestamp.json

# ---- taking something down
bundle=$(cd n/m && echo t/b/*/*/*.ekb)
hash=$(basename "$bundle" | cut -c 1-64)
code() {
	curl -s -o body -D fields -w '%{http_code}' "${url}$1"
}
is "$(code "$bundle")" 200 "a bundle"
run 2 "no reason" erika-mirror block -c node/node.conf "$hash"
run 2 "a reason of two lines" erika-mirror block -c node/node.conf "$hash" --reason 'a
b'
run 2 "half a hash" erika-mirror block -c node/node.conf 0123 --reason x
run 2 "metadata" erika-mirror block -c node/node.conf m/timestamp.json --reason x
like "$err" 'a path begins with t/' "cannot be blocked"
run 0 "a block" erika-mirror block -c node/node.conf "$hash" --reason "court order 12/26, \"libel\""
like "$err" 'minisign -S -s operator.key -m .*/blocked/'"$hash"'.json -x ' "it says how to sign"
run 1 "again" erika-mirror block -c node/node.conf "$hash" --reason x
# A second later at the latest.
for _ in $(seq 100); do [ "$(code "$bundle")" = 451 ] && break; sleep 0.05; done
is "$(code "$bundle")" 451 "it is answered 451 from then on"
is "$(cat body)" "Unavailable For Legal Reasons" "without a claim that nobody signed"
is "$(code "$bundle.minisig")" 451 "its signature, too"
is "$(code m/timestamp.json)" 200 "nothing else"
is "$(code t/b/nothing)" 404 "what is missing is missing"
run 0 "the list" erika-mirror block -c node/node.conf --list
like "$out" "^$hash\$" "has it"
like "$out" '^  not signed yet$' "unsigned"
file=node/tree/.node/blocked/$hash.json
minisign -S -s op.key -m "$file" -x "$file.minisig" >/dev/null 2>&1
for _ in $(seq 100); do code "$bundle" >/dev/null; grep -q minisig body && break; sleep 0.05; done
like "$(cat fields)" '^Content-Type: application/json' "once signed, the answer carries a tombstone"
is "$(python3 - <<'PY'
import json
t = json.load(open("body"))
open("part.json", "w").write(json.dumps(t["signed"], sort_keys=True, separators=(",", ":"), ensure_ascii=False))
open("part.minisig", "w").write(t["minisig"])
open("part.pub", "w").write("untrusted comment: x\n" + t["key"] + "\n")
print(t["signed"]["reason"], "-", t["signed"]["operator"], t["signed"]["_type"])
PY
)" 'court order 12/26, "libel" - mirror@example.org erika-tombstone-1' "with the reason"
run 0 "which minisign checks" minisign -V -p part.pub -m part.json -x part.minisig
run 0 "the list" erika-mirror block --json -c node/node.conf --list
like "$out" '"signed":true' "says that it is signed"
is "$(curl -s -o /dev/null -w '%{http_code}' -T "n/m/$bundle" "${url}$bundle")" 451 \
	"a push of it is refused"
echo x >>"$file.minisig"
run 0 "a signature that is none" erika-mirror block -c node/node.conf --list
like "$out" 'its signature: ' "is told"
run 1 "what is not blocked" erika-mirror block -c node/node.conf "$bundle" --remove
run 0 "a block is taken back" erika-mirror block -c node/node.conf "$hash" --remove
for _ in $(seq 100); do [ "$(code "$bundle")" = 200 ] && break; sleep 0.05; done
is "$(code "$bundle")" 200 "it is handed out again"
[ -z "$(ls node/tree/.node/blocked)" ]
ok $? "and nothing of it is left"
run 0 "one path" erika-mirror block -c node/node.conf "$bundle" --reason x
for _ in $(seq 100); do [ "$(code "$bundle")" = 451 ] && break; sleep 0.05; done
is "$(code "$bundle")" 451 "is blocked"
is "$(code "$bundle.minisig")" 200 "and nothing beside it"
like "$(metrics metrics)" '^erika_mirror_blocked_total [1-9]' "that is counted"

# ---- a reload in the middle of a push
cat >reload.py <<'PY'
import os, signal, sys
sys.path.insert(0, os.environ["SRC"] + "/tests/lib")
from http_client import Client
port, pid = int(sys.argv[1]), int(sys.argv[2])
name = "/m/2.root.json"
idle, c = Client(port), Client(port)
idle.get("/m/timestamp.json")
c.send(f"PUT {name} HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n".encode())
while b"\r\n\r\n" not in c.got:
    c.more()
print(c.got.split(b"\r\n")[0].decode())
c.got = b""
c.send(b"x" * 1000)
os.kill(pid, signal.SIGHUP)
print(c.ended(), idle.get("/m/timestamp.json").status)
c = Client(port)
c.send(f"PUT {name} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello".encode())
print(c.response("PUT").status)
PY
run 0 "a reload during a push" python3 reload.py "$port" "$mirror_pid"
is "$out" "HTTP/1.1 100 Continue
True 200
403" "cuts it, keeps readers, and takes pushes again"
mirror_said serving 2
ok $? "and is told"

# ---- nobody is written down
for i in 1 2 3 4 5; do
	python3 - "$port" "127.77.88.$i" <<'PY'
import socket, sys
for data in (b"GET /m/timestamp.json HTTP/1.1\r\nHost: h\r\n\r\n", b"nonsense\n", b"GET /half",
             b"PUT /m/timestamp.json HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"):
    s = socket.socket()
    s.bind((sys.argv[2], 0))
    s.connect(("127.0.0.1", int(sys.argv[1])))
    s.sendall(data + b"Referer: 127.77.88.99\r\n")
    s.close()
PY
done
metrics metrics >metrics.out
if [ -r "/proc/$mirror_pid/limits" ]; then
	is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$mirror_pid/limits")" \
		"0 0" "nor in a core dump: there is none"
else
	skip "no core dump" "needs /proc"
fi
mirror_stop
is "$mirror_status" 0 "the node ends"
is "$(grep -rlaE '127\.77\.88|7f4d58' mirror.err metrics.out node body 2>/dev/null)" "" \
	"no address of a client in logs, figures, state or tree"
is "$(find node -newer node/node.conf -type f | grep -v '/blocked/' | sed 's|.*/||' | sort | tr '\n' ' ')" \
	"owner running state.json " "and no file but these was written"
if command -v strace >/dev/null; then
	mirror_start -c node/node.conf
	strace -f -qq -s 4096 -xx -e trace=write,writev,pwrite64,rename,openat,sendto \
		-o calls -p "$mirror_pid" 2>/dev/null &
	tracer=$!
	for _ in $(seq 100); do
		grep -q "TracerPid:	[1-9]" "/proc/$mirror_pid/status" && break
		sleep 0.05
	done
	python3 - "$port" <<'PY'
import socket, sys
for i in range(20):
    s = socket.socket()
    s.bind((f"127.77.88.{i + 1}", 0))
    s.connect(("127.0.0.1", int(sys.argv[1])))
    s.sendall(b"GET /m/timestamp.json HTTP/1.1\r\nHost: h\r\n\r\n")
    s.recv(100000)
    s.close()
PY
	mirror_stop
	wait $tracer
	grep -q sendto calls
	ok $? "its system calls are seen"
	# "127.77.88" as text, or the four bytes, in hex.
	is "$(grep -cE '\\x31\\x32\\x37\\x2e\\x37\\x37|\\x7f\\x4d\\x58' calls)" 0 \
		"none of them writes an address"
else
	skip "no system call writes an address" "strace is not installed"
fi
plan
