/* What to start: work for routes that deliver, and more routes while they
 * help. */
#include "hedge_priv.h"

/* Large jobs: how many begin at once, and when another one does. Three
 * failures, or much that is left, make everybody hurry. */
#define LARGE_FIRST 3
#define LARGE_STEP (150 * MS)
#define HURRY_STEP (50 * MS)
#define HURRY 3

/* Small ones, when nobody is known: likewise. */
#define SMALL_FIRST 3
#define SMALL_STEP (30 * MS)
#define WIDE_STEP (10 * MS)

/* So long without a byte, and the first choices were bad. */
#define LATE (120 * MS)

/* No more routes begin when what is left takes less, seconds; and no more than
 * so many work at once. */
#define ENOUGH 0.7
#define ROUTES_MAX 12

/* When what is left takes longer than this, seconds, all begin at once. */
#define LONG 2.0

/* Those that failed are tried again only when so much is left, seconds. */
#define AGAIN 4.0

/* ---- who */

static size_t
busy_count(const struct hedge *h, int64_t now)
{
	size_t i, n = 0;

	for (i = 0; i < h->n; i++)
		n += live_is(h, i, now) || h->r[i].connections > 0;
	return n;
}

/* Routes to one mirror are tried one after the other: another one is silent
 * for a second before the next gets its turn. */
static bool
sibling_busy(const struct hedge *h, size_t i, int64_t now)
{
	size_t k;

	for (k = 0; k < h->n; k++) {
		if (k == i || h->r[k].r.mirror != h->r[i].r.mirror)
			continue;
		if (live_is(h, k, now))
			return true;
		if (h->r[k].connections > 0 &&
			now - h->r[k].copy_began < SECOND)
			return true;
	}
	return false;
}

/* ---- more routes */

static bool
is_small_job(const struct hedge *h)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < h->files; i++)
		all += hfile_size(&h->f[i]);
	return all <= SMALL_JOB;
}

/* Whether some run delivers and will soon be done. */
static bool
is_delivering(const struct hedge *h, int64_t now)
{
	size_t i;

	for (i = 0; i < TRANSFERS; i++) {
		const struct run *r = &h->run[i];

		if (r->used && !r->lost && r->got > 0 &&
			now - r->last < STALL && now - r->began < 2 * SECOND &&
			(h->f[r->file].whole ? now - r->began <
						       (int64_t)(1e6 *
								 h->r[r->route]
									 .lag) +
							       STALL
					     : run_eta(h, r, now) < ENOUGH))
			return true;
	}
	return false;
}

/* How many runs bring a file; whether one is this mirror's. */
static size_t
file_runs(const struct hedge *h, size_t file, size_t mirror, bool *mine)
{
	size_t i, n = 0;

	*mine = false;
	for (i = 0; i < TRANSFERS; i++) {
		const struct run *r = &h->run[i];

		if (!r->used || r->file != file)
			continue;
		n++;
		*mine |= h->r[r->route].r.mirror == mirror;
	}
	return n;
}

/* Whether the first choices were of no use. */
static bool
is_late(const struct hedge *h, int64_t now)
{
	size_t i;

	for (i = 0; i < TRANSFERS; i++)
		if (h->run[i].used && h->run[i].got > 0)
			return false;
	return h->failures >= 2 || now - h->began >= LATE;
}

/* Ask a route, too, for what decides: a whole file, or the head. */
static bool
race_start(struct hedge *h, size_t route, int64_t now, struct hedge_ask *out)
{
	size_t i, k, end, mirror = h->r[route].r.mirror;
	bool mine;

	for (i = 0; i < h->files; i++) {
		struct hfile *f = &h->f[i];

		if (f->n == 0 || f->left == 0 || f->missing[mirror])
			continue;
		for (k = 0; k < f->n && f->u[k].done; k++)
			;
		if (file_runs(h, i, mirror, &mine) >= ROUTES_MAX || mine)
			continue;
		if (f->u[k].claims == 0 || !(f->whole || unit_is_head(f, k)))
			continue;
		/* When several failed, this one had better bring it all. */
		end = !f->whole && f->end <= SMALL_JOB && !h->r[route].small &&
				      is_late(h, now)
			      ? SIZE_MAX
			      : k + 1;
		return run_begin(h, route, i, k, end, now, out);
	}
	return false;
}

/* Who is asked first: those that work but are busy with something else, then
 * those not asked yet, those left before they were connected, those that
 * failed before. */
#define RANKS 4

static unsigned
route_rank(const struct hedge *h, size_t i, int64_t now)
{
	const struct hroute *r = &h->r[i];

	if (live_is(h, i, now))
		return 0;
	return r->hurt || r->bad || r->late ? 3 : r->deaf ? 2 : 1;
}

/* How many failed, in this job or before. */
static bool
is_hurry(const struct hedge *h)
{
	size_t i, n = 0;

	for (i = 0; i < h->n; i++)
		n += h->r[i].bad || h->r[i].out;
	return n >= HURRY || h->failures >= HURRY;
}

/* Whether those that deliver would take long: others should join them. */
static bool
is_long(const struct hedge *h)
{
	double rate = job_rate(h, h->now);

	return rate > 0 && (double)job_left(h) / rate > LONG;
}

/* How long until the next may begin. */
static int64_t
begin_step(const struct hedge *h, size_t route, bool small)
{
	int64_t first = (int64_t)(1.2e6 * h->r[route].first_byte);

	if (!small)
		return is_long(h) ? 0 : is_hurry(h) ? HURRY_STEP : LARGE_STEP;
	if (is_hurry(h))
		return WIDE_STEP;
	if (h->cold)
		return SMALL_STEP;
	return first > HEDGE_MIN ? first : HEDGE_MIN;
}

/* Whether another route should begin. */
static bool
begin_wanted(const struct hedge *h, bool small, int64_t now)
{
	size_t first = !small ? LARGE_FIRST : h->cold ? SMALL_FIRST : 1;
	double rate;

	if (busy_count(h, now) < first && h->begins < first)
		return true;
	if (now < h->next_begin)
		return false;
	if (small)
		return !is_delivering(h, now);
	rate = job_rate(h, now);
	return busy_count(h, now) < ROUTES_MAX &&
	       (rate <= 0 || (double)job_left(h) / rate > ENOUGH);
}

static bool
begin_start(struct hedge *h, int64_t now, struct hedge_ask *out)
{
	bool small = is_small_job(h), again;
	double rate = job_rate(h, now);
	unsigned pass;
	size_t i;

	if (!begin_wanted(h, small, now))
		return false;
	again = small || rate <= 0 || (double)job_left(h) / rate > AGAIN;
	for (pass = 0; pass < (again ? RANKS : RANKS - 1); pass++) {
		for (i = 0; i < h->n; i++) {
			const struct hroute *r = &h->r[i];
			bool live = live_is(h, i, now);

			if (!route_usable(h, i, now) || route_spent(h, i) ||
				pass != route_rank(h, i, now) ||
				(!live && (r->connections > 0 ||
						  sibling_busy(h, i, now))) ||
				(live && (!small || r->connections >= 6)))
				continue;
			if ((live || !work_free(h, i, now, out)) &&
				!race_start(h, i, now, out))
				continue;
			h->begins++;
			h->next_begin = now + begin_step(h, i, small);
			return true;
		}
	}
	return false;
}

/* ---- copies */

static bool
copy_next(struct hedge *h, size_t i, int64_t now, struct hedge_ask *out)
{
	struct hroute *r = &h->r[i];

	if (!run_begin(h, i, r->copy_next, 0, 1, now, out))
		return false;
	r->copy_next++;
	r->copy_open++;
	return true;
}

/* Whether another route to the same mirror is asked, or did it. */
static bool
copy_sibling(const struct hedge *h, size_t i, int64_t now)
{
	size_t k;

	for (k = 0; k < h->n; k++) {
		const struct hroute *r = &h->r[k];

		if (k == i || r->r.mirror != h->r[i].r.mirror || !r->copy_asked)
			continue;
		if (r->copy_told ? r->copy_good : now - r->copy_began < SECOND)
			return true;
	}
	return false;
}

static bool
copy_start(struct hedge *h, int64_t now, struct hedge_ask *out)
{
	size_t i, first = h->copies + (h->cold ? 1 : 0);
	int64_t step;

	for (i = 0; i < h->n; i++)
		if (h->r[i].copy_asked && !h->r[i].copy_told &&
			h->r[i].copy_next < h->files && route_usable(h, i, now))
			return copy_next(h, i, now, out);
	if (h->begins >= first && now < h->next_begin)
		return false;
	for (i = 0; i < h->n; i++) {
		struct hroute *r = &h->r[i];

		if (r->copy_asked || !route_usable(h, i, now) ||
			route_spent(h, i) || copy_sibling(h, i, now) ||
			!copy_next(h, i, now, out))
			continue;
		r->copy_asked = true;
		r->copy_began = now;
		h->begins++;
		step = begin_step(h, i, true);
		h->next_begin =
			now + (h->cold && !is_hurry(h) ? LARGE_STEP : step);
		return true;
	}
	return false;
}

bool
hedge_start(struct hedge *h, int64_t now, struct hedge_ask *out)
{
	size_t i, n = 0;

	hedge_watch(h, now);
	for (i = 0; i < TRANSFERS; i++)
		n += h->t[i].used;
	if (n == TRANSFERS || hedge_status(h, now) != HEDGE_BUSY)
		return false;
	if (work_slice(h, now, out))
		return true;
	if (h->copies > 0)
		return copy_start(h, now, out);
	return work_live(h, now, out) || begin_start(h, now, out);
}
