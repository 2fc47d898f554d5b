/* Pictures: by part, against the indexes in the library; pictures that stand
 * side by side in a bundle come in one request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "sync_priv.h"

/* What one request asks for, and what is held before it is kept: a commit
 * waits for the disk, and while one is open nobody else can write. */
#define PIECE (LIMIT_MIB / 4)
#define BATCH (2 * LIMIT_MIB)

/* A picture that is whole and not yet in the library. */
struct held {
	struct digest name;
	struct verified *bytes;
};

/* Some pictures of an opened bundle, on their way. */
struct pull {
	const struct library_open *o;
	bool *need;	      /* by object */
	size_t i, part;	      /* the next part */
	struct verified *got; /* the parts before it of this object */
	struct buf path;
};

/* All that is on its way. */
struct album {
	struct sync *s;
	struct held *held;
	size_t n, cap;
	uint64_t bytes; /* held */
};

/* ---- what is held */

static enum err
album_keep(struct album *a, struct diag *d)
{
	struct sync *s = a->s;
	enum err e = ERR_OK;
	size_t i;

	if (a->n > 0)
		e = library_begin(s->lib, d);
	for (i = 0; e == ERR_OK && i < a->n; i++)
		e = library_image_add(s->lib, s->outlet->id, &a->held[i].name,
			a->held[i].bytes, d);
	if (e == ERR_OK && a->n > 0)
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
	a->bytes += verified_bytes(v).n;
	return a->bytes >= BATCH ? album_keep(a, d) : ERR_OK;
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

/* Past objects that are not needed; false: no more. */
static bool
pull_next(const struct pull *p, size_t *i, size_t *part)
{
	const struct bundle *b = p->o->bundle;

	if (*i < bundle_objects(b) && *part == bundle_object(b, *i)->n_parts) {
		++*i;
		*part = 0;
	}
	while (*i < bundle_objects(b) && !p->need[*i])
		++*i;
	return *i < bundle_objects(b);
}

/* The next parts that stand side by side: from where, how many bytes. */
static size_t
pull_run(const struct pull *p, uint64_t *offset)
{
	size_t i = p->i, part = p->part, n, all = 0;
	uint64_t at;

	for (; pull_next(p, &i, &part); part++) {
		bundle_part_range(p->o->bundle, i, part, &at, &n);
		if (all == 0)
			*offset = at;
		else if (at != *offset + all || all + n > PIECE)
			break;
		all += n;
	}
	return all;
}

/* Verify the parts of one answer, and hold the pictures that become whole.
 * What a mirror did wrong is in *verdict. */
static enum err
parts_take(struct album *a, struct pull *p, struct span s, enum err *verdict,
	struct diag *why, struct diag *d)
{
	const struct bundle *b = p->o->bundle;
	struct verified *v;
	uint64_t at;
	size_t n;
	enum err e = ERR_OK;

	while (e == ERR_OK && s.n > 0 && pull_next(p, &p->i, &p->part)) {
		bundle_part_range(b, p->i, p->part, &at, &n);
		*verdict = bundle_part_verify(
			b, p->i, p->part, span_sub(s, 0, n), &v, why);
		if (*verdict == ERR_OK)
			*verdict = verified_join(&p->got, v);
		if (*verdict != ERR_OK)
			return *verdict == ERR_NOMEM
				       ? diag_set(d, ERR_NOMEM, "out of memory")
				       : ERR_OK;
		s = span_sub(s, n, s.n);
		if (++p->part < bundle_object(b, p->i)->n_parts)
			continue;
		e = album_hold(a, &bundle_object(b, p->i)->name, p->got, d);
		p->got = NULL;
		p->need[p->i] = false;
	}
	return e;
}

/* Go on from one mirror until all is here or it fails. */
static enum err
pull_from(struct album *a, struct pull *p, size_t place, enum err *verdict,
	struct diag *why, struct diag *d)
{
	struct source_want want = {.place = place, .path = buf_cstr(&p->path)};
	struct source_got got;
	enum err e = ERR_OK;

	*verdict = ERR_OK;
	while (e == ERR_OK && *verdict == ERR_OK &&
		(want.n = pull_run(p, &want.offset)) > 0) {
		want.max = want.n;
		e = sync_ask(a->s, &want, 1, &got, d);
		*verdict = got.err;
		*why = got.diag;
		if (e == ERR_OK && *verdict == ERR_OK && got.body.n != want.n)
			*verdict = diag_set(why, ERR_TRUNCATED,
				"%zu bytes came of %zu", got.body.n, want.n);
		else if (e == ERR_OK && *verdict == ERR_OK)
			e = parts_take(
				a, p, buf_view(&got.body), verdict, why, d);
		sync_got_free(&got, 1);
	}
	return e;
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

/* The needed pictures of a bundle, from whoever has them. */
static enum err
bundle_pull(struct album *a, const struct library_open *o, bool *need,
	struct diag *d)
{
	struct sync_reason why = {.err = ERR_OK};
	struct pull p = {.o = o, .need = need};
	size_t step = 0, place;
	uint64_t at;
	enum err e, verdict;
	struct diag w;

	buf_init(&p.path, LIMIT_PATH + 80);
	e = file_path(&o->row, &p.path);
	if (e != ERR_OK)
		diag_set(d, e, "%s: no path", o->row.path);
	while (e == ERR_OK && pull_run(&p, &at) > 0 &&
		sync_next_place(a->s, &step, &place)) {
		e = pull_from(a, &p, place, &verdict, &w, d);
		if (e == ERR_OK && verdict != ERR_OK)
			sync_blame(a->s, place, o->row.path, verdict, &w, &why);
	}
	if (e == ERR_OK && pull_run(&p, &at) > 0) {
		if (why.err == ERR_OK)
			diag_set(&why.diag, why.err = ERR_NETWORK,
				"no mirror is left to ask");
		sync_worse(&a->s->worst, why.err, &why.diag);
	}
	verified_free(p.got);
	buf_free(&p.path);
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
