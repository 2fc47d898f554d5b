#!/usr/bin/env python3
"""Servers that misbehave, one on each port, over TLS and (port + 1000)
without. Usage: behave.py --root FOLDER --tls CERT KEY BEHAVIOUR=PORT ...

Beside those of hostile_mirror.py: their heads are a good mirror's, so that
only what follows tells.
"""
import argparse
import os
import socket
import ssl
import sys
import threading
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import hostile_mirror as hostile  # noqa: E402

cache = {}


def content(r):
    """The file's bytes, read once."""
    path = os.path.join(r.root, r.path)
    if path not in cache:
        cache[path] = r.content()
    return cache[path]


def head(r, length=True):
    """A good mirror's head; the body that belongs to it, or None after a
    whole answer that there is no such file."""
    body = content(r)
    if body is None:
        r.serve(None)
        return None
    span = r.range(len(body))
    if span == "bad":
        r.serve(body)
        return None
    lines = ["HTTP/1.1 200 OK"]
    if span:
        lines = ["HTTP/1.1 206 Partial Content", "Content-Range: bytes "
                 "%d-%d/%d" % (span[0], span[1], len(body))]
        body = body[span[0]:span[1] + 1]
    if length:
        lines.append("Content-Length: %d" % len(body))
    lines.append("Content-Type: application/octet-stream")
    r.send(("\r\n".join(lines) + "\r\n\r\n").encode())
    return body


def truncated(r):
    """Half of what it announces, and the end."""
    body = head(r)
    if body is not None:
        r.send(body[:len(body) // 2])
        raise hostile.Close


def endless(r):
    body = head(r, length=False)
    if body is not None:
        r.send(body)
        r.forever(b"\0" * 16384)


def slow_body(r):
    body = head(r)
    if body is not None:
        for i in range(len(body)):
            r.send(body[i:i + 1])
            time.sleep(0.2)


def bit_flip(r):
    """One bit of every answer."""
    body = head(r)
    if body:
        middle = len(body) // 2
        r.send(body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:])


def garbage(conn):
    """What a censor's box says instead of TLS."""
    conn.recv(4096)
    conn.sendall(b"\x16\x03\x03\x40\x00" + os.urandom(16384))
    conn.close()


OWN = {"truncated": truncated, "endless": endless, "slow-body": slow_body,
       "bit-flip": bit_flip, "slow-head": hostile.BEHAVIOURS["slow-head"],
       "silent": hostile.BEHAVIOURS["silent"],
       "gzip-bomb": hostile.BEHAVIOURS["gzip-bomb"]}


class Server(hostile.Server):
    def connection(self, conn, number):
        if self.args.as_ == "garbage-tls":
            try:
                garbage(conn)
            except OSError:
                pass
            return
        super().connection(conn, number)

    def run(self):
        while True:
            conn, _ = self.listener.accept()
            self.number += 1
            threading.Thread(target=self.connection,
                             args=(conn, self.number), daemon=True).start()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--root", required=True)
    p.add_argument("--tls", nargs=2)
    p.add_argument("--address", default="0.0.0.0")
    p.add_argument("--log")
    p.add_argument("behaviours", nargs="+", metavar="BEHAVIOUR=PORT")
    args = p.parse_args()
    hostile.BEHAVIOURS.update(OWN)
    for word in args.behaviours:
        name, _, port = word.partition("=")
        for port, tls in ((int(port), args.tls), (int(port) + 1000, None)):
            server = Server(types.SimpleNamespace(
                tls=tls, address=args.address, port=port, log=args.log,
                seconds=600, as_=name, root=args.root))
            threading.Thread(target=server.run, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
