/* What is remembered of routes, by network, in the library: shared by
 * src/sys/reach*.c alone. Networks and routes are there under keyed hashes:
 * who has the library sees how many there were, not which. */
#ifndef ERIKA_REACH_MEMORY_H
#define ERIKA_REACH_MEMORY_H

#include <stdint.h>

#include "../core/err.h"
#include "../core/routes.h"
#include "library_priv.h"

#define MEMORY_MARK 16

struct memory {
	bool there; /* something was kept before; without it the rest is 0 */
	uint8_t key[32];
	uint8_t network[MEMORY_MARK];
};

/* How a route did, or what is to be added to that. */
struct memory_row {
	uint8_t mark[MEMORY_MARK];
	enum strategy strategy;
	unsigned tries;
	double attempts, successes; /* halved each day */
	double first_byte, rate;    /* seconds; bytes a second */
	int64_t good, bad, aged;    /* when last; halved up to when */
	bool small;
};

/* Find the key and with it this network, whose own mark or name is
 * `network`. Writes nothing. */
enum err memory_open(struct library *l, struct span network, struct memory *m,
	struct diag *d) ERR_MUST_USE;

/* The mark of a route, by what makes it what it is. */
void memory_mark(const struct memory *m, const struct route *r,
	uint8_t out[static MEMORY_MARK]);

/* Each row of this network, of every outlet, as of `now`. The row is valid
 * during the call. */
enum err memory_each(struct library *l, const struct memory *m, int64_t now,
	void (*fn)(void *arg, int64_t outlet, const struct memory_row *row),
	void *arg, struct diag *d) ERR_MUST_USE;

/* Make the tables, the key and the network when they are not there. Within a
 * transaction, as the next two. */
enum err memory_start(struct library *l, struct span network, struct memory *m,
	int64_t now, struct diag *d) ERR_MUST_USE;

/* Add to what is there of a route. Counts and times that are 0 add
 * nothing. */
enum err memory_add(struct library *l, const struct memory *m, int64_t outlet,
	const struct memory_row *more, int64_t now,
	struct diag *d) ERR_MUST_USE;

/* Drop what is over the limits or too old. */
enum err memory_trim(struct library *l, const struct memory *m, int64_t now,
	struct diag *d) ERR_MUST_USE;

/* Drop everything, tables and key as well. */
enum err memory_drop(struct library *l, struct diag *d) ERR_MUST_USE;

#endif
