#!/bin/bash
# Photographs as readers get them: the same pixels, no metadata, told by
# programs that are not ours.
. "$SRC/tests/lib/tap.sh"
photos=$SRC/tests/articles
tools_or_skip "photographs" exiftool djpeg pngtopam dwebp cwebp

# ---- one page that shows every sample picture, in order
mkdir page
cp "$photos"/site/photos/* page/
cp "$photos"/update/photos/rowing.jpg page/
names=$(cd page && ls)
{
	echo '<html lang="en"><title>All</title><article><p>Pictures.</p>'
	for f in $names; do echo "<p><img src=\"$f\" alt=\"$f\"></p>"; done
	echo '</article></html>'
} >page/all.html
erika-press init -q --name X --no-passphrase room >/dev/null
run 0 "a page with every sample picture is packed" \
	erika-press pack -C room page
unlike "$err" 'left out +all' "none is left out"
gps=$(exiftool -q -if '$GPSLatitude' -p '$FileName' page 2>/dev/null | wc -l)
like "$err" "^$gps photographs told where they were taken" \
	"the $gps that exiftool finds a position in are counted"
bundle=$(find room/repository/t -name '*.ekb')
run 0 "the bundle opens" "$ERIKA_BIN/tests/tool/ekbcat" \
	room/keys/newsroom.pub room/repository "$bundle" out
printf '%s\n' "$out" | grep '^image' >images.txt
is "$(wc -l <images.txt)" "$(printf '%s\n' "$names" | wc -l)" "all are in it"

# pixels FILE: its decoded picture, turned by nothing.
pixels() {
	case $1 in
	*.jpg) djpeg -pnm "$1" ;;
	*.png) pngtopam "$1" ;;
	*.webp) dwebp -quiet -pam "$1" -o - ;;
	esac 2>/dev/null | sha256sum
}

i=0
mkdir new
for f in $names; do
	i=$((i + 1))
	hex=$(sed -n "${i}p" images.txt | awk '{ print $2 }')
	mv -n "out/$hex.${f##*.}" "new/$f"
	is "$(pixels "new/$f")" "$(pixels "page/$f")" "$f: the same pixels"
done

# What exiftool finds besides the picture's own shape, the colour profile, and
# which way is up.
exiftool -a -G1 -s -u -ee new 2>&1 | grep -Ev \
	'^\[(ExifTool|System|File|Composite|JFIF|ICC[^]]*)\]' | grep -Ev \
	'^\[PNG\] +(Image(Width|Height)|BitDepth|ColorType|Compression|Filter|Interlace|Palette|Transparency|Gamma|SRGBRendering)' |
	grep -Ev '^\[(RIFF|VP8[^]]*)\] +(WebP_Flags|ImageWidth|ImageHeight|VP8Version|HorizontalScale|VerticalScale|AlphaIsUsed)' |
	grep -Ev '^\[IFD0\] +Orientation|^=====|image files read|directories scanned' >leftovers.txt
is "$(cat leftovers.txt)" "" "no metadata, in none of them"
exiftool -a -G1 -s -u -ee page 2>/dev/null |
	grep -Ec '^\[(GPS|XMP[^]]*|IPTC|ExifIFD|IFD1)\]' >before.txt
[ "$(cat before.txt)" -gt 50 ]
ok $? "there were $(cat before.txt) before"
upright() { exiftool -q -T -n --ext html -FileName -Orientation "$1" | sed 's/\t1$/\t-/' | sort; }
is "$(upright new)" "$(upright page)" "they are turned the same way"
like "$(upright new)" '[^0-9]6$' "and one of them is"
colours() { exiftool -b -ICC_Profile "$1/crane.jpg" | sha256sum; }
is "$(colours new)" "$(colours page)" "a colour profile stays"
is "$(exiftool -q -q -warning -r new)" "" "exiftool warns of nothing"

# ---- and no word of it anywhere in what is published
erika-press publish -q -C room
found=0
for word in 'Gleb Stavrov' 'Stavrov' 'G. S.' PK7-0031177 '555 0142' Vereshchak \
	86-417-2 'Pelageya' 'Darkroom' 'tugmaster' 'card 2' Kestrel ftypmp42 \
	'2026:11:12 01:31:07' photoshop; do
	grep -raqF -- "$word" page && found=$((found + 1))
	run 1 "nothing published says \"$word\"" \
		grep -raqF -- "$word" room/repository
done
[ "$found" -ge 12 ]
ok $? "$found of these words were in the originals"
for f in harbour-dawn.jpg; do
	thumb=$(exiftool -b -ThumbnailImage "page/$f" | head -c 64 | od -An -tx1 |
		tr -d ' \n')
	is ${#thumb} 128 "$f has a preview"
	od -An -v -tx1 "$bundle" | tr -d ' \n' | grep -q "$thumb"
	is $? 1 "$f: which is nowhere now"
done

# ---- pictures that cannot be taken
mkdir odd
echo secret >secret.jpg
cp page/storm.jpg odd/good.jpg
cp page/storm.jpg kept.jpg
echo 'This is text.' >odd/text.jpg
: >odd/empty.png
head -c 20000 page/storm.jpg >odd/cut.jpg
head -c 4000 page/fish-prices.png >odd/cut.png
head -c 9000 page/seagrass.webp >odd/cut.webp
printf 'GIF89a\1\0\1\0\0\0\0;' >odd/pixel.gif
echo '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>' >odd/drawing.svg
# A PNG that says it is 100,000 by 100,000.
python3 - >odd/huge.png <<'PY'
import struct, sys, zlib
def chunk(t, b):
    return struct.pack(">I", len(b)) + t + b + struct.pack(">I", zlib.crc32(t + b))
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 100000, 100000, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))
PY
truncate -s 40M odd/sparse.jpg
ln -s ../secret.jpg odd/link.jpg
mkfifo odd/fifo.jpg
mkdir odd/folder.jpg
{
	echo '<html lang="en"><title>Odd</title><article><p>Pictures.</p>'
	for f in good.jpg text.jpg empty.png cut.jpg cut.png cut.webp pixel.gif \
		drawing.svg huge.png sparse.jpg link.jpg fifo.jpg folder.jpg \
		../secret.jpg ../../../../../../etc/hostname "$PWD/secret.jpg" \
		"file://$PWD/secret.jpg" %2e%2e/secret.jpg missing.jpg; do
		echo "<p><img src=\"$f\" alt=\"[$f]\"></p>"
	done
	echo '</article></html>'
} >odd/odd.html
run 0 "a page of odd pictures is packed" erika-press pack -C room odd
for f in text.jpg empty.png cut.jpg cut.png cut.webp pixel.gif drawing.svg \
	huge.png sparse.jpg link.jpg fifo.jpg folder.jpg missing.jpg \
	'\.\./secret\.jpg'; do
	like "$err" "^left out +odd: picture [^ ]*$f: ." "$f is left out: $(
		printf '%s\n' "$err" | sed -n "s|^left out *odd: picture [^ ]*$f: ||p" | head -n 1)"
done
run 0 "it opens" "$ERIKA_BIN/tests/tool/ekbcat" room/keys/newsroom.pub \
	room/repository "$(find room/repository/t -name '*.2.ekb')" oddout
is "$(printf '%s\n' "$out" | grep -c '^image')" 1 "one picture is in it"
run 1 "no file of elsewhere" grep -raq '^secret' oddout room/repository
is "$(grep -o '<img [^>]*>' oddout/odd.1.xhtml | wc -l)" 1 "one is shown"
plan
