"""No file may be longer than its limit, or than what is signed of it."""

import server
from case import Case, bare, both, entry, manner, nothing, pad, rotate
from case import signed, target_manner
from outlet import TARGET, sha256

CASES = [
    Case("an honest outlet", nothing, True, "1 2 2 2 2"),
    Case("an honest outlet, met first", nothing, True, "1 2 2 2 2", fresh=True),
]

# What a file may have when nothing signed announces its length. `stop` is
# what is trusted when it is refused.
FREE = {
    "root 2": ("m/2.root.json", 512000, "1 1 1 1 1"),
    "timestamp": ("m/timestamp.json", 16384, "1 1 1 1 1"),
    "snapshot": ("m/2.snapshot.json", 2000000, "1 2 1 1 1"),
    "targets": ("m/2.targets.json", 5000000, "1 2 2 1 1"),
    "d-news": ("m/2.d-news.json", 5000000, "1 2 2 2 1"),
}


def free(role):
    """The role's file, of a length that nobody announced."""
    return rotate() if role == "root 2" else bare(role)


for role, (path, limit, stop) in FREE.items():
    last = "2 2 2 2 2" if role == "root 2" else "1 2 2 2 2"
    for more, good in ((0, True), (1, False)):
        CASES.append(
            Case(
                f"{role} of {limit + more} bytes",
                both(free(role), pad(role, limit + more)),
                good,
                last if good else stop,
            )
        )
    CASES.append(
        Case(
            f"{role} without end",
            both(free(role), manner(path, server.endless)),
            False,
            stop,
        )
    )
    CASES.append(
        Case(
            f"{role} that announces 4 GB",
            both(free(role), manner(path, server.announced(2**32))),
            False,
            stop,
        )
    )
    CASES.append(
        Case(
            f"{role} that ends too early",
            both(free(role), manner(path, server.announced(900, 400))),
            False,
            stop,
        )
    )
    CASES.append(
        Case(
            f"{role} that is empty",
            both(free(role), manner(path, server.instead(b""))),
            False,
            stop,
        )
    )
    if role in ("root 2", "timestamp"):
        continue
    # What the role that names it announces.
    for name, change in (
        ("shorter", lambda n: n - 1),
        ("longer", lambda n: n + 1),
    ):
        CASES.append(
            Case(
                f"{role} {name} than announced",
                lambda o, p=path, c=change: lambda o: o.files.update(
                    {p: (o.files[p] + b" ")[: c(len(o.files[p]))]}
                ),
                False,
                stop,
            )
        )
    CASES.append(
        Case(f"{role} announced with 0 bytes", entry(role, length=0), False, stop)
    )
    CASES.append(
        Case(
            f"{role} announced with {limit + 1} bytes, and having them",
            pad(role, limit + 1),
            False,
            stop,
        )
    )
    CASES.append(
        Case(f"{role} of {limit} bytes, announced", pad(role, limit), True, last)
    )
    CASES.append(
        Case(
            f"{role} of its length, with another hash",
            entry(role, hashes={"sha256": sha256(b"")}),
            False,
            stop,
        )
    )

ALL = "1 2 2 2 2"


def content(change):
    """Other bytes than what is listed."""

    def late(o):
        path = o.content_name()
        o.files[path] = change(o.files[path])

    return lambda o: late


def listed(**changes):
    return signed("d-news", lambda b: b["targets"][TARGET].update(changes))


def sized(data):
    """A target of these bytes, rightly listed."""

    def edit(o):
        o.content[TARGET] = data
        o.bodies["d-news"]["targets"][TARGET] = o.target(data)

    return edit


CASES += [
    Case("a target a byte longer", content(lambda d: d + b"!"), False, ALL),
    Case("a target a byte shorter", content(lambda d: d[:-1]), False, ALL),
    Case("a target of other bytes", content(lambda d: d.swapcase()), False, ALL),
    Case("a target that is empty", content(lambda d: b""), False, ALL),
    Case("a target without end", target_manner(server.endless), False, ALL),
    Case(
        "a target that announces 4 GB",
        target_manner(server.announced(2**32)),
        False,
        ALL,
    ),
    Case(
        "a target that ends too early",
        target_manner(server.announced(21, 9)),
        False,
        ALL,
    ),
    Case("a target listed with 0 bytes", listed(length=0), False, ALL),
    Case("a target listed a byte longer", listed(length=22), False, ALL),
    Case("a target listed a byte shorter", listed(length=20), False, ALL),
    Case("a target listed with 2^62 bytes", listed(length=2**62), False, ALL),
    Case("an empty target, listed so", sized(b""), True, ALL),
    Case("a target of one byte", sized(b"x"), True, ALL),
    Case("a target of 3,000,000 bytes", sized(b"0123456789" * 300000), True, ALL),
]
