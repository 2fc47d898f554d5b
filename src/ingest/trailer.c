#include "trailer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"
#include "url.h"

/* Bytes of "The post", "first appeared on" and the like. In Russian these are
 * 58; what says more than twice that says something of its own. */
#define WORDS 120

/* The last thing inside an element, when that is an element. */
static const xmlNode *
last_element(const xmlNode *n)
{
	for (n = n->last; n != NULL; n = n->prev)
		if (n->type == XML_ELEMENT_NODE)
			return n;
		else if (n->type != XML_COMMENT_NODE && !xmlIsBlankNode(n))
			return NULL;
	return NULL;
}

/* Whether `site` is where `url` is: its home, or a folder above it. */
static bool
above(const char *site, const char *url)
{
	size_t n = strlen(site);

	return n < strlen(url) && strncmp(site, url, n) == 0 &&
	       (site[n - 1] == '/' || url[n] == '/');
}

/* Whether these two links are the ones of a trailer. */
static enum err
links_match(const xmlNode *const link[2], const char *url, const char *base,
	bool *match)
{
	char *to[2] = {NULL, NULL};
	enum err e = ERR_OK;
	int i;

	for (i = 0; i < 2 && e == ERR_OK; i++)
		e = url_web(span_str(tree_attr(link[i], "href")), base, &to[i]);
	*match = to[0] != NULL && to[1] != NULL && strcmp(to[0], url) == 0 &&
		 above(to[1], url);
	free(to[0]);
	free(to[1]);
	return e;
}

enum err
trailer_find(const xmlNode *root, const char *url, const char *base,
	const xmlNode **out)
{
	const xmlNode *p = root, *n, *link[2];
	size_t links = 0, weight;
	bool match = false;
	enum err e;

	*out = NULL;
	while (p != NULL && !tree_is(p, "p"))
		p = last_element(p);
	if (p == NULL || p == root || url == NULL)
		return ERR_OK;
	weight = tree_weight(p);
	for (n = p; n != NULL; n = tree_next(p, n, true)) {
		if (tree_is(n, "img"))
			return ERR_OK;
		if (!tree_is(n, "a") || tree_attr(n, "href") == NULL)
			continue;
		if (links == 2 || tree_weight(n) > weight)
			return ERR_OK;
		link[links++] = n;
		weight -= tree_weight(n);
	}
	if (links != 2 || weight > WORDS)
		return ERR_OK;
	e = links_match(link, url, base, &match);
	if (match)
		*out = p;
	return e;
}
