/* Outlets, and the metadata that proves what they said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../core/tuf.h"
#include "library_priv.h"

/* ---- outlets */

void
library_outlets_clear(struct library_outlets *o)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		free(o->list[i].name);
		free(o->list[i].expires_role);
	}
	free(o->list);
	*o = (struct library_outlets){.n = 0};
}

static enum err
outlet_read(struct library_outlets *out, struct db_query *q)
{
	struct library_outlet *o =
		library_grow((void **)&out->list, &out->n, sizeof(*out->list));

	if (o == NULL)
		return ERR_NOMEM;
	o->id = db_int(q, 0);
	o->name = library_text(q, 1);
	if (db_blob(q, 2).n == sizeof(o->fingerprint))
		memcpy(o->fingerprint, db_blob(q, 2).p, sizeof(o->fingerprint));
	o->added = db_int(q, 3);
	o->synced = db_int(q, 4);
	o->as_of = db_int(q, 5);
	o->expires = db_int(q, 6);
	o->expires_role = library_text(q, 7);
	o->timestamp = (uint64_t)db_int(q, 8);
	o->root_keys = (unsigned)db_int(q, 9);
	o->root_threshold = (unsigned)db_int(q, 10);
	o->articles = db_int(q, 11);
	o->unread = db_int(q, 12);
	return o->name == NULL || o->expires_role == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
library_outlets(struct library *l, struct library_outlets *out, struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	*out = (struct library_outlets){.n = 0};
	e = db_query(l->db, d, &q,
		"SELECT id, name, fingerprint, added, synced, as_of, expires,"
		" expires_role, timestamp, root_keys, root_threshold,"
		" (SELECT count(*) FROM article WHERE outlet=outlet.id),"
		" (SELECT count(*) FROM article WHERE outlet=outlet.id"
		" AND read=0) FROM outlet ORDER BY id",
		"");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = outlet_read(out, q);
	if (e != ERR_OK)
		diag_set(d, e, "out of memory");
	done = db_done(l->db, q, d);
	e = e == ERR_OK ? done : e;
	if (e != ERR_OK)
		library_outlets_clear(out);
	return e;
}

static bool
outlet_is(const struct library_outlet *o, const char *which)
{
	char hex[65];

	if (strcmp(o->name, which) == 0)
		return true;
	text_hex(hex, o->fingerprint, sizeof(o->fingerprint));
	return strlen(which) >= 8 && strncmp(hex, which, strlen(which)) == 0;
}

enum err
library_outlet_find(const struct library_outlets *o, const char *which,
	const struct library_outlet **out, struct diag *d)
{
	char shown[100];
	size_t i;

	*out = NULL;
	text_show(shown, sizeof(shown), span_str(which));
	for (i = 0; i < o->n; i++) {
		if (!outlet_is(&o->list[i], which))
			continue;
		if (*out != NULL)
			return diag_set(d, ERR_USAGE,
				"several outlets are called \"%s\"; name it "
				"by its fingerprint (erika outlets)",
				shown);
		*out = &o->list[i];
	}
	if (*out == NULL)
		return diag_set(d, ERR_MISSING,
			"no outlet \"%s\" here; erika outlets lists them",
			shown);
	return ERR_OK;
}

bool
library_outlet_stale(const struct library_outlet *o, int64_t now)
{
	return o->expires <= (now < o->as_of ? o->as_of : now);
}

enum err
library_outlet_add(struct library *l, const char *name,
	const uint8_t fingerprint[static 32], struct span anchor, int64_t now,
	int64_t *id, struct diag *d)
{
	int64_t have;
	bool found;
	enum err e = library_begin(l, d);

	if (e == ERR_OK)
		e = db_one_int(l->db, d, &have, &found,
			"SELECT id FROM outlet WHERE fingerprint=?", "b",
			span_of(fingerprint, 32));
	if (e == ERR_OK && found)
		e = diag_set(d, ERR_EXISTS, "this outlet is here already");
	if (e == ERR_OK)
		e = db_run(l->db, d,
			"INSERT INTO outlet(name, fingerprint, added)"
			" VALUES(?, ?, ?)",
			"tbi", name, span_of(fingerprint, 32), now);
	if (e == ERR_OK) {
		*id = db_last_id(l->db);
		e = db_run(l->db, d,
			"INSERT INTO metadata(outlet, role, bytes) VALUES"
			"(?1, 'root', ?2), (?1, '1.root', ?2)",
			"ib", *id, anchor);
	}
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK)
		library_rollback(l);
	return e;
}

enum err
library_outlet_alias(
	struct library *l, int64_t outlet, int64_t *id, struct diag *d)
{
	enum err e;

	if (!l->trial)
		return diag_set(d, ERR_FAILED, "not in a trial");
	e = db_run(l->db, d,
		"INSERT INTO outlet(name, fingerprint, added)"
		" SELECT name, randomblob(32), added FROM outlet WHERE id=?",
		"i", outlet);
	if (e != ERR_OK)
		return e;
	*id = db_last_id(l->db);
	return db_run(l->db, d,
		"INSERT INTO metadata(outlet, role, bytes)"
		" SELECT ?, role, bytes FROM metadata WHERE outlet=?",
		"ii", *id, outlet);
}

enum err
library_outlet_verdict(struct library *l, int64_t outlet,
	const struct trust_verdict *v, int64_t now, struct diag *d)
{
	return db_run(l->db, d,
		"UPDATE outlet SET synced=?, as_of=?, expires=?,"
		" expires_role=?, timestamp=?, root_keys=?, root_threshold=?"
		" WHERE id=?",
		"iiitiiii", now, v->as_of, v->expires, v->stale_role,
		(int64_t)v->timestamp, (int64_t)v->root_keys,
		(int64_t)v->root_threshold, outlet);
}

/* ---- metadata */

enum err
library_metadata(struct library *l, int64_t outlet, const char *role,
	struct buf *out, bool *found, struct diag *d)
{
	return db_one_blob(l->db, d, out, found,
		"SELECT bytes FROM metadata WHERE outlet=? AND role=?", "it",
		outlet, role);
}

static enum err
metadata_save(struct library *l, int64_t outlet, const char *role,
	struct span bytes, struct diag *d)
{
	return db_run(l->db, d,
		"INSERT OR REPLACE INTO metadata(outlet, role, bytes)"
		" VALUES(?, ?, ?)",
		"itb", outlet, role, bytes);
}

/* Whether a newer one came meanwhile, by another process: what is trusted
 * never becomes older. */
static enum err
metadata_is_behind(struct library *l, int64_t outlet, const char *role,
	struct span bytes, bool *is, struct diag *d)
{
	struct tuf_doc *here = NULL, *new = NULL;
	unsigned type = 0;
	struct buf b;
	bool found;
	enum err e;

	*is = false;
	while (type < TUF_TYPES && strcmp(role, tuf_type_str(type)) != 0)
		type++;
	if (type == TUF_TYPES)
		return ERR_OK;
	buf_init(&b, LIMIT_METADATA);
	e = library_metadata(l, outlet, role, &b, &found, d);
	/* One that cannot be read any more is better replaced. */
	if (e == ERR_OK && found &&
		tuf_parse(buf_view(&b), LIMIT_METADATA, type, &here, NULL) ==
			ERR_OK &&
		tuf_parse(bytes, LIMIT_METADATA, type, &new, NULL) == ERR_OK)
		*is = new->version < here->version;
	tuf_free(here);
	tuf_free(new);
	buf_free(&b);
	return e;
}

static enum err
metadata_drop(
	struct library *l, int64_t outlet, const char *role, struct diag *d)
{
	return db_run(l->db, d,
		"DELETE FROM metadata WHERE outlet=? AND role=?", "it", outlet,
		role);
}

enum err
library_metadata_change(struct library *l, int64_t outlet,
	const struct trust_change *change, const char *name, struct span bytes,
	struct diag *d)
{
	bool behind = false;
	char role[32];
	enum err e;

	if (change->save == NULL && !change->drop_timestamp &&
		!change->drop_snapshot)
		return ERR_OK;
	e = library_begin(l, d);
	if (e == ERR_OK && change->drop_timestamp)
		e = metadata_drop(l, outlet, "timestamp", d);
	if (e == ERR_OK && change->drop_snapshot)
		e = metadata_drop(l, outlet, "snapshot", d);
	if (e == ERR_OK && change->save != NULL)
		e = metadata_is_behind(
			l, outlet, change->save, bytes, &behind, d);
	if (e == ERR_OK && change->save != NULL && !behind)
		e = metadata_save(l, outlet, change->save, bytes, d);
	/* The chain from the first root on is what a share file must have. */
	if (e == ERR_OK && change->save != NULL &&
		strcmp(change->save, "root") == 0) {
		snprintf(role, sizeof(role), "%.*s", (int)strcspn(name, "."),
			name);
		strncat(role, ".root", sizeof(role) - strlen(role) - 1);
		e = metadata_save(l, outlet, role, bytes, d);
	}
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK)
		library_rollback(l);
	return e;
}

/* ---- the stored chain */

bool
library_role_read(const char *role)
{
	return strcmp(role, "x") == 0 || strncmp(role, "d-", 2) == 0;
}

/* Feed the machine from the store until it wants nothing more. */
static enum err
stored_feed(struct library *l, int64_t outlet, struct trust *t, struct diag *d)
{
	struct trust_change change;
	struct trust_want w;
	struct buf b;
	bool found;
	enum err e = ERR_OK;

	buf_init(&b, LIMIT_METADATA);
	while (e == ERR_OK && trust_wants(t, &w)) {
		found = false;
		buf_clear(&b);
		if (w.source == TRUST_STORED)
			e = library_metadata(l, outlet, w.role, &b, &found, d);
		if (e != ERR_OK)
			break;
		/* A stored copy that is not used is not an error yet. */
		if (!found)
			e = trust_pass(t, d);
		else if (trust_feed(t, buf_view(&b), &change, d) == ERR_NOMEM)
			e = ERR_NOMEM;
	}
	buf_free(&b);
	return e;
}

enum err
library_trust(struct library *l, int64_t outlet, int64_t now,
	struct trust **out, struct diag *d)
{
	struct trust_verdict v;
	struct trust *t = NULL;
	struct buf root;
	const char *role;
	bool found;
	size_t i;
	enum err e;

	*out = NULL;
	buf_init(&root, LIMIT_ROOT);
	e = library_metadata(l, outlet, "root", &root, &found, d);
	if (e == ERR_OK && !found)
		e = diag_set(d, ERR_MISSING, "the library lacks the root");
	if (e == ERR_OK)
		e = trust_new(buf_view(&root), now, TRUST_LENIENT, &t, d);
	if (e == ERR_OK)
		e = stored_feed(l, outlet, t, d);
	if (e == ERR_OK) {
		trust_verdict(t, &v);
		if (!v.complete)
			e = diag_set(d, ERR_MISSING, "not complete");
	}
	for (i = 0; e == ERR_OK && (role = trust_delegation(t, i)) != NULL;
		i++) {
		if (!library_role_read(role))
			continue;
		e = trust_load(t, role, d);
		if (e == ERR_OK)
			e = stored_feed(l, outlet, t, d);
		/* One desk that could not be had does not hide the others. */
		e = e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
	}
	buf_free(&root);
	if (e != ERR_OK) {
		trust_free(t);
		return e;
	}
	*out = t;
	return ERR_OK;
}

enum err
library_trust_find(struct library *l, int64_t outlet, struct trust *t,
	const char *path, const struct trust_target **out, struct diag *d)
{
	enum err e = trust_find(t, path, d);

	*out = NULL;
	if (e == ERR_OK)
		e = stored_feed(l, outlet, t, d);
	if (e == ERR_NOMEM || e == ERR_IO)
		return e;
	if (e == ERR_OK)
		*out = trust_found(t);
	return ERR_OK;
}
