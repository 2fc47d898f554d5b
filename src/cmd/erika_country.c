/* erika outlets --country: what is known about networks in a country. */
#include "erika_country.h"

#include <stdlib.h>
#include <string.h>

#include "../core/mirrors.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "erika_config.h"

/* ---- the table */

static enum err
own_path(struct buf *out, struct diag *d)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	enum err e = ERR_OK;

	/* The XDG specification says to ignore relative paths. */
	if (config != NULL && config[0] == '/')
		e = buf_printf(out, "%s/erika/countries.ini", config);
	else if (home != NULL && home[0] == '/')
		e = buf_printf(out, "%s/.config/erika/countries.ini", home);
	return e == ERR_OK ? e : diag_set(d, e, "the configuration's path");
}

enum err
country_table_read(struct countries *out, struct diag *d)
{
	struct buf path, text;
	enum err e;

	*out = (struct countries){.n = 0};
	buf_init(&path, 4096);
	buf_init(&text, LIMIT_CONFIG);
	e = own_path(&path, d);
	if (e == ERR_OK && path.n > 0)
		e = file_read(buf_cstr(&path), LIMIT_CONFIG, &text, d);
	else if (e == ERR_OK)
		e = ERR_MISSING;
	if (e == ERR_OK)
		e = countries_parse(
			buf_view(&text), buf_cstr(&path), COUNTRY_USER, out, d);
	else if (e == ERR_MISSING)
		e = countries_builtin(out, d);
	buf_free(&path);
	buf_free(&text);
	return e;
}

/* ---- showing it */

struct show {
	const struct context *cx;
	const struct config *config;  /* its country is the one shown */
	json_t *ways, *sites, *never; /* NULL without --json */
	bool measuring;		      /* nothing is printed yet */
	int host, how;		      /* columns of the table of sites */
	bool header;		      /* of that table */
	bool known;		      /* something is */
};

static const char *
word_of(enum country_word w, const char *outlet)
{
	switch (w) {
	case COUNTRY_BUILTIN:
		return "built-in";
	case COUNTRY_USER:
		return "your own file";
	default:
		return outlet;
	}
}

static const char *
word_json(enum country_word w)
{
	static const char *const words[] = {"builtin", "signed", "user"};

	return words[w];
}

/* "dns, tcp_ip" */
static const char *
how_text(char out[static 64], unsigned how)
{
	size_t bit, n = 0;

	out[0] = '\0';
	for (bit = 0; bit < BLOCKED_HOW; bit++)
		if ((how & 1u << bit) != 0)
			n += (size_t)snprintf(out + n, 64 - n, "%s%s",
				n == 0 ? "" : ", ", blocked_how_name(bit));
	return n == 0 ? "not known" : out;
}

/* All is put into it or nothing: NULL is passed on. */
static void
set_text(json_t *o, const char *name, const char *s)
{
	json_object_set_new(o, name, s == NULL ? json_null() : json_string(s));
}

static json_t *
texts_json(char *const *list, size_t n)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(a, json_string(list[i]));
	return a;
}

static void
ways_json(struct show *s, const struct country *c, const char *outlet)
{
	json_t *o = json_object(), *order = json_array();
	size_t i;

	for (i = 0; i < STRATEGY_COUNT; i++)
		json_array_append_new(
			order, json_string(strategy_name(c->order[i])));
	set_text(o, "outlet", outlet);
	set_text(o, "word", c->ordered == 0 ? NULL : word_json(c->word));
	json_object_set_new(o, "strategies", order);
	json_object_set_new(o, "mirrors", texts_json(c->mirrors, c->n_mirrors));
	json_object_set_new(o, "avoid", texts_json(c->avoid, c->n_avoid));
	json_array_append_new(s->ways, o);
}

/* "label   a, b, c", broken before column 79, or what a terminal has. */
static void
list_print(const char *label, char *const *words, size_t n)
{
	unsigned columns = erika_columns();
	size_t i, at = 14, most = columns > 0 && columns < 79 ? columns : 79;

	printf("  %-12s", label);
	for (i = 0; i < n; i++) {
		size_t k = strlen(words[i]) + (i + 1 < n ? 1 : 0);

		if (i > 0 && at + k + 1 > most) {
			printf("\n%14s", "");
			at = 14;
		} else if (i > 0) {
			putchar(' ');
			at++;
		}
		printf("%s%s", words[i], i + 1 < n ? "," : "");
		at += k;
	}
	putchar('\n');
}

/* The order of ways: for all outlets, or what one says for its own mirrors. */
static void
ways_show(struct show *s, const struct country *c, const char *outlet)
{
	char *names[STRATEGY_COUNT];
	char shown[200];
	size_t i;

	if (s->cx->json) {
		ways_json(s, c, outlet);
		return;
	}
	for (i = 0; i < STRATEGY_COUNT; i++)
		names[i] = (char *)(uintptr_t)strategy_name(c->order[i]);
	if (outlet == NULL)
		printf("%s (%s)\n",
			c->name == NULL ? "Networks there" : c->name,
			c->code.s);
	else
		printf("For the mirrors of %s\n",
			text_show(shown, sizeof(shown), span_str(outlet)));
	list_print("try first", names, STRATEGY_COUNT);
	if (c->n_mirrors > 0)
		list_print("mirrors", c->mirrors, c->n_mirrors);
	if (c->n_avoid > 0)
		list_print("hosts last", c->avoid, c->n_avoid);
	printf("  %-12s%s\n", "says",
		c->ordered == 0 && outlet == NULL
			? "nobody: the usual order"
			: word_of(c->word, "its signed mirror list"));
}

static void
site_json(struct show *s, const struct blocked *b, const char *outlet)
{
	json_t *o = json_object(), *how = json_array();
	size_t bit;

	for (bit = 0; bit < BLOCKED_HOW; bit++)
		if ((b->how & 1u << bit) != 0)
			json_array_append_new(
				how, json_string(blocked_how_name(bit)));
	set_text(o, "host", b->host);
	set_text(o, "name", b->name);
	set_text(o, "since", b->since);
	json_object_set_new(o, "how", how);
	set_text(o, "source", b->source);
	if (b->measured > 0)
		json_object_set_new(o, "measurements",
			json_pack("{s:I, s:I, s:I}", "all",
				(json_int_t)b->measured, "confirmed",
				(json_int_t)b->confirmed, "anomalies",
				(json_int_t)b->anomalies));
	else
		json_object_set_new(o, "measurements", json_null());
	set_text(o, "from", b->from);
	set_text(o, "until", b->until);
	json_object_set_new(o, "proven", json_boolean(blocked_proven(b)));
	set_text(o, "word", word_json(b->word));
	set_text(o, "outlet", b->word == COUNTRY_SIGNED ? outlet : NULL);
	json_array_append_new(s->sites, o);
}

/* What was counted, and when. */
static void
evidence_print(const struct blocked *b)
{
	char more[60] = "", days[60] = "";

	if (b->measured == 0)
		return;
	if (b->confirmed > 0 && b->anomalies > 0)
		snprintf(more, sizeof(more), ", %llu more were odd",
			(unsigned long long)b->anomalies);
	if (b->from != NULL)
		snprintf(days, sizeof(days), "; %s to %s", b->from, b->until);
	if (b->confirmed > 0)
		tell("    %llu of %llu measurements confirm it%s%s",
			(unsigned long long)b->confirmed,
			(unsigned long long)b->measured, more, days);
	else
		tell("    SUSPECTED, not proven: %llu of %llu measurements "
		     "were odd%s",
			(unsigned long long)b->anomalies,
			(unsigned long long)b->measured, days);
}

/* Names of hosts are ASCII: a byte is a column. */
static int
larger(int n, size_t bytes)
{
	return bytes > (size_t)n ? (int)bytes : n;
}

/* A row of the table; a sentence where a terminal is too narrow for it. */
static void
site_print(struct show *s, const struct blocked *b, const char *how,
	const char *outlet)
{
	const char *since = b->since == NULL ? "not known" : b->since;
	unsigned columns = erika_columns();
	char by[300], name[300] = "";

	text_show(by, sizeof(by), span_str(word_of(b->word, outlet)));
	if (columns > 0 && s->host + s->how + 16 + 20 > (int)columns) {
		tell("%s%s, since %s: %s; says %s", s->header ? "" : "\n",
			b->host, since, how, by);
	} else {
		if (!s->header)
			printf("\n%-*s  %-10s  %-*s  %s\n", s->host,
				"BLOCKED SITE", "SINCE", s->how, "HOW",
				"SAID BY");
		printf("%-*s  %-10s  %-*s  %s\n", s->host, b->host, since,
			s->how, how, by);
	}
	s->header = true;
	evidence_print(b);
	if (b->name != NULL)
		text_show(name, sizeof(name), span_str(b->name));
	tell("    %s%s%s", name, b->name == NULL ? "" : ": ",
		text_show(by, sizeof(by), span_str(b->source)));
}

static void
site_show(struct show *s, const struct blocked *b, const char *outlet)
{
	char buf[64];
	const char *how = how_text(buf, b->how);

	if (s->measuring) {
		s->host = larger(s->host, strlen(b->host));
		s->how = larger(s->how, strlen(how));
		return;
	}
	s->known = true;
	if (s->cx->json) {
		site_json(s, b, outlet);
		return;
	}
	site_print(s, b, how, outlet);
}

/* Which of its mirrors are never asked from there. */
static enum err
never_show(struct show *s, struct library *l, const struct library_outlet *o,
	const struct country *c, struct diag *d)
{
	struct library_mirrors m;
	char shown[300];
	size_t i;
	enum err e = library_mirrors(l, o->id, &m, d);

	for (i = 0; e == ERR_OK && i < m.n; i++) {
		if (!country_forbids(c, mirrors_host(span_str(m.list[i].url))))
			continue;
		if (s->cx->json) {
			json_array_append_new(s->never,
				json_pack("{s:s, s:o}", "outlet", o->name,
					"url", erika_json_text(m.list[i].url)));
			continue;
		}
		tell("\nnever contacted from there: %s",
			text_show(
				shown, sizeof(shown), span_str(m.list[i].url)));
	}
	library_mirrors_clear(&m);
	return e;
}

/* What one outlet's list adds. */
static enum err
outlet_add(struct show *s, struct library *l, const struct library_outlet *o,
	bool ways, struct diag *d)
{
	struct config_outlet own;
	const struct country *c = &own.here;
	enum err e = config_outlet(s->config, l, o->id, &own, d);
	size_t i;

	if (e == ERR_OK && ways && c->word == COUNTRY_SIGNED)
		ways_show(s, c, o->name);
	for (i = 0; e == ERR_OK && !ways && i < c->n_blocked; i++)
		if (c->blocked[i].word == COUNTRY_SIGNED)
			site_show(s, &c->blocked[i], o->name);
	if (e == ERR_OK && !ways && !s->measuring)
		e = never_show(s, l, o, c, d);
	config_outlet_clear(&own);
	return e;
}

static enum err
outlets_add(struct show *s, struct library *l,
	const struct library_outlets *list, const struct library_outlet *one,
	bool ways, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < list->n; i++)
		if (one == NULL || one == &list->list[i])
			e = outlet_add(s, l, &list->list[i], ways, d);
	return e;
}

/* The table's sites, then those of outlets. */
static enum err
sites_show(struct show *s, struct library *l,
	const struct library_outlets *list, const struct library_outlet *one,
	const struct country *c, struct diag *d)
{
	size_t i;

	for (i = 0; i < c->n_blocked; i++)
		site_show(s, &c->blocked[i], NULL);
	return outlets_add(s, l, list, one, false, d);
}

enum err
country_show(const struct context *cx, struct library *l,
	const struct library_outlets *list, const struct library_outlet *one,
	const char *code, struct diag *d)
{
	const struct config_options given = {.country = code};
	struct show s = {.cx = cx, .host = 12 /* "BLOCKED SITE" */, .how = 3};
	struct config config;
	struct country c;
	struct diag none;
	enum err e = config_load(&given, &config, d);

	if (e != ERR_OK)
		return e;
	s.config = &config;
	if (config.country[0] == '\0')
		e = diag_set(d, ERR_USAGE, "--country wants a code like RU");
	/* A country about which nothing is known has the usual order. */
	if (e == ERR_OK && countries_find(&config.countries, config.country, &c,
				   &none) == ERR_NOMEM)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (cx->json) {
		s.ways = json_array();
		s.sites = json_array();
		s.never = json_array();
	}
	if (e == ERR_OK) {
		ways_show(&s, &c, NULL);
		e = outlets_add(&s, l, list, one, true, d);
	}
	s.measuring = true;
	if (e == ERR_OK)
		e = sites_show(&s, l, list, one, &c, d);
	s.measuring = false;
	if (e == ERR_OK)
		e = sites_show(&s, l, list, one, &c, d);
	if (e == ERR_OK && !cx->json && !s.known)
		tell("\nNo outlet is known to be blocked there, which does "
		     "not say that none is.");
	if (e == ERR_OK && cx->json)
		e = erika_json(json_pack("{s:s, s:s, s:s?, s:O, s:O, s:O}",
				       "schema", "erika-country-1", "country",
				       c.code.s, "name", c.name, "ways", s.ways,
				       "blocked", s.sites, "never", s.never),
			d);
	json_decref(s.ways);
	json_decref(s.sites);
	json_decref(s.never);
	config_clear(&config);
	return e;
}
