/* Pictures: by part, against the indexes in the library, from several mirrors
 * at once. What is here is kept every now and then, parts of pictures, too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "clock.h"
#include "sync_priv.h"

/* What is held before it is kept: a commit waits for the disk, and while one
 * is open nobody else can write. On slow networks it is less: what comes in a
 * second, microseconds. Parts of pictures are kept not oftener: most are soon
 * whole. */
#define BATCH (2 * LIMIT_MIB)
#define LITTLE (128 * LIMIT_KIB)
#define EVERY 1000000

/* A picture that is whole and not yet in the library. */
struct held {
	struct digest name;
	struct verified *bytes;
};

/* A picture on its way. */
struct picture {
	uint8_t *bytes; /* NULL: nothing is here */
	size_t here;	/* bytes that are verified */
};

/* Some pictures of an opened bundle, on their way. */
struct pull {
	const struct library_open *o;
	struct sync_part *parts;
	size_t n_parts;
	struct picture *pictures; /* by object */
	struct buf path;
	struct sync_reason why;
	bool found; /* parts of it are in the library */
};

/* All that is on its way. */
struct album {
	struct sync *s;
	struct pull *pull;
	struct held *held;
	size_t n, cap;
	uint64_t bytes; /* held, or of parts that are not kept */
	int64_t kept;	/* when parts were */
};

/* ---- what is held */

/* Parts of pictures that are not whole. */
static enum err
parts_keep(struct album *a, struct diag *d)
{
	struct pull *p = a->pull;
	enum err e = ERR_OK;
	size_t i;

	if (p == NULL || a->s->o->from != NULL ||
		clock_steady() - a->kept < EVERY)
		return ERR_OK;
	a->kept = clock_steady();
	for (i = 0; e == ERR_OK && i < p->n_parts; i++) {
		struct sync_part *x = &p->parts[i];
		const struct picture *m = &p->pictures[x->object];

		if (!x->here || x->kept || m->bytes == NULL)
			continue;
		e = library_part_add(a->s->lib, a->s->outlet->id,
			p->o->row.sha256, x->offset,
			span_of(m->bytes + (size_t)x->part * LIMIT_PART, x->n),
			a->s->o->now, d);
		x->kept = p->found = true;
	}
	return e;
}

static enum err
album_keep(struct album *a, struct diag *d)
{
	struct sync *s = a->s;
	enum err e = library_begin(s->lib, d);
	size_t i;

	for (i = 0; e == ERR_OK && i < a->n; i++)
		e = library_image_add(s->lib, s->outlet->id, &a->held[i].name,
			a->held[i].bytes, d);
	if (e == ERR_OK)
		e = parts_keep(a, d);
	if (e == ERR_OK)
		e = library_commit(s->lib, d);
	if (e == ERR_OK)
		s->r->images += a->n;
	else
		library_rollback(s->lib);
	for (i = 0; i < a->n; i++)
		verified_free(a->held[i].bytes);
	a->n = 0;
	a->bytes = 0;
	return e;
}

/* Takes the bytes over. */
static enum err
album_hold(struct album *a, const struct digest *name, struct verified *v,
	struct diag *d)
{
	struct held *more;

	if (a->n == a->cap) {
		more = realloc(a->held, (2 * a->cap + 16) * sizeof(*more));
		if (more == NULL) {
			verified_free(v);
			return diag_set(d, ERR_NOMEM, "out of memory");
		}
		a->held = more;
		a->cap = 2 * a->cap + 16;
	}
	a->held[a->n++] = (struct held){.name = *name, .bytes = v};
	return ERR_OK;
}

/* Whether a picture is here or held. */
static enum err
album_has(struct album *a, const struct digest *name, bool *has, struct diag *d)
{
	size_t i;

	*has = true;
	for (i = 0; i < a->n; i++)
		if (digest_eq(&a->held[i].name, name))
			return ERR_OK;
	return library_image_has(a->s->lib, a->s->outlet->id, name, has, d);
}

/* ---- one bundle */

/* A picture is whole: hold it. */
static enum err
picture_whole(struct album *a, size_t object, struct diag *d)
{
	struct pull *p = a->pull;
	struct picture *m = &p->pictures[object];
	const struct bundle_object *o = bundle_object(p->o->bundle, object);
	struct verified *v = NULL;
	enum err e = bundle_object_verify(
		p->o->bundle, object, span_of(m->bytes, o->packed), &v, d);

	free(m->bytes);
	m->bytes = NULL;
	return e == ERR_OK ? album_hold(a, &o->name, v, d) : e;
}

static enum err
part_take(struct album *a, uint64_t offset, struct span s, enum err *verdict,
	struct diag *why, struct diag *d)
{
	struct pull *p = a->pull;
	struct sync_part *x = sync_part_at(p->parts, p->n_parts, offset);
	const struct bundle_object *o;
	struct verified *v = NULL;
	struct picture *m;

	if (x == NULL)
		return diag_set(d, ERR_FAILED, "a part that was not wanted");
	*verdict = bundle_part_verify(
		p->o->bundle, x->object, x->part, s, &v, why);
	verified_free(v);
	if (*verdict == ERR_NOMEM)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (*verdict != ERR_OK)
		return ERR_OK;
	o = bundle_object(p->o->bundle, x->object);
	m = &p->pictures[x->object];
	if (m->bytes == NULL)
		m->bytes = malloc(o->packed);
	if (m->bytes == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	memcpy(m->bytes + (size_t)x->part * LIMIT_PART, s.p, s.n);
	x->here = true;
	m->here += s.n;
	a->bytes += s.n;
	return m->here == o->packed ? picture_whole(a, x->object, d) : ERR_OK;
}

static enum err
album_take(void *arg, size_t route, size_t file, uint64_t offset,
	struct span bytes, enum err *verdict, struct diag *d)
{
	struct album *a = arg;
	struct pull *p = a->pull;
	struct sync *s = a->s;
	size_t place = s->routes[route].place;
	struct diag why = {.why = ""};
	enum err e = part_take(a, offset, bytes, verdict, &why, d);

	(void)file;
	if (e != ERR_OK)
		return e;
	if (*verdict != ERR_OK) {
		sync_blame(s, place, p->o->row.path, *verdict, &why, &p->why);
		return ERR_OK;
	}
	s->r->mirrors[place].worked = true;
	if (a->bytes >= BATCH ||
		(a->bytes >= LITTLE && clock_steady() - a->kept >= EVERY))
		return album_keep(a, d);
	return ERR_OK;
}

static void
album_failed(void *arg, size_t route, size_t file, bool soft,
	const struct fetch_got *got)
{
	struct album *a = arg;

	(void)file;
	sync_failed(a->s, route, a->pull->o->row.path, buf_cstr(&a->pull->path),
		soft, got, &a->pull->why);
}

static void
album_progress(void *arg, size_t route)
{
	struct album *a = arg;

	sync_progress(a->s, route);
}

static enum err
file_path(const struct library_bundle *row, struct buf *out)
{
	const char *name = strrchr(row->path, '/');
	char hex[65];

	if (name == NULL)
		return ERR_FAILED;
	text_hex(hex, row->sha256, sizeof(row->sha256));
	return buf_printf(out, "t/%.*s/%s.%s", (int)(name - row->path),
		row->path, hex, name + 1);
}

/* The parts of the pictures that are needed. */
static enum err
parts_list(struct pull *p, const bool *need, struct diag *d)
{
	const struct bundle *b = p->o->bundle;
	size_t i, k, n, all = 0;

	for (i = 0; i < bundle_objects(b); i++)
		all += need[i] ? bundle_object(b, i)->n_parts : 0;
	p->parts = calloc(all + 1, sizeof(*p->parts));
	p->pictures = calloc(bundle_objects(b) + 1, sizeof(*p->pictures));
	if (p->parts == NULL || p->pictures == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < bundle_objects(b); i++)
		for (k = 0; need[i] && k < bundle_object(b, i)->n_parts; k++) {
			struct sync_part *x = &p->parts[p->n_parts++];

			bundle_part_range(b, i, k, &x->offset, &n);
			x->n = (uint32_t)n;
			x->object = (uint32_t)i;
			x->part = (uint32_t)k;
		}
	return ERR_OK;
}

/* A part that an earlier sync kept: worth what it proves to be. */
static void
part_read(void *arg, uint64_t at, struct span s)
{
	struct album *a = arg;
	struct sync_part *x =
		sync_part_at(a->pull->parts, a->pull->n_parts, at);
	enum err verdict = ERR_OK;
	struct diag why;

	a->pull->found = true;
	if (x == NULL || x->n != s.n || x->here)
		return;
	/* One that cannot be used now is fetched. */
	if (part_take(a, at, s, &verdict, &why, &why) == ERR_OK)
		x->kept = x->here;
}

static enum err
units_add(struct album *a, struct diag *d)
{
	const struct pull *p = a->pull;
	enum err e = engine_begin(a->s->engine, 1, 0, sync_seconds(a->s), d);
	size_t i;

	if (e == ERR_OK)
		e = engine_units(a->s->engine, 0, buf_cstr(&p->path),
			bundle_content(p->o->bundle), false, d);
	for (i = 0; e == ERR_OK && i < p->n_parts; i++)
		if (!p->parts[i].here)
			e = engine_unit(a->s->engine, 0, p->parts[i].offset,
				p->parts[i].n, d);
	return e;
}

static void
pull_clear(struct pull *p)
{
	size_t i;

	for (i = 0; p->pictures != NULL && i < bundle_objects(p->o->bundle);
		i++)
		free(p->pictures[i].bytes);
	free(p->pictures);
	free(p->parts);
	buf_free(&p->path);
}

/* The needed pictures of a bundle, from whoever has them. */
static enum err
bundle_pull(struct album *a, const struct library_open *o, const bool *need,
	struct diag *d)
{
	struct pull p = {.o = o};
	struct engine_calls calls = {.take = album_take,
		.failed = album_failed,
		.progress = album_progress,
		.arg = a};
	struct sync *s = a->s;
	enum err e;

	a->pull = &p;
	a->kept = clock_steady();
	buf_init(&p.path, LIMIT_PATH + 80);
	e = file_path(&o->row, &p.path);
	if (e != ERR_OK)
		diag_set(d, e, "%s: no path", o->row.path);
	if (e == ERR_OK)
		e = parts_list(&p, need, d);
	if (e == ERR_OK && p.n_parts > 0)
		e = library_parts(
			s->lib, s->outlet->id, o->row.sha256, part_read, a, d);
	if (e == ERR_OK)
		e = units_add(a, d);
	if (e == ERR_OK)
		e = engine_run(s->engine, &calls, d);
	if (e == ERR_OK && !engine_done(s->engine, 0)) {
		if (p.why.err == ERR_OK)
			diag_set(&p.why.diag, p.why.err = ERR_NETWORK,
				"no mirror is left to ask");
		sync_worse(&s->worst, p.why.err, &p.why.diag);
	} else if (e == ERR_OK && p.found) {
		e = album_keep(a, d);
		if (e == ERR_OK)
			e = library_parts_drop(s->lib, s->outlet->id,
				o->row.sha256, 0, INT64_MAX, d);
	}
	a->pull = NULL;
	pull_clear(&p);
	return e;
}

/* ---- which pictures */

/* A picture that is in an earlier bundle: by itself. */
static enum err
earlier_get(struct album *a, const struct article_image *m, struct diag *d)
{
	struct library_open o;
	struct diag why;
	bool *need;
	int32_t i;
	enum err e = library_bundle_open_path(
		a->s->lib, a->s->outlet->id, m->bundle, &o, &why);

	if (e == ERR_MISSING) {
		sync_worse(&a->s->worst, e, &why);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return diag_set(d, e, "%s", why.why);
	i = bundle_find(o.bundle, &m->name);
	need = calloc(bundle_objects(o.bundle) + 1, sizeof(*need));
	if (need == NULL) {
		e = diag_set(d, ERR_NOMEM, "out of memory");
	} else if (i < 0) {
		e = sync_note(a->s, d,
			"%s lacks a picture that it is said to have",
			m->bundle);
	} else {
		need[i] = true;
		e = bundle_pull(a, &o, need, d);
	}
	free(need);
	library_open_clear(&o);
	return e;
}

/* Mark the pictures of one article that are in its own bundle; get those that
 * are not. */
static enum err
article_mark(
	struct album *a, const struct article *x, bool *need, struct diag *d)
{
	enum err e = ERR_OK;
	bool has;
	size_t k;

	for (k = 0; e == ERR_OK && k < x->n_images; k++) {
		const struct article_image *m = &x->images[k];

		e = album_has(a, &m->name, &has, d);
		if (e != ERR_OK || has)
			continue;
		if (m->object >= 0)
			need[m->object] = true;
		else
			e = earlier_get(a, m, d);
	}
	return e;
}

/* The articles of one bundle; `rows` all have the same. */
static enum err
bundle_get(struct album *a, const struct library_article *rows, size_t n,
	struct diag *d)
{
	struct library_open o;
	bool *need;
	size_t i;
	enum err e = library_bundle_open(a->s->lib, rows->bundle, &o, d);

	if (e != ERR_OK)
		return e;
	need = calloc(bundle_objects(o.bundle) + 1, sizeof(*need));
	if (need == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < n; i++)
		e = article_mark(
			a, bundle_article(o.bundle, rows[i].index), need, d);
	if (e == ERR_OK)
		e = bundle_pull(a, &o, need, d);
	free(need);
	library_open_clear(&o);
	return e;
}

static int
by_bundle(const void *a, const void *b)
{
	const struct library_article *x = a, *y = b;

	return (x->bundle < y->bundle) - (x->bundle > y->bundle);
}

enum err
sync_pictures(struct sync *s, int64_t n, struct diag *d)
{
	struct library_filter f = {.outlet = s->outlet->id, .n = n};
	struct library_articles list;
	struct album a = {.s = s};
	struct diag why;
	size_t i, k;
	enum err e = library_articles(s->lib, &f, &list, d), kept;

	/* The newest bundle first, each opened once. */
	if (e == ERR_OK && list.n > 0)
		qsort(list.list, list.n, sizeof(*list.list), by_bundle);
	s->progress.todo = list.n;
	for (i = 0; e == ERR_OK && i < list.n; i = k) {
		for (k = i + 1; k < list.n &&
				list.list[k].bundle == list.list[i].bundle;
			k++)
			;
		e = bundle_get(&a, &list.list[i], k - i, d);
		s->progress.done = k;
	}
	/* What is here stays, also when something failed. */
	kept = album_keep(&a, &why);
	if (e == ERR_OK && kept != ERR_OK)
		e = diag_set(d, kept, "%s", why.why);
	free(a.held);
	library_articles_clear(&list);
	return e;
}
