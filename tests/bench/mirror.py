#!/usr/bin/env python3
"""make bench-mirror: a mirror node beside nginx and lighttpd, in one run.

Usage: mirror.py FOLDER-OF-PROGRAMS [--check] [ROUNDS]

All serve the same tree on loopback, one worker each; wrk asks them in turn,
a second each time. Shown are medians, and the median of the ratios to nginx
in the same round, so that what else the machine does weighs on all alike. Then 1,000 idle
connections; 10,000 clients that drip a byte a second, during which wrk and a
push go on; and how fast a push is checked. With --check the exit status says
whether the bars hold. The machine should have nothing else to do.
"""
import glob
import http.client
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SECONDS = 1  # of wrk, each time
DRIPPERS = 10000
HEAD_SECONDS = 10
BARS = {"4 KB": 1.0, "100 KB": 1.0, "rss": 4.0, "idle": 8.0, "siege": 0.5,
        "p99": 50.0, "siege rss": 32.0, "verify": 300.0}

args = sys.argv[1:]
check = "--check" in args
args = [a for a in args if a != "--check"]
programs = os.path.abspath(args[0])
rounds = int(args[1]) if len(args) > 1 else 21
os.environ["PATH"] = f"{programs}:{os.environ['PATH']}:/usr/sbin"
children = []
failed = []


def note(bar, value, ok):
    if not ok:
        failed.append(f"{bar}: {value}")
    return "" if ok else "  MISSED"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def start(command, port, **kw):
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, **kw)
    children.append(p)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return p
        except OSError:
            time.sleep(0.05)
    sys.exit(f"bench: {command[0]} does not serve")


def stop(p):
    p.send_signal(signal.SIGTERM)
    p.wait()
    children.remove(p)


def pids(p):
    """The process and those it started."""
    found = [p.pid]
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = open(path).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) in found:
            found.append(int(path.split("/")[2]))
    return found


def rss(p):
    """Resident MB of a server, all its processes."""
    total = 0.0
    for pid in pids(p):
        with open(f"/proc/{pid}/status") as f:
            total += sum(int(l.split()[1]) for l in f if l.startswith("VmRSS:"))
    return total / 1024


def cpu(p):
    """CPU seconds of a server so far, all its processes."""
    ticks = 0
    for pid in pids(p):
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wrk(port, name, connections=64, seconds=SECONDS):
    """Requests a second, p99 in ms, and what went wrong."""
    out = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency",
         f"http://127.0.0.1:{port}/t/{name}"],
        check=True, stdout=subprocess.PIPE).stdout.decode()
    rate = float(re.search(r"Requests/sec: +([0-9.]+)", out).group(1))
    n, unit = re.search(r"99% +([0-9.]+)(us|ms|s)", out).groups()
    p99 = float(n) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    wrong = re.findall(r"(Non-2xx.*|Socket errors.*)", out)
    return rate, p99, wrong


# ---- the three servers

def nginx(port):
    with open("nginx.conf", "w") as f:
        temps = " ".join(f"{t}_temp_path {os.getcwd()}/{t};" for t in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        f.write(f"""user root; worker_processes 1; daemon off;
pid {os.getcwd()}/nginx.pid; error_log /dev/null crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 12000; }}
http {{ {temps}
	access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
	keepalive_requests 100000000; open_file_cache off;
	server {{ listen 127.0.0.1:{port} backlog=1024; root {os.getcwd()}/tree; }}
}}
""")
    return start(["nginx", "-e", "/dev/null", "-c", f"{os.getcwd()}/nginx.conf"], port)


def lighttpd(port):
    with open("lighttpd.conf", "w") as f:
        f.write(f"""server.port = {port}
server.bind = "127.0.0.1"
server.document-root = "{os.getcwd()}/tree"
server.max-fds = 20000
server.max-connections = 12000
server.max-keep-alive-requests = 100000000
server.network-backend = "sendfile"
""")
    return start(["lighttpd", "-D", "-f", "lighttpd.conf"], port)


def erika(port, *more):
    with open("erika.conf", "w") as f:
        f.write(f"[mirror]\nlisten = 127.0.0.1:{port}\nroot = tree\n"
                f"head-seconds = {HEAD_SECONDS}\nconnections = 9900\n"
                + "".join(f"{m}\n" for m in more))
    return start(["erika-mirror", "serve", "-q", "-c", "erika.conf"], port)


def versions():
    said = []
    for c in (["nginx", "-v"], ["lighttpd", "-v"], ["wrk", "-v"]):
        p = subprocess.run(c, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said.append(re.search(r"(nginx|lighttpd|wrk)[/ ](version: )?(debian/)?[0-9][0-9.]*",
                              p.stdout.decode()).group(0))
    return ", ".join(said)


# ---- what is measured

def throughput():
    servers = {"nginx": nginx, "lighttpd": lighttpd, "erika-mirror": erika}
    ports = {n: free_port() for n in servers}
    procs = {n: f(ports[n]) for n, f in servers.items()}
    got = {(n, f): [] for n in servers for f in ("4k", "100k")}
    spent = {k: [] for k in got}
    cold = {n: rss(p) for n, p in procs.items()}
    for _ in range(rounds):
        for f in ("4k", "100k"):
            for n in servers:
                before = cpu(procs[n])
                got[n, f].append(wrk(ports[n], f)[0])
                spent[n, f].append((cpu(procs[n]) - before) * 1e6
                                   / (got[n, f][-1] * SECONDS))
    warm = {n: rss(p) for n, p in procs.items()}
    idle = {}
    for n in servers:
        c = subprocess.Popen([f"{programs}/tests/bench/clients", "idle", "1000",
                              "60", str(ports[n]), "/t/4k"],
                             stdout=subprocess.PIPE)
        children.append(c)
        c.stdout.readline()
        time.sleep(1)
        idle[n] = rss(procs[n])
        stop(c)
    print(f"\nrequests a second, 64 connections, medians of {rounds}"
          f"\n{'':14}{'4 KB':>9}{'/nginx':>8}{'CPU us':>8}{'100 KB':>9}"
          f"{'/nginx':>8}{'CPU us':>8}{'RSS MB':>8}{'+work':>7}{'+1000 idle':>12}")
    mid = {k: statistics.median(v) for k, v in got.items()}
    for n in servers:
        small, large = mid[n, "4k"], mid[n, "100k"]
        a, b = (statistics.median(x / y for x, y in zip(got[n, f], got["nginx", f]))
                for f in ("4k", "100k"))
        us = [statistics.median(spent[n, f]) for f in ("4k", "100k")]
        line = (f"{n:14}{small:9.0f}{a:8.2f}{us[0]:8.1f}{large:9.0f}{b:8.2f}"
                f"{us[1]:8.1f}{cold[n]:8.1f}{warm[n]:7.1f}{idle[n]:12.1f}")
        if n == "erika-mirror":
            line += note("4 KB", a, a >= BARS["4 KB"])
            line += note("100 KB", b, b >= BARS["100 KB"])
            line += note("rss", warm[n], warm[n] < BARS["rss"])
            line += note("idle", idle[n], idle[n] < BARS["idle"])
        print(line, flush=True)
    for p in procs.values():
        stop(p)


def newsroom():
    """A newsroom whose one issue has text and photographs, published."""
    run = lambda c: subprocess.run(["sh", "-ec", c], check=True,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
    run(f"{programs}/tests/bench/corpus . --articles 200 --images-mb 40")
    run("erika-press init --name Bench --no-passphrase room")
    with open("room/mirrors.ini", "w") as f:
        f.write(f'[mirror "one"]\nto = {os.getcwd()}/published\n')
    run("erika-press pack -C room --images site site")
    run("erika-press publish -C room")
    out = subprocess.run(["erika-press", "status", "-C", "room"], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    return re.search(r"^words +(.*)$", out, re.M).group(1)


def push(port):
    """Put a published folder, in whatever order it is taken; whether its head
    became live, and seconds."""
    began = time.monotonic()
    files = sorted(os.path.relpath(os.path.join(d, f), "published")
                   for d, _, fs in os.walk("published") for f in fs)
    files = [f for f in files if f != "m/now.pack"]
    files.sort(key=lambda f: (f[0] != "m", not f.endswith("root.json"),
                              f != "m/timestamp.json", "snapshot" not in f,
                              "targets" not in f))
    live = False
    for _ in range(6):
        left = []
        for f in files:
            try:
                c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                c.request("PUT", f"/{f}", open(f"published/{f}", "rb").read())
                r = c.getresponse()
                live = live or b"live" in r.read()
                if r.status not in (201, 204):
                    left.append(f)
            except OSError:
                left.append(f)
            c.close()
        files = left
        if live or not files:
            break
    return live, time.monotonic() - began


def siege(words):
    port = free_port()
    shutil.rmtree("tree/.node", ignore_errors=True)
    p = erika(port, f"publisher = {words}")
    wrk(port, "4k")
    quiet = statistics.median(wrk(port, "4k")[0] for _ in range(5))
    c = subprocess.Popen([f"{programs}/tests/bench/clients", "drip",
                          str(DRIPPERS), "60", str(port), "/t/4k"],
                         stdout=subprocess.PIPE)
    children.append(c)
    opened = int(c.stdout.readline().split()[1])
    began = time.monotonic()
    rate, p99, wrong = wrk(port, "4k", seconds=3)
    size = rss(p)
    live, took = push(port)
    lines = [l.decode().split() for l in c.stdout]
    gone = time.monotonic() - began
    left = int(lines[-1][1])
    c.wait()
    children.remove(c)
    after = wrk(port, "4k")[0]
    stop(p)
    print(f"\n{opened} clients that drip a byte a second")
    print(f"  rate       {rate:7.0f} requests a second, {rate / quiet:.2f} of "
          f"{quiet:.0f} before"
          + note("siege", rate / quiet, rate >= BARS["siege"] * quiet))
    print(f"  p99        {p99:7.1f} ms" + note("p99", p99, p99 < BARS["p99"]))
    print(f"  resident   {size:7.1f} MB"
          + note("siege rss", size, size <= BARS["siege rss"]))
    print(f"  push       {'live' if live else 'NOT TAKEN'} in {took:.1f} s"
          + note("push", live, live))
    print(f"  left       {left:7} after {gone:.1f} s (deadline {HEAD_SECONDS} s)"
          + note("left", left, left == 0 and gone < 2 * HEAD_SECONDS))
    print(f"  afterwards {after:7.0f} requests a second"
          + (f"; {wrong}" if wrong else ""))


def verify(words):
    speeds = []
    size = sum(os.path.getsize(os.path.join(d, f))
               for d, _, fs in os.walk("published") for f in fs)
    for i in range(3):
        shutil.rmtree("kept", ignore_errors=True)
        os.mkdir("kept")
        out = subprocess.run([f"{programs}/tests/tool/admittool", "speed",
                              "kept", words, "published"], check=True,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
        speeds.append(float(out) / 1e6)
    v = statistics.median(speeds)
    print(f"\nchecking and keeping a push of {size / 1e6:.0f} MB: {v:.0f} MB "
          f"a second of CPU" + note("verify", v, v > BARS["verify"]))


def main():
    here = tempfile.mkdtemp(prefix="erika-bench.")
    os.chmod(here, 0o755)
    os.chdir(here)
    try:
        os.makedirs("tree/t")
        for name, n in (("4k", 4096), ("100k", 102400)):
            with open(f"tree/t/{name}", "wb") as f:
                f.write(os.urandom(n))
        print(f"bench-mirror: {versions()}; load "
              f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        throughput()
        words = newsroom()
        siege(words)
        verify(words)
    finally:
        for p in list(children):
            p.kill()
            p.wait()
        os.chdir("/")
        shutil.rmtree(here)
    if failed:
        print("\nmissed: " + "; ".join(failed))
    return 1 if check and failed else 0


sys.exit(main())
