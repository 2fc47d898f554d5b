#!/bin/bash
# erika doctor: each kind of trouble by its name, with and without a proxy; a
# report for others that says nothing of this machine.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/ports.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "doctor" python3

# An outlet with a text that is long enough to be frozen on its way.
newsroom h "The Harbour"
page h tide "The tide" "$(python3 -c '
import random
random.seed(4)
print(" ".join("".join(random.choice("abcdefghijklmnoprstuvwxyz")
                       for _ in range(random.randint(3, 9)))
               for _ in range(20000)))')"
issue h
ok $? "there is an outlet"
serve web h/m
reader base
trust h && erika sync -q --from h/m
cp -r readers/base readers/start

# doctor STATUS NAME MIRROR...: with these mirrors alone; the table in $out.
doctor() {
	local status=$1 name=$2 mirrors=()
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		mirrors+=(--mirror "$1")
		shift
	done
	[ $# -gt 0 ] && shift
	rm -rf readers/base
	cp -r readers/start readers/base
	[ ${#mirrors[@]} -eq 0 ] || erika add -q "${mirrors[@]}" h/m/m/1.root.json
	run "$status" "$name" erika doctor --yes "$@"
}

# ---- one word for each kind

doctor 0 "a good mirror" "$http/normal/"
like "$out" '^The Harbour: 1 of 1 way to 1 mirror works$' "is counted"
like "$out" ' http +ok +[0-9.]+ s to the first byte, .*/s$' \
	"and said to be ok, with its measures"
is "$err" "" "--yes warns nobody"
unlike "$out" 'Try ' "there is nothing to explain"
like "$out" '^  who talks to the network is (not )?shut in' \
	"how the fetcher is shut in is said"
doctor 0 "a folder" "$PWD/h/m"
like "$out" ' file +ok ' "is a way"
cp -r h/m bent
flip "$(only bent/t/b/news/*/*.ekb)" 30000
doctor 13 "one bit of a text" "$PWD/bent"
like "$out" ' file +http-diff +tampered: other bytes came' "is seen"
doctor 0 "a wall after 14,000 bytes" "$http/wall/"
like "$out" ' frozen +after 14 KB of a larger file; pieces of 8 KB get through$' \
	"is recognised, and what passes it"
like "$out" '^  frozen: what is longer .* Try erika sync, which takes small' \
	"and explained"
# A label of over 63 bytes cannot be asked for: no question leaves the machine.
doctor 13 "a name that leads nowhere" "http://$(printf 'x%.0s' {1..64}).test/"
like "$out" '^The Harbour: 0 of 1 way ' "nothing works"
like "$out" ' http +dns ' "dns"
like "$out" '^  dns: no such name .* Try --proxy tor' "in plain words, too"
is "$(grep -c ' Try ' run.out)" 1 "and no word that is not there"
like "$err" 'no way to any mirror works here; .*share file' \
	"and what to do about it"
doctor 13 "a port where nobody is" http://127.0.0.1:1/
like "$out" ' http +tcp_ip ' "tcp_ip"
like "$out" '^  tcp_ip: no connection: .* Try --proxy tor' "in plain words"
doctor 13 "a reset" "$http/rst/"
like "$out" ' http +http-failure ' "http-failure"
like "$out" '^  http-failure: broke off .* Try --proxy tor' "in plain words"
doctor 13 "a block page" "$http/html/"
like "$out" ' http +http-diff +a web page' "http-diff"
like "$out" "^  http-diff: an answer, but not the newsroom's" "in plain words"
for b in 403 451 500 redirect garbage tampered endless 404; do
	doctor 13 "$b" "$http/$b/"
	like "$out" ' http +http-diff ' "http-diff"
done
doctor 13 "terminal escapes" "$http/escape/"
unlike "$out$err" "$(printf '\033')" "do not come through"
doctor 13 "silence, and little time" "$http/silent/" -- --seconds 1
like "$out" ' http +(http-failure|untried)' "ends in time"
doctor 13 "no mirror at all"
like "$out" '^The Harbour: 0 of 0 ways to 0 mirrors work$' "is no way"

# ---- several

doctor 0 "good and bad ones" "$http/normal/" "$http/html/" "$http/rst/" \
	https://abcdefghij.onion/
like "$out" '^The Harbour: 1 of 3 ways to 4 mirrors works$' "are counted"
like "$out" "^  $http/html/ " "mirrors of one host are told apart"
like "$out" 'abcdefghij.onion: not contacted: an onion service: .*--proxy tor' \
	"an onion's name goes to no resolver"
run 0 "it is remembered" erika doctor --yes
like "$(sed -n 2p run.out)" ' ok ' "what works comes first"
run 0 "a second outlet's name" erika doctor --yes "The Harbour"
run 1 "one that is not here" erika doctor --yes "The Quay"
run 2 "no time" erika doctor --yes --seconds 0
run 0 "unless told to, it warns" erika doctor
like "$err" 'contacts every mirror' "first"
echo mine >found.json
run 1 "a file that is there" erika doctor --no-input --export found.json
like "$err" 'already there: found\.json' "is not written over"
unlike "$err" 'contacts every' "which is said before anybody is contacted"
run 0 "unless told to" erika doctor --yes --export found.json
like "$(cat found.json)" 'erika-doctor-export-1' "then it is"
reader nobody
run 1 "without an outlet" erika doctor
unlike "$err" 'contacts every' "there is nothing to warn of"
reader base

# ---- an outlet's own site

mkdir -p readers/base.cf/erika
cat >readers/base.cf/erika/countries.ini <<'INI'
[country "RU"]
name = Russia
[blocked "RU 127.0.0.1"]
name = The Harbour
since = 2022-03
how = dns
source = a test
INI
: >web.log
run 13 "a site that is blocked there" erika doctor --yes --country RU
is "$(cat web.log)" "" "is not contacted"
like "$out" 'not contacted: a site of an outlet that is blocked' "and why"
run 0 "elsewhere it is a mirror as any" erika doctor --yes --country BY
like "$(cat web.log)" ' normal GET ' "and contacted"
rm readers/base.cf/erika/countries.ini

# ---- for programs and for others

doctor 0 "as JSON" "$http/normal/" "$http/wall/" "$PWD/h/m" -- --json \
	--network lesnaya --export report.json
printf '%s' "$out" >doctor.json
is "$(python3 - <<'PY'
import json
d = json.load(open("doctor.json"))
r = {x["url"].rstrip("/").rsplit("/", 1)[1]: x for x in d["routes"]}
print(d["schema"], d["outlet"], d["network"], d["proxied"], len(r))
print(r["normal"]["result"], r["normal"]["frozen_after"],
      r["normal"]["small_pieces"], r["normal"]["strategy"])
w = r["wall"]
print(w["result"], 14000 <= w["frozen_after"] < 15000, w["small_pieces"])
print(r["m"]["strategy"], r["m"]["result"])
print(type(d["sandbox_lacks"]).__name__)
PY
)" "erika-doctor-1 The Harbour lesnaya False 3
ok None None http
frozen True True
file ok
str" "all of it"
is "$(python3 - <<'PY'
import json
d = json.load(open("report.json"))
o = d["outlets"][0]
print(d["schema"], len(o["routes"]), [r["mirror"] for r in o["routes"]],
      sorted(r["result"] for r in o["routes"]), o["time"][10:])
PY
)" "erika-doctor-export-1 2 [None, None] ['frozen', 'ok'] T00:00:00Z" \
	"for others: what works"
unlike "$(cat report.json)" "127\.0\.0\.1|$PWD|lesnaya|message|normal" \
	"and nothing of this machine"
is "$(stat -c %a report.json)" 600 "nobody else reads it before it is given"

# ---- nothing beside a proxy

cat >hosts <<'HOSTS'
127.0.0.1 one.example two.example abcdefghij.onion
HOSTS
port=$(free_ports 1)
python3 "$SRC/tests/net/socks.py" --port "$port" --hosts hosts >socks.log \
	2>socks.err &
servers="$servers $!"
for _ in $(seq 200); do
	grep -q ready socks.log && break
	sleep 0.05
done
web=${http##*:}
doctor 0 "by a proxy" "http://one.example:$web/normal/" \
	"http://two.example:$web/normal/" \
	"http://abcdefghij.onion:$web/normal/" "http://no.example:$web/normal/" \
	-- --proxy "socks5h://127.0.0.1:$port"
like "$out" '^The Harbour: 3 of 4 ways to 4 mirrors work$' \
	"mirrors that only it can find"
is "$(printf '%s\n' "$out" | grep -c ' proxy  *ok ')" 3 "by the way of a proxy"
like "$out" "all by the proxy socks5h://127.0.0.1:$port, and nothing beside" \
	"which is said"
sed -n '/^ready/!p' socks.log | sort -u >users
is "$(cut -d ' ' -f 2 users | sort -u | tr '\n' ' ')" \
	"abcdefghij.onion no.example one.example two.example " \
	"it alone looks names up"
is "$(cut -d ' ' -f 1 users | grep -vc '^-$')" \
	"$(cut -d ' ' -f 1,2 users | sort -u | wc -l)" "each under a user's name"
is "$(cut -d ' ' -f 1 users | sort -u | wc -l)" 4 \
	"of its own: a circuit for each mirror"
: >socks.log
run 0 "a sync by it" erika sync --proxy "socks5h://127.0.0.1:$port"
like "$(cut -d ' ' -f 2 socks.log | sort -u | tr '\n' ' ')" \
	'^(((abcdefghij\.onion|no\.example|one\.example|two\.example) )+)$' \
	"goes by it, by name"
: >web.log
: >socks.log
doctor 13 "a proxy that does not answer" "$http/normal/" -- \
	--proxy socks5h://127.0.0.1:1
like "$out" ' Try another mirror, or later$' "is not told to take one"
unlike "$out" '--proxy tor' "of that kind"
is "$(cat web.log)" "" "is no reason to go beside it"
plan
