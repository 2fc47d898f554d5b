/* The constructor of struct verified. Included by trust.c, bundle.c,
 * minisign.c, inflate.c and verified.c alone; `make check` holds it to that. */
#ifndef ERIKA_VERIFIED_MAKE_H
#define ERIKA_VERIFIED_MAKE_H

#include "verified.h"

/* Copy `s`, so that what was checked cannot change underneath. ERR_NOMEM. */
enum err verified_make(struct span s, struct verified **out) ERR_MUST_USE;

/* Take over the content of `b` (left empty) without a copy. ERR_NOMEM. */
enum err verified_take(struct buf *b, struct verified **out) ERR_MUST_USE;

#endif
