/* A newer head on its way: its metadata, through the trust machine. All that
 * the machine knows of before is read from F; all that came, from the stage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../core/text.h"
#include "admit_priv.h"
#include "file.h"

/* ---- what the machine wishes for */

static enum err
live_snapshot_name(const struct admit_place *pl, char out[static TRUST_NAME],
	struct diag *d)
{
	struct tuf_doc *doc = NULL;
	struct tuf_file f;
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_TIMESTAMP);
	e = stage_read_live(pl, "m/timestamp.json", LIMIT_TIMESTAMP, &b, d);
	if (e == ERR_OK)
		e = tuf_parse(
			buf_view(&b), LIMIT_TIMESTAMP, TUF_TIMESTAMP, &doc, d);
	if (e == ERR_OK && !tuf_meta(doc, "snapshot", &f))
		e = diag_set(d, ERR_SYNTAX, "it names no snapshot");
	if (e == ERR_OK)
		snprintf(out, TRUST_NAME, "m/%llu.snapshot.json",
			(unsigned long long)f.version);
	tuf_free(doc);
	buf_free(&b);
	return e;
}

/* What was trusted before is what is served. Of roles that is no question:
 * their names carry versions, and the snapshot their hashes. */
static enum err
satisfy_stored(struct admit_place *pl, struct trust *t,
	const struct trust_want *w, struct diag *d)
{
	struct trust_change change;
	char name[TRUST_NAME] = "m/timestamp.json";
	struct diag why;
	struct buf b;
	enum err e = ERR_OK;

	if (strcmp(w->role, "snapshot") == 0)
		e = live_snapshot_name(pl, name, &why);
	else if (strcmp(w->role, "timestamp") != 0)
		e = ERR_MISSING;
	buf_init(&b, w->max);
	if (e == ERR_OK)
		e = stage_read_live(pl, name, w->max, &b, &why);
	if (e == ERR_OK)
		e = trust_feed(t, buf_view(&b), &change, &why);
	else
		e = trust_pass(t, d);
	buf_free(&b);
	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	return ERR_OK;
}

enum err
intake_satisfy(
	struct admit_place *pl, struct trust *t, bool *missing, struct diag *d)
{
	char rest[TRUST_NAME + 2];
	struct trust_change change;
	struct trust_want w;
	struct diag why;
	struct buf b;
	enum err e = ERR_OK;

	*missing = false;
	while (e == ERR_OK && trust_wants(t, &w)) {
		if (w.source == TRUST_STORED) {
			e = satisfy_stored(pl, t, &w, d);
			continue;
		}
		buf_init(&b, w.max);
		snprintf(rest, sizeof(rest), "m/%s", w.name);
		e = stage_read(pl, rest, w.max, &b, &why);
		if (e == ERR_OK)
			e = trust_feed(t, buf_view(&b), &change, &why);
		buf_free(&b);
		/* Not here, or not what it should be: it must come. */
		if (e != ERR_OK && e != ERR_NOMEM) {
			*missing = true;
			return ERR_OK;
		}
	}
	return e == ERR_NOMEM ? diag_set(d, e, "out of memory") : e;
}

/* ---- roles */

static enum err
role_add(struct admit_intake *in, const char *name, const char *by,
	struct diag *d)
{
	struct admit_role *r =
		realloc(in->roles, (in->n_roles + 1) * sizeof(*r));
	char encoded[TRUST_NAME];
	struct tuf_file f;

	if (r == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	in->roles = r;
	r += in->n_roles;
	*r = (struct admit_role){.name = strdup(name), .by = strdup(by)};
	in->n_roles++;
	if (r->name == NULL || r->by == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (!tuf_meta(in->snapshot, name, &f)) {
		/* Nobody can fetch it, so nobody misses it. */
		r->done = true;
		return ERR_OK;
	}
	snprintf(encoded, sizeof(encoded), "%llu.%s.json",
		(unsigned long long)f.version, name);
	if (!text_path_ok(span_str(encoded)) || strchr(name, '/') != NULL)
		return diag_set(
			d, ERR_REFUSED, "a role whose name cannot be a file's");
	memcpy(r->file, encoded, sizeof(encoded));
	r->length = f.has_length ? f.length : 0;
	return ERR_OK;
}

/* A role that is what it was, named by a role that is what it was: all of it
 * is here since the head before. */
static bool
role_settled(const struct admit_place *pl, const struct admit_role *r)
{
	const struct admit_intake *in = pl->in;
	char rest[TRUST_NAME + 2];
	struct tuf_file a, b;

	snprintf(rest, sizeof(rest), "m/%s", r->file);
	return in->targets_same && strcmp(r->by, "targets") == 0 &&
	       in->before != NULL && tuf_meta(in->before, r->name, &a) &&
	       tuf_meta(in->snapshot, r->name, &b) && a.version == b.version &&
	       stage_live(pl, rest, NULL);
}

/* Its delegations become roles too. */
static enum err
role_children(struct admit_intake *in, const char *by, struct diag *d)
{
	const char *name;
	enum err e = ERR_OK;
	size_t i, k;

	for (i = 0; e == ERR_OK &&
		    (name = trust_delegation_by(in->t, by, i)) != NULL;
		i++) {
		for (k = 0; k < in->n_roles; k++)
			if (strcmp(in->roles[k].name, name) == 0)
				break;
		if (k == in->n_roles)
			e = role_add(in, name, by, d);
	}
	return e;
}

/* Load a role into the machine, from what is here. *done: it is verified. */
static enum err
role_load(struct admit_place *pl, size_t i, bool *done, struct diag *d)
{
	struct admit_intake *in = pl->in;
	struct diag why;
	bool missing = true;
	enum err e =
		trust_load_by(in->t, in->roles[i].by, in->roles[i].name, &why);

	*done = false;
	if (e == ERR_OK)
		e = intake_satisfy(pl, in->t, &missing, d);
	else if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	else
		return ERR_OK;
	if (e == ERR_OK && missing)
		(void)!trust_pass(in->t, &why);
	else if (e == ERR_OK)
		*done = trust_lost(in->t, NULL) == ERR_OK;
	if (e == ERR_OK && *done) {
		in->roles[i].done = true;
		e = role_children(in, in->roles[i].name, d);
	}
	return e;
}

/* Go through all roles; when none is open, on to what they list. */
static enum err
roles_go_on(struct admit_place *pl, struct diag *d)
{
	struct admit_intake *in = pl->in;
	bool done, all = true;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < in->n_roles; i++) {
		if (in->roles[i].done)
			continue;
		if (role_settled(pl, &in->roles[i])) {
			in->roles[i].done = true;
			continue;
		}
		e = role_load(pl, i, &done, d);
		all &= done;
	}
	if (e == ERR_OK && all) {
		e = want_fill(pl, d);
		in->complete = e == ERR_OK;
		if (e == ERR_OK)
			stage_clean(pl);
	}
	return e;
}

/* ---- snapshot and targets */

static enum err
doc_read(struct admit_place *pl, bool live, const char *rest, size_t max,
	enum tuf_type type, struct tuf_doc **out, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, max);
	e = live ? stage_read_live(pl, rest, max, &b, d)
		 : stage_read(pl, rest, max, &b, d);
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&b), max, type, out, d);
	buf_free(&b);
	return e;
}

/* The head's snapshot, and the live one to compare it with. */
static enum err
snapshots_read(struct admit_place *pl, struct diag *d)
{
	struct admit_intake *in = pl->in;
	struct trust_verdict v;
	struct tuf_file a, b;
	char rest[TRUST_NAME];
	struct diag why;
	enum err e;

	trust_verdict(in->t, &v);
	snprintf(rest, sizeof(rest), "m/%llu.snapshot.json",
		(unsigned long long)v.snapshot);
	e = doc_read(pl, false, rest, LIMIT_SNAPSHOT, TUF_SNAPSHOT,
		&in->snapshot, d);
	if (e == ERR_OK && live_snapshot_name(pl, rest, &why) == ERR_OK)
		(void)!doc_read(pl, true, rest, LIMIT_SNAPSHOT, TUF_SNAPSHOT,
			&in->before, &why);
	in->targets_same = e == ERR_OK && in->before != NULL &&
			   tuf_meta(in->before, "targets", &a) &&
			   tuf_meta(in->snapshot, "targets", &b) &&
			   a.version == b.version;
	return e;
}

/* As far as it goes with what is here. */
static enum err
intake_go_on(struct admit_place *pl, struct diag *d)
{
	struct admit_intake *in = pl->in;
	struct trust_want w;
	bool missing;
	enum err e;

	if (!in->ready) {
		e = intake_satisfy(pl, in->t, &missing, d);
		in->wish[0] = '\0';
		if (e == ERR_OK && missing && trust_wants(in->t, &w)) {
			snprintf(in->wish, sizeof(in->wish), "%s", w.name);
			in->wish_max = w.max;
			return ERR_OK;
		}
		if (e == ERR_OK && !trust_consistent(in->t))
			e = diag_set(d, ERR_UNSUPPORTED,
				"an outlet without consistent snapshots");
		if (e == ERR_OK)
			e = snapshots_read(pl, d);
		if (e == ERR_OK)
			e = role_children(in, "targets", d);
		if (e != ERR_OK)
			return e;
		in->ready = true;
	}
	return in->complete ? ERR_OK : roles_go_on(pl, d);
}

/* ---- timestamp */

static void
intake_free(struct admit_intake *in)
{
	size_t i;

	if (in == NULL)
		return;
	trust_free(in->t);
	buf_free(&in->root);
	tuf_free(in->snapshot);
	tuf_free(in->before);
	for (i = 0; i < in->n_roles; i++) {
		free(in->roles[i].name);
		free(in->roles[i].by);
	}
	free(in->roles);
	want_free(in);
	free(in);
}

void
intake_drop(struct admit_place *pl)
{
	intake_free(pl->in);
	pl->in = NULL;
}

enum err
intake_trust(struct admit_place *pl, struct span bytes, bool live,
	struct trust **out, struct buf *root, struct diag *d)
{
	struct trust_change change;
	struct trust_want w;
	enum err e = root_machine(pl, out, root, d);

	while (e == ERR_OK && trust_wants(*out, &w) &&
		(strcmp(w.role, "root") == 0 || w.source == TRUST_STORED))
		e = strcmp(w.role, "root") == 0
			    ? trust_pass(*out, d)
			    : satisfy_stored(pl, *out, &w, d);
	if (e == ERR_OK)
		e = trust_feed(*out, bytes, &change, d);
	if (e == ERR_OK && change.save == NULL && !live)
		e = diag_set(d, ERR_EXISTS, "this head is live");
	if (e == ERR_OK)
		e = form_top(bytes, TUF_TIMESTAMP, buf_view(root), d);
	if (e == ERR_OK)
		e = trust_pass(*out, d);
	if (e != ERR_OK) {
		trust_free(*out);
		*out = NULL;
	}
	return e;
}

/* A head that cannot go on: later it may (memory, a lock), or never. */
static void
intake_fail(struct admit_place *pl, enum err e)
{
	intake_drop(pl);
	if (e != ERR_NOMEM && e != ERR_IO && e != ERR_EXISTS)
		stage_wipe(pl);
}

static enum err
intake_new(struct admit_place *pl, struct span bytes, bool live,
	struct admit_intake **out, struct diag *d)
{
	struct admit_intake *in = calloc(1, sizeof(*in));
	struct trust_verdict v;
	enum err e;

	*out = NULL;
	if (in == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	live_head(pl, in->live);
	/* A pull beside us has changed F. */
	if (memcmp(in->live, pl->seen, 32) != 0)
		pl->measured = false;
	memcpy(pl->seen, in->live, 32);
	hash_bytes(HASH_SHA256, bytes, in->head);
	in->touched = pl->a->c->now();
	buf_init(&in->root, LIMIT_ROOT);
	e = intake_trust(pl, bytes, live, &in->t, &in->root, d);
	if (e != ERR_OK) {
		intake_free(in);
		return e;
	}
	trust_verdict(in->t, &v);
	in->version = v.timestamp;
	*out = in;
	return ERR_OK;
}

enum err
intake_timestamp(struct admit_place *pl, struct span bytes, struct diag *d)
{
	struct admit_intake *in;
	uint8_t head[32];
	enum err e;

	hash_bytes(HASH_SHA256, bytes, head);
	if (pl->in != NULL && memcmp(head, pl->in->head, 32) == 0)
		return ERR_OK;
	e = intake_new(pl, bytes, false, &in, d);
	if (e != ERR_OK)
		return e;
	if (pl->in != NULL && in->version <= pl->in->version) {
		intake_free(in);
		return diag_set(d, ERR_ROLLBACK,
			"version %llu is on its way already",
			(unsigned long long)pl->in->version);
	}
	e = stage_put(pl, "m/timestamp.json", bytes, d);
	if (e != ERR_OK) {
		intake_free(in);
		return e;
	}
	intake_drop(pl);
	pl->in = in;
	e = intake_go_on(pl, d);
	if (e != ERR_OK)
		intake_fail(pl, e);
	return e;
}

enum err
intake_resume(struct admit_place *pl, struct diag *d)
{
	char path[ADMIT_PATH];
	bool live = false;
	struct stat st;
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_TIMESTAMP);
	e = stage_path(path, pl->stage, "m/timestamp.json", d);
	if (e == ERR_OK)
		e = file_read(path, LIMIT_TIMESTAMP, &b, d);
	if (e == ERR_OK)
		e = intake_new(pl, buf_view(&b), false, &pl->in, d);
	live = e == ERR_EXISTS;
	if (e == ERR_OK)
		e = intake_go_on(pl, d);
	buf_free(&b);
	if (e == ERR_OK) {
		/* A restart makes nothing younger. */
		if (stat(path, &st) == 0 && st.st_mtime < pl->in->touched)
			pl->in->touched = st.st_mtime;
		return e;
	}
	/* The one that is live is not on its way any more. */
	intake_fail(pl, live ? ERR_FAILED : e);
	return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
}

enum err
intake_prune(struct admit_place *pl, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_TIMESTAMP);
	e = stage_read_live(pl, "m/timestamp.json", LIMIT_TIMESTAMP, &b, d);
	if (e == ERR_OK)
		e = intake_new(pl, buf_view(&b), true, &pl->in, d);
	if (e == ERR_OK)
		e = intake_go_on(pl, d);
	intake_drop(pl);
	buf_free(&b);
	return e;
}

/* ---- the other files */

bool
intake_expects(const struct admit_place *pl, const char *name, uint64_t *least,
	uint64_t *most)
{
	const struct admit_intake *in = pl->in;
	struct tuf_file f;
	size_t i;

	*least = 1;
	if (in == NULL)
		return false;
	if (!in->ready) {
		*most = in->wish_max;
		return strcmp(in->wish, name) == 0;
	}
	for (i = 0; i < in->n_roles; i++)
		if (!in->roles[i].done && strcmp(in->roles[i].file, name) == 0)
			break;
	if (i == in->n_roles || !tuf_meta(in->snapshot, in->roles[i].name, &f))
		return false;
	*most = LIMIT_TARGETS;
	if (f.has_length)
		*least = *most = f.length;
	return true;
}

static enum err
role_take(struct admit_place *pl, size_t i, struct span bytes, struct diag *d)
{
	struct admit_intake *in = pl->in;
	struct trust_change change;
	struct trust_want w;
	struct diag why;
	enum err e =
		trust_load_by(in->t, in->roles[i].by, in->roles[i].name, d);

	/* It was wanted, so it can be fed; once it is in the machine it is
	 * settled there, and only its form is left to be checked. */
	while (e == ERR_OK && trust_wants(in->t, &w) &&
		w.source == TRUST_STORED)
		e = trust_pass(in->t, d);
	if (e == ERR_OK)
		e = form_listed(pl, &in->roles[i], bytes, d);
	if (e == ERR_OK && trust_wants(in->t, &w))
		e = trust_feed(in->t, bytes, &change, d);
	if (e == ERR_OK)
		e = trust_lost(in->t, d);
	if (e != ERR_OK && trust_wants(in->t, &w))
		(void)!trust_pass(in->t, &why);
	if (e == ERR_OK) {
		char rest[TRUST_NAME + 2];

		snprintf(rest, sizeof(rest), "m/%s", in->roles[i].file);
		e = stage_put(pl, rest, bytes, d);
	}
	return e;
}

/* Snapshot or targets. After a bad feed the wish stands. */
static enum err
wish_take(struct admit_place *pl, struct span bytes, struct diag *d)
{
	struct admit_intake *in = pl->in;
	struct trust_change change;
	char rest[TRUST_NAME + 2];
	struct trust_want w;
	enum tuf_type type = TUF_TARGETS;
	enum err e;

	if (trust_wants(in->t, &w) && strcmp(w.role, "snapshot") == 0)
		type = TUF_SNAPSHOT;
	e = form_top(bytes, type, buf_view(&in->root), d);
	if (e == ERR_OK)
		e = trust_feed(in->t, bytes, &change, d);
	snprintf(rest, sizeof(rest), "m/%s", in->wish);
	return e == ERR_OK ? stage_put(pl, rest, bytes, d) : e;
}

enum err
intake_metadata(struct admit_place *pl, const char *name, struct span bytes,
	struct diag *d)
{
	struct admit_intake *in = pl->in;
	uint64_t least, most;
	size_t i = 0;
	enum err e;

	if (!intake_expects(pl, name, &least, &most))
		return diag_set(d, ERR_MISSING,
			"not a file of the head on its way, or not yet");
	if (bytes.n < least || bytes.n > most)
		return diag_set(d, ERR_LIMIT, "not of the length signed");
	if (!in->ready)
		e = wish_take(pl, bytes, d);
	else {
		while (in->roles[i].done ||
			strcmp(in->roles[i].file, name) != 0)
			i++;
		e = role_take(pl, i, bytes, d);
	}
	/* The machine has it, and the disk not: begin again from what the
	 * stage has. */
	if (e == ERR_SPACE || e == ERR_IO || e == ERR_NOMEM) {
		intake_drop(pl);
		return e;
	}
	if (e != ERR_OK)
		return e;
	e = intake_go_on(pl, d);
	if (e != ERR_OK)
		intake_fail(pl, e);
	else
		in->touched = pl->a->c->now();
	return e;
}
