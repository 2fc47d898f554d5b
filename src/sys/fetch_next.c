#include <poll.h>

#include "clock.h"
#include "fetch_private.h"

static void
event_end(struct fetch *f, struct wish *w, struct fetch_event *e)
{
	*e = (struct fetch_event){
		.type = FETCH_END, .id = w->id, .got = w->got};
	f->n_live--;
}

enum taken { TAKEN_EVENT, TAKEN_NOTHING, TAKEN_LIE };

static enum taken
take_done(struct fetch *f, struct wish *w, struct span body,
	struct fetch_event *e)
{
	struct fetch_got *g = &w->got;
	struct wire_done done;

	if (wire_done_read(body, &done) != ERR_OK)
		return TAKEN_LIE;
	if (done.err == ERR_OK && w->n > 0 && w->came != w->n)
		return TAKEN_LIE;
	wish_close(f, w);
	if (w->forgotten)
		return TAKEN_NOTHING;
	g->wire = done.wire;
	g->requests = done.requests;
	g->status = done.status;
	g->connect = (double)done.connect_us / 1e6;
	g->first_byte = (double)done.first_us / 1e6;
	g->seconds = (double)done.us / 1e6;
	g->err = done.err;
	if (done.err != ERR_OK)
		diag_set(&g->diag, done.err, "%s", done.why);
	event_end(f, w, e);
	e->got.notice = done.notice;
	return TAKEN_EVENT;
}

/* One frame of the child, which may have been taken over: TAKEN_LIE when it
 * says what no honest child would, such as more than was asked for, which it
 * is there to notice. */
static enum taken
take_frame(struct fetch *f, enum cell_kind kind, const struct frame *fr,
	struct fetch_event *e)
{
	struct wish *w = wish_find(f, fr->id);

	if (w == NULL || !w->open || w->kind != kind)
		return TAKEN_LIE;
	*e = (struct fetch_event){.id = w->id};
	switch (fr->type) {
	case FRAME_DONE:
		return take_done(f, w, fr->body, e);
	case FRAME_DATA:
		if (fr->body.n == 0 || fr->body.n > w->cap - w->came)
			return TAKEN_LIE;
		w->came += fr->body.n;
		e->type = FETCH_BODY;
		e->body = fr->body;
		break;
	case FRAME_ASKED:
		if (fr->body.n != 0 || w->asked || w->came > 0)
			return TAKEN_LIE;
		w->asked = true;
		e->type = FETCH_ASKED;
		break;
	default:
		return TAKEN_LIE;
	}
	return w->forgotten ? TAKEN_NOTHING : TAKEN_EVENT;
}

/* The next event of what has been read, or of what ended here. */
static bool
event_take(struct fetch *f, struct fetch_event *e)
{
	enum cell_kind k;
	struct frame fr;
	struct wish *w;
	enum taken t;
	bool have;

	for (k = 0; k < CELL_KINDS; k++) {
		for (;;) {
			t = TAKEN_NOTHING;
			if (link_take(&f->link[k], &fr, &have) != ERR_OK)
				t = TAKEN_LIE;
			else if (have)
				t = take_frame(f, k, &fr, e);
			if (t == TAKEN_EVENT)
				return true;
			if (t == TAKEN_LIE)
				wish_lose(f, k,
					"the network process broke its "
					"protocol and was stopped");
			if (t == TAKEN_LIE || !have)
				break;
		}
	}
	for (w = f->wish; f->n_over > 0 && w < f->wish + SLOTS; w++) {
		if (!w->over)
			continue;
		w->over = false;
		f->n_over--;
		event_end(f, w, e);
		return true;
	}
	return false;
}

/* Stop children that left a wish without its end. Returns microseconds until
 * the next may have. */
static int64_t
wishes_watch(struct fetch *f)
{
	int64_t now = clock_steady() - f->away, wait = INT64_MAX;
	size_t left = f->n_open;
	struct wish *w;

	for (w = f->wish; left > 0 && w < f->wish + SLOTS; w++) {
		if (!w->open)
			continue;
		left--;
		if (now >= w->deadline + GRACE) {
			wish_lose(f, w->kind, NULL);
			return 0;
		}
		if (w->deadline + GRACE - now < wait)
			wait = w->deadline + GRACE - now;
	}
	return wait;
}

/* Exchange what can be exchanged within so many microseconds. */
static void
links_run(struct fetch *f, int64_t wait)
{
	struct pollfd p[CELL_KINDS];
	enum cell_kind kind[CELL_KINDS], k;
	nfds_t n = 0, i;
	int ms = wait > 1000000 ? 1000 : (int)((wait + 999) / 1000);

	for (k = 0; k < CELL_KINDS; k++) {
		struct link *l = &f->link[k];

		if (l->pid == 0)
			continue;
		kind[n] = k;
		p[n++] = (struct pollfd){.fd = l->fd,
			.events = (short)(l->sent < l->out.n ? POLLIN | POLLOUT
							     : POLLIN)};
	}
	if (poll(p, n, ms) <= 0)
		return;
	for (i = 0; i < n; i++) {
		struct link *l = &f->link[kind[i]];

		if ((p[i].revents & POLLOUT) && !link_write(l))
			p[i].revents |= POLLHUP;
		/* What it said before it died counts. */
		if ((p[i].revents & (POLLIN | POLLHUP | POLLERR)) &&
			!link_read(l))
			wish_lose(f, kind[i], NULL);
	}
}

enum err
fetch_next(struct fetch *f, double seconds, struct fetch_event *e, bool *have,
	struct diag *d)
{
	int64_t now = clock_steady(), until, wait;
	bool asked = false, idle;

	(void)d;
	wish_attend(f);
	if (!(seconds > 0))
		seconds = 0;
	if (seconds > LIMIT_FETCH_SECONDS)
		seconds = LIMIT_FETCH_SECONDS;
	until = now + (int64_t)(seconds * 1e6);
	for (;;) {
		*have = event_take(f, e);
		now = clock_steady();
		/* What was stopped has words to come, which free its place:
		 * that is waited for when places run short. */
		idle = f->n_live == 0 && f->n_open < SLOTS / 2;
		if (*have || f->n_open + f->n_over == 0 ||
			(asked && (idle || now >= until)))
			break;
		wait = idle ? 0 : wishes_watch(f);
		if (until - now < wait)
			wait = until > now ? until - now : 0;
		links_run(f, wait);
		asked = true;
	}
	f->left = now;
	return ERR_OK;
}
