/* Work: which units a route brings, taken from what is free or from others. */
#include "hedge_priv.h"

/* Seconds of a route's rate in one run: more when few routes are live. */
#define RUN_SECONDS 0.7
#define RUN_SECONDS_FEW 6.0
#define RUN_MIN (16 * LIMIT_KIB)
#define CRUMB 4096
#define RUN_FIRST (64 * LIMIT_KIB)
#define RUN_MAX (16 * LIMIT_MIB)

/* Routes that bring one unit at once, at most. */
#define TWINS 4

/* Seconds that a run must have left to be shared between connections of one
 * route. */
#define OWN 0.8

/* Connections to one mirror. When few are live a second one keeps its line
 * busy between runs; else it would only compete with the others. */
#define CONNECTIONS 2
#define FEW 2
#define CONNECTIONS_FILES 4

/* ---- routes */

/* Whether it delivers and has room. */
bool
live_is(const struct hedge *h, size_t i, int64_t now)
{
	return h->r[i].worked && route_usable(h, i, now) && !route_spent(h, i);
}

size_t
live_count(const struct hedge *h, int64_t now)
{
	size_t i, n = 0;

	for (i = 0; i < h->n; i++)
		n += live_is(h, i, now);
	return n;
}

/* Seconds that a route takes for n bytes. */
static double
route_time(const struct hroute *r, uint64_t n)
{
	return (r->late ? 10 : 0) + (r->doubt ? 1 : 0) + r->lag +
	       (r->rate > 0 ? (double)n / r->rate : 0.1);
}

/* Files that are not all here. */
static size_t
files_left(const struct hedge *h)
{
	size_t i, n = 0;

	for (i = 0; i < h->files; i++)
		n += !hedge_file_done(h, i);
	return n;
}

static unsigned
route_room(const struct hedge *h, size_t i, int64_t now)
{
	const struct hroute *r = &h->r[i];
	double rate;

	if (r->small)
		return SMALL_CONNECTIONS;
	if (files_left(h) > 1)
		return CONNECTIONS_FILES;
	/* Another connection takes its time, too. */
	if (job_left(h) <= SMALL_JOB)
		return 1;
	if (live_count(h, now) > FEW)
		return 1;
	rate = job_rate(h, now);
	return rate <= 0 || (double)job_left(h) / rate > 0.5 ? CONNECTIONS : 1;
}

/* ---- making runs */

static struct run *
run_new(struct hedge *h, size_t route, size_t file, int64_t now)
{
	size_t i;

	for (i = 0; i < TRANSFERS && h->run[i].used; i++)
		;
	if (i == TRANSFERS)
		return NULL;
	h->run[i] = (struct run){.used = true,
		.route = route,
		.file = file,
		.began = now,
		.last = now};
	return &h->run[i];
}

static bool
transfer_new(struct hedge *h, struct run *r, size_t slice, int64_t now,
	struct hedge_ask *out)
{
	const struct hfile *f = &h->f[r->file];
	struct hroute *route = &h->r[r->route];
	uint64_t at = r->from, n = r->to - r->from;
	size_t i;

	for (i = 0; i < TRANSFERS && h->t[i].used; i++)
		;
	if (i == TRANSFERS)
		return false;
	if (r->small) {
		at += slice * SLICE;
		n = r->to - at < SLICE ? r->to - at : SLICE;
		r->slice[slice] = SLICE_ASKED;
	}
	h->serial++;
	h->t[i] = (struct transfer){.used = true,
		.id = h->serial * TRANSFERS + (uint32_t)i,
		.run = (size_t)(r - h->run),
		.route = r->route,
		.slice = slice,
		.n = f->whole && !r->small ? 0 : (size_t)n,
		.began = now,
		.last = now};
	if (route->connections++ == 0)
		route->copy_began = now;
	route->used = true;
	*out = (struct hedge_ask){.id = h->t[i].id,
		.run = h->t[i].run,
		.first = slice == 0 && r->again == 0,
		.route = r->route,
		.file = r->file,
		.offset = at,
		.n = h->t[i].n,
		.max = h->t[i].n > 0 ? h->t[i].n : f->max,
		.from = r->from,
		.run_n = r->small ? (size_t)(r->to - r->from) : 0,
		.fresh = route->small};
	/* No transfer is without end: 4 KB/s, and a minute of grace. */
	out->seconds = 60 + (double)out->max / 4096;
	return true;
}

/* Begin a run that claims units [first, end) of a file. */
bool
run_begin(struct hedge *h, size_t route, size_t file, size_t first, size_t end,
	int64_t now, struct hedge_ask *out)
{
	struct hfile *f = &h->f[file];
	struct run *r = run_new(h, route, file, now);
	size_t i, stop;

	if (r == NULL)
		return false;
	r->next = first;
	r->end = end;
	stop = end < f->n ? end : f->n;
	r->from = f->u[first].offset;
	r->to = end == SIZE_MAX && f->open
			? f->end
			: f->u[stop - 1].offset + f->u[stop - 1].n;
	for (i = first; h->copies == 0 && i < stop; i++) {
		if (f->u[i].claims++ > 0)
			r->twin = true;
	}
	/* Whoever shares a unit may be left when it is here. */
	for (i = 0; r->twin && i < TRANSFERS; i++)
		if (h->run[i].used && h->run[i].file == file)
			h->run[i].twin = true;
	r->small = h->r[route].small && r->to - r->from > SLICE &&
		   (!f->whole || f->length > 0) &&
		   (r->to - r->from + SLICE - 1) / SLICE <= SLICES;
	r->slices = (size_t)((r->to - r->from + SLICE - 1) / SLICE);
	if (!transfer_new(h, r, 0, now, out)) {
		run_end(h, r);
		return false;
	}
	return true;
}

/* The next slice of a run that has room for one more. */
bool
work_slice(struct hedge *h, int64_t now, struct hedge_ask *out)
{
	size_t i, k;

	for (i = 0; i < TRANSFERS; i++) {
		struct run *r = &h->run[i];

		if (!r->used || !r->small ||
			h->r[r->route].connections >= SMALL_CONNECTIONS)
			continue;
		for (k = 0; k < r->slices; k++)
			if (r->slice[k] == SLICE_TODO)
				return transfer_new(h, r, k, now, out);
	}
	return false;
}

/* ---- work that nobody does */

/* The first free unit of a file that this mirror may have. */
static bool
free_unit(struct hedge *h, size_t route, size_t file, size_t *first)
{
	struct hfile *f = &h->f[file];

	while (f->free < f->n &&
		(f->u[f->free].done || f->u[f->free].claims > 0))
		f->free++;
	*first = f->free;
	return f->free < f->n && !f->missing[h->r[route].r.mirror];
}

bool
work_any(struct hedge *h)
{
	size_t i, first;

	for (i = 0; i < h->files; i++)
		if (free_unit(h, 0, i, &first))
			return true;
	return false;
}

static uint64_t
free_bytes(const struct hedge *h)
{
	uint64_t all = 0;
	size_t i, k;

	for (i = 0; i < h->files; i++)
		for (k = h->f[i].free; k < h->f[i].n; k++)
			if (!h->f[i].u[k].done && h->f[i].u[k].claims == 0)
				all += h->f[i].u[k].n;
	return all;
}

/* How much to give a route: some time of its rate, and no more than its share
 * of what is left. */
static uint64_t
run_size(const struct hedge *h, size_t route, int64_t now)
{
	const struct hroute *r = &h->r[route];
	size_t live = live_count(h, now), i;
	double all = 0, rate = r->rate, size;

	if (r->small)
		return SMALL_RUN;
	if (!live_is(h, route, now) || rate <= 0)
		return RUN_FIRST;
	for (i = 0; i < h->n; i++)
		if (live_is(h, i, now))
			all += h->r[i].rate > 0 ? h->r[i].rate : rate;
	size = rate * (live <= FEW ? RUN_SECONDS_FEW : RUN_SECONDS);
	if (size > (double)free_bytes(h) * rate / all)
		size = (double)free_bytes(h) * rate / all;
	/* Nobody should be left with a last crumb. */
	size = size / route_room(h, route, now) + CRUMB;
	if (size < RUN_MIN)
		size = RUN_MIN;
	return size < RUN_MAX ? (uint64_t)size : RUN_MAX;
}

/* A file whose units are not known yet: from its head on to its end when that
 * is not far. */
bool
unit_is_head(const struct hfile *f, size_t unit)
{
	return f->open && unit == 0;
}

static size_t
free_run(const struct hedge *h, size_t file, size_t first, uint64_t size,
	bool small)
{
	const struct hfile *f = &h->f[file];
	uint64_t all = f->u[first].n;
	size_t i;

	if (unit_is_head(f, first))
		return f->end <= SMALL_JOB && !small ? SIZE_MAX : 1;
	for (i = first + 1; i < f->n; i++) {
		if (f->u[i].done || f->u[i].claims > 0 ||
			f->u[i].offset != f->u[i - 1].offset + f->u[i - 1].n ||
			all + f->u[i].n > size)
			break;
		all += f->u[i].n;
	}
	return i;
}

/* Whether giving a route one more unit would only delay the end. */
static bool
is_drag(const struct hedge *h, size_t route, uint64_t n, int64_t now)
{
	double rate = job_rate(h, now);
	double rest = rate > 0 ? (double)job_left(h) / rate : 1e9;

	return live_is(h, route, now) && live_count(h, now) > 1 &&
	       route_time(&h->r[route], n) > 2 * rest + 0.5;
}

/* The last free unit of a file, with those before it up to some bytes: what
 * is given to a route that has not proved itself, so that what it does not
 * bring lies together. */
static bool
free_tail(struct hedge *h, size_t file, size_t *first, size_t *end)
{
	const struct hfile *f = &h->f[file];
	uint64_t all = 0;
	size_t i = f->n;

	while (i > f->free && (f->u[i - 1].done || f->u[i - 1].claims > 0))
		i--;
	if (i == f->free)
		return false;
	*end = i--;
	for (all = f->u[i].n; i > f->free; i--) {
		const struct unit *u = &f->u[i - 1];

		if (u->done || u->claims > 0 || all + u->n > RUN_FIRST ||
			u->offset + u->n != u[1].offset)
			break;
		all += u->n;
	}
	*first = i;
	return true;
}

bool
work_free(struct hedge *h, size_t route, int64_t now, struct hedge_ask *out)
{
	size_t i, first, end;

	for (i = 0; i < h->files; i++) {
		if (!free_unit(h, route, i, &first))
			continue;
		if (is_drag(h, route, h->f[i].u[first].n, now))
			return false;
		if (live_is(h, route, now) || h->f[i].open ||
			!free_tail(h, i, &first, &end))
			end = free_run(h, i, first, run_size(h, route, now),
				h->r[route].small);
		return run_begin(h, route, i, first, end, now, out);
	}
	return false;
}

/* ---- work that others do */

/* Whether this route may take a part of a run: never one of another way to its
 * own mirror. */
static bool
run_open_to(const struct hedge *h, const struct run *r, size_t route)
{
	const struct hfile *f;
	size_t i, end;

	if (!r->used)
		return false;
	f = &h->f[r->file];
	end = run_units(h, r);
	if (r->lost || r->tried || f->whole ||
		(r->route != route &&
			h->r[r->route].r.mirror == h->r[route].r.mirror) ||
		f->missing[h->r[route].r.mirror] ||
		(r->end == SIZE_MAX && f->open))
		return false;
	for (i = r->next; i < end; i++)
		if (!f->u[i].done)
			return true;
	return false;
}

/* The run whose end is farthest off of those that are open to a route and not
 * tried yet. */
static struct run *
worst_run(struct hedge *h, size_t route, int64_t now, double *eta)
{
	struct run *worst = NULL;
	size_t i;

	*eta = 0;
	for (i = 0; i < TRANSFERS; i++) {
		struct run *r = &h->run[i];
		double t;

		if (!run_open_to(h, r, route))
			continue;
		t = run_eta(h, r, now);
		if (t > *eta) {
			*eta = t;
			worst = r;
		}
	}
	return worst;
}

/* Where to cut a run so that both end at once: the first unit of the part
 * that is taken. */
static size_t
run_cut(const struct hedge *h, const struct run *r, size_t route, double eta)
{
	const struct hfile *f = &h->f[r->file];
	const struct hroute *thief = &h->r[route];
	double left = (double)run_left(h, r), rate, bytes;
	size_t end = r->end < f->n ? r->end : f->n, i = end;

	if (eta <= thief->lag || (thief->rate <= 0 && !h->r[r->route].measured))
		return end;
	rate = left / eta;
	/* One that has brought next to nothing yet: as fast as this one. */
	bytes = (eta - thief->lag) /
		(1 / (thief->rate > 0 ? thief->rate : rate) + 1 / rate);
	/* The unit that is on its way stays. */
	while (i > r->next + 1 && f->u[i - 1].n <= bytes) {
		bytes -= f->u[i - 1].n;
		i--;
	}
	return i;
}

/* When a unit will be here by the best of those that bring it, seconds; 0
 * when one of them is of this mirror. */
static double
unit_eta(const struct hedge *h, size_t file, size_t unit, size_t mirror,
	int64_t now)
{
	const struct unit *u = &h->f[file].u[unit];
	double best = 1e9;
	size_t i;

	for (i = 0; i < TRANSFERS; i++) {
		const struct run *r = &h->run[i];
		uint64_t at = r->small ? r->from : r->from + r->got;
		double t;

		if (!r->used || r->lost || r->file != file || r->next > unit ||
			run_units(h, r) <= unit)
			continue;
		if (h->r[r->route].r.mirror == mirror)
			return 0;
		t = run_eta_of(h, r,
			u->offset + u->n > at ? u->offset + u->n - at : 0, now);
		if (t < best)
			best = t;
	}
	return best;
}

/* The last units are worth asking twice, within a budget. */
static bool
twin_take(struct hedge *h, struct run *r, size_t route, int64_t now,
	struct hedge_ask *out)
{
	const struct hfile *f = &h->f[r->file];
	size_t i, k = r->next, end = run_units(h, r);
	uint64_t all = 0;

	while (k < end && f->u[k].done)
		k++;
	for (i = 0; i < h->files; i++)
		all += hfile_size(&h->f[i]);
	if (k >= end || f->u[k].claims >= TWINS ||
		unit_eta(h, r->file, k, h->r[route].r.mirror, now) <
			1.5 * route_time(&h->r[route], f->u[k].n) + 0.05 ||
		h->wasted + f->u[k].n > all / 10 + LIMIT_PART)
		return false;
	return run_begin(h, route, r->file, k, k + 1, now, out);
}

/* One that has brought nothing yet holds nothing from one that does. */
static bool
is_idle(const struct hedge *h, const struct run *r, int64_t now)
{
	return r->used && !r->lost && r->got == 0 &&
	       !h->r[r->route].delivered && now - r->began > HEDGE_MIN;
}

static bool
run_take(struct hedge *h, struct run *r, size_t route, double eta, int64_t now,
	struct hedge_ask *out)
{
	struct hfile *f = &h->f[r->file];
	size_t cut, end = run_units(h, r), i;

	if (is_idle(h, r, now)) {
		for (i = 0; i < TRANSFERS; i++)
			if (is_idle(h, &h->run[i], now))
				run_release(h, &h->run[i]);
		return work_free(h, route, now, out);
	}
	cut = run_cut(h, r, route, eta);
	while (cut < end && f->u[cut].done)
		cut++;
	/* Between its own connections a route only shares what is long. */
	if (r->route == route && (cut >= end || r->small || eta < OWN))
		return false;
	if (cut >= end || r->small)
		return twin_take(h, r, route, now, out);
	for (i = cut; i < end; i++)
		if (f->u[i].claims > 0)
			f->u[i].claims--;
	if (cut < f->free)
		f->free = cut;
	r->end = cut;
	return run_begin(h, route, r->file, cut, end, now, out);
}

/* A part of what others are to bring, from the one that will be last. */
static bool
steal(struct hedge *h, size_t route, int64_t now, struct hedge_ask *out)
{
	struct run *r;
	double eta;
	size_t i;

	/* Of little only who is idle takes a part: what is cut off a run costs
	 * the other its connection. */
	if (h->r[route].connections > 0 && !h->r[route].small &&
		job_left(h) <= SMALL_JOB)
		return false;
	for (i = 0; i < TRANSFERS; i++)
		h->run[i].tried = false;
	for (;;) {
		r = worst_run(h, route, now, &eta);
		if (r == NULL || eta < 0.1)
			return false;
		if (run_take(h, r, route, eta, now, out))
			return true;
		r->tried = true;
	}
}

/* When a route would have brought a little more. What is to be asked in one
 * job of it after the other finds two connections there, and waits for others.
 */
static double
route_turn(const struct hroute *r)
{
	return (1 + r->connections / 2) * route_time(r, RUN_FIRST);
}

/* Clearly, so that among equals the given order counts. */
static bool
is_faster(const struct hroute *a, const struct hroute *b)
{
	return 1.1 * route_turn(a) + 0.02 < route_turn(b);
}

/* Work for the routes that deliver, the fastest first. */
bool
work_live(struct hedge *h, int64_t now, struct hedge_ask *out)
{
	size_t i, best;

	for (i = 0; i < h->n; i++)
		h->r[i].tried = false;
	for (;;) {
		best = h->n;
		for (i = 0; i < h->n; i++) {
			if (h->r[i].tried || !live_is(h, i, now) ||
				h->r[i].connections >= route_room(h, i, now))
				continue;
			if (best == h->n || is_faster(&h->r[i], &h->r[best]))
				best = i;
		}
		if (best == h->n)
			return false;
		h->r[best].tried = true;
		if (work_free(h, best, now, out) || steal(h, best, now, out))
			return true;
	}
}
