/* SQLite, kept small: open with one schema, run statements with typed
 * arguments, read rows. Both the reader's library and the newsroom's records
 * stand on it. */
#ifndef ERIKA_DB_H
#define ERIKA_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"

struct db;

/* Open or create a database file (mode 0600) and bring it to `schema` when it
 * is new; `version` is kept in user_version and a file of another version is
 * ERR_UNSUPPORTED. Deleted content is overwritten, foreign keys hold, one
 * writer at a time waits up to 5 s for another. ERR_IO, ERR_NOMEM. */
enum err db_open(const char *path, const char *schema, int version,
	struct db **out, struct diag *d) ERR_MUST_USE;
void db_close(struct db *db);

/* Transactions: everything between begin and commit happens or nothing does.
 * db_rollback is safe to call when none is open. ERR_SPACE when the disk is
 * full, ERR_IO. */
enum err db_begin(struct db *db, struct diag *d) ERR_MUST_USE;
enum err db_commit(struct db *db, struct diag *d) ERR_MUST_USE;
void db_rollback(struct db *db);

/* Delete for good: between these, what is deleted goes into no journal that is
 * merely unlinked afterwards. The end writes the whole file anew, without what
 * was deleted, and overwrites the journal. Outside of transactions. ERR_SPACE
 * when there is no room for that: what was deleted is overwritten with zeros
 * even so. ERR_IO. */
enum err db_wipe_start(struct db *db, struct diag *d) ERR_MUST_USE;
enum err db_wipe_end(struct db *db, struct diag *d) ERR_MUST_USE;

/* Start a statement. `args` says the kinds of what follows, one letter each:
 * i int64_t, t const char * (NULL binds NULL), b struct span. Statements are
 * cached by the address of `sql`, so pass string literals. Only one run of
 * the same literal may be under way at a time. */
enum err db_run(struct db *db, struct diag *d, const char *sql,
	const char *args, ...) ERR_MUST_USE;

/* A query: like db_run, then db_row until false, reading columns; db_done ends
 * it early and tells whether it failed on the way. */
struct db_query;
enum err db_query(struct db *db, struct diag *d, struct db_query **q,
	const char *sql, const char *args, ...) ERR_MUST_USE;
bool db_row(struct db_query *q);
enum err db_done(
	struct db *db, struct db_query *q, struct diag *d) ERR_MUST_USE;

/* Columns of the present row, from 0. Text is "" for NULL; text and blobs are
 * borrowed until the next row. */
int64_t db_int(struct db_query *q, int column);
const char *db_text(struct db_query *q, int column);
struct span db_blob(struct db_query *q, int column);
bool db_null(struct db_query *q, int column);

/* Row id of the last insert, and rows changed by the last statement. */
int64_t db_last_id(struct db *db);
int64_t db_changes(struct db *db);

/* Read one value of a query that yields at most one row; false in *found when
 * there is none. */
enum err db_one_int(struct db *db, struct diag *d, int64_t *out, bool *found,
	const char *sql, const char *args, ...) ERR_MUST_USE;
enum err db_one_blob(struct db *db, struct diag *d, struct buf *out,
	bool *found, const char *sql, const char *args, ...) ERR_MUST_USE;

#endif
