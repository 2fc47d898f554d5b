/* Hedged, raced fetching, sans-I/O: what to ask of which route and when, what
 * to leave, and when to give up, so that the file comes while mirrors are
 * blocked, throttled, frozen or lie. It is told what happened and when; it has
 * no clock and no network, so every behaviour is tested in simulated time.
 *
 *	hedge_begin(h, ...), hedge_file(h, ...), hedge_unit(h, ...)
 *	for (;;) {
 *		while (hedge_leave(h, &id)) leave it;
 *		while (hedge_start(h, now, &ask)) ask;
 *		if (hedge_status(h, now) != HEDGE_BUSY) break;
 *		wait until hedge_wait(h, now) or an event; tell it
 *	}
 *
 * A job is some files, each made of units, which are verified alone: the head
 * of a bundle, its parts, or a whole file of unknown length. A run is some
 * units side by side that one route brings in one request; where connections
 * freeze after some KB (a small route) a run comes in slices, each on a
 * connection of its own. A unit is wanted from one mirror at a time, so that a
 * bad one has one culprit; only what stalls, or is the last, is asked twice.
 *
 * Times are microseconds of a clock that never goes back. What routes did is
 * remembered from job to job. */
#ifndef ERIKA_HEDGE_H
#define ERIKA_HEDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "limits.h"

struct hedge;

/* A route, in the order to try them. */
struct hedge_route {
	size_t mirror;	   /* several routes may lead to one */
	double first_byte; /* remembered: seconds, 0: nothing is */
	double rate;	   /* bytes a second, likewise */
	bool known;	   /* it has worked before */
	bool small;	   /* only small connections got through then */
	bool patient;	   /* a proxy: all takes longer */
};

/* NULL: out of memory. */
struct hedge *hedge_new(const struct hedge_route *routes, size_t n);
void hedge_free(struct hedge *h);

/* ---- jobs */

/* Begin a job of `files` files; what is still under way of the one before is
 * to be left. copies 0: each unit once, from anybody. copies k: every file
 * whole from k distinct mirrors (see hedge_copy). `seconds` without any
 * progress end it. ERR_NOMEM. */
enum err hedge_begin(struct hedge *h, size_t files, size_t copies,
	double seconds, int64_t now) ERR_MUST_USE;

/* Say what file i is, at any time of the job; until then nothing is wanted of
 * it: whole, of at most `max` bytes, and of `length` when that is known (else
 * 0); or in units up to byte `end`, which are to be added. */
enum err hedge_file_whole(
	struct hedge *h, size_t i, size_t max, size_t length) ERR_MUST_USE;
enum err hedge_file_units(
	struct hedge *h, size_t i, uint64_t end, bool open) ERR_MUST_USE;

/* Add a unit of n bytes behind those added before. While a file is open, more
 * follow: up to its end, without a gap. ERR_NOMEM. */
enum err hedge_unit(
	struct hedge *h, size_t file, uint64_t offset, size_t n) ERR_MUST_USE;
void hedge_file_close(struct hedge *h, size_t i);

/* ---- what to do */

struct hedge_ask {
	uint32_t id; /* of this request */
	size_t run;  /* several slices may be of one run */
	bool first;  /* the first request of its run */
	size_t route, file;
	uint64_t offset;
	size_t n;	/* 0: the whole file */
	size_t max;	/* of at most so many bytes */
	uint64_t from;	/* of the run: its first byte */
	size_t run_n;	/* and its bytes, when in slices; else 0 */
	bool fresh;	/* on a connection of its own */
	double seconds; /* in total */
};

/* Why a request is left. */
enum hedge_why {
	HEDGE_ENOUGH, /* it is not needed any more */
	HEDGE_SILENT, /* asked, and no answer */
	HEDGE_FROZEN, /* no more came after some bytes */
	HEDGE_SLOW    /* under the least rate */
};

/* The next request to leave: forget it; no event of it is told. false:
 * none. */
bool hedge_leave(struct hedge *h, uint32_t *id, enum hedge_why *why);

/* The job is over: leave what is not almost done. */
void hedge_end(struct hedge *h);

/* The next request to start. false: none now. */
bool hedge_start(struct hedge *h, int64_t now, struct hedge_ask *out);

/* When to ask again even if nothing happens. */
int64_t hedge_wait(const struct hedge *h, int64_t now);

enum hedge_status {
	HEDGE_BUSY,
	HEDGE_DONE,    /* all units, or enough copies, are here */
	HEDGE_HOPELESS /* no more will come */
};
enum hedge_status hedge_status(struct hedge *h, int64_t now);

/* Whether file i is all here. */
bool hedge_file_done(const struct hedge *h, size_t i);

/* ---- what happened */

/* The request has gone out; n bytes of its body came. */
void hedge_asked(struct hedge *h, uint32_t id, int64_t now);
void hedge_bytes(struct hedge *h, uint32_t id, size_t n, int64_t now);

/* It ended, after its last bytes were looked at. ERR_OK: all came.
 * ERR_MISSING: the mirror lacks the file; ERR_SYNTAX: an answer, but not one
 * of ours (a wrong status, a page); ERR_TRAILING: more than was asked for;
 * the others as of struct fetch_got. *whole: a run in slices has all its bytes
 * now; look at its units. */
void hedge_ended(
	struct hedge *h, uint32_t id, enum err err, int64_t now, bool *whole);

/* Whether a request still is of a run: its bytes are of use. */
bool hedge_runs(const struct hedge *h, uint32_t id);

/* The unit that a run is to bring next, in order. false: none is known, or the
 * run is over. *have:
 * it is here already, by another route, and need not be looked at. */
bool hedge_next(const struct hedge *h, size_t run, uint64_t *offset, size_t *n,
	bool *have);

/* That unit (of a whole file: all of it) is verified, or was here already; or
 * it is bad, for which the mirror is left out: by all its routes when it lied,
 * by this one when it is not an answer of ours (ERR_NETWORK). */
void hedge_good(struct hedge *h, size_t run, int64_t now);
void hedge_bad(struct hedge *h, size_t run, enum err err, int64_t now);

/* Of a job with copies: all files of a route have ended, and they are good or
 * not. */
bool hedge_copy_ended(const struct hedge *h, size_t route);
void hedge_copy(struct hedge *h, size_t route, bool good, int64_t now);

/* Right after hedge_begin of a job with copies: the caller has this mirror's,
 * and wants others'. */
void hedge_copy_here(struct hedge *h, size_t mirror);

/* Leave a mirror out by all its routes: it lied, as the caller found. */
void hedge_out(struct hedge *h, size_t mirror);

/* ---- what is known of routes */

struct hedge_look {
	bool used;   /* asked at all */
	bool worked; /* brought something good */
	bool out;    /* not asked any more */
	bool small;
	double first_byte; /* of its first request that brought bytes; 0 */
	double rate;
	uint64_t good, wasted; /* bytes of bodies */
};
void hedge_look(const struct hedge *h, size_t route, struct hedge_look *out);

/* A mirror that is behind: asked after the others. */
void hedge_late(struct hedge *h, size_t mirror);

#endif
