#include "press_change.h"

#include <stdio.h>
#include <string.h>

#include "../core/date.h"
#include "../core/text.h"

/* ---- keys */

static bool
number_is(const struct minisign_key *k, const char *word)
{
	char number[2 * MINISIGN_KEYNUM + 1];

	minisign_keynum_text(number, k->keynum);
	return strcmp(number, word) == 0;
}

static bool
key_known(const struct grants *g, struct keyring *ring, const char *word,
	struct minisign_key *out)
{
	const struct keyring_key *named = keyring_named(ring, word);
	size_t i, k;

	if (named != NULL) {
		*out = named->pub;
		return true;
	}
	for (i = 0; i < ring->n; i++)
		if (number_is(&ring->list[i].pub, word)) {
			*out = ring->list[i].pub;
			return true;
		}
	for (i = 0; i < g->n; i++)
		for (k = 0; k < g->list[i].n; k++)
			if (number_is(&g->list[i].keys[k], word)) {
				*out = g->list[i].keys[k];
				return true;
			}
	return false;
}

enum err
change_key(const struct grants *g, struct keyring *ring, const char *word,
	struct minisign_key *out, struct diag *d)
{
	size_t n = strlen(word);
	char shown[120];

	if (strchr(word, '/') != NULL ||
		(n > 4 && strcmp(word + n - 4, ".pub") == 0))
		return keyring_public(word, out, d);
	if (key_known(g, ring, word, out))
		return ERR_OK;
	return diag_set(d, ERR_USAGE,
		"no key \"%s\": give a .pub file, a name of keys/ or the "
		"number of a key that has a role",
		text_show(shown, sizeof(shown), span_str(word)));
}

/* ---- years */

static void
year_name(char out[static 8], int year)
{
	snprintf(out, 8, "y-%04u", (unsigned)year % 10000);
}

enum err
change_years(struct grants *g, int64_t now, struct diag *d)
{
	const struct grant *archive = grants_archive(g);
	struct grant keys;
	char name[8];
	int year, week;
	enum err e = ERR_OK;
	int i;

	if (archive == NULL)
		return ERR_OK;
	keys = *archive;
	date_week(now, &year, &week);
	for (i = 0; e == ERR_OK && i < (week >= 40 ? 2 : 1); i++) {
		year_name(name, year + i);
		if (grants_find(g, name) == NULL)
			e = grants_copy(g, name, &keys, d);
	}
	return e;
}

/* ---- verbs */

struct change {
	struct grants *g;
	enum tuf_type type;
	struct keyring *ring;
	int64_t now;
};

static enum err
set_one(struct change *c, const char *role, const struct minisign_key *key,
	struct diag *d)
{
	struct grant *to = grants_find(c->g, role);

	if (c->type == TUF_TARGETS)
		return grants_put(c->g, role, key, d);
	if (to == NULL)
		return diag_set(d, ERR_USAGE, "root has no role \"%s\"", role);
	to->keys[0] = *key;
	to->n = 1;
	to->threshold = 1;
	return ERR_OK;
}

/* Archive means every year, and this one where there is none yet. */
static enum err
set_archive(struct change *c, const struct minisign_key *key, struct diag *d)
{
	char names[64][8], name[8];
	int year, week;
	size_t i, n = 0;
	enum err e = ERR_OK;

	for (i = 0; i < c->g->n && n < 64; i++)
		if (c->g->list[i].name[0] == 'y')
			snprintf(names[n++], sizeof(*names), "%.7s",
				c->g->list[i].name);
	date_week(c->now, &year, &week);
	year_name(name, year);
	if (grants_find(c->g, name) == NULL && n < 64)
		snprintf(names[n++], sizeof(*names), "%s", name);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = set_one(c, names[i], key, d);
	return e;
}

static enum err
change_one(struct change *c, const char *verb, const char *role,
	const char *what, struct diag *d)
{
	struct grant *g = grants_find(c->g, role);
	struct minisign_key key;
	uint64_t k;
	enum err e;

	if (strcmp(verb, "threshold") == 0) {
		if (g == NULL)
			return diag_set(
				d, ERR_USAGE, "there is no role \"%s\"", role);
		if (text_decimal(span_str(what), GRANT_KEYS, &k) != ERR_OK)
			return diag_set(
				d, ERR_USAGE, "a threshold is a small number");
		g->threshold = (unsigned)k;
		return ERR_OK;
	}
	e = change_key(c->g, c->ring, what, &key, d);
	if (e != ERR_OK)
		return e;
	if (strcmp(verb, "set") == 0)
		return c->type == TUF_TARGETS && strcmp(role, "archive") == 0
			       ? set_archive(c, &key, d)
			       : set_one(c, role, &key, d);
	if (g == NULL)
		return diag_set(d, ERR_USAGE,
			"there is no role \"%s\"; set ROLE KEY makes one",
			role);
	/* A bundle's lone signature is by the one key of its desk. */
	if (strcmp(verb, "add") == 0 && g->name[0] == 'd' && g->name[1] == '-')
		return diag_set(d, ERR_USAGE,
			"a desk has one key; set %s KEY gives it another",
			role);
	return strcmp(verb, "add") == 0 ? grant_add(g, &key, d)
					: grant_remove(g, &key, d);
}

enum err
change_apply(struct grants *g, enum tuf_type type, struct keyring *ring,
	char **words, size_t n, int64_t now, struct diag *d)
{
	static const char *const verbs[] = {
		"add", "remove", "set", "threshold", "drop"};
	struct change c = {g, type, ring, now};
	enum err e = ERR_OK;
	size_t i = 0, v, takes;

	while (e == ERR_OK && i < n) {
		for (v = 0; v < 5; v++)
			if (strcmp(words[i], verbs[v]) == 0)
				break;
		takes = v == 4 ? 2 : 3;
		if (v == 5 || n - i < takes)
			return diag_set(d, ERR_USAGE,
				"a change is add|remove|set ROLE KEY, "
				"threshold ROLE K or drop ROLE");
		if (v < 4)
			e = change_one(
				&c, words[i], words[i + 1], words[i + 2], d);
		else if (type != TUF_TARGETS ||
			 grants_find(g, words[i + 1]) == NULL)
			e = diag_set(d, ERR_USAGE, "%s cannot be dropped",
				words[i + 1]);
		else
			grants_drop(g, words[i + 1]);
		i += takes;
	}
	return e;
}
