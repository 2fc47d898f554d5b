#include "sign.h"

#include <sodium.h>
#include <string.h>

#include "limits.h"
#include "text.h"

/* N = 2^17, r = 8, p = 1 in the terms of libsodium, which the file uses:
 * 4 N r p operations and 128 N r bytes. An eighth of minisign's own choice,
 * so that a small board can sign. */
#define KDF_OPERATIONS 4194304
#define KDF_MEMORY 134217728

#define SECRET_LINE MINISIGN_UNTRUSTED "erika-press secret key, minisign format"

/* The decoded key file, after its five plain fields the part that is
 * encrypted: number, key, checksum. */
enum {
	AT_SIG = 0,
	AT_KDF = 2,
	AT_CHECK = 4,
	AT_SALT = 6,
	AT_OPERATIONS = AT_SALT + 32,
	AT_MEMORY = AT_OPERATIONS + 8,
	AT_NUMBER = AT_MEMORY + 8,
	AT_KEY = AT_NUMBER + MINISIGN_KEYNUM,
	AT_SUM = AT_KEY + crypto_sign_SECRETKEYBYTES,
	FILE_BYTES = AT_SUM + 32,
	HIDDEN = FILE_BYTES - AT_NUMBER,
	BASE64 = (FILE_BYTES + 2) / 3 * 4
};

struct sign_key {
	struct minisign_key pub;
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
};

/* Everything secret that loading and saving put down on the way; in locked
 * memory and wiped whole by sodium_free. Bytes only, as sodium_malloc
 * promises no alignment. */
struct scratch {
	uint8_t file[FILE_BYTES];
	uint8_t stream[HIDDEN];
	uint8_t again[crypto_sign_SECRETKEYBYTES];
	char base64[BASE64 + 1];
};

static void
put_u64le(uint8_t *p, uint64_t v)
{
	size_t i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t
get_u64le(const uint8_t *p)
{
	uint64_t v = 0;
	size_t i;

	for (i = 8; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

struct sign_key *
sign_key_new(const uint8_t seed[static 32])
{
	struct sign_key *k = sodium_malloc(sizeof(*k));

	if (k == NULL)
		return NULL;
	crypto_sign_seed_keypair(k->pub.key, k->secret, seed);
	minisign_keynum(k->pub.key, k->pub.keynum);
	sodium_mprotect_readonly(k);
	return k;
}

void
sign_key_free(struct sign_key *k)
{
	sodium_free(k);
}

const struct minisign_key *
sign_key_public(const struct sign_key *k)
{
	return &k->pub;
}

void
sign_wipe(void *p, size_t n)
{
	if (n > 0)
		sodium_memzero(p, n);
}

void
sign_bytes(const struct sign_key *k, struct span m,
	uint8_t sig[static CRYPTO_SIGNATURE])
{
	crypto_sign_detached(sig, NULL, m.p, m.n, k->secret);
}

/* BLAKE2b-256 of algorithm, number and key: how a wrong passphrase shows. */
static void
sum_make(const uint8_t file[static FILE_BYTES], uint8_t sum[static 32])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, 32);
	crypto_generichash_update(&h, file + AT_SIG, 2);
	crypto_generichash_update(&h, file + AT_NUMBER, AT_SUM - AT_NUMBER);
	crypto_generichash_final(&h, sum, 32);
	sodium_memzero(&h, sizeof(h));
}

/* XOR the hidden part with scrypt's output: encrypts and decrypts. */
static enum err
hide(struct scratch *s, struct span pass)
{
	uint64_t operations = get_u64le(s->file + AT_OPERATIONS);
	uint64_t memory = get_u64le(s->file + AT_MEMORY);
	size_t i;

	/* The library wants a pointer even to no bytes. */
	if (crypto_pwhash_scryptsalsa208sha256(s->stream, HIDDEN,
		    pass.n == 0 ? "" : (const char *)pass.p, pass.n,
		    s->file + AT_SALT, operations, (size_t)memory) != 0)
		return ERR_NOMEM;
	for (i = 0; i < HIDDEN; i++)
		s->file[AT_NUMBER + i] ^= s->stream[i];
	return ERR_OK;
}

enum err
sign_key_save(const struct sign_key *k, const struct span *pass,
	const uint8_t salt[static 32], struct buf *out)
{
	static const char first[] = SECRET_LINE "\n";
	struct scratch *s;
	enum err e;

	if (pass != NULL && pass->n == 0)
		return ERR_USAGE;
	/* Room at once: growing would leave copies of a plain key behind. */
	e = buf_reserve(out, sizeof(first) - 1 + BASE64 + 1);
	if (e != ERR_OK)
		return e;
	s = sodium_malloc(sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	memset(s->file, 0, sizeof(s->file));
	memcpy(s->file + AT_SIG, "Ed", 2);
	memcpy(s->file + AT_CHECK, "B2", 2);
	memcpy(s->file + AT_NUMBER, k->pub.keynum, MINISIGN_KEYNUM);
	memcpy(s->file + AT_KEY, k->secret, sizeof(k->secret));
	sum_make(s->file, s->file + AT_SUM);
	if (pass != NULL) {
		memcpy(s->file + AT_KDF, "Sc", 2);
		memcpy(s->file + AT_SALT, salt, 32);
		put_u64le(s->file + AT_OPERATIONS, KDF_OPERATIONS);
		put_u64le(s->file + AT_MEMORY, KDF_MEMORY);
		e = hide(s, *pass);
	}
	if (e == ERR_OK) {
		sodium_bin2base64(s->base64, sizeof(s->base64), s->file,
			sizeof(s->file), sodium_base64_VARIANT_ORIGINAL);
		e = buf_str(out, first);
	}
	if (e == ERR_OK)
		e = buf_add(out, s->base64, BASE64);
	if (e == ERR_OK)
		e = buf_str(out, "\n");
	sodium_free(s);
	return e;
}

/* The plain fields: kinds known, costs within limits. */
static enum err
fields_check(
	const uint8_t file[static FILE_BYTES], bool *encrypted, struct diag *d)
{
	if (memcmp(file + AT_SIG, "Ed", 2) != 0)
		return diag_set(
			d, ERR_UNSUPPORTED, "not an Ed25519 secret key");
	if (memcmp(file + AT_CHECK, "B2", 2) != 0)
		return diag_set(d, ERR_UNSUPPORTED,
			"its checksum is of an unknown kind");
	*encrypted = memcmp(file + AT_KDF, "\0\0", 2) != 0;
	if (!*encrypted)
		return ERR_OK;
	if (memcmp(file + AT_KDF, "Sc", 2) != 0)
		return diag_set(d, ERR_UNSUPPORTED,
			"it is encrypted in an unknown way");
	if (get_u64le(file + AT_MEMORY) > LIMIT_KDF_MEMORY ||
		get_u64le(file + AT_OPERATIONS) > LIMIT_KDF_OPERATIONS)
		return diag_set(d, ERR_LIMIT,
			"opening it would take more than 1 GiB of memory or "
			"minutes of time; make a new one, or change its "
			"passphrase with minisign -C");
	return ERR_OK;
}

/* Make the plain part of s->file readable and make sure that it is whole. */
static enum err
reveal(struct scratch *s, bool encrypted, const struct span *pass,
	struct diag *d)
{
	enum err e;

	if (encrypted && pass == NULL)
		return diag_set(d, ERR_USAGE,
			"this secret key is encrypted: its passphrase is "
			"needed");
	if (encrypted) {
		e = hide(s, *pass);
		if (e != ERR_OK)
			return diag_set(d, e,
				"opening it takes %llu MiB of memory, more "
				"than there is",
				(unsigned long long)(get_u64le(s->file +
							       AT_MEMORY) /
						     LIMIT_MIB));
	}
	sum_make(s->file, s->stream);
	if (sodium_memcmp(s->stream, s->file + AT_SUM, 32) == 0)
		return ERR_OK;
	if (encrypted)
		return diag_set(d, ERR_KEY, "wrong passphrase");
	/* minisign leaves the checksum of a plain key zero. */
	if (sodium_is_zero(s->file + AT_SUM, 32))
		return ERR_OK;
	return diag_set(
		d, ERR_SYNTAX, "its checksum is wrong: the file is damaged");
}

/* The public half is stored too. Signing with one that does not belong to the
 * seed would give the secret away, so it must be the one we derive. */
static enum err
key_make(struct scratch *s, struct sign_key **out, struct diag *d)
{
	struct sign_key *k = sodium_malloc(sizeof(*k));

	if (k == NULL)
		return diag_set(d, ERR_NOMEM, "no memory for a secret key");
	crypto_sign_seed_keypair(k->pub.key, s->again, s->file + AT_KEY);
	if (sodium_memcmp(s->again, s->file + AT_KEY, sizeof(s->again)) != 0) {
		sodium_free(k);
		return diag_set(d, ERR_SYNTAX,
			"its public half does not belong to its secret half");
	}
	memcpy(k->secret, s->again, sizeof(k->secret));
	memcpy(k->pub.keynum, s->file + AT_NUMBER, MINISIGN_KEYNUM);
	sodium_mprotect_readonly(k);
	*out = k;
	return ERR_OK;
}

enum err
sign_key_load(struct span file, const struct span *pass, struct sign_key **out,
	struct diag *d)
{
	struct cursor c = {.in = file};
	struct scratch *s;
	struct span line;
	bool encrypted;
	size_t n;
	enum err e;

	*out = NULL;
	e = minisign_open(&c, &line, d);
	if (e != ERR_OK)
		return e;
	if (cursor_left(&c) > 0)
		return diag_at(
			d, ERR_TRAILING, c.pos, "more after the last line");
	s = sodium_malloc(sizeof(*s));
	if (s == NULL)
		return diag_set(d, ERR_NOMEM, "no memory for a secret key");
	/* libsodium's decoder takes the same time for every key. */
	if (line.n != BASE64 ||
		sodium_base642bin(s->file, sizeof(s->file),
			(const char *)line.p, line.n, NULL, &n, NULL,
			sodium_base64_VARIANT_ORIGINAL) != 0 ||
		n != FILE_BYTES) {
		e = diag_set(d, ERR_SYNTAX, "not a minisign secret key");
		goto out;
	}
	e = fields_check(s->file, &encrypted, d);
	if (e == ERR_OK)
		e = reveal(s, encrypted, pass, d);
	if (e == ERR_OK)
		e = key_make(s, out, d);
out:
	sodium_free(s);
	return e;
}

enum err
sign_minisig(const struct sign_key *k, const uint8_t blake2b_512[static 64],
	const char *comment, struct buf *out)
{
	uint8_t blob[2 + MINISIGN_KEYNUM + CRYPTO_SIGNATURE] = {'E', 'D'};
	uint8_t m[CRYPTO_SIGNATURE + LIMIT_COMMENT], global[CRYPTO_SIGNATURE];
	size_t n = strlen(comment), was = out->n;
	enum err e;

	if (!text_line_ok(span_str(comment), LIMIT_COMMENT))
		return n > LIMIT_COMMENT ? ERR_LIMIT : ERR_SYNTAX;
	sign_bytes(k, span_of(blake2b_512, 64), m);
	memcpy(blob + 2, k->pub.keynum, MINISIGN_KEYNUM);
	memcpy(blob + 2 + MINISIGN_KEYNUM, m, CRYPTO_SIGNATURE);
	memcpy(m + CRYPTO_SIGNATURE, comment, n);
	sign_bytes(k, span_of(m, CRYPTO_SIGNATURE + n), global);
	e = buf_str(out, MINISIGN_SIG_LINE "\n");
	if (e == ERR_OK)
		e = text_base64_add(out, span_of(blob, sizeof(blob)));
	if (e == ERR_OK)
		e = buf_printf(out, "\n" MINISIGN_TRUSTED "%s\n", comment);
	if (e == ERR_OK)
		e = text_base64_add(out, span_of(global, sizeof(global)));
	if (e == ERR_OK)
		e = buf_str(out, "\n");
	if (e != ERR_OK)
		buf_cut(out, was);
	return e;
}
