"""A plain HTTP client over a socket, for tests that must see every byte."""

import socket

LIMIT = 20  # seconds after which a test gives up on a server


def check(passed, name):
    """Print one result for `results` in tests/lib/mirror.sh."""
    print(0 if passed else 1, name, flush=True)


class Response:
    def __init__(self, status, fields, body, raw):
        self.status, self.fields, self.body, self.raw = status, fields, body, raw

    def field(self, name):
        return self.fields.get(name)


class Client:
    def __init__(self, port, source=None, rcvbuf=None, path=None):
        if path:
            self.s = socket.socket(socket.AF_UNIX)
        else:
            self.s = socket.socket()
        self.s.settimeout(LIMIT)
        if rcvbuf:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:
            self.s.bind((source, 0))
        self.s.connect(path or ("127.0.0.1", port))
        self.got = b""

    def send(self, data):
        self.s.sendall(data)

    def get(self, path, method="GET", extra=""):
        self.send(f"{method} {path} HTTP/1.1\r\nHost: h\r\n{extra}\r\n".encode())
        return self.response(method)

    def more(self):
        """Read once; False at the end of the connection."""
        data = self.s.recv(65536)
        self.got += data
        return bool(data)

    def response(self, method="GET"):
        """The next response, or None when the connection ended before it."""
        while b"\r\n\r\n" not in self.got:
            if not self.more():
                return None
        head, self.got = self.got.split(b"\r\n\r\n", 1)
        lines = head.decode("ascii").split("\r\n")
        fields = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name not in fields, name
            fields[name] = value
        status = int(lines[0].split(" ")[1])
        n = 0 if method == "HEAD" or status == 204 else int(fields["Content-Length"])
        while len(self.got) < n:
            if not self.more():
                return None
        body, self.got = self.got[:n], self.got[n:]
        return Response(status, fields, body, head + body)

    def ended(self):
        """Whether nothing more comes but the end (a reset counts as one)."""
        try:
            while self.more():
                pass
        except ConnectionError:
            pass
        return self.got == b""

    def close(self):
        self.s.close()
