/* Secret keys: RFC 8032's own, minisign's files, wrong passphrases, damage,
 * and memory that does not reach a core dump. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "../../src/core/limits.h"
#include "../../src/core/sign.h"
#include "../../src/core/text.h"
#include "../lib/tap.h"

/* Made with minisign 0.11 -W for this test alone: a public secret. */
#define SEC_1 "untrusted comment: minisign encrypted secret key\n"
#define SEC_2                                                                  \
	"RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAGlj9AHYVRWumkKidRaSuIOFv90J5Zn2EemWxRyGl9+yNrxsFiWUm4WpQR5yz7Q68" \
	"Fl3RwbjxUfstBcw3lausnEN3iP9mjS1bAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAA=\n"
#define PUB                                                                    \
	"untrusted comment: minisign public key 6B45157600FD581A\n"            \
	"RWQaWP0AdhVFa2pQR5yz7Q68Fl3RwbjxUfstBcw3lausnEN3iP9mjS1b\n"

enum { BLOB = 158, AT_KDF = 2, AT_OPERATIONS = 38, AT_MEMORY = 46 };

static const uint8_t salt[32] = "a salt for tests, and for no use";

static struct sign_key *
key_new(uint8_t first)
{
	uint8_t seed[32] = {first};
	struct sign_key *k = sign_key_new(seed);

	if (k == NULL)
		exit(1);
	return k;
}

/* RFC 8032 section 7.1, tests 1 to 3. */
static void
test_rfc8032(void)
{
	static const struct {
		const char *seed, *pub, *message, *sig;
	} t[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae"
		 "7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021"
			"a68f707511a",
			"",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e"
			"065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f059"
			"5bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8"
		 "a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd5"
			"5f12af4660c",
			"72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762"
			"223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4"
			"302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b44"
		 "58f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb9"
			"11548908025",
			"af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e368"
			"0d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e971"
			"6ed28dc027beceea1ec40a"},
	};
	char hex[2 * CRYPTO_SIGNATURE + 1];
	uint8_t seed[32], m[2], sig[CRYPTO_SIGNATURE];
	size_t i, n;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct sign_key *k;

		n = strlen(t[i].message) / 2;
		if (text_hex_decode(span_str(t[i].seed), seed, 32) != ERR_OK ||
			text_hex_decode(span_str(t[i].message), m, n) != ERR_OK)
			exit(1);
		k = sign_key_new(seed);
		if (k == NULL)
			exit(1);
		text_hex(hex, sign_key_public(k)->key, CRYPTO_PUBLIC);
		is_str(hex, t[i].pub, "RFC 8032 key %zu", i + 1);
		sign_bytes(k, span_of(m, n), sig);
		text_hex(hex, sig, sizeof(sig));
		is_str(hex, t[i].sig, "RFC 8032 signature %zu", i + 1);
		ok(crypto_verify(sign_key_public(k)->key, sig, span_of(m, n)),
			"it verifies");
		sign_key_free(k);
	}
	sign_key_free(NULL);
}

/* Save with a passphrase (or NULL), load with another; compare. */
static enum err
round_trip(const char *save, const char *load, struct diag *d)
{
	struct span a = span_str(save == NULL ? "" : save);
	struct span b = span_str(load == NULL ? "" : load);
	struct sign_key *k = key_new(1), *again = NULL;
	struct buf out;
	enum err e;

	buf_init(&out, 1000);
	e = sign_key_save(k, save == NULL ? NULL : &a, salt, &out);
	if (e == ERR_OK)
		e = sign_key_load(
			buf_view(&out), load == NULL ? NULL : &b, &again, d);
	if (e == ERR_OK && (memcmp(sign_key_public(k), sign_key_public(again),
				    sizeof(struct minisign_key)) != 0))
		e = ERR_FAILED;
	if (e != ERR_OK && again != NULL)
		e = ERR_COUNT;
	sign_key_free(k);
	sign_key_free(again);
	buf_free(&out);
	return e;
}

static void
test_passphrase(void)
{
	struct diag d = {0};

	is_err(round_trip(NULL, NULL, &d), ERR_OK, "a plain key");
	is_err(round_trip(NULL, "not needed", &d), ERR_OK,
		"a plain key and a passphrase");
	is_err(round_trip("secret", "secret", &d), ERR_OK, "an encrypted key");
	is_err(round_trip("secret", "Secret", &d), ERR_KEY,
		"a wrong passphrase");
	is_str(d.why, "wrong passphrase", "is said");
	is_err(round_trip("secret", "secret ", &d), ERR_KEY, "a space more");
	is_err(round_trip("secret", "", &d), ERR_KEY, "an empty one");
	is_err(round_trip("secret", NULL, &d), ERR_USAGE, "none");
	ok(strstr(d.why, "passphrase") != NULL, "%s", d.why);
	is_err(round_trip("", "", &d), ERR_USAGE,
		"an empty passphrase encrypts nothing");
}

static void
test_save(void)
{
	struct span pass = span_str("p");
	struct sign_key *k = key_new(2);
	struct buf a, b;

	buf_init(&a, 1000);
	buf_init(&b, 1000);
	is_err(sign_key_save(k, &pass, salt, &a), ERR_OK, "save a key");
	is_err(sign_key_save(k, &pass, salt, &b), ERR_OK, "and again");
	ok(span_eq(buf_view(&a), buf_view(&b)), "the same bytes");
	buf_clear(&b);
	is_err(sign_key_save(k, NULL, salt, &b), ERR_OK, "save it plain");
	ok(!span_eq(buf_view(&a), buf_view(&b)), "other bytes");
	buf_free(&b);
	buf_init(&b, 200);
	is_err(sign_key_save(k, NULL, salt, &b), ERR_LIMIT, "no room");
	ok(b.n == 0, "nothing is written");
	buf_free(&a);
	buf_free(&b);
	sign_key_free(k);
}

static void
test_foreign(void)
{
	struct sign_key *k;
	struct diag d;
	struct buf b;

	buf_init(&b, 1000);
	is_err(sign_key_load(span_str(SEC_1 SEC_2), NULL, &k, &d), ERR_OK,
		"a plain key by minisign");
	if (k == NULL)
		exit(1);
	is_err(minisign_key_add(&b, sign_key_public(k)), ERR_OK, "its");
	is_str(buf_cstr(&b), PUB, "public half");
	sign_key_free(k);
	buf_free(&b);
}

/* The key file above with its blob changed, or whole when `at` is BLOB. */
static enum err
load_changed(size_t at, uint8_t mask, struct diag *d)
{
	static const struct span pass = {(const uint8_t *)"x", 1};
	struct span line = span_sub(span_str(SEC_2), 0, strlen(SEC_2) - 1);
	struct buf blob, file;
	struct sign_key *k;
	enum err e;

	buf_init(&blob, BLOB);
	buf_init(&file, 1000);
	e = text_base64_decode(line, &blob);
	if (e == ERR_OK)
		e = buf_str(&file, SEC_1);
	if (e == ERR_OK && at < BLOB)
		blob.p[at] ^= mask;
	if (e == ERR_OK)
		e = text_base64_add(&file, buf_view(&blob));
	if (e == ERR_OK)
		e = buf_str(&file, "\n");
	if (e != ERR_OK)
		exit(1);
	e = sign_key_load(buf_view(&file), &pass, &k, d);
	if ((e == ERR_OK) != (k != NULL))
		e = ERR_COUNT;
	sign_key_free(k);
	buf_free(&blob);
	buf_free(&file);
	return e;
}

static void
test_damage(void)
{
	size_t i, accepted = 0;
	struct diag d;

	is_err(load_changed(BLOB, 0, &d), ERR_OK, "the key file as it was");
	/* Salt and costs mean nothing in a plain key, and nothing guards its
	 * number there; the rest is guarded by the two halves' match. */
	for (i = 0; i < BLOB * 8; i++) {
		size_t at = i / 8;

		if ((at >= 6 && at < 62) || at == AT_KDF || at == AT_KDF + 1)
			continue;
		accepted +=
			load_changed(at, (uint8_t)(1u << i % 8), &d) == ERR_OK;
	}
	ok(accepted == 0, "no flipped bit of a plain key is accepted");
	is_err(load_changed(0, 1, &d), ERR_UNSUPPORTED, "another algorithm");
	is_err(load_changed(AT_KDF, 1, &d), ERR_UNSUPPORTED, "another kdf");
	is_err(load_changed(4, 1, &d), ERR_UNSUPPORTED, "another checksum");
	is_err(load_changed(100, 1, &d), ERR_SYNTAX, "halves that differ");
	ok(strstr(d.why, "half") != NULL, "%s", d.why);
}

/* An encrypted file that asks for too much must not get it. */
static enum err
load_costly(uint64_t operations, uint64_t memory, struct diag *d)
{
	struct span pass = span_str("x");
	uint8_t raw[BLOB] = {'E', 'd', 'S', 'c', 'B', '2'};
	struct sign_key *k;
	struct buf file;
	enum err e;
	size_t i;

	for (i = 0; i < 8; i++) {
		raw[AT_OPERATIONS + i] = (uint8_t)(operations >> 8 * i);
		raw[AT_MEMORY + i] = (uint8_t)(memory >> 8 * i);
	}
	buf_init(&file, 1000);
	e = buf_str(&file, SEC_1);
	if (e == ERR_OK)
		e = text_base64_add(&file, span_of(raw, sizeof(raw)));
	if (e == ERR_OK)
		e = buf_str(&file, "\n");
	if (e != ERR_OK)
		exit(1);
	e = sign_key_load(buf_view(&file), &pass, &k, d);
	sign_key_free(k);
	buf_free(&file);
	return e;
}

static void
test_costs(void)
{
	struct diag d;

	is_err(load_costly(32768, LIMIT_KDF_MEMORY + 1, &d), ERR_LIMIT,
		"a key file that asks for more than 1 GiB");
	ok(strstr(d.why, "1 GiB") != NULL, "%s", d.why);
	is_err(load_costly(LIMIT_KDF_OPERATIONS + 1, 1 << 24, &d), ERR_LIMIT,
		"one that asks for minutes");
	is_err(load_costly(UINT64_MAX, UINT64_MAX, &d), ERR_LIMIT,
		"one that asks for everything");
	is_err(load_costly(0, 0, &d), ERR_KEY, "one that asks for nothing");
	is_err(load_costly(32768, LIMIT_KDF_MEMORY, &d), ERR_KEY,
		"one at the limit, few operations");
}

static enum err
load(const char *text)
{
	struct sign_key *k;
	enum err e = sign_key_load(span_str(text), NULL, &k, NULL);

	sign_key_free(k);
	return e;
}

static void
test_syntax(void)
{
	struct sign_key *k;
	char text[sizeof(SEC_1 SEC_2)];
	size_t i, n = strlen(SEC_1 SEC_2), accepted = 0;

	is_err(load(""), ERR_TRUNCATED, "an empty key file");
	is_err(load(SEC_2), ERR_SYNTAX, "no comment");
	is_err(load(PUB), ERR_SYNTAX, "a public key");
	is_err(load(SEC_1 SEC_2 "\n"), ERR_TRAILING, "a blank line after");
	is_err(load(SEC_1 SEC_2 SEC_2), ERR_TRAILING, "two keys");
	for (i = 0; i < n; i++) {
		accepted += sign_key_load(span_of(SEC_1 SEC_2, i), NULL, &k,
				    NULL) == ERR_OK;
		sign_key_free(k);
	}
	ok(accepted == 0, "no beginning of a key file is accepted");
	is_err(load(SEC_1 "RWQAAEIy\n"), ERR_SYNTAX, "too short");
	is_err(load(SEC_1 " " SEC_2), ERR_SYNTAX, "a space before");
	memcpy(text, SEC_1 SEC_2, sizeof(text));
	is_err(load(text), ERR_OK, "a copy");
	text[sizeof(text) - 4] = 'B'; /* before "=\n" and the NUL */
	is_err(load(text), ERR_SYNTAX, "a second spelling of its base64");
}

static void
test_minisig(void)
{
	struct sign_key *k = key_new(3);
	char comment[LIMIT_COMMENT + 2];
	uint8_t hash[HASH_MAX] = {0};
	struct minisign_sig s;
	struct buf a, b;

	buf_init(&a, LIMIT_MINISIG);
	buf_init(&b, LIMIT_MINISIG);
	is_err(sign_minisig(k, hash, "x", &a), ERR_OK, "sign");
	is_err(sign_minisig(k, hash, "x", &b), ERR_OK, "and again");
	ok(span_eq(buf_view(&a), buf_view(&b)), "the same bytes");
	ok(minisign_sig_strict(buf_view(&a)), "with our first line");
	buf_clear(&a);
	is_err(sign_minisig(k, hash, "", &a), ERR_SYNTAX, "no comment");
	is_err(sign_minisig(k, hash, "a\nb", &a), ERR_SYNTAX, "two lines");
	is_err(sign_minisig(k, hash, "a\tb", &a), ERR_SYNTAX, "a tab");
	is_err(sign_minisig(k, hash, "a\rb", &a), ERR_SYNTAX, "a return");
	is_err(sign_minisig(k, hash, "\xff", &a), ERR_SYNTAX, "no UTF-8");
	memset(comment, 'c', sizeof(comment));
	comment[LIMIT_COMMENT + 1] = '\0';
	is_err(sign_minisig(k, hash, comment, &a), ERR_LIMIT, "too long");
	ok(a.n == 0, "nothing was written");
	comment[LIMIT_COMMENT] = '\0';
	is_err(sign_minisig(k, hash, comment, &a), ERR_OK, "the longest");
	is_err(minisign_sig_parse(buf_view(&a), &s, NULL), ERR_OK, "is read");
	is_err(minisign_check(&s, sign_key_public(k), hash, NULL), ERR_OK,
		"and verifies");
	buf_free(&b);
	buf_init(&b, 150);
	is_err(sign_minisig(k, hash, "x", &b), ERR_LIMIT, "no room");
	ok(b.n == 0, "nothing is written");
	buf_free(&a);
	buf_free(&b);
	sign_key_free(k);
}

/* Whether the mapping that holds p has a flag: "dd" is left out of core dumps,
 * "lo" is locked against swapping. -1
 * when the system does not say. */
static int
memory_flag(const void *p, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long long at = (unsigned long long)(uintptr_t)p;
	bool here = false;
	int answer = -1;
	char line[512];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *dash, *rest;
		unsigned long long from = strtoull(line, &dash, 16), to;

		if (dash != line && *dash == '-') {
			to = strtoull(dash + 1, &rest, 16);
			here = *rest == ' ' && at >= from && at < to;
		} else if (here && strncmp(line, "VmFlags:", 8) == 0) {
			answer = strstr(line, flag) != NULL;
		}
	}
	if (f != NULL)
		fclose(f);
	return answer;
}

/* Whether the system says what is left out of core dumps and what is locked:
 * an emulator of another processor does not. */
static bool
tells(void)
{
	void *p = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool yes = p != MAP_FAILED && madvise(p, 1, MADV_DONTDUMP) == 0 &&
		     memory_flag(p, " dd") == 1;

	if (p != MAP_FAILED)
		munmap(p, 1);
	return yes;
}

static void
test_memory(void)
{
	struct rlimit none = {0, 0}, locked;
	struct sign_key *k = key_new(4);
	uint8_t secret[4] = {1, 2, 3, 4}, zero[4] = {0};
	int answer;

	answer = memory_flag(k, " dd");
	if (!tells())
		skip("/proc/self/smaps does not tell",
			"a key is left out of core dumps");
	else
		ok(answer == 1, "a key is left out of core dumps");
	ok(memory_flag(secret, " dd") < 1, "and the test would notice");
	answer = memory_flag(k, " lo");
#if defined(__SANITIZE_ADDRESS__)
	answer = -1; /* the sanitizer makes mlock do nothing */
#endif
	if (!tells() || answer < 0 || getrlimit(RLIMIT_MEMLOCK, &locked) != 0 ||
		locked.rlim_cur < 65536)
		skip("no VmFlags, a sanitizer, or no memory may be locked",
			"a key is never swapped");
	else
		ok(answer == 1, "a key is never swapped");
	ok(memory_flag(secret, " lo") < 1, "and the test would notice");
	sign_key_free(k);
	sign_wipe(secret, sizeof(secret));
	ok(memcmp(secret, zero, 4) == 0, "sign_wipe wipes");
	sign_wipe(NULL, 0);
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0) {
		skip("setrlimit", "a key without locked memory");
		return;
	}
	k = key_new(5);
	ok(k != NULL, "a key can be made where no memory may be locked");
	sign_key_free(k);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	test_rfc8032();
	test_passphrase();
	test_save();
	test_foreign();
	test_damage();
	test_costs();
	test_syntax();
	test_minisig();
	test_memory();
	return plan();
}
