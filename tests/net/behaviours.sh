#!/bin/bash
# The laboratory does what it says: each behaviour is in force, as a plain
# curl sees it, and without it the mirror is good.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/lab.sh"
lab_or_skip "the laboratory"

mkdir -p site/m site.stale/m site.tampered/m
head -c 300000 /dev/urandom >site/big
cp site/big site.stale/big
cp site/big site.tampered/big
echo new >site/m/head
echo old >site.stale/m/head
echo bad >site.tampered/m/head
mapfile -t all < <(python3 "$SRC/tests/net/lab.py" --list)
lab_start "$PWD/site" ${#all[@]}

# ask N FILE [OPTION...]: curl's exit status, status, bytes, milliseconds and
# address, to N.FILE.
ask() {
	local n=$1 file=$2
	shift 2
	at_reader curl -sS -m 4 -o "$n.body" -w \
		'%{exitcode} %{http_code} %{size_download} %{remote_ip}\n' \
		"$@" "$(mirror_url "$n")$file" >"$n.$file" 2>"$n.err" || true
}
# ask_all FILE [OPTION...]: all mirrors at once.
ask_all() {
	local i
	for i in $(seq ${#all[@]}); do
		ask "$i" "$@" &
	done
	# Not the laboratory, which is a job of this shell as well.
	for i in $(jobs -rp); do
		[ "$i" = "$lab_pid" ] || wait "$i"
	done
}

ask_all big -m 30
good=0
for i in $(seq ${#all[@]}); do
	[ "$(cat "$i.big")" = "0 200 300000 198.18.1.$i" ] &&
		cmp -s "$i.body" site/big && good=$((good + 1))
done
is "$good" ${#all[@]} "all of them good"

sets=
for i in $(seq ${#all[@]}); do
	sets="$sets m$(printf %02d "$i")=${all[i - 1]}"
done
lab sets $sets
ok $? "now each is bad in its own way"
ask_all big

# found BEHAVIOUR PATTERN: what curl's line must look like.
found() {
	local i
	for i in $(seq ${#all[@]}); do
		[ "${all[i - 1]}" = "$1" ] || continue
		like "$(cat "$i.big")" "$2" "$1"
		n=$i
	done
}
found blackhole '^28 000 0 $'
found rst '^7 000 0 $'
found synack-silence '^28 000 0 198'
found sni-rst '^35 000 0 198'
found sni-drop '^28 000 0 198'
like "$(at_reader curl -sS -m 4 -k -o out -w '%{exitcode} %{http_code}' \
	--connect-to "::198.18.1.$n:" https://other.name/big)" '^0 200' \
	"but another name gets through"
found freeze '^28 (000|200) [0-9]{1,4} 198'
like "$(at_reader curl -sS -m 4 -r 0-8191 -o out -w '%{exitcode} %{size_download}' \
	"$(mirror_url "$n")big")" '^0 8192' "but 8 KB get through"
like "$(at_reader curl -sS -m 4 -o out -w '%{exitcode} %{size_download}' \
	"$(mirror_url "$n" http)big")" '^28 1[0-9]{4}$' \
	"and without TLS it stops at 16 KB"
found nxdomain '^6 000 0 $'
like "$(at_reader curl -sS -m 4 -o out -w '%{exitcode} %{http_code}' --resolve \
	"m$(printf %02d "$n").lab.test:443:198.18.1.$n" "$(mirror_url "$n")big")" \
	'^0 200' "but its address works"
found bogus-address '^28 000 0 $'
found throttle '^28 200 [0-9]{4,5} 198'
[ "$(cut -d ' ' -f 3 "$n.big")" -lt 90000 ]
ok $? "which is slow indeed"
found block-page '^0 200 [0-9]{2,3} 198'
like "$(head -c 300 "$n.body" | tr -d "\0")" "<h1>Access" "a web page"
found status-403 '^0 403 '
found status-451 '^0 451 '
found redirect '^0 302 '
found tampered '^0 200 300000 '
found stale '^0 200 300000 '
found truncated '^18 200 150000 '
found endless '^28 200 [0-9]{7,} '
found slow-body '^28 200 [0-9]{1,2} '
found slow-head '^28 (000|200) 0 198'
found silent '^28 000 0 198'
found gzip-bomb '^0 200 [0-9]+ '
[ "$(gzip -dc <"$n.body" 2>/dev/null | wc -c)" -gt 60000000 ]
ok $? "it is a bomb"
found garbage-tls '^35 000 0 198'
found mute '^28 000 0 198'
found bit-flip '^0 200 300000 '
run 1 "one bit of it" cmp "$n.body" site/big
for i in $(seq ${#all[@]}); do
	case ${all[i - 1]} in
	tampered) want=bad ;;
	stale) want=old ;;
	*) continue ;;
	esac
	is "$(at_reader curl -sS -m 4 "$(mirror_url "$i")m/head")" $want \
		"${all[i - 1]}: $want"
done

# Loss shows in the kernel's count of what was sent again. One download may
# lose little, or its first packets and then hardly run: as many as it takes.
lost() {
	$lab_enter -t "$(cat lab/mirrors.pid)" -n nstat -asz TcpRetransSegs 2>/dev/null |
		awk '$1 == "TcpRetransSegs" { print $2 }'
}
for how in loss-5 loss-10 loss-20; do
	found $how '^(0 200 300000|28 (000|200) [0-9]+) '
	before=$(lost)
	for _ in $(seq 10); do
		at_reader curl -sS -m 3 -o out "$(mirror_url "$n")big" 2>/dev/null
		[ "$(lost)" -ge $((before + 3)) ] && break
	done
	[ "$(lost)" -ge $((before + 3)) ]
	ok $? "is lost and sent again: $before, then $(lost)"
done

lab all normal
ok $? "good again"
ask_all big -m 30
good=0
for i in $(seq ${#all[@]}); do
	[ "$(cat "$i.big")" = "0 200 300000 198.18.1.$i" ] &&
		cmp -s "$i.body" site/big && good=$((good + 1))
done
is "$good" ${#all[@]} "all of them"

# ---- it leaves nothing, and leads nowhere
like "$(at_reader curl -sS -m 2 -o out -w '%{exitcode}' \
	http://192.0.2.1/ 2>/dev/null)" '^(7|28)$' "no way out of it"
holder=$lab_reader
kill -KILL "$lab_pid"
wait "$lab_pid" 2>/dev/null
for _ in $(seq 100); do
	[ -e "/proc/$holder/ns" ] || break
	sleep 0.05
done
[ ! -e "/proc/$holder/ns" ]
ok $? "killed outright, it leaves no namespace"
plan
