#!/bin/bash
# Admission by signature alone: what a stranger sends leaves no byte behind;
# pushes that break off go on or vanish; two cannot disturb each other.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
. "$SRC/tests/lib/mirror.sh"
PATH=$ERIKA_BIN/tests/tool:$PATH
tools_or_skip "pushes by hand" curl

# put PATH FILE [OPTION...]: prints the status.
put() {
	curl -s -m 20 -o put.out -w '%{http_code}' "${@:3}" -T "$2" "$url$1"
}

# state: every file and folder of the tree with its length and content, and
# what the disk says it takes. The server's own locks have no content.
state() {
	(cd tree && find . -type f -printf '%p %s %b ' -exec sh -c \
		'sha256sum <"$1"' - {} \; -o -type d -printf '%p\n' | sort &&
		du -s --apparent-size .)
}

# same NAME: the tree is what it was at `before`.
same() {
	state >after.txt
	cmp -s before.txt after.txt
	ok $? "$1: not a byte is left"
	diff before.txt after.txt | sed 's/^/#   /' | head -n 5
}

# refuse STATUS PATH FILE NAME
refuse() {
	is "$(put "$2" "$3")" "$1" "$4"
	same "$4"
}

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
cp -r h/m one
page h fog "Fog" "None at all."
issue h
cp -r h/m two
page h pier "The pier" "It stands."
issue h
newsroom o "The Other"
other=$words
words=$(sed -n 's/^words *//p' h/init.out)
page o lie "A lie" "By others."
issue o

cat >m.conf <<CONF
[mirror]
root = $PWD/tree
listen = 127.0.0.1:0
publisher = $words
push-seconds = 20
CONF
mkdir tree
mirror_start -c m.conf

# ---- strangers at an empty mirror
seq 700 >noise
: >empty
state >before.txt
refuse 403 m/1.root.json o/m/m/1.root.json "another outlet's root"
refuse 403 m/1.root.json noise "noise as a root"
refuse 413 m/1.root.json empty "an empty root"
refuse 409 m/2.root.json h/m/m/1.root.json "a second root first"
refuse 409 m/timestamp.json one/m/timestamp.json "a head before its root"
refuse 409 m/1.snapshot.json one/m/1.snapshot.json "a snapshot before its head"
bundle=$(cd one && echo t/b/news/*/*.1.ekb)
refuse 409 "$bundle" "one/$bundle" "a bundle before its head"
refuse 204 m/now.pack noise "a pack, which a mirror makes itself"
refuse 400 x/y noise "a path that is none"
refuse 400 m/a/b noise "a folder below m/"
python3 - one/m/1.root.json padded twosigs <<'PY'
import json, sys
raw = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(raw + b" " * 1000)
doc = json.loads(raw)
doc["signatures"].append({"keyid": "ab" * 32, "sig": "00" * 64})
open(sys.argv[3], "w").write(json.dumps(doc, separators=(",", ":"),
                                         sort_keys=True))
PY
refuse 403 m/1.root.json padded "the root with a thousand blanks behind it"
refuse 403 m/1.root.json twosigs "the root with a signature that is nobody's"
head -c 600000 /dev/zero >long
refuse 413 m/1.root.json long "600 KB as a root"

# ---- the newsroom's first push, by hand
is "$(put m/1.root.json one/m/1.root.json)" 201 "the root is taken"
is "$(put m/1.root.json one/m/1.root.json)" 204 "once"
like "$(wholetool tree "$words")" '^0 0 0$' "nothing is served yet"
is "$(put m/timestamp.json one/m/timestamp.json)" 201 "the head"
like "$(cat put.out)" 'metadata is missing' "says what is missing"
v=$(cd one/m && ls | sed -n 's/\.snapshot\.json$//p' | tail -n 1)
state >before.txt
refuse 409 m/9.targets.json noise "metadata that is not named"
refuse 409 m/1.targets.json one/m/1.targets.json "targets before the snapshot"
head -c "$(stat -c %s "one/m/$v.snapshot.json")" noise >forged
refuse 403 "m/$v.snapshot.json" forged "noise of the snapshot's length"
head -c 100 "one/m/$v.snapshot.json" >short
like "$(put "m/$v.snapshot.json" short)" '^4(03|13)$' "a short snapshot"
same "a short snapshot"
is "$(curl -s -o /dev/null -w '%{http_code}' "${url}m/timestamp.json")" 404 \
	"the head is not served"
is "$(curl -s -o /dev/null -w '%{http_code}' \
	"${url}.stage/push/m/timestamp.json")" 404 "nor is the stage"
is "$(put "m/$v.snapshot.json" "one/m/$v.snapshot.json")" 201 "the snapshot"
is "$(put m/1.targets.json one/m/1.targets.json)" 201 "the targets"
for f in one/m/*.x.json one/m/*.d-news.json; do
	name=$(basename "$f")
	[ -e "one/m/$((${name%%.*} + 1)).${name#*.}" ] && continue
	is "$(put "m/$name" "$f")" 201 "role $name"
done
like "$(cat put.out)" '[0-9]+ files are missing' "targets are missing"
state >before.txt
n=$(stat -c %s "one/$bundle")
head -c "$n" /dev/urandom >forged
refuse 403 "$bundle" forged "a forged bundle of the right length"
head -c $((n + 1)) /dev/zero >forged
refuse 413 "$bundle" forged "a longer one"
head -c $((n - 1)) "one/$bundle" >forged
refuse 413 "$bundle" forged "a shorter one"
refuse 413 "$bundle.minisig" long "600 KB as a signature"
refuse 403 "$bundle.minisig" noise "noise as a signature"
sig=$(cd h/m && echo t/b/news/*/*.2.ekb.minisig)
refuse 403 "$bundle.minisig" "h/m/$sig" "the signature of another bundle"
sed '1s/.*/untrusted comment: added by a stranger/' "one/$bundle.minisig" >forged
refuse 403 "$bundle.minisig" forged "a signature with a stranger's comment"
next=$(cd two && echo t/b/news/*/*.2.ekb)
refuse 422 "$next" "two/$next" "a bundle that this head does not name"

# ---- broken off: in the middle of a file, and by a restart
head -c $((n / 2)) "one/$bundle" >half
python3 - "$port" "$bundle" "$n" half <<'PY'
import socket, sys
port, path, n, half = sys.argv[1:]
s = socket.create_connection(("127.0.0.1", int(port)))
s.sendall(b"PUT /%s HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n"
          % (path.encode(), n.encode()) + open(half, "rb").read())
s.shutdown(socket.SHUT_WR)
try:
    s.recv(1000)
except OSError:
    pass
PY
for _ in $(seq 100); do
	state >after.txt
	cmp -s before.txt after.txt && break
	sleep 0.05
done
same "a bundle that breaks off half-way"
is "$(put "$bundle.minisig" "one/$bundle.minisig")" 201 "the signature is taken"
mirror_stop KILL
mirror_start -c m.conf
like "$(wholetool tree "$words")" '^0 0 0$' "killed and back, nothing is served"
is "$(put m/timestamp.json one/m/timestamp.json)" 201 "it knows where it was"
like "$(cat put.out)" '[0-9]+ files are missing' "and what is missing"
is "$(put "$bundle.minisig" "one/$bundle.minisig")" 204 "what came is there"
for f in $(cd one && find t/x -type f | sort) "$bundle"; do
	like "$(put "$f" "one/$f")" '^20[14]$|^422$' "${f##*/} comes"
done
like "$(cat put.out)" 'live: version [0-9]' "with the last file it is live"
run 0 "it is whole" wholetool tree "$words"
like "$out" '^[1-9][0-9]* [1-9]' "and serves"
is "$(curl -s "${url}m/timestamp.json" | sha256sum)" \
	"$(sha256sum <one/m/timestamp.json)" "the head that was pushed"
is "$(find tree/.stage -type f ! -name owner ! -name lock)" "" \
	"the stage is empty"

# ---- a stranger pushed all but the signature, which comes after the head
mv "tree/$bundle.minisig" late
state >before.txt
refuse 403 "$bundle.minisig" noise "noise as a late signature"
refuse 413 "$bundle.minisig" long "600 KB as a late signature"
refuse 413 "$bundle.minisig" empty "nothing as a late signature"
refuse 403 "$bundle.minisig" "h/m/$sig" "a late one of another bundle"
refuse 403 "$bundle.minisig" forged "a late one with a stranger's comment"
refuse 422 "$next.minisig" "two/$next.minisig" "that of a bundle not here"
is "$(put "$bundle.minisig" late)" 201 "a late signature is taken"
is "$(put "$bundle.minisig" late)" 204 "once"
run 0 "it is served" curl -s -f -o got "$url$bundle.minisig"
cmp got "one/$bundle.minisig"
ok $? "as it is"
like "$(find tree/.stage -type f ! -name owner ! -name lock | wc -l)" '^0$' \
	"the stage is empty again"

# ---- older, equal, and in between
state >before.txt
is "$(put m/timestamp.json one/m/timestamp.json)" 204 "the same head again"
same "the same head again"
is "$(put m/now.pack noise)" 204 "noise as a pack"
same "noise as a pack"
printf '[mirror "a"]\nto = %s\n' "$url" >h/room/mirrors.ini
run 0 "the newsroom pushes its newest" erika-press publish -C h/room
run 0 "it is whole" wholetool tree "$words"
state >before.txt
refuse 409 m/timestamp.json one/m/timestamp.json "an older head"
like "$(cat put.out)" 'trusted before' "is told of as such"
refuse 409 m/timestamp.json two/m/timestamp.json "another older one"
refuse 403 m/timestamp.json o/m/m/timestamp.json "another outlet's head"
python3 - h/room/repository/m/timestamp.json future <<'PY'
import json, sys
doc = json.load(open(sys.argv[1]))
doc["signed"]["version"] += 1
open(sys.argv[2], "w").write(json.dumps(doc, separators=(",", ":"),
                                         sort_keys=True))
PY
refuse 403 m/timestamp.json future "a head with another number"
for f in $(cd h/m && find m t -type f ! -name timestamp.json); do
	status=$(put "$f" noise)
	case $status in
	204 | 400 | 409 | 413 | 422) ;;
	*) echo "# $f: $status"; touch wrong ;;
	esac
done
run 1 "noise in the place of any file" test -e wrong
same "noise in the place of any file"

# ---- several at once: the same head thrice, an older one, and strangers
push() { python3 "$SRC/tests/lib/mirror_push.py" "$@"; }
page h gulls "Gulls" "They took the bread. $(seq 30000 | tr '\n' ' ')"
erika-press pack -q -C h/room h/pages >/dev/null 2>&1
printf '[mirror "m"]\nto = %s\n' "$PWD/h/m" >h/room/mirrors.ini
erika-press publish -q -C h/room
python3 - "$port" "$(cd h/m && ls -t t/b/news/*/*.ekb | head -n 1)" \
	"$(stat -c %s "$(ls -t h/m/t/b/news/*/*.ekb | head -n 1)")" <<'PY' &
import os, socket, sys, time
port, path, n = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode()
held = []
while not os.path.exists("stop"):
    if len(held) < 40:
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"PUT /%s HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n"
                  % (path, n) + os.urandom(500))
        held.append(s)
    else:
        held.pop(0).close()
    time.sleep(0.01)
PY
stranger=$!
push h/m "$url" >push1.txt &
one=$!
push h/m "$url" >push2.txt &
two=$!
push two "$url" >push3.txt &
three=$!
push h/m "$url" >push4.txt
ok $? "a push beside others"
wait $one
ok $? "another of the same head"
wait $two
ok $? "a third"
wait $three
is "$?" 1 "an older one is not live"
like "$(grep timestamp push3.txt | tail -n 1)" '^409' "but refused as such"
touch stop
wait $stranger
run 0 "it is whole" wholetool tree "$words"
is "$(curl -s "${url}m/timestamp.json" | sha256sum)" \
	"$(sha256sum <h/m/m/timestamp.json)" "with the newest head"
for _ in $(seq 100); do
	[ -z "$(find tree/.stage -type f ! -name owner ! -name lock)" ] && break
	sleep 0.05
done
is "$(find tree/.stage -type f ! -name owner ! -name lock)" "" \
	"the stage is empty"
cmp tree/m/now.pack h/m/m/now.pack
ok $? "its own now.pack is the newsroom's"
mirror_stop

# ---- a stranger pushes all of it but signatures, and is first
cp -r h/m bare
find bare -name '*.minisig' -delete
sed "s|root = .*|root = $PWD/late.d|" m.conf >late.conf
mkdir late.d
mirror_start -c late.conf
push bare "$url" >push5.txt
ok $? "a stranger's push is live"
is "$(find late.d -name '*.minisig')" "" "without a signature"
rm -r late.d/.stage # an operator who wants room
printf '[mirror "a"]\nto = %s\n' "$url" >h/room/mirrors.ini
run 0 "the newsroom pushes as ever" erika-press publish -C h/room
is "$(cd late.d && find t -name '*.minisig' -exec sha256sum {} + | sort)" \
	"$(cd h/m && find t -name '*.minisig' -exec sha256sum {} + | sort)" \
	"then each signature is there"
like "$(find late.d/t -name '*.minisig' | wc -l)" '^[1-9]' "there are some"
mirror_stop

# ---- two outlets at one mirror, at once
fp=$(sed -n 's/^words *//p' h/init.out)
cat >m.conf <<CONF
[mirror]
root = $PWD/both
listen = 127.0.0.1:0
[publisher "harbour"]
fingerprint = $fp
[publisher "other"]
fingerprint = $other
CONF
mkdir both
mirror_start -c m.conf
printf '[mirror "a"]\nto = %s\n' "${url}harbour/" >h/room/mirrors.ini
printf '[mirror "a"]\nto = %s\n' "${url}other/" >o/room/mirrors.ini
erika-press publish -q -C h/room &
one=$!
erika-press publish -q -C o/room
ok $? "one outlet"
wait $one
ok $? "and another at once"
run 0 "the first is whole" wholetool both/harbour "$fp"
run 0 "so is the second" wholetool both/other "$other"
is "$(put m/1.root.json one/m/1.root.json)" 404 "a file of no outlet"
is "$(put other/m/2.root.json one/m/1.root.json)" 403 "a root for the other"
mirror_stop
is "$mirror_status" 0 "the mirror ends as it should"

# ---- a full disk: what is on it is served, pushes wait for room
cat >disk.sh <<'SH'
mount -t tmpfs -o size=400k,nr_inodes=400 tmpfs disk && cp -r one/. disk/ || exit 9
cat /dev/zero >disk/fill 2>/dev/null
erika-mirror serve -q -c disk.conf 2>disk.err &
pid=$!
for _ in $(seq 200); do
	url=$(sed -n 's/^erika-mirror: serving .* on //p' disk.err)
	[ "$url" ] && break
	sleep 0.05
done
code() { curl -s -m 20 -o /dev/null -w '%{http_code} ' "$@"; }
code "${url}m/timestamp.json"
code -T two/m/timestamp.json "${url}m/timestamp.json"
wholetool disk "$1" >before.txt
rm disk/fill
python3 "$SRC/tests/lib/mirror_push.py" two "$url" >push.txt || exit 1
code "${url}m/timestamp.json"
wholetool disk "$1" >after.txt
cut -d' ' -f1 before.txt after.txt | tr '\n' ' '
kill $pid
wait $pid
SH
words=$fp
mkdir disk
printf '[mirror]\nroot = %s\nlisten = 127.0.0.1:0\npublisher = %s\n' \
	"$PWD/disk" "$fp" >disk.conf
if unshare -rm mount -t tmpfs tmpfs disk 2>/dev/null; then
	run 0 "a server on a full disk" unshare -rm bash disk.sh "$fp"
	is "$out" "200 507 200 1 2 " "serves, takes nothing, and then all"
	[ "$run_got" -eq 0 ] || sed 's/^/# /' push.txt disk.err
else
	skip "a server on a full disk" "mounting is not permitted here"
fi
plan
