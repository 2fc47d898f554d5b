/* TUF metadata, the newsroom's side: bodies of the roles and their signing.
 * Linked by erika-press and test builders alone. */
#ifndef ERIKA_TUF_WRITE_H
#define ERIKA_TUF_WRITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "crypto.h"
#include "err.h"
#include "sign.h"
#include "tuf.h"

#define TUF_KEYID 65 /* hex of SHA-256, and NUL */

/* Key id of an Ed25519 key (4.2): SHA-256 of its canonical key object. */
enum err tuf_keyid(const uint8_t key[static CRYPTO_PUBLIC],
	char out[static TUF_KEYID]) ERR_MUST_USE;

/* A role's keys and threshold while metadata is being made. */
struct tuf_grant {
	const struct minisign_key *keys;
	size_t n;
	unsigned threshold;
};

/* Start a body: _type, spec_version, version, expires. NULL: out of memory.
 * All bodies are owned by the caller: json_decref. */
json_t *tuf_body(enum tuf_type type, uint64_t version, int64_t expires);

/* Make a body the next version of itself. */
enum err tuf_body_again(
	json_t *body, uint64_t version, int64_t expires) ERR_MUST_USE;

/* Root (4.3): the grants of the four roles, in enum order; outlet is its
 * display name, kept as "x-erika-outlet". */
enum err tuf_body_root(json_t *body, const struct tuf_grant grants[TUF_TYPES],
	const char *outlet) ERR_MUST_USE;

/* Timestamp or snapshot (4.4, 4.6): an entry for "ROLE.json" with version and,
 * when `file` is not NULL, its length and SHA-256. */
enum err tuf_body_meta(json_t *body, const char *role, uint64_t version,
	const struct span *file) ERR_MUST_USE;

/* Timestamp: the moment it was made, as "x-erika-made". */
enum err tuf_body_made(json_t *body, int64_t made) ERR_MUST_USE;

/* Targets (4.5): a delegation, appended; patterns end with NULL. */
enum err tuf_body_delegate(json_t *body, const char *role,
	const struct tuf_grant *grant, const char *const *patterns,
	bool terminating) ERR_MUST_USE;

/* Targets: an entry. `custom` (may be NULL) is borrowed. */
enum err tuf_body_target(json_t *body, const char *path, uint64_t length,
	const uint8_t sha256[static 32], json_t *custom) ERR_MUST_USE;

/* Sign a body with every key and append the file: canonical JSON, signatures
 * in the order of the keys. ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM. */
enum err tuf_sign(const json_t *body, struct sign_key *const *keys, size_t n,
	struct buf *out) ERR_MUST_USE;

/* Add one more signature to a whole document ({"signed", "signatures"}), or
 * replace the one by this key. For ceremonies of several people. */
enum err tuf_sign_add(json_t *top, const struct sign_key *key) ERR_MUST_USE;

#endif
