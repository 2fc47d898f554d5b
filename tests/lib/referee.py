#!/usr/bin/env python3
"""A second opinion on bundles, written from erika-bundle(5) alone.

usage: referee.py FOLDER
For each file of the folder, by name: the name, and "good" or "bad: why".
A file is a head, or a whole bundle; what follows the head is not hashed here.
"""
import datetime
import hashlib
import json
import os
import re
import struct
import sys
import zlib


class Bad(Exception):
    pass


def need(truth, why):
    if not truth:
        raise Bad(why)


def inflate(data, exact):
    z = zlib.decompressobj(-15)
    try:
        out = z.decompress(data, exact + 1)
    except zlib.error:
        raise Bad("not deflate")
    need(len(out) == exact and z.eof and not z.unused_data
         and not z.unconsumed_tail, "not its exact length")
    return out


def canonical(v):
    if isinstance(v, dict):
        return "{" + ",".join(canonical(k) + ":" + canonical(v[k])
                              for k in sorted(v)) + "}"
    if isinstance(v, list):
        return "[" + ",".join(map(canonical, v)) + "]"
    if isinstance(v, str):
        return '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
    need(isinstance(v, int) and not isinstance(v, bool), "odd value")
    need(-2**63 <= v < 2**63, "number")
    return str(v)


def outside_strings(text):
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text, flags=re.S)


def nesting(bare):
    depth = most = 0
    for c in bare:
        depth += (c in "[{") - (c in "]}")
        most = max(most, depth)
    return most


def once(pairs):
    need(len(dict(pairs)) == len(pairs), "a name twice")
    return dict(pairs)


def parse(raw):
    try:
        text = raw.decode("utf-8")
        bare = outside_strings(text)
        need(sum(map(bare.count, ",[{")) < 400000, "values")
        need(nesting(bare) <= 32, "nesting")
        top = json.loads(text, object_pairs_hook=once)
        need(isinstance(top, dict), "no object")
        need(canonical(top).encode("utf-8") == raw, "not canonical")
    except (ValueError, RecursionError) as e:
        raise Bad("not JSON: %s" % e)
    return top


def forbidden(c):
    c = ord(c)
    return (c < 0x20 or 0x7f <= c <= 0x9f or 0x2028 <= c <= 0x202e
            or 0x2066 <= c <= 0x206f or 0xfdd0 <= c <= 0xfdef or c == 0xfeff
            or 0xfff9 <= c <= 0xfffb or 0xe0000 <= c <= 0xe007f
            or c & 0xfffe == 0xfffe)


def line(v, most):
    need(isinstance(v, str) and 0 < len(v.encode()) <= most, "line")
    need(not any(map(forbidden, v)), "forbidden character")


def match(pattern, v):
    need(isinstance(v, str) and re.fullmatch(pattern, v, re.A), pattern)


def hexes(v):
    match("[0-9a-f]{64}", v)


def number(v, least, most):
    need(type(v) is int and least <= v <= most, "number")


def array(v, most):
    need(isinstance(v, list) and len(v) <= most, "array")
    return v


def members(o, always, optional=()):
    need(isinstance(o, dict), "no object")
    need(set(always) <= set(o) <= set(always) | set(optional), "members")


def date(v):
    match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", v)
    year, month, day, h, m, s = map(int, re.findall(r"\d+", v))
    need(h < 24 and m < 60 and s < 60, "time")
    # Python has no year 0; 400 is like it.
    try:
        datetime.date(year or 400, month, day)
    except ValueError:
        raise Bad("date")
    return v


NAME = "[a-z0-9][a-z0-9._-]{0,%d}"


def bundle_path(v):
    need(isinstance(v, str) and len(v) <= 512, "path")
    m = re.fullmatch(r"b/(%s)/(\d{4})-w(\d\d)/([1-9]\d*)\.ekb" % (NAME % 157),
                     v, re.A)
    need(m, "path")
    year, week, sequence = int(m[2]), int(m[3]), int(m[4])
    need(1 <= week <= 53 and sequence < 2**53, "path")
    year = year or 400
    need(week <= datetime.date(year, 12, 28).isocalendar()[1], "week")
    return m[1], sequence


def name_of(parts):
    if len(parts) == 1:
        return parts[0]
    return hashlib.blake2b(bytes.fromhex("".join(parts)),
                           digest_size=32).hexdigest()


def padded(n):
    p = 1024
    while p < n:
        p += (p + 3) // 4
    return p


def check_object(o, top):
    need(isinstance(o, dict) and o.get("codec") in ("deflate", "stored"),
         "codec")
    if o["codec"] == "stored":
        members(o, ["codec", "packed", "parts"])
    else:
        members(o, ["codec", "packed", "parts", "unpacked"],
                ["base", "dictionary"])
        number(o["unpacked"], 1, 1048576)
        need(not ("base" in o and "dictionary" in o), "both")
        if "dictionary" in o:
            number(o["dictionary"], 0, len(top["dictionaries"]) - 1)
        if "base" in o:
            members(o["base"], ["bundle", "name"])
            bundle_path(o["base"]["bundle"])
            need(o["base"]["bundle"] != top["path"], "base here")
            hexes(o["base"]["name"])
    number(o["packed"], 1, 4194304)
    need(len(array(o["parts"], 64)) == (o["packed"] + 65535) // 65536,
         "parts")
    for p in o["parts"]:
        hexes(p)


def check_objects(top, at):
    objects = array(top["objects"], 16384)
    seen = {}
    for i, o in enumerate(objects):
        check_object(o, top)
        need(i == 0 or o["codec"] == "stored"
             or objects[i - 1]["codec"] == "deflate", "order")
        at += o["packed"]
        name = name_of(o["parts"])
        if name in seen:
            need(o["codec"] == "deflate" and seen[name] == o, "name taken")
        seen[name] = o
    need(padded(at) <= 1 << 30, "too long")
    return at


def check_dictionaries(top):
    paths = set()
    for d in array(top["dictionaries"], 64):
        members(d, ["path", "sha256"])
        match(r"x/[A-Za-z0-9_-][A-Za-z0-9._-]*\.dict", d["path"])
        need(len(d["path"]) <= 512 and d["path"] not in paths, "path")
        paths.add(d["path"])
        hexes(d["sha256"])
    used = {o.get("dictionary") for o in top["objects"]}
    need(used - {None} == set(range(len(paths))), "unused dictionary")


def check_image(m, top, uses, types):
    objects = top["objects"]
    if isinstance(m, dict) and "object" in m:
        members(m, ["object", "type"])
        number(m["object"], 0, len(objects) - 1)
        need(objects[m["object"]]["codec"] == "stored", "no image")
        need(types.setdefault(m["object"], m["type"]) == m["type"], "types")
        uses[m["object"]] += 1
        name = name_of(objects[m["object"]]["parts"])
    else:
        members(m, ["bundle", "name", "type"])
        bundle_path(m["bundle"])
        need(m["bundle"] != top["path"], "image here")
        hexes(m["name"])
        name = m["name"]
    need(m["type"] in ("image/jpeg", "image/png", "image/webp"), "type")
    return name


def check_article(a, top, uses, types):
    members(a, ["authors", "id", "images", "language", "previous",
                "published", "revision", "status", "tags", "title",
                "updated"], ["note", "text", "url"])
    match(NAME % 63, a["id"])
    line(a["title"], 1024)
    for v in array(a["authors"], 32):
        line(v, 256)
    for v in array(a["tags"], 64):
        line(v, 128)
    match("[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", a["language"])
    need(len(a["language"]) <= 35, "language")
    need(date(a["published"]) <= date(a["updated"]), "dates")
    number(a["revision"], 1, 2**32 - 1)
    number(a["previous"], min(1, a["revision"] - 1), a["revision"] - 1)
    need(a["status"] in ("published", "corrected", "retracted"), "status")
    need(("note" in a) == (a["status"] != "published"), "note")
    need(("text" in a) == (a["status"] != "retracted"), "text")
    if "note" in a:
        line(a["note"], 2048)
    if "url" in a:
        match(r"https?://[A-Za-z0-9\[][^@/?#]*([/?#].*)?", a["url"])
        match(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,2048}", a["url"])
    if "text" in a:
        number(a["text"], 0, len(top["objects"]) - 1)
        need(top["objects"][a["text"]]["codec"] == "deflate", "no text")
        uses[a["text"]] += 1
        need(uses[a["text"]] == 1, "text twice")
    names = [check_image(m, top, uses, types)
             for m in array(a["images"], 256)]
    need(len(set(names)) == len(names), "image twice")
    need("text" in a or not names, "retracted with images")


def check(data):
    need(len(data) >= 23 and data[:15] == b"erika-bundle-1\n", "magic")
    packed, unpacked = struct.unpack(">II", data[15:23])
    need(0 < packed <= 2097152 and 0 < unpacked <= 8388608, "lengths")
    need(len(data) >= 23 + packed, "short")
    top = parse(inflate(data[23:23 + packed], unpacked))
    members(top, ["_type", "articles", "created", "desk", "dictionaries",
                  "objects", "outlet", "path", "sequence"])
    need(top["_type"] == "erika-bundle-1", "type")
    date(top["created"])
    line(top["outlet"], 256)
    need(bundle_path(top["path"]) == (top["desk"], top["sequence"]), "path")
    array(top["dictionaries"], 64)
    content = check_objects(top, 23 + packed)
    check_dictionaries(top)
    uses, types = [0] * len(top["objects"]), {}
    for a in array(top["articles"], 4096):
        check_article(a, top, uses, types)
    ids = [a["id"] for a in top["articles"]]
    need(ids and len(set(ids)) == len(ids), "ids")
    need(all(uses), "unused object")
    need(len(data) <= padded(content), "long")


def main(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        try:
            check(data)
            print(name, "good")
        except Bad as e:
            print(name, "bad: %s" % ascii(str(e)))


if __name__ == "__main__":
    main(sys.argv[1])
