# A newsroom and readers for tests. Source after tap.sh. Keys are tests' own
# and unencrypted.

# newsroom DIR NAME: DIR/room publishes to the folder DIR/m.
newsroom() {
	mkdir -p "$1/pages" "$1/m"
	erika-press init -q --no-passphrase --name "$2" "$1/room" >"$1/init.out" &&
		printf '[mirror "m"]\nto = %s\n' "$(cd "$1" && pwd)/m" \
			>"$1/room/mirrors.ini"
	words=$(sed -n 's/^words *//p' "$1/init.out")
}

# page DIR ID TITLE TEXT [DATE]: a page for the next issue.
page() {
	cat >"$1/pages/$2.html" <<HTML
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>$3</title>
<meta property="article:published_time" content="${5:-2026-11-20T10:00:00Z}">
<meta name="author" content="Wilhelmina Quay">
</head><body><article><h1>$3</h1>
<p>$4</p>
<p>The harbour master read the notice twice, folded it, and said that the
weather would decide, as it always had, whatever the council wrote.</p>
</article></body></html>
HTML
}

# issue DIR [OPTION...]: pack what is new in DIR/pages, and publish.
issue() {
	issue_by "" "$@"
}

# issue_on DAY DIR [OPTION...]: the same at noon of that day.
issue_on() {
	issue_by "at $1" "${@:2}"
}

issue_by() {
	issue_how=$1
	issue_dir=$2
	shift 2
	$issue_how erika-press pack -q -C "$issue_dir/room" "$@" \
		"$issue_dir/pages" >"$issue_dir/pack.out" 2>&1 &&
		$issue_how erika-press publish -q -C "$issue_dir/room" \
			>"$issue_dir/publish.out" 2>&1 || {
		sed 's/^/#   /' "$issue_dir"/p*.out
		return 1
	}
}

# reader NAME: an empty library of its own from here on.
reader() {
	export XDG_DATA_HOME=$PWD/readers/$1 XDG_CONFIG_HOME=$PWD/readers/$1.cf
	mkdir -p readers
}

# trust DIR [OPTION...]: the reader adds that newsroom.
trust() {
	trust_dir=$1
	shift
	erika add -q --yes "$@" "$trust_dir/m/m/1.root.json"
}

# the only file that matches: its name, for quoting.
only() {
	[ $# -eq 1 ] && [ -f "$1" ] && echo "$1"
}

# flip FILE [OFFSET]: change one bit of its middle, or of that byte.
flip() {
	python3 - "$@" <<'PY'
import sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
at = int(sys.argv[2]) if len(sys.argv) > 2 else len(data) // 2
data[at] ^= 1
open(path, "wb").write(data)
PY
}

# servers: hostile_mirror.py on loopback until the test ends.
servers=
servers_stop() {
	for s in $servers; do kill "$s" 2>/dev/null; done
	servers=
}

# serve NAME ROOT [OPTION...]: sets $http to its address, without a behaviour.
# Its log is NAME.log.
serve() {
	serve_name=$1
	serve_root=$2
	shift 2
	trap servers_stop EXIT
	mkfifo "$serve_name.in"
	python3 "$SRC/tests/lib/hostile_mirror.py" --root "$serve_root" \
		--seconds 250 --log "$serve_name.log" "$@" \
		<"$serve_name.in" >"$serve_name.port" 2>"$serve_name.err" &
	servers="$servers $!"
	exec {serve_fd}>"$serve_name.in"
	for _ in $(seq 200); do
		[ -s "$serve_name.port" ] && break
		sleep 0.05
	done
	http=http://127.0.0.1:$(sed -n 's/^PORT //p' "$serve_name.port")
	: >"$serve_name.log"
}
