/* The head of the metadata: snapshot and timestamp, and the two files in
 * which readers see them first. */
#ifndef ERIKA_PRESS_HEAD_H
#define ERIKA_PRESS_HEAD_H

#include "press_roles.h"

/* Sign the next snapshot and timestamp where they are due. */
enum err head_sign(struct roles *u, struct diag *d) ERR_MUST_USE;

/* Check all of it as a reader would who has seen the timestamp and snapshot
 * of before (may be empty): from the root `anchor` over the new one to every
 * open role. */
enum err head_check(struct roles *u, struct span anchor, struct span timestamp,
	struct span snapshot, struct diag *d) ERR_MUST_USE;

/* The two mutable files: now.pack first, then timestamp.json, which makes
 * everything before it visible. */
enum err head_write(struct room *r, int64_t now, struct diag *d) ERR_MUST_USE;

#endif
