#!/usr/bin/env python3
"""make bench-trust: what ten years of archive cost a reader and a newsroom.

Usage: trust.py FOLDER-OF-PROGRAMS [--check] [--date DAY] [BUNDLES...]

For each size a newsroom is made whose past weeks are sealed (tests/bench/
archive), and published. The reader is the conformance client: it fetches one
file at a time, over HTTP, and everything it asks for is counted. A cold start
has the first root and wants a bundle of the present week of one desk; a
refresh has everything and there is no news. With --check the sizes and
requests of the largest are held to their bars, and the exit status says so;
with --date it is that day: towards December a year's list of periods is up to
a kilobyte longer than in summer.
"""
import http.server
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

BARS = {"cold": 21000, "pack": 6000, "refresh": 1000, "requests": 2,
        "rss": 32.0}
DESKS = ["news", "city", "law", "arts", "economy", "sport", "world",
         "views", "life", "tech"]

args = sys.argv[1:]
check = "--check" in args
args = [a for a in args if a != "--check"]
clock = []
if "--date" in args:
    at = args.index("--date")
    clock = ["faketime", args[at + 1] + " 20:00:00"]
    del args[at:at + 2]
programs = os.path.abspath(args[0])
sizes = [int(a) for a in args[1:]] or [10, 1000, 100000]
os.environ["PATH"] = programs + ":" + os.environ["PATH"]
CONFORM = os.path.join(programs, "tests/conform/erika-conform")
ARCHIVE = os.path.join(programs, "tests/bench/archive")


class Mirror(http.server.SimpleHTTPRequestHandler):
    """Serves one folder and counts what is asked for below m/."""
    log = []

    def do_GET(self):
        path = self.folder + self.path.split("?")[0]
        try:
            with open(path, "rb") as f:
                body = f.read()
        except OSError:
            body = None
        if self.path.startswith("/m/"):
            self.log.append((self.path, len(body or b"")))
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


def run(*command, **kw):
    p = subprocess.run(clock + list(command), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
    return p.returncode, (p.stdout + p.stderr).decode(errors="replace")


def press(*command):
    status, said = run("erika-press", *command)
    if status != 0:
        sys.exit(f"bench-trust: erika-press {' '.join(command)}: {said}")


def newsroom(count):
    """A newsroom with an archive of so many bundles; published to "mirror"."""
    shutil.rmtree("room", ignore_errors=True)
    shutil.rmtree("mirror", ignore_errors=True)
    press("init", "--name", "Archive", "--apart", "--no-passphrase",
          "--desk", DESKS[0], "room")
    for desk in DESKS[1:]:
        press("desk", "add", "-C", "room", "--no-passphrase", desk)
    press("publish", "-C", "room")
    status, said = run(ARCHIVE, "room", str(count))
    if status != 0:
        sys.exit(said)
    press("publish", "-C", "room")
    # The mirror has everything: made-up bundles cannot be copied.
    shutil.copytree("room/repository", "mirror")
    with open("room/mirrors.ini", "w") as f:
        f.write(f'[mirror "m"]\nto = {os.getcwd()}/mirror\n')
    import hashlib
    import sqlite3
    db = sqlite3.connect("room/press.db")
    with open("mirror/m/timestamp.json", "rb") as f:
        head = hashlib.sha256(f.read()).digest()
    db.execute("INSERT INTO mirror SELECT ?, max(id), ? FROM file",
               (os.getcwd() + "/mirror", head))
    db.commit()
    return db


def client(url, *command):
    """Run the client; its log of requests, and largest resident set in MB."""
    Mirror.log.clear()
    run("/usr/bin/time", "-q", "-f", "%M", "-o", "time.out", CONFORM,
        "--metadata-url", url + "m/", "--metadata-dir", "reader", *command)
    with open("time.out") as f:
        rss = int(f.read()) / 1024
    return list(Mirror.log), rss


def download(url, path):
    return client(url, "--target-name", path, "--target-dir", "got",
                  "--target-base-url", url + "t/", "download")


def publish_one(n):
    """CPU and wall seconds of publishing one more bundle."""
    with open("page.html", "w") as f:
        f.write(f'<html lang="en"><title>Page {n}</title><article>'
                f"<h1>Page {n}</h1><p>Text {n}.</p></article></html>")
    press("pack", "-C", "room", "page.html")
    t, w = os.times(), time.monotonic()
    press("publish", "-C", "room")
    u = os.times()
    return (u.children_user + u.children_system - t.children_user -
            t.children_system, time.monotonic() - w)


def measure(count, url):
    db = newsroom(count)
    shutil.rmtree("reader", ignore_errors=True)
    os.makedirs("got", exist_ok=True)
    run(CONFORM, "--metadata-dir", "reader", "init", "mirror/m/1.root.json")
    one = db.execute("SELECT path FROM bundle WHERE sealed=0"
                     " ORDER BY desk!='news', sequence LIMIT 1").fetchone()
    old = db.execute("SELECT path FROM bundle WHERE sealed=1"
                     " ORDER BY created LIMIT 1").fetchone()
    db.close()
    log, rss = download(url, one[0])
    r = {"cold": sum(n for _, n in log), "cold_requests": len(log),
         "files": log, "rss": rss,
         "pack": os.path.getsize("mirror/m/now.pack")}
    log, rss = client(url, "refresh")
    r["refresh"], r["requests"] = sum(n for _, n in log), len(log)
    r["rss"] = max(r["rss"], rss)
    r["old"] = r["old_requests"] = 0
    if old is not None:
        log, rss = download(url, old[0])
        r["old"], r["old_requests"] = sum(n for _, n in log), len(log)
        r["rss"] = max(r["rss"], rss)
    times = [publish_one(n) for n in range(5)]
    r["cpu"], r["wall"] = sorted(times)[2]
    return r


def main():
    home = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="erika-trust.") as work:
        os.chdir(work)
        Mirror.folder = work + "/mirror"
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        print(f"{'bundles':>9} {'cold start':>17} {'now.pack':>9} "
              f"{'no news':>15} {'old period':>17} {'memory':>8} "
              f"{'publish one':>14}")
        for count in sizes:
            r = measure(count, url)
            print(f"{count:>9} {r['cold']:>8} B /{r['cold_requests']:>3} rq "
                  f"{r['pack']:>7} B {r['refresh']:>6} B /{r['requests']:>2} "
                  f"rq {r['old']:>8} B /{r['old_requests']:>3} rq "
                  f"{r['rss']:>5.1f} MB {r['cpu']:>5.2f} s CPU", flush=True)
        server.shutdown()
        os.chdir(home)
    print("\nOf the last: " + ", ".join(
        f"{os.path.basename(p)} {n}" for p, n in r["files"]))
    bad = [k for k in BARS if r[k] > BARS[k]]
    for k in BARS:
        print(f"{'ABOVE' if k in bad else 'within'} the bar: {k} {r[k]:g} of "
              f"{BARS[k]:g}")
    return 1 if check and bad else 0


sys.exit(main())
