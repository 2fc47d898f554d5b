#include "hedge.h"

#include <stdlib.h>
#include <string.h>

#include "hedge_priv.h"

/* What is left of a request when it is let go on to its end, so that its
 * connection can be used again; more when there is much to come. */
#define DRAIN (16 * LIMIT_KIB)
#define DRAIN_LARGE LIMIT_PART

/* A guess at a file of unknown length, to choose routes by. */
#define GUESS (8 * LIMIT_KIB)

/* And at the rate of a route, bytes a second. */
#define RATE_GUESS 250000

/* Pauses of a route that fails: 1 s, then twice as long each time. */
#define COOL_DOUBLINGS 6

struct hedge *
hedge_new(const struct hedge_route *routes, size_t n)
{
	struct hedge *h = calloc(1, sizeof(*h));
	size_t i;

	if (h == NULL)
		return NULL;
	h->n = n;
	for (i = 0; i < n; i++)
		if (routes[i].mirror >= h->mirrors)
			h->mirrors = routes[i].mirror + 1;
	h->r = calloc(n + 1, sizeof(*h->r));
	h->mirror_out = calloc(h->mirrors + 1, sizeof(*h->mirror_out));
	if (h->r == NULL || h->mirror_out == NULL) {
		hedge_free(h);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		h->r[i].r = routes[i];
		h->r[i].small = routes[i].small;
		h->r[i].first_byte = routes[i].first_byte;
		h->r[i].lag = routes[i].first_byte;
		h->r[i].rate = routes[i].rate;
	}
	return h;
}

static void
files_free(struct hedge *h)
{
	size_t i;

	for (i = 0; i < h->files; i++) {
		free(h->f[i].u);
		free(h->f[i].missing);
	}
	free(h->f);
	h->f = NULL;
	h->files = 0;
}

void
hedge_free(struct hedge *h)
{
	if (h == NULL)
		return;
	files_free(h);
	free(h->r);
	free(h->mirror_out);
	free(h);
}

/* ---- requests and runs */

void
transfer_leave(struct hedge *h, struct transfer *t, enum hedge_why why)
{
	struct hroute *r = &h->r[t->route];

	t->used = false;
	r->connections--;
	r->deaf = !t->asked;
	/* Others were faster by far: something may be wrong with it. */
	r->doubt |= t->got == 0 && h->now - t->began > 2 * HEDGE_MIN &&
		    (double)(h->now - t->began) > 2e6 * r->lag;
	if (h->n_leave < sizeof(h->leave) / sizeof(*h->leave)) {
		h->leave_why[h->n_leave] = why;
		h->leave[h->n_leave++] = t->id;
	}
}

bool
hedge_leave(struct hedge *h, uint32_t *id, enum hedge_why *why)
{
	if (h->n_leave == 0)
		return false;
	*id = h->leave[--h->n_leave];
	*why = h->leave_why[h->n_leave];
	return true;
}

/* Let go of a request whose run is over. */
static void
transfer_drop(struct hedge *h, struct transfer *t)
{
	size_t drain = job_left(h) > SMALL_JOB ? DRAIN_LARGE : DRAIN;

	/* Of a whole file the end is there or near. */
	if (t->n == 0 ? t->got > 0
		      : t->asked && t->n - t->got <= drain && t->got > 0)
		t->drain = true;
	else
		transfer_leave(h, t, HEDGE_ENOUGH);
}

size_t
run_units(const struct hedge *h, const struct run *r)
{
	const struct hfile *f = &h->f[r->file];

	return r->end < f->n ? r->end : f->n;
}

/* Its units may be taken by others. */
void
run_release(struct hedge *h, struct run *r)
{
	struct hfile *f;
	size_t i, end;

	if (r->lost)
		return;
	f = &h->f[r->file];
	end = run_units(h, r);
	r->lost = r->twin = true;
	if (h->copies > 0)
		return;
	for (i = r->next; i < end; i++)
		if (f->u[i].claims > 0)
			f->u[i].claims--;
	if (r->next < f->free)
		f->free = r->next;
}

void
run_claim(struct hedge *h, struct run *r)
{
	struct hfile *f;
	size_t i, end;

	if (!r->lost)
		return;
	f = &h->f[r->file];
	end = run_units(h, r);
	r->lost = false;
	for (i = r->next; h->copies == 0 && i < end; i++)
		f->u[i].claims++;
}

void
run_end(struct hedge *h, struct run *r)
{
	size_t i, at = (size_t)(r - h->run);

	run_release(h, r);
	r->used = false;
	for (i = 0; i < TRANSFERS; i++)
		if (h->t[i].used && !h->t[i].drain && h->t[i].run == at)
			transfer_drop(h, &h->t[i]);
}

void
hedge_end(struct hedge *h)
{
	size_t i;

	for (i = 0; i < TRANSFERS; i++)
		if (h->run[i].used)
			run_end(h, &h->run[i]);
}

/* ---- jobs */

enum err
hedge_begin(struct hedge *h, size_t files, size_t copies, double seconds,
	int64_t now)
{
	double lag = -1;
	size_t i;

	hedge_end(h);
	files_free(h);
	h->f = calloc(files + 1, sizeof(*h->f));
	if (h->f == NULL)
		return ERR_NOMEM;
	h->files = files;
	h->copies = copies;
	h->seconds = seconds;
	h->began = h->progress = h->next_begin = now;
	h->copies_good = 0;
	h->first_good = 0;
	h->begins = h->failures = 0;
	h->wasted = 0;
	h->cold = true;
	for (i = 0; i < h->n; i++) {
		struct hroute *r = &h->r[i];

		r->hurt = r->copy_asked = r->copy_told = r->copy_good = false;
		r->copy_open = r->copy_next = 0;
		r->job_fails = 0;
		if (!route_usable(h, i, now))
			continue;
		if (r->worked || r->r.known)
			h->cold = false;
		if (r->worked && (lag < 0 || r->lag < lag))
			lag = r->lag;
	}
	/* Who works is asked first, and gets its usual time. */
	if (lag >= 0)
		h->next_begin =
			now + (lag > 0.083 ? (int64_t)(1.2e6 * lag) : 100 * MS);
	return ERR_OK;
}

static enum err
file_start(struct hedge *h, size_t i)
{
	struct hfile *f = &h->f[i];

	f->missing = calloc(h->mirrors + 1, sizeof(*f->missing));
	return f->missing == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
hedge_file_whole(struct hedge *h, size_t i, size_t max, size_t length)
{
	struct hfile *f = &h->f[i];
	enum err e = file_start(h, i);

	f->whole = true;
	f->length = length;
	f->max = max;
	f->end = max;
	return e == ERR_OK ? hedge_unit(h, i, 0, length) : e;
}

enum err
hedge_file_units(struct hedge *h, size_t i, uint64_t end, bool open)
{
	h->f[i].end = end;
	h->f[i].open = open;
	return file_start(h, i);
}

enum err
hedge_unit(struct hedge *h, size_t file, uint64_t offset, size_t n)
{
	struct hfile *f = &h->f[file];
	struct unit *more;
	size_t i;

	if (f->n == f->cap) {
		more = realloc(f->u, (2 * f->cap + 16) * sizeof(*more));
		if (more == NULL)
			return ERR_NOMEM;
		f->u = more;
		f->cap = 2 * f->cap + 16;
	}
	f->u[f->n] = (struct unit){.offset = offset, .n = (uint32_t)n};
	for (i = 0; i < TRANSFERS; i++)
		if (h->run[i].used && !h->run[i].lost &&
			h->run[i].file == file && h->run[i].end == SIZE_MAX)
			f->u[f->n].claims++;
	f->n++;
	f->left++;
	f->left_bytes += n;
	f->all_bytes += n;
	return ERR_OK;
}

void
hedge_file_close(struct hedge *h, size_t i)
{
	h->f[i].open = false;
}

bool
hedge_file_done(const struct hedge *h, size_t i)
{
	return !h->f[i].open && h->f[i].left == 0;
}

uint64_t
hfile_left(const struct hfile *f)
{
	const struct unit *last = f->n > 0 ? &f->u[f->n - 1] : NULL;

	if (f->whole)
		return f->left == 0 ? 0 : f->length > 0 ? f->length : GUESS;
	if (!f->open)
		return f->left_bytes;
	return f->left_bytes + f->end -
	       (last != NULL ? last->offset + last->n : 0);
}

uint64_t
hfile_size(const struct hfile *f)
{
	return f->open ? f->end : f->whole ? f->length : f->all_bytes;
}

uint64_t
job_left(const struct hedge *h)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < h->files; i++)
		all += hfile_left(&h->f[i]);
	return all;
}

/* ---- routes */

bool
route_usable(const struct hedge *h, size_t i, int64_t now)
{
	const struct hroute *r = &h->r[i];

	return !r->out && !h->mirror_out[r->r.mirror] && r->cool <= now;
}

bool
route_spent(const struct hedge *h, size_t i)
{
	return h->r[i].job_fails >= (h->r[i].worked ? 4 : 2);
}

void
route_drop(struct hedge *h, size_t i)
{
	size_t k;

	for (k = 0; k < TRANSFERS; k++)
		if (h->run[k].used && h->run[k].route == i)
			run_end(h, &h->run[k]);
	for (k = 0; k < TRANSFERS; k++)
		if (h->t[k].used && h->t[k].route == i)
			transfer_leave(h, &h->t[k], HEDGE_ENOUGH);
}

/* In a job with copies it will have another try, or not. */
static void
copy_fail(struct hedge *h, size_t i)
{
	struct hroute *r = &h->r[i];

	if (h->copies == 0 || r->copy_told)
		return;
	r->copy_open = r->copy_next = 0;
	r->copy_told = r->copy_asked && (r->out || route_spent(h, i));
	r->copy_asked = r->copy_told;
}

/* It was of no use for now: a pause, and another may begin at once. */
void
route_fail(struct hedge *h, size_t i, int64_t now)
{
	struct hroute *r = &h->r[i];
	unsigned k = r->fails < COOL_DOUBLINGS ? r->fails : COOL_DOUBLINGS;

	/* Both connections of a route fail as one. */
	if (r->cool > now)
		return;
	r->fails++;
	r->job_fails++;
	r->cool = now + (SECOND << k);
	r->hurt = r->bad = true;
	h->failures++;
	h->next_begin = now;
	route_drop(h, i);
	copy_fail(h, i);
}

void
route_out(struct hedge *h, size_t i)
{
	if (h->r[i].out)
		return;
	h->r[i].out = true;
	h->failures++;
	h->next_begin = h->began;
	route_drop(h, i);
	copy_fail(h, i);
}

void
hedge_out(struct hedge *h, size_t mirror)
{
	size_t i;

	h->mirror_out[mirror] = true;
	for (i = 0; i < h->n; i++)
		if (h->r[i].r.mirror == mirror)
			route_out(h, i);
}

void
hedge_copy_here(struct hedge *h, size_t mirror)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->r[i].r.mirror == mirror)
			h->r[i].copy_asked = h->r[i].copy_told =
				h->r[i].copy_good = true;
}

void
hedge_late(struct hedge *h, size_t mirror)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->r[i].r.mirror == mirror)
			h->r[i].late = true;
}

void
hedge_look(const struct hedge *h, size_t route, struct hedge_look *out)
{
	const struct hroute *r = &h->r[route];

	*out = (struct hedge_look){.used = r->used,
		.worked = r->worked,
		.out = r->out || h->mirror_out[r->r.mirror],
		.small = r->small,
		.first_byte = r->delivered ? r->first_byte : 0,
		.rate = r->delivered ? r->rate : 0,
		.good = r->good,
		.wasted = r->wasted};
}

/* ---- time to come */

double
job_rate(const struct hedge *h, int64_t now)
{
	double all = 0;
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->r[i].delivered && route_usable(h, i, now) &&
			h->r[i].connections > 0)
			all += h->r[i].rate;
	return all;
}

uint64_t
run_left(const struct hedge *h, const struct run *r)
{
	const struct hfile *f = &h->f[r->file];
	size_t end = run_units(h, r);
	uint64_t to = r->to, at;

	if (f->whole)
		return f->length > r->got ? f->length - r->got : GUESS;
	if (end > 0 && !(r->end == SIZE_MAX && f->open))
		to = f->u[end - 1].offset + f->u[end - 1].n;
	at = r->from + r->got;
	return to > at ? to - at : 0;
}

double
run_eta(const struct hedge *h, const struct run *r, int64_t now)
{
	return run_eta_of(h, r, run_left(h, r), now);
}

double
run_eta_of(
	const struct hedge *h, const struct run *r, uint64_t left, int64_t now)
{
	const struct hroute *route = &h->r[r->route];
	double rate = route->rate, age = (double)(now - r->began) / 1e6;
	double lag = 2 * route->lag < age ? route->lag : age / 2;
	double idle = 0, own;

	/* Of one that never brought anything nothing is to be expected. */
	if (r->got == 0 && (!route->delivered || age > route->lag * 1.3 + 0.1))
		return 1e9;
	if (route->connections > 1)
		rate /= route->connections;
	/* Without a measure the first bytes are one, or a guess is. */
	own = (double)r->got / (age - lag + 0.02);
	if (rate <= 0)
		rate = r->got > 0 ? own : RATE_GUESS;
	/* A route may have become slower than it was. */
	if (r->got > 0 && age > 0.5 && own < rate / 4)
		rate = own;
	/* Who has been silent will be for as long again. */
	if (r->got > 0 && now - r->last > 50 * MS)
		idle = 2 * (double)(now - r->last) / 1e6;
	return idle + (r->got == 0 && route->lag > age ? route->lag - age : 0) +
	       (double)left / rate;
}
