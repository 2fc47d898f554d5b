/* The inside of the scheduler, shared by src/core/hedge*.c alone:
 *   hedge.c       jobs and routes
 *   hedge_event.c what happened
 *   hedge_plan.c  what to start: more routes, races
 *   hedge_work.c  which units a route brings
 *   hedge_watch.c what time does: stalls, freezes, pauses, the end */
#ifndef ERIKA_HEDGE_PRIV_H
#define ERIKA_HEDGE_PRIV_H

#include "hedge.h"

#define MS ((int64_t)1000)
#define SECOND (1000 * MS)
#define NEVER INT64_MAX

/* Requests under way at once, as the fetcher has connections. */
#define TRANSFERS LIMIT_TRANSFERS

/* A slice of a small route, its connections at once, and the most bytes that
 * it brings in one run of several units. A head is one unit. */
#define SLICE (8 * LIMIT_KIB)
#define SLICES (LIMIT_INDEX_PACKED / SLICE + 2)
#define SMALL_CONNECTIONS 6
#define SMALL_RUN (32 * LIMIT_KIB)

/* Up to here a job is small: one good mirror brings it at once. */
#define SMALL_JOB (512 * LIMIT_KIB)

/* The least patience with a mirror that is known to work. */
#define HEDGE_MIN (100 * MS)

/* No bytes for so long is a stall: others may take the units. */
#define STALL (400 * MS)

struct unit {
	uint64_t offset;
	uint32_t n;
	uint16_t claims; /* runs that bring it */
	bool done;
};

struct hfile {
	struct unit *u;
	size_t n, cap;
	size_t free; /* no unit before it is free */
	size_t left; /* units not done */
	uint64_t end;
	uint64_t all_bytes, left_bytes; /* of its units */
	bool open, whole;
	size_t max, length;
	bool *missing; /* by mirror */
};

enum slice { SLICE_TODO, SLICE_ASKED, SLICE_HERE };

struct run {
	bool used;
	bool lost;  /* stalled: its units are free again */
	bool small; /* in slices */
	bool twin;  /* its units were claimed by another run, too */
	bool tried; /* for this moment's choice */
	size_t route, file;
	size_t next, end;  /* units; end SIZE_MAX: to the file's end */
	uint64_t from, to; /* bytes asked for */
	size_t slices, here;
	unsigned again;	       /* slices that failed */
	uint8_t slice[SLICES]; /* enum slice */
	int64_t began, last;   /* last: when bytes came */
	uint64_t got;
};

struct transfer {
	bool used, asked;
	uint32_t id;
	bool drain; /* its run is over, the rest is not worth a connection */
	size_t run, route;
	size_t slice;
	size_t n; /* 0: a whole file */
	int64_t began, sent, first, last;
	uint64_t got;
};

struct hroute {
	struct hedge_route r;
	bool used, worked, delivered, out, small;
	bool late;	/* its mirror is behind */
	bool deaf;	/* left before it was even connected */
	bool doubt;	/* left without an answer after a long time */
	bool bad;	/* failed, and did not work since */
	bool hurt;	/* failed in this job */
	bool measured;	/* the rate is of this session */
	unsigned fails; /* in a row */
	unsigned job_fails;
	unsigned truncations, frozen;
	unsigned connections;
	int64_t cool; /* not before */
	double first_byte, lag, rate;
	int64_t last;	/* when bytes came, by any request */
	int64_t window; /* since when window_bytes count; 0: not */
	uint64_t window_bytes;
	uint64_t good, wasted, biggest;
	/* of a job with copies */
	bool copy_asked, copy_told, copy_good;
	bool tried; /* for this moment's choice */
	size_t copy_open, copy_next;
	int64_t copy_began;
};

struct hedge {
	struct hroute *r;
	size_t n;
	bool *mirror_out;
	size_t mirrors;
	struct hfile *f;
	size_t files;
	size_t copies, copies_good;
	double seconds;
	int64_t began, progress, next_begin;
	int64_t first_good; /* of a job with copies */
	unsigned begins, failures;
	bool cold;	/* nobody was known to work when the job began */
	bool small_net; /* several froze: others likely do */
	struct run run[TRANSFERS];
	struct transfer t[TRANSFERS];
	uint32_t leave[2 * TRANSFERS];
	enum hedge_why leave_why[2 * TRANSFERS];
	size_t n_leave;
	uint32_t serial;
	int64_t now;	 /* the last moment told */
	uint64_t wasted; /* in this job */
};

/* ---- hedge.c, hedge_event.c */
void route_drop(struct hedge *h, size_t i);
bool route_usable(const struct hedge *h, size_t i, int64_t now);
/* It failed so often that it is left alone until the job is over. */
bool route_spent(const struct hedge *h, size_t i);
void route_fail(struct hedge *h, size_t i, int64_t now);
void route_out(struct hedge *h, size_t i);
void run_release(struct hedge *h, struct run *r);
/* It goes on after all. */
void run_claim(struct hedge *h, struct run *r);
void run_end(struct hedge *h, struct run *r);
/* Past its last unit, as far as they are known. */
size_t run_units(const struct hedge *h, const struct run *r);
void transfer_leave(struct hedge *h, struct transfer *t, enum hedge_why why);
/* Bytes of a file that are not verified; of a whole one, a guess. */
uint64_t hfile_left(const struct hfile *f);
/* Bytes of a file that are wanted in all, as far as that is known. */
uint64_t hfile_size(const struct hfile *f);
uint64_t job_left(const struct hedge *h);
/* Bytes a second of all that deliver. */
double job_rate(const struct hedge *h, int64_t now);
/* Bytes that a run has still to bring; its seconds, 1e9: unknown. */
uint64_t run_left(const struct hedge *h, const struct run *r);
double run_eta_of(
	const struct hedge *h, const struct run *r, uint64_t left, int64_t now);
double run_eta(const struct hedge *h, const struct run *r, int64_t now);

/* ---- hedge_work.c */

/* Whether a route delivers and may be asked; how many do. */
bool live_is(const struct hedge *h, size_t i, int64_t now);
size_t live_count(const struct hedge *h, int64_t now);
/* Whether this is the first unit of a file whose others are not known. */
bool unit_is_head(const struct hfile *f, size_t unit);
/* Begin a run of units [first, end) of a file, SIZE_MAX: to its end. */
bool run_begin(struct hedge *h, size_t route, size_t file, size_t first,
	size_t end, int64_t now, struct hedge_ask *out);
/* A slice of a run under way; what nobody brings; work for those that
 * deliver, also from others. */
bool work_slice(struct hedge *h, int64_t now, struct hedge_ask *out);
/* Whether there is something that nobody brings. */
bool work_any(struct hedge *h);
bool work_free(
	struct hedge *h, size_t route, int64_t now, struct hedge_ask *out);
bool work_live(struct hedge *h, int64_t now, struct hedge_ask *out);

/* ---- hedge_watch.c */
void hedge_watch(struct hedge *h, int64_t now);

#endif
