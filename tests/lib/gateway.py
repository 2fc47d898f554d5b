#!/usr/bin/env python3
"""A proxy that loses the mirror behind it for a moment: it answers 502 to the
first PUTs, and to as many GETs, and passes everything else on, lone signatures
after a while. Prints its URL.
Usage: gateway.py URL-OF-MIRROR REQUESTS-TO-LOSE (-1: all) [SECONDS]"""
import http.client
import http.server
import sys
import time
import urllib.parse

BEHIND = urllib.parse.urlsplit(sys.argv[1])
lose = {"GET": int(sys.argv[2]), "HEAD": 0, "PUT": int(sys.argv[2])}
hold = float(sys.argv[3]) if len(sys.argv) > 3 else 0


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        n = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(n)
        if self.path.endswith(".minisig"):
            time.sleep(hold)
        if lose[self.command] != 0:
            lose[self.command] -= 1
            self.answer(502, b"", self.command)
            return
        c = http.client.HTTPConnection(BEHIND.netloc, timeout=20)
        c.request(self.command, BEHIND.path.rstrip("/") + self.path, body,
                  {"Content-Length": str(n)} if n else {})
        r = c.getresponse()
        self.answer(r.status, r.read(), self.command)

    def answer(self, status, body, method):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if method != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = pass_on

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
print("http://127.0.0.1:%d/" % server.server_port, flush=True)
server.serve_forever()
