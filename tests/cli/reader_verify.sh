#!/bin/bash
# erika verify: a bundle and its minisign signature, by themselves.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "verifying bundles" python3

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
ok $? "there is an outlet"
newsroom other "The Quay"
page other eel "The eel" "It swam."
issue other
bundle=$(only h/m/t/b/news/*/*.ekb)
cp "$bundle" a.ekb && cp "$bundle.minisig" a.ekb.minisig
alien=$(only other/m/t/b/news/*/*.ekb)
pub=h/room/keys/newsroom.pub

# ---- with a key

reader one
echo "a letter" >letter
run 1 "a file of another kind" erika verify letter
like "$err" 'letter is no share file .* nor does it look like a bundle' \
	"is called that"
run 0 "with the desk's public key" erika verify --key $pub a.ekb
like "$out" '^authentic: signed by the key in .*newsroom\.pub \(key ' \
	"it is authentic"
like "$out" '^fresh: not known' "how fresh, a key cannot say"
like "$out" '^b/news/.*/1\.ekb, made 20.*, 1 article$' "which one it is"
like "$out" 'published +en +The tide$' "and what is in it"
run 0 "as JSON" erika verify --json --key $pub a.ekb
is "$(printf '%s' "$out" | python3 -c '
import json, sys
v = json.load(sys.stdin)
print(v["schema"], v["authentic"], v["listed"], v["articles"])')" \
	"erika-verify-1 True False 1" "likewise"
run 11 "with another's key" erika verify --key other/room/keys/newsroom.pub \
	a.ekb
run 15 "with what is no key" erika verify --key "$bundle" a.ekb

# ---- with an outlet

run 1 "without key and outlet" erika verify a.ekb
trust h
erika sync -q --from h/m
run 0 "by an outlet that we trust" erika verify a.ekb
like "$out" '^authentic: signed by The Harbour, desk news \(key ' "whose it is"
like "$out" '^fresh: as of .*lists this very file$' "and that it is current"
run 11 "another outlet's" erika verify "$alien"
like "$err" 'no desk' "is nobody's we know"
cp "$bundle.minisig" elsewhere.sig
cp "$alien" loose.ekb
rm a.ekb.minisig
run 0 "without signature" erika verify a.ekb
like "$out" '^authentic: The Harbour lists this very file, in d-news \(root 1, 1 of 1 key\)$' \
	"the outlet's list is enough"
like "$out" '^fresh: as of' "and says as of when"
run 1 "of nobody's list" erika verify "$PWD/loose.ekb"
like "$err" '\-\-signature' "says what to do"
run 0 "with one elsewhere" erika verify --signature elsewhere.sig a.ekb
cp elsewhere.sig a.ekb.minisig

# ---- changed

# Every bit of a short run of places, and both ends.
size=$(stat -c %s a.ekb)
for at in 0 14 15 19 23 40 $((size / 2)) $((size - 1)); do
	cp "$bundle" b.ekb
	cp elsewhere.sig b.ekb.minisig
	flip b.ekb "$at"
	run 10 "a bit of byte $at changed" erika verify b.ekb
done
cp "$bundle" b.ekb
truncate -s -1 b.ekb
run 10 "a byte less" erika verify b.ekb
truncate -s +2 b.ekb
run 10 "a byte more" erika verify b.ekb
python3 - <<'PY'
import os
os.mkdir("bits")
data = open("elsewhere.sig", "rb").read()
for at in range(0, len(data), 7):
    b = bytearray(data)
    b[at] ^= 1 << at % 8
    open("bits/%d" % at, "wb").write(b)
PY
bad=0
for f in bits/*; do
	erika verify -q --signature "$f" a.ekb >/dev/null 2>&1 &&
		bad=$((bad + 1))
done
is "$(find bits -type f | wc -l | awk '{print ($1 > 30)}')" 1 \
	"many bits of the signature are changed"
is "$bad" 0 "and none of them is accepted"
cp "$alien.minisig" a.ekb.minisig
run 11 "another's signature" erika verify a.ekb
run 1 "a file that is not there" erika verify nothing.ekb
printf 'hello' >hello.ekb
cp elsewhere.sig hello.ekb.minisig
run 10 "a file that is something else" erika verify hello.ekb
run 2 "--root wants the metadata beside it" erika verify \
	--root h/m/m/1.root.json a.ekb
run 2 "and no key" erika verify --root h/m/m/1.root.json --key $pub "$bundle"
plan
