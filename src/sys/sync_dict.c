/* The dictionaries that bundles on their way need. */
#include <stdlib.h>
#include <string.h>

#include "sync_priv.h"

/* Of the x/ targets that an outlet lists so many are looked at; what is
 * missed comes after the bundles. */
#define KNOWN 256

/* One that comes beside the bundles. */
struct beside {
	const struct trust_target *g;
	struct buf path, body;
	struct sync_file file;
};

struct sync_dicts {
	const struct trust_target *known[KNOWN];
	size_t n_known;
	struct beside list[SYNC_DICTS];
	size_t n;
};

struct sync_dicts *
sync_dicts_new(void)
{
	return calloc(1, sizeof(struct sync_dicts));
}

void
sync_dicts_free(struct sync_dicts *l)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < l->n; i++) {
		buf_free(&l->list[i].path);
		buf_free(&l->list[i].body);
	}
	free(l);
}

enum err
sync_dicts_know(struct sync *s, struct sync_dicts *l, struct diag *d)
{
	const struct trust_target *g;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && l->n_known < KNOWN &&
		    (g = trust_listed(s->t, "x", i)) != NULL;
		i++) {
		if (strncmp(trust_target_path(g), "x/", 2) != 0)
			continue;
		/* A list is a hint; what counts is what a search finds. */
		e = sync_find(s, trust_target_path(g), &g, d);
		if (e == ERR_OK && g != NULL)
			l->known[l->n_known++] = g;
	}
	return e;
}

/* ---- beside the bundles */

/* Only looked at, and kept later: a commit would hold up what else comes. */
static enum err
beside_check(struct sync *s, void *arg, struct span body, enum err *verdict,
	struct diag *why, struct diag *d)
{
	struct beside *x = arg;
	struct verified *v = NULL;

	(void)s;
	*verdict = trust_verify(x->g, body, &v, why);
	verified_free(v);
	if (*verdict == ERR_OK) {
		buf_clear(&x->body);
		if (buf_span(&x->body, body) != ERR_OK)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	return *verdict == ERR_NOMEM ? diag_set(d, ERR_NOMEM, "out of memory")
				     : ERR_OK;
}

static bool
is_same(const struct trust_target *g, const struct bundle_dict *dict)
{
	uint8_t sha256[32];

	return trust_target_sha256(g, sha256) &&
	       memcmp(sha256, dict->sha256, sizeof(sha256)) == 0 &&
	       strcmp(trust_target_path(g), dict->path) == 0;
}

static bool
is_beside(const struct sync_dicts *l, const struct bundle_dict *dict)
{
	size_t i;

	for (i = 0; l != NULL && i < l->n; i++)
		if (is_same(l->list[i].g, dict))
			return true;
	return false;
}

static enum err
beside_add(struct sync *s, struct sync_dicts *l, const struct trust_target *g,
	size_t first, struct diag *d)
{
	struct beside *x = &l->list[l->n];
	bool want;
	enum err e;

	*x = (struct beside){.g = g};
	buf_init(&x->path, LIMIT_PATH + 80);
	e = sync_target_file(s, g, &x->path, &x->file, &want, d);
	if (e == ERR_OK && want) {
		x->file.check = beside_check;
		x->file.arg = x;
		buf_init(&x->body, x->file.max);
		e = engine_whole(s->engine, first + l->n, x->file.path,
			x->file.max, x->file.length, d);
		l->n++;
	} else {
		buf_free(&x->path);
	}
	return e;
}

enum err
sync_dicts_ask(struct sync *s, struct sync_dicts *l, const struct bundle *b,
	size_t first, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i, k;

	for (i = 0; e == ERR_OK && i < bundle_dicts(b); i++) {
		const struct bundle_dict *dict = bundle_dict(b, i);

		for (k = 0; k < l->n_known && !is_same(l->known[k], dict); k++)
			;
		if (k < l->n_known && l->n < SYNC_DICTS && !is_beside(l, dict))
			e = beside_add(s, l, l->known[k], first, d);
	}
	return e;
}

struct sync_file *
sync_dicts_file(struct sync_dicts *l, size_t i)
{
	return &l->list[i].file;
}

void
sync_dicts_end(struct sync *s, struct sync_dicts *l, size_t first)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		l->list[i].file.ok = engine_done(s->engine, first + i);
		sync_file_lost(s, &l->list[i].file);
	}
}

enum err
sync_dicts_keep(struct sync *s, struct sync_dicts *l, struct diag *d)
{
	enum err e = ERR_OK, verdict;
	struct diag why;
	size_t i;

	for (i = 0; e == ERR_OK && i < l->n; i++) {
		struct beside *x = &l->list[i];

		if (!x->file.ok)
			continue;
		e = sync_keep_begin(s, d);
		if (e == ERR_OK)
			e = sync_target_check(s, (void *)(uintptr_t)x->g,
				buf_view(&x->body), &verdict, &why, d);
	}
	return e;
}

/* ---- after them */

struct rest {
	struct sync_file file[SYNC_DICTS];
	struct buf path[SYNC_DICTS];
	size_t n;
};

/* One more, if it is new and signed for. */
static enum err
dict_want(struct sync *s, struct rest *l, const struct bundle_dict *dict,
	struct diag *d)
{
	const struct trust_target *g;
	struct verified *v = NULL;
	struct buf *path = &l->path[l->n];
	uint8_t sha256[32];
	bool here, want;
	size_t i;
	enum err e = library_target(
		s->lib, s->outlet->id, dict->sha256, &v, &here, d);

	verified_free(v);
	if (e == ERR_OK && !here)
		e = sync_find(s, dict->path, &g, d);
	if (e != ERR_OK || here || g == NULL ||
		!trust_target_sha256(g, sha256) ||
		memcmp(sha256, dict->sha256, sizeof(sha256)) != 0)
		return e;
	buf_init(path, LIMIT_PATH + 80);
	e = sync_target_file(s, g, path, &l->file[l->n], &want, d);
	for (i = 0; want && i < l->n; i++)
		want = strcmp(l->file[i].path, buf_cstr(path)) != 0;
	if (e == ERR_OK && want)
		l->n++;
	else
		buf_free(path);
	return e;
}

static enum err
rest_flush(struct sync *s, struct rest *l, struct diag *d)
{
	enum err e = l->n > 0 ? sync_files(s, l->file, l->n, d) : ERR_OK;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (e == ERR_OK)
			sync_file_lost(s, &l->file[i]);
		buf_free(&l->path[i]);
	}
	l->n = 0;
	return e;
}

static enum err
bundle_rest(struct sync *s, struct rest *r, const struct bundle *b,
	const struct sync_dicts *l, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < bundle_dicts(b); i++) {
		if (is_beside(l, bundle_dict(b, i)))
			continue;
		e = dict_want(s, r, bundle_dict(b, i), d);
		if (e == ERR_OK && r->n == SYNC_DICTS)
			e = rest_flush(s, r, d);
	}
	return e;
}

enum err
sync_dicts_rest(struct sync *s, const struct sync_pull *list, size_t n,
	const struct sync_dicts *l, struct diag *d)
{
	struct rest *r = calloc(1, sizeof(*r));
	enum err e = ERR_OK;
	size_t i;

	if (r == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < n; i++)
		if (list[i].ok)
			e = bundle_rest(s, r, list[i].b, l, d);
	if (e == ERR_OK)
		e = rest_flush(s, r, d);
	for (i = 0; i < r->n; i++)
		buf_free(&r->path[i]);
	free(r);
	return e;
}
