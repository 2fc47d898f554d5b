#!/bin/bash
# What is forgotten is in no byte of the library's file, nor of anything beside
# it; what is not forgotten stays.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"

newsroom h "The Harbour"
page h tide "The tide at Wrenhaven" "High water at noon, said Thessaly Oakum."
page h fog "Fog on the quay" "None at all."
issue h
newsroom q "The Quay"
page q eel "The eel" "It swam past Corrigan Lodestone."
issue q
ok $? "there are two newsrooms"

reader base
trust h && trust q
# One mirror that nobody knows of but this reader, and what is remembered.
serve web h/m
erika add -q --mirror "$http/normal/" h/m/m/1.root.json
erika add -q --mirror "$PWD/q/m" q/m/m/1.root.json
run 0 "both are here" erika sync -q --network lesnaya
db=$XDG_DATA_HOME/erika/library.db

# holds TEXT...: which of them are in any file of the library's folder.
holds() {
	local t
	for t in "$@"; do
		grep -qaF -- "$t" "$XDG_DATA_HOME"/erika/* && echo "$t"
	done
	return 0
}
# Texts are packed: names, titles and addresses are what stands there openly.
port=${http##*:}
marks=("The Harbour" "The tide at Wrenhaven" "Fog on the quay" "127.0.0.1:$port")
is "$(holds "${marks[@]}")" "$(printf '%s\n' "${marks[@]}")" \
	"what is to be forgotten is there"
# The text as it is packed: some bytes from the middle of its bundle.
bundle=$(only h/m/t/b/news/*/*.1.ekb)
python3 - "$bundle" "$db" >packed.out <<'PY'
import sys
bundle = open(sys.argv[1], "rb").read()
db = open(sys.argv[2], "rb").read()
# A page of the database cuts it somewhere.
print(sum(bundle[i:i + 32] in db for i in range(0, len(bundle) - 32, 32)))
PY
like "$(cat packed.out)" '^[1-9]' "its packed text, too"

# ---- asking

run 2 "to forget nothing is no use" erika forget
run 2 "everything and one is neither" erika forget --all "The Quay"
run 1 "an outlet that is not here" erika forget "The Lodge"
run 1 "without a yes nothing is forgotten" erika forget "The Harbour"
like "$err" 'The Harbour: 2 articles' "what would be, is said"
like "$err" 'nothing was forgotten' "and that it was not"
run 1 "nor everything" erika forget --all
is "$(erika list --json | wc -l)" 3 "all is still there"
cp "$db" before.db

# ---- an outlet

run 0 "forget an outlet" erika forget --yes "The Harbour"
like "$err" '^forgotten: The Harbour' "it says so"
like "$err" 'Flash memory' "and what it cannot promise"
is "$(holds "${marks[@]}")" "" "no byte of it is left, in any file"
python3 - "$bundle" "$XDG_DATA_HOME"/erika/* >packed.out <<'PY'
import sys
bundle = open(sys.argv[1], "rb").read()
left = 0
for name in sys.argv[2:]:
    data = open(name, "rb").read()
    left += sum(bundle[i:i + 32] in data
                for i in range(0, len(bundle) - 32, 32)
                if bundle[i:i + 32].strip(b"\0"))
print(left)
PY
is "$(cat packed.out)" 0 "nor of its packed text"
is "$(ls "$XDG_DATA_HOME/erika")" library.db "and no journal"
is "$(python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("PRAGMA freelist_count").fetchone()[0])
' "$db")" 0 "the file has no unused page"
is "$(stat -c %a "$db")" 600 "and still nobody else's"
run 0 "the other outlet reads" erika read eel
run 0 "and syncs" erika sync -q
run 1 "the first is gone" erika read tide
like "$(erika outlets --json)" '"The Quay"' "one is left"
unlike "$(erika outlets --json)" '"The Harbour"' "the other is not"

# ---- what was read

like "$(erika outlets)" 'articles 1, 0 unread' "it was read"
run 0 "forget what was read" erika forget --read
like "$(erika outlets)" 'articles 1, 1 unread' "now it is unread"

# ---- as JSON

run 0 "forget networks" erika forget --networks --json
like "$out" '"schema": ?"erika-forget-1"' "it can say so to programs"
like "$out" '"networks": ?true' "and what"
is "$err" "" "without a word more"

# ---- everything

run 0 "forget everything" erika forget --all --yes
like "$err" '^forgotten: everything \(1 outlet\)' "it says so"
is "$(ls "$XDG_DATA_HOME/erika")" "" "no file is left"
run 1 "there is nothing to read" erika list
run 0 "and forgetting it again is fine" erika forget --all --yes

# ---- a crash in the middle

cp before.db "$db"
(
	ulimit -f 100 # KB: no room to write the file anew
	trap '' XFSZ
	erika forget --yes "The Harbour" >crash.out 2>&1
)
code=$?
run 0 "whatever happens in between, the library stays whole" erika list
python3 - "$db" <<'PY'
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check")
sys.exit(rows.fetchone()[0] != "ok")
PY
ok $? "every page of it (status $code)"
plan
