#!/usr/bin/env python3
"""A mirror that misbehaves on request, for tests on loopback.

The first segment of the path says how: /normal/FILE serves ROOT/FILE as a
good mirror does, /endless/FILE never ends, and so on; BEHAVIOURS below lists
all. With --as NAME the whole server behaves so and paths have no such
segment.

Prints "PORT N" when it serves. Ends by itself after --seconds, or when its
standard input does. --log FILE gets one line for each request:
"CONNECTION BEHAVIOUR METHOD TARGET RANGE".
"""
import argparse
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import zlib

HTML = b"<!DOCTYPE html><title>Blocked</title><p>This page is blocked.</p>\n"
HEAD_MAX = 65536


class Close(Exception):
    """This connection is over."""


class Request:
    def __init__(self, conn, number, head, root, behaviour):
        lines = head.decode("latin-1").split("\r\n")
        self.conn = conn
        self.number = number
        self.head = head
        self.method, target, _ = lines[0].split(" ", 2)
        self.target = target
        self.fields = {}
        for line in lines[1:]:
            if ":" in line:
                name, value = line.split(":", 1)
                self.fields[name.strip().lower()] = value.strip()
        path = target.lstrip("/")
        if behaviour is None:
            behaviour, _, path = path.partition("/")
        self.behaviour = behaviour
        self.path = path
        self.root = root

    # ---- what there is to serve

    def content(self, root=None):
        """The file's bytes, or None."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._/-]*", self.path):
            return None
        if ".." in self.path:
            return None
        try:
            with open(os.path.join(root or self.root, self.path), "rb") as f:
                return f.read()
        except OSError:
            return None

    def range(self, size):
        """(first, last) of a single byte range within size, or None."""
        m = re.fullmatch(r"bytes=(\d+)-(\d+)", self.fields.get("range", ""))
        if not m:
            return None
        first, last = int(m[1]), int(m[2])
        if first > last or first >= size:
            return "bad"
        return first, min(last, size - 1)

    # ---- how to answer

    def send(self, data):
        self.conn.sendall(data)

    def answer(self, status, body, fields=(), length=True):
        lines = ["HTTP/1.1 %d Whatever" % status]
        names = [f.split(":")[0].lower() for f in fields]
        if "content-type" not in names:
            lines.append("Content-Type: application/octet-stream")
        if length:
            lines.append("Content-Length: %d" % len(body))
        lines += fields
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)

    def serve(self, body):
        """As a good mirror: 200, 206, 404 or 416."""
        if body is None:
            return self.answer(404, b"no such file\n",
                               ["Content-Type: text/html"])
        span = self.range(len(body))
        if span is None:
            return self.answer(200, body)
        if span == "bad":
            return self.answer(416, b"",
                               ["Content-Range: bytes */%d" % len(body)])
        first, last = span
        self.answer(206, body[first:last + 1],
                    ["Content-Range: bytes %d-%d/%d"
                     % (first, last, len(body))])

    def reset(self):
        """RST instead of FIN."""
        raw = self.conn
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                       struct.pack("ii", 1, 0))
        raw.close()
        raise Close

    def hang(self):
        """Say nothing until the other side goes away."""
        while self.conn.recv(4096):
            pass
        raise Close

    def forever(self, piece, pause=0.0):
        """Send until the other side goes away."""
        while True:
            self.send(piece)
            if pause:
                time.sleep(pause)

    def part(self):
        """What a good mirror would send as the body."""
        body = self.content() or b""
        span = self.range(len(body))
        if isinstance(span, tuple):
            return body[span[0]:span[1] + 1]
        return body


def b_normal(r):
    r.serve(r.content())


def b_stale(r):
    r.serve(r.content(r.root + ".stale"))


def b_tampered(r):
    body = bytearray(r.content() or b"")
    if body:
        body[len(body) // 2] ^= 1
    r.serve(bytes(body) if body else None)


def b_truncated(r):
    """Announces all, sends half, closes."""
    body = r.content() or b""
    r.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    r.send(body[:len(body) // 2])
    raise Close


def b_endless(r):
    r.send(b"HTTP/1.1 200 OK\r\n\r\n")
    r.forever(b"\0" * 16384)


def b_endless_chunked(r):
    r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    r.forever(b"4000\r\n" + b"\0" * 16384 + b"\r\n")


def b_endless_announced(r):
    r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    r.forever(b"\0" * 16384)


def b_endless_range(r):
    """A right 206, and no end."""
    first, last = r.range(1 << 40)
    r.send(b"HTTP/1.1 206 Partial\r\nContent-Range: bytes %d-%d/*\r\n\r\n"
           % (first, last))
    r.forever(b"\0" * 16384)


def b_one_more(r):
    """Chunked, one byte more than asked for."""
    body = r.part() + b"!"
    span = r.range(1 << 40)
    status = b"206 P\r\nContent-Range: bytes %d-%d/*" % span if span \
        else b"200 OK"
    r.send(b"HTTP/1.1 " + status + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
           b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def b_chunked(r):
    body = r.content() or b""
    r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for i in range(0, len(body), 1000):
        piece = body[i:i + 1000]
        r.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    r.send(b"0\r\n\r\n")


def b_slow_body(r):
    """A byte each 0.2 s."""
    r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    r.forever(b"x", 0.2)


def b_slow_head(r):
    r.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    r.forever(b"x", 0.2)


def b_frozen(r):
    """14,000 bytes, then silence: a wall on the way."""
    r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    r.send(b"x" * 14000)
    r.hang()


def b_wall(r):
    """As a good mirror, but after 14,000 bytes of one answer nothing comes:
    small files and pieces do."""
    body = r.part()
    if r.content() is None or len(body) <= 14000:
        return r.serve(r.content())
    span = r.range(1 << 40)
    if span:
        r.send(b"HTTP/1.1 206 P\r\nContent-Range: bytes %d-%d/%d\r\n"
               % (span[0], span[0] + len(body) - 1, len(r.content())))
    else:
        r.send(b"HTTP/1.1 200 OK\r\n")
    r.send(b"Content-Length: %d\r\n\r\n" % len(body))
    r.send(body[:14000])
    r.hang()


def b_silent(r):
    r.hang()


def b_redirect(r):
    r.answer(302, b"", ["Location: /normal/" + r.path])


def b_redirect_file(r):
    r.answer(301, b"", ["Location: file:///etc/passwd"])


def b_html(r):
    r.answer(200, HTML, ["Content-Type: text/html; charset=utf-8"])


def status(n):
    return lambda r: r.answer(n, HTML, ["Content-Type: text/html"])


def b_404_endless(r):
    r.send(b"HTTP/1.1 404 Not Found\r\n\r\n")
    r.forever(b"\0" * 16384)


def b_404_drip(r):
    r.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n")
    r.forever(b"x", 0.2)


def b_gzip(r):
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = z.compress(r.content() or b"") + z.flush()
    r.answer(200, body, ["Content-Encoding: gzip"])


def b_gzip_bomb(r):
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(z.compress(b"\0" * 1048576) for _ in range(64))
    r.answer(200, body + z.flush(), ["Content-Encoding: gzip"])


def b_te_bomb(r):
    """The same as a transfer encoding."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(z.compress(b"\0" * 1048576) for _ in range(64))
    body += z.flush()
    r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
           b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def b_wrong_range(r):
    """The next bytes instead."""
    body = r.content() or b""
    first, last = r.range(1 << 40)
    r.answer(206, body[first + 1:last + 2],
             ["Content-Range: bytes %d-%d/%d"
              % (first + 1, last + 1, len(body))])


def b_lying_range(r):
    """Says it is the part, sends another length."""
    first, last = r.range(1 << 40)
    r.answer(206, r.part() + b"more",
             ["Content-Range: bytes %d-%d/*" % (first, last)])


def b_short_range(r):
    first, last = r.range(1 << 40)
    r.answer(206, r.part()[:-1],
             ["Content-Range: bytes %d-%d/*" % (first, last - 1)])


def b_cut_range(r):
    """A right head, half the body, and a clean end."""
    first, last = r.range(1 << 40)
    part = r.part()[:(last - first) // 2]
    r.send(b"HTTP/1.1 206 P\r\nContent-Range: bytes %d-%d/*\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
           % (first, last, len(part), part))


def b_no_range(r):
    """Ignores Range, as some static hosts do."""
    r.answer(200, r.content() or b"")


def b_unasked_range(r):
    body = r.content() or b""
    r.answer(206, body, ["Content-Range: bytes 0-%d/%d"
                         % (len(body) - 1, len(body))])


def b_head_bomb(r):
    r.send(b"HTTP/1.1 200 OK\r\n")
    r.forever(b"X-Bomb: " + b"x" * 100 + b"\r\n")


def b_head_line(r):
    """One line without end."""
    r.send(b"HTTP/1.1 200 OK\r\nX-Bomb: ")
    r.forever(b"x" * 1000)


def b_continue_bomb(r):
    r.forever(b"HTTP/1.1 100 Continue\r\n\r\n")


def b_trailer_bomb(r):
    r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    r.forever(b"X-Bomb: " + b"x" * 100 + b"\r\n")


def b_extension_bomb(r):
    r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
    r.forever(b"x" * 16384)


def b_wrong_chunk(r):
    r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           b"5\r\nhelloX\r\n0\r\n\r\n")


def b_cut_chunks(r):
    r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           b"5\r\nhello\r\n")
    raise Close


def b_chunks_and_length(r):
    r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


def b_two_lengths(r):
    body = r.content() or b""
    r.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: 3\r\n"
           b"\r\n%s" % (len(body), body))


def b_rst(r):
    r.reset()


def b_rst_body(r):
    r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 5000)
    time.sleep(0.2)
    r.reset()


def b_close(r):
    raise Close


def b_garbage(r):
    r.send(b"SSH-2.0-OpenSSH_9.2\r\n" * 50)
    raise Close


def b_http09(r):
    r.send(r.content() or b"")
    raise Close


def b_upgrade(r):
    r.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")
    r.hang()


def b_removed(r):
    """The operator took the bundles away."""
    if r.path.endswith(".ekb"):
        return r.answer(451, HTML, ["Content-Type: text/html"])
    r.serve(r.content())


def tombstone(r):
    """What the test put there as the answer for bundles; else as usual."""
    if not r.path.endswith(".ekb"):
        r.serve(r.content())
        return None
    with open(os.path.join(r.root, "tombstone"), "rb") as f:
        return f.read()


def b_tombstone(r):
    body = tombstone(r)
    if body is not None:
        r.answer(451, body, ["Content-Type: application/json"])


def b_tombstone_chunked(r):
    body = tombstone(r)
    if body is not None:
        r.answer(451, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
                 ["Transfer-Encoding: chunked"], length=False)


def b_tombstone_cut(r):
    body = tombstone(r)
    if body is not None:
        r.answer(451, body, ["Content-Length: %d" % (len(body) + 1)],
                 length=False)
        raise Close


def b_tombstone_html(r):
    body = tombstone(r)
    if body is not None:
        r.answer(451, body, ["Content-Type: text/html"])


def b_tombstone_endless(r):
    body = tombstone(r)
    if body is not None:
        r.answer(451, body, length=False)
        r.forever(b" " * 1000)


def b_escape(r):
    """Terminal escapes where an error message might show them."""
    r.send(b"HTTP/1.1 200 \x1b]0;owned\x07\r\nContent-Range: \x1b[2J\r\n"
           b"Location: \x1b[31m\r\nContent-Length: \x1b[2J\r\n\r\n")
    raise Close


def b_echo(r):
    """The request's own head as the body."""
    r.answer(200, r.head, ["Set-Cookie: id=reader7; Path=/",
                           "Alt-Svc: h2=\":1\"; ma=86400",
                           "ETag: \"reader7\"",
                           "Strict-Transport-Security: max-age=31536000"])


BEHAVIOURS = {
    name[2:].replace("_", "-"): function
    for name, function in list(globals().items()) if name.startswith("b_")
}
for n in (204, 304, 403, 404, 410, 429, 451, 500, 503):
    BEHAVIOURS.setdefault(str(n), status(n))


class Server:
    def __init__(self, args):
        self.args = args
        self.lock = threading.Lock()
        self.number = 0
        self.tls = None
        if args.tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(args.tls[0], args.tls[1])
        self.listener = socket.create_server((args.address, args.port),
                                             backlog=256)

    def log(self, line):
        if self.args.log:
            with self.lock, open(self.args.log, "a") as f:
                f.write(line + "\n")

    def read_head(self, conn, rest):
        while b"\r\n\r\n" not in rest:
            more = conn.recv(4096)
            if not more or len(rest) > HEAD_MAX:
                raise Close
            rest += more
        head, _, rest = rest.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n", rest

    def connection(self, conn, number):
        try:
            conn.settimeout(self.args.seconds)
            if self.args.as_ == "mute":  # not even a handshake
                while conn.recv(4096):
                    pass
                return
            if self.tls:
                conn = self.tls.wrap_socket(conn, server_side=True)
            rest = b""
            while True:
                head, rest = self.read_head(conn, rest)
                r = Request(conn, number, head, self.args.root,
                            self.args.as_)
                self.log("%d %s %s %s %s" % (
                    number, r.behaviour, r.method, r.target,
                    r.fields.get("range", "-")))
                BEHAVIOURS.get(r.behaviour, status(404))(r)
        except (OSError, Close, ValueError, TypeError):
            pass
        finally:
            conn.close()

    def run(self):
        print("PORT %d" % self.listener.getsockname()[1], flush=True)
        while True:
            conn, _ = self.listener.accept()
            self.number += 1
            threading.Thread(target=self.connection,
                             args=(conn, self.number), daemon=True).start()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--root", default=".",
                   help="what to serve; ROOT.stale is the older copy")
    p.add_argument("--address", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--as", dest="as_", metavar="NAME",
                   help="behave so for every path; 'mute' too")
    p.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    p.add_argument("--log", metavar="FILE")
    p.add_argument("--seconds", type=float, default=300)
    p.add_argument("--list", action="store_true",
                   help="list the behaviours and end")
    args = p.parse_args()
    if args.list:
        print("\n".join(sorted(BEHAVIOURS)))
        return
    server = Server(args)
    threading.Thread(target=server.run, daemon=True).start()
    timer = threading.Timer(args.seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
    while sys.stdin.buffer.read(4096):
        pass


if __name__ == "__main__":
    main()
