/* Country tables in a signed list: JSON. */
#include <stdlib.h>
#include <string.h>

#include "country_priv.h"
#include "json.h"
#include "limits.h"
#include "text.h"

/* ---- in */

/* An array of strings, if the member is there; empty ones are not. */
static enum err
words_get(const json_t *o, const char *name, size_t max, json_t **out,
	struct diag *d)
{
	size_t i;
	enum err e;

	*out = NULL;
	if (json_object_get(o, name) == NULL)
		return ERR_OK;
	e = json_arr(o, name, max, out, d);
	if (e == ERR_OK && json_array_size(*out) == 0)
		e = diag_set(d, ERR_REFUSED, "\"%s\" is empty", name);
	for (i = 0; e == ERR_OK && i < json_array_size(*out); i++)
		if (!json_is_string(json_array_get(*out, i)))
			e = diag_set(d, ERR_SYNTAX,
				"\"%s\" has what is no string", name);
	return e;
}

static struct span
word_at(const json_t *list, size_t i)
{
	const json_t *s = json_array_get(list, i);

	return span_of(json_string_value(s), json_string_length(s));
}

/* A string, if the member is there, that is one line of at most `max`. */
static enum err
text_get(const json_t *o, const char *name, size_t max, char **out,
	struct diag *d)
{
	const char *s;
	enum err e;

	if (json_object_get(o, name) == NULL)
		return ERR_OK;
	e = json_str(o, name, &s, d);
	if (e == ERR_OK && !text_line_ok(span_str(s), max))
		e = diag_set(d, ERR_REFUSED,
			"\"%s\" is not a line of at most %zu bytes", name, max);
	return e == ERR_OK ? country_text(out, s, d) : e;
}

static enum err
date_get(
	const json_t *o, const char *name, bool day, char **out, struct diag *d)
{
	enum err e = text_get(o, name, 10, out, d);

	if (e == ERR_OK && *out != NULL &&
		!country_date_ok(span_str(*out), day))
		e = diag_set(d, ERR_REFUSED, "\"%s\" is no date", name);
	return e;
}

static enum err
count_get(const json_t *o, const char *name, uint64_t *out, struct diag *d)
{
	if (json_object_get(o, name) == NULL)
		return ERR_OK;
	return json_uint(o, name, LIMIT_COUNTED, out, d);
}

static enum err
how_get(const json_t *o, struct blocked *b, struct diag *d)
{
	json_t *list;
	size_t i, bit;
	enum err e = words_get(o, "how", BLOCKED_HOW, &list, d);

	for (i = 0; e == ERR_OK && i < json_array_size(list); i++) {
		for (bit = 0; bit < BLOCKED_HOW; bit++)
			if (span_eq(word_at(list, i),
				    span_str(blocked_how_name(bit))))
				break;
		if (bit == BLOCKED_HOW || (b->how & 1u << bit) != 0)
			return diag_set(d, ERR_REFUSED,
				"\"how\" has what it may not have");
		b->how |= 1u << bit;
	}
	return e;
}

static enum err
site_get(const json_t *o, struct country *c, struct diag *d)
{
	static const char *const names[] = {"anomalies", "confirmed", "from",
		"host", "how", "measured", "name", "since", "source", "until",
		NULL};
	size_t had = c->n_blocked;
	struct blocked *b = NULL;
	const char *host;
	enum err e;

	if (!json_is_object(o))
		return diag_set(d, ERR_SYNTAX, "a site that is no object");
	e = json_only(o, names, d);
	if (e == ERR_OK)
		e = json_str(o, "host", &host, d);
	if (e == ERR_OK)
		e = country_site(c, span_str(host), &b, ERR_REFUSED, d);
	if (e != ERR_OK)
		return e;
	if (c->n_blocked == had)
		return diag_set(
			d, ERR_REFUSED, "blocked site %s twice", b->host);
	b->word = COUNTRY_SIGNED;
	e = text_get(o, "name", LIMIT_AUTHOR, &b->name, d);
	if (e == ERR_OK)
		e = text_get(o, "source", LIMIT_EVIDENCE, &b->source, d);
	if (e == ERR_OK)
		e = date_get(o, "since", false, &b->since, d);
	if (e == ERR_OK)
		e = date_get(o, "from", true, &b->from, d);
	if (e == ERR_OK)
		e = date_get(o, "until", true, &b->until, d);
	if (e == ERR_OK)
		e = how_get(o, b, d);
	if (e == ERR_OK)
		e = count_get(o, "measured", &b->measured, d);
	if (e == ERR_OK)
		e = count_get(o, "confirmed", &b->confirmed, d);
	if (e == ERR_OK)
		e = count_get(o, "anomalies", &b->anomalies, d);
	return e == ERR_OK ? country_site_check(c, b, ERR_REFUSED, d) : e;
}

static enum err
order_get(const json_t *o, struct country *c, struct diag *d)
{
	struct span words[STRATEGY_COUNT];
	json_t *list;
	size_t i, n;
	enum err e = words_get(o, "strategies", STRATEGY_COUNT, &list, d);

	if (e != ERR_OK || list == NULL)
		return e;
	n = json_array_size(list);
	for (i = 0; i < n; i++)
		words[i] = word_at(list, i);
	return country_order_set(c, words, n, ERR_REFUSED, d);
}

static enum err
country_get(const json_t *o, struct country *c, struct diag *d)
{
	static const char *const names[] = {
		"avoid", "blocked", "mirrors", "name", "strategies", NULL};
	json_t *list, *sites = NULL;
	size_t i;
	enum err e;

	if (!json_is_object(o))
		return diag_set(d, ERR_SYNTAX, "it is no object");
	c->word = COUNTRY_SIGNED;
	e = json_only(o, names, d);
	if (e == ERR_OK)
		e = text_get(o, "name", LIMIT_ID, &c->name, d);
	if (e == ERR_OK)
		e = order_get(o, c, d);
	if (e == ERR_OK)
		e = words_get(o, "mirrors", LIMIT_MIRRORS, &list, d);
	for (i = 0; e == ERR_OK && i < json_array_size(list); i++)
		e = country_mirror_add(c, word_at(list, i), ERR_REFUSED, d);
	if (e == ERR_OK)
		e = words_get(o, "avoid", LIMIT_AVOID_HOSTS, &list, d);
	for (i = 0; e == ERR_OK && i < json_array_size(list); i++)
		e = country_avoid_add(c, word_at(list, i), ERR_REFUSED, d);
	if (e == ERR_OK && json_object_get(o, "blocked") != NULL)
		e = json_arr(o, "blocked", LIMIT_BLOCKED, &sites, d);
	if (e == ERR_OK && sites != NULL && json_array_size(sites) == 0)
		e = diag_set(d, ERR_REFUSED, "\"blocked\" is empty");
	for (i = 0; e == ERR_OK && i < json_array_size(sites); i++)
		e = site_get(json_array_get(sites, i), c, d);
	return e;
}

enum err
countries_from_json(const json_t *o, struct countries *out, struct diag *d)
{
	struct country *c;
	const char *code;
	json_t *v;
	enum err e = ERR_OK;

	*out = (struct countries){0};
	if (!json_is_object(o))
		return diag_set(d, ERR_SYNTAX, "\"countries\" is no object");
	if (json_object_size(o) == 0)
		return diag_set(d, ERR_REFUSED, "\"countries\" is empty");
	/* json_parse has refused a name that stands twice. */
	json_object_foreach((json_t *)(uintptr_t)o, code, v)
	{
		e = country_of(out, span_str(code), &c, ERR_REFUSED, d);
		if (e == ERR_OK && (e = country_get(v, c, d)) != ERR_OK)
			diag_prefix(d, e, "country %s", c->code.s);
		if (e != ERR_OK)
			break;
	}
	if (e != ERR_OK)
		countries_clear(out);
	return e;
}

/* ---- out */

/* Whether it went well; takes the value. */
static bool
put(json_t *o, const char *name, json_t *v)
{
	return v != NULL && json_object_set_new(o, name, v) == 0;
}

static bool
put_text(json_t *o, const char *name, const char *s)
{
	return s == NULL || put(o, name, json_string(s));
}

static bool
put_count(json_t *o, const char *name, uint64_t n)
{
	return n == 0 || put(o, name, json_integer((json_int_t)n));
}

static bool
put_texts(json_t *o, const char *name, char *const *list, size_t n)
{
	json_t *a = json_array();
	bool ok = a != NULL;
	size_t i;

	for (i = 0; ok && i < n; i++)
		ok = json_array_append_new(a, json_string(list[i])) == 0;
	if (ok && n > 0)
		ok = json_object_set(o, name, a) == 0;
	json_decref(a);
	return ok;
}

static json_t *
site_put(const struct blocked *b)
{
	json_t *o = json_object(), *how = json_array();
	bool ok = o != NULL && how != NULL;
	size_t bit;

	for (bit = 0; ok && bit < BLOCKED_HOW; bit++)
		if ((b->how & 1u << bit) != 0)
			ok = json_array_append_new(how,
				     json_string(blocked_how_name(bit))) == 0;
	if (ok && b->how != 0)
		ok = json_object_set(o, "how", how) == 0;
	ok = ok && put_text(o, "host", b->host) &&
	     put_text(o, "name", b->name) && put_text(o, "since", b->since) &&
	     put_text(o, "source", b->source) && put_text(o, "from", b->from) &&
	     put_text(o, "until", b->until) &&
	     put_count(o, "measured", b->measured) &&
	     put_count(o, "confirmed", b->confirmed) &&
	     put_count(o, "anomalies", b->anomalies);
	json_decref(how);
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *
country_put(const struct country *c)
{
	json_t *o = json_object(), *words = json_array(), *sites = json_array();
	bool ok = o != NULL && words != NULL && sites != NULL;
	size_t i;

	for (i = 0; ok && i < c->ordered; i++)
		ok = json_array_append_new(words,
			     json_string(strategy_name(c->order[i]))) == 0;
	if (ok && c->ordered > 0)
		ok = json_object_set(o, "strategies", words) == 0;
	for (i = 0; ok && i < c->n_blocked; i++)
		ok = json_array_append_new(sites, site_put(&c->blocked[i])) ==
		     0;
	if (ok && c->n_blocked > 0)
		ok = json_object_set(o, "blocked", sites) == 0;
	ok = ok && put_text(o, "name", c->name) &&
	     put_texts(o, "mirrors", c->mirrors, c->n_mirrors) &&
	     put_texts(o, "avoid", c->avoid, c->n_avoid);
	json_decref(words);
	json_decref(sites);
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

json_t *
countries_to_json(const struct countries *cs)
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; o != NULL && i < cs->n; i++)
		if (!put(o, cs->list[i].code.s, country_put(&cs->list[i]))) {
			json_decref(o);
			o = NULL;
		}
	return o;
}
