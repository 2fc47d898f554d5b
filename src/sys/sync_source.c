/* Mirrors: which there are, in which order, how they behaved. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/mirrors.h"
#include "../core/text.h"
#include "clock.h"
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
	struct sync_place *p = &s->places[place];
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
		p->out = true;
	else if (e != ERR_MISSING && ++p->failures >= 2)
		p->out = true;
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

/* Countries are kept as "RU, BY". */
static enum err
mirror_fill(struct mirror *m, const struct library_mirror *from, struct diag *d)
{
	m->name = from->name;
	m->url = from->url;
	if (from->countries[0] == '\0')
		return ERR_OK;
	return country_codes(
		from->countries, &m->countries, &m->n_countries, d);
}

static enum err
order_make(struct sync *s, const struct library_mirrors *list, struct diag *d)
{
	struct mirror *m;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < s->n; i++)
		s->order[i] = i;
	if (s->o->country == NULL || list->n == 0)
		return ERR_OK;
	m = calloc(list->n, sizeof(*m));
	if (m == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < list->n; i++)
		e = mirror_fill(&m[i], &list->list[i], d);
	if (e == ERR_OK)
		country_order(s->o->country, m, list->n, s->order);
	for (i = 0; i < list->n; i++)
		free(m[i].countries);
	free(m);
	return e;
}

/* Those that were of no use lately come after the others, in the same order:
 * a dead mirror costs every sync some seconds of waiting. After a day they are
 * given another chance. */
#define GRUDGE 86400

static enum err
order_remember(
	struct sync *s, const struct library_mirrors *list, struct diag *d)
{
	size_t *order = calloc(s->n + 1, sizeof(*order)), i, n = 0;
	int round;

	if (order == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (round = 0; round < 2; round++)
		for (i = 0; i < s->n; i++) {
			int64_t t = list->list[s->order[i]].failed;
			bool late = t != 0 && t <= s->o->now &&
				    s->o->now - t < GRUDGE;

			if (late == (round == 1))
				order[n++] = s->order[i];
		}
	free(s->order);
	s->order = order;
	return ERR_OK;
}

enum err
sync_places_remember(struct sync *s, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	if (s->o->from != NULL)
		return ERR_OK;
	e = library_begin(s->lib, d);
	for (i = 0; e == ERR_OK && i < s->n; i++)
		if (s->r->mirrors[i].asked)
			e = library_mirror_failed(s->lib, s->outlet->id,
				s->r->mirrors[i].url,
				s->places[i].out ? s->o->now : 0, d);
	if (e == ERR_OK)
		e = library_commit(s->lib, d);
	if (e != ERR_OK)
		library_rollback(s->lib);
	return e;
}

static enum err
report_mirror(struct sync *s, const char *name, const char *url, struct diag *d)
{
	struct sync_mirror *m = &s->r->mirrors[s->r->n_mirrors];

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
places_room(struct sync *s, size_t n, struct diag *d)
{
	size_t i;

	s->source = source_new(s->o->fetch);
	s->places = calloc(n + 1, sizeof(*s->places));
	s->order = calloc(n + 1, sizeof(*s->order));
	s->r->mirrors = calloc(n + 1, sizeof(*s->r->mirrors));
	if (s->source == NULL || s->places == NULL || s->order == NULL ||
		s->r->mirrors == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		buf_init(&s->places[i].timestamp, LIMIT_TIMESTAMP);
		buf_init(&s->places[i].root, LIMIT_ROOT);
	}
	s->n = n;
	return ERR_OK;
}

enum err
sync_places(struct sync *s, struct diag *d)
{
	struct library_mirrors list = {.n = 0};
	enum err e;
	size_t i;

	if (s->o->from != NULL) {
		e = places_room(s, 1, d);
		if (e == ERR_OK)
			e = source_add_any(s->source, s->o->from, d);
		if (e == ERR_OK)
			e = report_mirror(s, s->o->from, s->o->from, d);
		return e == ERR_OK ? order_make(s, &list, d) : e;
	}
	e = library_mirrors(s->lib, s->outlet->id, &list, d);
	if (e == ERR_OK)
		e = places_room(s, list.n, d);
	for (i = 0; e == ERR_OK && i < list.n; i++) {
		const struct library_mirror *m = &list.list[i];

		e = source_add_mirror(
			s->source, m->url, m->source != LIBRARY_MIRROR_LIST, d);
		if (e == ERR_OK)
			e = report_mirror(s, m->name, m->url, d);
	}
	if (e == ERR_OK)
		e = order_make(s, &list, d);
	if (e == ERR_OK)
		e = order_remember(s, &list, d);
	library_mirrors_clear(&list);
	return e;
}

void
sync_places_free(struct sync *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		buf_free(&s->places[i].timestamp);
		buf_free(&s->places[i].root);
	}
	free(s->places);
	free(s->order);
	source_free(s->source);
}

/* ---- asking */

void
sync_got_free(struct source_got *got, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_free(&got[i].body);
}

enum err
sync_ask(struct sync *s, const struct source_want *want, size_t n,
	struct source_got *got, struct diag *d)
{
	double seconds = s->o->seconds > 0 ? s->o->seconds : SECONDS;
	enum err e = source_get(s->source, want, n, seconds, got, d);
	size_t i;

	for (i = 0; i < n; i++) {
		s->r->bytes += got[i].wire;
		s->r->requests += got[i].requests;
		s->r->mirrors[want[i].place].asked = true;
		s->progress.mirror = s->r->mirrors[want[i].place].name;
	}
	s->progress.bytes = s->r->bytes;
	s->progress.seconds = (double)(clock_steady() - s->started) / 1e6;
	if (s->o->progress != NULL)
		s->o->progress(s->o->arg, &s->progress);
	return e;
}

/* Whether a place belongs to the first round: its head is the newest. */
static bool
is_newest(const struct sync *s, size_t place)
{
	const struct sync_mirror *m = &s->r->mirrors[place];

	return m->version > 0 && !m->stale;
}

bool
sync_next_place(struct sync *s, size_t *step, size_t *place)
{
	for (; *step < 2 * s->n; (*step)++) {
		size_t i = s->order[*step % s->n];

		if (s->places[i].out || is_newest(s, i) != (*step < s->n))
			continue;
		(*step)++;
		*place = i;
		return true;
	}
	return false;
}
