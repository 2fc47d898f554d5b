/* The scheduler against mirrors that are blocked, throttled, frozen or lie, in
 * simulated time: what comes, when, and what it costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/hedge.h"
#include "../lib/tap.h"

#define MS ((int64_t)1000)
#define MIRRORS 24
#define CONNS 64

/* ---- mirrors */

enum way {
	GOOD,
	BLACKHOLE, /* no connection */
	RST,
	NXDOMAIN,
	SILENT,	   /* the request goes out, no answer */
	THROTTLED, /* 16 KB/s */
	WALL, /* nothing past 16 KB of a connection, and of TLS's last record
		 nothing at all */
	CUT,  /* plain: what is within 16 KB comes, then silence */
	TAMPERED,
	TRUNCATED,
	ENDLESS,
	PAGE,	/* a block page */
	GONE,	/* 404 */
	DRIP,	/* some bytes a second */
	FREEZES /* works for 300 KB, then each connection stops */
};

static const char *const way_name[] = {"good", "blackhole", "rst", "nxdomain",
	"silent", "throttled", "wall", "cut", "tampered", "truncated",
	"endless", "page", "gone", "drip", "freezes"};

struct mirror {
	enum way way;
	int64_t rtt;
	double rate;
	unsigned idle; /* connections that can be used again */
	double window; /* of those, bytes a round trip */
	uint64_t sent; /* bodies, all */
};

struct conn {
	bool used, asked;
	uint32_t id;
	struct hedge_ask ask;
	int64_t began, ask_at, first_at;
	double window, got, credit;
	size_t told;
	size_t length; /* of the answer */
};

struct sim {
	struct hedge *h;
	struct mirror m[MIRRORS];
	size_t n;
	struct conn c[CONNS];
	int64_t now;
	double link; /* bytes a second of the reader's own */
	/* one file of a head and units */
	size_t head, unit, units;
	bool whole;
	size_t run_got[LIMIT_TRANSFERS];
	bool copies;
	/* what came of it */
	uint64_t wire, held, held_max;
	unsigned asks, routes_used;
	int64_t started[MIRRORS];
	int64_t took;
	enum hedge_status status;
};

static size_t
file_size(const struct sim *s)
{
	return s->head + s->unit * s->units;
}

static void
sim_add(struct sim *s, enum way way, int rtt, double mbit)
{
	s->m[s->n++] = (struct mirror){.way = way,
		.rtt = rtt * MS,
		.rate = mbit * 125000,
		.window = 14600};
}

static void
sim_ask(struct sim *s, const struct hedge_ask *a)
{
	struct mirror *m = &s->m[a->route];
	struct conn *c = s->c;

	while (c->used)
		c++;
	*c = (struct conn){.used = true,
		.id = a->id,
		.ask = *a,
		.began = s->now,
		.window = 14600};
	c->ask_at = s->now + 2 * m->rtt;
	if (m->idle > 0 && !a->fresh) {
		m->idle--;
		c->ask_at = s->now;
		c->window = m->window;
	}
	c->first_at = c->ask_at + m->rtt;
	c->length = a->n > 0 ? a->n : file_size(s);
	if (a->first)
		s->run_got[a->run] = 0;
	if (s->started[a->route] < 0)
		s->started[a->route] = s->now;
	s->asks++;
}

/* Units of a run that are whole now. */
static void
sim_units(struct sim *s, struct conn *c)
{
	size_t run = c->ask.run, n;
	uint64_t offset;
	bool have;

	while (hedge_next(s->h, run, &offset, &n, &have) && n > 0 &&
		s->run_got[run] >= n) {
		s->run_got[run] -= n;
		if (s->m[c->ask.route].way == TAMPERED && !have) {
			hedge_bad(s->h, run, ERR_HASH, s->now);
			return;
		}
		hedge_good(s->h, run, s->now);
		if (offset == 0 && s->head > 0 && s->units > 0) {
			size_t i;

			for (i = 0; !have && i < s->units; i++)
				(void)!hedge_unit(s->h, 0,
					s->head + i * s->unit, s->unit);
			hedge_file_close(s->h, 0);
		}
	}
}

static void
sim_end(struct sim *s, struct conn *c, enum err e)
{
	struct mirror *m = &s->m[c->ask.route];
	uint32_t id = c->id;
	bool whole;

	c->used = false;
	if (e == ERR_OK && !c->ask.fresh) {
		m->idle++;
		m->window = c->window;
	}
	hedge_ended(s->h, id, e, s->now, &whole);
	if (whole) {
		s->run_got[c->ask.run] = c->ask.run_n;
		sim_units(s, c);
	}
	if (s->copies && hedge_copy_ended(s->h, c->ask.route))
		hedge_copy(s->h, c->ask.route, m->way != TAMPERED, s->now);
}

/* Bytes that reach the reader of what the mirror has sent by now. */
static size_t
sim_limit(const struct sim *s, const struct conn *c)
{
	const struct mirror *m = &s->m[c->ask.route];

	switch (m->way) {
	case SILENT:
		return 0;
	case WALL:
		return c->length > 10000 ? 0 : c->length;
	case CUT:
		return c->length > 14000 ? 14000 : c->length;
	case TRUNCATED:
		return c->length / 2;
	case FREEZES:
		return m->sent > 300000 ? c->told : c->length;
	default:
		return c->length;
	}
}

static void
conn_body(struct sim *s, struct conn *c, double share)
{
	struct mirror *m = &s->m[c->ask.route];
	double rate = m->way == THROTTLED ? 16000
		      : m->way == DRIP	  ? 5
					  : m->rate;
	size_t limit = sim_limit(s, c), n;

	if (c->credit > 0 && c->window / ((double)m->rtt / 1e6) < rate)
		rate = c->window / ((double)m->rtt / 1e6);
	c->credit += rate * share / 1000;
	c->window += rate * share / 1000;
	n = c->credit > (double)limit ? limit : (size_t)c->credit;
	if (n > c->told) {
		size_t more = n - c->told;

		c->told = n;
		m->sent += more;
		s->wire += more;
		if (c->ask.run_n == 0)
			s->run_got[c->ask.run] += more;
		hedge_bytes(s->h, c->id, more, s->now);
		if (c->ask.n > 0 && c->ask.run_n == 0)
			sim_units(s, c);
	}
	if (!c->used || c->told < limit || m->way == SILENT)
		return;
	if (c->told == c->length && m->way == ENDLESS) {
		sim_end(s, c, ERR_TRAILING);
	} else if (c->told == c->length) {
		if (c->ask.n == 0 && m->way == TAMPERED && !s->copies)
			hedge_bad(s->h, c->ask.run, ERR_HASH, s->now);
		else if (c->ask.n == 0)
			hedge_good(s->h, c->ask.run, s->now);
		sim_end(s, c, ERR_OK);
	} else if (m->way == TRUNCATED) {
		sim_end(s, c, ERR_TRUNCATED);
	}
}

static void
conn_tick(struct sim *s, struct conn *c, double share)
{
	struct mirror *m = &s->m[c->ask.route];
	int64_t age = s->now - c->began;

	if (m->way == NXDOMAIN && age >= 10 * MS)
		sim_end(s, c, ERR_NETWORK);
	else if (m->way == RST && age >= m->rtt)
		sim_end(s, c, ERR_NETWORK);
	else if (m->way == BLACKHOLE && age >= 5000 * MS)
		sim_end(s, c, ERR_TIMEOUT);
	if (!c->used || m->way == BLACKHOLE || m->way == RST ||
		m->way == NXDOMAIN || s->now < c->ask_at)
		return;
	if (!c->asked) {
		c->asked = true;
		hedge_asked(s->h, c->id, s->now);
	}
	if (s->now < c->first_at)
		return;
	if (m->way == PAGE)
		sim_end(s, c, ERR_SYNTAX);
	else if (m->way == GONE)
		sim_end(s, c, ERR_MISSING);
	else
		conn_body(s, c, share);
}

static void
sim_tick(struct sim *s)
{
	unsigned flows[MIRRORS] = {0};
	double all = 0, share;
	size_t i;

	for (i = 0; i < CONNS; i++)
		if (s->c[i].used && s->now >= s->c[i].first_at)
			flows[s->c[i].ask.route]++;
	for (i = 0; i < s->n; i++)
		if (flows[i] > 0 && s->m[i].way == GOOD)
			all += s->m[i].rate;
	share = all > s->link ? s->link / all : 1;
	for (i = 0; i < CONNS; i++)
		if (s->c[i].used)
			conn_tick(s, &s->c[i],
				share / (flows[s->c[i].ask.route] > 0
							? flows[s->c[i].ask
									  .route]
							: 1));
}

static void
sim_leave(struct sim *s)
{
	enum hedge_why why;
	uint32_t id;
	size_t i;

	while (hedge_leave(s->h, &id, &why))
		for (i = 0; i < CONNS; i++)
			if (s->c[i].used && s->c[i].id == id)
				s->c[i].used = false;
}

/* Run the job that has begun, at most so many seconds. */
static void
sim_run(struct sim *s, int seconds)
{
	int64_t began = s->now;
	struct hedge_ask a;

	for (;;) {
		sim_leave(s);
		while (hedge_start(s->h, s->now, &a)) {
			sim_leave(s);
			sim_ask(s, &a);
		}
		sim_leave(s);
		s->status = hedge_status(s->h, s->now);
		if (s->status != HEDGE_BUSY ||
			s->now - began > seconds * 1000 * MS)
			break;
		s->now += MS;
		sim_tick(s);
	}
	s->took = s->now - began;
	hedge_end(s->h);
	sim_leave(s);
}

static struct hedge_route past[MIRRORS];

static void
sim_start(struct sim *s)
{
	struct hedge_route r[MIRRORS];
	size_t i;

	for (i = 0; i < s->n; i++) {
		r[i] = past[i];
		r[i].mirror = i;
		s->started[i] = -1;
	}
	s->now = 1000000;
	if (s->link == 0)
		s->link = 12.5e6;
	s->h = hedge_new(r, s->n);
}

/* A file of a head and parts: 200 KB of text, or 20 MB of pictures. */
static void
sim_bundle(struct sim *s, size_t head, size_t unit, size_t units)
{
	s->head = head;
	s->unit = unit;
	s->units = units;
	s->wire = 0;
	s->asks = 0;
	(void)!hedge_begin(s->h, 1, 0, 60, s->now);
	(void)!hedge_file_units(s->h, 0, file_size(s), true);
	(void)!hedge_unit(s->h, 0, 0, head);
	sim_run(s, 60);
}

static void
sim_free(struct sim *s)
{
	hedge_free(s->h);
	s->h = NULL;
	memset(past, 0, sizeof(past));
}

static void
tell(const struct sim *s, const char *what)
{
	printf("# %s: %.3f s, %.2f of the bytes, %u requests, status %d\n",
		what, (double)s->took / 1e6,
		(double)s->wire / (double)file_size(s), s->asks,
		(int)s->status);
}

/* ---- one bad mirror, one good one */

static int64_t
pair(enum way way, size_t units, size_t unit, double *waste)
{
	struct sim s = {.n = 0};
	int64_t took;
	char what[80];

	sim_add(&s, way, 40, 20);
	sim_add(&s, GOOD, 40, 20);
	sim_start(&s);
	sim_bundle(&s, 12000, unit, units);
	snprintf(what, sizeof(what), "%s and good, %zu KB", way_name[way],
		file_size(&s) / 1000);
	tell(&s, what);
	took = s.status == HEDGE_DONE ? s.took : INT64_MAX / 2;
	*waste = (double)s.wire / (double)file_size(&s);
	sim_free(&s);
	return took;
}

static int64_t
alone(size_t units, size_t unit)
{
	struct sim s = {.n = 0};

	sim_add(&s, GOOD, 40, 20);
	sim_start(&s);
	sim_bundle(&s, 12000, unit, units);
	tell(&s, "good alone");
	ok(s.status == HEDGE_DONE, "one good mirror brings it");
	sim_free(&s);
	return s.took;
}

static void
test_pairs(void)
{
	int64_t limit = alone(150, 1300), took;
	double waste;
	enum way w;

	for (w = GOOD; w <= FREEZES; w++) {
		took = pair(w, 150, 1300, &waste);
		ok(took <= limit + 300 * MS,
			"a mirror that is %s costs at most 0.3 s", way_name[w]);
		ok(waste <= 1.7, "and its bytes little: %.2f", waste);
	}
	limit = alone(312, 65536);
	for (w = GOOD; w <= FREEZES; w++) {
		took = pair(w, 312, 65536, &waste);
		ok(took <= limit + 300 * MS,
			"with 20 MB, %s costs at most 0.3 s", way_name[w]);
		ok(waste <= 1.2, "and its bytes little: %.2f", waste);
	}
}

/* ---- twelve mirrors */

static const enum way blocked[11] = {BLACKHOLE, NXDOMAIN, RST, RST, PAGE,
	THROTTLED, SILENT, TAMPERED, DRIP, GONE, TRUNCATED};

static void
twelve(struct sim *s, size_t bad)
{
	static const int rtt[12] = {
		20, 60, 100, 40, 200, 80, 120, 30, 150, 50, 90, 70};
	static const int mbit[12] = {
		40, 12, 25, 30, 6, 18, 35, 8, 20, 28, 10, 15};
	size_t i;

	*s = (struct sim){.n = 0};
	for (i = 0; i < 12; i++)
		sim_add(s, i < bad ? blocked[i] : GOOD, rtt[i], mbit[i]);
	sim_start(s);
}

static int64_t
best_alone(size_t bad, size_t head, size_t unit, size_t units)
{
	int64_t best = INT64_MAX;
	size_t i;

	for (i = bad; i < 12; i++) {
		struct sim s, one = {.n = 0};

		twelve(&s, 0);
		hedge_free(s.h);
		one.m[0] = s.m[i];
		one.n = 1;
		sim_start(&one);
		sim_bundle(&one, head, unit, units);
		if (one.took < best)
			best = one.took;
		sim_free(&one);
	}
	return best;
}

static void
test_twelve(void)
{
	static const size_t bads[] = {0, 3, 6, 9, 11};
	static const double most[] = {0.65, 0.65, 0.85, 0.95, 1.15};
	size_t i;

	for (i = 0; i < 5; i++) {
		int64_t best = best_alone(bads[i], 15000, 65536, 312);
		struct sim s;

		twelve(&s, bads[i]);
		sim_bundle(&s, 15000, 65536, 312);
		tell(&s, "20 MB, 12 mirrors");
		ok(s.status == HEDGE_DONE &&
				(double)s.took <= most[i] * (double)best,
			"20 MB, %zu of 12 blocked: %.2f of the best one alone",
			bads[i], (double)s.took / (double)best);
		ok((double)s.wire <= 1.2 * (double)file_size(&s),
			"with %.2f of the bytes",
			(double)s.wire / (double)file_size(&s));
		sim_free(&s);

		best = best_alone(bads[i], 12000, 1300, 150);
		twelve(&s, bads[i]);
		sim_bundle(&s, 12000, 1300, 150);
		tell(&s, "200 KB, cold");
		ok(s.status == HEDGE_DONE &&
				(double)s.took <= 1.5 * (double)best,
			"200 KB, %zu of 12 blocked, cold: %.2f", bads[i],
			(double)s.took / (double)best);
		ok((double)s.wire <= 1.7 * (double)file_size(&s),
			"with %.2f of the bytes",
			(double)s.wire / (double)file_size(&s));
		sim_free(&s);
	}
}

static void
test_wall(void)
{
	struct sim s = {.n = 0};
	size_t i;

	for (i = 0; i < 12; i++)
		sim_add(&s, WALL, 40 + 10 * (int)i, 20);
	sim_start(&s);
	sim_bundle(&s, 12000, 1300, 150);
	tell(&s, "200 KB, all frozen");
	ok(s.status == HEDGE_DONE && s.took <= 4000 * MS,
		"200 KB with all behind the wall take at most 4 s: %.1f",
		(double)s.took / 1e6);
	ok((double)s.wire <= 3 * (double)file_size(&s), "with few bytes");
	sim_free(&s);
}

/* ---- copies */

static void
test_copies(void)
{
	struct sim s = {.n = 0};
	size_t i;

	for (i = 0; i < 19; i++)
		sim_add(&s, blocked[i % 11], 40, 20);
	sim_add(&s, GOOD, 40, 20);
	s.copies = true;
	s.head = 2000;
	sim_start(&s);
	(void)!hedge_begin(s.h, 2, 2, 60, s.now);
	(void)!hedge_file_whole(s.h, 0, 500000, 0);
	(void)!hedge_file_whole(s.h, 1, 16384, 0);
	sim_run(&s, 60);
	tell(&s, "two heads of 20, one honest");
	ok(s.status == HEDGE_DONE && s.took < 5000 * MS,
		"one honest mirror of 20 is found in time");
	sim_free(&s);
}

int
main(void)
{
	test_pairs();
	test_twelve();
	test_wall();
	test_copies();
	return plan();
}
