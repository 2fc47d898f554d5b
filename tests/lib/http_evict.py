"""Who makes room when all places are taken. The server runs with head-seconds
20, connections 8, per-address 8. Usage: http_evict.py PORT"""

import sys
import time
from http_client import Client, check

port = int(sys.argv[1])


def served(c):
    try:
        r = c.get("/t/small")
        return r is not None and r.status == 200
    except ConnectionError:
        return False


readers = [Client(port, source=f"127.2.0.{i}") for i in range(4)]
drips = [Client(port, source=f"127.2.1.{i}") for i in range(4)]
for d in drips:
    d.send(b"GET /t/")
check(all(served(c) for c in readers), "four readers beside four half requests")
# Only after a second is a request told from one that is coming right now.
time.sleep(1.5)
late = [Client(port, source=f"127.2.2.{i}") for i in range(4)]
check(all(served(c) for c in late), "four more readers are let in")
check(all(d.ended() for d in drips), "the half requests made room")
check(all(served(c) for c in readers + late), "no reader did")
more = Client(port, source="127.2.3.1")
check(served(more) and readers[0].ended(), "then the longest idle reader does")
for c in readers + drips + late + [more]:
    c.close()
