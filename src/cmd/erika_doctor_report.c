#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/mirrors.h"
#include "../core/text.h"
#include "erika_doctor.h"

size_t
doctor_works(const struct doctor *x)
{
	size_t i, n = 0;

	for (i = 0; i < reach_routes(x->reach); i++)
		n += x->results[i].word == PROBE_OK || x->results[i].small;
	return n;
}

const char *
doctor_absent(const struct doctor *x, size_t mirror)
{
	const struct library_mirror *m = reach_mirror(x->reach, mirror);
	struct span host = mirrors_host(span_str(m->url));
	size_t i;

	for (i = 0; i < reach_routes(x->reach); i++)
		if (reach_route(x->reach, i)->mirror == mirror)
			return "";
	if (country_forbids(&x->own->here, host))
		return "a site of an outlet that is blocked there";
	if (x->config->proxy == NULL && mirrors_host_below(host, "onion"))
		return "an onion service: it wants --proxy tor";
	if (strncmp(m->url, "http://", 7) == 0 && !x->config->http)
		return "plain http: it wants --http";
	return "no way to it is possible here";
}

/* ---- for people */

/* A mirror's name, or its URL where several are called alike: several of one
 * host, say. */
static const char *
label(const struct doctor *x, size_t mirror)
{
	const struct library_mirror *m = reach_mirror(x->reach, mirror);
	size_t i;

	for (i = 0; i < reach_mirrors(x->reach); i++)
		if (i != mirror &&
			strcmp(reach_mirror(x->reach, i)->name, m->name) == 0)
			return m->url;
	return m->name;
}

/* Green what works, red what does not, when colours are wanted. */
static const char *
colour(const struct context *cx, const struct probe_result *x)
{
	if (!cx->color || x->word == PROBE_UNTRIED)
		return "";
	if (x->word == PROBE_OK)
		return "\033[32m";
	return x->small ? "\033[33m" : "\033[31m";
}

/* "0.12 s to the first byte, 1.2 MB/s" or what went wrong. */
static void
detail(char *out, size_t size, const struct probe_result *x)
{
	char rate[TALK_SIZE], came[TALK_SIZE];
	int n = 0;

	if (x->word == PROBE_OK) {
		n = snprintf(
			out, size, "%.2f s to the first byte", x->first_byte);
		if (x->large && n > 0)
			snprintf(out + n, size - (size_t)n, ", %s/s",
				talk_size(rate, (unsigned long long)x->rate));
		else if (x->why[0] != '\0')
			snprintf(out + n, size - (size_t)n, "; %s", x->why);
		else if (n > 0)
			snprintf(out + n, size - (size_t)n,
				"; only %s to try with",
				talk_size(came, x->bytes));
		return;
	}
	n = snprintf(out, size, "%s", x->why);
	if (x->small_tried && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, "%s",
			x->small ? "; pieces of 8 KB get through"
				 : "; nor do pieces of 8 KB get through");
}

/* Columns that text takes on a terminal, for a name of letters: what is
 * escaped is ASCII, and a wide character may stand over by one. */
static int
columns_of(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

#define NAME_MOST 40

static void
route_print(
	const struct context *cx, const struct doctor *x, size_t i, int width)
{
	const struct route *r = reach_route(x->reach, i);
	const struct probe_result *p = &x->results[i];
	unsigned columns = erika_columns();
	char name[4 * NAME_MOST], line[GONE_SIZE + 100];
	int pad, used = 2 + width + 2 + 7 + 2 + 12 + 2;

	text_show(name, NAME_MOST + 1, span_str(label(x, r->mirror)));
	pad = width - columns_of(name);
	detail(line, sizeof(line), p);
	printf("  %s%*s  %-7s  %s%s%s", name, pad > 0 ? pad : 0, "",
		strategy_name(r->strategy), colour(cx, p),
		probe_word_name(p->word), cx->color ? "\033[0m" : "");
	if (line[0] == '\0') {
		printf("\n");
	} else if (columns > 0 && used + columns_of(line) > (int)columns) {
		printf("\n");
		tell("      %s", line);
	} else {
		printf("%*s  %s\n", 12 - (int)strlen(probe_word_name(p->word)),
			"", line);
	}
}

/* What each word of the table means, and what to do: the words are those of a
 * trade. Who goes by a proxy already is not told to. */
static void
words_print(const struct doctor *x)
{
	static const struct {
		enum probe_word word;
		const char *means, *hint; /* NULL: another way round */
	} words[] = {
		{PROBE_DNS, "no such name here, or one that leads elsewhere",
			NULL},
		{PROBE_TCP_IP, "no connection: blocked, or switched off", NULL},
		{PROBE_HTTP_FAILURE, "broke off before an answer was whole",
			NULL},
		{PROBE_HTTP_DIFF,
			"an answer, but not the newsroom's: a block page, say",
			NULL},
		{PROBE_FROZEN, "what is longer than a few KB stops on its way",
			"erika sync, which takes small pieces where those get "
			"through"},
		{PROBE_UNTRIED, "there was no time left", "more --seconds"}};
	const char *round = x->config->proxy == NULL
				    ? "--proxy tor, another network, or later"
				    : "another mirror, or later";
	size_t i, r, n = reach_routes(x->reach);

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (r = 0; r < n && x->results[r].word != words[i].word; r++)
			;
		if (r < n)
			tell("  %s: %s. Try %s", probe_word_name(words[i].word),
				words[i].means,
				words[i].hint == NULL ? round : words[i].hint);
	}
}

static void
absent_print(const struct doctor *x)
{
	char name[100];
	size_t i;

	for (i = 0; i < reach_mirrors(x->reach); i++)
		if (doctor_absent(x, i)[0] != '\0')
			tell("  %s: not contacted: %s",
				text_show(name, sizeof(name),
					span_str(label(x, i))),
				doctor_absent(x, i));
}

static void
unavailable_print(const struct doctor *x)
{
	const char *why;
	unsigned i;

	for (i = 0; i < STRATEGY_COUNT; i++)
		if (!fetch_can((enum strategy)i, &why))
			tell("  not possible here: %s: %s",
				strategy_name((enum strategy)i), why);
	if (x->config->proxy != NULL)
		tell("  all by the proxy %s, and nothing beside it",
			x->config->proxy);
}

void
doctor_print(const struct context *cx, const struct doctor *x)
{
	size_t i, n = reach_routes(x->reach), works = doctor_works(x);
	char name[200];
	int width = 0, w;

	tell("%s: %zu of %zu way%s to %zu mirror%s work%s",
		text_show(name, sizeof(name), span_str(x->outlet->name)), works,
		n, n == 1 ? "" : "s", reach_mirrors(x->reach),
		reach_mirrors(x->reach) == 1 ? "" : "s", works == 1 ? "s" : "");
	for (i = 0; i < reach_mirrors(x->reach); i++) {
		w = columns_of(
			text_show(name, NAME_MOST + 1, span_str(label(x, i))));
		width = w > width ? w : width;
	}
	/* Columns that do not fit are none. */
	if (erika_columns() > 0 && width + 25 > (int)erika_columns())
		width = 0;
	for (i = 0; i < n; i++)
		route_print(cx, x, i, width);
	words_print(x);
	absent_print(x);
	unavailable_print(x);
	if (fetch_sandbox()[0] == '\0')
		tell("  who talks to the network is shut in");
	else
		tell("  who talks to the network is not shut in as it should "
		     "be: %s",
			fetch_sandbox());
}

/* ---- for programs */

/* Whether a mirror is everybody's to know, and no folder. */
static bool
is_listed(const struct library_mirror *m)
{
	return m->source == LIBRARY_MIRROR_LIST &&
	       mirrors_url_ok(span_str(m->url));
}

static json_t *
number_or_null(double x, bool have)
{
	return have ? json_integer((json_int_t)x) : json_null();
}

static json_t *
route_json(const struct doctor *x, size_t i, bool others)
{
	const struct route *r = reach_route(x->reach, i);
	const struct library_mirror *m = reach_mirror(x->reach, r->mirror);
	const struct probe_result *p = &x->results[i];
	bool hidden = others && !is_listed(m);
	json_t *o = json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b}",
		"mirror", hidden ? json_null() : erika_json_text(m->name),
		"url", hidden ? json_null() : erika_json_text(m->url),
		"strategy", strategy_name(r->strategy), "result",
		probe_word_name(p->word), "frozen_after",
		p->word == PROBE_FROZEN ? json_integer((json_int_t)p->bytes)
					: json_null(),
		"small_pieces",
		p->small_tried ? json_boolean(p->small) : json_null(),
		"first_byte_ms",
		number_or_null(p->first_byte * 1000, p->first_byte > 0), "rate",
		number_or_null(p->rate, p->large), "silent",
		strategy_silent(r->strategy));

	/* A message may name an address of this network, and the way may be
	 * by one. */
	if (!others) {
		json_object_set_new(o, "message", json_string(p->why));
		json_object_set_new(o, "address",
			r->address == NULL ? json_null()
					   : erika_json_text(r->address));
		json_object_set_new(
			o, "bytes", json_integer((json_int_t)p->bytes));
	}
	return o;
}

static json_t *
routes_json(const struct doctor *x, bool others)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < reach_routes(x->reach); i++) {
		const struct route *r = reach_route(x->reach, i);

		/* A folder says how somebody's disk is laid out. */
		if (others && r->strategy == STRATEGY_FILE)
			continue;
		json_array_append_new(a, route_json(x, i, others));
	}
	return a;
}

static json_t *
absent_json(const struct doctor *x, bool others)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < reach_mirrors(x->reach); i++) {
		const struct library_mirror *m = reach_mirror(x->reach, i);

		if (doctor_absent(x, i)[0] == '\0' || (others && !is_listed(m)))
			continue;
		json_array_append_new(a, json_pack("{s:o, s:o, s:s}", "mirror",
						 erika_json_text(m->name),
						 "url", erika_json_text(m->url),
						 "why", doctor_absent(x, i)));
	}
	return a;
}

static json_t *
unavailable_json(void)
{
	json_t *a = json_array();
	const char *why;
	unsigned i;

	for (i = 0; i < STRATEGY_COUNT; i++)
		if (!fetch_can((enum strategy)i, &why))
			json_array_append_new(
				a, json_pack("{s:s, s:s}", "strategy",
					   strategy_name((enum strategy)i),
					   "why", why));
	return a;
}

/* A day is enough for others. */
static json_t *
time_json(int64_t now, bool others)
{
	return erika_json_date(others ? now - now % 86400 : now);
}

json_t *
doctor_json(const struct doctor *x, bool others)
{
	json_t *o = json_pack("{s:s, s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:s}",
		"schema", "erika-doctor-1", "outlet",
		erika_json_text(x->outlet->name), "time",
		time_json(x->now, others), "country", x->config->country,
		"proxied", x->config->proxy != NULL, "routes",
		routes_json(x, others), "not_contacted", absent_json(x, others),
		"unavailable", unavailable_json(), "sandbox_lacks",
		fetch_sandbox());

	if (!others)
		json_object_set_new(o, "network",
			x->config->network == NULL
				? json_null()
				: erika_json_text(x->config->network));
	return o;
}
