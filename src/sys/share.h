/* Write a share file: what the library has of an outlet, with all that proves
 * it, for somebody else's library. It is part of a mirror's tree as a ustar
 * stream (erika-repository(5)); whoever gets it checks it like any mirror. */
#ifndef ERIKA_SHARE_H
#define ERIKA_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/err.h"
#include "library.h"

/* Which bundles: all zero is all of them, texts only. */
struct share_options {
	int64_t now;
	const char *path; /* only this one */
	int64_t since, until; /* made in [since, until); 0: open */
	bool images;	  /* bundles whose pictures are all here go whole */
};

struct share_report {
	size_t bundles; /* written, with those that others build on */
	size_t pictures; /* written with them */
	uint64_t bytes;
	/* Left out, since what proves them to others is not here: their weeks
	 * were sealed after they came, and nobody synced those weeks' lists.
	 * The earliest was made then. */
	size_t unlisted;
	int64_t unlisted_since;
};

/* Write the file in one step: it is there whole or not at all. ERR_MISSING
 * when the library has no complete chain or no such bundle, ERR_LIMIT over
 * LIMIT_SHARE, ERR_IO, ERR_SPACE, ERR_NOMEM. */
enum err share_write(struct library *l, const struct library_outlet *o,
	const struct share_options *opt, const char *file,
	struct share_report *r, struct diag *d) ERR_MUST_USE;

#endif
