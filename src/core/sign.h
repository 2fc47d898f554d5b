/* Keys and signatures, the newsroom's side. Linked by erika-press and by
 * test builders alone; `make check` looks for it in the other two. */
#ifndef ERIKA_SIGN_H
#define ERIKA_SIGN_H

#include <stdbool.h>

#include "bytes.h"
#include "crypto.h"
#include "err.h"
#include "minisign.h"

/* A secret key in memory of its own between guard pages, read-only once made,
 * left out of core dumps and, as far as RLIMIT_MEMLOCK allows, never swapped:
 * a phone's limit of 0 must not keep a newsroom from signing. */
struct sign_key;

/* Make a key from 32 bytes of randomness. NULL: out of memory. */
struct sign_key *sign_key_new(const uint8_t seed[static 32]);

/* Wipe and free; NULL is fine. */
void sign_key_free(struct sign_key *k);

/* Its public half and key number. */
const struct minisign_key *sign_key_public(const struct sign_key *k);

/* Overwrite what held a secret (a passphrase, a key file's bytes) in a way
 * that no compiler leaves out. */
void sign_wipe(void *p, size_t n);

/* Ed25519 over `m` (RFC 8032; deterministic). */
void sign_bytes(const struct sign_key *k, struct span m,
	uint8_t sig[static CRYPTO_SIGNATURE]);

/* minisign's secret key file. `pass` NULL writes it unencrypted (kdf 0);
 * otherwise scrypt with N = 2^17, r = 8 (128 MiB, about half a second) and
 * `salt` of 32 random bytes. An unencrypted file in `out` is the caller's to
 * wipe. ERR_USAGE for an empty passphrase, ERR_LIMIT, ERR_NOMEM. */
enum err sign_key_save(const struct sign_key *k, const struct span *pass,
	const uint8_t salt[static 32], struct buf *out) ERR_MUST_USE;

/* Read one, ours or minisign's. ERR_KEY when the passphrase is wrong,
 * ERR_USAGE when one is needed and `pass` is NULL (not needed: ignored),
 * ERR_LIMIT when the file asks for more than 1 GiB, ERR_SYNTAX, ERR_TRUNCATED,
 * ERR_TRAILING, ERR_UNSUPPORTED, ERR_NOMEM; *out NULL then. */
enum err sign_key_load(struct span file, const struct span *pass,
	struct sign_key **out, struct diag *d) ERR_MUST_USE;

/* Append a .minisig file over the BLAKE2b-512 of a file, with this trusted
 * comment (one line, at most LIMIT_COMMENT bytes). */
enum err sign_minisig(const struct sign_key *k,
	const uint8_t blake2b_512[static 64], const char *comment,
	struct buf *out) ERR_MUST_USE;

#endif
