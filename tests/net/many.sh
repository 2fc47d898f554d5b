#!/bin/bash
# Many mirrors: one honest among twenty, all of them behind a wall, none at
# all; and a sync that is cut off goes on where it was.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
. "$SRC/tests/lib/lab.sh"
. "$SRC/tests/lib/deeds.sh"
lab_or_skip "many mirrors"

deed_outlet h
# Some of it larger, so that there is something to cut off.
for i in $(seq 40); do
	page h "more$i" "More $i" "$(head -c 12000 /dev/urandom | base64)"
done
issue h
n=$((deed_n + 40))
rm -r h/m.tampered
cp -a h/m h/m.tampered
for i in 2 3; do
	flip h/m.tampered/t/b/news/*/*.$i.ekb 20000
done
lab_start "$PWD/h/m" 20
mirrors=
for i in $(seq 20); do
	mirrors="$mirrors --mirror $(mirror_url "$i")"
done

# start NAME: an empty reader of all twenty.
start() {
	reader "$1"
	erika add -q --yes $mirrors h/m/m/1.root.json
}
have() {
	erika list --all --json 2>/dev/null | grep -c erika-headline
}

# ---- one honest mirror, the last

mapfile -t all < <(python3 "$SRC/tests/net/lab.py" --list |
	grep -Ev '^(loss|freeze|throttle)')
sets=
for i in $(seq 19); do
	sets="$sets m$(printf %02d "$i")=${all[i % ${#all[@]}]}"
done
lab sets $sets m20=normal
start honest
run 0 "one honest mirror of twenty" at_reader timeout 60 erika sync
is "$(have)" "$n" "brings all"
for how in tampered truncated endless block-page; do
	i=$(tr ' ' '\n' <<<"$sets" | sed -n "s/^m\(..\)=$how$/\1/p" | head -n 1)
	[ -n "$i" ] || continue
	deed $how
	[ "$(grep -c "m$i.lab.test/\|^198.18.1.$((10#$i))|" lab/access.log)" = 0 ] ||
		unlike "$(printf '%s\n' "$err" | grep "m$i\.lab" |
			grep -Ev "$words|too slow|unreachable|stale|lacks")" . \
			"$how: nothing else is said of it"
done

# ---- all of them behind the wall

lab all freeze
start wall
: >lab/access.log
run 0 "all twenty behind a wall of 16 KB" at_reader timeout 60 erika sync
is "$(have)" "$n" "bring all"
small=$(awk -F'|' '$5 == 206 && $7 <= 8192 { print $8 }' lab/access.log |
	sort -u | wc -l)
[ "$small" -gt $((n * 9000 / 8192)) ]
ok $? "in ranges of 8 KB at most, on $small connections"

# ---- none of them

lab all blackhole
start none
run 13 "none of them" at_reader timeout 60 erika sync
is "$(have)" 0 "brings nothing"

# ---- the line is cut, and comes back

lab all throttle
start cut
at_reader timeout -s KILL 60 erika sync >cut.out 2>cut.err &
cut_pid=$!
# A good part of it is there.
for _ in $(seq 400); do
	[ "$(awk -F'|' '{ n += $7 } END { print n + 0 }' lab/access.log)" -gt \
		200000 ] && break
	sleep 0.1
done
lab all blackhole
wait $cut_pid
cut_status=$?
like "$cut_status" '^(3|13)$' "the line is cut: it ends with $cut_status"
lab all normal
run 0 "the next sync" at_reader timeout 60 erika sync
is "$(have)" "$n" "has all"
deed_whole
plan
