/* What was packed, read back from the repository and verified against the
 * newsroom's own records. */
#ifndef ERIKA_PRESS_PACKED_H
#define ERIKA_PRESS_PACKED_H

#include "../core/bundle.h"
#include "press_room.h"

/* A bundle by its path, and the file it is in (malloc'd). ERR_MISSING,
 * ERR_HASH, and as bundle_open; *out and *file are NULL then. */
enum err packed_bundle(struct room *r, const char *path, struct bundle **out,
	char **file, struct diag *d) ERR_MUST_USE;

/* The text of an article of such a bundle. */
enum err packed_text(struct room *r, const struct bundle *bundle,
	const char *file, const struct article *a, struct verified **out,
	struct diag *d) ERR_MUST_USE;

/* A picture by its name, from whichever bundle has it. */
enum err packed_image(struct room *r, const struct digest *name,
	struct verified **out, struct diag *d) ERR_MUST_USE;

#endif
