#include "press_proposal.h"

#include <stdlib.h>
#include <string.h>

#include "../core/json.h"
#include "../core/limits.h"
#include "../core/trust.h"
#include "../core/tuf_write.h"
#include "press_grants.h"

/* ---- making */

static enum err
object_of(struct span file, json_t **out, struct diag *d)
{
	return json_parse(file, LIMIT_METADATA, out, d);
}

enum err
proposal_make(const struct span *roots, size_t n, struct span before,
	const json_t *body, struct buf *out, struct diag *d)
{
	json_t *file = json_object(), *chain = json_array(), *o = NULL;
	struct buf proposed;
	enum err e = ERR_OK;
	int bad = 0;
	size_t i;

	buf_init(&proposed, LIMIT_METADATA);
	for (i = 0; e == ERR_OK && i < n; i++) {
		e = object_of(roots[i], &o, d);
		if (e == ERR_OK)
			bad |= json_array_append_new(chain, o);
	}
	bad |= json_object_set_new(file, "_type", json_string(PROPOSAL_TYPE));
	bad |= json_object_set_new(file, "roots", chain);
	if (e == ERR_OK && before.n > 0) {
		e = object_of(before, &o, d);
		if (e == ERR_OK)
			bad |= json_object_set_new(file, "before", o);
	}
	if (e == ERR_OK)
		e = tuf_sign(body, NULL, 0, &proposed);
	if (e == ERR_OK)
		e = object_of(buf_view(&proposed), &o, d);
	if (e == ERR_OK)
		bad |= json_object_set_new(file, "proposed", o);
	if (e == ERR_OK)
		e = bad == 0 ? json_canonical(file, out) : ERR_NOMEM;
	json_decref(file);
	buf_free(&proposed);
	return e;
}

/* ---- reading */

/* An inner object as metadata. */
static enum err
inner(const json_t *o, enum tuf_type type, struct tuf_doc **out, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_METADATA);
	e = json_canonical(o, &b);
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&b), LIMIT_METADATA, type, out, d);
	buf_free(&b);
	return e;
}

static enum err
root_follows(
	const struct tuf_doc *last, const struct tuf_doc *next, struct diag *d)
{
	struct tuf_rule rule = tuf_root_rule(next, TUF_ROOT);
	enum err e = tuf_check(next, &rule, d);

	if (e != ERR_OK || last == NULL)
		return e;
	rule = tuf_root_rule(last, TUF_ROOT);
	e = tuf_check(next, &rule, d);
	if (e == ERR_OK && next->version != last->version + 1)
		e = diag_set(d, ERR_MIXED, "a root is missing in it");
	return e;
}

static enum err
chain_open(struct proposal *p, struct diag *d)
{
	struct tuf_doc *next = NULL;
	json_t *roots;
	enum err e =
		json_arr(p->file, "roots", LIMIT_ROOT_ROTATIONS, &roots, d);
	size_t i;

	if (e == ERR_OK && json_array_size(roots) == 0)
		e = diag_set(d, ERR_SYNTAX, "no root in it");
	for (i = 0; e == ERR_OK && i < json_array_size(roots); i++) {
		e = inner(json_array_get(roots, i), TUF_ROOT, &next, d);
		if (e != ERR_OK)
			break;
		e = root_follows(p->root, next, d);
		if (i == 0)
			hash_bytes(HASH_SHA256, buf_view(&next->canonical),
				p->fingerprint);
		tuf_free(p->root);
		p->root = next;
	}
	return e == ERR_OK ? e : diag_prefix(d, e, "the roots in it");
}

/* People are shown keys, thresholds and a date (press_explain.c): a proposal
 * that says anything else would be signed unseen. So it must be what root new
 * or targets new makes of just these. */
static enum err
plain_check(const struct proposal *p, struct diag *d)
{
	const char *name = json_string_value(json_object_get(
		json_object_get(p->root->body, "x-erika-outlet"), "name"));
	struct grants g = {.n = 0};
	json_t *body = NULL;
	enum err e = grants_read(p->doc, &g, d);

	if (e == ERR_OK && p->doc->type == TUF_ROOT)
		e = grants_root(&g, p->doc->version, p->doc->expires,
			name == NULL ? "" : name, &body, d);
	else if (e == ERR_OK)
		e = grants_targets(
			&g, p->doc->version, p->doc->expires, &body, d);
	if (e == ERR_OK && !json_equal(body, p->doc->body))
		e = diag_set(d, ERR_REFUSED,
			"it says more than who may sign what, which erika-"
			"press never proposes: do not sign it, and ask who "
			"made it");
	json_decref(body);
	grants_free(&g);
	return e;
}

/* What it is compared with must be ours: targets by the word of one of the
 * roots, or changes could be hidden in it. */
static enum err
before_check(const struct proposal *p, struct diag *d)
{
	const json_t *roots = json_object_get(p->file, "roots");
	struct tuf_doc *root = NULL;
	struct tuf_rule rule;
	size_t i = json_array_size(roots);
	enum err e = ERR_KEY;

	while (e != ERR_OK && e != ERR_NOMEM && i-- > 0) {
		e = inner(json_array_get(roots, i), TUF_ROOT, &root, d);
		if (e != ERR_OK)
			continue;
		rule = tuf_root_rule(root, TUF_TARGETS);
		e = tuf_check(p->before, &rule, d);
		tuf_free(root);
	}
	return e == ERR_OK ? e : diag_prefix(d, e, "the targets before it");
}

static enum err
proposed_open(struct proposal *p, struct diag *d)
{
	const json_t *before = json_object_get(p->file, "before");
	const char *type = "";
	uint64_t last;
	json_t *o, *body = NULL;
	enum err e = json_obj(p->file, "proposed", &o, d);

	if (e == ERR_OK)
		e = json_obj(o, "signed", &body, d);
	if (e == ERR_OK)
		e = json_str(body, "_type", &type, d);
	if (e == ERR_OK)
		e = inner(o, strcmp(type, "root") == 0 ? TUF_ROOT : TUF_TARGETS,
			&p->doc, d);
	if (e == ERR_OK && before != NULL)
		e = inner(before, TUF_TARGETS, &p->before, d);
	if (e == ERR_OK && before != NULL)
		e = before_check(p, d);
	if (e == ERR_OK)
		e = plain_check(p, d);
	if (e != ERR_OK)
		return e;
	if (p->doc->type == TUF_ROOT && before != NULL)
		return diag_set(d, ERR_SYNTAX, "a root with targets before it");
	last = p->doc->type == TUF_ROOT ? p->root->version
	       : p->before == NULL	? 0
					: p->before->version;
	if (p->doc->version != last + 1)
		return diag_set(
			d, ERR_MIXED, "it does not follow what was before");
	return ERR_OK;
}

enum err
proposal_open(struct span s, struct proposal **out, struct diag *d)
{
	static const char *const names[] = {
		"_type", "roots", "before", "proposed", NULL};
	struct proposal *p = calloc(1, sizeof(*p));
	const char *type = "";
	enum err e;

	*out = NULL;
	if (p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = json_parse(s, LIMIT_PROPOSAL, &p->file, d);
	if (e == ERR_OK)
		e = json_str(p->file, "_type", &type, d);
	if (e == ERR_OK && strcmp(type, PROPOSAL_TYPE) != 0)
		e = diag_set(d, ERR_UNSUPPORTED, "this is no proposal");
	if (e == ERR_OK)
		e = json_only(p->file, names, d);
	if (e == ERR_OK)
		e = chain_open(p, d);
	if (e == ERR_OK)
		e = proposed_open(p, d);
	if (e != ERR_OK) {
		proposal_free(p);
		return e;
	}
	*out = p;
	return ERR_OK;
}

void
proposal_free(struct proposal *p)
{
	if (p == NULL)
		return;
	json_decref(p->file);
	tuf_free(p->root);
	tuf_free(p->before);
	tuf_free(p->doc);
	free(p);
}

/* ---- signatures */

bool
proposal_rule(const struct proposal *p, size_t i, struct tuf_rule *rule,
	const char **whose)
{
	if (i == 0) {
		*rule = tuf_root_rule(p->root, p->doc->type);
		*whose = "the last root";
		return true;
	}
	if (i > 1 || p->doc->type != TUF_ROOT)
		return false;
	*rule = tuf_root_rule(p->doc, TUF_ROOT);
	*whose = "the new root";
	return true;
}

bool
proposal_asks(const struct proposal *p, const uint8_t key[static CRYPTO_PUBLIC])
{
	uint8_t other[CRYPTO_PUBLIC];
	struct tuf_rule rule;
	const char *whose;
	size_t i, k;

	for (i = 0; proposal_rule(p, i, &rule, &whose); i++) {
		for (k = 0; k < json_array_size(rule.keyids); k++) {
			const char *id = json_string_value(
				json_array_get(rule.keyids, k));

			if (tuf_key_ed25519(
				    json_object_get(rule.keys, id), other) &&
				memcmp(other, key, CRYPTO_PUBLIC) == 0)
				return true;
		}
	}
	return false;
}

enum err
proposal_sign(struct proposal *p, const struct sign_key *key, struct diag *d)
{
	enum err e = tuf_sign_add(p->doc->top, key);

	return e == ERR_OK ? e : diag_set(d, e, "it could not be signed");
}

enum err
proposal_merge(struct proposal *p, const struct proposal *other, struct diag *d)
{
	json_t *to = json_object_get(p->doc->top, "signatures");
	const json_t *from = json_object_get(other->doc->top, "signatures");
	struct tuf_rule rule;
	const char *whose;
	size_t i, k, r;

	if (!span_eq(buf_view(&p->doc->canonical),
		    buf_view(&other->doc->canonical)))
		return diag_set(
			d, ERR_MIXED, "the files propose different things");
	for (i = 0; i < json_array_size(from); i++) {
		json_t *sig = json_array_get(from, i);
		const char *id =
			json_string_value(json_object_get(sig, "keyid"));
		bool good = false;

		for (k = 0; k < json_array_size(to); k++)
			if (json_equal(json_object_get(
					       json_array_get(to, k), "keyid"),
				    json_object_get(sig, "keyid")))
				break;
		for (r = 0; proposal_rule(other, r, &rule, &whose); r++)
			good |= tuf_signed(other->doc, &rule, id);
		if (good && k == json_array_size(to) &&
			json_array_append(to, sig) != 0)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	return ERR_OK;
}

enum err
proposal_check(const struct proposal *p, struct diag *d)
{
	struct tuf_rule rule;
	const char *whose;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && proposal_rule(p, i, &rule, &whose); i++) {
		e = tuf_check(p->doc, &rule, d);
		if (e != ERR_OK)
			e = diag_prefix(d, e, "by %s", whose);
	}
	return e;
}

/* ---- writing */

enum err
proposal_save(const struct proposal *p, struct buf *out)
{
	if (json_object_set(p->file, "proposed", p->doc->top) != 0)
		return ERR_NOMEM;
	return json_canonical(p->file, out);
}

enum err
proposal_metadata(const struct proposal *p, struct buf *out)
{
	return json_canonical(p->doc->top, out);
}
