#include "country.h"

#include <stdlib.h>
#include <string.h>

#include "country_priv.h"
#include "limits.h"
#include "mirrors.h"
#include "text.h"

/* mirrors/countries.ini, made a string by the Makefile. */
extern const char country_table[];

/* As enum strategy has them. */
const struct country country_neutral = {
	.order = {STRATEGY_HTTPS, STRATEGY_ADDRESS, STRATEGY_DOH, STRATEGY_SNI,
		STRATEGY_NO_SNI, STRATEGY_FRONT, STRATEGY_STORAGE,
		STRATEGY_PROXY, STRATEGY_FILE, STRATEGY_HTTP},
};

/* ---- codes */

enum err
country_code_check(struct span s, enum err wrong, struct diag *d)
{
	char shown[32];

	if (s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' &&
		s.p[1] <= 'Z')
		return ERR_OK;
	return diag_set(d, wrong, "\"%s\" is not a country code like RU",
		text_show(shown, sizeof(shown), s));
}

enum err
country_code_add(struct span code, struct country_code **list, size_t *n,
	enum err wrong, struct diag *d)
{
	enum err e = country_code_check(code, wrong, d);
	struct country_code *more;
	size_t i;

	if (e != ERR_OK)
		return e;
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

bool
country_word_next(const char **s, struct span *word)
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

	while (e == ERR_OK && country_word_next(&s, &word))
		e = country_code_add(word, list, n, ERR_CONFIG, d);
	return e;
}

enum err
country_codes_write(const struct country_code *list, size_t n, struct buf *out)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < n; i++)
		e = buf_printf(out, "%s%s", i == 0 ? "" : ", ", list[i].s);
	return e;
}

/* ---- the table */

void
countries_clear(struct countries *cs)
{
	size_t i;

	for (i = 0; i < cs->n; i++)
		country_free(&cs->list[i]);
	free(cs->list);
	*cs = (struct countries){0};
}

enum err
countries_builtin(struct countries *out, struct diag *d)
{
	return countries_parse(span_str(country_table), "countries.ini",
		COUNTRY_BUILTIN, out, d);
}

enum err
countries_find(const struct countries *cs, const char *code,
	struct country *out, struct diag *d)
{
	enum err e;
	size_t i;

	*out = country_neutral;
	if (code[0] == '\0')
		return ERR_OK;
	e = country_code_check(span_str(code), ERR_USAGE, d);
	if (e != ERR_OK)
		return e;
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

/* ---- one table over another */

static enum err
site_copy(struct country *to, const struct blocked *from, struct diag *d)
{
	struct blocked *b;
	enum err e = country_site(to, span_str(from->host), &b, ERR_LIMIT, d);

	/* A new one is the least of words. */
	if (e != ERR_OK || b->word > from->word)
		return e;
	b->word = from->word;
	b->how = from->how;
	b->measured = from->measured;
	b->confirmed = from->confirmed;
	b->anomalies = from->anomalies;
	e = country_text(
		&b->name, from->name == NULL ? b->name : from->name, d);
	if (e == ERR_OK)
		e = country_text(&b->since,
			from->since == NULL ? b->since : from->since, d);
	if (e == ERR_OK)
		e = country_text(&b->source, from->source, d);
	if (e == ERR_OK)
		e = country_text(&b->from, from->from, d);
	if (e == ERR_OK)
		e = country_text(&b->until, from->until, d);
	return e;
}

/* Names of both, the stronger word's first. */
static enum err
mirrors_copy(struct country *to, const struct country *from, struct diag *d)
{
	struct country both = {0};
	const struct country *first = to->word > from->word ? to : from;
	const struct country *then = first == to ? from : to;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < first->n_mirrors; i++)
		e = country_mirror_add(
			&both, span_str(first->mirrors[i]), ERR_LIMIT, d);
	for (i = 0; e == ERR_OK && i < then->n_mirrors; i++)
		if (!country_has(both.mirrors, both.n_mirrors,
			    span_str(then->mirrors[i])))
			e = country_mirror_add(&both,
				span_str(then->mirrors[i]), ERR_LIMIT, d);
	if (e == ERR_OK) {
		char **old = to->mirrors;
		size_t n = to->n_mirrors;

		to->mirrors = both.mirrors;
		to->n_mirrors = both.n_mirrors;
		both.mirrors = old;
		both.n_mirrors = n;
	}
	country_free(&both);
	return e;
}

static enum err
country_copy(struct country *to, const struct country *from, struct diag *d)
{
	enum err e = mirrors_copy(to, from, d);
	size_t i;

	for (i = 0; e == ERR_OK && i < from->n_avoid; i++)
		if (!country_has(
			    to->avoid, to->n_avoid, span_str(from->avoid[i])))
			e = country_avoid_add(
				to, span_str(from->avoid[i]), ERR_LIMIT, d);
	for (i = 0; e == ERR_OK && i < from->n_blocked; i++)
		e = site_copy(to, &from->blocked[i], d);
	if (e == ERR_OK && from->name != NULL &&
		(to->name == NULL || to->word < from->word))
		e = country_text(&to->name, from->name, d);
	if (e == ERR_OK && from->ordered > 0 &&
		(to->ordered == 0 || to->word <= from->word)) {
		memcpy(to->order, from->order, sizeof(to->order));
		to->ordered = from->ordered;
		to->word = from->word;
	}
	return e;
}

enum err
countries_overlay(
	struct countries *to, const struct countries *from, struct diag *d)
{
	struct country *c;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < from->n; i++) {
		e = country_of(
			to, span_str(from->list[i].code.s), &c, ERR_LIMIT, d);
		if (e == ERR_OK)
			e = country_copy(c, &from->list[i], d);
	}
	return e;
}

/* ---- hosts */

const struct blocked *
country_blocked(const struct country *c, struct span host)
{
	const struct blocked *best = NULL;
	size_t i;

	/* The proven one counts, then the one that says it closest. */
	for (i = 0; i < c->n_blocked; i++) {
		const struct blocked *b = &c->blocked[i];

		if (mirrors_host_below(host, b->host) &&
			(best == NULL ||
				blocked_proven(b) > blocked_proven(best) ||
				(blocked_proven(b) == blocked_proven(best) &&
					strlen(b->host) > strlen(best->host))))
			best = b;
	}
	return best;
}

bool
country_forbids(const struct country *c, struct span host)
{
	const struct blocked *b = country_blocked(c, host);

	return b != NULL && blocked_proven(b);
}

/* ---- order */

size_t
country_rank(const struct country *c, enum strategy s)
{
	size_t i;

	for (i = 0; i + 1 < STRATEGY_COUNT; i++)
		if (c->order[i] == s)
			break;
	return i;
}

static bool
is_avoided(const struct country *c, const char *url)
{
	struct span host = mirrors_host(span_str(url));
	size_t i;

	for (i = 0; i < c->n_avoid; i++)
		if (mirrors_host_below(host, c->avoid[i]))
			return true;
	return false;
}

/* 0: named, 1: meant for this country, 2: for all, 3: for others. */
static unsigned
fit(const struct country *c, const struct mirror *m)
{
	size_t i;

	if (m->name != NULL &&
		country_has(c->mirrors, c->n_mirrors, span_str(m->name)))
		return 0;
	if (m->n_countries == 0)
		return 2;
	for (i = 0; i < m->n_countries; i++)
		if (strcmp(m->countries[i].s, c->code.s) == 0)
			return 1;
	return 3;
}

unsigned
country_place(const struct country *c, const struct mirror *m)
{
	return (is_avoided(c, m->url) ? COUNTRY_PLACES / 2 : 0) + fit(c, m);
}
