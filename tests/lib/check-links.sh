#!/usr/bin/env bash
# Separation is by linking: the reader and the mirror have no signing code,
# the mirror nothing that unpacks or shows, and each is hardened.
: "${SRC:=$(cd "$(dirname "$0")/../.." && pwd)}" "${ERIKA_BIN:=$SRC/build}"
. "$SRC/tests/lib/tap.sh"

# The functions in a program, its own and those it calls, and its libraries.
names() {
	nm "$1" | awk '$(NF - 1) ~ /^[TtUWw]$/ { sub("@.*", "", $NF); print $NF }'
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p'
}

# lacks PROGRAM PATTERN WHAT: no name matches the whole pattern.
lacks() {
	local found
	found=$(names "$ERIKA_BIN/$1" | grep -Ex -- "$2" | sort -u | tr '\n' ' ')
	is "$found" "" "$1 has no $3"
}

signing='sign_.*|tuf_write.*|crypto_sign|crypto_sign_detached'
signing="$signing|crypto_sign_(seed_)?keypair|crypto_pwhash.*"
lenient='libxml2|html[A-Z].*|xml[A-Z].*|ingest_.*'
images='libpng.*|libjpeg|libturbojpeg|libwebp.*|libyaml.*|libmd4c.*'
foreign='libcrypto|libssl|EVP_.*|PEM_.*|conform_schemes'

hardened() {
	like "$(readelf -h "$ERIKA_BIN/$1")" 'Type: +DYN' \
		"$1 can be loaded anywhere"
	like "$(readelf -d "$ERIKA_BIN/$1")" 'BIND_NOW' "$1 is bound at start"
	like "$(readelf -lW "$ERIKA_BIN/$1")" 'GNU_RELRO' \
		"$1 has read-only relocations"
	unlike "$(readelf -lW "$ERIKA_BIN/$1")" 'GNU_STACK.* RWE' \
		"$1 has no executable stack"
	like "$(names "$ERIKA_BIN/$1")" '^__stack_chk_fail$' \
		"$1 has stack guards"
}

for p in erika erika-press erika-mirror erika-mirror-pull; do
	if [ ! -x "$ERIKA_BIN/$p" ]; then
		skip "what $p is linked with" "$p is not built"
		continue
	fi
	hardened $p
	# libcurl may bring it; ours it is not.
	lacks $p "$foreign" "libcrypto"
	[ $p = erika-press ] && continue
	lacks $p "$signing" "signing code"
	lacks $p "$lenient" "lenient parser and no importer"
	lacks $p "$images" "image decoder"
done
# zlib is there for deflating: a mirror makes its own now.pack.
for p in erika-mirror erika-mirror-pull; do
	[ -x "$ERIKA_BIN/$p" ] || continue
	lacks $p 'inflate.*|uncompress.*|bundle_open|pack_open' "inflate"
	lacks $p 'libexpat|libunistring|XML_.*|xhtml_.*|page_.*' "rendering"
	lacks $p 'libsqlite3|sqlite3_.*' "database"
done
# What serves readers cannot ask the network for anything.
[ ! -x "$ERIKA_BIN/erika-mirror" ] ||
	lacks erika-mirror 'libcurl|curl_.*|fetch_.*' "client for the network"

# The check itself must be able to fail.
if [ -x "$ERIKA_BIN/tests/tool/signtool" ]; then
	like "$(names "$ERIKA_BIN/tests/tool/signtool" | grep -Ex "$signing" |
		tr '\n' ' ')" 'crypto_sign_detached .*sign_key_new ' \
		"signing code is found where it is"
else
	skip "signing code is found where it is" "signtool is not built"
fi
if [ -x "$ERIKA_BIN/tests/conform/erika-conform-libcrypto" ]; then
	like "$(names "$ERIKA_BIN/tests/conform/erika-conform-libcrypto" |
		grep -Ex "$foreign" | tr '\n' ' ')" \
		'EVP_.* PEM_.* conform_schemes .*libcrypto' \
		"libcrypto is found where it is"
else
	skip "libcrypto is found where it is" \
		"built by make CONFORM_LIBCRYPTO=1 conform"
fi
plan
