#include "press_head.h"

#include <stdlib.h>
#include <string.h>

#include "../core/date.h"
#include "../core/limits.h"
#include "../core/pack.h"
#include "../core/trust.h"
#include "../core/tuf_write.h"
#include "../sys/file.h"
#include "press.h"
#include "press_records.h"

/* ---- which roles a reader begins with */

/* The years with weeks that are not sealed. */
struct years {
	int from, to;
};

static enum err
years_open(struct room *r, int64_t now, struct years *out, struct diag *d)
{
	int64_t oldest = now;
	bool found;
	int week;
	enum err e = db_one_int(r->db, d, &oldest, &found,
		"SELECT min(created) FROM bundle WHERE sealed=0"
		" HAVING min(created) NOT NULL",
		"");

	date_week(now, &out->to, &week);
	date_week(oldest < now ? oldest : now, &out->from, &week);
	return e;
}

/* Whether a reader wants this role at a cold start. */
static bool
is_open(const char *role, const struct years *y)
{
	int year;

	if (strncmp(role, "s-", 2) == 0)
		return false;
	if (strncmp(role, "y-", 2) != 0)
		return true;
	year = (int)strtol(role + 2, NULL, 10);
	return year >= y->from && year <= y->to;
}

/* ---- snapshot and timestamp */

/* An entry for a role's present file: for the open ones with length and hash,
 * so that little is parsed before it is known to be the right one. Ten years
 * of sealed ones are named by version alone, to keep the snapshot short. */
static enum err
meta_add(struct room *r, json_t *body, const char *role, struct diag *d)
{
	struct buf file;
	struct span s;
	int64_t version;
	enum err e;

	buf_init(&file, LIMIT_METADATA);
	e = records_role(r, role, &version, &file, d);
	s = buf_view(&file);
	if (e == ERR_OK)
		e = tuf_body_meta(body, role, (uint64_t)version, &s);
	buf_free(&file);
	return e;
}

static enum err
snapshot_body(struct room *r, json_t *body, int64_t now, struct diag *d)
{
	struct db_query *q;
	struct years open;
	enum err e = years_open(r, now, &open, d), done;

	if (e != ERR_OK)
		return e;
	e = db_query(r->db, d, &q,
		"SELECT name, version FROM role WHERE name NOT IN"
		" ('timestamp','snapshot') ORDER BY name",
		"");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		const char *role = db_text(q, 0);

		if (is_open(role, &open))
			e = meta_add(r, body, role, d);
		else
			e = tuf_body_meta(
				body, role, (uint64_t)db_int(q, 1), NULL);
	}
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

enum err
head_sign(struct roles *u, struct diag *d)
{
	struct tuf_rule rule = tuf_root_rule(u->chain.root, TUF_SNAPSHOT);
	json_t *body =
		tuf_body(TUF_SNAPSHOT, 1, u->now + ROLE_SNAPSHOT_SECONDS);
	enum err e = body == NULL ? ERR_NOMEM
				  : snapshot_body(u->room, body, u->now, d);

	if (e != ERR_OK) {
		json_decref(body);
		return e;
	}
	e = roles_sign(u, "snapshot", TUF_SNAPSHOT, &rule,
		ROLE_SNAPSHOT_SECONDS, body, &u->complete, d);
	if (e != ERR_OK)
		return e;
	rule = tuf_root_rule(u->chain.root, TUF_TIMESTAMP);
	body = tuf_body(TUF_TIMESTAMP, 1, u->now + ROLE_TIMESTAMP_SECONDS);
	e = body == NULL ? ERR_NOMEM : meta_add(u->room, body, "snapshot", d);
	if (e == ERR_OK)
		e = tuf_body_made(body, u->now);
	if (e != ERR_OK) {
		json_decref(body);
		return e;
	}
	/* It says when it was made, so that it is signed again each second. */
	return roles_sign(u, "timestamp", TUF_TIMESTAMP, &rule,
		ROLE_TIMESTAMP_SECONDS, body, &u->head, d);
}

/* ---- the check */

/* What the machine wishes for: its own past, the new root, the timestamp, and
 * everything else as it lies in the repository. */
static enum err
wish(struct roles *u, const struct trust_want *w, struct span timestamp,
	struct span snapshot, struct buf *out, struct diag *d)
{
	char *root, *path, name[64];
	int64_t version;
	enum err e;

	if (w->source == TRUST_STORED) {
		if (strcmp(w->role, "timestamp") == 0)
			return buf_span(out, timestamp);
		return strcmp(w->role, "snapshot") == 0
			       ? buf_span(out, snapshot)
			       : ERR_OK;
	}
	if (strcmp(w->role, "timestamp") == 0)
		return records_role(u->room, "timestamp", &version, out, d);
	if (strcmp(w->role, "root") == 0) {
		snprintf(name, sizeof(name), "%llu.root.json",
			(unsigned long long)u->chain.root->version);
		return u->chain.root_new && strcmp(w->name, name) == 0
			       ? buf_span(out, buf_view(&u->chain.root_file))
			       : ERR_OK;
	}
	root = room_path(u->room, "repository/m");
	path = root == NULL ? NULL : file_join(root, w->name);
	e = path == NULL ? ERR_NOMEM : ERR_OK;
	if (e == ERR_OK && file_exists(path))
		e = file_read(path, w->max, out, d);
	free(root);
	free(path);
	return e;
}

static enum err
machine_run(struct trust *t, struct roles *u, struct span timestamp,
	struct span snapshot, struct diag *d)
{
	struct trust_change change;
	struct trust_want w;
	struct buf b;
	enum err e = ERR_OK;

	buf_init(&b, LIMIT_METADATA);
	while (e == ERR_OK && trust_wants(t, &w)) {
		bool stored = w.source == TRUST_STORED;
		bool head = !stored && strcmp(w.role, "timestamp") == 0;

		buf_clear(&b);
		e = wish(u, &w, timestamp, snapshot, &b, d);
		if (e == ERR_OK && b.n == 0) {
			e = trust_pass(t, d);
			continue;
		}
		if (e == ERR_OK)
			e = trust_feed(t, buf_view(&b), &change, d);
		/* What is stored is only what may not be gone back behind; a
		 * new root forgets it, as readers do. */
		if (stored)
			e = ERR_OK;
		if (e == ERR_OK && head)
			e = trust_pass(t, d);
	}
	buf_free(&b);
	return e;
}

enum err
head_check(struct roles *u, struct span anchor, struct span timestamp,
	struct span snapshot, struct diag *d)
{
	struct trust *t = NULL;
	struct years open;
	const char *name;
	enum err e = years_open(u->room, u->now, &open, d);
	size_t i;

	if (e == ERR_OK)
		e = trust_new(anchor, u->now, TRUST_LENIENT, &t, d);
	if (e == ERR_OK)
		e = machine_run(t, u, timestamp, snapshot, d);
	for (i = 0; e == ERR_OK && (name = trust_delegation(t, i)) != NULL;
		i++) {
		if (!is_open(name, &open))
			continue;
		e = trust_load(t, name, d);
		if (e == ERR_OK)
			e = machine_run(t, u, timestamp, snapshot, d);
	}
	trust_free(t);
	return e == ERR_OK ? e
			   : diag_prefix(d, e,
				     "readers would refuse this, so it was not "
				     "published");
}

/* ---- the two files */

/* Most files of a pack, and the bytes up to which desks are added to it: one
 * request in small pieces of 8 KiB, on networks that allow no more. */
#define PACK_FILES 64
#define PACK_WANTED 6000

struct packing_head {
	struct room *room;
	struct pack_file files[PACK_FILES];
	char names[PACK_FILES][LIMIT_NAME + 40];
	struct buf bodies[PACK_FILES];
	size_t n;
	struct buf packed;
};

static enum err
pack_add(struct packing_head *p, const char *name, struct span body)
{
	enum err e;

	if (p->n == PACK_FILES)
		return ERR_OK; /* a shortcut may be short */
	snprintf(p->names[p->n], sizeof(*p->names), "m/%s", name);
	buf_init(&p->bodies[p->n], LIMIT_METADATA);
	e = buf_span(&p->bodies[p->n], body);
	p->files[p->n].name = p->names[p->n];
	p->files[p->n].body = buf_view(&p->bodies[p->n]);
	p->n++;
	return e;
}

/* The file of a role that the snapshot names. */
static enum err
pack_role(struct packing_head *p, const struct tuf_doc *snapshot,
	const char *role, struct diag *d)
{
	char rest[LIMIT_NAME + 64], *path;
	struct tuf_file f;
	struct buf b;
	enum err e;

	if (!tuf_meta(snapshot, role, &f))
		return ERR_OK;
	snprintf(rest, sizeof(rest), "repository/m/%llu.%s.json",
		(unsigned long long)f.version, role);
	path = room_path(p->room, rest);
	buf_init(&b, LIMIT_METADATA);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_METADATA, &b, d);
	if (e == ERR_OK)
		e = pack_add(p, rest + 13, buf_view(&b));
	buf_free(&b);
	free(path);
	return e;
}

/* One desk in any case, the newsroom's first, and others while the pack stays
 * short: they are fetched one by one otherwise. */
static enum err
pack_desk(struct packing_head *p, const struct tuf_doc *snapshot,
	const char *role, bool always, struct diag *d)
{
	size_t before = p->n;
	enum err e = pack_role(p, snapshot, role, d);

	buf_clear(&p->packed);
	if (e == ERR_OK)
		e = pack_make(p->files, p->n, &p->packed);
	if (e == ERR_OK && p->packed.n > PACK_WANTED && !always &&
		p->n > before)
		buf_free(&p->bodies[--p->n]);
	return e;
}

static enum err
pack_desks(struct packing_head *p, const struct tuf_doc *snapshot,
	const struct tuf_doc *targets, struct diag *d)
{
	const json_t *del;
	char home[64];
	enum err e;
	size_t i;

	snprintf(home, sizeof(home), "d-%.32s", p->room->home);
	e = pack_desk(p, snapshot, home, true, d);
	for (i = 0; e == ERR_OK && (del = tuf_delegation(targets, i)) != NULL;
		i++) {
		const char *role = tuf_delegation_name(del);

		if (role[0] == 'd' && strcmp(role, home) != 0)
			e = pack_desk(p, snapshot, role, false, d);
	}
	buf_clear(&p->packed);
	return e == ERR_OK ? pack_make(p->files, p->n, &p->packed) : e;
}

/* Timestamp, snapshot, targets, and what targets delegate that is open. */
static enum err
pack_fill(struct packing_head *p, struct span timestamp, int64_t now,
	struct diag *d)
{
	struct tuf_doc *snapshot = NULL, *targets = NULL;
	struct years open;
	int64_t version;
	const json_t *del;
	enum err e = years_open(p->room, now, &open, d);
	size_t i;

	if (e == ERR_OK)
		e = records_doc(p->room, "snapshot", &snapshot, d);
	if (e == ERR_OK)
		e = records_doc(p->room, "targets", &targets, d);
	if (e == ERR_OK)
		e = pack_add(p, "timestamp.json", timestamp);
	if (e == ERR_OK && snapshot != NULL && targets != NULL) {
		struct buf b;
		char name[64];

		buf_init(&b, LIMIT_SNAPSHOT);
		e = records_role(p->room, "snapshot", &version, &b, d);
		snprintf(name, sizeof(name), "%lld.snapshot.json",
			(long long)version);
		if (e == ERR_OK)
			e = pack_add(p, name, buf_view(&b));
		buf_free(&b);
		if (e == ERR_OK)
			e = pack_role(p, snapshot, "targets", d);
		for (i = 0; e == ERR_OK &&
			    (del = tuf_delegation(targets, i)) != NULL;
			i++)
			if (tuf_delegation_name(del)[0] != 'd' &&
				is_open(tuf_delegation_name(del), &open))
				e = pack_role(p, snapshot,
					tuf_delegation_name(del), d);
		if (e == ERR_OK)
			e = pack_desks(p, snapshot, targets, d);
	}
	tuf_free(snapshot);
	tuf_free(targets);
	return e;
}

static enum err
head_put(struct room *r, const char *rest, struct span s, struct diag *d)
{
	char *path = room_path(r, rest);
	enum err e = path == NULL ? ERR_NOMEM : file_write(path, s, 0644, d);

	free(path);
	return e;
}

enum err
head_write(struct room *r, int64_t now, struct diag *d)
{
	struct packing_head *p = calloc(1, sizeof(*p));
	struct buf timestamp;
	int64_t version;
	enum err e;
	size_t i;

	if (p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	p->room = r;
	buf_init(&p->packed, LIMIT_PACK);
	buf_init(&timestamp, LIMIT_TIMESTAMP);
	e = records_role(r, "timestamp", &version, &timestamp, d);
	if (e == ERR_OK)
		e = pack_fill(p, buf_view(&timestamp), now, d);
	if (e == ERR_OK)
		e = head_put(
			r, "repository/m/now.pack", buf_view(&p->packed), d);
	if (e == ERR_OK)
		e = head_put(r, "repository/m/timestamp.json",
			buf_view(&timestamp), d);
	for (i = 0; i < p->n; i++)
		buf_free(&p->bodies[i]);
	buf_free(&p->packed);
	buf_free(&timestamp);
	free(p);
	return e;
}
