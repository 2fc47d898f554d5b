/* Hashes by FIPS 180-4's and RFC 7693's messages, Ed25519 by RFC 8032's, and
 * the keys and signatures that a careless verifier takes. */
#include <string.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "../lib/tap.h"

#define LONG "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

static const enum hash_kind kinds[] = {
	HASH_SHA256, HASH_SHA512, HASH_BLAKE2B_512, HASH_BLAKE2B_256};

static const char *const kind_names[] = {
	"SHA-256", "SHA-512", "BLAKE2b-512", "BLAKE2b-256"};

static const struct {
	const char *name, *message;
	const char *hex[4];
} known[] = {
	{"nothing", "",
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
		 "b855",
			"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a"
			"921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47"
			"417a81a538327af927da3e",
			"786a02f742015903c6c6fd852552d272912f4740e15847618a86e"
			"217f71f5419d25e1031afee585313896444934eb04b903a685b14"
			"48b755d56f701afe9be2ce",
			"0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab4"
			"5cdf12fe3a8"}},
	{"abc", "abc",
		{"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
		 "15ad",
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9ee"
			"ee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d442364"
			"3ce80e2a9ac94fa54ca49f",
			"ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12b"
			"b6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8db"
			"f1925ab92386edd4009923",
			"bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c"
			"8c068d52319"}},
	{"448 bits", LONG,
		{"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db"
		 "06c1",
			"204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be"
			"331a703c33596fd15c13b1b07f9aa1d3bea57789ca031ad85c7a7"
			"1dd70354ec631238ca3445",
			"7285ff3e8bd768d69be62b3bf18765a325917fa9744ac2f582a20"
			"850bc2b1141ed1b3e4528595acc90772bdf2d37dc8a47130b44f3"
			"3a02e8730e5ad8e166e888",
			"5f7a93da9c5621583f22e49e8e91a40cbba37536622235a380f43"
			"4b9f68e49c4"}},
};

/* A million times "a", in pieces of odd lengths. */
static const char *const million[4] = {
	"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	"e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff"
	"244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
	"98fb3efb7206fd19ebf69b6f312cf7b64e3b94dbe1a17107913975a793f177e1d0776"
	"09d7fba363cbba00d05f7aa4e4fa8715d6428104c0a75643b0ff3fd3eaf",
	"0741850f36cba4259628355d1073e24ddb9ca0e1bfac36fd39ae5dc2101e23a4"};

static void
test_known(void)
{
	char hex[2 * HASH_MAX + 1];
	uint8_t h[HASH_MAX];
	size_t i, k;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		for (k = 0; k < 4; k++) {
			hash_bytes(kinds[k], span_str(known[i].message), h);
			text_hex(hex, h, hash_size(kinds[k]));
			is_str(hex, known[i].hex[k], "%s of %s", kind_names[k],
				known[i].name);
		}
}

static void
test_streamed(void)
{
	char hex[2 * HASH_MAX + 1];
	uint8_t h[HASH_MAX], a[1009];
	size_t k, n, left;

	memset(a, 'a', sizeof(a));
	for (k = 0; k < 4; k++) {
		struct hash *s = hash_new(kinds[k]);

		if (s == NULL)
			exit(1);
		n = 0;
		for (left = 1000000; left > 0; left -= n) {
			n = n * 7 % 1009 + 1;
			if (n > left)
				n = left;
			hash_add(s, a, n);
			hash_add(s, NULL, 0);
		}
		hash_end(s, h);
		hash_free(s);
		text_hex(hex, h, hash_size(kinds[k]));
		is_str(hex, million[k], "%s of a million letters, streamed",
			kind_names[k]);
	}
	hash_free(NULL);
}

static void
test_digest(void)
{
	struct digest a = digest_of(span_str("abc")), b;
	size_t i, same = 0;
	char hex[65];

	text_hex(hex, a.b, sizeof(a.b));
	is_str(hex, known[1].hex[3], "a digest is BLAKE2b-256");
	b = a;
	ok(digest_eq(&a, &b), "equal digests");
	for (i = 0; i < 256; i++) {
		b.b[i / 8] ^= (uint8_t)(1u << i % 8);
		same += digest_eq(&a, &b);
		b = a;
	}
	ok(same == 0, "one bit makes them differ");
}

/* RFC 8032 section 7.1, test 3. */
struct signed_message {
	uint8_t key[32], m[2], sig[64];
};

static struct signed_message
rfc8032(void)
{
	struct signed_message s;

	if (text_hex_decode(span_str("fc51cd8e6218a1a38da47ed00230f0580816ed13"
				     "ba3303ac5deb911548908025"),
		    s.key, 32) != ERR_OK ||
		text_hex_decode(span_str("af82"), s.m, 2) != ERR_OK ||
		text_hex_decode(
			span_str("6291d657deec24024827e69c3abe01a30ce548a28474"
				 "3a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
				 "984dc6594a7c15e9716ed28dc027beceea1ec40a"),
			s.sig, 64) != ERR_OK)
		exit(1);
	return s;
}

static void
test_verify(void)
{
	struct signed_message s = rfc8032();
	size_t i, accepted = 0;

	ok(crypto_verify(s.key, s.sig, span_of(s.m, 2)), "RFC 8032 test 3");
	ok(!crypto_verify(s.key, s.sig, span_of(s.m, 1)), "a byte less");
	ok(!crypto_verify(s.key, s.sig, span_of(NULL, 0)), "no message");
	for (i = 0; i < sizeof(s) * 8; i++) {
		uint8_t *p = (uint8_t *)&s + i / 8;

		*p ^= (uint8_t)(1u << i % 8);
		accepted += crypto_verify(s.key, s.sig, span_of(s.m, 2));
		*p ^= (uint8_t)(1u << i % 8);
	}
	ok(accepted == 0, "no flipped bit of key, message or signature");
}

/* S plus k times the group order L is the same number modulo L: a second
 * signature that nobody made, unless S must be below L (section 5.1.7). */
static void
test_malleable(void)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
		0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
		0x14, [31] = 0x10};
	struct signed_message s = rfc8032();
	size_t i, k, accepted = 0;

	for (k = 1; k < 15; k++) {
		unsigned carry = 0;

		for (i = 0; i < 32; i++) {
			carry += s.sig[32 + i] + (unsigned)order[i];
			s.sig[32 + i] = (uint8_t)carry;
			carry >>= 8;
		}
		accepted += crypto_verify(s.key, s.sig, span_of(s.m, 2));
	}
	ok(accepted == 0, "S + kL is refused");
	memcpy(s.sig + 32, order, 32);
	ok(!crypto_verify(s.key, s.sig, span_of(s.m, 2)), "S = L is refused");
}

/* Encodings of points of order 1, 2, 4 and 8, non-canonical ones included.
 * With such a key, R the neutral element and S = 0 sign every message (or
 * one in eight). The top bit is the sign of x. */
static const char *const small_order[] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void
test_small_order(void)
{
	struct signed_message s = rfc8032();
	uint8_t key[32], sig[64] = {1};
	size_t i, sign, m, accepted = 0, mixed = 0;

	for (i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++)
		for (sign = 0; sign < 2; sign++) {
			if (text_hex_decode(span_str(small_order[i]), key,
				    32) != ERR_OK)
				exit(1);
			key[31] ^= (uint8_t)(sign << 7);
			for (m = 0; m < 64; m++) {
				uint8_t byte = (uint8_t)m;

				memset(sig, 0, sizeof(sig));
				sig[0] = 1;
				accepted += crypto_verify(
					key, sig, span_of(&byte, 1));
				memcpy(sig, key, 32);
				accepted += crypto_verify(
					key, sig, span_of(&byte, 1));
			}
			memcpy(sig, key, 32);
			memcpy(sig + 32, s.sig + 32, 32);
			mixed += crypto_verify(s.key, sig, span_of(s.m, 2));
		}
	ok(accepted == 0, "no key of small order signs anything");
	ok(mixed == 0, "no R of small order under a good key");
	memset(key, 0xff, 32);
	ok(!crypto_verify(key, s.sig, span_of(s.m, 2)), "a key that is no "
							"point");
}

int
main(void)
{
	is_err(crypto_start(), ERR_OK, "start");
	is_err(crypto_start(), ERR_OK, "and again");
	test_known();
	test_streamed();
	test_digest();
	test_verify();
	test_malleable();
	test_small_order();
	return plan();
}
