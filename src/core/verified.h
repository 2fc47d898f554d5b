/* Verified is a type: bytes that somebody we trust vouched for. Inflate, the
 * library and the display take nothing else.
 *
 * Made only by the trust machine (trust.h), by a bundle opened from verified
 * bytes (bundle.h), by a minisign signature of a known key (minisign.h), by
 * inflating verified bytes (inflate.h), and by verified_again below. */
#ifndef ERIKA_VERIFIED_H
#define ERIKA_VERIFIED_H

#include "bytes.h"
#include "crypto.h"
#include "err.h"

struct verified;

/* The bytes; they live as long as `v`. */
struct span verified_bytes(const struct verified *v);

/* Free; NULL is fine. */
void verified_free(struct verified *v);

/* Bytes that were verified before and kept in our own library beside their
 * BLAKE2b-256: ERR_HASH when the disk gave back something else. The caller
 * vouches that `digest` came from the library, never from the network. */
enum err verified_again(struct span s, const struct digest *digest,
	struct verified **out) ERR_MUST_USE;

#endif
