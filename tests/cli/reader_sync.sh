#!/bin/bash
# A reader's days: add, sync, list, read; what it costs, and what it says.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "the reader" python3

newsroom h "The Harbour"
page h tide "The tide" "High water at noon." 2026-11-18T10:00:00Z
page h fog "Fog on the quay" "None at all." 2026-11-19T10:00:00Z
page h gulls "Gulls" "They took the bread." 2026-11-17T10:00:00Z
issue h
ok $? "there is an outlet"
serve web h/m
reader one

# ---- before anything is trusted

run 1 "no outlet: list fails" erika list
like "$err" 'erika add' "and says what to do"
run 1 "no outlet: sync fails" erika sync
run 2 "an unknown option is wrong usage" erika sync --no-such
is "$err" "erika: wrong usage: unknown option --no-such
see erika sync --help" "in two lines"
run 2 "so is a mistyped one" erika sync --cuontry RU
like "$err" 'is it --country\?' "whose near name is said"
run 2 "a mistyped command is wrong usage" erika snyc
like "$err" 'is it "sync"\?' "whose near name is said, too"
run 2 "an option alone is wrong usage" erika --json list
like "$err" 'options come after the command' "and where it belongs is said"
run 0 "help of a command" erika help sync
like "$out" '^usage: erika sync' "is its --help"
run 2 "so is a missing argument" erika read
like "$err" '^usage: erika read ' "whose usage is shown"
run 2 "a wrong value" erika list -n x
is "$err" "erika: wrong usage: --limit wants a whole number
see erika list --help" "is no reason to show that"

# ---- the first day

run 0 "the outlet is added" erika add --words "$words" \
	--mirror "$http/normal/" h/m/m/1.root.json
like "$err" "words   $words" "its words are shown"
like "$err" 'erika sync$' "and what comes next"
run 1 "headlines that cannot be written" bash -c 'erika outlets >/dev/full'
run 1 "and without a standard output" bash -c 'erika outlets >&-'
like "$err" 'cannot write the output' "are no success"
run 0 "the first sync" erika sync
like "$err" '^The Harbour: 3 new$' "three are new"
like "$err" "authentic: signed by the outlet's keys \(root 1, 1 of 1 key\)" \
	"it is authentic, and by what"
like "$err" 'fresh: as of 20.*UTC, good until 20' \
	"and, said apart, fresh and until when"
is "$out" "" "nothing on standard output"
first=$(wc -l <web.log)

run 0 "they are listed" erika list
is "$(printf '%s\n' "$out" | cut -c 1-44 | sed 's/^ *[0-9]* //')" \
	"* 2026-11-19 en      Fog on the quay
* 2026-11-18 en      The tide
* 2026-11-17 en      Gulls" "newest first, unread"
run 0 "on a terminal" python3 -c 'import pty, sys; sys.exit(pty.spawn(["erika", "list"]))'
like "$out" '^\* unread  \+ corrected  - retracted' "the marks are explained"
if command -v script >/dev/null; then
	narrow() { # NAME COMMAND: on a phone no line is longer but by a word
		script -qec "stty cols 40 rows 60; $2" /dev/null </dev/null |
			tr -d '\r' >narrow.txt
		is "$(grep -E '.{41}' narrow.txt | awk 'NF > 2')" "" "$1"
	}
	PAGER=cat narrow "an article's head on a phone" "erika read tide"
	like "$(tr -s ' \n' ' ' <narrow.txt)" \
		'authentic: signed by The Harbour, desk news \(key' "is all there"
	erika forget -q --read
	narrow "an outlet on a phone" "erika outlets"
	is "$(tr -s ' \n' ' ' <narrow.txt | grep -c "words $words root")" 1 \
		"has its words whole"
	narrow "its usage on a phone" "erika sync --no-such; erika read"
else
	skip "narrow terminals" "needs script"
fi
run 0 "as JSON, a line each" erika list --json
is "$(printf '%s\n' "$out" | python3 -c '
import json, sys
for line in sys.stdin:
    a = json.loads(line)
    print(a["schema"], a["id"], a["status"], a["unread"], a["updated"])')" \
	"erika-headline-1 fog published True 2026-11-19T10:00:00Z
erika-headline-1 tide published True 2026-11-18T10:00:00Z
erika-headline-1 gulls published True 2026-11-17T10:00:00Z" \
	"with what programs want"
run 0 "only the newest" erika list --limit 1
is "$(printf '%s\n' "$out" | wc -l)" 1 "is one"
run 0 "another language" erika list --language ru
is "$out" "" "has none"
run 0 "the same language" erika list --language EN
is "$(printf '%s\n' "$out" | wc -l)" 3 "has all, whatever the case"

run 0 "an article is read by its id" erika read tide
like "$out" '^The tide$' "its title"
like "$out" '^Wilhelmina Quay .* 2026-11-18 10:00 UTC .* en$' "its byline"
like "$out" '^authentic: signed by The Harbour, desk news \(key [0-9A-F]{16}\)$' \
	"who signed it"
like "$out" '^fresh: as of ' "and, said apart, how fresh that is"
like "$out" '^High water at noon\.$' "and its text"
n=$(erika list | sed -n 's/^ *\([0-9]*\) .*The tide$/\1/p')
run 0 "and by its number" erika read "$n"
like "$out" '^The tide$' "it is the same"
like "$(erika list)" "^ *$n  .*The tide" "it is not unread any more"
run 0 "narrow" erika read --width 30 tide
is "$(printf '%s\n' "$out" | sed '1,/^$/d' |
	awk 'length($0) > 30' | wc -l)" 0 "nothing is wider"
run 0 "as JSON" erika read --json tide
is "$(printf '%s' "$out" | python3 -c '
import json, sys
a = json.load(sys.stdin)
print(a["schema"], a["fresh"], a["bundle"].split("/")[1],
      "<p>High water at noon.</p>" in a["text"])')" \
	"erika-article-1 True news True" "with its checked text"
run 1 "what is not there" erika read 99
like "$err" 'erika list' "says where to look"

# ---- a day without news

: >web.log
run 0 "nothing new" erika sync
like "$err" '^The Harbour: nothing new$' "is said"
is "$(wc -l <web.log)" 2 "and costs two requests"
is "$(sed 's/.* GET [^ ]*\/m\///; s/ .*//' web.log | sort | tr '\n' ' ')" \
	"2.root.json timestamp.json " "the next root and the head"

# ---- a day with news

page h pier "The pier" "It stands."
issue h
: >web.log
run 0 "an article more" erika sync
like "$err" '^The Harbour: 1 new$' "is one new"
is "$(wc -l <web.log)" 4 "and costs four requests"
like "$(cat web.log)" 'now\.pack' "one of them the pack of the chain"
like "$(cat web.log)" 'ekb bytes=0-' "one a range of the bundle"

# ---- a correction and a retraction

page h tide "The tide" "High water at one." 2026-11-18T10:00:00Z
issue h --correction "High water was at one."
erika-press retract -q -C h/room --reason "We were wrong." gulls &&
	erika-press publish -q -C h/room
run 0 "the newsroom changes its mind" erika sync
like "$err" '^The Harbour: 1 corrected, 1 retracted$' "openly"
run 0 "the correction is read" erika read tide
like "$out" '^Corrected: High water was at one\.$' "with its note"
like "$out" 'updated .*\(v2\)' "and its revision"
like "$out" '^High water at one\.$' "the new text"
unlike "$out" 'at noon' "not the old one"
is "$(erika list | sed -n 's/^ *\([0-9]*\) .*The tide$/\1/p')" "$n" \
	"under the number it had"
run 0 "the retracted one is shown as such" erika read gulls
like "$out" '^RETRACTED: We were wrong\.$' "with the reason"
unlike "$out" 'bread' "without its text"
like "$(erika list)" '- .*\[retracted\] Gulls' "in the list, too"

# ---- a new root

tool=$ERIKA_BIN/tests/tool/headtool
if [ -x "$tool" ]; then
	cp h/m/m/1.root.json h/m/m/2.root.json
	"$tool" h/room/keys/newsroom.key h/m/m/2.root.json version=2
	cp h/m/m/2.root.json h/m/m/3.root.json
	"$tool" h/room/keys/newsroom.key h/m/m/3.root.json version=3
	: >web.log
	run 0 "two new roots" erika sync
	like "$err" 'root 3' "are followed"
	is "$(wc -l <web.log)" 4 "by a request for each"
	run 0 "and shared" erika share -o roots.erika
	is "$(tar -tf roots.erika | grep -c root)" 3 "with the whole chain"
	was=$XDG_DATA_HOME
	reader chain
	trust h
	run 0 "which leads others there" erika sync --from roots.erika
	like "$err" 'root 3' "too"
	export XDG_DATA_HOME=$was
	rm h/m/m/3.root.json
	run 0 "a mirror without the new root" erika sync
	like "$err" 'root 3' "takes nothing back"
else
	skip "a new root" "needs make $tool"
fi

# ---- offline

servers_stop
run 0 "without network, reading goes on" erika read fog
like "$out" '^None at all\.$' "from what was verified"
run 13 "sync says that nobody answers" erika sync
like "$err" 'unreachable' "who"
like "$err" 'no usable answer' "and that it is so"
run 0 "the list is as it was" erika list
is "$(printf '%s\n' "$out" | wc -l)" 4 "all four"

# ---- what the disk gives back is checked

python3 - "$XDG_DATA_HOME/erika/library.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for i, blob in db.execute("SELECT id, prefix FROM bundle").fetchall():
    b = bytearray(blob)
    b[-3] ^= 1
    db.execute("UPDATE bundle SET prefix=? WHERE id=?", (bytes(b), i))
db.commit()
PY
run 10 "a bit rotten on disk" erika read fog
like "$err" 'damaged on disk' "is noticed"
is "$out" "" "and nothing of it shown"
is "$(stat -c %a "$XDG_DATA_HOME/erika")" 700 "the library is its owner's"
is "$(stat -c %a "$XDG_DATA_HOME/erika/library.db")" 600 "and its file too"
plan
