#!/bin/bash
# Two mirrors that are onion services, by the example under mirrors/, in a Tor
# network of the test's own: a newsroom publishes to them through Tor, and a
# reader adds, syncs, verifies and reads. Each mirror has a circuit of its own,
# and nothing goes beside Tor.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/ports.sh"
. "$SRC/tests/lib/newsroom.sh"
. "$SRC/tests/lib/tor.sh"
tor_or_skip "onion services"

# Where this user may, in a network that has nothing but this machine.
if [ -z "${ONION_ALONE:-}" ]; then
	export ONION_ALONE=no
	for how in -n -Urn; do
		unshare $how ip link set lo up 2>/dev/null || continue
		ONION_ALONE=yes exec unshare $how bash "$0"
	done
fi
[ $ONION_ALONE = no ] || ip link set lo up

tools=
cleanup() {
	for p in $tools; do kill "$p" 2>/dev/null; done
	tor_stop
}
trap cleanup EXIT
tor_keys &
keys=$!

# ---- a newsroom, and two nodes that wait at a socket
newsroom n "The Harbour"
page n one "One ship" "It came in on the tide."
page n two "A long list" "$(head -c 200000 /dev/urandom | base64)"
for k in 1 2; do
	mkdir -p "node$k" "run$k"
	printf '[mirror]\nlisten = unix:%s/http\nroot = node%d\npublisher = %s\n' \
		"$PWD/run$k" $k "$words" >node$k.conf
	erika-mirror serve -c node$k.conf 2>node$k.err &
	node[k]=$!
	tools="$tools $!"
done
wait $keys
tor_network
ok $? "a Tor network of three authorities and two relays"

# ---- the onion services, and the tor of newsroom and reader
for k in 1 2; do
	{
		tor_common h$k
		echo "SocksPort 0"
		sed "s|/run/erika/http|$PWD/run$k/http|
			s|/var/lib/tor/erika|$PWD/tor/onion$k|" \
			"$SRC/mirrors/torrc"
	} >tor/h$k.torrc
	tor_run h$k
done
read -r socks control <<<"$(free_ports 2)"
proxy=socks5h://127.0.0.1:$socks
{
	tor_common user
	printf 'SocksPort 127.0.0.1:%d\nControlPort 127.0.0.1:%d\n' \
		"$socks" "$control"
	echo "CookieAuthentication 1"
	# Where nobody else has it: where erika looks for Tor by itself.
	[ $ONION_ALONE = no ] || echo "SocksPort 127.0.0.1:9050"
} >tor/user.torrc
tor_run user
tor_up h1 h2 user
ok $? "two onion services, and a user's tor, are in it"
python3 "$SRC/tests/lib/tor_events.py" "$control" tor/user/control_auth_cookie \
	>events 2>events.err &
tools="$tools $!"
for k in 1 2; do
	onion[k]=$(cat tor/onion$k/hostname)
	for _ in $(seq 100); do
		curl -s -m 20 -o /dev/null --socks5-hostname \
			"127.0.0.1:$socks" "http://${onion[k]}/" && break
		sleep 0.2
	done
	printf '[mirror "m%d"]\nurl = http://%s/\nto = http://%s/\n' \
		$k "${onion[k]}" "${onion[k]}"
	[ $k$ONION_ALONE = 2yes ] || echo "proxy = $proxy"
done >n/room/mirrors.ini
grep -q ready events
ok $? "it tells of its circuits"

# streams EVENT NAME: the numbers of those that had it.
streams() {
	sed -n "s/^650 STREAM \([0-9]*\) $1 .*/\1/p" "$2.events" | sort -u
}
# through NAME COMMAND...: with a note of all that it sends, NAME.sent, and of
# what the user's tor was asked for, NAME.events.
through() {
	local name=$1
	shift
	seen=$(wc -l <events)
	if command -v strace >/dev/null; then
		strace -f -q -e trace=connect,sendto,sendmsg,sendmmsg,bind \
			-o "$name.sent" "$@"
	else
		: >"$name.sent"
		"$@"
	fi
	set -- $?
	for _ in $(seq 200); do
		tail -n +$((seen + 1)) events >"$name.events"
		[ -z "$(comm -23 <(streams NEW "$name") \
			<(streams CLOSED "$name"))" ] && break
		sleep 0.05
	done
	return "$1"
}
# nothing_beside NAME: it went to Tor's door, and nowhere else. An address of
# no host is connected to by UDP, which sends nothing: it tells networks apart.
door="htons\\(($socks|9050)\\), sin_addr=inet_addr\\(\"127\\.0\\.0\\.1\"\\)"
nowhere='htons\(443\), .*"(192\.0\.2\.1|2001:db8::1)"'
nothing_beside() {
	if [ ! -s "$1.sent" ]; then
		skip "$1: nothing goes beside Tor" "strace is not installed"
		return
	fi
	[ "$(grep -cE "$door" "$1.sent")" -gt 0 ]
	ok $? "$1: it went to Tor's door"
	is "$(grep -E 'sin6?_port' "$1.sent" | grep -vE "$door|$nowhere")" "" \
		"$1: and nowhere else"
	is "$(grep -E 'send.*sin6?_port' "$1.sent")" "" "$1: nor by UDP"
	is "$(grep -E 'sun_path=' "$1.sent")" "" "$1: no resolver was asked"
}
# names NAME K: under which names mirror K was asked for.
names() {
	grep -E "^650 STREAM [0-9]+ NEW 0 ${onion[$2]}:80 " "$1.events" |
		grep -oE 'SOCKS_USERNAME="[^"]*"' | sort -u
}
# circuits NAME K: that led there.
circuits() {
	sed -n "s/^650 STREAM [0-9]* SENTCONNECT \([0-9]*\) ${onion[$2]}:80.*/\1/p" \
		"$1.events" | sort -u
}
# through_both NAME COMMAND...: as often as it takes until both mirrors were
# reached: a sync does not wait for one that is slow today.
through_both() {
	for _ in $(seq 10); do
		through "$@" || return
		[ -n "$(circuits "$1" 1)" ] && [ -n "$(circuits "$1" 2)" ] &&
			break
	done
}
# apart NAME: each mirror had a name and circuits of its own.
apart() {
	local k
	for k in 1 2; do
		like "$(names "$1" $k)" '^SOCKS_USERNAME="[0-9a-f]{32}"$' \
			"$1: mirror $k is asked for under a name"
		is "$(names "$1" $k | wc -l)" 1 "$1: which is one"
		[ -n "$(circuits "$1" $k)" ]
		ok $? "$1: by a circuit"
	done
	is "$(comm -12 <(names "$1" 1) <(names "$1" 2))" "" \
		"$1: the mirrors' names are two"
	is "$(comm -12 <(circuits "$1" 1) <(circuits "$1" 2))" "" \
		"$1: and no circuit leads to both"
}

# ---- the newsroom
erika-press pack -q -C n/room n/pages >/dev/null 2>&1
run 0 "a newsroom publishes through Tor" through publish \
	erika-press publish -C n/room
said=$err
for k in 1 2; do
	like "$said" "^m$k +[0-9]+ files" "m$k has it all"
	run 0 "its node" erika-mirror status -c node$k.conf
	like "$out" '^  1 bundle, ' "has the bundle"
done
nothing_beside publish
apart publish

# ---- a reader
reader r
run 0 "a reader adds it" through add erika add --yes --proxy "$proxy" \
	"http://${onion[1]}/"
nothing_beside add
run 0 "syncs" through first erika sync --proxy "$proxy"
run 0 "and again, from all whom the newsroom names" \
	through_both sync erika sync --proxy "$proxy"
nothing_beside sync
apart sync
run 0 "verifies a bundle" erika verify "$(only node2/t/b/*/*/*.ekb)"
like "$out" '^authentic' "which is authentic"
like "$(erika list)" 'One ship' "finds the article"
run 0 "and reads" erika read one
like "$out" 'came in on the tide' "it"

# ---- another reader, and one mirror less
reader r2
run 0 "a second reader" through second erika add -q --yes --proxy "$proxy" \
	"http://${onion[2]}/"
run 0 "syncs, too" through too erika sync -q --proxy "$proxy"
run 0 "and again" through_both again erika sync -q --proxy "$proxy"
apart again
for k in 1 2; do
	is "$(comm -12 <(names sync $k) <(names again $k))" "" \
		"under another name for mirror $k"
	is "$(comm -12 <(circuits sync $k) <(circuits again $k))" "" \
		"by other circuits"
done
kill "${node[1]}"
wait "${node[1]}" 2>/dev/null
page n three "Three ships" "They followed."
erika-press pack -q -C n/room n/pages >/dev/null 2>&1
run 3 "one node is gone: the newsroom publishes" erika-press publish -C n/room
like "$err" '^m2 +[0-9]+ files' "to the other"
like "$err" '^erika-press: m1: ' "and is told of the first"
reader r
run 0 "and the reader syncs" erika sync --proxy "$proxy"
like "$(erika list)" 'Three ships' "the news"

# ---- without a proxy
run 13 "without Tor" through without erika sync --proxy none
if [ -n "$(command -v strace)" ]; then
	is "$(grep -E 'sin6?_port|sun_path=' without.sent |
		grep -vE "$nowhere")" "" "nobody is asked for anything"
fi
like "$err" 'no mirror may be asked from here' "and it says so"
run 13 "doctor" erika doctor --yes
like "$out" 'an onion service: it wants --proxy tor' "says what is wanted"
trap - EXIT
cleanup
plan
