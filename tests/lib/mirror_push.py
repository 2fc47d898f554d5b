"""Push a repository's folder to a mirror, simply: each file once, in the order
that erika-mirror(8) asks for. Usage: mirror_push.py FOLDER URL
Prints "STATUS PATH" for each; ends with 0 when the head is live."""
import glob
import http.client
import json
import os
import sys
import urllib.parse

folder, url = sys.argv[1:3]
where = urllib.parse.urlsplit(url)


def put(path):
    with open(os.path.join(folder, path), "rb") as f:
        body = f.read()
    for _ in range(100):
        try:
            c = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
            c.request("PUT", where.path + path, body)
            status = c.getresponse().status
            c.close()
        except (ConnectionResetError, BrokenPipeError):
            continue  # it answered before it had all; ask again
        if status != 503:
            break
    print(status, path, flush=True)
    return status


def role(name):
    version = meta[name + ".json"]["version"]
    put(f"m/{version}.{name}.json")
    with open(os.path.join(folder, f"m/{version}.{name}.json"), "rb") as f:
        return json.load(f)["signed"]


roots = glob.glob(os.path.join(folder, "m/*.root.json"))
for n in range(1, len(roots) + 1):
    put(f"m/{n}.root.json")
put("m/timestamp.json")
with open(os.path.join(folder, "m/timestamp.json"), "rb") as f:
    version = json.load(f)["signed"]["meta"]["snapshot.json"]["version"]
put(f"m/{version}.snapshot.json")
with open(os.path.join(folder, f"m/{version}.snapshot.json"), "rb") as f:
    meta = json.load(f)["signed"]["meta"]
names = sorted(n[:-5] for n in meta)
order = sorted(names, key=lambda n: (n != "targets", n.startswith("s-"), n))
files = []
for name in order:
    for path, entry in role(name)["targets"].items():
        base, last = path.rsplit("/", 1)
        files.append(f"t/{base}/{entry['hashes']['sha256']}.{last}")
for path in files:
    if os.path.exists(os.path.join(folder, path + ".minisig")):
        put(path + ".minisig")
for path in files:
    put(path)
sys.exit(put("m/timestamp.json") != 204)
