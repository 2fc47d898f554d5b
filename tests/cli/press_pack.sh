#!/bin/bash
# erika-press pack: real articles, what changes and what does not, and that
# nothing is ever loaded.
. "$SRC/tests/lib/tap.sh"
ekbcat=$ERIKA_BIN/tests/tool/ekbcat
articles=$SRC/tests/articles
export ERIKA_NEWSROOM=$PWD/room

erika-press init -q --name "The Harbour" --no-passphrase room >/dev/null
cp -r "$articles/site" site
cp "$articles"/feed.*.xml .

# bundles: paths of all bundle files. cat_bundle FILE OUT: what is in it.
bundles() { find room/repository/t -name '*.ekb' | sort -t. -k2n; }
cat_bundle() {
	erika-press publish -q && # dictionaries, too
		"$ekbcat" room/keys/newsroom.pub room/repository "$1" "$2"
}
pack() { erika-press pack --images site "$@"; }
state() { find room -type f -exec sha256sum {} + | sort; }

# ---- the whole newsroom
run 0 "a dry run" pack --dry-run site feed.rss.xml feed.atom.xml
n=$(printf '%s\n' "$out" | grep -c '^new ')
[ "$n" -ge 40 ]
ok $? "would pack $n articles"
like "$err" 'Nothing was written' "and says that it did not"
is "$(bundles)" "" "no bundle"
is "$(erika-press preview)" "" "no record"
cp -r room plain
run 0 "packing" pack site feed.rss.xml feed.atom.xml
is "$(printf '%s\n' "$out" | grep -c '^new ')" "$n" "what the dry run said"
like "$err" "^$n new, 0 changed, 0 unchanged" "is counted"
like "$err" 'photographs told where they were taken; that is gone now' \
	"positions are told of"
like "$err" 'left out +[^ ]+: picture https://avatars\.example/[^:]*: .*nothing is fetched' \
	"a picture elsewhere is said to be left out, and of which article"
unlike "$err" 'ads\.example' "an advertisement's is no picture of an article"
summary='left out +What the mills grind.*: summary only \(94 characters\)'
like "$err" "$summary" "an item that is a summary is left out and said"
is "$(bundles | wc -l)" 1 "one bundle"
run 0 "it opens, every object verified" cat_bundle "$(bundles)" first
printf '%s\n' "$out" >first.txt
is "$(grep -c '^article' first.txt)" "$n" "all articles are in it"
is "$(awk '/^article/ { sub("-.*", "", $5); print $5 }' first.txt | sort -u |
	tr '\n' ' ')" 'en fa ru zh ' "in four languages"
[ "$(grep -c '^image' first.txt)" -ge 10 ]
ok $? "with pictures"
text=$(awk '/^article/ { p += $6; u += $7 } END { print int(100 * p / u) }' first.txt)
[ "$text" -lt 40 ]
ok $? "texts are packed to $text %"

# ---- again
state >before
run 0 "packing again" pack site feed.rss.xml feed.atom.xml
is "$out" "" "finds nothing"
like "$err" "$summary" "and says what was left out"
is "$(printf '%s\n' "$err" | tail -n +2)" \
	"0 new, 0 changed, $n unchanged, 1 left out" "and no more"
find site -type f -exec touch -d '2026-11-22 12:00' {} +
run 0 "so does a copy with other dates" pack site feed.rss.xml feed.atom.xml
like "$err" "^0 new, 0 changed, $n unchanged" "dates alone are no change"
state >after
run 0 "nothing was written" cmp before after

# ---- a changed article
# One with a picture that the dictionary does not hold whole.
id=$(awk '/^article/ { packed[$2] = $6; en[$2] = $5 ~ /^en/ }
	/^image/ && en[$6] && packed[$6] > 900 { print $6 }' first.txt |
	grep -v -- '-[0-9a-f]\{16\}$' | head -n 1)
page=site/$id.html
sed -i '0,/<p>/s//<p>Added on the second day. /' $page
run 0 "a changed paragraph" pack site
like "$out" "^changed +$id  [A-Z]" "is a change"
is "$(printf '%s\n' "$out" | wc -l)" 1 "of one article"
second=$(bundles | tail -n 1)
run 0 "the second bundle opens" cat_bundle "$second" second
like "$out" "^article $id 2 published en[A-Z-]* [0-9]+ [0-9]+ delta\$" \
	"revision 2, as a difference"
seen=$out
packed=$(printf '%s\n' "$seen" | awk '/^article/ { print $6 }')
[ "$packed" -lt 200 ]
ok $? "of $packed bytes"
run 0 "which gives the whole new text" grep -q 'Added on the second day' \
	"second/$id.2.xhtml"
is "$(printf '%s\n' "$seen" | grep '^image' | awk '{ print $4 }' | sort -u)" 0 \
	"its picture is not packed again"
is "$(find second -type f | wc -l)" 1 "nothing else is in it"

sed -i 's/Added on the second day/Corrected on the third day/' $page
run 2 "a correction of two lines" pack --correction "$(printf 'a\nb')" site
run 0 "a correction" pack --correction 'The mole is 40 m long, not 400.' site
third=$(bundles | tail -n 1)
run 0 "the third bundle opens" cat_bundle "$third" third
like "$out" "^article $id 3 corrected en[A-Z-]* [0-9]+ [0-9]+ delta\$" \
	"revision 3 is a correction, its difference from revision 1"
run 0 "preview" erika-press preview "$id"
like "$out" 'The mole is 40 m long, not 400\.' "shows what was corrected"
like "$out" 'Corrected on the third day' "and the new text"

# ---- without a network, and without asking for one
python3 - >listener.txt 2>&1 <<'PY' &
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
s.settimeout(60)
while True:
    c, _ = s.accept()
    print("asked:", c.recv(400), flush=True)
    c.close()
PY
listener=$!
trap 'kill $listener 2>/dev/null' EXIT
for _ in $(seq 100); do
	[ -s listener.txt ] && break
	sleep 0.05
done
web=http://127.0.0.1:$(cat listener.txt)
mkdir lures
cat >lures/lures.html <<PAGE
<!DOCTYPE html SYSTEM "$web/html.dtd">
<html lang="en" manifest="$web/manifest"><head><title>Lures</title>
<base href="$web/"><link rel="stylesheet" href="$web/a.css">
<link rel="preload" href="$web/b"><meta http-equiv="refresh" content="0;url=$web/c">
<script src="$web/d.js"></script><style>@import url($web/e.css);</style>
<meta property="og:image" content="$web/og.png"></head>
<body background="$web/f.png" onload="fetch('$web/g')"><article><h1>Lures</h1>
<p>A text with an <img src="$web/h.gif" width="1" height="1" alt=""> image,
<img srcset="$web/i.png 2x" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<picture><source srcset="$web/j.webp"><img src="$web/j.png" alt="a quay"></picture>
<iframe src="$web/k"></iframe><video src="$web/l" poster="$web/m" autoplay></video>
<audio src="$web/n"></audio><object data="$web/o"></object><embed src="$web/p">
<svg><image href="$web/q"/><use href="$web/r#x"/></svg>
<a href="$web/s" ping="$web/t">a link</a> <input type="image" src="$web/u">
<p style="background:url($web/v)">Painted.</p></article></body></html>
PAGE
cat >lures/feed.xml <<PAGE
<?xml version="1.0"?><?xml-stylesheet href="$web/w.css"?>
<!DOCTYPE rss SYSTEM "$web/rss.dtd" [<!ENTITY x SYSTEM "$web/x">
<!ENTITY % y SYSTEM "$web/y"> %y;]>
<rss version="2.0"><channel><title>T</title><language>en</language><item>
<guid>one</guid><title>One</title><link>$web/one</link>
<description>&lt;p&gt;Text &lt;img src="$web/z.png"&gt; and more of it.&lt;/p&gt;
</description></item></channel></rss>
PAGE
erika-press pack lures >lures.txt 2>&1
like "$(cat lures.txt)" '^new +lures ' "a page full of lures is packed"
run 0 "it opens" cat_bundle "$(bundles | tail -n 1)" lured
tr '<' '\n' <lured/lures.1.xhtml |
	grep -v '^a href="' >unlinked # a link is all that may name a place
run 1 "and holds nothing that loads" \
	grep -Ei '://|src=|srcset|style|script|iframe|data:' unlinked
erika-press preview --html lures.page lures
run 1 "nor does the page made of it" grep -Eo \
	'(src|srcset|poster|data|background|action|ping)="?http[^"]*' lures.page
is "$(wc -l <listener.txt)" 1 "nobody asked for any of it"
kill $listener

if unshare -rn true 2>/dev/null; then
	ERIKA_NEWSROOM=$PWD/plain run 0 "without any network" unshare -rn \
		erika-press pack --images site "$articles/site" \
		feed.rss.xml feed.atom.xml
	like "$err" "^$n new" "the same is packed"
	ERIKA_NEWSROOM=$PWD/plain erika-press publish -q
	"$ekbcat" plain/keys/newsroom.pub plain/repository \
		"$(find plain/repository/t -name '*.ekb')" cut >/dev/null
	run 0 "byte for byte" diff -r first cut
else
	skip "packing without a network" "unshare -n is not permitted here"
fi

# ---- left out, with reasons
mkdir bad
page() { # page NAME HEAD BODY
	printf '<html><head>%s</head><body><article>%s</article></body></html>\n' \
		"$2" "$3" >"bad/$1.html"
}
page notitle '' '<p>A text.</p>'
sed -i 's/<html>/<html lang="en">/' bad/notitle.html
page nolanguage '<title>No language</title>' '<p>A text.</p>'
page notext '<title>No text</title><meta name="language" content="en">' ''
sed -i 's/<html>/<html lang="en">/' bad/notext.html
run 0 "articles that lack something" erika-press pack bad
like "$err" 'left out +notitle.*: no title' "no title"
like "$err" 'left out +.*(nolanguage|No language).*: .*language' "no language"
like "$err" 'left out +.*(notext|No text).*: .*(text|empty)' "no text"
like "$err" '0 new, 0 changed, 0 unchanged, 3 left out' "are counted"
run 0 "a language can be given" erika-press pack --language de bad
like "$out" '^new +nolanguage' "to those that say none"
mkdir twin
cp bad/nolanguage.html twin/
run 0 "two files of one id" erika-press pack --language de bad twin
like "$err" 'left out +nolanguage: another source has the same id' \
	"the second is left out"
run 1 "a path that is not there" erika-press pack bad nowhere
like "$err" 'nowhere: no such file or folder; nothing was packed' "stops all"
run 0 "an empty folder" sh -c 'mkdir none && erika-press pack none'
like "$err" '^0 new' "is no mistake"
like "$err" 'no page \(\.html\) and no feed' "but told"
run 1 "a URL" erika-press pack https://the-harbour.example/
like "$err" 'Nothing is fetched from here: save pages' "is not fetched"
printf 'text' >letter.txt
run 3 "one file of another kind" erika-press pack letter.txt
like "$err" 'could not be read; nothing else was there' "and nothing else"

# ---- dictionaries: a small newsroom gets one after some days
erika-press init -q --name Small --no-passphrase small >/dev/null
for day in en-pilots en-seagrass en-council-budget en-crane-verdict en-tide-api; do
	erika-press pack -q -C small "$articles/site/$day.html" >/dev/null 2>&1
done
erika-press publish -q -C small
run 0 "it is named by the language alone" \
	sh -c 'ls small/repository/t/x/*.en-1.dict'
is "$(ls small/repository/t/x | grep -c dict)" 1 "and is the only one"

# ---- a language for each article: more than dictionaries fit in a bundle
mkdir many
for i in $(seq 50); do
	tag=$(printf "\\$(printf %o $((97 + i / 26)))\\$(printf %o $((97 + i % 26)))x")
	printf '<html lang="%s"><title>%s</title><article><p>Text %s.</p></article>' \
		"$tag" "$tag" "$tag" >"many/$tag.html"
done
run 0 "fifty languages" erika-press pack many
like "$err" '^50 new' "are packed"
run 0 "and open" cat_bundle "$(bundles | tail -n 1)" manyout

# ---- a built site: every page is called index.html, in a folder of its own
mkdir -p built/one built/two
for page in one two; do
	printf '<html lang="en"><title>%s</title><article><p>Text %s.</p></article>' \
		"$page" "$page" >"built/$page/index.html"
done
run 0 "a built site" erika-press pack built
like "$err" '^2 new' "its pages are told apart by their folders"
run 0 "a second time" erika-press pack built
like "$err" '2 unchanged' "by the same names"
plan
