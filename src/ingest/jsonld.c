#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "field.h"
#include "page.h"

/* How deep an article may be hidden in @graph and mainEntity. */
#define DEPTH 6

static bool
article_type(const char *type)
{
	return strstr(type, "Article") != NULL ||
	       strstr(type, "BlogPosting") != NULL ||
	       strcmp(type, "Report") == 0;
}

static bool
is_article(const json_t *o)
{
	const json_t *type = json_object_get(o, "@type");
	size_t i;

	if (json_is_string(type))
		return article_type(json_string_value(type));
	for (i = 0; i < json_array_size(type); i++) {
		const char *s = json_string_value(json_array_get(type, i));

		if (s != NULL && article_type(s))
			return true;
	}
	return false;
}

static const json_t *
find_article(const json_t *v, int depth)
{
	const json_t *found = NULL;
	size_t i;

	if (depth == 0)
		return NULL;
	for (i = 0; found == NULL && i < json_array_size(v); i++)
		found = find_article(json_array_get(v, i), depth - 1);
	if (found != NULL || !json_is_object(v))
		return found;
	if (is_article(v))
		return v;
	found = find_article(json_object_get(v, "@graph"), depth - 1);
	if (found == NULL)
		found = find_article(
			json_object_get(v, "mainEntity"), depth - 1);
	return found;
}

static struct span
text_of(const json_t *v)
{
	if (!json_is_string(v))
		return span_of(NULL, 0);
	return span_of(json_string_value(v), json_string_length(v));
}

/* A name, an object that has one, or a list of either. */
static enum err
add_authors(struct import_item *it, const json_t *v, int depth)
{
	struct article *m = &it->a.meta;
	enum err e = ERR_OK;
	size_t i;

	if (depth == 0)
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < json_array_size(v); i++)
		e = add_authors(it, json_array_get(v, i), depth - 1);
	if (e == ERR_OK && json_is_object(v))
		e = add_authors(it, json_object_get(v, "name"), depth - 1);
	if (e == ERR_OK && json_is_string(v))
		e = field_add_author(&m->authors, &m->n_authors, text_of(v));
	return e;
}

static enum err
add_keywords(struct import_item *it, const json_t *v)
{
	struct article *m = &it->a.meta;
	enum err e = field_add_tags(&m->tags, &m->n_tags, text_of(v));
	size_t i;

	for (i = 0; e == ERR_OK && i < json_array_size(v); i++)
		e = field_add(&m->tags, &m->n_tags, LIMIT_TAGS, LIMIT_TAG,
			text_of(json_array_get(v, i)));
	return e;
}

static enum err
read_article(const json_t *o, struct import_item *it)
{
	struct article *m = &it->a.meta;
	const json_t *page = json_object_get(o, "mainEntityOfPage");
	enum err e = ERR_OK;

	if (m->title == NULL)
		e = field_html(text_of(json_object_get(o, "headline")),
			LIMIT_TITLE, &m->title);
	import_published(it, text_of(json_object_get(o, "datePublished")));
	import_updated(it, text_of(json_object_get(o, "dateModified")));
	if (e == ERR_OK && m->n_authors == 0)
		e = add_authors(it, json_object_get(o, "author"), 4);
	if (e == ERR_OK)
		e = add_keywords(it, json_object_get(o, "keywords"));
	if (e == ERR_OK)
		e = import_url(it, text_of(json_object_get(o, "url")), NULL);
	if (json_is_object(page))
		page = json_object_get(page, "@id");
	if (e == ERR_OK)
		e = import_url(it, text_of(page), NULL);
	return e;
}

static json_t *
load(const char *text)
{
	/* Duplicate names are a site's own business here: nothing of this
	 * is signed before a person has seen it. */
	return json_loadb(text, strlen(text), 0, NULL);
}

enum err
jsonld_read(const char *text, struct import_item *it)
{
	json_t *v = load(text);
	const json_t *o = find_article(v, DEPTH);
	enum err e = o == NULL ? ERR_OK : read_article(o, it);

	json_decref(v);
	return e;
}

enum err
jsonld_language(const char *text, char **out)
{
	json_t *v = load(text);
	const json_t *o = find_article(v, DEPTH);
	const json_t *lang = json_object_get(o, "inLanguage");
	enum err e;

	if (json_is_object(lang))
		lang = json_object_get(lang, "alternateName");
	e = field_language(text_of(lang), out);
	json_decref(v);
	return e;
}
