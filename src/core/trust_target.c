/* What the trust machine vouches for: targets, verdicts, verified bytes. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "trust_priv.h"
#include "verified_make.h"

const char *
trust_target_path(const struct trust_target *g)
{
	return g->path;
}

const char *
trust_target_role(const struct trust_target *g)
{
	return g->role;
}

uint64_t
trust_target_length(const struct trust_target *g)
{
	return (uint64_t)json_integer_value(
		json_object_get(g->entry, "length"));
}

bool
trust_target_sha256(const struct trust_target *g, uint8_t out[static 32])
{
	const char *hex = json_string_value(
		json_object_get(json_object_get(g->entry, "hashes"), "sha256"));

	return hex != NULL && text_hex_decode(span_str(hex), out, 32) == ERR_OK;
}

bool
trust_target_prefix(const struct trust_target *g, char out[static 129])
{
	const json_t *hashes = json_object_get(g->entry, "hashes");
	const char *hex = json_string_value(json_object_get(hashes, "sha256"));
	uint8_t b[64];
	size_t n = 32;

	if (hex == NULL) {
		hex = json_string_value(json_object_get(hashes, "sha512"));
		n = 64;
	}
	if (hex == NULL || text_hex_decode(span_str(hex), b, n) != ERR_OK)
		return false;
	text_hex(out, b, n);
	return true;
}

bool
trust_consistent(const struct trust *t)
{
	return t->root->consistent;
}

bool
trust_target_bundle(const struct trust_target *g, size_t *head,
	struct digest *digest, uint64_t *text_end)
{
	const json_t *custom = json_object_get(g->entry, "custom");
	uint64_t n;
	json_t *o;

	if (json_obj(custom, "head", &o, NULL) != ERR_OK ||
		json_uint(o, "length", trust_target_length(g), &n, NULL) !=
			ERR_OK ||
		json_hex(o, "blake2b-256", digest->b, 32, NULL) != ERR_OK ||
		json_uint(custom, "text", trust_target_length(g), text_end,
			NULL) != ERR_OK ||
		*text_end < n)
		return false;
	*head = (size_t)n;
	return true;
}

enum err
trust_role_key(
	const struct trust *t, const char *role, struct minisign_key *out)
{
	struct tuf_rule rule;
	const char *id;

	if (t->n_roles == 0 ||
		!tuf_delegation_rule(t->roles[0]->doc, role, &rule) ||
		json_array_size(rule.keyids) != 1)
		return ERR_MISSING;
	id = json_string_value(json_array_get(rule.keyids, 0));
	if (!tuf_key_ed25519(json_object_get(rule.keys, id), out->key))
		return ERR_MISSING;
	minisign_keynum(out->key, out->keynum);
	return ERR_OK;
}

enum err
trust_verify(const struct trust_target *g, struct span bytes,
	struct verified **out, struct diag *d)
{
	struct tuf_file f;
	enum err e;

	*out = NULL;
	tuf_target_file(g->entry, &f);
	e = tuf_file_check(&f, bytes, d);
	if (e == ERR_OK)
		e = verified_make(bytes, out);
	return e;
}

enum err
trust_verify_head(const struct trust_target *g, struct span head,
	struct verified **out, struct diag *d)
{
	struct digest want, have;
	uint64_t text_end;
	size_t n;

	*out = NULL;
	if (!trust_target_bundle(g, &n, &want, &text_end))
		return diag_set(d, ERR_UNSUPPORTED,
			"this target is not described as a bundle");
	if (head.n < n)
		return diag_set(d, ERR_TRUNCATED, "%zu bytes of a head of %zu",
			head.n, n);
	if (head.n > n)
		return diag_set(
			d, ERR_TRAILING, "more than the head's %zu bytes", n);
	have = digest_of(head);
	if (!digest_eq(&have, &want))
		return diag_set(d, ERR_HASH,
			"the bundle's index is not what was signed");
	return verified_make(head, out);
}

static void
verdict_role(
	struct trust_verdict *v, const char *name, const struct tuf_doc *doc)
{
	if (doc == NULL || (v->expires != 0 && doc->expires >= v->expires))
		return;
	v->expires = doc->expires;
	snprintf(v->stale_role, sizeof(v->stale_role), "%s", name);
}

void
trust_verdict(const struct trust *t, struct trust_verdict *v)
{
	struct tuf_rule rule = tuf_root_rule(t->root, TUF_ROOT);
	int64_t now = t->now;
	size_t i;

	*v = (struct trust_verdict){
		.complete = t->n_roles > 0 && t->stage == STAGE_READY,
		.root = t->root->version,
		.root_threshold = (unsigned)rule.threshold,
		.root_keys = (unsigned)json_array_size(rule.keyids)};
	verdict_role(v, "root", t->root);
	verdict_role(v, "timestamp", t->timestamp);
	verdict_role(v, "snapshot", t->snapshot);
	for (i = 0; i < t->n_roles; i++)
		verdict_role(v, t->roles[i]->name, t->roles[i]->doc);
	if (t->timestamp != NULL) {
		v->timestamp = t->timestamp->version;
		v->as_of = t->timestamp->made;
	}
	if (t->snapshot != NULL)
		v->snapshot = t->snapshot->version;
	if (t->n_roles > 0)
		v->targets = t->roles[0]->doc->version;
	/* A clock that is behind what the newsroom signed is wrong: no
	 * wording may follow it. */
	if (now < v->as_of)
		now = v->as_of;
	v->stale = v->expires <= now;
}
