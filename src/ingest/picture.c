#include "picture.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "field.h"
#include "tree.h"
#include "url.h"

/* The widest of "a.jpg 320w, b.jpg 640w". */
static struct span
widest(const char *srcset)
{
	struct span best = span_of(NULL, 0);
	unsigned long most = 0;

	while (*srcset != '\0') {
		size_t skip = strspn(srcset, " \t\r\n,"), n;
		unsigned long w;

		srcset += skip;
		n = strcspn(srcset, " \t\r\n");
		if (n == 0)
			break;
		w = strtoul(srcset + n, NULL, 10);
		if (best.n == 0 || w > most) {
			best = span_of(srcset, n);
			most = w;
		}
		srcset += n;
		srcset += strcspn(srcset, ",");
	}
	while (best.n > 0 && best.p[best.n - 1] == ',')
		best.n--;
	return best;
}

/* Our own "image:K", met when an article is sanitised again. */
static bool
numbered(const char *v)
{
	uint64_t k;

	return strncmp(v, "image:", 6) == 0 &&
	       text_decimal(span_str(v + 6), LIMIT_IMAGES_PER_ARTICLE - 1,
		       &k) == ERR_OK;
}

enum err
picture_source(const xmlNode *n, char **out)
{
	static const char *const names[] = {"data-src", "data-lazy-src",
		"data-original", "data-orig-file", "src"};
	static const char *const sets[] = {"data-srcset", "srcset"};
	enum err e = ERR_OK;
	const char *v;
	size_t i;

	*out = NULL;
	for (i = 0; i < 5 && e == ERR_OK && *out == NULL; i++) {
		v = tree_attr(n, names[i]);
		if (v != NULL)
			e = numbered(v) ? field_copy(v, out)
					: url_image(span_str(v), out);
	}
	for (i = 0; i < 2 && e == ERR_OK && *out == NULL; i++) {
		v = tree_attr(n, sets[i]);
		if (v != NULL)
			e = url_image(widest(v), out);
	}
	return e;
}

/* Pixels of a side; `unknown` for "auto", "100%" and nothing at all. */
static long
side(const xmlNode *n, const char *name, long unknown)
{
	const char *v = tree_attr(n, name);
	char *end;
	long pixels;

	if (v == NULL)
		return unknown;
	pixels = strtol(v, &end, 10);
	return end == v || *end == '%' ? unknown : pixels;
}

bool
picture_pixel(const xmlNode *n)
{
	long w = side(n, "width", 9), h = side(n, "height", 9);

	return w <= 1 || h <= 1 || (w <= 2 && h <= 2);
}
