#include <stdlib.h>

#include "clock.h"
#include "fetch_private.h"

void
wish_attend(struct fetch *f)
{
	int64_t now = clock_steady();

	f->away += now - f->left;
	f->left = now;
}

/* ---- the end of wishes */

void
wish_close(struct fetch *f, struct wish *w)
{
	w->open = false;
	f->n_open--;
}

/* It ends by what happened here: an event tells of it later. */
static void
wish_fail(struct fetch *f, struct wish *w, enum err e, const char *why)
{
	w->got.seconds = (double)(clock_steady() - w->began) / 1e6;
	w->got.err = diag_set(&w->got.diag, e, "%s", why);
	w->over = true;
	f->n_over++;
}

void
wish_lose(struct fetch *f, enum cell_kind kind, const char *why)
{
	struct link *l = &f->link[kind];
	int64_t now = clock_steady() - f->away;
	struct wish *w;

	f->deaths++;
	link_stop(l, &f->death);
	if (why != NULL)
		diag_set(&f->death, ERR_FAILED, "%s", why);
	for (w = f->wish; w < f->wish + SLOTS; w++) {
		if (!w->open || w->kind != kind)
			continue;
		wish_close(f, w);
		if (w->forgotten)
			continue;
		if (now >= w->deadline)
			wish_fail(
				f, w, ERR_TIMEOUT, "no end in the time given");
		else
			wish_fail(f, w, ERR_FAILED, "the network process died");
	}
}

/* ---- starting and stopping */

static enum err
link_ready(struct fetch *f, enum cell_kind kind, struct diag *d)
{
	struct link *l = &f->link[kind];
	size_t i;

	if (l->pid != 0)
		return ERR_OK;
	for (i = 0; i < SPARES; i++) {
		if (f->spare[i].pid == 0)
			continue;
		*l = f->spare[i];
		f->spare[i] = (struct link){0};
		return ERR_OK;
	}
	if (f->offline)
		return diag_set(d, ERR_FAILED,
			"the network process died too often; try again");
	return link_start(l, &f->options, d);
}

static struct wish *
wish_new(struct fetch *f)
{
	struct wish *w;
	uint32_t i;

	for (i = 0; i < SLOTS; i++) {
		w = &f->wish[(f->next + i) % SLOTS];
		if (w->open || w->over)
			continue;
		f->next = (f->next + i + 1) % SLOTS;
		f->serial = (f->serial + 1) % (UINT32_MAX / SLOTS);
		*w = (struct wish){
			.id = (f->serial + 1) * SLOTS | (uint32_t)(w - f->wish),
			.began = clock_steady(),
			.got.err = ERR_FAILED};
		return w;
	}
	return NULL;
}

struct wish *
wish_find(struct fetch *f, uint32_t id)
{
	struct wish *w = &f->wish[id % SLOTS];

	return w->id == id && (w->open || w->over) ? w : NULL;
}

static enum err
wish_send(struct fetch *f, struct wish *w, const struct fetch_want *want,
	uint32_t ms, struct diag *d)
{
	struct wire_want *wire = malloc(sizeof(*wire));
	struct link *l;
	enum err e;

	if (wire == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	want_wire(want, &f->options, ms, wire);
	w->kind = cell_kind_of(wire->strategy);
	l = &f->link[w->kind];
	e = link_ready(f, w->kind, d);
	if (e == ERR_OK) {
		e = wire_want_add(&l->out, w->id, wire);
		if (e != ERR_OK)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	free(wire);
	if (e != ERR_OK)
		return e;
	w->open = true;
	f->n_open++;
	return ERR_OK;
}

enum err
fetch_start(struct fetch *f, const struct fetch_want *want, double seconds,
	uint32_t *id, struct diag *d)
{
	struct wish *w;
	uint32_t ms;
	enum err e;

	*id = 0;
	wish_attend(f);
	w = wish_new(f);
	if (w == NULL)
		return diag_set(d, ERR_LIMIT, "over %u wishes at once", SLOTS);
	if (!(seconds > 0.001)) /* also when it is no number */
		seconds = 0.001;
	if (seconds > LIMIT_FETCH_SECONDS)
		seconds = LIMIT_FETCH_SECONDS;
	ms = (uint32_t)(seconds * 1000);
	w->deadline = w->began - f->away + (int64_t)ms * 1000;
	w->n = want->n;
	w->cap = want->n > 0 ? want->n : want->max;
	if (!want_ok(want, &w->got.diag)) {
		w->got.err = w->got.diag.code;
		w->over = true;
		f->n_over++;
	} else {
		e = wish_send(f, w, want, ms, d);
		if (e != ERR_OK)
			return e;
	}
	*id = w->id;
	f->n_live++;
	if (w->open && !link_write(&f->link[w->kind])) {
		wish_lose(f, w->kind, NULL);
		/* The caller will not ask for it. */
		fetch_stop(f, *id);
		*id = 0;
		return diag_set(d, ERR_FAILED, "%s", f->death.why);
	}
	return ERR_OK;
}

void
fetch_stop(struct fetch *f, uint32_t id)
{
	struct wish *w = wish_find(f, id);

	if (w == NULL || w->forgotten)
		return;
	f->n_live--;
	if (w->over) {
		w->over = false;
		f->n_over--;
		return;
	}
	/* It stays open until the child has said so. */
	w->forgotten = true;
	if (wire_empty_add(&f->link[w->kind].out, FRAME_STOP, id) != ERR_OK ||
		!link_write(&f->link[w->kind]))
		wish_lose(f, w->kind, NULL);
}
