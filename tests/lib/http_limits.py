"""The month's traffic, the rate and the cover of a mirror.
Usage: http_limits.py cap|rate|cover PORT [...]"""

import hashlib
import re
import sys
import threading
import time
from http_client import Client, check

what, port = sys.argv[1], int(sys.argv[2])


def bare(r):
    return re.sub(rb"Date: [^\r]*", b"", r.raw)


if what == "cap":
    # traffic = 100000 bytes; t/b/big has 60000, t/b/small 1000
    c = Client(port)
    r = c.get("/t/b/big")
    check(r.status == 200 and len(r.body) == 60000, "a bundle within the month's traffic")
    r = c.get("/t/b/big")
    check(r.status == 503, "not one that would go beyond it")
    wait = int(r.field("Retry-After") or 0)
    check(0 < wait <= 31 * 86400, f"it says when to come back ({wait} s)")
    check(r.field("Connection") is None, "the connection stays")
    check(c.get("/t/b/small").status == 200, "a smaller one is in it")
    check(c.get("/t/b/big", extra="Range: bytes=0-99\r\n").status == 206, "so is a part")
    check(c.get("/t/b/big", "HEAD").status == 503, "a HEAD is answered as a GET would be")
    big = [c.get("/t/b/small").status for _ in range(60)]
    check(200 in big and 503 in big, "until nothing is left")
    r = c.get("/m/timestamp.json")
    check(r.status == 200 and r.body == b"{}\n", "metadata is served beyond")
    c.close()
elif what == "capped":
    c = Client(port)
    check(c.get("/t/b/small").status == 503, "after a restart it is still used up")
    check(c.get("/m/timestamp.json").status == 200, "but for metadata")
    c.close()
elif what == "burst":
    # A cap of 100000: of twenty slow clients of 60000 only one gets it.
    clients = [Client(port, rcvbuf=4096) for _ in range(20)]
    for c in clients:
        c.send(b"GET /t/b/big HTTP/1.1\r\nHost: h\r\n\r\n")
    got = [c.response().status for c in clients]
    check(sorted(got) == [200] + [503] * 19, "twenty at once do not go beyond together")
    for c in clients:
        c.close()
elif what == "rate":
    # 1600 kbit/s: 200,000 bytes a second; t/b/rate has 400,000.
    want = hashlib.sha256(open("tree/t/b/rate", "rb").read()).digest()
    start = time.monotonic()
    results = []

    def fetch():
        c = Client(port)
        r = c.get("/t/b/rate")
        results.append((time.monotonic() - start, hashlib.sha256(r.body).digest()))
        c.close()

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for t in threads:
        t.start()
    time.sleep(0.5)
    c = Client(port)
    ok = all(c.get("/m/timestamp.json").status == 200 for _ in range(20))
    check(ok and not results, "metadata does not wait")
    c.close()
    for t in threads:
        t.join()
    check(all(d == want for _, d in results), "all of it comes, to each")
    took = max(t for t, _ in results)
    # 1,200,000 bytes less the first burst, at 200,000 a second.
    check(took > 4, f"three together take {took:.1f} s: no faster than the rate")
    check(min(t for t, _ in results) > took / 2, "each has its share")
    # A pause is no client's fault, and a client that goes leaves nothing.
    c = Client(port)
    c.send(b"GET /t/b/rate HTTP/1.1\r\nHost: h\r\n\r\n")
    c.more()
    c.close()
    c = Client(port)
    c.send(b"GET /t/b/small HTTP/1.1\r\nHost: h\r\n\r\n" * 30)
    check(all(len(c.response().body) == 1000 for _ in range(30)), "pipelined answers under the rate")
    c.close()
elif what == "cover":
    c = Client(port)
    r = c.get("/")
    check(r.status == 200 and "Harbour café".encode() in r.body, "a page at /")
    check(r.field("Content-Type") == "text/html; charset=utf-8", "of its type")
    check("immutable" not in r.field("Cache-Control"), "that may change")
    check(c.get("/index.html").body == r.body, "by its name, too")
    check(c.get("/style.css").field("Content-Type") == "text/css; charset=utf-8", "a style sheet")
    r = c.get("/menu")
    check(r.status == 301 and r.field("Location") == "/menu/", "a folder without its slash")
    check(b"Soup" in c.get("/menu/").body, "and with it")
    check(c.get("/menu/index.html", extra="Range: bytes=0-3\r\n").body == b"<!do", "a range of a page")
    missing = [bare(c.get(p)) for p in (
        "/nothing", "/nothing/", "/m/timestamp.json", "/t/b/small", "/news", "/news/nothing", "/news/m/",
        "/news/t/b/nothing", "/.hidden", "/menu/.hidden", "/link", "/news/.node/state.json", "/a%5Bb", "/menu/?x=y",
        "/empty/", "/index.html/")]
    check(len(set(missing)) == 1, "whatever is missing is missing in one way, below the prefix or not")
    check(missing[0].endswith(b"<h1>Nothing here</h1>\n"), "as the cover says it")
    r = c.get("/nothing", "HEAD")
    check(r.status == 404, "404 to HEAD")
    check(c.get("/news/m/timestamp.json").body == b"{}\n", "copies are below the prefix")
    r = c.get("/news/t/b/small")
    check(r.status == 200 and len(r.body) == 1000, "bundles too")
    c.close()
