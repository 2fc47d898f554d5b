#!/usr/bin/env bash
# Who may include what: cmd -> read, ingest, sys -> core, one direction; the
# maker of verified bytes, the signing code and each library in one place.
: "${SRC:=$(cd "$(dirname "$0")/../.." && pwd)}" "${ERIKA_BIN:=$SRC/build}"
. "$SRC/tests/lib/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# includes DIR: lines "FILE HEADER", both from DIR, for #include "..." of
# src; HEADER is <name> for a system header.
includes() {
	local file line name
	(cd "$1" && find src -name '*.[ch]' | sort) | while read -r file; do
		sed -n 's/^[ \t]*#[ \t]*include[ \t]*\([<"][^>"]*[>"]\).*/\1/p' \
			"$1/$file" | while read -r name; do
			case $name in
			\"*)
				name=${name#\"} name=${name%\"}
				line=$(realpath -sm --relative-to="$1" \
					"$1/$(dirname "$file")/$name")
				;;
			*) line=$name ;;
			esac
			echo "$file $line"
		done
	done
}

# Layer rules: a layer and the layers that it may include.
layers() {
	local file header from to
	while read -r file header; do
		case $header in \<*) continue ;; esac
		from=${file#src/} from=${from%%/*}
		to=${header#src/} to=${to%%/*}
		case $from:$to in
		core:core | sys:sys | sys:core | read:read | read:core) ;;
		ingest:ingest | ingest:core) ;;
		cmd:cmd | cmd:core | cmd:sys | cmd:read | cmd:ingest) ;;
		*) echo "$file includes $header" ;;
		esac
	done
}

# only HEADER PATTERN...: who includes HEADER and matches no pattern.
only() {
	local want=$1 file header pattern found
	shift
	while read -r file header; do
		[ "$header" = "$want" ] || continue
		found=
		for pattern in "$@"; do
			[[ $file == $pattern ]] && found=1
		done
		[ "$found" ] || echo "$file includes $header"
	done
}

rules() {
	layers <"$1"
	only src/core/verified_make.h src/core/trust\*.c src/core/bundle\*.c \
		src/core/minisign.c src/core/inflate.c src/core/verified.c <"$1"
	# tuf_write is the signing side of metadata.
	only src/core/sign.h src/core/sign.c 'src/core/tuf_write*.[ch]' \
		'src/cmd/press*.[ch]' <"$1"
	only src/core/tuf_write.h 'src/core/tuf_write*.[ch]' \
		'src/cmd/press*.[ch]' <"$1"
	# Importers are the newsroom's; the reader's code is not the mirror's.
	grep -E ' src/ingest/' "$1" | grep -vE '^src/(ingest/|cmd/press)' |
		sed 's/ / includes /'
	grep -E '^src/cmd/mirror.* src/(read|ingest)/' "$1" |
		sed 's/ / includes /'
	only src/core/inflate.h 'src/core/*.[ch]' 'src/cmd/erika*.[ch]' \
		'src/cmd/press*.[ch]' 'src/cmd/common_*.[ch]' 'src/read/*.[ch]' \
		<"$1"
	# Libraries.
	only '<nettle/sha2.h>' src/core/crypto.c <"$1"
	only '<zlib.h>' src/core/deflate.c src/core/inflate.c src/core/pack.c \
		'src/ingest/png*.c' \
		<"$1"
	only '<sodium.h>' src/core/crypto.c src/core/sign.c src/sys/random.c \
		'src/cmd/press*.c' <"$1"
	only '<expat.h>' 'src/read/*.c' <"$1"
	only '<curl/curl.h>' 'src/sys/fetch*.[ch]' src/sys/upload_child.c <"$1"
	only '<sqlite3.h>' 'src/sys/*.[ch]' 'src/read/*.[ch]' <"$1"
	grep -E ' <(libxml|png|jpeglib|webp|yaml|md4c)' "$1" |
		grep -v '^src/ingest/' | sed 's/ / includes /'
}

includes "$SRC" >"$work/includes"
[ "$(wc -l <"$work/includes")" -gt 100 ]
ok $? "the source has includes"
sed -n 's/.* \(src.*\)/\1/p' "$work/includes" | sort -u |
	while read -r header; do
		[ -f "$SRC/$header" ] || echo "$header does not exist"
	done >"$work/out"
none "$work/out" "each included header exists"
rules "$work/includes" >"$work/out"
none "$work/out" "every include keeps the layers"

# The check itself must be able to fail.
mkdir -p "$work/bad/src/"{core,sys,read,cmd,ingest}
put() {
	printf '#include %s\n' "${@:2}" >"$work/bad/src/$1"
}
put core/ini.c '"../sys/file.h"' '<sodium.h>' '"verified_make.h"'
put sys/file.c '"../read/xhtml.h"' '"../core/ini.h"'
put read/page.c '"../sys/file.h"' '<libxml/parser.h>'
put cmd/erika_add.c '"../core/sign.h"' '"../ingest/ingest.h"'
put cmd/mirror_x.c '"../read/page.h"' '"../core/inflate.h"'
put cmd/press_x.c '"../core/sign.h"' '"../sys/file.h"' '<stdio.h>'
includes "$work/bad" >"$work/includes"
is "$(rules "$work/includes" | sort)" \
	"src/cmd/erika_add.c includes src/core/sign.h
src/cmd/erika_add.c includes src/ingest/ingest.h
src/cmd/mirror_x.c includes src/core/inflate.h
src/cmd/mirror_x.c includes src/read/page.h
src/core/ini.c includes <sodium.h>
src/core/ini.c includes src/core/verified_make.h
src/core/ini.c includes src/sys/file.h
src/read/page.c includes <libxml/parser.h>
src/read/page.c includes src/sys/file.h
src/sys/file.c includes src/read/xhtml.h" "a tree without layers is found out"
plan
