/* Mirrors: which there are, the ways to them, how they behaved. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "clock.h"
#include "file.h"
#include "gone.h"
#include "sync_priv.h"

#define SECONDS 60.0
#define NOTES 200 /* lines of what was left out; more help nobody */

const char *
sync_deed(enum err e)
{
	switch (e) {
	case ERR_OK:
		return "fine";
	case ERR_HASH:
		return "tampered";
	case ERR_TRUNCATED:
		return "truncated";
	case ERR_TRAILING:
		return "endless";
	case ERR_SIGNATURE:
		return "wrongly signed";
	case ERR_KEY:
		return "another outlet's or forged";
	case ERR_ROLLBACK:
		return "rolled back";
	case ERR_MIXED:
		return "mixed versions";
	case ERR_SPLIT:
		return "signed twice";
	case ERR_EXPIRED:
		return "expired";
	case ERR_MISSING:
		return "missing";
	case ERR_NETWORK:
	case ERR_FAILED:
	case ERR_IO:
		return "unreachable";
	case ERR_TIMEOUT:
		return "too slow";
	default:
		return err_str(e);
	}
}

int
sync_badness(enum err e)
{
	switch (e) {
	case ERR_OK:
		return 0;
	case ERR_NETWORK:
	case ERR_TIMEOUT:
	case ERR_FAILED:
	case ERR_IO:
		return 1;
	case ERR_MISSING:
	case ERR_PARTIAL:
		return 2;
	case ERR_EXPIRED:
		return 3;
	case ERR_REFUSED:
	case ERR_UNSUPPORTED:
	case ERR_LIMIT:
	case ERR_SYNTAX:
		return 4;
	case ERR_ROLLBACK:
		return 5;
	case ERR_KEY:
		return 6;
	case ERR_TRUNCATED:
		return 7;
	case ERR_SPLIT:
		return 9;
	default:
		return 8;
	}
}

void
sync_worse(struct sync_reason *r, enum err e, const struct diag *d)
{
	if (sync_badness(e) <= sync_badness(r->err))
		return;
	r->err = e;
	r->diag = *d;
	r->diag.code = e;
}

/* Whether the bytes themselves were wrong, as no accident makes them. */
static bool
is_lie(enum err e)
{
	return sync_badness(e) >= 4 && e != ERR_TRUNCATED;
}

void
sync_blame(struct sync *s, size_t place, const char *file, enum err e,
	const struct diag *d, struct sync_reason *why)
{
	struct sync_mirror *m = &s->r->mirrors[place];
	struct diag full;
	char shown[80];

	diag_set(&full, e, "%s: %s is %s: %s",
		text_show(shown, sizeof(shown), span_str(m->name)), file,
		sync_deed(e), d->why);
	if (why != NULL)
		sync_worse(why, e, &full);
	if (sync_badness(e) > sync_badness(m->err)) {
		m->err = e;
		snprintf(m->file, sizeof(m->file), "%s", file);
		snprintf(m->why, sizeof(m->why), "%s", d->why);
	}
	if (is_lie(e))
		s->places[place].out = true;
}

void
sync_gone(struct sync *s, size_t place, const char *file, const char *path,
	struct span notice, struct sync_reason *why)
{
	struct sync_mirror *m = &s->r->mirrors[place];
	enum sync_gone gone = SYNC_WITHHELD;
	char say[GONE_SIZE], shown[160];
	struct diag d;

	if (gone_say(say, sizeof(say), m->name, path, notice))
		gone = SYNC_REMOVED;
	diag_set(&d, ERR_MISSING, "%s: %s", file,
		text_show(shown, sizeof(shown), span_str(say)));
	if (why != NULL)
		sync_worse(why, ERR_MISSING, &d);
	if (sync_badness(ERR_MISSING) <= sync_badness(m->err) &&
		(m->err != ERR_MISSING || gone <= m->gone))
		return;
	m->err = ERR_MISSING;
	m->gone = gone;
	snprintf(m->file, sizeof(m->file), "%s", file);
	snprintf(m->why, sizeof(m->why), "%s", say);
}

void
sync_failed(struct sync *s, size_t route, const char *file, const char *path,
	bool soft, const struct fetch_got *got, struct sync_reason *why)
{
	struct sync_route *r = &s->routes[route];
	struct sync_mirror *m = &s->r->mirrors[r->place];

	if (got->err != ERR_MISSING)
		r->err = got->err;
	/* It is only left for now when it works by small connections. */
	if (soft && m->worked)
		return;
	if (got->status == 451 && got->err == ERR_MISSING)
		sync_gone(s, r->place, file, path, got->notice, why);
	else
		sync_blame(s, r->place, file, got->err, &got->diag, why);
}

bool
sync_is_page(struct span s)
{
	size_t i = 0;

	if (span_starts(s, span_str("\xef\xbb\xbf")))
		i = 3;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' ||
				  s.p[i] == '\n'))
		i++;
	return i < s.n && s.p[i] == '<';
}

enum err
sync_note(struct sync *s, struct diag *d, const char *fmt, ...)
{
	char line[512], **more;
	va_list ap;

	if (s->r->n_notes == NOTES)
		return ERR_OK;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	more = realloc(s->r->notes, (s->r->n_notes + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	s->r->notes = more;
	more[s->r->n_notes] = strdup(line);
	if (more[s->r->n_notes] == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	s->r->n_notes++;
	return ERR_OK;
}

/* ---- places */

static enum err
report_mirror(struct sync *s, const char *name, const char *url, struct diag *d)
{
	struct sync_mirror *m = &s->r->mirrors[s->r->n_mirrors];

	m->strategy = "";
	m->name = strdup(name);
	m->url = strdup(url);
	if (m->name == NULL || m->url == NULL) {
		free(m->name);
		free(m->url);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	s->r->n_mirrors++;
	return ERR_OK;
}

static enum err
places_room(struct sync *s, size_t n, size_t routes, struct diag *d)
{
	size_t i;

	s->source = source_new(s->o->fetch);
	s->places = calloc(n + 1, sizeof(*s->places));
	s->routes = calloc(routes + 1, sizeof(*s->routes));
	s->r->mirrors = calloc(n + 1, sizeof(*s->r->mirrors));
	if (s->source == NULL || s->places == NULL || s->routes == NULL ||
		s->r->mirrors == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		buf_init(&s->places[i].timestamp, LIMIT_TIMESTAMP);
		buf_init(&s->places[i].root, LIMIT_ROOT);
	}
	s->n = n;
	s->n_routes = routes;
	return ERR_OK;
}

static enum err
share_place(struct sync *s, struct diag *d)
{
	enum err e = places_room(s, 1, 1, d);

	if (e == ERR_OK)
		e = source_add_share(s->source, s->o->from, d);
	if (e == ERR_OK)
		e = report_mirror(s, s->o->from, s->o->from, d);
	if (e == ERR_OK)
		s->routes[0].strategy = STRATEGY_FILE;
	return e;
}

static enum err
reach_places(struct sync *s, struct diag *d)
{
	struct reach_settings set = {.memory = false};
	enum err e;
	size_t i;

	if (s->o->reach != NULL)
		set = *s->o->reach;
	set.country = s->o->country;
	set.from = s->o->from;
	e = reach_new(s->lib, s->outlet->id, &set, s->o->now, &s->reach, d);
	if (e == ERR_OK)
		e = places_room(
			s, reach_mirrors(s->reach), reach_routes(s->reach), d);
	for (i = 0; e == ERR_OK && i < s->n; i++) {
		const struct library_mirror *m = reach_mirror(s->reach, i);

		e = report_mirror(s, m->name, m->url, d);
	}
	for (i = 0; e == ERR_OK && i < s->n_routes; i++) {
		const struct route *r = reach_route(s->reach, i);

		s->routes[i].place = r->mirror;
		s->routes[i].strategy = r->strategy;
		e = source_add_route(s->source, r, d);
	}
	return e;
}

/* Whether `from` is a file of its own, not a URL or folder. */
static bool
is_share(const char *from)
{
	return from != NULL && strstr(from, "://") == NULL &&
	       file_exists(from) && !file_is_dir(from);
}

static enum err
engine_make(struct sync *s, struct diag *d)
{
	struct hedge_route *list = calloc(s->n_routes + 1, sizeof(*list));
	enum err e;
	size_t i;

	if (list == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < s->n_routes; i++) {
		struct reach_past past = {.attempts = 0};

		if (s->reach != NULL)
			past = reach_past(s->reach, i);
		list[i] = (struct hedge_route){.mirror = s->routes[i].place,
			.first_byte = past.first_byte,
			.rate = past.rate,
			.known = past.successes > 0 && past.good >= past.bad,
			.small = past.small,
			.patient = s->routes[i].strategy == STRATEGY_PROXY};
	}
	e = engine_new(s->source, list, s->n_routes, &s->engine, d);
	free(list);
	return e;
}

enum err
sync_places(struct sync *s, struct diag *d)
{
	enum err e =
		is_share(s->o->from) ? share_place(s, d) : reach_places(s, d);

	return e == ERR_OK ? engine_make(s, d) : e;
}

void
sync_places_free(struct sync *s)
{
	size_t i;

	engine_free(s->engine);
	for (i = 0; i < s->n; i++) {
		buf_free(&s->places[i].timestamp);
		buf_free(&s->places[i].root);
	}
	free(s->places);
	free(s->routes);
	source_free(s->source);
	reach_free(s->reach);
}

/* ---- how they did */

/* What goes into the memory of a route; what was asked and left before it
 * could answer is not held against it. */
static void
route_remember(struct sync *s, size_t i, const struct hedge_look *look)
{
	const struct sync_route *r = &s->routes[i];
	struct reach_result x = {.err = r->err,
		.first_byte = look->first_byte,
		.rate = look->rate,
		.small = look->small};
	enum err lie = s->r->mirrors[r->place].err;

	if (is_lie(lie) && look->used)
		x.err = lie;
	else if (look->worked)
		x.err = ERR_OK;
	if (s->reach != NULL && (look->worked || x.err != ERR_OK))
		reach_note(s->reach, i, &x);
}

/* Errors of one way do not matter when another one worked. */
static void
mirror_forgive(struct sync_mirror *m)
{
	if (!m->worked || sync_badness(m->err) != sync_badness(ERR_NETWORK))
		return;
	m->err = ERR_OK;
	m->file[0] = '\0';
	if (!m->stale)
		m->why[0] = '\0';
}

enum err
sync_places_end(struct sync *s, struct diag *d)
{
	struct engine_tally all = engine_tally(s->engine), one;
	struct hedge_look look;
	size_t i;

	for (i = 0; i < s->n_routes; i++) {
		struct sync_mirror *m = &s->r->mirrors[s->routes[i].place];

		engine_look(s->engine, i, &look, &one);
		m->bytes += one.wire;
		if (!look.used)
			continue;
		if (!m->worked || look.worked) {
			m->strategy = strategy_name(s->routes[i].strategy);
			m->small = look.small;
		}
		m->asked = true;
		m->worked |= look.worked;
		route_remember(s, i, &look);
	}
	for (i = 0; i < s->n; i++)
		mirror_forgive(&s->r->mirrors[i]);
	s->r->bytes = all.wire;
	s->r->requests = all.requests;
	return s->reach == NULL ? ERR_OK : reach_save(s->reach, s->o->now, d);
}

/* ---- asking */

double
sync_seconds(const struct sync *s)
{
	return s->o->seconds > 0 ? s->o->seconds : SECONDS;
}

void
sync_progress(struct sync *s, size_t route)
{
	s->progress.mirror = s->r->mirrors[s->routes[route].place].name;
	s->progress.bytes = engine_tally(s->engine).wire;
	s->progress.seconds = (double)(clock_steady() - s->started) / 1e6;
	if (s->o->progress != NULL)
		s->o->progress(s->o->arg, &s->progress);
}

struct asking {
	struct sync *s;
	struct sync_file *list;
};

static const char *
shown_name(const struct sync_file *f)
{
	return f->shown != NULL ? f->shown : f->path;
}

enum err
sync_file_take(struct sync *s, struct sync_file *f, size_t route,
	struct span bytes, enum err *verdict, struct diag *d)
{
	struct diag why = {.why = ""};
	enum err e = f->check(s, f->arg, bytes, verdict, &why, d);

	if (e != ERR_OK)
		return e;
	if (*verdict == ERR_OK)
		s->r->mirrors[s->routes[route].place].worked = true;
	else if (!f->quiet)
		sync_blame(s, s->routes[route].place, shown_name(f), *verdict,
			&why, &f->why);
	return ERR_OK;
}

void
sync_file_failed(struct sync *s, struct sync_file *f, size_t route, bool soft,
	const struct fetch_got *got)
{
	if (!f->quiet)
		sync_failed(
			s, route, shown_name(f), f->path, soft, got, &f->why);
}

void
sync_file_lost(struct sync *s, struct sync_file *f)
{
	if (f->ok)
		return;
	if (f->why.err == ERR_OK)
		diag_set(&f->why.diag, f->why.err = ERR_MISSING,
			"no mirror is left to ask for %s", shown_name(f));
	sync_worse(&s->worst, f->why.err, &f->why.diag);
}

static enum err
file_take(void *arg, size_t route, size_t file, uint64_t offset,
	struct span bytes, enum err *verdict, struct diag *d)
{
	struct asking *a = arg;

	(void)offset;
	return sync_file_take(a->s, &a->list[file], route, bytes, verdict, d);
}

static void
file_failed(void *arg, size_t route, size_t file, bool soft,
	const struct fetch_got *got)
{
	struct asking *a = arg;

	sync_file_failed(a->s, &a->list[file], route, soft, got);
}

static void
file_progress(void *arg, size_t route)
{
	struct asking *a = arg;

	sync_progress(a->s, route);
}

enum err
sync_files(struct sync *s, struct sync_file *list, size_t n, struct diag *d)
{
	struct asking a = {.s = s, .list = list};
	struct engine_calls calls = {.take = file_take,
		.failed = file_failed,
		.progress = file_progress,
		.arg = &a};
	enum err e = sync_keep(s, d);
	size_t i;

	if (e == ERR_OK)
		e = engine_begin(s->engine, n, 0, sync_seconds(s), d);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = engine_whole(s->engine, i, list[i].path, list[i].max,
			list[i].length, d);
	if (e == ERR_OK)
		e = engine_run(s->engine, &calls, d);
	for (i = 0; e == ERR_OK && i < n; i++)
		list[i].ok = engine_done(s->engine, i);
	return e;
}
