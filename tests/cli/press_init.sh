#!/bin/bash
# erika-press init: keys, the trust anchor, and what it refuses.
. "$SRC/tests/lib/tap.sh"
umask 077 # passphrases

modes() { stat -c '%a' "$@" | sort -u | tr '\n' ' '; }
printf 'eine Kanne voll Wasser\n' >pass
printf 'something else\n' >wrong

# ---- one person, one key
run 0 "one command makes a newsroom" \
	erika-press init --name 'Гавань & Co' --passphrase-file pass room
like "$out" '^outlet  Гавань & Co$' "it says the name"
words=$(printf '%s\n' "$out" | sed -n 's/^words   //p')
root=$(printf '%s\n' "$out" | sed -n 's/^root    //p')
is "$(printf '%s\n' "$words" | wc -w)" 8 "eight words"
like "$root" '^[0-9a-f]{64}$' "and the fingerprint"
like "$err" 'Back up keys/' "and to back up the key"
like "$err" 'Next: erika-press pack' "and what comes next"
is "$(modes room/keys/*.key)" '600 ' "secret keys are 0600"
is "$(modes room/keys)" '700 ' "their folder is 0700"
is "$(modes room/repository room/repository/m room/repository/t)" '755 ' \
	"what is published can be read by a web server"
is "$(ls room/keys | tr '\n' ' ')" 'newsroom.key newsroom.pub ' "one key pair"
run 0 "status opens it" erika-press status -C room
is "$(printf '%s\n' "$out" | sed -n 's/^words   //p')" "$words" \
	"the same words"
is "$(printf '%s\n' "$out" | sed -n 's/^root    //p')" "$root" \
	"the same fingerprint"
is "$(printf '%s\n' "$out" | sed -n 's/^outlet  //p')" 'Гавань & Co' \
	"the same name"
like "$out" '^role    root +version 1 +until ' "and when the root expires"

# minisign's own bytes say how the key is stored: "Sc" is scrypt, all zero none.
kdf() { sed -n 2p "$1" | base64 -d | head -c 4 | tail -c 2 | od -An -c | tr -d ' '; }
is "$(kdf room/keys/newsroom.key)" Sc "the key is encrypted"
is "$(sed -n 2p room/keys/newsroom.key | base64 -d | tail -c +39 | head -c 16 |
	od -An -t u8 | xargs)" "4194304 134217728" "at 128 MiB a guess"
run 1 "the passphrase is not in the folder" grep -r 'Kanne' room

# ---- an existing newsroom
find room -type f -exec sha256sum {} + | sort >before
run 1 "init again" erika-press init --name Other --passphrase-file pass room
like "$err" 'already a newsroom; nothing was changed' "says why not"
find room -type f -exec sha256sum {} + | sort >after
run 0 "and touches nothing" cmp before after

# ---- passphrases
cat >page.html <<'PAGE'
<html lang="en"><head><title>A page</title></head>
<body><article><h1>A page</h1><p>Of one paragraph.</p></article></body></html>
PAGE
run 11 "a wrong passphrase packs nothing" \
	erika-press pack -C room --passphrase-file wrong page.html
like "$err" 'wrong passphrase' "is said"
chmod 640 pass
run 15 "a passphrase that others can read" \
	erika-press pack -C room --passphrase-file pass page.html
like "$err" 'pass can be read by others \(mode 640\); chmod 600' "is refused"
chmod 600 pass
cat >ctrl-c.py <<'PY'
"""Ctrl-C at the prompt: how it ended, and whether the terminal shows what is
typed."""
import os, pty, subprocess, sys, termios
us, its = pty.openpty()
p = subprocess.Popen(sys.argv[1:], stdin=its, stdout=its, stderr=its,
                     start_new_session=True, preexec_fn=lambda: os.close(
                         os.open(os.ttyname(its), os.O_RDWR)))
said = b""
while b"Passphrase of" not in said:
    said += os.read(us, 1000)
hidden = not termios.tcgetattr(its)[3] & termios.ECHO
os.write(us, b"half of it\x03")
print(hidden, p.wait(30), bool(termios.tcgetattr(its)[3] & termios.ECHO))
PY
run 0 "Ctrl-C at a prompt" python3 ctrl-c.py \
	erika-press pack -C room page.html
is "$out" "True -2 True" "ends it as elsewhere, and the echo is back"
run 0 "nothing is left of it" erika-press preview -C room
is "$out" "" "in the records"
is "$(find room/repository/t -name '*.ekb*')" "" "or the repository"
run 0 "the right one packs" \
	erika-press pack -C room --passphrase-file pass page.html
run 11 "a wrong one publishes nothing" \
	erika-press publish -C room --passphrase-file wrong
is "$(ls room/repository/m)" 1.root.json "no list was signed"
run 2 "without a terminal a passphrase cannot be asked" \
	setsid -w erika-press publish -C room
like "$err" 'no terminal.*--passphrase-file FILE' "which is said"
run 2 "neither by init" setsid -w erika-press init --name X nowhere
like "$err" '--passphrase-file FILE \(or --no-passphrase\)' "is said"
run 1 "and no key is made" test -e nowhere/keys/newsroom.key
: >empty
run 2 "an empty passphrase is none" \
	erika-press init --name X --passphrase-file empty nowhere
run 1 "a missing passphrase file" \
	erika-press init --name X --passphrase-file missing nowhere
run 0 "no passphrase when asked for" \
	erika-press init --name X --no-passphrase plain
like "$err" 'NOT encrypted' "comes with a warning"
is "$(modes plain/keys/newsroom.key)" '600 ' "and is 0600 all the same"

# ---- a key others can read
for mode in 640 604 620 602; do
	chmod "$mode" room/keys/newsroom.key
	run 15 "a key file of mode $mode is refused" \
		erika-press publish -C room --passphrase-file pass
	like "$err" "mode $mode.*chmod 600" "is said"
done
chmod 600 room/keys/newsroom.key
mv room/keys/newsroom.key secret
ln -s ../../secret room/keys/newsroom.key
run 1 "a key file that is a link is refused" \
	erika-press publish -C room --passphrase-file pass
rm room/keys/newsroom.key
run 1 "a key that is not there" \
	erika-press publish -C room --passphrase-file pass
mv secret room/keys/newsroom.key
cp room/keys/newsroom.key secret
cp plain/keys/newsroom.key room/keys/newsroom.key
run 11 "a .pub file of another key is noticed" \
	erika-press publish -C room --passphrase-file pass
mv secret room/keys/newsroom.key

# ---- a threshold of root keys
run 0 "three root keys of which two are enough" erika-press init \
	--name Three --root-keys 3 --threshold 2 --passphrase-file pass three
like "$err" 'root-\*.key to 3 places offline.* 2 of them' "says what to do"
is "$(ls three/keys | grep -c '\.key$')" 4 "makes four keys"
is "$(modes three/keys/*.key)" '600 ' "all 0600"
python3 - three/repository/m/1.root.json >root.txt <<'PY'
import json, sys
root = json.load(open(sys.argv[1]))
signed = root["signed"]
role = signed["roles"]["root"]
daily = signed["roles"]["timestamp"]["keyids"]
print(role["threshold"], len(set(role["keyids"])),
      sorted(s["keyid"] for s in root["signatures"]) == sorted(role["keyids"]),
      len(set(s["sig"] for s in root["signatures"])),
      set(daily) & set(role["keyids"]) == set(),
      [signed["roles"][r]["keyids"] == daily for r in ("targets", "snapshot")])
PY
is "$(cat root.txt)" '2 3 True 3 True [True, True]' \
	"root says 2 of 3, all three signed it, the daily key is another"
mkdir stick
mv three/keys/root-*.key stick/
run 0 "daily work goes on without them" \
	erika-press pack -C three --passphrase-file pass page.html
run 0 "to the end" erika-press publish -C three --passphrase-file pass

# ---- options
run 2 "without a name" erika-press init --no-passphrase nowhere
for name in '' ' lead' 'trail ' 'a # b' 'a ;b' '; x' "$(printf 'a\nb')" \
	"$(printf 'a\tb')" "$(printf '\342\200\256kcab')" \
	"$(head -c 121 /dev/zero | tr '\0' x)"; do
	run 2 "a name that cannot be kept: $(printf '%.20s' "$name" | tr '\n\t' '??')" \
		erika-press init --no-passphrase --name "$name" nowhere
done
for name in "$(head -c 120 /dev/zero | tr '\0' x)" '"a"' 'a#b;c' '[x]' 'a = b'; do
	rm -rf kept
	run 0 "a name that can: $(printf '%.20s' "$name")" \
		erika-press init --no-passphrase --name "$name" kept
	is "$(erika-press status -C kept | sed -n 's/^outlet  //p')" "$name" \
		"is given back"
done
run 2 "a desk with a slash" \
	erika-press init --no-passphrase --name X --desk a/b nowhere
run 2 "too many root keys" \
	erika-press init --no-passphrase --name X --root-keys 16 nowhere
run 2 "a threshold above them" erika-press init --no-passphrase --name X \
	--root-keys 2 --threshold 3 nowhere
run 2 "a threshold of none" erika-press init --no-passphrase --name X \
	--root-keys 2 --threshold 0 nowhere
run 2 "a threshold without keys" \
	erika-press init --no-passphrase --name X --threshold 2 nowhere
run 1 "none of these made a newsroom" test -e nowhere/newsroom.ini

# ---- killed half-way: it waits for a passphrase that never comes
mkfifo fifo
erika-press init --name Half --passphrase-file fifo half 2>/dev/null &
pid=$!
for _ in $(seq 200); do
	[ -d half/keys ] && break
	sleep 0.05
done
kill -9 $pid
wait $pid 2>/dev/null
run 1 "an init that was killed leaves nothing called a newsroom" \
	erika-press status -C half
like "$err" 'make a newsroom with erika-press init' "what to do is said"
run 0 "and can be run again" \
	erika-press init --name Half --no-passphrase half
# The settings are what makes it a newsroom, and are written last.
rm half/newsroom.ini
cp half/keys/newsroom.key kept.key
run 1 "nor does one killed after the keys" erika-press status -C half
run 1 "which init does not write over" \
	erika-press init --name Half --no-passphrase half
like "$err" 'keys/newsroom.key is already there' "and says so"
run 0 "the key is as it was" cmp half/keys/newsroom.key kept.key

# ---- one at a time
exec 9<half && flock 9
cp room/newsroom.ini half/
run 1 "two commands do not write at once" erika-press publish -C half
like "$err" 'another erika-press is working' "the second says so"
exec 9<&-
run 0 "but later" erika-press publish -C half
plan
