#!/bin/bash
# The newsroom learns from OONI's measurements who is blocked where.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "importing measurements" python3
newsroom h "The Harbour"
i() {
	erika-press countries import -C h/room --country RU "$@"
}

# row SITE MEASURED CONFIRMED ANOMALIES [MORE...]: of one JSON table.
table() {
	python3 - "$@" <<'PY'
import json, sys
rows = []
for arg in sys.argv[1:]:
    site, n, confirmed, odd, *more = arg.split()
    n, confirmed, odd = int(n), int(confirmed), int(odd)
    row = {"domain": site, "measurement_count": n, "confirmed_count": confirmed,
           "anomaly_count": odd, "failure_count": 0,
           "ok_count": n - confirmed - odd}
    row.update(m.split("=") for m in more)
    rows.append(row)
print(json.dumps({"v": 0, "dimension_count": 1, "result": rows,
                  "db_stats": {"bytes": 1, "elapsed_seconds": 0.1}}))
PY
}
table "www.quay.example 1020 812 41" "tide.example 90 0 60" \
	"calm.example 5000 2 100" "few.example 10 0 9" >june.json

# ---- the first import

run 0 "a dry run" i --dry-run june.json
like "$out" '^new +quay.example +812 of 1020 confirmed, 41 odd$' \
	"shows what is proof"
like "$out" '^new +tide.example +SUSPECTED only: 60 of 90 odd$' \
	"what is suspicion"
unlike "$out" 'calm|few' "and nothing else"
like "$err" 'Left out: 2 with under 3 confirmed .* half of 50' \
	"the thresholds are stated"
ok "$([ -e h/room/countries.ini ] && echo 1 || echo 0)" "nothing is written"
run 0 "the import" i --since 2026-06-01 --until 2026-06-30 june.json
like "$out" 'quay.example .*2026-06-01 to 2026-06-30$' "has its days"
like "$(cat h/room/countries.ini)" '^\[blocked "RU quay.example"\]$' \
	"it is in the newsroom's table"
cp h/room/countries.ini first.ini
run 0 "again" i --since 2026-06-01 --until 2026-06-30 june.json
is "$out" "" "changes nothing"
like "$err" '0 new, 0 changed, 2 as before' "and says so"
is "$(cat h/room/countries.ini)" "$(cat first.ini)" "no byte of the file"

# ---- what people wrote stays

cat >h/room/countries.ini <<'INI'
# Ours.
[country "RU"]
strategies = sni, https

# They told us by letter.
[blocked "RU quay.example"]
name = The Quay
since = 2022-03
source = a letter
INI
run 0 "an import over a table that people wrote" i june.json
like "$out" '^changed +quay.example' "changes what is in it"
is "$(cat h/room/countries.ini)" '# Ours.
[country "RU"]
strategies = sni, https

# They told us by letter.
[blocked "RU quay.example"]
name = The Quay
since = 2022-03
source = a letter; OONI web_connectivity, aggregated
measured = 1020
confirmed = 812
anomalies = 41

[blocked "RU tide.example"]
source = OONI web_connectivity, aggregated
measured = 90
confirmed = 0
anomalies = 60' "and nothing beside that"
run 0 "again" i june.json
like "$err" '0 new, 0 changed, 2 as before' "nothing"

# ---- days and ways

table "quay.example 30 0 0 measurement_start_day=2026-07-01" \
	"quay.example 30 9 0 measurement_start_day=2026-07-02 blocking_type=dns" \
	"quay.example 30 20 5 measurement_start_day=2026-07-03 blocking_type=tcp_ip" \
	"quay.example 9 1 0 measurement_start_day=2026-07-03 blocking_type=http-diff" \
	"wharf.example 40 7 0 measurement_start_day=2026-07-02" \
	"wharf.example 40 7 0 measurement_start_day=2026-07-02 probe_cc=BY" \
	>july.json
run 0 "a table by day and way" i july.json
like "$out" '^changed +quay.example +30 of 99 confirmed, 5 odd +2026-07-01 to 2026-07-03$' \
	"has the days it has"
like "$out" '^new +wharf.example +7 of 40' "another country's do not count"
like "$err" '1 rows are of another country' "which is said"
like "$(cat h/room/countries.ini)" '^how = dns, tcp_ip$' \
	"a way that was seen once is none"
like "$(cat h/room/countries.ini)" '^since = 2022-03$' "the earlier date stays"
like "$(cat h/room/countries.ini)" '^since = 2026-07-02$' \
	"the first confirmed day is one"
table "quay.example 300 0 3" >august.json
run 0 "a site that is open again" i august.json
like "$err" 'quay.example: 0 of 300 .* if it is open again, remove' \
	"is for people to decide"

# ---- CSV, lists, several files

python3 - >june.csv <<'PY'
import json
rows = json.load(open("june.json"))["result"]
print(",".join(rows[0]))
for r in rows:
    print(",".join(map(str, r.values())))
PY
rm h/room/countries.ini
run 0 "the same as CSV" i --since 2026-06-01 --until 2026-06-30 june.csv
is "$(cat h/room/countries.ini)" "$(cat first.ini)" "is the same"
cat >ru.csv <<'CSV'
url,category_code,category_description,date_added,source,notes
https://tide.example/,NEWS,News Media,2014-04-15,citizenlab,"a ""note"",
with two lines"
https://quay.example/,GAME,Gaming,2014-04-15,citizenlab,
CSV
run 0 "a list alone" i ru.csv
like "$err" 'what is tested, not what is blocked' "says nothing of blocking"
rm h/room/countries.ini
run 0 "with measurements" i ru.csv june.json
like "$out" '^new +tide.example' "leaves the news"
unlike "$out" quay "alone"
like "$err" 'Also left out: 3 that no list calls news' \
	"and counts the others"
run 0 "two files" i june.json july.json
like "$out" '^new +quay.example +842 of 1119 confirmed' "add up"
run 2 "one file twice" i june.json june.json
printf '{"v":0,"dimension_count":0,"result":{"measurement_count":40,"confirmed_count":30,"anomaly_count":0,"failure_count":0,"ok_count":10}}' \
	>one.json
run 2 "a table of one object" i one.json
like "$err" 'axis_x=domain' "says what to ask"
run 0 "of a site that is named" i --site pier.example one.json
like "$out" '^new +pier.example +30 of 40' "is that site's"
run 0 "as JSON" i --json --site pier2.example one.json
is "$(printf '%s' "$out" | python3 -c '
import json, sys
o = json.load(sys.stdin)
print(o["schema"], o["host"], o["change"], o["confirmed"], o["proven"])')" \
	"erika-import-1 pier2.example new 30 True" "likewise"

# ---- what is no table

cp h/room/countries.ini before.ini
printf '{"v":0,"error":"axis_z is not an axis"}' >error.json
run 15 "an error with status 200" i error.json
like "$err" "error.json: it is an error of OONI's instead of measurements: axis_z" \
	"is told as what it is"
printf 'Option axis_z is not known\n' >error.txt
run 15 "the same in words" i error.txt
like "$err" 'It says: Option axis_z' "is shown"
printf '<html>502</html>' >page.html
run 15 "a web page" i page.html
: >empty
run 15 "nothing" i empty
printf 'url,category_code\n"http://a.example/,NEWS\n' >open.csv
run 15 "an open quote" i open.csv
head -c 100000 /dev/zero >zeros
run 15 "zeros" i zeros
python3 -c 'print("[" * 1000000)' >deep.json
run 15 "a million brackets" i deep.json
python3 -c '
print("{\"v\":0,\"result\":[" + ",".join(["{}"] * 12000000) + "]}")' >huge.json
run 15 "36 MB of nothing" i huge.json
rm huge.json
table "a.example 10 9 0" "b.example 5 9 0" >more.json
run 15 "more confirmed than measured" i more.json
run 1 "a file that is not there" i none.json
is "$(cat h/room/countries.ini)" "$(cat before.ini)" "none of that wrote anything"
run 2 "no country" erika-press countries import -C h/room june.json
run 2 "a country that is none" erika-press countries import -C h/room -c ru \
	june.json
run 2 "half a period" i --since 2026-06-01 june.json
run 2 "a period that ends before" i --since 2026-06-02 --until 2026-06-01 \
	june.json
run 2 "no file" i
run 2 "another verb" erika-press countries export -C h/room -c RU june.json
printf '[country "RU"]\ncolour = red\n' >h/room/countries.ini
run 2 "a table that is wrong already" i june.json
like "$err" 'countries.ini:2: unknown key' "is not written over"
cp before.ini h/room/countries.ini

# ---- and readers learn it

page h tide "The tide" "High water at noon."
issue h
reader one
trust h --mirror "$PWD/h/m"
run 0 "a reader syncs" erika sync -q
run 0 "and asks" erika outlets --country RU
like "$out" '^quay.example .* The Harbour$' "the site is there on its word"
like "$out" '842 of 1119 measurements confirm it' "with the counts"
like "$out" 'SUSPECTED, not proven: 60 of 90' "suspicion is called so"
plan
