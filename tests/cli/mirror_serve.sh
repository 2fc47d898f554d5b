#!/bin/bash
# erika-mirror serve: answers to good requests, and to slow ones.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/mirror.sh"

# ---- a tree with everything that must not be served beside it
mkdir -p tree/m tree/t/dir tree/other
head -c 1500000 /dev/urandom >tree/t/big
echo '{"signed":{}}' >tree/m/timestamp.json
echo pack >tree/m/now.pack
echo '{}' >tree/m/1.root.json
: >tree/t/empty
echo hidden | tee tree/.hidden >tree/t/.hidden
echo secret >secret
echo a >tree/t/dir/a
ln -s big tree/t/link
ln -s dir tree/t/linkdir
ln -s "$PWD/secret" tree/t/abslink
ln -s ../../secret tree/t/secret
ln -s loop tree/t/loop
mkfifo tree/t/fifo

mirror_start --root tree --listen 127.0.0.1:0
ok $? "it starts from the command line alone"
like "$(cat mirror.err)" '^erika-mirror: serving tree on http://127\.0\.0\.1:[0-9]+/$' \
	"it says where"
results python3 "$SRC/tests/lib/http_behave.py" "$port" tree
if grep -q __asan_init "$ERIKA_BIN/erika-mirror"; then
	skip "it is under 4 MB after that" "a sanitizer counts in"
else
	rss=$(awk '/VmRSS/ { print $2 }' /proc/"$mirror_pid"/status)
	[ "$rss" -lt 4096 ]
	ok $? "it is under 4 MB after that ($rss KB)"
fi
run 0 "curl fetches many on one connection" curl -sf \
	"${url}t/dir/a" "${url}m/1.root.json" "${url}m/timestamp.json"
is "$(printf '%s' "$out" | wc -l)" 2 "all of them"
mirror_stop INT
is "$mirror_status" 0 "SIGINT ends it with 0"
like "$(tail -n 1 mirror.err)" \
	'^erika-mirror: [0-9]+ requests: [0-9]+ found, [0-9]+ missing, [0-9]+ refused; .* sent; 0 clients too slow, 0 over a limit$' \
	"it ends with its counts"
is "$(grep -v serving mirror.err | grep -c '127\.')" 0 "no client's address is written"

# ---- IPv6, a path, a prefix
if [ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6; then
	mirror_start --root tree --listen '[::1]:0' --prefix /news/x/
	run 0 "IPv6" curl -sf "${url}t/dir/a"
	like "$url" '^http://\[::1\]:[0-9]*/news/x/$' "the prefix is told"
	is "$(curl -s -o /dev/null -w '%{http_code}' "http://[::1]:$port/t/dir/a")" \
		404 "nothing is served without the prefix"
	is "$(curl -s -o /dev/null -w '%{http_code}' "http://[::1]:$port/news/xt/dir/a")" \
		404 "nor with a part of it"
	mirror_stop
else
	skip "IPv6" "no ::1 here"
fi
mirror_start --root tree --listen "unix:$PWD/sock"
is "$url" "unix:$PWD/sock" "a socket in the file system"
run 0 "serves there" curl -sf --unix-socket sock http://h/t/dir/a
is "$out" a "the right bytes"
kill -KILL "$mirror_pid"
wait "$mirror_pid" 2>/dev/null
[ -S sock ]
ok $? "a killed one leaves its socket behind"
mirror_start --root tree --listen "unix:$PWD/sock"
ok $? "which the next one takes over"
run 13 "but not while it lives" erika-mirror serve --root tree --listen "unix:$PWD/sock"
run 0 "that one still serves" curl -sf --unix-socket sock http://h/t/dir/a
mirror_stop
[ ! -e sock ]
ok $? "it takes its socket away"

# ---- slow clients, crowds
cat >slow.conf <<-EOF
	[mirror]
	listen = 127.0.0.1:0
	root = tree
	head-seconds = 1
	idle-seconds = 2
	write-seconds = 2
	write-bytes = 4096
	connections = 8
	per-address = 6
EOF
echo small >tree/t/small
truncate -s 64M tree/t/sparse
mirror_start -c slow.conf
results python3 "$SRC/tests/lib/http_slow.py" "$port"
mirror_stop
is "$mirror_status" 0 "it ends with 0 after a siege"
like "$(tail -n 1 mirror.err)" ' [1-9][0-9]* clients too slow, [1-9][0-9]* over a limit' \
	"the dropped are counted"

sed -i 's/^head-seconds.*/head-seconds = 20/; s/^idle.*/idle-seconds = 20/
	s/^per.*/per-address = 8/' slow.conf
mirror_start -c slow.conf
results python3 "$SRC/tests/lib/http_evict.py" "$port"
mirror_stop

# ---- the end
mirror_start --root tree --listen 127.0.0.1:0
# What a client that breaks off may leave: sendfile has no MSG_NOSIGNAL.
kill -PIPE "$mirror_pid"
results python3 "$SRC/tests/lib/http_end.py" "$port" "$mirror_pid"
wait "$mirror_pid"
is "$?" 0 "it ends with 0"

# ---- clients that make it keep much
mirror_start --root tree --listen 127.0.0.1:0
results python3 "$SRC/tests/lib/http_hoard.py" "$port" "$mirror_pid"
mirror_stop
is "$mirror_status" 0 "it ends with 0 after hoarding clients"
plan
