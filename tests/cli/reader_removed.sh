#!/bin/bash
# Whose a 451 is: the operator's who signed for it, or anybody's on the way.
# Neither is a lie or a loss, and with another mirror all articles come.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/mirror.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "whose a 451 is" minisign python3

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
page h gulls "Gulls" "They took the bread."
issue h
ok $? "there is an outlet with two issues"
hashes=$(cd h/m && find t/b -name '*.ekb' | sed 's|.*/||' | cut -c 1-64)
minisign -G -W -p op.pub -s op.key >/dev/null 2>&1
# minisign leaves out leading zeros.
number=$(printf "%16s" "$(sed -n "1s/.* //p" op.pub)" | tr " " 0)

# reader_of MIRROR...: a new reader of the outlet at these mirrors alone.
reader_of() {
	rm -rf readers
	reader one
	options=()
	for m in "$@"; do options+=(--mirror "$m"); done
	erika add -q --yes "${options[@]}" h/m/m/1.root.json
}

bare='HTTP 451: withheld for legal reasons, by the mirror or by the network; other mirrors may have it'

# anybodys MIRROR NAME: its 451 is not called the operator's.
anybodys() {
	reader_of "$1"
	run 3 "$2: not all comes" erika sync
	like "$err" " b/news/.*\.ekb: $bare\$" "$2: it is anybody's"
	unlike "$err" 'operator|lied|missing|lacks|OWNED' "$2: no more is said"
	unlike "$err" "$(printf '\033')" "$2: in plain text"
	reader_of "$1" "$PWD/h/m"
	run 0 "$2: another mirror has it" erika sync
	is "$(erika list --json | wc -l)" 2 "$2: all articles come"
}

# ---- a real node
mkdir node
cp -r h/m node/tree
cat >node/node.conf <<CONF
[mirror]
listen = 127.0.0.1:0
root = tree
publisher = $words
store = 1G
operator = mirror@example.org
operator-key = $(tail -n 1 op.pub)
CONF
for hash in $hashes; do
	erika-mirror block -q -c node/node.conf "$hash" \
		--reason 'court order 12/26, "libel" (signed by key 0)'
done
mirror_start -c node/node.conf
ok $? "a node whose operator blocks both issues"
anybodys "$url" "unsigned"
# doctored MIRROR: what the doctor says of it, to who has all from elsewhere.
doctored() {
	reader_of "$1"
	erika sync -q --from h/m
	run "$2" "the doctor looks at it" erika doctor --yes
}
doctored "$url" 13
like "$out" ' http +http-diff +HTTP 451: withheld for legal reasons, by the mirror or by the network$' \
	"and says the same"
mirror_stop
for file in node/tree/.node/blocked/*.json; do
	minisign -S -s op.key -m "$file" -x "$file.minisig" >/dev/null 2>&1
done
mirror_start -c node/node.conf
reader_of "$url"
run 3 "signed: not all comes" erika sync
like "$err" "b/news/.*\.ekb: removed by the operator of 127\.0\.0\.1[:0-9]*: \"court order 12/26, 'libel' \(signed by key 0\)\" \(signed by key $number, who calls himself mirror@example\.org\); other mirrors may have it\$" \
	"it is the operator's, with the reason, the key and the name"
unlike "$err" 'lied|missing|lacks|451' "and neither a lie nor a loss"
run 3 "as JSON" erika sync --json
is "$(printf '%s' "$out" | python3 -c '
import json, sys
print(json.load(sys.stdin)["outlets"][0]["mirrors"][0]["state"])')" removed \
	"its state is said"
doctored "$url" 0
like "$out" " http +ok +.*; removed by the operator of 127.*: \"court order 12/26, 'libel' .*signed by key $number, who calls himself mirror@example.org\)\$" \
	"and says the same"
reader_of "$url" "$PWD/h/m"
run 0 "another mirror has it" erika sync
is "$(erika list --json | wc -l)" 2 "all articles come"
# What a hostile mirror or network makes of it.
one=$(printf '%s\n' "$hashes" | head -n 1)
curl -s -o true.json "$url$(cd h/m && echo t/b/*/*/"$one"*.ekb)"
mirror_stop
is "$mirror_status" 0 "the node ends"

# ---- a hostile one: the first issue's tombstone for both bundles
rm -f h/m/m/now.pack
cp -r h/m bad
serve web bad

# says REASON HASH: sign a tombstone that may be none.
says() {
	python3 - "$1" "$2" <<'PY'
import json, sys
t = {"_type": "erika-tombstone-1", "date": "2026-11-23T21:00:00Z",
     "operator": "", "reason": sys.argv[1].encode().decode("unicode_escape"),
     "hash": sys.argv[2]}
json.dump(t, open("part.json", "w"), sort_keys=True, separators=(",", ":"))
PY
	rm -f part.minisig
	minisign -S -s op.key -m part.json -x part.minisig >/dev/null 2>&1
	python3 - <<'PY'
import json
json.dump({"key": open("op.pub").read().split("\n")[1],
           "minisig": open("part.minisig").read(),
           "signed": json.load(open("part.json"))},
          open("bad/tombstone", "w"))
PY
}

# The second issue is left out of what it blocks by a tombstone of the first.
says 'one issue' "$one"
for how in tombstone tombstone-chunked; do
	reader_of "$http/$how/"
	run 3 "$how: one is covered" erika sync
	like "$err" "removed by the operator of .*: \"one issue\" \(signed by key $number\); other" \
		"$how: it is the operator's, who need not have a name"
done
for how in cut html endless; do
	anybodys "$http/tombstone-$how/" "an answer that is $how"
done
says 'another OWNED' "$(printf '%064d' 7)"
anybodys "$http/tombstone/" "a tombstone of another file"
says '\x1b]0;OWNED\x07' "$one"
anybodys "$http/tombstone/" "terminal escapes"
says 'OWNED' "$one"
sed 's/OWNED/OWNED by me/' bad/tombstone >forged
cp forged bad/tombstone
anybodys "$http/tombstone/" "a changed reason"
head -c 3000 /dev/urandom >bad/tombstone
anybodys "$http/tombstone/" "garbage"
{
	cat true.json
	head -c 40000 /dev/zero | tr '\0' ' '
} >bad/tombstone
anybodys "$http/tombstone/" "an oversized one"
anybodys "$http/tombstone-chunked/" "an oversized one in chunks"
: >bad/tombstone
anybodys "$http/tombstone/" "none"

# ---- for everything, from everybody
for code in 403 451; do
	reader_of "$http/$code/"
	run 13 "only $code: no mirror is reached" erika sync
	reader none
	run 13 "nor is one for who adds it" erika add --yes "$http/$code/"
done
like "$err" "${bare%;*}" "451 is said likewise"
plan
