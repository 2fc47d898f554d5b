#include "bundle_private.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "limits.h"
#include "text.h"

static enum err
strings_read(const json_t *o, const char *name, size_t max, char ***out,
	size_t *n_out, struct diag *d)
{
	json_t *v = NULL;
	size_t i, n;
	enum err e = json_arr(o, name, max, &v, d);

	if (e != ERR_OK)
		return e;
	n = json_array_size(v);
	*out = bundle_room(n, sizeof(**out), d);
	if (*out == NULL)
		return ERR_NOMEM;
	*n_out = n;
	for (i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (s == NULL)
			return diag_set(d, ERR_SYNTAX,
				"\"%s\" has something other than a string",
				name);
		(*out)[i] = strdup(s);
		if ((*out)[i] == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	return ERR_OK;
}

/* {"object","type"} for one in this bundle, {"bundle","name","type"} for one
 * in another. */
static enum err
image_read(const json_t *o, size_t n_objects, struct article_image *m,
	struct diag *d)
{
	static const char *const here[] = {"object", "type", NULL};
	static const char *const there[] = {"bundle", "name", "type", NULL};
	bool inside = json_object_get(o, "object") != NULL;
	enum err e = json_only(o, inside ? here : there, d);

	m->object = -1;
	if (e == ERR_OK)
		e = bundle_get_string(o, "type", &m->type, d);
	if (e == ERR_OK && inside)
		return bundle_get_index(o, "object", n_objects, &m->object, d);
	if (e == ERR_OK)
		e = bundle_get_string(o, "bundle", &m->bundle, d);
	if (e == ERR_OK)
		e = json_hex(o, "name", m->name.b, sizeof(m->name.b), d);
	return e;
}

static enum err
images_read(
	const json_t *o, size_t n_objects, struct article *a, struct diag *d)
{
	json_t *v = NULL;
	size_t i, n;
	enum err e = json_arr(o, "images", LIMIT_IMAGES_PER_ARTICLE, &v, d);

	if (e != ERR_OK)
		return e;
	n = json_array_size(v);
	a->images = bundle_room(n, sizeof(*a->images), d);
	if (a->images == NULL)
		return ERR_NOMEM;
	a->n_images = n;
	for (i = 0; e == ERR_OK && i < n; i++) {
		e = image_read(
			json_array_get(v, i), n_objects, &a->images[i], d);
		if (e != ERR_OK)
			diag_prefix(d, e, "image %zu", i);
	}
	return e;
}

static enum err
status_read(const json_t *o, enum article_status *out, struct diag *d)
{
	static const enum article_status all[] = {
		ARTICLE_PUBLISHED, ARTICLE_CORRECTED, ARTICLE_RETRACTED};
	const char *s = "";
	char show[40];
	size_t i;
	enum err e = json_str(o, "status", &s, d);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(s, article_status_str(all[i])) == 0) {
			*out = all[i];
			return ERR_OK;
		}
	}
	return diag_set(d, ERR_UNSUPPORTED, "status '%s' is unknown",
		text_show(show, sizeof(show), span_str(s)));
}

static enum err
article_strings_read(const json_t *o, struct article *a, struct diag *d)
{
	enum err e = bundle_get_string(o, "id", &a->id, d);

	if (e == ERR_OK)
		e = bundle_get_string(o, "title", &a->title, d);
	if (e == ERR_OK)
		e = bundle_get_string(o, "language", &a->language, d);
	if (e == ERR_OK && json_object_get(o, "url") != NULL)
		e = bundle_get_string(o, "url", &a->url, d);
	if (e == ERR_OK && json_object_get(o, "note") != NULL)
		e = bundle_get_string(o, "note", &a->note, d);
	if (e == ERR_OK)
		e = strings_read(o, "authors", LIMIT_AUTHORS, &a->authors,
			&a->n_authors, d);
	if (e == ERR_OK)
		e = strings_read(
			o, "tags", LIMIT_TAGS, &a->tags, &a->n_tags, d);
	return e;
}

static enum err
article_read(
	const json_t *o, size_t n_objects, struct article *a, struct diag *d)
{
	static const char *const names[] = {"authors", "id", "images",
		"language", "note", "previous", "published", "revision",
		"status", "tags", "text", "title", "updated", "url", NULL};
	enum err e = json_only(o, names, d);

	a->text = -1;
	if (e == ERR_OK)
		e = article_strings_read(o, a, d);
	if (e == ERR_OK)
		e = bundle_get_u32(o, "revision", UINT32_MAX, &a->revision, d);
	if (e == ERR_OK)
		e = bundle_get_u32(o, "previous", UINT32_MAX, &a->previous, d);
	if (e == ERR_OK)
		e = json_date(o, "published", &a->published, d);
	if (e == ERR_OK)
		e = json_date(o, "updated", &a->updated, d);
	if (e == ERR_OK)
		e = status_read(o, &a->status, d);
	if (e == ERR_OK && json_object_get(o, "text") != NULL)
		e = bundle_get_index(o, "text", n_objects, &a->text, d);
	if (e == ERR_OK)
		e = images_read(o, n_objects, a, d);
	return e;
}

enum err
bundle_articles_read(const json_t *top, struct bundle *b, struct diag *d)
{
	json_t *v = NULL;
	size_t i, n;
	enum err e = json_arr(top, "articles", LIMIT_ARTICLES, &v, d);

	if (e != ERR_OK)
		return e;
	n = json_array_size(v);
	b->articles = bundle_room(n, sizeof(*b->articles), d);
	if (b->articles == NULL)
		return ERR_NOMEM;
	b->n_articles = n;
	for (i = 0; e == ERR_OK && i < n; i++) {
		e = article_read(
			json_array_get(v, i), b->n_objects, &b->articles[i], d);
		if (e != ERR_OK)
			diag_prefix(d, e, "article %zu", i);
	}
	return e;
}
