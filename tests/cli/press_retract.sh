#!/bin/bash
# erika-press retract: openly, for good, and without the text.
. "$SRC/tests/lib/tap.sh"
export ERIKA_NEWSROOM=$PWD/room
cat_bundle() {
	"$ERIKA_BIN/tests/tool/ekbcat" room/keys/newsroom.pub room/repository "$@"
}
erika-press init -q --name X --no-passphrase room >/dev/null
mkdir site
printf '<html lang="en"><title>A rumour</title><article><p>Told by a neighbour.</p><p><img src="storm.jpg" alt="the mole"></p></article>' \
	>site/rumour.html
cp "$SRC/tests/articles/site/photos/storm.jpg" site/
printf '<html lang="en"><title>A fact</title><article><p>Seen by many.</p></article>' \
	>site/fact.html
erika-press pack -q site >/dev/null

run 2 "a retraction without a reason" erika-press retract rumour
run 2 "with an empty one" erika-press retract --reason '' rumour
run 2 "with one of two lines" \
	erika-press retract --reason "$(printf 'a\nb')" rumour
run 2 "with one too long" erika-press retract \
	--reason "$(head -c 1025 /dev/zero | tr '\0' x)" rumour
run 1 "of an article that is not there" \
	erika-press retract --reason "No." nothing
like "$err" 'no article "nothing"; erika-press preview lists them' \
	"says how to find it"
is "$(find room/repository/t -name '*.ekb' | wc -l)" 1 "none of these packed anything"
run 0 "with a reason" erika-press retract --reason "It was not so." rumour
like "$err" 'retracted +rumour \(revision 2\): A rumour' "says what it did"
like "$err" 'Earlier bundles on mirrors still hold its old text' \
	"and what it cannot do"
run 0 "the bundle opens" cat_bundle "$(find room/repository/t -name '*.2.ekb')" out
is "$out" "article rumour 2 retracted en 0 0 none" \
	"it has a notice, no text, no picture"
run 0 "preview" erika-press preview rumour
like "$out" 'It was not so\.' "shows the reason"
unlike "$out" 'neighbour' "and not the text"
run 0 "the list" erika-press preview
like "$out" 'retracted +rumour  A rumour$' "says so"
like "$(erika-press status)" '2 articles \(1 retracted\) in 2 bundles; 2 not' \
	"status counts it"
run 1 "a second time" erika-press retract --reason "Again." rumour
like "$err" 'it is retracted already' "is refused"
run 0 "packing the page again" erika-press pack site
like "$err" 'left out +rumour: it was retracted' "does not bring it back"
like "$err" '0 new, 0 changed, 1 unchanged, 1 left out' "nor a changed page"
sed -i 's/neighbour/friend/' site/rumour.html
run 0 "changed" erika-press pack site
like "$err" 'left out +rumour: it was retracted' "it stays retracted"
run 0 "publish" erika-press publish
like "$(erika-press status)" '; 0 not published yet' "sends it off"
plan
