#!/bin/bash
# Mirrors that hide news behind a head that is old and still valid; and roots
# that were missed, the last of which changes who signs heads.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "hidden heads" faketime python3

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
ok $? "there is an outlet"
cp -R h/m old
serve one old
hiding="--mirror $http/normal/ --mirror $http/chunked/"
serve two old
hiding="$hiding --mirror $http/normal/ --mirror $http/chunked/"
serve honest h/m
page h fog "Fog on the quay" "None at all."
issue h

# start NAME: a reader of four that hide and one that does not, the last.
start() {
	reader "$1"
	mkdir -p "$XDG_CONFIG_HOME/erika"
	printf '[reader]\nmemory = off\n' >"$XDG_CONFIG_HOME/erika/erika.conf"
	# shellcheck disable=SC2086
	trust h $hiding --mirror "$http/normal/"
}

# ---- two days later

for i in 1 2 3 4; do
	start "late$i"
	run 0 "reader $i, two days later" faketime -f +2d erika sync
	like "$err" '^The Harbour: 2 new$' "gets what four mirrors hide"
	like "$err" 'is stale' "and is told who hid it"
done

# ---- the same day

start today
n=0
until [ "$(erika list | wc -l)" = 2 ] || [ $n = 60 ]; do
	erika sync -q
	n=$((n + 1))
done
[ $n -lt 60 ]
ok $? "the pair changes: sync $n asks the honest one"

# ---- roots that were missed

reader missed
trust h --mirror "$http/normal/"
erika sync -q
cp -R h/m before
{
	erika-press root new -C h/room && erika-press publish -C h/room &&
		erika-press key new --no-passphrase -C h/room online &&
		erika-press root new -C h/room set timestamp online &&
		erika-press publish -C h/room
} >press.out 2>&1
ok $? "two new roots, the second with another key for heads"
page h pier "The pier" "It stands."
issue h
run 0 "who missed both" erika sync
like "$err" '^The Harbour: 1 new$' "gets the news"
like "$err" 'root 3' "by way of the roots"
unlike "$err" 'lied' "and calls nobody a liar"

# ---- a mirror that has not copied since the key changed

reader behind
trust h --mirror "$PWD/before" --mirror "$http/normal/"
run 0 "beside a mirror from before the new key" erika sync
like "$err" '^The Harbour: 3 new$' "news comes"
like "$err" 'before is stale: serves version 2, others have [0-9]' \
	"and it is called stale"
unlike "$err" 'lied|forged' "not a forger"
run 12 "alone it is old" erika sync --from before
like "$err" 'before is rolled back: .*version 2, by a key that was replaced' \
	"and is called that"
unlike "$err" 'lied|forged' "no forger then either"
run 12 "and again" erika sync --from before
plan
