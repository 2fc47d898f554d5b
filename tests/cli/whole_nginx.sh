#!/bin/bash
# The whole way over software that is not ours: a real nginx carries, Debian's
# minisign and curl check, and the reader reads.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/ports.sh"
. "$SRC/tests/lib/newsroom.sh"
PATH=$PATH:/usr/sbin
tools_or_skip "the whole way" nginx minisign curl python3
articles=$SRC/tests/articles

# nginx's workers are another user when root starts it: what it serves must lie
# where that user may look.
web=$(mktemp -d "${TMPDIR:-/tmp}/erika-web.XXXXXX")
nginx_pid=
cleanup() {
	[ -n "$nginx_pid" ] && kill "$nginx_pid" 2>/dev/null
	rm -rf "$web"
}
trap cleanup EXIT
chmod 755 "$web"

# ---- a newsroom publishes into what nginx serves
erika-press init --name "The Harbour" --no-passphrase room >init.out 2>/dev/null
words=$(sed -n 's/^words *//p' init.out)
cat >room/mirrors.ini <<INI
[mirror "web"]
to = $web/site
[mirror "part"]
to = $web/part
INI
erika-press pack -q -C room --images "$articles/site" "$articles/site" \
	"$articles"/feed.*.xml >/dev/null 2>&1
erika-press publish -q -C room
ok $? "published"
mkdir "$web/none"
echo '<!DOCTYPE html><html><body>Welcome to nginx! <a href="/">Home</a></body></html>' |
	tee "$web/none/sorry.html" "$web/site/sorry.html" "$web/part/sorry.html" >/dev/null
chmod 644 "$web"/*/sorry.html
# This mirror lost its bundles.
rm -r "$web/part/t/b"

# server PORT ROOT DIRECTIVE...
server() {
	printf 'server { listen 127.0.0.1:%s; root %s; %s }\n' "$1" "$2" "$3"
}
start_nginx() {
	read -r plain gzip none part <<<"$(free_ports 4)"
	cat >nginx.conf <<CONF
daemon off;
pid $PWD/nginx.pid;
error_log $PWD/nginx.err;
worker_processes 1;
events { worker_connections 64; }
http {
	log_format seen '\$server_port|\$request|\$status|\$http_user_agent|'
		'\$http_referer|\$http_cookie|\$http_accept_encoding|\$http_range';
	access_log $PWD/access.log seen;
	default_type application/octet-stream;
	client_body_temp_path $PWD/tmp-body; proxy_temp_path $PWD/tmp-proxy;
	fastcgi_temp_path $PWD/tmp-f; uwsgi_temp_path $PWD/tmp-u;
	scgi_temp_path $PWD/tmp-s;
	$(server "$plain" "$web/site" '')
	$(server "$gzip" "$web/site" 'gzip on; gzip_types *; gzip_min_length 1; gzip_vary on;')
	$(server "$none" "$web/none" 'error_page 404 =200 /sorry.html; default_type text/html;')
	$(server "$part" "$web/part" 'error_page 404 =200 /sorry.html; gzip on;')
}
CONF
	nginx -p "$PWD" -e "$PWD/nginx.err" -c "$PWD/nginx.conf" 2>nginx.out &
	nginx_pid=$!
	for _ in $(seq 100); do
		curl -sfo /dev/null "http://127.0.0.1:$plain/m/1.root.json" && return 0
		kill -0 $nginx_pid 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}
# Somebody may have taken a port meanwhile.
start_nginx || start_nginx || start_nginx
ok $? "nginx $(nginx -v 2>&1 | sed 's,.*/,,') serves it" || {
	sed 's/^/# /' nginx.out nginx.err
	plan
	exit
}
site=http://127.0.0.1:$plain

# ---- what any client gets
curl -sI "$site/m/timestamp.json" | tr -d '\r' >head.txt
like "$(cat head.txt)" '^HTTP/1\.1 200' "the timestamp is there"
is "$(sed -n 's/^Content-Length: //p' head.txt)" \
	"$(stat -c %s "$web/site/m/timestamp.json")" "with its length"
like "$(cat head.txt)" '^Accept-Ranges: bytes' "ranges are offered"
bundle=$(cd "$web/site" && ls t/b/news/*/*.1.ekb)
curl -sf "$site/$bundle" -o got.ekb
ok $? "curl fetches the bundle"
curl -sf "$site/$bundle.minisig" -o got.ekb.minisig
ok $? "and its signature"

# ---- minisign alone
run 0 "minisign verifies it with the newsroom's public key" \
	minisign -V -p room/keys/newsroom.pub -m got.ekb
like "$out" 'Signature and comment signature verified' "it says"
sum=$(sha256sum <got.ekb | cut -c 1-64)
like "$out" "^Trusted comment: erika1 path=b/news/20[0-9-]*w[0-9]*/1\.ekb sha256=$sum len=$(stat -c %s got.ekb) t=20[0-9T:-]*Z\$" \
	"the comment says path, hash, length and time"
is "${bundle##*/}" "$sum.1.ekb" "the file is called by its hash"
for at in 0 22 5000 -1; do
	cp got.ekb bad.ekb
	cp got.ekb.minisig bad.ekb.minisig
	[ $at -lt 0 ] && at=$(($(stat -c %s got.ekb) - 1))
	flip bad.ekb $at
	run 1 "a flipped bit at $at is refused by minisign" \
		minisign -V -p room/keys/newsroom.pub -m bad.ekb
	run 10 "and by erika verify" \
		erika verify --key room/keys/newsroom.pub bad.ekb
done
run 0 "erika verify takes the good one" \
	erika verify --key room/keys/newsroom.pub got.ekb

# ---- single objects by range, checked without erika's code
"$ERIKA_BIN/tests/tool/ekbcat" room/keys/newsroom.pub "$web/site" \
	"$web/site/$bundle" out >objects.txt
awk '$1 == "text" || ($1 == "image" && $5 > 0) {
	if ($1 == "text") print $2, $3, $4
	else print $2, $4, $5 }' objects.txt | sort -u >ranges.txt
[ "$(wc -l <ranges.txt)" -ge 50 ]
ok $? "$(wc -l <ranges.txt) objects"
while read -r name n at; do
	printf 'next\nurl = "%s"\nrange = %d-%d\noutput = "o/%s"\n' \
		"$site/$bundle" "$at" $((at + n - 1)) "$name"
done <ranges.txt >curl.conf
mkdir o
run 0 "curl -r fetches each alone" curl -s -K curl.conf
python3 - o >wrong.txt <<'PY'
import hashlib, os, sys
def h(b):
    return hashlib.blake2b(b, digest_size=32)
for name in os.listdir(sys.argv[1]):
    b = open(os.path.join(sys.argv[1], name), "rb").read()
    parts = [b[i:i + 65536] for i in range(0, len(b), 65536)]
    got = h(b) if len(parts) == 1 else h(b"".join(h(p).digest() for p in parts))
    if got.hexdigest() != name:
        print(name)
PY
is "$(cat wrong.txt)" "" "and each has the hash it is called by"
is "$(ls o | wc -l)" "$(wc -l <ranges.txt)" "all of them"

# ---- a reader
: >access.log
reader one
other=$(erika-press init -q --no-passphrase --name "The Harbour" other |
	sed -n 's/^words *//p')
run 11 "with the words of another outlet of that name" \
	erika add --words "$other" "$site/"
run 1 "nothing is trusted" erika sync
run 0 "the outlet is added from its address" erika add --words "$words" \
	"$site/"
run 0 "the first sync" erika sync
like "$err" '^The Harbour: 4[0-9] new$' "brings all articles"
run 0 "the list" erika list --all
n=$(printf '%s\n' "$out" | wc -l)
is "$n" "$(erika-press preview -C room | wc -l)" "is the newsroom's"
number=$(printf '%s\n' "$out" | sed -n 's/^ *\([0-9]*\).* Шторм снял.*/\1/p')
run 0 "an article" erika read --width 0 "$number"
like "$out" 'authentic: signed by The Harbour' "is authentic"
erika-press preview -C room ru-shtorm-mol | sed '1,/^$/d' | tr -s ' \n' '\n' >theirs
printf '%s\n' "$out" | sed '1,/^$/d' | tr -s ' \n' '\n' >ours
run 0 "and says what the newsroom saw in its preview" cmp theirs ours
run 0 "pictures" erika sync --images
like "$err" '[0-9.]+ [KM]B' "come when asked for"
run 0 "nothing new" erika sync
like "$err" 'nothing new' "is nothing"

# What the server learns: paths and ranges, and nothing of who asks.
awk -F'|' '{ print $4 "|" $5 "|" $6 "|" $7 }' access.log |
	grep -v '^curl' | sort -u >seen.txt
is "$(wc -l <seen.txt)" 1 "all requests look the same: $(cat seen.txt)"
like "$(cat seen.txt)" '^[^|]*\|-\|-\|' "no referrer, no cookie"
unlike "$(cat seen.txt)" '(linux|x86|curl/[0-9]|[0-9]+\.[0-9]+\.[0-9]+)' \
	"nothing of the machine"
is "$(awk -F'|' '$3 != 200 && $3 != 206 && $3 != 404' access.log)" "" \
	"nginx found every request well-formed"
is "$(cat nginx.err | grep -v 'No such file' | grep -v notice)" "" "and logged no error"

# ---- the same through a server that compresses whatever it is let
reader two
run 0 "through a server that compresses" sh -c "
	erika add -q --yes http://127.0.0.1:$gzip/ &&
	erika sync"
like "$err" '^The Harbour: 4[0-9] new$' "the same comes"

# ---- a server that answers everything with a page
reader three
erika add -q --yes --mirror "http://127.0.0.1:$none/" "$web/site/m/1.root.json"
run 13 "a mirror that has a page for everything is no mirror" erika sync
unlike "$err" 'lied|tampered|forged' "and no liar"
like "$err" "127\.0\.0\.1:$none" "it is named"
reader four
erika add -q --yes --mirror "http://127.0.0.1:$none/" --mirror "$site/" \
	"$web/site/m/1.root.json"
run 0 "beside a good one it does no harm" erika sync
like "$err" '^The Harbour: 4[0-9] new$' "all is brought"
like "$err" "127\.0\.0\.1:$none" "and it is named"

# ---- a mirror that lost its bundles
reader five
erika add -q --yes --mirror "http://127.0.0.1:$part/" "$web/site/m/1.root.json"
erika sync 2>lost.txt
lost=$?
[ $lost -ne 0 ]
ok $? "without the bundles sync does not succeed ($lost)"
is "$(erika list --all 2>/dev/null | wc -l)" 0 "nothing is listed that is not there"
reader six
erika add -q --yes --mirror "http://127.0.0.1:$part/" --mirror "$site/" \
	"$web/site/m/1.root.json"
run 0 "beside a good one" erika sync
like "$err" '^The Harbour: 4[0-9] new$' "all is brought"

# ---- the next day
erika-press pack -q -C room --images "$articles/site" --correction \
	"The figures were wrong." "$articles/update" >/dev/null 2>&1
erika-press retract -q -C room --reason "It was not so." en-tide-api
erika-press publish -q -C room web
reader one
: >access.log
run 0 "the second day" erika sync
like "$err" '^The Harbour: 2 new, 1 corrected, 1 retracted$' "moves what is new"
bytes=$(printf '%s\n' "$err" | sed -n 's/.*received \([0-9.]*\) KB.*/\1/p')
[ "${bytes%.*}" -lt 50 ]
ok $? "in $bytes KB"
is "$(grep -c '/1.ekb' access.log)" 0 "the first bundle is not asked for again"
kill "$nginx_pid"
wait "$nginx_pid"
nginx_pid=
run 13 "when the server is gone" erika sync
run 0 "all can still be read" erika read --width 0 "$number"
plan
