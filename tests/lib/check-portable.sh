#!/bin/bash
# The parts that are not Linux's compile without Linux and without GNU: by the
# headers here, with POSIX and what the BSDs and macOS have besides. What runs
# there is not tested.
: "${SRC:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$SRC/tests/lib/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compile FLAG... FILE...
compile() {
	${CC:-gcc} -fsyntax-only -std=c11 -U__linux__ -U__linux \
		-D_DEFAULT_SOURCE -D_XOPEN_SOURCE=700 -D_FILE_OFFSET_BITS=64 \
		-include "$SRC/tests/lib/elsewhere.h" \
		-DERIKA_VERSION='"0"' $(pkg-config --cflags libxml-2.0) \
		-Wall -Wextra -Wconversion -Werror "$@"
}

cd "$SRC" || exit 1
mapfile -t files < <(ls src/*/*.c | grep -vE 'src/(sys/serve|cmd/(mirror|pull))')
[ "${#files[@]}" -gt 200 ]
ok $? "there are sources"
compile "${files[@]}" 2>"$work/out"
ok $? "erika and erika-press compile where Linux is not"
sed 's/^/# /' "$work/out" | head -n 40
compile -D__OpenBSD__ src/sys/confine*.c src/sys/fetch*.c src/sys/upload*.c \
	2>"$work/out"
ok $? "and with OpenBSD's sandbox"
sed 's/^/# /' "$work/out" | head -n 40

for os in Darwin FreeBSD OpenBSD; do
	${MAKE:-make} -s -n -B OS=$os B="$work/b" all >"$work/plan" 2>&1
	ok $? "$os: make knows what to do"
	grep -q 'erika-mirror needs Linux' "$work/plan"
	ok $? "$os: and says what it leaves out"
	! grep -qE 'src/(sys/serve|cmd/(mirror|pull))' "$work/plan"
	ok $? "$os: and builds no part of it"
done
# Only /usr/bin/env is everywhere.
is "$(find tests .ci -type f -perm -u+x -exec head -n 1 {} \; |
	sort -u | grep -vE '^#!(/bin/sh|/usr/bin/env (bash|python3|node))$')" \
	"" "scripts that are run by name find their shell"

# The check itself must be able to fail.
printf '#include <sys/socket.h>\nint f(void);\nint f(void)\n{\n%s\n}\n' \
	'return accept4(0, NULL, NULL, SOCK_CLOEXEC);' >"$work/gnu.c"
! compile "$work/gnu.c" 2>/dev/null
ok $? "a call that is Linux's alone is found out"
plan
