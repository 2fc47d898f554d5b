#!/bin/bash
# Whom to trust: the one decision a reader makes.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "adding outlets" python3

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
ok $? "there is an outlet"
right=$words
root=$(sed -n 's/^root *//p' h/init.out)
newsroom fake "The Harbour"
page fake tide "The tide" "There is none."
issue fake
ok $? "and another that takes its name"
other=$words
newsroom q "The Quay"
issue q
serve web h/m

# ---- words

reader one
run 1 "nobody to ask: nothing is added" erika add h/m/m/1.root.json
like "$err" 'Compare the words' "and says what to do"
like "$err" "words   $right" "after showing them"
run 1 "nor with --no-input" erika add --no-input h/m/m/1.root.json
run 11 "other words than told" erika add --words "$other" h/m/m/1.root.json
like "$err" "these are $right" "are said"
run 2 "a word that is none" erika add --words "${right% *} qqqqq" \
	h/m/m/1.root.json
like "$err" 'wrong usage: --words: word 8, "qqqqq", is not in the list' "is named"
run 2 "words and no place" erika add "$right"
like "$err" 'whom to trust, not where to find them' "which is said"
run 1 "nothing of that name" erika add nosuch
like "$err" 'nosuch is no file, folder, link, URL .* or outlet' "which is said"
run 2 "seven words" erika add --words "${right% *}" h/m/m/1.root.json
run 1 "nothing was added by all that" erika outlets
shouted=$(printf '%s' "$right" | tr 'a-z ' 'A-Z-')
run 0 "the right words, however typed" erika add --words "$shouted" \
	h/m/m/1.root.json
like "$err" 'a mirror to sync from: erika add --mirror' "and what is next"
run 0 "it is listed" erika outlets
like "$out" '^The Harbour$' "by name"
like "$out" "words    $right" "words"
like "$out" "root     $root" "and fingerprint"
like "$out" 'no mirror: erika sync --from' "with what is missing"
run 0 "as JSON" erika outlets --json
is "$(printf '%s' "$out" | python3 -c '
import json, sys
o = json.load(sys.stdin)
print(o["schema"], o["fingerprint"], o["mirrors"])')" \
	"erika-outlet-1 $root []" "likewise"

# ---- again, and another of that name

run 0 "the same again is fine" erika add --mirror "$http/normal/" \
	h/m/m/1.root.json
like "$err" 'Known already' "and says so"
like "$(erika outlets)" "mirror   $http/normal/" "its mirror is added"
run 11 "another key under a known name" erika add --yes fake/m/m/1.root.json
like "$err" "Yours: $right\. This one: $other\." "shows both"
like "$err" 'nobody can fake' "and what to do"
run 11 "even with the right words" erika add --words "$other" \
	fake/m/m/1.root.json
run 0 "under another name it can be added" erika add --yes \
	--name "Not the Harbour" fake/m/m/1.root.json
run 0 "a mirror that is none" erika outlets
before=$out
run 2 "is refused" erika add --mirror "gopher://x/" h/m/m/1.root.json
run 0 "and changes nothing" erika outlets
is "$out" "$before" "at all"

# ---- from other places

reader two
run 0 "from a folder" erika add --yes h/m
like "$(erika outlets)" "mirror   $PWD/h/m \(yours\)\$" "which is a mirror then"
run 0 "that works" erika sync
run 0 "a URL" erika add --yes "$http/normal/"
reader three
link="erika:$root?at=$http/normal/&name=The%20Harbour"
: >web.log
run 2 "a link to this machine is not followed" erika add --words "$right" "$link"
like "$err" "left out: $http/normal/.*only the link names it" "is said"
like "$err" "--mirror $http/normal/ if you mean it" "and what to do"
for near in http://192.168.1.1/ https://10.0.0.1/e/ http://[::1]/ \
	http://printer/ https://router.local/; do
	run 2 "nor to $near" erika add --yes "erika:$root?at=$near"
	like "$err" 'left out: http' "is said"
done
is "$(cat web.log)" "" "nobody was asked"
run 1 "nothing was added" erika outlets
run 0 "from a link whose mirror is named, too" erika add --words "$right" \
	--mirror "$http/normal/" "$link"
unlike "$err" 'left out' "which is agreement"
run 0 "one that is known" erika add "$link"
like "$err" 'Known already; there is nothing to add' "gets no such mirror"
like "$(erika outlets)" "mirror   $http/normal/" "with its mirror"
run 0 "that works" erika sync
reader four
wrong=$(sed -n 's/^root *//p' fake/init.out)
run 11 "a link whose mirror has another outlet" erika add --yes \
	--mirror "$http/normal/" "erika:$wrong?at=$http/normal/"
like "$err" "another outlet's root" "says so"
run 13 "a link whose mirror is down" erika add --yes \
	--mirror http://127.0.0.1:1/ "erika:$root?at=http://127.0.0.1:1/"
run 0 "one of two mirrors is enough" erika add --yes \
	--mirror http://127.0.0.1:1/ --mirror "$http/normal/" \
	"erika:$root?at=http://127.0.0.1:1/&at=$http/normal/"
run 0 "a link without mirrors adds nothing" erika add --yes "erika:$root"
like "$err" 'Known already; there is nothing to add' "to what is known"
reader link-only
run 2 "and finds nothing that is not" erika add --yes "erika:$root"
for bad in "erika:${root%?}" "erika:$root?x=1" "erika:$root?at=ftp://x/" \
	"erika:$root?at=%zz" "erika:${root}0" "erika:$root&at=$http/normal/"; do
	run 15 "not a link: ${bad#erika:????????????????????????????????????????????????????????????}" \
		erika add --yes "$bad"
done

# ---- what is no outlet

reader five
printf 'hello' >junk
run 15 "a file that is something else" erika add --yes junk
like "$err" 'junk is neither a 1\.root\.json nor a share file' "says what it is not"
echo "$link" >link.txt
run 2 "a link in a file" erika add --yes link.txt
like "$err" 'erika add "\$\(cat link\.txt\)"' "says how to take it"
printf '[mirror "x"]\nurl = https://x.example/\n' >x.ini
run 2 "a file of mirrors" erika add --yes x.ini
like "$err" 'erika add --mirror-file x\.ini' "likewise"
truncate -s 2M large
run 15 "a large file of another kind" erika add --yes large
run 1 "a file that is not there" erika add --yes nowhere.json
mkdir empty
run 1 "a folder that is no mirror" erika add --yes empty
mkdir -p stick/music
cp -r h/m stick/news
mkfifo stick/pipe
run 1 "a stick with a mirror on it" erika add --yes stick
like "$err" 'm/1\.root\.json in it.*; is it stick/news\?' "names that"
run 1 "likewise the sync" erika sync --from stick
like "$err" 'you trust no outlet yet' "once somebody is trusted"
cp -r h/m stick/more
run 1 "one with two" erika add --yes stick
unlike "$err" 'is it' "names none"
cp h/m/m/1.root.json cut.json
truncate -s -20 cut.json
run 15 "half a root" erika add --yes cut.json
cp h/m/m/1.root.json bent.json
python3 - <<'PY'
import json
r = json.load(open("bent.json"))
r["signatures"][0]["sig"] = "00" * 64
json.dump(r, open("bent.json", "w"))
PY
run 10 "a root that is wrongly signed" erika add --yes bent.json
cp h/m/m/1.root.json two.json
"$ERIKA_BIN/tests/tool/headtool" h/room/keys/newsroom.key two.json version=2
run 15 "a root that is not the first" erika add --yes two.json
like "$err" '1\.root\.json' "says which is"
run 1 "nothing was added by all that" erika outlets

# ---- two outlets, one source

reader six
trust h
trust q --mirror "$PWD/q/m"
run 0 "a folder finds its outlet" erika sync --from h/m
like "$err" '^The Harbour: 1 new$' "the right one"
unlike "$err" 'Quay' "and no other"
run 11 "a folder of an outlet unknown here" erika sync --from fake/m
like "$err" 'do not trust' "is refused"
run 1 "an outlet that there is not" erika sync nobody
run 1 "a name with a slip" erika sync "the harbor"
like "$err" 'is it "The Harbour"\?' "is guessed"
run 1 "that gets a mirror" erika add --mirror "$http/normal/" "The Harbou"
like "$err" 'is it "The Harbour"\?' "is guessed, too"
run 0 "one by name" erika sync "The Quay"
like "$err" '^The Quay: nothing new$' "only that"
run 0 "one by fingerprint" erika sync --from h/m "${root:0:12}"
run 1 "six digits of it are not enough" erika sync "${root:0:6}"
plan
