#!/bin/bash
# A sync that is killed at any moment leaves a whole library, and the next one
# goes on.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "killed syncs" python3

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

# ---- what is large goes on at the part where it was

# slow.py ROOT: a mirror that sends 300 KB/s, to have time to kill; while there
# is a file slow.limit it has nothing any more after so many bytes, and while
# there is slow.thin it sends a thirtieth.
cat >slow.py <<'PY'
import http.server, os, re, sys, time
class Slow(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def is_over(self):
        if not os.path.exists("slow.limit"):
            return False
        with open("slow.sent") as sent, open("slow.limit") as limit:
            return sum(map(int, sent)) > int(limit.read())
    def do_GET(self):
        try:
            if self.is_over():
                raise OSError
            with open(sys.argv[1] + self.path, "rb") as f:
                body = f.read()
        except OSError:
            body = None
        m = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        self.send_response(404 if body is None else 206 if m else 200)
        if body is not None and m:
            size = len(body)
            body = body[int(m[1]):int(m[2]) + 1]
            self.send_header("Content-Range", "bytes %s-%s/%d"
                             % (m[1], m[2], size))
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        step = 500 if os.path.exists("slow.thin") else 15000
        for i in range(0, len(body or b""), step):
            self.wfile.write(body[i:i + step])
            with open("slow.sent", "a") as f:
                f.write("%d\n" % len(body[i:i + step]))
            time.sleep(.05)
            if self.is_over():
                self.close_connection = True
                return
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args):
        pass
s = Server(("127.0.0.1", 0), Slow)
print(s.server_address[1], flush=True)
s.serve_forever()
PY
python3 - <<'PY'
import os, random, struct, zlib
random.seed(7)
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + \
        struct.pack(">I", zlib.crc32(kind + data))
os.makedirs("h/pages/pictures", exist_ok=True)
body = ""
for i in range(6):
    w = h = 300
    raw = b"".join(b"\0" + random.randbytes(3 * w) for _ in range(h))
    with open("h/pages/pictures/%d.png" % i, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
            ">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
    body += '<figure><img src="pictures/%d.png" alt="p"></figure>\n' % i
words = "".join("<p>%s</p>\n" % " ".join("%x" % random.getrandbits(60)
                for _ in range(400)) for _ in range(70))
for k in range(4):
    with open("h/pages/long%d.html" % k, "w") as f:
        f.write("""<!DOCTYPE html><html lang="en"><head>
<meta charset="utf-8"><title>Long %d</title>
<meta property="article:published_time" content="2026-11-21T10:00:00Z">
</head><body><article><h1>Long %d</h1>%s%s</article></body></html>"""
                % (k, k, words.replace("1", str(k)), body if k == 0 else ""))
PY
issue h
ok $? "there is an issue with long texts and six photographs"
python3 slow.py h/m >slow.port &
servers="$servers $!"
for _ in $(seq 200); do
	[ -s slow.port ] && break
	sleep 0.05
done
slow=http://127.0.0.1:$(cat slow.port)/

# sent: bytes that the slow mirror has sent since it was asked last.
sent() {
	awk '{ n += $1 } END { print n + 0 }' slow.sent
}

# until_sent N PID: wait until it has sent so many.
until_sent() {
	for _ in $(seq 2000); do
		[ "$(sent)" -ge "$1" ] && return
		kill -0 "$2" 2>/dev/null || return
		sleep 0.01
	done
}

reader all
trust h --mirror "$slow"
erika sync -q --from first
: >slow.sent
erika sync -q
whole_text=$(sent)
reader big
trust h --mirror "$slow"
erika sync -q --from first
: >slow.sent
erika sync -q >/dev/null 2>&1 &
pid=$!
until_sent 900000 $pid
kill -9 $pid
wait $pid 2>/dev/null
first=$(sent)
sleep 0.3
: >slow.sent
whole readers/big/erika/library.db
ok $? "killed in the midst of a long text: the library is whole"
run 0 "the next sync" erika sync
is "$(erika list --json | wc -l)" 11 "has all"
again=$(sent)
echo "# $first bytes before, $again after"
ok "$([ "$again" -gt 1000 ] && [ "$again" -lt 800000 ]; echo $?)" \
	"and did not fetch again what was here"

# Nobody has the rest, and then somebody has: what came is not lost.
reader little
trust h --mirror "$slow"
erika sync -q --from first
: >slow.sent
echo 400000 >slow.limit
erika sync -q 2>cut.err
like "$?" '^(3|10)$' "not all can be had"
first=$(sent)
rm slow.limit
: >slow.sent
run 0 "the next sync" erika sync
is "$(erika list --json | wc -l)" 11 "has all"
again=$(sent)
echo "# $first bytes before, $again after, $whole_text in all"
ok "$([ $((again + first)) -lt $((whole_text + 300000)) ]; echo $?)" \
	"and did not fetch again what was here"
# By a thin line a little is much.
reader thin
trust h --mirror "$slow"
erika sync -q --from first
: >slow.sent
: >slow.thin
erika sync -q >/dev/null 2>&1 &
pid=$!
parts=0
for _ in $(seq 300); do
	parts=$(python3 -c 'import sqlite3
db = sqlite3.connect("file:readers/thin/erika/library.db?mode=ro", uri=True)
print(db.execute("SELECT count(*) FROM part").fetchone()[0])' 2>thin.err) ||
		parts=0
	[ "$parts" = 0 ] || break
	sleep 0.1
done
kill -9 $pid
wait $pid 2>/dev/null
rm slow.thin
[ "$parts" -gt 0 ] && [ "$(sent)" -lt 500000 ]
ok $? "by a thin line parts are kept sooner: $(sent) bytes sent"
reader big

: >slow.sent
erika sync -q --images >/dev/null 2>&1 &
pid=$!
until_sent 900000 $pid
kill -9 $pid
wait $pid 2>/dev/null
first=$(sent)
sleep 0.3
: >slow.sent
run 0 "killed among the pictures: the next sync" erika sync --images
like "$err" 'pictures: [1-6]$' "has the pictures"
again=$(sent)
echo "# $first bytes before, $again after"
ok "$([ "$again" -lt 1500000 ]; echo $?)" \
	"and did not fetch again what was here"
is "$(python3 - <<'PY'
import sqlite3
db = sqlite3.connect("readers/big/erika/library.db")
print(db.execute("SELECT count(*) FROM image").fetchone()[0],
      db.execute("SELECT count(*) FROM part").fetchone()[0])
PY
)" "6 0" "all six, and no loose parts"

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
