#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define CACHE 64

struct db {
	sqlite3 *h;
	struct {
		const char *sql;
		sqlite3_stmt *st;
	} cache[CACHE];
	size_t n;
};

static enum err
db_fail(struct db *db, struct diag *d)
{
	int rc = sqlite3_errcode(db->h);
	enum err e = ERR_IO;

	if (rc == SQLITE_NOMEM)
		e = ERR_NOMEM;
	if (rc == SQLITE_FULL)
		e = ERR_SPACE;
	return diag_set(d, e, "database: %s", sqlite3_errmsg(db->h));
}

static enum err
db_exec(struct db *db, const char *sql, struct diag *d)
{
	if (sqlite3_exec(db->h, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, d);
	return ERR_OK;
}

/* Statements that every connection starts with. secure_delete: what a reader
 * forgets must not stay in the file's free pages. EXTRA: a commit that a power
 * cut undoes would have the newsroom sign the same number twice. */
static const char settings[] =
	"PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;"
	"PRAGMA trusted_schema=OFF; PRAGMA journal_mode=DELETE;"
	"PRAGMA synchronous=EXTRA; PRAGMA temp_store=MEMORY;"
	"PRAGMA cache_size=-1000;";

static enum err
schema_apply(struct db *db, const char *schema, int version, struct diag *d)
{
	char sql[64];
	int64_t have = 0;
	bool found;
	enum err e;

	e = db_one_int(db, d, &have, &found, "PRAGMA user_version", "");
	if (e != ERR_OK || have == version)
		return e;
	if (have != 0)
		return diag_set(d, ERR_UNSUPPORTED,
			"the database is of version %lld; this program uses %d",
			(long long)have, version);
	e = db_begin(db, d);
	if (e == ERR_OK)
		e = db_exec(db, schema, d);
	snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", version);
	if (e == ERR_OK)
		e = db_exec(db, sql, d);
	if (e == ERR_OK)
		e = db_commit(db, d);
	if (e != ERR_OK)
		db_rollback(db);
	return e;
}

enum err
db_open(const char *path, const char *schema, int version, struct db **out,
	struct diag *d)
{
	struct db *db = calloc(1, sizeof(*db));
	enum err e;
	int fd;

	*out = NULL;
	if (db == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	/* Made here, so that it is never readable by others for a moment. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		free(db);
		return file_errno(path, d);
	}
	close(fd);
	if (sqlite3_open_v2(path, &db->h,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
		    NULL) != SQLITE_OK) {
		e = db_fail(db, d);
		db_close(db);
		return e;
	}
	sqlite3_busy_timeout(db->h, 5000);
	/* The page size can only be chosen before the first table. Pictures
	 * are long, and long chains of small pages are slow. */
	e = db_exec(db, "PRAGMA page_size=16384", d);
	if (e == ERR_OK)
		e = db_exec(db, settings, d);
	if (e == ERR_OK)
		e = schema_apply(db, schema, version, d);
	if (e != ERR_OK) {
		db_close(db);
		return diag_prefix(d, e, "%s", path);
	}
	*out = db;
	return ERR_OK;
}

void
db_close(struct db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < db->n; i++)
		sqlite3_finalize(db->cache[i].st);
	sqlite3_close(db->h);
	free(db);
}

enum err
db_begin(struct db *db, struct diag *d)
{
	return db_exec(db, "BEGIN IMMEDIATE", d);
}

enum err
db_commit(struct db *db, struct diag *d)
{
	return db_exec(db, "COMMIT", d);
}

void
db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->h))
		(void)db_exec(db, "ROLLBACK", NULL);
}

/* ---- deleting for good */

enum err
db_wipe_start(struct db *db, struct diag *d)
{
	/* Kept after each commit, so that it can be overwritten. */
	return db_exec(db, "PRAGMA journal_mode=PERSIST", d);
}

/* Zeros over a file of ours, to its end. */
static enum err
file_zero(const char *path, struct diag *d)
{
	static const uint8_t zeros[16384];
	struct stat st;
	off_t left = 0;
	ssize_t k = 0;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? ERR_OK : file_errno(path, d);
	if (fstat(fd, &st) == 0)
		left = st.st_size;
	for (; left > 0 && k >= 0; left -= k)
		k = write(fd, zeros,
			left < (off_t)sizeof(zeros) ? (size_t)left
						    : sizeof(zeros));
	if (k < 0 || file_sync(fd) != 0) {
		enum err e = file_errno(path, d);

		close(fd);
		return e;
	}
	close(fd);
	return ERR_OK;
}

enum err
db_wipe_end(struct db *db, struct diag *d)
{
	const char *path = sqlite3_db_filename(db->h, "main");
	enum err done, e = db_exec(db, "VACUUM", d);
	struct buf journal;

	buf_init(&journal, 8192);
	done = buf_printf(&journal, "%s-journal", path);
	/* Its head is zeros by now: nobody would roll it back. */
	if (done == ERR_OK)
		done = file_zero(buf_cstr(&journal), e == ERR_OK ? d : NULL);
	buf_free(&journal);
	if (e == ERR_OK)
		e = done;
	done = db_exec(
		db, "PRAGMA journal_mode=DELETE", e == ERR_OK ? d : NULL);
	return e == ERR_OK ? done : e;
}

static enum err
prepared(struct db *db, const char *sql, sqlite3_stmt **st, struct diag *d)
{
	size_t i;

	for (i = 0; i < db->n; i++) {
		if (db->cache[i].sql != sql)
			continue;
		*st = db->cache[i].st;
		sqlite3_reset(*st);
		sqlite3_clear_bindings(*st);
		return ERR_OK;
	}
	if (db->n == CACHE)
		return diag_set(d, ERR_FAILED, "too many statements");
	if (sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, st,
		    NULL) != SQLITE_OK)
		return db_fail(db, d);
	db->cache[db->n].sql = sql;
	db->cache[db->n++].st = *st;
	return ERR_OK;
}

static enum err
bind(struct db *db, sqlite3_stmt *st, const char *args, va_list ap,
	struct diag *d)
{
	int i, rc = SQLITE_OK;

	for (i = 1; rc == SQLITE_OK && *args != '\0'; args++, i++) {
		if (*args == 'i') {
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		} else if (*args == 't') {
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *),
				-1, SQLITE_STATIC);
		} else {
			struct span s = va_arg(ap, struct span);

			/* An empty blob is not NULL. */
			rc = sqlite3_bind_blob64(st, i,
				s.n == 0 ? (const void *)"" : s.p, s.n,
				SQLITE_STATIC);
		}
	}
	return rc == SQLITE_OK ? ERR_OK : db_fail(db, d);
}

static enum err
start(struct db *db, struct diag *d, sqlite3_stmt **st, const char *sql,
	const char *args, va_list ap)
{
	enum err e = prepared(db, sql, st, d);

	return e == ERR_OK ? bind(db, *st, args, ap, d) : e;
}

enum err
db_run(struct db *db, struct diag *d, const char *sql, const char *args, ...)
{
	sqlite3_stmt *st = NULL;
	va_list ap;
	enum err e;
	int rc;

	va_start(ap, args);
	e = start(db, d, &st, sql, args, ap);
	va_end(ap);
	if (e != ERR_OK)
		return e;
	do
		rc = sqlite3_step(st);
	while (rc == SQLITE_ROW);
	if (rc != SQLITE_DONE)
		e = db_fail(db, d);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return e;
}

/* A query is the statement itself under another name. */
static sqlite3_stmt *
stmt_of(struct db_query *q)
{
	return (sqlite3_stmt *)(void *)q;
}

enum err
db_query(struct db *db, struct diag *d, struct db_query **q, const char *sql,
	const char *args, ...)
{
	sqlite3_stmt *st = NULL;
	va_list ap;
	enum err e;

	va_start(ap, args);
	e = start(db, d, &st, sql, args, ap);
	va_end(ap);
	*q = (struct db_query *)(void *)st;
	return e;
}

bool
db_row(struct db_query *q)
{
	return sqlite3_step(stmt_of(q)) == SQLITE_ROW;
}

enum err
db_done(struct db *db, struct db_query *q, struct diag *d)
{
	/* Reset repeats the error of the last step, if there was one. */
	int rc = sqlite3_reset(stmt_of(q));

	sqlite3_clear_bindings(stmt_of(q));
	return rc == SQLITE_OK ? ERR_OK : db_fail(db, d);
}

int64_t
db_int(struct db_query *q, int column)
{
	return sqlite3_column_int64(stmt_of(q), column);
}

const char *
db_text(struct db_query *q, int column)
{
	const unsigned char *s = sqlite3_column_text(stmt_of(q), column);

	return s == NULL ? "" : (const char *)s;
}

struct span
db_blob(struct db_query *q, int column)
{
	const void *p = sqlite3_column_blob(stmt_of(q), column);

	return span_of(p, (size_t)sqlite3_column_bytes(stmt_of(q), column));
}

bool
db_null(struct db_query *q, int column)
{
	return sqlite3_column_type(stmt_of(q), column) == SQLITE_NULL;
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes(db->h);
}

enum err
db_one_int(struct db *db, struct diag *d, int64_t *out, bool *found,
	const char *sql, const char *args, ...)
{
	sqlite3_stmt *st = NULL;
	struct db_query *q;
	va_list ap;
	enum err e;

	va_start(ap, args);
	e = start(db, d, &st, sql, args, ap);
	va_end(ap);
	*found = false;
	if (e != ERR_OK)
		return e;
	q = (struct db_query *)(void *)st;
	if (db_row(q)) {
		*found = true;
		*out = db_int(q, 0);
	}
	return db_done(db, q, d);
}

enum err
db_one_blob(struct db *db, struct diag *d, struct buf *out, bool *found,
	const char *sql, const char *args, ...)
{
	sqlite3_stmt *st = NULL;
	struct db_query *q;
	enum err e, done;
	va_list ap;

	va_start(ap, args);
	e = start(db, d, &st, sql, args, ap);
	va_end(ap);
	*found = false;
	if (e != ERR_OK)
		return e;
	q = (struct db_query *)(void *)st;
	if (db_row(q)) {
		*found = true;
		e = buf_span(out, db_blob(q, 0));
	}
	done = db_done(db, q, d);
	return e != ERR_OK ? diag_set(d, e, "a stored value is too large")
			   : done;
}
