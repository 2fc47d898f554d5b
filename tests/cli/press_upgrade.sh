#!/bin/bash
# Records of the version before keys apart, desks and sealing are taken over.
. "$SRC/tests/lib/tap.sh"
. "$SRC/tests/lib/keys.sh"
erika-press init --name Old --root-keys 2 --threshold 2 --no-passphrase room \
	>/dev/null 2>&1
mirror room m
erika-press pack -q -C room "$(article one)" >/dev/null 2>&1
erika-press publish -q -C room
follows m
ok $? "a newsroom, and a reader"

# What version 1 had: no list of files, no desk's index, nothing sealed.
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("room/press.db")
for table in "file", "mirror", "pending":
    db.execute("DROP TABLE " + table)
for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='index'"
                          " AND sql NOT NULL").fetchall():
    db.execute("DROP INDEX " + name)
db.execute("ALTER TABLE bundle DROP COLUMN sealed")
db.execute("PRAGMA user_version=1")
db.commit()
PY
echo left >room/repository/t/b/news/stray
cp room/press.db old.db
run 0 "status opens the old records" erika-press status -C room
is "$(python3 -c 'import sqlite3
print(sqlite3.connect("room/press.db").execute(
    "PRAGMA user_version").fetchone()[0])')" 2 "and brings them up to date"
run 0 "publish" erika-press publish -C room
run 0 "the reader follows" follows m
rm -r m/m m/t
run 0 "a new mirror" erika-press publish -C room
run 0 "gets the old files too" target m "$(bundle_path m 1)" fresh
is "$(cd m && find t -type f | wc -l)" 3 "and what was recorded only"
run 0 "pack" erika-press pack -C room "$(article two)"
run 0 "publish" erika-press publish -C room
run 0 "the reader finds both" target m "$(bundle_path m 2)"
run 0 "desks can be added" erika-press desk add -C room --no-passphrase sport

# Cut off in the middle, it is the old file.
cp old.db room/press.db
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("room/press.db")
db.execute("CREATE TABLE pending(x)")  # the last step but two will fail
db.commit()
PY
cp room/press.db before.db
run 15 "records that cannot be brought up to date" erika-press status -C room
like "$err" 'version 1' "are told of"
is "$(python3 -c 'import sqlite3
print(sqlite3.connect("room/press.db").execute(
    "SELECT count(*) FROM pragma_table_info(\"bundle\")"
    " WHERE name=\"sealed\"").fetchone()[0])')" 0 "and left as they were"
plan
