#!/bin/bash
# Keys apart: who signs what is read from the metadata; roots and targets of
# several people, by files on a stick; desks come, change and go.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/keys.sh"

# ---- a key for each purpose, from the first day
run 0 "init --apart" erika-press init --name Harbour --apart \
	--root-keys 3 --threshold 2 --no-passphrase room
words=$(printf '%s\n' "$out" | sed -n 's/^words   //p')
like "$err" 'targets.key and keys/archive.key offline' "says what to move away"
is "$(ls room/keys | grep -c '\.key$')" 9 "makes nine keys"
mirror room m
run 0 "pack" erika-press pack -C room "$(article one)"
run 0 "publish" erika-press publish -C room
run 0 "a reader refreshes" follows m
run 0 "key list" erika-press key list -C room
for pair in root-1:root timestamp:timestamp snapshot:snapshot \
	targets:targets archive:archive mirrors:x desk-news:d-news; do
	like "$out" "^${pair%:*} +[0-9A-F]{16}  plain +600 +${pair#*:}\$" \
		"${pair%:*} signs ${pair#*:} and nothing else"
done
is "$(erika-press key list -C room --json | python3 -c '
import json, sys
print(sorted((k["name"], *k["roles"]) for k in map(json.loads, sys.stdin)
             if k["name"][0] in "dm" and k["schema"] == "erika-key-1"))')" \
	"[('desk-news', 'd-news'), ('mirrors', 'x')]" "and as JSON"
sig=$(ls m/t/b/news/*/*.ekb)
run 0 "a bundle is signed by its desk's key" \
	minisign -V -p room/keys/desk-news.pub -m "$sig"
run 1 "and by no other" minisign -V -p room/keys/targets.pub -m "$sig"

# ---- who is not here is not needed, until he is
mkdir safe
mv room/keys/{root-1,root-2,root-3,targets,archive}.key safe/
run 0 "the day's keys publish" erika-press publish -C room
is "$err" "$(printf '%s\n' "$err" | grep '^m  ')" "and nothing is missed"
like "$(erika-press key list -C room)" '^targets +[0-9A-F]+  elsewhere' \
	"key list says what is elsewhere"
mv room/keys/{mirrors,desk-news}.key safe/
run 0 "two online keys make the daily signature" erika-press publish -C room
run 0 "which readers take" follows m
run 1 "pack without the desk's key" erika-press pack -C room "$(article two)"
like "$err" 'key of the desk "news" is not in keys/' "says what is missing"
is "$out" "" "before anything is done"
mv safe/desk-news.key room/keys/
mv room/keys/timestamp.key safe/
run 0 "pack with it" erika-press pack -C room "$(article two)"
before=$(version m)
run 3 "publish without the timestamp's key" erika-press publish -C room
like "$err" "nothing is public before the timestamp's key signs" "says so"
is "$(version m)" "$before" "and leaves the mirror alone"
like "$(erika-press status -C room)" '1 not published yet' "so does status"
mv room/keys/desk-news.key safe/
mv safe/timestamp.key room/keys/
run 0 "it goes out where that key is" erika-press publish -C room
run 0 "to readers" follows m
run 0 "who find the second bundle" target m "$(bundle_path m 2)"
like "$(erika-press status -C room)" '0 not published yet' "status knows"

# ---- left as it is, with a word where that matters
cat >>room/mirrors.ini <<'INI'
[mirror "second"]
url = https://second.example/e/
INI
run 0 "a changed mirror list does not stop the rest" erika-press publish -C room
like "$err" '^x +has something new that waits.*\(mirrors\)' "but it is said"
mv safe/mirrors.key room/keys/
run 0 "until its key is here" erika-press publish -C room
unlike "$err" waits "then nothing waits"

# ---- a desk of its own
mv safe/desk-news.key room/keys/
run 0 "a desk asks for targets' keys" erika-press desk add -C room \
	--no-passphrase --out add.proposal sport
like "$out" '\+ d-sport +gets the key [0-9A-F]{16}' "says who gets what"
like "$err" 'erika-press targets sign add.proposal' "and what to do"
run 1 "and changes nothing yet" erika-press pack -C room --desk sport \
	"$(article three)"
like "$err" 'no desk "sport".*desk add' "so pack refuses"
mkdir stick offline
cp add.proposal stick/
cd offline
run 11 "a key that has no part in it cannot sign" \
	erika-press targets sign --key ../safe/archive.key ../stick/add.proposal
run 0 "targets' key signs on a machine with nothing else" \
	erika-press targets sign --key ../safe/targets.key ../stick/add.proposal
like "$out" "^words   $words\$" "after showing whose it is"
like "$out" '^complete$' "and says that it is complete"
like "$err" 'goes back to the newsroom now.*erika-press targets install' \
	"and whose turn it is"
cd ..
run 2 "it is no root" erika-press root install -C room stick/add.proposal
run 0 "install" erika-press targets install -C room stick/add.proposal
like "$(erika-press status -C room)" '^waits   targets version 2, for publish' \
	"status says that it waits"
run 0 "the new desk packs" erika-press pack -C room --desk sport \
	"$(article three)"
run 0 "and is published" erika-press publish -C room
run 0 "to readers" target m "$(bundle_path m 1 sport)"
run 0 "desk list" erika-press desk list -C room
like "$out" '^sport +[0-9A-F]{16} here' "names it"
like "$(erika-press desk list -C room --json)" \
	'^\{"schema":"erika-desk-1","desk":"sport",.*"here":true\}$' "so as JSON"
run 3 "an article of another desk is left alone" sh -c "
	sed 's/three/news of three/' '$(article three)' >x.html &&
	mv x.html '$(article three)' && erika-press pack -C room \
	'$(article three)' 2>&1 | tee /dev/stderr | grep -q 'another desk' &&
	exit 3"
run 0 "retract signs for the article's own desk" erika-press retract -C room \
	--reason "A mistake." three
like "$(ls room/repository/t/b/sport/*/)" '\.2\.ekb$' "in that desk's place"
run 0 "publish" erika-press publish -C room

# ---- its key is replaced
run 1 "rotate a desk that is not" erika-press desk rotate -C room nothing
run 1 "add one that is" erika-press desk add -C room sport
cp safe/targets.key room/keys/
run 0 "rotate, with targets' key at hand" \
	erika-press desk rotate -C room --no-passphrase sport
like "$out" '\+ d-sport +gets' "says who gets it"
like "$out" '\- d-sport +loses the key [0-9A-F]{16} \(desk-sport\)' \
	"and who loses it"
like "$err" 'next erika-press publish' "and when"
run 0 "publish" erika-press publish -C room
run 0 "readers follow" target m "$(bundle_path m 1 sport)"
like "$(erika-press key list -C room)" '^desk-sport +[0-9A-F]+ .* -$' \
	"the old key signs nothing"
run 15 "a desk with open weeks is not dropped" \
	erika-press desk remove -C room sport
like "$err" '2 of its bundles.*seal them first' "and why is said"
run 15 "nor by another command" erika-press targets new -C room drop d-sport
run 15 "and a year never" erika-press targets new -C room drop \
	"$(erika-press status -C room | grep -o 'y-20[0-9]*' | head -n 1)"
like "$err" 'only a desk can be dropped' "since its weeks would go with it"
cp safe/archive.key room/keys/desk-culture.key
run 0 "one without is" erika-press desk add -C room --no-passphrase culture
number=${err#*new key } number=${number%% *}
like "$out" "\\+ d-culture +gets the key $number" "its new key is named"
run 0 "half a pair, of a run that was killed, is in nobody's way" \
	cmp safe/archive.key room/keys/desk-culture.key
rm room/keys/desk-culture.key
run 0 "after it was published" erika-press publish -C room
run 0 "remove" erika-press desk remove -C room culture
run 0 "publish" erika-press publish -C room
unlike "$(erika-press status -C room)" 'd-culture' \
	"its last list may end without a word"
run 0 "readers follow" follows m
run 1 "then it packs no more" erika-press pack -C room --desk culture \
	"$(article four)"

# ---- a new root: two of three people, then three of four
run 2 "nonsense is refused" erika-press root new -C room -o no.proposal \
	give root away
run 2 "a threshold above the keys" erika-press root new -C room \
	-o no.proposal threshold root 4
run 2 "a threshold of none" erika-press root new -C room -o no.proposal \
	threshold root 0
run 2 "a key that is not there to remove" erika-press root new -C room \
	-o no.proposal remove root desk-news
run 2 "a key that nobody knows" erika-press root new -C room \
	-o no.proposal add root nobody
run 1 "none of these wrote a file" test -e no.proposal
run 0 "root new" erika-press root new -C room -o stick/root.proposal \
	add root "$(newkey dora)" threshold root 3
like "$out" '\+ root +gets the key [0-9A-F]{16}' "says who joins"
like "$out" '! root +takes 3 signatures, until now 2' "and what it takes"
run 1 "it does not write over a file" erika-press root new -C room \
	-o stick/root.proposal
cp stick/root.proposal stick/copy.proposal
run 0 "the first signs" erika-press root sign --key safe/root-1.key \
	stick/root.proposal
like "$out" '^not complete$' "which is not enough"
like "$err" 'goes to the next of those who have not' "and where it goes is said"
run 10 "so it is not installed" erika-press root install -C room \
	stick/root.proposal
like "$err" 'not complete; erika-press root status says whose' "nor why not"
run 0 "the second signs a copy elsewhere" erika-press root sign \
	--key safe/root-2.key stick/copy.proposal
run 0 "root status of both" erika-press root status -C room \
	stick/root.proposal stick/copy.proposal
like "$out" 'by the last root 2 of 3 must sign' "says what the old root asks"
like "$out" 'signed  [0-9A-F]{16} \(root-2\)' "who has signed"
like "$out" '1 missing' "and that the new one needs one more"
is "$(erika-press root status --json stick/root.proposal stick/copy.proposal |
	python3 -c 'import json, sys
p = json.loads(sys.stdin.readline())
print(p["type"], p["version"], p["complete"],
      [(r["threshold"], sum(k["signed"] for k in r["keys"]))
       for r in p["rules"]])')" "root 2 False [(2, 2), (3, 2)]" "so as JSON"
run 0 "the new one signs" erika-press root sign --key ./dora.key \
	stick/copy.proposal
run 0 "two files together are complete" erika-press root install -C room \
	stick/root.proposal stick/copy.proposal
run 0 "publish" erika-press publish -C room
run 0 "the mirror has it" test -f m/m/2.root.json
run 0 "readers follow" follows m
is "$(python3 -c 'import json
print(json.load(open("reader/root.json"))["signed"]["version"])')" 2 "to it"
run 10 "a proposal for yesterday's root does not fit any more" \
	erika-press root install -C room stick/root.proposal stick/copy.proposal

# ---- a lie on the stick
python3 - stick/copy.proposal >stick/lie.proposal <<'PY'
import json, sys
p = json.load(open(sys.argv[1]))
p["proposed"]["signed"]["roles"]["root"]["threshold"] = 1
print(json.dumps(p), end="")
PY
run 0 "a changed proposal" erika-press root status stick/lie.proposal
like "$out" '! root +takes 1 signatures' "shows what it is now"
unlike "$out" 'signed  ' "and that nobody has signed that"
python3 - stick/copy.proposal >stick/lie2.proposal <<'PY'
import json, sys
p = json.load(open(sys.argv[1]))
p["roots"][0]["signed"]["roles"]["root"]["threshold"] = 1
print(json.dumps(p), end="")
PY
run 10 "a changed past is refused" erika-press root sign --key safe/root-1.key \
	stick/lie2.proposal
head -c 300 stick/copy.proposal >stick/half.proposal
run 15 "half a file is refused" erika-press root status stick/half.proposal
: >stick/empty.proposal
run 15 "an empty one too" erika-press root status stick/empty.proposal

# What a signer is shown is who may sign what. Nothing else may be in it.
run 0 "targets, as they are" erika-press targets new -C room \
	-o stick/plain.proposal
for lie in 's["targets"]["b/news/2026-w01/1.ekb"] = {"length": 1,
	"hashes": {"sha256": 64 * "0"}}' \
	'role("d-news")["paths"] = ["b/*/*/*"]' \
	'role("y-2026")["terminating"] = True' \
	's["x-more"] = 1'; do
	python3 - "$lie" <<'PY' >stick/unseen.proposal
import json, sys
p = json.load(open("stick/plain.proposal"))
s = p["proposed"]["signed"]
def role(name):
    return [r for r in s["delegations"]["roles"] if r["name"] == name][0]
exec(sys.argv[1])
print(json.dumps(p), end="")
PY
	run 15 "targets that say more: ${lie%%=*}" erika-press targets sign \
		--key safe/targets.key stick/unseen.proposal
	like "$err" 'do not sign it' "are not signed"
done
python3 - <<'PY' >stick/unseen.proposal
import json
p = json.load(open("stick/copy.proposal"))
p["proposed"]["signed"]["consistent_snapshot"] = False
print(json.dumps(p), end="")
PY
run 15 "nor a root that says more" erika-press root sign \
	--key safe/root-1.key stick/unseen.proposal
python3 - <<'PY' >stick/unseen.proposal
import copy, json
p = json.load(open("stick/plain.proposal"))
for t in p["before"], p["proposed"]:
    roles = t["signed"]["delegations"]["roles"]
    evil = copy.deepcopy([r for r in roles if r["name"] == "d-news"][0])
    evil["name"], evil["paths"] = "d-evil", ["b/evil/*/*"]
    roles.insert([r["name"][0] for r in roles].index("d"), evil)
print(json.dumps(p), end="")
PY
run 10 "nor what hides a change in the past" erika-press targets sign \
	--key safe/targets.key stick/unseen.proposal

# ---- news does not wait for a ceremony
rm stick/*
rm room/keys/targets.key
newkey newtargets >/dev/null
run 0 "a root with other targets' keys" erika-press root new -C room \
	-o stick/r.proposal set targets ./newtargets.pub
for k in safe/root-1.key safe/root-2.key dora.key; do
	run 0 "$k signs" erika-press root sign --key ./$k stick/r.proposal
done
run 0 "install" erika-press root install -C room stick/r.proposal
run 0 "publish goes on under the old root" erika-press publish -C room
like "$err" 'The new root still waits, all else goes on: targets needs' \
	"and says what is missing"
run 0 "readers are where they were" follows m
run 0 "the targets are made for the new root" erika-press targets new -C room \
	-o stick/t.proposal
run 11 "the old key cannot sign them" erika-press targets sign \
	--key safe/targets.key stick/t.proposal
run 0 "the new one does" erika-press targets sign --key ./newtargets.key \
	stick/t.proposal
run 0 "install" erika-press targets install -C room stick/t.proposal
run 0 "publish takes both" erika-press publish -C room
unlike "$err" wait "and says nothing"
run 0 "root 3 is out" test -f m/m/3.root.json
run 0 "readers follow" follows m

# ---- one laptop: a single key, split later, all at hand
run 0 "one key" erika-press init --name Small --no-passphrase small
mirror small s
run 0 "pack" erika-press pack -C small "$(article five)"
run 0 "publish" erika-press publish -C small
rm -rf reader
run 0 "a reader" follows s
run 0 "give root a key of its own" erika-press key new -C small \
	--no-passphrase root
run 0 "and the timestamp" erika-press key new -C small --no-passphrase hourly
run 0 "in one step where all is at hand" erika-press root new -C small \
	set root root set timestamp hourly
like "$err" 'takes effect with the next erika-press publish' "says so"
run 0 "publish" erika-press publish -C small
run 0 "the reader follows" follows s
like "$(erika-press key list -C small)" \
	'^newsroom .* snapshot targets x d-news$' "the first key keeps the rest"
plan
