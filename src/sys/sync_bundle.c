/* Which bundles are new, and what becomes of them: they and their articles
 * enter the library together or not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/date.h"
#include "../core/minisign.h"
#include "../core/text.h"
#include "sync_priv.h"

/* Whether an article's text can be shown. */
static enum err
article_check_text(struct sync *s, const struct sync_pull *p,
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
articles_check(struct sync *s, const struct sync_pull *p, bool *keep,
	bool *missing, struct diag *d)
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
bundle_store(struct sync *s, const struct sync_pull *p, const bool *keep,
	bool whole, struct diag *d)
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
	e = sync_keep_begin(s, d);
	if (e == ERR_OK)
		e = library_bundle_add(s->lib, s->outlet->id, &info, p->b,
			buf_view(&p->got), keep, d);
	if (e == ERR_OK && p->found)
		e = library_parts_drop(
			s->lib, s->outlet->id, info.sha256, 0, INT64_MAX, d);
	if (e == ERR_OK)
		s->r->bundles++;
	return e;
}

/* A bundle with texts that need what could not be had is kept as not whole:
 * the next sync tries again. */
static enum err
bundle_take(struct sync *s, const struct sync_pull *p, struct diag *d)
{
	bool *keep = calloc(bundle_articles(p->b) + 1, sizeof(*keep));
	bool missing = false;
	struct diag why;
	enum err e;

	if (keep == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
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

/* ---- bases */

struct wanted {
	char *path;
	struct span desk;
	uint64_t sequence;
};

struct sync_wanted {
	struct wanted *list;
	size_t n, cap;
};

static bool
is_wanted(const struct sync *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->wanted->n; i++)
		if (strcmp(s->wanted->list[i].path, path) == 0)
			return true;
	return false;
}

static bool
is_here(struct sync *s, const char *path)
{
	struct library_open o;
	struct diag none;
	bool here = library_bundle_open_path(
			    s->lib, s->outlet->id, path, &o, &none) == ERR_OK;

	if (here)
		library_open_clear(&o);
	return here;
}

static enum err bases_get(
	struct sync *s, const struct bundle *b, unsigned depth, struct diag *d);

/* One bundle that another builds on, into the library. One that cannot be had
 * shows when texts are unpacked. */
static enum err
base_take(struct sync *s, const char *path, unsigned depth, struct diag *d)
{
	const struct trust_target *g;
	struct sync_pull p;
	struct diag why;
	enum err e = sync_find(s, path, &g, d);

	if (e != ERR_OK || g == NULL)
		return e;
	if (sync_pull_start(&p, g, &why) == ERR_OK)
		e = sync_pull_all(s, &p, 1, NULL, NULL, d);
	if (e == ERR_OK)
		e = sync_dicts_rest(s, &p, 1, NULL, d);
	if (e == ERR_OK && p.ok)
		e = bases_get(s, p.b, depth + 1, d);
	if (e == ERR_OK && p.ok)
		e = bundle_take(s, &p, d);
	sync_pull_clear(&p);
	return e;
}

/* Bundles that this one builds on and nobody listed: they lie in sealed weeks.
 */
static enum err
bases_get(
	struct sync *s, const struct bundle *b, unsigned depth, struct diag *d)
{
	const char *path, *last = "";
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && depth < SYNC_BASES && i < bundle_objects(b);
		i++) {
		path = bundle_object(b, i)->base_bundle;
		if (path == NULL || strcmp(path, last) == 0 ||
			strcmp(path, bundle_path(b)) == 0)
			continue;
		last = path;
		if (!is_wanted(s, path) && !is_here(s, path))
			e = base_take(s, path, depth, d);
	}
	return e;
}

/* ---- batches */

/* Bundles that are fetched together and enter the library together. */
struct batch {
	struct sync_pull list[SYNC_BATCH];
	size_t n;
	uint64_t bytes;
};

/* With the dictionaries that they need, and the first time with the mirror
 * list, if those are new. */
static enum err
batch_pull(
	struct sync *s, struct batch *b, struct sync_dicts *l, struct diag *d)
{
	struct sync_file f;
	struct buf path;
	bool want = false;
	enum err e = ERR_OK;

	buf_init(&path, LIMIT_PATH + 80);
	if (s->list)
		e = sync_mirror_list_file(s, &path, &f, &want, d);
	if (e == ERR_OK)
		e = sync_dicts_know(s, l, d);
	if (e == ERR_OK)
		e = sync_pull_all(s, b->list, b->n, want ? &f : NULL, l, d);
	if (e == ERR_OK && want)
		sync_file_lost(s, &f);
	s->list = false;
	buf_free(&path);
	return e;
}

/* All that is on the network first, then all that is on the disk, so that no
 * transaction is open while bytes are on their way. */
static enum err
batch_sync(struct sync *s, struct batch *b, struct diag *d)
{
	struct sync_dicts *l = sync_dicts_new();
	enum err e = l == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			       : batch_pull(s, b, l, d);
	size_t i;

	if (e == ERR_OK)
		e = sync_dicts_keep(s, l, d);
	if (e == ERR_OK)
		e = sync_dicts_rest(s, b->list, b->n, l, d);
	sync_dicts_free(l);
	for (i = 0; e == ERR_OK && i < b->n; i++)
		if (b->list[i].ok)
			e = bases_get(s, b->list[i].b, 0, d);
	for (i = 0; e == ERR_OK && i < b->n; i++)
		if (b->list[i].ok)
			e = bundle_take(s, &b->list[i], d);
	for (i = 0; i < b->n; i++)
		sync_pull_clear(&b->list[i]);
	s->progress.done += b->n;
	b->n = 0;
	b->bytes = 0;
	return e;
}

/* A bundle joins the batch; a full one is synced. */
static enum err
batch_add(struct sync *s, struct batch *b, const struct trust_target *g,
	struct diag *d)
{
	struct sync_pull p;
	struct diag why;
	enum err e = sync_pull_start(&p, g, &why);

	if (e != ERR_OK) {
		sync_pull_clear(&p);
		s->refused = true;
		return sync_note(s, d, "%s is left out: %s",
			trust_target_path(g), why.why);
	}
	if (b->n > 0 && b->bytes + p.text_end > SYNC_BATCH_BYTES)
		e = batch_sync(s, b, d);
	b->list[b->n++] = p;
	b->bytes += p.text_end;
	if (e == ERR_OK && b->n == SYNC_BATCH)
		e = batch_sync(s, b, d);
	return e;
}

static void
batch_free(struct batch *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		sync_pull_clear(&b->list[i]);
	free(b);
}

/* ---- which bundles */

static void
wanted_free(struct sync_wanted *w)
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
wanted_add(struct sync_wanted *w, const char *path, struct diag *d)
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

/* Whether a bundle's path, b/DESK/YYYY-wNN/N.ekb, is of that week or later. */
static bool
is_since(const char *path, const char *week)
{
	const char *at = strchr(path, '/');

	at = at == NULL ? NULL : strchr(at + 1, '/');
	return week[0] == '\0' || (at != NULL && strcmp(at + 1, week) > 0);
}

/* The bundles of one role that are not here, of weeks from `week` on. */
static enum err
desk_list(struct sync *s, const char *role, const char *week,
	struct sync_wanted *w, struct diag *d)
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
			!trust_target_sha256(g, sha256) ||
			!is_since(trust_target_path(g), week))
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
desk_load(struct sync *s, const char *by, const char *role, const char *week,
	struct sync_wanted *w, struct diag *d)
{
	struct diag why;
	bool ok = true;
	enum err e = trust_load_by(s->t, by, role, &why);

	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if (e != ERR_OK) {
		s->gap = true;
		sync_worse(&s->worst, e, &why);
		return ERR_OK;
	}
	e = sync_satisfy(s, &ok, d);
	if (e == ERR_OK && ok)
		return desk_list(s, role, week, w, d);
	s->gap = true;
	return e == ERR_OK ? sync_restart(s, d) : e;
}

/* ---- sealed weeks */

/* Whether "y-YYYY" or "s-YYYY-pNN", four weeks each, may hold a week from this
 * one on. */
static bool
may_hold(const char *role, int year, int week)
{
	uint64_t y = 0, p = 0;

	if (strlen(role) < 6 ||
		text_decimal(span_of(role + 2, 4), 9999, &y) != ERR_OK)
		return false;
	if (strlen(role) == 6)
		return strncmp(role, "y-", 2) == 0 && (int)y >= year;
	if (strlen(role) != 10 || strncmp(role, "s-", 2) != 0 ||
		strncmp(role + 6, "-p", 2) != 0)
		return false;
	/* Two digits, of which the first may be 0. */
	if (text_decimal(span_str(role + (role[8] == '0' ? 9 : 8)), 99, &p) !=
		ERR_OK)
		return false;
	return (int)y > year || ((int)y == year && 4 * (int)p >= week);
}

/* What years and their periods list, from o->since on. */
static enum err
sealed_load(struct sync *s, struct sync_wanted *w, struct diag *d)
{
	char from[32], year[LIMIT_NAME + 1], period[LIMIT_NAME + 1];
	const char *name;
	int y, n;
	size_t i, k;
	enum err e = ERR_OK;

	date_week(s->o->since, &y, &n);
	snprintf(from, sizeof(from), "%04d-w%02d", y, n);
	for (i = 0; e == ERR_OK && (name = trust_delegation(s->t, i)) != NULL;
		i++) {
		if (strlen(name) != 6 || !may_hold(name, y, n))
			continue;
		/* Names are gone once the machine starts again. */
		snprintf(year, sizeof(year), "%s", name);
		e = desk_load(s, "targets", year, from, w, d);
		for (k = 0; e == ERR_OK &&
			    (name = trust_delegation_by(s->t, year, k)) != NULL;
			k++) {
			if (strlen(name) != 10 || !may_hold(name, y, n))
				continue;
			snprintf(period, sizeof(period), "%s", name);
			e = desk_load(s, year, period, from, w, d);
		}
	}
	return e;
}

/* ---- what a share file carries */

/* The target path of "t/b/DESK/YYYY-wNN/SHA256.N.ekb", and that hash. false:
 * not such a name. */
static bool
carried_path(const char *name, struct buf *path, uint8_t sha256[static 32])
{
	const char *slash = strrchr(name, '/');

	buf_clear(path);
	return strncmp(name, "t/b/", 4) == 0 && strlen(slash) > 66 &&
	       slash[65] == '.' &&
	       text_hex_decode(span_of(slash + 1, 64), sha256, 32) == ERR_OK &&
	       buf_printf(path, "%.*s%s", (int)(slash + 1 - (name + 2)),
		       name + 2, slash + 66) == ERR_OK;
}

/* Its bundles that are not here, of sealed weeks, too: somebody chose them. */
static enum err
carried_list(struct sync *s, struct sync_wanted *w, struct diag *d)
{
	uint8_t sha256[32];
	struct buf path;
	const char *name;
	enum err e = ERR_OK;
	size_t i;
	bool has;

	if (s->o->from == NULL)
		return ERR_OK;
	buf_init(&path, LIMIT_PATH + 80);
	for (i = 0; e == ERR_OK &&
		    (name = source_share_name(s->source, 0, i)) != NULL;
		i++) {
		if (!carried_path(name, &path, sha256))
			continue;
		e = library_bundle_has(s->lib, s->outlet->id, sha256, &has, d);
		if (e == ERR_OK && !has)
			e = wanted_add(w, buf_cstr(&path), d);
	}
	buf_free(&path);
	return e;
}

/* In order, each once. */
static void
wanted_sort(struct sync_wanted *w)
{
	size_t i, n = 0;

	if (w->n > 0)
		qsort(w->list, w->n, sizeof(*w->list), wanted_order);
	for (i = 0; i < w->n; i++)
		if (n > 0 && strcmp(w->list[n - 1].path, w->list[i].path) == 0)
			free(w->list[i].path);
		else
			w->list[n++] = w->list[i];
	w->n = n;
}

enum err
sync_bundles(struct sync *s, struct diag *d)
{
	struct sync_wanted w = {.n = 0};
	const struct trust_target *g;
	struct batch *b = calloc(1, sizeof(*b));
	const char *role;
	enum err e = ERR_OK;
	size_t i, unlisted = 0;

	if (b == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && (role = trust_delegation(s->t, i)) != NULL;
		i++)
		if (library_role_read(role))
			e = desk_load(s, "targets", role, "", &w, d);
	if (e == ERR_OK && s->o->since != 0)
		e = sealed_load(s, &w, d);
	if (e == ERR_OK)
		e = carried_list(s, &w, d);
	wanted_sort(&w);
	s->progress.todo = w.n;
	s->wanted = &w;
	for (i = 0; e == ERR_OK && i < w.n; i++) {
		/* What a role lists counts only where the search for its
		 * path, with all that goes before, ends in that role. */
		e = sync_find(s, w.list[i].path, &g, d);
		if (e == ERR_OK && g != NULL)
			e = batch_add(s, b, g, d);
		unlisted += g == NULL;
	}
	if (e == ERR_OK && b->n > 0)
		e = batch_sync(s, b, d);
	if (e == ERR_OK && unlisted > 0)
		e = sync_note(s, d,
			"%zu bundle%s left out: no list that is here vouches "
			"for %s; sync from a mirror brings newer lists",
			unlisted, unlisted == 1 ? " is" : "s are",
			unlisted == 1 ? "it" : "them");
	batch_free(b);
	s->wanted = NULL;
	wanted_free(&w);
	return e;
}
