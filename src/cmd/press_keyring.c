#include "press_keyring.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "../sys/random.h"

#define NAME_MAX_BYTES 64

/* DIR/NAME.key or .pub, malloc'd. */
static char *
key_path(const char *dir, const char *name, const char *ending)
{
	char file[NAME_MAX_BYTES + 8];

	snprintf(file, sizeof(file), "%s%s", name, ending);
	return file_join(dir, file);
}

/* ---- public halves */

enum err
keyring_public(const char *path, struct minisign_key *out, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_MINISIG);
	e = file_read(path, LIMIT_MINISIG, &b, d);
	if (e == ERR_OK) {
		e = minisign_key_parse(buf_view(&b), out, d);
		if (e != ERR_OK)
			e = diag_prefix(d, e, "%s", path);
	}
	buf_free(&b);
	return e;
}

static enum err
public_add(struct keyring *ring, const char *file, struct diag *d)
{
	struct keyring_key *k = &ring->list[ring->n];
	size_t n = strlen(file);
	char *path;
	enum err e;

	if (n <= 4 || strcmp(file + n - 4, ".pub") != 0)
		return ERR_OK;
	if (ring->n == KEYRING_MAX || n > NAME_MAX_BYTES)
		return diag_set(d, ERR_LIMIT,
			"%s: more than %d keys, or a name over %d bytes",
			ring->dir, KEYRING_MAX, NAME_MAX_BYTES);
	path = file_join(ring->dir, file);
	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	*k = (struct keyring_key){.name = strndup(file, n - 4)};
	e = keyring_public(path, &k->pub, d);
	free(path);
	if (e == ERR_OK && k->name == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		ring->n++;
	else
		free(k->name);
	return e;
}

enum err
keyring_open(const char *dir, const char *pass_file, struct keyring *out,
	struct diag *d)
{
	char **names = NULL;
	size_t i, n = 0;
	enum err e;

	*out = (struct keyring){.pass_file = pass_file, .dir = strdup(dir)};
	if (out->dir == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = file_list(dir, 4 * KEYRING_MAX, &names, &n, d);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = public_add(out, names[i], d);
	strings_free(names, n);
	return e;
}

void
keyring_forget(struct keyring *ring)
{
	size_t i;

	for (i = 0; i < ring->n; i++) {
		sign_key_free(ring->list[i].key);
		ring->list[i].key = NULL;
	}
	pass_free(&ring->pass);
}

void
keyring_free(struct keyring *ring)
{
	size_t i;

	keyring_forget(ring);
	for (i = 0; i < ring->n; i++)
		free(ring->list[i].name);
	free(ring->dir);
	*ring = (struct keyring){.n = 0};
}

struct keyring_key *
keyring_find(struct keyring *ring, const uint8_t public[static CRYPTO_PUBLIC])
{
	size_t i;

	for (i = 0; i < ring->n; i++)
		if (memcmp(ring->list[i].pub.key, public, CRYPTO_PUBLIC) == 0)
			return &ring->list[i];
	return NULL;
}

struct keyring_key *
keyring_named(struct keyring *ring, const char *name)
{
	size_t i;

	for (i = 0; i < ring->n; i++)
		if (strcmp(ring->list[i].name, name) == 0)
			return &ring->list[i];
	return NULL;
}

bool
keyring_at_hand(
	struct keyring *ring, const uint8_t public[static CRYPTO_PUBLIC])
{
	const struct keyring_key *k = keyring_find(ring, public);
	char *path = k == NULL ? NULL : key_path(ring->dir, k->name, ".key");
	bool yes = path != NULL && file_exists(path);

	free(path);
	return yes;
}

/* ---- secret halves */

/* Key files that others can read are refused: whoever copied one may be
 * guessing its passphrase already. */
static enum err
secret_read(const char *path, struct buf *b, struct diag *d)
{
	struct stat st;
	/* Growing would leave copies of a plain key behind. */
	enum err e = buf_reserve(b, LIMIT_MINISIG);

	if (e == ERR_OK)
		e = file_read(path, LIMIT_MINISIG, b, d);
	if (e != ERR_OK)
		return e;
	if (lstat(path, &st) != 0)
		return file_errno(path, d);
	return pass_private(path, &st, d);
}

/* Typed passphrases before it is given up: a slip of a finger should not cost
 * the work before it. */
#define TRIES 3

static enum err
unlock(struct keyring *ring, const char *path, struct span file,
	struct sign_key **out, struct diag *d)
{
	struct span pass;
	enum err e = sign_key_load(file, NULL, out, d);
	int tries;

	if (e != ERR_USAGE)
		return e;
	if (ring->pass.p != NULL) {
		pass = pass_view(&ring->pass);
		e = sign_key_load(file, &pass, out, d);
		/* Another key may have another passphrase. */
		if (e != ERR_KEY || ring->pass_file != NULL)
			return e;
		pass_free(&ring->pass);
	}
	for (tries = 0; tries < TRIES; tries++) {
		e = pass_read(ring->pass_file, false, path, &ring->pass, d);
		if (e != ERR_OK)
			return e;
		pass = pass_view(&ring->pass);
		e = sign_key_load(file, &pass, out, d);
		if (e != ERR_KEY || ring->pass_file != NULL ||
			tries + 1 == TRIES)
			break;
		fputs("That is not it. Once more:\n", stderr);
		pass_free(&ring->pass);
	}
	return e;
}

/* libsodium locks what keys lie in, and goes on without a word when it
 * cannot. */
static void
memory_warn(struct keyring *ring)
{
	void *p;

	if (ring->warned)
		return;
	ring->warned = true;
	p = sodium_malloc(1);
	if (p != NULL && sodium_mlock(p, 1) != 0)
		fputs("erika-press: warning: secret keys cannot be locked in "
		      "memory here and may get into the swap (ulimit -l)\n",
			stderr);
	sodium_free(p);
}

enum err
keyring_load(struct keyring *ring, const char *path, struct sign_key **out,
	struct diag *d)
{
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_MINISIG);
	e = secret_read(path, &b, d);
	if (e == ERR_OK) {
		e = unlock(ring, path, buf_view(&b), out, d);
		if (e != ERR_OK)
			e = diag_prefix(d, e, "%s", path);
		else
			memory_warn(ring);
	}
	if (b.p != NULL)
		sodium_memzero(b.p, b.n);
	buf_free(&b);
	return e;
}

enum err
keyring_unlock(struct keyring *ring, struct keyring_key *k,
	struct sign_key **out, struct diag *d)
{
	char *path;
	enum err e = ERR_OK;

	*out = k->key;
	if (k->key != NULL)
		return ERR_OK;
	path = key_path(ring->dir, k->name, ".key");
	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (!file_exists(path))
		e = diag_set(d, ERR_MISSING,
			"%s is not here; is it kept offline?", path);
	if (e == ERR_OK)
		e = keyring_load(ring, path, &k->key, d);
	if (e == ERR_OK && memcmp(sign_key_public(k->key)->key, k->pub.key,
				   CRYPTO_PUBLIC) != 0) {
		sign_key_free(k->key);
		k->key = NULL;
		e = diag_set(d, ERR_KEY,
			"%s: the .pub beside it is another key's", path);
	}
	*out = k->key;
	free(path);
	return e;
}

/* ---- new ones */

static enum err
pair_write(const char *key, const char *pub, const struct sign_key *k,
	const struct pass *pass, struct diag *d)
{
	struct span view = pass == NULL ? span_of(NULL, 0) : pass_view(pass);
	uint8_t salt[32];
	struct buf b;
	enum err e;

	if (file_exists(key) || file_exists(pub))
		return diag_set(d, ERR_EXISTS, "%s is already there",
			file_exists(key) ? key : pub);
	random_fill(salt, sizeof(salt));
	buf_init(&b, LIMIT_MINISIG);
	e = sign_key_save(k, pass == NULL ? NULL : &view, salt, &b);
	if (e != ERR_OK)
		e = diag_set(d, e, "the key could not be encrypted");
	else
		e = file_write(key, buf_view(&b), 0600, d);
	if (b.p != NULL)
		sodium_memzero(b.p, b.n);
	buf_clear(&b);
	if (e == ERR_OK)
		e = minisign_key_add(&b, sign_key_public(k));
	if (e == ERR_OK)
		e = file_write(pub, buf_view(&b), 0644, d);
	buf_free(&b);
	return e;
}

enum err
keyring_create(const char *dir, const char *name, const struct pass *pass,
	struct sign_key **out, struct diag *d)
{
	struct sign_key *k = NULL;
	char *key, *pub;
	uint8_t seed[32];
	enum err e;

	if (out != NULL)
		*out = NULL;
	if (!text_name_ok(span_str(name), NAME_MAX_BYTES - 4))
		return diag_set(d, ERR_USAGE,
			"a key's name is made of a-z, 0-9, '.', '_' and '-'");
	key = key_path(dir, name, ".key");
	pub = key_path(dir, name, ".pub");
	random_fill(seed, sizeof(seed));
	k = sign_key_new(seed);
	sodium_memzero(seed, sizeof(seed));
	if (key == NULL || pub == NULL || k == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	else
		e = pair_write(key, pub, k, pass, d);
	free(key);
	free(pub);
	if (e == ERR_OK && out != NULL)
		*out = k;
	else
		sign_key_free(k);
	return e;
}
