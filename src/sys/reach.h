/* Routes to an outlet's mirrors from the network at hand: which there are, in
 * which order to try them, and how each did here before. The memory is kept
 * in the library, by network, on this machine only; it can be erased and it
 * can be off. */
#ifndef ERIKA_REACH_H
#define ERIKA_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/country.h"
#include "../core/err.h"
#include "../core/route.h"
#include "../core/routes.h"
#include "fetch.h"
#include "library.h"

struct reach;

/* What the user allows and wants. Strings are copied. */
struct reach_settings {
	const struct country *country; /* whose order comes first, or NULL */
	const char *proxy;	       /* all goes through it, and nothing
					  beside it; NULL: none */
	const char *resolver;	       /* DoH instead of the list's, or NULL */
	const char *resolver_address;  /* of its host, or NULL */
	bool http;		       /* plain http also to mirrors that the
					  user did not name */
	bool memory;	     /* remember, and use what is remembered */
	const char *from;    /* only this URL or folder, or NULL */
	uint32_t random;     /* for the tenth that explores, and who is
				second */
	const char *network; /* what the user calls this network; NULL: it is
				told from others by its way out: */
	const char *way_out; /* network_mark of it, from before this process
				gave up its own network; NULL: found now */
};

/* How a route did on this network. All zero: never tried. */
struct reach_past {
	unsigned attempts, successes; /* halved each day, rounded up */
	double first_byte;	      /* seconds, of the last success */
	double rate;		      /* bytes a second, likewise */
	int64_t good, bad; /* when last; seconds since 1970, 0: never */
	bool small;	   /* only connections of a few KB get through */
};

/* The routes of an outlet, in the order to try them: each mirror's best one,
 * best mirror first, then each one's second, and so on. With the memory on, a
 * tenth of the calls puts another one first that was not tried for an hour, to
 * see whether it works by now. Each call puts another mirror second
 * (routes_second).
 * What may not be contacted is not there (core/routes.h). ERR_MISSING when
 * `from` is nothing, ERR_NOMEM, ERR_IO. */
enum err reach_new(struct library *l, int64_t outlet,
	const struct reach_settings *s, int64_t now, struct reach **out,
	struct diag *d) ERR_MUST_USE;
void reach_free(struct reach *r);

/* Mirrors, as the library lists them, and routes to them. */
size_t reach_mirrors(const struct reach *r);
const struct library_mirror *reach_mirror(const struct reach *r, size_t i);
size_t reach_routes(const struct reach *r);
const struct route *reach_route(const struct reach *r, size_t i);
struct reach_past reach_past(const struct reach *r, size_t i);

/* What became of an attempt by route i. */
struct reach_result {
	enum err err;
	double first_byte, rate; /* of a success; 0: not measured */
	bool small;
};

/* Note one; bytes that lie count as ten failures of the mirror, by whatever
 * route. The order does not change. */
void reach_note(struct reach *r, size_t i, const struct reach_result *x);

/* Keep what was noted, once; nothing when the memory is off. */
enum err reach_save(struct reach *r, int64_t now, struct diag *d) ERR_MUST_USE;

/* ---- before there is an outlet

 * What to do with a file that came: anything but ERR_OK asks the next. */
typedef enum err reach_take_fn(void *arg, struct span file, struct diag *d);

/* Get a file of at most `max` bytes from one of n mirrors, by all ways that
 * there are to each, until one's is taken. Nothing is remembered. Returns what
 * was wrong with the last that came, or else why nothing did; ERR_NETWORK also
 * when there is no way that may be tried. ERR_NOMEM. */
enum err reach_file(struct fetch *f, const struct route_mirror *m, size_t n,
	const struct reach_settings *s, const char *path, size_t max,
	reach_take_fn *take, void *arg, struct diag *d) ERR_MUST_USE;

/* Erase all that is remembered of networks, and by what they are told
 * apart. */
enum err reach_forget(struct library *l, struct diag *d) ERR_MUST_USE;

#endif
