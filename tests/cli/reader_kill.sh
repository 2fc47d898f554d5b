#!/bin/bash
# A sync that is killed at any moment leaves a whole library, and the next one
# goes on.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
if ! command -v python3 >/dev/null; then
	skip "killed syncs" "needs python3"
	plan
	exit
fi

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h && cp -r h/m first
for i in 1 2 3 4 5 6; do
	page h "more$i" "More $i" "Number $i. $(seq 2000 | tr '\n' ' ')"
	issue h
done
ok $? "there is an outlet with seven issues"
serve web h/m

# whole LIBRARY: SQLite finds no fault, and each stored text is what was
# verified.
whole() {
	python3 - "$1" <<'PY'
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
assert not db.execute("PRAGMA foreign_key_check").fetchall()
for digest, prefix in db.execute("SELECT digest, prefix FROM bundle"):
    assert hashlib.blake2b(prefix, digest_size=32).digest() == digest
PY
}

reader base
trust h --mirror "$http/normal/"
erika sync -q --from first
cp -r readers/base readers/start

# Kill after the Nth request reached the mirror: while the head, the pack, the
# chain, or some bundle is on its way or on its way into the library.
total=0
for n in 1 2 3 4 5 6 7 8 9; do
	rm -rf readers/base && cp -r readers/start readers/base
	: >web.log
	erika sync -q >/dev/null 2>&1 &
	pid=$!
	for _ in $(seq 400); do
		[ "$(wc -l <web.log)" -ge "$n" ] && break
		kill -0 $pid 2>/dev/null || break
		sleep 0.005
	done
	kill -9 $pid 2>/dev/null && total=$((total + 1))
	wait $pid 2>/dev/null
	whole readers/base/erika/library.db
	ok $? "killed after request $n: the library is whole"
	run 0 "killed after request $n: what was there is read" erika read tide
	run 0 "killed after request $n: the next sync" erika sync
	is "$(erika list --json | wc -l)" 7 "killed after request $n: has all"
done
ok "$([ $total -ge 3 ]; echo $?)" "some were killed in time"

# Two at once: one waits for the other.
rm -rf readers/base && cp -r readers/start readers/base
erika sync -q 2>two.err &
pid=$!
run 0 "two syncs at once: one" erika sync
wait $pid
is "$?" 0 "and the other"
is "$(erika list --json | wc -l)" 7 "all is there"
whole readers/base/erika/library.db
ok $? "and whole"

# A full disk, in a name space of its own: every write fails, nothing is lost.
mkdir tiny
size=$(($(du -sk readers/start | cut -f 1) + 32))k
if unshare -rm mount -t tmpfs -o size=$size tmpfs tiny 2>/dev/null; then
	run 0 "a full disk" unshare -rm bash -c '
		mount -t tmpfs -o "size=$1" tmpfs tiny || exit
		cp -r readers/start/erika tiny/
		export XDG_DATA_HOME=$PWD/tiny
		erika sync -q
		echo "status $?"
		erika read tide | sed -n 1p
		cp -r tiny/erika full' - $size
	is "$out" "status 14
The tide" "is status 14, and what was there is read"
	whole full/library.db
	ok $? "and whole"
else
	skip "a full disk" "cannot mount a small file system here"
fi
plan
