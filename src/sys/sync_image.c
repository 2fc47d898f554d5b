/* Pictures: by object, part by part, against the indexes in the library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "sync_priv.h"

/* Parts in one request: a piece of a megabyte. */
#define PARTS 16

/* Pictures are kept in batches: a commit waits for the disk, and a sync that
 * is killed may fetch this much again. */
#define BATCH (16 * LIMIT_MIB)

/* A picture on its way: object i of an opened bundle. */
struct pull {
	const struct library_open *o;
	size_t i;
	struct buf path;
	struct verified *got; /* parts so far */
	size_t part;	      /* the next one */
};

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

/* Verify the parts of one answer, from p->part on. */
static enum err
parts_take(struct pull *p, struct span s, size_t parts, struct diag *why)
{
	struct verified *v;
	uint64_t at;
	size_t n;
	enum err e = ERR_OK;

	for (; e == ERR_OK && parts > 0; parts--) {
		bundle_part_range(p->o->bundle, p->i, p->part, &at, &n);
		e = bundle_part_verify(p->o->bundle, p->i, p->part,
			span_sub(s, 0, n), &v, why);
		if (e == ERR_OK)
			e = verified_join(&p->got, v);
		if (e != ERR_OK)
			break;
		s = span_sub(s, n, s.n);
		p->part++;
	}
	return e;
}

/* Go on from one mirror until all parts are here or it fails. */
static enum err
pull_from(struct sync *s, struct pull *p, size_t place, enum err *verdict,
	struct diag *why, struct diag *d)
{
	size_t parts = bundle_object(p->o->bundle, p->i)->n_parts, k, n;
	struct source_want want = {.place = place, .path = buf_cstr(&p->path)};
	struct source_got got;
	uint64_t at;
	enum err e = ERR_OK;

	*verdict = ERR_OK;
	while (e == ERR_OK && *verdict == ERR_OK && p->part < parts) {
		bundle_part_range(
			p->o->bundle, p->i, p->part, &want.offset, &n);
		want.n = n;
		for (k = 1; k < PARTS && p->part + k < parts; k++) {
			bundle_part_range(
				p->o->bundle, p->i, p->part + k, &at, &n);
			want.n += n;
		}
		want.max = want.n;
		e = sync_ask(s, &want, 1, &got, d);
		*verdict = got.err;
		*why = got.diag;
		if (e == ERR_OK && *verdict == ERR_OK)
			*verdict = parts_take(p, buf_view(&got.body), k, why);
		if (*verdict == ERR_NOMEM)
			e = diag_set(d, ERR_NOMEM, "out of memory");
		sync_got_free(&got, 1);
	}
	return e;
}

static enum err
object_get(
	struct sync *s, const struct library_open *o, size_t i, struct diag *d)
{
	const struct bundle_object *x = bundle_object(o->bundle, i);
	struct sync_reason why = {.err = ERR_OK};
	struct pull p = {.o = o, .i = i};
	size_t step = 0, place;
	enum err e, verdict;
	bool ok = false;
	struct diag w;

	buf_init(&p.path, LIMIT_PATH + 80);
	e = file_path(&o->row, &p.path);
	if (e != ERR_OK)
		diag_set(d, e, "%s: no path", o->row.path);
	while (e == ERR_OK && !ok && sync_next_place(s, &step, &place)) {
		e = pull_from(s, &p, place, &verdict, &w, d);
		ok = e == ERR_OK && verdict == ERR_OK;
		if (e == ERR_OK && !ok)
			sync_blame(s, place, o->row.path, verdict, &w, &why);
	}
	if (ok) {
		e = library_image_add(
			s->lib, s->outlet->id, &x->name, p.got, d);
		s->r->images += e == ERR_OK;
		s->pending += x->packed;
	} else if (e == ERR_OK) {
		if (why.err == ERR_OK)
			diag_set(&why.diag, why.err = ERR_NETWORK,
				"no mirror is left to ask");
		sync_worse(&s->worst, why.err, &why.diag);
	}
	buf_free(&p.path);
	verified_free(p.got);
	return e;
}

/* A picture of an article in the opened bundle `o`; it may be an earlier
 * bundle's. */
static enum err
image_get(struct sync *s, const struct library_open *o,
	const struct article_image *m, struct diag *d)
{
	struct library_open other;
	struct diag why;
	bool has;
	int32_t i;
	enum err e =
		library_image_has(s->lib, s->outlet->id, &m->name, &has, d);

	if (e != ERR_OK || has)
		return e;
	if (m->object >= 0)
		return object_get(s, o, (size_t)m->object, d);
	e = library_bundle_open_path(
		s->lib, s->outlet->id, m->bundle, &other, &why);
	if (e == ERR_MISSING) {
		sync_worse(&s->worst, e, &why);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return diag_set(d, e, "%s", why.why);
	i = bundle_find(other.bundle, &m->name);
	if (i >= 0)
		e = object_get(s, &other, (size_t)i, d);
	else
		e = sync_note(s, d,
			"%s lacks a picture that it is said to "
			"have",
			m->bundle);
	library_open_clear(&other);
	return e;
}

/* Keep what has come so far, and go on. */
static enum err
batch_keep(struct sync *s, struct diag *d)
{
	enum err e = library_commit(s->lib, d);

	s->pending = 0;
	return e == ERR_OK ? library_begin(s->lib, d) : e;
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
	struct library_open o = {.prefix = NULL};
	struct library_articles list;
	enum err e = library_articles(s->lib, &f, &list, d);
	size_t i, k;

	/* Newest bundle first, and each opened once. */
	if (e == ERR_OK && list.n > 0)
		qsort(list.list, list.n, sizeof(*list.list), by_bundle);
	s->progress.todo = list.n;
	if (e == ERR_OK)
		e = library_begin(s->lib, d);
	for (i = 0; e == ERR_OK && i < list.n; i++) {
		const struct library_article *row = &list.list[i];
		const struct article *a;

		if (o.bundle == NULL || o.row.id != row->bundle) {
			library_open_clear(&o);
			e = library_bundle_open(s->lib, row->bundle, &o, d);
			if (e != ERR_OK)
				break;
		}
		a = bundle_article(o.bundle, row->index);
		for (k = 0; e == ERR_OK && k < a->n_images; k++)
			e = image_get(s, &o, &a->images[k], d);
		if (e == ERR_OK && s->pending >= BATCH)
			e = batch_keep(s, d);
		s->progress.done = i + 1;
	}
	if (e == ERR_OK)
		e = library_commit(s->lib, d);
	else
		library_rollback(s->lib);
	library_open_clear(&o);
	library_articles_clear(&list);
	return e;
}
