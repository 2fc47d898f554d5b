#!/bin/bash
# erika-press preview: what readers will see, in the terminal and as a page.
. "$SRC/tests/lib/tap.sh"
export ERIKA_NEWSROOM=$PWD/room
site=$SRC/tests/articles/site
erika-press init -q --name "The Harbour" --no-passphrase room >/dev/null
run 0 "an empty newsroom" erika-press preview
is "$out" "" "lists nothing"
erika-press pack -q --images "$site" "$site" "$SRC"/tests/articles/feed.*.xml \
	>/dev/null 2>&1
run 0 "the list" erika-press preview
n=$(printf '%s\n' "$out" | wc -l)
[ "$n" -ge 40 ]
ok $? "has $n articles"
is "$(printf '%s\n' "$out" | cut -c 1-10 | sort -rc 2>&1)" "" "newest first"
run 1 "an article that is not there" erika-press preview nothing
like "$err" 'erika-press preview lists them' "says how to find one"
run 2 "--html without an article" erika-press preview --html x.html

ids=$(erika-press preview | awk '{ print $4 }')
bad=0
for id in $ids; do
	erika-press preview "$id" >text 2>err || { bad=$((bad + 1)); sed 's/^/# /' err; }
	[ "$(LC_ALL=C tr -d '\n -~\200-\377' <text | wc -c)" -eq 0 ] || bad=$((bad + 1))
	[ "$(wc -c <text)" -gt 150 ] || bad=$((bad + 1))
	erika-press preview --html "page-$id.html" "$id" 2>err ||
		{ bad=$((bad + 1)); sed 's/^/# /' err; }
done
is $bad 0 "every article is shown, as text and as a page"

# ---- the page
cat page-*.html >all
is "$(grep -c "Content-Security-Policy" all)" "$n" "each page has a policy"
is "$(grep -o 'http-equiv="Content-Security-Policy" content="[^"]*"' all |
	sort -u | wc -l)" 1 "the same"
policy=$(grep -o 'Content-Security-Policy" content="[^"]*"' all | sort -u)
like "$policy" "default-src 'none'" "that allows nothing"
unlike "$policy" 'unsafe|https?:|\*' "and no exception"
run 1 "nothing in a page is loaded from elsewhere" grep -Eio \
	'(src|srcset|poster|background|action|formaction|ping|data|manifest)="?(https?:)?//[^"]*|@import|url\([^)]*\)' all
run 1 "there is no script, frame, form or object" grep -Eio \
	'<(script|iframe|frame|object|embed|form|base|link|svg)[ >]' all
run 1 "nor a handler" grep -Eio ' on[a-z]+="[^"]*"' all
run 1 "nor a link that runs" grep -Eio 'href="(javascript|data|vbscript):[^"]*' all
is "$(grep -o 'src="[a-z]*:[^;]*;base64' all | sort -u | tr '\n' ' ')" \
	'src="data:image/jpeg;base64 src="data:image/png;base64 src="data:image/webp;base64 ' \
	"pictures are in the page itself"
python3 - page-*.html >parsed <<'PY'
import base64, html.parser, sys
class P(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "html":
            self.lang, self.dir = a.get("lang"), a.get("dir")
        if tag == "img":
            base64.b64decode(a["src"].split(",", 1)[1], validate=True)
            self.images += 1
            self.alt &= "alt" in a
total = 0
for f in sys.argv[1:]:
    p = P()
    p.images, p.alt, p.lang, p.dir = 0, True, None, None
    p.feed(open(f, encoding="utf-8").read())
    assert p.lang and p.alt, f
    assert (p.dir == "rtl") == p.lang.startswith("fa"), (f, p.dir)
    total += p.images
print(total)
PY
ok $? "every page says its language and direction, every picture its text"
[ "$(cat parsed)" -ge 14 ]
ok $? "$(cat parsed) pictures in all"
like "$(cat all)" 'A preview: ' "it says that it is a preview"
run 1 "a page that cannot be written" \
	erika-press preview --html /nonexistent/x.html en-pilots

# ---- what was damaged on the disk is not shown
bundle=$(find room/repository/t -name '*.ekb')
cp "$bundle" kept
at=$(($(stat -c %s "$bundle") / 50))
byte=$(od -An -tu1 -j $at -N 1 "$bundle" | tr -d ' ')
printf "\\x$(printf %02x $((byte ^ 1)))" |
	dd of="$bundle" bs=1 seek=$at conv=notrunc status=none
refused=0
for id in $ids; do
	erika-press preview "$id" >text 2>err
	[ $? -eq 10 ] && refused=$((refused + 1))
done
[ $refused -ge 1 ] && [ $refused -lt "$n" ]
ok $? "one flipped bit in a text: $refused of $n are refused"
cp kept "$bundle"
printf 'X' | dd of="$bundle" bs=1 seek=40 conv=notrunc status=none
run 10 "one in the index" erika-press preview en-pilots
head -c 1000 kept >"$bundle"
run 10 "a file that is cut" erika-press preview en-pilots
rm "$bundle"
run 1 "a file that is gone" erika-press preview en-pilots
plan
