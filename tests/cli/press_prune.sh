#!/bin/bash
# Old metadata goes after 60 days, from the repository and from folders that it
# is copied to; nothing goes that a reader is led to.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/newsroom.sh"
tools_or_skip "old metadata" faketime

# files DIR: names of its metadata.
files() {
	(cd "$1" && ls m | sort | tr '\n' ' ')
}

# leads DIR DAY: a reader gets everything from there.
leads() {
	reader "r$RANDOM$RANDOM"
	at "$2" erika add -q --yes "$1/m/1.root.json" &&
		at "$2" erika sync -q --from "$1" --since 2026-01-01
}

mkdir -p h/pages h/m h/late
at 2026-03-02 erika-press init -q --no-passphrase --name "The Harbour" h/room \
	>/dev/null 2>&1
cat >h/room/mirrors.ini <<INI
[mirror "m"]
to = $PWD/h/m
[mirror "late"]
to = $PWD/h/late
INI
# publish DAY [MIRROR...]
publish() {
	at "$1" erika-press publish -q -C h/room "${@:2}"
}
page h tide "The tide" "High water at noon." 2026-03-02T10:00:00Z
at 2026-03-02 erika-press pack -q -C h/room h/pages >/dev/null 2>&1
run 0 "a newsroom publishes" publish 2026-03-02
page h fog "Fog" "None." 2026-03-09T10:00:00Z
at 2026-03-09 erika-press pack -q -C h/room h/pages >/dev/null 2>&1
run 0 "and again" publish 2026-03-09
run 0 "seals" at 2026-03-16 erika-press seal -q -C h/room
run 0 "and publishes that" publish 2026-03-16
cp -R h/m stick
before=$(files h/room/repository)
like "$before" '1\.d-news\.json .*2\.d-news\.json' "old lists are there"

# ---- time goes by

run 0 "59 days after the first" publish 2026-05-01
is "$(files h/room/repository | tr ' ' '\n' | grep -c '^1\.d-news')" 1 \
	"all of them still are"
first=$(files h/room/repository)
run 0 "60 days and a bit after the second" publish 2026-05-09 m
second=$(files h/room/repository)
unlike "$second" '(^| )1\.d-news\.json' "the first list of the desk is gone"
unlike "$second" '(^| )1\.snapshot\.json' "and the first snapshot"
like "$second" '(^| )2\.d-news\.json' "the second, replaced a week later, is not"
like "$second" '(^| )1\.root\.json' "the root stays"
is "$(files h/m)" "$(files h/room/repository)" "the mirror has the same"
like "$(files h/late)" '(^| )1\.snapshot\.json' \
	"one that was not published to has its own"
leads h/m 2026-05-09
ok $? "a new reader gets everything from the mirror"
leads "$PWD/h/room/repository" 2026-05-09
ok $? "and from the repository"
leads h/late 2026-05-02
ok $? "and from the one that is behind"
run 0 "published to, it follows" publish 2026-05-10
is "$(files h/late)" "$(files h/m)" "and has the same"
run 0 "a new mirror gets no old ones" bash -c "
	printf '[mirror \"new\"]\nto = %s\n' \"$PWD/h/new\" >>h/room/mirrors.ini
	faketime '2026-05-10 13:00:00' erika-press publish -q -C h/room"
is "$(files h/new)" "$(files h/m)" "but the same as the others"
leads h/new 2026-05-10
ok $? "and readers get everything"

# ---- a reader from before

reader before
at 2026-03-16 erika add -q --yes stick/m/1.root.json
at 2026-03-16 erika sync -q --from stick
run 0 "who had the old ones goes on" at 2026-05-10 erika sync --from h/m
like "$err" 'nothing new' "with nothing lost"

# ---- roots, after their keys changed, and years without news

run 0 "a new root" at 2026-05-11 erika-press key new -q -C h/room \
	--no-passphrase second
run 0 "takes the timestamp from the first key" at 2026-05-11 erika-press root \
	-q -C h/room new set timestamp second
at 2026-05-11 erika-press root -q -C h/room sign >/dev/null 2>&1
at 2026-05-11 erika-press root -q -C h/room install >/dev/null 2>&1
publish 2026-05-11
n=$(files h/m | wc -w)
day=2026-05-12
for _ in 1 2 3 4 5 6 7 8; do
	day=$(date -u -d "$day + 40 days" +%Y-%m-%d)
	publish "$day"
done
ok "$([ "$(files h/m | wc -w)" -le "$n" ]; echo $?)" \
	"a year of publishing adds no files"
like "$(files h/m)" '(^| )1\.root\.json' "the first root is still there"
leads h/m "$day"
ok $? "and leads a new reader to everything"
reader before
run 0 "as the one from before" at "$day" erika sync --from h/m

# ---- a clock that jumps

run 0 "a clock 15 years ahead" publish 2042-01-01
leads h/m 2042-01-01
ok $? "takes nothing that is needed"
run 0 "nor one 35 years back" publish 2007-01-01
leads "$PWD/h/room/repository" 2007-01-01
ok $? "does"

for day in 2007-01-02 2007-03-10; do
	publish $day
done
is "$(files h/m | tr ' ' '\n' | grep -c snapshot)" 1 \
	"and with a clock that was mended old ones go as ever"

# ---- what is not ours, and what was cut off

day=2042-01-02
echo note >h/m/m/README
echo '{}' >h/m/m/7.other.json
echo '{}' >h/m/m/999.snapshot.json
touch -d '2 days ago' h/m/m/.new-77-0 h/m/t/x/.new-78-0
touch -d "$day 12:00" h/m/m/.new-79-0
run 0 "strange files on a mirror" publish "$day"
ok "$([ -e h/m/m/README ] && [ -e h/m/m/7.other.json ] &&
	[ -e h/m/m/999.snapshot.json ]; echo $?)" "stay"
is "$(find h/m -name '.new-*' | sed 's|.*/||')" .new-79-0 \
	"what a run left half-written days ago goes"
plan
