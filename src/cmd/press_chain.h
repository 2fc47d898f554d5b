/* The root and the targets that the next publish stands on: the last ones, or
 * complete new ones that wait for it. All who may sign anything is read from
 * here. */
#ifndef ERIKA_PRESS_CHAIN_H
#define ERIKA_PRESS_CHAIN_H

#include <stdbool.h>

#include "../core/tuf.h"
#include "press_grants.h"
#include "press_room.h"

struct chain {
	struct tuf_doc *root;
	struct buf root_file;
	bool root_new; /* it waits; the last one is of the version before */
	struct tuf_doc *targets; /* NULL before the first publish */
	struct buf targets_file;
	bool targets_new;
	/* What targets delegates, or will with the first ones. */
	struct grants grants;
	/* Why something that waits is left out; "" when nothing is. */
	char left[320];
};

/* What of that which waits is to count. */
enum chain_waits { CHAIN_LAST, CHAIN_ROOT, CHAIN_ALL };

/* Load it. On failure chain_free is still due. */
enum err chain_load(struct room *r, enum chain_waits waits, struct chain *c,
	struct diag *d) ERR_MUST_USE;
void chain_free(struct chain *c);

/* The one key of a desk's role. ERR_MISSING with what to do when targets
 * name no such desk. */
enum err chain_desk(const struct chain *c, const char *desk,
	struct minisign_key *out, struct diag *d) ERR_MUST_USE;

#endif
