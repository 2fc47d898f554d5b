# TAP for shell tests. Sourced by tests/cli/*.sh and tests/net/*.sh, which run
# with ERIKA_BIN (folder of the three programs), SRC (the source tree) and an
# empty working folder of their own that the runner removes.
tap_count=0
tap_failed=0
set -u
export LC_ALL=C.UTF-8 NO_COLOR=1
PATH=$ERIKA_BIN:$PATH

# ok STATUS NAME: STATUS is 0 for a pass.
ok() {
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count - $2"
	else
		echo "not ok $tap_count - $2"
		tap_failed=$((tap_failed + 1))
	fi
}

# is GOT WANT NAME
is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '%s\n' "$1" | sed 's/^/#   got  /'
		printf '%s\n' "$2" | sed 's/^/#   want /'
	fi
}

# like TEXT PATTERN NAME: extended regular expression.
like() {
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '%s\n' "$1" | sed 's/^/#   got  /'
		echo "#   want /$2/"
	fi
}

# unlike TEXT PATTERN NAME
unlike() {
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
		ok 1 "$3"
		printf '%s\n' "$1" | sed 's/^/#   got  /'
		echo "#   unwanted /$2/"
	else
		ok 0 "$3"
	fi
}

# at DAY COMMAND...: run it at noon of that day.
at() {
	faketime "$1 12:00:00" "${@:2}"
}

# none FILE NAME: the file is empty.
none() {
	if [ -s "$1" ]; then
		ok 1 "$2"
		sed 's/^/#   /' "$1"
	else
		ok 0 "$2"
	fi
}

# run STATUS NAME COMMAND...: runs it, keeps $out and $err, checks its status.
run() {
	run_want=$1
	run_name=$2
	shift 2
	"$@" >run.out 2>run.err </dev/null
	run_got=$?
	out=$(cat run.out)
	err=$(cat run.err)
	is "$run_got" "$run_want" "$run_name"
	if [ "$run_got" != "$run_want" ]; then
		sed 's/^/#   /' run.err | tail -n 12
	fi
}

# skip NAME WHY
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all NAME WHY: what is left of this test is not run.
skip_all() {
	skip "$1" "$2"
	plan
	exit
}

# tools_or_skip NAME TOOL...: all of them are here, or nothing is run.
tools_or_skip() {
	for tools_one in "${@:2}"; do
		command -v "$tools_one" >/dev/null ||
			skip_all "$1" "needs $tools_one"
	done
}

# The last line of every test.
plan() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
}
