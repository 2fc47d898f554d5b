/* The attributes of an element that stay, each in one spelling. */
#ifndef ERIKA_ATTRS_H
#define ERIKA_ATTRS_H

#include <libxml/tree.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/markup.h"

/* Append those that the element may have, in one order, but for id, and those
 * of a and img, which need more than themselves. ERR_LIMIT, ERR_NOMEM. */
enum err attrs_add(const xmlNode *n, const struct markup_element *el,
	struct buf *out) ERR_MUST_USE;

/* Append a number as one spelling: "+5", "5px" and "005" are 5. Nothing when
 * it is none, or not allowed there. */
enum err attrs_add_number(const xmlNode *n, const char *name,
	const struct markup_element *el, struct buf *out) ERR_MUST_USE;

/* "ltr", "rtl" or "auto", whatever the case; else NULL. NULL is fine. */
const char *attrs_direction(const char *v);

#endif
