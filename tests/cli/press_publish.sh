#!/bin/bash
# erika-press publish: in which order, what again, and mirrors that fail.
. "$SRC/tests/lib/tap.sh"
export PYTHONDONTWRITEBYTECODE=1 ERIKA_NEWSROOM=$PWD/room
whole() { python3 "$SRC/tests/lib/mirror_whole.py" "$1"; }
site=$SRC/tests/articles/site
# Folders are made readable whatever the person's own habit is.
umask 077

erika-press init -q --name "The Harbour" --no-passphrase room >/dev/null
mkdir web web/north
cat >room/mirrors.ini <<EOF2
[mirror "north"]
to = $PWD/web/north
url = https://north.example/e/
[mirror "south"]
to = $PWD/web/south
[mirror "far"]
url = https://far.example/
countries = RU
EOF2

# ---- before anything is packed
run 0 "an empty newsroom publishes" erika-press publish
like "$err" '^far +skipped: .*"to"' "a mirror without a folder is skipped"
run 0 "the mirror is whole" whole web/north
run 0 "a folder that was not there is made" whole web/south

# ---- something in it
erika-press pack -q --images "$site" "$site" >/dev/null 2>&1
run 0 "publishing" erika-press publish
like "$err" '^north +[0-9]+ files, [0-9.]+ [KM]B$' "says what it copied"
run 0 "the mirror is whole" whole web/north
like "$out" '^2 1[0-9]$' "and serves version 2"
run 0 "a mirror is the repository" diff -r web/north room/repository
is "$(find web/north -type f ! -perm 644 -o -type d ! -perm 755 | sed '/^web\/north$/d')" \
	"" "a web server may read all of it"
run 1 "no key and no record is on it" sh -c \
	'find web -name "*.key" -o -name "*.db*" -o -name "*.ini" | grep .'
run 1 "the list of mirrors names addresses" \
	grep -raq "$PWD" web
run 0 "to readers" grep -raq https://far.example/ web/north/t/x

# ---- again, without news
list() { (cd web/north && find . -type f -exec sha256sum {} + | sort -k2); }
list >before
run 0 "publishing again" erika-press publish
list >after
is "$(diff before after | sed -n 's/^> [0-9a-f]*  //p' | tr '\n' ' ')" \
	'./m/now.pack ./m/timestamp.json ' "changes two files only"
run 0 "the mirror is whole" whole web/north
like "$out" '^3 ' "and serves version 3"
erika-press publish >said.txt 2>&1
like "$(cat said.txt)" '^north +2 files, ' "and says so"

# ---- news: what is copied again is the new alone
erika-press pack -q --images "$site" "$SRC/tests/articles/update" >/dev/null 2>&1
list | sed 's/.*  //' >before
run 0 "publishing news" erika-press publish north
list | sed 's/.*  //' >after
is "$(comm -13 before after | grep -c '\.ekb$')" 1 "adds one bundle"
is "$(comm -23 before after)" "" "and takes nothing away"
run 0 "the mirror is whole" whole web/north
like "$out" '^5 ' "and serves the new version"
run 0 "a mirror that was not named stays whole" whole web/south
like "$out" '^4 ' "with the version it had"

# ---- a mirror that fails
echo file >web/file
cat >>room/mirrors.ini <<EOF2
[mirror "broken"]
to = $PWD/web/file/below
EOF2
run 3 "a mirror that cannot be written" erika-press publish
like "$err" "^erika-press: broken: .*web/file" "is told of by name"
like "$err" '^south +[0-9]+ files' "the others are served"
like "$err" 'partly done: 1 of 3 mirrors failed' "which is counted"
run 0 "south is whole" whole web/south
like "$out" '^6 ' "and new"
run 1 "when all fail" erika-press publish broken
run 2 "a mirror that is not listed" erika-press publish nowhere
like "$err" 'no mirror "nowhere"' "is told of"
if unshare -rm true 2>/dev/null && [ "$(id -u)" -ne 0 ]; then
	chmod 555 web/south
	run 3 "a folder without permission" erika-press publish
	chmod 755 web/south
fi
if unshare -rm mount -t tmpfs -o size=64k none web/south 2>/dev/null; then
	run 3 "a full disk" unshare -rm sh -c "
		mount -t tmpfs -o size=300k none web/south &&
		erika-press publish south north; s=\$?
		echo \$(ls web/south/m/timestamp.json 2>&1 | wc -l) >full.txt
		find web/south -name '.*' -type f >>full.txt
		exit \$s"
	like "$err" 'south: no space left' "is told of"
	is "$(cat full.txt)" 1 "and leaves nothing half-written behind"
else
	skip "a full disk" "mounting is not permitted here"
fi
run 0 "back again" erika-press publish north south

# ---- mistakes in mirrors.ini
cp room/mirrors.ini kept.ini
for line in 'colour = red' '[mirror]\nto = /x' 'url = ftp://x/' \
	'countries = Russia' 'to = /x\nto = /y' '[mirror "north"]\nto = /x' \
	'[mirror "a/b"]\nto = /x' '[server]\nto = /x'; do
	{ cat kept.ini; printf '[mirror "more"]\n%b\n' "$line"; } >room/mirrors.ini
	run 2 "mirrors.ini: $line" erika-press publish
	like "$err" 'mirrors\.ini:(1[0-9]:| mirror more:| "[^"]*" is not)' \
		"is told of by line or name"
done
cp kept.ini room/mirrors.ini
printf '[mirror "beside"]\nto = beside\n' >>room/mirrors.ini
run 0 "a folder without a leading slash" erika-press publish beside
run 0 "is beside mirrors.ini" whole room/beside
cp kept.ini room/mirrors.ini
sed -i '/broken/,$d' room/mirrors.ini

# ---- killed at any moment, a mirror is whole
rm -rf web/south
start=$(date +%s%N)
erika-press publish -q south
took=$((($(date +%s%N) - start) / 1000))
bad=0 cut=0
for i in $(seq 0 24); do
	rm -rf web/south
	cp -r web/north web/south
	printf '<html lang="en"><title>News %s</title><article><p>News %s.</p><img src="storm.jpg"></article>' \
		"$i" "$i" >news.html
	# A trailer makes another picture of it, so that there is something to copy.
	cp "$site/photos/storm.jpg" storm.jpg
	printf '\xff\xd9' >>storm.jpg
	erika-press pack -q news.html >/dev/null 2>&1
	# The usual way first, so that what the kill leaves is not repaired here.
	sleep_for=$(awk "BEGIN { print $took * $i / 20000000 }")
	erika-press publish -q south 2>/dev/null &
	pid=$!
	sleep "$sleep_for"
	kill -9 $pid 2>/dev/null && cut=$((cut + 1))
	wait $pid 2>/dev/null
	whole web/south >whole.txt 2>&1 || { bad=$((bad + 1)); sed 's/^/# /' whole.txt; }
	whole web/north >whole.txt 2>&1 || bad=$((bad + 1))
	[ $((i % 6)) -eq 5 ] && erika-press publish -q north south
done
is $bad 0 "a mirror whose copying was killed is whole, 25 times"
[ $cut -ge 5 ]
ok $? "of which it was killed $cut times"
run 0 "and the next publish goes on" erika-press publish north south
run 0 "to the end" whole web/south
is "$(whole web/south)" "$(whole web/north)" "on both"

# ---- watched while it works: who looks sees no name that is not there
python3 - "$SRC/tests/lib/mirror_whole.py" web/north >watch.txt <<'PY' &
import os, subprocess, sys
n = bad = 0
while not os.path.exists("stop"):
    r = subprocess.run([sys.executable, sys.argv[1], sys.argv[2]],
                       capture_output=True, text=True)
    n += 1
    if r.returncode:
        bad += 1
        print(r.stderr.strip())
print(n, "looks,", bad, "bad")
PY
watcher=$!
for i in $(seq 12); do
	printf '<html lang="en"><title>Watched %s</title><article><p>Text %s.</p></article>' \
		"$i" "$i" >"watched$i.html"
	erika-press pack -q "watched$i.html" >/dev/null 2>&1
	erika-press publish -q north
done
touch stop
wait $watcher
like "$(cat watch.txt)" '^[0-9]+ looks, 0 bad$' "watched while twelve are published: $(tail -n 1 watch.txt)"

# ---- a mirror that came back from an old backup
cp -r web/north web/old
printf '<html lang="en"><title>Later</title><article><p>Text.</p></article>' >later.html
erika-press pack -q later.html >/dev/null
erika-press publish -q north
rm -rf web/north
mv web/old web/north
run 0 "publishing to a mirror that fell back" erika-press publish north
run 0 "makes it whole" whole web/north

# ---- a mirror that lost a file, and one whose disk rots
one=$(find web/north/t -name '*.1.ekb')
rm "$one"
run 0 "a file is gone: publish looks at new ones" erika-press publish north
ok "$([ ! -e "$one" ]; echo $?)" "only"
run 0 "--all" erika-press publish --all north
run 0 "brings it back" whole web/north
old=$(sha256sum <"$one")
printf X | dd of="$one" bs=1 seek=500 conv=notrunc 2>/dev/null
list=$(ls web/north/m/*.targets.json | head -n 1)
printf X | dd of="$list" bs=1 seek=50 conv=notrunc 2>/dev/null
run 0 "a byte changed: --all looks at sizes" erika-press publish --all north
unlike "$(sha256sum <"$one")" "$old" "only"
run 0 "--check" erika-press publish --check north
like "$err" '^north +[45] files' "mends what changed"
is "$(sha256sum <"$one")" "$old" "the bundle"
run 0 "and the list" whole web/north

# ---- what a killed pack left is never published
sum=$(head -c 64 /dev/zero | tr '\0' a)
week=$(ls -d room/repository/t/b/news/* | tail -n 1)
echo draft >"$week/$sum.99.ekb"
echo draft >"$week/$sum.99.ekb.minisig"
cp "$(ls "$week"/*.1.ekb)" "$week/$(head -c 64 /dev/zero | tr '\0' b).1.ekb"
run 0 "publishing beside strange files" erika-press publish north
is "$(find web/north -name '*.99.ekb*' -o -name 'bbbb*')" "" \
	"does not copy what was not recorded"
plan
