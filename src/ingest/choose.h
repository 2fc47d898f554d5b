/* Which element of a page is the article. */
#ifndef ERIKA_CHOOSE_H
#define ERIKA_CHOOSE_H

#include <libxml/tree.h>

#include "sanitise.h"

/* The element whose children are the text: the best of those that pages mark
 * as it, else `body`, else `html`. Clutter inside it is marked, for the
 * sanitiser to leave out. Linear in the page. */
const xmlNode *choose_body(
	xmlNode *html, xmlNode *body, enum sanitise_scope *scope);

/* Whether a list of words separated by white space has this one. */
bool choose_has_word(const char *list, const char *word);

#endif
