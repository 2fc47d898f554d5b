#include "tuf.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "limits.h"
#include "text.h"

static const char *const type_names[TUF_TYPES] = {
	"root", "timestamp", "snapshot", "targets"};

const char *
tuf_type_str(enum tuf_type type)
{
	return type_names[type];
}

/* Some file systems take "Root.json" for "root.json". */
static bool
same_letters(const char *a, const char *lower)
{
	for (; *lower != '\0'; a++, lower++)
		if (*a != *lower && *a != *lower - 'a' + 'A')
			return false;
	return *a == '\0';
}

bool
tuf_top_level(const char *role)
{
	size_t i;

	for (i = 0; i < TUF_TYPES; i++)
		if (same_letters(role, type_names[i]))
			return true;
	return false;
}

/* ---- form, 4.2: keys, roles, files */

static enum err
keys_check(const json_t *keys, struct diag *d)
{
	const char *id, *s;
	json_t *key, *val;
	enum err e;

	json_object_foreach((json_t *)(uintptr_t)keys, id, key)
	{
		if (strlen(id) > LIMIT_NAME)
			return diag_set(d, ERR_LIMIT, "a key id is too long");
		e = json_str(key, "keytype", &s, d);
		if (e == ERR_OK)
			e = json_str(key, "scheme", &s, d);
		if (e == ERR_OK)
			e = json_obj(key, "keyval", &val, d);
		if (e == ERR_OK)
			e = json_str(val, "public", &s, d);
		if (e != ERR_OK)
			return diag_prefix(d, e, "key");
	}
	return ERR_OK;
}

/* Key ids of a role: strings, each once. */
static enum err
keyids_check(const json_t *keyids, struct diag *d)
{
	size_t i, k, n = json_array_size(keyids);

	for (i = 0; i < n; i++) {
		const char *a = json_string_value(json_array_get(keyids, i));

		if (a == NULL)
			return diag_set(d, ERR_SYNTAX, "a key id is no string");
		for (k = 0; k < i; k++)
			if (strcmp(a, json_string_value(
					      json_array_get(keyids, k))) == 0)
				return diag_set(d, ERR_SYNTAX,
					"a role lists one key id twice");
	}
	return ERR_OK;
}

static enum err
role_check(const json_t *role, struct diag *d)
{
	json_t *keyids;
	uint64_t threshold;
	enum err e = json_arr(role, "keyids", LIMIT_ROLE_KEYS, &keyids, d);

	if (e == ERR_OK)
		e = keyids_check(keyids, d);
	if (e == ERR_OK)
		e = json_uint(role, "threshold", 1024, &threshold, d);
	if (e == ERR_OK && threshold < 1)
		e = diag_set(d, ERR_SYNTAX, "a threshold is below 1");
	return e;
}

static enum err
root_check(struct tuf_doc *doc, struct diag *d)
{
	json_t *keys, *roles, *role;
	const json_t *consistent;
	size_t i;
	enum err e = json_obj(doc->body, "keys", &keys, d);

	if (e == ERR_OK)
		e = keys_check(keys, d);
	if (e == ERR_OK)
		e = json_obj(doc->body, "roles", &roles, d);
	for (i = 0; e == ERR_OK && i < TUF_TYPES; i++) {
		e = json_obj(roles, type_names[i], &role, d);
		if (e == ERR_OK)
			e = role_check(role, d);
		if (e != ERR_OK)
			e = diag_prefix(d, e, "role %s", type_names[i]);
	}
	if (e != ERR_OK)
		return e;
	consistent = json_object_get(doc->body, "consistent_snapshot");
	if (consistent != NULL && !json_is_boolean(consistent))
		return diag_set(d, ERR_SYNTAX,
			"\"consistent_snapshot\" is not true or false");
	doc->consistent = json_is_true(consistent);
	return ERR_OK;
}

static enum err
hashes_check(const json_t *file, bool required, struct diag *d)
{
	const json_t *hashes = json_object_get(file, "hashes");
	const char *name;
	json_t *v;

	if (hashes == NULL && !required)
		return ERR_OK;
	if (!json_is_object(hashes) || json_object_size(hashes) == 0)
		return diag_set(d, ERR_SYNTAX, "a file lists no hashes");
	json_object_foreach((json_t *)(uintptr_t)hashes, name,
		v) if (!json_is_string(v)) return diag_set(d, ERR_SYNTAX,
		"a hash is no string");
	return ERR_OK;
}

/* A METAFILES object: "ROLE.json" -> version, perhaps length and hashes. */
static enum err
meta_check(const json_t *body, struct diag *d)
{
	const char *name;
	json_t *meta, *file;
	uint64_t n;
	enum err e = json_obj(body, "meta", &meta, d);

	if (e != ERR_OK)
		return e;
	json_object_foreach(meta, name, file)
	{
		e = json_uint(file, "version", INT64_MAX, &n, d);
		if (e == ERR_OK && n < 1)
			e = diag_set(d, ERR_SYNTAX, "a version is below 1");
		if (e == ERR_OK && json_object_get(file, "length") != NULL)
			e = json_uint(file, "length", INT64_MAX, &n, d);
		if (e == ERR_OK)
			e = hashes_check(file, false, d);
		if (e != ERR_OK)
			return diag_prefix(d, e, "meta");
	}
	return ERR_OK;
}

/* Adds the bytes of the strings to *sum. */
static enum err
strings_check(const json_t *array, size_t *sum, struct diag *d)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++) {
		const json_t *s = json_array_get(array, i);

		if (!json_is_string(s))
			return diag_set(
				d, ERR_SYNTAX, "a path pattern is no string");
		*sum += json_string_length(s) + 1;
	}
	return ERR_OK;
}

static enum err
delegation_check(const json_t *role, size_t *patterns, struct diag *d)
{
	const json_t *paths = json_object_get(role, "paths");
	const json_t *prefixes = json_object_get(role, "path_hash_prefixes");
	const char *name = "";
	size_t prefix_bytes = 0;
	enum err e = json_str(role, "name", &name, d);

	if (e != ERR_OK)
		return e;
	if (name[0] == '\0' || strlen(name) > LIMIT_NAME)
		return diag_set(d, ERR_LIMIT, "a role name is empty or long");
	if (tuf_top_level(name))
		return diag_set(d, ERR_SYNTAX,
			"a delegation is named like the top-level role %s",
			name);
	if (!json_is_boolean(json_object_get(role, "terminating")))
		return diag_set(
			d, ERR_SYNTAX, "\"terminating\" is not true or false");
	/* Exactly one of the two ways to say which paths. */
	if ((paths == NULL) == (prefixes == NULL) ||
		!json_is_array(paths == NULL ? prefixes : paths))
		return diag_set(d, ERR_SYNTAX,
			"a delegation lacks paths, or says them twice");
	e = paths != NULL ? strings_check(paths, patterns, d)
			  : strings_check(prefixes, &prefix_bytes, d);
	if (e == ERR_OK && *patterns > LIMIT_PATTERNS)
		e = diag_set(d, ERR_LIMIT, "more than %zu bytes of patterns",
			LIMIT_PATTERNS);
	if (e == ERR_OK)
		e = role_check(role, d);
	return e;
}

/* Each delegation for itself, and no name twice. */
static enum err
delegated_roles_check(const json_t *roles, struct diag *d)
{
	json_t *seen = json_object();
	size_t i, patterns = 0;
	enum err e = seen == NULL ? ERR_NOMEM : ERR_OK;

	for (i = 0; e == ERR_OK && i < json_array_size(roles); i++) {
		const json_t *role = json_array_get(roles, i);
		const char *name;

		e = delegation_check(role, &patterns, d);
		if (e != ERR_OK) {
			diag_prefix(d, e, "delegation %zu", i);
			break;
		}
		name = tuf_delegation_name(role);
		if (json_object_get(seen, name) != NULL)
			e = diag_set(d, ERR_SYNTAX,
				"one role is delegated to twice");
		else if (json_object_set_new(seen, name, json_true()) != 0)
			e = ERR_NOMEM;
	}
	json_decref(seen);
	return e;
}

static enum err
delegations_check(const json_t *body, struct diag *d)
{
	const json_t *del = json_object_get(body, "delegations");
	json_t *keys, *roles;
	enum err e;

	if (del == NULL)
		return ERR_OK;
	e = json_obj(del, "keys", &keys, d);
	if (e == ERR_OK)
		e = keys_check(keys, d);
	if (e == ERR_OK)
		e = json_arr(del, "roles", LIMIT_ROLE_DELEGATIONS, &roles, d);
	if (e == ERR_OK)
		e = delegated_roles_check(roles, d);
	return e == ERR_OK ? e : diag_prefix(d, e, "delegations");
}

static enum err
targets_check(const json_t *body, struct diag *d)
{
	const char *path;
	json_t *targets, *file;
	uint64_t n;
	enum err e = json_obj(body, "targets", &targets, d);

	if (e != ERR_OK)
		return e;
	json_object_foreach(targets, path, file)
	{
		e = json_uint(file, "length", INT64_MAX, &n, d);
		if (e == ERR_OK)
			e = hashes_check(file, true, d);
		if (e != ERR_OK)
			return diag_prefix(d, e, "target");
	}
	return delegations_check(body, d);
}

/* ---- the document */

static enum err
signatures_check(const json_t *top, struct diag *d)
{
	const char *a, *sig;
	json_t *sigs;
	size_t i, k;
	enum err e = json_arr(top, "signatures", LIMIT_SIGNATURES, &sigs, d);

	for (i = 0; e == ERR_OK && i < json_array_size(sigs); i++) {
		e = json_str(json_array_get(sigs, i), "keyid", &a, d);
		if (e == ERR_OK)
			e = json_str(json_array_get(sigs, i), "sig", &sig, d);
		for (k = 0; e == ERR_OK && k < i; k++)
			if (strcmp(a, json_string_value(json_object_get(
					      json_array_get(sigs, k),
					      "keyid"))) == 0)
				e = diag_set(d, ERR_SYNTAX,
					"one key id signs twice");
	}
	return e;
}

/* "1.x" or "1.x.y" in digits. */
static bool
spec_known(const char *s)
{
	unsigned dots = 0;

	if (*s++ != '1')
		return false;
	for (; *s != '\0'; s++) {
		if (*s == '.' && (s[1] < '0' || s[1] > '9' || ++dots > 2))
			return false;
		if (*s != '.' && (*s < '0' || *s > '9' || dots == 0))
			return false;
	}
	return dots > 0;
}

/* 4.3, SPEC_VERSION: of another major version nothing is understood. */
static enum err
spec_check(const json_t *body, struct diag *d)
{
	const char *s = "";
	char shown[40];
	enum err e = json_str(body, "spec_version", &s, d);

	if (e == ERR_OK && !spec_known(s))
		e = diag_set(d, ERR_UNSUPPORTED,
			"TUF specification %s; this program reads 1.x",
			text_show(shown, sizeof(shown), span_str(s)));
	return e;
}

static enum err
common_check(struct tuf_doc *doc, struct diag *d)
{
	const char *type = "";
	enum err e = json_str(doc->body, "_type", &type, d);

	if (e == ERR_OK && strcmp(type, type_names[doc->type]) != 0)
		e = diag_set(d, ERR_SYNTAX, "this is not %s metadata",
			type_names[doc->type]);
	if (e == ERR_OK)
		e = spec_check(doc->body, d);
	if (e == ERR_OK)
		e = json_uint(
			doc->body, "version", INT64_MAX, &doc->version, d);
	if (e == ERR_OK && doc->version < 1)
		e = diag_set(d, ERR_SYNTAX, "\"version\" is below 1");
	if (e == ERR_OK)
		e = json_date(doc->body, "expires", &doc->expires, d);
	return e;
}

static enum err
timestamp_check(struct tuf_doc *doc, struct diag *d)
{
	struct tuf_file f;
	enum err e = meta_check(doc->body, d);

	/* 4.6: it "MUST only include a description of the snapshot.json". */
	if (e == ERR_OK && (!tuf_meta(doc, "snapshot", &f) ||
				   json_object_size(json_object_get(
					   doc->body, "meta")) != 1))
		e = diag_set(d, ERR_SYNTAX,
			"it does not name snapshot.json, and nothing else");
	if (e == ERR_OK && json_object_get(doc->body, "x-erika-made") != NULL)
		e = json_date(doc->body, "x-erika-made", &doc->made, d);
	return e;
}

/* 4.4: it "MUST list" the top-level targets. */
static enum err
snapshot_check(const struct tuf_doc *doc, struct diag *d)
{
	struct tuf_file f;
	enum err e = meta_check(doc->body, d);

	if (e == ERR_OK && !tuf_meta(doc, "targets", &f))
		e = diag_set(d, ERR_SYNTAX, "it does not name targets.json");
	return e;
}

static enum err
doc_check(struct tuf_doc *doc, struct diag *d)
{
	json_t *body;
	enum err e = signatures_check(doc->top, d);

	if (e == ERR_OK)
		e = json_obj(doc->top, "signed", &body, d);
	if (e != ERR_OK)
		return e;
	doc->body = body;
	e = common_check(doc, d);
	if (e != ERR_OK)
		return e;
	switch (doc->type) {
	case TUF_ROOT:
		e = root_check(doc, d);
		break;
	case TUF_TIMESTAMP:
		e = timestamp_check(doc, d);
		break;
	case TUF_SNAPSHOT:
		e = snapshot_check(doc, d);
		break;
	case TUF_TARGETS:
		e = targets_check(doc->body, d);
		break;
	}
	if (e != ERR_OK)
		return e;
	e = json_canonical(doc->body, &doc->canonical);
	return e == ERR_OK ? e : diag_set(d, e, "cannot be made canonical");
}

enum err
tuf_parse(struct span s, size_t max, enum tuf_type type, struct tuf_doc **out,
	struct diag *d)
{
	struct tuf_doc *doc = calloc(1, sizeof(*doc));
	enum err e;

	*out = NULL;
	if (doc == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	doc->type = type;
	/* Escaping a control character in JSON takes six bytes, so canonical
	 * form is never longer than what was read. */
	buf_init(&doc->canonical, max);
	if (s.n <= max && json_count(s) > max / LIMIT_VALUE_BYTES)
		e = diag_set(d, ERR_LIMIT, "more than %zu JSON values",
			max / LIMIT_VALUE_BYTES);
	else
		e = json_parse(s, max, &doc->top, d);
	if (e == ERR_OK)
		e = doc_check(doc, d);
	if (e != ERR_OK) {
		tuf_free(doc);
		return e;
	}
	*out = doc;
	return ERR_OK;
}

void
tuf_free(struct tuf_doc *doc)
{
	if (doc == NULL)
		return;
	json_decref(doc->top);
	buf_free(&doc->canonical);
	free(doc);
}

/* ---- files and delegations */

bool
tuf_meta(const struct tuf_doc *doc, const char *role, struct tuf_file *out)
{
	char name[LIMIT_NAME + 8];
	const json_t *file;
	size_t n = strlen(role);

	*out = (struct tuf_file){0};
	if (n > LIMIT_NAME)
		return false;
	memcpy(name, role, n);
	memcpy(name + n, ".json", 6);
	file = json_object_get(json_object_get(doc->body, "meta"), name);
	if (file == NULL)
		return false;
	tuf_target_file(file, out);
	out->version =
		(uint64_t)json_integer_value(json_object_get(file, "version"));
	return true;
}

void
tuf_target_file(const json_t *entry, struct tuf_file *out)
{
	const json_t *length = json_object_get(entry, "length");

	*out = (struct tuf_file){.has_length = length != NULL,
		.length = (uint64_t)json_integer_value(length),
		.hashes = json_object_get(entry, "hashes")};
}

static const json_t *
delegated_roles(const struct tuf_doc *targets)
{
	return json_object_get(
		json_object_get(targets->body, "delegations"), "roles");
}

const json_t *
tuf_delegation(const struct tuf_doc *targets, size_t i)
{
	return json_array_get(delegated_roles(targets), i);
}

const char *
tuf_delegation_name(const json_t *delegation)
{
	return json_string_value(json_object_get(delegation, "name"));
}

bool
tuf_delegation_terminating(const json_t *delegation)
{
	return json_is_true(json_object_get(delegation, "terminating"));
}
