#!/bin/bash
# Fetching from mirrors that misbehave in every way, on loopback.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"

tool=$ERIKA_BIN/tests/tool/fetchtool
tools_or_skip "fetching" "$tool" python3

# ---- mirrors

mkdir -p root/m out
seq 40000 >root/big # 228,894 bytes
echo hello >root/m/a.json
cp -r root root.stale
echo old >root.stale/m/a.json

# get WISH...: one call; line N of $out is "call ERR", then one for each wish.
get() {
	out=$("$tool" -p -o out "$@" 2>&1)
}

# line N
line() {
	printf '%s\n' "$out" | sed -n "$(($1 + 1))p"
}

serve plain root
port=${http##*:}

# ---- what works

get "$http/normal/|m/a.json|0|0|100" "$http/normal/|big|0|0|1000000" \
	"$http/normal/|big|1000|70000|0" "$http/normal/|big|228893|1|0" \
	"$http/chunked/|big|0|0|228894" "$http/normal/|none|0|0|100" \
	"$http/no-range/|m/a.json|0|6|0" "$http/stale/|m/a.json|0|0|100"
like "$(line 0)" '^call OK' "eight wishes at once"
like "$(line 1)" '^OK 6 [0-9]+ 1 $' "a small file"
like "$(line 2)" '^OK 228894 ' "a large one"
ok "$(cmp -s out/1 root/big; echo $?)" "comes as it is"
like "$(line 3)" '^OK 70000 ' "a part"
ok "$(cmp -s out/2 <(tail -c +1001 root/big | head -c 70000); echo $?)" \
	"comes as it is too"
like "$(line 4)" '^OK 1 ' "the last byte"
like "$(line 5)" '^OK 228894 ' "a chunked body of just the most bytes"
like "$(line 6)" '^MISSING 0 [0-9]+ 1 .*404' "a file that is not there"
like "$(line 7)" '^OK 6 ' "a whole file that is just the part"
is "$(cat out/7)" old "a stale mirror is not noticed here"

: >plain.log
args=()
for i in $(seq 40); do
	args+=("$http/normal/|big|$((i * 100))|100|0")
done
get "${args[@]}"
is "$(printf '%s\n' "$out" | grep -c '^OK 100 ')" 40 "40 parts of one mirror"
n=$(cut -d ' ' -f 1 plain.log | sort -u | wc -l)
ok "$([ "$n" -le 8 ]; echo $?)" "come over at most 8 connections"

: >plain.log
w="$http/normal/|big|0|10|0"
get "$w" , "$http/normal/|none|0|0|10" , "$w" , "$http/403/|x|0|0|9" , "$w"
is "$(printf '%s\n' "$out" | grep -c '^OK 10 ')" 3 "one call after the other"
is "$(cut -d ' ' -f 1 plain.log | sort -u | wc -l)" 1 \
	"keeps its connection, also after a 404 and a 403"

# ---- every reader asks alike

get "$http/echo/|m/a.json|0|0|1000" , "$http/echo/|m/a.json|0|0|1000"
printf 'GET /echo/m/a.json HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nAccept: */*\r\n\r\n' \
	"$port" >want
ok "$(cmp -s want out/0; echo $?)" "a request has three lines"
ok "$(cmp -s want out/1; echo $?)" "also after cookies, ETag, Alt-Svc and HSTS"
mkdir home
printf 'machine 127.0.0.1 login reader password x\n' >home/.netrc
chmod 600 home/.netrc
out=$(HOME=$PWD/home http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 \
	HTTP_PROXY=http://127.0.0.1:1 "$tool" -p -o out "$http/echo/|m/a.json|0|0|1000")
like "$(line 1)" '^OK ' "the environment's proxies are not used"
ok "$(cmp -s want out/0; echo $?)" "nor .netrc"

# ---- what does not: wish, code, most bytes that may come, and the reason

wishes=() codes=() most=() whys=() names=()

# bad BEHAVIOUR OFFSET,N,MAX CODE MOST WHY
bad() {
	names+=("$1")
	wishes+=("$http/$1/|big|${2//,/|}")
	codes+=("$3")
	most+=("$4")
	whys+=("$5")
}

all=0,0,300000
part=100,1000,0
# Whole files. An honest one is about 229,000 bytes with its head.
bad truncated $all TRUNCATED 115000 'cut short after 114447 bytes'
bad endless $all TRAILING 365536 'more than the 300000 bytes'
bad endless-chunked $all TRAILING 365536 'more than the 300000 bytes'
bad endless-announced $all TRAILING 100 'announces 1000000000000 bytes'
bad normal 0,0,1000 TRAILING 100 'announces 228894 bytes'
bad one-more 0,0,228894 TRAILING 294431 'more than the 228894 bytes'
bad redirect $all NETWORK 200 'http-diff: redirected \(302\)'
bad redirect-file $all NETWORK 200 'http-diff: redirected \(301\)'
bad html $all NETWORK 200 'http-diff: a web page'
bad 403 $all MISSING 200 '403'
bad 404 $all MISSING 200 '404'
bad 404-endless $all MISSING 70000 '404'
bad 404-drip $all MISSING 200 '404'
bad 410 $all MISSING 200 '410'
bad 451 $all MISSING 200 'HTTP 451: withheld'
bad 204 $all NETWORK 200 'http-diff: status 204'
bad 304 $all NETWORK 200 'http-diff: redirected \(304\)'
bad 429 $all NETWORK 200 'http-diff: status 429'
bad 500 $all NETWORK 200 'http-diff: status 500'
bad 503 $all NETWORK 200 'http-diff: status 503'
bad gzip $all NETWORK 200 'http-diff: an encoding'
bad gzip-bomb $all NETWORK 200 'http-diff: an encoding'
bad te-bomb $all NETWORK 200 'http-diff: an encoding'
bad unasked-range $all NETWORK 200 'http-diff: a part came'
bad head-bomb $all NETWORK 16500 'http-diff: a head of over 16384'
bad head-line $all NETWORK 16500 'http-diff: a head of over 16384'
bad continue-bomb $all NETWORK 16500 'http-diff: a head of over 16384'
bad trailer-bomb $all NETWORK 82000 'http-diff: trailers without end'
bad extension-bomb $all NETWORK 66000 'http-diff: wrong chunks'
bad wrong-chunk $all NETWORK 200 'http-diff: wrong chunks|not HTTP'
bad cut-chunks $all TRUNCATED 200 'cut short after 5 bytes'
bad chunks-and-length $all NETWORK 200 'http-diff: two lengths'
bad two-lengths $all NETWORK 200 'http-diff: a wrong Content-Length'
bad escape $all NETWORK 200 'http-diff'
bad garbage $all NETWORK 200 'http-diff: not HTTP'
bad http09 $all NETWORK 200 'http-diff: not HTTP'
bad upgrade $all NETWORK 200 'http-diff: status 101'
bad rst $all NETWORK 0 'http-failure: '
bad rst-body $all NETWORK 6000 'http-failure: broke off after'
bad close $all NETWORK 0 'http-failure: closed without'
bad silent $all TIMEOUT 0 'http-failure: no answer in 6 s'
bad slow-head $all TIMEOUT 200 'http-failure: no whole head in 6 s'
bad slow-body $all TIMEOUT 500 'http-failure: too slow'
bad frozen $all TIMEOUT 14100 'http-failure: frozen after 14 KB'
# Parts.
bad no-range $part NETWORK 70000 'http-diff: the whole file'
bad wrong-range $part NETWORK 200 'http-diff: another part'
bad lying-range $part NETWORK 200 'http-diff: another part'
bad short-range $part TRUNCATED 200 'ends at byte 1099'
bad cut-range $part TRUNCATED 700 'cut short after 499 bytes'
bad one-more $part TRAILING 1200 'more than the 1000 bytes'
bad endless-range $part TRAILING 65700 'more than the 1000 bytes'
bad normal 228000,1000,0 TRUNCATED 200 'ends at byte 228894'
bad normal 228894,1,0 TRUNCATED 200 '416'

get "${wishes[@]}"
like "$(line 0)" '^call OK' "${#wishes[@]} bad answers at once"
for i in "${!wishes[@]}"; do
	l=$(line $((i + 1)))
	like "$l" "^${codes[i]} 0 [0-9]+ 1 .*${whys[i]}" "${names[i]}: its reason"
	read -r _ _ wire _ <<<"$l"
	ok "$([ "$wire" -le "${most[i]}" ]; echo $?)" \
		"${names[i]}: $wire bytes, at most ${most[i]}"
done
unlike "$out" "$(printf '\033')" "no escape reaches the terminal"

# ---- the deadline comes before all other clocks

out=$("$tool" -p -s 1 "$http/silent/|x|0|0|9" "$http/slow-head/|x|0|0|9" \
	"$http/slow-body/|x|0|0|999999" "$http/frozen/|x|0|0|999999" \
	"$http/404-drip/|x|0|0|9" "$http/normal/|m/a.json|0|0|9")
like "$(line 0)" '^call OK' "a deadline"
for i in 1 2 3; do
	like "$(line $i)" '^TIMEOUT 0 .*in the time given' "ends wish $i"
done
like "$(line 4)" '^TIMEOUT 0 .*frozen after 14 KB' "ends wish 4, which froze before"
like "$(line 5)" '^MISSING ' "and waits for no 404's body"
like "$(line 6)" '^OK 6 ' "a good one is done before it"

# ---- addresses

: >plain.log
out=$("$tool" "$http/normal/|big|0|10|0" "http://localhost:$port/normal/|big|0|10|0" \
	"http://2130706433:$port/normal/|big|0|10|0" \
	"http://0x7f.1:$port/normal/|big|0|10|0" \
	"http://[::ffff:127.0.0.1]:$port/normal/|big|0|10|0" \
	"http://[::1]:$port/normal/|big|0|10|0" "http://10.0.0.1/|x|0|0|9" \
	"http://169.254.169.254/|x|0|0|9")
is "$(printf '%s\n' "$out" | grep -c '^NETWORK 0 0 0 dns: leads to the private')" \
	8 "no private address unless the user named the mirror"
out=$("$tool" "$http/normal/|big|0|10|0|p" , "$http/normal/|big|0|10|0")
like "$(line 1)" '^OK ' "the user's own mirror may have one"
like "$(printf '%s\n' "$out" | tail -n 1)" '^NETWORK 0 0 0 dns: leads to the private' \
	"its open connection is not lent to others"
is "$(wc -l <plain.log)" 1 "and the mirror saw one request"

long=$(printf '%064d' 0)
get "http://127.0.0.1:1/|x|0|0|9" "http://$long.example/|x|0|0|9"
like "$(line 1)" '^NETWORK 0 0 0 tcp_ip: Connection refused' "nobody listens"
like "$(line 2)" '^NETWORK 0 0 0 dns: no such name' "no such name"

# ---- TLS, with an authority of the test's own

if command -v openssl >/dev/null; then
	# cert NAME SUBJECTALTNAME DAYS
	cert() {
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-keyout "$1.key" -out "$1.csr" -subj "/CN=test $1" &&
			printf 'subjectAltName=%s\n' "$2" >"$1.ext" &&
			openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key \
				-CAcreateserial -days "$3" -extfile "$1.ext" \
				-out "$1.pem"
	}
	{
		for ca in ca other; do
			openssl req -x509 -newkey ec -nodes -days 2 \
				-pkeyopt ec_paramgen_curve:P-256 \
				-keyout $ca.key -out $ca.pem -subj "/CN=test $ca"
		done
		cert good IP:127.0.0.1 2
		cert wrong DNS:other.example 2
		cert expired IP:127.0.0.1 -1
	} >openssl.out 2>&1
	serve tls root --tls good.pem good.key
	https=https${http#http}
	tls_port=${http##*:}
	serve tls-wrong root --tls wrong.pem wrong.key
	wrong=https${http#http}
	serve tls-expired root --tls expired.pem expired.key
	expired=https${http#http}
	serve mute root --as mute
	mute=https${http#http}
	out=$("$tool" -p -o out -a ca.pem "$https/normal/|big|0|0|300000" \
		"$https/normal/|big|100|1000|0" "$https/endless/|big|0|0|1000" \
		"$https/truncated/|big|0|0|300000" "$https/redirect/|x|0|0|9" \
		"$wrong/normal/|big|0|10|0" "$expired/normal/|big|0|10|0" \
		"$mute/normal/|big|0|10|0" "https://${http#http://}/normal/|x|0|0|9" \
		"http://127.0.0.1:$tls_port/normal/|x|0|0|9" \
		"$https/frozen/|x|0|0|999999")
	like "$(line 1)" '^OK 228894 ' "a file over TLS"
	ok "$(cmp -s out/0 root/big; echo $?)" "comes as it is"
	like "$(line 2)" '^OK 1000 ' "a part"
	like "$(line 3)" '^TRAILING 0 [0-9]{1,5} ' "endless over TLS"
	like "$(line 4)" '^TRUNCATED 0 ' "truncated over TLS"
	like "$(line 5)" '^NETWORK 0 .*redirected' "a redirect over TLS"
	like "$(line 6)" '^NETWORK 0 0 0 http-failure: SSL' "another's certificate"
	like "$(line 7)" '^NETWORK 0 0 0 http-failure: SSL.*expired' "an expired one"
	like "$(line 8)" '^TIMEOUT 0 0 0 http-failure: TLS did not finish' \
		"silence in the handshake"
	like "$(line 9)" '^TIMEOUT 0 0 0 http-failure: TLS' "HTTP for TLS"
	like "$(line 10)" '^NETWORK 0 ' "TLS for HTTP"
	like "$(line 11)" '^TIMEOUT 0 .*frozen after 1[4-9] KB' "a wall inside TLS"
	: >tls.log
	for ca in '-a other.pem' ''; do
		# shellcheck disable=SC2086
		out=$(SSL_CERT_FILE=$PWD/ca.pem "$tool" -p $ca "$https/normal/|big|0|10|0")
		like "$(line 1)" '^NETWORK 0 0 0 http-failure: SSL' \
			"an unknown authority (${ca:-the system\'s})"
	done
	is "$(cat tls.log)" "" "no request goes to a mirror that is not it"
else
	skip "TLS" "needs openssl"
fi

# ---- folders

get "$PWD/root|m/a.json|0|0|100" "file://$PWD/root/|big|1000|1000|0" \
	"$PWD/root|none|0|0|9"
like "$(line 1)" '^OK 6 6 0 ' "a folder is a mirror without requests"
ok "$(cmp -s out/1 <(tail -c +1001 root/big | head -c 1000); echo $?)" \
	"with parts"
like "$(line 3)" '^MISSING 0 0 0 ' "and missing files"

plan
