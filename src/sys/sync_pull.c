/* Bundles on their way: the head first, then the texts from several mirrors,
 * every part checked as it comes, so that each lie has one liar. What takes
 * long is kept in pieces, so that an interrupted sync goes on where it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "sync_priv.h"

/* How many bytes may be lost by an interruption, and how many microseconds:
 * what comes sooner is not worth the writing. */
#define KEEP_EACH (512 * LIMIT_KIB)
#define KEEP_TIME (5 * (int64_t)1000000)

void
sync_pull_clear(struct sync_pull *p)
{
	buf_free(&p->path);
	buf_free(&p->got);
	free(p->parts);
	bundle_free(p->b);
}

enum err
sync_pull_start(
	struct sync_pull *p, const struct trust_target *g, struct diag *d)
{
	enum err e;

	*p = (struct sync_pull){.g = g, .kept_at = clock_steady()};
	buf_init(&p->path, LIMIT_PATH + 80);
	if (!trust_target_bundle(g, &p->head, &p->digest, &p->text_end) ||
		!trust_target_sha256(g, p->sha256))
		return diag_set(d, ERR_UNSUPPORTED, "not told as a bundle");
	if (p->head <= BUNDLE_PREFIX)
		return diag_set(d, ERR_REFUSED, "it is told to have no index");
	if (p->text_end > LIMIT_BUNDLE_TEXT)
		return diag_set(d, ERR_LIMIT, "its texts are over %zu bytes",
			(size_t)LIMIT_BUNDLE_TEXT);
	if (p->head > p->text_end)
		return diag_set(
			d, ERR_REFUSED, "its head is told to be over its end");
	buf_init(&p->got, (size_t)p->text_end);
	e = sync_target_path(g, &p->path);
	return e == ERR_OK ? e : diag_set(d, e, "its path is not usable");
}

/* ---- what came */

/* Whether the index is the one that its target promises. */
static enum err
index_check(const struct sync_pull *p, struct diag *d)
{
	if (strcmp(bundle_path(p->b), trust_target_path(p->g)) != 0)
		return diag_set(d, ERR_REFUSED,
			"its index says that it is another bundle");
	if (bundle_text_end(p->b) != p->text_end ||
		bundle_length(p->b) != trust_target_length(p->g))
		return diag_set(d, ERR_REFUSED,
			"its index and its metadata differ in length");
	return ERR_OK;
}

/* The parts of the texts, once the index is here. */
static enum err
parts_list(struct sync_pull *p, struct diag *d)
{
	size_t i, k, n, all = 0;
	uint64_t at;

	for (i = 0; i < bundle_objects(p->b); i++)
		all += bundle_object(p->b, i)->n_parts;
	p->parts = calloc(all + 1, sizeof(*p->parts));
	if (p->parts == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < bundle_objects(p->b); i++)
		for (k = 0; k < bundle_object(p->b, i)->n_parts; k++) {
			bundle_part_range(p->b, i, k, &at, &n);
			if (at + n > p->text_end)
				continue;
			p->parts[p->n_parts++] =
				(struct sync_part){.offset = at,
					.n = (uint32_t)n,
					.object = (uint32_t)i,
					.part = (uint32_t)k};
		}
	return ERR_OK;
}

struct sync_part *
sync_part_at(struct sync_part *list, size_t n, uint64_t offset)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && list[low].offset == offset ? &list[low] : NULL;
}

/* Room for all of it, zeroed. */
static enum err
pull_room(struct sync_pull *p)
{
	size_t n = (size_t)p->text_end;

	if (p->got.n > 0)
		return ERR_OK;
	if (buf_reserve(&p->got, n) != ERR_OK)
		return ERR_NOMEM;
	memset(p->got.p, 0, n);
	p->got.n = n;
	return ERR_OK;
}

/* The head: verify and open it. What is signed and yet not accepted is no
 * mirror's fault, and no other mirror can help. */
static enum err
head_take(struct sync_pull *p, struct span s, enum err *verdict,
	struct diag *why, struct diag *d)
{
	struct verified *v = NULL;
	enum err e;

	*verdict = trust_verify_head(p->g, s, &v, why);
	if (*verdict != ERR_OK)
		return *verdict == ERR_NOMEM
			       ? diag_set(d, ERR_NOMEM, "out of memory")
			       : ERR_OK;
	e = bundle_open(v, &p->b, &p->refusal);
	if (e == ERR_OK)
		e = index_check(p, &p->refusal);
	verified_free(v);
	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	p->refused = e != ERR_OK;
	if (p->refused)
		return ERR_OK;
	if (pull_room(p) != ERR_OK)
		return diag_set(d, ERR_NOMEM, "out of memory");
	memmove(p->got.p, s.p, s.n);
	return parts_list(p, d);
}

static enum err
part_take(struct sync_pull *p, uint64_t offset, struct span s,
	enum err *verdict, struct diag *why, struct diag *d)
{
	struct sync_part *x = sync_part_at(p->parts, p->n_parts, offset);
	struct verified *v = NULL;

	if (x == NULL)
		return diag_set(d, ERR_FAILED, "a part that was not wanted");
	*verdict = bundle_part_verify(p->b, x->object, x->part, s, &v, why);
	verified_free(v);
	if (*verdict == ERR_NOMEM)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (*verdict != ERR_OK)
		return ERR_OK;
	memmove(p->got.p + offset, s.p, s.n);
	x->here = true;
	p->loose += s.n;
	return ERR_OK;
}

/* ---- keeping what is here */

static enum err
row_add(struct sync *s, const struct sync_pull *p, uint64_t from, uint64_t to,
	struct diag *d)
{
	if (to == from)
		return ERR_OK;
	return library_part_add(s->lib, s->outlet->id, p->sha256, from,
		span_sub(buf_view(&p->got), (size_t)from, (size_t)(to - from)),
		s->o->now, d);
}

/* Parts side by side make one row. */
static enum err
rows_add(struct sync *s, struct sync_pull *p, struct diag *d)
{
	uint64_t from = 0, to = p->head_kept ? 0 : p->head;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < p->n_parts; i++) {
		struct sync_part *x = &p->parts[i];

		if (!x->here || x->kept)
			continue;
		if (x->offset != to) {
			e = row_add(s, p, from, to, d);
			from = x->offset;
		}
		to = x->offset + x->n;
	}
	return e == ERR_OK ? row_add(s, p, from, to, d) : e;
}

/* Keep what would be lost. Only of mirrors: a folder or stick has it all. */
static enum err
pull_keep(struct sync *s, struct sync_pull *p, struct diag *d)
{
	enum err e;
	size_t i;

	if (s->o->from != NULL || p->loose == 0)
		return ERR_OK;
	e = library_begin(s->lib, d);
	if (e == ERR_OK)
		e = rows_add(s, p, d);
	if (e == ERR_OK)
		e = library_commit(s->lib, d);
	if (e != ERR_OK) {
		library_rollback(s->lib);
		return e;
	}
	for (i = 0; i < p->n_parts; i++)
		p->parts[i].kept |= p->parts[i].here;
	p->head_kept = p->found = true;
	p->loose = 0;
	p->kept_at = clock_steady();
	return ERR_OK;
}

static bool
is_keeping_due(const struct sync_pull *p)
{
	return p->loose >= KEEP_EACH ||
	       clock_steady() - p->kept_at >= KEEP_TIME;
}

static void
row_read(void *arg, uint64_t at, struct span s)
{
	struct sync_pull *p = arg;

	if (at >= p->text_end || s.n > p->text_end - at)
		return;
	if (pull_room(p) != ERR_OK)
		return;
	memcpy(p->got.p + at, s.p, s.n);
	p->found = true;
}

/* What an earlier sync kept, as far as it is right. */
static enum err
pull_resume(struct sync *s, struct sync_pull *p, struct diag *d)
{
	enum err verdict, e;
	struct diag why;
	size_t i;

	e = library_parts(s->lib, s->outlet->id, p->sha256, row_read, p, d);
	if (e != ERR_OK || !p->found)
		return e;
	e = head_take(
		p, span_sub(buf_view(&p->got), 0, p->head), &verdict, &why, d);
	if (e != ERR_OK || verdict != ERR_OK || p->refused)
		return e;
	p->head_kept = true;
	for (i = 0; e == ERR_OK && i < p->n_parts; i++) {
		struct sync_part *x = &p->parts[i];

		e = part_take(p, x->offset,
			span_sub(buf_view(&p->got), (size_t)x->offset, x->n),
			&verdict, &why, d);
		x->kept = x->here;
	}
	p->loose = 0;
	return e;
}

/* ---- together */

struct pulling {
	struct sync *s;
	struct sync_pull *list;
	size_t n;
	struct sync_file *with; /* the file behind those */
	struct sync_dicts *dicts;
	size_t first; /* of their files */
};

/* A whole file of the job, or NULL: a bundle. */
static struct sync_file *
file_of(const struct pulling *x, size_t file)
{
	if (file < x->n)
		return NULL;
	return file < x->first ? x->with
			       : sync_dicts_file(x->dicts, file - x->first);
}

static enum err
units_add(struct sync *s, struct sync_pull *p, size_t file, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < p->n_parts; i++)
		if (!p->parts[i].here)
			e = engine_unit(s->engine, file, p->parts[i].offset,
				p->parts[i].n, d);
	engine_close(s->engine, file);
	return e;
}

static enum err
dicts_ask(struct pulling *x, const struct sync_pull *p, struct diag *d)
{
	return x->dicts == NULL
		       ? ERR_OK
		       : sync_dicts_ask(x->s, x->dicts, p->b, x->first, d);
}

static enum err
pull_take(void *arg, size_t route, size_t file, uint64_t offset,
	struct span bytes, enum err *verdict, struct diag *d)
{
	struct pulling *x = arg;
	struct sync *s = x->s;
	struct sync_file *f = file_of(x, file);
	struct sync_pull *p = f != NULL ? NULL : &x->list[file];
	size_t place = s->routes[route].place;
	struct diag why = {.why = ""};
	enum err e;

	if (f != NULL)
		return sync_file_take(s, f, route, bytes, verdict, d);
	if (p->b == NULL) {
		e = head_take(p, bytes, verdict, &why, d);
		if (e == ERR_OK && *verdict == ERR_OK)
			e = units_add(s, p, file, d);
		if (e == ERR_OK && p->b != NULL && !p->refused)
			e = dicts_ask(x, p, d);
	} else {
		e = part_take(p, offset, bytes, verdict, &why, d);
		if (e == ERR_OK && *verdict == ERR_OK && is_keeping_due(p))
			e = pull_keep(s, p, d);
	}
	if (e == ERR_OK && *verdict != ERR_OK)
		sync_blame(s, place, trust_target_path(p->g), *verdict, &why,
			&p->why);
	else if (e == ERR_OK)
		s->r->mirrors[place].worked = true;
	return e;
}

static void
pull_failed(void *arg, size_t route, size_t file, bool soft,
	const struct fetch_got *got)
{
	struct pulling *x = arg;
	struct sync_file *f = file_of(x, file);
	struct sync_pull *p = f != NULL ? NULL : &x->list[file];

	if (f != NULL) {
		sync_file_failed(x->s, f, route, soft, got);
		return;
	}
	sync_failed(x->s, route, trust_target_path(p->g), buf_cstr(&p->path),
		soft, got, &p->why);
}

static void
pull_progress(void *arg, size_t route)
{
	struct pulling *x = arg;

	sync_progress(x->s, route);
}

static enum err
pull_begin(struct sync *s, struct sync_pull *p, size_t file, struct diag *d)
{
	enum err e = pull_resume(s, p, d);

	if (e == ERR_OK)
		e = engine_units(s->engine, file, buf_cstr(&p->path),
			p->text_end, p->b == NULL && !p->refused, d);
	if (e != ERR_OK || p->refused)
		return e;
	if (p->b == NULL)
		return engine_unit(s->engine, file, 0, p->head, d);
	return units_add(s, p, file, d);
}

/* What became of one. */
static enum err
pull_end(struct sync *s, struct sync_pull *p, bool done, struct diag *d)
{
	const char *path = trust_target_path(p->g);

	if (p->refused) {
		s->refused = true;
		return sync_note(
			s, d, "%s is left out: %s", path, p->refusal.why);
	}
	p->ok = done && p->b != NULL;
	if (p->ok)
		return ERR_OK;
	if (p->why.err == ERR_OK)
		diag_set(&p->why.diag, p->why.err = ERR_MISSING,
			"no mirror is left to ask for %s", path);
	sync_worse(&s->worst, p->why.err, &p->why.diag);
	s->r->absent++;
	return p->b == NULL ? ERR_OK : pull_keep(s, p, d);
}

enum err
sync_pull_all(struct sync *s, struct sync_pull *list, size_t n,
	struct sync_file *with, struct sync_dicts *dicts, struct diag *d)
{
	struct pulling x = {.s = s,
		.list = list,
		.n = n,
		.with = with,
		.dicts = dicts,
		.first = n + (with != NULL)};
	struct engine_calls calls = {.take = pull_take,
		.failed = pull_failed,
		.progress = pull_progress,
		.arg = &x};
	size_t i, files = x.first + (dicts != NULL ? SYNC_DICTS : 0);
	enum err e = sync_keep(s, d);

	if (e == ERR_OK)
		e = engine_begin(s->engine, files, 0, sync_seconds(s), d);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = pull_begin(s, &list[i], i, d);
	/* What an earlier sync had kept tells what it needs. */
	for (i = 0; e == ERR_OK && i < n; i++)
		if (list[i].b != NULL && !list[i].refused)
			e = dicts_ask(&x, &list[i], d);
	if (e == ERR_OK && with != NULL)
		e = engine_whole(
			s->engine, n, with->path, with->max, with->length, d);
	if (e == ERR_OK)
		e = engine_run(s->engine, &calls, d);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = pull_end(s, &list[i], engine_done(s->engine, i), d);
	if (e == ERR_OK && with != NULL)
		with->ok = engine_done(s->engine, n);
	if (e == ERR_OK && dicts != NULL)
		sync_dicts_end(s, dicts, x.first);
	return e;
}
