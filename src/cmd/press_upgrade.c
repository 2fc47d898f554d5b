#include "press_upgrade.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../sys/file.h"

/* Version 2: weeks are sealed, several desks sign, and mirrors are copied to
 * by a list. Written once, for the new and the old alike. */
#define DESK_INDEX "CREATE INDEX bundle_desk ON bundle(desk, sequence);"
#define OPEN_INDEX                                                             \
	"CREATE INDEX bundle_open ON bundle(desk, path) WHERE sealed=0;"
#define NEW_INDEX                                                              \
	"CREATE INDEX bundle_new ON bundle(desk, path) WHERE published=0;"
#define ROLE_INDEX "CREATE INDEX role_version ON role(name, version);"

/* Every file below repository/ that never changes, in the order it came; how
 * far each mirror has them, and which head it got then; and the next root and
 * targets, complete but not published yet. */
#define FILE_TABLE                                                             \
	"CREATE TABLE file(id INTEGER PRIMARY KEY AUTOINCREMENT,"              \
	" path TEXT NOT NULL UNIQUE);"
#define MIRROR_TABLE                                                           \
	"CREATE TABLE mirror(folder TEXT PRIMARY KEY,"                         \
	" copied INTEGER NOT NULL, head BLOB NOT NULL);"
#define PENDING_TABLE                                                          \
	"CREATE TABLE pending(name TEXT PRIMARY KEY, file BLOB NOT NULL);"

const char upgrade_schema[] =
	"CREATE TABLE article(id TEXT PRIMARY KEY, desk TEXT NOT NULL,"
	" revision INTEGER NOT NULL, status INTEGER NOT NULL,"
	" title TEXT NOT NULL, language TEXT NOT NULL,"
	" published INTEGER NOT NULL, updated INTEGER NOT NULL, url TEXT,"
	" digest BLOB NOT NULL, bundle TEXT NOT NULL, position INTEGER NOT "
	"NULL,"
	" base_name BLOB, base_bundle TEXT, base_text BLOB);"
	"CREATE TABLE bundle(path TEXT PRIMARY KEY, desk TEXT NOT NULL,"
	" sequence INTEGER NOT NULL, sha256 BLOB NOT NULL,"
	" length INTEGER NOT NULL, head INTEGER NOT NULL,"
	" head_digest BLOB NOT NULL, text_end INTEGER NOT NULL,"
	" created INTEGER NOT NULL, published INTEGER NOT NULL DEFAULT 0,"
	" sealed INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE image(name BLOB PRIMARY KEY, bundle TEXT NOT NULL,"
	" type TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE dictionary(path TEXT PRIMARY KEY, language TEXT NOT NULL,"
	" sha256 BLOB NOT NULL, content BLOB NOT NULL, file BLOB NOT NULL);"
	"CREATE TABLE role(name TEXT PRIMARY KEY, version INTEGER NOT NULL,"
	" file BLOB NOT NULL);" DESK_INDEX OPEN_INDEX NEW_INDEX ROLE_INDEX
		FILE_TABLE MIRROR_TABLE PENDING_TABLE;

/* Most entries of one folder. */
#define FOLDER_MAX 1000000

/* List what lies below repository/REST already. */
static enum err
files_list(struct db *db, const char *root, const char *rest, int depth,
	struct diag *d)
{
	char **names = NULL, *dir = file_join(root, rest), *path, *full;
	size_t i, n = 0;
	enum err e = dir == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK && depth == 0)
		e = diag_set(d, ERR_LIMIT, "%s nests too deep", rest);
	if (e == ERR_OK)
		e = file_list(dir, FOLDER_MAX, &names, &n, d);
	for (i = 0; e == ERR_OK && i < n; i++) {
		path = file_join(rest, names[i]);
		full = file_join(dir, names[i]);
		if (path == NULL || full == NULL)
			e = ERR_NOMEM;
		else if (file_is_dir(full))
			e = files_list(db, root, path, depth - 1, d);
		else if (strcmp(path, "m/timestamp.json") != 0 &&
			 strcmp(path, "m/now.pack") != 0)
			e = db_run(db, d,
				"INSERT OR IGNORE INTO file(path) VALUES(?)",
				"t", path);
		free(path);
		free(full);
	}
	strings_free(names, n);
	free(dir);
	return e;
}

/* Bundles by their records: one that a killed pack left behind is nobody's
 * business. */
#define BUNDLE_PLACE                                                           \
	"SELECT 't/' || substr(path, 1, length(path) -"                        \
	" length(sequence || '.ekb')) || lower(hex(sha256)) || '.' ||"         \
	" sequence || '.ekb"
#define BUNDLE_FILES "INSERT INTO file(path) " BUNDLE_PLACE "' FROM bundle"
#define BUNDLE_SIGNATURES                                                      \
	"INSERT INTO file(path) " BUNDLE_PLACE ".minisig' FROM bundle"

static enum err
tables_change(struct db *db, struct diag *d)
{
	static const char *const steps[] = {
		"ALTER TABLE bundle ADD COLUMN"
		" sealed INTEGER NOT NULL DEFAULT 0",
		DESK_INDEX, OPEN_INDEX, NEW_INDEX, ROLE_INDEX, FILE_TABLE,
		MIRROR_TABLE, PENDING_TABLE, BUNDLE_FILES, BUNDLE_SIGNATURES};
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < sizeof(steps) / sizeof(*steps); i++)
		e = db_run(db, d, steps[i], "");
	return e;
}

enum err
upgrade_run(const char *dir, const char *path, struct diag *d)
{
	char *root = file_join(dir, "repository");
	struct db *db = NULL;
	enum err e = root == NULL ? ERR_NOMEM
				  : db_open(path, upgrade_schema, 1, &db, d);

	if (e == ERR_OK)
		e = db_begin(db, d);
	if (e == ERR_OK)
		e = tables_change(db, d);
	if (e == ERR_OK)
		e = files_list(db, root, "t/x", 2, d);
	if (e == ERR_OK)
		e = files_list(db, root, "m", 2, d);
	if (e == ERR_OK)
		e = db_run(db, d, "PRAGMA user_version=2", "");
	if (e == ERR_OK)
		e = db_commit(db, d);
	if (db != NULL && e != ERR_OK)
		db_rollback(db);
	db_close(db);
	free(root);
	return e;
}
