# Keys that the client built with libcrypto alone can check:
# tests/conform/cases_schemes.py.
. "$SRC/tests/lib/tap.sh"

if [ ! -x "$ERIKA_BIN/tests/conform/erika-conform-libcrypto" ]; then
	skip "RSA and ECDSA keys" "not built: make conform CONFORM_LIBCRYPTO=1"
	plan
	exit
fi
exec python3 -B "$SRC/tests/conform/run.py" schemes
