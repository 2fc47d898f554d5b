/* The archive's roles: y-YYYY says which weeks of a year are sealed and where;
 * s-YYYY-pNN lists the bundles of four such weeks. Both are signed by the
 * archive's key alone and are made to stay as they are. */
#ifndef ERIKA_PRESS_ARCHIVE_H
#define ERIKA_PRESS_ARCHIVE_H

#include <jansson.h>
#include <stdint.h>

#include "../core/tuf.h"
#include "press_room.h"

/* "s-2026-p12" of "2026-w47", into out. */
#define ARCHIVE_NAME 16
void archive_period(const char week[static 9], char out[static ARCHIVE_NAME]);

/* Make sure that a year's role is there and signed by this rule: a first,
 * empty one is signed; one by another key is signed again with all of its
 * periods. *signed_again counts files. ERR_MISSING without the key. */
enum err archive_year(struct room *r, const char *year,
	const struct tuf_rule *rule, int64_t now, unsigned *signed_again,
	struct diag *d) ERR_MUST_USE;

/* Add targets, an object of entries as in a desk's role, to a period. */
enum err archive_add(struct room *r, const char *period,
	const struct tuf_rule *rule, json_t *targets, int64_t now,
	struct diag *d) ERR_MUST_USE;

/* Say in a year, which archive_year has seen, where weeks are sealed: `weeks`
 * is an object of week to period. Those of other years are passed over. */
enum err archive_weeks(struct room *r, const char *year,
	const struct tuf_rule *rule, const json_t *weeks, int64_t now,
	struct diag *d) ERR_MUST_USE;

#endif
