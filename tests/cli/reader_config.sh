#!/bin/bash
# erika.conf: each key, each mistake with its line, options over it, the
# user's table of countries; and a memory that is off writes nothing.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
ok $? "there is an outlet"
reader base
trust h && erika sync -q --from h/m
serve web h/m
erika add -q --mirror "$http/normal/" h/m/m/1.root.json
folder=$XDG_CONFIG_HOME/erika
mkdir -p "$folder"

# conf LINE...: the file, below [reader].
conf() {
	printf '[reader]\n' >"$folder/erika.conf"
	printf '%s\n' "$@" >>"$folder/erika.conf"
}

# wrong LINE PATTERN NAME TEXT...: an error in that line.
wrong() {
	local line=$1 pattern=$2 name=$3
	shift 3
	printf '%s\n' "$@" >"$folder/erika.conf"
	run 2 "$name" erika sync
	like "$err" "erika.conf:$line: .*$pattern" "says where and what"
}

# ---- what is right

conf
run 0 "an empty section" erika sync
conf 'country = RU   ; where I am' 'http = yes' 'memory = on' \
	'resolver = https://dns.example/dns-query' \
	'resolver-address = 203.0.113.53' 'network = the flat' \
	'require-sandbox = no' '# proxy = tor'
run 0 "all keys" erika sync
conf 'resolver-address = 2001:db8::53' 'resolver = https://dns.example/q'
run 0 "in any order" erika sync
rm "$folder/erika.conf"
run 0 "no file" erika sync

# ---- what is not

wrong 2 'unknown key "prox"; is it proxy\?' "a slip of the pen in a key" '[reader]' 'prox = tor'
wrong 2 'not a country code' "a country's name" '[reader]' 'country = Russia'
wrong 2 'socks5h' "a proxy that has names looked up here" '[reader]' \
	'proxy = socks5://127.0.0.1:9050'
wrong 2 'not a proxy' "an HTTP proxy" '[reader]' 'proxy = http://127.0.0.1:8118'
wrong 2 'not a proxy' "a proxy without a port" '[reader]' \
	'proxy = socks5h://127.0.0.1'
wrong 2 'not a proxy' "a proxy with a path" '[reader]' \
	'proxy = socks5h://127.0.0.1:9050/x'
wrong 2 'not a proxy' "a proxy with a user" '[reader]' \
	'proxy = socks5h://me@127.0.0.1:9050'
wrong 2 'http: "yes" or "no"' "perhaps" '[reader]' 'http = maybe'
wrong 2 'memory: "on" or "off"' "yes for on" '[reader]' 'memory = yes'
wrong 2 'over HTTPS' "a resolver without TLS" '[reader]' \
	'resolver = http://dns.example/q'
wrong 3 'like 203.0.113.53' "a name for an address" '[reader]' \
	'resolver = https://dns.example/q' 'resolver-address = dns.example'
wrong 3 'in line 2 already' "a key twice" '[reader]' 'memory = on' 'memory = off'
wrong 1 'under \[reader\]' "a key before the section" 'memory = on'
wrong 2 'only one is \[reader\]' "another section" '[writer]' 'memory = on'
printf '[reader]\nresolver-address = 203.0.113.53\n' >"$folder/erika.conf"
run 2 "an address without its resolver" erika sync
like "$err" 'resolver-address without a resolver' "which is said"
printf '[reader]\nnetwork = a\x1bb\n' >"$folder/erika.conf"
run 2 "an escape" erika sync
unlike "$err" "$(printf '\033')" "is not repeated"
wrong 2 'unknown key' "also when pictures are to come" '[reader]' 'x = y'
run 2 "for read" erika read --images tide
run 0 "which else reads whatever the file says" erika read tide
run 2 "and for doctor" erika doctor --yes
rm "$folder/erika.conf"

# ---- options

run 2 "a wrong option is wrong usage" erika sync --country Russia
run 2 "of each kind" erika sync --proxy ftp://127.0.0.1:1
like "$err" 'not a proxy like socks5h' "and what it should be"
for c in sync "doctor --yes"; do
	conf 'proxy = socks5h://127.0.0.1:1'
	: >web.log
	run 13 "$c: a proxy where nobody is" erika $c
	is "$(cat web.log)" "" "$c: is not gone around"
	like "$err" 'proxy socks5h://127.0.0.1:1.*is it running' \
		"$c: and asked after"
	run 0 "$c: an option outranks the file" erika $c --proxy none
	[ -s web.log ]
	ok $? "$c: as can be seen"
	conf
	: >web.log
	run 13 "$c: also the other way" \
		erika $c --proxy socks5h://127.0.0.1:1
	is "$(cat web.log)" "" "$c: and then nothing goes beside it"
done
for name in "" "The Harbour"; do
	: >web.log
	run 13 "--from a mirror, with a proxy where nobody is" erika sync \
		--from "$http/normal/" --proxy socks5h://127.0.0.1:1 ${name:+"$name"}
	is "$(cat web.log)" "" "is not gone around either"
done
run 0 "a folder needs no proxy" erika sync --from h/m --proxy tor

# ---- the first root comes by the same ways

reader fresh
: >web.log
run 13 "an outlet is not added around a proxy" \
	erika add --yes --proxy socks5h://127.0.0.1:1 "$http/normal/"
is "$(cat web.log)" "" "that is set"
run 13 "an onion service" erika add --yes http://abcdefghij.onion/
like "$err" 'onion service wants --proxy tor' "wants a proxy that knows it"
run 2 "a mirror that is none" erika add --yes https://m.example
like "$err" 'ends in /' "as always"
mkdir -p "$XDG_CONFIG_HOME/erika"
cat >"$XDG_CONFIG_HOME/erika/countries.ini" <<INI
[country "RU"]
name = Russia
[blocked "RU 127.0.0.1"]
name = The Harbour
since = 2022-03
how = dns
source = a test
INI
run 13 "a site that is blocked there" \
	erika add --yes --country RU "$http/normal/"
is "$(cat web.log)" "" "is not contacted"
run 0 "elsewhere it may be" erika add --yes --country BY "$http/normal/"
like "$(cat web.log)" ' normal GET ' "and is"
reader base

# ---- countries

run 0 "a country that nobody knows" erika sync --country KZ
like "$err" 'nothing is known about networks in KZ' "is said, and that is all"
cat >"$folder/countries.ini" <<'INI'
[country "KZ"]
name = Kazakhstan
strategies = address, https
INI
run 0 "a table of your own" erika sync --country KZ
unlike "$err" 'nothing is known' "knows it"
run 0 "and stands for the built-in one" erika sync --country RU
like "$err" 'nothing is known about networks in RU' "which is gone"
printf '[country "KZ"]\nname = x\ncolour = y\n' >"$folder/countries.ini"
run 2 "a mistake in it" erika sync
like "$err" 'countries.ini:3: unknown key "colour"' "is found with its line"
cat >"$folder/countries.ini" <<INI
[country "RU"]
name = Russia
[blocked "RU 127.0.0.1"]
name = The Harbour
since = 2022-03
how = dns
source = a test
INI
conf 'country = RU'
: >web.log
erika doctor --yes >forbid.out 2>&1
erika sync >forbid.out 2>&1
erika read --images tide >forbid.out 2>&1
erika sync --from "$http/normal/" >forbid.out 2>&1
erika sync --from "$http/normal/" "The Harbour" >forbid.out 2>&1
is "$(cat web.log)" "" "an outlet's site that is blocked is not contacted"
rm "$folder/countries.ini" "$folder/erika.conf"

# ---- the memory

db=$XDG_DATA_HOME/erika/library.db
tables() {
	python3 -c 'import sqlite3, sys
q = "SELECT count(*) FROM sqlite_master WHERE name LIKE \"network%\""
print(sqlite3.connect(sys.argv[1]).execute(q).fetchone()[0])' "$db"
}
run 0 "by itself it remembers" erika sync
is "$(tables)" 3 "in tables of its own"
run 0 "erase that" erika forget -q --networks
is "$(tables)" 0 "they are gone"
conf 'memory = off'
run 0 "with the memory off" erika sync
run 0 "and for all mirrors" erika doctor --yes
is "$(tables)" 0 "nothing is remembered"
# Byte for byte, when there is nothing new.
dump() {
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for line in db.iterdump():
    print(line)' "$db"
}
dump >before
run 0 "ask every mirror" erika doctor --yes
run 0 "and for pictures" erika read --images tide
dump >after
cmp -s before after
ok $? "and the library is what it was"
rm "$folder/erika.conf"
run 0 "under a name for the network" erika doctor --yes --network lesnaya
is "$(tables)" 3 "something is"
grep -qa lesnaya "$db"
is "$?" 1 "but not that name"
plan
