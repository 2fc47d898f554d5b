/* A proposal in plain words, for those who are asked to sign it. */
#ifndef ERIKA_PRESS_EXPLAIN_H
#define ERIKA_PRESS_EXPLAIN_H

#include "press_keyring.h"
#include "press_proposal.h"

/* Print whose it is, what changes, and who may sign what afterwards. */
enum err explain_proposal(const struct proposal *p, struct keyring *ring,
	struct diag *d) ERR_MUST_USE;

/* Print who has signed, and how many signatures are missing. */
enum err explain_signatures(const struct proposal *p, struct keyring *ring,
	struct diag *d) ERR_MUST_USE;

/* The same as one JSON object. */
enum err explain_json(const struct proposal *p, struct diag *d) ERR_MUST_USE;

#endif
