/* A new root or new targets on their way from hand to hand: what is proposed
 * with the signatures so far, and every root since the first, so that whoever
 * signs needs nothing else to see what changes and for whom.
 *
 *	{"_type":"erika-proposal-1", "roots":[...], "before":{...},
 *	 "proposed":{...}}
 *
 * The inner objects are whole metadata files; "before" is the last targets
 * where targets are proposed. */
#ifndef ERIKA_PRESS_PROPOSAL_H
#define ERIKA_PRESS_PROPOSAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/sign.h"
#include "../core/tuf.h"

#define PROPOSAL_TYPE "erika-proposal-1"

struct proposal {
	json_t *file;
	uint8_t fingerprint[32]; /* of the first root */
	struct tuf_doc *root;	 /* the last one, trusted link by link */
	struct tuf_doc *before;	 /* the last targets; NULL: none, or a root */
	struct tuf_doc *doc;	 /* what is proposed; its type says what */
};

/* Make one without signatures: files of all roots, of the last targets (or
 * empty), and the body. Appends the file. ERR_NOMEM, ERR_LIMIT. */
enum err proposal_make(const struct span *roots, size_t n, struct span before,
	const json_t *body, struct buf *out, struct diag *d) ERR_MUST_USE;

/* Read one: the roots must be a chain, each signed by the one before and by
 * itself, the last targets signed by the word of one of them, and what is
 * proposed the next version, which says who may sign what and nothing else,
 * as that is what a signer is shown. ERR_SYNTAX, ERR_SIGNATURE, ERR_KEY,
 * ERR_MIXED, ERR_REFUSED. */
enum err proposal_open(
	struct span s, struct proposal **out, struct diag *d) ERR_MUST_USE;
void proposal_free(struct proposal *p);

/* The rules it must satisfy, from 0: that of the last root, and for a root its
 * own. false past the last; `whose` is "the last root" or "the new root". */
bool proposal_rule(const struct proposal *p, size_t i, struct tuf_rule *rule,
	const char **whose);

/* Whether a key has a part in one of these rules. */
bool proposal_asks(
	const struct proposal *p, const uint8_t key[static CRYPTO_PUBLIC]);

/* Add a signature. */
enum err proposal_sign(struct proposal *p, const struct sign_key *key,
	struct diag *d) ERR_MUST_USE;

/* Take over the signatures of another copy. ERR_MIXED when it proposes
 * something else. */
enum err proposal_merge(struct proposal *p, const struct proposal *other,
	struct diag *d) ERR_MUST_USE;

/* Whether all rules are satisfied. */
enum err proposal_check(const struct proposal *p, struct diag *d) ERR_MUST_USE;

/* The file as it is now, appended; and the metadata file alone. */
enum err proposal_save(const struct proposal *p, struct buf *out) ERR_MUST_USE;
enum err proposal_metadata(
	const struct proposal *p, struct buf *out) ERR_MUST_USE;

#endif
