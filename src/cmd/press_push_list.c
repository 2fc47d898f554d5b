#include "press_push_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../core/tuf.h"
#include "../sys/file.h"
#include "press_records.h"

void
push_list_clear(struct push_list *l)
{
	strings_free(l->path, l->n);
	*l = (struct push_list){.n = 0};
}

static enum err
list_add(struct push_list *l, const char *path, struct diag *d)
{
	if (l->n == l->room) {
		size_t more = l->room == 0 ? 64 : 2 * l->room;
		char **grown = realloc(l->path, more * sizeof(*grown));

		if (grown == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		l->path = grown;
		l->room = more;
	}
	l->path[l->n] = strdup(path);
	if (l->path[l->n] == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	l->n++;
	return ERR_OK;
}

/* Whether repository/rest was listed after `last`. */
static enum err
is_new(struct room *r, const char *rest, int64_t last, bool *is, struct diag *d)
{
	int64_t one;

	*is = last == 0;
	if (*is)
		return ERR_OK;
	return db_one_int(r->db, d, &one, is,
		"SELECT 1 FROM file WHERE path=? AND id>?", "ti", rest, last);
}

static enum err
add_new(struct room *r, const char *rest, int64_t last, struct push_list *l,
	struct diag *d)
{
	bool is;
	enum err e = is_new(r, rest, last, &is, d);

	return e == ERR_OK && is ? list_add(l, rest, d) : e;
}

/* ---- metadata */

static enum err
roots_add(struct room *r, int64_t last, struct push_list *l, struct diag *d)
{
	char rest[64], *path;
	enum err e = ERR_OK;
	bool there = true;
	unsigned n;

	for (n = 1; e == ERR_OK && there; n++) {
		snprintf(rest, sizeof(rest), "repository/m/%u.root.json", n);
		path = room_path(r, rest);
		if (path == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		there = file_exists(path);
		free(path);
		if (there)
			e = add_new(r, rest + 11, last, l, d);
	}
	return e;
}

static enum err
role_add(struct room *r, const struct tuf_doc *snapshot, const char *role,
	int64_t last, struct push_list *l, struct diag *d)
{
	char rest[LIMIT_NAME + 48];
	struct tuf_file f;

	if (!tuf_meta(snapshot, role, &f))
		return ERR_OK;
	snprintf(rest, sizeof(rest), "m/%llu.%s.json",
		(unsigned long long)f.version, role);
	return add_new(r, rest, last, l, d);
}

/* A year before its periods; which desk comes first does not matter. */
static unsigned
rank(const char *role)
{
	if (strcmp(role, "targets") == 0)
		return 0;
	return strncmp(role, "s-", 2) == 0 ? 2 : 1;
}

static enum err
roles_add(struct room *r, const struct tuf_doc *snapshot, int64_t last,
	struct push_list *l, struct diag *d)
{
	const json_t *meta = json_object_get(snapshot->body, "meta");
	char role[LIMIT_NAME + 8];
	const char *file;
	json_t *entry;
	unsigned k;
	enum err e = ERR_OK;

	for (k = 0; k < 3; k++)
		json_object_foreach((json_t *)(uintptr_t)meta, file, entry)
		{
			snprintf(role, sizeof(role), "%.*s",
				(int)strlen(file) - 5, file);
			if (e == ERR_OK && rank(role) == k)
				e = role_add(r, snapshot, role, last, l, d);
		}
	return e;
}

enum err
push_list_metadata(
	struct room *r, int64_t last, struct push_list *out, struct diag *d)
{
	struct tuf_doc *snapshot = NULL;
	char rest[64];
	enum err e = records_doc(r, "snapshot", &snapshot, d);

	if (e == ERR_OK && snapshot == NULL)
		e = diag_set(d, ERR_MISSING, "nothing was published here yet");
	if (e == ERR_OK)
		e = roots_add(r, last, out, d);
	if (e == ERR_OK)
		e = list_add(out, "m/timestamp.json", d);
	if (e == ERR_OK) {
		snprintf(rest, sizeof(rest), "m/%llu.snapshot.json",
			(unsigned long long)snapshot->version);
		e = add_new(r, rest, last, out, d);
	}
	if (e == ERR_OK)
		e = roles_add(r, snapshot, last, out, d);
	tuf_free(snapshot);
	return e;
}

/* ---- targets */

/* Files listed after `last`, by the records. */
static enum err
targets_new(struct room *r, int64_t last, bool lone, struct push_list *l,
	struct diag *d)
{
	struct db_query *q;
	enum err e = db_query(r->db, d, &q,
			 "SELECT path FROM file WHERE id>? AND path GLOB 't/*'"
			 " AND (path GLOB '*.minisig')=? ORDER BY id",
			 "ii", last, (int64_t)lone),
		 done;

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = list_add(l, db_text(q, 0), d);
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

static enum err
target_add(struct room *r, const char *path, const json_t *entry, bool lone,
	struct push_list *l, struct diag *d)
{
	const char *hex = json_string_value(
		json_object_get(json_object_get(entry, "hashes"), "sha256"));
	const char *name = strrchr(path, '/');
	size_t n = strlen(path);
	char rest[LIMIT_PATH + 160], *file;
	bool there;

	if (hex == NULL || name == NULL || strlen(hex) != 64 || n > LIMIT_PATH)
		return ERR_OK;
	snprintf(rest, sizeof(rest), "repository/t/%.*s/%s.%s%s",
		(int)(name - path), path, hex, name + 1,
		lone ? ".minisig" : "");
	if (!lone)
		return list_add(l, rest + 11, d);
	file = room_path(r, rest);
	there = file != NULL && file_exists(file);
	free(file);
	return there ? list_add(l, rest + 11, d) : ERR_OK;
}

static enum err
role_targets(struct room *r, const char *role, bool lone, struct push_list *l,
	struct diag *d)
{
	struct tuf_doc *doc = NULL;
	const char *path;
	json_t *entry;
	enum err e = records_doc(r, role, &doc, d);

	if (e == ERR_OK && doc != NULL)
		json_object_foreach(
			json_object_get(doc->body, "targets"), path, entry)
		{
			if (e == ERR_OK)
				e = target_add(r, path, entry, lone, l, d);
		}
	tuf_free(doc);
	return e;
}

/* All that the head names: for a mirror of which nothing is known. */
static enum err
targets_named(struct room *r, bool lone, struct push_list *l, struct diag *d)
{
	struct tuf_doc *snapshot = NULL;
	char role[LIMIT_NAME + 8];
	const char *file;
	json_t *entry;
	enum err e = records_doc(r, "snapshot", &snapshot, d);

	if (e == ERR_OK && snapshot != NULL)
		json_object_foreach(
			json_object_get(snapshot->body, "meta"), file, entry)
		{
			snprintf(role, sizeof(role), "%.*s",
				(int)strlen(file) - 5, file);
			if (e == ERR_OK)
				e = role_targets(r, role, lone, l, d);
		}
	tuf_free(snapshot);
	return e;
}

enum err
push_list_targets(
	struct room *r, int64_t last, struct push_list *out, struct diag *d)
{
	unsigned k;
	enum err e = ERR_OK;

	for (k = 0; e == ERR_OK && k < 2; k++) {
		e = last > 0 ? targets_new(r, last, k == 0, out, d)
			     : targets_named(r, k == 0, out, d);
		if (k == 0)
			out->lone = out->n;
	}
	return e;
}
