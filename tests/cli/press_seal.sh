#!/bin/bash
# Sealing: past weeks go to the archive's key, paths stay, work does not grow.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/keys.sh"
tools_or_skip "sealing" faketime

# finds DAY MIRROR SEQUENCE [DESK]
finds() {
	at "$1" bash -c '. "$SRC/tests/lib/keys.sh"; target "$@"' - "$2" \
		"$(bundle_path "$2" "$3" "${4-news}")"
}
# lists FILE: paths in a targets role.
lists() {
	python3 -c 'import json, sys
print(" ".join(sorted(json.load(open(sys.argv[1]))["signed"]["targets"])))' \
		"$1"
}
# present MIRROR ROLE: its file in the newest snapshot.
present() {
	echo "$1/m/$(version "$1" "$2").$2.json"
}

# ---- one key
at 2026-09-01 erika-press init --name One --no-passphrase one 2>/dev/null
mirror one a
for d in 2026-09-01 2026-09-08 2026-11-10; do
	run 0 "pack on $d" at $d erika-press pack -C one "$(article "a$d")"
	run 0 "publish" at $d erika-press publish -C one
done
run 0 "a reader" finds 2026-11-10 a 1
run 0 "seal" at 2026-11-11 erika-press seal -C one
like "$out" '^s-2026-p09  2026-w36  1 bundle$' "says which week is where"
like "$out" '^s-2026-p10  2026-w37  1 bundle$' "in four-week periods"
unlike "$out" w46 "the present week stays open"
run 0 "publish" at 2026-11-11 erika-press publish -C one
is "$(lists "$(present a d-news)")" b/news/2026-w46/3.ekb \
	"the desk lists what is open"
is "$(lists "$(present a s-2026-p09)")" b/news/2026-w36/1.ekb \
	"the archive what is sealed"
is "$(cd a/m && ls -- *.y-2026.json)" "1.y-2026.json
2.y-2026.json" "the year is signed once for all of them"
for n in 1 2 3; do
	run 0 "the reader finds bundle $n where it was" finds 2026-11-11 a $n
done
python3 - a >delegations <<'PY'
import glob, json
roles = json.load(open("a/m/2.targets.json"))["signed"]["delegations"]["roles"]
print([(r["name"], r["terminating"], r["paths"][0]) for r in roles])
PY
is "$(cat delegations)" "[('x', True, 'x/*'), ('y-2026', False, 'b/*/2026-*/*'),\
 ('y-2027', False, 'b/*/2027-*/*'), ('d-news', True, 'b/news/*/*')]" \
	"the order is x, years, desks"
is "$(python3 -c 'import json
print(json.load(open("a/m/1.s-2026-p09.json"))["signed"]["expires"][:7])')" \
	2046-11 "sealed for 20 years"
run 0 "seal again" at 2026-11-12 erika-press seal -C one
like "$err" "Nothing to seal" "finds nothing"

# ---- work that does not grow: what is sealed is not even looked at
rm one/repository/t/b/news/2026-w36/*.1.ekb
sealed=$(cat a/m/*.y-*.json a/m/*.s-*.json | sha256sum)
run 0 "a bundle more" at 2026-11-12 erika-press pack -C one "$(article more)"
run 0 "publish" at 2026-11-12 erika-press publish -C one
like "$err" '^a +6 files, ' "copies bundle, signature, desk, snapshot, head"
is "$(cat a/m/*.y-*.json a/m/*.s-*.json | sha256sum)" "$sealed" \
	"and no role of the archive is new"
run 0 "the reader finds it" finds 2026-11-12 a 4
cp a/t/b/news/2026-w36/*.1.ekb one/repository/t/b/news/2026-w36/

# ---- a mirror that was wiped, one that lost a file
find a -type f | sort | xargs sha256sum | grep -v -e timestamp -e now.pack \
	>files
rm -r a/m a/t
run 0 "a wiped mirror" at 2026-11-13 erika-press publish -C one
run 0 "has everything again" sha256sum --quiet -c files
rm a/t/b/news/2026-w36/*.1.ekb
run 0 "one that lost a file" at 2026-11-13 erika-press publish -C one
run 1 "does not get it by the way" sh -c 'test -f a/t/b/news/2026-w36/*.1.ekb'
run 0 "but with --all" at 2026-11-13 erika-press publish -C one --all
run 0 "whole" sha256sum --quiet -c files
sed -i 's|/a$|/b|' one/mirrors.ini
mkdir b
run 0 "a new folder" at 2026-11-13 erika-press publish -C one
run 0 "gets everything" sh -c "sed 's|  a/|  b/|' files | sha256sum --quiet -c"

# A desk's key cannot even add to a sealed week: there the search ends.
is "$(cat b/m/*.y-2026.json b/m/*.targets.json | python3 -c '
import json, re, sys
for text in re.findall(r"\{\"signatures.*?(?=\{\"signatures|$)", sys.stdin.read()):
    for r in json.loads(text)["signed"].get("delegations", {}).get("roles", []):
        print(r["name"][0], r["terminating"])' | sort -u | tr '\n' ' ')" \
	"d True s True x True y False " "periods end a search, years do not"

# ---- records from an old backup
cp one/press.db old.db
run 0 "publish" at 2026-11-14 erika-press publish -C one
cp one/press.db new.db
cp old.db one/press.db
cp b/m/timestamp.json head.json
for _ in 1 2; do
	run 12 "an old press.db does not publish over the new" \
		at 2026-11-15 erika-press publish -C one
done
like "$err" 'press.db is an old copy, or somebody else signs' "and says why"
run 0 "not a number is signed twice" cmp head.json b/m/timestamp.json
cp new.db one/press.db

# ---- keys apart, two desks, one of which is late
rm -rf reader
at 2026-09-01 erika-press init --name Two --apart --no-passphrase two \
	2>/dev/null
mirror two c
at 2026-09-01 erika-press desk add -C two --no-passphrase sport >/dev/null 2>&1
mkdir safe
mv two/keys/{root-1,targets,archive,desk-sport}.key safe/
run 0 "pack" at 2026-09-01 erika-press pack -C two "$(article c1)"
run 0 "a desk that has never signed keeps only itself waiting" \
	at 2026-09-01 erika-press publish -C two
like "$err" 'targets\) still waits.*d-sport' "which is said"
cp safe/desk-sport.key two/keys/
run 0 "it signs" at 2026-09-02 erika-press publish -C two
run 0 "and packs" at 2026-09-02 erika-press pack -C two --desk sport \
	"$(article c2)"
rm two/keys/desk-sport.key
run 0 "publish without it" at 2026-09-02 erika-press publish -C two
cp safe/archive.key two/keys/
run 0 "seal" at 2026-09-15 erika-press seal -C two
like "$err" '2026-w36 stays open: b/sport/2026-w36/1.ekb is not published yet' \
	"a week that is not whole stays open"
like "$err" 'Nothing to seal' "so nothing is sealed"
cp safe/desk-sport.key two/keys/
run 0 "publish" at 2026-09-15 erika-press publish -C two
mv two/keys/archive.key .
run 1 "seal without the archive's key" at 2026-09-15 erika-press seal -C two
like "$err" 'not in keys/: [0-9A-F]{16} \(archive\)' "says which"
mv archive.key two/keys/
run 0 "seal" at 2026-09-15 erika-press seal -C two
like "$out" '^s-2026-p09  2026-w36  2 bundles$' "now it is"
rm two/keys/{archive,desk-sport}.key
run 0 "publish" at 2026-09-15 erika-press publish -C two
like "$err" '^d-sport +has something new that waits' \
	"a desk whose key is elsewhere drops its weeks later"
run 0 "the reader finds one" finds 2026-09-15 c 1
run 0 "and the other" finds 2026-09-15 c 1 sport

# ---- the next year: targets' key, which is elsewhere, must name it
cp safe/archive.key two/keys/
run 0 "pack" at 2026-11-10 erika-press pack -C two "$(article c3)"
run 0 "publish" at 2026-11-10 erika-press publish -C two
run 0 "seal in November" at 2026-11-18 erika-press seal -C two -o y.proposal
like "$out" '\+ y-2027 +gets the key [0-9A-F]{16} \(archive\)' \
	"proposes the next year"
like "$out" '^s-2026-p12  2026-w46  1 bundle$' "and seals this one's"
rm two/keys/archive.key
run 0 "publish" at 2026-11-18 erika-press publish -C two
run 0 "targets sign" erika-press targets sign --key safe/targets.key y.proposal
run 0 "install" at 2026-11-19 erika-press targets install -C two y.proposal
run 0 "publish" at 2026-11-19 erika-press publish -C two
unlike "$err" 'still waits' "needs no more"
run 0 "pack in January" at 2027-01-06 erika-press pack -C two "$(article c4)"
run 0 "publish" at 2027-01-06 erika-press publish -C two
cp safe/archive.key two/keys/
run 0 "seal over New Year" at 2027-01-12 erika-press seal -C two
like "$out" '^s-2027-p01  2027-w01  1 bundle$' "the new year's week"
run 0 "publish" at 2027-01-12 erika-press publish -C two
for n in 1 3 4; do
	run 0 "the reader finds bundle $n" finds 2027-01-12 c "$(
		ls c/t/b/news/*/*.ekb | sed 's/.*\.\([0-9]*\)\.ekb/\1/' |
		sort -n | sed -n "$((n > 1 ? n - 1 : 1))p")"
done

# ---- a desk that has nothing open can go
run 0 "its last list drops what is sealed" sh -c '
	cp safe/desk-sport.key two/keys/
	faketime "2027-01-12 13:00:00" erika-press publish -C two'
cp safe/targets.key two/keys/
run 0 "remove a desk whose weeks are sealed" \
	at 2027-01-13 erika-press desk remove -C two sport
run 0 "publish" at 2027-01-13 erika-press publish -C two
run 0 "readers find its bundles all the same" finds 2027-01-13 c 1 sport
plan
