#!/bin/bash
# A bad mirror beside a good one, in every way there is: the news comes, and
# what the bad one did is said. Then the bad one alone.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
. "$SRC/tests/lib/lab.sh"
. "$SRC/tests/lib/deeds.sh"
lab_or_skip "bad mirrors over TLS"

deed_outlet h
ok $? "there is an outlet"
mapfile -t all < <(python3 "$SRC/tests/net/lab.py" --list)
n=${#all[@]}
good=$((n + 1))
lab_start "$PWD/h/m" $good
sets=
for i in $(seq "$n"); do
	sets="$sets m$(printf %02d "$i")=${all[i - 1]}"
done
lab sets $sets
ok $? "all are bad, each in its own way, but one"

mkdir readers
for i in $(seq "$n"); do
	deed_try "one-${all[i - 1]}" "$(mirror_url "$i")" "$(mirror_url $good)"
	deed_try "bad-${all[i - 1]}" "$(mirror_url "$i")"
done >commands
at_reader bash -c "$(declare -f together); together 16 <commands"
for i in $(seq "$n"); do
	deed_judge "${all[i - 1]}" "m$(printf %02d "$i")\.lab\.test"
done
deed_whole
plan
