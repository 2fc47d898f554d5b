#!/bin/bash
# The manual says what the programs do: commands, options, synopses, exit
# statuses, references, the numbers of erika-repository(5); and README.md and
# SECURITY.md name only tests and cases that there are.
: "${SRC:=$(cd "$(dirname "$0")/../.." && pwd)}" "${ERIKA_BIN:=$SRC/build}"
. "$SRC/tests/lib/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$SRC" || exit 1

# ---- what a page says

# plain PAGE: as text, no line broken.
plain() {
	mandoc -Tascii -Owidth=1000 "$1" | sed 's/.\x08//g'
}

# synopsis PAGE: lines "COMMAND ARGUMENTS", in lower case, "..." joined to
# what it repeats, without the options that every command has.
synopsis() {
	plain "$1" | sed -n '/^SYNOPSIS/,/^[A-Z]/{/^ /p;}' |
		sed 's/^ *[^ ]* *//' | shape
}
shape() {
	sed 's/\[\(--json\|-[qv]\)\] *//g; s/ \.\.\./.../g; s/ *$//' |
		tr 'A-Z' 'a-z'
}

# fl PAGE: every option it mentions, "-x" or "--name".
fl() {
	grep -E '^\.' "$1" | grep -oE '(^\.| )Fl -?[A-Za-z0-9][A-Za-z0-9-]*' |
		sed 's/.*Fl /-/' | sort -u
}

# listed PAGE: those that a list explains.
listed() {
	grep -E '^\.It .*Fl ' "$1" >"$work/it"
	fl "$work/it"
}

# statuses PAGE
statuses() {
	sed -n '/^\.Sh EXIT STATUS/,/^\.Sh SEE/s/^\.It \([0-9][0-9]*\)$/\1/p' \
		"$1" | sort -un
}

# ---- what a program says

# options HELP: "-x" and "--name" of a --help.
options() {
	grep -E '^  (-.,|   ) --' "$1" | grep -oE '^  -[^-]|--[a-z0-9-]+' |
		tr -d ' ' | sort -u
}

# fits A B: the synopses are equal but for a placeholder that one of them
# shortens, such as ADDR for address, or "..." for words.
fits() {
	local a b i x y
	local cut='s/[][|]/ & /g; s/\([^"]\)\.\.\./\1 ... /g'
	a=($(sed "$cut" <<<"$1")) b=($(sed "$cut" <<<"$2"))
	[ ${#a[@]} -eq ${#b[@]} ] || return 1
	for i in "${!a[@]}"; do
		x=${a[i]} y=${b[i]}
		[ "$x" = "$y" ] || [ "$x" = '"..."' ] && continue
		[ ${#x} -ge 3 ] && [ ${#y} -ge 3 ] || return 1
		[[ $x == "$y"* || $y == "$x"* ]] || return 1
	done
}

# says NAME COMMAND...: it succeeds and speaks on standard output alone;
# keeps that in $work/help.
says() {
	local name=$1
	shift
	"$@" >"$work/help" 2>"$work/err" </dev/null
	is "$?" 0 "$name works"
	[ -s "$work/help" ] && [ ! -s "$work/err" ]
	ok $? "$name speaks on standard output alone"
}

# program NAME PAGE
program() {
	local p=$1 page=$2 c commands
	says "$p help" "$ERIKA_BIN/$p" help
	commands=$(sed -n "s/^  $p \([a-z-]*\) .*/\1/p" "$work/help")
	[ -n "$commands" ]
	ok $? "$p lists its commands"
	says "$p --version" "$ERIKA_BIN/$p" --version
	: >"$work/built.$p"
	synopsis "$page" >"$work/synopsis"
	echo --version >"$work/all"
	: >"$work/missing"
	for c in $commands; do
		says "$p $c --help" "$ERIKA_BIN/$p" "$c" --help
		options "$work/help" >"$work/options"
		cat "$work/options" >>"$work/all"
		cp "$work/options" "$work/options.$p.$c"
		listed "$page" | comm -13 - "$work/options" >>"$work/missing"
		is "$(sed -n "s/^usage: $p //p" "$work/help" | shape |
			synopsis_of "$c")" "" "$p $c has the manual's synopsis"
	done
	sort -u "$work/missing" -o "$work/missing"
	none "$work/missing" "$p: the manual explains every option"
	sort -u "$work/all" -o "$work/all"
	fl "$page" | comm -23 - "$work/all" >"$work/missing"
	none "$work/missing" "$p: every option in the manual exists"
	sed 's/ .*//' "$work/synopsis" | sort -u |
		comm -23 - <(tr ' ' '\n' <<<"$commands" | sort -u) \
		>"$work/missing"
	none "$work/missing" "$p: every command in the manual exists"
	statuses "$page" | sort >"$work/have"
	[ -s "$work/have" ]
	ok $? "$p: the manual has exit statuses"
	comm -13 "$work/statuses" "$work/have" >"$work/missing"
	none "$work/missing" "$p: every exit status in the manual exists"
}

# synopsis_of COMMAND <"COMMAND ARGUMENTS": says so if no line of the manual's
# fits.
synopsis_of() {
	local mine line
	read -r mine
	while read -r line; do
		fits "$mine" "$line" && return
	done <"$work/synopsis"
	echo "usage: $mine"
	grep -E "^$1( |$)" "$work/synopsis" | sed 's/^/manual: /'
}

# ---- all pages

# references PAGE...: "PAGE: NAME SECTION" of our own that do not exist.
references() {
	local f name section
	for f in "$@"; do
		grep -oE 'Xr erika[a-z.-]* [0-9]' "$f" | sort -u |
			while read -r _ name section; do
				[ -f "src/man/$name.$section" ] ||
					echo "$f: $name $section"
			done
	done
}

# headings PAGE...: those whose title or name is not the file's.
headings() {
	local f name
	for f in "$@"; do
		name=$(basename "${f%.*}")
		grep -qiFx ".Dt $name ${f##*.}" "$f" &&
			grep -qFx ".Nm $name" "$f" || echo "$f"
	done
}

# proofs FILE...: tests that they name, as `tests/PATH` in backquotes, and
# cases, as "TEXT" in quotes behind it on the same line, that do not exist.
proofs() {
	local f piece path text
	for f in "$@"; do

		while IFS= read -r line; do
			path=
			while IFS= read -r piece; do
				case $piece in
				'`'*)
					path=${piece//\`/}
					[ -e "$path" ] || echo "$f: no $path"
					;;
				'"'*)
					[ -f "$path" ] || continue
					text=${piece#?}
					text=${text%?}
					grep -qF -- "$text" "$path" ||
						echo "$f: no $piece in $path"
					;;
				esac
			done < <(grep -oE '`tests/[A-Za-z0-9_./-]+`|"[^"]+"' \
				<<<"$line")
		done <"$f"
	done
}

# examples FILE...: command lines that people will copy, from "$ erika" or four
# spaces and "erika", one a line: PROGRAM COMMAND ARGUMENTS.
examples() {
	sed -e ':a; /\\e*$/{N; s/\\e*\n */ /; ba}' "$@" |
		sed -nE 's/^(\.Dl )?(\$ |    )(erika(-press|-mirror)? .*)/\3/p' |
		tr ';|' '\n\n' | sed 's/#.*//; s/^ *//; s/\.\.\. *//' |
		grep -E '^erika(-press|-mirror)? '
}

# strangers: of such lines, those with a command or option that is not there.
strangers() {
	local p c rest o
	while read -r p c rest; do
		[ -f "$work/built.$p" ] || continue
		if [ ! -f "$work/options.$p.$c" ]; then
			echo "$p $c: no such command"
			continue
		fi
		for o in $(sed 's/"[^"]*"//g' <<<" $rest" |
			grep -oE ' --?[a-zA-Z][a-z-]*'); do
			grep -qFx -- "$o" "$work/options.$p.$c" ||
				echo "$p $c: no $o"
		done
	done
}

# number NAME: of limits.h, with LIMIT_KIB and LIMIT_MIB worked out.
number() {
	local v
	v=$(sed -n "s/^#define $1 \([^\/]*\).*/\1/p" src/core/limits.h |
		tr -d '()' | sed 's/LIMIT_MIB/1048576/; s/LIMIT_KIB/1024/')
	echo $((v))
}
commas() {
	sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta' <<<"$1"
}

# roles PAGE: rows of its table whose days or bytes the headers contradict.
roles() {
	local role days bytes
	while read -r role days bytes; do
		days=$(sed -n "s/^#define ROLE_${days}_SECONDS (\([0-9]*\) .*/\1/p" \
			src/cmd/press.h)
		bytes=$(commas "$(number "LIMIT_$bytes")")
		grep -qE "^\.It $role Ta .* Ta $days days Ta .* Ta $bytes\$" \
			"$1" || echo "$role: $days days, $bytes bytes"
	done <<'ROLES'
root ROOT ROOT
timestamp TIMESTAMP TIMESTAMP
snapshot SNAPSHOT SNAPSHOT
targets TARGETS TARGETS
x X TARGETS
y-YYYY YEAR TARGETS
s-YYYY-pNN SEALED TARGETS
d-DESK DESK TARGETS
ROLES
}

pages=(src/man/*.[1-8])
[ ${#pages[@]} -ge 6 ]
ok $? "there are six pages or more"
if command -v mandoc >/dev/null; then
	for f in "${pages[@]}"; do
		is "$(mandoc -Tlint -W warning "$f" 2>&1)" "" \
			"$(basename "$f") is well-formed"
	done
else
	skip "pages are well-formed" "mandoc is not installed"
fi
headings "${pages[@]}" >"$work/out"
none "$work/out" "pages are called what their files are"
references "${pages[@]}" >"$work/out"
none "$work/out" "references between pages lead somewhere"

sed -n 's/.*\[ERR_[A-Z]*\] = {".*", \([0-9]*\)},*$/\1/p' src/core/err.c |
	sort -u >"$work/statuses"
[ "$(wc -l <"$work/statuses")" -gt 5 ]
ok $? "there are exit statuses"
for page in src/man/erika.1 src/man/erika-press.1 src/man/erika-mirror.8; do
	p=$(basename "${page%.*}")
	if [ ! -x "$ERIKA_BIN/$p" ]; then
		skip "what $p's manual says" "$p is not built"
	elif [ ! -f "$page" ]; then
		ok 1 "$p has a manual"
	elif command -v mandoc >/dev/null; then
		program "$p" "$page"
	fi
done
if [ -f src/man/erika.1 ]; then
	statuses src/man/erika.1 | sort | comm -13 - "$work/statuses" \
		>"$work/out"
	none "$work/out" "erika(1) has every exit status"
fi
examples README.md src/man/*.[1-8] >"$work/examples"
[ -s "$work/examples" ]
ok $? "there are examples"
strangers <"$work/examples" >"$work/out"
none "$work/out" "examples use commands and options that there are"

page=src/man/erika-repository.5
roles $page >"$work/out"
none "$work/out" "erika-repository(5) has the roles' days and bytes"
words=$(sed -n '/^const char words_list/,/^};/p' src/core/words_list.c |
	grep -o '"[a-z]*"' | tr -d '"' | sha256sum | cut -c 1-64)
like "$(cat $page)" "^$words\$" "erika-repository(5) has the list of words"

for f in README.md SECURITY.md; do
	[ -s $f ]
	ok $? "there is $f"
	proofs $f >"$work/out"
	none "$work/out" "$f names tests that there are"
done

# The check itself must be able to fail.
cat >"$work/bad.1" <<'MAN'
.Dd November 23, 2026
.Dt BAD 2
.Os
.Sh NAME
.Nm bad
.Nd bad
.Sh SYNOPSIS
.Nm bad
.Cm go
.Op Fl C Ar dir
.Op Fl -json
.Ar path ...
.Sh DESCRIPTION
.Bl -tag -width Ds
.It Fl a , Fl -all
Text that has
.Fl -more
and
.Xr erika-nothing 7 .
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 99
.El
.Sh SEE ALSO
MAN
is "$(headings "$work/bad.1")" "$work/bad.1" "a wrong title is found out"
is "$(references "$work/bad.1")" "$work/bad.1: erika-nothing 7" \
	"a reference to nothing is found out"
is "$(fl "$work/bad.1" | tr '\n' ' ')" "--all --json --more -C -a " \
	"options of a page are found"
is "$(listed "$work/bad.1" | tr '\n' ' ')" "--all -a " \
	"options that it explains are found"
is "$(statuses "$work/bad.1")" 99 "exit statuses of a page are found"
if command -v mandoc >/dev/null; then
	synopsis "$work/bad.1" >"$work/synopsis"
	is "$(cat "$work/synopsis")" "go [-c dir] path..." \
		"synopses of a page are found"
	is "$(synopsis_of go <<<"go [-c directory] path...")" "" \
		"a synopsis that fits is no finding"
	like "$(synopsis_of go <<<"go [-c dir] path")" '^usage: go' \
		"one that does not fit is found out"
fi
cat >"$work/bad.help" <<'HELP'
usage: bad go [-C DIR] PATH...

  -C, --newsroom DIR           the newsroom's folder (not --other)
      --dry-run                nothing
HELP
is "$(options "$work/bad.help" | tr '\n' ' ')" \
	"--dry-run --newsroom --other -C " "options of a help are found"
if [ -f "$work/built.erika-press" ]; then
	is "$(strangers <<<'erika-press pack --no-such "--not-this" -n x
erika-press bake' | tr '\n' ';')" \
		"erika-press pack: no --no-such;erika-press bake: no such command;" \
		"strange options and commands in examples are found out"
fi
cat >"$work/bad.md" <<'MD'
`tests/unit/test_nothing.c`, and `tests/lib/tap.sh` "skip NAME WHY" "NOT THERE AT ALL"
MD
is "$(proofs "$work/bad.md" | sed 's/.*: no //' | tr '\n' ';')" \
	'tests/unit/test_nothing.c;"NOT THERE AT ALL" in tests/lib/tap.sh;' \
	"tests and cases that do not exist are found out"
plan
