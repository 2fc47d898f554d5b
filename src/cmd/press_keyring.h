/* The keys of a newsroom's keys/ folder: public halves always, secret ones
 * when they are needed. Which of them may sign what is never said here: the
 * metadata says it, by the keys themselves. */
#ifndef ERIKA_PRESS_KEYRING_H
#define ERIKA_PRESS_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/minisign.h"
#include "../core/sign.h"
#include "press_pass.h"

/* Key pairs in keys/: a desk each, and those of root, of today and before. */
#define KEYRING_MAX 128

struct keyring_key {
	char *name; /* "newsroom", of keys/newsroom.pub */
	struct minisign_key pub;
	struct sign_key *key; /* once unlocked */
};

struct keyring {
	char *dir; /* .../keys */
	struct keyring_key list[KEYRING_MAX];
	size_t n;
	/* How encrypted keys are opened: one passphrase for all as long as it
	 * fits, asked for when it is first needed. */
	const char *pass_file;
	struct pass pass;
	bool warned; /* that memory is not locked */
};

/* Read the .pub files of a folder; `dir` is copied, `pass_file` borrowed. On
 * failure the ring can still be freed. ERR_MISSING, ERR_SYNTAX, ERR_LIMIT. */
enum err keyring_open(const char *dir, const char *pass_file,
	struct keyring *out, struct diag *d) ERR_MUST_USE;
void keyring_free(struct keyring *ring);

/* Wipe secret keys and passphrase, leaving the rest. */
void keyring_forget(struct keyring *ring);

/* The pair with this public key or this name; NULL: not in keys/. */
struct keyring_key *keyring_find(
	struct keyring *ring, const uint8_t public[static CRYPTO_PUBLIC]);
struct keyring_key *keyring_named(struct keyring *ring, const char *name);

/* Whether the secret half is in keys/, too. Nothing is unlocked. */
bool keyring_at_hand(
	struct keyring *ring, const uint8_t public[static CRYPTO_PUBLIC]);

/* The secret key, unlocked and borrowed from the ring. ERR_MISSING when it is
 * not in keys/ (perhaps kept offline), ERR_KEY for a wrong passphrase,
 * ERR_REFUSED when others can read it. */
enum err keyring_unlock(struct keyring *ring, struct keyring_key *k,
	struct sign_key **out, struct diag *d) ERR_MUST_USE;

/* The same for a lone file, which becomes the caller's key. The ring gives
 * the passphrase and may be otherwise empty. Says once, on stderr, when keys
 * cannot be locked in memory here. */
enum err keyring_load(struct keyring *ring, const char *path,
	struct sign_key **out, struct diag *d) ERR_MUST_USE;

/* Read a .pub file. */
enum err keyring_public(const char *path, struct minisign_key *out,
	struct diag *d) ERR_MUST_USE;

/* Write a new key pair DIR/NAME.key and .pub; pass NULL: unencrypted. *out
 * (may be NULL) becomes the caller's. ERR_EXISTS when one of them is there. */
enum err keyring_create(const char *dir, const char *name,
	const struct pass *pass, struct sign_key **out,
	struct diag *d) ERR_MUST_USE;

#endif
