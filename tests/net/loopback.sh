#!/bin/bash
# What a mirror itself can do wrong, on loopback: needs no namespaces, and
# runs everywhere. one_bad.sh has the rest.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
. "$SRC/tests/lib/lab.sh"
. "$SRC/tests/lib/deeds.sh"
tools_or_skip "bad mirrors on loopback" python3

deed_outlet h
ok $? "there is an outlet"
coproc BEHAVE { exec python3 "$SRC/tests/net/behave.py" --root "$PWD/h/m" \
	--address 127.0.0.1 --any-port; }
declare -A port
while IFS= read -r -t 20 line <&"${BEHAVE[0]}" && [ "$line" != ready ]; do
	port[${line%=*}]=${line#*=}
done
is "$line" ready "servers of ${#port[@]} behaviours"

mkdir readers
good=http://127.0.0.1:${port[normal]}/
for how in "${!port[@]}"; do
	[ "$how" = normal ] && continue
	deed_try "one-$how" "http://127.0.0.1:${port[$how]}/" "$good"
	deed_try "bad-$how" "http://127.0.0.1:${port[$how]}/"
done >commands
together 12 <commands
for how in "${!port[@]}"; do
	[ "$how" = normal ] ||
		deed_judge "$how" "127\.0\.0\.1:${port[$how]}"
done
deed_whole
exec {BEHAVE[1]}>&-
plan
