#!/bin/bash
# Every bit flip and every truncation of a whole small outlet is refused, and
# the reader's library stays as it was. tests/tool/fliptool.c says how.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
work=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || pwd)" erika-flip.XXXXXX)
trap 'rm -rf "$work"' EXIT
bail() {
	echo "not ok 1 - $1"
	echo 1..1
	exit 1
}
# Without whole pages of padding: a picture of two by two pixels.
python3 - >dot.png <<'PY' || bail "a picture"
import struct, sys, zlib
def chunk(t, b):
    return struct.pack(">I", len(b)) + t + b + struct.pack(">I", zlib.crc32(t + b))
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\1\2\0\3\4")) + chunk(b"IEND", b""))
PY
export XDG_DATA_HOME=$work/reader XDG_CONFIG_HOME=$work/config
newsroom h "The Harbour" &&
	page h tide "The tide" "High water at noon." &&
	page h fog "Fog" "None at all." &&
	issue h &&
	erika add -q --yes h/m/m/1.root.json &&
	erika sync -q --from h/m || bail "a first issue"
cp dot.png h/pages/ &&
	page h gulls "Gulls" "They took <img src='dot.png' alt='a dot'> bread." &&
	issue h &&
	XDG_DATA_HOME=$PWD/friend erika add -q --yes h/m/m/1.root.json &&
	XDG_DATA_HOME=$PWD/friend erika sync -q --from h/m &&
	XDG_DATA_HOME=$PWD/friend erika share -q -o all.erika ||
	bail "a second issue, and a friend's share file"
# Both halves at once; their lines numbered as those of one test.
mkdir "$work/0" "$work/1"
for half in 0 1; do
	"$ERIKA_BIN/tests/tool/fliptool" h/m all.erika \
		h/room/keys/newsroom.pub "$work/$half" $half >$half.tap &
done
wait
awk '/^1\.\.[0-9]+$/ { planned += substr($0, 4); next }
	/^(not )?ok / { n++; sub("ok [0-9]+", "ok " n) }
	{ print }
	END { print "1.." planned }' 0.tap 1.tap
! grep -q '^not ok' 0.tap 1.tap
