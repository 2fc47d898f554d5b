#include "pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../core/limits.h"
#include "../core/tuf.h"

/* Files on their way at once, and the seconds that one may take: a bundle of
 * the largest kind at 300 KB/s. Metadata is short. */
#define FLIGHTS 6
#define FILE_SECONDS 3600
#define SHORT_SECONDS 60

/* Tries while another change is being made, 50 ms apart. */
#define BUSY_TRIES 200

struct head {
	struct buf file;
	uint64_t claims; /* its version, as it says */
};

struct pull {
	struct admit *a;
	const struct admit_publisher *p;
	size_t i; /* of the publisher */
	struct fetch *f;
	struct serve_put put;
	struct pull_report *r;
	struct head heads[PULL_SOURCES];
	size_t order[PULL_SOURCES]; /* newest head first */
};

/* ---- putting */

static void
busy_wait(void)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000000};

	nanosleep(&pause, NULL);
}

static void
path_of(const struct pull *u, const char *rest, char out[static ADMIT_WISH])
{
	snprintf(out, ADMIT_WISH, "%s%s%s", u->p->folder,
		u->p->folder[0] == '\0' ? "" : "/", rest);
}

/* Words for a refusal by ourselves. */
static enum err
refusal(unsigned status, const char *why, struct diag *d)
{
	enum err e = status == 507   ? ERR_SPACE
		     : status == 503 ? ERR_EXISTS
		     : status == 403 ? ERR_SIGNATURE
				     : ERR_REFUSED;
	size_t n = strcspn(why, "\n");

	if (n == 0)
		return diag_set(d, e, "refused here with %u", status);
	return diag_set(d, e, "%.*s", (int)n, why);
}

static unsigned
put_once(struct pull *u, const char *path, struct span s, char why[static 160])
{
	unsigned status;
	void *push;

	why[0] = '\0';
	status = u->put.begin(u->put.arg, path, s.n, &push);
	if (status != 0)
		return status;
	status = u->put.write(u->put.arg, push, s.p, s.n);
	if (status == 0)
		return u->put.end(u->put.arg, push, why);
	u->put.cut(u->put.arg, push);
	return status;
}

/* A whole file. ERR_OK also when it is here already. */
static enum err
put_all(struct pull *u, const char *rest, struct span s, struct diag *d)
{
	char path[ADMIT_WISH], why[160];
	unsigned status = 503;
	int i;

	path_of(u, rest, path);
	/* Another change is being made: a push goes live. */
	for (i = 0; i < BUSY_TRIES && status == 503; i++) {
		if (i > 0)
			busy_wait();
		status = put_once(u, path, s, why);
	}
	if (status == 201) {
		u->r->files++;
		u->r->bytes += s.n;
	}
	return status < 300 ? ERR_OK : refusal(status, why, d);
}

/* ---- getting */

static enum err
get(struct pull *u, size_t source, const char *rest, size_t max,
	struct buf *out, struct diag *d)
{
	struct fetch_want w = {.base = u->p->sources[source],
		.path = rest,
		.max = max,
		.allow_private = true};
	struct fetch_got got;
	enum err e = fetch_all(u->f, &w, 1, SHORT_SECONDS, &got, d);

	if (e == ERR_OK && got.err != ERR_OK) {
		e = got.err;
		if (d != NULL)
			*d = got.diag;
	}
	if (e == ERR_OK)
		e = buf_span(out, buf_view(&got.body));
	buf_free(&got.body);
	return e;
}

static void
blame(struct pull *u, size_t source, enum err e, const struct diag *why)
{
	struct diag *d = &u->r->source[source];

	if (why->code == e)
		*d = *why;
	else
		diag_set(d, e, "%s", err_str(e));
}

/* One of our own troubles: no other source can help. */
static bool
is_ours(enum err e)
{
	return e == ERR_NOMEM || e == ERR_SPACE || e == ERR_IO;
}

/* ---- roots and heads */

static enum err
roots_get(struct pull *u, size_t source, struct diag *d)
{
	struct diag why;
	struct buf b;
	char rest[48];
	enum err e;

	buf_init(&b, LIMIT_ROOT);
	do {
		buf_clear(&b);
		snprintf(rest, sizeof(rest), "m/%llu.root.json",
			(unsigned long long)admit_next_root(u->a, u->i));
		e = get(u, source, rest, LIMIT_ROOT, &b, &why);
		if (e == ERR_OK)
			e = put_all(u, rest, buf_view(&b), &why);
	} while (e == ERR_OK);
	buf_free(&b);
	if (is_ours(e))
		return diag_set(d, e, "%s", why.why);
	if (e != ERR_MISSING)
		blame(u, source, e, &why);
	return ERR_OK;
}

static void
head_get(struct pull *u, size_t source)
{
	struct head *h = &u->heads[source];
	struct tuf_doc *doc = NULL;
	struct diag why;
	enum err e = get(
		u, source, "m/timestamp.json", LIMIT_TIMESTAMP, &h->file, &why);

	if (e == ERR_OK)
		e = tuf_parse(buf_view(&h->file), LIMIT_TIMESTAMP,
			TUF_TIMESTAMP, &doc, &why);
	if (e == ERR_OK)
		h->claims = doc->version;
	else
		blame(u, source, e, &why);
	tuf_free(doc);
}

/* Sources by what they claim; as they were named where that is equal. */
static void
order_make(struct pull *u)
{
	size_t i, k;

	for (i = 0; i < u->r->n_sources; i++) {
		for (k = i; k > 0 && u->heads[u->order[k - 1]].claims <
					     u->heads[i].claims;
			k--)
			u->order[k] = u->order[k - 1];
		u->order[k] = i;
	}
}

/* Offer heads, newest first, until one is taken or is ours already. */
static enum err
head_choose(struct pull *u, bool *newer, struct diag *d)
{
	struct diag why;
	size_t i;
	enum err e;

	*newer = false;
	for (i = 0; i < u->r->n_sources; i++) {
		size_t s = u->order[i];

		if (u->heads[s].claims == 0)
			continue;
		e = put_all(u, "m/timestamp.json", buf_view(&u->heads[s].file),
			&why);
		if (is_ours(e))
			return diag_set(d, e, "%s", why.why);
		if (e == ERR_OK) {
			u->r->reached++;
			*newer = true;
			return ERR_OK;
		}
		/* Older than ours: a source that is behind, no liar. */
		if (e == ERR_REFUSED && u->r->before > 0)
			u->r->reached++;
		else if (e != ERR_REFUSED)
			blame(u, s, e, &why);
	}
	return ERR_OK;
}

/* ---- metadata */

static enum err
metadata_get(
	struct pull *u, const struct admit_wish *w, bool *ok, struct diag *d)
{
	struct diag why;
	struct buf b;
	size_t i;
	enum err e = ERR_OK;

	*ok = false;
	buf_init(&b, (size_t)w->most);
	for (i = 0; !*ok && i < u->r->n_sources; i++) {
		size_t s = u->order[i];

		buf_clear(&b);
		e = get(u, s, w->path, (size_t)w->most, &b, &why);
		if (e == ERR_OK)
			e = put_all(u, w->path, buf_view(&b), &why);
		if (is_ours(e)) {
			buf_free(&b);
			return diag_set(d, e, "%s", why.why);
		}
		*ok = e == ERR_OK;
		if (!*ok)
			blame(u, s, e, &why);
	}
	buf_free(&b);
	return ERR_OK;
}

static enum err
metadata_all(struct pull *u, bool *ok, struct diag *d)
{
	struct admit_wish w;
	size_t at = 0;
	enum err e = ERR_OK;

	*ok = true;
	while (e == ERR_OK && *ok && admit_wants(u->a, u->i, &at, &w) &&
		w.path[0] == 'm') {
		e = metadata_get(u, &w, ok, d);
		at = 0; /* it may lead to others */
	}
	if (e == ERR_OK && !*ok)
		diag_set(d, ERR_PARTIAL, "no source has a good %s", w.path);
	return e;
}

/* ---- targets */

enum flight_state { WAITS, FLIES, LANDED, LOST };

struct flight {
	struct admit_wish w;
	enum flight_state state;
	size_t tried;	/* sources */
	size_t missing; /* of these said that they have it not */
	uint32_t id;
	void *push; /* while it flies, when the length is known */
	struct buf body;
	struct diag why;
};

static enum err
flight_start(struct pull *u, struct flight *l, size_t shift, struct diag *d)
{
	size_t n = u->r->n_sources;
	struct fetch_want want = {
		.base = u->p->sources[u->order[(l->tried + shift) % n]],
		.path = l->w.path,
		.max = (size_t)l->w.most,
		.allow_private = true};
	char path[ADMIT_WISH];
	unsigned status = 0;

	path_of(u, l->w.path, path);
	l->push = NULL;
	if (l->w.exact)
		status = u->put.begin(u->put.arg, path, l->w.most, &l->push);
	if (status == 204) {
		l->state = LANDED;
		return ERR_OK;
	}
	if (status != 0)
		return refusal(status, "", d);
	buf_init(&l->body, (size_t)l->w.most);
	l->state = FLIES;
	return fetch_start(u->f, &want, FILE_SECONDS, &l->id, d);
}

static void
flight_body(struct pull *u, struct flight *l, struct span s)
{
	unsigned status = 0;

	if (!l->w.exact) {
		if (buf_span(&l->body, s) != ERR_OK)
			diag_set(&l->why, ERR_NOMEM, "out of memory");
		return;
	}
	if (l->push != NULL)
		status = u->put.write(u->put.arg, l->push, s.p, s.n);
	if (status != 0) {
		(void)refusal(status, "", &l->why);
		u->put.cut(u->put.arg, l->push);
		l->push = NULL;
		fetch_stop(u->f, l->id);
		l->id = 0;
	}
}

static void
flight_end(struct pull *u, struct flight *l, const struct fetch_got *got)
{
	char why[160] = "";
	unsigned status = 0;
	size_t n = u->r->n_sources;
	enum err e = got == NULL ? l->why.code : got->err;

	if (got != NULL)
		l->why = got->diag;
	if (e == ERR_OK && l->push != NULL) {
		status = u->put.end(u->put.arg, l->push, why);
		l->push = NULL;
		/* Being live is another matter: admit_finish says. */
		if (status >= 400 && status != 503)
			e = refusal(status, why, &l->why);
		else {
			u->r->files++;
			u->r->bytes += l->w.most;
		}
	} else if (e == ERR_OK && !l->w.exact)
		e = put_all(u, l->w.path, buf_view(&l->body), &l->why);
	if (l->push != NULL)
		u->put.cut(u->put.arg, l->push);
	l->push = NULL;
	buf_free(&l->body);
	l->id = 0;
	l->tried++;
	l->missing += e == ERR_MISSING;
	l->state = e == ERR_OK ? LANDED : l->tried < n ? WAITS : LOST;
	l->why.code = e;
}

/* A flight that is over: another source, or what is to be done without. */
static void
flight_blame(struct pull *u, struct flight *l, size_t shift)
{
	size_t n = u->r->n_sources;

	if (l->why.code == ERR_OK)
		return;
	if (!l->w.optional)
		blame(u, u->order[(l->tried - 1 + shift) % n], l->why.code,
			&l->why);
	if (l->state == LOST &&
		(l->w.optional || (l->missing == n &&
					  admit_forgo(u->a, u->i, l->w.path))))
		l->state = LANDED;
}

static enum err
flights_start(struct pull *u, struct flight *list, size_t n, size_t *flying,
	struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < n && *flying < FLIGHTS; i++) {
		if (list[i].state != WAITS)
			continue;
		e = flight_start(u, &list[i], i, d);
		*flying += list[i].state == FLIES;
	}
	/* Busy now; what flies goes on. */
	return e == ERR_EXISTS && *flying > 0 ? ERR_OK : e;
}

static enum err
flights_run(struct pull *u, struct flight *list, size_t n, struct diag *d)
{
	struct fetch_event ev;
	size_t i, flying = 0;
	bool have;
	enum err e = ERR_OK;

	for (;;) {
		e = flights_start(u, list, n, &flying, d);
		if (e != ERR_OK || flying == 0)
			break;
		e = fetch_next(u->f, FILE_SECONDS, &ev, &have, d);
		if (e != ERR_OK || !have)
			break;
		for (i = 0; i < n; i++)
			if (list[i].state == FLIES && list[i].id == ev.id)
				break;
		if (i == n)
			continue;
		if (ev.type == FETCH_BODY)
			flight_body(u, &list[i], ev.body);
		if (ev.type != FETCH_END && list[i].id != 0)
			continue;
		flight_end(u, &list[i], ev.type == FETCH_END ? &ev.got : NULL);
		flight_blame(u, &list[i], i);
		flying--;
		if (is_ours(list[i].why.code)) {
			e = diag_set(
				d, list[i].why.code, "%s", list[i].why.why);
			break;
		}
	}
	for (i = 0; i < n; i++)
		if (list[i].state == FLIES) {
			if (list[i].push != NULL)
				u->put.cut(u->put.arg, list[i].push);
			fetch_stop(u->f, list[i].id);
			buf_free(&list[i].body);
		}
	return e;
}

/* So many at a time: an archive has 100,000 bundles. */
#define BATCH 2048

static void
lost_count(struct flight *list, size_t n, size_t *lost, struct diag *d)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].state != LANDED && !list[i].w.optional &&
			++*lost == 1)
			diag_set(d, ERR_PARTIAL, "%.200s: %s", list[i].w.path,
				list[i].why.why);
}

/* What is wanted when a batch begins; what lands goes off that list behind
 * us. */
static enum err
targets_get(struct pull *u, bool optional, size_t *lost, struct diag *d)
{
	struct flight *list = calloc(BATCH, sizeof(*list));
	struct admit_wish w;
	size_t at = 0, n;
	enum err e = ERR_OK;

	if (list == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	do {
		for (n = 0; n < BATCH && admit_wants(u->a, u->i, &at, &w);)
			if (w.optional == optional)
				list[n++] = (struct flight){.w = w};
		e = flights_run(u, list, n, d);
		if (e == ERR_OK)
			lost_count(list, n, lost, d);
	} while (e == ERR_OK && n == BATCH);
	free(list);
	return e;
}

/* Lone signatures first: the head goes live with the last of the others. */
static enum err
targets_all(struct pull *u, size_t *lost, struct diag *d)
{
	enum err e;

	*lost = 0;
	e = targets_get(u, true, lost, d);
	return e == ERR_OK ? targets_get(u, false, lost, d) : e;
}

/* ---- the whole */

static enum err
finish(struct pull *u, struct diag *d)
{
	enum err e = admit_finish(u->a, u->i, d);
	int i;

	for (i = 0; i < BUSY_TRIES && e == ERR_EXISTS; i++) {
		busy_wait();
		e = admit_finish(u->a, u->i, d);
	}
	return e;
}

static enum err
pull_head(struct pull *u, struct diag *d)
{
	bool newer = false, ok = true;
	struct diag why = {.code = ERR_OK};
	size_t i, lost = 0;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < u->r->n_sources; i++) {
		e = roots_get(u, i, d);
		head_get(u, i);
	}
	order_make(u);
	if (e == ERR_OK)
		e = head_choose(u, &newer, d);
	if (e == ERR_OK && u->r->reached == 0)
		return diag_set(d, ERR_NETWORK, "no source has a usable head");
	if (e != ERR_OK || !newer)
		return e;
	e = metadata_all(u, &ok, &why);
	if (e == ERR_OK && ok)
		e = targets_all(u, &lost, &why);
	if (e == ERR_OK && ok && lost == 0)
		e = finish(u, &why);
	if (e == ERR_OK && (!ok || lost > 0))
		e = ERR_PARTIAL;
	return e == ERR_OK ? e : diag_set(d, e, "%s", why.why);
}

enum err
pull_run(struct admit *a, const struct admit_config *c, size_t i,
	struct fetch *f, struct pull_report *out, struct diag *d)
{
	struct pull *u = calloc(1, sizeof(*u));
	size_t k;
	enum err e;

	*out = (struct pull_report){.before = admit_version(a, i)};
	if (u == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	u->a = a;
	u->p = &c->publishers[i];
	u->i = i;
	u->f = f;
	u->r = out;
	admit_put(a, &u->put);
	out->n_sources =
		u->p->n_sources < PULL_SOURCES ? u->p->n_sources : PULL_SOURCES;
	for (k = 0; k < PULL_SOURCES; k++)
		buf_init(&u->heads[k].file, LIMIT_TIMESTAMP);
	e = pull_head(u, d);
	out->after = admit_version(a, i);
	for (k = 0; k < PULL_SOURCES; k++)
		buf_free(&u->heads[k].file);
	free(u);
	return e;
}
