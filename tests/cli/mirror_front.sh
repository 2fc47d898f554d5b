#!/bin/bash
# The examples under mirrors/, each with the real program: systemd's units and
# its two protocols, Caddy, nginx, tor.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/ports.sh"
. "$SRC/tests/lib/mirror.sh"
. "$SRC/tests/lib/newsroom.sh"
PATH=$PATH:/usr/sbin
mirrors=$SRC/mirrors
front_pid=
# The sockets and folders of others must be reachable for other users.
base=$(mktemp -d "${TMPDIR:-/tmp}/erika-front.XXXXXX")
chmod 755 "$base"
cleanup() {
	[ -n "$front_pid" ] && kill "$front_pid" 2>/dev/null
	[ -n "${mirror_pid:-}" ] && kill "$mirror_pid" 2>/dev/null
	rm -rf "$base"
}
trap cleanup EXIT

has() {
	command -v "$1" >/dev/null && return 0
	skip "$2" "$1 is not installed"
	return 1
}

# until COMMAND...: wait for it to succeed.
until_ok() {
	for _ in $(seq 200); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

mkdir -p tree/m tree/t
echo '{"a":1}' >tree/m/timestamp.json
head -c 3000000 /dev/urandom >tree/t/big
printf '[mirror]\nlisten = unix:%s/http\nroot = tree\n' "$base" >unix.conf

# through URL [CURL-OPTION...]: a front passes all of it on.
through() {
	local at=$1
	shift
	until_ok curl -sf "$@" "${at}m/timestamp.json"
	ok $? "it answers"
	is "$(curl -s "$@" "${at}m/timestamp.json")" '{"a":1}' "metadata comes through"
	curl -s "$@" -o got "${at}t/big"
	run 0 "a bundle, whole" cmp got tree/t/big
	is "$(curl -s "$@" -r 1000-1999 "${at}t/big" | sha256sum)" \
		"$(tail -c +1001 tree/t/big | head -c 1000 | sha256sum)" "a range"
	is "$(curl -s "$@" -o /dev/null -w '%{http_code}' "${at}t/none")" 404 "what is missing"
	is "$(curl -s "$@" -D - -o /dev/null "${at}t/big" | grep -ic '^etag')" 0 "nothing is added that tells readers apart"
	is "$(curl -s "$@" -o /dev/null -w '%{http_code}' -T tree/m/timestamp.json "${at}t/x")" 405 "a push reaches the node"
}

# ---- systemd
if has systemd-analyze "systemd's units are well-formed"; then
	mkdir units
	for u in "$mirrors"/*.service "$mirrors"/*.socket "$mirrors"/*.timer; do
		sed "s|/usr/local/bin/erika-mirror|$ERIKA_BIN/erika-mirror|" "$u" >"units/${u##*/}"
	done
	run 0 "systemd-analyze verify" systemd-analyze verify --man=no units/*
	is "$(grep -i erika <<<"$err")" "" "has nothing to say of ours"
	for u in erika-mirror erika-mirror-pull; do
		run 0 "$u.service is confined" systemd-analyze security \
			--offline=yes --threshold=20 "units/$u.service"
	done
fi
if has systemd-socket-activate "a socket of systemd's"; then
	read -r p q <<<"$(free_ports 2)"
	: >mirror.err
	systemd-socket-activate -l "127.0.0.1:$p" "$ERIKA_BIN/erika-mirror" \
		serve -c unix.conf 2>mirror.err &
	mirror_pid=$!
	until_ok curl -sf "http://127.0.0.1:$p/m/timestamp.json"
	ok $? "a socket of systemd's is served"
	like "$(cat mirror.err)" "serving tree on http://127\.0\.0\.1:$p/" "and told"
	[ ! -e "$base/http" ]
	ok $? "the one in the file is not opened"
	printf '[mirror]\nlisten = 127.0.0.1:%s\nroot = tree\nprefix = /p/\n' "$q" >unix.conf
	kill -HUP "$mirror_pid"
	mirror_said serving 2
	run 0 "after a reload" curl -sf "http://127.0.0.1:$p/p/m/timestamp.json"
	is "$out" '{"a":1}' "it is served still"
	mirror_stop
	is "$mirror_status" 0 "it ends"
	trap cleanup EXIT
	printf '[mirror]\nlisten = unix:%s/http\nroot = tree\n' "$base" >unix.conf
	: >mirror.err
	systemd-socket-activate -l "127.0.0.1:$p" -l "127.0.0.1:$q" \
		"$ERIKA_BIN/erika-mirror" serve -c unix.conf 2>mirror.err &
	mirror_pid=$!
	until_ok curl -s -m 1 "http://127.0.0.1:$p/" || true
	wait "$mirror_pid"
	is "$?" 2 "two sockets are one too many"
	like "$(cat mirror.err)" 'hands over 2 sockets: one ListenStream= is wanted' "and why"
	run 0 "variables for another process" env LISTEN_PID=1 LISTEN_FDS=1 \
		timeout -s TERM --preserve-status 1 erika-mirror serve -c unix.conf
	like "$err" "serving tree on unix:" "are not taken"
	run 2 "a descriptor that is no socket" sh -c 'exec 3</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec erika-mirror serve -c unix.conf'
fi
cat >notify.py <<'PY'
"""What a service tells systemd: notify.py ADDRESS COMMAND..."""
import os, signal, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
at = sys.argv[1]
s.bind("\0" + at[1:] if at[0] == "@" else at)
s.settimeout(20)
p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=at), stderr=subprocess.DEVNULL)
def said():
    return s.recv(4096).decode().split("\n")
print(said())
p.send_signal(signal.SIGHUP)
a = said()
print(a[0], a[1].split("=")[0], int(a[1].split("=")[1]) > 0)
print(said())
p.send_signal(signal.SIGTERM)
print(said())
print(p.wait())
PY
for at in "$PWD/notify" "@erika-test-$$"; do
	run 0 "systemd is told" python3 notify.py "$at" "$ERIKA_BIN/erika-mirror" serve -c unix.conf
	is "$out" "['READY=1', 'STATUS=serving']
RELOADING=1 MONOTONIC_USEC True
['READY=1']
['STOPPING=1']
0" "when it is ready, reloads and stops (${at:0:1})"
done

# ---- TLS, by an authority of our own
certificate() { # NAME NAMES
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$base/$1.key" -out request.pem -subj /CN=mirror.example \
		2>/dev/null
	echo "subjectAltName=$2" >names.txt
	openssl x509 -req -in request.pem -CA "$base/ca.pem" \
		-CAkey "$base/ca.key" -CAcreateserial -days 2 \
		-extfile names.txt -out "$base/$1.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$base/ca.key" -out "$base/ca.pem" -days 2 \
	-subj "/CN=tests' own authority" 2>/dev/null
certificate cert DNS:mirror.example,DNS:localhost
certificate other DNS:other.example

# A newsroom, with bundles of some megabytes.
newsroom n "The Harbour"
for i in 1 2 3 4 5 6; do
	page n "long$i" "Ship $i" "$(head -c 700000 /dev/urandom | base64)"
done
cp "$base/ca.pem" n/room/own.pem

# nginx_file PORT CERTIFICATE
nginx_file() {
	{
		echo "daemon off; pid $base/nginx.pid; error_log $base/nginx.err; events { } http {"
		for t in client_body proxy fastcgi uwsgi scgi; do
			echo "${t}_temp_path $base/$t;"
		done
		sed "s|/run/erika/http|$base/http|; /\[::\]/d; s|listen 443|listen 127.0.0.1:$1|
			s|/etc/letsencrypt/live/mirror.example/fullchain.pem|$base/$2.pem|
			s|/etc/letsencrypt/live/mirror.example/privkey.pem|$base/$2.key|" \
			"$mirrors/nginx.conf"
		echo "}"
	} >nginx.conf
}
nginx_start() {
	nginx_file "$@"
	nginx -c "$PWD/nginx.conf" 2>nginx.out &
	front_pid=$!
}
caddy_file() {
	export HOME=$PWD XDG_DATA_HOME=$PWD/caddy XDG_CONFIG_HOME=$PWD/caddy
	{
		printf '{\n\tadmin off\n\tauto_https off\n}\n'
		sed "s|/run/erika/http|$base/http|
			s|^mirror.example {|https://localhost:$1, https://mirror.example:$1 {\n\ttls $base/$2.pem $base/$2.key|" \
			"$mirrors/Caddyfile"
	} >Caddyfile
}
# caddy_start PORT CERTIFICATE
caddy_start() {
	caddy_file "$@"
	caddy run --config Caddyfile --adapter caddyfile >caddy.out 2>&1 &
	front_pid=$!
}
front_stop() {
	kill "$front_pid"
	wait "$front_pid"
	front_pid=
}
# up PORT: something listens there.
up() {
	until_ok curl -s -o /dev/null --cacert "$base/ca.pem" -k \
		"https://localhost:$1/"
}

# pushes NAME PORT: a newsroom publishes through NAME, over TLS, to a node that
# takes its pushes.
pushes() {
	local front=$1 p=$2
	rm -rf node
	mkdir node
	printf '[mirror]\nlisten = unix:%s/http\nroot = node\npublisher = %s\n' \
		"$base" "$words" >push.conf
	mirror_start -c push.conf
	trap cleanup EXIT
	printf '[mirror "%s"]\nto = https://localhost:%s/\nca = own.pem\n' \
		"$front" "$p" >n/room/mirrors.ini
	[ -d n/room/repository/t/b ] ||
		erika-press pack -q -C n/room n/pages >/dev/null 2>&1
	"${front}_start" "$p" cert
	up "$p"
	run 0 "a newsroom publishes through $front" erika-press publish -C n/room
	like "$err" "^$front +[0-9]+ files, [3-9]\.[0-9] MB\$" "some megabytes"
	run 0 "which readers find" curl -sf -o got --cacert "$base/ca.pem" \
		"https://localhost:$p/m/timestamp.json"
	run 0 "as it was signed" cmp got n/room/repository/m/timestamp.json
	run 0 "the node" erika-mirror status -c push.conf
	like "$out" '^  1 bundle, ' "has its bundle"
	run 0 "offered again" erika-press publish -C n/room --all
	like "$err" "^$front +1 file," "it is not sent again"

	# Whom it does not trust, or not for this name.
	sed 's/^ca .*//' n/room/mirrors.ini >without.ini
	cp without.ini n/room/mirrors.ini
	run 1 "an authority that nobody knows" erika-press publish -C n/room
	like "$err" 'certificate is refused: .*"ca" in mirrors.ini' "is refused"
	echo "ca = none.pem" >>n/room/mirrors.ini
	run 1 "an authority that is not there" erika-press publish -C n/room
	like "$err" "mirror $front: ca: .*none\.pem" "is told of"
	sed 's/^ca .*/ca = own.pem/' n/room/mirrors.ini >with.ini
	cp with.ini n/room/mirrors.ini
	front_stop
	"${front}_start" "$p" other
	up "$p"
	run 1 "another's certificate" erika-press publish -C n/room
	like "$err" "certificate is refused: .*match.*'localhost'" \
		"is refused, and why"
	front_stop
	mirror_stop
	trap cleanup EXIT
}

# reads: a node for those in front, that serves what is in its tree.
reads() {
	printf '[mirror]\nlisten = unix:%s/http\nroot = tree\n' "$base" >unix.conf
	mirror_start -c unix.conf
	trap cleanup EXIT
}
reads
[ "$(stat -c %a "$base/http")" = 666 ]
ok $? "a proxy of another user may connect to the socket"

# ---- nginx
if has nginx "nginx in front"; then
	read -r p <<<"$(free_ports 1)"
	nginx_file "$p" cert
	run 0 "nginx takes the example" nginx -t -c "$PWD/nginx.conf"
	nginx_start "$p" cert
	through "https://mirror.example:$p/" --cacert "$base/ca.pem" \
		--resolve "mirror.example:$p:127.0.0.1" --http1.1
	front_stop
	is "$(grep -rlaF 127.0.0.1 "$base"/nginx.err nginx.out 2>/dev/null)" "" "nginx wrote no address"
	mirror_stop
	pushes nginx "$p"
	reads
fi

# ---- Caddy
if has caddy "Caddy in front"; then
	read -r p <<<"$(free_ports 1)"
	caddy_file "$p" cert
	run 0 "Caddy takes the example" caddy validate --config Caddyfile --adapter caddyfile
	caddy_start "$p" cert
	is "$(caddy fmt Caddyfile)" "$(cat Caddyfile)" "which is written as Caddy would"
	through "https://mirror.example:$p/" --cacert "$base/ca.pem" \
		--resolve "mirror.example:$p:127.0.0.1" --http1.1
	front_stop
	is "$(grep -c 'remote_ip\|X-Forwarded' caddy.out)" 0 "Caddy wrote no address"
	mirror_stop
	pushes caddy "$p"
	reads
fi

# ---- an onion service
if has tor "tor in front"; then
	mkdir -m 700 tor
	{
		echo "DataDirectory $PWD/tor/data"
		sed "s|/run/erika/http|$base/http|; s|/var/lib/tor/erika|$PWD/tor/erika|" "$mirrors/torrc"
	} >torrc
	run 0 "tor takes the example" tor --verify-config -f torrc --defaults-torrc /dev/null
	like "$out" 'Configuration was valid' "as valid"
	unlike "$(grep -v 'running Tor as root' <<<"$out")" '\[(warn|err)\]' \
		"without a warning"
	# For real, without a network: it makes the service's key and address.
	tor -f torrc --defaults-torrc /dev/null --SocksPort 0 --DisableNetwork 1 \
		>tor.out 2>&1 &
	front_pid=$!
	until_ok test -s tor/erika/hostname
	like "$(cat tor/erika/hostname)" '^[a-z2-7]{56}\.onion$' "and makes its address"
	kill "$front_pid"
	wait "$front_pid"
	front_pid=
fi
mirror_stop
is "$mirror_status" 0 "the node ends"
trap - EXIT
is "$(grep -v serving mirror.err | grep -c '127\.')" 0 "it wrote no address"
rm -rf "$base"
plan
