"""What is not well-formed, not of this specification, or not decent."""

import gzip

import server
from case import Case, both, file, manner, member, rotate, signed
from case import text, without
from outlet import TARGET, canonical, sha256

OLD = "1 1 1 1 1"
NEW = "1 2 2 2 2"
STOP = {
    "timestamp": ("m/timestamp.json", OLD),
    "snapshot": ("m/2.snapshot.json", "1 2 1 1 1"),
    "targets": ("m/2.targets.json", "1 2 2 1 1"),
    "d-news": ("m/2.d-news.json", "1 2 2 2 1"),
}
PAGE = b"<!DOCTYPE html><html><body>Please log in.</body></html>"


def root(**changes):
    return rotate(lambda root, o: root.update(changes))


# ---- in every kind of metadata, rightly signed and hashed

VERSIONS = (
    ("2.0.0", False), ("0.9.0", False), ("10.0", False), ("1", False),
    ("1.0.0.0", False), ("", False), ("1.0.x", False), ("1.0", True),
    ("1.99.7", True),
)  # fmt: skip
MAJOR = [
    Case(f"{role} of specification '{v}'", member(role, "spec_version", v),
         good, NEW if good else stop)
    for v, good in VERSIONS
    for role, (_, stop) in STOP.items()
    if role == "timestamp" or v == "2.0.0"
] + [
    Case("a root of specification 2.0.0", root(spec_version="2.0.0"),
         False, OLD),
    Case("a root of specification 1.1", root(spec_version="1.1"),
         True, "2 2 2 2 2"),
]  # fmt: skip


def double(old, new):
    """Write one member twice: once with `new`, then as it is."""

    def write(top):
        whole = canonical(top)
        assert old in whole
        return whole.replace(old, new + "," + old, 1)

    return write


TWICE = [
    Case("a timestamp with two versions",
         text("timestamp", double('"version":2}', '"version":9')), False, OLD),
    Case("a timestamp with two bodies",
         text("timestamp", double('"signed":', '"signed":{}')), False, OLD),
    Case("a timestamp with two snapshots",
         text("timestamp", double('"snapshot.json":',
                                  '"snapshot.json":{"version":9}')),
         False, OLD),
    Case("a snapshot with two entries for a role",
         text("snapshot", double('"targets.json":',
                                 '"targets.json":{"version":9}')),
         False, STOP["snapshot"][1]),
    Case("targets with two delegations of a role",
         signed("targets", lambda b: b["delegations"]["roles"].append(
             b["delegations"]["roles"][1])),
         False, STOP["targets"][1]),
    Case("a desk with two entries for a target",
         text("d-news", double(f'"{TARGET}":', f'"{TARGET}":{{}}')),
         False, STOP["d-news"][1]),
    Case("a desk with two lengths of a target",
         text("d-news", double('"length":21', '"length":9')),
         False, STOP["d-news"][1]),
    Case("a key written with another name for the same letter",
         text("timestamp", lambda top: canonical(top).replace(
             '"version":2}', '"\\u0076ersion":9,"version":2}')),
         False, OLD),
    Case("a root with two keys under one id",
         both(rotate(), text("root 2", double('"keys":{"', '"keys":{}'))),
         False, OLD),
]  # fmt: skip


def deep(opening, closing, n):
    """A file with n levels more."""
    return lambda top: canonical(top)[:-1] + ',"x":' + opening * n + closing * n + "}"


def heavy(unit, size):
    """A file filled up to its limit with many small values."""

    def write(top):
        whole = canonical(top)[:-1] + ',"x":[' + unit
        n = (size - len(whole) - 2) // (len(unit) + 1)
        return whole + ("," + unit) * n + "]}"

    return write


BOMBS = [
    Case(f"{role} {n} levels deep", text(role, deep(a, b, n)), good,
         NEW if good else STOP[role][1])
    for role in ("timestamp", "snapshot", "targets", "d-news")
    for n, a, b, good in ((25, "[", "]", True), (40, "[", "]", False),
                          (4000, "[", "]", False))
] + [
    Case("a desk of open objects alone", text("d-news", lambda top:
         '{"a":' * 900000), False, STOP["d-news"][1]),
    Case("a timestamp of open arrays alone", text("timestamp", lambda top:
         "[" * 16384), False, OLD),
    Case("a root 100,000 levels deep",
         both(rotate(), text("root 2", deep("[", "]", 100000))), False, OLD),
    Case("a root of 170,000 empty objects",
         both(rotate(), text("root 2", heavy("{}", 512000))), False, OLD),
    Case("a timestamp of 5,000 empty arrays",
         text("timestamp", heavy("[]", 16384)), False, OLD),
    Case("a snapshot of 660,000 empty objects",
         text("snapshot", heavy("{}", 2000000)), False, STOP["snapshot"][1]),
    Case("a desk of 1,600,000 empty objects",
         text("d-news", heavy("{}", 5000000)), False, STOP["d-news"][1]),
    Case("a desk of one string of 4 MB", text("d-news", heavy(
        '"' + "x" * 4000000 + '"', 4100000)), True, NEW),
    Case("a desk of 200 numbers of 20,000 digits",
         text("d-news", heavy("1" * 20000, 4000000)),
         False, STOP["d-news"][1]),
]  # fmt: skip

# ---- not metadata at all

BYTES = {
    "a page": lambda d: PAGE,
    "nothing": lambda d: b"",
    "a NUL": lambda d: b"\0",
    "an array": lambda d: b"[" + d + b"]",
    "null": lambda d: b"null",
    "a byte order mark first": lambda d: b"\xef\xbb\xbf" + d,
    "UTF-16": lambda d: d.decode().encode("utf-16"),
    "gzip": lambda d: gzip.compress(d),
    "a second object after it": lambda d: d + b"{}",
    "a NUL after it": lambda d: d + b"\0",
    "its last byte missing": lambda d: d[:-1],
    "a comma too many": lambda d: d[:-1] + b",}",
    "an apostrophe for a quote": lambda d: d.replace(b'"', b"'", 2),
    "half of UTF-8": lambda d: d[:-1] + b',"x":"\xc3"}',
    "overlong UTF-8": lambda d: d[:-1] + b',"x":"\xc0\xaf"}',
    "half a surrogate": lambda d: d[:-1] + b',"x":"\\ud800"}',
    "a NUL in a string": lambda d: d[:-1] + b',"x":"\\u0000"}',
    "a line break in a string": lambda d: d[:-1] + b',"x":"\n"}',
    "NaN": lambda d: d[:-1] + b',"x":NaN}',
    "a comment": lambda d: b"/* hello */" + d,
}
BROKEN = [
    Case(f"a timestamp: {what}", file("m/timestamp.json", change), False, OLD)
    for what, change in BYTES.items()
] + [
    Case(f"root 2: {what}", both(rotate(), file("m/2.root.json", BYTES[what])),
         False, OLD)
    for what in ("a page", "nothing", "an array", "a second object after it")
] + [
    # Of the others the hash tells, before anything is parsed.
    Case(f"a page as {role}", manner(path, server.instead(PAGE)), False, stop)
    for role, (path, stop) in STOP.items() if role != "timestamp"
] + [
    Case("a page as a target of its length", lambda o: lambda o:
         o.files.update({o.content_name(): PAGE[:21]}), False, NEW),
    Case("a page as root 2", manner("m/2.root.json", server.instead(PAGE)),
         False, OLD),
]  # fmt: skip


# ---- of another kind, or without what it must have


def swap(role, other):
    """The right keys sign another role's body."""

    def edit(o):
        o.bodies[role] = dict(o.bodies[other])

    return edit


WRONG = [
    Case(f"a {role} that says it is {kind}", member(role, "_type", kind),
         False, STOP[role][1])
    for role, kind in (("timestamp", "snapshot"), ("snapshot", "timestamp"),
                       ("targets", "root"), ("d-news", "d-news"),
                       ("d-news", "snapshot"))
] + [
    Case("targets' body as the desk's, which then lists nothing",
         swap("d-news", "targets"), False, NEW),
    Case("a root that says it is targets", root(_type="targets"), False, OLD),
] + [
    Case(f"{role} without {name}", without(role, name), False, STOP[role][1])
    for role in STOP for name in ("_type", "spec_version", "version", "expires")
    if (role, name) not in (("d-news", "version"), ("targets", "version"),
                            ("snapshot", "version"))
] + [
    Case(f"a timestamp of version {v!r}", member("timestamp", "version", v),
         False, OLD)
    for v in (0, -1, "2", 2.0, True, None, 2**63, 10**40, [2])
] + [
    Case(f"a timestamp that expires {e!r}", member("timestamp", "expires", e),
         False, OLD)
    for e in ("2099-01-01T00:00:00", "2099-01-01 00:00:00Z", "2099-01-01",
              "2099-13-01T00:00:00Z", "2099-02-30T00:00:00Z",
              "2099-01-01T24:00:00Z", "2099-01-01T00:00:00.000Z",
              "2099-01-01T00:00:00+00:00", "+12099-01-01T00:00:00Z",
              4102444800, None, "")
] + [
    Case("a timestamp that names a second role",
         lambda o: o.bodies["timestamp"]["meta"].update(
             {"targets.json": {"version": 2}}), False, OLD),
    Case("targets without targets", without("targets", "targets"),
         False, STOP["targets"][1]),
    Case("targets without delegations", without("targets", "delegations"),
         False, "1 2 2 2 1"),
    Case("a root with consistent_snapshot \"yes\"",
         root(consistent_snapshot="yes"), False, OLD),
]  # fmt: skip


# ---- hashes of a target


def hashes(**named):
    return signed("d-news", lambda b: b["targets"][TARGET].update(hashes=named))


DATA = b"a bundle of version 2"
GOOD = sha256(DATA)


def sha512(data):
    import hashlib

    return hashlib.sha512(data).hexdigest()


HASHES = [
    Case("no hash at all", hashes(), False, STOP["d-news"][1]),
    Case("a hash of another file", hashes(sha256=sha256(b"")), False, NEW),
    Case("a good hash and a bad one", hashes(sha256=GOOD, sha512=sha512(b"")),
         False, NEW),
    Case("two good hashes", hashes(sha256=GOOD, sha512=sha512(DATA)),
         True, NEW),
    Case("a good hash and one of an unknown kind",
         hashes(sha256=GOOD, md5="0" * 32), False, NEW),
    Case("a hash of an unknown kind", hashes(blake2b="0" * 128), False, NEW),
    Case("a hash cut short", hashes(sha256=GOOD[:62]), False, NEW),
    Case("an empty hash", hashes(sha256=""), False, NEW),
    Case("a hash that is a number", hashes(sha256=1), False,
         STOP["d-news"][1]),
    Case("sha512 alone, by which the file is named",
         both(hashes(sha512=sha512(DATA)), lambda o: lambda o: o.files.update(
             {o.content_name().replace(GOOD, sha512(DATA)): DATA})),
         True, NEW),
]  # fmt: skip

CASES = MAJOR + TWICE + BOMBS + BROKEN + WRONG + HASHES
