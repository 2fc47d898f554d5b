/* minisign's public key and signature formats, checking side. A signature is
 * always the prehashed kind "ED": Ed25519 over BLAKE2b-512 of the file. */
#ifndef ERIKA_MINISIGN_H
#define ERIKA_MINISIGN_H

#include <stdint.h>

#include "bytes.h"
#include "crypto.h"
#include "err.h"
#include "verified.h"

#define MINISIGN_KEYNUM 8

struct minisign_key {
	uint8_t keynum[MINISIGN_KEYNUM];
	uint8_t key[CRYPTO_PUBLIC];
};

/* A parsed signature file; plain data. */
struct minisign_sig {
	uint8_t keynum[MINISIGN_KEYNUM];
	uint8_t sig[CRYPTO_SIGNATURE];
	uint8_t global[CRYPTO_SIGNATURE];
	char comment[8193]; /* trusted comment, escaped for nothing yet */
};

/* Public key file: "untrusted comment: ...\n" and a base64 line. ERR_SYNTAX,
 * ERR_TRAILING, ERR_UNSUPPORTED. */
enum err minisign_key_parse(struct span file, struct minisign_key *k,
	struct diag *d) ERR_MUST_USE;

/* The same key as a file's text. */
enum err minisign_key_add(struct buf *out, const struct minisign_key *k)
	ERR_MUST_USE;

/* The key number erika gives a key: the first 8 bytes of the SHA-256 of the
 * 32 key bytes, so that anyone can make the .pub file from TUF metadata. */
void minisign_keynum(const uint8_t key[static CRYPTO_PUBLIC],
	uint8_t keynum[static MINISIGN_KEYNUM]);

/* Signature file of four lines. ERR_SYNTAX, ERR_TRAILING, ERR_UNSUPPORTED for
 * the legacy kind "Ed". */
enum err minisign_sig_parse(struct span file, struct minisign_sig *s,
	struct diag *d) ERR_MUST_USE;

/* Check a signature against the BLAKE2b-512 of a file, trusted comment
 * included. ERR_KEY when the key number differs, ERR_SIGNATURE. */
enum err minisign_check(const struct minisign_sig *s,
	const struct minisign_key *k, const uint8_t blake2b_512[static 64],
	struct diag *d) ERR_MUST_USE;

/* Check a signature over bytes in memory and make them verified. */
enum err minisign_verify(const struct minisign_sig *s,
	const struct minisign_key *k, struct span file, struct verified **out,
	struct diag *d) ERR_MUST_USE;

#endif
