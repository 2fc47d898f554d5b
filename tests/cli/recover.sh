#!/bin/bash
# Each key is stolen once. What the thief can do before is shown, then the
# newsroom does what erika-press-keys(7) says, and it is refused; readers who
# were deceived recover. The readers are erika and, where a single target is
# wanted, the conformance client.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/keys.sh"
tool=$ERIKA_BIN/tests/tool/headtool
tools_or_skip "recovery" python3 faketime

# ---- the newsroom: keys apart, root two of three, in three hands

# The tests' own day; each recovery happens on it.
day=2026-11-20
at() {
	faketime "$day 12:00:00" "$@"
}
press() {
	at erika-press "$@" -C room
}
# thief MIRROR ROLE=KEY,... DEED...: with the keys as they were stolen.
thief() {
	at python3 "$SRC/tests/lib/thief.py" "$tool" "$@"
}
# who NAME: the erika reader of that name.
who() {
	export XDG_DATA_HOME=$PWD/readers/$1 XDG_CONFIG_HOME=$PWD/readers/$1.cf
}
# newcomer NAME: one who has just compared the words.
newcomer() {
	mkdir -p readers
	who "$1"
	at erika add -q --yes "$PWD/room/repository/m/1.root.json"
}
# The conformance client of a name: its trusted metadata are in state.NAME.
finds() {
	at bash -c '. "$SRC/tests/lib/keys.sh"; target "$@"' - "$1" "$2" \
		"state.$3"
}
got() {
	cat "got/${1//\//%2F}"
}
# ceremony KIND FILE KEY...: these people sign, it is installed and published.
ceremony() {
	local kind=$1 file=$2 key
	shift 2
	for key; do
		at erika-press "$kind" sign --key "$key" "$file" || return
	done
	press "$kind" install "$file"
}

day=2026-09-01
at erika-press init --name Harbour --apart --root-keys 3 --threshold 2 \
	--no-passphrase room >init.out 2>&1
mirror room good
press pack "$(article old)" >/dev/null 2>&1
press publish -q
day=2026-11-18
cp -r good september
press pack "$(article first)" >/dev/null 2>&1
press publish -q
press seal >/dev/null 2>&1
press publish -q
like "$(ls good/m)" 's-2026-p09' "a newsroom with a sealed week"
cp -r good yesterday
press pack "$(article second)" >/dev/null 2>&1
press publish -q
sealed=b/news/2026-w36/1.ekb
opened=b/news/2026-w47/2.ekb
mkdir safe
mv room/keys/{root-1,root-2,root-3,targets,archive}.key safe/
cp -r room start.room
cp -r good start.good

# begin: everything as it was before any theft, and the thief has what was
# there: all of room/ and every key, of which he uses the named ones only.
begin() {
	rm -rf room good evil readers state.* got stick* theirs*
	cp -r start.room room
	cp -r start.good good
	cp -r good evil
	day=2026-11-20
}
stolen=$PWD/start.room/keys

# ================ timestamp
begin
newcomer anna
run 0 "timestamp: a reader is up to date" at erika sync --from good
rm -r evil && cp -r yesterday evil
thief evil timestamp=$stolen/timestamp.key set timestamp version=9000 \
	expires=2026-12-24T00:00:00Z x-erika-made=2026-11-20T11:00:00Z
newcomer boris
run 0 "timestamp: the thief shows yesterday as today" at erika sync --from evil
like "$err" 'fresh: as of 2026-11-20 11:00' "to a newcomer"
rm -r evil && cp -r good evil
thief evil timestamp=$stolen/timestamp.key set timestamp version=9000
who anna
run 0 "and runs ahead of the newsroom" at erika sync --from evil
press pack "$(article third)" >/dev/null 2>&1
press publish -q
run 12 "so that the newsroom looks old" at erika sync --from good
press key new --no-passphrase timestamp-2 >/dev/null 2>&1
rm room/keys/timestamp.key
run 0 "timestamp: the newsroom makes another key" press root new \
	-o stick set timestamp timestamp-2
run 0 "two of root sign" ceremony root stick safe/root-1.key safe/root-3.key
run 0 "and it publishes" press publish
run 0 "who was deceived recovers" at erika sync --from good
like "$err" 'Harbour: 1 new' "with the news"
thief evil timestamp=$stolen/timestamp.key set timestamp version=9001
run 11 "timestamp: the thief's next head is refused" at erika sync --from evil
cp good/m/2.root.json evil/m/
like "$err" 'signed after the newsroom had replaced that key' "as a forger"
run 11 "whatever root he shows" at erika sync --from evil
newcomer carla
run 0 "a newcomer" at erika sync --from good
run 11 "refuses him likewise" at erika sync --from evil

# ================ snapshot (with timestamp: alone it does nothing)
begin
newcomer anna
at erika sync -q --from good
cp evil/m/timestamp.json before.json
thief evil snapshot=$stolen/snapshot.key meta snapshot d-news=77
run 0 "snapshot: alone it changes nothing" at erika sync --from evil
online=snapshot=$stolen/snapshot.key,timestamp=$stolen/timestamp.key
rm -r evil && cp -r good evil
thief evil "$online" meta snapshot d-news=77
run 3 "snapshot: with the timestamp the thief hides a desk" \
	at erika sync --from evil
press pack "$(article third)" >/dev/null 2>&1
press publish -q
press publish -q
press publish -q
run 12 "and the true desk looks old" at erika sync --from good
for k in snapshot timestamp; do
	press key new --no-passphrase $k-2 >/dev/null 2>&1
	rm room/keys/$k.key
done
run 0 "snapshot: the newsroom makes two other keys" press root new -o stick \
	set snapshot snapshot-2 set timestamp timestamp-2
run 0 "two of root sign" ceremony root stick safe/root-1.key safe/root-2.key
run 0 "and it publishes" press publish
run 0 "who was deceived recovers" at erika sync --from good
like "$err" 'Harbour: 1 new' "with the news"
cp good/m/2.root.json evil/m/
run 12 "snapshot: the thief is refused" at erika sync --from evil
like "$err" 'by a key that was replaced since' "as old, which his head may be"
thief evil "$online" set timestamp version=900
run 11 "and as a forger when it is not" at erika sync --from evil

# ================ a desk (with the online keys: alone only a lone bundle)
begin
newcomer anna
at erika sync -q --from good
cp -r room theirs
rm -rf theirs/keys/mirrors.key
mirror theirs evil
at erika-press pack -C theirs "$(article forged)" >/dev/null 2>&1
at erika-press publish -q -C theirs
forged=$(ls evil/t/b/news/2026-w47/*.4.ekb)
run 0 "desk: the thief publishes in its name" at erika sync --from evil
like "$(at erika list)" 'On forged' "and readers see it"
cp "$forged" forged.4.ekb
cp "$forged.minisig" forged.4.ekb.minisig
run 0 "and hands out bundles" \
	minisign -V -p room/keys/desk-news.pub -m forged.4.ekb
run 0 "that verify alone" at erika verify forged.4.ekb
run 0 "desk: the newsroom gives it another key" press desk rotate news \
	--no-passphrase --key "$(newkey desk-2)" -o stick
run 0 "targets sign" ceremony targets stick safe/targets.key
cp desk-2.key desk-2.pub room/keys/
rm room/keys/desk-news.key
for k in snapshot timestamp; do
	press key new --no-passphrase $k-2 >/dev/null 2>&1
	rm room/keys/$k.key
done
press root new -o stick2 set snapshot snapshot-2 set timestamp timestamp-2 \
	>/dev/null 2>&1
run 0 "two of root sign for the online keys" \
	ceremony root stick2 safe/root-2.key safe/root-3.key
run 0 "and it publishes" press publish
run 0 "a reader follows" at erika sync --from good
newcomer boris
run 0 "desk: a newcomer" at erika sync --from good
unlike "$(at erika list)" 'On forged' "never sees the forgery"
cp good/m/2.root.json evil/m/
run 11 "and refuses the thief" at erika sync --from evil
# He has the online keys still, or again: the desk's is worth nothing.
rm -r evil && cp -r good evil
now=snapshot=room/keys/snapshot-2.key,timestamp=room/keys/timestamp-2.key
thief evil "d-news=$stolen/desk-news.key,$now" set d-news version=50
run 11 "desk: even with the new online keys" at erika sync --from evil
like "$err" "50.d-news.json is another outlet's or forged" "his list is refused"
run 1 "a bundle of his is not by the desk's key" \
	minisign -V -p desk-2.pub -m forged.4.ekb
who anna
run 11 "nor does it verify alone any more" at erika verify forged.4.ekb

# ================ archive
begin
run 0 "archive: a reader finds a sealed bundle" finds good $sealed anna
thief evil s-2026-p09=safe/archive.key list s-2026-p09 $sealed "rewritten"
run 0 "archive: the thief and a mirror rewrite it" finds evil $sealed boris
is "$(got $sealed)" rewritten "for who asks there first"
thief evil d-news=safe/archive.key list d-news $opened forged
run 1 "but no open week" finds evil $opened carla
cp -r good worse
thief worse "y-2026=safe/archive.key,$online" list y-2026 $opened "rewritten"
run 0 "archive: with the online keys open weeks, too" finds worse $opened emil
is "$(got $opened)" rewritten "of every desk"
rm -r worse
run 0 "archive: the newsroom makes another key" press targets new \
	set archive "$(newkey archive-2)" -o stick
run 0 "targets sign" ceremony targets stick safe/targets.key
run 0 "until the archive has signed, all else goes on" press publish
like "$err" 'targets\) still waits.*erika-press seal' "which is said"
cp archive-2.key archive-2.pub room/keys/
run 0 "the archive signs everything again" press seal
like "$err" 'lists were signed again' "as it says"
rm room/keys/archive-2.key
run 0 "and is published" press publish
run 0 "archive: who was deceived" finds good $sealed boris
is "$(got $sealed | head -c 5)" erika "gets what the newsroom sealed"
run 1 "archive: and refuses the thief" finds evil $sealed boris
rm -r evil && cp -r good evil
thief evil s-2026-p09=safe/archive.key list s-2026-p09 $sealed "rewritten"
run 1 "so does a newcomer, under the new head" finds evil $sealed dora

# ================ mirrors (with the online keys: alone nothing)
begin
newcomer anna
at erika sync -q --from good
his='{"_type":"erika-mirrors-1","mirrors":[{"name":"his",'
his=$his'"url":"https://his.example/e/"}]}'
thief evil x=$stolen/mirrors.key list x x/mirrors.json "$his"
run 0 "mirrors: alone it changes nothing" at erika sync --from evil
rm -r evil && cp -r good evil
thief evil "x=$stolen/mirrors.key,$online" list x x/mirrors.json "$his"
run 0 "mirrors: with the online keys the thief names mirrors of his" \
	at erika sync --from evil
like "$(at erika outlets)" 'his\.example' "which readers then ask"
for k in snapshot timestamp; do
	press key new --no-passphrase $k-2 >/dev/null 2>&1
	rm room/keys/$k.key
done
press root new -o stick set snapshot snapshot-2 set timestamp timestamp-2 \
	>/dev/null 2>&1
run 0 "mirrors: the online keys are replaced" \
	ceremony root stick safe/root-1.key safe/root-2.key
run 0 "and the mirrors'" press targets new set x "$(newkey mirrors-2)" \
	-o stick2
run 0 "targets sign" ceremony targets stick2 safe/targets.key
cp mirrors-2.key mirrors-2.pub room/keys/
rm room/keys/mirrors.key
run 0 "and it publishes" press publish
run 0 "mirrors: a reader follows" at erika sync --from good
unlike "$(at erika outlets)" 'his\.example' "and forgets the thief's"
like "$(at erika outlets)" 'good\.example' "but not the newsroom's"
rm -r evil && cp -r good evil
now=snapshot=room/keys/snapshot-2.key,timestamp=room/keys/timestamp-2.key
thief evil "x=$stolen/mirrors.key,$now" list x x/mirrors.json "$his"
run 11 "mirrors: even with the new online keys" at erika sync --from evil
unlike "$(at erika outlets)" 'his\.example' "he names none"

# ================ targets (with the online keys: alone nothing)
begin
newcomer anna
at erika sync -q --from good
newkey his >/dev/null
thief evil targets=safe/targets.key key targets d-news his.key
run 0 "targets: alone it changes nothing" at erika sync --from evil
rm -r evil && cp -r good evil
thief evil "targets=safe/targets.key,$online" key targets d-news his.key
thief evil "d-news=his.key,$online" list d-news b/news/2026-w47/9.ekb forged
run 0 "targets: with the online keys he is every desk" \
	finds evil b/news/2026-w47/9.ekb boris
for k in snapshot timestamp; do
	press key new --no-passphrase $k-2 >/dev/null 2>&1
	rm room/keys/$k.key
done
run 0 "targets: the newsroom makes other keys" press root new -o stick \
	set targets "$(newkey targets-2)" \
	set snapshot snapshot-2 set timestamp timestamp-2
run 0 "two of root sign" ceremony root stick safe/root-1.key safe/root-3.key
run 0 "and targets are signed anew" press targets new -o stick2
run 0 "by the new key" ceremony targets stick2 targets-2.key
run 0 "it publishes" press publish
test -f good/m/2.root.json
ok $? "both at once"
run 0 "targets: who was deceived recovers" finds good $opened boris
run 1 "and the forgery is gone" finds good b/news/2026-w47/9.ekb boris
run 1 "the thief is refused" finds evil b/news/2026-w47/9.ekb boris
run 0 "so it is for erika" at erika sync --from good
rm -r evil && cp -r good evil
now=snapshot=room/keys/snapshot-2.key,timestamp=room/keys/timestamp-2.key
thief evil "targets=safe/targets.key,$now" key targets d-news his.key
run 1 "targets: even with the new online keys" \
	finds evil b/news/2026-w47/9.ekb boris

# ================ one root key
begin
newcomer anna
at erika sync -q --from good
cp -r room theirs.root
rm -f theirs.root/keys/*.key
newkey his >/dev/null
at erika-press root new -C theirs.root -o his.root set root ./his.pub \
	set timestamp ./his.pub set snapshot ./his.pub set targets ./his.pub \
	>/dev/null 2>&1
at erika-press root sign --key safe/root-2.key his.root >/dev/null
at erika-press root sign --key ./his.key his.root >/dev/null
python3 - <<'PY'
import json
p = json.load(open("his.root"))["proposed"]
json.dump(p, open("evil/m/2.root.json", "w"))
PY
run 10 "one root key: the thief's root lacks a signature" \
	at erika sync --from evil
run 0 "one root key: it is replaced" press root new -o stick \
	remove root root-2 add root "$(newkey root-4)"
run 0 "by the two others, and it takes part" ceremony root stick \
	safe/root-1.key safe/root-3.key root-4.key
run 0 "and it publishes" press publish
run 0 "a reader follows" at erika sync --from good
at erika-press root sign --key safe/root-3.key his.root >/dev/null
python3 - <<'PY'
import json
p = json.load(open("his.root"))["proposed"]
json.dump(p, open("evil/m/2.root.json", "w"))
PY
run 12 "one root key: a second key stolen later comes too late" \
	at erika sync --from evil

# ================ the whole root
begin
newcomer anna
at erika sync -q --from good
cp -r room theirs.all
cp safe/root-1.key safe/root-3.key theirs.all/keys/
cp his.key his.pub theirs.all/keys/
rm theirs.all/keys/{snapshot,timestamp,mirrors,desk-news}.key
mirror theirs.all evil
for step in "root new set root his set timestamp his set snapshot his \
set targets his" "targets new set x his set archive his set d-news his" seal; do
	# shellcheck disable=SC2086 # words
	at erika-press $step -C theirs.all >/dev/null 2>&1
done
at erika-press pack -C theirs.all "$(article forged)" >/dev/null 2>&1
at erika-press publish -q -C theirs.all
newcomer boris
run 0 "whole root: the thief is the newsroom" at erika sync --from evil
like "$(at erika list)" 'On forged' "for who follows him"
press pack "$(article third)" >/dev/null 2>&1
press publish -q
run 11 "and the newsroom is a stranger" at erika sync --from good
# Noticed in time: the newsroom's own new root is there first.
for k in snapshot timestamp; do
	press key new --no-passphrase $k-2 >/dev/null 2>&1
done
run 0 "whole root: who is first makes another root" press root new -o stick \
	set root "$(newkey root-5)" add root "$(newkey root-6)" \
	threshold root 2 set targets "$(newkey targets-2)" \
	set snapshot snapshot-2 set timestamp timestamp-2
run 0 "with old keys and new" ceremony root stick safe/root-1.key \
	safe/root-2.key root-5.key root-6.key
press targets new -o stick2 >/dev/null 2>&1
run 0 "targets too" ceremony targets stick2 targets-2.key
run 0 "and it publishes" press publish
who anna
run 0 "whole root: who has followed it" at erika sync --from good
run 11 "refuses the thief for good" at erika sync --from evil
# Too late for some: another outlet, with other words.
run 0 "whole root: for the others a new newsroom begins" at erika-press init \
	--name "Harbour again" --apart --no-passphrase again
mirror again anew
at erika-press pack -C again "$(article new)" >/dev/null 2>&1
at erika-press publish -q -C again
who boris
run 0 "its words are told and compared" at erika add --yes anew/m/1.root.json
run 0 "it is read" at erika sync --from anew
like "$(at erika list)" 'On new' "as another outlet"
plan
