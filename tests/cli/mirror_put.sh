#!/bin/bash
# PUT in the front: what comes, when it is refused, when it is cut; with
# tests/tool/puttool behind it, which takes whatever it gets.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/mirror.sh"

mkdir -p tree/m tree/t
echo '{}' >tree/m/timestamp.json
echo next >tree/t/next
echo secret >secret

# puttool ARGUMENT...: sets $mirror_pid, $port.
puttool() {
	: >mirror.err
	"$ERIKA_BIN/tests/tool/puttool" tree "$@" >put.log 2>mirror.err &
	mirror_pid=$!
	trap 'kill "$mirror_pid" 2>/dev/null' EXIT
	mirror_said 'serving' || return 1
	port=$(sed -n 's/.*:\([0-9]*\)\/$/\1/p' mirror.err)
}

puttool pushes=3 push=3 write=1 bytes=4096
ok $? "the tool runs"
results python3 "$SRC/tests/lib/http_put.py" "$port" put.log "$mirror_pid"
mirror_stop
is "$mirror_status" 0 "it ends cleanly"

# ---- every malformed request, to a front that takes pushes
puttool
results python3 "$SRC/tests/lib/http_refuse.py" "$port" put
is "$(grep -v '^cut t/x' put.log)" "$(grep '^begin t/x 5$' put.log)" \
	"no malformed PUT was begun"
mirror_stop

# ---- a real client
puttool
head -c 5000000 /dev/urandom >file
run 0 "curl -T" curl -sS -f -T file "http://127.0.0.1:$port/t/curl"
is "$out" "Created: t/curl" "is told what became of it"
is "$(tail -n 1 put.log)" "end t/curl $(sha256sum file | cut -c 1-64)" "all of it came"
run 22 "curl -T, refused" curl -sS -f -T file "http://127.0.0.1:$port/t/begin-403"
like "$err" '403' "sees why"
run 0 "curl does not send what is refused first" curl -s -o /dev/null \
	-w '%{http_code} %{size_upload}' -H 'Expect: 100-continue' \
	-T file "http://127.0.0.1:$port/t/begin-409"
is "$out" "409 0" "not a byte"
run 0 "curl in chunks" sh -c 'curl -s -o /dev/null -w "%{http_code}" -H "Transfer-Encoding: chunked" -T file "http://127.0.0.1:$0/t/chunked"' "$port"
is "$out" 400 "is refused"

# ---- the end: what goes on is finished, what is idle is not waited for
mkfifo slow
exec 9<>slow
python3 - "$port" 9<&- >drain.out <<'PY' &
import sys, time
sys.path.insert(0, "/".join(__import__("os").environ["SRC"].split("/") + ["tests/lib"]))
from http_client import Client
port = int(sys.argv[1])
idle, c = Client(port), Client(port)
idle.get("/t/next")
c.send(b"PUT /t/drained HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
print("begun", flush=True)
open("slow").readline()
print("idle", idle.ended(), flush=True)
c.send(b"world")
r = c.response("PUT")
print(r.status, r.field("Connection"), c.ended(), flush=True)
PY
client=$!
for _ in $(seq 200); do grep -q begun drain.out && break; sleep 0.05; done
for _ in $(seq 200); do grep -q 't/drained' put.log && break; sleep 0.05; done
kill -TERM "$mirror_pid"
echo >&9
wait $client
exec 9>&-
wait "$mirror_pid"
is "$?" 0 "SIGTERM ends it with 0"
trap - EXIT
is "$(cat drain.out)" "begun
idle True
201 close True" "after the push that went on, without the idle one"
is "$(tail -n 1 put.log | cut -d' ' -f1,2)" "end t/drained" "whole"
puttool drain=1
python3 - "$port" <<'PY' &
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"PUT /t/stuck HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
s.settimeout(20)
try:
    s.recv(1)
except OSError:
    pass
PY
client=$!
for _ in $(seq 200); do grep -q 't/stuck' put.log && break; sleep 0.05; done
mirror_stop
is "$mirror_status" 0 "a push that does not go on is not waited for long"
is "$(tail -n 1 put.log)" "cut t/stuck 5" "it is cut"
wait $client
plan
