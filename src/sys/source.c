#include "source.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../core/mirrors.h"
#include "../core/text.h"
#include "archive.h"
#include "file.h"

struct place {
	char *base;
	bool allow_private;
	struct archive *archive;   /* or NULL */
	const struct route *route; /* or NULL */
};

/* A wish of a share file: read at once, told by two events. */
#define READS 8
#define READ_ID 0x80000000u

struct reading {
	uint32_t id; /* 0: free */
	bool told;   /* its body */
	struct source_got got;
};

struct source {
	struct fetch *fetch;
	struct place *list;
	size_t n;
	struct reading reads[READS];
	uint32_t last_read;
};

struct source *
source_new(struct fetch *f)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->fetch = f;
	return s;
}

void
source_free(struct source *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		free(s->list[i].base);
		archive_close(s->list[i].archive);
	}
	for (i = 0; i < READS; i++)
		buf_free(&s->reads[i].got.body);
	free(s->list);
	free(s);
}

const char *
source_share_name(const struct source *s, size_t place, size_t i)
{
	const struct archive *a = s->list[place].archive;

	return a == NULL ? NULL : archive_name(a, i);
}

static enum err
place_add(struct source *s, const char *base, bool allow_private,
	struct archive *archive, struct diag *d)
{
	struct place *more = realloc(s->list, (s->n + 1) * sizeof(*more));
	char *copy = strdup(base);

	if (more != NULL)
		s->list = more;
	if (more == NULL || copy == NULL) {
		free(copy);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	s->list[s->n++] = (struct place){.base = copy,
		.allow_private = allow_private,
		.archive = archive};
	return ERR_OK;
}

enum err
source_add_mirror(
	struct source *s, const char *base, bool allow_private, struct diag *d)
{
	return place_add(s, base, allow_private, NULL, d);
}

enum err
source_add_share(struct source *s, const char *path, struct diag *d)
{
	struct archive *a;
	enum err e = archive_open(path, &a, d);

	if (e == ERR_OK)
		e = place_add(s, path, true, a, d);
	if (e != ERR_OK)
		archive_close(a);
	return e;
}

enum err
source_add_any(struct source *s, const char *what, struct diag *d)
{
	char shown[120], full[PATH_MAX];

	text_show(shown, sizeof(shown), span_str(what));
	if (strstr(what, "://") != NULL) {
		if (!mirrors_base_ok(span_str(what)))
			return diag_set(d, ERR_USAGE,
				"%s is not a mirror's address; it begins with "
				"https:// or http:// and ends in /",
				shown);
		return source_add_mirror(s, what, true, d);
	}
	if (realpath(what, full) == NULL)
		return file_errno(what, d);
	if (!file_is_dir(full))
		return source_add_share(s, full, d);
	if (!mirrors_base_ok(span_str(full)))
		return diag_set(d, ERR_USAGE,
			"%s: a folder of this name cannot be a mirror", shown);
	return source_add_mirror(s, full, true, d);
}

/* ---- asking */

static void
share_get(const struct place *p, const struct source_want *w,
	struct source_got *g)
{
	g->err = archive_read(p->archive, w->path, w->offset, w->n, w->max,
		&g->body, &g->diag);
}

enum err
source_get(struct source *s, const struct source_want *want, size_t n,
	double seconds, struct source_got *got, struct diag *d)
{
	struct fetch_want fw[SOURCE_WANTS];
	struct fetch_got fg[SOURCE_WANTS];
	size_t which[SOURCE_WANTS], i, k = 0;
	const struct place *p;
	enum err e = ERR_OK;

	for (i = 0; i < n; i++) {
		got[i] = (struct source_got){.err = ERR_FAILED};
		buf_init(&got[i].body, want[i].n > 0 ? want[i].n : want[i].max);
	}
	if (n > SOURCE_WANTS)
		return diag_set(d, ERR_LIMIT, "too many wishes at once");
	for (i = 0; i < n; i++) {
		p = &s->list[want[i].place];
		if (p->archive != NULL) {
			share_get(p, &want[i], &got[i]);
			continue;
		}
		which[k] = i;
		fw[k++] = (struct fetch_want){.base = p->base,
			.path = want[i].path,
			.offset = want[i].offset,
			.n = want[i].n,
			.max = want[i].max,
			.allow_private = p->allow_private};
	}
	if (k == 0)
		return ERR_OK;
	if (s->fetch == NULL)
		return diag_set(d, ERR_FAILED, "nothing fetches here");
	e = fetch_all(s->fetch, fw, k, seconds, fg, d);
	for (i = 0; i < k; i++) {
		struct source_got *g = &got[which[i]];

		buf_free(&g->body);
		*g = (struct source_got){.err = fg[i].err,
			.diag = fg[i].diag,
			.body = fg[i].body,
			.wire = fg[i].wire,
			.requests = fg[i].requests,
			.seconds = fg[i].seconds};
	}
	return e;
}

/* ---- one by one */

enum err
source_add_route(struct source *s, const struct route *r, struct diag *d)
{
	enum err e = place_add(s, r->base, r->allow_private, NULL, d);

	if (e == ERR_OK)
		s->list[s->n - 1].route = r;
	return e;
}

static enum err
read_start(struct source *s, const struct source_want *w, uint32_t *id,
	struct diag *d)
{
	struct reading *r = s->reads;

	while (r < s->reads + READS && r->id != 0)
		r++;
	if (r == s->reads + READS)
		return diag_set(d, ERR_LIMIT, "too many wishes at once");
	s->last_read = (s->last_read + 1) % 0x10000000;
	*r = (struct reading){.id = READ_ID | s->last_read};
	*id = r->id;
	buf_init(&r->got.body, w->n > 0 ? w->n : w->max);
	share_get(&s->list[w->place], w, &r->got);
	return ERR_OK;
}

enum err
source_start(struct source *s, const struct source_want *w, bool fresh,
	double seconds, uint32_t *id, struct diag *d)
{
	const struct place *p = &s->list[w->place];
	struct fetch_want fw = {.base = p->base,
		.path = w->path,
		.offset = w->offset,
		.n = w->n,
		.max = w->max,
		.allow_private = p->allow_private,
		.route = p->route,
		.fresh = fresh};

	if (p->archive != NULL)
		return read_start(s, w, id, d);
	if (s->fetch == NULL)
		return diag_set(d, ERR_FAILED, "nothing fetches here");
	return fetch_start(s->fetch, &fw, seconds, id, d);
}

static void
read_free(struct reading *r)
{
	buf_free(&r->got.body);
	*r = (struct reading){.id = 0};
}

void
source_stop(struct source *s, uint32_t id)
{
	size_t i;

	if (!(id & READ_ID)) {
		if (s->fetch != NULL)
			fetch_stop(s->fetch, id);
		return;
	}
	for (i = 0; i < READS; i++)
		if (s->reads[i].id == id)
			read_free(&s->reads[i]);
}

static bool
read_next(struct source *s, struct source_event *e)
{
	size_t i;

	for (i = 0; i < READS; i++) {
		struct reading *r = &s->reads[i];

		if (r->id == 0)
			continue;
		e->id = r->id;
		if (!r->told && r->got.err == ERR_OK && r->got.body.n > 0) {
			r->told = true;
			e->type = SOURCE_BODY;
			e->body = buf_view(&r->got.body);
			return true;
		}
		e->type = SOURCE_END;
		e->got = (struct fetch_got){
			.err = r->got.err, .diag = r->got.diag};
		read_free(r);
		return true;
	}
	return false;
}

enum err
source_next(struct source *s, double seconds, struct source_event *e,
	bool *have, struct diag *d)
{
	struct fetch_event fe;
	enum err err;

	*e = (struct source_event){.id = 0};
	*have = read_next(s, e);
	if (*have || s->fetch == NULL)
		return ERR_OK;
	err = fetch_next(s->fetch, seconds, &fe, have, d);
	if (err != ERR_OK || !*have)
		return err;
	e->id = fe.id;
	e->type = fe.type == FETCH_ASKED  ? SOURCE_ASKED
		  : fe.type == FETCH_BODY ? SOURCE_BODY
					  : SOURCE_END;
	e->body = fe.body;
	e->got = fe.got;
	return ERR_OK;
}

enum err
source_file(struct source *s, size_t place, const char *path, size_t max,
	struct buf *out, struct diag *d)
{
	struct source_want want = {.place = place, .path = path, .max = max};
	struct source_got got;
	enum err e = source_get(s, &want, 1, 60, &got, d);

	if (e == ERR_OK && got.err != ERR_OK)
		e = diag_set(d, got.err, "%s: %s", path, got.diag.why);
	else if (e == ERR_OK)
		e = buf_span(out, buf_view(&got.body));
	buf_free(&got.body);
	return e;
}
