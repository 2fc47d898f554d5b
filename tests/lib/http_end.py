#!/usr/bin/env python3
"""A client that comes just before a server ends is answered; one that it knows
already and that asks nothing is not waited for. http_end.py PORT PID: ends that
server."""
import os
import signal
import sys
import time

from http_client import Client, check


def main():
    port, pid = int(sys.argv[1]), int(sys.argv[2])
    known, new = Client(port), Client(port)
    check(known.get("/t/small").status == 200, "a client that was answered")
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            Client(port).s.close()
        except ConnectionError:
            break
        time.sleep(0.001)
    new.send(b"GET /t/small HTTP/1.1\r\nHost: h\r\n\r\n")
    answer = new.response()
    check(answer is not None and answer.status == 200,
          "one that had just come has its answer when nobody else is let in")
    check(answer is not None and answer.field("Connection") == "close",
          "and is told that it was the last")
    check(not known.more(), "the other one's connection is closed")


main()
