# What a sync must say of a mirror that behaves so, and how it must end when
# there is none but that. Source after tap.sh and newsroom.sh.

# deed BEHAVIOUR: sets $alone (pattern of the exit status without another
# mirror), $words (pattern of what is said of it; empty: nothing is wrong), and
# $named (whether it must be said also beside a good mirror, or may be: who is
# silent may not have been waited for).
deed() {
	alone=13 named=yes words=
	case $1 in
	blackhole | bogus-address | synack-silence | sni-drop | mute | silent | \
		slow-body | slow-head)
		words='too slow|unreachable|gave up|no answer' named=may
		;;
	freeze) alone=0 named=may words='too slow|unreachable|frozen' ;;
	throttle) alone=0 named=may words='too slow' ;;
	loss-*) alone=0 named=may words='too slow|unreachable' ;;
	normal) alone=0 named=no ;;
	rst | closed) words='unreachable: tcp_ip: ' ;;
	sni-rst | reset)
		words='unreachable: (tcp_ip|http-failure): .*(reset|broke off)'
		;;
	nxdomain) words='unreachable: dns: ' ;;
	garbage-tls | garbage) words='unreachable: http-(failure|diff): ' ;;
	block-page) words='unreachable: http-diff: a web page' ;;
	redirect) words='unreachable: http-diff: redirected' ;;
	gzip-bomb) words='http-diff: an encoding' ;;
	status-403) words='403' ;;
	status-451) words='451|removed by the operator' ;;
	# It may not have been asked for what it tampered with.
	tampered) alone=10 named=may words='lied: .*tampered' ;;
	bit-flip) alone='10|11|12|15' words='lied: ' ;;
	stale) alone=0 words='is stale' ;;
	truncated) alone=10 words='cut .*short' ;;
	endless) alone=10 words='lied: .*endless' ;;
	esac
}

# deed_outlet DIR: a newsroom there; DIR/m is as it is, DIR/m.stale as it was,
# DIR/m.tampered has a bit flipped in an article. It has $deed_n articles.
deed_outlet() {
	newsroom "$1" "The Harbour"
	page "$1" tide "The tide" "High water at noon."
	issue "$1"
	cp -a "$1/m" "$1/m.stale"
	page "$1" fog "Fog on the quay" "None at all."
	for deed_n in 1 2 3 4 5 6 7 8; do
		page "$1" "long$deed_n" "A long one, $deed_n" \
			"$(head -c 9000 /dev/urandom | base64)"
	done
	issue "$1" || return
	deed_n=10
	cp -a "$1/m" "$1/m.tampered"
	flip "$1"/m.tampered/t/b/news/*/*.2.ekb 20000
}

# deed_try NAME URL...: prints a command: an empty reader syncs from those
# mirrors. NAME.said is what it says, NAME.status how it ends, NAME.list what
# it then has.
deed_try() {
	deed_name=$1
	shift
	printf 'export XDG_DATA_HOME=%s/readers/%s; ' "$PWD" "$deed_name"
	printf 'erika add -q --yes'
	printf ' --mirror %s' "$@"
	printf ' h/m/m/1.root.json; timeout 90 erika sync >%s.said 2>&1; ' \
		"$deed_name"
	printf 'echo $? >%s.status; erika list --all --json >%s.list 2>&1\n' \
		"$deed_name" "$deed_name"
}

# deed_judge BEHAVIOUR MIRROR: of one-BEHAVIOUR, beside a good mirror, and
# bad-BEHAVIOUR, alone. MIRROR is a pattern of its name.
deed_judge() {
	deed "$1"
	is "$(cat "one-$1.status")" 0 "$1 beside a good one: up to date"
	is "$(grep -c "erika-headline" "one-$1.list")" $deed_n \
		"with all articles"
	case $named in
	yes) like "$(cat "one-$1.said")" "^  .*$2.*($words)|^  .*($words).*$2" \
			"and says so" ;;
	may)
		unlike "$(grep -E "^  $2 " "one-$1.said" |
			grep -Ev "$words")" . \
			"and if it is named, then for that"
		;;
	esac
	unlike "$(grep -Ev "^  $2 " "one-$1.said")" 'lied|unreachable|too slow' \
		"and says nothing of others"
	like "$(cat "bad-$1.status")" "^($alone)$" "$1 alone: ends with $alone"
	if [ "$alone" = 0 ]; then
		[ "$1" = stale ] || is "$(grep -c "erika-headline" "bad-$1.list")" $deed_n \
			"with all articles"
	else
		like "$(grep "$2" "bad-$1.said")" "$words" "and says why"
	fi
}

# deed_whole: every library of those readers is.
deed_whole() {
	python3 - readers/*/erika/library.db >whole.out <<'PY'
import sqlite3, sys
for path in sys.argv[1:]:
    db = sqlite3.connect(path)
    for line in db.execute("PRAGMA integrity_check"):
        if line[0] != "ok":
            print(path, line[0])
print(len(sys.argv) - 1, "libraries")
PY
	is "$(cat whole.out)" "$(ls -d readers/*/erika | wc -l) libraries" \
		"all libraries are whole"
}
