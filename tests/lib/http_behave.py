"""What a mirror answers to well-formed requests, byte by byte."""

import os
import random
import re
import socket
import sys
from http_client import Client, check

port, tree = int(sys.argv[1]), sys.argv[2]
big = open(f"{tree}/t/big", "rb").read()
stamp = open(f"{tree}/m/timestamp.json", "rb").read()

# ---- one file, all ways to ask for it
c = Client(port)
r = c.get("/t/big")
check(r.status == 200 and r.body == big, "GET brings the file")
check(r.field("Content-Type") == "application/octet-stream", "a bundle's type")
check(r.field("Cache-Control") == "public, max-age=31536000, immutable", "a hashed name never changes")
check(r.field("Accept-Ranges") == "bytes", "ranges are offered")
check(r.field("X-Content-Type-Options") == "nosniff", "no guessing of types")
check(
    re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", r.field("Date") or ""),
    "a date",
)
known = {"Date", "Content-Length", "Content-Type", "Accept-Ranges", "Cache-Control", "X-Content-Type-Options"}
check(set(r.fields) == known, "no field beside these: no server, no ETag, no cookie")
r = c.get("/t/big", "HEAD")
check(r.status == 200 and r.field("Content-Length") == str(len(big)), "HEAD tells the length")
r = c.get("/m/timestamp.json")
check(r.body == stamp and r.field("Content-Type") == "application/json", "JSON has its type")
check(r.field("Cache-Control") == "no-cache", "timestamp.json is asked for again")
check(c.get("/m/now.pack").field("Cache-Control") == "no-cache", "so is now.pack")
check("immutable" in c.get("/m/1.root.json").field("Cache-Control"), "1.root.json is not")
r = c.get("/t/empty")
check(r.status == 200 and r.body == b"", "an empty file")
check(c.get("/%6d/%74imestamp%2ejson").body == stamp, "percent-encoding is decoded")
check(c.get("/t/big", extra="Content-Length: 0\r\nX:\r\n").status == 200, "a length of 0")
check(c.get("/t/big", extra="If-None-Match: *\r\nCookie: a\r\n").body == big, "conditions and cookies are ignored")

# ---- what is not there
for path in (
    "/", "/m", "/m/", "/t/", "/nothing", "/t/big/", "/t/big/x", "/m/timestamp.json?x=1",
    "/.hidden", "/t/.hidden", "/t/link", "/t/linkdir/a", "/t/abslink", "/t/fifo", "/t/loop",
    "/t/secret", "/t/a%5Bb", "/%D0%96", "/" + "a/" * 300 + "a", "/t/" + "n" * 300,
):
    r = c.get(path)
    check(r.status == 404 and r.field("Connection") is None, f"404: {path[:40]}")
check(r.field("Cache-Control") == "no-cache", "a 404 is asked for again")
r = c.get("/nothing", "HEAD")
check(r.status == 404, "404 to HEAD")
check(c.get("/t/big").body == big, "the connection lived through all that")
c.close()

# ---- ranges
c = Client(port)
rng = random.Random(1)
cases = [(0, 0), (0, len(big) - 1), (len(big) - 1, len(big) - 1), (5, None), (None, 7), (None, 10**9), (0, 10**9)]
cases += [sorted((rng.randrange(len(big)), rng.randrange(len(big)))) for _ in range(40)]
wrong = []
for first, last in cases:
    spec = f"{'' if first is None else first}-{'' if last is None else last}"
    r = c.get("/t/big", extra=f"Range: bytes={spec}\r\n")
    if first is None:
        a, b = max(0, len(big) - last), len(big) - 1
    else:
        a, b = first, len(big) - 1 if last is None else min(last, len(big) - 1)
    if r.status != 206 or r.body != big[a : b + 1] or r.field("Content-Range") != f"bytes {a}-{b}/{len(big)}":
        wrong.append(spec)
check(not wrong, f"{len(cases)} ranges" + " ".join([""] + wrong))
for spec, path in ((f"{len(big)}-", "/t/big"), ("-0", "/t/big"), ("0-0", "/t/empty"), ("0-1,3-4", "/t/big")):
    r = c.get(path, extra=f"Range: bytes={spec}\r\n")
    size = 0 if path == "/t/empty" else len(big)
    check(r.status == 416 and r.field("Content-Range") == f"bytes */{size}", f"416: {spec} of {path}")
check(c.get("/t/big", extra="Range: lines=0-1\r\n").body == big, "a unit we do not know is ignored")
check(c.get("/t/big", extra='Range: bytes=0-1\r\nIf-Range: "x"\r\n').body == big, "If-Range never matches")
r = c.get("/t/big", "HEAD", extra="Range: bytes=0-1\r\n")
check(r.status == 200 and r.field("Content-Length") == str(len(big)), "HEAD has no ranges")
c.close()

# ---- keep-alive and pipelining
one = b"GET /m/timestamp.json HTTP/1.1\r\nHost: h\r\n\r\n"
c = Client(port)
c.send(one * 300)
check(all(c.response().body == stamp for _ in range(300)), "300 requests in one piece")
c.close()

c = Client(port, rcvbuf=4096)
paths = ["/t/big", "/m/timestamp.json", "/nothing", "/t/big", "/t/empty"] * 4
c.send(b"".join(f"GET {p} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for p in paths))
bodies = {"/t/big": big, "/m/timestamp.json": stamp, "/nothing": b"Not Found\n", "/t/empty": b""}
check(all(c.response().body == bodies[p] for p in paths), "large and small answers in order, to a slow reader")
c.close()

c = Client(port)
wrong = 0
two = b"GET /t/big HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9\r\n\r\n" + one
for cut in range(1, len(two)):
    c.send(two[:cut])
    c.send(two[cut:])
    wrong += c.response().body != big[:10] or c.response().body != stamp
check(wrong == 0, "two requests, cut at every byte")
for b in one:
    c.send(bytes([b]))
check(c.response().body == stamp, "one byte at a time")
c.close()

c = Client(port)
c.send(one + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + one)
got = [c.response(), c.response()]
check(got[1].field("Connection") == "close" and c.ended(), "nothing is answered after close")
c.close()
c = Client(port)
c.send(b"GET /m/timestamp.json HTTP/1.0\r\n\r\n")
r = c.response()
check(r.body == stamp and r.field("Connection") == "close" and c.ended(), "HTTP/1.0 is answered and closed")
c.close()
c = Client(port)
c.send(b"GET /t/big HTTP/1.1\r\nHost: h\r\n\r\n")
c.s.shutdown(socket.SHUT_WR)
check(c.response().body == big and c.ended(), "a client that has said all still gets its answer")
c.close()

# ---- the same for everybody
def bare(source, extra):
    c = Client(port, source=source)
    r = c.get("/t/big", extra=extra)
    c.close()
    return re.sub(rb"Date: [^\r]*", b"", r.raw)


check(
    bare("127.0.0.1", "") == bare("127.0.0.2", "User-Agent: x\r\nAccept-Encoding: gzip\r\nAccept-Language: fa\r\n"),
    "another address, another browser: the same bytes",
)

# ---- a file that shrinks while it is sent
with open(f"{tree}/t/shrink", "wb") as f:
    f.truncate(64 << 20)
c = Client(port, rcvbuf=4096)
c.send(b"GET /t/shrink HTTP/1.1\r\nHost: h\r\n\r\n")
c.more()
os.truncate(f"{tree}/t/shrink", 0)
try:
    r = c.response()
except ConnectionError:
    r = None
check(r is None, "a file that shrinks ends the connection, not in other bytes")
c.close()
os.unlink(f"{tree}/t/shrink")
