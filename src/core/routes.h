/* All routes to an outlet's mirrors, and the order in which to try them. Pure:
 * what is allowed and what is remembered is passed in. */
#ifndef ERIKA_ROUTES_H
#define ERIKA_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "country.h"
#include "err.h"
#include "mirrors.h"
#include "route.h"

/* ---- which there are */

/* A mirror that routes are made for; borrowed. */
struct route_mirror {
	struct mirror m;
	bool named; /* by the user, himself or in a link: it may be near, and
		       plain http if its URL says so */
	bool told;  /* by somebody else, in a link: then not near */
};

/* What the user and this machine allow. Strings are borrowed. */
struct route_settings {
	unsigned can; /* 1u << STRATEGY_X for those that the fetcher can do */
	const struct country *country; /* never contact what it forbids; or
					  NULL */
	const char *proxy;    /* every URL goes through it, and nothing beside
			      it; NULL: none */
	const char *resolver; /* instead of the list's, or NULL */
	const char *resolver_address; /* of its host, or NULL */
	bool http; /* plain http, also to mirrors that the user did not name */
};

/* Routes, and what was made for them. Zeroed is empty. */
struct routes {
	struct route *list;
	size_t n;
	char **made; /* strings that belong to no mirror */
	size_t n_made;
};

/* All routes to n mirrors, in their order, each mirror's in the order of
 * enum strategy. Borrows from all its arguments. What is not in there, is not
 * contacted: with a proxy every URL has that one route; a host below .onion
 * (RFC 7686) has none without; plain http is there when asked for or named.
 * An outlet's own site where that is blocked has none at all. ERR_NOMEM; *out
 * is empty then. */
enum err routes_make(const struct route_mirror *m, size_t n,
	const struct resolver *resolvers, size_t n_resolvers,
	const struct route_settings *s, struct routes *out) ERR_MUST_USE;

/* Free what the struct owns and zero it; not the struct itself. */
void routes_clear(struct routes *r);

/* ---- in which order */

/* What happened before, on this network; of a route or of a strategy. Zeroed:
 * nothing. */
struct route_evidence {
	unsigned tries;		    /* all of them */
	double attempts, successes; /* the same, old ones counting less */
	double first_byte;	    /* seconds, of the last success */
	bool sulking; /* the last try failed, and that is not long ago */
	bool recent;  /* the last try, whatever came of it, was just now */
};

/* From this many tries on, evidence outranks a country's order. */
#define ROUTE_TRIES 3

/* Order routes: order[0] is the index of the first to try, and all are in
 * it. Each mirror's best comes first, best before good; then each one's
 * second. `country` may be NULL, `by_route` has r->n entries; `by_strategy`
 * counts all mirrors of this network. */
enum err routes_order(const struct routes *r, const struct route_mirror *m,
	size_t n, const struct country *country,
	const struct route_evidence *by_route,
	const struct route_evidence by_strategy[static STRATEGY_COUNT],
	size_t *order) ERR_MUST_USE;

/* In a tenth of all values of `random` a route that was not tried just now
 * goes first, to see whether it works by now; unless that is so anyway, since
 * nothing is known of the first. `by_route` as above. */
void routes_explore(size_t *order, size_t n,
	const struct route_evidence *by_route, uint32_t random);

/* Another mirror in the second place each time, by its best route: those in
 * the first two are asked for the head, and no two of them shall be the pair
 * every day. One that failed when it was last tried does not come up. */
void routes_second(const struct routes *r, size_t *order,
	const struct route_evidence *by_route, uint32_t random);

#endif
