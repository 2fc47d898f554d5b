#!/usr/bin/env python3
"""A resolver over HTTPS for tests (RFC 8484): names of --hosts, and no other.
Prints "ready", then a line "NAME TYPE ANSWER" for each question."""
import argparse
import base64
import http.server
import socketserver
import ssl
import struct
import threading
import urllib.parse

A = 1


lock = threading.Lock()


def say(*words):
    """A line that no other thread writes into."""
    with lock:
        print(*words, flush=True)


def read_hosts(path):
    """Name -> address; lines as in /etc/hosts."""
    names = {}
    with open(path) as f:
        for line in f:
            words = line.split()
            for name in words[1:]:
                names[name.lower()] = words[0]
    return names


def question(message):
    """Name and type of a query's only question, and where it ends."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("ascii"))
        at += 1 + message[at]
    kind, _ = struct.unpack("!HH", message[at + 1:at + 5])
    return ".".join(labels).lower(), kind, at + 5


def answer(message, names):
    name, kind, end = question(message)
    address = names.get(name)
    records = b""
    if address and kind == A:
        records = struct.pack("!HHHIH", 0xc00c, A, 1, 60, 4) + \
            bytes(map(int, address.split(".")))
    say(name, kind, address if records else "-")
    head = struct.pack("!HHHHHH", struct.unpack("!H", message[:2])[0],
                       0x8180 if address else 0x8183, 1,
                       1 if records else 0, 0, 0)
    return head + message[12:end] + records


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, message):
        try:
            body = answer(message, self.server.names)
        except (IndexError, struct.error, UnicodeDecodeError):
            self.send_error(400)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/dns-message")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.reply(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        text = query.get("dns", [""])[0]
        self.reply(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def finish_request(self, request, address):
        try:
            request = self.tls.wrap_socket(request, server_side=True)
            super().finish_request(request, address)
        except OSError:
            pass


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--address", default="127.0.0.1")
    p.add_argument("--port", type=int, default=443)
    p.add_argument("--hosts", required=True)
    p.add_argument("--tls", nargs=2, required=True, metavar=("CERT", "KEY"))
    args = p.parse_args()
    server = Server((args.address, args.port), Handler)
    server.names = read_hosts(args.hosts)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(*args.tls)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
