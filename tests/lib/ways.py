#!/usr/bin/env python3
"""What stands at the ends of all ways to a mirror, on loopback: the mirror
with and without TLS, a front, a resolver over HTTPS (RFC 8484) and a SOCKS
proxy (RFC 1928), which leads everything to the mirror.

Prints "TLS N", "HTTP N" and "SOCKS N", its ports, and then "READY". Ends by
itself after --seconds, or when its standard input does. --log FILE gets a
line for whatever it is told:

	tls SNI			a handshake, with the name in it or -
	session new|resumed	what came of it, for the mirror's own names
	get CONNECTION TARGET HOST	a request
	doh NAME TYPE		a question
	socks USER PASSWORD HOST PORT

What ends in /wall is cut off within the first record of TLS. With --raw FILE
all bytes of requests are appended there.
"""
import argparse
import os
import socket
import ssl
import struct
import sys
import threading
import time

BODY = b"by this way\n"
ADDRESSES = {"private.example": "10.1.2.3", "loop.example": "127.0.0.1"}


class Ways:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.connections = 0
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(options.tls[0], options.tls[1])
        self.tls.sni_callback = self.on_name

    def log(self, text):
        with self.lock, open(self.options.log, "a") as f:
            f.write(text + "\n")

    def on_name(self, conn, name, context):
        self.log("tls %s" % (name or "-"))

    # ---- HTTP

    def read(self, conn, n):
        data = b""
        while len(data) < n:
            more = conn.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def head(self, conn):
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self.read(conn, 1)
        return data

    def serve(self, conn, number):
        while True:
            head = self.head(conn)
            lines = head.decode("latin-1").split("\r\n")
            fields = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                fields[name.lower()] = value.strip()
            method, target, _ = lines[0].split(" ")
            if method == "POST" and target == "/dns-query":
                question = self.read(conn, int(fields["content-length"]))
                body, kind = self.answer(question), "application/dns-message"
            else:
                self.log("get %d %s %s" % (number, target, fields["host"]))
                body, kind = BODY, "application/octet-stream"
                if self.options.raw:
                    with self.lock, open(self.options.raw, "ab") as f:
                        f.write(head)
            if target.endswith("/wall"):
                # The first part of a record of TLS, and never the rest.
                os.write(conn.fileno(), b"\x17\x03\x03\x40\x00" + b"x" * 9000)
                time.sleep(30)
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                         b"Content-Length: %d\r\n\r\n%s" %
                         (kind.encode(), len(body), body))

    def answer(self, q):
        labels, at = [], 12
        while q[at]:
            labels.append(q[at + 1:at + 1 + q[at]].decode("latin-1"))
            at += 1 + q[at]
        name = ".".join(labels)
        kind = struct.unpack(">H", q[at + 1:at + 3])[0]
        self.log("doh %s %s" % (name, {1: "A", 28: "AAAA"}.get(kind, kind)))
        address = ADDRESSES.get(name)
        count = 1 if address and kind == 1 else 0
        head = q[:2] + struct.pack(">HHHHH", 0x8180 if address else 0x8183,
                                   1, count, 0, 0)
        body = head + q[12:at + 5]
        if count:
            body += (b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) +
                     socket.inet_aton(address))
        return body

    # ---- SOCKS

    def socks(self, conn, number):
        self.read(conn, self.read(conn, 2)[1])
        conn.sendall(b"\x05\x02")
        user = self.read(conn, self.read(conn, 2)[1]).decode()
        password = self.read(conn, self.read(conn, 1)[0]).decode()
        conn.sendall(b"\x01\x00")
        kind = self.read(conn, 4)[3]
        if kind == 3:
            host = self.read(conn, self.read(conn, 1)[0]).decode()
        else:
            host = socket.inet_ntop(
                socket.AF_INET if kind == 1 else socket.AF_INET6,
                self.read(conn, 4 if kind == 1 else 16))
        port = struct.unpack(">H", self.read(conn, 2))[0]
        self.log("socks %s %s %s %d" % (user, password, host, port))
        conn.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        if port == self.ports["TLS"]:
            conn = self.tls.wrap_socket(conn, server_side=True)
        self.serve(conn, number)

    # ---- listening

    def one(self, conn, kind, number):
        try:
            conn.settimeout(30)
            if kind == "TLS":
                conn = self.tls.wrap_socket(conn, server_side=True)
                self.log("session " + ("resumed" if conn.session_reused
                                       else "new"))
            (self.socks if kind == "SOCKS" else self.serve)(conn, number)
        except (OSError, EOFError, ValueError, KeyError):
            pass
        finally:
            conn.close()

    def listen(self, listener, kind):
        while True:
            conn, _ = listener.accept()
            with self.lock:
                self.connections += 1
                number = self.connections
            threading.Thread(target=self.one, args=(conn, kind, number),
                             daemon=True).start()

    def start(self):
        self.ports = {}
        for kind in ("TLS", "HTTP", "SOCKS"):
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            listener.listen(64)
            self.ports[kind] = listener.getsockname()[1]
            print(kind, self.ports[kind])
            threading.Thread(target=self.listen, args=(listener, kind),
                             daemon=True).start()
        print("READY", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tls", nargs=2, required=True, metavar=("CERT", "KEY"))
    p.add_argument("--log", required=True)
    p.add_argument("--raw")
    p.add_argument("--seconds", type=float, default=60)
    options = p.parse_args()
    end = time.monotonic() + options.seconds
    Ways(options).start()
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)),
                     daemon=True).start()
    time.sleep(max(0, end - time.monotonic()))
    os._exit(0)


if __name__ == "__main__":
    main()
