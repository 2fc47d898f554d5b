/* What happened, told by who has the network. */
#include "hedge_priv.h"

/* A mirror that sent so much that could not be used is not asked again. */
#define WASTE (LIMIT_MIB / 2)

static struct transfer *
transfer_find(struct hedge *h, uint32_t id)
{
	struct transfer *t = &h->t[id % TRANSFERS];

	return t->used && t->id == id ? t : NULL;
}

void
hedge_asked(struct hedge *h, uint32_t id, int64_t now)
{
	struct transfer *t = transfer_find(h, id);

	if (t == NULL || t->asked)
		return;
	t->asked = true;
	h->r[t->route].deaf = false;
	t->sent = now;
}

/* How fast a route is, over windows of 0.2 s while bytes come. */
static void
rate_count(struct hroute *r, size_t n, int64_t now)
{
	double rate;

	if (r->window == 0 || now - r->window > SECOND) {
		r->window = now;
		r->window_bytes = 0;
		return; /* what came before is not known */
	}
	r->window_bytes += n;
	if (now - r->window < 200 * MS)
		return;
	rate = (double)r->window_bytes * 1e6 / (double)(now - r->window);
	r->rate = r->measured ? (r->rate + rate) / 2 : rate;
	r->measured = true;
	r->window = now;
	r->window_bytes = 0;
}

/* Whether all that a stalled run was to bring is on its way by others. */
static bool
is_spare(const struct hedge *h, const struct run *r)
{
	const struct hfile *f = &h->f[r->file];
	size_t i, end = run_units(h, r);

	if (!r->lost || r->small || f->open || f->whole || h->copies > 0)
		return false;
	for (i = r->next; i < end; i++)
		if (!f->u[i].done && f->u[i].claims == 0)
			return false;
	return true;
}

/* Whether some request of a route is in the midst of its body. Between them
 * there is no rate to measure. */
static bool
is_receiving(const struct hedge *h, size_t route)
{
	size_t i;

	for (i = 0; i < TRANSFERS; i++)
		if (h->t[i].used && h->t[i].route == route && h->t[i].got > 0)
			return true;
	return false;
}

void
hedge_bytes(struct hedge *h, uint32_t id, size_t n, int64_t now)
{
	struct transfer *t = transfer_find(h, id);
	struct hroute *r;
	double lag;

	if (t == NULL)
		return;
	hedge_asked(h, id, now);
	r = &h->r[t->route];
	lag = (double)(now - t->began) / 1e6;
	if (t->got == 0) {
		t->first = now;
		r->lag = r->delivered ? (r->lag + lag) / 2 : lag;
		if (!r->delivered)
			r->first_byte = lag;
		r->delivered = true;
		if (!is_receiving(h, t->route))
			r->window = 0;
	}
	t->got += n;
	t->last = r->last = h->now = now;
	r->doubt = false;
	if (t->got > r->biggest)
		r->biggest = t->got;
	rate_count(r, n, now);
	if (!t->drain && t->got == n && t->n > n + LIMIT_PART &&
		is_spare(h, &h->run[t->run])) {
		/* It is alive, but late: others bring what it was to. */
		r->worked = true;
		run_end(h, &h->run[t->run]);
	} else if (!t->drain) {
		run_claim(h, &h->run[t->run]);
		h->run[t->run].got += n;
		h->run[t->run].last = now;
	} else {
		r->wasted += n;
		h->wasted += n;
	}
}

/* A first idea of the rate from a request that ended before a window did. */
static void
rate_guess(struct hroute *r, const struct transfer *t, int64_t now)
{
	/* Little is soon there once it comes; what counts is the way. */
	int64_t took = now - (t->got < LIMIT_PART ? t->sent : t->first);

	if (r->measured || t->got < 4096)
		return;
	if (took < 5 * MS)
		took = 5 * MS;
	r->rate = (double)t->got * 1e6 / (double)took;
}

/* It failed, in one of the ways in which a mirror can be bad. */
static void
route_bad(struct hedge *h, size_t i, size_t file, enum err err, int64_t now)
{
	struct hroute *r = &h->r[i];

	switch (err) {
	case ERR_MISSING:
		h->f[file].missing[r->r.mirror] = true;
		h->next_begin = now;
		return;
	case ERR_NETWORK:
	case ERR_TIMEOUT:
	case ERR_FAILED:
	case ERR_IO:
	case ERR_NOMEM:
		route_fail(h, i, now);
		return;
	case ERR_TRUNCATED:
		if (++r->truncations < 2) {
			route_fail(h, i, now);
			return;
		}
		break;
	case ERR_SYNTAX:
	case ERR_REFUSED:
		break;
	default:
		hedge_out(h, r->r.mirror);
	}
	route_out(h, i);
	h->next_begin = now;
}

static void
slice_ended(struct hedge *h, struct transfer *t, struct run *r, enum err err,
	int64_t now, bool *whole)
{
	r->slice[t->slice] = err == ERR_OK ? SLICE_HERE : SLICE_TODO;
	if (err == ERR_OK) {
		*whole = ++r->here == r->slices;
	} else if (err == ERR_MISSING || ++r->again > 3) {
		size_t route = r->route, file = r->file;

		run_end(h, r);
		route_bad(h, route, file, err, now);
	}
}

void
hedge_ended(
	struct hedge *h, uint32_t id, enum err err, int64_t now, bool *whole)
{
	struct transfer *t = transfer_find(h, id);
	struct hroute *route;
	struct run *r;

	*whole = false;
	if (t == NULL)
		return;
	route = &h->r[t->route];
	t->used = false;
	route->connections--;
	if (err == ERR_OK) {
		/* Of copies the caller says what they are worth. */
		route->worked |= h->copies == 0 || t->drain;
		route->fails = 0;
		route->bad = false;
		rate_guess(route, t, now);
	}
	if (t->drain)
		return;
	r = &h->run[t->run];
	if (r->small) {
		slice_ended(h, t, r, err, now, whole);
		return;
	}
	run_end(h, r);
	if (h->copies > 0)
		route->copy_open--;
	if (err != ERR_OK)
		route_bad(h, t->route, r->file, err, now);
}

bool
hedge_runs(const struct hedge *h, uint32_t id)
{
	const struct transfer *t = &h->t[id % TRANSFERS];

	return t->used && t->id == id && !t->drain;
}

bool
hedge_next(const struct hedge *h, size_t run, uint64_t *offset, size_t *n,
	bool *have)
{
	const struct run *r = &h->run[run];
	const struct hfile *f;

	if (!r->used)
		return false;
	f = &h->f[r->file];
	if (r->next >= run_units(h, r))
		return false;
	*offset = f->u[r->next].offset;
	*n = f->u[r->next].n;
	*have = f->u[r->next].done && h->copies == 0;
	return true;
}

/* Runs that have nothing left to bring, since others brought it. */
static void
runs_spare(struct hedge *h, size_t file)
{
	size_t i, k, end;

	for (i = 0; i < TRANSFERS; i++) {
		struct run *r = &h->run[i];

		if (!r->used || !r->twin || r->file != file ||
			(h->f[file].open && r->end == SIZE_MAX))
			continue;
		end = run_units(h, r);
		for (k = r->next; k < end && h->f[file].u[k].done; k++)
			;
		if (k == end)
			run_end(h, r);
	}
}

/* A run that goes on to the file's end has brought the head: those that were
 * to do the same need not. */
static void
race_won(struct hedge *h, const struct run *winner)
{
	size_t i;

	for (i = 0; i < TRANSFERS; i++) {
		struct run *r = &h->run[i];

		if (r != winner && r->used && r->file == winner->file &&
			r->end == SIZE_MAX)
			run_end(h, r);
	}
}

void
hedge_good(struct hedge *h, size_t run, int64_t now)
{
	struct run *r = &h->run[run];
	struct hroute *route = &h->r[r->route];
	struct hfile *f = &h->f[r->file];
	struct unit *u = &f->u[r->next];
	size_t file = r->file;

	route->fails = 0;
	h->progress = now;
	if (h->copies > 0)
		return;
	route->worked = true;
	if (u->done) {
		route->wasted += u->n;
		h->wasted += u->n;
	} else {
		route->good += u->n > 0 ? u->n : r->got;
		u->done = true;
		f->left--;
		f->left_bytes -= u->n;
	}
	if (!r->lost && u->claims > 0)
		u->claims--;
	if (r->next++ == 0 && r->end == SIZE_MAX)
		race_won(h, r);
	if (r->next >= run_units(h, r) && !(f->open && r->end == SIZE_MAX))
		run_end(h, r);
	runs_spare(h, file);
	if (route->wasted > route->good + WASTE)
		route_out(h, (size_t)(route - h->r));
}

void
hedge_bad(struct hedge *h, size_t run, enum err err, int64_t now)
{
	struct run *r = &h->run[run];
	size_t route = r->route, file = r->file;

	h->r[route].wasted += r->got;
	if (h->copies == 0)
		run_end(h, r);
	route_bad(h, route, file, err == ERR_NETWORK ? ERR_SYNTAX : err, now);
}

bool
hedge_copy_ended(const struct hedge *h, size_t route)
{
	const struct hroute *r = &h->r[route];

	return r->copy_asked && !r->copy_told && r->copy_open == 0 &&
	       r->copy_next == h->files;
}

void
hedge_copy(struct hedge *h, size_t route, bool good, int64_t now)
{
	struct hroute *r = &h->r[route];

	r->copy_told = true;
	if (!good) {
		h->next_begin = now;
		return;
	}
	h->progress = now;
	r->worked = true;
	r->copy_good = true;
	if (h->copies_good++ == 0)
		h->first_good = now;
}
