#!/bin/bash
# The quota of a publisher: sealed weeks go first, the oldest before others,
# pinned ones never; what went is neither missed nor taken again.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
PATH=$ERIKA_BIN/tests/tool:$PATH
tools_or_skip "quotas" faketime

# held TREE: numbers of the bundles that are there.
held() {
	(cd "$1/t/b/news" && ls ./*/*.ekb) | sed 's/.*\.\([0-9]*\)\.ekb/\1/' |
		sort -n | tr '\n' ' '
}
# cost TREE: bytes, as a quota counts them.
cost() {
	find "$1" -type f -printf '%s\n' -o -type d -printf '4096\n' |
		awk '{ n += int(($1 + 4095) / 4096) } END { print n * 4096 }'
}
# count TREE: files and folders, as a quota counts them.
count() { find "$1" | tail -n +2 | wc -l; }

mkdir -p h/pages h/m
at 2026-09-01 erika-press init -q --no-passphrase --name "The Harbour" h/room \
	>h/init.out 2>/dev/null
words=$(sed -n 's/^words *//p' h/init.out)
printf '[mirror "m"]\nto = %s\n' "$PWD/h/m" >h/room/mirrors.ini
n=0
for d in 2026-09-01 2026-09-08 2026-09-15 2026-09-22 2026-09-29 2026-10-06 \
	2026-11-10; do
	n=$((n + 1))
	page h "p$n" "Page $n" "Number $n. $(seq $((n * 400)) | tr '\n' ' ')" \
		"${d}T10:00:00Z"
	issue_on $d h
done
at 2026-11-11 erika-press seal -q -C h/room >/dev/null 2>&1
issue_on 2026-11-11 h
cp -r h/m sealed
page h news "News" "At last. $(seq 500 | tr '\n' ' ')" 2026-11-12T10:00:00Z
issue_on 2026-11-12 h
all=$(wholetool h/m "$words")
is "$(held h/m)" "1 2 3 4 5 6 7 8 " "there are seven weeks, six sealed"

# ---- from nothing, into less than there is
admittool pull full "$words" "$PWD/h/m" >/dev/null
whole=$(count full)
run 0 "a quota that is enough" admittool pull enough "$words" \
	--inodes $((whole + 40)) "$PWD/h/m"
is "$(held enough)" "1 2 3 4 5 6 7 8 " "keeps all"
run 0 "a smaller one" admittool pull less "$words" --inodes $((whole + 10)) \
	"$PWD/h/m"
run 0 "the rest is whole" wholetool less "$words"
gone=${out##* }
like "$gone" '^[1-5]$' "$gone sealed bundles were never fetched"
is "$(held less)" "$(seq $((gone + 1)) 8 | tr '\n' ' ')" "the oldest ones"
[ "$(count less)" -le $((whole + 10)) ]
ok $? "it is within its quota"
run 0 "again" admittool pull less "$words" --inodes $((whole + 10)) "$PWD/h/m"
is "$(held less)" "$(seq $((gone + 1)) 8 | tr '\n' ' ')" \
	"what went does not come back"
run 14 "a quota below what is not sealed" admittool pull tiny "$words" \
	--inodes 30 "$PWD/h/m"
is "$(wholetool tiny "$words")" "0 0 0" "is an error, and nothing is served"

# ---- bytes, and pins
bytes=$(cost full)
run 0 "a quota in bytes" admittool pull bytes "$words" \
	--store $((bytes + 130000)) "$PWD/h/m"
run 0 "is whole" wholetool bytes "$words"
like "${out##* }" '^[1-6]$' "without ${out##* } of its bundles"
like "$(held bytes)" '7 8 $' "open weeks are there"
run 0 "the same with a pin" admittool pull pin "$words" \
	--store $((bytes + 130000)) --pin 'b/news/2026-w36/*' "$PWD/h/m"
like "$(held pin)" '^1 ' "the oldest week is pinned and there"
unlike "$(held pin)" ' 2 ' "the next went in its place"
run 0 "it is whole" wholetool pin "$words"
run 14 "all pinned is an error" admittool pull pins "$words" \
	--store $((bytes - 10000)) --pin 'b/news/*/*' "$PWD/h/m"

# ---- news into a full one: room is made before they come
cp -r sealed grow
run 0 "news, and no room" admittool pull grow "$words" \
	--inodes $(($(count sealed) + 34)) "$PWD/h/m"
like "$(held grow)" '7 8 $' "come"
unlike "$(held grow)" '^1 ' "for the oldest, which goes"
run 0 "it is whole" wholetool grow "$words"
[ "${out##* }" -gt 0 ]
ok $? "and says what is gone"
is "$(find grow/t -name '*.1.ekb*')" "" "with its signature"
is "$(find grow/t -type d -empty)" "" "and its week's folder"

# ---- a mirror of a mirror that has not all
run 0 "a pull from one that was pruned" admittool pull second "$words" \
	"$PWD/less"
is "$(held second)" "$(held less)" "has what that has"
run 0 "it is whole" wholetool second "$words"
run 0 "a pull from both" admittool pull both "$words" "$PWD/less" "$PWD/h/m"
is "$(wholetool both "$words")" "$all" "has all"
rm "$(find less/t -name '*.8.ekb')"
run 3 "a source that lacks what is not sealed" admittool pull third "$words" \
	"$PWD/less"
is "$(wholetool third "$words")" "0 0 0" "is not enough"
run 0 "until another has it" admittool pull third "$words" "$PWD/less" \
	"$PWD/h/m"
run 0 "then it is whole" wholetool third "$words"

# ---- old metadata makes room first
cp -r sealed old
for i in 1 2 3 4 5 6 7 8; do
	echo '{}' >"old/m/$((i + 90)).d-gone.json"
	touch -d '2020-01-01' "old/m/$((i + 90)).d-gone.json"
	echo '{}' >"old/m/$((i + 90)).d-late.json"
done
touch -d '2020-01-01' old/m/*.root.json old/m/timestamp.json
run 0 "a full one with metadata of long ago" admittool pull old "$words" \
	--inodes $(($(count old) + 16)) "$PWD/h/m"
is "$(find old/m -name '*.d-gone.json')" "" "which goes first"
is "$(find old/m -name '*.d-late.json' | wc -l)" 8 "that of these days stays"
run 0 "it is whole" wholetool old "$words"
plan
