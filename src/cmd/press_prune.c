#include "press_prune.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../core/tuf.h"
#include "../sys/file.h"
#include "press_records.h"

/* ---- names */

/* "m/V.ROLE.json": its version and role. false for roots, and for everything
 * that is no role's file. */
static bool
role_file(const char *path, uint64_t *version, char role[LIMIT_NAME + 1])
{
	const char *name = path + 2, *dot;
	size_t n = strlen(path);

	if (strncmp(path, "m/", 2) != 0 || n < 10 ||
		strcmp(path + n - 5, ".json") != 0)
		return false;
	dot = strchr(name, '.');
	if (text_decimal(span_of(name, (size_t)(dot - name)), INT64_MAX,
		    version) != ERR_OK ||
		dot + 1 >= path + n - 5)
		return false;
	n = (size_t)(path + n - 5 - (dot + 1));
	if (n > LIMIT_NAME)
		return false;
	memcpy(role, dot + 1, n);
	role[n] = '\0';
	return strcmp(role, "root") != 0 && strcmp(role, "timestamp") != 0;
}

/* ---- what is needed */

/* The snapshot that the last timestamp names; *out NULL: none yet. It may be
 * an older one than the last that was signed, when keys lie apart. */
static enum err
snapshot_public(
	struct room *r, struct tuf_doc **out, uint64_t *version, struct diag *d)
{
	struct tuf_doc *head = NULL;
	struct tuf_file f;
	char rest[64], *path = NULL;
	struct buf b;
	enum err e = records_doc(r, "timestamp", &head, d);

	*out = NULL;
	buf_init(&b, LIMIT_SNAPSHOT);
	if (e != ERR_OK || head == NULL || !tuf_meta(head, "snapshot", &f))
		goto out;
	*version = f.version;
	snprintf(rest, sizeof(rest), "repository/m/%llu.snapshot.json",
		(unsigned long long)f.version);
	path = room_path(r, rest);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_SNAPSHOT, &b, d);
	if (e == ERR_OK)
		e = tuf_parse(
			buf_view(&b), LIMIT_SNAPSHOT, TUF_SNAPSHOT, out, d);
out:
	tuf_free(head);
	free(path);
	buf_free(&b);
	return e;
}

/* Whether a role's file is one of those that readers are led to. */
static enum err
is_needed(struct room *r, const struct tuf_doc *snapshot, uint64_t version,
	const char *role, uint64_t file, bool *needed, struct diag *d)
{
	struct tuf_file f;
	int64_t last = 0;
	bool found;
	enum err e = db_one_int(r->db, d, &last, &found,
		"SELECT version FROM role WHERE name=?", "t", role);

	*needed = !found || file >= (uint64_t)last;
	if (strcmp(role, "snapshot") == 0)
		*needed |= file >= version;
	else if (tuf_meta(snapshot, role, &f))
		*needed |= file >= f.version;
	return e;
}

/* ---- the repository */

static enum err
table_make(struct room *r, struct diag *d)
{
	/* Apart from the schema, so that older records get it, too. */
	return db_run(r->db, d,
		"CREATE TABLE IF NOT EXISTS replaced(path TEXT PRIMARY KEY,"
		" since INTEGER NOT NULL)",
		"");
}

/* Note since when each file that is not needed is not. */
static enum err
replaced_note(struct room *r, const struct tuf_doc *snapshot, uint64_t version,
	int64_t now, struct diag *d)
{
	char role[LIMIT_NAME + 1];
	struct db_query *q;
	uint64_t file;
	bool needed;
	enum err e, done;

	e = db_query(r->db, d, &q,
		"SELECT path FROM file WHERE path GLOB 'm/*'"
		" AND path NOT IN (SELECT path FROM replaced)",
		"");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		const char *path = db_text(q, 0);

		if (!role_file(path, &file, role))
			continue;
		e = is_needed(r, snapshot, version, role, file, &needed, d);
		if (e == ERR_OK && !needed)
			e = db_run(r->db, d,
				"INSERT INTO replaced(path, since) VALUES(?,?)",
				"ti", path, now);
	}
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

/* Remove the files that the list no longer has. Each is forgotten once it is
 * gone, so that a run that is cut off here is made good by the next. */
static enum err
replaced_remove(struct room *r, size_t *n, struct diag *d)
{
	struct db_query *q;
	char *root = room_path(r, "repository"), *path;
	enum err e, done;

	e = root == NULL ? ERR_NOMEM
			 : db_query(r->db, d, &q,
				   "SELECT path FROM replaced WHERE path NOT IN"
				   " (SELECT path FROM file)",
				   "");
	if (e != ERR_OK) {
		free(root);
		return e;
	}
	while (e == ERR_OK && db_row(q)) {
		path = file_join(root, db_text(q, 0));
		if (path == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
		else if (unlink(path) == 0)
			++*n;
		else if (errno != ENOENT)
			e = file_errno(path, d);
		free(path);
	}
	done = db_done(r->db, q, d);
	free(root);
	if (e == ERR_OK && done == ERR_OK)
		e = db_run(r->db, d,
			"DELETE FROM replaced WHERE path NOT IN"
			" (SELECT path FROM file)",
			"");
	return e != ERR_OK ? e : done;
}

enum err
prune_run(struct room *r, int64_t now, size_t *n, struct diag *d)
{
	struct tuf_doc *snapshot = NULL;
	uint64_t version = 0;
	enum err e = snapshot_public(r, &snapshot, &version, d);

	*n = 0;
	if (e != ERR_OK || snapshot == NULL)
		return e;
	e = table_make(r, d);
	if (e == ERR_OK)
		e = db_begin(r->db, d);
	/* Noted by a clock that was ahead. */
	if (e == ERR_OK)
		e = db_run(r->db, d,
			"UPDATE replaced SET since=?1 WHERE since>?1", "i",
			now);
	if (e == ERR_OK)
		e = replaced_note(r, snapshot, version, now, d);
	if (e == ERR_OK)
		e = db_run(r->db, d,
			"DELETE FROM file WHERE path IN"
			" (SELECT path FROM replaced WHERE since<=?)",
			"i", now - PRUNE_SECONDS);
	if (e == ERR_OK)
		e = db_commit(r->db, d);
	if (e != ERR_OK)
		db_rollback(r->db);
	if (e == ERR_OK)
		e = replaced_remove(r, n, d);
	tuf_free(snapshot);
	return e;
}

/* ---- a mirror's folder */

/* What a run left when it was cut off: file_write's and file_copy's names. Of
 * today they may be somebody's who is at work. */
static bool
is_leftover(const char *dir, const char *name)
{
	struct stat st;
	char *path;
	bool old;

	if (strncmp(name, ".new-", 5) != 0)
		return false;
	path = file_join(dir, name);
	old = path != NULL && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	      time(NULL) - st.st_mtime > 86400;
	free(path);
	return old;
}

/* Whether the mirror has it for no reason: a role's file that the list does
 * not have, older than the role's last. */
static enum err
is_pruned(struct room *r, const char *name, bool *is, struct diag *d)
{
	char path[LIMIT_NAME + 48], role[LIMIT_NAME + 1];
	int64_t last = 0, one;
	uint64_t file;
	bool listed, found;
	enum err e;

	*is = false;
	if ((size_t)snprintf(path, sizeof(path), "m/%s", name) >=
			sizeof(path) ||
		!role_file(path, &file, role))
		return ERR_OK;
	e = db_one_int(r->db, d, &one, &listed,
		"SELECT 1 FROM file WHERE path=?", "t", path);
	if (e == ERR_OK)
		e = db_one_int(r->db, d, &last, &found,
			"SELECT version FROM role WHERE name=?", "t", role);
	*is = e == ERR_OK && !listed && found && file < (uint64_t)last;
	return e;
}

static enum err
folder_sweep(struct room *r, const char *to, const char *rest, struct diag *d)
{
	bool metadata = strcmp(rest, "m") == 0, is = false;
	char *dir = file_join(to, rest), *path;
	struct dirent *entry;
	DIR *f = dir == NULL ? NULL : opendir(dir);
	enum err e =
		dir == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;

	while (e == ERR_OK && f != NULL && (entry = readdir(f)) != NULL) {
		is = is_leftover(dir, entry->d_name);
		if (!is && metadata)
			e = is_pruned(r, entry->d_name, &is, d);
		if (e != ERR_OK || !is)
			continue;
		path = file_join(dir, entry->d_name);
		if (path == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
		else if (unlink(path) != 0 && errno != ENOENT)
			e = file_errno(path, d);
		free(path);
	}
	if (f != NULL)
		closedir(f);
	free(dir);
	return e;
}

/* Where the last bundles went: a run that was cut off was at work there. */
#define SWEEP "64"

enum err
prune_mirror(struct room *r, const char *to, struct diag *d)
{
	char last[LIMIT_PATH + 80] = "", dir[LIMIT_PATH + 80];
	struct db_query *q;
	enum err e = folder_sweep(r, to, "m", d), done;

	if (e == ERR_OK)
		e = folder_sweep(r, to, "t/x", d);
	if (e == ERR_OK)
		e = db_query(r->db, d, &q,
			"SELECT path FROM file WHERE +path GLOB 't/b/*'"
			" ORDER BY id DESC LIMIT " SWEEP,
			"");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		const char *path = db_text(q, 0);
		const char *slash = strrchr(path, '/');

		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		if (strcmp(dir, last) != 0)
			e = folder_sweep(r, to, dir, d);
		snprintf(last, sizeof(last), "%s", dir);
	}
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}
