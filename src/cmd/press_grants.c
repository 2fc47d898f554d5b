#include "press_grants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../core/tuf_write.h"

void
grants_free(struct grants *g)
{
	free(g->list);
	*g = (struct grants){.n = 0};
}

/* ---- names */

/* "y-2026" */
static bool
is_year(const char *name)
{
	size_t i;

	if (strncmp(name, "y-", 2) != 0 || strlen(name) != 6)
		return false;
	for (i = 2; i < 6; i++)
		if (name[i] < '0' || name[i] > '9')
			return false;
	return true;
}

static bool
is_desk(const char *name)
{
	return strncmp(name, "d-", 2) == 0 &&
	       text_name_ok(span_str(name + 2), 32);
}

bool
grant_name_ok(const char *name)
{
	return strcmp(name, "x") == 0 || is_year(name) || is_desk(name);
}

/* x, then years, then desks. */
static int
rank(const char *name)
{
	return name[0] == 'x' ? 0 : name[0] == 'y' ? 1 : 2;
}

static int
order(const char *a, const char *b)
{
	return rank(a) != rank(b) ? rank(a) - rank(b) : strcmp(a, b);
}

/* ---- the list */

struct grant *
grants_find(const struct grants *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (strcmp(g->list[i].name, name) == 0)
			return &g->list[i];
	return NULL;
}

/* Room for one more, at index `at`. */
static struct grant *
insert(struct grants *g, size_t at, const char *name, struct diag *d)
{
	struct grant *more = realloc(g->list, (g->n + 1) * sizeof(*more));

	if (more == NULL) {
		(void)diag_set(d, ERR_NOMEM, "out of memory");
		return NULL;
	}
	g->list = more;
	memmove(more + at + 1, more + at, (g->n - at) * sizeof(*more));
	g->n++;
	more[at] = (struct grant){.threshold = 1};
	snprintf(more[at].name, sizeof(more[at].name), "%s", name);
	return &more[at];
}

static enum err
placed(struct grants *g, const char *name, struct grant **out, struct diag *d)
{
	size_t at = 0;

	*out = NULL;
	if (!grant_name_ok(name))
		return diag_set(d, ERR_USAGE,
			"there is no role \"%s\" in targets", name);
	grants_drop(g, name);
	while (at < g->n && order(g->list[at].name, name) < 0)
		at++;
	*out = insert(g, at, name, d);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
grants_put(struct grants *g, const char *name, const struct minisign_key *key,
	struct diag *d)
{
	struct grant *to;
	enum err e = placed(g, name, &to, d);

	if (e != ERR_OK)
		return e;
	to->keys[to->n++] = *key;
	return ERR_OK;
}

enum err
grants_copy(struct grants *g, const char *name, const struct grant *from,
	struct diag *d)
{
	struct grant copy = *from, *to;
	enum err e = placed(g, name, &to, d);

	if (e != ERR_OK)
		return e;
	memcpy(copy.name, to->name, sizeof(copy.name));
	*to = copy;
	return ERR_OK;
}

void
grants_drop(struct grants *g, const char *name)
{
	struct grant *one = grants_find(g, name);
	size_t at;

	if (one == NULL)
		return;
	at = (size_t)(one - g->list);
	memmove(one, one + 1, (g->n - at - 1) * sizeof(*one));
	g->n--;
}

const struct grant *
grants_archive(const struct grants *g)
{
	const struct grant *last = NULL;
	size_t i;

	for (i = 0; i < g->n; i++)
		if (is_year(g->list[i].name))
			last = &g->list[i];
	return last;
}

/* ---- one of them */

static size_t
key_at(const struct grant *g, const uint8_t key[static CRYPTO_PUBLIC])
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (memcmp(g->keys[i].key, key, CRYPTO_PUBLIC) == 0)
			break;
	return i;
}

bool
grant_has(const struct grant *g, const uint8_t key[static CRYPTO_PUBLIC])
{
	return key_at(g, key) < g->n;
}

enum err
grant_add(struct grant *g, const struct minisign_key *key, struct diag *d)
{
	if (grant_has(g, key->key))
		return diag_set(
			d, ERR_USAGE, "%s has that key already", g->name);
	if (g->n == GRANT_KEYS)
		return diag_set(d, ERR_USAGE, "%s has %d keys already", g->name,
			GRANT_KEYS);
	g->keys[g->n++] = *key;
	return ERR_OK;
}

enum err
grant_remove(struct grant *g, const struct minisign_key *key, struct diag *d)
{
	size_t i = key_at(g, key->key);

	if (i == g->n)
		return diag_set(d, ERR_USAGE, "%s has no such key", g->name);
	memmove(g->keys + i, g->keys + i + 1,
		(g->n - i - 1) * sizeof(*g->keys));
	g->n--;
	return ERR_OK;
}

/* ---- from metadata */

enum err
grant_read(const struct tuf_rule *rule, const char *name, struct grant *out,
	struct diag *d)
{
	size_t i, n = json_array_size(rule->keyids);

	*out = (struct grant){.threshold = (unsigned)rule->threshold};
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (n > GRANT_KEYS)
		return diag_set(d, ERR_UNSUPPORTED, "%s has more than %d keys",
			name, GRANT_KEYS);
	for (i = 0; i < n; i++) {
		const char *id =
			json_string_value(json_array_get(rule->keyids, i));
		struct minisign_key *k = &out->keys[out->n];

		if (!tuf_key_ed25519(json_object_get(rule->keys, id), k->key))
			return diag_set(d, ERR_UNSUPPORTED,
				"%s has a key that is not Ed25519", name);
		minisign_keynum(k->key, k->keynum);
		out->n++;
	}
	return ERR_OK;
}

static enum err
rule_add(struct grants *g, const struct tuf_rule *rule, const char *name,
	struct diag *d)
{
	struct grant *to = insert(g, g->n, name, d);

	return to == NULL ? ERR_NOMEM : grant_read(rule, name, to, d);
}

enum err
grants_read(const struct tuf_doc *doc, struct grants *out, struct diag *d)
{
	const json_t *del;
	struct tuf_rule rule;
	enum err e = ERR_OK;
	size_t i;

	*out = (struct grants){.n = 0};
	for (i = 0; e == ERR_OK && doc->type == TUF_ROOT && i < TUF_TYPES;
		i++) {
		rule = tuf_root_rule(doc, (enum tuf_type)i);
		e = rule_add(out, &rule, tuf_type_str((enum tuf_type)i), d);
	}
	for (i = 0; e == ERR_OK && doc->type == TUF_TARGETS &&
		    (del = tuf_delegation(doc, i)) != NULL;
		i++) {
		const char *name = tuf_delegation_name(del);

		if (!grant_name_ok(name) ||
			(i > 0 && order(out->list[i - 1].name, name) >= 0))
			e = diag_set(d, ERR_UNSUPPORTED,
				"targets were not made by erika-press");
		else if (tuf_delegation_rule(doc, name, &rule))
			e = rule_add(out, &rule, name, d);
	}
	if (e != ERR_OK)
		grants_free(out);
	return e;
}

/* ---- to metadata */

static enum err
grant_check(const struct grant *g, struct diag *d)
{
	if (g->threshold >= 1 && g->threshold <= g->n)
		return ERR_OK;
	return diag_set(d, ERR_USAGE,
		"%s would need %u signatures of %zu keys: the threshold lies "
		"between 1 and the number of keys",
		g->name, g->threshold, g->n);
}

static struct tuf_grant
tuf_of(const struct grant *g)
{
	return (struct tuf_grant){g->keys, g->n, g->threshold};
}

enum err
grants_root(const struct grants *g, uint64_t version, int64_t expires,
	const char *outlet, json_t **out, struct diag *d)
{
	struct tuf_grant all[TUF_TYPES];
	enum err e = ERR_OK;
	size_t i;

	*out = NULL;
	for (i = 0; e == ERR_OK && i < TUF_TYPES; i++) {
		e = grant_check(&g->list[i], d);
		all[i] = tuf_of(&g->list[i]);
	}
	if (e != ERR_OK)
		return e;
	*out = tuf_body(TUF_ROOT, version, expires);
	if (*out == NULL || tuf_body_root(*out, all, outlet) != ERR_OK)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return ERR_OK;
}

static enum err
delegate(json_t *body, const struct grant *g)
{
	const char *patterns[2] = {"x/*", NULL};
	struct tuf_grant t = tuf_of(g);
	char pattern[80];

	if (is_year(g->name)) {
		snprintf(pattern, sizeof(pattern), "b/*/%.4s-*/*", g->name + 2);
		patterns[0] = pattern;
	} else if (is_desk(g->name)) {
		snprintf(pattern, sizeof(pattern), "b/%.32s/*/*", g->name + 2);
		patterns[0] = pattern;
	}
	/* A year says only which weeks are sealed; open ones are found by
	 * going on to the desks. */
	return tuf_body_delegate(
		body, g->name, &t, patterns, !is_year(g->name));
}

enum err
grants_targets(const struct grants *g, uint64_t version, int64_t expires,
	json_t **out, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	*out = tuf_body(TUF_TARGETS, version, expires);
	if (*out == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < g->n; i++) {
		e = grant_check(&g->list[i], d);
		if (e == ERR_OK && delegate(*out, &g->list[i]) != ERR_OK)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	return e;
}
