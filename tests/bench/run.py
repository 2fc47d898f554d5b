#!/usr/bin/env python3
"""make bench: our figures and the peers' from one run, as ratios.

Usage: run.py FOLDER-OF-PROGRAMS [ARTICLES [IMAGES-MB [ROUNDS]]]

Times are CPU seconds of the command and all it started, memory is the largest
resident set of any of its processes. Rounds are interleaved, medians shown.
No figure here is a test.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

LANGUAGES = ["ru", "en", "fa", "zh"]
BARS = {"pack": 2.0, "read": 1.5, "rss": 16.0, "ru": .26, "en": .36}


def run(command, **kw):
    """Run a shell command; its wall and CPU seconds and peak RSS in MB."""
    # time(1) starts small, so what it says of memory is the command's own.
    p = subprocess.run(["/usr/bin/time", "-q", "-f", "%e %U %S %M", "-o",
                        "time.out", "/bin/sh", "-ec", command],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, **kw)
    said = p.stderr.decode(errors="replace")
    if p.returncode != 0:
        sys.exit(f"bench: {command}: exit {p.returncode}\n{said[-2000:]}")
    with open("time.out") as f:
        wall, user, system, kb = f.read().split()
    return {"wall": float(wall), "cpu": float(user) + float(system),
            "rss": int(kb) / 1024}


def output(command, **kw):
    return subprocess.run(["/bin/sh", "-ec", command], check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **kw).stdout.decode()


def tree_size(folder, ending=""):
    return sum(os.path.getsize(os.path.join(d, f))
               for d, _, files in os.walk(folder) for f in files
               if f.endswith(ending))


def newsroom(name):
    shutil.rmtree(name, ignore_errors=True)
    run(f"erika-press init --name Bench --no-passphrase {name}")


def reader(room, home, *mirrors):
    """An empty library that trusts this newsroom."""
    shutil.rmtree(home, ignore_errors=True)
    words = re.search(r"^words +(.*)$",
                      output(f"erika-press status -C {room}"), re.M).group(1)
    named = " ".join(f"--mirror {m}" for m in mirrors)
    env = dict(os.environ, XDG_DATA_HOME=os.path.abspath(home))
    run(f"erika add --words '{words}' {named} "
        f"{room}/repository/m/1.root.json", env=env)
    return env


def mirror_to(room, folder):
    with open(f"{room}/mirrors.ini", "w") as f:
        f.write(f'[mirror "one"]\nto = {os.path.abspath(folder)}\n')


def show(title, rows, ours):
    """Medians of each row's rounds, and its CPU as a ratio to ours."""
    print(f"\n{title}\n{'':34}{'wall s':>8}{'CPU s':>8}{'RSS MB':>8}"
          f"{'MB out':>8}{'CPU/ours':>10}")
    mid = {n: {k: statistics.median(r[k] for r in rounds)
               for k in ("wall", "cpu", "rss", "out")}
           for n, rounds in rows.items()}
    for name, m in mid.items():
        print(f"{name:34}{m['wall']:8.2f}{m['cpu']:8.2f}{m['rss']:8.1f}"
              f"{m['out'] / 1e6:8.1f}{m['cpu'] / mid[ours]['cpu']:9.2f}x")
    return mid[ours]


def bench_whole(rounds):
    pack, unpack = {}, {}
    print(f"corpus: {tree_size('site', '.html') / 1e6:.1f} MB of text, "
          f"{tree_size('site', '.jpg') / 1e6:.0f} MB of JPEG")
    run("minisign -G -W -f -p peer.pub -s peer.key")
    tars = {"tar | gzip -9 | minisign": ("gz", "gzip -9"),
            "tar | zstd -19 | minisign": ("zst", "zstd -q -19 -T0")}
    for i in range(rounds):
        newsroom("room")
        got = run("erika-press pack -q -C room site")
        got["out"] = tree_size("room/repository/t", ".ekb")
        pack.setdefault("erika-press pack", []).append(got)
        for name, (ending, tool) in tars.items():
            if i > 0 and ending == "zst":
                continue  # minutes of CPU; once is enough
            got = run(f"tar cf - site | {tool} >a.tar.{ending}; minisign -S "
                      f"-W -s peer.key -m a.tar.{ending}")
            got["out"] = os.path.getsize(f"a.tar.{ending}")
            pack.setdefault(name, []).append(got)
    shutil.rmtree("plain", ignore_errors=True)
    mirror_to("room", "plain")
    run("erika-press publish -q -C room")
    for i in range(rounds):
        env = reader("room", "home")
        got = run("erika sync -q --images --from plain", env=env)
        got["out"] = tree_size("home")
        unpack.setdefault("erika sync --images", []).append(got)
        for name, (ending, _) in tars.items():
            shutil.rmtree("out", ignore_errors=True)
            os.mkdir("out")
            got = run(f"minisign -V -q -p peer.pub -m a.tar.{ending}; "
                      f"tar xf a.tar.{ending} -C out")
            got["out"] = tree_size("out")
            unpack.setdefault(name.replace("tar |", "un"), []).append(got)
    a = show("pack and sign", pack, "erika-press pack")
    b = show("verify and unpack everything", unpack, "erika sync --images")
    print(f"\nbars: pack {a['cpu']:.2f} of {BARS['pack']} s CPU, "
          f"{a['rss']:.1f} of {BARS['rss']} MB; verify and unpack "
          f"{b['cpu']:.2f} of {BARS['read']} s CPU, {b['rss']:.1f} of "
          f"{BARS['rss']} MB")


def targets(room):
    """The desk's newest list of bundles."""
    names = [n for n in os.listdir(f"{room}/repository/m")
             if n.endswith(".d-news.json")]
    newest = max(names, key=lambda n: int(n.split(".")[0]))
    with open(f"{room}/repository/m/{newest}") as f:
        return json.load(f)["signed"]["targets"]


def bench_text():
    print(f"\ntext, by language{'':17}{'MB':>8}{'objects':>9}{'+ index':>9}"
          f"{'gzip -9':>9}{'bar':>7}")
    for lang in LANGUAGES:
        folder = f"text-{lang}"
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        for name in os.listdir("site"):
            if name.startswith(lang + "-"):
                shutil.copy(f"site/{name}", folder)
        newsroom("room-text")
        run(f"erika-press pack -q -C room-text {folder}")
        run("erika-press publish -q -C room-text")
        raw = tree_size(folder, ".html")
        custom = [t["custom"] for t in targets("room-text").values()]
        objects = sum(c["text"] - c["head"]["length"] for c in custom)
        index = sum(c["head"]["length"] for c in custom)
        solid = int(output(f"tar cf - {folder} | gzip -9 | wc -c"))
        print(f"{lang:34}{raw / 1e6:8.2f}{objects / raw:9.3f}"
              f"{(objects + index) / raw:9.3f}{solid / raw:9.3f}"
              f"{BARS.get(lang, ''):>7}")


def bench_day():
    """40 new and 3 corrected articles, over HTTP, to who has the rest."""
    os.makedirs("served", exist_ok=True)
    node = subprocess.Popen(["erika-mirror", "serve", "--root", "served",
                             "--listen", "127.0.0.1:0"],
                            stderr=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://\S+", node.stderr.readline()).group(0)
        mirror_to("room", "served")
        run("erika-press publish -q -C room")
        env = reader("room", "home-day", url)
        cold = json.loads(output("erika sync -q --json", env=env))
        run("erika-press pack -q -C room --correction 'A figure was wrong.' "
            "day/site && erika-press publish -q -C room")
        day = json.loads(output("erika sync -q --json", env=env))
        idle = json.loads(output("erika sync -q --json", env=env))
    finally:
        node.terminate()
        node.wait()
    print(f"\nupdates over HTTP, heads counted{'':2}{'KB':>8}{'requests':>10}"
          f"{'new':>6}{'corrected':>11}")
    for name, report in (("first sync, text of everything", cold),
                         ("a day: 40 new, 3 corrected", day),
                         ("no news", idle)):
        o = report["outlets"][0]
        print(f"{name:34}{o['bytes'] / 1e3:8.1f}{o['requests']:10}"
              f"{o['new']:6}{o['corrected']:11}")
    custom = max(targets("room").items(),
                 key=lambda t: int(t[0].split("/")[-1][:-4]))[1]["custom"]
    head = custom["head"]["length"]
    print(f"of the day's bytes: texts {(custom['text'] - head) / 1e3:.1f} KB, "
          f"their index {head / 1e3:.1f} KB, the rest metadata and HTTP heads"
          "\nbars: a day at most 50 KB of text in at most 4 requests")


def main():
    programs = os.path.abspath(sys.argv[1])
    articles = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    images = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    os.environ["PATH"] = programs + ":" + os.environ["PATH"]
    os.environ["LC_ALL"] = "C.UTF-8"
    corpus = os.path.join(programs, "tests/bench/corpus")
    with tempfile.TemporaryDirectory(prefix="erika-bench.") as work:
        os.chdir(work)
        made = f"--articles {articles} --images-mb {images} --seed 1"
        run(f"mkdir day; {corpus} . {made}; {corpus} day {made} --day 1")
        bench_text()
        bench_whole(rounds)
        bench_day()
        os.chdir("/")


if __name__ == "__main__":
    main()
