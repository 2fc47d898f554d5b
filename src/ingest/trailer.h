/* "The post TITLE first appeared on SITE.": what content systems put at the
 * end of every item of a feed. */
#ifndef ERIKA_TRAILER_H
#define ERIKA_TRAILER_H

#include <libxml/tree.h>

#include "../core/err.h"

/* Find it at the end of `root`, in any language, by its two links: to the
 * item's own address `url`, and to a place above that. *out is the paragraph,
 * NULL when there is none. ERR_NOMEM. */
enum err trailer_find(const xmlNode *root, const char *url, const char *base,
	const xmlNode **out) ERR_MUST_USE;

#endif
