/* RSA-PSS and ECDSA P-256 (TUF 1.0.34, section 4.2) by libcrypto, for foreign
 * test suites that sign with them. */
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "../../src/core/crypto.h"
#include "schemes.h"

#define RSA_BITS_LEAST 2048 /* 4.2: "at least 2048 bits" */
#define NUMBER_MOST 1024 /* bytes of one number of a key: RSA of 8,192 bits */

/* A SubjectPublicKeyInfo in PEM. NULL: not one. */
static EVP_PKEY *
pem_read(const char *public)
{
	BIO *bio = BIO_new_mem_buf(public, -1);
	EVP_PKEY *key = NULL;

	/* The empty string is the passphrase: else it would ask for one. */
	if (bio != NULL)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, (char[1]){""});
	BIO_free(bio);
	return key;
}

static EVP_PKEY *
rsa_read(const char *public)
{
	EVP_PKEY *key = pem_read(public);

	if (key != NULL &&
		(EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) &&
		EVP_PKEY_get_bits(key) >= RSA_BITS_LEAST)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *
p256_read(const char *public)
{
	EVP_PKEY *key = pem_read(public);
	char group[32] = "";

	if (key != NULL && EVP_PKEY_is_a(key, "EC") &&
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
		strcmp(group, "prime256v1") == 0)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* What a key is: its two numbers. The same key can be written compressed or
 * not, with or without parameters, in lines of any length. Takes the key. */
static bool
numbers_hash(EVP_PKEY *key, const char *const names[2], uint8_t out[static 32])
{
	struct hash *h = hash_new(HASH_SHA256);
	uint8_t b[NUMBER_MOST];
	bool good = key != NULL && h != NULL;
	size_t i;

	for (i = 0; good && i < 2; i++) {
		BIGNUM *n = NULL;

		good = EVP_PKEY_get_bn_param(key, names[i], &n) == 1 &&
		       BN_bn2binpad(n, b, sizeof(b)) == sizeof(b);
		if (good)
			hash_add(h, b, sizeof(b));
		BN_free(n);
	}
	if (good)
		hash_end(h, out);
	hash_free(h);
	EVP_PKEY_free(key);
	return good;
}

static bool
rsa_identity(const char *public, uint8_t out[static 32])
{
	static const char *const names[2] = {
		OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E};

	return numbers_hash(rsa_read(public), names, out);
}

static bool
p256_identity(const char *public, uint8_t out[static 32])
{
	static const char *const names[2] = {
		OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y};

	return numbers_hash(p256_read(public), names, out);
}

/* Takes the key. */
static bool
signature_verify(EVP_PKEY *key, bool pss, struct span sig, struct span m)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *cx = NULL; /* md's */
	bool good = key != NULL && md != NULL &&
		    EVP_DigestVerifyInit(md, &cx, EVP_sha256(), NULL, key) == 1;

	if (good && pss)
		good = EVP_PKEY_CTX_set_rsa_padding(cx, RSA_PKCS1_PSS_PADDING) >
			       0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(
			       cx, RSA_PSS_SALTLEN_AUTO) > 0;
	good = good && EVP_DigestVerify(md, sig.p, sig.n, m.p, m.n) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return good;
}

static bool
rsa_verify(const char *public, struct span sig, struct span m)
{
	return signature_verify(rsa_read(public), true, sig, m);
}

static bool
p256_verify(const char *public, struct span sig, struct span m)
{
	return signature_verify(p256_read(public), false, sig, m);
}

const struct tuf_scheme *
conform_schemes(void)
{
	/* "ecdsa-sha2-nistp256" is what older versions call the key type. */
	static const struct tuf_scheme table[] = {
		{"rsa", "rsassa-pss-sha256", rsa_identity, rsa_verify},
		{"ecdsa", "ecdsa-sha2-nistp256", p256_identity, p256_verify},
		{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", p256_identity,
			p256_verify},
		{NULL, NULL, NULL, NULL},
	};

	return table;
}
