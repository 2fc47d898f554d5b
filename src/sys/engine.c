#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* The scheduler names at most so many runs and requests at once. */
#define SLOTS LIMIT_TRANSFERS

/* Events taken before the scheduler is asked again. */
#define EVENTS 64

/* How often progress is told at least, microseconds. */
#define TICK 200000

/* A request under way, by the scheduler's number. */
struct flight {
	uint32_t id;	/* of the scheduler; 0: none */
	uint32_t start; /* of the source */
	size_t run, route, file;
	uint64_t at; /* where in its run its bytes go: slices only */
	size_t n, got;
	bool asked;
	int64_t began, last;
};

struct engine {
	struct source *source;
	struct hedge *hedge;
	size_t n; /* routes */
	struct engine_tally *tally;
	char **path;
	size_t files;
	size_t copies;
	struct engine_copy *copy; /* by route and file */
	struct flight flight[SLOTS];
	struct buf buf[SLOTS]; /* by run: what is not verified yet */
	size_t sliced[SLOTS];  /* bytes of a run in slices, or 0 */
	const struct engine_calls *calls;
};

static enum err
no_memory(struct diag *d)
{
	return diag_set(d, ERR_NOMEM, "out of memory");
}

enum err
engine_new(struct source *s, const struct hedge_route *routes, size_t n,
	struct engine **out, struct diag *d)
{
	struct engine *e = calloc(1, sizeof(*e));

	*out = NULL;
	if (e == NULL)
		return no_memory(d);
	e->source = s;
	e->n = n;
	e->hedge = hedge_new(routes, n);
	e->tally = calloc(n + 1, sizeof(*e->tally));
	if (e->hedge == NULL || e->tally == NULL) {
		engine_free(e);
		return no_memory(d);
	}
	*out = e;
	return ERR_OK;
}

static void
files_free(struct engine *e)
{
	size_t i;

	for (i = 0; e->copy != NULL && i < e->n * e->files; i++)
		buf_free(&e->copy[i].body);
	strings_free(e->path, e->files);
	free(e->copy);
	e->path = NULL;
	e->copy = NULL;
	e->files = 0;
}

/* ---- requests */

static struct flight *
flight_find(struct engine *e, uint32_t start)
{
	size_t i;

	for (i = 0; i < SLOTS; i++)
		if (e->flight[i].id != 0 && e->flight[i].start == start)
			return &e->flight[i];
	return NULL;
}

/* Forget it; what it cost counts all the same. */
static void
flight_stop(struct engine *e, struct flight *f)
{
	source_stop(e->source, f->start);
	e->tally[f->route].wire += f->got;
	e->tally[f->route].requests += f->asked;
	f->id = 0;
}

void
engine_free(struct engine *e)
{
	size_t i;

	if (e == NULL)
		return;
	for (i = 0; i < SLOTS; i++) {
		if (e->flight[i].id != 0)
			flight_stop(e, &e->flight[i]);
		buf_free(&e->buf[i]);
	}
	files_free(e);
	hedge_free(e->hedge);
	free(e->tally);
	free(e);
}

/* Tell why the scheduler gave a request up. */
static void
left_tell(struct engine *e, const struct flight *f, enum hedge_why why)
{
	struct fetch_got got = {.err = ERR_TIMEOUT};
	double took = (double)(clock_steady() - f->began) / 1e6;

	if (why == HEDGE_SILENT)
		diag_set(&got.diag, ERR_TIMEOUT,
			"http-failure: no answer in %.1f s", took);
	else if (why == HEDGE_FROZEN)
		diag_set(&got.diag, ERR_TIMEOUT,
			"http-failure: frozen after %.1f KB",
			(double)f->got / 1000);
	else
		diag_set(&got.diag, ERR_TIMEOUT,
			"http-failure: too slow: %zu bytes in %.1f s", f->got,
			took);
	e->calls->failed(
		e->calls->arg, f->route, f->file, why != HEDGE_SLOW, &got);
}

static void
leaves(struct engine *e)
{
	enum hedge_why why;
	uint32_t id;
	size_t i;

	while (hedge_leave(e->hedge, &id, &why))
		for (i = 0; i < SLOTS; i++) {
			struct flight *f = &e->flight[i];

			if (f->id != id)
				continue;
			if (why != HEDGE_ENOUGH && e->calls != NULL)
				left_tell(e, f, why);
			flight_stop(e, f);
		}
}

/* Room for what a new run brings. */
static void
run_room(struct engine *e, const struct hedge_ask *a)
{
	struct buf *b = &e->buf[a->run];

	buf_free(b);
	buf_init(b, a->run_n > 0 ? a->run_n : a->max);
	e->sliced[a->run] = a->run_n;
	if (a->run_n > 0 && buf_reserve(b, a->run_n) == ERR_OK) {
		memset(b->p, 0, a->run_n);
		b->n = a->run_n;
	}
	if (e->copies > 0) {
		struct engine_copy *c = &e->copy[a->route * e->files + a->file];

		buf_free(&c->body);
		*c = (struct engine_copy){.err = ERR_OK};
	}
}

static enum err flight_end(struct engine *e, struct flight *f,
	const struct fetch_got *got, struct diag *d);

static enum err
ask(struct engine *e, const struct hedge_ask *a, struct diag *d)
{
	struct source_want w = {.place = a->route,
		.path = e->path[a->file],
		.offset = a->offset,
		.n = a->n,
		.max = a->max};
	struct flight *f = e->flight;
	struct fetch_got got;
	enum err err;

	while (f < e->flight + SLOTS && f->id != 0)
		f++;
	if (f == e->flight + SLOTS)
		return diag_set(d, ERR_FAILED, "too many requests");
	if (a->first)
		run_room(e, a);
	*f = (struct flight){.id = a->id,
		.run = a->run,
		.route = a->route,
		.file = a->file,
		.at = a->offset - a->from,
		.n = a->n,
		.began = clock_steady()};
	f->last = f->began;
	if (e->sliced[a->run] > 0 && e->buf[a->run].n == 0)
		return no_memory(d);
	err = source_start(
		e->source, &w, a->fresh, a->seconds, &f->start, &got.diag);
	if (err == ERR_NOMEM)
		return no_memory(d);
	if (err == ERR_OK)
		return ERR_OK;
	got = (struct fetch_got){.err = err, .diag = got.diag};
	return flight_end(e, f, &got, d);
}

/* ---- what came */

/* Hand over the units of a run that are complete. */
static enum err
units_take(
	struct engine *e, size_t run, size_t route, size_t file, struct diag *d)
{
	struct buf *b = &e->buf[run];
	uint64_t offset;
	size_t n, used = 0;
	bool have;
	enum err err = ERR_OK, verdict = ERR_OK;

	while (err == ERR_OK && hedge_next(e->hedge, run, &offset, &n, &have) &&
		n <= b->n - used) {
		verdict = ERR_OK;
		if (!have)
			err = e->calls->take(e->calls->arg, route, file, offset,
				span_sub(buf_view(b), used, n), &verdict, d);
		if (err != ERR_OK || verdict != ERR_OK)
			break;
		used += n;
		hedge_good(e->hedge, run, clock_steady());
	}
	if (err == ERR_OK && verdict != ERR_OK) {
		hedge_bad(e->hedge, run, verdict, clock_steady());
		used = b->n;
	}
	if (used > 0) {
		b->n -= used;
		memmove(b->p, b->p + used, b->n);
	}
	return err;
}

static enum err
flight_body(struct engine *e, struct flight *f, struct span s, struct diag *d)
{
	struct buf *b = &e->buf[f->run];
	uint64_t offset;
	size_t n;
	bool have;

	f->got += s.n;
	f->asked = true;
	f->last = clock_steady();
	hedge_bytes(e->hedge, f->id, s.n, f->last);
	if (!hedge_runs(e->hedge, f->id))
		return ERR_OK; /* nobody needs it any more */
	if (e->sliced[f->run] > 0) {
		if (f->got > f->n || f->at + f->got > b->n)
			return ERR_OK; /* the fetcher will say so */
		memcpy(b->p + f->at + f->got - s.n, s.p, s.n);
		return ERR_OK;
	}
	if (buf_span(b, s) == ERR_NOMEM)
		return no_memory(d);
	/* A whole file is looked at when it is all here. */
	if (f->n == 0 || !hedge_next(e->hedge, f->run, &offset, &n, &have))
		return ERR_OK;
	return units_take(e, f->run, f->route, f->file, d);
}

/* A share file says the same each time: what it has cut short is not there, and
 * nothing is gained by a pause and another try. */
static enum err
share_kind(const struct engine *e, size_t route, enum err err)
{
	return err == ERR_TRUNCATED &&
			       source_share_name(e->source, route, 0) != NULL
		       ? ERR_MISSING
		       : err;
}

/* A whole file is here. */
static enum err
whole_take(struct engine *e, struct flight *f, struct diag *d)
{
	struct span s = buf_view(&e->buf[f->run]);
	enum err err, verdict = ERR_OK;

	if (e->copies > 0) {
		struct engine_copy *c = &e->copy[f->route * e->files + f->file];

		buf_free(&c->body);
		c->body = e->buf[f->run];
		buf_init(&e->buf[f->run], 0);
		hedge_good(e->hedge, f->run, clock_steady());
		return ERR_OK;
	}
	err = e->calls->take(
		e->calls->arg, f->route, f->file, 0, s, &verdict, d);
	if (err == ERR_OK && verdict == ERR_OK)
		hedge_good(e->hedge, f->run, clock_steady());
	else if (err == ERR_OK)
		hedge_bad(e->hedge, f->run, share_kind(e, f->route, verdict),
			clock_steady());
	return err;
}

/* What the scheduler should make of a failure. */
static enum err
err_kind(const struct fetch_got *got)
{
	if (got->err == ERR_NETWORK &&
		strncmp(got->diag.why, "http-diff", 9) == 0)
		return ERR_SYNTAX;
	if (got->err == ERR_UNSUPPORTED)
		return ERR_REFUSED;
	return got->err;
}

static enum err
answer_take(struct engine *e, size_t route, struct diag *d)
{
	bool good = false;
	enum err err = e->calls->answer(
		e->calls->arg, route, &e->copy[route * e->files], &good, d);

	if (err == ERR_OK)
		hedge_copy(e->hedge, route, good, clock_steady());
	return err;
}

static enum err
flight_end(struct engine *e, struct flight *f, const struct fetch_got *got,
	struct diag *d)
{
	bool whole = false, runs = hedge_runs(e->hedge, f->id);
	enum err err = ERR_OK;

	e->tally[f->route].wire += got->wire;
	e->tally[f->route].requests += got->requests;
	if (got->err == ERR_OK && runs && f->n == 0)
		err = whole_take(e, f, d);
	if (got->err != ERR_OK && runs) {
		if (e->copies > 0) {
			struct engine_copy *c =
				&e->copy[f->route * e->files + f->file];

			c->err = got->err;
			c->diag = got->diag;
			c->status = got->status;
		}
		if (e->copies == 0 || got->err != ERR_MISSING)
			e->calls->failed(
				e->calls->arg, f->route, f->file, false, got);
	}
	hedge_ended(e->hedge, f->id, share_kind(e, f->route, err_kind(got)),
		clock_steady(), &whole);
	f->id = 0;
	if (err == ERR_OK && whole)
		err = units_take(e, f->run, f->route, f->file, d);
	if (err == ERR_OK && e->copies > 0 &&
		hedge_copy_ended(e->hedge, f->route))
		err = answer_take(e, f->route, d);
	return err;
}

static enum err
event_take(struct engine *e, const struct source_event *ev, struct diag *d)
{
	struct flight *f = flight_find(e, ev->id);

	if (f == NULL)
		return ERR_OK;
	switch (ev->type) {
	case SOURCE_ASKED:
		f->asked = true;
		hedge_asked(e->hedge, f->id, clock_steady());
		return ERR_OK;
	case SOURCE_BODY:
		return flight_body(e, f, ev->body, d);
	case SOURCE_END:
		break;
	}
	return flight_end(e, f, &ev->got, d);
}

/* Wait for what happens next, and take what has happened. */
static enum err
events(struct engine *e, struct diag *d)
{
	int64_t now = clock_steady(), wait = hedge_wait(e->hedge, now) - now;
	struct source_event ev;
	bool have = true;
	unsigned i;
	enum err err = ERR_OK;

	if (wait > TICK)
		wait = TICK;
	for (i = 0; err == ERR_OK && have && i < EVENTS; i++) {
		err = source_next(e->source,
			i > 0 || wait < 0 ? 0 : (double)wait / 1e6, &ev, &have,
			d);
		if (err == ERR_OK && have)
			err = event_take(e, &ev, d);
	}
	return err;
}

/* ---- jobs */

enum err
engine_begin(struct engine *e, size_t files, size_t copies, double seconds,
	struct diag *d)
{
	leaves(e);
	files_free(e);
	e->copies = copies;
	e->path = calloc(files + 1, sizeof(*e->path));
	if (copies > 0)
		e->copy = calloc(e->n * files + 1, sizeof(*e->copy));
	e->files = files;
	if (e->path == NULL || (copies > 0 && e->copy == NULL) ||
		hedge_begin(e->hedge, files, copies, seconds, clock_steady()) !=
			ERR_OK)
		return no_memory(d);
	leaves(e);
	return ERR_OK;
}

enum err
engine_whole(struct engine *e, size_t i, const char *path, size_t max,
	size_t length, struct diag *d)
{
	e->path[i] = strdup(path);
	if (e->path[i] == NULL ||
		hedge_file_whole(e->hedge, i, max, length) != ERR_OK)
		return no_memory(d);
	return ERR_OK;
}

enum err
engine_units(struct engine *e, size_t i, const char *path, uint64_t end,
	bool open, struct diag *d)
{
	e->path[i] = strdup(path);
	if (e->path[i] == NULL ||
		hedge_file_units(e->hedge, i, end, open) != ERR_OK)
		return no_memory(d);
	return ERR_OK;
}

enum err
engine_unit(struct engine *e, size_t file, uint64_t offset, size_t n,
	struct diag *d)
{
	if (hedge_unit(e->hedge, file, offset, n) != ERR_OK)
		return no_memory(d);
	return ERR_OK;
}

void
engine_close(struct engine *e, size_t file)
{
	hedge_file_close(e->hedge, file);
}

/* Start all that the scheduler wants started. */
static enum err
starts(struct engine *e, struct diag *d)
{
	struct hedge_ask a;
	enum err err = ERR_OK;

	leaves(e);
	while (err == ERR_OK && hedge_start(e->hedge, clock_steady(), &a)) {
		leaves(e);
		err = ask(e, &a, d);
		if (err == ERR_OK && e->calls->progress != NULL)
			e->calls->progress(e->calls->arg, a.route);
	}
	leaves(e);
	return err;
}

enum err
engine_run(struct engine *e, const struct engine_calls *calls, struct diag *d)
{
	enum err err = ERR_OK;

	e->calls = calls;
	while (err == ERR_OK) {
		err = starts(e, d);
		if (err != ERR_OK ||
			hedge_status(e->hedge, clock_steady()) != HEDGE_BUSY)
			break;
		err = events(e, d);
	}
	hedge_end(e->hedge);
	leaves(e);
	e->calls = NULL;
	return err;
}

bool
engine_done(const struct engine *e, size_t file)
{
	return hedge_file_done(e->hedge, file);
}

void
engine_out(struct engine *e, size_t mirror)
{
	hedge_out(e->hedge, mirror);
}

void
engine_here(struct engine *e, size_t mirror)
{
	hedge_copy_here(e->hedge, mirror);
}

void
engine_late(struct engine *e, size_t mirror)
{
	hedge_late(e->hedge, mirror);
}

void
engine_look(const struct engine *e, size_t route, struct hedge_look *look,
	struct engine_tally *tally)
{
	hedge_look(e->hedge, route, look);
	*tally = e->tally[route];
}

struct engine_tally
engine_tally(const struct engine *e)
{
	struct engine_tally all = {.wire = 0};
	size_t i;

	for (i = 0; i < e->n; i++) {
		all.wire += e->tally[i].wire;
		all.requests += e->tally[i].requests;
	}
	for (i = 0; i < SLOTS; i++)
		if (e->flight[i].id != 0)
			all.wire += e->flight[i].got;
	return all;
}
