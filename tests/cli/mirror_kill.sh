#!/bin/bash
# A kill at every system call of admission that changes files leaves a folder
# in which everything listed is there and verifies; the next run goes on.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
PATH=$ERIKA_BIN/tests/tool:$PATH
[ "$(uname)" = Linux ] || skip_all "kills" "needs Linux"
tools_or_skip "kills" faketime

# every NAME AFTER COMMAND...: run on copies of `start`, killed at each call in
# turn; then to its end, after which wholetool must say AFTER.
every() {
	local name=$1 after=$2 calls n bad=0 unfinished=0 state
	shift 2
	rm -rf node
	cp -r start node
	killat 0 "$@" >calls.txt 2>calls.err
	calls=$(tail -n 1 calls.txt)
	is "$(wholetool node "$words")" "$after" "$name, not killed"
	[ "$calls" -gt 20 ]
	ok $? "$name: $calls system calls change files"
	before=$(wholetool start "$words")
	for n in $(seq "$calls"); do
		rm -rf node
		cp -r start node
		killat "$n" "$@" >/dev/null 2>&1
		[ $? -eq 137 ] || {
			echo "# call $n did not come"
			unfinished=$((unfinished + 1))
		}
		state=$(wholetool node "$words" 2>&1)
		case $state in
		"$before" | "$after") ;;
		*)
			# While the quota is at work, some are gone already.
			[ "${state%% *}" = "${before%% *}" ] && [ "$pruning" ] || {
				bad=$((bad + 1))
				echo "# killed at $n: $state"
			}
			;;
		esac
		"$@" >again.txt 2>&1
		state=$(wholetool node "$words" 2>&1)
		# What a kill half-way made enough room of may be less.
		[ "$state" = "$after" ] || { [ "$pruning" ] &&
			[ "${state%% *}" = "${after%% *}" ]; } || {
			unfinished=$((unfinished + 1))
			echo "# after $n: $state"
			sed 's/^/#   /' again.txt
		}
		left=$(find node/.stage -type f ! -name owner ! -name lock)
		[ -z "$left" ] || {
			unfinished=$((unfinished + 1))
			echo "# after $n: $left"
		}
	done
	is $bad 0 "$name: whole after a kill at each of $calls"
	is $unfinished 0 "$name: and finished by the next run, with an empty stage"
}
pruning=

mkdir -p h/pages h/m
at 2026-09-01 erika-press init -q --no-passphrase --name "The Harbour" h/room \
	>h/init.out 2>/dev/null
words=$(sed -n 's/^words *//p' h/init.out)
printf '[mirror "m"]\nto = %s\n' "$PWD/h/m" >h/room/mirrors.ini
day=1
for d in 2026-09-01 2026-09-08 2026-11-10; do
	page h "p$day" "Page $day" "Number $day. $(seq $((day * 50)) | tr '\n' ' ')" \
		"${d}T10:00:00Z"
	issue_on $d h
	day=$((day + 1))
done
at 2026-11-11 erika-press seal -q -C h/room >/dev/null 2>&1
issue_on 2026-11-11 h
cp -r h/m first
page h more "More" "Of the same." 2026-11-12T10:00:00Z
issue_on 2026-11-12 h

# ---- into an empty folder, and news into one that serves
mkdir start
every "a first head" "$(wholetool first "$words")" \
	admittool feed node "$words" "$PWD/first"
rm -rf start && cp -r first start
every "a pull of news" "$(wholetool h/m "$words")" \
	admittool pull node "$words" "$PWD/h/m"
every "a push of news" "$(wholetool h/m "$words")" \
	admittool feed node "$words" --kind push \
	"$PWD/h/m"

# ---- the quota: sealed weeks make room for news
rm -rf start && cp -r first start
size=$(find start -type f -o -type d | wc -l)
pruning=1
every "news that prune" "$(wholetool h/m "$words" |
	awk '{ print $1, $2 - 2, 2 }')" \
	admittool feed node "$words" --inodes $((size + 18)) "$PWD/h/m"
is "$(find node/t -name '*.[12].ekb*')" "" \
	"the sealed ones are gone, with their signatures"
is "$(find node/t -name '*.[34].ekb*' | wc -l)" 4 "open ones are not"
is "$(cat node/.pruned)" "2026-w37 b/news/2026-w37/2.ekb" "which is noted"

# ---- another root: the keys of the head that is served change with it, so
# that the old head is worth nothing beside the new root, nor the new one alone
rm -rf start && cp -r h/m start
pruning=
erika-press key new -q --no-passphrase h/room/keys/timestamp-2 >/dev/null 2>&1
at 2026-11-12 erika-press root new -q -C h/room \
	set timestamp timestamp-2 >root.out 2>&1 &&
	at 2026-11-12 erika-press publish -q -C h/room >>root.out 2>&1
ok $? "the newsroom changes the timestamp's key"
sed 's/^/# /' root.out
run 0 "there is a second root" test -e h/m/m/2.root.json
every "a change of root" "$(wholetool h/m "$words")" \
	admittool feed node "$words" "$PWD/h/m"
plan
