"""Clients that make a server keep bytes for them: long unfinished heads, and
requests behind an answer that nobody takes. What it keeps is bounded."""

import resource
import sys
from http_client import Client, check

port, pid = int(sys.argv[1]), sys.argv[2]
MANY = 1500
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))


def rss():
    with open(f"/proc/{pid}/status") as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS"))


sanitized = b"__asan_init" in open(f"/proc/{pid}/exe", "rb").read()
head = b"GET /t/small HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 15000
wait = b"GET /t/sparse HTTP/1.1\r\nHost: h\r\n\r\n"
wait += b"GET /t/small HTTP/1.1\r\nHost: h\r\n\r\n" * (15000 // 36)
for what, data in (("unfinished heads", head), ("requests behind an answer", wait)):
    clients = []
    for _ in range(MANY):
        c = Client(port, rcvbuf=4096)
        try:
            c.send(data)
        except ConnectionError:
            pass  # this one is over the budget already
        clients.append(c)
    reader = Client(port)
    r = reader.get("/t/small")
    check(r is not None and r.body == b"small\n", f"a reader is served beside {MANY} {what}")
    size = rss()
    check(sanitized or size < 16384, f"{MANY} {what} cost {size} KB")
    for c in clients + [reader]:
        c.close()
