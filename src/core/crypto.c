#include "crypto.h"

#include <nettle/sha2.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* SHA-256 comes from nettle, which uses the processor's own instructions:
 * 4.6 times libsodium's portable code, and a bundle is hashed whole. */
struct hash {
	enum hash_kind kind;
	union {
		crypto_generichash_state blake;
		crypto_hash_sha512_state sha512;
		struct sha256_ctx sha256;
	} u;
};

enum err
crypto_start(void)
{
	return sodium_init() < 0 ? ERR_FAILED : ERR_OK;
}

size_t
hash_size(enum hash_kind kind)
{
	switch (kind) {
	case HASH_BLAKE2B_512:
	case HASH_SHA512:
		return 64;
	case HASH_BLAKE2B_256:
	case HASH_SHA256:
		break;
	}
	return 32;
}

static void
hash_start(struct hash *h, enum hash_kind kind)
{
	h->kind = kind;
	switch (kind) {
	case HASH_BLAKE2B_256:
	case HASH_BLAKE2B_512:
		crypto_generichash_init(&h->u.blake, NULL, 0, hash_size(kind));
		break;
	case HASH_SHA256:
		sha256_init(&h->u.sha256);
		break;
	case HASH_SHA512:
		crypto_hash_sha512_init(&h->u.sha512);
		break;
	}
}

struct hash *
hash_new(enum hash_kind kind)
{
	struct hash *h = NULL;

	/* libsodium's BLAKE2b state wants 64-byte alignment. */
	h = aligned_alloc(64, (sizeof(*h) + 63) / 64 * 64);
	if (h != NULL)
		hash_start(h, kind);
	return h;
}

void
hash_add(struct hash *h, const void *p, size_t n)
{
	if (n == 0)
		return;
	switch (h->kind) {
	case HASH_BLAKE2B_256:
	case HASH_BLAKE2B_512:
		crypto_generichash_update(&h->u.blake, p, n);
		break;
	case HASH_SHA256:
		sha256_update(&h->u.sha256, n, p);
		break;
	case HASH_SHA512:
		crypto_hash_sha512_update(&h->u.sha512, p, n);
		break;
	}
}

void
hash_end(struct hash *h, uint8_t *out)
{
	switch (h->kind) {
	case HASH_BLAKE2B_256:
	case HASH_BLAKE2B_512:
		crypto_generichash_final(&h->u.blake, out, hash_size(h->kind));
		break;
	case HASH_SHA256:
		sha256_digest(&h->u.sha256, SHA256_DIGEST_SIZE, out);
		break;
	case HASH_SHA512:
		crypto_hash_sha512_final(&h->u.sha512, out);
		break;
	}
}

void
hash_free(struct hash *h)
{
	free(h);
}

void
hash_bytes(enum hash_kind kind, struct span s, uint8_t *out)
{
	struct hash h;

	hash_start(&h, kind);
	hash_add(&h, s.p, s.n);
	hash_end(&h, out);
}

struct digest
digest_of(struct span s)
{
	struct digest d;

	hash_bytes(HASH_BLAKE2B_256, s, d.b);
	return d;
}

bool
digest_eq(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool
crypto_verify(const uint8_t key[static CRYPTO_PUBLIC],
	const uint8_t sig[static CRYPTO_SIGNATURE], struct span m)
{
	return crypto_sign_verify_detached(sig, m.p, m.n, key) == 0;
}
