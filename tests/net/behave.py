#!/usr/bin/env python3
"""Servers that misbehave, one on each port, over TLS and (port + 1000)
without: behave.py --root FOLDER --tls CERT KEY BEHAVIOUR=PORT ...

With --any-port all behaviours of a server, without TLS, on ports that are
printed as BEHAVIOUR=PORT; it then ends with its standard input. "ready" is
printed when all listen.

Beside those of hostile_mirror.py: their heads are a good mirror's, so that
only what follows tells.
"""
import argparse
import os
import sys
import threading
import time
import types
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import hostile_mirror as hostile  # noqa: E402

cache = {}
frozen = {}  # connection -> what it may still carry


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


def status(n):
    return lambda r: r.answer(n, hostile.HTML, ["Content-Type: text/html"])


def elsewhere(ending):
    """What another copy of the files says."""
    def serve(r):
        r.root += ending
        body = head(r)
        if body is not None:
            r.send(body)
    return serve


def freeze(r):
    """No connection carries more than 16 KB."""
    left = frozen.get(r.number, 16384)
    body = head(r)
    if body is None:
        return
    left -= 300 + len(body)
    if left < 0:
        r.send(body[:max(len(body) + left, 0)])
        r.hang()
    frozen[r.number] = left
    r.send(body)


BOMB = zlib.compressobj(9, zlib.DEFLATED, 31)
BOMB = b"".join([BOMB.compress(bytes(1 << 20)) for _ in range(64)]
                + [BOMB.flush()])


def gzip_bomb(r):
    """64 MB of zeros in 64 KB."""
    r.answer(200, BOMB, ["Content-Encoding: gzip"])


def garbage(conn):
    """What a censor's box says instead of TLS."""
    conn.recv(4096)
    conn.sendall(b"\x16\x03\x03\x40\x00" + os.urandom(16384))
    conn.close()


OWN = {"truncated": truncated, "endless": endless, "slow-body": slow_body,
       "bit-flip": bit_flip, "slow-head": hostile.BEHAVIOURS["slow-head"],
       "silent": hostile.BEHAVIOURS["silent"],
       "gzip-bomb": gzip_bomb}
# Those that need no TLS, for --any-port.
PLAIN = dict(
    OWN, **{"normal": elsewhere(""), "tampered": elsewhere(".tampered"),
            "stale": elsewhere(".stale"), "freeze": freeze,
            "block-page": hostile.BEHAVIOURS["html"],
            "status-403": status(403), "status-451": status(451),
            "redirect": hostile.BEHAVIOURS["redirect"],
            "reset": hostile.BEHAVIOURS["rst"],
            "garbage": hostile.BEHAVIOURS["garbage"]})


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


def start(args, name, port, tls):
    server = Server(types.SimpleNamespace(
        tls=tls, address=args.address, port=port, log=args.log, seconds=600,
        as_=name, root=args.root))
    threading.Thread(target=server.run, daemon=True).start()
    return server


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--root", required=True)
    p.add_argument("--tls", nargs=2)
    p.add_argument("--address", default="0.0.0.0")
    p.add_argument("--log")
    p.add_argument("--any-port", action="store_true")
    p.add_argument("behaviours", nargs="*", metavar="BEHAVIOUR=PORT")
    args = p.parse_args()
    hostile.BEHAVIOURS.update(PLAIN)
    if args.any_port:
        for name in PLAIN:
            server = start(args, name, 0, None)
            print("%s=%d" % (name, server.listener.getsockname()[1]))
    for word in args.behaviours:
        name, _, port = word.partition("=")
        for port, tls in ((int(port), args.tls), (int(port) + 1000, None)):
            start(args, name, port, tls)
    print("ready", flush=True)
    while args.any_port and sys.stdin.buffer.read(4096):
        pass
    while not args.any_port:
        time.sleep(3600)


if __name__ == "__main__":
    main()
