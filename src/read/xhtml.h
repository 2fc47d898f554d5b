/* The reader's strict check of an article's text, and the walk that every
 * view of it uses. expat underneath; nothing lenient anywhere. */
#ifndef ERIKA_XHTML_H
#define ERIKA_XHTML_H

#include <stdbool.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/verified.h"

/* An event of the walk over a checked article. Strings are borrowed during
 * the call. Text between two tags may come in several events, never cut
 * within a character. */
enum xhtml_event { XHTML_OPEN, XHTML_CLOSE, XHTML_TEXT };

struct xhtml_attr {
	const char *name, *value;
};

struct xhtml_node {
	enum xhtml_event event;
	const char *name;		/* element, for OPEN and CLOSE */
	const struct xhtml_attr *attrs; /* for OPEN */
	size_t n_attrs;
	struct span text; /* for TEXT */
	int depth; /* of the element, or the one around the text; root: 1 */
};

/* Value of an attribute, NULL when the node has none of this name; and whether
 * its element has this name. For OPEN; xhtml_is for CLOSE, too. */
const char *xhtml_attr(const struct xhtml_node *node, const char *name);
bool xhtml_is(const struct xhtml_node *node, const char *name);

typedef enum err xhtml_fn(void *arg, const struct xhtml_node *node);

/* Check the whole text against erika-bundle(5), ARTICLE TEXT: one <article>
 * root, allowed elements, attributes and values only, images only by 64
 * lower-case hex digits, links only http, https, mailto or a fragment, no
 * DOCTYPE, PI, comment, CDATA or entity beyond the five, no forbidden code
 * point, depth at most LIMIT_DEPTH; nothing around the root but one newline
 * after it. What may stand where is markup.h's. Nothing is shown of a text
 * that fails. ERR_REFUSED or ERR_SYNTAX with the offset, ERR_LIMIT over
 * LIMIT_TEXT, ERR_NOMEM. Linear in the text, in time and memory. */
enum err xhtml_check(const struct verified *text, struct diag *d) ERR_MUST_USE;

/* Check, then walk. `fn` is not called at all when the check fails; its own
 * error stops the walk and is returned. */
enum err xhtml_walk(const struct verified *text, xhtml_fn *fn, void *arg,
	struct diag *d) ERR_MUST_USE;

#endif
