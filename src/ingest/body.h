/* An article's text as the sanitiser writes it, checked again byte by byte:
 * it comes back from a process that read hostile bytes. */
#ifndef ERIKA_BODY_H
#define ERIKA_BODY_H

#include "../core/bytes.h"
#include "../core/err.h"

/* Whether `body` is in the writer's own form: one article element, allowed
 * elements where they may stand, allowed attributes once, images numbered
 * below `images`, the four entities, nothing forbidden, depth at most
 * LIMIT_DEPTH. With every image named it then passes xhtml_check.
 * ERR_REFUSED with the offset. */
enum err body_check(
	struct span body, size_t images, struct diag *d) ERR_MUST_USE;

#endif
