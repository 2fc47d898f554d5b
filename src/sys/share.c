#include "share.h"

#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../core/tuf.h"
#include "../core/ustar.h"
#include "share_priv.h"

/* A bundle that is here. */
struct item {
	const struct library_file *file;
	bool listed; /* by metadata that is here: others can check it */
	bool take;
};

struct work {
	struct library *l;
	const struct library_outlet *o;
	const struct share_options *opt;
	struct share_report *r;
	struct trust *t;
	struct share_tar tar;
	struct library_files files;
	struct item *items; /* one for each file, in path order */
};

/* ---- metadata */

/* One stored file as "m/NAME". *found false: there is none. */
static enum err
metadata_put(struct work *w, const char *role, const char *name, bool *found,
	struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_METADATA);
	e = library_metadata(w->l, w->o->id, role, &b, found, d);
	if (e == ERR_OK && *found)
		e = share_tar_file(&w->tar, name, buf_view(&b), d);
	buf_free(&b);
	return e;
}

static enum err
roots_put(struct work *w, struct diag *d)
{
	char role[40], name[48];
	bool found = true;
	unsigned i;
	enum err e = ERR_OK;

	for (i = 1; e == ERR_OK && found; i++) {
		snprintf(role, sizeof(role), "%u.root", i);
		snprintf(name, sizeof(name), "m/%u.root.json", i);
		e = metadata_put(w, role, name, &found, d);
	}
	return e;
}

/* A role under the name it has in a repository, version first. */
static enum err
role_put(struct work *w, const char *role, enum tuf_type type, struct diag *d)
{
	char name[LIMIT_NAME + 40];
	struct tuf_doc *doc = NULL;
	bool found;
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_METADATA);
	e = library_metadata(w->l, w->o->id, role, &b, &found, d);
	if (e == ERR_OK && !found)
		e = diag_set(d, ERR_MISSING, "the library lacks %s", role);
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&b), LIMIT_METADATA, type, &doc, d);
	if (e == ERR_OK) {
		snprintf(name, sizeof(name), "m/%llu.%s.json",
			(unsigned long long)doc->version, role);
		e = share_tar_file(&w->tar, name, buf_view(&b), d);
	}
	tuf_free(doc);
	buf_free(&b);
	return e;
}

static enum err
chain_put(struct work *w, struct diag *d)
{
	const char *role;
	bool found;
	size_t i;
	enum err e = roots_put(w, d);

	if (e == ERR_OK)
		e = metadata_put(w, "timestamp", "m/timestamp.json", &found, d);
	if (e == ERR_OK)
		e = role_put(w, "snapshot", TUF_SNAPSHOT, d);
	for (i = 0; e == ERR_OK && (role = trust_loaded(w->t, i)) != NULL; i++)
		e = role_put(w, role, TUF_TARGETS, d);
	return e;
}

/* ---- targets */

/* "t/DIR/SHA256.NAME" of a target path. */
static enum err
target_name(struct buf *out, const char *path, const uint8_t sha256[static 32],
	struct diag *d)
{
	const char *slash = strrchr(path, '/');
	char hex[65];
	enum err e = ERR_FAILED;

	text_hex(hex, sha256, 32);
	if (slash != NULL)
		e = buf_printf(out, "t/%.*s/%s.%s", (int)(slash - path), path,
			hex, slash + 1);
	return e == ERR_OK ? e : diag_set(d, e, "%s: no file name", path);
}

/* The mirror list and the dictionaries that are here. */
static enum err
x_put(struct work *w, struct diag *d)
{
	const struct trust_target *g;
	struct verified *v;
	uint8_t sha256[32];
	struct buf name;
	bool found;
	size_t i;
	enum err e = ERR_OK;

	buf_init(&name, LIMIT_PATH + 80);
	for (i = 0; e == ERR_OK && (g = trust_listed(w->t, "x", i)) != NULL;
		i++) {
		if (!trust_target_sha256(g, sha256))
			continue;
		v = NULL;
		buf_clear(&name);
		e = library_target(w->l, w->o->id, sha256, &v, &found, d);
		if (e == ERR_OK && found)
			e = target_name(&name, trust_target_path(g), sha256, d);
		if (e == ERR_OK && found)
			e = share_tar_file(
				&w->tar, buf_cstr(&name), verified_bytes(v), d);
		verified_free(v);
	}
	buf_free(&name);
	return e;
}

/* ---- which bundles */

/* Whether this very file is what the metadata here says of its path. */
static enum err
item_listed(struct work *w, const struct library_file *f, bool *listed,
	struct diag *d)
{
	const struct trust_target *g;
	uint8_t sha256[32];
	enum err e = library_trust_find(w->l, w->o->id, w->t, f->path, &g, d);

	*listed = e == ERR_OK && g != NULL && trust_target_sha256(g, sha256) &&
		  memcmp(sha256, f->sha256, sizeof(sha256)) == 0;
	return e;
}

static enum err
items_list(struct work *w, struct diag *d)
{
	enum err e = library_files(w->l, w->o->id, &w->files, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	w->items = calloc(w->files.n + 1, sizeof(*w->items));
	if (w->items == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < w->files.n; i++) {
		w->items[i].file = &w->files.list[i];
		e = item_listed(w, w->items[i].file, &w->items[i].listed, d);
	}
	return e;
}

static bool
is_wanted(const struct work *w, const struct library_file *f)
{
	const struct share_options *opt = w->opt;

	if (opt->path != NULL)
		return strcmp(opt->path, f->path) == 0;
	return (opt->since == 0 || f->created >= opt->since) &&
	       (opt->until == 0 || f->created < opt->until);
}

static int
path_order(const void *path, const void *item)
{
	return strcmp(path, ((const struct item *)item)->file->path);
}

/* One that should go and cannot: its week was sealed since it came, and the
 * list that proves it now is not here. */
static void
item_unlisted(struct work *w, const struct item *x)
{
	struct share_report *r = w->r;

	if (r->unlisted == 0 || x->file->created < r->unlisted_since)
		r->unlisted_since = x->file->created;
	r->unlisted++;
}

static void
take_path(struct work *w, const char *path)
{
	struct item *x = path == NULL ? NULL
				      : bsearch(path, w->items, w->files.n,
						sizeof(*w->items), path_order);
	struct item *end = w->items + w->files.n;

	if (x == NULL)
		return;
	while (x > w->items && strcmp(x[-1].file->path, path) == 0)
		x--;
	for (; x + 1 < end && !x->listed && strcmp(x[1].file->path, path) == 0;
		x++)
		;
	if (!x->listed && !x->take)
		item_unlisted(w, x);
	x->take = true;
}

/* What a bundle builds on goes along, or its corrections could not be read. */
static void
take_bases(struct work *w, const struct bundle *b)
{
	size_t i, k;

	for (i = 0; i < bundle_objects(b); i++)
		take_path(w, bundle_object(b, i)->base_bundle);
	for (i = 0; w->opt->images && i < bundle_articles(b); i++) {
		const struct article *a = bundle_article(b, i);

		for (k = 0; k < a->n_images; k++)
			take_path(w, a->images[k].bundle);
	}
}

/* Of several files of one path, as a retraction leaves behind, an older one is
 * nothing to share. */
static bool
is_replaced(const struct work *w, size_t i)
{
	size_t n = w->files.n;
	const char *path = w->files.list[i].path;
	size_t k;

	if (i + 1 < n && strcmp(w->files.list[i + 1].path, path) == 0)
		return true;
	for (k = i; k > 0 && strcmp(w->files.list[k - 1].path, path) == 0; k--)
		if (w->items[k - 1].listed)
			return true;
	return false;
}

static enum err
items_choose(struct work *w, struct diag *d)
{
	struct library_open o;
	size_t i, n = 0;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < w->files.n; i++) {
		struct item *x = &w->items[i];

		if (!is_wanted(w, x->file) || (!x->listed && is_replaced(w, i)))
			continue;
		if (!x->listed) {
			if (!x->take)
				item_unlisted(w, x);
			x->take = true;
			continue;
		}
		e = library_bundle_open(w->l, x->file->id, &o, d);
		if (e != ERR_OK)
			break;
		x->take = true;
		take_bases(w, o.bundle);
		n++;
		library_open_clear(&o);
	}
	if (e == ERR_OK && n == 0 && w->r->unlisted > 0)
		e = diag_set(d, ERR_MISSING,
			"the lists that prove it to others are not here: its "
			"weeks are sealed; erika sync --since a day of them");
	else if (e == ERR_OK && n == 0)
		e = diag_set(d, ERR_MISSING,
			"there is nothing of that to share; erika list shows "
			"what is here");
	return e;
}

/* A machine that has looked for what is taken, and for nothing else: what it
 * loaded is what the reader of the file will need. */
static enum err
trust_again(struct work *w, struct diag *d)
{
	bool listed;
	size_t i;
	enum err e;

	trust_free(w->t);
	e = library_trust(w->l, w->o->id, w->opt->now, &w->t, d);
	for (i = 0; e == ERR_OK && i < w->files.n; i++)
		if (w->items[i].take && w->items[i].listed)
			e = item_listed(w, w->items[i].file, &listed, d);
	return e;
}

/* ---- bundles */

static size_t
pictures(const struct bundle *b)
{
	size_t i, n = 0;

	for (i = 0; i < bundle_objects(b); i++)
		n += bundle_object(b, i)->offset >= bundle_text_end(b);
	return n;
}

static enum err
pictures_here(struct work *w, const struct bundle *b, bool *all, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	*all = true;
	for (i = 0; e == ERR_OK && *all && i < bundle_objects(b); i++)
		if (bundle_object(b, i)->offset >= bundle_text_end(b))
			e = library_image_has(w->l, w->o->id,
				&bundle_object(b, i)->name, all, d);
	return e;
}

static enum err
hashed_put(struct work *w, struct hash *h, struct span s, struct diag *d)
{
	hash_add(h, s.p, s.n);
	return share_tar_bytes(&w->tar, s, d);
}

static enum err
pictures_put(
	struct work *w, const struct bundle *b, struct hash *h, struct diag *d)
{
	static const uint8_t zero[1024];
	uint64_t left = bundle_length(b) - bundle_content(b);
	struct buf image;
	enum err e = ERR_OK;
	bool found;
	size_t i;

	buf_init(&image, LIMIT_OBJECT);
	for (i = 0; e == ERR_OK && i < bundle_objects(b); i++) {
		if (bundle_object(b, i)->offset < bundle_text_end(b))
			continue;
		buf_clear(&image);
		e = library_image(w->l, w->o->id, &bundle_object(b, i)->name,
			&image, &found, d);
		if (e == ERR_OK && found)
			e = hashed_put(w, h, buf_view(&image), d);
	}
	for (; e == ERR_OK && left > 0; left -= i) {
		i = left < sizeof(zero) ? (size_t)left : sizeof(zero);
		e = hashed_put(w, h, span_of(zero, i), d);
	}
	buf_free(&image);
	return e;
}

/* The whole file as the newsroom made it: texts, pictures, padding. *ok false:
 * it came out different, and was taken back. */
static enum err
whole_put(struct work *w, const struct library_open *o, const char *name,
	bool *ok, struct diag *d)
{
	uint64_t at = w->tar.n, size = bundle_length(o->bundle);
	struct hash *h = hash_new(HASH_SHA256);
	uint8_t sha256[32];
	enum err e;

	*ok = false;
	if (h == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = share_tar_header(&w->tar, name, size, d);
	if (e == ERR_OK)
		e = hashed_put(w, h, verified_bytes(o->prefix), d);
	if (e == ERR_OK)
		e = pictures_put(w, o->bundle, h, d);
	hash_end(h, sha256);
	hash_free(h);
	if (e != ERR_OK)
		return e;
	*ok = w->tar.n == at + USTAR_BLOCK + size &&
	      memcmp(sha256, o->row.sha256, sizeof(sha256)) == 0;
	if (!*ok)
		return share_tar_back(&w->tar, at, d);
	return share_tar_zeros(&w->tar, ustar_pad(size), d);
}

static enum err
bundle_put(struct work *w, int64_t id, struct diag *d)
{
	struct library_open o;
	bool whole = false;
	struct buf name;
	enum err e = library_bundle_open(w->l, id, &o, d);

	buf_init(&name, LIMIT_PATH + 80);
	if (e == ERR_OK)
		e = target_name(&name, o.row.path, o.row.sha256, d);
	if (e == ERR_OK && w->opt->images)
		e = pictures_here(w, o.bundle, &whole, d);
	if (e == ERR_OK && whole)
		e = whole_put(w, &o, buf_cstr(&name), &whole, d);
	if (e == ERR_OK && !whole)
		e = share_tar_file(
			&w->tar, buf_cstr(&name), verified_bytes(o.prefix), d);
	if (e == ERR_OK) {
		w->r->bundles++;
		w->r->pictures += whole ? pictures(o.bundle) : 0;
	}
	buf_free(&name);
	library_open_clear(&o);
	return e;
}

enum err
share_write(struct library *l, const struct library_outlet *o,
	const struct share_options *opt, const char *file,
	struct share_report *r, struct diag *d)
{
	struct work w = {.l = l, .o = o, .opt = opt, .r = r};
	size_t i;
	enum err e;

	*r = (struct share_report){.bytes = 0};
	e = library_trust(l, o->id, opt->now, &w.t, d);
	if (e != ERR_OK)
		e = diag_set(d, ERR_MISSING,
			"the library has nothing complete to share yet; "
			"erika sync");
	if (e == ERR_OK)
		e = items_list(&w, d);
	if (e == ERR_OK)
		e = items_choose(&w, d);
	if (e == ERR_OK)
		e = trust_again(&w, d);
	if (e == ERR_OK)
		e = share_tar_start(&w.tar, file, d);
	if (e == ERR_OK)
		e = chain_put(&w, d);
	if (e == ERR_OK)
		e = x_put(&w, d);
	for (i = 0; e == ERR_OK && i < w.files.n; i++)
		if (w.items[i].take && w.items[i].listed)
			e = bundle_put(&w, w.items[i].file->id, d);
	if (e == ERR_OK)
		e = share_tar_end(&w.tar, &r->bytes, d);
	share_tar_drop(&w.tar);
	free(w.items);
	library_files_clear(&w.files);
	trust_free(w.t);
	return e;
}
