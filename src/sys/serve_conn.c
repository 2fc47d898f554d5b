#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve_priv.h"

/* Answers that one client gets before the others have their turn. */
#define TURN_ANSWERS 32

/* When the server ends, a client let in just before has this long for its
 * first request, in ms: it is on its way. */
#define FIRST_MS 2000

/* Waiting input is kept in blocks of this size. */
#define IN_BLOCK 512

static uint32_t
number(const struct serve *s, const struct conn *c)
{
	return (uint32_t)(c - s->conn);
}

/* ---- lists */

static void
list_leave(struct serve *s, struct conn *c)
{
	struct conn_list *l = &s->list[c->state];

	if (c->prev == CONN_NONE)
		l->first = c->next;
	else
		s->conn[c->prev].next = c->next;
	if (c->next == CONN_NONE)
		l->last = c->prev;
	else
		s->conn[c->next].prev = c->prev;
}

static void
list_join(struct serve *s, struct conn *c, enum conn_state state)
{
	struct conn_list *l = &s->list[state];

	c->state = (uint8_t)state;
	c->since = s->now;
	c->prev = l->last;
	c->next = CONN_NONE;
	if (l->last == CONN_NONE)
		l->first = number(s, c);
	else
		s->conn[l->last].next = number(s, c);
	l->last = number(s, c);
}

static void
want(struct serve *s, struct conn *c, uint32_t events)
{
	struct epoll_event e = {.events = events,
		.data.u64 = (uint64_t)c->generation << 32 | number(s, c)};

	if (c->wants == events)
		return;
	c->wants = events;
	(void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

void
conn_wait(struct serve *s, struct conn *c, enum conn_state state)
{
	list_leave(s, c);
	list_join(s, c, state);
	if (state == CONN_WRITE)
		c->delivered = send_delivered(c);
	c->mark = c->taken;
	want(s, c,
		state == CONN_WRITE   ? EPOLLOUT
		: state == CONN_PAUSE ? 0
				      : EPOLLIN);
}

bool
conn_progressed(struct serve *s, struct conn *c)
{
	if (c->state == CONN_BODY)
		return c->taken - c->mark >= s->config.write_bytes &&
		       !push_late(s, c);
	return send_delivered(c) - c->delivered >= s->config.write_bytes;
}

/* ---- coming and going */

unsigned
conn_of_peer(const struct serve *s, uint64_t peer, unsigned most)
{
	uint32_t i = s->peers[peer % PEER_BUCKETS];
	unsigned n = 0;

	for (; i != CONN_NONE && n < most; i = s->conn[i].peer_next)
		n += s->conn[i].peer == peer;
	return n;
}

static void
peer_leave(struct serve *s, struct conn *c)
{
	if (c->peer_prev == CONN_NONE)
		s->peers[c->peer % PEER_BUCKETS] = c->peer_next;
	else
		s->conn[c->peer_prev].peer_next = c->peer_next;
	if (c->peer_next != CONN_NONE)
		s->conn[c->peer_next].peer_prev = c->peer_prev;
}

void
conn_add(struct serve *s, int fd, uint64_t peer, bool inside)
{
	uint32_t i = s->free, *bucket = &s->peers[peer % PEER_BUCKETS];
	struct epoll_event e = {.events = EPOLLIN};
	struct conn *c;
	uint32_t generation;

	if (i != CONN_NONE)
		s->free = s->conn[i].next;
	else
		i = s->untouched++;
	c = &s->conn[i];
	generation = c->generation + 1;
	*c = (struct conn){.generation = generation,
		.fd = fd,
		.file = -1,
		.peer = peer,
		.inside = inside,
		.wants = EPOLLIN,
		.peer_prev = CONN_NONE,
		.peer_next = *bucket};
	if (*bucket != CONN_NONE)
		s->conn[*bucket].peer_prev = i;
	*bucket = i;
	s->used++;
	list_join(s, c, CONN_HEAD);
	e.data.u64 = (uint64_t)generation << 32 | i;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		conn_drop(s, c);
}

static void
in_free(struct serve *s, struct conn *c)
{
	s->pending -= c->in_cap;
	free(c->in);
	c->in = NULL;
	c->in_n = c->in_cap = 0;
}

void
conn_drop(struct serve *s, struct conn *c)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	/* An answer cut short ends in a reset: the kernel must not go on
	 * keeping what this client never took. */
	if (c->state == CONN_WRITE || c->file >= 0 || c->pushing)
		(void)setsockopt(
			c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	push_cut(s, c);
	list_leave(s, c);
	peer_leave(s, c);
	if (c->file >= 0)
		close(c->file);
	s->owed -= (uint64_t)(c->end - c->at);
	in_free(s, c);
	free(c->out);
	close(c->fd); /* leaves the epoll set, too */
	c->out = NULL;
	c->state = CONN_FREE;
	c->generation++;
	c->next = s->free;
	s->free = number(s, c);
	s->used--;
}

/* The last answer is out. After a refusal, or with input left unread, a plain
 * close would reset the connection, and the answer with it: say that we are
 * done and wait for the client's end. */
static void
conn_finish(struct serve *s, struct conn *c, bool unread)
{
	if ((!c->refused && !unread) || shutdown(c->fd, SHUT_WR) != 0) {
		conn_drop(s, c);
		return;
	}
	in_free(s, c);
	c->sent = 0; /* counts what is thrown away from now on */
	conn_wait(s, c, CONN_LINGER);
}

static void
conn_linger(struct serve *s, struct conn *c)
{
	ssize_t n = recv(c->fd, s->in, sizeof(s->in), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_drop(s, c);
		return;
	}
	/* Read no more of it, and keep the connection: whoever cannot send
	 * any more looks for an answer. */
	c->sent += (uint64_t)n;
	if (c->sent > LIMIT_SERVE_LINGER)
		want(s, c, 0);
}

/* ---- receiving */

/* Keep input for later; `p` may lie in s->in only. False when all that we
 * keep for everybody would be too much: whoever needs no room, as most do who
 * send a request in one piece, is not touched. */
static bool
keep(struct serve *s, struct conn *c, const uint8_t *p, size_t n)
{
	size_t cap = (n + IN_BLOCK - 1) / IN_BLOCK * IN_BLOCK;
	uint8_t *in;

	if (n == 0) {
		in_free(s, c);
		return true;
	}
	if (cap > c->in_cap) {
		if (s->pending + cap - c->in_cap > LIMIT_SERVE_PENDING)
			return false;
		in = realloc(c->in, cap);
		if (in == NULL)
			return false;
		s->pending += cap - c->in_cap;
		c->in = in;
		c->in_cap = (uint32_t)cap;
	}
	memcpy(c->in, p, n);
	c->in_n = (uint32_t)n;
	return true;
}

static void
keep_and_wait(struct serve *s, struct conn *c, const uint8_t *p, size_t n,
	enum conn_state state)
{
	if (!keep(s, c, p, n)) {
		s->counts.crowded++;
		conn_drop(s, c);
		return;
	}
	/* The time for a head runs from its first byte on, and that for
	 * answers goes on through all that wait behind one another. */
	if (c->state != state)
		conn_wait(s, c, state);
}

/* Make the answer to the next request in [p, p+n) and begin to send it. */
static enum step
answer_next(struct serve *s, struct conn *c, const uint8_t *p, size_t n,
	size_t *used)
{
	enum err e = http_request_parse(
		span_of(p, n), &c->scanned, used, &s->request);

	if (e == ERR_TRUNCATED) {
		*used = 0;
		return STEP_DONE;
	}
	c->scanned = 0;
	if (e == ERR_OK) {
		answer_request(s, c);
	} else {
		*used = n;
		answer_refusal(s, c, s->request.refuse);
	}
	if (s->head.n == 0)
		return c->pushing ? STEP_DONE : STEP_GONE;
	return send_begin(s, c);
}

/* Take what there is of a body; at its end, begin to send the answer. */
static enum step
feed_next(struct serve *s, struct conn *c, const uint8_t *p, size_t n,
	size_t *used)
{
	push_feed(s, c, p, n, used);
	if (c->pushing)
		return STEP_DONE;
	return s->head.n == 0 ? STEP_GONE : send_begin(s, c);
}

/* Go on with requests in p[0..n), which lies in s->in or is empty, after step
 * `k`; false when this connection has to wait, or is gone. */
static bool
go_on(struct serve *s, struct conn *c, enum step k, const uint8_t *p, size_t n)
{
	switch (k) {
	case STEP_GONE:
		conn_drop(s, c);
		return false;
	case STEP_BLOCKED:
		keep_and_wait(s, c, p, n, CONN_WRITE);
		return false;
	case STEP_PAUSED:
		keep_and_wait(s, c, p, n, CONN_PAUSE);
		return false;
	case STEP_DONE:
		break;
	}
	if (c->pushing)
		return true;
	if (c->close) {
		conn_finish(s, c, n > 0);
		return false;
	}
	/* The next head has its own time. */
	if (c->state == CONN_HEAD || c->state == CONN_BODY)
		conn_wait(s, c, CONN_IDLE);
	return true;
}

/* Answer all requests in s->in[0..n), in order, as far as the client takes
 * the answers; keep the rest. */
static void
answer_all(struct serve *s, struct conn *c, size_t n)
{
	size_t at = 0, used = 0;
	enum step k;
	int turn;

	for (turn = 0; at < n || (c->pushing && c->left == 0); turn++) {
		const uint8_t *p = s->in + at;
		bool body = c->pushing;

		if (turn == TURN_ANSWERS) {
			/* Writable at once: the others come first. */
			keep_and_wait(s, c, p, n - at, CONN_WRITE);
			return;
		}
		k = body ? feed_next(s, c, p, n - at, &used)
			 : answer_next(s, c, p, n - at, &used);
		at += used;
		if (k == STEP_DONE && used == 0 && !body) {
			keep_and_wait(s, c, s->in + at, n - at, CONN_HEAD);
			return;
		}
		if (!go_on(s, c, k, s->in + at, n - at))
			return;
	}
	in_free(s, c);
	conn_wait(s, c, c->pushing ? CONN_BODY : CONN_IDLE);
}

/* Put what was kept where the next bytes will join it. */
static size_t
load(struct serve *s, const struct conn *c)
{
	if (c->in_n > 0)
		memcpy(s->in, c->in, c->in_n);
	return c->in_n;
}

static void
conn_read(struct serve *s, struct conn *c)
{
	size_t n = load(s, c);
	ssize_t k = recv(c->fd, s->in + n, sizeof(s->in) - n, 0);

	if (k < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (k <= 0) {
		conn_drop(s, c);
		return;
	}
	answer_all(s, c, n + (size_t)k);
}

/* No more than the body is read, so that nothing has to be kept. */
static void
conn_body(struct serve *s, struct conn *c)
{
	size_t most =
		c->left < sizeof(s->body) ? (size_t)c->left : sizeof(s->body);
	ssize_t n = recv(c->fd, s->body, most, 0);
	size_t used;
	enum step k;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || push_late(s, c)) {
		s->counts.slow += n > 0;
		conn_drop(s, c);
		return;
	}
	k = feed_next(s, c, s->body, (size_t)n, &used);
	(void)go_on(s, c, k, NULL, 0);
}

void
conn_resume(struct serve *s, struct conn *c)
{
	enum step k = send_rest(s, c);

	if (k == STEP_GONE) {
		conn_drop(s, c);
	} else if (k == STEP_PAUSED) {
		conn_wait(s, c, CONN_PAUSE);
	} else if (k == STEP_BLOCKED) {
		if (c->state != CONN_WRITE)
			conn_wait(s, c, CONN_WRITE);
	} else if (c->pushing) {
		answer_all(s, c, load(s, c));
	} else if (c->close) {
		conn_finish(s, c, c->in_n > 0);
	} else {
		answer_all(s, c, load(s, c));
	}
}

/* Whether a client has said something that is not read yet. */
static bool
has_more(const struct conn *c)
{
	uint8_t byte;

	return c->in_n > 0 ||
	       recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* End whoever waits for nothing of ours, and has done so for `ms`. */
static void
drain_quiet(struct serve *s, enum conn_state state, int64_t ms)
{
	uint32_t i, next;

	for (i = s->list[state].first; i != CONN_NONE; i = next) {
		next = s->conn[i].next;
		if (s->now - s->conn[i].since >= ms && !has_more(&s->conn[i]))
			conn_drop(s, &s->conn[i]);
	}
}

void
conn_drain(struct serve *s)
{
	drain_quiet(s, CONN_IDLE, 0);
	drain_quiet(s, CONN_HEAD, FIRST_MS);
}

void
conn_event(struct serve *s, struct conn *c, uint32_t events)
{
	/* HUP: both directions are gone, nobody can read an answer. */
	if (events & (EPOLLERR | EPOLLHUP))
		conn_drop(s, c);
	else if (c->state == CONN_WRITE)
		conn_resume(s, c);
	else if (c->state == CONN_BODY)
		conn_body(s, c);
	else if (c->state == CONN_LINGER)
		conn_linger(s, c);
	else
		conn_read(s, c);
}
