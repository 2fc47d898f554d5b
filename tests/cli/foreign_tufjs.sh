#!/bin/bash
# Other people's TUF: tuf-js reads what erika-press makes, erika reads what
# @tufjs/models makes. tests/foreign/ has the scripts, build/foreign the
# packages.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
packages=$ERIKA_BIN/foreign
why=
[ -s "$packages/why" ] && why=$(cat "$packages/why")
[ -d "$packages/node_modules/tuf-js" ] || why=${why:-not installed: make foreign}
[ -z "$why" ] || skip_all "tuf-js and @tufjs/models" "$why"
tools_or_skip "tuf-js and @tufjs/models" faketime
ln -s "$packages" foreign

# client NAME ANCHOR: a tuf-js that trusts this root and no more.
client() {
	mkdir -p "$1.kept" "$1.out"
	cp "$2" "$1.kept/root.json"
}

# tufjs STATUS NAME CLIENT FOLDER TARGET...
tufjs() {
	tufjs_status=$1
	tufjs_name=$2
	tufjs_client=$3
	tufjs_folder=$4
	shift 4
	run "$tufjs_status" "$tufjs_name" node "$SRC/tests/foreign/read.mjs" \
		"$tufjs_folder" "$tufjs_client.kept" "$tufjs_client.out" "$@"
}

# path FILE: the target that a published file is.
path() {
	printf '%s\n' "${1#*/m/t/}" | sed 's|/[0-9a-f]\{64\}\.|/|'
}

# ---- ours, read by tuf-js

# What the newsroom did long ago: ago=-70d issue ...
ago=
erika-press() {
	if [ -n "$ago" ]; then
		faketime -f "$ago" "$ERIKA_BIN/erika-press" "$@"
	else
		command erika-press "$@"
	fi
}

# day N: noon of the day N days ago.
day() {
	date -u -d "-$1 days" +%Y-%m-%dT12:00:00Z
}

# newest DESK: its newest bundle.
newest() {
	find "h/m/t/b/$1" -name '*.ekb' | sort -t. -k2n | tail -n 1
}

ago=-70d
newsroom h "The Harbour"
page h tide "The tide" "High water at noon." "$(day 72)"
issue h
ok $? "there is an outlet"
news=$(newest news)
ago=-35d
run 0 "with a second desk" erika-press desk add -q --no-passphrase \
	-C h/room sport
page h regatta "The regatta" "Nobody sank." "$(day 37)"
issue h --desk sport
ok $? "and a bundle of each"
sport=$(newest sport)
ago=
page h gulls "Gulls" "They took the bread." "$(day 2)"
issue h
ok $? "and one of this week"
open=$(newest news)
list=$(only h/m/t/x/*.mirrors.json)
client one h/m/m/1.root.json
tufjs 0 "tuf-js reads it, from the first root" one h/m \
	"$(path "$news")" "$(path "$sport")" "$(path "$open")" "$(path "$list")"
cmp -s "$news" one.out/1
ok $? "and has the first desk's bundle, byte for byte"
cmp -s "$sport" one.out/2
ok $? "the second desk's"
cmp -s "$open" one.out/3
ok $? "this week's"
cmp -s "$list" one.out/4
ok $? "and the list of mirrors"
cmp -s h/m/m/timestamp.json one.kept/timestamp.json
ok $? "it keeps our timestamp as it is"
tufjs 1 "what no desk lists is not found" one h/m b/news/2026-w01/1.ekb
like "$err" 'is not listed' "and says so"

# Past weeks move to the archive; a desk's key is changed; there is news.
cp -r h/m before
run 0 "past weeks are sealed" erika-press seal -q -C h/room
page h fog "Fog on the quay" "None at all." "$(day 2)"
issue h
ok $? "there is news"
run 0 "and a new key for a desk" erika-press desk rotate -q --no-passphrase \
	-C h/room sport
run 0 "published" erika-press publish -q -C h/room
last=$(newest news)
rm one.out/*
tufjs 0 "tuf-js goes on from what it keeps" one h/m \
	"$(path "$last")" "$(path "$sport")" "$(path "$news")"
cmp -s "$last" one.out/1
ok $? "and has the news"
cmp -s "$sport" one.out/2
ok $? "a sealed bundle of one desk"
cmp -s "$news" one.out/3
ok $? "and of the other"
like "$out" '/m/[0-9]+\.y-[0-9]{4}\.json .*/m/[0-9]+\.s-[0-9]{4}-p[0-9]{2}\.json' \
	"by the archive's word: the year, then the four weeks"
client six h/m/m/1.root.json
tufjs 0 "one that comes new finds the same" six h/m \
	"$(path "$last")" "$(path "$sport")" "$(path "$news")"
cmp -s "$news" six.out/3
ok $? "in the same places"

# It judges as we do.
tufjs 1 "the outlet as it was before is refused" one before "$(path "$news")"
like "$err" 'BadVersion|version' "as going back"
cp -r h/m bad
flip "bad/${last#h/m/}"
rm -f one.out/1
tufjs 1 "a bundle with one bit changed is refused" one bad "$(path "$last")"
[ ! -e one.out/1 ]
ok $? "and not kept"
flip bad/m/timestamp.json 200
client two h/m/m/1.root.json
tufjs 1 "so is a timestamp" two bad "$(path "$last")"
newsroom q "The Quay"
page q tide "The tide" "There is none." "$(day 2)"
issue q
client three q/m/m/1.root.json
tufjs 1 "so is our outlet by another's root" three h/m "$(path "$news")"

# ---- theirs, read by us

mkdir theirs
cp -r h/m/t theirs/t
run 0 "@tufjs/models makes an outlet of the same bundles" \
	node "$SRC/tests/foreign/write.mjs" h/m theirs
client four theirs/m/1.root.json
tufjs 0 "tuf-js reads it" four theirs "$(path "$news")"
# A plain server, which decodes percent signs as any web server does.
trap servers_stop EXIT
python3 -u -m http.server --bind 127.0.0.1 --directory theirs 0 \
	>plain.port 2>plain.log &
servers=$!
for _ in $(seq 200); do
	plain=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' plain.port)
	[ -n "$plain" ] && break
	sleep 0.05
done
plain=http://127.0.0.1:$plain
conform=$ERIKA_BIN/tests/conform/erika-conform
mkdir kept out
run 0 "our client begins with its root" \
	"$conform" --metadata-dir kept init theirs/m/1.root.json

# conform STATUS NAME TARGET...
conform() {
	conform_status=$1
	conform_name=$2
	shift 2
	conform_targets=()
	for t in "$@"; do
		conform_targets+=(--target-name "$t")
	done
	run "$conform_status" "$conform_name" "$conform" \
		--metadata-dir kept --metadata-url "$plain/m/" \
		--target-dir out --target-base-url "$plain/t/" \
		"${conform_targets[@]}" download
}

# has NAME: what lies in out/ is that small file.
has() {
	is "$(cat "out/$(printf '%s' "$1" | sed 's|/|%2F|g; s| |%20|g')" 2>&1)" \
		"the file $1" "with the right bytes: $1"
}

conform 0 "a target of the top" top.txt
has top.txt
conform 0 "twelve in bins by hash prefix" h/{0..11}.txt
for i in $(seq 0 11); do has "h/$i.txt"; done
conform 0 "one three delegations deep, by two keys and odd names" \
	"n/a/deep file.txt"
has "n/a/deep file.txt"
conform 1 "one that no bin lists" h/12.txt
like "$err" 'no such target' "which is said"
conform 0 "our bundles, under their metadata" \
	"$(path "$news")" "$(path "$sport")" "$(path "$last")"
cmp -s "$sport" "out/$(path "$sport" | sed 's|/|%2F|g')"
ok $? "sealed ones too"
cmp -s "$news" "out/$(path "$news" | sed 's|/|%2F|g')"
ok $? "byte for byte"
is "$(python3 -c 'import json
print(json.load(open("kept/root.json"))["signed"]["version"])')" 2 \
	"after following its change of root keys"

# Bundles come in ranges, which that server does not know.
serve web theirs
reader five
run 0 "erika trusts it" erika add -q --yes --mirror "$http/normal/" \
	theirs/m/1.root.json
run 0 "and syncs" erika sync
like "$err" '^Made by others: [0-9]+ new$' "articles"
like "$err" 'root 2, 2 of 3 keys' "by two of three keys"
run 0 "and reads" erika read fog
like "$out" '^None at all\.$' "what the bundle says"
flip theirs/m/timestamp.json 200
run 10 "a flipped timestamp of theirs is refused" erika sync
plan
