#!/bin/bash
# A clock that is wrong by 20 years changes how fresh news is called, and never
# whether it is authentic.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "wrong clocks" faketime python3

# authentic: what $out and $err say of that, and of the article.
authentic() {
	printf '%s\n%s\n' "$out" "$err" | grep -E '^ *authentic:'
}

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
ok $? "there is an outlet"
cp -R h/m forged && flip "$(only forged/t/b/news/*/*.ekb)" 100
reader right
trust h
erika sync -q --from h/m
erika share -q -o week.erika
run 0 "a right clock: sync" erika sync --from h/m
sync=$(authentic)
run 0 "list" erika list --json
list=$out
run 0 "read" erika read tide
read=$(authentic)
text=$(printf '%s\n' "$out" | sed '1,/^$/d')
unlike "$out" 'clock' "nothing is said of the clock"
run 0 "verify" erika verify week.erika
verify=$(authentic)
like "$sync$read$verify" 'authentic.*authentic.*authentic' "are authentic"

# wrong NAME OFFSET STATUS PATTERN: the same by a wrong clock, from nothing.
# STATUS is that of sync and verify, PATTERN what is said of freshness.
wrong() {
	reader "$1"
	run 0 "$1: add" faketime -f "$2" erika add -q --yes h/m/m/1.root.json
	run "$3" "$1: verify before any sync" faketime -f "$2" \
		erika verify week.erika
	is "$(authentic)" "$verify" "$1: as authentic"
	like "$out" "$4" "$1: freshness apart"
	run "$3" "$1: sync" faketime -f "$2" erika sync --from h/m
	is "$(authentic)" "$sync" "$1: as authentic"
	like "$err" "$4" "$1: freshness apart"
	run 0 "$1: list" faketime -f "$2" erika list --json
	is "$(printf '%s' "$out" | sed 's/"unread":[a-z]*//')" \
		"$(printf '%s' "$list" | sed 's/"unread":[a-z]*//')" \
		"$1: the same list"
	run 0 "$1: read" faketime -f "$2" erika read tide
	is "$(authentic)" "$read" "$1: as authentic"
	is "$(printf '%s\n' "$out" | sed '1,/^$/d')" "$text" "$1: the same text"
	like "$out" "$4" "$1: freshness apart"
	run 0 "$1: outlets" faketime -f "$2" erika outlets
	like "$out" "$4" "$1: freshness apart"

	# What is not authentic is not so by any clock.
	reader "$1-forged"
	faketime -f "$2" erika add -q --yes h/m/m/1.root.json
	run 10 "$1: a changed bundle" faketime -f "$2" erika sync --from forged
	run 1 "$1: is nowhere" faketime -f "$2" erika read tide
}
wrong behind -20y 0 \
	'fresh: as of .*clock.* is before what was signed: it looks wrong'
wrong ahead +20y 12 \
	'STALE: as of.*the clock here says 20[0-9-]* .*if that is wrong, so is this'

# What was signed is the floor of time: a desk whose list had ended when the
# head was signed is not fresh again for a clock that is behind both.
mkdir -p gone/pages gone/m
faketime -f -40d erika-press init -q --apart --no-passphrase --name "The Quay" \
	gone/room >init.out 2>&1
printf '[mirror "m"]\nto = %s\n' "$PWD/gone/m" >gone/room/mirrors.ini
page gone eel "The eel" "It swam." 2026-10-10T10:00:00Z
faketime -f -40d erika-press pack -q -C gone/room gone/pages >pack.out 2>&1
faketime -f -40d erika-press publish -q -C gone/room
mv gone/room/keys/desk-news.key .
erika-press publish -q -C gone/room 2>/dev/null
reader floor
erika add -q --yes gone/m/m/1.root.json
run 12 "a desk that has ended, by a right clock" erika sync --from gone/m
for behind in -20y -35d; do
	reader "floor$behind"
	erika add -q --yes gone/m/m/1.root.json
	run 12 "and by one that is behind by $behind" \
		faketime -f "$behind" erika sync --from gone/m
	like "$err" 'STALE: as of.*which has passed; the clock.*looks wrong' \
		"is stale by the time that was signed"
	run 0 "later" faketime -f "$behind" erika outlets
	like "$out" 'STALE: as of' "too"
done
plan
