/* Hashes and Ed25519 verification. With sign.c, minisign's key files and
 * nothing else, the only code that names libsodium or nettle. */
#ifndef ERIKA_CRYPTO_H
#define ERIKA_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"

#define CRYPTO_PUBLIC 32    /* Ed25519 public key */
#define CRYPTO_SIGNATURE 64 /* Ed25519 signature */

/* Choose the fast implementations; call once in main before anything else.
 * ERR_FAILED when the library cannot start. */
enum err crypto_start(void) ERR_MUST_USE;

/* BLAKE2b-256 names and checks everything inside a bundle. */
struct digest {
	uint8_t b[32];
};

enum hash_kind {
	HASH_BLAKE2B_256, /* 32 bytes: objects, parts, index */
	HASH_BLAKE2B_512, /* 64 bytes: what a minisign signature signs */
	HASH_SHA256,	  /* 32 bytes: TUF targets, metadata, key ids */
	HASH_SHA512	  /* 64 bytes: TUF metadata made by others */
};

#define HASH_MAX 64

/* Bytes of a digest of this kind. */
size_t hash_size(enum hash_kind kind);

/* Hash one span; out has hash_size(kind) bytes. */
void hash_bytes(enum hash_kind kind, struct span s, uint8_t *out);

/* Hash as it streams. hash_new: NULL when out of memory. hash_end writes
 * hash_size bytes; the state is then spent. hash_free accepts NULL. */
struct hash;
struct hash *hash_new(enum hash_kind kind);
void hash_add(struct hash *h, const void *p, size_t n);
void hash_end(struct hash *h, uint8_t *out);
void hash_free(struct hash *h);

/* BLAKE2b-256 of a span. */
struct digest digest_of(struct span s);

/* Whether two digests are equal. */
bool digest_eq(const struct digest *a, const struct digest *b);

/* Whether `sig` is an Ed25519 signature of `m` by `key` (RFC 8032; small
 * order keys and non-canonical S are refused). */
bool crypto_verify(const uint8_t key[static CRYPTO_PUBLIC],
	const uint8_t sig[static CRYPTO_SIGNATURE], struct span m);

#endif
