"""Nothing goes back, nothing is mixed, and rotation ends what a thief began."""

from case import Case, bare, both, entry, keys, lost, member, nothing, rotate
from case import versions
from outlet import date

OLD = "1 1 1 1 1"
NEW = "1 2 2 2 2"


def published_as(role, n):
    """Named, and put, as version n, whatever the role itself says."""
    return both(bare(role), entry(role, version=n))


def new_key(role, letters, threshold=1):
    """A root that gives a role these keys."""

    def change(root, o):
        root["roles"][role] = o.grant(root["keys"], letters, threshold)

    return both(rotate(change), keys(role, letters))


def far(*roles):
    """A thief moved these roles' versions far ahead."""
    return both(*(member(role, "version", 1000) for role in roles))


def named(name, source):
    """One file under the name of another."""
    return lambda o: lambda o: o.files.update({name: o.files[source]})


def expires(when):
    """A root that expires so many seconds from now."""
    return rotate(lambda root, o: root.update(expires=date(o.now + when)))


def expired(role):
    def edit(o):
        o.bodies[role]["expires"] = date(o.now - 60)

    return edit


# Where the client stops when a role of the new version is refused.
STOP = {
    "timestamp": "1 1 1 1 1",
    "snapshot": "1 2 1 1 1",
    "targets": "1 2 2 1 1",
    "d-news": "1 2 2 2 1",
}

ROOTS = [
    Case("root 3 and no root 2", both(rotate(), rotate(), lost("m/2.root.json")),
         True, NEW),
    Case("root 3 as 2.root.json",
         both(rotate(), rotate(), named("m/2.root.json", "m/3.root.json")),
         False, OLD),
    Case("root 1 as 2.root.json", named("m/2.root.json", "m/1.root.json"),
         False, OLD),
    Case("four roots at once", both(*[rotate()] * 4), True, "5 2 2 2 2"),
    Case("a root that has expired", expires(-60), False, "2 1 1 1 1"),
    Case("one on the way that has", both(expires(-60), expires(600)),
         True, "3 2 2 2 2"),
    Case("a root 9 times over", both(*[rotate()] * 9), True, "10 2 2 2 2",
         requests=lambda r: r[:10] == [f"m/{n}.root.json" for n in range(2, 12)]),
]  # fmt: skip

BACK = [
    Case("an older timestamp", versions(4), False, "1 5 5 5 5",
         before=versions(5)),
    Case("only the timestamp older",
         both(versions(6), member("timestamp", "version", 4)),
         False, "1 5 5 5 5", before=versions(5)),
    Case("a timestamp that names an older snapshot",
         both(versions(6), member("snapshot", "version", 4)),
         False, "1 5 5 5 5", before=versions(5)),
    Case("older targets", both(versions(6), member("targets", "version", 4)),
         False, "1 6 5 5 5", before=versions(5)),
    Case("an older desk", both(versions(6), member("d-news", "version", 4)),
         False, "1 6 5 5 5", before=versions(5)),
    Case("an older role that nobody asks for",
         both(versions(6), member("x", "version", 4)),
         False, "1 6 5 5 5", before=versions(5)),
    Case("a role that is gone", lambda o: o.unnamed.add("x"),
         False, "1 2 1 1 1"),
    Case("a role that is new", lambda o: o.role_add("d-new", "n") and None,
         True, NEW),
    Case("targets that are gone", lambda o: o.unnamed.add("targets"),
         False, "1 2 1 1 1"),
    # 5.4.3.1: not an error. And what was seen first stays.
    Case("another timestamp of version 1", versions(1), True, OLD, keeps=True),
    Case("another snapshot of version 1",
         both(versions(1), member("timestamp", "version", 2)), False, OLD),
    Case("another desk of version 1", member("d-news", "version", 1),
         False, "1 2 1 1 1"),
    Case("other targets of version 1",
         both(member("targets", "version", 1), member("targets", "x", 1)),
         False, "1 2 1 1 1"),
    Case("another desk of version 1, known by its signature alone",
         both(member("d-news", "version", 1)),
         False, "1 2 2 2 1", before=bare("d-news")),
]  # fmt: skip

MIXED = [
    Case(f"{role} {n} published as 2",
         both(member(role, "version", n), published_as(role, 2)),
         False, STOP[role])
    for role in ("snapshot", "targets", "d-news") for n in (1, 3, 2**53)
] + [
    Case(f"{role} of version 2 as version 3, hash and all",
         entry(role, version=3), False, STOP[role])
    for role in ("snapshot", "targets", "d-news")
]  # fmt: skip

GONE = "2 - - 1 1"
LATE = lost("m/timestamp.json")
ROTATION = [
    Case("all far ahead, new timestamp and snapshot keys",
         both(new_key("timestamp", "T"), new_key("snapshot", "S")),
         True, "3 2 2 2 2", before=versions(1000)),
    Case("a timestamp far ahead, its new key", new_key("timestamp", "T"),
         True, "2 2 2 2 2", before=far("timestamp")),
    Case("a timestamp far ahead, no new key", nothing,
         False, "1 1000 1 1 1", before=far("timestamp")),
    Case("a snapshot far ahead, its new key", new_key("snapshot", "S"),
         True, "2 2 2 2 2", before=far("snapshot")),
    Case("a snapshot far ahead, no new key", nothing,
         False, "1 1 1000 1 1", before=far("snapshot")),
    Case("targets far ahead, a new snapshot key", new_key("snapshot", "S"),
         True, "2 2 2 2 2", before=far("targets", "d-news")),
    Case("targets far ahead, a new targets key", new_key("targets", "G"),
         False, "2 2 1 1000 1", before=far("targets")),
    Case("a new timestamp key deletes, whatever follows",
         both(new_key("timestamp", "T"), LATE), False, GONE),
    Case("a new snapshot key deletes, whatever follows",
         both(new_key("snapshot", "S"), LATE), False, GONE),
    Case("a second key deletes", both(new_key("timestamp", "tT"), LATE),
         False, GONE),
    Case("a higher threshold deletes",
         both(new_key("timestamp", "tT", 2), LATE), False, GONE),
    Case("a key that went and came back deletes",
         both(new_key("snapshot", "S"), new_key("snapshot", "s"), LATE),
         False, "3 - - 1 1"),
    Case("a new targets key deletes nothing",
         both(new_key("targets", "G"), LATE), False, "2 1 1 1 1"),
    Case("a new root key deletes nothing",
         both(rotate(lambda root, o: root["roles"].update(
             root=o.grant(root["keys"], "R")), "rR"), LATE),
         False, "2 1 1 1 1"),
    Case("a root with the same keys deletes nothing", both(rotate(), LATE),
         False, "2 1 1 1 1"),
]  # fmt: skip

FREEZE = [
    Case(f"an expired {role}", expired(role), False, stop)
    for role, stop in STOP.items()
] + [
    Case(f"{role} that expires {when}",
         member(role, "expires", when), good, NEW if good else STOP[role])
    for role in ("timestamp", "d-news")
    for when, good in (("0001-01-01T00:00:00Z", False),
                       ("1969-12-31T23:59:59Z", False),
                       ("2038-01-19T03:14:08Z", True),
                       ("9999-12-31T23:59:59Z", True))
]  # fmt: skip

CASES = ROOTS + BACK + MIXED + ROTATION + FREEZE
