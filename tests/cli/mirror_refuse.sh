#!/bin/bash
# Every malformed request is refused and the connection closed.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/mirror.sh"
mkdir -p tree/m tree/t
echo '{}' >tree/m/timestamp.json
echo next >tree/t/next
echo secret >secret

mirror_start --root tree --listen 127.0.0.1:0
ok $? "the mirror runs"
results python3 "$SRC/tests/lib/http_refuse.py" "$port"
run 0 "it still serves" curl -sf "${url}t/next"
is "$out" next "the right bytes"
mirror_stop
is "$mirror_status" 0 "it ends cleanly"
like "$(tail -n 1 mirror.err)" ' [1-9][0-9]* refused;' "refusals are counted"
plan
