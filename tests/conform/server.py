"""Serve outlets on loopback, with good or bad manners for each path.

Every request is noted. A manner is a function that is given the handler and
the honest bytes (None: there is no such file)."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = b" " * 65536


def status(code, body=b"<html><body>no</body></html>"):
    """Another status, with a page."""

    def manner(h, data):
        h.send_response(code)
        h.send_header("Content-Type", "text/html")
        h.send_header("Content-Length", str(len(body)))
        if code in (301, 302, 307, 308):
            h.send_header("Location", h.path + ".elsewhere")
        h.end_headers()
        h.wfile.write(body)

    return manner


def instead(body):
    """200, with other bytes."""

    def manner(h, data):
        h.whole(body)

    return manner


def endless(h, data):
    """What was asked for, and spaces for ever, without a length."""
    h.send_response(200)
    h.end_headers()
    h.wfile.write(data or b"{}")
    while not h.server.over.is_set():
        h.wfile.write(CHUNK)


def announced(length, send=None):
    """A false Content-Length; `send`: how many bytes then really come."""

    def manner(h, data):
        h.send_response(200)
        h.send_header("Content-Length", str(length))
        h.end_headers()
        h.wfile.write(data if send is None else data[:send])

    return manner


def drip(bytes_per_second):
    """Slowly, in pieces that keep the connection alive."""

    def manner(h, data):
        data = (data or b"{}") + b" " * 10**6
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        piece = max(1, bytes_per_second // 20)
        for i in range(0, len(data), piece):
            if h.server.over.is_set():
                return
            h.wfile.write(data[i : i + piece])
            h.wfile.flush()
            time.sleep(0.05)

    return manner


def drip_head(h, data):
    """A head that does not end."""
    while not h.server.over.is_set():
        h.wfile.write(b"X")
        h.wfile.flush()
        time.sleep(0.05)


def silent(h, data):
    """Nothing at all."""
    h.server.over.wait(60)


def close(h, data):
    """Hang up without an answer."""
    h.close_connection = True


def headless(h, data):
    """Bytes without a head."""
    h.wfile.write(data or b"{}")


class Handler(BaseHTTPRequestHandler):
    def whole(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        case, _, path = self.path[1:].partition("/")
        outlet = self.server.outlets.get(case)
        if outlet is None:
            self.send_error(404)
            return
        outlet.requests.append(path)
        data = outlet.files.get(path)
        manner = outlet.manners.get(path)
        try:
            if manner is not None:
                manner(self, data)
            elif data is None:
                self.send_error(404)
            else:
                self.whole(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *args):
        pass


class Server:
    def __init__(self):
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        self.http.outlets = {}
        self.http.over = threading.Event()
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def put(self, case, outlet):
        """Serve this outlet alone; whatever still drips ends."""
        self.http.over.set()
        self.http.over = threading.Event()
        outlet.requests = []
        self.http.outlets = {case: outlet}
        return f"http://127.0.0.1:{self.http.server_port}/{case}/"

    def close(self):
        self.http.over.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()
