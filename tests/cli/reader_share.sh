#!/bin/bash
# News in a file: written, carried, checked, taken in.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "share files" python3 tar faketime

newsroom h "The Harbour"
right=$words
cp "$SRC"/tests/articles/site/en-lantern-festival.html h/pages
mkdir h/pages/photos
cp "$SRC"/tests/articles/site/photos/{festival,tram}.jpg h/pages/photos
page h tide "The tide" "High water at noon. $(seq 900 | tr '\n' ' ')"
issue h
page h tide "The tide" "High water at one. $(seq 900 | tr '\n' ' ')"
issue h --correction "At one."
page h fog "Fog on the quay" "None at all."
issue h
ok $? "there is an outlet with three issues"
newsroom other "The Quay"
page other eel "The eel" "It swam."
issue other

reader one
run 1 "nothing to share from an empty library" erika share -o x.erika
trust h
run 1 "nor before the first sync" erika share -o x.erika
like "$err" 'erika sync' "and what to do"
erika sync -q --from h/m
run 2 "-o is needed" erika share

# ---- all texts

run 0 "all texts" erika share -o all.erika
like "$err" 'all\.erika: 3 bundles of The Harbour' "how many"
like "$err" 'erika sync --from all\.erika' "and what the other one does"
run 0 "tar opens it" tar -tf all.erika
list=$out
like "$list" '^m/1\.root\.json$' "with the first root"
like "$list" '^m/timestamp\.json$' "the head"
like "$list" '^m/[0-9]+\.d-news\.json$' "the desk"
is "$(printf '%s\n' "$list" | grep -c '^t/b/news/.*ekb$')" 3 "the bundles"
run 0 "the same again" erika share -o again.erika
cmp -s all.erika again.erika
ok $? "is the same bytes"
echo "a letter" >letter.erika
run 1 "a file that is there" erika share -o letter.erika
like "$err" 'already there: letter\.erika, .* or add --yes' "is not written over"
is "$(cat letter.erika)" "a letter" "and stays"
run 0 "unless one says so" erika share --yes --out letter.erika
cmp -s all.erika letter.erika
ok $? "then it is the share file"
run 2 "another program's option" erika share --output x.erika
like "$err" 'is it --out\?' "is near enough to be told"

reader two
run 0 "somebody else adds it" erika add --words "$right" all.erika
like "$err" 'erika sync --from all\.erika' "and is told how to go on"
before=$(cat "$XDG_DATA_HOME/erika/library.db" | sha256sum)
run 0 "checks it first" erika verify all.erika
like "$out" "^authentic: signed by the outlet's keys \(root 1" "authentic"
like "$out" '^fresh: as of' "fresh"
like "$out" '^from The Harbour: 3 bundles, 3 articles$' "what is in it"
like "$out" 'Fog on the quay$' "by title"
is "$(cat "$XDG_DATA_HOME/erika/library.db" | sha256sum)" "$before" \
	"which leaves the library as it was"
mkdir stick
cp all.erika stick/
run 1 "a stick that it is on" erika sync --from stick
like "$err" 'in that folder; is it stick/all\.erika\?' "is not it"
run 0 "takes it in" erika sync --from all.erika
like "$err" '^The Harbour: 3 new$' "three are new"
unlike "$err" 'request|received' "without network"
run 0 "reads" erika read tide
like "$out" '^High water at one\.' "the corrected text"
run 0 "once more" erika sync --from all.erika
like "$err" '^The Harbour: nothing new$' "is no news"
run 0 "and hands it on" erika share -o two.erika
cmp -s all.erika two.erika
ok $? "the same bytes again"

# ---- some of it

reader one
third=$(tar -tf all.erika | sed -n 's/^t\/\(b\/news\/[^/]*\)\/.*\.3\.ekb$/\1\/3.ekb/p')
run 0 "one bundle" erika share --bundle "$third" -o one.erika
is "$(tar -tf one.erika | grep -c ekb)" 1 "is one"
second=${third%3.ekb}2.ekb
run 0 "one that builds on another" erika share --bundle "$second" -o base.erika
is "$(tar -tf base.erika | grep -c ekb)" 2 "brings that along"
reader three
trust h
run 0 "a part of the news" erika sync --from one.erika
like "$err" '^The Harbour: 1 new$' "is taken"
like "$err" '2 bundles are listed that could not be had' "and the rest told"
run 0 "more of it" erika sync --from base.erika
like "$err" '^The Harbour: 2 new' "fills the gap"
run 0 "it reads" erika read tide
reader one
run 1 "a bundle that there is not" erika share --bundle b/news/1999-w01/1.ekb \
	-o none.erika
run 1 "a time without news" erika share --until 2000-01-01 -o none.erika
ok "$([ ! -e none.erika ]; echo $?)" "and no file is left"
run 0 "since today" erika share --since "$(date -u +%Y-%m-%d)" -o today.erika
is "$(tar -tf today.erika | grep -c ekb)" 3 "is all"
run 2 "no date" erika share --since yesterday -o x.erika
run 1 "a folder that is not there" erika share -o no/such/x.erika

# ---- with pictures

run 0 "pictures are fetched" erika sync --from h/m --images
like "$err" 'pictures: [1-9]' "and counted"
run 0 "a share with pictures" erika share --images -o full.erika
like "$err" '3 bundles of The Harbour, [1-9][0-9]* pictures?' "is whole"
mkdir unpacked
tar -xf full.erika -C unpacked
(cd h/m && find t -name '*.ekb' -exec sha256sum {} +) | sort >want
(cd unpacked && find t -name '*.ekb' -exec sha256sum {} +) | sort >have
cmp -s want have
ok $? "its bundles are the mirror's, byte for byte"
reader four
trust h
run 0 "unpacked, it is a mirror" erika sync --from unpacked --images
like "$err" 'pictures: [1-9]' "with pictures"
run 0 "packed, likewise" erika sync --from full.erika --images
reader one
run 0 "no new pictures" erika sync --from h/m --images
unlike "$err" 'pictures' "means none"
cp -r h/m bad
python3 - "$(only bad/t/b/news/*/*.1.ekb)" <<'PY'
import sys
p = sys.argv[1]
b = bytearray(open(p, "rb").read().rstrip(b"\0"))
n = len(open(p, "rb").read())
b[-100] ^= 1
open(p, "wb").write(bytes(b) + bytes(n - len(b)))
PY
reader five
trust h
run 10 "a changed picture: status 10" erika sync --from bad --images
like "$err" 'lied: .*is tampered: part' "and who lied"
like "$err" '^The Harbour: 3 new$' "the texts are fine"
run 0 "the others come from elsewhere" erika sync --from h/m --images

# ---- hostile files

reader six
trust h
# refused STATUS DEED FILE NAME: nothing of it gets in.
refused() {
	run "$1" "$4: status $1" erika sync --from "$3"
	like "$err" "$2" "$4: why"
	is "$(erika list --json)" "" "$4: nothing got in"
	run "$1" "$4: verify says the same" erika verify "$3"
}
cp all.erika cut.erika
truncate -s -3000 cut.erika
refused 10 'cut short' cut.erika "a share file cut short"
cp all.erika cut.erika
truncate -s 1000 cut.erika
refused 10 'cut short' cut.erika "cut in its first file"
cp all.erika more.erika
seq 200 >>more.erika
refused 10 'after its end' more.erika "one with more behind it"
python3 - <<'PY'
import io, tarfile
src = tarfile.open("all.erika")
def copy(name, extra=None, skip=()):
    out = tarfile.open(name, "w", format=tarfile.USTAR_FORMAT)
    for m in src.getmembers():
        if m.name not in skip:
            out.addfile(m, src.extractfile(m))
    if extra:
        extra(out)
    out.close()
def file(name, data):
    def add(out):
        m = tarfile.TarInfo(name)
        m.size = len(data)
        out.addfile(m, io.BytesIO(data))
    return add
def link(out):
    m = tarfile.TarInfo("m/2.root.json")
    m.type, m.linkname = tarfile.SYMTYPE, "/etc/passwd"
    out.addfile(m)
copy("twice.erika", file("m/timestamp.json", b"{}"))
copy("climb.erika", file("../../climbed", b"x"))
copy("root.erika", file("/tmp/climbed", b"x"))
copy("link.erika", link)
copy("nobody.erika", None, ("m/1.root.json",))
copy("headless.erika", None, ("m/timestamp.json",))
PY
refused 15 'twice' twice.erika "a name twice"
refused 15 'safe path' climb.erika "a path that climbs"
refused 15 'safe path' root.erika "an absolute path"
refused 15 'regular files' link.erika "a link"
refused 1 'lacks m/timestamp|timestamp.json' headless.erika "one without a head"
ok "$([ ! -e ../climbed ] && [ ! -e /tmp/climbed ]; echo $?)" \
	"nothing was written anywhere"
run 1 "one that does not say whose it is" erika verify nobody.erika
like "$err" '\-\-root' "what then"
run 0 "with its root" erika verify --root h/m/m/1.root.json nobody.erika
run 10 "a changed text in it" bash -c '
	python3 - <<PY
b = bytearray(open("all.erika", "rb").read())
i = b.rindex(b"erika-bundle-1") + 100
b[i] ^= 1
open("changed.erika", "wb").write(b)
PY
	erika verify changed.erika'
like "$err" 'tampered' "is tampered"
reader nobody
run 11 "one of an outlet unknown here" erika verify all.erika
run 0 "with its root" erika verify --root h/m/m/1.root.json all.erika
like "$out" '^from The Harbour' "is checked"
run 0 "with its words alone" erika verify --words "$right" all.erika
like "$out" "^authentic: signed by the outlet's keys \\(root 1, 1 of 1 key\\)" \
	"it is authentic, by whose keys"
like "$out" '^fresh: as of 20' "and as of when"
run 11 "with other words" erika verify --words "${right#* } ${right%% *}" \
	all.erika
like "$err" "its words are $right" "which are told"
run 2 "with words that are none" erika verify --words "a b" all.erika
run 2 "with words and a root" erika verify --words "$right" \
	--root h/m/m/1.root.json all.erika
run 2 "words for a bundle" erika verify --words "$right" \
	"$(only h/m/t/b/news/*/*.1.ekb)"
run 12 "in 20 years" faketime -f +20y erika verify --words "$right" all.erika
like "$out" "^authentic: signed by the outlet's keys" "it is as authentic"
like "$out" '^STALE: as of 20' "and stale"
ok "$([ ! -e "$XDG_DATA_HOME/erika/library.db" ]; echo $?)" \
	"and no library begins by that"
run 11 "with another's root" erika verify --root other/m/m/1.root.json all.erika
run 2 "a key is for bundles" erika verify --key h/room/keys/newsroom.pub \
	all.erika
is "$(ls -d /tmp/erika-verify.* 2>/dev/null)" "" "no scratch folder stays"
plan
