#!/bin/bash
# A reader who has a newsroom's signed list, when the network is blocked in one
# way and then in another: by what the list says of each mirror the next news
# comes all the same, and nobody is asked who should not be.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
. "$SRC/tests/lib/lab.sh"
lab_or_skip "a reader's ways"
capture_or_skip "a reader's ways"

mkdir -p site
newsroom h "The Harbour"
mv h/m site/m-of-h
ln -s ../site/m-of-h h/m
lab_start "$PWD/site/m-of-h" 4 --services doh,proxy
{
	for i in 1 2 3; do
		printf '[mirror "m%d"]\nurl = %s\naddress = 198.18.1.%d\n' \
			$i "$(mirror_url $i)" $i
		printf 'pin = %s\nsni = www.other.example\n' "$lab_pin"
		[ $i -gt 1 ] || printf 'to = %s\nfront = front.lab.test\n' \
			"$PWD/site/m-of-h"
	done
	# Without an address: only a resolver can find it.
	printf '[mirror "m4"]\nurl = %s\n' "$(mirror_url 4)"
	printf '[resolver "https://doh.lab.test/dns-query"]\n'
	printf 'address = 198.18.1.200\n'
} >h/room/mirrors.ini
page h tide "The tide" "High water at noon."
issue h
ok $? "an outlet whose list says much of its mirrors"

# newest: publish one article more.
count=1
newest() {
	count=$((count + 1))
	page h "news$count" "News $count" "$(head -c 6000 /dev/urandom | base64)"
	issue h
}

# day NAME BEHAVIOUR...: news, all mirrors blocked so, and a reader that has
# the list and nothing newer syncs; what left is in NAME.pcap.
day() {
	local name=$1
	shift
	rm -rf "readers/$name"
	mkdir -p readers
	reader "$name"
	trust h
	erika sync -q --from site/m-of-h
	newest
	lab all "$@" || ok 1 "mirrors can be $*"
	: >lab/access.log
	capture "$name" || ok 1 "a capture"
	at_reader timeout 60 erika sync $more >"$name.out" 2>"$name.said"
	status=$?
	capture_stop
	got=$(erika list --all --json | grep -c erika-headline)
}
# brings NAME BEHAVIOUR...: and the news is there.
brings() {
	day "$@"
	is "$status" 0 "$1: up to date" || sed 's/^/# /' "$1.said"
	is "$got" "$count" "$1: with the news"
}
more=

brings open normal
brings nxdomain nxdomain
brings bogus-address bogus-address
brings sni-rst sni-rst
brings sni-rst-nxdomain sni-rst nxdomain
brings sni-drop sni-drop
brings freeze freeze
brings freeze-nxdomain freeze nxdomain

# Only the resolver of the list finds the fourth.
lab sets m01=blackhole m02=blackhole m03=blackhole m04=nxdomain
rm -rf readers/doh
reader doh
trust h
erika sync -q --from site/m-of-h
newest
run 0 "doh: up to date" at_reader timeout 60 erika sync
grep -q '^m04.lab.test 1 ' lab/doh.log
ok $? "by the list's resolver"

# Only the front is open.
brings front blackhole

# With the front shut, too, nothing is.
at_mirrors() {
	$lab_enter -t "$(cat lab/mirrors.pid)" -n ip addr "$1" 198.18.1.202/32 dev lo
}
at_mirrors del
day shut blackhole nxdomain
is "$status" 13 "all of it shut: no mirror can be reached"
is "$got" "$((count - 1))" "and what was there stays"
at_mirrors add

# ---- a proxy, and nothing beside it

more='--proxy socks5h://198.18.1.201:9050'
brings proxy sni-rst nxdomain
is "$(beside_proxy proxy)" "" \
	"proxy: no packet goes beside it"
is "$(captured proxy 'udp or port 53')" "" "proxy: no name is asked for"
[ "$(captured proxy 'host 198.18.1.201' | wc -l)" -gt 10 ]
ok $? "and the capture saw those that went through"
# All commands that use the network keep to it.
capture others || ok 1 "a capture"
reader proxied
run 0 "add by the proxy" at_reader timeout 30 erika add --yes \
	$more "$(mirror_url 1)"
run 0 "doctor by the proxy" at_reader timeout 60 erika doctor --yes $more
like "$out" 'm01\.lab\.test +proxy +ok' "finds it open"
run 0 "pictures by the proxy" at_reader timeout 60 erika sync --images $more
capture_stop
is "$(beside_proxy others)" "" \
	"none of them sends a packet beside it"
[ "$(captured others 'host 198.18.1.201' | wc -l)" -gt 10 ]
ok $? "and the capture saw those that went through"
more='--proxy socks5h://198.18.1.201:9051'
day no-proxy normal
is "$status" 13 "a proxy that is not there: no mirror can be reached"
is "$got" "$((count - 1))" "and nothing came"
is "$(beside_proxy no-proxy)" "" \
	"nor went beside it"
plan
