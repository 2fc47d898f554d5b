"""Malformed requests: each is answered once with its status, and closed. A
well-formed request follows each in the same bytes, and must not be answered.
Usage: http_refuse.py PORT [put]; with `put`, the server takes pushes."""

import sys
from http_client import Client, check

port = int(sys.argv[1])
takes = sys.argv[2:] == ["put"]
H = "Host: h\r\n"
G = "GET /m/timestamp.json HTTP/1.1\r\n"
NEXT = "GET /t/next HTTP/1.1\r\nHost: h\r\n\r\n"


def target(t):
    return f"GET {t} HTTP/1.1\r\n{H}\r\n"


def field(f):
    return f"{G}{H}{f}\r\n\r\n"


def put(f, body="hello", t="/t/x"):
    return f"PUT {t} HTTP/1.1\r\n{H}{f}\r\n\r\n{body}"


table = [
    # where a request ends, and which of two lengths counts
    ("Content-Length twice, different", 400, field("Content-Length: 0\r\nContent-Length: 44")),
    ("Content-Length twice, the same", 400, field("Content-Length: 0\r\nContent-Length: 0")),
    ("Content-Length as a list", 400, field("Content-Length: 0, 0")),
    ("Content-Length with a sign", 400, field("Content-Length: +0")),
    ("Content-Length, negative", 400, field("Content-Length: -1")),
    ("Content-Length in hex", 400, field("Content-Length: 0x0")),
    ("Content-Length with a zero before", 400, field("Content-Length: 00")),
    ("Content-Length, empty", 400, field("Content-Length:")),
    ("Content-Length beyond 64 bits", 400, field("Content-Length: 99999999999999999999")),
    ("Content-Length in a GET", 400, field("Content-Length: 5") + "hello"),
    ("chunked", 400, field("Transfer-Encoding: chunked") + "0\r\n\r\n"),
    ("chunked and Content-Length", 400, field("Transfer-Encoding: chunked\r\nContent-Length: 5") + "0\r\n\r\n"),
    ("Content-Length and chunked", 400, field("Content-Length: 5\r\nTransfer-Encoding: chunked") + "0\r\n\r\n"),
    ("chunked with a space before the colon", 400, field("Transfer-Encoding : chunked")),
    ("chunked with a tab", 400, field("Transfer-Encoding:\tchunked")),
    ("chunked in capitals", 400, field("TRANSFER-ENCODING: Chunked")),
    ("identity coding", 400, field("Transfer-Encoding: identity")),
    ("unknown coding", 400, field("Transfer-Encoding: xchunked")),
    ("PUT in chunks", 400, f"PUT /t/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("Expect in a GET", 400, field("Expect: 100-continue")),
    ("unknown Expect", 400, field("Expect: 200-ok")),
    # lines
    ("bare LF", 400, "GET /m/timestamp.json HTTP/1.1\nHost: h\n\n"),
    ("bare LF after a field", 400, f"{G}Host: h\n\r\n"),
    ("bare CR", 400, f"{G}Host: h\rX: y\r\n\r\n"),
    ("CR CR LF", 400, f"{G}Host: h\r\r\n\r\n"),
    ("empty line first", 400, "\r\n" + G + H + "\r\n"),
    ("folded line", 400, field("X: a\r\n b")),
    ("folded line with a tab", 400, field("X: a\r\n\tb")),
    ("space before the first field", 400, f"{G} X: y\r\n{H}\r\n"),
    ("space before the colon", 400, f"{G}Host : h\r\n\r\n"),
    ("no colon", 400, field("nonsense")),
    ("no name", 400, field(": x")),
    ("space in a name", 400, field("X Y: z")),
    ("control in a name", 400, field("X\x01: z")),
    ("NUL in a value", 400, field("X: a\0b")),
    ("NUL in the target", 400, target("/m/timestamp.json\0")),
    ("escape in a value", 400, field("X: \x1b[2J")),
    ("DEL in a value", 400, field("X: \x7f")),
    ("byte over 127 in a value", 400, field("X: \xe9")),
    ("byte over 127 in a name", 400, field("\xe9: x")),
    # Host
    ("no Host", 400, G + "\r\n"),
    ("two Hosts", 400, f"{G}{H}{H}\r\n"),
    ("two Hosts, the second hidden", 400, f"{G}{H}hOST:g\r\n\r\n"),
    ("empty Host", 400, f"{G}Host:\r\n\r\n"),
    ("Host with a user", 400, f"{G}Host: u@h\r\n\r\n"),
    ("Host with a path", 400, f"{G}Host: h/x\r\n\r\n"),
    ("Host as a list", 400, f"{G}Host: h, g\r\n\r\n"),
    ("Host with a bad port", 400, f"{G}Host: h:8o\r\n\r\n"),
    # the request line
    ("method in small letters", 501, f"get /m/timestamp.json HTTP/1.1\r\n{H}\r\n"),
    ("POST", 501, f"POST /m/timestamp.json HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n"),
    ("DELETE", 501, f"DELETE /m/timestamp.json HTTP/1.1\r\n{H}\r\n"),
    ("TRACE", 501, f"TRACE /m/timestamp.json HTTP/1.1\r\n{H}\r\n"),
    ("CONNECT", 400, f"CONNECT h:80 HTTP/1.1\r\n{H}\r\n"),
    ("PUT without a length", 411 if takes else 405, f"PUT /t/x HTTP/1.1\r\n{H}\r\n"),
    ("method that is no token", 400, f"G@T /m/timestamp.json HTTP/1.1\r\n{H}\r\n"),
    ("no method", 400, f" /m/timestamp.json HTTP/1.1\r\n{H}\r\n"),
    ("two spaces", 400, f"GET  /m/timestamp.json HTTP/1.1\r\n{H}\r\n"),
    ("tab as a space", 400, f"GET\t/m/timestamp.json\tHTTP/1.1\r\n{H}\r\n"),
    ("space at the line's end", 400, f"GET /m/timestamp.json HTTP/1.1 \r\n{H}\r\n"),
    ("HTTP/0.9", 400, "GET /m/timestamp.json\r\n\r\n"),
    ("HTTP/0.9 with a version", 505, f"GET /m/timestamp.json HTTP/0.9\r\n{H}\r\n"),
    ("HTTP/1.2", 505, f"GET /m/timestamp.json HTTP/1.2\r\n{H}\r\n"),
    ("HTTP/2.0", 505, f"GET /m/timestamp.json HTTP/2.0\r\n{H}\r\n"),
    ("HTTP/1.10", 400, f"GET /m/timestamp.json HTTP/1.10\r\n{H}\r\n"),
    ("HTTP/11", 400, f"GET /m/timestamp.json HTTP/11\r\n{H}\r\n"),
    ("http/1.1 in small letters", 400, f"GET /m/timestamp.json http/1.1\r\n{H}\r\n"),
    ("another protocol", 400, f"GET /m/timestamp.json ICAP/1.1\r\n{H}\r\n"),
    ("HTTP/2 preface", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("TLS", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    ("SSH", 400, "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    # targets
    ("absolute form", 400, target("http://h/m/timestamp.json")),
    ("authority form", 400, target("h:80")),
    ("asterisk form", 400, target("*")),
    ("network path", 400, target("//h/m/timestamp.json")),
    ("no slash", 400, target("m/timestamp.json")),
    ("dot segment", 400, target("/m/./timestamp.json")),
    ("dot-dot segment", 400, target("/t/../m/timestamp.json")),
    ("above the root", 400, target("/../secret")),
    ("dot-dot at the end", 400, target("/m/..")),
    ("encoded dot-dot", 400, target("/t/%2e%2e/m/timestamp.json")),
    ("half encoded dot-dot", 400, target("/t/.%2E/m/timestamp.json")),
    ("doubly encoded dot-dot", 400, target("/t/%252e%252e/m/timestamp.json")),
    ("encoded slash", 400, target("/m%2ftimestamp.json")),
    ("encoded slash and dots", 400, target("/..%2fsecret")),
    ("encoded NUL", 400, target("/m/timestamp.json%00")),
    ("encoded line end", 400, target("/m/a%0d%0aX:%20y")),
    ("encoded backslash", 400, target("/m%5ctimestamp.json")),
    ("backslash", 400, target("/m\\timestamp.json")),
    ("empty segment", 400, target("/m//timestamp.json")),
    ("percent at the end", 400, target("/m/timestamp.json%")),
    ("percent and one digit", 400, target("/m/timestamp.json%6")),
    ("percent and no digits", 400, target("/m/timestamp.js%zz")),
    ("overlong UTF-8 dot", 400, target("/%c0%ae%c0%ae/secret")),
    ("overlong UTF-8 slash", 400, target("/m%c0%aftimestamp.json")),
    ("not UTF-8", 400, target("/%ff")),
    ("surrogate", 400, target("/%ed%a0%80")),
    ("fragment", 400, target("/m/timestamp.json#x")),
    ("space in the target", 400, target("/m/time stamp.json")),
    # overlong
    ("long target", 414, target("/" + "a" * 2048)),
    ("long name", 431, field("X" * 20000 + ": y")),
    ("long value", 431, field("X: " + "y" * 20000)),
    ("long method", 431, "G" * 20000 + f" / HTTP/1.1\r\n{H}\r\n"),
    ("many fields", 431, field("\r\n".join(["X: y"] * 100))),
    # ranges and connections
    ("range backwards", 400, field("Range: bytes=5-2")),
    ("range without numbers", 400, field("Range: bytes=-")),
    ("range of letters", 400, field("Range: bytes=a-b")),
    ("range beyond 64 bits", 400, field("Range: bytes=0-99999999999999999999")),
    ("two Range fields", 400, field("Range: bytes=0-1\r\nRange: bytes=0-1")),
    ("Connection with a bad token", 400, field("Connection: keep alive")),
    # the same games with a body
    ("PUT with two lengths", 400, put("Content-Length: 5\r\nContent-Length: 0")),
    ("PUT with one length twice", 400, put("Content-Length: 5\r\nContent-Length: 5")),
    ("PUT with a list of lengths", 400, put("Content-Length: 5, 5")),
    ("PUT with a signed length", 400, put("Content-Length: +5")),
    ("PUT with a length in hex", 400, put("Content-Length: 0x5")),
    ("PUT with a length in octal", 400, put("Content-Length: 05")),
    ("PUT with a fraction", 400, put("Content-Length: 5.0")),
    ("PUT with a length and more", 400, put("Content-Length: 5 bytes")),
    ("PUT with a huge length", 400, put("Content-Length: 18446744073709551621")),
    ("PUT with a negative length", 400, put("Content-Length: -5")),
    ("PUT with an empty length", 400, put("Content-Length:")),
    ("PUT chunked and with a length", 400, put("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
    ("PUT with a length and chunked", 400, put("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
    ("PUT chunked behind a tab", 400, put("Transfer-Encoding:\tchunked\r\nContent-Length: 5")),
    ("PUT in an unknown coding", 400, put("Transfer-Encoding: gzip, chunked\r\nContent-Length: 5")),
    ("PUT with a folded length", 400, put("Content-Length:\r\n 5")),
    ("PUT with a length behind a bare LF", 400, put("X: y\nContent-Length: 5")),
    ("PUT with a space before the colon", 400, put("Content-Length : 5")),
    ("PUT with NUL in its length", 400, put("Content-Length: 5\0")),
    ("PUT of a part", 400, put("Content-Length: 5\r\nContent-Range: bytes 0-4/10")),
    ("PUT of something packed", 400, put("Content-Length: 5\r\nContent-Encoding: gzip")),
    ("PUT that expects something else", 400, put("Content-Length: 5\r\nExpect: 100-continue, x")),
    ("PUT with two Expects", 400, put("Content-Length: 5\r\nExpect: 100-continue\r\nExpect: 100-continue")),
    ("PUT with two Hosts", 400, put(f"{H}Content-Length: 5")),
    ("PUT in absolute form", 400, put("Content-Length: 5", t="http://h/t/x")),
    ("PUT above the root", 400, put("Content-Length: 5", t="/t/../../secret")),
    ("PUT with encoded dots", 400, put("Content-Length: 5", t="/t/%2e%2e/x")),
    ("PUT with an encoded slash", 400, put("Content-Length: 5", t="/t%2fx")),
    ("PUT with an encoded NUL", 400, put("Content-Length: 5", t="/t/x%00")),
    ("PUT to an asterisk", 400, put("Content-Length: 5", t="*")),
    ("PUT to a long target", 414, put("Content-Length: 5", t="/" + "a" * 3000)),
    ("PUT with a long field", 431, put("Content-Length: 5\r\nX: " + "y" * 20000)),
    ("PUT of a hidden name", 405, put("Content-Length: 5", t="/t/.x")),
    ("PUT of a folder", 405, put("Content-Length: 5", t="/t/")),
    ("PUT with a query", 405, put("Content-Length: 5", t="/t/x?y")),
    ("PUT in HTTP/2.0", 505, put("Content-Length: 5").replace("1.1", "2.0", 1)),
]

check(len(table) >= 60, f"{len(table)} malformed requests in the table")
for name, status, request in table:
    c = Client(port)
    try:
        c.send((request + NEXT).encode("latin-1"))
    except ConnectionError:
        pass
    try:
        r = c.response()
    except ConnectionError:
        r = None
    check(
        r is not None
        and r.status == status
        and r.field("Connection") == "close"
        and (status != 405 or r.field("Allow") == "GET, HEAD")
        and c.ended(),
        f"refused once with {status}, then closed: {name}"
        + ("" if r is None or r.status == status else f" (got {r.status})"),
    )
    c.close()

# The same, one byte at a time: no split hides anything.
wrong = []
for name, status, request in table:
    if len(request) > 500:
        continue
    c = Client(port)
    r = None
    try:
        for b in (request + NEXT).encode("latin-1"):
            c.send(bytes([b]))
    except ConnectionError:
        pass
    try:
        r = c.response()
        ended = c.ended()
    except ConnectionError:
        ended = True
    # A reset may overtake the answer here: we went on sending after it.
    if (r is not None and r.status != status) or not ended:
        wrong.append(name)
    c.close()
check(not wrong, "byte by byte, too" + ": ".join([""] + wrong))
