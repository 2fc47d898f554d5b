#!/usr/bin/env python3
"""make bench-net: how erika and the peers get a file past a censor.

Usage: net.py FOLDER-OF-PROGRAMS [--rounds N] [--only PART,...] [--json FILE]

Twelve mirrors in the laboratory (tests/net/lab.py), more and more of them
blocked in mixed ways. Times are seconds of the wall from the start of a
command until the verified file is there (the engine's: from the first start
to the last verified byte, by its own clock); bytes are what the mirrors put on
the wire, all headers included, by the size of the file. Rounds are
interleaved, medians shown; "x" is a file that was not there in time. Peers
that only wait are run once. No figure here is a test.

PARTS: big small wall pair twenty hostile
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "net"))
import lab as laboratory  # noqa: E402

PARTS = ["big", "small", "wall", "pair", "twenty", "hostile"]
# RTT in ms and kbit/s; the link to all of them is 100 Mbit/s.
SHAPES = [(20, 40000), (60, 12000), (40, 25000), (120, 8000), (80, 20000),
          (150, 30000), (30, 36000), (200, 10000), (100, 16000),
          (50, 26000), (170, 6000), (90, 16000)]
ORDER = ["blackhole", "nxdomain", "rst", "sni-rst", "block-page", "throttle",
         "silent", "tampered", "slow-body", "stale", "truncated"]
COLUMNS = [0, 3, 6, 9, 11]
BARS = {"big": [.65, .65, .85, .95, 1.15], "big bytes": 1.20,
        "small cold": 1.5, "small memory": 1.05, "small bytes": 1.7,
        "wall": 4.0, "pair": .3, "twenty": 15.0, "held": 65536}
CAP = {"big": 22, "small": 8, "wall": 6}  # for all
HOSTILE = ["endless", "endless-chunked", "endless-announced", "one-more",
           "gzip-bomb", "te-bomb", "head-bomb", "continue-bomb",
           "trailer-bomb", "slow-head", "block-page", "tampered"]


def shell(command, **kw):
    p = subprocess.run(["/bin/sh", "-ec", command], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if p.returncode != 0:
        sys.exit(f"bench: {command}: exit {p.returncode}\n"
                 + p.stdout.decode(errors="replace")[-2000:])
    return p.stdout.decode(errors="replace")


def say(*words):
    print(*words, flush=True)


# ---- what there is to fetch

def merge(folder, n):
    """Longer articles: n of a language become one, so that few are many
    bytes."""
    pages = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".html"):
            pages.setdefault(name[:2], []).append(f"{folder}/{name}")
    for names in pages.values():
        for i in range(0, len(names), n):
            with open(names[i]) as f:
                whole = f.read()
            for other in names[i + 1:i + n]:
                with open(other) as f:
                    body = re.search(r"</h1>(.*)</article>", f.read(), re.S)
                whole = whole.replace("</article>", body[1] + "</article>")
                os.remove(other)
            with open(names[i], "w") as f:
                f.write(whole)


class Outlet:
    """A newsroom that has published one bundle, below site/NAME."""

    def __init__(self, programs, name, articles, megabytes, together=1):
        self.name = name
        corpus = f"{programs}/tests/bench/corpus"
        shell(f"{corpus} pages-{name} --articles {articles} "
              f"--images-mb {megabytes}")
        merge(f"pages-{name}/site", together)
        shell(f"erika-press init -q --no-passphrase --name {name} "
              f"room-{name}")
        with open(f"room-{name}/mirrors.ini", "w") as f:
            f.write(f'[mirror "m"]\nto = {os.getcwd()}/site/{name}\n')
        os.makedirs(f"site/{name}")
        shell(f"erika-press publish -q -C room-{name}")
        shutil.copytree(f"site/{name}", f"site.stale/{name}")
        shell(f"erika-press pack -q -C room-{name} pages-{name}/site")
        shell(f"erika-press publish -q -C room-{name}")
        shutil.copytree(f"site/{name}", f"site.tampered/{name}")
        found = shell(f"cd site/{name}; find t/b -name '*.ekb'").split()
        if len(found) != 1:
            sys.exit(f"bench: {name} is {len(found)} bundles")
        self.path = found[0]
        self.target = re.sub(r"^t/(.*/)[0-9a-f]{64}\.", r"\1", self.path)
        self.sha256 = re.search(r"([0-9a-f]{64})\.\d+\.ekb", self.path)[1]
        with open(f"site/{name}/{self.path}", "rb") as f:
            whole = bytearray(f.read())
        self.size = len(whole)
        self.pieces = [hashlib.sha256(whole[i:i + 1048576]).hexdigest()
                       for i in range(0, self.size, 1048576)]
        for i in range(4096, self.size, 16384):
            whole[i] ^= 1
        with open(f"site.tampered/{name}/{self.path}", "wb") as f:
            f.write(whole)

    def urls(self, mirrors):
        return [m.url() + self.name + "/" for m in mirrors]


# ---- one way to fetch it: seconds, or None

class Got:
    def __init__(self, seconds, ratio=None, note="", whole=None):
        self.seconds = seconds
        self.whole = whole  # with its set-up, where that is no part of it
        self.ratio = ratio
        self.note = note


class Bench:
    def __init__(self, programs, rounds):
        self.programs = programs
        self.rounds = rounds
        self.lab = None
        self.memory = {}
        self.results = {}

    def start(self, command, **kw):
        return subprocess.Popen(
            self.lab.inside("reader") + command, stdin=subprocess.DEVNULL,
            stdout=kw.pop("stdout", subprocess.DEVNULL),
            stderr=kw.pop("stderr", subprocess.DEVNULL),
            start_new_session=True, **kw)

    def stop(self, p):
        if p.poll() is None:
            os.killpg(p.pid, signal.SIGKILL)
        p.wait()

    def wait(self, p, until):
        """Its status, or None when it has to be stopped."""
        try:
            return p.wait(max(0.01, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.stop(p)
            return None

    def good(self, outlet, path):
        try:
            if os.path.getsize(path) != outlet.size:
                return False
            with open(path, "rb") as f:
                return hashlib.sha256(f.read()).hexdigest() == outlet.sha256
        except OSError:
            return False

    def measure(self, way, outlet, mirrors, cap, rest=.3):
        """Run a way in an empty folder; what it took."""
        shutil.rmtree("run", ignore_errors=True)
        os.mkdir("run")
        self.last = ""
        before = self.lab.wire_bytes()
        start = time.monotonic()
        note = way(outlet, mirrors, start + cap) or ""
        seconds = time.monotonic() - start
        ok = note is not False and not str(note).startswith("x")
        time.sleep(rest)  # what is on its way still arrives
        ratio = (self.lab.wire_bytes() - before) / outlet.size
        own = re.search(r'"seconds": *([0-9.]+)', self.last)
        if not ok:
            return Got(None, ratio, str(note))
        # hedgetool makes a library of its own before it begins.
        return Got(float(own[1]) if own else seconds, ratio, str(note),
                   seconds if own else None)

    def alone(self, outlet, mirrors, until):
        p = self.start(["curl", "-s", "-o", "run/f",
                        outlet.urls(mirrors)[0] + outlet.path])
        if self.wait(p, until) != 0 or not self.good(outlet, "run/f"):
            return "x"

    def serial(self, outlet, mirrors, until):
        for url in outlet.urls(mirrors):
            p = self.start(["curl", "-s", "--connect-timeout", "5", "-f",
                            "-o", "run/f", url + outlet.path])
            if self.wait(p, until) == 0 and self.good(outlet, "run/f"):
                return
            if time.monotonic() > until:
                break
        return "x"

    def race(self, outlet, mirrors, until):
        command = ["curl", "-s", "-Z", "--parallel-immediate",
                   "--parallel-max", "50", "--connect-timeout", "5"]
        files = [f"run/{i}" for i in range(len(mirrors))]
        for file, url in zip(files, outlet.urls(mirrors)):
            command += [url + outlet.path, "-o", file]
        p = self.start(command)
        bad = set()
        try:
            while time.monotonic() < until:
                ended = p.poll() is not None
                for file in files:
                    if file in bad or not os.path.exists(file) or \
                            os.path.getsize(file) < outlet.size:
                        continue
                    if self.good(outlet, file):
                        return
                    bad.add(file)
                if ended:
                    break
                time.sleep(.002)
            return "x"
        finally:
            self.stop(p)

    def aria2(self, outlet, mirrors, until):
        urls = "".join(f'<url priority="1">{u}{outlet.path}</url>\n'
                       for u in outlet.urls(mirrors))
        hashes = "".join(f"<hash>{h}</hash>\n" for h in outlet.pieces)
        with open("run/f.meta4", "w") as f:
            f.write('<?xml version="1.0" encoding="UTF-8"?>\n'
                    '<metalink xmlns="urn:ietf:params:xml:ns:metalink">\n'
                    f'<file name="f"><size>{outlet.size}</size>\n'
                    f'<hash type="sha-256">{outlet.sha256}</hash>\n'
                    f'<pieces length="1048576" type="sha-256">\n{hashes}'
                    f'</pieces>\n{urls}</file></metalink>\n')
        p = self.start(["aria2c", "-q", "-d", "run", "--file-allocation=none",
                        "--lowest-speed-limit=32K", "--max-tries=2",
                        "--connect-timeout=5", "--timeout=5", "--split=12",
                        "--max-connection-per-server=2",
                        "--min-split-size=1M", "--no-conf",
                        "--auto-save-interval=0",
                        "--ca-certificate=/etc/ssl/certs/ca-certificates.crt",
                        "--metalink-file=run/f.meta4"])
        if self.wait(p, until) != 0 or not self.good(outlet, "run/f"):
            return "x"

    def engine(self, outlet, mirrors, until, memory=None):
        command = [f"{self.programs}/tests/tool/hedgetool", "--root",
                   f"site/{outlet.name}", "--bundle", outlet.target,
                   "--images", "--seconds", "20"]
        if memory:
            command += ["--memory", memory]
        with open("run/out", "wb") as out, open("run/err", "wb") as err:
            p = self.start(command + outlet.urls(mirrors), stdout=out,
                           stderr=err)
        status = self.wait(p, until)
        self.last = read("run/out") + read("run/err")
        if status != 0:
            return "x " + " ".join(self.last.split())[-300:]

    def remembering(self, outlet, mirrors, until):
        return self.engine(outlet, mirrors, until, memory="memory")

    def sync(self, outlet, mirrors, until):
        """All that a reader does, from an empty library."""
        env = dict(os.environ, XDG_DATA_HOME=f"{os.getcwd()}/run/data",
                   XDG_CONFIG_HOME=f"{os.getcwd()}/run/config")
        add = ["erika", "add", "-q", "--yes"]
        for url in outlet.urls(mirrors):
            add += ["--mirror", url]
        subprocess.run(add + [f"site/{outlet.name}/m/1.root.json"], env=env,
                       check=True, stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with open("run/err", "wb") as err:
            p = self.start(["erika", "sync"] + (
                ["--images"] if outlet.name == "big" else []), env=env,
                stderr=err)
        status = self.wait(p, until)
        self.last = read("run/err")
        if status != 0:
            return f"x {status} " + self.last[-300:]

    # ---- tables

    def laboratory(self, mirrors, shapes=None, link=100000):
        if self.lab:
            self.lab.close()
        shutil.rmtree("lab", ignore_errors=True)
        self.lab = laboratory.Lab("lab", f"{self.programs}/tests/net", "site",
                                  mirrors, link, shapes)

    def behave(self, hows):
        for m, how in zip(self.lab.mirrors.values(), hows):
            self.lab.set(m.label, how)
        self.lab.apply()
        time.sleep(.2)

    def best(self, size):
        """Live mirrors, the fastest for so many bytes first."""
        live = [m for m in self.lab.mirrors.values() if not m.how]
        return sorted(live, key=lambda m: m.rtt / 1000 * 8
                      + size * 8 / 1000 / m.kbit)

    def table(self, part, outlet):
        """Columns by how many are blocked, rows by ways."""
        ways = {"best live mirror alone": (self.alone, self.rounds),
                "curl, one by one": (self.serial, 1),
                "curl -Z, a race": (self.race, 1 if part == "big"
                                    else self.rounds),
                "aria2 metalink, tuned": (self.aria2, 1),
                "erika's engine, cold": (self.engine, self.rounds)}
        if part == "small":
            ways["erika's engine, memory"] = (self.remembering, self.rounds)
        ways["erika sync, cold"] = (self.sync, 1)
        rows = {name: [] for name in ways}
        for blocked in COLUMNS:
            self.behave(ORDER[:blocked] + ["normal"] * (12 - blocked))
            mirrors = list(self.lab.mirrors.values())
            best = self.best(outlet.size)
            got = {name: [] for name in ways}
            if os.path.exists("memory"):
                os.remove("memory")
            if part == "small":  # what the day before has taught it
                self.measure(self.remembering, outlet, mirrors, CAP[part])
            for i in range(self.rounds):
                for name, (way, rounds) in ways.items():
                    if i >= rounds:
                        continue
                    if way == self.serial and rows[name] and \
                            rows[name][-1].seconds is None:
                        # More are blocked than when it failed.
                        got[name].append(Got(None, None, "not run"))
                        continue
                    at = best[:1] if way == self.alone else mirrors
                    got[name].append(self.measure(way, outlet, at,
                                                  CAP[part]))
            for name in ways:
                rows[name].append(middle(got[name]))
            say(f"  {blocked:2} blocked: " + ", ".join(
                f"{n} {show(r[-1])}" for n, r in rows.items()))
            for name, tries in got.items():
                for g in tries:
                    if name.startswith("erika") and g.note:
                        say(f"     {name}: {g.note}")
        self.results[part] = {n: [vars(g) for g in r]
                              for n, r in rows.items()}
        limit = rows["best live mirror alone"]
        say(f"\n{outlet.size} bytes; seconds / by the limit (bytes on the "
            f"wire); x: not within {CAP[part]} s\n"
            + f"{'blocked of 12':24}" + "".join(f"{c:>21}" for c in COLUMNS))
        for name, row in rows.items():
            line = f"{name:24}"
            for got, best in zip(row, limit):
                line += f"{cell(got, best):>21}"
            say(line)
            if any(g.whole for g in row):
                say(f"{'  with its own set-up':24}" + "".join(
                    "%21s" % (f"{g.whole:.2f}" + 14 * " " if g.whole else "")
                    for g in row))

    def part_big(self):
        self.laboratory(12, SHAPES)
        self.table("big", self.outlet["big"])
        say("bars: engine, cold, at most "
            + ", ".join(map(str, BARS["big"]))
            + f" of the limit; bytes {BARS['big bytes']}\n")

    def part_small(self):
        self.laboratory(12, SHAPES)
        self.table("small", self.outlet["small"])
        say(f"bars: memory {BARS['small memory']}, cold "
            f"{BARS['small cold']} of the limit; bytes "
            f"{BARS['small bytes']}\n")

    def part_wall(self):
        """All twelve behind the 16 KB freeze."""
        self.laboratory(12, SHAPES)
        self.behave(["freeze"] * 12)
        outlet, mirrors = self.outlet["small"], list(self.lab.mirrors.values())
        say(f"{outlet.size} bytes, all 12 behind the 16 KB freeze: s (bytes)")
        for name, way, rounds in (
                ("curl, one by one", self.serial, 1),
                ("curl -Z, a race", self.race, 1),
                ("aria2 metalink, tuned", self.aria2, 1),
                ("erika's engine, cold", self.engine, self.rounds),
                ("erika sync, cold", self.sync, self.rounds)):
            got = [self.measure(way, outlet, mirrors, CAP["wall"])
                   for _ in range(rounds)]
            self.results.setdefault("wall", {})[name] = \
                [vars(g) for g in got]
            say(f"{name:24}{cell(middle(got)):>21}  {got[-1].note}")
        say(f"bar: {BARS['wall']} s\n")

    def part_pair(self):
        """One bad mirror before a good one, in every way."""
        self.laboratory(2, [(40, 20000)] * 2)
        outlet, mirrors = self.outlet["small"], list(self.lab.mirrors.values())
        ways = {"engine": self.engine, "sync": self.sync}
        say("one bad mirror of two, seconds more than with two good ones")
        base = {}
        costs = {}
        say("a good one alone        " + "".join(
            f"  {name} " + show(middle([self.measure(
                way, outlet, mirrors[1:], 12, .1)
                for _ in range(self.rounds)])) for name, way in ways.items()))
        for how in ["normal"] + laboratory.BEHAVIOURS:
            self.behave([how, "normal"])
            line = f"{how:24}"
            for name, way in ways.items():
                tries = [self.measure(way, outlet, mirrors, 12, .1)]
                # Look twice at what is dear, and at the base.
                while len(tries) < self.rounds and (
                        how == "normal" or tries[0].seconds is None
                        or base[name] is None or tries[0].seconds
                        > base[name] + BARS["pair"] * .7):
                    tries.append(self.measure(way, outlet, mirrors, 12, .1))
                got = middle(tries)
                if how == "normal":
                    base[name] = got.seconds
                    line += f"  {name} {show(got)}"
                elif got.seconds is None or base[name] is None:
                    costs.setdefault(name, {})[how] = float("inf")
                    line += f"  {name} x {got.note}"
                else:
                    costs.setdefault(name, {})[how] = \
                        got.seconds - base[name]
                    line += f"  {name} {got.seconds - base[name]:+6.2f}" \
                            f" ({got.ratio:.2f})"
            say(line)
        for name, cost in costs.items():
            worst = max(cost, key=cost.get)
            say(f"{name}: worst {cost[worst]:+.2f} ({worst}), "
                f"{sum(c > BARS['pair'] for c in cost.values())} of "
                f"{len(cost)} over {BARS['pair']}")
        say()
        self.results["pair"] = {"base": base, "costs": costs}

    def part_twenty(self):
        """One honest mirror, the last of twenty."""
        self.laboratory(20, [SHAPES[i % 12] for i in range(19)]
                        + [(60, 30000)])
        hows = [b for b in laboratory.BEHAVIOURS
                if not b.startswith("loss")][:19]
        self.behave(hows + ["normal"])
        mirrors = list(self.lab.mirrors.values())
        say("1 honest mirror of 20: s (bytes)")
        for name, way, outlet, rounds in (
                ("engine, small", self.engine, "small", self.rounds),
                ("sync, small", self.sync, "small", self.rounds),
                ("engine, big", self.engine, "big", 1)):
            got = [self.measure(way, self.outlet[outlet], mirrors, 30)
                   for _ in range(rounds)]
            self.results.setdefault("twenty", {})[name] = \
                [vars(g) for g in got]
            say(f"{name:24}{cell(middle(got)):>21}  {got[-1].note}")
        say(f"bar: {BARS['twenty']} s\n")

    def part_hostile(self):
        """What a hostile reply makes the reader hold and write."""
        self.laboratory(2, [(10, 50000)] * 2)
        outlet, mirrors = self.outlet["small"], list(self.lab.mirrors.values())
        say("hostile replies beside a good mirror: most held and written, "
            "beyond two good ones")
        base = None
        rows = {}
        for how in ["normal"] + HOSTILE:
            self.behave([how, "normal"])
            got = [self.held(outlet, mirrors)
                   for _ in range(6 if base is None else 2)]
            held = [statistics.median(x) for x in zip(*got)]
            if base is None:
                base = held
                least = min(g[0] for g in got) - held[0]
                most = max(g[0] for g in got) - held[0]
                say(f"{'two good ones':24}{held[0]:8.0f} KB resident "
                    f"({least:+.0f} to {most:+.0f} from run to run), "
                    f"{held[1]:.0f} KB on disk")
                continue
            rows[how] = [held[0] - base[0], held[1] - base[1], held[2]]
            say(f"{how:24}{held[0] - base[0]:+8.0f} KB resident, "
                f"{held[1] - base[1]:+8.0f} KB on disk, status {held[2]:.0f}")
        worst = max(rows, key=lambda h: rows[h][0])
        say(f"worst: {rows[worst][0]:+.0f} KB ({worst}); bar: the announced "
            f"size and {BARS['held'] // 1024} KB\n")
        self.results["hostile"] = rows

    def held(self, outlet, mirrors):
        """Most resident KB of any of its processes, KB of its files and the
        status."""
        shutil.rmtree("run", ignore_errors=True)
        os.mkdir("run")
        env = dict(os.environ, XDG_DATA_HOME=f"{os.getcwd()}/run/data",
                   XDG_CONFIG_HOME=f"{os.getcwd()}/run/config")
        add = ["erika", "add", "-q", "--yes"]
        for url in outlet.urls(mirrors):
            add += ["--mirror", url]
        subprocess.run(add + [f"site/{outlet.name}/m/1.root.json"], env=env,
                       check=True, stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        p = self.start(["/usr/bin/time", "-q", "-f", "%M", "-o", "run/time",
                        "erika", "sync"], env=env)
        status = self.wait(p, time.monotonic() + 30)
        size = sum(os.path.getsize(os.path.join(d, f))
                   for d, _, files in os.walk("run/data") for f in files)
        kb = re.search(r"(\d+)\s*$", read("run/time"))
        return (float(kb[1]) if kb else 0, size / 1024,
                -1 if status is None else status)


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def middle(got):
    """The median; nothing when most of them failed."""
    good = [g for g in got if g.seconds is not None]
    if got[0].ratio is None:
        return got[0]
    ratio = statistics.median(g.ratio for g in got)
    whole = [g.whole for g in got if g.whole is not None]
    whole = statistics.median(whole) if whole else None
    if len(good) * 2 <= len(got):
        return Got(None, ratio, got[-1].note)
    return Got(statistics.median(g.seconds for g in good), ratio,
               "" if len(good) == len(got)
               else f"{len(got) - len(good)} of {len(got)} failed", whole)


def show(got):
    return "x" if got.seconds is None else f"{got.seconds:.2f}"


def cell(got, best=None):
    text = show(got)
    if got.seconds is not None and best and best.seconds:
        text += f" / {got.seconds / best.seconds:.2f}"
    return "-" if got.ratio is None else text + f" ({got.ratio:.2f})"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("programs")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--only", default=",".join(PARTS))
    p.add_argument("--json", metavar="FILE", help="all figures")
    args = p.parse_args()
    try:
        laboratory.be_root()
        why = laboratory.check()
    except laboratory.Trouble as t:
        why = str(t)
    if why:
        sys.exit(f"bench-net: no laboratory here: {why}")
    programs = os.path.abspath(args.programs)
    os.environ["PATH"] = programs + ":" + os.environ["PATH"]
    os.environ["NO_COLOR"] = "1"
    where = os.getcwd()
    work = tempfile.mkdtemp(prefix="erika-bench-net.")
    bench = Bench(programs, args.rounds)
    started = time.monotonic()
    try:
        os.chdir(work)
        os.makedirs("site")
        bench.outlet = {"big": Outlet(programs, "big", 110, 20),
                        "small": Outlet(programs, "small", 240, 0, 3)}
        for part in PARTS:
            if part in args.only.split(","):
                begun = time.monotonic()
                getattr(bench, f"part_{part}")()
                say(f"({part}: {time.monotonic() - begun:.0f} s)\n")
    finally:
        os.chdir(where)
        if bench.lab:
            bench.lab.close()
        shutil.rmtree(work, ignore_errors=True)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(bench.results, f, indent=1)
    say(f"{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()
