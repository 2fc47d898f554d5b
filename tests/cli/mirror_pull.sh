#!/bin/bash
# Pull: mirrors feed mirrors, nothing is believed, quotas hold, a full disk
# leaves what is served.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
PATH=$ERIKA_BIN/tests/tool:$PATH

# node NAME SOURCE...: a configuration NAME.conf with a tree NAME.
node() {
	cat >"$1.conf" <<-CONF
	[mirror]
	root = $PWD/$1
	listen = 127.0.0.1:0
	publisher = $words
	pull = ${*:2}
	CONF
	mkdir -p "$1"
}

# pull NAME STATUS WHAT
pull() {
	run "$2" "$3" erika-mirror pull -c "$1.conf"
}

# differ SOURCE TREE: files of the tree that are not the source's. Superseded
# metadata need not be there.
differ() {
	diff -r "$1" "$2" | grep -v -e "^Only in $1" -e "Only in $2: \." \
		-e "Only in $2/\.stage" -e "Only in $2/\.node"
}

# head TREE: the version that it serves and verifies, else "bad".
head_of() {
	if wholetool "$1" "$words" >whole.txt 2>whole.err; then
		cut -d' ' -f1 whole.txt
	else
		echo "bad: $(cat whole.err)"
	fi
}

newsroom h "The Harbour"
page h tide "The tide" "High water at noon."
issue h

# ---- from the newsroom's folder
node a "$PWD/h/m"
pull a 0 "a first pull"
like "$err" '^publisher +version 1, [0-9]+ files, [0-9.]+ [KM]B$' "says what came"
is "$(head_of a)" 1 "it is whole"
is "$(diff -r h/m a | grep -v 'Only in a: \.')" "" "and the same folder"
pull a 0 "again"
like "$err" 'version 1, nothing newer' "there is nothing newer"
run 0 "as JSON" erika-mirror pull --json -c a.conf
is "$out" '{"before":1,"bytes":0,"error":null,"files":0,"publisher":"publisher","version":1}' \
	"which is one line"
page h fog "Fog" "None at all."
issue h
pull a 0 "news"
is "$(head_of a)" 2 "come"

# ---- what is wrong with it, and that it changes nothing
is "$(find a/.stage -type f ! -name owner ! -name lock)" "" "the stage is empty"
node b "$PWD/nowhere"
pull b 13 "a source that is not there"
like "$err" 'nowhere: .*(not there|No such file)' "is named"
node b
sed -i '/^pull/d' b.conf
pull b 2 "no source at all is a mistake in the configuration"
newsroom o "The Other"
page o lie "A lie" "By others."
other=$(sed -n 's/^words *//p' o/init.out)
words=$(sed -n 's/^words *//p' h/init.out)
issue o
node b "$PWD/o/m"
pull b 13 "another outlet's folder"
is "$(find b -type f ! -name owner ! -name lock ! -path '*/.node/*')" "" \
	"leaves nothing"

# one liar beside an honest source, with each file in turn changed
cp -r h/m liar
bad=0
node c "$PWD/liar $PWD/h/m"
for f in $(cd h/m && find m t -type f ! -name now.pack); do
	rm -rf c liar && mkdir c && cp -r h/m liar
	flip "liar/$f"
	erika-mirror pull -q -c c.conf 2>/dev/null || bad=$((bad + 1))
	differ h/m c >diff.txt
	[ "$(head_of c)" = 2 ] && [ ! -s diff.txt ] || {
		bad=$((bad + 1))
		sed "s|^|# $f: |" diff.txt
	}
done
is $bad 0 "a lying source beside an honest one: every file, all is had"
node c "$PWD/liar"
bad=0
for f in $(cd h/m && find m t -type f ! -name now.pack ! -name '*.minisig' \
	! -name 1.snapshot.json ! -name 1.d-news.json ! -name '1.x.json'); do
	rm -rf c liar && mkdir c && cp -r h/m liar
	flip "liar/$f"
	erika-mirror pull -q -c c.conf 2>/dev/null && bad=$((bad + 1)) &&
		echo "# $f"
	[ "$(head_of c)" = 0 ] || bad=$((bad + 1))
done
is $bad 0 "a lying source alone: every file, nothing goes live"
rm -rf liar && cp -r h/m liar
pull c 0 "what came before is used when the source is mended"
is "$(head_of c)" 2 "and it is whole"

# ---- a chain, newsroom to first to second to third, the middle one killed
mkdir n1 n2 n3
node n1 "$PWD/h/m"
sed -i '/^pull/d' n1.conf
declare -A pid
start() { # NAME: serve it; sets $at to its address
	: >"$1.err"
	erika-mirror serve -q -c "$1.conf" 2>"$1.err" &
	pid[$1]=$!
	for _ in $(seq 200); do
		at=$(sed -n 's/^erika-mirror: serving .* on //p' "$1.err")
		[ "$at" ] && return
		sleep 0.05
	done
}
stop_all() { for p in "${pid[@]}"; do kill "$p" 2>/dev/null; done; }
trap stop_all EXIT
start n1
printf '[mirror "n1"]\nto = %s\n' "$at" >h/room/mirrors.ini
node n2 "$at"
start n2
# The second keeps its address when it comes back.
port=${at##*:} port=${port%/}
sed -i "s/^listen.*/listen = 127.0.0.1:$port/" n2.conf
node n3 "$at"
run 0 "the newsroom pushes to the first" erika-press publish -C h/room
(while [ ! -e end ]; do erika-mirror pull -q -c n3.conf; sleep 0.02; done) \
	>n3.log 2>&1 &
third=$!
killed=0
for i in $(seq 8); do
	page h "chain$i" "Chain $i" "Link $i. $(seq 20000 | tr '\n' ' ')"
	issue h
	erika-mirror pull -q -c n2.conf 2>n2.log &
	second=$!
	sleep "0.0$i"
	kill -9 $second 2>/dev/null && killed=$((killed + 1))
	wait $second 2>/dev/null
	kill -9 "${pid[n2]}"
	wait "${pid[n2]}" 2>/dev/null
	start n2
	like "$(head_of n2)" '^[0-9]+$' "killed in pull $i, the second is whole"
done
pull n2 0 "the second pulls to the end"
newest=$(head_of n1)
for _ in $(seq 200); do
	[ "$(head_of n3)" = "$newest" ] && break
	sleep 0.05
done
touch end
wait $third
is "$(head_of n3)" "$newest" "the third has come as far"
is "$(differ n1 n3)" "" "and has the first's files"
like "$killed" '^[1-8]$' "of eight pulls $killed were killed in time"
run 0 "two pulls into one folder at once: one" bash -c '
	rm -rf n2/m/timestamp.json
	erika-mirror pull -q -c n2.conf & p=$!
	erika-mirror pull -q -c n2.conf 2>twice.err; a=$?
	wait $p; b=$?
	[ $a -eq 0 ] || [ $b -eq 0 ]'
is "$(head_of n2)" "$newest" "does it"
# a pull while the same head is pushed: whoever comes second finds it live
page h both "Both" "At once. $(seq 20000 | tr '\n' ' ')"
erika-press pack -q -C h/room h/pages >/dev/null 2>&1
printf '[mirror "m"]\nto = %s\n[mirror "n1"]\nto = %s\n' "$PWD/h/m" \
	"$(sed -n 's/^erika-mirror: serving .* on //p' n1.err)" \
	>h/room/mirrors.ini
erika-press publish -q -C h/room m
node n1 "$PWD/h/m"
sed -i "s/^listen.*/listen = 127.0.0.1:1/" n1.conf
erika-mirror pull -q -c n1.conf 2>both.err &
one=$!
erika-press publish -q -C h/room n1 2>>both.err
pushed=$?
wait $one
is "$? $pushed" "0 0" "a pull and a push of news at once"
sed 's/^/# /' both.err
pull n1 0 "a pull of what was pushed"
run 0 "it is whole" wholetool n1 "$words"
stop_all
wait

# ---- --every goes on
node e "$PWD/h/m"
erika-mirror pull -q --every 1 -c e.conf 2>e.err &
every=$!
for _ in $(seq 200); do
	[ "$(head_of e)" = "$(head_of h/m)" ] && break
	sleep 0.05
done
kill -0 $every
ok $? "--every: it has pulled, and goes on"
kill $every
wait $every 2>/dev/null
run 2 "--every of more than a week" erika-mirror pull --every 10081 -c e.conf

# ---- no room: by quota, and by the disk itself
node q "$PWD/h/m"
echo "store = 100K" >>q.conf
pull q 14 "a quota that is too small for what is not sealed"
is "$(head_of q)" 0 "leaves nothing half-served"
[ "$(du -s --apparent-size -k q | cut -f 1)" -le 100 ]
ok $? "and takes no more than that"

# full OPTIONS: a pull of news into a small file system; its status, and what
# is served then.
full() {
	unshare -rm bash -c '
		mount -t tmpfs -o "$1" tmpfs d && cp -r start/. d/ || exit
		erika-mirror pull -q -c d.conf 2>full.err
		echo "status $?"
		wholetool d "$2" 2>&1' - "$1" "$words"
}
if unshare -rm mount -t tmpfs tmpfs /mnt 2>/dev/null; then
	rm -rf start && cp -r h/m start
	before=$(wholetool start "$words")
	page h last "Last" "Of all. $(seq 40000 | tr '\n' ' ')"
	printf '[mirror "m"]\nto = %s\n' "$PWD/h/m" >h/room/mirrors.ini
	issue h
	after=$(wholetool h/m "$words")
	node d "$PWD/h/m"
	kb=$(du -sk start | cut -f 1) files=$(find start | wc -l)
	bad=0 failed=0 done=0
	for more in $(seq 8 12 200); do
		for o in "size=$((kb + more))k" \
			"size=90m,nr_inodes=$((files + more / 4))"; do
			case $(full "$o" | tr '\n' ' ') in
			"status 14 $before ") failed=$((failed + 1)) ;;
			"status 0 $after ") done=$((done + 1)) ;;
			"") ;; # not even what was there fits
			*) bad=$((bad + 1)); full "$o" | sed "s|^|# $o: |" ;;
			esac
		done
	done
	is $bad 0 "a disk that is full at any point: the old head or the new"
	[ $failed -ge 5 ] && [ $done -ge 3 ]
	ok $? "it was full $failed times, and large enough $done times"
else
	skip "a full disk" "mounting is not permitted here"
fi
plan
