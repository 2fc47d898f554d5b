#!/bin/bash
# Mirrors that lie, and outlets that are not what they seem: each is called
# what it is, ends with its status, and changes nothing in the library. Beside
# an honest mirror none of them matters.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tool=$ERIKA_BIN/tests/tool/headtool
tools_or_skip "hostile mirrors" python3 "$tool"

# Two issues: the reader has the first, mirrors carry the second.
newsroom h "The Harbour"
page h tide "The tide" "High water at noon." 2026-11-18T10:00:00Z
page h fog "Fog on the quay" "None at all." 2026-11-19T10:00:00Z
issue h && cp -r h/m first
page h pier "The pier" "It stands. $(seq 3000 | tr '\n' ' ')"
page h gulls "Gulls" "They took the bread."
issue h && cp -r h/m good
ok $? "there is an outlet with two issues"
key=h/room/keys/newsroom.key
newsroom other "The Quay"
page other eel "The eel" "It swam."
issue other
page other eel2 "The second eel" "It swam too."
issue other
ok $? "and another one"

reader base
trust h && erika sync -q --from first
before=$(erika list --json)
is "$(printf '%s\n' "$before" | wc -l)" 2 "the reader has the first issue"
cp -r readers/base readers/start

# again: the library as after the first issue.
again() {
	rm -rf readers/base
	cp -r readers/start readers/base
}

# The honest mirror beside: without the pack, which would save asking for what
# the others changed; and by network, so that a folder is asked first.
cp -r good plain && rm plain/m/now.pack
serve plain plain
honest=$http/normal/

# hostile STATUS DEED NAME: the folder bad, alone and beside an honest one.
hostile() {
	again
	run "$1" "$3: status $1" erika sync --from bad
	like "$err" "$2" "$3: what it did"
	is "$(erika list --json)" "$before" "$3: the library is as it was"
	run 0 "$3: and still reads" erika read tide
	again
	erika add -q --mirror "$PWD/bad" --mirror "$honest" h/m/m/1.root.json
	run 0 "$3: beside an honest mirror all is well" erika sync
	like "$err" '^The Harbour: 2 new$' "$3: and news comes"
	like "$err" "bad.*$2" "$3: yet the liar is named"
}

# copy: bad is a fresh copy of good. The pack goes, since it is only a
# shortcut around what the tests change.
copy() {
	rm -rf bad
	cp -r good bad
	rm bad/m/now.pack
}
second=$(only good/t/b/news/*/*.2.ekb)
second=${second#good/}

# ---- bundles

copy
flip "bad/$second" 2000
hostile 10 'lied: b/news/.*/2\.ekb is tampered' "a changed text"
copy
flip "bad/$second" 30
hostile 10 'lied: b/news/.*/2\.ekb is tampered' "a changed index"
copy
truncate -s 900 "bad/$second"
hostile 10 'truncated' "a bundle that ends early"
copy
: >"bad/$second"
hostile 10 'truncated' "an empty bundle"
copy
cp "$(only bad/t/b/news/*/*.1.ekb)" "bad/$second"
hostile 10 'tampered|truncated' "an old bundle under a new name"
copy
rm "bad/$second"
again
run 0 "a folder without the bundle: no fault, as of a share file" \
	erika sync --from bad
like "$err" '1 bundle is listed that could not be had' "but it is told"
is "$(erika list --json)" "$before" "and the library is as it was"
again
erika add -q --mirror "$PWD/bad" h/m/m/1.root.json
run 3 "a mirror without it: partly done" erika sync
like "$err" 'bad lacks b/news' "and which lacks what"
erika add -q --mirror "$PWD/good" h/m/m/1.root.json
run 0 "another one has it" erika sync
like "$err" '^The Harbour: 2 new$' "and news comes"

# ---- heads

copy
python3 - <<'PY'
import json
p = "bad/m/timestamp.json"
t = json.load(open(p))
s = t["signatures"][0]["sig"]
t["signatures"][0]["sig"] = ("0" if s[0] != "0" else "1") + s[1:]
json.dump(t, open(p, "w"))
PY
hostile 10 'lied: m/timestamp.json is wrongly signed' "a wrong signature"
copy
sed -i 's/"version":2/"version":3/' bad/m/timestamp.json
hostile 10 'lied: m/timestamp.json is wrongly signed' "a changed head"
copy
rm -r bad/m
cp -r other/m/m bad/m
cp good/m/1.root.json bad/m/
hostile 11 "lied: m/timestamp.json is another outlet's or forged" \
	"another outlet's head"
copy
head -c 100000 /dev/zero | tr '\0' ' ' >>bad/m/timestamp.json
hostile 10 'endless' "a head without end"
copy
printf '<!DOCTYPE html><title>Blocked</title>' >bad/m/timestamp.json
hostile 13 'unreachable: a web page came instead' "a block page"
copy
rm bad/m/timestamp.json
hostile 1 'lacks m/timestamp.json' "no head"
copy
printf '{"signatures":[],"signed":{' >bad/m/timestamp.json
hostile 15 'malformed' "half a head"

# ---- the chain

copy
cp bad/m/1.snapshot.json bad/m/2.snapshot.json
hostile 10 'lied: m/2.snapshot.json is mixed versions' "an old snapshot"
copy
cp bad/m/1.d-news.json bad/m/2.d-news.json
hostile 10 'lied: m/2.d-news.json is mixed versions' "an old desk"
copy
flip bad/m/2.d-news.json
hostile 10 'lied: m/2.d-news.json is tampered' "a changed desk"
copy
truncate -s -10 bad/m/2.d-news.json
hostile 10 'm/2.d-news.json short: truncated' "half a desk"
copy
rm bad/m/2.d-news.json
hostile 3 'lacks m/2.d-news.json' "no desk"
copy
cp other/m/m/now.pack bad/m/now.pack
again
run 0 "a wrong pack is only slower" erika sync --from bad
like "$err" '^The Harbour: 2 new$' "and news comes"
copy
cp bad/m/1.root.json bad/m/2.root.json
hostile 12 'rolled back' "an old root as the next one"
copy
cp other/m/m/1.root.json bad/m/2.root.json
"$tool" other/room/keys/newsroom.key bad/m/2.root.json version=2
hostile 11 "2.root.json is another outlet's or forged" "a forged root"

# ---- time

rm -rf bad && cp -r first bad
again
erika sync -q --from good
after=$(erika list --json)
run 12 "an older head than known: status 12" erika sync --from bad
like "$err" 'rolled back: timestamp version 1, but version 2' "it is named"
is "$(erika list --json)" "$after" "and nothing goes back"
erika add -q --mirror "$PWD/bad" --mirror "$PWD/good" h/m/m/1.root.json
run 0 "beside an honest mirror it is only named" erika sync
like "$err" 'bad is rolled back' "like this"
again
erika add -q --mirror "$PWD/bad" --mirror "$PWD/good" h/m/m/1.root.json
run 0 "who has not seen the newer takes the newest" erika sync
like "$err" '^The Harbour: 2 new$' "with its news"
like "$err" 'bad is stale: serves version 1, others have 2' "and who is behind"

copy
"$tool" $key bad/m/timestamp.json version=3 expires=2026-01-01T00:00:00Z \
	x-erika-made=2025-12-25T00:00:00Z
again
run 12 "an expired head: status 12" erika sync --from bad
like "$err" '^The Harbour: 2 new$' "what is authentic is taken"
like "$err" 'authentic: ' "and said to be so"
like "$err" 'STALE: as of 2025-12-25 00:00 UTC; good until 2026-01-01' \
	"apart from its age"
run 0 "it can be read" erika read pier
like "$out" '^STALE: as of 2025-12-25' "with the warning"

# ---- a newsroom that goes wrong

copy
"$tool" $key bad/m/timestamp.json version=9
again
run 0 "a head that jumps ahead" erika sync --from bad
run 12 "makes the true one look old" erika sync --from good
like "$err" 'rolled back' "which is said"

# ---- over the network

serve web good
again
erika add -q --mirror "$http/endless/" h/m/m/1.root.json
run 10 "a mirror without end: status 10" erika sync
like "$err" 'endless' "it is named"
for b in html rst close garbage 500 403; do
	again
	erika add -q --mirror "$http/$b/" --mirror "$http/normal/" \
		h/m/m/1.root.json
	run 0 "a mirror that answers with $b" erika sync
	like "$err" '^The Harbour: 2 new$' "with $b: news comes from the other"
	like "$err" '(is unreachable|lacks m/timestamp)' "with $b: it is named"
done
# When it is asked at all again is the memory's business: unit/test_reach.
again
erika add -q --mirror "$http/500/" h/m/m/1.root.json
run 13 "a dead mirror alone" erika sync
like "$err" 'unreachable: http-diff: status 500' "is named"
erika add -q --mirror "$honest" h/m/m/1.root.json
run 0 "another one beside it is enough" erika sync
like "$err" '^The Harbour: 2 new$' "for the news"

# ---- what somebody withholds: see also reader_removed

again
erika add -q --mirror "$http/removed/" h/m/m/1.root.json
run 3 "a bare 451 for a bundle" erika sync
like "$err" ' b/news/.*/2\.ekb: HTTP 451: withheld for legal reasons, by the mirror or' \
	"is called what it is"
unlike "$err" 'operator|lied|missing|lacks' "and nobody's in particular"
run 3 "as JSON" erika sync --json
is "$(printf '%s' "$out" | python3 -c '
import json, sys
m = json.load(sys.stdin)["outlets"][0]["mirrors"][0]
print(m["state"], m["strategy"], m["small"], m["bytes"] > 100)')" \
	"withheld http False True" "with what was asked how"
erika add -q --mirror "$honest" h/m/m/1.root.json
run 0 "another mirror has it" erika sync
like "$err" '^The Harbour: 2 new$' "and the news comes"

again
erika add -q --mirror "$http/escape/" h/m/m/1.root.json
run 13 "terminal escapes in an answer" erika sync
unlike "$err" "$(printf '\033')" "do not come through"
is "$(erika list --json)" "$before" "the library is as it was"
plan
