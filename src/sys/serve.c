#include "serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "serve_priv.h"

/* Without free descriptors, look again after this time, ms. */
#define DEAF_MS 1000

#define EVENTS 256
#define ACCEPTS 64

static void
tell_time(struct serve *s)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	s->now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (s->second != (int64_t)t.tv_sec) {
		s->second = (int64_t)t.tv_sec;
		http_date(s->date, s->second);
	}
}

/* ---- letting in */

/* Drop whoever holds a place and does least with it. Those who are being sent
 * something lose it last. */
static bool
evict(struct serve *s)
{
	static const enum conn_state order[] = {
		CONN_LINGER, CONN_IDLE, CONN_HEAD, CONN_WRITE};
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint32_t first = s->list[order[i]].first;

		if (first == CONN_NONE)
			continue;
		s->counts.crowded++;
		conn_drop(s, &s->conn[first]);
		return true;
	}
	return false;
}

static void
admit(struct serve *s, int fd, const struct sockaddr *sa)
{
	uint64_t peer = serve_peer(s->salt, sa);
	unsigned most = s->config.per_address;
	int one = 1;

	if (most > 0 && peer != 0 && conn_of_peer(s, peer, most) >= most) {
		s->counts.crowded++;
		close(fd);
		return;
	}
	while (s->used >= s->config.connections)
		(void)evict(s);
	if (sa->sa_family != AF_UNIX)
		(void)setsockopt(
			fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conn_add(s, fd, peer);
}

static void
set_deaf(struct serve *s, bool deaf)
{
	struct epoll_event e = {
		.events = deaf ? 0 : EPOLLIN, .data.u64 = TAG_LISTENER};

	s->deaf = deaf;
	(void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->listener, &e);
}

static void
accept_all(struct serve *s)
{
	struct sockaddr_storage room;
	struct sockaddr *sa = (struct sockaddr *)&room;
	int i, fd;

	for (i = 0; i < ACCEPTS; i++) {
		socklen_t n = sizeof(room);

		memset(&room, 0, sizeof(room));
		fd = accept4(s->listener, sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			admit(s, fd, sa);
			continue;
		}
		if (errno == EAGAIN)
			return;
		if ((errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			    errno == ENOBUFS) &&
			!evict(s)) {
			/* Nobody to drop: the machine itself is full. */
			set_deaf(s, true);
			return;
		}
	}
}

/* ---- deadlines */

static void
expire(struct serve *s)
{
	enum conn_state state;

	for (state = CONN_HEAD; state < CONN_STATES; state++) {
		struct conn_list *l = &s->list[state];

		while (l->first != CONN_NONE) {
			struct conn *c = &s->conn[l->first];

			if (s->now - c->since < l->wait)
				break;
			if (state == CONN_WRITE && conn_progressed(s, c)) {
				conn_wait(s, c, CONN_WRITE);
				continue;
			}
			if (state == CONN_HEAD || state == CONN_WRITE)
				s->counts.slow++;
			conn_drop(s, c);
		}
	}
}

static void
sooner(int64_t *wait, int64_t in)
{
	if (in < 0)
		in = 0;
	if (*wait < 0 || in < *wait)
		*wait = in;
}

/* ms until something is due, -1 for never. */
static int
next_due(const struct serve *s)
{
	enum conn_state state;
	int64_t wait = -1;

	for (state = CONN_HEAD; state < CONN_STATES; state++) {
		const struct conn_list *l = &s->list[state];

		if (l->first != CONN_NONE)
			sooner(&wait,
				s->conn[l->first].since + l->wait - s->now);
	}
	if (s->config.report_seconds > 0)
		sooner(&wait, s->report +
				      (int64_t)s->config.report_seconds * 1000 -
				      s->now);
	if (s->deaf)
		sooner(&wait, DEAF_MS);
	return wait > 60000 ? 60000 : (int)wait;
}

/* ---- the loop */

/* The signal that came, as an event; false when there was none. */
static bool
read_signal(struct serve *s, enum serve_event *what)
{
	struct signalfd_siginfo i;

	if (read(s->signals, &i, sizeof(i)) != (ssize_t)sizeof(i))
		return false;
	*what = i.ssi_signo == SIGHUP ? SERVE_RELOAD : SERVE_STOP;
	return true;
}

static void
handle(struct serve *s, const struct epoll_event *e, bool *knock, bool *signal)
{
	uint32_t tag = (uint32_t)e->data.u64;
	struct conn *c;

	if (tag == TAG_LISTENER) {
		*knock = true;
		return;
	}
	if (tag == TAG_SIGNALS) {
		*signal = true;
		return;
	}
	/* Another event of this turn may have dropped it. */
	c = &s->conn[tag];
	if (c->state != CONN_FREE && c->generation == e->data.u64 >> 32)
		conn_event(s, c, e->events);
}

enum err
serve_run(struct serve *s, enum serve_event *what, struct diag *d)
{
	struct epoll_event event[EVENTS];

	tell_time(s);
	for (;;) {
		bool knock = false, signal = false;
		int i, n;

		n = epoll_wait(s->epoll, event, EVENTS, next_due(s));
		if (n < 0 && errno != EINTR)
			return diag_set(d, ERR_FAILED, "epoll_wait: %s",
				strerror(errno));
		tell_time(s);
		for (i = 0; i < n; i++)
			handle(s, &event[i], &knock, &signal);
		if (s->deaf)
			set_deaf(s, false);
		if (knock)
			accept_all(s);
		expire(s);
		if (signal && read_signal(s, what))
			return ERR_OK;
		if (s->config.report_seconds > 0 &&
			s->now - s->report >=
				(int64_t)s->config.report_seconds * 1000) {
			s->report = s->now;
			*what = SERVE_REPORT;
			return ERR_OK;
		}
	}
}
