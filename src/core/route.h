/* Ways to a mirror. A strategy is how it is reached past a block; a route is
 * one mirror by one strategy, with all that the fetcher must know. Pure: what
 * is allowed and what is remembered is passed in. */
#ifndef ERIKA_ROUTE_H
#define ERIKA_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"

/* In the order of a country about which nothing is known. */
enum strategy {
	STRATEGY_HTTPS,	  /* https, the resolver of this machine, plain SNI */
	STRATEGY_ADDRESS, /* an address of the signed list instead of DNS */
	STRATEGY_DOH,	  /* the name by DNS over HTTPS (RFC 8484) */
	STRATEGY_SNI,	  /* another server name in TLS, and a pinned key */
	STRATEGY_NO_SNI,  /* no server name in TLS, and a pinned key */
	STRATEGY_FRONT,	  /* connected to a front; the Host field decides */
	STRATEGY_STORAGE, /* an object store's address: https like the first */
	STRATEGY_PROXY,	  /* SOCKS5h, as Tor's: a circuit for each mirror */
	STRATEGY_FILE,	  /* a folder or a stick */
	STRATEGY_HTTP,	  /* no TLS; only when asked for */
	STRATEGY_COUNT
};

/* "https", "address", "doh", "sni", "no-sni", "front", "storage", "proxy",
 * "file", "http": in configuration, tables and JSON. Never NULL. */
const char *strategy_name(enum strategy s);

/* The strategy of that name; false: there is none. */
bool strategy_read(struct span name, enum strategy *out);

/* Whether the way promises that no name reaches the local resolver. */
bool strategy_silent(enum strategy s);

/* One way to one mirror, as the fetcher takes it. Strings are borrowed; NULL
 * where the strategy has no use for them. */
struct route {
	size_t mirror; /* its index in the caller's list */
	enum strategy strategy;
	const char *base;    /* the mirror's URL, or a folder */
	const char *address; /* to connect to: "203.0.113.7", "2001:db8::7" */
	const char *sni;     /* name for TLS instead of the URL's host */
	const char *pin;     /* "sha256//BASE64" of its public key (RFC 7469) */
	const char *front;   /* host to connect to and to name in TLS */
	const char *resolver;	      /* DoH server: "https://HOST/dns-query" */
	const char *resolver_address; /* address of HOST; without it, it would
					 have to be looked up */
	const char *proxy;	      /* "socks5h://127.0.0.1:9050" */
	bool allow_private;	      /* see struct fetch_want */
};

#endif
