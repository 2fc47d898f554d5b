#include "tuf_write.h"

#include <string.h>

#include "date.h"
#include "json.h"
#include "limits.h"
#include "text.h"

/* The specification these files are written to. */
#define SPEC_VERSION "1.0.34"

static json_t *
key_object(const uint8_t key[static CRYPTO_PUBLIC])
{
	char hex[2 * CRYPTO_PUBLIC + 1];

	text_hex(hex, key, CRYPTO_PUBLIC);
	return json_pack("{s:s, s:s, s:{s:s}}", "keytype", "ed25519", "scheme",
		"ed25519", "keyval", "public", hex);
}

enum err
tuf_keyid(const uint8_t key[static CRYPTO_PUBLIC], char out[static TUF_KEYID])
{
	json_t *o = key_object(key);
	uint8_t hash[32];
	struct buf b;
	enum err e;

	buf_init(&b, 1024);
	e = o == NULL ? ERR_NOMEM : json_canonical(o, &b);
	if (e == ERR_OK) {
		hash_bytes(HASH_SHA256, buf_view(&b), hash);
		text_hex(out, hash, sizeof(hash));
	}
	json_decref(o);
	buf_free(&b);
	return e;
}

static json_t *
date_value(int64_t t)
{
	char s[DATE_SIZE];

	date_format(s, t);
	return json_string(s);
}

json_t *
tuf_body(enum tuf_type type, uint64_t version, int64_t expires)
{
	json_t *body = json_pack("{s:s, s:s, s:I, s:o}", "_type",
		tuf_type_str(type), "spec_version", SPEC_VERSION, "version",
		(json_int_t)version, "expires", date_value(expires));

	/* What may be empty must still be there. */
	if (body != NULL && type != TUF_ROOT &&
		json_object_set_new(body,
			type == TUF_TARGETS ? "targets" : "meta",
			json_object()) != 0) {
		json_decref(body);
		return NULL;
	}
	return body;
}

enum err
tuf_body_again(json_t *body, uint64_t version, int64_t expires)
{
	int bad = json_object_set_new(
		body, "version", json_integer((json_int_t)version));

	bad |= json_object_set_new(body, "expires", date_value(expires));
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

/* The keys of a grant join `keys`; the result is the role's own object. */
static json_t *
grant_object(json_t *keys, const struct tuf_grant *g)
{
	json_t *ids = json_array();
	char id[TUF_KEYID];
	size_t i;

	for (i = 0; i < g->n; i++)
		if (tuf_keyid(g->keys[i].key, id) != ERR_OK ||
			json_object_set_new(
				keys, id, key_object(g->keys[i].key)) != 0 ||
			json_array_append_new(ids, json_string(id)) != 0) {
			json_decref(ids);
			return NULL;
		}
	return json_pack(
		"{s:o, s:i}", "keyids", ids, "threshold", (int)g->threshold);
}

enum err
tuf_body_root(json_t *body, const struct tuf_grant grants[TUF_TYPES],
	const char *outlet)
{
	json_t *keys = json_object(), *roles = json_object();
	int bad = 0;
	size_t i;

	for (i = 0; i < TUF_TYPES; i++)
		bad |= json_object_set_new(roles,
			tuf_type_str((enum tuf_type)i),
			grant_object(keys, &grants[i]));
	bad |= json_object_set_new(body, "keys", keys);
	bad |= json_object_set_new(body, "roles", roles);
	bad |= json_object_set_new(body, "consistent_snapshot", json_true());
	bad |= json_object_set_new(
		body, "x-erika-outlet", json_pack("{s:s}", "name", outlet));
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

/* A member object of `o`, made when it is not there. */
static json_t *
member(json_t *o, const char *name)
{
	json_t *v = json_object_get(o, name);

	if (v == NULL && json_object_set_new(o, name, json_object()) == 0)
		v = json_object_get(o, name);
	return v;
}

static json_t *
hashes_object(const uint8_t sha256[static 32])
{
	char hex[65];

	text_hex(hex, sha256, 32);
	return json_pack("{s:s}", "sha256", hex);
}

enum err
tuf_body_meta(json_t *body, const char *role, uint64_t version,
	const struct span *file)
{
	json_t *o = json_pack("{s:I}", "version", (json_int_t)version);
	char name[LIMIT_NAME + 8];
	uint8_t hash[32];
	int bad = 0;
	size_t n = strlen(role);

	if (n > LIMIT_NAME) {
		json_decref(o);
		return ERR_LIMIT;
	}
	memcpy(name, role, n);
	memcpy(name + n, ".json", 6);
	if (file != NULL) {
		hash_bytes(HASH_SHA256, *file, hash);
		bad |= json_object_set_new(
			o, "length", json_integer((json_int_t)file->n));
		bad |= json_object_set_new(o, "hashes", hashes_object(hash));
	}
	bad |= json_object_set_new(member(body, "meta"), name, o);
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

enum err
tuf_body_made(json_t *body, int64_t made)
{
	return json_object_set_new(body, "x-erika-made", date_value(made)) == 0
		       ? ERR_OK
		       : ERR_NOMEM;
}

enum err
tuf_body_delegate(json_t *body, const char *role, const struct tuf_grant *grant,
	const char *const *patterns, bool terminating)
{
	json_t *del = member(body, "delegations"), *roles, *o, *paths;
	int bad = 0;

	roles = json_object_get(del, "roles");
	if (roles == NULL &&
		json_object_set_new(del, "roles", json_array()) == 0)
		roles = json_object_get(del, "roles");
	o = grant_object(member(del, "keys"), grant);
	paths = json_array();
	for (; *patterns != NULL; patterns++)
		bad |= json_array_append_new(paths, json_string(*patterns));
	bad |= json_object_set_new(o, "name", json_string(role));
	bad |= json_object_set_new(o, "paths", paths);
	bad |= json_object_set_new(o, "terminating", json_boolean(terminating));
	bad |= json_array_append_new(roles, o);
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

enum err
tuf_body_target(json_t *body, const char *path, uint64_t length,
	const uint8_t sha256[static 32], json_t *custom)
{
	json_t *o = json_pack("{s:I, s:o}", "length", (json_int_t)length,
		"hashes", hashes_object(sha256));
	int bad = 0;

	if (custom != NULL)
		bad |= json_object_set(o, "custom", custom);
	bad |= json_object_set_new(member(body, "targets"), path, o);
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

/* One entry of "signatures". */
static enum err
signature_make(const struct sign_key *key, struct span canonical, json_t **out)
{
	char id[TUF_KEYID], hex[2 * CRYPTO_SIGNATURE + 1];
	uint8_t sig[CRYPTO_SIGNATURE];
	enum err e = tuf_keyid(sign_key_public(key)->key, id);

	if (e != ERR_OK)
		return e;
	sign_bytes(key, canonical, sig);
	text_hex(hex, sig, sizeof(sig));
	*out = json_pack("{s:s, s:s}", "keyid", id, "sig", hex);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
tuf_sign(const json_t *body, struct sign_key *const *keys, size_t n,
	struct buf *out)
{
	json_t *top = NULL, *sigs = json_array(), *sig;
	struct buf canonical;
	enum err e;
	size_t i;

	buf_init(&canonical, LIMIT_METADATA);
	e = json_canonical(body, &canonical);
	for (i = 0; e == ERR_OK && i < n; i++) {
		e = signature_make(keys[i], buf_view(&canonical), &sig);
		if (e == ERR_OK && json_array_append_new(sigs, sig) != 0)
			e = ERR_NOMEM;
	}
	if (e == ERR_OK) {
		top = json_pack(
			"{s:O, s:O}", "signed", body, "signatures", sigs);
		e = top == NULL ? ERR_NOMEM : json_canonical(top, out);
	}
	json_decref(top);
	json_decref(sigs);
	buf_free(&canonical);
	return e;
}

enum err
tuf_sign_add(json_t *top, const struct sign_key *key)
{
	json_t *sigs = json_object_get(top, "signatures"), *sig = NULL;
	const char *id;
	struct buf canonical;
	enum err e;
	size_t i;

	buf_init(&canonical, LIMIT_METADATA);
	e = json_canonical(json_object_get(top, "signed"), &canonical);
	if (e == ERR_OK)
		e = signature_make(key, buf_view(&canonical), &sig);
	buf_free(&canonical);
	if (e != ERR_OK)
		return e;
	id = json_string_value(json_object_get(sig, "keyid"));
	for (i = json_array_size(sigs); i-- > 0;) {
		json_t *s = json_array_get(sigs, i);

		if (strcmp(json_string_value(json_object_get(s, "keyid")),
			    id) == 0)
			json_array_remove(sigs, i);
	}
	return json_array_append_new(sigs, sig) == 0 ? ERR_OK : ERR_NOMEM;
}
