/* minisign's formats: what its own program wrote is read, and no bit, byte or
 * line of a key or signature can change unnoticed. */
#include <string.h>

#include "../../src/core/limits.h"
#include "../../src/core/minisign.h"
#include "../../src/core/sign.h"
#include "../lib/tap.h"

/* Made with minisign 0.11 by a key for this test alone. */
#define FILE_TEXT "hello, reader\n"
#define PUB_1 "untrusted comment: minisign public key 6B45157600FD581A\n"
#define PUB_2 "RWQaWP0AdhVFa2pQR5yz7Q68Fl3RwbjxUfstBcw3lausnEN3iP9mjS1b\n"
#define SIG_1 "untrusted comment: signature from minisign secret key\n"
#define SIG_2                                                                  \
	"RUQaWP0AdhVFayJ4QfuNT96cspbv6ES7ICXru3dIj2pEu7jSEa2ROf/qvyx4tdbO0d4/" \
	"w0EmrG2FEn5UQIjKlJSEKTZELpzN9QY=\n"
#define SIG_3 "trusted comment: timestamp:1700000000\tfile:f\thashed\n"
#define SIG_4                                                                  \
	"0MCP5nNf9XTPpynndhS6IrdipiKo8smDxmXVC2cvZSYksoaz6E2/3nzYhKP2bcbrY51b" \
	"7ecGonpoeiYmyG8IBg==\n"
#define OLD_2                                                                  \
	"RWQaWP0AdhVFaze3Sqp0p7QoLCnohbb9ZX3DmTUR1Q10ygfA5aDiWJkWo222Gzur0BF/" \
	"krzonY1qg0OzN+rWKiR+VKQpykR0JQo=\n"
#define OLD_34                                                                 \
	"trusted comment: old kind\n"                                          \
	"qeEW567vuOmBOoKOBR2kpp8FgKqiEsBBQ9jdzX51DSBPVpf5di81phtba4Z8IONmRtu"  \
	"/0fpCAkzBXRHGuJ2wDg==\n"

/* Parse and verify; ERR_OK only when everything holds. */
static enum err
verify(struct span pub, struct span sig, const char *file)
{
	struct verified *v = NULL;
	struct minisign_sig s;
	struct minisign_key k;
	struct diag d = {0};
	enum err e;

	e = minisign_key_parse(pub, &k, &d);
	if (e == ERR_OK)
		e = minisign_sig_parse(sig, &s, &d);
	if (e == ERR_OK)
		e = minisign_verify(&s, &k, span_str(file), &v, &d);
	if (e == ERR_OK && !span_eq(verified_bytes(v), span_str(file)))
		e = ERR_FAILED;
	if (e != ERR_OK && (v != NULL || d.code != e || d.why[0] == '\0'))
		e = ERR_COUNT;
	verified_free(v);
	return e;
}

static enum err
key_of(const char *text)
{
	struct minisign_key k;

	return minisign_key_parse(span_str(text), &k, NULL);
}

static enum err
sig_of(const char *text)
{
	struct minisign_sig s;

	return minisign_sig_parse(span_str(text), &s, NULL);
}

static void
test_foreign(void)
{
	static const uint8_t number[] = {
		0x1a, 0x58, 0xfd, 0x00, 0x76, 0x15, 0x45, 0x6b};
	const struct span pub = span_str(PUB_1 PUB_2);
	struct minisign_key k;
	struct minisign_sig s;
	struct buf b;

	is_err(verify(pub, span_str(SIG_1 SIG_2 SIG_3 SIG_4), FILE_TEXT),
		ERR_OK, "a signature by minisign verifies");
	is_err(verify(pub, span_str(SIG_1 SIG_2 SIG_3 SIG_4), "hello"),
		ERR_SIGNATURE, "not over another file");
	is_err(verify(pub, span_str(SIG_1 SIG_2 SIG_3 SIG_4), ""),
		ERR_SIGNATURE, "nor over an empty one");
	is_err(verify(pub, span_str(SIG_1 OLD_2 OLD_34), FILE_TEXT),
		ERR_UNSUPPORTED, "the old kind is refused");
	is_err(minisign_key_parse(pub, &k, NULL), ERR_OK, "its key is read");
	ok(memcmp(k.keynum, number, 8) == 0, "with its number");
	buf_init(&b, 1000);
	is_err(minisign_key_add(&b, &k), ERR_OK, "and written");
	is_str(buf_cstr(&b), PUB_1 PUB_2, "byte for byte as minisign does");
	buf_free(&b);
	buf_init(&b, 100);
	is_err(buf_str(&b, "x"), ERR_OK, "in a small buffer");
	is_err(minisign_key_add(&b, &k), ERR_LIMIT, "there is no room");
	is_str(buf_cstr(&b), "x", "and nothing is written");
	buf_free(&b);
	is_err(minisign_sig_parse(span_str(SIG_1 SIG_2 SIG_3 SIG_4), &s, NULL),
		ERR_OK, "its signature is read");
	is_str(s.comment, "timestamp:1700000000\tfile:f\thashed",
		"with its comment");
	ok(!minisign_sig_strict(span_str(SIG_1 SIG_2 SIG_3 SIG_4)),
		"which is not erika-press's writing");
}

static void
test_key_syntax(void)
{
	is_err(key_of(""), ERR_TRUNCATED, "an empty key file");
	is_err(key_of(PUB_1), ERR_TRUNCATED, "a comment alone");
	is_err(key_of("untrusted comment: \n" PUB_2), ERR_OK, "no comment");
	is_err(key_of("untrusted comment:\n" PUB_2), ERR_SYNTAX,
		"not even a space");
	is_err(key_of(PUB_2), ERR_SYNTAX, "a key alone");
	is_err(key_of("Untrusted comment: x\n" PUB_2), ERR_SYNTAX, "a capital");
	is_err(key_of(PUB_1 "\n" PUB_2), ERR_TRAILING, "a blank line between");
	is_err(key_of(PUB_1 PUB_2 "\n"), ERR_TRAILING, "a blank line after");
	is_err(key_of(PUB_1 PUB_2 PUB_2), ERR_TRAILING, "two keys");
	is_err(key_of(PUB_1 " " PUB_2), ERR_SYNTAX, "a space before");
	is_err(key_of(PUB_1 "RWQ=\n"), ERR_SYNTAX, "a short key");
	is_err(key_of(PUB_1 "\n"), ERR_SYNTAX, "an empty key");
	is_err(key_of(SIG_1 SIG_2), ERR_SYNTAX, "a signature's blob");
	is_err(key_of("untrusted comment: x\r\n" PUB_2), ERR_SYNTAX,
		"a carriage return");
	is_err(key_of(PUB_1 "RUQaWP0AdhVFa2pQR5yz7Q68Fl3RwbjxUfstBcw3lausnEN3"
			    "iP9mjS1b\n"),
		ERR_UNSUPPORTED, "another algorithm");
	is_err(key_of("untrusted comment: \xff\xfe\n" PUB_2), ERR_OK,
		"any bytes in what nobody trusts");
}

static void
test_sig_syntax(void)
{
	is_err(sig_of(""), ERR_TRUNCATED, "an empty signature file");
	is_err(sig_of(SIG_1 SIG_2), ERR_TRUNCATED, "signify's two lines");
	is_err(sig_of(SIG_1 SIG_2 SIG_3), ERR_TRUNCATED, "three lines");
	is_err(sig_of(SIG_1 SIG_2 SIG_3 SIG_4 "\n"), ERR_TRAILING,
		"a blank line after");
	is_err(sig_of(SIG_1 SIG_2 SIG_3 SIG_4 SIG_1), ERR_TRAILING,
		"five lines");
	is_err(sig_of(SIG_2 SIG_3 SIG_4), ERR_SYNTAX, "the first line gone");
	is_err(sig_of(SIG_1 SIG_3 SIG_2 SIG_4), ERR_SYNTAX, "lines swapped");
	is_err(sig_of(SIG_1 SIG_4 SIG_3 SIG_2), ERR_SYNTAX,
		"signatures swapped");
	is_err(sig_of(SIG_1 SIG_2 "trusted comment:\n" SIG_4), ERR_SYNTAX,
		"no space before the comment");
	is_err(sig_of(SIG_1 SIG_2 "Trusted comment: x\n" SIG_4), ERR_SYNTAX,
		"a capital");
	is_err(sig_of(SIG_1 SIG_2 "trusted comment: \n" SIG_4), ERR_OK,
		"an empty comment can be read");
	is_err(sig_of(SIG_1 SIG_2 "trusted comment: a\033[31mb\n" SIG_4),
		ERR_SYNTAX, "a comment that paints");
	is_err(sig_of(SIG_1 SIG_2 "trusted comment: a\xe2\x80\xae"
				  "b\n" SIG_4),
		ERR_SYNTAX, "a comment that turns text around");
	is_err(sig_of(SIG_1 SIG_2 "trusted comment: \xc0\xaf\n" SIG_4),
		ERR_SYNTAX, "a comment that is not UTF-8");
	is_err(sig_of(SIG_1 SIG_2 "trusted comment: a\r\n" SIG_4), ERR_SYNTAX,
		"a comment with a carriage return");
	is_err(sig_of(SIG_1 SIG_2 "trusted comment: \xd0\xb3\n" SIG_4), ERR_OK,
		"a Cyrillic comment");
}

/* A signature file with this much of everything. */
static enum err
sig_sized(size_t first, size_t third, char fill)
{
	struct minisign_sig s;
	struct buf b;
	enum err e;
	size_t i;

	buf_init(&b, 40000);
	e = buf_str(&b, MINISIGN_UNTRUSTED);
	for (i = 0; e == ERR_OK && i < first; i++)
		e = buf_u8(&b, 'u');
	if (e == ERR_OK)
		e = buf_str(&b, "\n" SIG_2 MINISIGN_TRUSTED);
	for (i = 0; e == ERR_OK && i < third; i++)
		e = buf_u8(&b, (uint8_t)fill);
	if (e == ERR_OK)
		e = buf_str(&b, "\n" SIG_4);
	if (e == ERR_OK)
		e = minisign_sig_parse(buf_view(&b), &s, NULL);
	if (e == ERR_OK && strlen(s.comment) != third)
		e = ERR_FAILED;
	buf_free(&b);
	return e;
}

static void
test_sizes(void)
{
	size_t first = LIMIT_COMMENT_LINE - strlen(MINISIGN_UNTRUSTED);

	is_err(sig_sized(first, 1, 'x'), ERR_OK, "longest first line");
	is_err(sig_sized(first + 1, 1, 'x'), ERR_LIMIT, "one byte more");
	is_err(sig_sized(1, LIMIT_COMMENT, 'x'), ERR_OK, "longest comment");
	is_err(sig_sized(1, LIMIT_COMMENT + 1, 'x'), ERR_LIMIT,
		"one byte more");
	is_err(sig_sized(1, 30000, 'x'), ERR_LIMIT, "a file over its limit");
	is_err(sig_sized(1, 5, '\0'), ERR_SYNTAX, "NUL bytes in a comment");
}

/* Our own key and signature, to be damaged below. */
struct pair {
	struct buf pub, sig;
};

static void
pair_make(struct pair *p)
{
	uint8_t seed[32] = {42}, hash[HASH_MAX];
	struct sign_key *k = sign_key_new(seed);
	enum err e = k == NULL ? ERR_NOMEM : ERR_OK;

	buf_init(&p->pub, 1000);
	buf_init(&p->sig, 1000);
	hash_bytes(HASH_BLAKE2B_512, span_str(FILE_TEXT), hash);
	if (e == ERR_OK)
		e = minisign_key_add(&p->pub, sign_key_public(k));
	if (e == ERR_OK)
		e = sign_minisig(k, hash, "path=b/news/2026-w27/x", &p->sig);
	sign_key_free(k);
	is_err(e, ERR_OK, "make a key and a signature");
	is_err(verify(buf_view(&p->pub), buf_view(&p->sig), FILE_TEXT), ERR_OK,
		"they verify");
}

static void
pair_free(struct pair *p)
{
	buf_free(&p->pub);
	buf_free(&p->sig);
}

/* How a program that wants our own signatures judges. */
static enum err
verify_strict(const struct pair *p)
{
	if (!minisign_sig_strict(buf_view(&p->sig)))
		return ERR_SYNTAX;
	return verify(buf_view(&p->pub), buf_view(&p->sig), FILE_TEXT);
}

static size_t
first_line(const struct buf *b)
{
	return (size_t)((uint8_t *)memchr(b->p, '\n', b->n) - b->p);
}

static void
test_flips(void)
{
	size_t i, lax = 0, accepted = 0, wild = 0, head;
	struct pair p;

	pair_make(&p);
	head = first_line(&p.sig);
	for (i = 0; i < p.sig.n * 8; i++) {
		enum err e;

		p.sig.p[i / 8] ^= (uint8_t)(1u << i % 8);
		accepted += verify_strict(&p) == ERR_OK;
		e = verify(buf_view(&p.pub), buf_view(&p.sig), FILE_TEXT);
		lax += i / 8 >= head && e == ERR_OK;
		wild += e == ERR_COUNT;
		p.sig.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(accepted == 0, "no flipped bit of a signature file is accepted");
	ok(lax == 0, "without the strict first line: none after it");
	ok(wild == 0, "each refusal says why");
	accepted = 0;
	for (i = first_line(&p.pub) * 8; i < p.pub.n * 8; i++) {
		p.pub.p[i / 8] ^= (uint8_t)(1u << i % 8);
		accepted += verify_strict(&p) == ERR_OK;
		p.pub.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(accepted == 0, "no flipped bit of a key verifies anything");
	pair_free(&p);
}

static void
test_cuts(void)
{
	size_t i, n, accepted = 0, full;
	struct pair p;

	pair_make(&p);
	full = p.sig.n;
	for (i = 0; i < full; i++) {
		p.sig.n = i;
		accepted += verify_strict(&p) == ERR_OK;
	}
	p.sig.n = full;
	ok(accepted == 0, "no beginning of a signature file is accepted");
	full = p.pub.n;
	for (i = 0; i < full; i++) {
		p.pub.n = i;
		accepted += verify_strict(&p) == ERR_OK;
	}
	p.pub.n = full;
	ok(accepted == 0, "no beginning of a key file is accepted");
	/* Take one byte out, or put one in, at every place. */
	for (i = 0; i < p.sig.n; i++) {
		uint8_t was = p.sig.p[i];

		n = p.sig.n;
		memmove(p.sig.p + i, p.sig.p + i + 1, n - i - 1);
		p.sig.n = n - 1;
		accepted += verify_strict(&p) == ERR_OK;
		memmove(p.sig.p + i + 1, p.sig.p + i, n - i - 1);
		p.sig.p[i] = was;
		p.sig.n = n;
	}
	ok(accepted == 0, "nor one with a byte missing");
	if (buf_reserve(&p.sig, 1) != ERR_OK)
		accepted++;
	for (i = 0; i <= p.sig.n; i++) {
		static const char put[] = " \n\r\t=A";

		n = p.sig.n;
		memmove(p.sig.p + i + 1, p.sig.p + i, n - i);
		p.sig.p[i] = (uint8_t)put[i % (sizeof(put) - 1)];
		p.sig.n = n + 1;
		accepted += verify_strict(&p) == ERR_OK;
		memmove(p.sig.p + i, p.sig.p + i + 1, n - i);
		p.sig.n = n;
	}
	ok(accepted == 0, "nor one with a byte more");
	is_err(verify_strict(&p), ERR_OK, "the whole one still is");
	pair_free(&p);
}

static void
test_keynum(void)
{
	char text[2 * MINISIGN_KEYNUM + 1];
	uint8_t number[MINISIGN_KEYNUM], key[CRYPTO_PUBLIC] = {0};
	struct minisign_key k;
	struct minisign_sig s;
	struct diag d;
	struct buf b;
	uint8_t hash[HASH_MAX];

	/* SHA-256 of 32 zero bytes begins 66687aadf862bd77. */
	minisign_keynum(key, number);
	minisign_keynum_text(text, number);
	is_str(text, "77BD62F8AD7A6866", "a number made from a key");
	if (minisign_key_parse(span_str(PUB_1 PUB_2), &k, NULL) != ERR_OK ||
		minisign_sig_parse(
			span_str(SIG_1 SIG_2 SIG_3 SIG_4), &s, NULL) != ERR_OK)
		exit(1);
	buf_init(&b, 200);
	k.keynum[7] = 0x0b;
	is_err(minisign_key_add(&b, &k), ERR_OK, "a number that begins with 0");
	ok(strncmp(buf_cstr(&b), PUB_1, strlen(PUB_1) - 17) == 0 &&
			strncmp(buf_cstr(&b) + strlen(PUB_1) - 17,
				"B45157600FD581A\n", 16) == 0,
		"written without a zero in front, as minisign does");
	buf_free(&b);
	k.keynum[7] = 0x6b ^ 1;
	hash_bytes(HASH_BLAKE2B_512, span_str(FILE_TEXT), hash);
	is_err(minisign_check(&s, &k, hash, &d), ERR_KEY,
		"the right key under another number");
	is_str(d.why, "signed by key 6B45157600FD581A, not by 6A45157600FD581A",
		"names both");
	k.keynum[7] ^= 1;
	is_err(minisign_check(&s, &k, hash, &d), ERR_OK, "under its own");
	s.comment[0] ^= 1;
	is_err(minisign_check(&s, &k, hash, &d), ERR_SIGNATURE,
		"another comment");
	ok(strstr(d.why, "comment") != NULL, "is told apart: %s", d.why);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	test_foreign();
	test_key_syntax();
	test_sig_syntax();
	test_sizes();
	test_flips();
	test_cuts();
	test_keynum();
	return plan();
}
