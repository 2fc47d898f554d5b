#include "erika_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/address.h"
#include "../core/ini.h"
#include "../core/limits.h"
#include "../core/mirrors.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "../sys/network.h"
#include "../sys/random.h"
#include "erika_country.h"

void
config_clear(struct config *c)
{
	free(c->country);
	free(c->proxy);
	free(c->resolver);
	free(c->resolver_address);
	free(c->network);
	free(c->way_out);
	countries_clear(&c->countries);
	*c = (struct config){.memory = true};
}

/* ---- one setting each */

static enum err
set_text(char **out, const char *value, struct diag *d)
{
	char *s = strdup(value);

	if (s == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	free(*out);
	*out = s;
	return ERR_OK;
}

static enum err
set_country(struct config *c, const char *value, struct diag *d)
{
	char code[3] = "";
	enum err e;
	size_t i;

	/* What can only be meant so is taken so. */
	if (strlen(value) == 2)
		for (i = 0; i < 2; i++)
			code[i] = (char)(value[i] >= 'a' && value[i] <= 'z'
						 ? value[i] - 32
						 : value[i]);
	if (code[0] != '\0')
		value = code;
	e = country_code_check(span_str(value), ERR_CONFIG, d);
	return e == ERR_OK ? set_text(&c->country, value, d) : e;
}

static enum err
set_proxy(struct config *c, const char *value, struct diag *d)
{
	char *proxy;
	enum err e = mirrors_proxy(value, &proxy, d);

	if (e != ERR_OK)
		return e;
	free(c->proxy);
	c->proxy = proxy;
	return ERR_OK;
}

static enum err
set_resolver(struct config *c, const char *value, struct diag *d)
{
	if (!mirrors_resolver_ok(span_str(value)))
		return diag_set(d, ERR_CONFIG,
			"resolver: a server that is asked over HTTPS, like "
			"https://dns.example/dns-query");
	return set_text(&c->resolver, value, d);
}

static enum err
set_resolver_address(struct config *c, const char *value, struct diag *d)
{
	uint8_t b[16];

	if (address_read(span_str(value), b) == 0)
		return diag_set(d, ERR_CONFIG,
			"resolver-address: like 203.0.113.53 or 2001:db8::53");
	return set_text(&c->resolver_address, value, d);
}

static enum err
set_network(struct config *c, const char *value, struct diag *d)
{
	if (!text_line_ok(span_str(value), LIMIT_ID))
		return diag_set(d, ERR_CONFIG,
			"network: a name of your own for this network, at "
			"most %d bytes",
			LIMIT_ID);
	return set_text(&c->network, value, d);
}

static enum err
set_switch(bool *out, const char *key, const char *value, const char *on,
	const char *off, struct diag *d)
{
	*out = strcmp(value, on) == 0;
	if (!*out && strcmp(value, off) != 0)
		return diag_set(
			d, ERR_CONFIG, "%s: \"%s\" or \"%s\"", key, on, off);
	return ERR_OK;
}

/* ---- the file */

static enum err
set_key(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct config *c = arg;

	if (section[0] == '\0')
		return diag_set(d, ERR_CONFIG,
			"keys stand under [reader]: write that line first");
	if (strcmp(section, "reader") != 0 || label[0] != '\0')
		return diag_set(d, ERR_CONFIG,
			"unknown section; the only one is [reader]");
	if (strcmp(key, "country") == 0)
		return set_country(c, value, d);
	if (strcmp(key, "proxy") == 0)
		return set_proxy(c, value, d);
	if (strcmp(key, "http") == 0)
		return set_switch(&c->http, key, value, "yes", "no", d);
	if (strcmp(key, "resolver") == 0)
		return set_resolver(c, value, d);
	if (strcmp(key, "resolver-address") == 0)
		return set_resolver_address(c, value, d);
	if (strcmp(key, "memory") == 0)
		return set_switch(&c->memory, key, value, "on", "off", d);
	if (strcmp(key, "network") == 0)
		return set_network(c, value, d);
	if (strcmp(key, "require-sandbox") == 0)
		return set_switch(
			&c->require_sandbox, key, value, "yes", "no", d);
	return ini_unknown(key,
		"country proxy http resolver resolver-address memory network "
		"require-sandbox",
		d);
}

static enum err
parse(struct span s, const char *file, struct config *c, struct diag *d)
{
	enum err e = ini_parse(s, file, set_key, c, d);

	if (e == ERR_OK && c->resolver_address != NULL && c->resolver == NULL)
		e = diag_set(d, ERR_CONFIG,
			"%s: resolver-address without a resolver", file);
	return e;
}

static enum err
set_standard(struct config *c, struct diag *d)
{
	*c = (struct config){.memory = true};
	return set_text(&c->country, "", d);
}

/* Append where the file would be; nothing when there is no such folder. */
static enum err
own_path(struct buf *out, struct diag *d)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	enum err e = ERR_OK;

	/* The XDG specification says to ignore relative paths. */
	if (xdg != NULL && xdg[0] == '/')
		e = buf_printf(out, "%s/erika/erika.conf", xdg);
	else if (home != NULL && home[0] == '/')
		e = buf_printf(out, "%s/.config/erika/erika.conf", home);
	return e == ERR_OK ? e : diag_set(d, e, "the configuration's path");
}

static enum err
file_take(struct config *c, struct diag *d)
{
	struct buf path, text;
	enum err e;

	buf_init(&path, 4096);
	buf_init(&text, LIMIT_CONFIG);
	e = own_path(&path, d);
	if (e == ERR_OK && path.n > 0) {
		e = file_read(buf_cstr(&path), LIMIT_CONFIG, &text, d);
		if (e == ERR_OK)
			e = parse(buf_view(&text), buf_cstr(&path), c, d);
		else if (e == ERR_MISSING)
			e = ERR_OK;
	}
	buf_free(&path);
	buf_free(&text);
	return e;
}

/* A bad option is bad usage, whatever it would be in a file. */
static enum err
take_options(const struct config_options *o, struct config *c, struct diag *d)
{
	enum err e = ERR_OK;

	if (o->country != NULL && o->country[0] == '\0')
		e = set_text(&c->country, "", d);
	else if (o->country != NULL)
		e = set_country(c, o->country, d);
	if (e == ERR_OK && o->proxy != NULL)
		e = set_proxy(c, o->proxy, d);
	if (e == ERR_OK && o->network != NULL)
		e = set_network(c, o->network, d);
	if (e == ERR_CONFIG)
		d->code = e = ERR_USAGE;
	c->http = c->http || o->http;
	c->require_sandbox = c->require_sandbox || o->require_sandbox;
	return e;
}

/* Here and now: the fetcher's start takes this process's network away. */
static enum err
way_out_find(struct config *c, struct diag *d)
{
	struct buf b;
	enum err e;

	if (!c->memory || c->network != NULL)
		return ERR_OK;
	buf_init(&b, NETWORK_MARK);
	e = network_mark(&b);
	if (e == ERR_OK)
		e = set_text(&c->way_out, buf_cstr(&b), d);
	buf_free(&b);
	return e == ERR_OK ? e : diag_set(d, e, "the network's mark");
}

enum err
config_load(const struct config_options *o, struct config *out, struct diag *d)
{
	enum err e = set_standard(out, d);

	if (e == ERR_OK)
		e = file_take(out, d);
	if (e == ERR_OK)
		e = country_table_read(&out->countries, d);
	if (e == ERR_OK && o != NULL)
		e = take_options(o, out, d);
	if (e == ERR_OK)
		e = way_out_find(out, d);
	if (e != ERR_OK)
		config_clear(out);
	return e;
}

/* ---- for use */

static enum err
countries_for(const struct config *c, struct library *l, int64_t outlet,
	struct countries *out, struct diag *d)
{
	struct mirrors list = {.n = 0};
	enum err e = countries_overlay(out, &c->countries, d);

	if (e != ERR_OK || l == NULL)
		return e;
	e = library_list(l, outlet, &list, d);
	if (e == ERR_OK)
		e = countries_overlay(out, &list.countries, d);
	mirrors_clear(&list);
	/* A list that this version cannot read says nothing. */
	return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
}

enum err
config_outlet(const struct config *c, struct library *l, int64_t outlet,
	struct config_outlet *out, struct diag *d)
{
	enum err e;

	*out = (struct config_outlet){.said = {.code = ERR_OK}};
	e = countries_for(c, l, outlet, &out->countries, d);
	if (e != ERR_OK)
		return e;
	out->said.code = countries_find(
		&out->countries, c->country, &out->here, &out->said);
	out->reach = (struct reach_settings){.country = &out->here,
		.proxy = c->proxy,
		.resolver = c->resolver,
		.resolver_address = c->resolver_address,
		.http = c->http,
		.memory = c->memory,
		.network = c->network,
		.way_out = c->way_out};
	random_fill(&out->reach.random, sizeof(out->reach.random));
	return ERR_OK;
}

void
config_outlet_clear(struct config_outlet *o)
{
	countries_clear(&o->countries);
	*o = (struct config_outlet){.said = {.code = ERR_OK}};
}

enum err
config_fetch(const struct config *c, struct fetch **out, struct diag *d)
{
	const struct fetch_options o = {.proxy = c->proxy,
		.resolver = c->resolver,
		.require_sandbox = c->require_sandbox};
	enum err e = fetch_new(&o, out, d);

	if (e == ERR_OK)
		e = fetch_offline(*out, d);
	if (e != ERR_OK) {
		fetch_free(*out);
		*out = NULL;
	}
	return e;
}
