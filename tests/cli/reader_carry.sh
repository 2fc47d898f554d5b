#!/bin/bash
# Old news carried in a file: a newsroom with desks, sealed weeks and
# corrections that build on them; who gets the file was never online.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "old news in a file" faketime tar

# out DAY DESK [OPTION...]: what is new in h/DESK is packed and published.
out() {
	at "$1" erika-press pack -q -C h/room --desk "$2" "${@:3}" "h/$2" \
		>pack.out 2>&1 &&
		at "$1" erika-press publish -q -C h/room >publish.out 2>&1 ||
		{ sed 's/^/#   /' pack.out publish.out; return 1; }
}

# story DESK ID TEXT DATE
story() {
	page "h/$1.d" "$2" "The $2" "$3" "$4T10:00:00Z"
}

# ids: of the articles in the library.
ids() {
	erika list --all --json | sed 's/.*"id":"\([^"]*\)".*/\1/' | sort |
		tr '\n' ' '
}

# all_read: every article of the library can be read.
all_read() {
	for id in $(ids); do
		at "$day" erika read "$id" >read.out 2>&1 ||
			{ sed 's/^/#   /' read.out; return 1; }
	done
}

mkdir -p h/city.d/pages/photos
cp "$SRC/tests/articles/site/photos/tram.jpg" h/city.d/pages/photos/
tram="<img src='photos/tram.jpg' alt='The tram'>"
numbers=$(seq 900 | tr '\n' ' ')
mkdir -p h/news.d/pages h/city.d/pages h/m
ln -s news.d/pages h/news
ln -s city.d/pages h/city
day=2026-08-03
at $day erika-press init -q --no-passphrase --name "The Harbour" h/room \
	>/dev/null 2>&1
printf '[mirror "m"]\nto = %s\n' "$PWD/h/m" >h/room/mirrors.ini
run 0 "a second desk" at $day erika-press desk \
	-q -C h/room --no-passphrase add city
story news tide "High water at noon. $numbers" 2026-08-03
out 2026-08-03 news
story city tram "It runs. $tram $numbers" 2026-08-11
out 2026-08-11 city
story news fog "None at all." 2026-08-12
out 2026-08-12 news
story city fair "It is on." 2026-09-15
out 2026-09-15 city
story news pier "It stands." 2026-11-10
out 2026-11-10 news
day=2026-11-11
run 0 "past weeks are sealed" at $day erika-press seal -q -C h/room
run 0 "and published" at $day erika-press publish -q -C h/room
story news tide "High water at one. $numbers" 2026-08-03
out $day news --correction "At one."
ok $? "what was sealed is corrected"
story city tram "It stopped. $tram $numbers" 2026-08-11
out $day city --correction "Stopped."
ok $? "in the other desk, too"

# ---- what the reader has is written

reader one
at $day erika add -q --yes h/m/m/1.root.json
at $day erika sync -q --from h/m
run 0 "a reader of the open week shares it" at $day erika share -o open.erika
run 0 "tar lists it" tar -tf open.erika
like "$out" 'm/[0-9]+\.y-2026\.json' "with the year's list"
like "$out" 'm/[0-9]+\.s-2026-p0[89]\.json' \
	"and those of the sealed weeks that corrections build on"
unlike "$out" 's-2026-p10' "and no others"
at $day erika sync -q --from h/m --since 2026-08-10
run 0 "with sealed weeks" at $day erika share -o all.erika
like "$err" '6 bundles of The Harbour|7 bundles of The Harbour' "all go"
unlike "$err" 'stay out' "nothing stays out"
run 0 "tar lists it" tar -tf all.erika
like "$out" 'm/[0-9]+\.s-2026-p10\.json' "with their lists"
old=$(printf '%s\n' "$out" | sed -n 's|^t/\(b/city/2026-w33\)/.*\.\([0-9]*\.ekb\)$|\1/\2|p')
run 0 "one sealed bundle alone" at $day erika share --bundle "$old" \
	-o sealed.erika
is "$(tar -tf sealed.erika | grep -c 'ekb$')" 1 "is one"

# ---- and read by somebody who was never online

words=$(at $day erika outlets --json |
	sed -n 's/.*"words":"\([^"]*\)".*/\1/p')
reader two
run 0 "somebody adds it" at $day erika add -q --words "$words" open.erika
run 0 "checks it" at $day erika verify open.erika
like "$out" "^authentic: signed by the outlet's keys \(root 1" "authentic"
like "$out" '^fresh: as of 2026-11-11' "as of when"
run 0 "and takes it in" at $day erika sync --from open.erika
unlike "$err" 'request|received' "offline"
is "$(ids)" "pier tide tram " "the open week, whole"
all_read
ok $? "all of it is read"
run 0 "the corrected one" at $day erika read tide
like "$out" '^High water at one\. ' "with its new text"
run 0 "later the older ones" at $day erika sync --from all.erika
is "$(ids)" "fair fog pier tide tram " "come too"
all_read
ok $? "all of it is read"
like "$(at $day erika read fog)" '^authentic: signed by The Harbour' \
	"as authentic"
run 0 "he hands it on" at $day erika share -o on.erika
cmp -s all.erika on.erika
ok $? "the same bytes"

reader three
run 0 "somebody else gets all at once" at $day erika add -q --words "$words" \
	all.erika
run 0 "takes it in" at $day erika sync --from all.erika
is "$(ids)" "fair fog pier tide tram " "all is there"
all_read
ok $? "and read"
reader one
at $day erika sync -q --from h/m --images
run 0 "with pictures" at $day erika share --images --since 2026-11-11 \
	-o pictures.erika
like "$err" '4 bundles of The Harbour, 1 picture' \
	"a correction's picture is in the sealed bundle it builds on"
reader pictures
at $day erika add -q --yes h/m/m/1.root.json
run 0 "it comes offline" at $day erika sync --from pictures.erika --images
like "$err" 'pictures: 1' "too"
mkdir folder && tar -xf all.erika -C folder
reader four
at $day erika add -q --yes h/m/m/1.root.json
run 0 "unpacked to a folder it is a mirror" at $day erika sync --from folder
is "$(ids)" "pier tide tram " "of the open week"
at $day erika sync --from folder --since 2026-08-10 >/dev/null 2>&1
is "$(ids)" "fair fog pier tide tram " "and, when asked, of sealed ones"

reader five
at $day erika add -q --yes h/m/m/1.root.json
run 0 "one sealed bundle alone" at $day erika sync --from sealed.erika
is "$(ids)" "tram " "comes in"
like "$(at $day erika read tram)" '^It runs' "and is read"

# ---- lists that are not there

reader six
at 2026-08-13 erika add -q --yes h/m/m/1.root.json
cp -R h/m m2
day=2026-11-19
story news gulls "They took it." $day
out $day news
run 0 "a week later, the next are sealed" at $day erika-press seal -q -C h/room
at $day erika-press publish -q -C h/room
at 2026-11-11 erika sync -q --from m2
at $day erika sync -q --from h/m
run 0 "a reader from before shares" at $day erika share -o since.erika
like "$err" 'had to stay out: .* erika sync --since 2026-11-10' \
	"and is told which weeks to sync first"
at $day erika sync -q --from h/m --since 2026-08-01
run 0 "having done so" at $day erika share --yes -o since.erika
unlike "$err" 'stay out' "all goes"
reader seven
at $day erika add -q --yes h/m/m/1.root.json
run 0 "and all comes in" at $day erika sync --from since.erika
is "$(ids)" "fair fog gulls pier tide tram " "for somebody else"
all_read
ok $? "who reads it"

# ---- one bundle by itself

day=2026-11-19
sealed=$(only h/m/t/b/city/2026-w33/*.ekb)
cp "$sealed" lone.ekb
cp "$sealed.minisig" lone.sig
reader seven
run 0 "a sealed bundle without a signature" at $day erika verify lone.ekb
like "$out" '^authentic: The Harbour lists this very file, sealed in s-2026-p09 \(root 1, 1 of 1 key\)$' \
	"is found in its period's list"
like "$out" '^fresh: as of 2026-11-19' "which is as fresh as the head"
run 0 "with its signature" at $day erika verify --signature lone.sig lone.ekb
like "$out" '^authentic: signed by The Harbour, desk city \(key' "signed"
like "$out" 'lists this very file$' "and listed"
cp lone.ekb flip.ekb && flip flip.ekb 300
run 1 "a changed one" at $day erika verify flip.ekb
like "$err" 'no outlet.s list that is here has this file' "is in no list"
reader two
run 1 "one whose list is not here" at $day erika verify flip.ekb
reader new
at $day erika add -q --yes h/m/m/1.root.json
run 1 "by somebody who has nothing but the words" at $day erika verify lone.ekb
run 0 "in a mirror's folder" at $day erika verify "$sealed"
like "$out" '^authentic: signed by The Harbour, desk city|lists this very file, sealed in s-2026-p09' \
	"the metadata beside it say so"
rm -f folder/t/b/*/*/*.minisig
cp "$sealed" "folder/t/b/city/2026-w33/"
run 0 "in an unpacked share file" at $day erika verify \
	"folder/t/b/city/2026-w33/${sealed##*/}"
like "$out" 'sealed in s-2026-p09' "sealed"
like "$out" '^STALE: as of 2026-11-11.*; by the lists beside it$' \
	"as old as that share"
cp -R folder folder2
flip "folder2/t/b/city/2026-w33/${sealed##*/}" 300
run 10 "changed: status 10" at $day erika verify \
	"folder2/t/b/city/2026-w33/${sealed##*/}"
mv "folder2/t/b/city/2026-w33" "folder2/t/b/city/2026-w34"
run 1 "under another week's name" at $day erika verify \
	"folder2/t/b/city/2026-w34/${sealed##*/}"
flip "$(only folder2/m/*.s-2026-p09.json)"
mv "folder2/t/b/city/2026-w34" "folder2/t/b/city/2026-w33"
run 1 "by a changed list" at $day erika verify \
	"folder2/t/b/city/2026-w33/${sealed##*/}"
reader nobody
run 0 "by the first root alone" at $day erika verify --root h/m/m/1.root.json \
	"$sealed"
like "$out" 'The Harbour lists this very file, sealed in s-2026-p09' "too"
run 0 "20 years later" at 2046-11-19 erika verify --root h/m/m/1.root.json \
	"$sealed"
like "$out" '^authentic: The Harbour' "as authentic"
like "$out" '^STALE: as of 2026-11-19' "and stale"
newsroom other "The Quay"
run 1 "not by another's root" at $day erika verify \
	--root other/room/m/1.root.json "$sealed"

# The desk's key is replaced: what was sealed under the old one stays good.
at $day erika-press desk -q -C h/room --no-passphrase rotate city
at $day erika-press publish -q -C h/room
reader seven
at $day erika sync -q --from h/m --since 2026-08-01
run 0 "signed by a key that was replaced" at $day erika verify \
	--signature lone.sig lone.ekb
like "$out" 'sealed in s-2026-p09' "its period's list still has it"
like "$out" "which is no desk's of today: not checked" "and says of the key"

# ---- older than what is known: nothing goes back

head=$(at $day erika outlets --json | sed -n 's/.*"timestamp":\([0-9]*\).*/\1/p')
at $day erika sync --from all.erika >/dev/null 2>&1
is "$(at $day erika outlets --json |
	sed -n 's/.*"timestamp":\([0-9]*\).*/\1/p')" "$head" \
	"an older file lowers no version"
reader eight
at $day erika add -q --yes h/m/m/1.root.json
at $day erika sync -q --from h/m
had=$(ids)
at $day erika sync --from all.erika >sync.out 2>&1
like "$(cat sync.out)" 'left out: no list that is here vouches|rolled back' \
	"what only older lists name is not taken"
is "$(ids)" "$had" "and what was there is"

# ---- a hostile file: a sealed bundle that no list names

day=2026-11-11
python3 - all.erika "$old" <<'PY'
import io, sys, tarfile
src = tarfile.open(sys.argv[1])
def copy(name, change):
    out = tarfile.open(name, "w", format=tarfile.USTAR_FORMAT)
    for m in src.getmembers():
        data = src.extractfile(m).read()
        got = change(m, data)
        if got is not None:
            m.size = len(got)
            out.addfile(m, io.BytesIO(got))
    out.close()
want = sys.argv[2].rsplit("/", 1)[0]
def flip(m, data):
    if m.name.startswith("t/" + want):
        data = bytearray(data)
        data[200] ^= 1
        data = bytes(data)
    return data
copy("flip.erika", flip)
copy("list.erika", lambda m, d: None if ".s-2026" in m.name else d)
def move(m, data):
    if m.name.startswith("t/" + want):
        m.name = m.name.replace("2026-w33", "2026-w34")
    return data
copy("moved.erika", move)
PY
reader nine
at $day erika add -q --yes h/m/m/1.root.json
run 10 "a changed sealed bundle: status 10" at $day erika sync --from flip.erika
unlike "$(ids)" tram "is not taken"
reader ten
at $day erika add -q --yes h/m/m/1.root.json
at $day erika sync --from list.erika >sync.out 2>&1
like "$(cat sync.out)" 'left out: no list that is here vouches' \
	"sealed bundles without their lists are named"
is "$(ids)" "pier " "and not taken"
reader eleven
at $day erika add -q --yes h/m/m/1.root.json
at $day erika sync --from moved.erika >sync.out 2>&1
like "$(cat sync.out)" 'left out: no list' "one under another week's name"
plan
