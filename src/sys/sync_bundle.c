/* Bundles: the head first, then the texts in pieces, every part checked as it
 * comes, so that each lie has one liar. A bundle and its articles enter the
 * library together or not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/minisign.h"
#include "../core/text.h"
#include "sync_priv.h"

/* What one request asks for. */
#define PIECE (256 * LIMIT_KIB)

/* A bundle on its way. */
struct pull {
	const struct trust_target *g;
	struct buf path; /* on a mirror */
	size_t head;	 /* bytes of it */
	struct digest digest;
	uint64_t text_end;
	struct buf got;	     /* from the file's first byte on */
	size_t good;	     /* so many of them are verified */
	struct bundle *b;    /* once the head is here */
	size_t object, part; /* the next part to verify */
};

static void
pull_clear(struct pull *p)
{
	buf_free(&p->path);
	buf_free(&p->got);
	bundle_free(p->b);
}

/* ERR_UNSUPPORTED, ERR_LIMIT: a target we do not fetch. */
static enum err
pull_start(struct pull *p, const struct trust_target *g, struct diag *d)
{
	enum err e;

	*p = (struct pull){.g = g};
	buf_init(&p->path, LIMIT_PATH + 80);
	if (!trust_target_bundle(g, &p->head, &p->digest, &p->text_end))
		return diag_set(d, ERR_UNSUPPORTED, "not told as a bundle");
	if (p->text_end > LIMIT_BUNDLE_TEXT)
		return diag_set(d, ERR_LIMIT, "its texts are over %zu bytes",
			(size_t)LIMIT_BUNDLE_TEXT);
	buf_init(&p->got, (size_t)p->text_end);
	e = sync_target_path(g, &p->path);
	return e == ERR_OK ? e : diag_set(d, e, "its path is not usable");
}

/* Whether the index is the one that its target promises. */
static enum err
index_check(const struct pull *p, struct diag *d)
{
	if (strcmp(bundle_path(p->b), trust_target_path(p->g)) != 0)
		return diag_set(d, ERR_REFUSED,
			"its index says that it is another bundle");
	if (bundle_text_end(p->b) != p->text_end ||
		bundle_length(p->b) != trust_target_length(p->g))
		return diag_set(d, ERR_REFUSED,
			"its index and its metadata differ in length");
	return ERR_OK;
}

/* The head is all here: verify and open it. *refused: it is signed, yet we do
 * not accept it, so that no mirror can help. */
static enum err
head_open(struct pull *p, bool *refused, struct diag *d)
{
	struct verified *v = NULL;
	enum err e = trust_verify_head(
		p->g, span_sub(buf_view(&p->got), 0, p->head), &v, d);

	if (e != ERR_OK)
		return e;
	e = bundle_open(v, &p->b, d);
	if (e == ERR_OK)
		e = index_check(p, d);
	*refused = e != ERR_OK;
	verified_free(v);
	if (e == ERR_OK)
		p->good = p->head;
	return e;
}

/* Verify the parts that are complete. */
static enum err
parts_check(struct pull *p, struct diag *d)
{
	struct verified *v;
	uint64_t at;
	size_t n;
	enum err e;

	while (p->good < p->got.n && p->object < bundle_objects(p->b)) {
		bundle_part_range(p->b, p->object, p->part, &at, &n);
		if (at + n > p->got.n)
			break;
		e = bundle_part_verify(p->b, p->object, p->part,
			span_sub(buf_view(&p->got), (size_t)at, n), &v, d);
		if (e != ERR_OK)
			return e;
		verified_free(v);
		p->good = (size_t)at + n;
		if (++p->part == bundle_object(p->b, p->object)->n_parts) {
			p->object++;
			p->part = 0;
		}
	}
	return ERR_OK;
}

/* One piece more from a mirror. */
static enum err
piece_get(struct sync *s, struct pull *p, size_t place, enum err *verdict,
	struct diag *why, struct diag *d)
{
	uint64_t left = p->text_end - p->got.n;
	struct source_want want = {.place = place,
		.path = buf_cstr(&p->path),
		.offset = p->got.n,
		.n = left < PIECE ? (size_t)left : PIECE};
	struct source_got got;
	enum err e;

	want.max = want.n;
	e = sync_ask(s, &want, 1, &got, d);
	*verdict = got.err;
	*why = got.diag;
	if (e == ERR_OK && *verdict == ERR_OK && got.body.n != want.n)
		*verdict = diag_set(why, ERR_TRUNCATED, "%zu bytes came of %zu",
			got.body.n, want.n);
	if (e == ERR_OK && *verdict == ERR_OK)
		e = buf_span(&p->got, buf_view(&got.body));
	if (e == ERR_NOMEM || e == ERR_LIMIT)
		diag_set(d, e, "out of memory");
	sync_got_free(&got, 1);
	return e;
}

/* Go on from one mirror until all is here or it fails. What is not verified
 * of it is forgotten, so that the next one begins with a part of its own. */
static enum err
pull_from(struct sync *s, struct pull *p, size_t place, enum err *verdict,
	bool *refused, struct diag *why, struct diag *d)
{
	enum err e = ERR_OK;

	*verdict = ERR_OK;
	*refused = false;
	while (e == ERR_OK && *verdict == ERR_OK && p->good < p->text_end) {
		e = piece_get(s, p, place, verdict, why, d);
		if (e != ERR_OK || *verdict != ERR_OK)
			break;
		if (p->b == NULL && p->got.n >= p->head)
			*verdict = head_open(p, refused, why);
		if (*verdict == ERR_OK && p->b != NULL) {
			*verdict = parts_check(p, why);
			p->got.n = p->good;
		}
	}
	p->got.n = p->good;
	return *verdict == ERR_NOMEM ? diag_set(d, ERR_NOMEM, "out of memory")
				     : e;
}

/* Get all of it from whoever has it. *ok: verified up to the end of texts. */
static enum err
pull_all(struct sync *s, struct pull *p, bool *ok, struct diag *d)
{
	const char *path = trust_target_path(p->g);
	struct sync_reason why = {.err = ERR_OK};
	size_t step = 0, place;
	enum err e = ERR_OK, verdict;
	bool refused = false;
	struct diag w;

	*ok = false;
	while (e == ERR_OK && !*ok && !refused &&
		sync_next_place(s, &step, &place)) {
		e = pull_from(s, p, place, &verdict, &refused, &w, d);
		if (e != ERR_OK)
			break;
		*ok = verdict == ERR_OK;
		if (*ok)
			break;
		if (refused) {
			s->refused = true;
			return sync_note(
				s, d, "%s is left out: %s", path, w.why);
		}
		sync_blame(s, place, path, verdict, &w, &why);
	}
	if (e == ERR_OK && !*ok) {
		if (why.err == ERR_OK)
			diag_set(&why.diag, why.err = ERR_MISSING,
				"no mirror is left to ask for %s", path);
		sync_worse(&s->worst, why.err, &why.diag);
		s->r->absent++;
	}
	return e;
}

/* ---- from bytes to articles */

/* Dictionaries the bundle needs, fetched if they are new. One that cannot be
 * had shows when its texts are unpacked. */
static enum err
dicts_get(struct sync *s, const struct bundle *b, struct diag *d)
{
	const struct trust_target *g;
	struct verified *v = NULL;
	uint8_t sha256[32];
	enum err e = ERR_OK;
	bool ok;
	size_t i;

	for (i = 0; e == ERR_OK && i < bundle_dicts(b); i++) {
		const struct bundle_dict *dict = bundle_dict(b, i);

		e = library_target(
			s->lib, s->outlet->id, dict->sha256, &v, &ok, d);
		verified_free(v);
		if (e != ERR_OK || ok)
			continue;
		e = sync_find(s, dict->path, &g, d);
		if (e == ERR_OK && g != NULL &&
			trust_target_sha256(g, sha256) &&
			memcmp(sha256, dict->sha256, sizeof(sha256)) == 0)
			e = sync_target(s, g, &ok, d);
	}
	return e;
}

/* Whether an article's text can be shown. */
static enum err
article_check_text(struct sync *s, const struct pull *p,
	const struct article *a, struct diag *why)
{
	struct verified *text = NULL;
	enum err e;

	if (a->text < 0)
		return ERR_OK;
	e = library_unpack(s->lib, s->outlet->id, p->b, buf_view(&p->got),
		(size_t)a->text, &text, why);
	if (e == ERR_OK && s->o->check != NULL)
		e = s->o->check(text, why);
	verified_free(text);
	return e;
}

static enum err
articles_check(struct sync *s, const struct pull *p, bool *keep, bool *missing,
	struct diag *d)
{
	char shown[80];
	struct diag why;
	enum err e = ERR_OK, bad;
	size_t i;

	for (i = 0; e == ERR_OK && i < bundle_articles(p->b); i++) {
		const struct article *a = bundle_article(p->b, i);

		bad = article_check_text(s, p, a, &why);
		keep[i] = bad == ERR_OK;
		if (keep[i])
			continue;
		if (bad == ERR_NOMEM || bad == ERR_IO)
			return diag_set(d, bad, "%s", why.why);
		*missing |= bad == ERR_MISSING;
		s->refused |= bad != ERR_MISSING;
		e = sync_note(s, d, "\"%s\" (%s) is left out: %s",
			text_show(shown, sizeof(shown), span_str(a->title)),
			a->id, why.why);
	}
	return e;
}

static enum err
bundle_store(struct sync *s, const struct pull *p, const bool *keep, bool whole,
	struct diag *d)
{
	struct library_bundle info = {
		.path = (char *)(uintptr_t)trust_target_path(p->g),
		.length = trust_target_length(p->g),
		.head = p->digest,
		.whole = whole,
		.role = (char *)(uintptr_t)trust_target_role(p->g)};
	char key[2 * MINISIGN_KEYNUM + 1] = "";
	struct minisign_key k;
	enum err e;

	if (!trust_target_sha256(p->g, info.sha256))
		return diag_set(d, ERR_FAILED, "a target without SHA-256");
	if (trust_role_key(s->t, info.role, &k) == ERR_OK)
		minisign_keynum_text(key, k.keynum);
	info.key = key;
	e = library_bundle_add(
		s->lib, s->outlet->id, &info, p->b, buf_view(&p->got), keep, d);
	if (e == ERR_OK)
		s->r->bundles++;
	return e;
}

/* A bundle with texts that need what could not be had is kept as not whole:
 * the next sync tries again. */
static enum err
bundle_take(struct sync *s, const struct pull *p, struct diag *d)
{
	bool *keep = calloc(bundle_articles(p->b) + 1, sizeof(*keep));
	bool missing = false;
	struct diag why;
	enum err e;

	if (keep == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = dicts_get(s, p->b, d);
	if (e == ERR_OK)
		e = articles_check(s, p, keep, &missing, d);
	if (e == ERR_OK)
		e = bundle_store(s, p, keep, !missing, d);
	if (e == ERR_OK && missing) {
		diag_set(&why, ERR_MISSING,
			"%s: some of its texts lack what "
			"they build on",
			trust_target_path(p->g));
		sync_worse(&s->worst, ERR_MISSING, &why);
		s->r->absent++;
	}
	free(keep);
	return e;
}

static enum err
bundle_sync(struct sync *s, const struct trust_target *g, struct diag *d)
{
	struct pull p;
	struct diag why;
	bool ok;
	enum err e;

	if (pull_start(&p, g, &why) != ERR_OK) {
		s->refused = true;
		e = sync_note(s, d, "%s is left out: %s", trust_target_path(g),
			why.why);
	} else {
		e = pull_all(s, &p, &ok, d);
		if (e == ERR_OK && ok)
			e = bundle_take(s, &p, d);
	}
	pull_clear(&p);
	return e;
}

/* ---- which bundles */

struct wanted {
	char *path;
	struct span desk;
	uint64_t sequence;
};

struct wanted_list {
	struct wanted *list;
	size_t n, cap;
};

static void
wanted_free(struct wanted_list *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		free(w->list[i].path);
	free(w->list);
}

static int
wanted_order(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return strcmp(x->path, y->path);
}

static enum err
wanted_add(struct wanted_list *w, const char *path, struct diag *d)
{
	struct wanted *more, x = {.path = strdup(path)};

	if (w->n == w->cap) {
		w->cap = w->cap == 0 ? 64 : 2 * w->cap;
		more = realloc(w->list, w->cap * sizeof(*more));
		if (more != NULL)
			w->list = more;
	} else {
		more = w->list;
	}
	if (x.path == NULL || more == NULL) {
		free(x.path);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	/* Another kind of target than a bundle, yet told as one. */
	if (!bundle_path_parse(span_str(x.path), &x.desk, &x.sequence))
		free(x.path);
	else
		w->list[w->n++] = x;
	return ERR_OK;
}

/* The bundles of one desk that are not here. */
static enum err
desk_list(
	struct sync *s, const char *role, struct wanted_list *w, struct diag *d)
{
	const struct trust_target *g;
	struct digest digest;
	uint8_t sha256[32];
	uint64_t text_end;
	size_t i, head;
	bool has;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && (g = trust_listed(s->t, role, i)) != NULL;
		i++) {
		if (!trust_target_bundle(g, &head, &digest, &text_end) ||
			!trust_target_sha256(g, sha256))
			continue;
		e = library_bundle_has(s->lib, s->outlet->id, sha256, &has, d);
		if (e == ERR_OK && !has)
			e = wanted_add(w, trust_target_path(g), d);
	}
	return e;
}

/* Load a desk. When its metadata cannot be had the machine has failed; it is
 * started again without it, so that one desk does not silence the others. */
static enum err
desk_load(
	struct sync *s, const char *role, struct wanted_list *w, struct diag *d)
{
	struct diag why;
	bool ok = true;
	enum err e = trust_load(s->t, role, &why);

	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if (e != ERR_OK) {
		s->gap = true;
		sync_worse(&s->worst, e, &why);
		return ERR_OK;
	}
	e = sync_satisfy(s, &ok, d);
	if (e == ERR_OK && ok)
		return desk_list(s, role, w, d);
	s->gap = true;
	return e == ERR_OK ? sync_restart(s, d) : e;
}

enum err
sync_bundles(struct sync *s, struct diag *d)
{
	struct wanted_list w = {.n = 0};
	const struct trust_target *g;
	const char *role;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && (role = trust_delegation(s->t, i)) != NULL;
		i++)
		if (library_role_read(role))
			e = desk_load(s, role, &w, d);
	if (w.n > 0)
		qsort(w.list, w.n, sizeof(*w.list), wanted_order);
	s->progress.todo = w.n;
	for (i = 0; e == ERR_OK && i < w.n; i++) {
		/* What a role lists counts only where the search for its
		 * path, with all that goes before, ends in that role. */
		e = sync_find(s, w.list[i].path, &g, d);
		if (e == ERR_OK && g != NULL)
			e = bundle_sync(s, g, d);
		s->progress.done = i + 1;
	}
	wanted_free(&w);
	return e;
}
