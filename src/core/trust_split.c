/* Two heads of one version. No mirror can make them: whoever holds the keys
 * told two stories, and both, with what shows whose keys they are, make a
 * proof that anybody can check. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "trust_priv.h"

#define PROOF_TYPE "erika-split-1"

/* ---- keeping */

/* The roles by whose word t->next may sign, from targets down. */
static json_t *
delegators(const struct trust *t)
{
	json_t *via = json_array();
	size_t i = t->next.parent;

	for (;;) {
		const struct trust_role *r = t->roles[i];

		if (json_array_insert_new(via, 0,
			    json_pack("{s:s, s:O}", "role", r->name, "file",
				    r->doc->top)) != 0) {
			json_decref(via);
			return NULL;
		}
		if (i == 0)
			return via;
		i = r->parent;
	}
}

/* Which root the keys are granted by: its version and fingerprint. */
static json_t *
root_object(const struct tuf_doc *root)
{
	uint8_t hash[32];
	char hex[65];

	hash_bytes(HASH_SHA256, buf_view(&root->canonical), hash);
	text_hex(hex, hash, sizeof(hash));
	return json_pack("{s:I, s:s}", "version", (json_int_t)root->version,
		"sha256", hex);
}

static enum err
split_keep(struct trust *t, const char *by, const char *role, uint64_t version,
	const struct tuf_doc *old, const struct tuf_doc *new, struct diag *d)
{
	char shown[80];
	json_t *via =
		tuf_top_level(by) ? json_array() : delegators(t); /* taken */

	json_decref(t->split);
	t->split = json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:[O,O]}", "_type",
		PROOF_TYPE, "by", by, "role", role, "version",
		(json_int_t)version, "root", root_object(t->root), "via", via,
		"heads", old->top, new->top);
	if (t->split == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return diag_set(d, ERR_SPLIT,
		"two different files are signed as %s version %llu: its keys "
		"are misused, and no mirror can do that",
		text_show(shown, sizeof(shown), span_str(role)),
		(unsigned long long)version);
}

static bool
same_signed(const struct tuf_doc *a, const struct tuf_doc *b)
{
	return a->canonical.n == b->canonical.n &&
	       memcmp(a->canonical.p, b->canonical.p, a->canonical.n) == 0;
}

enum err
trust_split_versions(struct trust *t, const char *role,
	const struct tuf_doc *old, const struct tuf_doc *new, struct diag *d)
{
	if (old == NULL || old->version != new->version ||
		same_signed(old, new))
		return ERR_OK;
	return split_keep(t, role, role, new->version, old, new, d);
}

/* Whether no file can be both. */
static bool
contradict(const struct tuf_file *a, const struct tuf_file *b)
{
	const char *name;
	json_t *hash;

	if (a->version != b->version)
		return false;
	if (a->has_length && b->has_length && a->length != b->length)
		return true;
	json_object_foreach((json_t *)(uintptr_t)a->hashes, name, hash)
	{
		const json_t *other = json_object_get(b->hashes, name);

		if (other != NULL && !json_equal(hash, other))
			return true;
	}
	return false;
}

/* "ROLE.json" without its end. false: some other name. */
static bool
role_of(const char *file, char out[static LIMIT_NAME + 1])
{
	size_t n = strlen(file);

	if (n < 6 || n - 5 > LIMIT_NAME || strcmp(file + n - 5, ".json") != 0)
		return false;
	snprintf(out, LIMIT_NAME + 1, "%.*s", (int)(n - 5), file);
	return true;
}

enum err
trust_split_names(struct trust *t, const struct tuf_doc *old,
	const struct tuf_doc *new, struct diag *d)
{
	const json_t *meta = json_object_get(new->body, "meta");
	char role[LIMIT_NAME + 1];
	struct tuf_file a, b;
	const char *file;
	json_t *entry;

	if (old == NULL)
		return ERR_OK;
	json_object_foreach((json_t *)(uintptr_t)meta, file,
		entry) if (role_of(file, role) && tuf_meta(old, role, &a) &&
			   tuf_meta(new, role, &b) &&
			   contradict(&a, &b)) return split_keep(t,
		tuf_type_str(new->type), role, b.version, old, new, d);
	return ERR_OK;
}

/* ---- telling */

static void
split_read(const json_t *proof, struct trust_split *out)
{
	snprintf(out->by, sizeof(out->by), "%s",
		json_string_value(json_object_get(proof, "by")));
	snprintf(out->role, sizeof(out->role), "%s",
		json_string_value(json_object_get(proof, "role")));
	out->version =
		(uint64_t)json_integer_value(json_object_get(proof, "version"));
}

bool
trust_split(const struct trust *t, struct trust_split *out)
{
	*out = (struct trust_split){.version = 0};
	if (t->split == NULL)
		return false;
	split_read(t->split, out);
	return true;
}

enum err
trust_split_proof(const struct trust *t, struct buf *out)
{
	if (t->split == NULL)
		return ERR_MISSING;
	return json_canonical(t->split, out);
}

/* ---- checking */

static enum tuf_type
type_of(const char *role)
{
	int i;

	for (i = 0; i < TUF_TARGETS; i++)
		if (strcmp(role, tuf_type_str((enum tuf_type)i)) == 0)
			return (enum tuf_type)i;
	return TUF_TARGETS;
}

/* One file inside the proof, as strictly as when it comes alone. */
static enum err
file_read(const json_t *file, enum tuf_type type, struct tuf_doc **out,
	struct diag *d)
{
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_METADATA);
	e = file == NULL ? ERR_SYNTAX : json_canonical(file, &b);
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&b), LIMIT_METADATA, type, out, d);
	else
		diag_set(d, e, "a file is missing or cannot be read");
	buf_free(&b);
	return e;
}

/* Who may sign `by`: down from the root through `via`. *keep is the file that
 * the rule is borrowed from, or NULL; the caller frees it. */
static enum err
grant_read(const struct trust *t, const json_t *via, const char *by,
	struct tuf_rule *rule, struct tuf_doc **keep, struct diag *d)
{
	const char *role = "targets", *name = "";
	struct tuf_doc *doc = NULL;
	enum err e = ERR_OK;
	size_t i;

	*keep = NULL;
	*rule = trust_root_rule(t, t->root, type_of(by));
	if (tuf_top_level(by) != (json_array_size(via) == 0))
		return diag_set(d, ERR_SYNTAX,
			"delegations where the root "
			"grants, or none below it");
	if (tuf_top_level(by))
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < json_array_size(via); i++) {
		const json_t *o = json_array_get(via, i);

		e = json_str(o, "role", &name, d);
		if (e == ERR_OK && i == 0 && strcmp(name, role) != 0)
			e = diag_set(d, ERR_SYNTAX, "it begins not at targets");
		if (e == ERR_OK && i > 0 &&
			!tuf_delegation_rule(*keep, name, rule))
			e = diag_set(d, ERR_KEY, "nothing delegates to it");
		rule->schemes = t->schemes;
		if (e == ERR_OK)
			e = file_read(json_object_get(o, "file"), TUF_TARGETS,
				&doc, d);
		if (e == ERR_OK)
			e = tuf_check(doc, rule, d);
		tuf_free(e == ERR_OK ? *keep : doc);
		if (e == ERR_OK)
			*keep = doc;
	}
	if (e == ERR_OK && !tuf_delegation_rule(*keep, by, rule))
		e = diag_set(d, ERR_KEY, "nothing delegates to it");
	rule->schemes = t->schemes;
	return e;
}

/* Whether the two say what no honest signer says. */
static enum err
heads_contradict(const struct trust_split *s, const struct tuf_doc *a,
	const struct tuf_doc *b, struct diag *d)
{
	struct tuf_file fa, fb;
	bool split;

	if (strcmp(s->by, s->role) == 0)
		split = a->version == s->version && b->version == s->version &&
			!same_signed(a, b);
	else
		split = (a->type == TUF_TIMESTAMP || a->type == TUF_SNAPSHOT) &&
			tuf_meta(a, s->role, &fa) &&
			tuf_meta(b, s->role, &fb) && fa.version == s->version &&
			contradict(&fa, &fb);
	return split ? ERR_OK
		     : diag_set(d, ERR_REFUSED,
			       "the two files do not contradict each other");
}

static enum err
heads_check(const struct trust *t, const json_t *proof,
	const struct trust_split *s, struct diag *d)
{
	const json_t *heads = json_object_get(proof, "heads");
	struct tuf_doc *a = NULL, *b = NULL, *keep = NULL;
	struct tuf_rule rule;
	enum err e = grant_read(
		t, json_object_get(proof, "via"), s->by, &rule, &keep, d);

	if (e == ERR_OK)
		e = file_read(json_array_get(heads, 0), type_of(s->by), &a, d);
	if (e == ERR_OK)
		e = file_read(json_array_get(heads, 1), type_of(s->by), &b, d);
	if (e == ERR_OK)
		e = tuf_check(a, &rule, d);
	if (e == ERR_OK)
		e = tuf_check(b, &rule, d);
	if (e == ERR_OK)
		e = heads_contradict(s, a, b, d);
	tuf_free(a);
	tuf_free(b);
	tuf_free(keep);
	return e;
}

static enum err
form_check(const json_t *proof, struct diag *d)
{
	static const char *const names[] = {
		"_type", "by", "role", "version", "root", "via", "heads", NULL};
	const char *type = "", *by = "", *role = "";
	json_t *o;
	uint64_t version;
	enum err e = json_only(proof, names, d);

	if (e == ERR_OK)
		e = json_str(proof, "_type", &type, d);
	if (e == ERR_OK && strcmp(type, PROOF_TYPE) != 0)
		e = diag_set(d, ERR_UNSUPPORTED, "no proof of a known kind");
	if (e == ERR_OK)
		e = json_str(proof, "by", &by, d);
	if (e == ERR_OK)
		e = json_str(proof, "role", &role, d);
	if (e == ERR_OK)
		e = json_uint(proof, "version", INT64_MAX, &version, d);
	if (e == ERR_OK)
		e = json_arr(proof, "via", LIMIT_DELEGATIONS, &o, d);
	if (e == ERR_OK)
		e = json_arr(proof, "heads", 2, &o, d);
	if (e == ERR_OK && json_array_size(o) != 2)
		e = diag_set(d, ERR_SYNTAX, "there are not two heads");
	if (e == ERR_OK &&
		(strlen(by) > LIMIT_NAME || strlen(role) > LIMIT_NAME))
		e = diag_set(d, ERR_LIMIT, "a role name is too long");
	return e;
}

static enum err
root_check(const struct trust *t, const json_t *proof, struct diag *d)
{
	static const char *const names[] = {"version", "sha256", NULL};
	json_t *o, *own = root_object(t->root);
	uint8_t hash[32];
	uint64_t version = 0;
	enum err e = own == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK)
		e = json_obj(proof, "root", &o, d);
	if (e == ERR_OK)
		e = json_only(o, names, d);
	if (e == ERR_OK)
		e = json_uint(o, "version", INT64_MAX, &version, d);
	if (e == ERR_OK)
		e = json_hex(o, "sha256", hash, sizeof(hash), d);
	if (e == ERR_OK && !json_equal(o, own))
		e = diag_set(d, ERR_MIXED,
			"it was made under a root of version %llu, not the "
			"version %llu trusted here",
			(unsigned long long)version,
			(unsigned long long)t->root->version);
	json_decref(own);
	return e;
}

enum err
trust_split_check(const struct trust *t, struct span proof,
	struct trust_split *out, struct diag *d)
{
	json_t *top = NULL;
	enum err e;

	*out = (struct trust_split){.version = 0};
	if (json_count(proof) > LIMIT_SPLIT / LIMIT_VALUE_BYTES)
		return diag_set(d, ERR_LIMIT, "too many JSON values");
	e = json_parse(proof, LIMIT_SPLIT, &top, d);
	if (e == ERR_OK)
		e = form_check(top, d);
	if (e == ERR_OK)
		e = root_check(t, top, d);
	if (e == ERR_OK) {
		split_read(top, out);
		e = heads_check(t, top, out, d);
	}
	if (e != ERR_OK)
		*out = (struct trust_split){.version = 0};
	json_decref(top);
	return e;
}
