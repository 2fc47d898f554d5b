#!/usr/bin/env python3
"""A SOCKS5 proxy for tests (RFC 1928, 1929), as Tor's: it looks names up
itself, and a user name and password of any kind are an isolated circuit.
Prints "ready", then "USER:PASSWORD NAME|ADDRESS PORT STATUS" for each
connection; USER:PASSWORD is "-" without."""
import argparse
import os
import socket
import socketserver
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from doh import read_hosts, say  # noqa: E402


def exactly(conn, n):
    data = b""
    while len(data) < n:
        more = conn.recv(n - len(data))
        if not more:
            raise OSError("the end")
        data += more
    return data


def pump(a, b):
    try:
        while True:
            data = a.recv(65536)
            if not data:
                break
            b.sendall(data)
    except OSError:
        pass
    for s, how in ((b, socket.SHUT_WR), (a, socket.SHUT_RD)):
        try:
            s.shutdown(how)
        except OSError:
            pass


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.socks()
        except (OSError, ValueError):
            pass

    def socks(self):
        conn = self.request
        _, n = exactly(conn, 2)
        methods = exactly(conn, n)
        who = "-"
        if 2 in methods:
            conn.sendall(b"\5\2")
            _, n = exactly(conn, 2)
            who = exactly(conn, n).decode("latin-1")
            who += ":" + exactly(conn, exactly(conn, 1)[0]).decode("latin-1")
            conn.sendall(b"\1\0")
        else:
            conn.sendall(b"\5\0")
        _, command, _, kind = exactly(conn, 4)
        if kind == 3:
            name = exactly(conn, exactly(conn, 1)[0]).decode("ascii")
            address = self.server.names.get(name.lower())
        else:
            name = address = socket.inet_ntoa(exactly(conn, 4)) \
                if kind == 1 else None
        port = int.from_bytes(exactly(conn, 2), "big")
        out = None
        if command == 1 and address:
            try:
                out = socket.create_connection((address, port), 5)
                out.settimeout(None)
            except OSError:
                pass
        say(who, name, port, 0 if out else 4)
        conn.sendall(b"\5" + (b"\0" if out else b"\4")
                     + b"\0\1\0\0\0\0\0\0")
        if out:
            back = threading.Thread(target=pump, args=(out, conn))
            back.start()
            pump(conn, out)
            back.join()
            out.close()


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--address", default="127.0.0.1")
    p.add_argument("--port", type=int, default=9050)
    p.add_argument("--hosts", required=True)
    args = p.parse_args()
    server = Server((args.address, args.port), Handler)
    server.names = read_hosts(args.hosts)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
