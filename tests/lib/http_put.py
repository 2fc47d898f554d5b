"""What PUT does, byte by byte, with puttool behind the front, which writes
what it is told to a log. Usage: http_put.py PORT LOG"""

import hashlib
import random
import socket
import sys
import time
from http_client import Client, LIMIT, check

port, log = int(sys.argv[1]), open(sys.argv[2])
rng = random.Random(5)
H = "Host: h\r\n"


def events(n=1, limit=LIMIT):
    """The next n lines of the log."""
    lines = []
    end = time.monotonic() + limit
    while len(lines) < n and time.monotonic() < end:
        line = log.readline()
        if line:
            lines.append(line.strip())
        else:
            time.sleep(0.01)
    return lines


def head(path, n, extra=""):
    return f"PUT {path} HTTP/1.1\r\n{H}Content-Length: {n}\r\n{extra}\r\n".encode()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def put(c, path, data, extra=""):
    c.send(head(path, len(data), extra) + data)
    return c.response("PUT")


next_one = b"GET /t/next HTTP/1.1\r\nHost: h\r\n\r\n"

# ---- bodies of all sizes, on one connection
c = Client(port)
wrong = []
for n in (0, 1, 2, 511, 512, 16383, 16384, 16385, 65535, 65536, 65537, 1 << 20, 3 << 20):
    data = rng.randbytes(n)
    r = put(c, f"/t/size-{n}", data)
    if r.status != 201 or r.body != f"Created: t/size-{n}\n".encode():
        wrong.append(f"{n}: {r.status}")
    if events(2) != [f"begin t/size-{n} {n}", f"end t/size-{n} {sha(data)}"]:
        wrong.append(f"{n}: events")
check(not wrong, "bodies from 0 to 3 MiB arrive whole: " + " ".join(wrong))
c.send(next_one)
check(c.response().body == b"next\n", "and a GET on the same connection")
r = put(c, "/t/end-204", b"hello")
check(r.status == 204 and "Content-Length" not in r.fields, "204 has no length")
events(2)
r = put(c, "/t/end-403", b"hello")
check(r.status == 403 and r.field("Connection") is None, "a refusal at the end")
events(2)
c.send(next_one)
check(c.response().body == b"next\n", "leaves the connection open")

# ---- pipelining
data = rng.randbytes(30000)
c.send(head("/t/a", 5) + b"hello" + next_one + head("/t/b", len(data)) + data + next_one + head("/t/c", 0) + next_one)
got = [c.response() for _ in range(6)]
check([r.status for r in got] == [201, 200, 201, 200, 201, 200], "PUT and GET behind one another")
check(
    events(6)
    == ["begin t/a 5", f"end t/a {sha(b'hello')}", f"begin t/b {len(data)}", f"end t/b {sha(data)}",
        "begin t/c 0", f"end t/c {sha(b'')}"],
    "each body is its own",
)
wrong = 0
body = b"GET /secret HTTP/1.1\r\nHost: h\r\n\r\n"  # a body that looks like a request
two = head("/t/x", len(body)) + body + next_one
for cut in range(1, len(two)):
    c.send(two[:cut])
    c.send(two[cut:])
    wrong += c.response().status != 201 or c.response().body != b"next\n"
    wrong += events(2) != [f"begin t/x {len(body)}", f"end t/x {sha(body)}"]
check(wrong == 0, "PUT and GET, cut at every byte; no body is read as a request")
for b in two:
    c.send(bytes([b]))
check(c.response().status == 201 and c.response().body == b"next\n", "one byte at a time")
events(2)
c.close()

# ---- Expect: 100-continue
EXPECT = "Expect: 100-continue\r\n"
c = Client(port)
c.send(head("/t/wait", 5, EXPECT))
while b"\r\n\r\n" not in c.got:
    c.more()
check(c.got == b"HTTP/1.1 100 Continue\r\n\r\n", "100 Continue comes before the body")
c.got = b""
c.send(b"hello")
check(c.response("PUT").status == 201, "and the answer after it")
events(2)
c.send(head("/t/begin-413", 1 << 40, EXPECT))
r = c.response("PUT")
check(r.status == 413 and r.field("Connection") == "close" and c.ended(), "a refusal instead of 100 Continue")
check(events(1) == [f"begin t/begin-413 {1 << 40}"], "and nothing is cut that was not begun")
c.close()
c = Client(port)
c.send(head("/t/none", 0, EXPECT))
check(c.response("PUT").status == 201, "nothing to wait for: no 100 Continue")
events(2)
c.close()

# ---- refused before the body is read
for status in (204, 400, 403, 404, 409, 413, 451, 503, 507):
    c = Client(port)
    c.send(head(f"/t/begin-{status}", 1000) + b"x" * 500)
    r = c.response("PUT")
    ok = r is not None and r.status == status and r.field("Connection") == "close"
    ok = ok and (status != 503 or r.field("Retry-After") == "30")
    c.s.settimeout(LIMIT)
    try:
        c.send(b"x" * 500 + next_one)
    except ConnectionError:
        pass
    check(ok and c.ended(), f"{status} before the body, then closed; the body is no request")
    events(1)
    c.close()
# A client that sends a large body without waiting can still read why.
c = Client(port)
try:
    c.send(head("/t/begin-403", 200000) + b"x" * 200000)
except ConnectionError:
    pass
r = c.response("PUT")
check(r is not None and r.status == 403, "the refusal can be read although the body was sent")
events(1)
c.close()
c = Client(port)
c.send(head("/t/write-507", 200000) + b"x" * 70000)
r = c.response("PUT")
check(r.status == 507 and r.field("Connection") == "close" and c.ended(), "refused in the middle of the body")
got = events(2)
check(got[1].startswith("cut t/write-507 "), "which is cut")
c.close()
c = Client(port)
r = put(c, "/t/write-403", b"x" * 100)
check(r.status == 403 and r.field("Connection") is None, "refused with its last bytes: the connection stays")
events(2)
c.send(next_one)
check(c.response().body == b"next\n", "for the next request")
c.close()
c = Client(port)
c.send(f"PUT /t/x HTTP/1.1\r\n{H}\r\n".encode())
r = c.response("PUT")
check(r.status == 411 and r.field("Connection") == "close" and c.ended(), "411 without a length")
c.close()

# ---- broken off
for what in ("closed", "half closed", "reset"):
    c = Client(port)
    c.send(head(f"/t/{what.split()[0]}", 1000) + b"x" * 400)
    events(1)
    if what == "reset":
        c.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    if what == "half closed":
        c.s.shutdown(socket.SHUT_WR)
    else:
        c.close()
    check(events(1)[0].startswith(f"cut t/{what.split()[0]} "), f"{what} in the middle: cut")
    c.close()

# ---- deadlines: write=1 s, bytes=4096, push=3 s
c = Client(port)
c.send(head("/t/silent", 100000) + b"x")
events(1)
check(events(1) == ["cut t/silent 1"] and c.ended(), "a silent body is cut")
c.close()


def drip(path, n, piece, wait):
    """Send pieces until the server ends it; whether it was cut, when."""
    c = Client(port)
    c.send(head(path, n))
    events(1)
    start = time.monotonic()
    end = start + LIMIT
    said = []
    while not said and time.monotonic() < end:
        try:
            c.send(b"x" * piece)
        except ConnectionError:
            pass
        said = events(1, wait)
    c.close()
    return said and said[0].startswith(f"cut {path[1:]} "), time.monotonic() - start


check(drip("/t/drip", 100000, 1, 0.05)[0], "a dripping body is cut")
cut, took = drip("/t/steady", 1 << 30, 2000, 0.05)
check(cut, "so is one that is steady and far too long")
check(took > 1.5, "but not before its time")

# ---- few at once; whoever comes slowest makes room
some = [Client(port) for _ in range(3)]
for i, c in enumerate(some):
    c.send(head(f"/t/slot-{i}", 1 << 20) + b"x" * (i + 1) * 100)
events(3)
c = Client(port)
c.send(head("/t/one-more", 100) + b"x" * 50)
r = c.response("PUT")
check(r.status == 503 and r.field("Retry-After") == "30", "a fourth push is told to come later")
c.close()
# They have to be older than two seconds, and not starve meanwhile.
end = time.monotonic() + LIMIT
done = False
while not done and time.monotonic() < end:
    for i, c in enumerate(some):
        try:
            c.send(b"x" * 2000 * (i + 1))
        except ConnectionError:
            pass
    c = Client(port)
    r = put(c, "/t/patient", b"x" * 100)
    done = r.status == 201
    c.close()
    time.sleep(0.1)
check(done, "a push gets in beside slow ones")
lines = events(20, 0.5)
cuts = [l for l in lines if l.startswith("cut")]
check(bool(cuts) and cuts[0].startswith("cut t/slot-0"), "the slowest made room for it")
for c in some:
    c.close()
events(20, 0.5)

# ---- a stranger's pushes do not grow it
pid = int(sys.argv[3])


def rss():
    with open(f"/proc/{pid}/status") as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS"))


c = Client(port)
before = rss()
put(c, "/t/large", b"x" * (32 << 20))
events(2)
sanitized = b"__asan_init" in open(f"/proc/{pid}/exe", "rb").read()
check(sanitized or rss() - before < 1024, f"32 MiB pass through, {rss() - before} KB stay")
c.close()
log.seek(0)
check("wrong" not in log.read(), "no piece was empty, too long or too early")
