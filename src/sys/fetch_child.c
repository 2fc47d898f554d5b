#include "fetch_child.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "fetch_http.h"
#include "random.h"

struct child;

/* One wish, from its frame until its end. */
struct transfer {
	struct transfer *next;
	struct child *child;
	uint32_t id;
	bool running; /* false: waits for its turn */
	struct wire_want want;
	struct wire_done done;
	int64_t began, deadline;
	struct http http;
};

struct child {
	int fd;
	enum cell_kind kind; /* CELL_KINDS before the first wish */
	const struct fetch_options *options;
	struct http_rules rules;
	CURLM *multi;
	struct buf in;
	struct transfer *first, **last;
	struct transfer *running[LIMIT_TRANSFERS];
	size_t n_running;
	bool changed; /* a wish came or went: others may start */
};

void
done_set(struct wire_done *d, enum err e, const char *fmt, ...)
{
	va_list ap;

	if (d->err != ERR_COUNT)
		return;
	d->err = e;
	va_start(ap, fmt);
	if (vsnprintf(d->why, sizeof(d->why), fmt, ap) < 0)
		d->why[0] = '\0';
	va_end(ap);
}

/* Write it all; the parent always reads. Without a parent there is nothing
 * left to do. */
static void
send_all(int fd, struct iovec *v, int n)
{
	while (n > 0) {
		ssize_t k = writev(fd, v, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			_exit(0);
		while (n > 0 && (size_t)k >= v->iov_len) {
			k -= (ssize_t)v->iov_len;
			v++;
			n--;
		}
		if (n > 0) {
			v->iov_base = (char *)v->iov_base + k;
			v->iov_len -= (size_t)k;
		}
	}
}

static void
send_data(void *arg, const uint8_t *p, size_t n)
{
	struct transfer *t = arg;

	while (n > 0) {
		uint8_t head[FRAME_HEAD];
		size_t k = n < FRAME_BODY ? n : FRAME_BODY;
		struct iovec v[2] = {{head, sizeof(head)}, {(void *)p, k}};

		wire_head(head, FRAME_DATA, t->id, k);
		send_all(t->child->fd, v, 2);
		p += k;
		n -= k;
	}
}

/* Tell the parent first: letting go of a connection may take a moment. */
static void
transfer_end(struct transfer *t)
{
	struct child *c = t->child;
	struct transfer **at = &c->first;
	size_t i;
	struct buf out;
	struct iovec v;

	t->done.us = (uint64_t)(clock_steady() - t->began);
	buf_init(&out, FRAME_MAX);
	if (wire_done_add(&out, t->id, &t->done) != ERR_OK)
		_exit(1);
	v = (struct iovec){out.p, out.n};
	send_all(c->fd, &v, 1);
	buf_free(&out);
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (c->last == &t->next)
		c->last = at;
	for (i = 0; i < c->n_running; i++)
		if (c->running[i] == t)
			c->running[i] = c->running[--c->n_running];
	c->changed = true;
	http_stop(&t->http, c->multi);
	free(t);
}

static void
send_asked(void *arg)
{
	const struct transfer *t = arg;
	uint8_t head[FRAME_HEAD];
	struct iovec v = {head, sizeof(head)};

	wire_head(head, FRAME_ASKED, t->id, 0);
	send_all(t->child->fd, &v, 1);
}

/* What this kind of work needs, and no more than that from here on. */
static void
child_ready(struct child *c, enum cell_kind kind)
{
	c->kind = kind;
	if (kind != CELL_FOLDER) {
		/* The library reads its configuration; it must not later. */
		if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
			_exit(1);
		http_rules_default(&c->rules);
		random_fill(c->rules.plan.secret, sizeof(c->rules.plan.secret));
		c->multi = curl_multi_init();
		if (c->multi == NULL ||
			curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS,
				(long)LIMIT_TRANSFERS) != CURLM_OK)
			_exit(1);
		if (kind == CELL_SILENT)
			http_prime(c->multi);
	}
	if (!cell_confine(kind, c->options, c->rules.ca_file))
		_exit(CELL_NO_SANDBOX);
}

static void
transfer_new(struct child *c, const struct frame *f)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (t == NULL || wire_want_read(f->body, &t->want) != ERR_OK)
		_exit(1);
	if (c->kind == CELL_KINDS)
		child_ready(c, cell_kind_of(t->want.strategy));
	if (c->kind != cell_kind_of(t->want.strategy))
		_exit(1);
	t->child = c;
	t->id = f->id;
	t->done.err = ERR_COUNT;
	t->began = clock_steady();
	t->deadline = t->began + (int64_t)t->want.ms * 1000;
	t->http = (struct http){.want = &t->want,
		.done = &t->done,
		.sink = send_data,
		.asked_fn = send_asked,
		.arg = t};
	*c->last = t;
	c->last = &t->next;
	c->changed = true;
}

/* The parent has lost interest. It may have ended by itself meanwhile. */
static void
transfer_stop(struct child *c, const struct frame *f)
{
	struct transfer *t = c->first;

	while (t != NULL && t->id != f->id)
		t = t->next;
	if (t == NULL)
		return;
	done_set(&t->done, ERR_TIMEOUT, "stopped");
	transfer_end(t);
}

static void
requests_read(struct child *c)
{
	struct cursor at;
	struct frame f;
	bool have = true;
	ssize_t k;

	if (buf_reserve(&c->in, FRAME_MAX) != ERR_OK)
		_exit(1);
	k = recv(c->fd, c->in.p + c->in.n, FRAME_MAX, MSG_DONTWAIT);
	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (k <= 0)
		_exit(0);
	c->in.n += (size_t)k;
	at = (struct cursor){.in = buf_view(&c->in)};
	while (have) {
		if (wire_next(&at, &f, &have) != ERR_OK)
			_exit(1);
		if (have && f.type == FRAME_WANT)
			transfer_new(c, &f);
		else if (have && f.type == FRAME_STOP)
			transfer_stop(c, &f);
		else if (have)
			_exit(1);
	}
	c->in.n -= at.pos;
	memmove(c->in.p, c->in.p + at.pos, c->in.n);
}

/* Whether there is room for one more connection, in all and to its mirror. */
static bool
has_room(const struct child *c, const struct transfer *t)
{
	unsigned base = 0;
	size_t i;

	if (c->n_running == LIMIT_TRANSFERS)
		return false;
	for (i = 0; i < c->n_running; i++)
		base += strcmp(c->running[i]->want.base, t->want.base) == 0;
	return base < LIMIT_TRANSFERS_BASE;
}

/* Start what has room; folders are read on the spot. */
static void
transfers_start(struct child *c)
{
	struct transfer *t, *next;

	if (!c->changed)
		return;
	c->changed = false;
	for (t = c->first; t != NULL; t = next) {
		next = t->next;
		if (t->running)
			continue;
		if (c->kind == CELL_FOLDER) {
			folder_read(&t->want, send_data, t, &t->done);
			transfer_end(t);
		} else if (has_room(c, t)) {
			t->running = true;
			c->running[c->n_running++] = t;
			if (!http_start(&t->http, c->multi, &c->rules))
				transfer_end(t);
		}
	}
}

static void
transfers_finish(struct child *c)
{
	struct transfer *t;
	struct http *h;
	CURLMsg *m;
	CURLcode code;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		code = m->data.result;
		if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &h) !=
			CURLE_OK)
			_exit(1);
		t = h->arg;
		http_verdict(h, code);
		transfer_end(t);
	}
}

/* End what ran out of time. Returns milliseconds until the next look. */
static int
transfers_watch(struct child *c)
{
	struct transfer *t, *next;
	int64_t wait = 1000000;

	for (t = c->first; t != NULL; t = next) {
		int64_t now = clock_steady(), left;

		next = t->next;
		if (now >= t->deadline) {
			if (t->running)
				http_deadline(&t->http);
			done_set(&t->done, ERR_TIMEOUT,
				"its turn did not come in the time given");
			transfer_end(t);
			continue;
		}
		if (t->running && http_late(&t->http, now)) {
			transfer_end(t);
			continue;
		}
		left = t->deadline - now;
		if (left < wait)
			wait = left;
		left = t->running ? http_patience(&t->http, now) : wait;
		if (left < wait)
			wait = left;
	}
	return (int)(wait / 1000) + 1;
}

/* Wait for frames, and for what the network does. */
static void
child_wait(struct child *c, int ms)
{
	struct curl_waitfd parent = {.fd = c->fd, .events = CURL_WAIT_POLLIN};
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	if (c->multi == NULL)
		(void)poll(&p, 1, ms);
	else if (curl_multi_poll(c->multi, &parent, 1, ms, NULL) != CURLM_OK)
		_exit(1);
}

void
fetch_child(int fd, const struct fetch_options *o)
{
	struct child c = {.fd = fd,
		.kind = CELL_KINDS,
		.options = o,
		.rules = {.ca_file = o->ca_file,
			.plan = {.proxy = o->proxy, .resolver = o->resolver}}};
	int running, wait;

	c.last = &c.first;
	buf_init(&c.in, 2 * FRAME_MAX);
	for (;;) {
		transfers_start(&c);
		if (c.multi != NULL) {
			if (curl_multi_perform(c.multi, &running) != CURLM_OK)
				_exit(1);
			transfers_finish(&c);
		}
		wait = transfers_watch(&c);
		/* What ended may have made room for what waits. */
		transfers_start(&c);
		child_wait(&c, wait);
		/* Whatever revents says: not every system reports a parent
		 * that hung up as something to read. */
		requests_read(&c);
	}
}
