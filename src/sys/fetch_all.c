#include <stdlib.h>

#include "fetch_private.h"

struct call {
	const struct fetch_want *want;
	struct fetch_got *got;
	uint32_t *id;
	size_t n, pending;
};

static size_t
call_find(const struct call *c, uint32_t id)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->id[i] == id)
			return i;
	return c->n;
}

static void
call_event(struct call *c, const struct fetch_event *e)
{
	size_t i = call_find(c, e->id);
	struct fetch_got *g;
	struct buf body;
	bool full;

	if (i == c->n)
		return;
	g = &c->got[i];
	/* No room for a body: the wish goes on, and fails in the end. */
	if (e->type == FETCH_BODY && buf_span(&g->body, e->body) != ERR_OK)
		g->err = ERR_NOMEM;
	if (e->type != FETCH_END)
		return;
	full = g->err == ERR_NOMEM && e->got.err == ERR_OK;
	body = g->body;
	*g = e->got;
	g->body = body;
	g->notice = span_of(NULL, 0);
	if (full)
		g->err = diag_set(&g->diag, ERR_NOMEM, "out of memory");
	if (g->err != ERR_OK)
		buf_free(&g->body);
	c->id[i] = 0;
	c->pending--;
}

/* What has not ended by itself ends now. */
static void
call_close(struct fetch *f, struct call *c, enum err e, const char *why)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (c->id[i] == 0)
			continue;
		fetch_stop(f, c->id[i]);
		buf_free(&c->got[i].body);
		c->got[i].err = diag_set(&c->got[i].diag, e, "%s", why);
	}
}

static enum err
call_run(struct fetch *f, struct call *c, double seconds, struct diag *d)
{
	struct fetch_event event;
	enum err e = ERR_OK;
	bool have = true;
	size_t i;

	for (i = 0; e == ERR_OK && i < c->n; i++) {
		e = fetch_start(f, &c->want[i], seconds, &c->id[i], d);
		c->pending += c->id[i] != 0;
	}
	while (e == ERR_OK && c->pending > 0 && have) {
		e = fetch_next(f, seconds + 2, &event, &have, d);
		if (e == ERR_OK && have)
			call_event(c, &event);
	}
	return e;
}

enum err
fetch_all(struct fetch *f, const struct fetch_want *want, size_t n,
	double seconds, struct fetch_got *got, struct diag *d)
{
	struct call c = {.want = want, .got = got, .n = n};
	unsigned deaths = f->deaths;
	enum err e;
	size_t i;

	for (i = 0; i < n; i++) {
		got[i] = (struct fetch_got){.err = ERR_FAILED};
		buf_init(&got[i].body, want[i].n > 0 ? want[i].n : want[i].max);
	}
	if (n > LIMIT_WISHES)
		return diag_set(
			d, ERR_LIMIT, "over %d wishes at once", LIMIT_WISHES);
	if (f->n_live > 0)
		return diag_set(d, ERR_USAGE, "other wishes are still open");
	c.id = calloc(n + 1, sizeof(*c.id));
	if (c.id == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = call_run(f, &c, seconds, d);
	if (e != ERR_OK)
		call_close(f, &c, e, "the network process died");
	else
		call_close(f, &c, ERR_TIMEOUT, "no end in the time given");
	if (e == ERR_OK && f->deaths != deaths)
		e = diag_set(d, ERR_FAILED, "%s", f->death.why);
	free(c.id);
	return e;
}
