#include "fetch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "confine_role.h"
#include "fetch_private.h"

#define SLOTS ((uint32_t)LIMIT_WISHES) /* a power of two */

/* Copy a string of the options. */
static bool
keep(struct fetch *f, size_t i, const char **s)
{
	if (*s == NULL)
		return true;
	f->strings[i] = strdup(*s);
	*s = f->strings[i];
	return *s != NULL;
}

const char *
fetch_sandbox(void)
{
	const char *why;

	(void)confine_can(&why);
	return why;
}

static enum err
sandbox_check(struct diag *d)
{
	const char *why = fetch_sandbox();

	if (why[0] == '\0')
		return ERR_OK;
	return diag_set(d, ERR_FAILED,
		"the network process cannot be shut in as you require: %s",
		why);
}

enum err
fetch_new(const struct fetch_options *o, struct fetch **out, struct diag *d)
{
	struct fetch *f = calloc(1, sizeof(*f));
	enum err e = ERR_OK;
	size_t i;

	*out = NULL;
	if (f != NULL)
		f->wish = calloc(SLOTS, sizeof(*f->wish));
	if (f == NULL || f->wish == NULL)
		goto memory;
	f->left = clock_steady();
	if (o != NULL)
		f->options = *o;
	if (!keep(f, 0, &f->options.ca_file) ||
		!keep(f, 1, &f->options.proxy) ||
		!keep(f, 2, &f->options.resolver))
		goto memory;
	if (f->options.require_sandbox)
		e = sandbox_check(d);
	for (i = 0; e == ERR_OK && i < CELL_KINDS; i++)
		e = link_start(&f->spare[i], &f->options, d);
	if (e != ERR_OK) {
		fetch_free(f);
		return e;
	}
	*out = f;
	return ERR_OK;
memory:
	fetch_free(f);
	return diag_set(d, ERR_NOMEM, "out of memory");
}

void
fetch_free(struct fetch *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < CELL_KINDS; i++)
		link_stop(&f->link[i], NULL);
	for (i = 0; i < SPARES; i++)
		link_stop(&f->spare[i], NULL);
	free(f->wish);
	for (i = 0; i < sizeof(f->strings) / sizeof(f->strings[0]); i++)
		free(f->strings[i]);
	free(f);
}

/* Whether this process has a network to give up. */
static bool
has_network(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return errno != EPERM && errno != EACCES;
	close(fd);
	return true;
}

enum err
fetch_offline(struct fetch *f, struct diag *d)
{
	static const struct confine_reach none = {.read = NULL};
	unsigned held, whole = confine_whole(CONFINE_OFFLINE);
	enum err e = ERR_OK;
	size_t i;

	/* Filters add up, and each costs. */
	f->offline = !has_network();
	if (f->offline)
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < SPARES; i++)
		if (f->spare[i].pid == 0)
			e = link_start(&f->spare[i], &f->options, d);
	if (e != ERR_OK)
		return e;
	held = confine_enter(CONFINE_OFFLINE, &none);
	f->offline = (held & whole) == whole;
	if (!f->offline && f->options.require_sandbox)
		return diag_set(d, ERR_FAILED,
			"this process cannot give up its network as you "
			"require: system calls cannot be filtered here");
	return ERR_OK;
}

uint64_t
fetch_wire(const struct fetch *f)
{
	return f->wire;
}

pid_t
fetch_pid(const struct fetch *f)
{
	size_t i;

	for (i = 0; i < CELL_KINDS; i++)
		if (f->link[i].pid != 0)
			return f->link[i].pid;
	for (i = 0; i < SPARES; i++)
		if (f->spare[i].pid != 0)
			return f->spare[i].pid;
	return 0;
}

/* The caller is back. */
static void
attend(struct fetch *f)
{
	int64_t now = clock_steady();

	f->away += now - f->left;
	f->left = now;
}

/* ---- the end of wishes */

/* The child has no more to say of it. */
static void
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

/* A child is gone, or is to go: its wishes end. */
static void
child_lost(struct fetch *f, enum cell_kind kind, const char *why)
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

/* Of a wish that has not ended, or NULL. */
static struct wish *
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
	attend(f);
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
		child_lost(f, w->kind, NULL);
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
		child_lost(f, w->kind, NULL);
}

/* ---- frames and events */

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
	f->wire += done.wire;
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
				child_lost(f, k,
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
			child_lost(f, w->kind, NULL);
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
			child_lost(f, kind[i], NULL);
	}
}

enum err
fetch_next(struct fetch *f, double seconds, struct fetch_event *e, bool *have,
	struct diag *d)
{
	int64_t now = clock_steady(), until, wait;
	bool asked = false;

	(void)d;
	attend(f);
	if (!(seconds > 0))
		seconds = 0;
	if (seconds > LIMIT_FETCH_SECONDS)
		seconds = LIMIT_FETCH_SECONDS;
	until = now + (int64_t)(seconds * 1e6);
	for (;;) {
		*have = event_take(f, e);
		now = clock_steady();
		if (*have || f->n_live == 0 || (asked && now >= until))
			break;
		wait = wishes_watch(f);
		if (until - now < wait)
			wait = until > now ? until - now : 0;
		links_run(f, wait);
		asked = true;
	}
	f->left = now;
	return ERR_OK;
}
