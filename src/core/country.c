#include "country.h"

#include <stdlib.h>
#include <string.h>

#include "ini.h"
#include "limits.h"
#include "mirrors.h"
#include "text.h"

/* mirrors/countries.ini, made a string by the Makefile. */
extern const char country_table[];

static const char *const schemes[COUNTRY_SCHEMES] = {
	[COUNTRY_HTTPS] = "https",
	[COUNTRY_FILE] = "file",
	[COUNTRY_HTTP] = "http", /* last: the censor can read along */
};

static const struct country neutral = {
	.prefer = {COUNTRY_HTTPS, COUNTRY_FILE, COUNTRY_HTTP},
};

/* ---- codes */

bool
country_code_ok(struct span s)
{
	return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' &&
	       s.p[1] <= 'Z';
}

enum err
country_code_add(struct span code, struct country_code **list, size_t *n,
	enum err wrong, struct diag *d)
{
	struct country_code *more;
	char shown[32];
	size_t i;

	if (!country_code_ok(code))
		return diag_set(d, wrong,
			"\"%s\" is not a country code like RU",
			text_show(shown, sizeof(shown), code));
	for (i = 0; i < *n; i++)
		if (memcmp((*list)[i].s, code.p, 2) == 0)
			return diag_set(d, wrong, "country %.2s twice",
				(const char *)code.p);
	if (*n >= LIMIT_COUNTRIES)
		return diag_set(d, wrong, "over %d countries", LIMIT_COUNTRIES);
	more = realloc(*list, (*n + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	memcpy(more[*n].s, code.p, 2);
	more[*n].s[2] = '\0';
	*list = more;
	(*n)++;
	return ERR_OK;
}

/* The next word of "a, b, c", and past its comma; words may be empty, and the
 * caller refuses those. false at the end. */
static bool
word_next(const char **s, struct span *word)
{
	const char *p = *s;
	size_t n;

	if (p == NULL)
		return false;
	p += strspn(p, " \t");
	n = strcspn(p, ",");
	*s = p[n] == ',' ? p + n + 1 : NULL;
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	*word = span_of(p, n);
	return true;
}

enum err
country_codes(
	const char *s, struct country_code **list, size_t *n, struct diag *d)
{
	struct span word;
	enum err e = ERR_OK;

	while (e == ERR_OK && word_next(&s, &word))
		e = country_code_add(word, list, n, ERR_CONFIG, d);
	return e;
}

/* ---- the table */

void
countries_clear(struct countries *cs)
{
	size_t i, k;

	for (i = 0; i < cs->n; i++) {
		for (k = 0; k < cs->list[i].n_avoid; k++)
			free(cs->list[i].avoid[k]);
		free(cs->list[i].avoid);
		free(cs->list[i].name);
	}
	free(cs->list);
	*cs = (struct countries){0};
}

/* The country of a section, made when it is new. */
static enum err
country_of(struct countries *cs, const char *code, struct country **out,
	struct diag *d)
{
	struct country *more;
	char shown[32];
	size_t i;

	if (!country_code_ok(span_str(code)))
		return diag_set(d, ERR_CONFIG,
			"\"%s\" is not a country code like RU",
			text_show(shown, sizeof(shown), span_str(code)));
	for (i = 0; i < cs->n; i++) {
		*out = &cs->list[i];
		if (strcmp((*out)->code.s, code) == 0)
			return ERR_OK;
	}
	if (cs->n >= LIMIT_COUNTRIES)
		return diag_set(
			d, ERR_CONFIG, "over %d countries", LIMIT_COUNTRIES);
	more = realloc(cs->list, (cs->n + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	cs->list = more;
	*out = &more[cs->n++];
	**out = neutral;
	memcpy((*out)->code.s, code, 3);
	return ERR_OK;
}

/* Words that are not named keep their neutral place behind those that are. */
static enum err
prefer_set(struct country *c, const char *value, struct diag *d)
{
	bool used[COUNTRY_SCHEMES] = {false};
	struct span word;
	size_t i, n = 0;

	while (word_next(&value, &word)) {
		for (i = 0; i < COUNTRY_SCHEMES; i++)
			if (span_eq(word, span_str(schemes[i])))
				break;
		if (i == COUNTRY_SCHEMES || used[i])
			return diag_set(d, ERR_CONFIG,
				"prefer: https, file and http, each once");
		used[i] = true;
		c->prefer[n++] = (enum country_scheme)i;
	}
	for (i = 0; i < COUNTRY_SCHEMES; i++)
		if (!used[i])
			c->prefer[n++] = (enum country_scheme)i;
	return ERR_OK;
}

static bool
suffix_ok(struct span s)
{
	return text_name_ok(s, 253) && s.p[s.n - 1] != '.' &&
	       memchr(s.p, '_', s.n) == NULL;
}

static enum err
avoid_set(struct country *c, const char *value, struct diag *d)
{
	struct span word;
	char shown[64], **more;

	while (word_next(&value, &word)) {
		if (!suffix_ok(word))
			return diag_set(d, ERR_CONFIG,
				"\"%s\" is not a host name in lower case",
				text_show(shown, sizeof(shown), word));
		if (c->n_avoid >= LIMIT_AVOID_HOSTS)
			return diag_set(d, ERR_CONFIG, "over %d hosts",
				LIMIT_AVOID_HOSTS);
		more = realloc(c->avoid, (c->n_avoid + 1) * sizeof(*more));
		if (more == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		c->avoid = more;
		more[c->n_avoid] = strndup((const char *)word.p, word.n);
		if (more[c->n_avoid] == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		c->n_avoid++;
	}
	return ERR_OK;
}

static enum err
table_key(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct country *c = NULL;
	enum err e;

	if (strcmp(section, "country") != 0)
		return diag_set(d, ERR_CONFIG,
			"\"%s = ...\" stands outside [country \"XX\"]", key);
	e = country_of(arg, label, &c, d);
	if (e != ERR_OK)
		return e;
	if (strcmp(key, "prefer") == 0)
		return prefer_set(c, value, d);
	if (strcmp(key, "avoid-hosts") == 0)
		return avoid_set(c, value, d);
	if (strcmp(key, "name") != 0)
		return diag_set(d, ERR_CONFIG, "unknown key \"%s\"", key);
	if (!text_line_ok(span_str(value), LIMIT_ID))
		return diag_set(d, ERR_CONFIG, "not a name of a country");
	c->name = strdup(value);
	return c->name == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			       : ERR_OK;
}

enum err
countries_parse(
	struct span s, const char *file, struct countries *out, struct diag *d)
{
	enum err e;
	size_t i;

	*out = (struct countries){0};
	e = ini_parse(s, file, table_key, out, d);
	for (i = 0; e == ERR_OK && i < out->n; i++)
		if (out->list[i].name == NULL)
			e = diag_set(d, ERR_CONFIG,
				"%s: country %s has no name", file,
				out->list[i].code.s);
	if (e != ERR_OK)
		countries_clear(out);
	return e;
}

enum err
countries_builtin(struct countries *out, struct diag *d)
{
	return countries_parse(
		span_str(country_table), "countries.ini", out, d);
}

enum err
countries_find(const struct countries *cs, const char *code,
	struct country *out, struct diag *d)
{
	char shown[32];
	size_t i;

	*out = neutral;
	if (code[0] == '\0')
		return ERR_OK;
	if (!country_code_ok(span_str(code)))
		return diag_set(d, ERR_USAGE,
			"\"%s\" is not a country code like RU",
			text_show(shown, sizeof(shown), span_str(code)));
	for (i = 0; i < cs->n; i++) {
		if (strcmp(cs->list[i].code.s, code) == 0) {
			*out = cs->list[i];
			return ERR_OK;
		}
	}
	memcpy(out->code.s, code, 3);
	return diag_set(d, ERR_MISSING,
		"nothing is known about networks in %s; mirrors are tried in "
		"their usual order",
		code);
}

/* ---- order */

static unsigned
scheme_rank(const struct country *c, const char *url)
{
	enum country_scheme s = COUNTRY_FILE;
	unsigned i;

	if (strncmp(url, "https:", 6) == 0)
		s = COUNTRY_HTTPS;
	else if (strncmp(url, "http:", 5) == 0)
		s = COUNTRY_HTTP;
	for (i = 0; i + 1 < COUNTRY_SCHEMES; i++)
		if (c->prefer[i] == s)
			break;
	return i;
}

static bool
is_avoided(const struct country *c, const char *url)
{
	struct span host = mirrors_host(span_str(url));
	size_t i;

	for (i = 0; i < c->n_avoid; i++) {
		struct span suffix = span_str(c->avoid[i]);
		size_t before;

		if (suffix.n > host.n)
			continue;
		before = host.n - suffix.n;
		if (span_eq(span_sub(host, before, suffix.n), suffix) &&
			(before == 0 || host.p[before - 1] == '.'))
			return true;
	}
	return false;
}

/* 0: meant for this country, 1: for all, 2: for others. */
static unsigned
fit(const struct country *c, const struct mirror *m)
{
	size_t i;

	if (m->n_countries == 0)
		return 1;
	for (i = 0; i < m->n_countries; i++)
		if (strcmp(m->countries[i].s, c->code.s) == 0)
			return 0;
	return 2;
}

#define RANKS (2 * 3 * COUNTRY_SCHEMES)

static unsigned
rank(const struct country *c, const struct mirror *m)
{
	return (is_avoided(c, m->url) ? 3 * COUNTRY_SCHEMES : 0) +
	       fit(c, m) * COUNTRY_SCHEMES + scheme_rank(c, m->url);
}

void
country_order(const struct country *c, const struct mirror *m, size_t n,
	size_t *order)
{
	size_t i, k = 0;
	unsigned r;

	for (r = 0; r < RANKS; r++)
		for (i = 0; i < n; i++)
			if (rank(c, &m[i]) == r)
				order[k++] = i;
}
