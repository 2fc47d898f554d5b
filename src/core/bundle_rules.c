#include "bundle_private.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "text.h"

static bool
ends_with(struct span s, const char *end)
{
	struct span e = span_str(end);

	return s.n > e.n && span_eq(span_sub(s, s.n - e.n, e.n), e);
}

/* Outlet, desk, path and sequence, which say the same thing twice. */
static enum err
names_check(const struct bundle *b, struct diag *d)
{
	struct span desk;
	uint64_t sequence;

	if (!text_line_ok(span_str(b->outlet), LIMIT_AUTHOR))
		return diag_set(d, ERR_REFUSED,
			"outlet: not one line of "
			"clean text, or too long");
	if (!bundle_path_parse(span_str(b->path), &desk, &sequence))
		return diag_set(d, ERR_REFUSED,
			"path is not b/DESK/YYYY-wWW/SEQUENCE.ekb");
	if (!span_eq(desk, span_str(b->desk)))
		return diag_set(d, ERR_REFUSED, "path and desk differ");
	if (sequence != b->sequence)
		return diag_set(d, ERR_REFUSED, "path and sequence differ");
	if (b->n_articles == 0)
		return diag_set(d, ERR_REFUSED, "no articles");
	return ERR_OK;
}

static enum err
dicts_check(const struct bundle *b, struct diag *d)
{
	bool used[LIMIT_DICTS] = {false};
	size_t i, k;

	for (i = 0; i < b->n_objects; i++)
		if (b->objects[i].dict >= 0)
			used[b->objects[i].dict] = true;
	for (i = 0; i < b->n_dicts; i++) {
		struct span path = span_str(b->dicts[i].path);

		if (!text_path_ok(path) || !span_starts(path, span_str("x/")) ||
			!ends_with(path, ".dict") ||
			memchr(path.p + 2, '/', path.n - 2) != NULL)
			return diag_set(d, ERR_REFUSED,
				"dictionary %zu: path is not x/NAME.dict", i);
		if (!used[i])
			return diag_set(d, ERR_REFUSED,
				"dictionary %zu: no text uses it", i);
		for (k = 0; k < i; k++)
			if (strcmp(b->dicts[k].path, b->dicts[i].path) == 0)
				return diag_set(d, ERR_REFUSED,
					"dictionary %zu: listed twice", i);
	}
	return ERR_OK;
}

/* Whether a path is that of another bundle. */
static bool
other_bundle(const struct bundle *b, const char *path)
{
	struct span desk;
	uint64_t sequence;

	return bundle_path_parse(span_str(path), &desk, &sequence) &&
	       strcmp(path, b->path) != 0;
}

static enum err
object_check(
	const struct bundle *b, const struct bundle_object *x, struct diag *d)
{
	if (x->packed == 0 || x->unpacked == 0)
		return diag_set(d, ERR_REFUSED, "empty");
	if (x->n_parts != (x->packed + LIMIT_PART - 1) / LIMIT_PART)
		return diag_set(d, ERR_REFUSED, "%zu parts for %lu bytes",
			x->n_parts, (unsigned long)x->packed);
	if (x->base_bundle == NULL)
		return ERR_OK;
	if (x->dict >= 0)
		return diag_set(d, ERR_REFUSED, "both a base and a dictionary");
	if (!other_bundle(b, x->base_bundle))
		return diag_set(
			d, ERR_REFUSED, "base is not in another bundle");
	return ERR_OK;
}

/* Lay the objects end to end behind the head, texts first. */
static enum err
objects_place(struct bundle *b, struct diag *d)
{
	uint64_t at = b->head;
	bool images = false;
	size_t i;

	b->text_end = at;
	for (i = 0; i < b->n_objects; i++) {
		struct bundle_object *x = &b->objects[i];
		enum err e = object_check(b, x, d);

		if (e != ERR_OK)
			return diag_prefix(d, e, "object %zu", i);
		if (x->codec == BUNDLE_STORED)
			images = true;
		else if (images)
			return diag_set(d, ERR_REFUSED,
				"object %zu: a text behind an image", i);
		x->offset = at;
		at += x->packed;
		if (bundle_padded(at) > LIMIT_BUNDLE)
			return diag_set(d, ERR_LIMIT,
				"a bundle of more than %zu bytes",
				LIMIT_BUNDLE);
		if (!images)
			b->text_end = at;
	}
	b->content = at;
	return ERR_OK;
}

static int
name_order(const void *a, const void *b)
{
	const struct bundle_object *x = *(const struct bundle_object *const *)a;
	const struct bundle_object *y = *(const struct bundle_object *const *)b;
	int c = memcmp(x->name.b, y->name.b, sizeof(x->name.b));

	return c != 0 ? c : (x->offset > y->offset) - (x->offset < y->offset);
}

static bool
same_text(const struct bundle_object *x, const struct bundle_object *y)
{
	if (x->codec != BUNDLE_DEFLATE || y->codec != BUNDLE_DEFLATE ||
		x->dict != y->dict || x->unpacked != y->unpacked ||
		(x->base_bundle == NULL) != (y->base_bundle == NULL))
		return false;
	return x->base_bundle == NULL ||
	       (strcmp(x->base_bundle, y->base_bundle) == 0 &&
		       digest_eq(&x->base, &y->base));
}

/* A name means one thing: two articles may happen to have the same text, but
 * no picture is there twice and none shares a name with a text. */
static enum err
objects_sort(struct bundle *b, struct diag *d)
{
	size_t i;

	b->by_name = bundle_room(b->n_objects, sizeof(b->by_name[0]), d);
	if (b->by_name == NULL)
		return ERR_NOMEM;
	for (i = 0; i < b->n_objects; i++)
		b->by_name[i] = &b->objects[i];
	qsort(b->by_name, b->n_objects, sizeof(b->by_name[0]), name_order);
	for (i = 1; i < b->n_objects; i++)
		if (digest_eq(&b->by_name[i - 1]->name, &b->by_name[i]->name) &&
			!same_text(b->by_name[i - 1], b->by_name[i]))
			return diag_set(d, ERR_REFUSED,
				"object %td: its name is taken",
				b->by_name[i] - b->objects);
	return ERR_OK;
}

/* ---- articles */

/* How each object is used: by how many articles, as what type of image. */
struct use {
	uint32_t n;
	const char *type;
};

static enum err
images_check(
	struct bundle *b, struct article *a, struct use *uses, struct diag *d)
{
	size_t i;

	for (i = 0; i < a->n_images; i++) {
		struct article_image *m = &a->images[i];
		struct use *u;

		if (m->object < 0) {
			if (m->bundle != NULL && other_bundle(b, m->bundle))
				continue;
			return diag_set(d, ERR_REFUSED,
				"image %zu: not in another bundle", i);
		}
		if (b->objects[m->object].codec != BUNDLE_STORED)
			return diag_set(d, ERR_REFUSED,
				"image %zu: points at a text", i);
		m->name = b->objects[m->object].name;
		u = &uses[m->object];
		if (u->n++ > 0 && strcmp(u->type, m->type) != 0)
			return diag_set(d, ERR_REFUSED,
				"image %zu: two types for one picture", i);
		u->type = m->type;
	}
	return ERR_OK;
}

static enum err
one_article_check(
	struct bundle *b, struct article *a, struct use *uses, struct diag *d)
{
	enum err e = images_check(b, a, uses, d);

	/* After the images have got their names. */
	if (e == ERR_OK)
		e = article_check(a, d);
	if (e != ERR_OK || a->text < 0)
		return e;
	if (b->objects[a->text].codec != BUNDLE_DEFLATE)
		return diag_set(d, ERR_REFUSED, "its text is an image");
	if (uses[a->text].n++ > 0)
		return diag_set(
			d, ERR_REFUSED, "its text is another article's, too");
	return ERR_OK;
}

static int
id_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err
ids_check(const struct bundle *b, struct diag *d)
{
	char **ids = bundle_room(b->n_articles, sizeof(*ids), d);
	enum err e = ERR_OK;
	size_t i;

	if (ids == NULL)
		return ERR_NOMEM;
	for (i = 0; i < b->n_articles; i++)
		ids[i] = b->articles[i].id;
	qsort(ids, b->n_articles, sizeof(*ids), id_order);
	for (i = 1; e == ERR_OK && i < b->n_articles; i++)
		if (strcmp(ids[i - 1], ids[i]) == 0)
			e = diag_set(d, ERR_REFUSED,
				"two articles have the id '%s'", ids[i]);
	free(ids);
	return e;
}

static enum err
articles_check(struct bundle *b, struct diag *d)
{
	struct use *uses = bundle_room(b->n_objects, sizeof(*uses), d);
	enum err e = ERR_OK;
	size_t i;

	if (uses == NULL)
		return ERR_NOMEM;
	for (i = 0; e == ERR_OK && i < b->n_articles; i++) {
		e = one_article_check(b, &b->articles[i], uses, d);
		if (e != ERR_OK)
			diag_prefix(d, e, "article %zu", i);
	}
	for (i = 0; e == ERR_OK && i < b->n_objects; i++)
		if (uses[i].n == 0)
			e = diag_set(d, ERR_REFUSED,
				"object %zu: no article uses it", i);
	free(uses);
	return e;
}

enum err
bundle_rules(struct bundle *b, struct diag *d)
{
	enum err e = names_check(b, d);

	if (e == ERR_OK)
		e = objects_place(b, d);
	if (e == ERR_OK)
		e = dicts_check(b, d);
	if (e == ERR_OK)
		e = objects_sort(b, d);
	if (e == ERR_OK)
		e = articles_check(b, d);
	if (e == ERR_OK)
		e = ids_check(b, d);
	return e;
}
