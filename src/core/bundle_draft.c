#include "bundle_draft.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"

struct bundle_draft *
bundle_draft_new(const char *outlet, const char *desk, const char *path,
	uint64_t sequence, int64_t created)
{
	struct bundle_draft *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	buf_init(&b->texts, LIMIT_BUNDLE);
	b->outlet = strdup(outlet);
	b->desk = strdup(desk);
	b->path = strdup(path);
	b->sequence = sequence;
	b->created = created;
	if (b->outlet == NULL || b->desk == NULL || b->path == NULL) {
		bundle_draft_free(b);
		return NULL;
	}
	return b;
}

void
bundle_draft_free(struct bundle_draft *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->n_objects; i++) {
		free(b->objects[i].base_bundle);
		free(b->objects[i].parts);
	}
	for (i = 0; i < b->n_dicts; i++)
		free(b->dicts[i].path);
	for (i = 0; i < b->n_articles; i++)
		article_clear(&b->articles[i]);
	free(b->objects);
	free(b->articles);
	free(b->outlet);
	free(b->desk);
	free(b->path);
	buf_free(&b->texts);
	free(b);
}

/* Make room for one more in an array that doubles at powers of two. */
static enum err
array_grow(void **p, size_t n, size_t size)
{
	void *q;

	if ((n & (n - 1)) != 0)
		return ERR_OK;
	q = realloc(*p, (n == 0 ? 1 : 2 * n) * size);
	if (q == NULL)
		return ERR_NOMEM;
	*p = q;
	return ERR_OK;
}

enum err
bundle_draft_dict(struct bundle_draft *b, const char *path,
	const uint8_t sha256[static 32], int32_t *i)
{
	struct draft_dict *t = &b->dicts[b->n_dicts];

	if (b->n_dicts == LIMIT_DICTS)
		return ERR_LIMIT;
	t->path = strdup(path);
	if (t->path == NULL)
		return ERR_NOMEM;
	memcpy(t->sha256, sha256, 32);
	*i = (int32_t)b->n_dicts++;
	return ERR_OK;
}

/* ---- objects */

static enum err
object_add(struct bundle_draft *b, const struct draft_object *x, int32_t *i)
{
	void *p = b->objects;
	enum err e;

	if (b->n_objects == LIMIT_OBJECTS)
		return ERR_LIMIT;
	e = array_grow(&p, b->n_objects, sizeof(*x));
	b->objects = p;
	if (e != ERR_OK)
		return e;
	b->objects[b->n_objects] = *x;
	*i = (int32_t)b->n_objects++;
	return ERR_OK;
}

/* Give an object that owns nothing yet its parts, and so its name. */
static enum err
parts_set(struct draft_object *x, const struct digest *parts, size_t n)
{
	x->parts = malloc(n * sizeof(*parts));
	if (x->parts == NULL)
		return ERR_NOMEM;
	memcpy(x->parts, parts, n * sizeof(*parts));
	x->n_parts = n;
	x->name = bundle_object_name(parts, n);
	return ERR_OK;
}

enum err
bundle_draft_text(struct bundle_draft *b, struct span text, struct deflate *z,
	int32_t dict, const char *base_bundle, const struct digest *base,
	int32_t *i)
{
	struct draft_object x = {.codec = BUNDLE_DEFLATE, .dict = dict};
	struct digest parts[LIMIT_PARTS];
	size_t before = b->texts.n, n = 0, at;
	struct span packed;
	enum err e;

	if (text.n > LIMIT_TEXT)
		return ERR_LIMIT;
	if (text.n == 0 || dict >= (int32_t)b->n_dicts ||
		(dict >= 0 && base_bundle != NULL) ||
		(b->n_objects > 0 &&
			b->objects[b->n_objects - 1].codec == BUNDLE_STORED))
		return ERR_REFUSED;
	e = deflate_pack(z, text, &b->texts);
	if (e != ERR_OK)
		return e;
	packed = span_sub(buf_view(&b->texts), before, b->texts.n - before);
	if (packed.n > LIMIT_OBJECT) {
		e = ERR_LIMIT;
		goto out;
	}
	x.packed = (uint32_t)packed.n;
	x.unpacked = (uint32_t)text.n;
	for (at = 0; at < packed.n; at += LIMIT_PART)
		parts[n++] = digest_of(span_sub(packed, at, LIMIT_PART));
	e = parts_set(&x, parts, n);
	if (e == ERR_OK && base_bundle != NULL) {
		x.base = *base;
		x.base_bundle = strdup(base_bundle);
		e = x.base_bundle == NULL ? ERR_NOMEM : ERR_OK;
	}
	if (e == ERR_OK)
		e = object_add(b, &x, i);
out:
	if (e != ERR_OK) {
		free(x.parts);
		free(x.base_bundle);
		buf_cut(&b->texts, before);
	}
	return e;
}

enum err
bundle_draft_image(struct bundle_draft *b, uint32_t length,
	const struct digest *parts, size_t n_parts, int32_t *i)
{
	struct draft_object x = {
		.packed = length, .unpacked = length, .dict = -1};
	size_t k;
	enum err e;

	if (length > LIMIT_OBJECT)
		return ERR_LIMIT;
	if (length == 0 || n_parts != (length + LIMIT_PART - 1) / LIMIT_PART)
		return ERR_REFUSED;
	x.name = bundle_object_name(parts, n_parts);
	for (k = 0; k < b->n_objects; k++) {
		if (digest_eq(&x.name, &b->objects[k].name)) {
			*i = (int32_t)k;
			return ERR_EXISTS;
		}
	}
	e = parts_set(&x, parts, n_parts);
	if (e == ERR_OK)
		e = object_add(b, &x, i);
	if (e != ERR_OK)
		free(x.parts);
	return e;
}

const struct digest *
bundle_draft_name(const struct bundle_draft *b, int32_t i)
{
	return &b->objects[i].name;
}

enum err
bundle_draft_article(
	struct bundle_draft *b, const struct article *a, struct diag *d)
{
	void *p = b->articles;
	enum err e = article_check(a, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	if (b->n_articles == LIMIT_ARTICLES)
		return diag_set(
			d, ERR_LIMIT, "more than %d articles", LIMIT_ARTICLES);
	if (a->text >= (int32_t)b->n_objects)
		return diag_set(d, ERR_REFUSED, "article: no such text");
	for (i = 0; i < a->n_images; i++) {
		const struct article_image *m = &a->images[i];

		if (m->object < 0)
			continue;
		if (m->object >= (int32_t)b->n_objects ||
			!digest_eq(&m->name, &b->objects[m->object].name))
			return diag_set(d, ERR_REFUSED,
				"article: image %zu is not that object", i);
	}
	e = array_grow(&p, b->n_articles, sizeof(*b->articles));
	b->articles = p;
	if (e == ERR_OK)
		e = article_copy(&b->articles[b->n_articles], a);
	if (e != ERR_OK)
		return diag_set(d, e, "out of memory");
	b->n_articles++;
	return ERR_OK;
}

size_t
bundle_draft_size(const struct bundle_draft *b)
{
	return b->texts.n;
}
