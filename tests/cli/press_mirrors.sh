#!/bin/bash
# The newsroom's list of mirrors, and how people are told of those that are not
# in it.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
pin=sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
p() {
	verb=$1
	shift
	erika-press mirrors -C room "$verb" "$@"
}
erika-press init -q --no-passphrase --name "The Harbour" room >init.out
root=$(sed -n 's/^root *//p' init.out)
mkdir m

# ---- add, list, remove

cp room/mirrors.ini before.ini
run 0 "no mirror yet" p list
like "$err" 'mirrors add NAME' "says how to have one"
run 1 "nor a link" p link
like "$err" 'no mirror to tell of' "to none"
run 0 "a mirror" p add north --url https://north.example/e/ --to "$PWD/m" \
	--countries 'RU, BY'
like "$err" 'next erika-press publish' "is told of then"
run 0 "one with other ways" p add cdn --url https://cdn.example/h/ \
	--address 203.0.113.7 --address 2001:db8::7 --pin "$pin" \
	--sni shop.example --front front.example --storage
run 0 "one in confidence" p add secret --url https://secret.example/e/ \
	--unlisted
like "$err" 'in no list.*mirrors link secret' "says how to tell of it"
run 0 "one that is copied to only" p add stick --to /media/stick
run 0 "one that is pushed to by Tor" p add push --to https://push.example/ \
	--proxy tor --ca own.pem
run 0 "they are listed" p list
like "$out" '^north +https://north.example/e/$' "by name and URL"
like "$out" '^  copied to  '"$PWD/m"'$' "with where they are copied to"
like "$out" '^  for        RU, BY$' "for whom"
like "$out" '^  address    203.0.113.7, 2001:db8::7$' "at which addresses"
like "$out" "^  pin        $pin\$" "with which key"
like "$out" '^  sni        shop.example$' "by which other name"
like "$out" '^  front      front.example$' "through which front"
like "$out" '^  kind       storage$' "of which kind"
like "$out" '^  unlisted   by link' "and which are unlisted"
like "$out" '^  by proxy   socks5h://127\.0\.0\.1:9050$' "by which proxy they are pushed to"
like "$out" '^  ca         own\.pem$' "and who vouches for them then"
run 0 "as JSON" p list --json
is "$(printf '%s\n' "$out" | python3 -c '
import json, sys
print([(o["name"], o["listed"], len(o["addresses"]), o["kind"])
	for o in map(json.loads, sys.stdin)])')" \
	"[('north', True, 0, 'plain'), ('cdn', True, 2, 'storage'), ('secret', False, 0, 'plain'), ('stick', False, 0, 'plain'), ('push', False, 0, 'plain')]" \
	"one a line"
is "$(head -n "$(wc -l <before.ini)" room/mirrors.ini)" "$(cat before.ini)" \
	"what was in the file stays"
p remove push -q
cp room/mirrors.ini whole.ini
run 1 "a name twice" p add north --url https://n.example/
for bad in "--url ftp://n.example/" "--url https://n.example/ --sni x.example" \
	"--url http://n.example/ --pin $pin" "--url https://north.example/e/" \
	"--url https://n.example/ --address 10.0.0.1" \
	"--url https://n.example/ --address n.example" \
	"--url https://n.example/ --pin sha256//AAEC" \
	"--to /n --proxy tor" "--to https://n.example/ --proxy socks5://127.0.0.1:1" \
	"--to https://n.example/ --proxy socks5h://n.example:1" \
	"--to http://n.example/ --ca own.pem" "--to /n --ca own.pem" \
	"--url https://n.example/ --front localhost" \
	"--url https://n.example/ --front 203.0.113.7" \
	"--url https://n.example/ --countries ru"; do
	# The words of each are options.
	# shellcheck disable=SC2086
	run 2 "refused: $bad" p add new $bad
done
run 2 "nothing about it" p add new
run 2 "a folder that the file cannot hold" p add new --to "/srv/a #1"
run 2 "a wrong name" p add New --to /x
run 2 "no name" p add --to /x
run 2 "options of add for another verb" p list --url https://n.example/
run 2 "no such verb" p new x
run 1 "remove what is not there" p remove new
is "$(cat room/mirrors.ini)" "$(cat whole.ini)" "none of that wrote anything"
run 0 "remove" p remove stick
run 0 "add it again" p add stick --to /media/stick
is "$(cat room/mirrors.ini)" "$(cat whole.ini)" "leaves the file as it was"
sed -i 's/^\[mirror "secret"\]/# Only for the two of us.\n&/' room/mirrors.ini
run 0 "remove one with a comment" p remove secret
ok "$(grep -c 'two of us' room/mirrors.ini)" "takes the comment along"
cp whole.ini room/mirrors.ini
printf '\n[resolver "https://dns.example/q"]\naddress = 203.0.113.53\n' \
	>>room/mirrors.ini
like "$(p list)" '^resolver +https://dns.example/q$' "a resolver is listed"
like "$(p list --json | tail -n 1)" '"erika-resolver-1",.*"203.0.113.53"' \
	"as JSON, too"
cp whole.ini room/mirrors.ini
p remove stick -q

# ---- check

run 0 "check" p check
like "$out" '^north +https$' "says what readers would use"
like "$out" '^cdn +address \(2\), sni \(2\), no-sni \(2\), front, storage$' \
	"of each way how many"
unlike "$out" secret "of listed mirrors only"
like "$err" 'not signed yet' "and what is not signed"
run 0 "check for a country" p check --country CN
like "$out" '^cdn +sni \(2\), no-sni \(2\), address \(2\), storage, front$' \
	"has its order"
run 2 "a country that is none" p check --country cn
run 0 "as JSON" p check --json --country CN
is "$(printf '%s\n' "$out" | python3 -c '
import json, sys
print([(o["name"], o["ways"][0]) for o in map(json.loads, sys.stdin)])')" \
	"[('north', 'https'), ('cdn', 'sni')]" "one mirror a line"
cat >room/countries.ini <<'INI'
[country "RU"]
mirrors = nord, secret
[blocked "RU cdn.example"]
source = us
INI
run 0 "check with what we know about countries" p check --country RU
like "$out" '^cdn +never contacted from RU' "shows what is never contacted"
like "$out" 'look at cdn: its site is blocked in RU' "and says so"
like "$out" 'look at nord: .*no such mirror' "names that are none"
like "$out" 'look at secret: .*unlisted' "and names that give one away"
printf '[country "RU"]\nname = x\ncolour = red\n' >room/countries.ini
run 2 "a wrong file" p check
like "$err" 'countries.ini:3: unknown key "colour"' "is an error with its line"
run 2 "publish refuses it, too" erika-press publish -C room
rm room/countries.ini
run 2 "a mirror in the newsroom's own network" p add cellar \
	--url http://192.168.0.2/
like "$err" 'where readers are not' "is not for the signed list"
cp room/mirrors.ini kept.ini
printf '[mirror "cellar"]\nurl = http://192.168.0.2/\n' >>room/mirrors.ini
run 2 "also when it is written there by hand" erika-press publish -C room
cp kept.ini room/mirrors.ini
run 0 "publish" erika-press publish -q -C room
run 0 "then" p check
unlike "$err" 'not signed' "nothing is left to sign"
ok "$(cat room/repository/t/x/*.mirrors.json | grep -c secret)" \
	"the signed list knows no unlisted mirror"

# ---- link

public="erika:$root?at=https://north.example/e/&at=https://cdn.example/h/&name=The%20Harbour"
run 0 "the link" p link
is "$out" "$public" "has the listed mirrors"
run 0 "as JSON" p link --json
like "$out" '^\{"schema":"erika-link-1","link":"erika:' "likewise"
run 0 "to an unlisted one" p link secret
is "$out" "erika:$root?at=https://secret.example/e/&name=The%20Harbour" \
	"has it alone"
run 0 "to one with other ways" p link cdn
like "$out" '&address=2001:db8::7&pin=sha256//[A-Za-z0-9]+%3D&sni=shop.example&front=front.example&kind=storage&name' \
	"has them all"
full=$out
run 2 "to none" p link nord
run 0 "as a file" p link -o told.ini cdn secret
is "$(stat -c %a told.ini)" 600 "which others cannot read"
cp room/mirrors.ini mine.ini
run 1 "what is there is not written over" p link -o mine.ini cdn
like "$err" 'already there: mine\.ini, and is not written over' "and is named"
cmp -s room/mirrors.ini mine.ini
ok $? "nor touched"
run 2 "--light is not for links" p link --light

# ---- a reader takes them

if command -v python3 >/dev/null; then
	serve web m
	reader one
	run 0 "a reader takes a link from it" erika add --yes \
		--mirror "$http/normal/" \
		"erika:$root?at=$http/normal/&name=The%20Harbour"
	run 0 "then the other one" erika add "$full"
	run 0 "and the file" erika add --mirror-file told.ini
	run 0 "it has" erika outlets --json
	is "$(printf '%s' "$out" | python3 -c '
import json, sys
print([(m["name"], m["source"], len(m["addresses"]), m["storage"])
	for m in json.load(sys.stdin)["mirrors"]][1:3])')" \
		"[('cdn.example', 'user', 2, True), ('secret', 'user', 0, False)]" \
		"all of that"
else
	skip "a reader" "needs python3"
fi

# ---- QR code

if command -v zbarimg >/dev/null && command -v python3 >/dev/null; then
	scan() {
		zbarimg -q --raw "$1" 2>/dev/null
	}
	# picture IN OUT MODE: a bitmap of a terminal or an SVG.
	cat >picture.py <<'PY'
import re, sys
text, mode = open(sys.argv[1]).read(), sys.argv[3]
dark = set()
if mode == "svg":
    n = int(re.search(r'viewBox="0 0 (\d+) \1"', text).group(1))
    path = re.search(r'd="([^"]*)"', text).group(1)
    found = re.findall(r"M(\d+) (\d+)h(\d+)v1H(\d+)z", path)
    assert "".join("M%s %sh%sv1H%sz" % f for f in found) == path
    for x, y, w, back in found:
        assert x == back
        dark |= {(int(x) + i, int(y)) for i in range(int(w))}
else:
    lines = [re.sub("\x1b\\[[0-9;]*m", "", l) for l in text.splitlines()]
    n = len(lines[0])
    halves = {" ": (0, 0), "▄": (0, 1), "▀": (1, 0), "█": (1, 1)}
    for y, line in enumerate(lines):
        assert len(line) == n
        for x, c in enumerate(line):
            for k in (0, 1):
                if halves[c][k] == (mode == "ink") and 2 * y + k < n:
                    dark.add((x, 2 * y + k))
with open(sys.argv[2], "w") as f:
    f.write("P1\n%d %d\n" % (6 * n, 6 * n))
    for y in range(6 * n):
        f.write(" ".join("1" if (x // 6, y // 6) in dark else "0"
                         for x in range(6 * n)) + "\n")
PY
	run 0 "a QR code on a dark terminal" p qr
	cp run.out dark.txt
	is "$err" "$public" "says what is in it"
	python3 picture.py dark.txt dark.pbm paper
	is "$(scan dark.pbm)" "$public" "and scans"
	run 0 "on a light one" p qr --light
	python3 picture.py run.out light.pbm ink
	is "$(scan light.pbm)" "$public" "scans, too"
	# check.py PNG PBM: each chunk's check, and the pixels.
	cat >check.py <<'PY'
import struct, sys, zlib
png, pbm = (open(name, "rb").read() for name in sys.argv[1:])
assert png[:8] == b"\x89PNG\r\n\x1a\n"
at, chunks = 8, {}
while at < len(png):
    n = struct.unpack(">I", png[at:at + 4])[0]
    name, body = png[at + 4:at + 8], png[at + 8:at + 8 + n]
    crc = struct.unpack(">I", png[at + 8 + n:at + 12 + n])[0]
    assert crc == zlib.crc32(name + body)
    chunks[name] = body
    at += 12 + n
assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
assert chunks[b"IHDR"][8:] == b"\1\0\0\0\0"
rows = zlib.decompress(chunks[b"IDAT"])
step = (width + 7) // 8 + 1
assert len(rows) == step * height
assert all(rows[y * step] == 0 for y in range(height))
bits = lambda b: "".join(f"{x:08b}" for x in b)[:width]
light = [bits(rows[y * step + 1:(y + 1) * step]) for y in range(height)]
head, size, data = pbm.split(b"\n", 2)
assert head == b"P4" and size == b"%d %d" % (width, height)
dark = [bits(data[y * (step - 1):(y + 1) * (step - 1)])
        for y in range(height)]
flip = str.maketrans("01", "10")
print("the same pixels" if [r.translate(flip) for r in light] == dark
      else "other pixels")
PY
	run 0 "as SVG" p qr -o code.svg
	like "$err" "Wrote code.svg. Print the eight words beside it: [a-z]" \
		"with what belongs beside it"
	python3 picture.py code.svg svg.pbm svg
	is "$(scan svg.pbm)" "$public" "scans"
	run 0 "as a bitmap" p qr -o code.pbm
	is "$(scan code.pbm)" "$public" "scans"
	run 0 "as a PNG" p qr -o code.png
	is "$(scan code.png)" "$public" "scans"
	is "$(python3 check.py code.png code.pbm)" "the same pixels" \
		"and is whole"
	run 0 "with all ways of one mirror" p qr -o full.pbm cdn
	is "$(scan full.pbm)" "$full" "scans"
	if command -v script >/dev/null; then
		env -u NO_COLOR TERM=xterm script -qec \
			"stty cols 100; erika-press mirrors -C room qr -q" \
			/dev/null </dev/null | tr -d '\r' >color.txt
		like "$(head -n 1 color.txt)" '30;107m' "with colours"
		python3 picture.py color.txt color.pbm ink
		is "$(scan color.pbm)" "$public" "scans"
		script -qec "stty cols 40;
			erika-press mirrors -C room qr" /dev/null </dev/null |
			tr -d '\r' >narrow.txt
		like "$(tr -s ' \n' ' ' <narrow.txt)" \
			'40 columns .*-o FILE.svg' "a narrow one is told"
		is "$(awk 'length > 40' narrow.txt)" "" "in its 40 columns"
	else
		skip "terminals" "needs script"
	fi
else
	skip "QR codes" "needs zbarimg (zbar-tools)"
fi
run 2 "a picture of another kind" p qr -o code.jpg
run 0 "more mirrors than are good in a code" p add a --url https://a.example/
p add b -q --url https://b.example/
p add c -q --url http://c.example/
run 0 "the code" p qr
unlike "$err" 'b.example|c.example' "has three"
run 0 "the link" p link
like "$out" 'b.example/&at=http://c.example/&name' "has all, http last"
long=$(printf 'a%.0s' $(seq 1900))
p add long -q --url "https://l.example/$long/"
p add more -q --url "https://m.example/$long/"
run 15 "more than any code holds" p qr long more
like "$err" 'name fewer' "says what to do"
plan
