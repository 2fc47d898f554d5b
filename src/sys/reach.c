#include "reach.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "fetch.h"
#include "file.h"
#include "network.h"
#include "reach_memory.h"

/* A route that failed when it was last tried comes after the others so long,
 * seconds: who is blocked today may be free tomorrow. */
#define SULK 86400

/* What was tried so lately, seconds, need not be explored: it would do no
 * better. */
#define RECENT 3600

/* What a lie counts, in failures. */
#define LIE 10

/* What is known of one route, and what was noted of it since. */
struct known {
	struct memory_row past;
	struct memory_row noted;
	bool was_noted, last_good;
};

struct reach {
	struct library *l;
	int64_t outlet;
	struct library_mirrors mirrors;
	struct route_mirror *views; /* of them */
	struct mirrors list;	    /* resolvers of the signed list */
	struct route_settings may;
	char *strings[4]; /* what `may` and the network's name borrow */
	bool only;	  /* the first of them */
	bool memory;
	struct buf network; /* its mark, or name */
	struct routes routes;
	struct known *known; /* by index in `routes` */
	size_t *order;
	struct memory found;
	struct route_evidence by_strategy[STRATEGY_COUNT];
};

/* ---- mirrors */

static enum err
no_memory(struct diag *d)
{
	return diag_set(d, ERR_NOMEM, "out of memory");
}

/* An owned copy in place `i`; NULL stays NULL. */
static enum err
keep(struct reach *r, size_t i, const char *s, const char **out, struct diag *d)
{
	if (s != NULL) {
		r->strings[i] = strdup(s);
		if (r->strings[i] == NULL)
			return no_memory(d);
	}
	*out = r->strings[i];
	return ERR_OK;
}

/* What the user named: a URL, or a folder in any way to write it. */
static enum err
from_base(const char *from, char **base, struct diag *d)
{
	char full[PATH_MAX];

	if (strstr(from, "://") != NULL)
		*base = strdup(from);
	else if (realpath(from, full) != NULL)
		*base = strdup(full);
	else
		return file_errno(from, d);
	return *base == NULL ? no_memory(d) : ERR_OK;
}

/* Only the mirror at `from`: with what is known of it, if it is one of the
 * outlet's. */
static enum err
mirrors_only(struct reach *r, const char *from, struct diag *d)
{
	struct library_mirror *list = r->mirrors.list, one;
	char *base;
	size_t i;
	enum err e = from_base(from, &base, d);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < r->mirrors.n; i++) {
		if (strcmp(list[i].url, base) != 0)
			continue;
		one = list[0];
		list[0] = list[i];
		list[i] = one;
		break;
	}
	r->only = true;
	if (i == r->mirrors.n) {
		library_mirrors_clear(&r->mirrors);
		list = calloc(1, sizeof(*list));
		if (list == NULL) {
			free(base);
			return no_memory(d);
		}
		r->mirrors = (struct library_mirrors){.list = list, .n = 1};
		list->url = strdup(base);
		list->countries = strdup("");
		list->name = strdup(from);
	}
	free(base);
	list[0].source = LIBRARY_MIRROR_USER;
	if (list->url == NULL || list->countries == NULL || list->name == NULL)
		return no_memory(d);
	return ERR_OK;
}

static enum err
view_make(const struct library_mirror *from, struct route_mirror *v,
	struct diag *d)
{
	*v = (struct route_mirror){.m = {.name = from->name,
					   .url = from->url,
					   .addresses = from->addresses,
					   .n_addresses = from->n_addresses,
					   .pin = from->pin,
					   .sni = from->sni,
					   .front = from->front,
					   .storage = from->storage},
		.named = from->source != LIBRARY_MIRROR_LIST,
		.told = from->source == LIBRARY_MIRROR_LINK};
	if (from->countries[0] == '\0')
		return ERR_OK;
	return country_codes(
		from->countries, &v->m.countries, &v->m.n_countries, d);
}

/* The signed list's resolvers. One that this version cannot read has none. */
static enum err
list_get(struct reach *r, struct diag *d)
{
	enum err e = library_list(r->l, r->outlet, &r->list, d);

	return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
}

static enum err
mirrors_get(struct reach *r, const struct reach_settings *s, struct diag *d)
{
	size_t i, n;
	enum err e = library_mirrors(r->l, r->outlet, &r->mirrors, d);

	if (e == ERR_OK)
		e = list_get(r, d);
	if (e == ERR_OK && s->from != NULL)
		e = mirrors_only(r, s->from, d);
	if (e != ERR_OK)
		return e;
	n = reach_mirrors(r);
	r->views = calloc(n + 1, sizeof(*r->views));
	if (r->views == NULL)
		return no_memory(d);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = view_make(&r->mirrors.list[i], &r->views[i], d);
	return e;
}

/* ---- what is remembered */

static struct route_evidence
evidence(const struct memory_row *row, int64_t now)
{
	return (struct route_evidence){.tries = row->tries,
		.attempts = row->attempts,
		.successes = row->successes,
		.first_byte = row->first_byte,
		.sulking = row->bad > row->good &&
			   now - row->bad<SULK, .recent = row->tries> 0 &&
			   now - (row->bad > row->good ? row->bad : row->good) <
				   RECENT};
}

static void
take_row(void *arg, int64_t outlet, const struct memory_row *row)
{
	struct reach *r = arg;
	struct route_evidence *all = &r->by_strategy[row->strategy];
	size_t i;

	all->tries += row->tries;
	all->attempts += row->attempts;
	all->successes += row->successes;
	if (outlet != r->outlet)
		return;
	for (i = 0; i < r->routes.n; i++)
		if (memcmp(r->known[i].noted.mark, row->mark, MEMORY_MARK) == 0)
			r->known[i].past = *row;
}

static enum err
network_name(struct reach *r, const struct reach_settings *s, struct diag *d)
{
	const char *name = s->network == NULL ? s->way_out : s->network;
	enum err e =
		buf_str(&r->network, s->network == NULL ? "found " : "named ");

	if (e == ERR_OK)
		e = name == NULL ? network_mark(&r->network)
				 : buf_str(&r->network, name);
	return e == ERR_OK ? e
			   : diag_set(d, e, "the network's name is too long");
}

static enum err
remember(struct reach *r, int64_t now, struct diag *d)
{
	size_t i;
	enum err e;

	if (!r->memory)
		return ERR_OK;
	e = memory_open(r->l, buf_view(&r->network), &r->found, d);
	for (i = 0; e == ERR_OK && i < r->routes.n; i++)
		memory_mark(
			&r->found, &r->routes.list[i], r->known[i].noted.mark);
	return e == ERR_OK ? memory_each(r->l, &r->found, now, take_row, r, d)
			   : e;
}

/* ---- the routes */

static unsigned
strategies_here(void)
{
	unsigned can = 0, i;

	for (i = 0; i < STRATEGY_COUNT; i++)
		if (fetch_can((enum strategy)i, NULL))
			can |= 1u << i;
	return can;
}

static enum err
settings_keep(struct reach *r, const struct reach_settings *s, struct diag *d)
{
	enum err e = keep(r, 0, s->proxy, &r->may.proxy, d);

	r->may.can = strategies_here();
	r->may.country = s->country;
	r->may.http = s->http;
	r->memory = s->memory;
	if (e == ERR_OK)
		e = keep(r, 1, s->resolver, &r->may.resolver, d);
	if (e == ERR_OK)
		e = keep(
			r, 2, s->resolver_address, &r->may.resolver_address, d);
	if (e == ERR_OK && s->memory)
		e = network_name(r, s, d);
	return e;
}

static enum err
order_make(struct reach *r, const struct reach_settings *s, int64_t now,
	struct diag *d)
{
	size_t i, n = r->routes.n;
	struct route_evidence *by_route = calloc(n + 1, sizeof(*by_route));
	enum err e;

	r->order = calloc(n + 1, sizeof(*r->order));
	if (by_route == NULL || r->order == NULL) {
		free(by_route);
		return no_memory(d);
	}
	for (i = 0; i < n; i++)
		by_route[i] = evidence(&r->known[i].past, now);
	e = routes_order(&r->routes, r->views, reach_mirrors(r), s->country,
		by_route, r->by_strategy, r->order);
	/* Without a memory nothing would be learnt by it. */
	if (e == ERR_OK && s->memory)
		routes_explore(r->order, n, by_route, s->random);
	if (e == ERR_OK)
		routes_second(&r->routes, r->order, by_route, s->random);
	free(by_route);
	return e == ERR_OK ? e : no_memory(d);
}

static enum err
make(struct reach *r, const struct reach_settings *s, int64_t now,
	struct diag *d)
{
	enum err e = settings_keep(r, s, d);

	if (e == ERR_OK)
		e = mirrors_get(r, s, d);
	if (e == ERR_OK &&
		routes_make(r->views, reach_mirrors(r), r->list.resolvers,
			r->list.n_resolvers, &r->may, &r->routes) != ERR_OK)
		e = no_memory(d);
	if (e != ERR_OK)
		return e;
	r->known = calloc(r->routes.n + 1, sizeof(*r->known));
	if (r->known == NULL)
		return no_memory(d);
	e = remember(r, now, d);
	return e == ERR_OK ? order_make(r, s, now, d) : e;
}

enum err
reach_new(struct library *l, int64_t outlet, const struct reach_settings *s,
	int64_t now, struct reach **out, struct diag *d)
{
	struct reach *r = calloc(1, sizeof(*r));
	enum err e;

	*out = NULL;
	if (r == NULL)
		return no_memory(d);
	r->l = l;
	r->outlet = outlet;
	buf_init(&r->network, LIMIT_CONFIG_LINE);
	e = make(r, s, now, d);
	/* The country is the caller's, and was asked already. */
	r->may.country = NULL;
	if (e != ERR_OK) {
		reach_free(r);
		return e;
	}
	*out = r;
	return ERR_OK;
}

void
reach_free(struct reach *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; r->views != NULL && i < reach_mirrors(r); i++)
		free(r->views[i].m.countries);
	free(r->views);
	library_mirrors_clear(&r->mirrors);
	mirrors_clear(&r->list);
	routes_clear(&r->routes);
	for (i = 0; i < sizeof(r->strings) / sizeof(r->strings[0]); i++)
		free(r->strings[i]);
	free(r->known);
	free(r->order);
	buf_free(&r->network);
	free(r);
}

size_t
reach_mirrors(const struct reach *r)
{
	return r->only ? 1 : r->mirrors.n;
}

const struct library_mirror *
reach_mirror(const struct reach *r, size_t i)
{
	return &r->mirrors.list[i];
}

size_t
reach_routes(const struct reach *r)
{
	return r->routes.n;
}

const struct route *
reach_route(const struct reach *r, size_t i)
{
	return &r->routes.list[r->order[i]];
}

/* Past what halving leaves of exactness. */
static unsigned
rounded_up(double x)
{
	unsigned n = (unsigned)x;

	return n + (x - n > 0.01);
}

struct reach_past
reach_past(const struct reach *r, size_t i)
{
	const struct memory_row *row = &r->known[r->order[i]].past;

	return (struct reach_past){.attempts = rounded_up(row->attempts),
		.successes = rounded_up(row->successes),
		.first_byte = row->first_byte,
		.rate = row->rate,
		.good = row->good,
		.bad = row->bad,
		.small = row->small};
}

/* ---- what becomes of them */

/* Whether the bytes were wrong as no accident makes them. */
static bool
is_lie(enum err e)
{
	switch (e) {
	case ERR_HASH:
	case ERR_SIGNATURE:
	case ERR_KEY:
	case ERR_MIXED:
		return true;
	default:
		return false;
	}
}

static void
failures_add(struct known *k, unsigned n)
{
	k->noted.tries += n;
	k->noted.attempts += n;
	k->was_noted = true;
	k->last_good = false;
	k->noted.bad = 1; /* the time comes when it is saved */
}

/* A measure between 0 and `most`; 0 for what is none. */
static double
measure(double x, double most)
{
	if (!(x > 0))
		return 0;
	return x < most ? x : most;
}

void
reach_note(struct reach *r, size_t i, const struct reach_result *x)
{
	struct known *k = &r->known[r->order[i]];
	size_t j;

	if (is_lie(x->err)) {
		for (j = 0; j < r->routes.n; j++)
			if (r->routes.list[j].mirror ==
				reach_route(r, i)->mirror)
				failures_add(&r->known[j], LIE);
		return;
	}
	if (x->err != ERR_OK) {
		failures_add(k, 1);
		k->noted.small = k->noted.small || x->small;
		return;
	}
	k->was_noted = k->last_good = true;
	k->noted.tries++;
	k->noted.attempts++;
	k->noted.successes++;
	k->noted.good = 1;
	k->noted.small = x->small;
	if (measure(x->first_byte, LIMIT_FETCH_SECONDS) > 0)
		k->noted.first_byte =
			measure(x->first_byte, LIMIT_FETCH_SECONDS);
	if (measure(x->rate, 1e12) > 0)
		k->noted.rate = measure(x->rate, 1e12);
}

static enum err
note_save(struct reach *r, struct known *k, const struct route *route,
	int64_t now, struct diag *d)
{
	struct memory_row row = k->noted;

	/* The key may have come into being just now. */
	memory_mark(&r->found, route, row.mark);
	row.strategy = route->strategy;
	if (row.good != 0)
		row.good = now;
	if (row.bad != 0)
		row.bad = k->last_good ? now - 1 : now;
	if (row.good != 0 && !k->last_good)
		row.good = now - 1;
	return memory_add(r->l, &r->found, r->outlet, &row, now, d);
}

enum err
reach_save(struct reach *r, int64_t now, struct diag *d)
{
	bool any = false;
	size_t i;
	enum err e;

	for (i = 0; i < r->routes.n; i++)
		any = any || r->known[i].was_noted;
	if (!r->memory || !any)
		return ERR_OK;
	e = library_begin(r->l, d);
	if (e == ERR_OK)
		e = memory_start(
			r->l, buf_view(&r->network), &r->found, now, d);
	for (i = 0; e == ERR_OK && i < r->routes.n; i++)
		if (r->known[i].was_noted)
			e = note_save(
				r, &r->known[i], &r->routes.list[i], now, d);
	if (e == ERR_OK)
		e = memory_trim(r->l, &r->found, now, d);
	if (e == ERR_OK)
		e = library_commit(r->l, d);
	if (e != ERR_OK) {
		library_rollback(r->l);
		return e;
	}
	for (i = 0; i < r->routes.n; i++) {
		r->known[i].noted = (struct memory_row){.tries = 0};
		r->known[i].was_noted = false;
	}
	return ERR_OK;
}

enum err
reach_forget(struct library *l, struct diag *d)
{
	enum err e = library_begin(l, d);

	if (e == ERR_OK)
		e = memory_drop(l, d);
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK)
		library_rollback(l);
	return e;
}
