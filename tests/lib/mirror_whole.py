"""Check that every name which a mirror's timestamp.json leads to is there, with
the length and hash that were signed. Usage: mirror_whole.py FOLDER
Prints "VERSION FILES"; on the first thing missing, says what, and exits 1."""
import hashlib
import json
import os
import sys

folder = sys.argv[1]
checked = 0


def read(path):
    global checked
    checked += 1
    with open(os.path.join(folder, path), "rb") as f:
        return f.read()


def check(path, content, want):
    if "length" in want and len(content) != want["length"]:
        sys.exit(f"{path}: {len(content)} bytes instead of {want['length']}")
    for name, value in want.get("hashes", {}).items():
        if hashlib.new(name, content).hexdigest() != value:
            sys.exit(f"{path}: wrong {name}")


def role(name, want):
    path = f"m/{want['version']}.{name}"
    content = read(path)
    check(path, content, want)
    signed = json.loads(content)["signed"]
    if signed["version"] != want["version"]:
        sys.exit(f"{path}: version {signed['version']}")
    return signed


def target(path, want):
    folder_name, name = path.rsplit("/", 1)
    path = f"t/{folder_name}/{want['hashes']['sha256']}.{name}"
    check(path, read(path), want)
    if name.endswith(".ekb"):
        read(path + ".minisig")


try:
    timestamp = json.loads(read("m/timestamp.json"))["signed"]
    snapshot = role("snapshot.json", timestamp["meta"]["snapshot.json"])
    for name, want in snapshot["meta"].items():
        for path, t in role(name, want).get("targets", {}).items():
            target(path, t)
    read("m/now.pack")
    read("m/1.root.json")
except FileNotFoundError as e:
    sys.exit(f"missing: {os.path.relpath(e.filename, folder)}")
print(timestamp["version"], checked)
