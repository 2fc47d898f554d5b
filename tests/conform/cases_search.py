"""Who may list what: patterns, hash prefixes, order, cycles, names, limits."""

import json

from case import Case, both, rotate, text
from outlet import TARGET, sha256

OLD = "1 1 1 1 1"
NEW = "1 2 2 2 2"
UNREAD = "1 2 2 2 1"  # the desk's new file was never trusted
REFUSED = "1 2 2 1 1"  # nor the targets
HASH = sha256(TARGET.encode())


def desk(**changes):
    """Change the delegation of d-news; None takes a member away."""

    def edit(o):
        d = o.bodies["targets"]["delegations"]["roles"][1]
        d.update(changes)
        for name in [n for n, v in changes.items() if v is None]:
            del d[name]

    return edit


def prefixes(*list):
    return desk(paths=None, path_hash_prefixes=[*list])


PATTERNS = [
    Case(f"a desk with the pattern {p!r}", desk(paths=[p]), good,
         NEW if good else UNREAD)
    for p, good in (
        (TARGET, True), ("*/*/*/*", True), ("b/news/2026-w4?/*", True),
        ("b/news/2026-w[0-9][0-9]/1.ekb", True), ("b/news/*/*.ekb", True),
        ("b/*", False), ("b/news/*", False), ("*", False), ("", False),
        ("B/news/*/*", False), ("/b/news/*/*", False), ("b/news/*/*/", False),
        ("b/new/*/*", False), ("b/news/*/?", False), ("b//news/*/*", False),
        ("b/news/../news/*/*", False), ("**", False),
    )
] + [
    Case("a desk with no pattern", desk(paths=[]), False, UNREAD),
    Case("a desk with two patterns", desk(paths=["x/*", "b/news/*/*"]),
         True, NEW),
    Case("a pattern of 1,000 stars", desk(paths=["*a" * 1000, "b/*/*/*"]),
         True, NEW),
    Case("a pattern that is a number", desk(paths=[1]), False, REFUSED),
    Case("patterns that are a string", desk(paths="b/news/*/*"),
         False, REFUSED),
]  # fmt: skip

PREFIXES = [
    Case("the whole hash of the path", prefixes(HASH), True, NEW),
    Case("a prefix of the hash", prefixes("ff" * 4 + "0", HASH[:4]), True, NEW),
    Case("a prefix of one digit", prefixes(HASH[:1]), True, NEW),
    Case("the empty prefix", prefixes(""), True, NEW),
    Case("another prefix", prefixes(sha256(b"other")[:8]), False, UNREAD),
    Case("no prefix", prefixes(), False, UNREAD),
    Case("the hash in capitals", prefixes(HASH.upper() + "A"), False, UNREAD),
    Case("the hash and a digit more", prefixes(HASH + "0"), False, UNREAD),
    Case("the hash of the content", prefixes(sha256(b"a bundle of version 2")),
         False, UNREAD),
    Case("the path as prefix", prefixes(TARGET), False, UNREAD),
    Case("a number as prefix", prefixes(5), False, REFUSED),
    Case("patterns and prefixes", desk(path_hash_prefixes=[HASH]),
         False, REFUSED),
    Case("neither patterns nor prefixes", desk(paths=None), False, REFUSED),
]  # fmt: skip


# ---- names


def named(name, good):
    """Roles are kept under their name; d-news must not vanish either."""

    def edit(o):
        desk(name=name)(o)
        if good:
            o.bodies[name] = o.bodies["d-news"].copy()
            o.letters[name] = "d"

    return Case(
        f"a role named {name[:40]!r}",
        edit,
        good,
        f"1 2 2 2 1 {name}=2" if good else REFUSED,
    )


NAMES = [
    named(name, good)
    for name, good in (
        ("root", False), ("timestamp", False), ("snapshot", False),
        ("targets", False), ("Root", False), ("TIMESTAMP", False),
        ("", False), ("x" * 161, False), (7 * "ü", True), ("a b", True),
        ("../root", True), ("/etc/passwd", True), ("..", True),
        ("1.root", True), ("root.json", True), ("x%2fy", True),
        ("?#&", True), ("\\", True), ("y" * 60, True), ("-r", True),
    )
] + [
    Case("a role without a name", desk(name=None), False, REFUSED),
    Case("a role whose name is a number", desk(name=5), False, REFUSED),
    Case("terminating that is a number", desk(terminating=1), False, REFUSED),
    Case("no word on terminating", desk(terminating=None), False, REFUSED),
    Case("a threshold of 0", desk(threshold=0), False, REFUSED),
    Case("no threshold", desk(threshold=None), False, REFUSED),
    Case("no key ids", desk(keyids=None), False, REFUSED),
    Case("one delegation twice", lambda o: o.bodies["targets"]["delegations"]
         ["roles"].append(dict(o.bodies["targets"]["delegations"]["roles"][1])),
         False, REFUSED),
]  # fmt: skip


# ---- order


def tree(spec, lists=()):
    """A tree of delegations in place of the desk's: {role: "child child!"},
    "!" for terminating. What `lists` names lists the target."""

    def edit(o):
        entry = o.bodies["d-news"]["targets"].pop(TARGET)
        o.bodies["targets"]["delegations"]["roles"].clear()
        for role in {r.strip("!") for c in spec.values() for r in c.split()}:
            if role != "targets" and role not in o.bodies:
                o.role_add(role, "k")
        for role, children in spec.items():
            body = o.bodies[role]
            d = body.setdefault("delegations", {"keys": {}, "roles": []})
            for child in children.split():
                name = child.strip("!")
                grant = o.grant(d["keys"], o.letters[name])
                d["roles"].append(dict(
                    grant, name=name, paths=["*/*/*/*"],
                    terminating=child.endswith("!")))  # fmt: skip
        for role in lists:
            o.bodies[role]["targets"][TARGET] = entry

    return edit


def chain(n):
    """n roles in a line below targets; the last lists the target."""
    spec = {"targets": "c01"}
    for i in range(1, n):
        spec[f"c{i:02}"] = f"c{i + 1:02}"
    return tree(spec, [f"c{n:02}"])


def visited(*roles):
    return "1 2 2 2 1 " + " ".join(f"{r}=2" for r in sorted(roles))


def forged(o):
    """A desk lists what a sealed week has, and not the same bytes."""
    tree({"targets": "y d-news!", "y": "s!"}, ["s"])(o)
    evil = o.target(b"a bundle of a thief's")
    o.bodies["d-news"]["targets"][TARGET] = evil


ORDER = [
    Case("depth first", tree({"targets": "a c", "a": "b"}, ["b", "c"]),
         True, visited("a", "b")),
    Case("then the next", tree({"targets": "a c", "a": "b"}, ["c"]),
         True, visited("a", "b", "c")),
    Case("not after a terminating one",
         tree({"targets": "a! c", "a": "b"}, ["c"]),
         False, visited("a", "b")),
    Case("not after one that is terminating deep below",
         tree({"targets": "y c", "y": "s! q"}, ["q", "c"]),
         False, visited("s", "y")),
    Case("a cycle of two", tree({"targets": "a c", "a": "b", "b": "a"}, ["c"]),
         True, visited("a", "b", "c")),
    Case("a cycle of one", tree({"targets": "a c", "a": "a"}, ["c"]),
         True, visited("a", "c")),
    Case("a role that two delegate to",
         tree({"targets": "a b c", "a": "s", "b": "s"}, ["c"]),
         True, visited("a", "b", "c", "s")),
    Case("a sealed week that a desk's thief lists anew", forged,
         True, visited("s", "y")),
    Case("32 roles in a line", chain(32),
         True, visited(*(f"c{i:02}" for i in range(1, 33)))),
    Case("33 roles in a line", chain(33),
         False, visited(*(f"c{i:02}" for i in range(1, 33)))),
    Case("300 roles side by side",
         tree({"targets": " ".join(f"r{i:03}" for i in range(300))}, ["r299"]),
         False, visited(*(f"r{i:03}" for i in range(32)))),
    Case("a role on the way that is not there",
         both(tree({"targets": "a c"}, ["c"]),
              lambda o: lambda o: o.files.pop("m/2.a.json") and None),
         False, "1 2 2 2 1"),
    Case("a role on the way that the snapshot does not name",
         both(tree({"targets": "a c"}, ["c"]), lambda o: o.unnamed.add("a")),
         False, "1 2 2 2 1"),
    Case("a role that targets trusts by another key than its neighbour",
         both(tree({"targets": "a c", "a": "s", "c": "s"}, ["c"]),
              lambda o: o.bodies["c"]["delegations"].update(
                  keys={}, roles=[dict(
                      o.bodies["a"]["delegations"]["roles"][0],
                      keyids=[])])),
         True, visited("a", "c", "s")),
]  # fmt: skip


def crowd(n):
    """n delegations before the desk's, none of which covers the target."""

    def edit(o):
        roles = o.bodies["targets"]["delegations"]["roles"]
        for i in range(n):
            roles.insert(0, dict(roles[-1], name=f"r{i}", paths=[f"r{i}/*"]))

    return edit


CROWDS = [
    Case("4,096 delegations", crowd(4094), True, NEW),
    Case("4,097 delegations", crowd(4095), False, REFUSED),
    Case("100,000 patterns", desk(paths=["b/news/*/*"] + ["a/*"] * 100000),
         True, NEW),
    Case("patterns of 2 MB", desk(paths=["b/news/*/*"] + ["a/*"] * 500000),
         False, REFUSED),
    Case("100,000 prefixes",
         prefixes(*(f"{i:016}" for i in range(100000)), HASH[:8]), True, NEW),
    Case("38,000 targets", lambda o: o.bodies["d-news"]["targets"].update({
        f"b/news/2026-w47/{i}.ekb": {"length": 1, "hashes": {"sha256": HASH}}
        for i in range(2, 38000)}), True, NEW),
    Case("64 keys of a desk", lambda o: o.bodies["targets"]["delegations"]
         ["roles"][1]["keyids"].extend(map(str, range(63))), True, NEW),
    Case("65 keys of a desk", lambda o: o.bodies["targets"]["delegations"]
         ["roles"][1]["keyids"].extend(map(str, range(64))), False, REFUSED),
    Case("256 signatures", lambda o: o.sigs.update({"d-news": lambda s, m: [
        {"keyid": str(i), "sig": "00"} for i in range(255)] + s}), True, NEW),
    Case("257 signatures", lambda o: o.sigs.update({"d-news": lambda s, m: [
        {"keyid": str(i), "sig": "00"} for i in range(256)] + s}),
        False, UNREAD),
]  # fmt: skip


def plain(root, o):
    root["consistent_snapshot"] = False


def silent(root, o):
    del root["consistent_snapshot"]


LAYOUT = [
    Case("a root that ends consistent snapshots", rotate(plain),
         True, "2 2 2 2 2", requests=lambda r: r[2:] == [
             "m/timestamp.json", "m/snapshot.json", "m/targets.json",
             "m/d-news.json", "t/" + TARGET]),
    Case("a root that does not speak of them", rotate(silent),
         True, "2 2 2 2 2", requests=lambda r: "m/snapshot.json" in r),
    Case("and one that has them again", both(rotate(plain), rotate(
        lambda r, o: r.update(consistent_snapshot=True))),
        True, "3 2 2 2 2", requests=lambda r: "m/2.snapshot.json" in r),
    Case("what is asked for, and nothing else", lambda o: None, True, NEW,
         requests=lambda r: r == [
             "m/2.root.json", "m/timestamp.json", "m/2.snapshot.json",
             "m/2.targets.json", "m/2.d-news.json",
             f"t/b/news/2026-w47/{sha256(b'a bundle of version 2')}.1.ekb"]),
    Case("a target that nobody lists", lambda o: None, False, "1 2 2 2 2",
         target="b/news/2026-w47/2.ekb"),
    Case("a target that no pattern covers", lambda o: None, False,
         "1 2 2 2 1", target="c/news/2026-w47/1.ekb"),
    Case("names and letters of every kind",
         both(text("timestamp", json.dumps),
              lambda o: o.bodies["timestamp"].update({
                  "x": "\"\\/\b\f\n\r\t\x7fä€😀", "ä": 1, "€": 2,
                  "😀": 3, "\ufb01": 4, "\n": 5, "": 6})), True, NEW),
]  # fmt: skip

CASES = PATTERNS + PREFIXES + NAMES + ORDER + CROWDS + LAYOUT
