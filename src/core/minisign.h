/* minisign's public key and signature formats, checking side. A signature is
 * always the prehashed kind "ED": Ed25519 over BLAKE2b-512 of the file. */
#ifndef ERIKA_MINISIGN_H
#define ERIKA_MINISIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "crypto.h"
#include "err.h"
#include "limits.h"
#include "verified.h"

#define MINISIGN_KEYNUM 8

/* The lines that comments stand on, without the text after them. */
#define MINISIGN_UNTRUSTED "untrusted comment: "
#define MINISIGN_TRUSTED "trusted comment: "

/* The first line of every signature that erika-press writes. minisign signs
 * everything in the file but this, so what is fixed cannot be changed. */
#define MINISIGN_SIG_LINE MINISIGN_UNTRUSTED "signature by erika-press"

struct minisign_key {
	uint8_t keynum[MINISIGN_KEYNUM];
	uint8_t key[CRYPTO_PUBLIC];
};

/* A parsed signature file; plain data. */
struct minisign_sig {
	uint8_t keynum[MINISIGN_KEYNUM];
	uint8_t sig[CRYPTO_SIGNATURE];
	uint8_t global[CRYPTO_SIGNATURE];
	/* Trusted comment, escaped for nothing yet: strict UTF-8 with nothing
	 * forbidden, but tabs may stand in it, and it may be empty. */
	char comment[LIMIT_COMMENT + 1];
};

/* The start that all of minisign's files share: an untrusted comment line,
 * skipped, and a line of base64, given back. Lines end in "\n", the last one
 * too. ERR_SYNTAX, ERR_LIMIT, ERR_TRUNCATED without a second whole line. */
enum err minisign_open(struct cursor *c, struct span *base64, struct diag *d)
	ERR_MUST_USE;

/* Public key file: "untrusted comment: ...\n" and a base64 line. ERR_SYNTAX,
 * ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING, ERR_UNSUPPORTED. */
enum err minisign_key_parse(struct span file, struct minisign_key *k,
	struct diag *d) ERR_MUST_USE;

/* The same key as a file's text. */
enum err minisign_key_add(struct buf *out, const struct minisign_key *k)
	ERR_MUST_USE;

/* The key number erika gives a key: the first 8 bytes of the SHA-256 of the
 * 32 key bytes, so that anyone can make the .pub file from TUF metadata. */
void minisign_keynum(const uint8_t key[static CRYPTO_PUBLIC],
	uint8_t keynum[static MINISIGN_KEYNUM]);

/* A key number as minisign prints it: 16 upper-case hex digits, last byte
 * first. */
void minisign_keynum_text(char out[static 2 * MINISIGN_KEYNUM + 1],
	const uint8_t keynum[static MINISIGN_KEYNUM]);

/* Signature file of four lines. ERR_SYNTAX, ERR_LIMIT, ERR_TRUNCATED,
 * ERR_TRAILING, ERR_UNSUPPORTED for the legacy kind "Ed". The untrusted
 * comment may be any: by minisign's design nobody signs it. */
enum err minisign_sig_parse(struct span file, struct minisign_sig *s,
	struct diag *d) ERR_MUST_USE;

/* Whether a signature file begins with the exact line that erika-press
 * writes. With this and minisign_check no bit of the file is left that could
 * be changed unnoticed. */
bool minisign_sig_strict(struct span file);

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
