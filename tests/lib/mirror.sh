# A mirror for tests. Source after tap.sh.
export PYTHONDONTWRITEBYTECODE=1

# mirror_start ARGUMENT...: erika-mirror serve; sets $mirror_pid, $url, $port.
mirror_start() {
	: >mirror.err # what an earlier one said
	erika-mirror serve "$@" 2>mirror.err &
	mirror_pid=$!
	trap 'kill "$mirror_pid" 2>/dev/null' EXIT
	mirror_said 'serving' || {
		sed 's/^/#   /' mirror.err
		return 1
	}
	url=$(sed -n 's/^erika-mirror: serving .* on //p' mirror.err | head -n 1)
	port=$(printf '%s' "$url" | sed 's/.*:\([0-9]*\)\/.*/\1/')
}

# mirror_said PATTERN [N]: wait until N lines (1) of its stderr match.
mirror_said() {
	for _ in $(seq 200); do
		[ "$(grep -c -- "$1" mirror.err)" -ge "${2:-1}" ] && return 0
		kill -0 "$mirror_pid" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

# mirror_stop [SIGNAL]: ends it; its status is $mirror_status.
mirror_stop() {
	kill "-${1:-TERM}" "$mirror_pid"
	wait "$mirror_pid"
	mirror_status=$?
	trap - EXIT
}

# results COMMAND...: it prints a line "0 NAME" for a pass, "1 NAME" for a
# failure, and ends with 0.
results() {
	"$@" >results.out 2>results.err
	results_status=$?
	while read -r results_one results_name; do
		ok "$results_one" "$results_name"
	done <results.out
	ok "$results_status" "${1##*/} ${2##*/} ran to its end"
	[ "$results_status" -eq 0 ] || sed 's/^/#   /' results.err
}
