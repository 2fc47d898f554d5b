"""Thresholds count distinct keys that may sign, and nothing else."""

from case import Case, both, keys, nothing, rotate, text
from outlet import canonical, keyid

OLD = "1 1 1 1 1"
NEW = "1 2 2 2 2"
ROOTED = "2 1 1 1 1"  # a new root is trusted, and no more
ORDER = 2**252 + 27742317777372353535851937790883648493


def grant(role, letters, threshold=1, change=lambda role, keys: None):
    """A root that lets these keys sign a role."""

    def edit(root, o):
        root["roles"][role] = o.grant(root["keys"], letters, threshold)
        change(root["roles"][role], root["keys"])

    return rotate(edit)


def alias(letter, name, threshold=2, change=lambda key: None):
    """A root that names the timestamp's key twice: by its id, and by this."""

    def edit(root, o):
        role = root["roles"]["timestamp"]
        role["threshold"] = threshold
        role["keyids"].append(name)
        key = o.signer.key(letter)
        change(key)
        root["keys"][name] = key

    return rotate(edit)


def sigs(role, change):
    """Change a role's list of signatures. The function is given the list, the
    message and the outlet."""

    def edit(o):
        o.sigs[role] = lambda sigs, message: change(sigs, message, o)

    return edit


def again(name):
    """Each signature again, under this key id."""
    return lambda sigs, m, o: sigs + [dict(s, keyid=name) for s in sigs]


def hexed(change):
    """Change the bytes of each signature."""

    def edit(sigs, m, o):
        for s in sigs:
            s["sig"] = change(bytes.fromhex(s["sig"])).hex()

    return edit


def plus_order(sig):
    """The other S that satisfies the equation; RFC 8032 refuses it."""
    s = int.from_bytes(sig[32:], "little") + ORDER
    return sig[:32] + s.to_bytes(32, "little")


def delegate(role, change):
    """Change the delegation of a role, which is given with all the keys."""

    def edit(o):
        tree = o.bodies["targets"]["delegations"]
        for d in tree["roles"]:
            if d["name"] == role:
                change(d, tree["keys"], o)

    return edit


def grant_desk(letters, threshold):
    return delegate(
        "d-news",
        lambda d, keys, o: d.update(o.grant(keys, letters, threshold)),
    )


def weak_key(public):
    """A root whose timestamp key is a point of small order, for which some
    signature fits any message."""

    def edit(root, o):
        key = {
            "keytype": "ed25519",
            "scheme": "ed25519",
            "keyval": {"public": public},
        }
        root["keys"] = root["keys"] | {keyid(key): key}
        root["roles"]["timestamp"] = {"keyids": [keyid(key)], "threshold": 1}

    def forge(sigs, message, o):
        ids = o.roots[-1][0]["roles"]["timestamp"]["keyids"]
        return [{"keyid": ids[0], "sig": public + "00" * 32}]

    return both(rotate(edit), sigs("timestamp", forge))


def pretty(top):
    import json

    return json.dumps(top, indent=4, ensure_ascii=True)


def backwards(top):
    """Members in another order, and letters escaped that need not be."""
    import json

    def turn(v):
        if isinstance(v, dict):
            return {k: turn(v[k]) for k in sorted(v, reverse=True)}
        return v

    return json.dumps(turn(top)).replace("timestamp", "\\u0074imestamp")


def raw(role):
    """Sign the file as it is written instead of its canonical form."""

    def edit(o):
        def sign(sigs, message, outlet):
            data = pretty(o.bodies[role]).encode()
            public, sig = o.signer.sign(o.letters[role], data)
            return [{"keyid": sigs[0]["keyid"], "sig": sig}]

        o.texts[role] = pretty
        o.sigs[role] = lambda s, m: sign(s, m, o)

    return edit


COUNT = [
    Case("two of two keys", both(grant("timestamp", "tT", 2),
                                 keys("timestamp", "tT")), True, "2 2 2 2 2"),
    Case("one of two keys", both(grant("timestamp", "tT", 2),
                                 keys("timestamp", "t")), False, "2 - - 1 1"),
    Case("two of three keys", both(grant("timestamp", "tTu", 2),
                                   keys("timestamp", "uT")),
         True, "2 2 2 2 2"),
    Case("a threshold above the number of keys",
         both(grant("timestamp", "tT", 3), keys("timestamp", "tT")),
         False, "2 - - 1 1"),
    Case("one key under two ids, both signing",
         both(alias("t", "other"), sigs("timestamp", again("other"))),
         False, "2 - - 1 1"),
    Case("one key under two ids, threshold 1",
         both(alias("t", "other", 1), sigs("timestamp", again("other"))),
         True, "2 2 2 2 2"),
    Case("one key under three ids, threshold 3",
         both(alias("t", "other", 3), alias("t", "third", 3),
              sigs("timestamp", lambda s, m, o:
                   again("third")(s, m, o) + again("other")(s, m, o)[1:])),
         False, "3 - - 1 1"),
    Case("one key in small letters and in capitals",
         both(alias("t", "other", 2, lambda key: key["keyval"].update(
             public=key["keyval"]["public"].upper())),
             sigs("timestamp", again("other"))),
         False, "2 - - 1 1"),
    Case("one key under two ids, one of them of another scheme",
         both(alias("t", "other", 2,
                    lambda key: key.update(scheme="ed25519ph")),
              sigs("timestamp", again("other"))),
         False, "2 - - 1 1"),
    Case("one key id signing twice",
         sigs("timestamp", lambda s, m, o: s + s), False, OLD),
    Case("one key id listed twice",
         grant("timestamp", "t", 1,
               lambda role, keys: role["keyids"].append(role["keyids"][0])),
         False, OLD),
    Case("a key id without a key beside a good one",
         grant("timestamp", "t", 1,
               lambda role, keys: role["keyids"].append("0" * 64)),
         True, "2 2 2 2 2"),
    Case("a threshold of 0, and no signature",
         both(grant("timestamp", "t", 0), keys("timestamp", "")),
         False, OLD),
    Case("a threshold below 0", grant("timestamp", "t", -1), False, OLD),
    Case("a threshold of 2^64 + 1", grant("timestamp", "t", 2**64 + 1),
         False, OLD),
]  # fmt: skip

STOP = {
    "timestamp": OLD,
    "snapshot": "1 2 1 1 1",
    "targets": "1 2 2 1 1",
    "d-news": "1 2 2 2 1",
}
WHO = [
    Case(f"{role} by {who}", keys(role, letter), False, stop)
    for role, stop in STOP.items()
    for who, letter in (("nobody", ""), ("a stranger's key", "z"),
                        ("the root key", "r"), ("another role's key", "x"))
] + [
    Case(f"{role} by a stranger under the right key id",
         both(keys(role, "z"), sigs(role, lambda s, m, o: [
             dict(s[0], keyid=keyid(o.signer.key(right)))])),
         False, stop)
    for (role, stop), right in zip(STOP.items(), "tsgd")
] + [
    Case(f"{role} by the right key and a stranger's", keys(role, "z" + right),
         True, NEW)
    for role, right in zip(STOP, "tsgd")
]  # fmt: skip

FORMS = [
    Case("a signature cut short", sigs("timestamp", hexed(lambda s: s[:63])),
         False, OLD),
    Case("a signature a byte longer",
         sigs("timestamp", hexed(lambda s: s + b"\0")), False, OLD),
    Case("a signature of 100,000 bytes",
         sigs("snapshot", hexed(lambda s: s * 1563)), False, STOP["snapshot"]),
    Case("a signature of zeros", sigs("timestamp", hexed(lambda s: bytes(64))),
         False, OLD),
    Case("a signature with S + L", sigs("timestamp", hexed(plus_order)),
         False, OLD),
    Case("a signature with one bit flipped",
         sigs("timestamp", hexed(lambda s: s[:40] + bytes([s[40] ^ 1]) + s[41:])),
         False, OLD),
    Case("a signature that is no hex", sigs("timestamp", lambda s, m, o: [
        dict(s[0], sig="z" * 128)]), False, OLD),
    Case("a bad signature beside a good one",
         sigs("timestamp", lambda s, m, o: [
             {"keyid": keyid(o.signer.key("z")), "sig": "z"}] + s),
         True, NEW),
    Case("an empty signature by another of its keys",
         both(grant("timestamp", "tT"), sigs("timestamp", lambda s, m, o: [
             {"keyid": keyid(o.signer.key("T")), "sig": ""}] + s)),
         True, "2 2 2 2 2"),
    Case("the snapshot's signature on the timestamp",
         sigs("timestamp", lambda s, m, o: [dict(
             s[0], sig=o.signatures(o.bodies["snapshot"], "t")[0]["sig"])]),
         False, OLD),
    Case("a key of small order", weak_key("01" + "00" * 31), False, "2 - - 1 1"),
    Case("another key of small order", weak_key("00" * 32), False, "2 - - 1 1"),
    Case("a key that is no point",
         weak_key("02" + "00" * 30 + "80"), False, "2 - - 1 1"),
    Case("files written for people to read",
         both(*(text(r, pretty) for r in STOP)), True, NEW),
    Case("members in another order, letters escaped",
         both(*(text(r, backwards) for r in STOP)), True, NEW),
    Case("a signature over the file as written", raw("timestamp"), False, OLD),
]  # fmt: skip


def replace_root(letters):
    """A root that hands over to these keys, all of which are needed."""
    return lambda root, o: root["roles"].update(
        root=o.grant(root["keys"], letters, len(letters))
    )


ROOTS = [
    Case("a root by nobody", rotate(letters=""), False, OLD),
    Case("a root by a stranger", rotate(letters="z"), False, OLD),
    Case("a root by the timestamp key", rotate(letters="t"), False, OLD),
    Case("a new root key, signed by old and new",
         rotate(replace_root("R"), "rR"), True, "2 2 2 2 2"),
    Case("a new root key, signed by the old one", rotate(replace_root("R")),
         False, OLD),
    Case("a new root key, signed by the new one",
         rotate(replace_root("R"), "R"), False, OLD),
    Case("two keys needed now, both there",
         rotate(replace_root("rR"), "rR"), True, "2 2 2 2 2"),
    Case("two keys needed now, one there", rotate(replace_root("rR")),
         False, OLD),
    Case("three keys needed, two and a stranger there",
         rotate(replace_root("rRQ"), "rRz"), False, OLD),
    Case("two hand over to one", both(rotate(replace_root("rR"), "rR"),
                                      rotate(replace_root("Q"), "rRQ")),
         True, "3 2 2 2 2"),
    Case("one of two hands over", both(rotate(replace_root("rR"), "rR"),
                                       rotate(replace_root("Q"), "RQ")),
         False, ROOTED),
    Case("a key that was replaced signs the next root",
         both(rotate(replace_root("R"), "rR"), rotate(letters="r")),
         False, ROOTED),
    Case("the root key as two ids, both needed",
         rotate(lambda root, o: (
             root["keys"].update(other=o.signer.key("r")),
             root["roles"]["root"]["keyids"].append("other"),
             root["roles"]["root"].update(threshold=2))),
         False, OLD),
]  # fmt: skip

DESKS = [
    Case("a desk of two keys, both there",
         both(grant_desk("dD", 2), keys("d-news", "dD")), True, NEW),
    Case("a desk of two keys, one there",
         both(grant_desk("dD", 2), keys("d-news", "D")),
         False, STOP["d-news"]),
    Case("a desk with a new key", both(grant_desk("D", 1), keys("d-news", "D")),
         True, NEW),
    Case("a desk with a new key, signed by the old one",
         grant_desk("D", 1), False, STOP["d-news"]),
    Case("a new desk key, and another file of the same version",
         both(grant_desk("D", 1), lambda o: o.bodies["d-news"].update(
             version=1, targets={})),
         False, "1 2 1 1 1"),
    Case("a desk whose key stands in the root only",
         delegate("d-news", lambda d, keys, o: d.update(
             keyids=[keyid(o.signer.key("g"))])),
         False, STOP["d-news"]),
    Case("a desk by the key of the role that delegates to it",
         keys("d-news", "g"), False, STOP["d-news"]),
    Case("a desk key under two ids, both needed",
         both(delegate("d-news", lambda d, keys, o: (
             keys.update(other=o.signer.key("d")),
             d["keyids"].append("other"), d.update(threshold=2))),
             sigs("d-news", again("other"))),
         False, STOP["d-news"]),
    Case("a desk without keys", delegate("d-news", lambda d, keys, o: d.update(
        keyids=[])), False, STOP["d-news"]),
    Case("a key kind that nobody knows, beside a known one",
         both(grant("timestamp", "t", 1, lambda role, keys: (
             keys.update(q={"keytype": "q", "scheme": "q",
                            "keyval": {"public": "q"}}),
             role["keyids"].append("q"))),
             sigs("timestamp", lambda s, m, o: s + [
                 {"keyid": "q", "sig": "00"}])),
         True, "2 2 2 2 2"),
    Case("an honest outlet with all its keys", nothing, True, NEW),
    Case("extra members, which are signed as well",
         both(lambda o: o.bodies["timestamp"].update(
             note="x", more={"y": [1, True, None]})), True, NEW),
    Case("extra members put in after signing",
         text("timestamp", lambda top: canonical(
             dict(top, signed=dict(top["signed"], note="x")))),
         False, OLD),
    Case("extra members beside what is signed",
         text("timestamp", lambda top: canonical(dict(top, note="x"))),
         True, NEW),
]  # fmt: skip

CASES = COUNT + WHO + FORMS + ROOTS + DESKS
