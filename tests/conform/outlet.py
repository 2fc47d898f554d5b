"""A whole outlet of test keys, in memory: honest until a case edits it.

Roles are plain dictionaries, so that a case changes whatever it likes before
publish() signs and names the files, and files afterwards."""

import copy
import hashlib
import json
import subprocess
import time
from urllib.parse import quote

TARGET = "b/news/2026-w47/1.ekb"
DAY = 86400
NOW = int(time.time())  # one for all, so that equal outlets are equal


def canonical(v):
    """OLPC canonical JSON, as text."""
    if isinstance(v, str):
        return '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(v, dict):
        pairs = (canonical(k) + ":" + canonical(v[k]) for k in sorted(v))
        return "{" + ",".join(pairs) + "}"
    if isinstance(v, list):
        return "[" + ",".join(map(canonical, v)) + "]"
    return json.dumps(v)


def compact(v):
    """JSON that everybody can read: canonical but for control characters."""
    return json.dumps(v, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def date(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Signer:
    """Ed25519 by the test keys of tests/lib/repo.c, one for each letter; and
    keys of other kinds, as letter: (key object, function from a message to a
    signature in hex)."""

    others = {}

    def __init__(self, tool):
        self.pipe = subprocess.Popen(
            [tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def sign(self, letter, message):
        """(public key, signature) in hex."""
        if letter in self.others:
            return None, self.others[letter][1](message)
        self.pipe.stdin.write(f"{letter} {len(message)}\n".encode() + message)
        self.pipe.stdin.flush()
        return self.pipe.stdout.readline().decode().split()

    def key(self, letter):
        if letter in self.others:
            return self.others[letter][0]
        public, _ = self.sign(letter, b"")
        return {
            "keytype": "ed25519",
            "scheme": "ed25519",
            "keyval": {"public": public},
        }

    def close(self):
        self.pipe.stdin.close()
        self.pipe.stdout.close()
        self.pipe.wait()


def keyid(key):
    return sha256(canonical(key).encode())


class Outlet:
    """root r, timestamp t, snapshot s, targets g, which delegates x to key x
    and d-news to key d."""

    def __init__(self, signer, version=1):
        self.signer = signer
        self.now = NOW
        self.version = version
        self.roots = []  # (body, letters), oldest first
        self.bodies = {}
        self.letters = {
            "timestamp": "t", "snapshot": "s", "targets": "g",
            "x": "x", "d-news": "d",
        }  # fmt: skip
        self.bare = set()  # roles that are named without length and hash
        self.pads = {}  # role: bytes that its file is filled up to
        self.entries = {}  # role: changes to the entry that names it
        self.texts = {}  # role: how its file is written
        self.sigs = {}  # role: change to its list of signatures
        self.unnamed = set()  # roles that the snapshot leaves out
        self.content = {TARGET: b"a bundle of version %d" % version}
        self.files = {}  # path: bytes, as published
        self.manners = {}  # path: how the server gives it
        self.notes = {}  # what a case wants to remember
        self.root_make()
        self.roles_make()

    # ---- bodies

    def body(self, kind, days):
        return {
            "_type": kind,
            "spec_version": "1.0.34",
            "version": self.version,
            "expires": date(self.now + days * DAY),
        }

    def grant(self, keys, letters, threshold=1):
        """Add keys to an object of keys; the role's part that names them."""
        ids = []
        for letter in letters:
            key = self.signer.key(letter)
            keys[keyid(key)] = key
            ids.append(keyid(key))
        return {"keyids": ids, "threshold": threshold}

    def root_make(self):
        root = self.body("root", 365)
        keys = {}
        root["version"] = 1
        root["consistent_snapshot"] = True
        root["roles"] = {
            role: self.grant(keys, letter)
            for role, letter in (
                ("root", "r"),
                ("timestamp", "t"),
                ("snapshot", "s"),
                ("targets", "g"),
            )
        }
        root["keys"] = keys
        self.roots = [(root, "r")]

    def delegation(self, name, letters, patterns, **more):
        """A delegation and its keys, at the end of a list."""
        targets = self.bodies["targets"]
        tree = targets.setdefault("delegations", {"keys": {}, "roles": []})
        role = self.grant(tree["keys"], letters)
        role.update(name=name, terminating=True, paths=patterns)
        role.update(more)
        tree["roles"].append(role)
        return role

    def roles_make(self):
        for role in ("targets", "x", "d-news"):
            self.bodies[role] = self.body("targets", 7)
            self.bodies[role]["targets"] = {}
        self.delegation("x", "x", ["x/*"])
        self.delegation("d-news", "d", ["b/news/*/*"])
        for path, content in self.content.items():
            self.bodies["d-news"]["targets"][path] = self.target(content)
        for role in ("snapshot", "timestamp"):
            self.bodies[role] = self.body(role, 7)
            self.bodies[role]["meta"] = {}

    def role_add(self, name, letter, version=None):
        """A role of its own, listed by the snapshot, that lists nothing."""
        body = self.body("targets", 7)
        body["targets"] = {}
        if version is not None:
            body["version"] = version
        self.bodies[name] = body
        self.letters[name] = letter
        return body

    def target(self, content):
        return {"length": len(content), "hashes": {"sha256": sha256(content)}}

    def rotate(self, edit=lambda root, outlet: None, letters="r"):
        """The next root: the last one, edited, signed by these."""
        root = copy.deepcopy(self.roots[-1][0])
        root["version"] += 1
        edit(root, self)
        self.roots.append((root, letters))
        return root

    # ---- files

    def signatures(self, body, letters):
        message = canonical(body).encode()
        out = []
        for letter in letters:
            public, sig = self.signer.sign(letter, message)
            out.append({"keyid": keyid(self.signer.key(letter)), "sig": sig})
        return out

    def file(self, role, body, letters):
        """The bytes of one file of metadata."""
        sigs = self.signatures(body, letters)
        if role in self.sigs:
            sigs = self.sigs[role](sigs, canonical(body).encode()) or sigs
        top = {"signatures": sigs, "signed": body}
        data = self.texts.get(role, compact)(top).encode()
        return data + b" " * (self.pads.get(role, 0) - len(data))

    def name(self, meta, role):
        """Publish one role and name it in a METAFILES object."""
        body = self.bodies[role]
        data = self.file(role, body, self.letters[role])
        entry = {"version": body["version"]}
        if role not in self.bare:
            entry["length"] = len(data)
            entry["hashes"] = {"sha256": sha256(data)}
        entry.update(self.entries.get(role, {}))
        if role not in self.unnamed:
            meta[role + ".json"] = entry
        prefix = f"{entry['version']}."
        if not self.roots[-1][0].get("consistent_snapshot"):
            prefix = ""
        self.files[f"m/{prefix}{quote(role, safe='')}.json"] = data

    def publish(self):
        """Sign everything that is not yet a file."""
        for body, letters in self.roots:
            self.files[f"m/{body['version']}.root.json"] = self.file(
                f"root {body['version']}", body, letters
            )
        snapshot, timestamp = self.bodies["snapshot"], self.bodies["timestamp"]
        for role in self.bodies:
            if role not in ("snapshot", "timestamp"):
                self.name(snapshot["meta"], role)
        self.name(timestamp["meta"], "snapshot")
        self.files["m/timestamp.json"] = self.file(
            "timestamp", timestamp, self.letters["timestamp"]
        )
        for path, content in self.content.items():
            folder, _, name = path.rpartition("/")
            prefix = sha256(content) + "."
            if not self.roots[-1][0].get("consistent_snapshot"):
                prefix = ""
            folder = folder + "/" if folder else ""
            self.files[f"t/{folder}{prefix}{name}"] = content
        return self.files

    def content_name(self, path=TARGET):
        """Where publish() puts a target."""
        folder, _, name = path.rpartition("/")
        return f"t/{folder}/{sha256(self.content[path])}.{name}"
