/* Which of the keys that a rule names are here, and signing with them. */
#ifndef ERIKA_PRESS_SIGNERS_H
#define ERIKA_PRESS_SIGNERS_H

#include <jansson.h>
#include <stdbool.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/tuf.h"
#include "press_keyring.h"

/* Whether as many secret keys of the rule are in keys/ as its threshold asks
 * for. Nothing is unlocked. */
bool signers_here(struct keyring *ring, const struct tuf_rule *rule);

/* Sign a body with as many keys of the rule as its threshold, and append the
 * file. ERR_MISSING when signers_here is false; `role` is for the message. */
enum err signers_sign(struct keyring *ring, const struct tuf_rule *rule,
	const char *role, const json_t *body, struct buf *out,
	struct diag *d) ERR_MUST_USE;

/* The keys of a rule that are not here, for a message: "5C1B0A9D... (desk-news)
 * or ...", cut to fit. */
#define SIGNERS_TEXT 160
const char *signers_absent(struct keyring *ring, const struct tuf_rule *rule,
	char out[static SIGNERS_TEXT]);

#endif
