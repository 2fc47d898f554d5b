/* Changes of who may sign, as people type them:
 *
 *	add ROLE KEY, remove ROLE KEY, set ROLE KEY, threshold ROLE K,
 *	drop ROLE
 *
 * A role is one of root's four, or of targets' x, archive, d-DESK. A key is a
 * .pub file, a name in keys/, or a key number. */
#ifndef ERIKA_PRESS_CHANGE_H
#define ERIKA_PRESS_CHANGE_H

#include <stdint.h>

#include "press_grants.h"
#include "press_keyring.h"

/* Apply them in order. `ring` may be empty. ERR_USAGE with what is wrong. */
enum err change_apply(struct grants *g, enum tuf_type type,
	struct keyring *ring, char **words, size_t n, int64_t now,
	struct diag *d) ERR_MUST_USE;

/* Find a key by what a person typed. */
enum err change_key(const struct grants *g, struct keyring *ring,
	const char *word, struct minisign_key *out,
	struct diag *d) ERR_MUST_USE;

/* The years that targets should name by now, by the archive's keys: this one,
 * and from October on the next. Nothing where there is no archive. */
enum err change_years(
	struct grants *g, int64_t now, struct diag *d) ERR_MUST_USE;

#endif
