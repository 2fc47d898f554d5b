#!/bin/bash
# A hundred thousand bundles in ten years: what a reader fetches and holds, on
# a Sunday in the last week of the year, when the lists are longest.
. "$SRC/tests/lib/tap.sh"
tools_or_skip "the size of an archive" python3 faketime /usr/bin/time
run 0 "an archive of 100,000 bundles" "$SRC/tests/bench/trust.py" \
	"$ERIKA_BIN" --check --date 2026-12-27 100000
within() {
	like "$out" "^within the bar: $1 " "$2"
}
within cold "a cold start is 21 KB at most"
within pack "6 KB with now.pack"
within refresh "a refresh without news is 1 KB at most"
within requests "in two requests"
within rss "its verification takes 32 MB at most"
run 0 "a small one" "$SRC/tests/bench/trust.py" "$ERIKA_BIN" --check \
	--date 2026-07-05 10
plan
