#!/bin/bash
# erika doctor where a censor is: each block by its name, each way by what it
# gets past; and a sync that goes on from there.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/lab.sh"
. "$SRC/tests/lib/newsroom.sh"
lab_or_skip "doctor behind a censor"

# A text that is long enough to be frozen on its way.
newsroom h "The Harbour"
page h tide "The tide" "$(python3 -c '
import random
random.seed(4)
print(" ".join("".join(random.choice("abcdefghijklmnoprstuvwxyz")
                       for _ in range(random.randint(3, 9)))
               for _ in range(20000)))')"
blocks=(normal nxdomain bogus-address sni-rst sni-drop blackhole freeze status-403)
lab_start "$PWD/h/m" ${#blocks[@]} --services doh
for i in "${!blocks[@]}"; do
	cat <<INI
[mirror "${blocks[i]}"]
url = $(mirror_url $((i + 1)))
address = 198.18.1.$((i + 1))
pin = $lab_pin
sni = www.other.example
front = front.lab.test
INI
done >>h/room/mirrors.ini
cat >>h/room/mirrors.ini <<'INI'
[resolver "https://doh.lab.test/dns-query"]
address = 198.18.1.200
INI
issue h || cat h/*.out >&2
ok $? "an outlet whose list has all ways to its mirrors"
reader base
trust h && erika sync -q --from h/m
ok $? "a reader who has that list"

sets=
for i in "${!blocks[@]}"; do
	sets="$sets m0$((i + 1))=${blocks[i]}"
done
lab sets $sets
ok $? "each mirror blocked in its own way"
at_reader erika doctor --yes --json --network lab >doctor.json 2>doctor.err
is "$?" 0 "doctor says that something works"
python3 - >results <<'PY'
import json
d = json.load(open("doctor.json"))
for r in d["routes"]:
    what = r["result"]
    if what == "frozen":
        what += "/small" if r["small_pieces"] else "/nothing"
    print(r["mirror"], r["strategy"], what)
PY
# found MIRROR WANT: the results of its ways, in the usual order.
found() {
	is "$(for way in https address doh sni no-sni front; do
		sed -n "s/^$1 $way //p" results
	done | tr '\n' ' ')" "$2 " "$1: $2"
}
found normal "ok ok ok ok ok ok"
found nxdomain "dns ok ok ok ok ok"
found sni-rst "http-failure http-failure http-failure ok ok ok"
found sni-drop "http-failure http-failure http-failure ok ok ok"
found blackhole "tcp_ip tcp_ip tcp_ip tcp_ip tcp_ip ok"
found status-403 "http-diff http-diff http-diff http-diff http-diff ok"
like "$(sed -n 's/^bogus-address https //p' results)" '^(dns|tcp_ip|http-failure)$' \
	"bogus-address: the name leads elsewhere"
like "$(sed -n 's/^freeze https //p' results)" '^frozen/small$' \
	"freeze: a connection stops, pieces of 8 KB get through"
is "$(sed -n 's/^bogus-address \(address\|doh\|sni\|no-sni\) //p' results |
	sort -u)" ok "bogus-address: all ways but the name's work"
[ "$(wc -l <results)" -eq $((6 * ${#blocks[@]})) ]
ok $? "every way to every mirror was tried"
at_reader erika doctor --yes --network lab >table 2>&1
like "$(sed -n 2p table)" ' ok ' "what works is at the top, from memory"
like "$(cat table)" '^  freeze +https +frozen +after [0-9]+ KB of a larger file; pieces of 8 KB get through$' \
	"and a frozen way says where it stops"

# ---- what follows from it

cp -r readers/base readers/learnt
reader learnt
at_reader erika sync --network lab >sync.out 2>&1
is "$?" 0 "a sync by what was learnt"
reader base
cat >countries.ini <<INI
[country "RU"]
name = Russia
strategies = no-sni, sni, address
[blocked "RU m01.lab.test"]
name = The Harbour
since = 2022-03
how = dns
source = a test
INI
mkdir -p "$XDG_CONFIG_HOME/erika"
cp countries.ini "$XDG_CONFIG_HOME/erika/"
before=$(asked m01.lab.test)
seen=$(grep -c '^198\.18\.1\.1|' lab/access.log)
[ "$seen" -gt 0 ]
ok $? "the log shows who was contacted"
at_reader erika sync --country RU --network other >sync.out 2>&1
is "$?" 0 "a sync where the first mirror is an outlet's blocked site"
at_reader erika doctor --yes --country RU --network other >table 2>&1
like "$(cat table)" 'normal: not contacted: a site of an outlet' \
	"doctor says that it leaves it alone"
is "$(asked m01.lab.test)" "$before" "nobody asks for its name"
is "$(grep -c '^198\.18\.1\.1|' lab/access.log)" "$seen" \
	"nor connects to its address"
plan
