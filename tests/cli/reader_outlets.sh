#!/bin/bash
# Mirrors that a reader is told of, and what is known about countries.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "outlets" python3

# get EXPRESSION: of the JSON in $out, called o.
get() {
	printf '%s' "$out" | python3 -c "
import json, sys
o = json.load(sys.stdin)
print($1)"
}
pin=sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=

# ---- a country, before anybody is trusted

reader nobody
run 0 "a country needs no outlet" erika outlets --country RU
like "$out" '^Russia \(RU\)$' "it is named"
like "$out" 'try first +https, sni, no-sni' "with the ways that come first"
like "$out" '^meduza.io +2022-03-04 .* built-in$' "and who is blocked since when"
is "$(printf '%s\n' "$out" | awk 'length > 100')" "" "no line is a long one"
run 0 "as JSON" erika outlets --country RU --json
is "$(get 'o["schema"], o["country"], o["ways"][0]["word"]')" \
	"erika-country-1 RU builtin" "one object"
is "$(get '[(b["since"], b["how"], b["proven"]) for b in o["blocked"]
	if b["host"] == "bbc.com"]')" \
	"[('2022-03-04', ['dns', 'http-failure', 'http-diff'], True)]" \
	"with each site's evidence"
run 0 "a country nobody knows anything about" erika outlets -c DE
like "$out" 'nobody: the usual order' "says so"
like "$out" 'does not say that none is' "and no more than that"
run 0 "in small letters" erika outlets -c ru
like "$out" '^Russia \(RU\)' "it is the same country"
run 2 "a country that is none" erika outlets -c r1
run 2 "or an empty one" erika outlets -c ""
run 2 "two questions at once" erika outlets -c RU --proof x

# ---- the user's own table

mkdir -p "$XDG_CONFIG_HOME/erika"
own=$XDG_CONFIG_HOME/erika/countries.ini
cat >"$own" <<'INI'
[country "RU"]
strategies = proxy
[blocked "RU quay.example"]
source = I tried it
measured = 40
confirmed = 31
anomalies = 4
from = 2026-01-01
until = 2026-02-01
[blocked "RU a-site-with-a-name-that-is-long.of-an-outlet.example"]
name = Новая газета Европа
since = 2022
how = dns, tcp_ip, http-failure, http-diff
source = a court's register of 2022–2026
[blocked "RU odd.example"]
source = OONI
measured = 40
anomalies = 30
INI
run 0 "a table of one's own" erika outlets -c RU
like "$out" 'try first +proxy, https, address' "says what comes first"
like "$out" 'says +your own file' "and whose word it is"
like "$out" '^quay.example .*your own file$' "and whom it knows"
like "$out" '31 of 40 measurements confirm it, 4 more were odd; 2026-01-01 to' \
	"with counts"
like "$out" 'SUSPECTED, not proven: 30 of 40' "an anomaly is no proof"
is "$(printf '%s\n' "$out" | python3 -c '
import re, sys
rows = [line for line in sys.stdin if re.search("SAID BY$|your own file$", line)
        and not line.startswith(" ")]
print(len(rows), *{tuple(m.start() for m in re.finditer(r"(?<=  )\S", row))
                   for row in rows})')" "4 (54, 66, 104)" "in columns"
like "$out" '^    Новая газета Европа: a court.s register of 2022–2026$' \
	"with the evidence"
unlike "$out" meduza "it stands in for the built-in one"
printf '[country "RU"]\nprefer = https\n' >"$own"
run 2 "a wrong table is an error" erika outlets -c RU
like "$err" 'countries.ini:2: unknown key "prefer"' "with its line"
rm "$own"

# ---- the outlet's signed word

newsroom h "The Harbour"
words_h=$words
page h tide "The tide" "High water at noon."
cat >>h/room/mirrors.ini <<INI
[mirror "site"]
url = https://mirror.harbour.example/e/
address = 203.0.113.7, 2001:db8::7
pin = $pin
sni = shop.example
front = cdn.example
countries = RU
[mirror "bucket"]
url = https://bucket.example/harbour/
kind = storage
[mirror "secret"]
url = https://secret.example/e/
listed = no
[resolver "https://dns.example/dns-query"]
address = 203.0.113.53
INI
cat >h/room/countries.ini <<'INI'
[country "RU"]
strategies = front, https
mirrors = bucket
[blocked "RU harbour.example"]
name = The Harbour
since = 2026-10
how = http-failure
source = The Harbour's own readers
INI
issue h
ok $? "an outlet that knows about a country"
signed=$(cat h/m/t/x/*.mirrors.json)
like "$signed" '"addresses":\["203.0.113.7","2001:db8::7"\]' \
	"its signed list has addresses"
like "$signed" '"resolvers":\[\{"address":"203.0.113.53"' "a resolver"
like "$signed" '"countries":\{"RU":\{"blocked":\[' "and the country"
unlike "$signed" 'secret|listed' "but no unlisted mirror"
reader one
trust h --mirror "$PWD/h/m"
run 0 "a reader syncs it" erika sync -q
run 0 "the list is known" erika outlets --json
is "$(get '[(m["addresses"], m["pin"] is not None, m["sni"], m["front"],
	m["storage"]) for m in o["mirrors"] if m["name"] == "site"]')" \
	"[(['203.0.113.7', '2001:db8::7'], True, 'shop.example', 'cdn.example', False)]" \
	"with all ways to a mirror"
is "$(get '[m["storage"] for m in o["mirrors"] if m["name"] == "bucket"]')" \
	"[True]" "and its kind"
run 0 "shown to people" erika outlets
like "$out" 'harbour.example/e/ \(2 addresses, pinned, other name, front\)$' \
	"in short"
run 0 "the country" erika outlets -c RU
like "$out" '^For the mirrors of The Harbour$' "has the outlet's word"
like "$out" 'try first +front, https, address' "for its own mirrors"
like "$out" 'try first +https, sni, no-sni' "beside that for all others"
like "$out" '^harbour.example +2026-10 +http-failure +The Harbour$' \
	"who is blocked, on its word"
like "$out" '^meduza.io .*built-in$' "beside the built-in table"
like "$out" 'never contacted from there: https://mirror.harbour.example/e/' \
	"and which mirror is never asked there"
run 0 "as JSON" erika outlets -c RU --json
is "$(get '[(w["outlet"], w["word"], w["strategies"][0], w["mirrors"])
	for w in o["ways"]]')" \
	"[(None, 'builtin', 'https', []), ('The Harbour', 'signed', 'front', ['bucket'])]" \
	"likewise"

# ---- a mirror by link

root=$(sed -n 's/^root *//p' h/init.out)
other=$(printf %064d 7)
run 0 "a link to a known outlet" erika add \
	"erika:$root?at=https://whisper.example/e/&address=203.0.113.9&pin=$pin"
like "$err" 'Known already; 1 mirror is added to The Harbour' \
	"adds its mirror, and asks nobody"
run 11 "a link with its name and another key" erika add --yes \
	"erika:$other?at=https://evil.example/&name=The%20Harbour"
like "$err" 'you know another "The Harbour" already' "is refused"
unlike "$(erika outlets -v)" evil "and adds nothing"

# ---- and by file

cat >list.ini <<INI
[outlet]
root = $root
[mirror "cellar"]
url = https://cellar.example/e/
address = 192.168.7.7
countries = RU
INI
run 0 "a file of mirrors" erika add --mirror-file list.ini
like "$err" '1 mirror is added to The Harbour' "is added"
run 0 "shown" erika outlets --json
is "$(get 'sorted((m["source"], m["name"], m["addresses"])
	for m in o["mirrors"] if m["source"] != "list")[0]')" \
	"('link', 'whisper.example', ['203.0.113.9'])" "the link's mirror"
is "$(get '[(m["source"], m["addresses"]) for m in o["mirrors"]
	if m["name"] == "cellar"]')" "[('user', ['192.168.7.7'])]" \
	"the file's, where a private address may stand"
sed -i "s/^root = .*/root = $other/" list.ini
run 11 "also when this one is named" erika add --mirror-file list.ini \
	"The Harbour"
sed -i /root/d list.ini
run 0 "one that does not say whose it is" erika add --mirror-file list.ini
newsroom q "The Quay"
issue q
trust q
run 2 "of two outlets" erika add --mirror-file list.ini
run 0 "one must be named" erika add --mirror-file list.ini "The Quay"
run 0 "also for a URL" erika add --mirror https://w.example/ "The Quay"
like "$(erika outlets 'The Quay')" 'https://w.example/ \(yours\)' "likewise"
printf '[mirror "x"]\nto = /x\n' >bad.ini
run 2 "a file with what is not a reader's" erika add --mirror-file bad.ini
printf '[mirror "x"]\nurl = ftp://x/\n' >bad.ini
run 2 "or with what is no mirror" erika add --mirror-file bad.ini
: >bad.ini
run 2 "or with none" erika add --mirror-file bad.ini
run 1 "or that is not there" erika add --mirror-file none.ini
run 2 "nothing to add" erika add

# ---- a file that says whose it is does as well as a link

serve web h/m
reader two
cat >whole.ini <<INI
[outlet]
root = $root
[mirror "web"]
url = $http/normal/
INI
run 1 "an outlet that is not known" erika add --mirror-file whole.ini
like "$err" 'Compare the words' "is decided on"
run 0 "and added" erika add --mirror-file whole.ini --words "$words_h"
run 0 "with its mirror" erika sync -q
sed -i "s/^root = .*/root = $other/" whole.ini
run 11 "a mirror that has another outlet" erika add --yes \
	--mirror-file whole.ini
like "$err" 'not the one that the file names' "is refused"
sed -i "s|^url = .*|url = http://127.0.0.1:1/|" whole.ini
run 13 "and one that is down" erika add --yes --mirror-file whole.ini
reader one

# ---- what is told in confidence stays here

run 0 "after another sync" erika sync -q "The Harbour"
run 0 "they are still known" erika outlets -v "The Harbour"
like "$out" 'whisper.example' "the link's"
like "$out" 'cellar.example' "and the file's"
run 0 "a share file" erika share -o all.erika "The Harbour"
ok "$(grep -c -a 'whisper\|cellar\|secret' all.erika)" "tells of none of them"
ok "$(grep -rc -a 'whisper\|cellar\|secret.example' h/m | awk -F: '
	{ n += $2 } END { print n + 0 }')" "nor does what the newsroom publishes"
ok "$([ "$(grep -c -a 'mirror.harbour' all.erika)" -gt 0 ] && echo 0 ||
	echo 1)" "though it has the signed list"
plan
