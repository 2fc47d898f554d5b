#include "routes.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"

/* Whether the fetcher can, and the only ways when a proxy is set. */
static bool
is_allowed(const struct route_settings *s, enum strategy way)
{
	return (s->can >> way & 1u) != 0;
}

/* What the host of a URL is. */
struct host {
	bool folder; /* there is no host */
	struct span name;
	bool tls;     /* https */
	bool literal; /* an address: there is no name to hide or look up */
	bool onion;
};

static bool
is_literal(struct span host)
{
	uint8_t b[16];

	return (host.n > 0 && host.p[0] == '[') || address_read(host, b) > 0;
}

static struct host
host_of(const char *url)
{
	struct host h = {.name = mirrors_host(span_str(url))};

	h.tls = strncmp(url, "https:", 6) == 0;
	h.folder = !h.tls && strncmp(url, "http:", 5) != 0;
	h.literal = is_literal(h.name);
	h.onion = mirrors_host_below(h.name, "onion");
	return h;
}

/* ---- making */

/* What one mirror's routes are made from. */
struct maker {
	const struct route_mirror *m;
	struct host host;
	const struct resolver *resolvers;
	size_t n_resolvers;
	const struct route_settings *s;
	struct route base; /* what all of them have */
	struct routes *out;
};

/* The site of an outlet that is blocked: whoever asks for it is seen. */
static bool
is_forbidden(const struct maker *k, struct span host)
{
	return k->s->country != NULL && country_forbids(k->s->country, host);
}

/* A new route of this strategy, if it is allowed; *r is NULL if not. */
static enum err
route_add(struct maker *k, enum strategy way, struct route **r)
{
	struct routes *out = k->out;
	struct route *more;

	*r = NULL;
	if (!is_allowed(k->s, way))
		return ERR_OK;
	/* Powers of two only: few copies, and no second counter. */
	if ((out->n & (out->n - 1)) == 0) {
		more = realloc(out->list,
			(out->n == 0 ? 1 : 2 * out->n) * sizeof(*more));
		if (more == NULL)
			return ERR_NOMEM;
		out->list = more;
	}
	*r = &out->list[out->n++];
	**r = k->base;
	(*r)->strategy = way;
	return ERR_OK;
}

/* Each of the mirror's addresses by a strategy that needs one. Keys change
 * with each new certificate of many a host, so that the pin stands only where
 * no certificate could fit. */
static enum err
addresses_add(
	struct maker *k, enum strategy way, const char *sni, const char *pin)
{
	const struct mirror *m = &k->m->m;
	struct route *r;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < m->n_addresses; i++) {
		e = route_add(k, way, &r);
		if (r == NULL)
			continue;
		r->address = m->addresses[i];
		r->sni = sni;
		r->pin = pin;
	}
	return e;
}

/* The host of "https://HOST/PATH", whose path need not end in '/'. */
static struct span
url_host(const char *url)
{
	const char *host = url + strlen("https://");

	if (strncmp(url, "https://", strlen("https://")) != 0)
		return span_of(NULL, 0);
	return span_of(host, strcspn(host, host[0] == '[' ? "]/" : ":/"));
}

static enum err
doh_add(struct maker *k)
{
	struct resolver own = {
		.url = (char *)(uintptr_t)k->s->resolver,
		.address = (char *)(uintptr_t)k->s->resolver_address,
	};
	const struct resolver *list = own.url == NULL ? k->resolvers : &own;
	size_t i, n = own.url == NULL ? k->n_resolvers : 1;
	struct route *r;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < n; i++) {
		r = NULL;
		if (!is_forbidden(k, url_host(list[i].url)))
			e = route_add(k, STRATEGY_DOH, &r);
		if (r == NULL)
			continue;
		r->resolver = list[i].url;
		r->resolver_address = list[i].address;
	}
	return e;
}

/* A front's own address is in no list: unless it is one, the first resolver
 * is asked for it. */
static void
front_find(const struct maker *k, struct route *r)
{
	size_t i;

	if (k->s->resolver != NULL) {
		r->resolver = k->s->resolver;
		r->resolver_address = k->s->resolver_address;
		return;
	}
	for (i = 0; i < k->n_resolvers; i++) {
		if (is_forbidden(k, url_host(k->resolvers[i].url)))
			continue;
		r->resolver = k->resolvers[i].url;
		r->resolver_address = k->resolvers[i].address;
		return;
	}
}

/* "http://HOST/..." of an https URL; one with a port has no such twin. */
static enum err
http_twin(struct maker *k, const char **url)
{
	const char *from = k->m->m.url;
	size_t n = strlen(from);
	char **more, *made;

	*url = NULL;
	if (from[8 + k->host.name.n] == ':')
		return ERR_OK;
	more = realloc(
		k->out->made, (k->out->n_made + 1) * sizeof(*k->out->made));
	if (more == NULL)
		return ERR_NOMEM;
	k->out->made = more;
	made = malloc(n);
	if (made == NULL)
		return ERR_NOMEM;
	memcpy(made, "http", 4);
	memcpy(made + 4, from + 5, n - 4); /* with its NUL */
	more[k->out->n_made++] = made;
	*url = made;
	return ERR_OK;
}

static enum err
http_add(struct maker *k)
{
	const char *url = k->m->m.url;
	struct route *r = NULL;
	enum err e = ERR_OK;

	if (!k->s->http && (k->host.tls || !k->m->named))
		return ERR_OK;
	if (k->host.tls)
		e = http_twin(k, &url);
	if (e == ERR_OK && url != NULL)
		e = route_add(k, STRATEGY_HTTP, &r);
	if (r != NULL)
		r->base = url;
	return e;
}

static enum err
tls_add(struct maker *k)
{
	const struct mirror *m = &k->m->m;
	struct route *r;
	enum err e = route_add(
		k, m->storage ? STRATEGY_STORAGE : STRATEGY_HTTPS, &r);

	if (k->host.literal)
		return e;
	if (e == ERR_OK)
		e = addresses_add(k, STRATEGY_ADDRESS, NULL, NULL);
	if (e == ERR_OK)
		e = doh_add(k);
	if (e == ERR_OK && m->pin != NULL && m->sni != NULL &&
		!is_forbidden(k, span_str(m->sni)))
		e = addresses_add(k, STRATEGY_SNI, m->sni, m->pin);
	if (e == ERR_OK && m->pin != NULL)
		e = addresses_add(k, STRATEGY_NO_SNI, NULL, m->pin);
	if (e == ERR_OK && m->front != NULL &&
		!is_forbidden(k, span_str(m->front))) {
		e = route_add(k, STRATEGY_FRONT, &r);
		if (r != NULL) {
			r->front = m->front;
			front_find(k, r);
		}
	}
	return e;
}

static enum err
proxy_add(struct maker *k)
{
	struct route *r;
	enum err e;

	/* An onion service is who its name says; other plain http is read by
	 * whoever runs the exit. */
	if (!k->host.tls && !k->host.onion && !k->s->http && !k->m->named)
		return ERR_OK;
	e = route_add(k, STRATEGY_PROXY, &r);
	if (r != NULL)
		r->proxy = k->s->proxy;
	return e;
}

static enum err
mirror_add(struct maker *k)
{
	struct route *r;
	enum err e = ERR_OK;

	if (k->host.folder)
		return route_add(k, STRATEGY_FILE, &r);
	/* Without a host it did not parse. */
	if (k->host.name.n == 0 || is_forbidden(k, k->host.name))
		return ERR_OK;
	if (k->s->proxy != NULL)
		return proxy_add(k);
	/* No resolver of the open network may hear of an onion's name. */
	if (k->host.onion)
		return ERR_OK;
	if (k->host.tls)
		e = tls_add(k);
	return e == ERR_OK ? http_add(k) : e;
}

enum err
routes_make(const struct route_mirror *m, size_t n,
	const struct resolver *resolvers, size_t n_resolvers,
	const struct route_settings *s, struct routes *out)
{
	struct maker k = {.resolvers = resolvers,
		.n_resolvers = n_resolvers,
		.s = s,
		.out = out};
	enum err e = ERR_OK;
	size_t i;

	*out = (struct routes){.n = 0};
	for (i = 0; e == ERR_OK && i < n; i++) {
		k.m = &m[i];
		k.host = host_of(m[i].m.url);
		k.base = (struct route){.mirror = i,
			.base = m[i].m.url,
			.allow_private = m[i].named && !m[i].told};
		e = mirror_add(&k);
	}
	if (e != ERR_OK)
		routes_clear(out);
	return e;
}

void
routes_clear(struct routes *r)
{
	strings_free(r->made, r->n_made);
	free(r->list);
	*r = (struct routes){.n = 0};
}

/* ---- ordering

 * Every route gets a guess between 0 and 1 of how well it would do. From the
 * top: it works here; its way works here, with other mirrors; nobody knows,
 * and then a country's order counts; it failed, or its way did. */
#define GUESS_WORKS 0.75    /* the quicker the better, from here on */
#define GUESS_SLOW 0.08	    /* and so much less for the slowest */
#define GUESS_LIKELY 0.65   /* its way works */
#define GUESS_BEST 0.60	    /* the first way to the first mirror, untried */
#define GUESS_STRATEGY 0.02 /* one step down in the country's ways */
#define GUESS_PLACE 0.02    /* one step down in country_place */
#define GUESS_TIE 0.1	    /* of these steps, between ways that work */
#define GUESS_NUDGE 0.01    /* too few tries: within one such step */
#define GUESS_SULK 0.25	    /* failed when it was last tried, today */

/* How often it worked, as if half a try more had come out as guessed. */
static double
share(const struct route_evidence *e, double guess)
{
	return (e->successes + 0.5 * guess) / (e->attempts + 0.5);
}

/* Before anything was tried. */
static double
guess_first(const struct route *r, const struct route_mirror *m,
	const struct country *c)
{
	size_t rank = r->strategy;

	if (c == NULL)
		return GUESS_BEST - GUESS_STRATEGY * (double)rank;
	rank = country_rank(c, r->strategy);
	return GUESS_BEST - GUESS_STRATEGY * (double)rank -
	       GUESS_PLACE * country_place(c, &m->m);
}

/* By a way that was tried often enough. One that works half of the time
 * works: mirrors die by themselves. */
static double
guess_way(const struct route_evidence *strategy, double first)
{
	double works = 2 * share(strategy, first);

	return GUESS_LIKELY * (works < 1 ? works : 1) -
	       GUESS_TIE * (GUESS_BEST - first);
}

static double
guess(const struct route *r, const struct route_mirror *m,
	const struct country *c, const struct route_evidence *route,
	const struct route_evidence *strategy)
{
	bool prior = c != NULL && c->ordered > 0;
	double g = guess_first(r, m, c);

	if (strategy->tries >= ROUTE_TRIES)
		g = guess_way(strategy, g);
	if (route->tries >= (prior ? ROUTE_TRIES : 1)) {
		g = share(route, g);
		if (g > GUESS_WORKS)
			g = GUESS_WORKS;
		/* Half of it at half a second. */
		if (route->successes > 0)
			g -= GUESS_SLOW * route->first_byte /
			     (route->first_byte + 0.5);
	} else if (route->tries > 0) {
		g += GUESS_NUDGE * (share(route, 0.5) - 0.5);
	}
	return route->sulking ? g - GUESS_SULK : g;
}

/* A route on its way to its place. */
struct place {
	size_t route;
	unsigned round; /* how many of its mirror's come before it */
	double guess;
};

/* Best first; as they stood where nothing tells them apart. */
static int
place_compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->round != y->round)
		return x->round < y->round ? -1 : 1;
	if (x->guess > y->guess || x->guess < y->guess)
		return x->guess > y->guess ? -1 : 1;
	return (x->route > y->route) - (x->route < y->route);
}

enum err
routes_order(const struct routes *r, const struct route_mirror *m, size_t n,
	const struct country *country, const struct route_evidence *by_route,
	const struct route_evidence by_strategy[static STRATEGY_COUNT],
	size_t *order)
{
	struct place *list = calloc(r->n + 1, sizeof(*list));
	unsigned *seen = calloc(n + 1, sizeof(*seen));
	const struct route *route;
	enum err e = list == NULL || seen == NULL ? ERR_NOMEM : ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < r->n; i++) {
		route = &r->list[i];
		list[i] = (struct place){.route = i,
			.guess = guess(route, &m[route->mirror], country,
				&by_route[i], &by_strategy[route->strategy])};
	}
	if (e == ERR_OK) {
		qsort(list, r->n, sizeof(*list), place_compare);
		for (i = 0; i < r->n; i++)
			list[i].round = seen[r->list[list[i].route].mirror]++;
		qsort(list, r->n, sizeof(*list), place_compare);
		for (i = 0; i < r->n; i++)
			order[i] = list[i].route;
	}
	free(list);
	free(seen);
	return e;
}

void
routes_explore(size_t *order, size_t n, const struct route_evidence *by_route,
	uint32_t random)
{
	size_t i, at = 0, first, others = 0;

	if (n < 2 || random % 10 != 0 || by_route[order[0]].tries == 0)
		return;
	for (i = 1; i < n; i++)
		others += !by_route[order[i]].recent;
	if (others == 0)
		return;
	/* The one of that number. */
	others = random / 10 % others;
	for (i = 1; at == 0; i++)
		if (!by_route[order[i]].recent && others-- == 0)
			at = i;
	first = order[at];
	memmove(order + 1, order, at * sizeof(*order));
	order[0] = first;
}

/* Whether a place has a mirror that may be second, by its best route. */
static bool
may_be_second(const struct routes *r, const size_t *order, size_t place,
	const struct route_evidence *by_route)
{
	size_t i;

	for (i = 0; i < place; i++)
		if (r->list[order[i]].mirror == r->list[order[place]].mirror)
			return false;
	return !by_route[order[place]].sulking;
}

void
routes_second(const struct routes *r, size_t *order,
	const struct route_evidence *by_route, uint32_t random)
{
	size_t i, n = 0, at = 0, second;

	for (i = 1; i < r->n; i++)
		n += may_be_second(r, order, i, by_route);
	if (n == 0)
		return;
	/* The upper bits: routes_explore has used the lower ones. */
	n = (random >> 16) % n;
	for (i = 1; at == 0; i++)
		if (may_be_second(r, order, i, by_route) && n-- == 0)
			at = i;
	second = order[at];
	memmove(order + 2, order + 1, (at - 1) * sizeof(*order));
	order[1] = second;
}
