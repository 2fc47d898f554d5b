/* A node that follows other mirrors, or the newsroom's folder: what is missing
 * is fetched and put through admission (admit.h), which checks it as it checks
 * a push. So mirrors feed mirrors, and no source has to be trusted. */
#ifndef ERIKA_PULL_H
#define ERIKA_PULL_H

#include <stddef.h>
#include <stdint.h>

#include "../core/err.h"
#include "admit.h"
#include "fetch.h"

/* Sources of one publisher. */
#define PULL_SOURCES 16

/* What became of one publisher. */
struct pull_report {
	uint64_t before, after; /* versions served */
	uint64_t files, bytes;	/* taken */
	unsigned reached;	/* sources with a usable head */
	/* Of each source: ERR_OK, or the last thing that was wrong. */
	struct diag source[PULL_SOURCES];
	size_t n_sources;
};

/* Bring publisher i of a config that `a` (of ADMIT_PULL) was made of up to the
 * newest head that a source has. ERR_OK: it is live, or nothing was newer.
 * ERR_NETWORK: no source was reached. ERR_PARTIAL: some file could not be had;
 * what came stays in the stage, and the next pull goes on. ERR_SPACE, ERR_IO,
 * ERR_NOMEM, ERR_EXISTS: a change was being made all the time. */
enum err pull_run(struct admit *a, const struct admit_config *c, size_t i,
	struct fetch *f, struct pull_report *out, struct diag *d) ERR_MUST_USE;

#endif
