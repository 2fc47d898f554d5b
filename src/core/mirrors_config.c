/* Lists of mirrors as people write them: INI. */
#include <stdlib.h>
#include <string.h>

#include "country_priv.h"
#include "ini.h"
#include "mirrors_priv.h"
#include "text.h"

struct config {
	struct mirrors *out;
	enum mirrors_kind kind;
	/* The section; name or url NULL before the first of its sort. */
	struct mirror current;
	struct resolver resolver;
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
	if (c->current.name != NULL)
		return mirrors_add(c->out, &c->current, c->kind, ERR_CONFIG, d);
	if (c->resolver.url != NULL)
		return mirrors_resolver_add(
			c->out, &c->resolver, c->kind, ERR_CONFIG, d);
	return ERR_OK;
}

/* One of two words. */
static enum err
word_key(const char *key, const char *value, const char *no, const char *yes,
	bool *out, struct diag *d)
{
	*out = strcmp(value, yes) == 0;
	if (*out || strcmp(value, no) == 0)
		return ERR_OK;
	return diag_set(d, ERR_CONFIG, "%s is %s or %s", key, no, yes);
}

static enum err
mirror_key(struct config *c, const char *key, const char *value, struct diag *d)
{
	struct mirror *m = &c->current;
	struct span word;
	bool flag;
	enum err e = ERR_OK;

	if (strcmp(key, "url") == 0)
		return config_set(&m->url, value, d);
	if (strcmp(key, "to") == 0 && c->kind == MIRRORS_CONFIG)
		return config_set(&m->to, value, d);
	if (strcmp(key, "ca") == 0 && c->kind == MIRRORS_CONFIG)
		return config_set(&m->ca, value, d);
	if (strcmp(key, "proxy") == 0 && c->kind == MIRRORS_CONFIG) {
		free(m->proxy);
		return mirrors_proxy(value, &m->proxy, d);
	}
	if (strcmp(key, "countries") == 0)
		return country_codes(value, &m->countries, &m->n_countries, d);
	if (strcmp(key, "pin") == 0)
		return config_set(&m->pin, value, d);
	if (strcmp(key, "sni") == 0)
		return config_set(&m->sni, value, d);
	if (strcmp(key, "front") == 0)
		return config_set(&m->front, value, d);
	if (strcmp(key, "kind") == 0)
		return word_key(key, value, "plain", "storage", &m->storage, d);
	if (strcmp(key, "listed") == 0) {
		e = word_key(key, value, "no", "yes", &flag, d);
		m->unlisted = !flag;
		return e;
	}
	if (strcmp(key, "address") != 0)
		return ini_unknown(key,
			"url to address pin sni front kind countries listed ca "
			"proxy",
			d);
	while (e == ERR_OK && country_word_next(&value, &word))
		e = mirror_address_add(m, word, ERR_CONFIG, d);
	return e;
}

/* [outlet], in a file of the user's alone. */
static enum err
outlet_key(struct config *c, const char *label, const char *key,
	const char *value, struct diag *d)
{
	if (label[0] != '\0' || strcmp(key, "root") != 0)
		return diag_set(d, ERR_CONFIG, "[outlet] has root alone");
	if (text_hex_decode(span_str(value), c->out->root, 32) != ERR_OK)
		return diag_set(d, ERR_CONFIG, "root is 64 hex digits");
	c->out->has_root = true;
	return ERR_OK;
}

static enum err
config_key(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct config *c = arg;
	bool resolver = strcmp(section, "resolver") == 0;
	const char *now = resolver ? c->resolver.url : c->current.name;
	enum err e;

	if (c->kind == MIRRORS_OWN && strcmp(section, "outlet") == 0)
		return outlet_key(c, label, key, value, d);
	if (!resolver && strcmp(section, "mirror") != 0)
		return diag_set(d, ERR_CONFIG,
			"\"%s = ...\" stands outside [mirror \"name\"] and "
			"[resolver \"URL\"]",
			key);
	if (now == NULL || strcmp(now, label) != 0) {
		e = config_end(c, d);
		if (e == ERR_OK)
			e = config_set(
				resolver ? &c->resolver.url : &c->current.name,
				label, d);
		if (e != ERR_OK)
			return e;
	}
	if (!resolver)
		return mirror_key(c, key, value, d);
	if (strcmp(key, "address") != 0)
		return ini_unknown(key, "address", d);
	return config_set(&c->resolver.address, value, d);
}

static enum err
config_read(struct span s, const char *file, enum mirrors_kind kind,
	struct mirrors *out, struct diag *d)
{
	struct config c = {.out = out, .kind = kind};
	enum err e;

	*out = (struct mirrors){0};
	e = ini_parse(s, file, config_key, &c, d);
	if (e == ERR_OK) {
		e = config_end(&c, d);
		if (e != ERR_OK)
			diag_prefix(d, e, "%s", file);
	}
	mirror_clear(&c.current);
	free(c.resolver.url);
	free(c.resolver.address);
	if (e != ERR_OK)
		mirrors_clear(out);
	return e;
}

enum err
mirrors_config(
	struct span s, const char *file, struct mirrors *out, struct diag *d)
{
	return config_read(s, file, MIRRORS_CONFIG, out, d);
}

enum err
mirrors_own(
	struct span s, const char *file, struct mirrors *out, struct diag *d)
{
	return config_read(s, file, MIRRORS_OWN, out, d);
}

/* ---- back again */

static enum err
line_add(struct buf *out, const char *key, const char *value)
{
	return value == NULL ? ERR_OK
			     : buf_printf(out, "%s = %s\n", key, value);
}

enum err
mirror_write(const struct mirror *m, struct buf *out)
{
	size_t i;
	enum err e = buf_printf(out, "[mirror \"%s\"]\n", m->name);

	if (e == ERR_OK)
		e = line_add(out, "url", m->url);
	if (e == ERR_OK)
		e = line_add(out, "to", m->to);
	if (e == ERR_OK)
		e = line_add(out, "proxy", m->proxy);
	if (e == ERR_OK)
		e = line_add(out, "ca", m->ca);
	if (e == ERR_OK)
		e = line_add(out, "listed", m->unlisted ? "no" : NULL);
	if (e == ERR_OK)
		e = line_add(out, "kind", m->storage ? "storage" : NULL);
	for (i = 0; e == ERR_OK && i < m->n_countries; i++)
		e = buf_printf(out, "%s%s", i == 0 ? "countries = " : ", ",
			m->countries[i].s);
	if (e == ERR_OK && m->n_countries > 0)
		e = buf_str(out, "\n");
	for (i = 0; e == ERR_OK && i < m->n_addresses; i++)
		e = buf_printf(out, "%s%s", i == 0 ? "address = " : ", ",
			m->addresses[i]);
	if (e == ERR_OK && m->n_addresses > 0)
		e = buf_str(out, "\n");
	if (e == ERR_OK)
		e = line_add(out, "pin", m->pin);
	if (e == ERR_OK)
		e = line_add(out, "sni", m->sni);
	if (e == ERR_OK)
		e = line_add(out, "front", m->front);
	return e;
}
