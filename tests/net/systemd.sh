#!/bin/bash
# The units under mirrors/ with a real systemd as process 1, in namespaces of
# the test's own: they start, take a push, reload, restart without losing a
# reader, pull by their timer, and hold the node in.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
PATH=$PATH:/usr/sbin:/sbin
units="the units under systemd"
[ "$(id -u)" = 0 ] || skip_all "$units" "namespaces and cgroups need root"
tools_or_skip "$units" /lib/systemd/systemd unshare nsenter findmnt ip curl \
	systemctl python3

# Where this process is among the cgroups, and a child of that.
top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
[ -n "$top" ] || skip_all "$units" "there is no cgroup2"
cgroup=${top%/}$(sed -n 's/^0:://p' /proc/self/cgroup)
cgroup=${cgroup%/}/erika-test-$$
mkdir "$cgroup" 2>mkdir.err || skip_all "$units" "cgroups cannot be made here"
box= other=
cleanup() {
	[ -n "$other" ] && kill "$other" 2>/dev/null
	[ -n "$box" ] && kill -KILL "$box"
	wait
	for _ in $(seq 50); do
		find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null
		[ -d "$cgroup" ] || break
		sleep 0.05
	done
}
trap cleanup EXIT

# ---- process 1, and the units that ours name
mkdir -p at/units
unit() {
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n%s\n' \
		"$1" "${2-}" >"at/units/$1"
}
for t in sysinit basic sockets timers network network-online multi-user \
	shutdown umount; do
	unit $t.target
done
unit box.target "AllowIsolate=yes"
for f in "$SRC"/mirrors/*.service "$SRC"/mirrors/*.socket \
	"$SRC"/mirrors/*.timer; do
	cp "$f" at/units
done
# What they say goes to a file, there being no journal.
for s in erika-mirror erika-mirror-pull; do
	mkdir at/units/$s.service.d
	printf '[Service]\nStandardError=append:/run/%s.log\n' $s \
		>at/units/$s.service.d/log.conf
done
bash -c 'echo $$ >"$0/cgroup.procs" && exec unshare --mount --net --uts --ipc \
	--cgroup --pid --fork bash "$@"' "$cgroup" \
	"$SRC/tests/lib/systemd_box.sh" "$PWD/at" >box.out 2>&1 &
outer=$!
inside() { nsenter -t "$box" -a "$@"; }
runs() { [ "$(inside systemctl is-system-running 2>/dev/null)" = running ]; }
for _ in $(seq 200); do
	kill -0 $outer 2>/dev/null || break
	box=$(cat /proc/$outer/task/$outer/children 2>/dev/null)
	box=${box// /}
	[ -n "$box" ] && [ "$(cat "/proc/$box/comm" 2>/dev/null)" = systemd ] &&
		runs && break
	sleep 0.1
done
if [ -z "$box" ] || ! runs; then
	sed 's/^/# /' box.out | tail -n 5
	skip_all "$units" "systemd does not run in a box here: $(tail -n 1 box.out)"
fi
ok 0 "systemd runs as process 1"
root=/proc/$box/root
there() { nsenter -t "$box" -n "$@"; }

# ---- installed as erika-mirror.service says
newsroom n "The Harbour"
for i in 1 2 3; do
	page n "long$i" "Ship $i" "$(head -c 600000 /dev/urandom | base64)"
done
mkdir -p "$root/usr/local/bin" "$root/etc/erika-mirror"
install -m 755 "$ERIKA_BIN/erika-mirror" "$ERIKA_BIN/erika-mirror-pull" \
	"$root/usr/local/bin"
printf '[mirror]\nroot = /var/lib/erika-mirror/tree\npublisher = %s\npull = http://127.0.0.1:9000/\n' \
	"$words" >"$root/etc/erika-mirror/erika-mirror.conf"
active() { inside systemctl is-active "$1" 2>/dev/null; }
stop() { inside systemctl stop erika-mirror.socket erika-mirror.service; }
get() { there curl -s -m 10 -o got -w '%{http_code}' "$@" "http://127.0.0.1/$path"; }
path=m/timestamp.json

# ---- behind a proxy: a socket in the file system
run 0 "the units start" inside systemctl start erika-mirror.socket \
	erika-mirror.service
is "$(active erika-mirror.service)" active "and say when they are ready"
is "$(stat -c %a "$root/run/erika/http")" 666 "the socket is for a proxy of another user"
is "$(get --unix-socket "$root/run/erika/http")" 404 "an empty node answers there"
main=$(inside systemctl show -P MainPID erika-mirror.service)
held=$(inside grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$main/status")
unlike "$held" '^Uid:.*\b0\b' "it is not root"
like "$held" '^CapBnd:.*\b0+$' "can do nothing that root can"
like "$held" '^NoNewPrivs:.*1$' "nor ever again"
like "$held" '^Seccomp:.*2$' "and its system calls are filtered"
unlike "$(cat "$root/run/erika-mirror.log")" 'sandbox|Operation not permitted' \
	"its own sandbox holds within"
run 0 "they stop" stop

# ---- for readers themselves: a port below 1024
sed -i 's|^ListenStream=.*|ListenStream=80|' "$root/run/units/erika-mirror.socket"
inside systemctl daemon-reload
run 0 "the socket alone starts" inside systemctl start erika-mirror.socket
is "$(active erika-mirror.service)" inactive "without the node"
is "$(get)" 404 "the first reader starts it"
is "$(active erika-mirror.service)" active "for good"
printf '[mirror "box"]\nto = http://127.0.0.1/\n' >n/room/mirrors.ini
erika-press pack -q -C n/room n/pages >/dev/null 2>&1
run 0 "a newsroom publishes to it" there erika-press publish -C n/room
like "$err" '^box +[0-9]+ files, [0-9.]+ MB$' "some megabytes"
is "$(get)" 200 "readers find them"
run 0 "as they were signed" cmp got n/room/repository/m/timestamp.json

# One address may have 64 connections, unless it is a proxy's.
cat >crowd.py <<'PY'
import select, socket, time
crowd = [socket.create_connection(("127.0.0.1", 80)) for _ in range(70)]
end = time.monotonic() + 8
closed = 0
while closed < 6 and time.monotonic() < end:
    closed = len(select.select(crowd, [], [], 1)[0])
print(crowd[0].getsockname()[0], closed)
PY
run 0 "seventy connections" there python3 crowd.py
is "$out" "127.0.0.1 6" "of one address are too many: six are closed"

sed -i '/^root/a prefix = /p/' "$root/etc/erika-mirror/erika-mirror.conf"
run 0 "it reloads" inside systemctl reload erika-mirror.service
is "$(active erika-mirror.service)" active "and runs on"
is "$(get)" 404 "by its new configuration"
path=p/$path
is "$(get)" 200 "which counts"
sed -i '/^prefix/d' "$root/etc/erika-mirror/erika-mirror.conf"
echo 'nonsense = 1' >>"$root/etc/erika-mirror/erika-mirror.conf"
inside systemctl reload erika-mirror.service
is "$(get)" 200 "one that is wrong does not"
like "$(cat "$root/run/erika-mirror.log")" 'unknown key "nonsense"' "and is told of"
sed -i '/^nonsense/d' "$root/etc/erika-mirror/erika-mirror.conf"
path=m/timestamp.json
inside systemctl reload erika-mirror.service

# Readers come while it is restarted.
for _ in $(seq 60); do get; echo; done >codes.txt &
readers=$!
run 0 "it restarts" inside systemctl restart erika-mirror.service
wait $readers
is "$(sort codes.txt | uniq -c | tr -s ' ')" " 60 200" "and loses no reader"

# ---- the timer
page n news "News" "High water."
mkdir other
printf '[mirror "other"]\nto = %s\n' "$PWD/other" >n/room/mirrors.ini
erika-press pack -q -C n/room n/pages >/dev/null 2>&1
erika-press publish -q -C n/room
printf '[mirror]\nroot = other\nlisten = 127.0.0.1:9000\n' >other.conf
# Not "there", whose process would be a shell's.
nsenter -t "$box" -n erika-mirror serve -q -c other.conf 2>other.err &
other=$!
mkdir "$root/run/units/erika-mirror-pull.timer.d"
printf '[Timer]\nOnActiveSec=100ms\nRandomizedDelaySec=0\nAccuracySec=1ms\n' \
	>"$root/run/units/erika-mirror-pull.timer.d/soon.conf"
inside systemctl daemon-reload
run 0 "the timer starts" inside systemctl start erika-mirror-pull.timer
same() { get >/dev/null; cmp -s got n/room/repository/m/timestamp.json; }
for _ in $(seq 100); do same && break; sleep 0.1; done
same
ok $? "and fetches what is new from another mirror, for the node to serve"
run 0 "a pull by hand" inside systemctl start erika-mirror-pull.service
is "$(cat "$root/run/erika-mirror-pull.log")" "" "nobody complains"
printf '[mirror "box"]\nto = http://127.0.0.1/\n' >n/room/mirrors.ini
page n last "The last" "Low water."
erika-press pack -q -C n/room n/pages >/dev/null 2>&1
run 0 "a push beside it" there erika-press publish -C n/room
run 0 "stop" stop
is "$(inside systemctl show -P Result erika-mirror.service)" success "it ends well"
is "$(stat -c %a "$root/var/lib/private")" 700 "what it keeps is its own"
trap - EXIT
cleanup
[ ! -d "$cgroup" ]
ok $? "nothing is left"
plan
