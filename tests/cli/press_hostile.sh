#!/bin/bash
# Hostile pages and feeds, one file each, among good ones: each is left out
# with a message or packed harmlessly, and the good ones are packed.
. "$SRC/tests/lib/tap.sh"
erika-press init -q --name X --no-passphrase room >/dev/null

good() { # good NAME
	printf '<html lang="en"><title>%s</title><article><p>A good text named %s.</p></article></html>\n' \
		"$1" "$1" >"site/$1.html"
}
mkdir site
good aaa
good mmm
good zzz
head='<html lang="en"><head><title>Bomb</title></head><body><article><p>x</p>'
# repeat N TEXT
repeat() { yes "$2" | head -n "$1" | tr -d '\n'; }

# ---- left out
{ echo "$head"; repeat 20000 '<div>'; } >site/divs.html
{ echo "$head"; repeat 200 '<blockquote>'; echo deep; } >site/deep.html
{ echo "$head"; repeat 30000 '<table><tr><td>'; echo deep; } >site/tables.html
{ echo "$head"; repeat 300000 '<b><i>'; echo deep; } >site/inline.html
cp "$ERIKA_BIN/erika-press" site/junk.html
head -c 100000 /dev/zero >site/zeros.html
: >site/empty.html
truncate -s 65M site/large.html
mkfifo site/fifo.html
ln -s aaa.html site/link.html
{
	echo '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
	prev=a
	for e in b c d e f g h i j; do
		echo "<!ENTITY $e \"$(repeat 10 "&$prev;")\">"
		prev=$e
	done
	echo ']><rss version="2.0"><channel><language>en</language><item><guid>1</guid>'
	echo '<title>Laughs &j;</title><description>&j;</description></item></channel></rss>'
} >site/laughs.xml
{
	echo '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "'
	repeat 100000 a
	echo '">]><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><entry><id>1</id><title>Quadratic</title><content>'
	repeat 100000 '&a;'
	echo '</content></entry></feed>'
} >site/quadratic.xml
cat >site/external.xml <<'XML'
<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<rss version="2.0"><channel><language>en</language><item><guid>2</guid>
<title>External</title><description>Text &x; and more text.</description></item></channel></rss>
XML
{
	echo '<rss version="2.0"><channel>'
	repeat 100000 '<item>'
} >site/items.xml
printf '<rss version="2.0"><channel><item><title>cut' >site/cut.xml
run 3 "a folder with bombs in it is packed in part" erika-press pack -C room site
is "$(printf '%s\n' "$out" | grep -c '^new ')" 3 "three articles are new"
for f in aaa mmm zzz; do
	like "$out" "^new +$f  $f$" "$f"
done
for f in divs.html deep.html tables.html inline.html junk.html zeros.html \
	empty.html large.html fifo.html link.html laughs.xml quadratic.xml \
	external.xml items.xml cut.xml; do
	why=$(printf '%s\n' "$err" | sed -n "s|^left out *\(site/\)\{0,1\}$f: ||p")
	like "$why" '^[a-zA-Z0-9]' "$f is left out: $why"
done
like "$err" 'partly done: [0-9]+ files could not be read; the rest is packed' \
	"and it says so at the end"
unlike "$err" 'signal|crashed|ended without' "nothing crashed"
is "$(erika-press preview -C room | wc -l)" 3 "the three are recorded"

# ---- packed, and harmless
mkdir odd
{
	echo "$head<p id=\"$(repeat 100000 a)\" title=\"$(repeat 100000 b)\">long attributes</p>"
	echo "<p"
	for i in $(seq 20000); do echo "a$i=b"; done
	echo ">many attributes</p>"
} >odd/attributes.html
{ echo "$head<p>"; repeat 2000 '&#x202e;&#x200b;&#0;&#x1b;[31m'; echo ' marks</p>'; } >odd/marks.html
printf '%s<p>nul \0 and \033]0;x\007 end</p>' "$head" >odd/bytes.html
printf '<html lang="en"><title>\033[31mRed\033[0m &#x202e;txet &lt;b&gt;</title><article><p>Title.</p></article>' >odd/title.html
{ echo "$head"; repeat 100000 '<p>x'; } >odd/paragraphs.html
printf '<html lang="en"><head><title>Id</title></head><article><p>Name.</p></article>' \
	>"odd/$(printf 'a..%%2f\n\033[31m x').html"
run 0 "odd pages are packed" erika-press pack -C room odd
is "$(printf '%s\n' "$out" | grep -c '^new ')" 6 "six"
is "$(printf '%s\n' "$out$err" | tr -d '\n' | LC_ALL=C tr -d ' -~\200-\377' | od -An -c)" "" \
	"no control character reaches the terminal"
unlike "$out$err" "$(printf '\342\200\256')" "nor a mark that turns text around"
erika-press publish -q -C room
run 0 "the bundle opens" "$ERIKA_BIN/tests/tool/ekbcat" room/keys/newsroom.pub \
	room/repository "$(find room/repository/t -name '*.2.ekb')" out
longest=$(wc -c <out/attributes.1.xhtml)
[ "$longest" -lt 1000 ]
ok $? "long attributes are gone ($longest bytes are left)"
for f in out/*.xhtml; do
	LC_ALL=C tr -d '\n\t -~\200-\377' <"$f" | od -An -c >control
	is "$(cat control)" "" "$(basename "$f" | cut -c 1-30) has no control characters"
done
run 0 "preview lists them" erika-press preview -C room
for id in attributes marks bytes title; do
	run 0 "preview shows $id" erika-press preview -C room $id
	is "$(printf '%s\n' "$out" | LC_ALL=C tr -d '\n -~\200-\377' | od -An -c)" "" \
		"without control characters"
done

# ---- secrets: what a page could ask a parser for is nowhere
run 1 "no line of /etc/passwd is in anything" \
	grep -raq '^root:' room/repository out
plan
