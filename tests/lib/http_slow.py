"""Clients that cost a server: each meets its limit. The server runs with
head-seconds 1, idle-seconds 2, write-seconds 2, write-bytes 4096,
connections 8, per-address 6."""

import socket
import sys
import time
from http_client import Client, LIMIT, check

port = int(sys.argv[1])


def dripped(c, data):
    """Send byte by byte; whether the server ended it first."""
    c.s.settimeout(0.1)
    end = time.monotonic() + LIMIT
    i = 0
    while time.monotonic() < end:
        try:
            c.send(data[i % len(data) : i % len(data) + 1])
            i += 1
            if c.s.recv(1) == b"":
                return True
        except TimeoutError:
            pass
        except ConnectionError:
            return True
    return False


c = Client(port)
check(dripped(c, b"GET /t/" + b"a" * 1000), "a head that drips is cut")
c.close()
c = Client(port)
c.get("/t/small")
check(dripped(c, b"GET /t/" + b"a" * 1000), "so is a later one")
c.close()
c = Client(port)
check(c.ended(), "a client that says nothing is cut")
c.close()
c = Client(port)
c.get("/t/small")
check(c.ended(), "an idle connection is closed")
c.close()

# The file is sparse: 64 MiB of nothing.
big = b"GET /t/sparse HTTP/1.1\r\nHost: h\r\n\r\n"
c = Client(port, rcvbuf=4096)
c.send(big)
c.more()
ended = False
end = time.monotonic() + LIMIT
while not ended and time.monotonic() < end:
    # Look for the reset without taking what would make room for more.
    try:
        ended = bool(c.s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        with open("/proc/net/tcp") as f:
            mine = f":{c.s.getsockname()[1]:04X}"
            state = [l.split()[3] for l in f if l.split()[1].endswith(mine)]
        ended = ended or state != ["01"]
    except ConnectionError:
        ended = True
    time.sleep(0.1)
check(ended, "a client that reads nothing is dropped")
c.close()

# Many answers behind one another, of which one is taken now and then: each
# alone would be in time.
c = Client(port, rcvbuf=4096)
c.s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
ended = False
end = time.monotonic() + LIMIT
c.s.settimeout(0.1)
request = b"GET /t/nothing HTTP/1.1\r\nHost: h\r\n\r\n" * 100
left = b""
while not ended and time.monotonic() < end:
    try:
        left = left or request
        left = left[c.s.send(left) :]
    except TimeoutError:
        pass
    except ConnectionError:
        ended = True
    time.sleep(0.001 if len(left) == 0 else 0.3)
    try:
        if len(left) > 0:
            ended = ended or c.s.recv(400) == b""
    except TimeoutError:
        pass
    except ConnectionError:
        ended = True
check(ended, "a client that takes answers too slowly is dropped")
c.close()

c = Client(port)
c.send(big)
n = 0
end = time.monotonic() + 5  # more than two of its times
while time.monotonic() < end:
    n += len(c.s.recv(32768))
    time.sleep(0.05)
while n < 64 << 20:
    data = c.s.recv(1 << 20)
    n += len(data)
    if not data:
        break
check(n > 64 << 20, "a client that reads steadily gets all")
c.close()


def served(c):
    try:
        r = c.get("/t/small")
        return r is not None and r.status == 200
    except ConnectionError:
        return False


some = [Client(port, source="127.0.0.2") for _ in range(6)]
check(all(served(c) for c in some), "six connections from one address")
extra = Client(port, source="127.0.0.2")
check(not served(extra), "not a seventh")
other = Client(port, source="127.0.0.3")
check(served(other), "another address has its own")
some[0].close()
end = time.monotonic() + LIMIT
again = False
while not again and time.monotonic() < end:
    again = served(Client(port, source="127.0.0.2"))
check(again, "one that goes makes room")
for c in some + [extra, other]:
    c.close()

# Eight places; ninth and tenth take those of the two longest idle.
many = [Client(port, source=f"127.0.1.{i}") for i in range(8)]
check(all(served(c) for c in many), "eight connections in all")
late = [Client(port, source=f"127.0.2.{i}") for i in range(2)]
check(all(served(c) for c in late), "more are let in")
check(many[0].ended() and many[1].ended(), "the longest idle made room")
check(all(served(c) for c in many[2:]), "the others stay")
for c in many + late:
    c.close()

# Far more drippers than places, and readers among them.
drips = []
for i in range(200):
    d = Client(port, source=f"127.1.{i // 4}.1")
    d.send(b"GET /")
    drips.append(d)
    if i % 20 == 19:
        r = Client(port, source="127.0.0.9")
        if not served(r):
            check(False, f"a reader among {i} drippers")
        r.close()
check(served(Client(port)), "readers are served among 200 drippers")
check(all(d.ended() for d in drips), "and all of these are cut")
