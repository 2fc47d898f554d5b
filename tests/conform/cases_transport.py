"""Servers that refuse, lie, hang up, drip, or are somebody else's page."""

import os

import server
from case import Case, both, manner, nothing, rotate, target_manner
from outlet import Outlet

OLD = "1 1 1 1 1"
NEW = "1 2 2 2 2"
PAGE = b"<html><body>Blocked by order of the authorities.</body></html>"
FILES = {
    "timestamp": ("m/timestamp.json", OLD),
    "snapshot": ("m/2.snapshot.json", "1 2 1 1 1"),
    "targets": ("m/2.targets.json", "1 2 2 1 1"),
    "d-news": ("m/2.d-news.json", "1 2 2 2 1"),
}
NEXT = "m/2.root.json"

# The next root: what is certainly not there ends the chain of roots; what
# might be there, and cannot be had, ends the update.
ANSWERS = [
    Case(f"{code} for the next root", manner(NEXT, server.status(code)),
         good, NEW if good else OLD)
    for code, good in ((404, True), (403, True), (410, True), (451, True),
                       (400, False), (401, False), (429, False),
                       (500, False), (502, False), (503, False),
                       (301, False), (302, False), (204, False))
] + [
    Case(f"{code} for {role}", manner(path, server.status(code)), False, stop)
    for role, (path, stop) in FILES.items()
    for code in (403, 404, 500, 302)
] + [
    Case(f"{code} for the target", target_manner(server.status(code)),
         False, NEW)
    for code in (403, 404, 500, 302)
]  # fmt: skip

WHO = {"the next root": (NEXT, OLD), **FILES}
RUDE = [
    Case(f"{what} for {role}", manner(path, how), False, stop)
    for what, how in (("a page", server.instead(PAGE)),
                      ("a closed connection", server.close),
                      ("bytes without a head", server.headless))
    for role, (path, stop) in WHO.items()
]  # fmt: skip

# Everybody gets two seconds for a file here.
SLOW = [
    Case(f"{role} that {what}", manner(path, how), False, stop, seconds="2")
    for role, (path, stop) in WHO.items()
    for what, how in (("drips", server.drip(4000)),)
] + [
    Case(f"a timestamp that {what}", manner("m/timestamp.json", how),
         False, OLD, seconds="2")
    for what, how in (("never comes", server.silent),
                      ("comes byte by byte", server.drip(20)),
                      ("never ends its head", server.drip_head))
] + [
    Case("a target that drips", target_manner(server.drip(4000)), False, NEW,
         seconds="2"),
    Case("a target that never comes", target_manner(server.silent),
         False, NEW, seconds="2"),
    Case("a new root that drips", both(rotate(), manner(
        NEXT, server.drip(4000))), False, OLD, seconds="2"),
]  # fmt: skip


# ---- what the client kept


def kept(role, change):
    """Change what the client keeps of a role; None takes it away."""

    def edit(folder, old):
        path = f"{folder}/{role}.json"
        with open(path, "rb") as f:
            data = change(f.read())
        os.unlink(path)
        if data is not None:
            with open(path, "wb") as f:
                f.write(data)

    return edit


def thief(folder, old):
    """Versions far ahead, by keys that are nobody's."""
    other = Outlet(old.signer, 900)
    other.letters = dict.fromkeys(other.letters, "z")
    other.publish()
    for role, name in (("timestamp", "timestamp"), ("snapshot", "900.snapshot"),
                       ("targets", "900.targets"), ("d-news", "900.d-news")):
        with open(f"{folder}/{role}.json", "wb") as f:
            f.write(other.files[f"m/{name}.json"])  # fmt: skip


HARM = {
    "gone": lambda d: None,
    "empty": lambda d: b"",
    "cut in half": lambda d: d[: len(d) // 2],
    "changed in one bit": lambda d: d[:200] + bytes([d[200] ^ 1]) + d[201:],
    "not JSON": lambda d: b"\0" * len(d),
    "of 6 MB": lambda d: d + b" " * 6000000,
    "somebody's page": lambda d: PAGE,
}
STORE = [
    Case(f"a kept {role} that is {what}", nothing, True, NEW,
         store=kept(role, change))
    for role in FILES for what, change in HARM.items()
] + [
    Case(f"a kept root that is {what}", nothing, False,
         {"gone": "-", "of 6 MB": "1"}.get(what, "?") + " 1 1 1 1",
         store=kept("root", change))
    for what, change in HARM.items() if what != "changed in one bit"
] + [
    Case("kept files of a stranger's, far ahead", nothing, True, NEW,
         store=thief),
]  # fmt: skip


def same(o):
    """Nothing is new."""
    other = Outlet(o.signer, 1)
    other.roots = o.roots
    o.__dict__.update(other.__dict__)


QUIET = [
    Case("nothing new: root and timestamp are asked for, nothing else", same,
         True, OLD, keeps=True,
         requests=lambda r: r == [NEXT, "m/timestamp.json"]),
    Case("nothing new, and the kept snapshot is gone", same, True, OLD,
         keeps=True, store=kept("snapshot", lambda d: None),
         requests=lambda r: r[2:] == ["m/1.snapshot.json"]),
    Case("nothing new, and the kept desk is spoilt", same, True, OLD,
         keeps=True, store=kept("d-news", lambda d: d[:-1]),
         requests=lambda r: r[2:] == ["m/1.d-news.json"]),
]  # fmt: skip

CASES = ANSWERS + RUDE + SLOW + STORE + QUIET
