/* What becomes of each element of HTML. */
#ifndef ERIKA_RULES_H
#define ERIKA_RULES_H

#include <libxml/tree.h>

#include "../core/markup.h"
#include "sanitise.h"

/* What becomes of an element. */
enum fate {
	KEEP,	 /* it is on the allow-list, as itself or under another name */
	UNWRAP,	 /* its children stay */
	BOUND,	 /* they stay, and a paragraph begins and ends with it */
	DROP,	 /* they go too */
	LINK,	 /* it goes, a link to what it would have loaded stays */
	PICTURE, /* img */
	NOSCRIPT /* goes, but for an image that a script would have loaded */
};

/* The fate of an element; *el is what it is kept as, NULL when it is not. */
enum fate rules_fate(const xmlNode *n, enum sanitise_scope scope,
	const struct markup_element **el);

#endif
