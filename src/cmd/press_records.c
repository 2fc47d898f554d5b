#include "press_records.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../sys/file.h"

/* ---- roles */

enum err
records_role(struct room *r, const char *role, int64_t *version,
	struct buf *file, struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	*version = 0;
	e = db_query(r->db, d, &q,
		"SELECT version, file FROM role WHERE name=?", "t", role);
	if (e != ERR_OK)
		return e;
	if (db_row(q)) {
		*version = db_int(q, 0);
		e = buf_span(file, db_blob(q, 1));
	}
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

static enum tuf_type
role_type(const char *role)
{
	if (strcmp(role, "timestamp") == 0)
		return TUF_TIMESTAMP;
	return strcmp(role, "snapshot") == 0 ? TUF_SNAPSHOT : TUF_TARGETS;
}

enum err
records_doc(
	struct room *r, const char *role, struct tuf_doc **out, struct diag *d)
{
	struct buf b;
	int64_t version;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_METADATA);
	e = records_role(r, role, &version, &b, d);
	if (e == ERR_OK && version > 0)
		e = tuf_parse(
			buf_view(&b), LIMIT_METADATA, role_type(role), out, d);
	buf_free(&b);
	return e;
}

enum err
records_role_put(struct room *r, const char *role, uint64_t version,
	struct span file, struct diag *d)
{
	char rest[LIMIT_NAME + 40];
	enum err e = ERR_OK;

	snprintf(rest, sizeof(rest), "m/%llu.%s.json",
		(unsigned long long)version, role);
	if (strcmp(role, "timestamp") != 0)
		e = records_file(r, rest, file, d);
	if (e == ERR_OK)
		e = db_run(r->db, d,
			"INSERT INTO role(name, version, file) VALUES(?,?,?)"
			" ON CONFLICT(name) DO UPDATE SET"
			" version=excluded.version, file=excluded.file",
			"tib", role, (int64_t)version, file);
	return e;
}

/* ---- files */

/* DIR/repository/REST, malloc'd; NULL when out of memory. */
static char *
repository_path(struct room *r, const char *rest)
{
	char *root = room_path(r, "repository");
	char *path = root == NULL ? NULL : file_join(root, rest);

	free(root);
	return path;
}

/* Whether the file is there with these bytes. One that differs was written by
 * a run that was cut off before it was recorded, and nobody has seen it. */
static bool
same_file(const char *path, struct span s)
{
	struct buf b;
	bool same;

	buf_init(&b, s.n);
	same = file_read(path, s.n, &b, NULL) == ERR_OK &&
	       span_eq(buf_view(&b), s);
	buf_free(&b);
	return same;
}

enum err
records_file(struct room *r, const char *rest, struct span s, struct diag *d)
{
	char *path = repository_path(r, rest), *slash;
	enum err e = ERR_OK;

	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (!same_file(path, s)) {
		slash = strrchr(path, '/');
		*slash = '\0';
		e = file_mkdirs(path, 0755, d);
		*slash = '/';
		if (e == ERR_OK)
			e = file_write(path, s, 0644, d);
	}
	free(path);
	return e == ERR_OK ? records_listed(r, rest, d) : e;
}

enum err
records_listed(struct room *r, const char *rest, struct diag *d)
{
	return db_run(r->db, d, "INSERT OR IGNORE INTO file(path) VALUES(?)",
		"t", rest);
}

/* ---- roots */

enum err
records_root(struct room *r, uint64_t n, struct buf *out, struct diag *d)
{
	char rest[64], *path;
	enum err e;

	snprintf(rest, sizeof(rest), "m/%llu.root.json", (unsigned long long)n);
	path = repository_path(r, rest);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_ROOT, out, d);
	free(path);
	return e;
}

enum err
records_newest_root(
	struct room *r, struct tuf_doc **out, struct buf *file, struct diag *d)
{
	struct buf b, next;
	uint64_t n = 1;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_ROOT);
	buf_init(&next, LIMIT_ROOT);
	e = records_root(r, 1, &b, d);
	while (e == ERR_OK && records_root(r, ++n, &next, NULL) == ERR_OK) {
		buf_clear(&b);
		e = buf_span(&b, buf_view(&next));
		buf_clear(&next);
	}
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&b), LIMIT_ROOT, TUF_ROOT, out, d);
	if (e == ERR_OK && file != NULL)
		e = buf_span(file, buf_view(&b));
	buf_free(&b);
	buf_free(&next);
	return e;
}

/* ---- what waits */

enum err
records_pending(struct room *r, const char *name, struct buf *file, bool *found,
	struct diag *d)
{
	return db_one_blob(r->db, d, file, found,
		"SELECT file FROM pending WHERE name=?", "t", name);
}

enum err
records_pending_put(
	struct room *r, const char *name, struct span file, struct diag *d)
{
	return db_run(r->db, d,
		"INSERT INTO pending(name, file) VALUES(?,?) ON CONFLICT(name)"
		" DO UPDATE SET file=excluded.file",
		"tb", name, file);
}

enum err
records_pending_drop(struct room *r, const char *name, struct diag *d)
{
	return db_run(r->db, d, "DELETE FROM pending WHERE name=?", "t", name);
}
