/* What time does: stalls, freezes, pauses, the end. */
#include "hedge_priv.h"

/* Asked, and no answer for so long: frozen behind its handshake, or silent. A
 * body that stops for so long is frozen. Through a proxy all takes longer. */
#define SILENCE SECOND
#define FREEZE (1200 * MS)
#define PATIENT 5

/* Networks that freeze connections let so many bytes through first. */
#define WALL (64 * LIMIT_KIB)

/* So many routes frozen while none works: begin small ones. */
#define SMALL_NET 2

/* The least rate, bytes a second, over so long. */
#define SLOW_RATE 1024
#define SLOW_AFTER (5 * SECOND)

/* How long the last bytes of a request may take when nobody needs them. */
#define DRAIN_MAX (2 * SECOND)

/* The grace for a second copy when one is here: most of what that took; and
 * more where several may still bring one: the first may be of one that is
 * behind. */
#define GRACE_MIN (100 * MS)
#define GRACE_SEVERAL SECOND
#define GRACE_MAX (2 * SECOND)

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When a request that has brought nothing yet counts as stalled. */
static int64_t
stall_limit(const struct hedge *h, const struct transfer *t)
{
	int64_t usual = (int64_t)(2e6 * h->r[t->route].first_byte);

	if (t->got > 0)
		return t->last + STALL;
	return t->began + larger(STALL, usual);
}

/* When it counts as frozen; before it is sent, connecting has a limit of its
 * own in the fetcher. */
static int64_t
freeze_limit(const struct hedge *h, const struct transfer *t)
{
	const struct hroute *r = &h->r[t->route];
	int64_t times = r->r.patient ? PATIENT : 1;

	/* While bytes come on its other connections it is slow, not frozen. */
	if (t->got > 0)
		return larger(t->last, r->last) + FREEZE * times;
	if (!t->asked)
		return NEVER;
	/* A long way to connect is a long way to answer. */
	return larger(t->sent, r->last) +
	       larger(SILENCE * times, 3 * (t->sent - t->began) / 2);
}

/* A route to which this happens becomes small; a small one fails. */
static void
transfer_frozen(struct hedge *h, struct transfer *t, int64_t now)
{
	enum hedge_why why = t->got > 0 ? HEDGE_FROZEN : HEDGE_SILENT;
	struct hroute *r = &h->r[t->route];
	struct run *run = &h->run[t->run];
	size_t route = t->route, i, frozen = 0;
	bool worked = false;

	transfer_leave(h, t, why);
	if (run->small && ++run->again <= 3) {
		run->slice[t->slice] = SLICE_TODO;
		return;
	}
	run_end(h, run);
	if (r->small || r->biggest > WALL) {
		route_fail(h, route, now);
		return;
	}
	r->small = true;
	r->frozen++;
	route_drop(h, route);
	r->copy_asked = false;
	r->copy_open = r->copy_next = 0;
	h->next_begin = now;
	for (i = 0; i < h->n; i++) {
		frozen += h->r[i].frozen > 0;
		worked |= h->r[i].biggest > WALL;
	}
	if (frozen >= SMALL_NET && !worked)
		for (i = 0; i < h->n; i++)
			if (!h->r[i].used)
				h->r[i].small = true;
}

static void
transfer_watch(struct hedge *h, struct transfer *t, int64_t now)
{
	struct run *r = &h->run[t->run];
	size_t route = t->route;

	if (t->drain) {
		if (now - t->last > DRAIN_MAX)
			transfer_leave(h, t, HEDGE_ENOUGH);
		return;
	}
	if (now >= freeze_limit(h, t)) {
		transfer_frozen(h, t, now);
		return;
	}
	if (!r->lost && !r->small && h->copies == 0 &&
		now >= stall_limit(h, t) && (t->got > 0 || !work_any(h)))
		run_release(h, r);
	if (now - t->began >= SLOW_AFTER && t->got > 0 &&
		(double)t->got * 1e6 / (double)(now - t->began) < SLOW_RATE) {
		transfer_leave(h, t, HEDGE_SLOW);
		run_end(h, r);
		route_fail(h, route, now);
	}
}

void
hedge_watch(struct hedge *h, int64_t now)
{
	size_t i;

	h->now = now;
	for (i = 0; i < TRANSFERS; i++)
		if (h->t[i].used)
			transfer_watch(h, &h->t[i], now);
}

/* ---- the end */

/* Whether a route may still be asked in this job, now or after its pause. */
static bool
route_hope(const struct hedge *h, size_t i)
{
	return route_usable(h, i, NEVER) && !route_spent(h, i);
}

static bool
file_hope(const struct hedge *h, size_t file)
{
	size_t i;

	for (i = 0; i < TRANSFERS; i++)
		if (h->run[i].used && h->run[i].file == file)
			return true;
	for (i = 0; i < h->n; i++)
		if (route_hope(h, i) && !h->f[file].missing[h->r[i].r.mirror])
			return true;
	return false;
}

/* Whether a copy may still come by this route, if it is asked by then. */
static bool
copy_open(const struct hedge *h, size_t i, int64_t now)
{
	const struct hroute *r = &h->r[i];

	return r->copy_asked ? !r->copy_told && !r->out
			     : route_hope(h, i) && r->cool <= now;
}

/* Whether copies may still come from two mirrors of which none is here. */
static bool
copies_several(const struct hedge *h, int64_t now)
{
	size_t i, k, first = SIZE_MAX;

	for (i = 0; i < h->n; i++) {
		bool here = false;

		for (k = 0; k < h->n; k++)
			here |= h->r[k].r.mirror == h->r[i].r.mirror &&
				h->r[k].copy_told && h->r[k].copy_good;
		if (here || !copy_open(h, i, now))
			continue;
		if (first != SIZE_MAX && h->r[i].r.mirror != first)
			return true;
		first = h->r[i].r.mirror;
	}
	return false;
}

static int64_t
grace_end(const struct hedge *h, int64_t now)
{
	int64_t grace = 7 * (h->first_good - h->began) / 10;

	grace = larger(
		grace, copies_several(h, now) ? GRACE_SEVERAL : GRACE_MIN);
	return h->first_good + (grace < GRACE_MAX ? grace : GRACE_MAX);
}

static enum hedge_status
copies_status(const struct hedge *h, int64_t now)
{
	size_t i;

	if (h->copies_good >= h->copies ||
		(h->copies_good > 0 && now >= grace_end(h, now)))
		return HEDGE_DONE;
	for (i = 0; i < h->n; i++)
		if (copy_open(h, i, h->copies_good == 0 ? NEVER : now))
			return HEDGE_BUSY;
	return h->copies_good > 0 ? HEDGE_DONE : HEDGE_HOPELESS;
}

enum hedge_status
hedge_status(struct hedge *h, int64_t now)
{
	bool busy = false, lost = false;
	size_t i;

	if (now - h->progress >= (int64_t)(h->seconds * 1e6))
		return h->copies_good > 0 ? HEDGE_DONE : HEDGE_HOPELESS;
	if (h->copies > 0)
		return copies_status(h, now);
	for (i = 0; i < h->files; i++) {
		if (hedge_file_done(h, i))
			continue;
		if (file_hope(h, i))
			busy = true;
		else
			lost = true;
	}
	return busy ? HEDGE_BUSY : lost ? HEDGE_HOPELESS : HEDGE_DONE;
}

static void
sooner(int64_t *at, int64_t t, int64_t now)
{
	if (t > now && t < *at)
		*at = t;
}

int64_t
hedge_wait(const struct hedge *h, int64_t now)
{
	int64_t at = h->progress + (int64_t)(h->seconds * 1e6);
	bool busy = false;
	size_t i;

	sooner(&at, h->next_begin, now);
	if (h->copies_good > 0)
		sooner(&at, grace_end(h, now), now);
	for (i = 0; i < h->n; i++)
		if (route_hope(h, i))
			sooner(&at, h->r[i].cool, now);
	for (i = 0; i < TRANSFERS; i++) {
		const struct transfer *t = &h->t[i];

		if (!t->used)
			continue;
		busy = true;
		sooner(&at, stall_limit(h, t), now);
		sooner(&at, freeze_limit(h, t), now);
	}
	/* Expectations change with what comes. */
	if (busy)
		sooner(&at, now + 50 * MS, now);
	return at;
}
