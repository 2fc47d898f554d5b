# --json of erika-press: one object a line, with a schema, and no talk in it.
. "$SRC/tests/lib/tap.sh"

export ERIKA_NEWSROOM=$PWD/room
run 0 "a newsroom" erika-press init --name 'Line "1"' --no-passphrase room
mkdir site
printf '<html lang="en"><title>A "quoted" \\ title</title><article><p>Text.</p></article>' \
	>site/one.html
run 0 "pack" erika-press pack --json site
is "$(printf '%s' "$out" | python3 -c 'import json, sys
for line in sys.stdin:
    o = json.loads(line)
    print(o["schema"], o["change"], o["id"], o["revision"], o["title"])')" \
	'erika-packed-1 new one 1 A "quoted" \ title' "says what was packed"
run 0 "preview" erika-press preview --json
is "$(printf '%s' "$out" | python3 -c 'import json, sys
print([json.loads(line)["id"] for line in sys.stdin])')" "['one']" \
	"lists the articles"
run 0 "publish" erika-press publish
run 0 "status" erika-press status --json
is "$(printf '%s' "$out" | python3 -c 'import json, sys
o = json.loads(sys.stdin.read())
print(o["schema"], o["outlet"], len(o["words"]), len(o["root"]),
      o["articles"], o["unpublished"], sorted(r["name"] for r in o["roles"]))')" \
	"erika-newsroom-1 Line \"1\" 8 64 1 0 ['d-news', 'root', 'snapshot', 'targets', 'timestamp', 'x']" \
	"tells the whole state"
plan
