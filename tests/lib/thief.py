"""What a thief makes of a mirror with keys that are not his, for tests.
Usage: thief.py TOOL MIRROR ROLE=KEYFILE[,...] DEED ARGUMENT...

Deeds change a role and sign it; roles that refer to it are made to fit where
their keys are given, too:
  set ROLE NAME=VALUE...     members of "signed"
  list ROLE PATH CONTENT     a target, whose file is put below t/
  meta snapshot ROLE=N       the version that the snapshot names
  key targets ROLE KEYFILE   delegate a role to another key
A role that a key is not given for keeps its file name and version."""
import hashlib
import json
import os
import re
import subprocess
import sys

tool, mirror, given, deed, *args = sys.argv[1:]
keys = dict(pair.split("=") for pair in given.split(","))
m = os.path.join(mirror, "m")
if os.path.exists(m + "/now.pack"):
    os.unlink(m + "/now.pack")


def load(path):
    with open(path) as f:
        return json.load(f)


head = load(m + "/timestamp.json")["signed"]
snapshot_version = head["meta"]["snapshot.json"]["version"]
meta = load(f"{m}/{snapshot_version}.snapshot.json")["signed"]["meta"]


def path_of(role):
    if role == "timestamp":
        return m + "/timestamp.json"
    version = (snapshot_version if role == "snapshot"
               else meta[role + ".json"]["version"])
    return f"{m}/{version}.{role}.json"


def public(keyfile):
    with open(re.sub(r"\.key$", ".pub", keyfile)) as f:
        import base64
        return base64.b64decode(f.readlines()[1])[10:].hex()


def canonical(o):
    return json.dumps(o, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False)


def sign(role, doc, next_version):
    """Write the role's next file, or the same one again; its entry."""
    if next_version and "version" not in changed:
        doc["signed"]["version"] += 1
    path = path_of(role)
    if role != "timestamp":
        path = f"{m}/{doc['signed']['version']}.{role}.json"
        if not next_version:
            path = path_of(role)
    with open(path, "w") as f:
        json.dump(doc, f)
    subprocess.run([tool, keys[role], path], check=True)
    with open(path, "rb") as f:
        content = f.read()
    return {"version": doc["signed"]["version"], "length": len(content),
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()}}


role, *args = args
doc = load(path_of(role))
signed = doc["signed"]
changed = {}
if deed == "set":
    for pair in args:
        name, value = pair.split("=", 1)
        changed[name] = signed[name] = int(value) if value.isdigit() else value
elif deed == "list":
    target, content = args[0], args[1].encode()
    sha = hashlib.sha256(content).hexdigest()
    signed["targets"][target] = {"length": len(content),
                                 "hashes": {"sha256": sha}}
    folder, name = target.rsplit("/", 1)
    os.makedirs(f"{mirror}/t/{folder}", exist_ok=True)
    with open(f"{mirror}/t/{folder}/{sha}.{name}", "wb") as f:
        f.write(content)
elif deed == "meta":
    for pair in args:
        name, value = pair.split("=")
        signed["meta"][name + ".json"] = {"version": int(value)}
elif deed == "key":
    key = {"keytype": "ed25519", "scheme": "ed25519",
           "keyval": {"public": public(args[1])}}
    keyid = hashlib.sha256(canonical(key).encode()).hexdigest()
    signed["delegations"]["keys"][keyid] = key
    for r in signed["delegations"]["roles"]:
        if r["name"] == args[0]:
            r["keyids"], r["threshold"] = [keyid], 1

entry = sign(role, doc, role == "timestamp" or "snapshot" in keys)
if role not in ("snapshot", "timestamp") and "snapshot" in keys:
    changed = {}
    doc = load(path_of("snapshot"))
    doc["signed"]["meta"][role + ".json"] = entry
    entry = sign("snapshot", doc, True)
    role = "snapshot"
if role == "snapshot" and "timestamp" in keys:
    changed = {}
    doc = load(path_of("timestamp"))
    doc["signed"]["meta"]["snapshot.json"] = entry
    sign("timestamp", doc, True)
