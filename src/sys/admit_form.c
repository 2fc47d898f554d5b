/* Forms: exactly what the outlet wrote. TUF lets anybody add white space and
 * useless signatures to a file that is named without a hash; a mirror must
 * not carry what strangers add. */
#include <stdio.h>
#include <string.h>

#include "../core/json.h"
#include "../core/minisign.h"
#include "../core/text.h"
#include "admit_priv.h"

static enum err
canonical_check(struct span bytes, const struct tuf_doc *doc, struct diag *d)
{
	struct buf again;
	enum err e;

	if (json_object_size(doc->top) != 2)
		return diag_set(d, ERR_SYNTAX, "a member that nobody signed");
	buf_init(&again, bytes.n);
	e = json_canonical(doc->top, &again);
	if (e == ERR_NOMEM)
		diag_set(d, e, "out of memory");
	else if (e != ERR_OK || !span_eq(buf_view(&again), bytes))
		e = diag_set(d, ERR_SYNTAX, "not in canonical form");
	buf_free(&again);
	return e;
}

enum err
form_check(struct span bytes, const struct tuf_doc *doc,
	const struct tuf_rule *rules, size_t n, struct diag *d)
{
	const json_t *sigs = json_object_get(doc->top, "signatures");
	enum err e = canonical_check(bytes, doc, d);
	size_t i, k;

	for (i = 0; e == ERR_OK && i < json_array_size(sigs); i++) {
		const json_t *one = json_array_get(sigs, i);
		const char *id =
			json_string_value(json_object_get(one, "keyid"));

		for (k = 0; k < n; k++)
			if (id != NULL && tuf_signed(doc, &rules[k], id))
				break;
		if (k == n || json_object_size(one) != 2)
			e = diag_set(d, ERR_SIGNATURE,
				"one of its signatures is by nobody who may "
				"sign it");
	}
	return e;
}

enum err
form_root(struct span bytes, struct span old, struct diag *d)
{
	struct tuf_doc *doc = NULL, *before = NULL;
	struct tuf_rule rules[2];
	size_t n = 1;
	enum err e = tuf_parse(bytes, LIMIT_ROOT, TUF_ROOT, &doc, d);

	if (e == ERR_OK && old.n > 0)
		e = tuf_parse(old, LIMIT_ROOT, TUF_ROOT, &before, d);
	if (e == ERR_OK) {
		rules[0] = tuf_root_rule(doc, TUF_ROOT);
		if (before != NULL)
			rules[n++] = tuf_root_rule(before, TUF_ROOT);
		e = form_check(bytes, doc, rules, n, d);
	}
	tuf_free(doc);
	tuf_free(before);
	return e;
}

enum err
form_top(
	struct span bytes, enum tuf_type type, struct span root, struct diag *d)
{
	struct tuf_doc *doc = NULL, *by = NULL;
	struct tuf_rule rule;
	enum err e = tuf_parse(bytes, LIMIT_METADATA, type, &doc, d);

	if (e == ERR_OK)
		e = tuf_parse(root, LIMIT_ROOT, TUF_ROOT, &by, d);
	if (e == ERR_OK) {
		rule = tuf_root_rule(by, type);
		e = form_check(bytes, doc, &rule, 1, d);
	}
	tuf_free(doc);
	tuf_free(by);
	return e;
}

enum err
form_role(struct span bytes, struct span by, const char *role, struct diag *d)
{
	struct tuf_doc *doc = NULL, *from = NULL;
	struct tuf_rule rule;
	enum err e = tuf_parse(bytes, LIMIT_TARGETS, TUF_TARGETS, &doc, d);

	if (e == ERR_OK)
		e = tuf_parse(by, LIMIT_TARGETS, TUF_TARGETS, &from, d);
	if (e == ERR_OK && !tuf_delegation_rule(from, role, &rule))
		e = diag_set(d, ERR_MISSING, "nothing delegates to it");
	if (e == ERR_OK)
		e = form_check(bytes, doc, &rule, 1, d);
	tuf_free(doc);
	tuf_free(from);
	return e;
}

/* Metadata that is named with its hash needs no form: it is those bytes. */
enum err
form_listed(const struct admit_place *pl, const struct admit_role *r,
	struct span bytes, struct diag *d)
{
	const struct admit_intake *in = pl->in;
	char rest[TRUST_NAME];
	struct tuf_file f;
	struct buf by;
	enum err e;

	if (tuf_meta(in->snapshot, r->name, &f) && f.hashes != NULL)
		return ERR_OK;
	if (!tuf_meta(in->snapshot, r->by, &f))
		return diag_set(d, ERR_MISSING, "nothing delegates to it");
	buf_init(&by, LIMIT_TARGETS);
	snprintf(rest, sizeof(rest), "m/%llu.%s.json",
		(unsigned long long)f.version, r->by);
	e = stage_read(pl, rest, LIMIT_TARGETS, &by, d);
	if (e == ERR_OK)
		e = form_role(bytes, buf_view(&by), r->name, d);
	buf_free(&by);
	return e;
}

/* The global signature covers the other one and the comment, which names the
 * file's SHA-256: so the file itself need not be at hand, nor hashed again
 * with BLAKE2b. */
enum err
form_minisig(struct span bytes, const struct minisign_key *key,
	const struct admit_file *f, struct diag *d)
{
	uint8_t m[CRYPTO_SIGNATURE + LIMIT_COMMENT];
	char hex[65], want[LIMIT_PATH + 160];
	struct minisign_sig sig;
	size_t n;
	enum err e = minisign_sig_parse(bytes, &sig, d);

	if (e == ERR_OK && !minisign_sig_strict(bytes))
		e = diag_set(d, ERR_SYNTAX,
			"its first line is not \"" MINISIGN_SIG_LINE "\"");
	if (e != ERR_OK)
		return e;
	text_hex(hex, f->sha256, 32);
	snprintf(want, sizeof(want),
		"erika1 path=%s sha256=%s len=%llu t=", f->target, hex,
		(unsigned long long)f->length);
	if (!span_starts(span_str(sig.comment), span_str(want)))
		return diag_set(
			d, ERR_HASH, "a signature, but of another bundle");
	n = strlen(sig.comment);
	memcpy(m, sig.sig, CRYPTO_SIGNATURE);
	memcpy(m + CRYPTO_SIGNATURE, sig.comment, n);
	if (memcmp(sig.keynum, key->keynum, MINISIGN_KEYNUM) != 0 ||
		!crypto_verify(
			key->key, sig.global, span_of(m, CRYPTO_SIGNATURE + n)))
		return diag_set(
			d, ERR_SIGNATURE, "not signed by the desk's key");
	return ERR_OK;
}
