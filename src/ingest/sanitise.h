/* A parsed tree, lenient or not, as the article subset. */
#ifndef ERIKA_SANITISE_H
#define ERIKA_SANITISE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "../core/err.h"
#include "ingest.h"

/* How much of a page's surroundings goes. */
enum sanitise_scope {
	SANITISE_FRAGMENT, /* nothing more: it is an article's text */
	SANITISE_ARTICLE,  /* an element that holds the article: nav */
	SANITISE_PAGE	   /* a whole page: nav, header, footer, aside */
};

struct sanitise_from {
	const xmlNode *root; /* its children are the article */
	const xmlNode *skip; /* an element inside to leave out, or NULL */
	const char *base;    /* absolute URL for relative links, or NULL */
	const char *dir;     /* direction if the root does not say, or NULL */
	const char *lead;    /* an image to begin with when there is none
				inside, or NULL */
	enum sanitise_scope scope;
};

/* Sanitise into out->body, images, dropped and remote, which must be as
 * zeroed. *chars: letters written, white space not counted. ERR_REFUSED for
 * depth, ERR_LIMIT, ERR_NOMEM; the caller clears `out`. */
enum err sanitise_tree(const struct sanitise_from *from,
	struct ingest_article *out, size_t *chars, struct diag *d) ERR_MUST_USE;

#endif
