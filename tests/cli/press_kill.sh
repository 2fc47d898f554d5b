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

# exchanges: whether two folders can be exchanged in one step here.
exchanges() {
	mkdir -p x.a x.b && python3 - <<-'PY'
	import ctypes
	swap = getattr(ctypes.CDLL(None), "renameat2", None)
	raise SystemExit(swap is None or swap(-100, b"x.a", -100, b"x.b", 2) != 0)
	PY
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

# Who looks at any moment of it sees a whole mirror, the one or the other.
cat >look.sh <<'LOOK'
ls -lRAi --full-time m >look.now
cmp -s look.now look.last && exit
. "$SRC/tests/lib/keys.sh"
rm -rf look.old look.new && cp -a reader look.old || exit
follows m look.old && follows m look.new && mv look.now look.last && exit
cat look.now
exit 1
LOOK
export SRC ERIKA_BIN
if exchanges; then
	rm -rf start && mkdir start && cp -a room m start/
	killat see "bash look.sh >>look.out 2>&1" \
		erika-press publish -q -C room >seen.txt 2>press.err
	ok $? "a publication with another key for heads, watched"
	like "$(tail -n 1 seen.txt)" '^[1-9][0-9]+ 0$' \
		"at each system call that changes files its mirror is whole"
	test -e m/m/2.root.json && ! test -e m/.new-m
	ok $? "and has the new root, and nothing beside"
	rm -rf room m && cp -a start/* .
	killed publish
else
	skip "no moment without a head" "folders cannot be exchanged here"
	killed open publish
fi
run 0 "the reader follows" follows m
killed desk rotate --no-passphrase news
run 0 "publish" erika-press publish -C room
killed retract --reason "A mistake." one
plan
