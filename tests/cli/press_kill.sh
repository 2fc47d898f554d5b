#!/bin/bash
# erika-press killed at system calls that change files: the newsroom is as
# before, the same command goes through, and a reader who was there all along
# goes on. Every STEPth call here; STEP=1 takes minutes and tries them all.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/keys.sh"
PATH=$ERIKA_BIN/tests/tool:$PATH
STEP=${STEP-17}

press() {
	erika-press "$1" -q -C room "${@:2}" >out.txt 2>err.txt
}

# after N [open] COMMAND...: how far it goes when it was killed at call N.
# "open": the mirror's readers have to wait for the next run.
after() {
	local n=$1 readers=whole
	shift
	[ "$1" = open ] && readers=open && shift
	killat "$n" erika-press "$1" -q -C room "${@:2}" >out.txt 2>&1
	[ $? -eq 137 ] || { echo "no kill" && return; }
	[ $readers = open ] || follows m reader 2>err.txt ||
		{ echo "a reader" && return; }
	press "$@" || grep -q "retracted already" err.txt || { echo "again" && return; }
	press publish || { echo "publish" && return; }
	follows m reader 2>err.txt || { echo "the reader" && return; }
	follows m new 2>err.txt || echo "a new reader"
}

# killed [open] COMMAND...: at every STEPth call; then for good.
killed() {
	local n calls far bad=0 command=("$@")
	[ "$1" = open ] && command=("${@:2}")
	rm -rf start && mkdir start && cp -a room m reader start/
	calls=$(killat 0 erika-press "${command[0]}" -q -C room \
		"${command[@]:1}" 2>&1 | tail -n 1)
	[ "$calls" -gt 10 ]
	ok $? "${command[*]}: $calls system calls change files"
	for n in $(seq 1 "$STEP" "$calls"); do
		rm -rf room m reader new && cp -a start/* .
		far=$(after "$n" "$@")
		[ -z "$far" ] && continue
		bad=$((bad + 1))
		echo "# killed at $n: $far"
		sed 's/^/#   /' err.txt
	done
	is $bad 0 "${command[*]}: killed at any of them, all goes on"
	rm -rf room m reader new && cp -a start/* .
	press "${command[@]}"
	ok $? "${command[*]}: and not killed"
}

faketime -f -15d erika-press init -q --no-passphrase --name Harbour room \
	>out.txt 2>&1
mirror room m
faketime -f -15d erika-press pack -q -C room "$(article one)" >out.txt 2>&1
faketime -f -15d erika-press publish -q -C room
run 0 "publish" erika-press publish -C room
run 0 "a reader" follows m
killed pack "$(article two)"
killed publish
killed seal
run 0 "publish" erika-press publish -C room
run 0 "a key for root" erika-press key new -C room --no-passphrase root
run 0 "and one to be online" erika-press key new -C room --no-passphrase online
killed root new set root root set timestamp online
killed open publish
run 0 "the reader follows" follows m
killed desk rotate --no-passphrase news
run 0 "publish" erika-press publish -C room
killed retract --reason "A mistake." one
plan
