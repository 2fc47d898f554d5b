# The laboratory of tests/net/lab.py in shell tests. Source after tap.sh.
export PYTHONDONTWRITEBYTECODE=1

# lab_or_skip NAME: ends the test, skipped, where there can be none.
lab_or_skip() {
	tools_or_skip "$1" python3 "$ERIKA_BIN/tests/net/lagd"
	lab_why=$(python3 "$SRC/tests/net/lab.py" --check) ||
		skip_all "$1" "$lab_why"
}

# lab_start ROOT MIRRORS [OPTION...]: mirrors of that folder; sets $lab_pid,
# $lab_reader, the process id of the reader's namespaces, and $lab_pin. It ends
# with this shell. Without it the test ends, failed.
lab_start() {
	lab_root=$1
	lab_n=$2
	shift 2
	coproc LAB { exec python3 "$SRC/tests/net/lab.py" --work lab \
		--tools "$ERIKA_BIN/tests/net" --root "$lab_root" \
		--mirrors "$lab_n" "$@"; }
	# Kept, since bash forgets those of a process that has ended.
	lab_in=${LAB[1]} lab_out=${LAB[0]} lab_pid=$LAB_PID
	if IFS= read -r -t 60 lab_says <&"$lab_out" &&
		[ "${lab_says%% *}" = ok ]; then
		read -r _ lab_reader lab_pin <<<"$lab_says"
		ok 0 "a laboratory with $lab_n mirrors"
		return
	fi
	ok 1 "a laboratory"
	echo "#   ${lab_says:-no answer}"
	plan
	exit 1
}

# lab COMMAND...: see lab.py; $lab_says is the answer.
lab() {
	echo "$*" >&"$lab_in"
	IFS= read -r -t 60 lab_says <&"$lab_out" &&
		[ "${lab_says%% *}" = ok ] && return 0
	echo "# laboratory: $*: ${lab_says:-no answer}"
	return 1
}

# Without being root the namespaces are in one where this user is.
lab_enter="nsenter"
[ "$(id -u)" = 0 ] || lab_enter="nsenter -U --preserve-credentials"

# at_reader COMMAND...: runs it where the reader is.
at_reader() {
	PATH=$PATH:/usr/sbin $lab_enter -t "$lab_reader" -n -m \
		env -C "$PWD" "$@"
}

# mirror_url N [https|http]: of mirror N.
mirror_url() {
	printf '%s://m%02d.lab.test/' "${2-https}" "$1"
}

# together N: run the lines of standard input as shell commands, N at a time.
together() {
	xargs -d '\n' -P "$1" -I{} bash -c '{}'
}

# capture_or_skip NAME: ends the test, skipped, where tcpdump cannot run.
capture_or_skip() {
	if ! PATH=$PATH:/usr/sbin command -v tcpdump >/dev/null; then
		skip "$1" "needs tcpdump"
	elif [ "$(id -u)" != 0 ]; then
		skip "$1" "tcpdump must be run by root"
	else
		return
	fi
	plan
	exit
}

# capture NAME: packets at the reader, all but ARP, until capture_stop.
capture() {
	PATH=$PATH:/usr/sbin $lab_enter -t "$lab_reader" -n -m tcpdump -i any \
		-Z root -n -U -B 16384 -s 256 --immediate-mode -w - not arp \
		>"$1.pcap" 2>"$1.pcap.err" &
	capture_pid=$!
	capture_name=$1
	for _ in $(seq 200); do
		grep -q '^tcpdump: listening' "$1.pcap.err" && return 0
		kill -0 "$capture_pid" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}
capture_stop() {
	# What was sent last is seen last.
	at_reader curl -s -m 2 -o end.out http://198.18.1.202:81/ || true
	for _ in $(seq 100); do
		captured "$capture_name" 'port 81' | grep -qF .81 && break
		sleep 0.05
	done
	kill -INT "$capture_pid"
	wait "$capture_pid" 2>/dev/null
}

# captured NAME FILTER...: the packets of it, a line each.
captured() {
	captured_name=$1
	shift
	PATH=$PATH:/usr/sbin tcpdump -n -r "$captured_name.pcap" "$@" \
		2>captured.err || cat captured.err
}

# beside_proxy NAME: the packets of it that begin something, but with the proxy.
# The kernel may still send again what an earlier process left unanswered.
beside_proxy() {
	captured "$1" 'not host 198.18.1.201 and not port 81' \
		'and not (tcp and tcp[tcpflags] & tcp-syn = 0)'
}

# asked NAME...: how often the local resolver was asked for it.
asked() {
	grep -cE "query\[[A-Z]+\] $1 " lab/dns.log
}
