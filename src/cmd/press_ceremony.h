/* From changed grants to a new root or new targets: signed at once where the
 * keys are here, else a proposal that goes from hand to hand. */
#ifndef ERIKA_PRESS_CEREMONY_H
#define ERIKA_PRESS_CEREMONY_H

#include "press_chain.h"
#include "press_proposal.h"
#include "press_room.h"

/* Propose a root with these roles, or targets with these delegations, on top of
 * the chain. With enough keys in keys/, and `file` NULL, it is signed and waits
 * for publish; else the proposal is written to `file`, or to "root-N.proposal"
 * or "targets-N.proposal" here. Says which. *waits (may be NULL) is whether it
 * waits for publish. ERR_EXISTS for a file that is there. */
enum err ceremony_propose(struct room *r, const struct context *cx,
	const struct chain *c, enum tuf_type type, const struct grants *g,
	const char *file, bool *waits, struct diag *d) ERR_MUST_USE;

/* Read a proposal, and the signatures of further copies of it. */
enum err ceremony_read(char **files, size_t n, struct proposal **out,
	struct diag *d) ERR_MUST_USE;

/* Have a complete one wait for publish. */
enum err ceremony_install(
	struct room *r, const struct proposal *p, struct diag *d) ERR_MUST_USE;

/* Whether a role of targets may end: what it lists can be found only as long
 * as it is there. ERR_REFUSED for all but a desk without open weeks. */
enum err ceremony_may_drop(
	struct room *r, const char *role, struct diag *d) ERR_MUST_USE;

#endif
