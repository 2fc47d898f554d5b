#!/bin/bash
# Each way to a mirror: what goes out by it, and what never may.
. "$SRC/tests/lib/tap.sh"

tool=$ERIKA_BIN/tests/tool/fetchtool
tools_or_skip "ways to a mirror" "$tool" python3 openssl

# ---- an authority, a mirror's certificate, and who knows them

{
	openssl req -x509 -newkey ec -nodes -days 2 \
		-pkeyopt ec_paramgen_curve:P-256 \
		-keyout ca.key -out ca.pem -subj "/CN=test ca"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout m.key -out m.csr -subj "/CN=test"
	names=DNS:loop.example,DNS:private.example,DNS:front.example
	printf 'subjectAltName=%s\n' "$names,DNS:r.example,IP:127.0.0.1" >m.ext
	openssl x509 -req -in m.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
		-days 2 -extfile m.ext -out m.pem
	pin=sha256//$(openssl pkey -in m.key -pubout -outform der |
		openssl dgst -sha256 -binary | openssl base64)
	other=sha256//$(openssl pkey -in ca.key -pubout -outform der |
		openssl dgst -sha256 -binary | openssl base64)
} 2>openssl.out

# ways NAME OPTION...: start the other end; ports in $tls, $http, $socks.
ways() {
	mkfifo "$1.in"
	: >"$1.log"
	python3 "$SRC/tests/lib/ways.py" --tls m.pem m.key --seconds 120 \
		--log "$1.log" "${@:2}" <"$1.in" >"$1.out" 2>"$1.err" &
	server=$!
	exec {ways_fd}>"$1.in"
	for _ in $(seq 200); do
		grep -q READY "$1.out" && break
		sleep 0.05
	done
	tls=$(sed -n 's/^TLS //p' "$1.out")
	http=$(sed -n 's/^HTTP //p' "$1.out")
	socks=$(sed -n 's/^SOCKS //p' "$1.out")
}

server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null' EXIT
ways one --raw raw

# get WISH...: one call; line N of $out is "call ERR", then one for each.
get() {
	: >one.log
	out=$("$tool" -p -a ca.pem -o out "$@" 2>&1)
}

line() {
	printf '%s\n' "$out" | sed -n "$(($1 + 1))p"
}

# What the other end saw, without numbers of connections.
seen() {
	sed -e '/^session/d' -e 's/get [0-9]*/get/' one.log
}

mkdir out
m=https://loop.example:$tls/er/
x='x|0|0|99'
resolver="resolver=https://r.example:$tls/dns-query|resolver_address=127.0.0.1"

like "$("$tool" -c)" '^https yes' "libcurl can do https"
is "$("$tool" -c | wc -l)" 10 "all ways are judged"

# ---- what each sends

get "$m|$x|strategy=address|address=127.0.0.1"
like "$(line 1)" '^OK 12 ' "a shipped address"
is "$(seen)" "tls loop.example
get /er/x loop.example:$tls" "is used with the mirror's own name"

get "$m|$x|strategy=doh|$resolver"
like "$(line 1)" '^OK 12 ' "DNS over HTTPS"
like "$(cat one.log)" '^tls r.example$' "asks the resolver by its name"
like "$(cat one.log)" '^doh loop.example A$' "for the mirror's"
like "$(cat one.log)" '^tls loop.example$' "and then the mirror"
if python3 -c 'import socket as s; s.socket(s.AF_INET6, s.SOCK_DGRAM)' 2>&-; then
	like "$(cat one.log)" '^doh loop.example AAAA$' "also for IPv6"
else
	skip "DNS over HTTPS for IPv6" "there is none here"
fi

get "$m|$x|strategy=doh|resolver=https://127.0.0.1:$tls/dns-query"
like "$(line 1)" '^OK 12 ' "a resolver without a name"

get "https://none.example:$tls/|$x|strategy=doh|$resolver"
like "$(line 1)" '^NETWORK 0 0 0 dns: ' "a name that the resolver does not know"

get "$m|$x|strategy=sni|sni=innocent.example|pin=$pin|address=127.0.0.1"
like "$(line 1)" '^OK 12 ' "another server name"
is "$(seen)" "tls innocent.example
get /er/x loop.example:$tls" "is all that the censor sees"

get "$m|$x|strategy=sni|sni=innocent.example|pin=$pin|$resolver"
like "$(line 1)" '^OK 12 ' "also with the address from DNS over HTTPS"
unlike "$(cat one.log)" 'doh innocent' "which is not asked for the other name"

get "$m|$x|strategy=no-sni|pin=$pin|address=127.0.0.1"
like "$(line 1)" '^OK 12 ' "no server name"
is "$(seen)" "tls -
get /er/x loop.example:$tls" "is none"

get "$m|$x|strategy=sni|sni=innocent.example|pin=$other|address=127.0.0.1" \
	"$m|$x|strategy=no-sni|pin=$other|address=127.0.0.1" \
	"$m|$x|strategy=sni|sni=innocent.example|address=127.0.0.1" \
	"$m|$x|strategy=sni|sni=front.example|address=127.0.0.1" \
	"$m|$x|strategy=no-sni|address=127.0.0.1"
like "$(line 1)" '^NETWORK 0 0 0 http-failure: .*public key' "another key"
like "$(line 2)" '^NETWORK 0 0 0 http-failure: .*public key' \
	"another key without a name"
like "$(line 3)" '^NETWORK 0 0 0 http-failure: .*SSL' \
	"without a pin the other name needs a certificate"
like "$(line 4)" '^OK 12 ' "and is fine with one"
like "$(line 5)" '^REFUSED 0 0 0 .*key must be known' \
	"without a pin there is no way without a name"

get "$m|$x|strategy=front|front=front.example|address=127.0.0.1"
like "$(line 1)" '^OK 12 ' "a front"
is "$(seen)" "tls front.example
get /er/x loop.example:$tls" "is all that the censor sees, and passes it on"
get "$m|$x|strategy=front|front=other.example|address=127.0.0.1"
like "$(line 1)" '^NETWORK 0 0 0 http-failure: .*SSL' \
	"a front needs a certificate of its own"
get "$m|$x|strategy=front|front=loop.example|$resolver"
like "$(line 1)" '^OK 12 ' "a front found by DNS over HTTPS"
like "$(cat one.log)" '^doh loop.example A$' "which is asked for the front"

get "$m|$x|strategy=proxy|proxy=socks5h://127.0.0.1:$socks" \
	"http://abcdef.onion:$http/|$x|strategy=proxy|proxy=socks5h://localhost:$socks"
like "$(line 1)" '^OK 12 ' "a SOCKS proxy"
like "$(line 2)" '^OK 12 ' "and an onion service"
like "$(cat one.log)" "^socks [0-9a-f]{32} [0-9a-f]{32} loop.example $tls\$" \
	"gets the mirror's name, not its address"
like "$(cat one.log)" "^socks .* abcdef.onion $http\$" "or the onion's"
is "$(sed -n 's/^socks \([0-9a-f]*\) .*/\1/p' one.log | sort -u | wc -l)" 2 \
	"each mirror has a circuit of its own"
sed -n 's/^socks \(.*\) loop.*/\1/p' one.log >circuit
get "$m|$x|strategy=proxy|proxy=socks5h://127.0.0.1:$socks"
unlike "$(cat one.log)" "$(cat circuit)" "and another in the next run"

get "http://127.0.0.1:$http/|$x|strategy=http" \
	"http://127.0.0.1:$http/|$x" \
	"https://127.0.0.1:$tls/|$x|strategy=storage"
is "$(printf '%s\n' "$out" | grep -c '^OK 12 ')" 3 "http and storage"

get "$m|$x|strategy=address|address=127.0.0.1|f" , \
	"$m|$x|strategy=address|address=127.0.0.1" , \
	"$m|$x|strategy=address|address=127.0.0.1"
is "$(grep -c ^tls one.log)" 2 "a fresh connection is not used again"
get "$m|$x|strategy=address|address=127.0.0.1|f" , \
	"$m|$x|strategy=address|address=127.0.0.1|f" , \
	"$m|$x|strategy=no-sni|pin=$pin|address=127.0.0.1|f"
is "$(grep -c '^session new' one.log)" 3 "no TLS session is taken up again"
: >one.log
out=$("$tool" -Sp -a ca.pem "$m|$x|strategy=address|address=127.0.0.1" , \
	"$m|$x|strategy=address|address=127.0.0.1")
is "$(grep '^OK' <<<"$out" | cut -d ' ' -f 5-7)" "200 new answer
200 kept answer" "status and times are told"

out=$("$tool" -p -s 2 -a ca.pem \
	"$m|wall|0|0|9999|strategy=address|address=127.0.0.1|f")
if [ "$(uname)" = Linux ]; then
	like "$(line 1)" '^TIMEOUT 0 0 1 http-failure: frozen after (9|1[0-2]) KB' \
		"a wall within a record of TLS is seen as one"
else
	like "$(line 1)" '^TIMEOUT 0 0 1 ' "a wall within a record of TLS"
fi

# ---- what is refused before anything goes out

refused() {
	: >one.log
	out=$("$tool" -a ca.pem "${@:2}" 2>&1)
	like "$(line 1)" '^REFUSED 0 0 0 ' "$1"
	is "$(cat one.log)" "" "nothing of it goes out"
}

refused "a private shipped address" "$m|$x|strategy=address|address=127.0.0.1"
refused "an address that is a name" "$m|$x|p|strategy=address|address=loop.example"
refused "an address with more in it" \
	"$m|$x|p|strategy=address|address=127.0.0.1:1"
refused "an address with a zone" "$m|$x|p|strategy=address|address=fe80::1%lo"
refused "no address" "$m|$x|p|strategy=address"
refused "a resolver without an address" \
	"$m|$x|p|strategy=doh|resolver=https://r.example:$tls/dns-query"
refused "a private resolver of a list" "$m|$x|strategy=doh|$resolver"
refused "an http resolver" \
	"$m|$x|p|strategy=doh|resolver=http://127.0.0.1:$http/dns-query"
refused "no resolver" "$m|$x|p|strategy=doh"
refused "a front without an address" "$m|$x|p|strategy=front|front=front.example"
refused "a private front" "$m|$x|strategy=front|front=127.0.0.1"
refused "a front that is none" "$m|$x|p|strategy=front|front=a/b|address=127.0.0.1"
refused "a server name that is an address" \
	"$m|$x|p|strategy=sni|sni=192.0.2.1|pin=$pin|address=127.0.0.1"
refused "a server name with a port" \
	"$m|$x|p|strategy=sni|sni=a.example:1|pin=$pin|address=127.0.0.1"
for bad in sha256//AAAA "$pin;$other" "sha1//$(printf %027d= 0)" "ca.pem" \
	"${pin}x"; do
	refused "the pin $bad" \
		"$m|$x|p|strategy=no-sni|pin=$bad|address=127.0.0.1"
done
refused "another kind of proxy" "$m|$x|p|strategy=proxy|proxy=http://127.0.0.1:$http"
refused "a proxy that looks up names here" \
	"$m|$x|p|strategy=proxy|proxy=socks5://127.0.0.1:$socks"
refused "a proxy that is a name" "$m|$x|p|strategy=proxy|proxy=socks5h://loop.example:1"
refused "a proxy with a user" \
	"$m|$x|p|strategy=proxy|proxy=socks5h://u:p@127.0.0.1:$socks"
proxy="strategy=proxy|proxy=socks5h://127.0.0.1:$socks"
for host in 127.0.0.1 localhost a.localhost printer printer.local 127.1 \
	0x7f.0.0.1 2130706433 10.0.0.1 '[::1]'; do
	refused "the neighbour $host by a proxy" "https://$host:$tls/|$x|$proxy"
done
refused "an onion service without a proxy" "http://abcdef.onion/|$x|p"
refused "the same by DNS over HTTPS" \
	"https://abcdef.onion:$tls/|$x|p|strategy=doh|$resolver"
refused "http for https" "http://127.0.0.1:$http/|$x|p|strategy=https"
refused "https for http" "$m|$x|p|strategy=http"
refused "a folder by https" "/tmp/|$x|p|strategy=https"
refused "https as a folder" "$m|$x|p|strategy=file"

# The user's own resolver may be near; what it answers is not his word.
: >one.log
own="https://r.example:$tls/dns-query"
out=$("$tool" -a ca.pem -d "$own" "https://loop.example:$tls/|$x|strategy=doh|$resolver" \
	"https://private.example:$tls/|$x|strategy=doh|$resolver")
like "$(line 1)" '^NETWORK 0 0 0 dns: leads to the private address 127.0.0.1' \
	"a private answer of a resolver is refused"
like "$(line 2)" '^NETWORK 0 0 0 dns: leads to the private address 10.1.2.3' \
	"so is another"
unlike "$(cat one.log)" '^get' "nothing goes there"

# With a proxy set, all else is refused, whatever the routes say.
: >one.log
out=$("$tool" -p -a ca.pem -x "socks5h://127.0.0.1:$socks" \
	"$m|$x|strategy=address|address=127.0.0.1" \
	"https://127.0.0.1:$tls/|$x|strategy=https" \
	"http://127.0.0.1:$http/|$x|strategy=http" \
	"$m|$x|strategy=proxy|proxy=socks5h://127.0.0.2:$socks" "$m|$x|$proxy" \
	"https://127.0.0.1:$tls/|$x" "$PWD|ca.pem|0|0|9999")
is "$(printf '%s\n' "$out" | grep -c '^REFUSED 0 0 0 a proxy is set')" 4 \
	"with a proxy set nothing goes beside it"
is "$(grep -c '^socks' one.log)" 2 "it is used, also where no way is named"
like "$(line 7)" '^OK ' "folders need none"

: >one.log
out=$(no_proxy='*' NO_PROXY='*' "$tool" -p -a ca.pem "$m|$x|$proxy" \
	"https://127.0.0.1:$tls/|$x|$proxy")
is "$(grep -c '^socks' one.log)" 2 "nor does the environment take it away"

# ---- every reader sends the same bytes

# request HOME VARIABLE=VALUE...: all ways once, as this user; the bytes.
request() {
	rm -f raw
	env -i PATH="$PATH" HOME="$1" "${@:2}" "$tool" -p -a ca.pem \
		"$m|$x|strategy=address|address=127.0.0.1" , \
		"$m|y|100|50|0|strategy=sni|sni=a.example|pin=$pin|address=127.0.0.1" , \
		"$m|$x|strategy=no-sni|pin=$pin|address=127.0.0.1" , \
		"$m|$x|$proxy" , "http://127.0.0.1:$http/|$x" , \
		"http://127.0.0.1:$http/|$x" >/dev/null
	cat raw
}

mkdir -p a b/.config
printf 'machine loop.example login reader password x\ndefault login y password z\n' >b/.netrc
chmod 600 b/.netrc
printf 'user-agent = "me"\nheader = "X-Reader: me"\ncookie = "a=b"\n' >b/.curlrc
cp b/.curlrc b/.config/curlrc
request "$PWD/a" >requests.a
request "$PWD/b" LANG=fa_IR.UTF-8 LC_ALL=C LANGUAGE=fa TZ=Asia/Tehran USER=b \
	http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 \
	ALL_PROXY=socks5://127.0.0.1:1 NETRC="$PWD/b/.netrc" \
	CURL_HOME="$PWD/b" XDG_CONFIG_HOME="$PWD/b/.config" \
	SSLKEYLOGFILE="$PWD/keys" >requests.b
is "$(grep -c ^GET requests.a)" 6 "a reader asks in six ways"
ok "$(cmp -s requests.a requests.b; echo $?)" \
	"another one, elsewhere, sends the same bytes"
is "$(sed -n '1,/^\r$/p' requests.a | tr -d '\r')" "GET /er/x HTTP/1.1
Host: loop.example:$tls
Accept: */*" "and these are all"
is "$(tr -d '\r' <requests.a | sed -n '5,8p')" "GET /er/y HTTP/1.1
Host: loop.example:$tls
Range: bytes=100-149
Accept: */*" "with a range where a part is wanted"
ok "$([ ! -e keys ]; echo $?)" "no TLS keys are written"

plan
