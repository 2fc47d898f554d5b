#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../core/mirrors.h"
#include "clock.h"
#include "fetch_child.h"
#include "fetch_wire.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE is set instead */
#endif

/* The child ends each wish at its deadline; it gets this much longer to say
 * so before it is taken for stuck, microseconds. */
#define GRACE 500000

struct fetch {
	struct fetch_options options;
	char *ca_file;
	pid_t pid; /* 0: no child */
	int fd;
	uint16_t serial; /* of the call, so that no frame outlives it */
	struct buf in;
};

/* One call of fetch_all. */
struct call {
	struct fetch *f;
	const struct fetch_want *want;
	struct fetch_got *got;
	bool *open; /* which wishes have not ended */
	size_t n, pending;
	struct buf out; /* frames still to be sent, from `sent` on */
	size_t sent;
	bool lied; /* the child said what no honest one would */
};

/* ---- the child's life */

/* End the child and say how it had ended, if it had. */
static void
child_stop(struct fetch *f, struct diag *d)
{
	int status = 0;

	if (f->pid == 0)
		return;
	close(f->fd);
	kill(f->pid, SIGKILL);
	while (waitpid(f->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	f->pid = 0;
	buf_clear(&f->in);
	if (WIFEXITED(status))
		diag_set(d, ERR_FAILED, "the network process gave up");
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		diag_set(d, ERR_FAILED,
			"the network process crashed (signal %d)",
			WTERMSIG(status));
	else
		diag_set(d, ERR_FAILED, "the network process was stopped");
}

static _Noreturn void
child_main(const struct fetch *f, int fd, pid_t parent)
{
	fd = cell_enter(fd, parent);
	if (fd < 0)
		_exit(1);
	if (f->options.child != NULL)
		f->options.child(fd, &f->options);
	else
		fetch_child(fd, &f->options);
	_exit(0);
}

static enum err
child_start(struct fetch *f, struct diag *d)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return diag_set(
			d, ERR_FAILED, "no socket pair: %s", strerror(errno));
	pid = fcntl(pair[0], F_SETFD, FD_CLOEXEC) != 0 ||
			      fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0
		      ? -1
		      : fork();
	if (pid == 0)
		child_main(f, pair[1], parent);
	close(pair[1]);
	if (pid < 0) {
		diag_set(d, ERR_FAILED, "no network process: %s",
			strerror(errno));
		close(pair[0]);
		return ERR_FAILED;
	}
	f->pid = pid;
#ifdef SO_NOSIGPIPE
	(void)setsockopt(
		pair[0], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
	f->fd = pair[0];
	return ERR_OK;
}

enum err
fetch_new(const struct fetch_options *o, struct fetch **out, struct diag *d)
{
	struct fetch *f = calloc(1, sizeof(*f));
	enum err e;

	*out = NULL;
	if (f == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	buf_init(&f->in, 2 * FRAME_MAX);
	if (o != NULL)
		f->options = *o;
	if (f->options.ca_file != NULL) {
		f->ca_file = strdup(f->options.ca_file);
		f->options.ca_file = f->ca_file;
		if (f->ca_file == NULL) {
			fetch_free(f);
			return diag_set(d, ERR_NOMEM, "out of memory");
		}
	}
	e = child_start(f, d);
	if (e != ERR_OK) {
		fetch_free(f);
		return e;
	}
	*out = f;
	return ERR_OK;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	child_stop(f, NULL);
	buf_free(&f->in);
	free(f->ca_file);
	free(f);
}

pid_t
fetch_pid(const struct fetch *f)
{
	return f->pid;
}

/* ---- one call */

static size_t
want_cap(const struct fetch_want *w)
{
	return w->n > 0 ? w->n : w->max;
}

/* Percent-encoded segments of a URL: no query, no empty, "." or ".."
 * segment. */
static bool
path_ok(struct span s)
{
	static const char plain[] = "-._~!$&'()*+,;=:@%";
	size_t i, start = 0;

	if (s.n == 0 || s.n > LIMIT_URL)
		return false;
	for (i = 0; i <= s.n; i++) {
		uint8_t c = i < s.n ? s.p[i] : '/';

		if (c == '/') {
			struct span one = span_sub(s, start, i - start);

			if (one.n == 0 || span_eq(one, span_str(".")) ||
				span_eq(one, span_str("..")))
				return false;
			start = i + 1;
		} else if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			   !(c >= '0' && c <= '9') &&
			   (c == '\0' || strchr(plain, c) == NULL)) {
			return false;
		}
	}
	return true;
}

/* Turn one wish into a frame, or end it. */
static enum err
want_add(struct call *c, size_t i, uint32_t ms)
{
	const struct fetch_want *w = &c->want[i];
	struct span base = span_str(w->base), path = span_str(w->path);
	struct diag *d = &c->got[i].diag;
	struct wire_want wire = {.offset = w->offset,
		.n = w->n,
		.max = w->max,
		.ms = ms,
		.allow_private = w->allow_private};
	enum err e;

	if (!mirrors_base_ok(base) || !path_ok(path)) {
		c->got[i].err = diag_set(
			d, ERR_REFUSED, "not something that is fetched");
		return ERR_OK;
	}
	if ((w->n == 0 && w->offset != 0) || w->offset > (uint64_t)INT64_MAX ||
		w->n > (uint64_t)INT64_MAX - w->offset) {
		c->got[i].err =
			diag_set(d, ERR_REFUSED, "a part that no file has");
		return ERR_OK;
	}
	memcpy(wire.base, base.p, base.n);
	/* A folder may be named without the slash at its end. */
	if (base.p[base.n - 1] != '/' && base.n < LIMIT_URL)
		wire.base[base.n] = '/';
	memcpy(wire.path, path.p, path.n);
	e = wire_want_add(
		&c->out, (uint32_t)c->f->serial << 16 | (uint32_t)i, &wire);
	if (e == ERR_OK) {
		c->open[i] = true;
		c->pending++;
	}
	return e;
}

static void
got_end(struct call *c, size_t i, enum err e)
{
	c->got[i].err = e;
	c->open[i] = false;
	c->pending--;
	if (e != ERR_OK)
		buf_free(&c->got[i].body);
}

/* A DONE frame. false: a lie. */
static bool
take_done(struct call *c, size_t i, struct span body)
{
	struct fetch_got *g = &c->got[i];
	struct wire_done w;

	if (wire_done_read(body, &w) != ERR_OK)
		return false;
	if (g->err == ERR_NOMEM) /* ours: see take_data */
		w.err = ERR_NOMEM;
	if (w.err == ERR_OK && c->want[i].n > 0 && g->body.n != c->want[i].n)
		return false;
	g->wire = w.wire;
	g->requests = w.requests;
	g->seconds = (double)w.us / 1e6;
	if (w.err != ERR_OK)
		diag_set(&g->diag, w.err, "%s",
			g->err == ERR_NOMEM ? "out of memory" : w.why);
	got_end(c, i, w.err);
	return true;
}

/* A DATA frame. false: more than was asked for, which the child is there to
 * notice. */
static bool
take_data(struct fetch_got *g, struct span body)
{
	enum err e;

	if (g->err == ERR_NOMEM) /* let the child end the wish */
		return true;
	e = body.n == 0 ? ERR_SYNTAX : buf_span(&g->body, body);
	if (e == ERR_NOMEM)
		g->err = e;
	return e == ERR_OK || e == ERR_NOMEM;
}

/* One frame of the child, which may have been taken over: false when it says
 * what no honest child would. */
static bool
take_frame(struct call *c, const struct frame *f)
{
	size_t i = f->id & 0xffff;

	if (f->id >> 16 != c->f->serial || i >= c->n || !c->open[i])
		return false;
	if (f->type == FRAME_DONE)
		return take_done(c, i, f->body);
	return f->type == FRAME_DATA && take_data(&c->got[i], f->body);
}

/* Read once and take what is whole. false: the child is gone or lies. */
static bool
call_read(struct call *c)
{
	struct buf *in = &c->f->in;
	struct cursor at;
	struct frame f;
	bool have = true;
	ssize_t k;

	if (buf_reserve(in, FRAME_MAX) != ERR_OK)
		return false;
	k = recv(c->f->fd, in->p + in->n, FRAME_MAX, 0);
	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (k <= 0)
		return false;
	in->n += (size_t)k;
	at = (struct cursor){.in = buf_view(in)};
	while (have) {
		if (wire_next(&at, &f, &have) != ERR_OK ||
			(have && !take_frame(c, &f))) {
			c->lied = true;
			return false;
		}
	}
	in->n -= at.pos;
	memmove(in->p, in->p + at.pos, in->n);
	return true;
}

static bool
call_write(struct call *c)
{
	ssize_t k = send(
		c->f->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);

	if (k < 0)
		return errno == EINTR || errno == EAGAIN;
	c->sent += (size_t)k;
	return true;
}

/* Exchange frames until all wishes have ended or the time has come. false:
 * the child is gone or lies. */
static bool
call_run(struct call *c, int64_t until)
{
	while (c->pending > 0) {
		struct pollfd p = {.fd = c->f->fd, .events = POLLIN};
		int64_t left = until - clock_steady();

		if (left <= 0)
			return true;
		if (c->sent < c->out.n)
			p.events |= POLLOUT;
		if (poll(&p, 1, (int)(left / 1000) + 1) < 0 && errno != EINTR)
			return false;
		if ((p.revents & POLLOUT) && !call_write(c))
			return false;
		if ((p.revents & (POLLIN | POLLHUP | POLLERR)) && !call_read(c))
			return false;
	}
	return true;
}

static enum err
call_prepare(struct call *c, uint32_t ms, struct diag *d)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (want_add(c, i, ms) != ERR_OK)
			return diag_set(d, ERR_NOMEM, "out of memory");
	return ERR_OK;
}

/* What has not ended by itself ends now. */
static void
call_close(struct call *c, enum err e, const char *why)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (!c->open[i])
			continue;
		diag_set(&c->got[i].diag, e, "%s", why);
		got_end(c, i, e);
	}
}

enum err
fetch_all(struct fetch *f, const struct fetch_want *want, size_t n,
	double seconds, struct fetch_got *got, struct diag *d)
{
	struct call c = {.f = f, .want = want, .got = got, .n = n};
	int64_t until = clock_steady() + GRACE;
	uint32_t ms;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < n; i++) {
		got[i] = (struct fetch_got){.err = ERR_FAILED};
		buf_init(&got[i].body, want_cap(&want[i]));
	}
	if (n > LIMIT_WISHES)
		return diag_set(
			d, ERR_LIMIT, "over %d wishes at once", LIMIT_WISHES);
	buf_init(&c.out, n * FRAME_MAX);
	c.open = calloc(n + 1, sizeof(*c.open));
	if (c.open == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (!(seconds > 0.001)) /* also when it is no number */
		seconds = 0.001;
	if (seconds > LIMIT_FETCH_SECONDS)
		seconds = LIMIT_FETCH_SECONDS;
	ms = (uint32_t)(seconds * 1000);
	f->serial++;
	e = call_prepare(&c, ms, d);
	if (e == ERR_OK && f->pid == 0)
		e = child_start(f, d);
	if (e == ERR_OK && !call_run(&c, until + (int64_t)ms * 1000)) {
		child_stop(f, d);
		e = ERR_FAILED;
		if (c.lied)
			diag_set(d, e,
				"the network process broke its "
				"protocol and was stopped");
	}
	if (e != ERR_OK) {
		call_close(&c, e, "the network process died");
	} else if (c.pending > 0) {
		child_stop(f, NULL);
		call_close(&c, ERR_TIMEOUT, "no end in the time given");
	}
	buf_free(&c.out);
	free(c.open);
	return e;
}
