#include "attrs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../core/limits.h"
#include "field.h"
#include "tree.h"
#include "writer.h"

struct attrs {
	struct buf *out;
	enum err err; /* the first failure */
};

static void
keep(struct attrs *a, enum err e)
{
	if (a->err == ERR_OK)
		a->err = e;
}

static void
add_attr(struct attrs *a, const struct markup_element *el, const char *name,
	const char *value)
{
	if (markup_attr_ok(el, name, span_str(value)))
		keep(a, writer_attr(a->out, name, span_str(value)));
}

/* A number as one spelling: "+5", "5px" and "005" are 5. */
static void
add_number(struct attrs *a, const struct markup_element *el, const char *name,
	const char *value)
{
	char text[24], *end;
	long v = strtol(value, &end, 10);

	if (end == value || *end == '%')
		return;
	snprintf(text, sizeof(text), "%ld", v);
	add_attr(a, el, name, text);
}

static void
add_line(struct attrs *a, const struct markup_element *el, const char *name,
	const char *value)
{
	char *clean;

	keep(a, field_clean(span_str(value), LIMIT_TITLE, &clean));
	if (clean != NULL)
		add_attr(a, el, name, clean);
	free(clean);
}

static void
add_language(struct attrs *a, const struct markup_element *el, const xmlNode *n)
{
	const char *v = tree_attr(n, "lang");
	char *lang;

	if (v == NULL)
		v = tree_attr(n, "xml:lang");
	if (v == NULL)
		return;
	keep(a, field_language(span_str(v), &lang));
	if (lang != NULL)
		add_attr(a, el, "lang", lang);
	free(lang);
}

static void
add_all(struct attrs *a, const struct markup_element *el, const xmlNode *n)
{
	static const char *const numbers[] = {"start", "colspan", "rowspan"};
	static const char *const flags[] = {"reversed", "open"};
	static const char *const words[] = {"datetime", "scope"};
	const char *v;
	size_t i;

	if (n->properties == NULL)
		return;
	for (i = 0; i < 3; i++)
		if (markup_attr_known(el, numbers[i]) &&
			(v = tree_attr(n, numbers[i])) != NULL &&
			strcmp(v, "1") != 0)
			add_number(a, el, numbers[i], v);
	for (i = 0; i < 2; i++)
		if (markup_attr_known(el, flags[i]) &&
			tree_attr(n, flags[i]) != NULL)
			add_attr(a, el, flags[i], flags[i]);
	for (i = 0; i < 2; i++)
		if (markup_attr_known(el, words[i]) &&
			(v = tree_attr(n, words[i])) != NULL)
			add_line(a, el, words[i], v);
	if ((v = tree_attr(n, "title")) != NULL)
		add_line(a, el, "title", v);
	add_language(a, el, n);
	if ((v = attrs_direction(tree_attr(n, "dir"))) != NULL)
		add_attr(a, el, "dir", v);
}

const char *
attrs_direction(const char *v)
{
	static const char *const words[] = {"ltr", "rtl", "auto"};
	size_t i;

	for (i = 0; v != NULL && i < 3; i++)
		if (strcasecmp(v, words[i]) == 0)
			return words[i];
	return NULL;
}

enum err
attrs_add(const xmlNode *n, const struct markup_element *el, struct buf *out)
{
	struct attrs a = {.out = out};

	add_all(&a, el, n);
	return a.err;
}

enum err
attrs_add_number(const xmlNode *n, const char *name,
	const struct markup_element *el, struct buf *out)
{
	const char *v = tree_attr(n, name);
	struct attrs a = {.out = out};

	if (v != NULL)
		add_number(&a, el, name, v);
	return a.err;
}
