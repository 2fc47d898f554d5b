#!/usr/bin/env bash
# Sizes, and functions of the C library that have no place here.
: "${SRC:=$(cd "$(dirname "$0")/../.." && pwd)}" "${ERIKA_BIN:=$SRC/build}"
. "$SRC/tests/lib/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# lengths FILE...: functions over 100 lines, files over 600, but tables.
lengths() {
	awk '
		FNR == 1 { start = 0 }
		/^\{/ { start = FNR }
		/^\}/ {
			if (start && FNR - start + 1 > 100)
				printf "%s:%d: a function of %d lines\n",
					FILENAME, start, FNR - start + 1
			start = 0
		}
		FNR == 601 && FILENAME !~ /_list\.c$/ {
			printf "%s: over 600 lines\n", FILENAME
		}' "$@"
}

# wide FILE...: lines of over 80 columns.
wide() {
	local f
	for f in "$@"; do
		expand -t 8 "$f" | LC_ALL=C.UTF-8 grep -nE '^.{81}' |
			sed "s|^|$f:|; s|\(:[0-9]*\):.*|\1|"
	done
}

# unbounded FILE...: calls that write or parse without a bound. Comments and
# strings do not count.
unbounded() {
	local f
	for f in "$@"; do
		${CC:-gcc} -fpreprocessed -dD -E -P -x c "$f" 2>/dev/null |
			sed 's/"\([^"\\]\|\\.\)*"/""/g' |
			grep -oE "(^|[^A-Za-z0-9_])($calls)[ 	]*\(" |
			sed "s|^[^A-Za-z]*|$f: |; s|[ 	]*($||" | sort -u
	done
}
calls='strcpy|stpcpy|strcat|sprintf|vsprintf|strtok|strtok_r'
calls="$calls|atoi|atol|atoll|atof|gets|scanf|fscanf|sscanf|vscanf|vfscanf"
calls="$calls|vsscanf|alloca|tmpnam|tempnam|mktemp|system|popen"

cd "$SRC" || exit 1
mapfile -t all < <(find src tests -name '*.[ch]' | sort)
mapfile -t src < <(find src -name '*.[ch]' | sort)
[ ${#src[@]} -gt 50 ]
ok $? "there is source"
lengths "${all[@]}" >"$work/out"
none "$work/out" "functions of 100 lines at most, files of 600"
wide "${src[@]}" >"$work/out"
none "$work/out" "lines of 80 columns at most"
unbounded "${src[@]}" >"$work/out"
none "$work/out" "no call that writes or parses without a bound"
grep -nE '[ 	]+$' "${all[@]}" >"$work/out"
none "$work/out" "no white space at the end of a line"

# The check itself must be able to fail.
{
	printf 'int\nf(void)\n{\n'
	for i in $(seq 99); do echo ';'; done
	printf '}\n'
	for i in $(seq 600); do echo; done
} >"$work/long.c"
is "$(lengths "$work/long.c" | sed 's|.*/||')" \
	"long.c:3: a function of 101 lines
long.c: over 600 lines" "long code is found out"
printf '\ta%071d\n\ta%072d\nй%079d\n' 0 0 0 >"$work/wide.c"
is "$(wide "$work/wide.c" | sed 's|.*/||')" "wide.c:2" "wide lines are found out"
cat >"$work/bad.c" <<'C'
/* strcpy(a, b) in a comment is nothing, nor is "sprintf(" in text. */
void f(char *a) { my_atoi(a); snprintf(a, 1, "sprintf(a) \" gets("); }
void g(char *a, char *b) { strcpy (a, b); if (sscanf(a, "%d", b)) system(a); }
C
is "$(unbounded "$work/bad.c" | sed 's|.*: ||' | tr '\n' ' ')" \
	"sscanf strcpy system " "unbounded calls are found out"
plan
