#!/bin/bash
# Readers of an outlet that has sealed weeks: open ones come, with what they
# build on; older ones when they are asked for.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "sealed weeks" faketime

# ids: of the articles in the library.
ids() {
	erika list --all --json | sed 's/.*"id":"\([^"]*\)".*/\1/' | sort |
		tr '\n' ' '
}

mkdir -p h/pages h/m
at 2026-09-01 erika-press init -q --no-passphrase --name "The Harbour" h/room \
	>/dev/null 2>&1
printf '[mirror "m"]\nto = %s\n' "$PWD/h/m" >h/room/mirrors.ini
page h tide "The tide" "High water at noon. $(seq 900 | tr '\n' ' ')" \
	2026-09-01T10:00:00Z
issue_on 2026-09-01 h
page h fog "Fog" "None at all." 2026-09-08T10:00:00Z
issue_on 2026-09-08 h
page h gulls "Gulls" "They took the bread." 2026-10-06T10:00:00Z
issue_on 2026-10-06 h
page h pier "The pier" "It stands." 2026-11-10T10:00:00Z
issue_on 2026-11-10 h
run 0 "past weeks are sealed" at 2026-11-11 erika-press seal -C h/room
run 0 "and published" at 2026-11-11 erika-press publish -q -C h/room

reader open
at 2026-11-11 erika add -q --yes h/m/m/1.root.json
run 0 "a new reader" at 2026-11-11 erika sync --from h/m
like "$err" ': 1 new' "gets the open week"
is "$(ids)" "pier " "alone"
run 2 "a date that is none" erika sync --since yesterday
like "$err" 'since wants a date like' "is told"

# ---- older weeks

run 0 "since a sealed week" at 2026-11-11 erika sync --from h/m \
	--since 2026-09-10
like "$err" ': 2 new' "gets that one and later ones"
is "$(ids)" "fog gulls pier " "and none before"
run 0 "what was sealed is read" at 2026-11-11 erika read fog
like "$out" 'None at all' "as any"
like "$out" '^authentic: signed by The Harbour' "by the archive's key"
run 0 "again" at 2026-11-11 erika sync --from h/m --since 2026-09-10
like "$err" 'nothing new' "is nothing new"
run 0 "since the beginning" at 2026-11-11 erika sync --from h/m \
	--since 2020-01-01
is "$(ids)" "fog gulls pier tide " "gets all"
run 0 "from now on" at 2026-11-11 erika sync --from h/m --since 2026-11-11
like "$err" 'nothing new' "nothing is taken back"

# ---- an open bundle that builds on a sealed one

page h tide "The tide" "High water at one. $(seq 900 | tr '\n' ' ')" \
	2026-09-01T10:00:00Z
issue_on 2026-11-12 h --correction "At one."
ok $? "an article of a sealed week is corrected"
reader based
at 2026-11-12 erika add -q --yes h/m/m/1.root.json
run 0 "a new reader" at 2026-11-12 erika sync --from h/m
is "$(ids)" "pier tide " "has it"
run 0 "and reads it" at 2026-11-12 erika read tide
like "$out" '^High water at one\. ' "the new text"
is "$(python3 - "$XDG_DATA_HOME/erika/library.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(*[r[0] for r in db.execute("SELECT path FROM bundle ORDER BY sequence")])
PY
)" "b/news/2026-w36/1.ekb b/news/2026-w46/4.ekb b/news/2026-w46/5.ekb" \
	"since what it builds on was found in the archive"

# ---- a mirror that changed a sealed bundle

cp -R h/m bad && flip "$(only bad/t/b/news/2026-w37/*.ekb)" 100
reader lied
at 2026-11-12 erika add -q --yes h/m/m/1.root.json
run 10 "a changed sealed bundle" at 2026-11-12 erika sync --from bad \
	--since 2026-09-01
unlike "$(ids)" fog "is not taken"
plan
