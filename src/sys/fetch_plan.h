/* How a wish goes out by its strategy: what libcurl is told, worked out
 * before it is. Pure, so that it can be tested without a network. Private to
 * fetch*.c. */
#ifndef ERIKA_FETCH_PLAN_H
#define ERIKA_FETCH_PLAN_H

#include "fetch_child.h"

/* Whatever stands in front of a host, or behind it. */
#define PLAN_HOST (LIMIT_URL + 64)

/* Empty: not set. Of a strategy that is silent (route.h) every host in here
 * that libcurl would look for is an address, unless it asks `doh` or `proxy`
 * for it; and `doh` and `proxy` are addresses, or have theirs in `resolve`. */
struct plan {
	char url[2 * LIMIT_URL + 64];
	char host[PLAN_HOST];	    /* "Host: NAME", when the URL's is not it */
	char connect_to[PLAN_HOST]; /* "::HOST:", for CURLOPT_CONNECT_TO */
	char resolve[PLAN_HOST];    /* "HOST:PORT:ADDRESS" of the resolver */
	const char *doh;	    /* of the wish, as are the two below */
	const char *pin;	    /* trust this key instead of certificates */
	char proxy[WIRE_PROXY];
	char user[33], password[33]; /* for the proxy: a circuit's name */
	bool cleartext;		     /* http, not https */
	bool any_address;	     /* to connect to: the user chose it */
};

/* What holds for all wishes of a child. */
struct plan_rules {
	/* As in struct fetch_options; may be NULL. */
	const char *proxy, *resolver;
	/* Known to nobody else: what a proxy is told of two mirrors, or of
	 * two runs, has nothing in common. */
	uint8_t secret[32];
};

/* A circuit for each host: Tor keeps apart what has other names here. The
 * names' 32 hex digits and their ends. */
void plan_circuit(const uint8_t secret[static 32], struct span host,
	char user[static 33], char password[static 33]);

/* Make the plan of a wish that goes to the network; it borrows from the wish.
 * false: `done` says why there is none. */
bool plan_make(const struct wire_want *w, const struct plan_rules *rules,
	struct plan *p, struct wire_done *done);

#endif
