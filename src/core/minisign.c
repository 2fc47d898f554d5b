#include "minisign.h"

#include <string.h>

#include "text.h"
#include "verified_make.h"

#define KEY_BYTES (2 + MINISIGN_KEYNUM + CRYPTO_PUBLIC)
#define SIG_BYTES (2 + MINISIGN_KEYNUM + CRYPTO_SIGNATURE)

/* Take a line that ends in "\n": a missing newline is a file cut short, and
 * a carriage return would be a second spelling of the same signature. */
static enum err
line_take(struct cursor *c, size_t max, struct span *out, struct diag *d)
{
	struct span rest = span_sub(c->in, c->pos, cursor_left(c));
	const uint8_t *nl = rest.n == 0 ? NULL : memchr(rest.p, '\n', rest.n);
	size_t n = nl == NULL ? rest.n : (size_t)(nl - rest.p);

	if (n > max)
		return diag_at(d, ERR_LIMIT, c->pos,
			"a line of more than %zu bytes", max);
	if (nl == NULL)
		return diag_at(d, ERR_TRUNCATED, c->pos + n,
			"it ends in the middle of a line");
	if (n > 0 && memchr(rest.p, '\r', n) != NULL)
		return diag_at(d, ERR_SYNTAX, c->pos,
			"a line with a carriage return: lines end in \\n");
	*out = span_sub(rest, 0, n);
	c->pos += n + 1;
	return ERR_OK;
}

static enum err
end_check(const struct cursor *c, struct diag *d)
{
	if (cursor_left(c) > 0)
		return diag_at(
			d, ERR_TRAILING, c->pos, "more after the last line");
	return ERR_OK;
}

enum err
minisign_open(struct cursor *c, struct span *base64, struct diag *d)
{
	struct span line;
	enum err e;

	if (c->in.n > LIMIT_MINISIG)
		return diag_set(d, ERR_LIMIT,
			"a minisign file of more than %d bytes", LIMIT_MINISIG);
	e = line_take(c, LIMIT_COMMENT_LINE, &line, d);
	if (e != ERR_OK)
		return e;
	if (!span_starts(line, span_str(MINISIGN_UNTRUSTED)))
		return diag_set(d, ERR_SYNTAX,
			"not a minisign file: it does not begin with "
			"\"" MINISIGN_UNTRUSTED "\"");
	return line_take(c, LIMIT_COMMENT_LINE, base64, d);
}

/* Decode base64 of exactly n bytes. */
static enum err
blob_decode(struct span base64, uint8_t *out, size_t n, const char *what,
	struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, n);
	e = text_base64_decode(base64, &b);
	if (e == ERR_OK && b.n == n)
		memcpy(out, b.p, n);
	else if (e != ERR_NOMEM)
		e = ERR_SYNTAX;
	buf_free(&b);
	if (e == ERR_OK)
		return e;
	return diag_set(d, e, "its %s is not base64 of %zu bytes", what, n);
}

enum err
minisign_key_parse(struct span file, struct minisign_key *k, struct diag *d)
{
	struct cursor c = {.in = file};
	uint8_t blob[KEY_BYTES];
	struct span line;
	enum err e;

	e = minisign_open(&c, &line, d);
	if (e == ERR_OK)
		e = end_check(&c, d);
	if (e == ERR_OK)
		e = blob_decode(line, blob, sizeof(blob), "key", d);
	if (e != ERR_OK)
		return e;
	if (blob[0] != 'E' || blob[1] != 'd')
		return diag_set(
			d, ERR_UNSUPPORTED, "not an Ed25519 public key");
	memcpy(k->keynum, blob + 2, MINISIGN_KEYNUM);
	memcpy(k->key, blob + 2 + MINISIGN_KEYNUM, CRYPTO_PUBLIC);
	return ERR_OK;
}

enum err
minisign_key_add(struct buf *out, const struct minisign_key *k)
{
	char number[2 * MINISIGN_KEYNUM + 1];
	uint8_t blob[KEY_BYTES] = {'E', 'd'};
	size_t was = out->n;
	enum err e;

	memcpy(blob + 2, k->keynum, MINISIGN_KEYNUM);
	memcpy(blob + 2 + MINISIGN_KEYNUM, k->key, CRYPTO_PUBLIC);
	minisign_keynum_text(number, k->keynum);
	/* minisign writes no zeros in front: the same key, the same file. */
	e = buf_printf(out, MINISIGN_UNTRUSTED "minisign public key %s\n",
		number + strspn(number, "0"));
	if (e == ERR_OK)
		e = text_base64_add(out, span_of(blob, sizeof(blob)));
	if (e == ERR_OK)
		e = buf_str(out, "\n");
	if (e != ERR_OK)
		buf_cut(out, was);
	return e;
}

void
minisign_keynum(const uint8_t key[static CRYPTO_PUBLIC],
	uint8_t keynum[static MINISIGN_KEYNUM])
{
	uint8_t hash[HASH_MAX];

	hash_bytes(HASH_SHA256, span_of(key, CRYPTO_PUBLIC), hash);
	memcpy(keynum, hash, MINISIGN_KEYNUM);
}

void
minisign_keynum_text(char out[static 2 * MINISIGN_KEYNUM + 1],
	const uint8_t keynum[static MINISIGN_KEYNUM])
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < MINISIGN_KEYNUM; i++) {
		uint8_t v = keynum[MINISIGN_KEYNUM - 1 - i];

		out[2 * i] = digits[v >> 4];
		out[2 * i + 1] = digits[v & 15];
	}
	out[2 * MINISIGN_KEYNUM] = '\0';
}

/* minisign puts tabs between the fields of the comment it makes itself. */
static bool
comment_ok(struct span s)
{
	struct cursor c = {.in = s};
	uint32_t cp;

	while (cursor_left(&c) > 0)
		if (text_utf8_next(&c, &cp) != ERR_OK || cp == '\n' ||
			text_forbidden(cp))
			return false;
	return true;
}

static enum err
comment_take(
	struct cursor *c, char out[static LIMIT_COMMENT + 1], struct diag *d)
{
	struct span line, prefix = span_str(MINISIGN_TRUSTED);
	enum err e;

	e = line_take(c, prefix.n + LIMIT_COMMENT, &line, d);
	if (e != ERR_OK)
		return e;
	if (!span_starts(line, prefix))
		return diag_set(d, ERR_SYNTAX,
			"its third line does not begin with "
			"\"" MINISIGN_TRUSTED "\"");
	line = span_sub(line, prefix.n, line.n - prefix.n);
	if (!comment_ok(line))
		return diag_set(d, ERR_SYNTAX,
			"its trusted comment has characters that text "
			"should not have");
	if (line.n > 0)
		memcpy(out, line.p, line.n);
	out[line.n] = '\0';
	return ERR_OK;
}

static enum err
algorithm_check(const uint8_t alg[static 2], struct diag *d)
{
	if (alg[0] == 'E' && alg[1] == 'D')
		return ERR_OK;
	if (alg[0] == 'E' && alg[1] == 'd')
		return diag_set(d, ERR_UNSUPPORTED,
			"a signature of the old kind, over the file and not "
			"its hash; ask for one made with minisign -S -H");
	return diag_set(d, ERR_UNSUPPORTED, "a signature of an unknown kind");
}

enum err
minisign_sig_parse(struct span file, struct minisign_sig *s, struct diag *d)
{
	struct cursor c = {.in = file};
	uint8_t blob[SIG_BYTES];
	struct span line;
	enum err e;

	e = minisign_open(&c, &line, d);
	if (e == ERR_OK)
		e = blob_decode(line, blob, sizeof(blob), "signature", d);
	if (e == ERR_OK)
		e = algorithm_check(blob, d);
	if (e == ERR_OK)
		e = comment_take(&c, s->comment, d);
	if (e == ERR_OK)
		e = line_take(&c, LIMIT_COMMENT_LINE, &line, d);
	if (e == ERR_OK)
		e = blob_decode(line, s->global, sizeof(s->global),
			"signature of the comment", d);
	if (e == ERR_OK)
		e = end_check(&c, d);
	if (e != ERR_OK)
		return e;
	memcpy(s->keynum, blob + 2, MINISIGN_KEYNUM);
	memcpy(s->sig, blob + 2 + MINISIGN_KEYNUM, CRYPTO_SIGNATURE);
	return ERR_OK;
}

bool
minisign_sig_strict(struct span file)
{
	return span_starts(file, span_str(MINISIGN_SIG_LINE "\n"));
}

enum err
minisign_check(const struct minisign_sig *s, const struct minisign_key *k,
	const uint8_t blake2b_512[static 64], struct diag *d)
{
	uint8_t m[CRYPTO_SIGNATURE + LIMIT_COMMENT];
	char theirs[2 * MINISIGN_KEYNUM + 1], ours[2 * MINISIGN_KEYNUM + 1];
	size_t n = strlen(s->comment);

	if (memcmp(s->keynum, k->keynum, MINISIGN_KEYNUM) != 0) {
		minisign_keynum_text(theirs, s->keynum);
		minisign_keynum_text(ours, k->keynum);
		return diag_set(d, ERR_KEY, "signed by key %s, not by %s",
			theirs, ours);
	}
	if (!crypto_verify(k->key, s->sig, span_of(blake2b_512, 64)))
		return diag_set(d, ERR_SIGNATURE,
			"the file is not the one that was signed");
	memcpy(m, s->sig, CRYPTO_SIGNATURE);
	memcpy(m + CRYPTO_SIGNATURE, s->comment, n);
	if (!crypto_verify(k->key, s->global, span_of(m, CRYPTO_SIGNATURE + n)))
		return diag_set(d, ERR_SIGNATURE,
			"the trusted comment is not the one that was signed");
	return ERR_OK;
}

enum err
minisign_verify(const struct minisign_sig *s, const struct minisign_key *k,
	struct span file, struct verified **out, struct diag *d)
{
	uint8_t hash[HASH_MAX];
	enum err e;

	*out = NULL;
	hash_bytes(HASH_BLAKE2B_512, file, hash);
	e = minisign_check(s, k, hash, d);
	if (e != ERR_OK)
		return e;
	e = verified_make(file, out);
	if (e != ERR_OK)
		return diag_set(d, e, "no memory for %zu bytes", file.n);
	return ERR_OK;
}
