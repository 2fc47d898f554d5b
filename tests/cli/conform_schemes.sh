# Keys that the client built with libcrypto alone can check:
# tests/conform/cases_schemes.py.
. "$SRC/tests/lib/tap.sh"

tools_or_skip "RSA and ECDSA keys" "$ERIKA_BIN/tests/conform/erika-conform-libcrypto"
exec python3 -B "$SRC/tests/conform/run.py" schemes
