#include "mirrors.h"

#include <stdlib.h>
#include <string.h>

#include "ini.h"
#include "json.h"
#include "limits.h"
#include "text.h"

static void
mirror_clear(struct mirror *m)
{
	free(m->name);
	free(m->url);
	free(m->to);
	free(m->countries);
	*m = (struct mirror){0};
}

void
mirrors_clear(struct mirrors *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		mirror_clear(&m->list[i]);
	free(m->list);
	*m = (struct mirrors){0};
}

/* ---- lists */

/* Whether one mirror may stand in a list of its own. */
static enum err
mirror_check(const struct mirror *m, enum err wrong, struct diag *d)
{
	char shown[96];

	if (!text_name_ok(span_str(m->name), LIMIT_ID))
		return diag_set(d, wrong,
			"\"%s\" is not a name of a-z, 0-9, '.', '_' and '-'",
			text_show(shown, sizeof(shown), span_str(m->name)));
	/* One that is published to but not told of is found by other ways. */
	if (m->url == NULL && m->to == NULL)
		return diag_set(d, wrong, "mirror %s has no url", m->name);
	if (m->url != NULL && !mirrors_url_ok(span_str(m->url)))
		return diag_set(d, wrong,
			"mirror %s: \"%s\" is not a mirror's URL, which is "
			"like https://host/folder/",
			m->name,
			text_show(shown, sizeof(shown), span_str(m->url)));
	return ERR_OK;
}

/* Append a mirror, taking it over; on failure it is still the caller's. */
static enum err
mirrors_add(
	struct mirrors *to, struct mirror *m, enum err wrong, struct diag *d)
{
	struct mirror *more;
	enum err e = mirror_check(m, wrong, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	if (to->n >= LIMIT_MIRRORS)
		return diag_set(d, wrong == ERR_REFUSED ? ERR_LIMIT : wrong,
			"over %d mirrors", LIMIT_MIRRORS);
	for (i = 0; i < to->n; i++) {
		if (strcmp(to->list[i].name, m->name) == 0)
			return diag_set(d, wrong, "mirror %s twice", m->name);
		if (m->url != NULL && to->list[i].url != NULL &&
			strcmp(to->list[i].url, m->url) == 0)
			return diag_set(d, wrong,
				"mirrors %s and %s have the same url",
				to->list[i].name, m->name);
	}
	more = realloc(to->list, (to->n + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	to->list = more;
	to->list[to->n++] = *m;
	*m = (struct mirror){0};
	return ERR_OK;
}

/* ---- the signed list */

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

static enum err
mirror_from_json(const json_t *o, struct mirrors *out, struct diag *d)
{
	static const char *const names[] = {"countries", "name", "url", NULL};
	struct mirror m = {0};
	const char *name, *url;
	enum err e;

	if (!json_is_object(o))
		return diag_set(d, ERR_SYNTAX, "a mirror that is no object");
	e = json_only(o, names, d);
	if (e == ERR_OK)
		e = json_str(o, "name", &name, d);
	if (e == ERR_OK)
		e = json_str(o, "url", &url, d);
	if (e != ERR_OK)
		return e;
	m.name = strdup(name);
	m.url = strdup(url);
	if (m.name == NULL || m.url == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		e = codes_from_json(o, &m, d);
	if (e == ERR_OK)
		e = mirrors_add(out, &m, ERR_REFUSED, d);
	mirror_clear(&m);
	return e;
}

static enum err
mirrors_from_json(const json_t *o, struct mirrors *out, struct diag *d)
{
	static const char *const names[] = {"_type", "mirrors", NULL};
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

static json_t *
mirror_to_json(const struct mirror *m)
{
	json_t *o = json_pack("{s:s, s:s}", "name", m->name, "url", m->url);
	json_t *codes;
	size_t i;

	if (o == NULL || m->n_countries == 0)
		return o;
	codes = json_array();
	for (i = 0; i < m->n_countries; i++)
		if (json_array_append_new(
			    codes, json_string(m->countries[i].s)) != 0)
			goto fail;
	if (json_object_set(o, "countries", codes) != 0)
		goto fail;
	json_decref(codes);
	return o;
fail:
	json_decref(codes);
	json_decref(o);
	return NULL;
}

enum err
mirrors_write(const struct mirrors *m, struct buf *out, struct diag *d)
{
	json_t *list = json_array(), *o = NULL;
	struct mirrors again;
	size_t i, at = out->n;
	enum err e = diag_set(d, ERR_NOMEM, "out of memory");

	for (i = 0; i < m->n; i++) {
		if (m->list[i].url == NULL)
			continue;
		if (json_array_append_new(list, mirror_to_json(&m->list[i])) !=
			0)
			goto out;
	}
	o = json_pack("{s:s, s:O}", "_type", MIRRORS_TYPE, "mirrors", list);
	if (o == NULL)
		goto out;
	e = json_canonical(o, out);
	if (e != ERR_OK) {
		diag_set(d, e, "mirror list: %s", err_str(e));
		goto out;
	}
	e = mirrors_parse(span_sub(buf_view(out), at, out->n), &again, d);
	mirrors_clear(&again);
	if (e != ERR_OK)
		out->n = at;
out:
	json_decref(list);
	json_decref(o);
	return e;
}

/* ---- the newsroom's file */

struct config {
	struct mirrors *out;
	struct mirror current; /* the section; name NULL before the first */
};

static enum err
config_set(char **to, const char *value, struct diag *d)
{
	free(*to);
	*to = strdup(value);
	return *to == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

/* The section has ended. */
static enum err
config_end(struct config *c, struct diag *d)
{
	if (c->current.name == NULL)
		return ERR_OK;
	return mirrors_add(c->out, &c->current, ERR_CONFIG, d);
}

static enum err
config_key(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct config *c = arg;
	enum err e;

	if (strcmp(section, "mirror") != 0)
		return diag_set(d, ERR_CONFIG,
			"\"%s = ...\" stands outside [mirror \"name\"]", key);
	if (c->current.name == NULL || strcmp(c->current.name, label) != 0) {
		e = config_end(c, d);
		if (e == ERR_OK)
			e = config_set(&c->current.name, label, d);
		if (e != ERR_OK)
			return e;
	}
	if (strcmp(key, "url") == 0)
		return config_set(&c->current.url, value, d);
	if (strcmp(key, "to") == 0)
		return config_set(&c->current.to, value, d);
	if (strcmp(key, "countries") == 0)
		return country_codes(value, &c->current.countries,
			&c->current.n_countries, d);
	return diag_set(d, ERR_CONFIG, "unknown key \"%s\"", key);
}

enum err
mirrors_config(
	struct span s, const char *file, struct mirrors *out, struct diag *d)
{
	struct config c = {.out = out};
	enum err e;

	*out = (struct mirrors){0};
	e = ini_parse(s, file, config_key, &c, d);
	if (e == ERR_OK) {
		e = config_end(&c, d);
		if (e != ERR_OK)
			diag_prefix(d, e, "%s", file);
	}
	mirror_clear(&c.current);
	if (e != ERR_OK)
		mirrors_clear(out);
	return e;
}
