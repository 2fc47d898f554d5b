#include "library.h"

#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "file.h"
#include "library_priv.h"

#define VERSION 1

/* outlet.complete columns are those of trust_verdict after the last complete
 * update. bundle.prefix is the file up to the end of the texts, and digest its
 * BLAKE2b-256: what was verified once is checked against it whenever it is
 * read. article.n is what people type, so it is never used twice. */
static const char schema[] =
	"CREATE TABLE outlet(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	" fingerprint BLOB NOT NULL UNIQUE, added INTEGER NOT NULL,"
	" synced INTEGER NOT NULL DEFAULT 0,"
	" as_of INTEGER NOT NULL DEFAULT 0,"
	" expires INTEGER NOT NULL DEFAULT 0,"
	" expires_role TEXT NOT NULL DEFAULT '',"
	" timestamp INTEGER NOT NULL DEFAULT 0,"
	" root_keys INTEGER NOT NULL DEFAULT 0,"
	" root_threshold INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE metadata(outlet INTEGER NOT NULL REFERENCES outlet"
	" ON DELETE CASCADE, role TEXT NOT NULL, bytes BLOB NOT NULL,"
	" PRIMARY KEY(outlet, role)) WITHOUT ROWID;"
	"CREATE TABLE mirror(id INTEGER PRIMARY KEY,"
	" outlet INTEGER NOT NULL REFERENCES outlet ON DELETE CASCADE,"
	" name TEXT NOT NULL, url TEXT NOT NULL, source INTEGER NOT NULL,"
	" countries TEXT NOT NULL DEFAULT '',"
	" failed INTEGER NOT NULL DEFAULT 0, UNIQUE(outlet, url));"
	"CREATE TABLE target(outlet INTEGER NOT NULL REFERENCES outlet"
	" ON DELETE CASCADE, path TEXT NOT NULL, sha256 BLOB NOT NULL,"
	" digest BLOB NOT NULL, bytes BLOB NOT NULL,"
	" PRIMARY KEY(outlet, sha256));"
	"CREATE TABLE bundle(id INTEGER PRIMARY KEY,"
	" outlet INTEGER NOT NULL REFERENCES outlet ON DELETE CASCADE,"
	" path TEXT NOT NULL, sha256 BLOB NOT NULL, length INTEGER NOT NULL,"
	" head BLOB NOT NULL, role TEXT NOT NULL, key TEXT NOT NULL,"
	" created INTEGER NOT NULL, sequence INTEGER NOT NULL,"
	" whole INTEGER NOT NULL,"
	" digest BLOB NOT NULL, prefix BLOB NOT NULL,"
	" UNIQUE(outlet, sha256));"
	"CREATE INDEX bundle_path ON bundle(outlet, path);"
	"CREATE TABLE article(n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" outlet INTEGER NOT NULL REFERENCES outlet ON DELETE CASCADE,"
	" desk TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL,"
	" status INTEGER NOT NULL, title TEXT NOT NULL,"
	" language TEXT NOT NULL, published INTEGER NOT NULL,"
	" updated INTEGER NOT NULL, authors TEXT NOT NULL,"
	" note TEXT NOT NULL, url TEXT NOT NULL,"
	" read INTEGER NOT NULL DEFAULT 0,"
	" counted INTEGER NOT NULL DEFAULT 0,"
	" bundle INTEGER NOT NULL REFERENCES bundle ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, UNIQUE(outlet, desk, id));"
	"CREATE INDEX article_updated ON article(updated, n);"
	"CREATE INDEX article_bundle ON article(bundle);"
	"CREATE TABLE image(outlet INTEGER NOT NULL REFERENCES outlet"
	" ON DELETE CASCADE, name BLOB NOT NULL, bytes BLOB NOT NULL,"
	" PRIMARY KEY(outlet, name));";

enum err
library_path(struct buf *out, struct diag *d)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	enum err e;

	/* The XDG specification says to ignore relative paths. */
	if (data != NULL && data[0] == '/')
		e = buf_printf(out, "%s/erika/library.db", data);
	else if (home != NULL && home[0] == '/')
		e = buf_printf(out, "%s/.local/share/erika/library.db", home);
	else
		return diag_set(d, ERR_FAILED,
			"neither XDG_DATA_HOME nor HOME says where the "
			"library is");
	return e == ERR_OK ? e : diag_set(d, e, "the library's path");
}

static enum err
folder_make(const char *path, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	enum err e = ERR_OK;

	if (slash == NULL || slash == path)
		return ERR_OK;
	dir = strndup(path, (size_t)(slash - path));
	if (dir == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (!file_is_dir(dir))
		e = file_mkdirs(dir, 0700, d);
	free(dir);
	return e;
}

enum err
library_open(const char *path, struct library **out, struct diag *d)
{
	struct library *l = calloc(1, sizeof(*l));
	struct buf p;
	enum err e = ERR_OK;

	*out = NULL;
	buf_init(&p, 4096);
	if (l == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (path == NULL)
		e = library_path(&p, d);
	else if (buf_str(&p, path) != ERR_OK)
		e = diag_set(d, ERR_LIMIT, "the library's path is too long");
	if (e == ERR_OK)
		e = folder_make(buf_cstr(&p), d);
	if (e == ERR_OK)
		e = db_open(buf_cstr(&p), schema, VERSION, &l->db, d);
	if (e == ERR_OK)
		e = library_proof_table(l, d);
	if (e == ERR_OK)
		e = library_part_table(l, d);
	if (e == ERR_OK)
		e = library_mirror_tables(l, d);
	buf_free(&p);
	if (e != ERR_OK) {
		library_close(l);
		return diag_prefix(d, e, "the library");
	}
	*out = l;
	return ERR_OK;
}

void
library_close(struct library *l)
{
	if (l == NULL)
		return;
	library_trial_end(l);
	db_close(l->db);
	verified_free(l->dict);
	free(l);
}

/* ---- transactions */

enum err
library_begin(struct library *l, struct diag *d)
{
	enum err e = ERR_OK;

	if (!l->trial && l->depth == 0)
		e = db_begin(l->db, d);
	l->depth += e == ERR_OK;
	return e;
}

enum err
library_commit(struct library *l, struct diag *d)
{
	if (l->depth > 1 || l->trial) {
		l->depth -= l->depth > 0;
		return ERR_OK;
	}
	l->depth = 0;
	return db_commit(l->db, d);
}

void
library_rollback(struct library *l)
{
	l->depth = 0;
	if (!l->trial)
		db_rollback(l->db);
}

enum err
library_trial(struct library *l, struct diag *d)
{
	enum err e = db_begin(l->db, d);

	l->trial = e == ERR_OK;
	return e;
}

void
library_trial_end(struct library *l)
{
	if (l->trial)
		db_rollback(l->db);
	l->trial = false;
}

/* ---- small help */

char *
library_text(struct db_query *q, int column)
{
	return strdup(db_text(q, column));
}

void *
library_grow(void **list, size_t *n, size_t size)
{
	char *more;

	/* Powers of two only: few copies, and no second counter. */
	if ((*n & (*n - 1)) == 0) {
		more = realloc(*list, (*n == 0 ? 1 : 2 * *n) * size);
		if (more == NULL)
			return NULL;
		*list = more;
	}
	more = (char *)*list + *n * size;
	memset(more, 0, size);
	(*n)++;
	return more;
}

/* ---- targets of x/ */

enum err
library_target_add(struct library *l, int64_t outlet, const char *path,
	const uint8_t sha256[static 32], const struct verified *v,
	struct diag *d)
{
	struct span bytes = verified_bytes(v);
	struct digest digest = digest_of(bytes);

	return db_run(l->db, d,
		"INSERT OR REPLACE INTO target(outlet, path, sha256, digest,"
		" bytes) VALUES(?, ?, ?, ?, ?)",
		"itbbb", outlet, path, span_of(sha256, 32),
		span_of(digest.b, sizeof(digest.b)), bytes);
}

enum err
library_target(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], struct verified **out, bool *found,
	struct diag *d)
{
	struct db_query *q;
	struct digest digest;
	enum err e, done;

	*out = NULL;
	*found = false;
	e = db_query(l->db, d, &q,
		"SELECT digest, bytes FROM target WHERE outlet=? AND sha256=?",
		"ib", outlet, span_of(sha256, 32));
	if (e != ERR_OK)
		return e;
	if (db_row(q) && db_blob(q, 0).n == sizeof(digest.b)) {
		*found = true;
		memcpy(digest.b, db_blob(q, 0).p, sizeof(digest.b));
		e = verified_again(db_blob(q, 1), &digest, out);
		if (e == ERR_HASH)
			diag_set(d, e, "the library is damaged on disk");
	}
	done = db_done(l->db, q, d);
	return e == ERR_OK ? done : e;
}

/* ---- pictures */

enum err
library_image_has(struct library *l, int64_t outlet, const struct digest *name,
	bool *has, struct diag *d)
{
	int64_t one;

	return db_one_int(l->db, d, &one, has,
		"SELECT 1 FROM image WHERE outlet=? AND name=?", "ib", outlet,
		span_of(name->b, sizeof(name->b)));
}

enum err
library_image_add(struct library *l, int64_t outlet, const struct digest *name,
	const struct verified *bytes, struct diag *d)
{
	return db_run(l->db, d,
		"INSERT OR REPLACE INTO image(outlet, name, bytes)"
		" VALUES(?, ?, ?)",
		"ibb", outlet, span_of(name->b, sizeof(name->b)),
		verified_bytes(bytes));
}

enum err
library_image(struct library *l, int64_t outlet, const struct digest *name,
	struct buf *out, bool *found, struct diag *d)
{
	struct digest parts[LIMIT_PARTS], have;
	size_t start = out->n, at, n = 0;
	enum err e = db_one_blob(l->db, d, out, found,
		"SELECT bytes FROM image WHERE outlet=? AND name=?", "ib",
		outlet, span_of(name->b, sizeof(name->b)));

	if (e != ERR_OK || !*found)
		return e;
	for (at = start; at < out->n && n < LIMIT_PARTS; at += LIMIT_PART)
		parts[n++] = digest_of(span_sub(buf_view(out), at, LIMIT_PART));
	have = bundle_object_name(parts, n);
	if (at < out->n || !digest_eq(&have, name)) {
		buf_cut(out, start);
		return diag_set(d, ERR_HASH, "the library is damaged on disk");
	}
	return ERR_OK;
}
