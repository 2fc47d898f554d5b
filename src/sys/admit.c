/* Publishers: start, end, and what is due. */
#include "admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "admit_priv.h"
#include "file.h"

/* A head that nobody has gone on with for a day is swept. */
#define STALE_SECONDS 86400

/* ---- start and end */

static enum err
place_open(struct admit *a, struct admit_place *pl,
	const struct admit_publisher *p, struct diag *d)
{
	pl->a = a;
	pl->p = p;
	pl->owner = -1;
	pl->live = p->folder[0] == '\0' ? strdup(a->c->root)
					: file_join(a->c->root, p->folder);
	if (pl->live != NULL)
		pl->stage = file_join(pl->live,
			a->kind == ADMIT_PULL ? ".stage/pull" : ".stage/push");
	return pl->stage == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
				 : ERR_OK;
}

/* What was on its way when we ended. */
static enum err
place_resume(struct admit_place *pl, struct diag *d)
{
	enum err e;

	stage_empty(pl, "part");
	if (!stage_has(pl, "m/timestamp.json", NULL)) {
		stage_wipe(pl);
		return ERR_OK;
	}
	e = intake_resume(pl, d);
	if (e == ERR_OK && pl->in != NULL && pl->in->complete &&
		pl->in->missing == 0)
		e = live_commit(pl, d);
	/* It is tried again with the next that comes. */
	return e == ERR_NOMEM ? e : ERR_OK;
}

/* Room for the metadata of the next head, which alone could make more. */
static void
place_fit(struct admit_place *pl)
{
	struct diag why;

	if (pl->in == NULL && prune_measure(pl, &why) == ERR_OK &&
		prune_is_due(pl))
		(void)!intake_prune(pl, &why);
}

enum err
admit_start(struct admit_place *pl, struct diag *d)
{
	enum err e;

	if (pl->owner >= 0 && stage_is_ours(pl))
		return ERR_OK;
	intake_drop(pl);
	stage_close(pl);
	e = stage_open(pl, d);
	if (e == ERR_OK)
		e = place_resume(pl, d);
	if (e == ERR_OK)
		place_fit(pl);
	if (e != ERR_OK)
		stage_close(pl);
	return e;
}

enum err
admit_new(const struct admit_config *c, enum admit_kind kind,
	struct admit **out, struct diag *d)
{
	struct admit *a = calloc(1, sizeof(*a));
	enum err e = ERR_OK;

	*out = NULL;
	if (a != NULL)
		a->places = calloc(c->n_publishers + 1, sizeof(*a->places));
	if (a == NULL || a->places == NULL) {
		free(a);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	a->c = c;
	a->kind = kind;
	/* Any web server may read what is served. */
	(void)umask(022);
	while (e == ERR_OK && a->n < c->n_publishers) {
		struct admit_place *pl = &a->places[a->n];

		e = place_open(a, pl, &c->publishers[a->n++], d);
		if (e == ERR_OK)
			e = admit_start(pl, d);
		/* A full disk is no reason not to serve what is on it. */
		if (e == ERR_SPACE && kind == ADMIT_PUSH)
			e = ERR_OK;
	}
	if (e != ERR_OK) {
		admit_free(a);
		return e;
	}
	*out = a;
	return ERR_OK;
}

void
admit_free(struct admit *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++) {
		intake_drop(&a->places[i]);
		stage_close(&a->places[i]);
		free(a->places[i].live);
		free(a->places[i].stage);
		free(a->places[i].gone);
	}
	free(a->places);
	free(a);
}

enum err
admit_settle(struct admit_place *pl, struct diag *d)
{
	enum err e = ERR_OK;
	bool live;

	if (pl->in == NULL && stage_has(pl, "m/timestamp.json", NULL))
		e = intake_resume(pl, d);
	if (pl->in != NULL && pl->in->complete && pl->in->missing == 0)
		e = live_finish(pl, &live, d);
	return e;
}

void
admit_tick(struct admit *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++) {
		struct admit_place *pl = &a->places[i];
		struct diag why;

		(void)!admit_settle(pl, &why);
		if (pl->parts == 0 && pl->in != NULL &&
			pl->in->touched + STALE_SECONDS <= a->c->now()) {
			intake_drop(pl);
			stage_wipe(pl);
		}
	}
}

struct admit_counts
admit_count(const struct admit *a)
{
	return a->counts;
}

/* ---- for a pull */

uint64_t
admit_next_root(const struct admit *a, size_t i)
{
	return intake_next_root(&a->places[i]);
}

static bool
wish_role(const struct admit_intake *in, size_t *at, struct admit_wish *out)
{
	while (*at < in->n_roles) {
		const struct admit_role *r = &in->roles[(*at)++];

		if (r->done)
			continue;
		snprintf(out->path, sizeof(out->path), "m/%s", r->file);
		if (r->length > 0)
			out->most = r->length;
		return true;
	}
	return false;
}

static bool
wish_file(const struct admit_intake *in, size_t *at, struct admit_wish *out)
{
	while (*at < in->n_files) {
		const struct admit_file *f = &in->files[(*at)++];

		if (f->staged || f->dropped)
			continue;
		snprintf(out->path, sizeof(out->path), "%s", f->path);
		out->optional = f->target != NULL;
		out->exact = f->target == NULL;
		out->most = out->exact ? f->length : LIMIT_MINISIG;
		return true;
	}
	return false;
}

bool
admit_wants(const struct admit *a, size_t i, size_t *at, struct admit_wish *out)
{
	const struct admit_intake *in = a->places[i].in;

	*out = (struct admit_wish){.most = LIMIT_TARGETS};
	if (in == NULL)
		return false;
	if (in->ready)
		return in->complete ? wish_file(in, at, out)
				    : wish_role(in, at, out);
	snprintf(out->path, sizeof(out->path), "m/%s", in->wish);
	out->most = in->wish_max;
	return (*at)++ == 0;
}

bool
admit_forgo(struct admit *a, size_t i, const char *path)
{
	struct admit_place *pl = &a->places[i];
	struct admit_file *f = want_find(pl->in, path);
	struct diag why;

	if (f == NULL || f->target != NULL || !f->sealed || f->staged ||
		f->dropped || prune_forgo(pl, f, &why) != ERR_OK)
		return false;
	pl->in->missing--;
	return true;
}

enum err
admit_finish(struct admit *a, size_t i, struct diag *d)
{
	struct admit_place *pl = &a->places[i];
	bool live;
	enum err e = ERR_OK;

	if (pl->in != NULL && pl->in->complete && pl->in->missing == 0)
		e = live_finish(pl, &live, d);
	if (e == ERR_OK && pl->in != NULL)
		e = diag_set(d, ERR_MISSING, "%zu files are missing",
			pl->in->missing);
	return e;
}

uint64_t
admit_version(const struct admit *a, size_t i)
{
	struct tuf_doc *doc = NULL;
	uint64_t version = 0;
	struct diag why;
	struct buf b;

	buf_init(&b, LIMIT_TIMESTAMP);
	if (stage_read_live(&a->places[i], "m/timestamp.json", LIMIT_TIMESTAMP,
		    &b, &why) == ERR_OK &&
		tuf_parse(buf_view(&b), LIMIT_TIMESTAMP, TUF_TIMESTAMP, &doc,
			&why) == ERR_OK)
		version = doc->version;
	tuf_free(doc);
	buf_free(&b);
	return version;
}
