#!/bin/bash
# erika doctor finds what is done to each mirror, and says it in OONI's words.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
. "$SRC/tests/lib/lab.sh"
. "$SRC/tests/lib/deeds.sh"
lab_or_skip "erika doctor"

deed_outlet h
mapfile -t all < <(python3 "$SRC/tests/net/lab.py" --list)
n=$((${#all[@]} + 1))
all+=(normal)
lab_start "$PWD/h/m" "$n"
sets= named=
for i in $(seq "$n"); do
	sets="$sets m$(printf %02d "$i")=${all[i - 1]}"
	named="$named --mirror $(mirror_url "$i")"
done
lab sets $sets
ok $? "each mirror is bad in its own way, but the last"

# What it is known by needs files that are worth stopping.
reader one
erika add -q --yes $named h/m/m/1.root.json
erika sync -q --from h/m
run 0 "the doctor comes" at_reader erika doctor --yes --json
python3 - "${all[@]}" <<'PY' >found.txt
import json, sys
seen = {}
for line in open("run.out"):
    for route in json.loads(line).get("routes", []):
        seen[route["mirror"][:3]] = route
for i, how in enumerate(sys.argv[1:], 1):
    r = seen.get("m%02d" % i, {})
    print(how, r.get("strategy"), r.get("result"))
PY

# found BEHAVIOUR PATTERN
found() {
	like "$(grep "^$1 " found.txt)" "^$1 https ($2)$" "$1: $2"
}
found normal ok
for how in blackhole rst bogus-address; do found $how tcp_ip; done
found nxdomain dns
for how in synack-silence sni-rst sni-drop mute silent slow-head garbage-tls
do
	found $how http-failure
done
for how in block-page status-403 status-451 redirect gzip-bomb bit-flip; do
	found $how http-diff
done
found freeze frozen
for how in slow-body truncated endless; do
	found $how 'http-failure|http-diff'
done
# Loss may look like anything, but not like a lie.
for how in loss-5 loss-10; do found $how 'ok|frozen|http-failure'; done
run 0 "the table" at_reader erika doctor --yes
like "$out" 'm06\.lab\.test +https +frozen +.*[0-9]+(\.[0-9])? KB' \
	"says after how many KB"
# How it is now is remembered; a sync knows whom to ask.
run 0 "a sync afterwards" at_reader erika sync
plan
