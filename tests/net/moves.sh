#!/bin/bash
# The signed list travels with every sync: all mirrors move twice, the old ones
# die, and a reader who was told of one mirror once goes on. In a network of
# its own, since nobody follows a list to loopback.
if [ -z "${MOVES_INSIDE-}" ] && unshare -rn true 2>/dev/null; then
	export MOVES_INSIDE=1
	exec unshare -rn bash "$0"
fi
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
if [ -z "${MOVES_INSIDE-}" ] || ! ip link set lo up; then
	skip_all "moving mirrors" "needs a network namespace: unshare -rn fails"
fi
newsroom h "The Harbour"

# up NAME: a mirror at its own address; up again after down.
declare -A pid address
n=0
up() {
	local up_mirror=$1
	n=$((n + 1))
	[ -n "${address[$up_mirror]-}" ] || {
		address[$up_mirror]=203.0.113.$n
		ip addr add "203.0.113.$n/32" dev lo
	}
	mkdir -p "$up_mirror"
	: >"$up_mirror.err"
	erika-mirror serve --root "$up_mirror" \
		--listen "${address[$up_mirror]}:8080" 2>"$up_mirror.err" &
	pid[$up_mirror]=$!
	for _ in $(seq 200); do
		grep -q serving "$up_mirror.err" && return
		sleep 0.05
	done
}
down() {
	for name; do
		kill "${pid[$name]}"
		wait "${pid[$name]}" 2>/dev/null
		unset "pid[$name]"
	done
}
down_all() {
	for name in "${!pid[@]}"; do kill "${pid[$name]}" 2>/dev/null; done
}
trap down_all EXIT

# list NAME...: the newsroom's mirrors from the next issue on.
list() {
	for name; do
		printf '[mirror "%s"]\nurl = http://%s:8080/\nto = %s\n\n' \
			"$name" "${address[$name]}" "$PWD/$name"
	done >h/room/mirrors.ini
}
known() {
	erika outlets --json | python3 -c '
import json, sys
print(*[m["name"] for m in json.load(sys.stdin)["mirrors"]
	if m["source"] == "list"])'
}
sync() {
	run 0 "$1" erika sync --http
}

for m in a1 a2; do up $m; done
list a1 a2
page h one "The first" "High water at noon."
issue h
ok $? "an outlet with two mirrors"
reader one
root=$(sed -n 's/^root *//p' h/init.out)
run 0 "a reader is told of one by a link" erika add --yes \
	"erika:$root?at=http://${address[a1]}:8080/"
sync "and syncs"
is "$(known)" "a2" "it knows the other one, too"
down a1
page h two "The second" "Low water."
issue h
sync "the one it was told of dies, the other one brings the news"

# The first move: old and new side by side, then the old ones are gone.
for m in b1 b2; do up $m; done
list a2 b1 b2
issue h
sync "a sync while both are there"
is "$(known)" "a2 b1 b2" "tells of the new ones"
list b1 b2
page h three "The third" "Fog."
issue h
down a2
sync "all of the first mirrors are dead: the new ones bring the news"
is "$(known)" "b1 b2" "and the list without the old ones"

# The second move.
for m in c1 c2; do up $m; done
list b1 b2 c1 c2
issue h
sync "another move begins"
list c1 c2
page h four "The fourth" "Clear."
issue h
down b1 b2
sync "and all of the second mirrors are dead"
is "$(known)" "c1 c2" "the list has moved twice"
is "$(erika list --json | wc -l)" 4 "nothing was missed"

# A newsroom may go back to an earlier list.
for m in b1 b2; do up $m; done
list c1 c2 b1 b2
issue h
sync "back"
list b1 b2
issue h
# They still show the newsroom's last word to them, which is an old one.
down c1 c2
sync "to where it was"
is "$(known)" "b1 b2" "an earlier list counts again"
list
issue h
cp -r h/room/repository/. b1/
cp -r h/room/repository/. b2/
sync "an empty list"
is "$(known)" "" "leaves no listed mirror"
like "$(erika outlets)" "${address[a1]}:8080/ \\(by link\\)" \
	"but the one that the link told of stays"

# Who slept through a whole move is lost, and is told so.
down b1 b2
run 13 "no mirror that is known lives" erika sync --http
plan
