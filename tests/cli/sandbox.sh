#!/bin/bash
# What talks to the network is shut in: where the kernel cannot do that, it is
# said or refused; what it cannot send is looked for on the line.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"

tool=$ERIKA_BIN/tests/tool/fetchtool
lack=$ERIKA_BIN/tests/tool/lacktool
[ "$(uname)" = Linux ] || skip_all "the sandbox" "needs Linux"
tools_or_skip "the sandbox" "$tool" "$lack" python3
[ "$("$tool" -r | head -c 4)" != none ] ||
	skip_all "the sandbox" "$("$tool" -r)"

# ---- no /proc: nobody says how much memory is in use already

helper=$ERIKA_BIN/tests/unit/test_confine
if unshare -m mount -t tmpfs none /proc 2>/dev/null && [ -x "$helper" ]; then
	mkdir helper
	# Not this machine's memory, should the helper have no limit.
	out=$(cd helper && ulimit -v 8000000 && unshare -m sh -c \
		"mount -t tmpfs none /proc && exec $helper")
	like "$out" '^ok .* - memory is limited$' \
		"without /proc, a helper's memory is limited all the same"
else
	skip "a helper without /proc" "mounting is not permitted here"
fi

# ---- a kernel that lacks a part

is "$("$tool" -r)" "call OK " "this one can do all of it"
for part in landlock seccomp both; do
	out=$("$lack" $part "$tool" -r)
	like "$out" '^none the network process cannot be shut in as you require' \
		"without $part: refused where it is required"
	mkdir -p folder
	echo x >folder/f
	out=$("$lack" $part "$tool" -O "$PWD/folder/|f|0|0|9")
	like "$out" '^OK 2 ' "without $part: works where it is not"
done
like "$("$lack" landlock "$tool" -r)" 'no Landlock \(Linux 5.13' \
	"what is missing is named"
like "$("$lack" seccomp "$tool" -r)" 'seccomp' "in each case"
like "$("$lack" both "$tool" -r)" 'neither' "and when it is both"

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h
serve web h/m
reader one
run 1 "add: refused" "$lack" landlock erika add --yes --require-sandbox \
	"$http/normal/"
like "$err" 'Landlock' "with the reason"
is "$(cat web.log)" "" "before anything is asked"
run 0 "add: works" erika add --yes --require-sandbox "$http/normal/"
: >web.log
run 1 "sync: refused" "$lack" landlock erika sync --require-sandbox
like "$err" 'Landlock' "with the reason"
mkdir -p "$XDG_CONFIG_HOME/erika"
printf '[reader]\nrequire-sandbox = yes\n' >"$XDG_CONFIG_HOME/erika/erika.conf"
run 1 "sync: refused by the configuration" "$lack" seccomp erika sync
like "$err" 'seccomp' "with the reason"
is "$(cat web.log)" "" "before anything is asked"
rm "$XDG_CONFIG_HOME/erika/erika.conf"
run 0 "sync: without it, it works" "$lack" both erika sync
like "$err" '1 new' "all of it"
unlike "$err" 'shut in' "and makes no words"
run 0 "sync: unless they are wanted" "$lack" landlock erika sync -v
like "$err" 'not quite shut in: this kernel has no Landlock' "then it says so"
run 0 "sync: with all of it" erika sync -v
unlike "$err" 'shut in' "there is nothing to say"
run 0 "sync: also where all is there" erika sync --require-sandbox

# ---- who is held, while it happens

serve mute-web h/m --as mute
run 0 "a mirror that says nothing" erika add --yes --mirror "$http/" \
	h/m/m/1.root.json
erika sync --from "$http/" >sync.out 2>&1 &
sync=$!
# Until one of its children has asked.
for _ in $(seq 100); do
	[ -s mute-web.log ] && break
	[ "$(cat /proc/"$sync"/task/*/children 2>/dev/null | wc -w)" -ge 5 ] &&
		grep -q '^Seccomp:.2' $(for p in $(cat /proc/"$sync"/task/*/children); do
			echo "/proc/$p/status"
		done) && break
	sleep 0.05
done
held=$(grep -h '^Seccomp:' "/proc/$sync/status" | tr -d '\t ')
is "$held" Seccomp:2 "the reader itself is held while it waits"
children=$(cat /proc/"$sync"/task/*/children)
new=0
for p in $children; do
	grep -q '^NoNewPrivs:.1' "/proc/$p/status" && new=$((new + 1))
done
is "$new" "$(echo "$children" | wc -w)" "no child can gain privileges"
ok "$(grep -q '^Seccomp:.2' $(for p in $children; do
	echo "/proc/$p/status"
done); echo $?)" "who fetches is held"
kill "$sync"
wait "$sync" 2>/dev/null

# ---- what is on the line

tools_or_skip "capturing" ip openssl
unshare -nm true 2>/dev/null ||
	skip_all "capturing" "may make no network namespace"

{
	openssl req -x509 -newkey ec -nodes -days 2 \
		-pkeyopt ec_paramgen_curve:P-256 -keyout m.key -out m.pem \
		-subj "/CN=m.example" \
		-addext subjectAltName=DNS:m.example,DNS:r.example
	pin=sha256//$(openssl pkey -in m.key -pubout -outform der |
		openssl dgst -sha256 -binary | openssl base64)
} 2>openssl.out

# inside: one namespace with the machine's resolver at 127.0.0.1, where nobody
# answers; each trial's packets go to NAME.packets.
cat >inside.sh <<'INSIDE'
ip link set lo up
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
mount --bind resolv.conf /etc/resolv.conf || exit 77
mkfifo ways.in
: >ways.log
python3 "$SRC/tests/lib/ways.py" --tls m.pem m.key --log ways.log \
	--seconds 100 <ways.in >ways.out 2>ways.err &
ways=$!
exec 8>ways.in
trap 'kill "$ways" 2>/dev/null' EXIT
until_ready() {
	for _ in $(seq 200); do
		grep -q READY "$1" && return
		sleep 0.05
	done
}
until_ready ways.out
tls=$(sed -n 's/^TLS //p' ways.out)
socks=$(sed -n 's/^SOCKS //p' ways.out)
echo "$tls" >tls.port
echo "$socks" >socks.port
resolver="resolver=https://r.example:$tls/q|resolver_address=127.0.0.1"
m="https://m.example:$tls/|x|0|0|99|p"

# trial NAME COMMAND...
trial() {
	rm -f capture.in
	mkfifo capture.in
	python3 "$SRC/tests/lib/capture.py" <capture.in >"$1.packets" 2>&1 &
	capture=$!
	exec 9>capture.in
	until_ready "$1.packets"
	"${@:2}" >"$1.out" 2>&1
	exec 9>&-
	wait "$capture"
}
fetch() {
	"$ERIKA_BIN/tests/tool/fetchtool" -O -a m.pem "$@"
}
trial https fetch "$m|strategy=https"
trial address fetch "$m|strategy=address|address=127.0.0.1"
trial doh fetch "$m|strategy=doh|$resolver"
trial sni fetch "$m|strategy=sni|sni=o.example|pin=$PIN|address=127.0.0.1"
trial no-sni fetch "$m|strategy=no-sni|pin=$PIN|address=127.0.0.1"
trial front fetch "$m|strategy=front|front=r.example|address=127.0.0.1"
trial proxy fetch "$m|strategy=proxy|proxy=socks5h://127.0.0.1:$socks"
trial sync erika sync --proxy "socks5h://127.0.0.1:$socks"
trial add erika add --yes --proxy "socks5h://127.0.0.1:$socks" \
	https://other.example/er/
INSIDE
reader two
trust h --mirror https://m.example/er/ --mirror http://n.example/er/ \
	--mirror "http://127.0.0.1:1/"
ok $? "a reader with three mirrors"
SRC=$SRC ERIKA_BIN=$ERIKA_BIN PIN=$pin unshare -nm bash inside.sh
status=$?
[ $status -ne 77 ] ||
	skip_all "capturing" "cannot put another file over /etc/resolv.conf"
ok $status "a network of its own"

packets() {
	sed 1d "$1.packets" | sort -u
}
like "$(packets https)" '^udp 127.0.0.1:53$' \
	"plain https asks the resolver here, and the capture shows it"
for way in address doh sni no-sni front proxy; do
	unlike "$(packets $way)" '^udp' "$way: no UDP at all"
	unlike "$(packets $way)" ':53$' "$way: the resolver is not asked"
	like "$(packets $way)" '^syn 127.0.0.1:' "$way: it is tried"
done
like "$(cat address.out)" '^OK 12 ' "while it works"
only_proxy="syn 127.0.0.1:$(cat socks.port)"
for what in proxy sync add; do
	is "$(packets $what)" "$only_proxy" \
		"$what: with a proxy nothing goes anywhere else"
done
like "$(cat ways.log)" '^socks .* m.example 443$' "which is told the names"
like "$(cat ways.log)" '^socks .* other.example 443$' "also when adding"

plan
