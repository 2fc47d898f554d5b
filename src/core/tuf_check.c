/* What signatures and hashes prove: TUF 1.0.34, sections 4.2.1 and 4.5. */
#include <string.h>

#include "limits.h"
#include "text.h"
#include "tuf.h"

static struct tuf_rule
rule_of(const json_t *keys, const json_t *role)
{
	return (struct tuf_rule){.keys = keys,
		.keyids = json_object_get(role, "keyids"),
		.threshold = (uint64_t)json_integer_value(
			json_object_get(role, "threshold"))};
}

struct tuf_rule
tuf_root_rule(const struct tuf_doc *root, enum tuf_type type)
{
	const json_t *roles = json_object_get(root->body, "roles");

	return rule_of(json_object_get(root->body, "keys"),
		json_object_get(roles, tuf_type_str(type)));
}

bool
tuf_delegation_rule(
	const struct tuf_doc *targets, const char *role, struct tuf_rule *out)
{
	const json_t *del = json_object_get(targets->body, "delegations");
	const json_t *entry;
	size_t i;

	for (i = 0; (entry = tuf_delegation(targets, i)) != NULL; i++) {
		if (strcmp(tuf_delegation_name(entry), role) != 0)
			continue;
		*out = rule_of(json_object_get(del, "keys"), entry);
		return true;
	}
	return false;
}

static bool
ed25519_identity(const char *public, uint8_t out[static 32])
{
	return text_hex_decode(span_str(public), out, CRYPTO_PUBLIC) == ERR_OK;
}

static bool
ed25519_verify(const char *public, struct span sig, struct span m)
{
	uint8_t key[CRYPTO_PUBLIC];

	return sig.n == CRYPTO_SIGNATURE && ed25519_identity(public, key) &&
	       crypto_verify(key, sig.p, m);
}

static const struct tuf_scheme built_in[] = {
	{"ed25519", "ed25519", ed25519_identity, ed25519_verify},
	{NULL, NULL, NULL, NULL},
};

/* A key object as its scheme sees it. */
struct key {
	const struct tuf_scheme *scheme;
	const char *public;
	uint8_t identity[32];
};

static const struct tuf_scheme *
scheme_find(const struct tuf_scheme *table, const json_t *key)
{
	const char *type = json_string_value(json_object_get(key, "keytype"));
	const char *name = json_string_value(json_object_get(key, "scheme"));

	for (; table != NULL && table->keytype != NULL; table++)
		if (strcmp(table->keytype, type) == 0 &&
			strcmp(table->scheme, name) == 0)
			return table;
	return NULL;
}

static bool
key_read(const json_t *object, const struct tuf_scheme *more, struct key *out)
{
	out->scheme = scheme_find(built_in, object);
	if (out->scheme == NULL)
		out->scheme = scheme_find(more, object);
	out->public = json_string_value(
		json_object_get(json_object_get(object, "keyval"), "public"));
	return out->scheme != NULL &&
	       out->scheme->identity(out->public, out->identity);
}

bool
tuf_key_ed25519(const json_t *key, uint8_t out[static CRYPTO_PUBLIC])
{
	struct key k;

	if (key == NULL || !key_read(key, NULL, &k))
		return false;
	memcpy(out, k.identity, CRYPTO_PUBLIC);
	return true;
}

static bool
key_verify(const struct key *key, const char *hex, struct span message)
{
	uint8_t sig[LIMIT_SIGNATURE];
	size_t n = strlen(hex) / 2;

	return n <= sizeof(sig) &&
	       text_hex_decode(span_str(hex), sig, n) == ERR_OK &&
	       key->scheme->verify(key->public, span_of(sig, n), message);
}

static bool
keyids_have(const json_t *keyids, const char *id)
{
	size_t i;

	for (i = 0; i < json_array_size(keyids); i++)
		if (strcmp(json_string_value(json_array_get(keyids, i)), id) ==
			0)
			return true;
	return false;
}

/* Whether an earlier good signature was by the same key under another id:
 * what the key is, not what it is called, is what counts. */
static bool
key_counted(uint8_t (*good)[32], size_t n, const struct key *key)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (memcmp(good[i], key->identity, sizeof(*good)) == 0)
			return true;
	return false;
}

enum err
tuf_check(
	const struct tuf_doc *doc, const struct tuf_rule *rule, struct diag *d)
{
	const json_t *sigs = json_object_get(doc->top, "signatures");
	uint8_t good[LIMIT_ROLE_KEYS][32];
	size_t i, n = 0;
	bool known = false;

	for (i = 0; i < json_array_size(sigs) && n < LIMIT_ROLE_KEYS; i++) {
		const json_t *s = json_array_get(sigs, i);
		const char *id = json_string_value(json_object_get(s, "keyid"));
		const json_t *object = json_object_get(rule->keys, id);
		struct key key;

		if (object == NULL || !keyids_have(rule->keyids, id))
			continue;
		known = true;
		if (!key_read(object, rule->schemes, &key) ||
			key_counted(good, n, &key))
			continue;
		if (key_verify(&key,
			    json_string_value(json_object_get(s, "sig")),
			    buf_view(&doc->canonical)))
			memcpy(good[n++], key.identity, sizeof(*good));
	}
	if (n >= rule->threshold)
		return ERR_OK;
	if (!known)
		return diag_set(d, ERR_KEY,
			"signed by none of the keys that may sign it");
	return diag_set(d, ERR_SIGNATURE, "%zu valid signature%s, %llu needed",
		n, n == 1 ? "" : "s", (unsigned long long)rule->threshold);
}

bool
tuf_signed(const struct tuf_doc *doc, const struct tuf_rule *rule,
	const char *keyid)
{
	const json_t *sigs = json_object_get(doc->top, "signatures");
	const json_t *object = json_object_get(rule->keys, keyid);
	struct key key;
	size_t i;

	if (object == NULL || !key_read(object, rule->schemes, &key))
		return false;
	for (i = 0; i < json_array_size(sigs); i++) {
		const json_t *s = json_array_get(sigs, i);

		if (strcmp(json_string_value(json_object_get(s, "keyid")),
			    keyid) == 0)
			return key_verify(&key,
				json_string_value(json_object_get(s, "sig")),
				buf_view(&doc->canonical));
	}
	return false;
}

static bool
rule_within(const struct tuf_rule *a, const struct tuf_rule *b)
{
	size_t i;

	for (i = 0; i < json_array_size(a->keyids); i++) {
		const char *id =
			json_string_value(json_array_get(a->keyids, i));

		if (!keyids_have(b->keyids, id) ||
			!json_equal(json_object_get(a->keys, id),
				json_object_get(b->keys, id)))
			return false;
	}
	return true;
}

bool
tuf_rule_same(const struct tuf_rule *a, const struct tuf_rule *b)
{
	return a->threshold == b->threshold && rule_within(a, b) &&
	       rule_within(b, a);
}

static enum err
one_hash_check(
	const char *name, const char *hex, struct span bytes, struct diag *d)
{
	uint8_t want[HASH_MAX], have[HASH_MAX];
	enum hash_kind kind;

	if (strcmp(name, "sha256") == 0)
		kind = HASH_SHA256;
	else if (strcmp(name, "sha512") == 0)
		kind = HASH_SHA512;
	else
		return diag_set(d, ERR_UNSUPPORTED,
			"its hash is of a kind this program does not know");
	if (text_hex_decode(span_str(hex), want, hash_size(kind)) != ERR_OK)
		return diag_set(d, ERR_SYNTAX, "a signed hash is not hex");
	hash_bytes(kind, bytes, have);
	if (memcmp(want, have, hash_size(kind)) != 0)
		return diag_set(d, ERR_HASH,
			"the content is not what was signed (%s differs)",
			name);
	return ERR_OK;
}

enum err
tuf_file_check(const struct tuf_file *f, struct span bytes, struct diag *d)
{
	const char *name;
	json_t *v;
	enum err e;

	if (f->has_length && bytes.n < f->length)
		return diag_set(d, ERR_TRUNCATED,
			"%zu bytes came of the %llu that were signed", bytes.n,
			(unsigned long long)f->length);
	if (f->has_length && bytes.n > f->length)
		return diag_set(d, ERR_TRAILING,
			"more came than the %llu bytes that were signed",
			(unsigned long long)f->length);
	json_object_foreach((json_t *)(uintptr_t)f->hashes, name, v)
	{
		e = one_hash_check(name, json_string_value(v), bytes, d);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}
