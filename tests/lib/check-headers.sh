#!/usr/bin/env bash
# Each header compiles alone, and every function that src/core exports is
# declared in one of its headers, in a paragraph that has a comment.
: "${SRC:=$(cd "$(dirname "$0")/../.." && pwd)}" "${ERIKA_BIN:=$SRC/build}"
. "$SRC/tests/lib/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# documented FILE...: names of the functions declared there whose paragraph
# (lines without a blank one between, comments aside) has a comment.
documented() {
	awk '
		function flush(  s, n, i, part) {
			if (comment) {
				gsub(/"[^"]*"/, "", text)
				n = split(text, part, ";")
				for (i = 1; i <= n; i++)
					if (match(part[i],
						/[a-z_][a-z0-9_]*[ \t]*\(/)) {
						s = substr(part[i], RSTART,
							RLENGTH)
						sub(/[ \t]*\($/, "", s)
						print s
					}
			}
			text = ""
			comment = 0
		}
		FNR == 1 || (/^[ \t]*$/ && !inside) { flush(); next }
		{
			line = $0
			while (1) {
				if (inside) {
					if (!match(line, /\*\//))
						break
					line = substr(line, RSTART + 2)
					inside = 0
				}
				if (!match(line, /\/\*/)) {
					if (line !~ /^[ \t]*#/)
						text = text " " line
					break
				}
				text = text " " substr(line, 1, RSTART - 1)
				line = substr(line, RSTART + 2)
				inside = comment = 1
			}
		}
		END { flush() }' "$@" | sort -u
}

# exported ARCHIVE: lines "SYMBOL OBJECT".
exported() {
	nm -A --defined-only "$1" |
		sed -n 's/^[^:]*:\([^:]*\):.* T \(.*\)/\2 \1/p' | sort -u
}

flags=$(sed -n '/^WARN = /,/[^\\]$/p' "$SRC/Makefile" | tr -d '\\\n' |
	sed 's/^WARN = //; s/-Werror//')
alone() {
	# shellcheck disable=SC2086 # flags are several words
	(cd "$(dirname "$1")" && echo "#include \"$(basename "$1")\"" |
		${CC:-gcc} -std=c11 -D_GNU_SOURCE $flags -Werror \
			$(pkg-config --cflags libxml-2.0 2>/dev/null) \
			-fsyntax-only -x c -I. -) 2>"$work/cc"
}

for header in $(cd "$SRC" && find src -name '*.h' | sort); do
	alone "$SRC/$header"
	status=$?
	ok $status "$header compiles alone"
	[ $status -eq 0 ] || head -n 5 "$work/cc" | sed 's/^/#   /'
done

documented "$SRC"/src/core/*.h >"$work/documented"
[ "$(wc -l <"$work/documented")" -gt 100 ]
ok $? "src/core's headers document functions"
exported "$ERIKA_BIN/liberika.a" | sort >"$work/exported"
[ "$(wc -l <"$work/exported")" -gt 100 ]
ok $? "liberika.a exports functions"
join -v 1 "$work/exported" "$work/documented" >"$work/bare"
if [ -s "$work/bare" ]; then
	ok 1 "each of them is declared with a comment"
	sed 's/^\([^ ]*\) \(.*\)\.o$/#   \1 in \2.c/' "$work/bare"
else
	ok 0 "each of them is declared with a comment"
fi

# The check itself must be able to fail.
cat >"$work/bad.h" <<'H'
/* A file. */

size_t bare(void);

/* Says what it does; bare(x) in a comment counts for nothing. */
enum err told(struct x *p,
	int n) ERR_MUST_USE;
void grouped(void);

int late(int n); /* after it is fine too */
H
is "$(documented "$work/bad.h" | tr '\n' ' ')" \
	"grouped late told " "a bare prototype is found out"
alone "$work/bad.h"
[ $? -ne 0 ]
ok $? "so is a header that needs another"
plan
