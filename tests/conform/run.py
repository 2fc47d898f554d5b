"""Run one table of hostile outlets against the conformance command.

Usage: run.py GROUP [PART-OF-A-NAME]     CASES of cases_GROUP.py

A client that trusts version 1 of an outlet meets version 2 of it, edited by
the case. Checked: exit status, what is trusted afterwards, that every trusted
file is one the outlet published, and the target's bytes. Prints TAP."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from urllib.parse import unquote

from outlet import TARGET, Outlet, Signer
from server import Server

ROLES = ("root", "timestamp", "snapshot", "targets", "d-news")
LIMIT = 60  # seconds for one run: far more than any needs


@dataclass
class Bench:
    bin: str
    signer: Signer
    server: Server
    work: str
    count: int = 0
    failed: int = 0
    honest: dict = field(default_factory=dict)

    def ok(self, good, name, *why):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for line in why if not good else ():
            print(f"#   {line}", flush=True)

    def client(self, command, url, folder, target, seconds):
        args = [os.path.join(self.bin, "tests/conform", command)]
        args += ["--seconds", seconds, "--metadata-dir", f"{folder}/m"]
        if url is None:
            args += ["init", f"{folder}/root"]
        else:
            args += ["--metadata-url", url + "m/"]
            args += ["--target-dir", f"{folder}/t"]
            args += ["--target-base-url", url + "t/"]
            args += ["--target-name", target, "download"]
        return subprocess.run(args, capture_output=True, timeout=LIMIT)


def begin(bench, folder, outlet, case):
    """A client that trusts the first root, and version 1 unless fresh."""
    os.makedirs(f"{folder}/t")
    with open(f"{folder}/root", "wb") as f:
        f.write(outlet.publish()["m/1.root.json"])
    done = bench.client(case.command, None, folder, None, "20")
    if done.returncode == 0 and not case.fresh:
        url = bench.server.put("begin", outlet)
        done = bench.client(case.command, url, folder, TARGET, "20")
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())


def trusted(folder):
    """{role: bytes} of what the client keeps."""
    out = {}
    for name in sorted(os.listdir(f"{folder}/m")):
        with open(f"{folder}/m/{name}", "rb") as f:
            out[unquote(name.removesuffix(".json"))] = f.read()
    return out


def version(data):
    try:
        return str(json.loads(data)["signed"]["version"])
    except (ValueError, KeyError, TypeError):
        return "?"


def state(kept):
    out = [version(kept[r]) if r in kept else "-" for r in ROLES]
    out += [f"{r}={version(kept[r])}" for r in kept if r not in ROLES]
    return " ".join(out)


def contents(folder):
    """What lies in the target folder, temporary files included."""
    out = {}
    for name in sorted(os.listdir(f"{folder}/t")):
        with open(f"{folder}/t/{name}", "rb") as f:
            out[unquote(name)] = f.read()
    return out


def run(bench, number, case):
    folder = f"{bench.work}/{number}"
    old, new = Outlet(bench.signer, 1), Outlet(bench.signer, 2)
    new.roots = old.roots
    if case.before is not None:
        case.before(old)
    begin(bench, folder, old, case)
    if case.store is not None:
        case.store(folder + "/m", old)
    late = case.edit(new)
    new.publish()
    if late is not None:
        late(new)
    before = trusted(folder)
    had = contents(folder)
    url = bench.server.put(str(number), new)
    try:
        done = bench.client(case.command, url, folder, case.target, case.seconds)
        code, said = done.returncode, done.stderr.decode().strip()
    except subprocess.TimeoutExpired:
        code, said = "none", f"did not end in {LIMIT} seconds"
    kept = trusted(folder)
    have = contents(folder)
    want = had
    if case.good and not case.keeps:
        want = had | {case.target: new.content[case.target]}
    known = set(new.files.values()) | set(before.values())
    why = [f"{case.command}: exit {code}: {said}"]
    if state(kept) != case.state:
        why.append(f"trusted '{state(kept)}', not '{case.state}'")
    if not known.issuperset(kept.values()):
        why.append("it keeps a file that was never published")
    if have != want:
        why.append(f"targets {sorted(have)}, not {sorted(want)}, or other bytes")
    if case.requests is not None and not case.requests(new.requests):
        why.append(f"asked for {new.requests}")
    bench.ok(code == (0 if case.good else 1) and len(why) == 1, case.name, *why)
    shutil.rmtree(folder)


def main():
    group = importlib.import_module(f"cases_{sys.argv[1]}")
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    cases = [c for c in group.CASES if part in c.name]
    names = [c.name for c in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    binaries = os.environ["ERIKA_BIN"]
    server = Server()
    signer = Signer(f"{binaries}/tests/tool/tufsign")
    try:
        with tempfile.TemporaryDirectory() as work:
            bench = Bench(binaries, signer, server, work)
            for number, case in enumerate(cases):
                run(bench, number, case)
    finally:
        server.close()
        signer.close()
    print(f"1..{bench.count}")
    return bench.failed != 0


if __name__ == "__main__":
    sys.exit(main())
