#include "mirrors.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "limits.h"
#include "mirrors_priv.h"

/* ---- in */

static enum err
codes_from_json(const json_t *o, struct mirror *m, struct diag *d)
{
	json_t *codes;
	size_t i;
	enum err e;

	if (json_object_get(o, "countries") == NULL)
		return ERR_OK;
	e = json_arr(o, "countries", LIMIT_COUNTRIES, &codes, d);
	if (e != ERR_OK)
		return e;
	if (json_array_size(codes) == 0)
		return diag_set(d, ERR_REFUSED, "an empty list of countries");
	for (i = 0; e == ERR_OK && i < json_array_size(codes); i++) {
		const json_t *c = json_array_get(codes, i);

		if (!json_is_string(c))
			return diag_set(
				d, ERR_SYNTAX, "a country that is no string");
		e = country_code_add(
			span_of(json_string_value(c), json_string_length(c)),
			&m->countries, &m->n_countries, ERR_REFUSED, d);
	}
	return e;
}

/* A string, if the member is there. */
static enum err
text_from_json(const json_t *o, const char *name, char **out, struct diag *d)
{
	const char *s;
	enum err e;

	if (json_object_get(o, name) == NULL)
		return ERR_OK;
	e = json_str(o, name, &s, d);
	if (e != ERR_OK)
		return e;
	*out = strdup(s);
	return *out == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

static enum err
addresses_from_json(const json_t *o, struct mirror *m, struct diag *d)
{
	json_t *list;
	size_t i;
	enum err e;

	if (json_object_get(o, "addresses") == NULL)
		return ERR_OK;
	e = json_arr(o, "addresses", LIMIT_ADDRESSES, &list, d);
	if (e == ERR_OK && json_array_size(list) == 0)
		return diag_set(d, ERR_REFUSED, "an empty list of addresses");
	for (i = 0; e == ERR_OK && i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		if (!json_is_string(a))
			return diag_set(
				d, ERR_SYNTAX, "an address that is no string");
		e = mirror_address_add(m,
			span_of(json_string_value(a), json_string_length(a)),
			ERR_REFUSED, d);
	}
	return e;
}

/* There is one kind but the plain one, which is not named. */
static enum err
kind_from_json(const json_t *o, struct mirror *m, struct diag *d)
{
	const char *kind;
	enum err e;

	if (json_object_get(o, "kind") == NULL)
		return ERR_OK;
	e = json_str(o, "kind", &kind, d);
	if (e == ERR_OK && strcmp(kind, "storage") != 0)
		e = diag_set(d, ERR_REFUSED, "a mirror of an unknown kind");
	m->storage = e == ERR_OK;
	return e;
}

static enum err
mirror_from_json(const json_t *o, struct mirrors *out, struct diag *d)
{
	static const char *const names[] = {"addresses", "countries", "front",
		"kind", "name", "pin", "sni", "url", NULL};
	struct mirror m = {0};
	enum err e;

	if (!json_is_object(o))
		return diag_set(d, ERR_SYNTAX, "a mirror that is no object");
	e = json_only(o, names, d);
	if (e == ERR_OK && (json_object_get(o, "name") == NULL ||
				   json_object_get(o, "url") == NULL))
		e = diag_set(d, ERR_SYNTAX, "a mirror lacks name or url");
	if (e == ERR_OK)
		e = text_from_json(o, "name", &m.name, d);
	if (e == ERR_OK)
		e = text_from_json(o, "url", &m.url, d);
	if (e == ERR_OK)
		e = text_from_json(o, "pin", &m.pin, d);
	if (e == ERR_OK)
		e = text_from_json(o, "sni", &m.sni, d);
	if (e == ERR_OK)
		e = text_from_json(o, "front", &m.front, d);
	if (e == ERR_OK)
		e = kind_from_json(o, &m, d);
	if (e == ERR_OK)
		e = codes_from_json(o, &m, d);
	if (e == ERR_OK)
		e = addresses_from_json(o, &m, d);
	if (e == ERR_OK)
		e = mirrors_add(out, &m, MIRRORS_SIGNED, ERR_REFUSED, d);
	mirror_clear(&m);
	return e;
}

static enum err
resolver_from_json(const json_t *o, struct mirrors *out, struct diag *d)
{
	static const char *const names[] = {"address", "url", NULL};
	struct resolver r = {0};
	enum err e;

	if (!json_is_object(o))
		return diag_set(d, ERR_SYNTAX, "a resolver that is no object");
	e = json_only(o, names, d);
	if (e == ERR_OK && json_object_get(o, "url") == NULL)
		e = diag_set(d, ERR_SYNTAX, "a resolver lacks its url");
	if (e == ERR_OK)
		e = text_from_json(o, "url", &r.url, d);
	if (e == ERR_OK)
		e = text_from_json(o, "address", &r.address, d);
	if (e == ERR_OK)
		e = mirrors_resolver_add(
			out, &r, MIRRORS_SIGNED, ERR_REFUSED, d);
	free(r.url);
	free(r.address);
	return e;
}

static enum err
resolvers_from_json(const json_t *o, struct mirrors *out, struct diag *d)
{
	json_t *list;
	size_t i;
	enum err e;

	if (json_object_get(o, "resolvers") == NULL)
		return ERR_OK;
	e = json_arr(o, "resolvers", LIMIT_RESOLVERS, &list, d);
	if (e == ERR_OK && json_array_size(list) == 0)
		return diag_set(d, ERR_REFUSED, "an empty list of resolvers");
	for (i = 0; e == ERR_OK && i < json_array_size(list); i++)
		e = resolver_from_json(json_array_get(list, i), out, d);
	return e;
}

static enum err
mirrors_from_json(const json_t *o, struct mirrors *out, struct diag *d)
{
	static const char *const names[] = {
		"_type", "countries", "mirrors", "resolvers", NULL};
	const json_t *countries = json_object_get(o, "countries");
	const char *type;
	json_t *list;
	size_t i;
	enum err e = json_str(o, "_type", &type, d);

	if (e == ERR_OK && strcmp(type, MIRRORS_TYPE) != 0)
		return diag_set(d, ERR_UNSUPPORTED,
			"not a mirror list of type %s", MIRRORS_TYPE);
	if (e == ERR_OK)
		e = json_only(o, names, d);
	if (e == ERR_OK)
		e = json_arr(o, "mirrors", LIMIT_MIRRORS, &list, d);
	for (i = 0; e == ERR_OK && i < json_array_size(list); i++)
		e = mirror_from_json(json_array_get(list, i), out, d);
	if (e == ERR_OK)
		e = resolvers_from_json(o, out, d);
	if (e == ERR_OK && countries != NULL)
		e = countries_from_json(countries, &out->countries, d);
	return e;
}

enum err
mirrors_parse(struct span s, struct mirrors *out, struct diag *d)
{
	struct buf again;
	json_t *o;
	enum err e;

	*out = (struct mirrors){0};
	buf_init(&again, s.n);
	e = json_parse(s, LIMIT_MIRROR_LIST, &o, d);
	if (e != ERR_OK)
		return diag_prefix(d, e, "mirror list");
	e = mirrors_from_json(o, out, d);
	/* One list has one spelling. */
	if (e == ERR_OK && (json_canonical(o, &again) != ERR_OK ||
				   !span_eq(buf_view(&again), s)))
		e = diag_set(d, ERR_SYNTAX, "not canonical JSON");
	buf_free(&again);
	json_decref(o);
	if (e != ERR_OK) {
		mirrors_clear(out);
		return diag_prefix(d, e, "mirror list");
	}
	return ERR_OK;
}

/* ---- out */

/* Whether it went well; an absent text says nothing. */
static bool
text_to_json(json_t *o, const char *name, const char *s)
{
	return s == NULL || json_object_set_new(o, name, json_string(s)) == 0;
}

/* Takes the value and keeps it under a name if it has anything. */
static bool
list_to_json(json_t *o, const char *name, json_t *list)
{
	bool ok = list != NULL &&
		  (json_array_size(list) + json_object_size(list) == 0 ||
			  json_object_set(o, name, list) == 0);

	json_decref(list);
	return ok;
}

static json_t *
mirror_to_json(const struct mirror *m)
{
	json_t *o = json_object(), *codes = json_array(), *a = json_array();
	bool ok = o != NULL && codes != NULL && a != NULL;
	size_t i;

	for (i = 0; ok && i < m->n_countries; i++)
		ok = json_array_append_new(
			     codes, json_string(m->countries[i].s)) == 0;
	for (i = 0; ok && i < m->n_addresses; i++)
		ok = json_array_append_new(a, json_string(m->addresses[i])) ==
		     0;
	ok = ok && text_to_json(o, "name", m->name) &&
	     text_to_json(o, "url", m->url) && text_to_json(o, "pin", m->pin) &&
	     text_to_json(o, "sni", m->sni) &&
	     text_to_json(o, "front", m->front) &&
	     text_to_json(o, "kind", m->storage ? "storage" : NULL);
	ok = list_to_json(o, "countries", codes) && ok;
	ok = list_to_json(o, "addresses", a) && ok;
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *
mirrors_to_json(const struct mirrors *m)
{
	json_t *o = json_object(), *list = json_array(), *r = json_array(),
	       *one;
	bool ok = o != NULL && list != NULL && r != NULL;
	size_t i;

	for (i = 0; ok && i < m->n; i++)
		if (m->list[i].url != NULL && !m->list[i].unlisted)
			ok = json_array_append_new(
				     list, mirror_to_json(&m->list[i])) == 0;
	for (i = 0; ok && i < m->n_resolvers; i++) {
		one = json_object();
		ok = one != NULL &&
		     text_to_json(one, "url", m->resolvers[i].url) &&
		     text_to_json(one, "address", m->resolvers[i].address) &&
		     json_array_append(r, one) == 0;
		json_decref(one);
	}
	ok = ok && text_to_json(o, "_type", MIRRORS_TYPE) &&
	     json_object_set(o, "mirrors", list) == 0;
	json_decref(list);
	ok = list_to_json(o, "resolvers", r) && ok;
	ok = ok &&
	     list_to_json(o, "countries", countries_to_json(&m->countries));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

enum err
mirrors_write(const struct mirrors *m, struct buf *out, struct diag *d)
{
	json_t *o = mirrors_to_json(m);
	struct mirrors again;
	size_t at = out->n;
	enum err e;

	if (o == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = json_canonical(o, out);
	json_decref(o);
	if (e != ERR_OK)
		return diag_set(d, e, "mirror list: %s", err_str(e));
	e = mirrors_parse(span_sub(buf_view(out), at, out->n), &again, d);
	mirrors_clear(&again);
	if (e != ERR_OK)
		buf_cut(out, at);
	return e;
}
