#!/bin/bash
# Every way to a mirror, and which blocks it gets past. A way that promises so
# asks no resolver and sends no packet beside its proxy: shown by a capture.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/lab.sh"
lab_or_skip "ways past a block"
tool=$ERIKA_BIN/tests/tool/fetchtool
capture_or_skip "ways past a block"

mkdir -p site/m
head -c 60000 /dev/urandom >site/m/file
blocks=(normal nxdomain bogus-address sni-rst sni-drop blackhole)
lab_start "$PWD/site" ${#blocks[@]} --services doh,proxy
sets=
for i in "${!blocks[@]}"; do
	sets="$sets m0$((i + 1))=${blocks[i]}"
done
lab sets $sets
ok $? "each mirror blocked in its own way"
resolver='resolver=https://doh.lab.test/dns-query|resolver_address=198.18.1.200'

# wish N WAY: for fetchtool, of mirror N.
wish() {
	local base address=198.18.1.$1 way=$2
	base=$(mirror_url "$1")
	case $way in
	https) way= ;;
	http)
		base=$(mirror_url "$1" http)
		way='|strategy=http'
		;;
	address) way="|strategy=address|address=$address" ;;
	doh) way="|strategy=doh|$resolver" ;;
	sni) way="|strategy=sni|address=$address|sni=www.other.example|pin=$lab_pin" ;;
	no-sni) way="|strategy=no-sni|address=$address|pin=$lab_pin" ;;
	front) way="|strategy=front|front=front.lab.test|$resolver" ;;
	proxy) way='|strategy=proxy|proxy=socks5h://198.18.1.201:9050' ;;
	esac
	echo "$base|m/file|0|0|60000$way"
}

# try WAY: all mirrors at once; prints the blocks that it got past.
try() {
	local i wishes=() said
	for i in "${!blocks[@]}"; do
		wishes+=("$(wish $((i + 1)) "$1")")
	done
	at_reader "$tool" -p -s 3 "${wishes[@]}" >"$1.out" 2>"$1.err"
	grep -v "^call " "$1.out" | cut -d ' ' -f 1,2 >"$1.short"
	i=0
	while read -r said; do
		[ "$said" = "OK 60000" ] && echo "${blocks[i]}"
		i=$((i + 1))
	done <"$1.short" | tr '\n' ' '
}

# way WAY WANT: what it must get past, and no more.
way() {
	capture "$1" || ok 1 "a capture"
	is "$(try "$1")" "$2 " "$1 gets past: $2" || sed 's/^/# /' "$1.out"
	capture_stop
}
# silent WAY: no question left this machine.
silent() {
	is "$(captured "$1" 'udp or port 53')" "" "$1 asks no local resolver"
}

way https "normal"
[ "$(captured https 'udp port 53' | wc -l)" -gt 5 ]
ok $? "and a capture sees that it asks for names"
[ "$(beside_proxy https | wc -l)" -gt 10 ]
ok $? "and mirrors, with no proxy between"
way http "normal sni-rst sni-drop"
way address "normal nxdomain bogus-address"
silent address
way doh "normal nxdomain bogus-address"
silent doh
[ "$(grep -c '^m02.lab.test 1 ' lab/doh.log)" -gt 0 ]
ok $? "but the other one"
way sni "normal nxdomain bogus-address sni-rst sni-drop"
silent sni
way no-sni "normal nxdomain bogus-address sni-rst sni-drop"
silent no-sni
is "$(grep -c '|198.18.1.1|.*m/file' lab/access.log)" 0 \
	"without a name in TLS the Host is still the mirror's"
way front "normal nxdomain bogus-address sni-rst sni-drop blackhole"
silent front
way proxy "normal nxdomain bogus-address sni-rst sni-drop blackhole"
silent proxy
is "$(beside_proxy proxy)" "" \
	"proxy: no packet goes beside it"
like "$(cat proxy.pcap.err)" '^0 packets dropped' "the capture missed nothing"
[ "$(captured proxy 'host 198.18.1.201' | wc -l)" -gt 100 ]
ok $? "and the capture saw those that went through"
is "$(cut -d ' ' -f 2 lab/proxy.log | sort -u | grep -c lab.test)" \
	${#blocks[@]} "the proxy is asked by name"
is "$(sed 1d lab/proxy.log | cut -d ' ' -f 1 | sort -u | wc -l)" \
	${#blocks[@]} "each mirror by a circuit of its own"

# ---- what must not work

# refused NAME PATTERN WISH: by one wish to a mirror that is not blocked.
refused() {
	like "$(at_reader "$tool" -p -s 4 "$3" 2>&1 | sed -n 2p)" "$2" "$1"
}
wrong=sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
what="$(mirror_url 1)|m/file|0|0|60000|address=198.18.1.1"
refused "another key than the pinned one" '^NETWORK 0 ' \
	"$what|strategy=no-sni|pin=$wrong"
refused "no pin, and no name to check" '^(NETWORK|REFUSED|UNSUPPORTED) 0 ' \
	"$what|strategy=no-sni"
refused "another name without a pin" '^(NETWORK|REFUSED|UNSUPPORTED) 0 ' \
	"$what|strategy=sni|sni=www.other.example"
refused "a proxy that is not there" '^(NETWORK|TIMEOUT) 0 ' \
	"$(mirror_url 1)|m/file|0|0|60000|strategy=proxy|proxy=socks5h://198.18.1.201:9051"
refused "a resolver that is not there" '^(NETWORK|TIMEOUT) 0 ' \
	"$(mirror_url 1)|m/file|0|0|60000|strategy=doh|resolver=https://doh.lab.test/dns-query|resolver_address=198.19.0.7"
plan
