/* One imported article: its pictures found and named, its content compared
 * with what was packed before. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "press_pack.h"

/* ---- pictures */

/* DIR/rest, when that is a file. */
static char *
image_in(const char *dir, const char *rest)
{
	char *file = dir == NULL ? NULL : file_join(dir, rest);

	if (file != NULL && (!file_exists(file) || file_is_dir(file))) {
		free(file);
		file = NULL;
	}
	return file;
}

/* Where a source may mean a picture: beside the page, or anywhere below the
 * packed folder or that of --images, by the end of its address. Only names
 * that cannot climb. */
static char *
image_find(const struct packing *p, const char *path, const char *source)
{
	const char *rest = source, *slash = strstr(source, "://");
	const char *beside = strrchr(path, '/');
	char *dir = beside == NULL ? strdup(".")
				   : strndup(path, (size_t)(beside - path));
	char *file = NULL;

	if (slash != NULL)
		rest = slash + 3;
	while (strncmp(rest, "./", 2) == 0)
		rest += 2;
	while (*rest == '/')
		rest++;
	while (dir != NULL && text_path_ok(span_str(rest))) {
		file = image_in(dir, rest);
		if (file == NULL && file_is_dir(p->root))
			file = image_in(p->root, rest);
		if (file == NULL)
			file = image_in(p->images, rest);
		slash = strchr(rest, '/');
		if (file != NULL || slash == NULL)
			break;
		rest = slash + 1;
	}
	free(dir);
	return file;
}

/* Keep what to say of a picture that is left out. */
static enum err
image_missing(struct packing_held *h, const char *source, const char *why,
	struct diag *d)
{
	char shown[160];
	struct buf b;

	buf_init(&b, 1024);
	if (buf_printf(&b, "%s: picture %s: %s", h->article.id,
		    text_show(shown, sizeof(shown), span_str(source)),
		    why) != ERR_OK)
		return diag_set(d, ERR_NOMEM, "out of memory");
	h->missing[h->n_missing++] = (char *)buf_steal(&b, NULL);
	return ERR_OK;
}

static enum err
image_take(struct packing *p, const char *path, const char *source,
	struct packing_held *h, bool *has, struct diag *d)
{
	char *file = image_find(p, path, source);
	bool gps = false;
	enum err e;

	*has = false;
	if (file == NULL)
		return image_missing(h, source,
			strstr(source, "://") != NULL
				? "no such file here, and nothing is fetched"
				: "no such file here",
			d);
	e = importer_image(p->importer, file, &h->images[h->n_images], &gps, d);
	free(file);
	if (e == ERR_NOMEM || e == ERR_FAILED)
		return e;
	if (e != ERR_OK)
		return image_missing(h, source, d->why, d);
	h->gps += gps;
	h->n_images++;
	*has = true;
	return ERR_OK;
}

/* All pictures of an article, and its text with their names in place. */
static enum err
images_take(struct packing *p, const char *path, const struct ingest_article *a,
	struct packing_held *h, struct diag *d)
{
	size_t i, n = a->n_images;
	struct digest *names = calloc(n + 1, sizeof(*names));
	bool *has = calloc(n + 1, sizeof(*has));
	enum err e = ERR_OK;

	h->images = calloc(n + 1, sizeof(*h->images));
	h->missing = calloc(n + 1, sizeof(*h->missing));
	if (names == NULL || has == NULL || h->images == NULL ||
		h->missing == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < n; i++) {
		e = image_take(p, path, a->images[i].source, h, &has[i], d);
		if (e == ERR_OK && has[i])
			names[i] = h->images[h->n_images - 1].name;
	}
	if (e == ERR_OK)
		e = ingest_name_images(
			buf_view(&a->body), names, has, n, &h->text, d);
	free(names);
	free(has);
	return e;
}

/* ---- what it is worth */

static void
digest_field(struct hash *h, const char *s)
{
	/* The NUL keeps neighbours apart. */
	hash_add(h, s == NULL ? "" : s, s == NULL ? 1 : strlen(s) + 1);
}

/* Everything a reader would see change; not the dates, which a copied file
 * changes by itself. */
static enum err
content_digest(const struct article *a, struct span text, struct digest *out)
{
	struct hash *h = hash_new(HASH_BLAKE2B_256);
	size_t i;

	if (h == NULL)
		return ERR_NOMEM;
	digest_field(h, a->title);
	digest_field(h, a->language);
	digest_field(h, a->url);
	for (i = 0; i < a->n_authors; i++)
		digest_field(h, a->authors[i]);
	digest_field(h, "");
	for (i = 0; i < a->n_tags; i++)
		digest_field(h, a->tags[i]);
	digest_field(h, "");
	hash_add(h, text.p, text.n);
	hash_end(h, out->b);
	hash_free(h);
	return ERR_OK;
}

enum verdict { NEW, CHANGED, UNCHANGED, RETRACTED, FOREIGN };

/* What the records say of this id; a changed article learns its revision. */
static enum err
compare(struct packing *p, struct packing_held *h, enum verdict *v,
	struct diag *d)
{
	struct article *a = &h->article;
	struct db_query *q;
	enum err e;

	e = db_query(p->room->db, d, &q,
		"SELECT digest, revision, status, published, updated, desk"
		" FROM article WHERE id=?",
		"t", a->id);
	if (e != ERR_OK)
		return e;
	*v = NEW;
	a->revision = 1;
	if (db_row(q)) {
		*v = strcmp(db_text(q, 5), p->room->desk) != 0 ? FOREIGN
		     : db_int(q, 2) == ARTICLE_RETRACTED       ? RETRACTED
		     : span_eq(db_blob(q, 0), span_of(h->digest.b, 32))
			     ? UNCHANGED
			     : CHANGED;
		a->previous = (uint32_t)db_int(q, 1);
		a->revision = a->previous + 1;
		a->published = db_int(q, 3);
		if (a->updated <= db_int(q, 4))
			a->updated =
				p->now > db_int(q, 4) ? p->now : db_int(q, 4);
	}
	return db_done(p->room->db, q, d);
}

static enum err
seen_before(struct packing *p, const char *id, bool *seen, struct diag *d)
{
	enum err e = db_run(p->room->db, d,
		"INSERT OR IGNORE INTO seen(id) VALUES(?)", "t", id);

	*seen = e == ERR_OK && db_changes(p->room->db) == 0;
	return e;
}

static enum err
settle(struct packing *p, struct packing_held *h, struct diag *d)
{
	struct article *a = &h->article;
	enum verdict v = NEW;
	enum err e = content_digest(a, buf_view(&h->text), &h->digest);

	if (e == ERR_OK)
		e = compare(p, h, &v, d);
	if (e != ERR_OK)
		return e;
	if (v == UNCHANGED) {
		p->unchanged++;
		return ERR_OK;
	}
	if (v == RETRACTED || v == FOREIGN) {
		packing_left(p, a->id,
			v == RETRACTED ? "it was retracted"
				       : "another desk has an article of that "
					 "id");
		return ERR_OK;
	}
	/* A change is a correction when the newsroom says what it corrects. */
	if (v == CHANGED && p->correction != NULL) {
		a->status = ARTICLE_CORRECTED;
		a->note = strdup(p->correction);
		if (a->note == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	/* What the bundle would refuse is left out here, with the reason. */
	a->text = 0;
	e = article_check(a, d);
	a->text = -1;
	if (e != ERR_OK) {
		packing_left(p, a->id, d->why);
		return ERR_OK;
	}
	e = packing_hold(p, h, d);
	*h = (struct packing_held){.n_images = 0};
	return e;
}

enum err
packing_article(struct packing *p, const char *path,
	const struct ingest_article *a, struct diag *d)
{
	struct packing_held h = {.n_images = 0};
	bool seen;
	enum err e = seen_before(p, a->meta.id, &seen, d);

	if (e != ERR_OK)
		return e;
	if (seen) {
		packing_left(p, a->meta.id, "another source has the same id");
		return ERR_OK;
	}
	buf_init(&h.text, LIMIT_TEXT);
	e = article_copy(&h.article, &a->meta);
	if (e == ERR_OK)
		e = images_take(p, path, a, &h, d);
	if (e == ERR_LIMIT) {
		packing_left(p, a->meta.id, "its text is over 1 MiB");
		e = ERR_OK;
	} else if (e == ERR_OK) {
		e = settle(p, &h, d);
	}
	packing_held_clear(&h);
	return e;
}
