#!/bin/bash
# Two heads of one version: the signer's doing, kept as a proof for others.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tool=$ERIKA_BIN/tests/tool/headtool
tools_or_skip "two heads" python3 "$tool"

# other FOLDER: sign its head once more, otherwise.
other() {
	"$tool" h/room/keys/newsroom.key "$1/m/timestamp.json" \
		expires="$(date -u -d '+5 days' +%Y-%m-%dT00:00:00Z)"
}

# dump: all that the library has, but for proofs and mirrors' failures.
dump() {
	python3 - "$XDG_DATA_HOME/erika/library.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for table in "outlet", "metadata", "target", "bundle", "article", "image":
    for row in db.execute("SELECT * FROM %s ORDER BY 1, 2" % table):
        print(table, row)
PY
}

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
ok $? "there is an outlet"
cp -R h/m twin
other twin
newsroom q "The Quay"
page q eel "The eel" "It swam."
issue q

# ---- a head that another one of its version follows

reader one
trust h
erika sync -q --from h/m
run 1 "no two heads, no proof" erika outlets --proof none.json
like "$err" 'there is no proof' "is said"
is "$(ls none.json 2>/dev/null)" "" "and none written"
before=$(dump)
run 12 "a second head of this version" erika sync --from twin
like "$err" 'two different heads of version 1, both signed by the outlet.s key' \
	"is told as what it is"
like "$err" 'the newsroom or whoever holds its key says different things to' \
	"and whose doing"
like "$err" 'erika outlets --proof FILE' "with what to do"
like "$err" 'is not to blame' "the mirror only carries it"
unlike "$err" 'lied|tampered' "and is no liar"
is "$(dump)" "$before" "the library is otherwise as it was"
run 0 "what was read is read" erika read tide
like "$out" 'High water' "as before"
like "$(erika outlets)" 'TWO HEADS' "the outlet is marked"
is "$(erika outlets --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["proofs"])')" 1 "for programs, too"
run 0 "the old head again" erika sync --from h/m

# ---- the proof

run 0 "the proof is written" erika outlets --proof p.json "The Harbour"
run 12 "met again" erika sync --from twin
run 1 "it is not written over" erika outlets --proof p.json "The Harbour"
like "$err" 'already there: p\.json' "a file that is there"
run 0 "it is kept once" erika outlets --proof again.json
cmp -s p.json again.json
ok $? "as the same bytes"
run 0 "who has it checks it" erika verify p.json
like "$out" '^proved: two different files are signed by The Harbour as timestamp version 1' \
	"it is proved"
like "$out" 'No mirror can do that' "against whom"
run 0 "as JSON" erika verify --json p.json
like "$out" '"kind":"proof","proved":true' "likewise"
run 2 "a key is no use" erika verify --key h/room/keys/newsroom.pub p.json

reader two
trust h
run 0 "whoever trusts the outlet needs no network" erika verify p.json
reader stranger
run 0 "nor trust, with its root" erika verify --root h/m/m/1.root.json p.json
run 11 "another's root proves nothing" erika verify \
	--root q/m/m/1.root.json p.json
trust q
run 11 "nor does another's outlet" erika verify p.json
like "$err" 'not about an outlet that you trust' "and why"

# ---- forged proofs

# forge CODE: bad.json is p.json after this Python on `p`.
forge() {
	python3 - "$1" <<'PY'
import json, sys
p = json.load(open("p.json"))
exec(sys.argv[1])
open("bad.json", "w").write(
    json.dumps(p, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
PY
}
reader two
forge 'p["heads"][1] = p["heads"][0]'
run 15 "one head twice is no contradiction" erika verify bad.json
forge 'p["heads"][1]["signed"]["version"] = 2'
run 10 "a head that nobody signed" erika verify bad.json
forge 'p["version"] = 7'
run 15 "of another version than it says" erika verify bad.json
forge 'p["extra"] = 1'
run 15 "with more in it" erika verify bad.json
head -c 900 p.json >bad.json
run 15 "cut short" erika verify bad.json

# ---- beside an honest mirror, and in a share file

reader three
erika add -q --yes --mirror "$PWD/h/m" --mirror "$PWD/twin" h/m/m/1.root.json
run 12 "two mirrors, two heads" erika sync
like "$err" 'two different heads of version 1' "are seen at once"
like "$err" 'The Harbour: 1 new' "and the news is read"
run 0 "the proof" erika outlets --proof three.json
run 0 "holds" erika verify three.json

reader four
trust h
erika sync -q --from twin
erika share -q -o twin.erika
reader one
before=$(sha256sum <"$XDG_DATA_HOME/erika/library.db")
run 12 "a share file with the other head" erika verify twin.erika
like "$err" 'erika sync does' "verify keeps nothing"
is "$(sha256sum <"$XDG_DATA_HOME/erika/library.db")" "$before" "indeed"

# ---- an older library

python3 - "$XDG_DATA_HOME/erika/library.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DROP TABLE proof")
db.commit()
PY
run 12 "a library from before there were proofs" erika sync --from twin.erika
run 0 "keeps them as well" erika outlets --proof old.json
plan
