#!/usr/bin/env bash
# The core is pure: what liberika.a wants from outside is on a short list, and
# it keeps no writable globals.
: "${SRC:=$(cd "$(dirname "$0")/../.." && pwd)}" "${ERIKA_BIN:=$SRC/build}"
. "$SRC/tests/lib/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# allowed SYMBOL: by core-symbols.txt; the last line that matches decides.
allowed() {
	local verdict=1 pattern
	for pattern in "${patterns[@]}"; do
		case $pattern in
		!*) [[ $1 == ${pattern#!} ]] && verdict=1 ;;
		*) [[ $1 == $pattern ]] && verdict=0 ;;
		esac
	done
	return $verdict
}
mapfile -t patterns < <(sed 's/#.*//; s/[[:space:]]*$//; /^$/d' \
	"$SRC/tests/lib/core-symbols.txt")

# impure ARCHIVE: lines "OBJECT SYMBOL" of what is not allowed.
impure() {
	local object symbol
	nm -A --defined-only "$1" | awk '{ print $NF }' | sort -u >"$work/own"
	nm -A -u "$1" | sed 's/^[^:]*:\([^:]*\): *[Uwv] /\1 /' |
		sort -u >"$work/wanted"
	while read -r object symbol; do
		grep -Fqx -- "$symbol" "$work/own" || allowed "$symbol" ||
			echo "$object $symbol"
	done <"$work/wanted"
}

# writable ARCHIVE: lines "OBJECT SECTION" of globals that can change.
# .data.rel.ro is read-only once the program is linked.
writable() {
	objdump -h "$1" | awk '
		/^[^ ].*:[ \t]+file format/ { object = $1; sub(":", "", object) }
		$2 ~ /^\.(data|bss|tdata|tbss)/ && $2 !~ /^\.data\.rel\.ro/ &&
			$3 !~ /^0+$/ { print object, $2 }'
}

lib=$ERIKA_BIN/liberika.a
[ -s "$lib" ]
ok $? "liberika.a is there"
[ "$(nm -A "$lib" 2>/dev/null | grep -c ' T ')" -gt 50 ]
ok $? "and has functions"
impure "$lib" >"$work/impure"
none "$work/impure" "the core calls nothing but what is pure"
writable "$lib" >"$work/writable"
none "$work/writable" "the core has no writable globals"

# The check itself must be able to fail.
cat >"$work/bad.c" <<'C'
#include <jansson.h>
#include <stdlib.h>
#include <time.h>
int counter;
static int hidden = 3;
int bad(void);
int bad(void)
{
	hidden += rand();
	json_decref(json_load_file(getenv("HOME"), 0, NULL));
	return hidden + (int)time(NULL) + counter++;
}
C
if ${CC:-gcc} -c -o "$work/bad.o" "$work/bad.c" 2>"$work/cc" &&
	ar rcs "$work/bad.a" "$work/bad.o"; then
	is "$(impure "$work/bad.a" | tr '\n' ' ')" \
		"bad.o getenv bad.o json_load_file bad.o rand bad.o time " \
		"an impure object is found out"
	is "$(writable "$work/bad.a" | sort | tr '\n' ' ')" \
		"bad.o .bss bad.o .data " "so are its globals"
else
	ok 1 "the compiler works"
	sed 's/^/#   /' "$work/cc"
fi
plan
