#include "serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "../core/date.h"
#include "serve_priv.h"

/* Without free descriptors, look again after this time, ms. */
#define DEAF_MS 1000

#define SLOW_HEAD_MS 1000

#define EVENTS 256
#define ACCEPTS 64

/* The month of s->second, as it begins; counts of another are over. */
static void
month_turn(struct serve *s)
{
	struct serve_month m = {.sent = 0};
	char iso[DATE_SIZE]; /* YYYY-MM-... */

	if (s->second < s->month_end && s->month.year != 0 &&
		s->second >= date_of(s->month.year, s->month.month, 1))
		return;
	date_format(iso, s->second);
	m.year = (unsigned)((iso[0] - '0') * 1000 + (iso[1] - '0') * 100 +
			    (iso[2] - '0') * 10 + (iso[3] - '0'));
	m.month = (unsigned)((iso[5] - '0') * 10 + (iso[6] - '0'));
	s->month = m;
	s->month_end = m.month == 12 ? date_of(m.year + 1, 1, 1)
				     : date_of(m.year, m.month + 1, 1);
}

/* Bytes that the rate lets through at once after a quiet time: an eighth of a
 * second of it, and a turn at least. */
static int64_t
burst(const struct serve *s)
{
	uint64_t n = s->config.rate / 8;

	return (int64_t)(n < 128 * LIMIT_KIB ? 128 * LIMIT_KIB : n);
}

static void
refill(struct serve *s, int64_t ms)
{
	int64_t most = burst(s);
	uint64_t second = (uint64_t)most * 8;

	if (s->config.rate == 0 || ms <= 0)
		return;
	/* A debt of more than a second is forgotten, as is time beyond it. */
	if (ms > 1000)
		ms = 1000;
	s->tokens += (int64_t)(s->config.rate * (uint64_t)ms / 1000);
	if (s->tokens > most)
		s->tokens = most;
	if (s->tokens < -(int64_t)second)
		s->tokens = -(int64_t)second;
}

static void
tell_time(struct serve *s)
{
	struct timespec t;
	int64_t was = s->now;

	clock_gettime(CLOCK_MONOTONIC, &t);
	s->now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	refill(s, s->now - was);
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (s->second != (int64_t)t.tv_sec) {
		s->second = (int64_t)t.tv_sec;
		http_date(s->date, s->second);
		month_turn(s);
	}
}

/* ---- letting in */

/* Drop whoever holds a place and does least with it. A request comes in one
 * piece, or nearly: whose has been coming for longer than SLOW_HEAD_MS goes
 * before those who are idle, or drippers would make readers evict each other.
 * Those who are being sent something lose it last. */
static bool
evict(struct serve *s)
{
	static const struct {
		enum conn_state state;
		int64_t since; /* ms, at least */
	} order[] = {{CONN_LINGER, 0}, {CONN_HEAD, SLOW_HEAD_MS},
		{CONN_IDLE, 0}, {CONN_HEAD, 0}, {CONN_PAUSE, 0},
		{CONN_WRITE, 0}, {CONN_BODY, 0}};
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint32_t first = s->list[order[i].state].first;

		if (first == CONN_NONE ||
			s->now - s->conn[first].since < order[i].since)
			continue;
		s->counts.crowded++;
		conn_drop(s, &s->conn[first]);
		return true;
	}
	return false;
}

static void
admit(struct serve *s, int fd, const struct sockaddr *sa, bool inside)
{
	uint64_t peer = serve_peer(s->salt, sa);
	unsigned most = s->config.per_address;
	int one = 1;

	if (!inside && most > 0 && peer != 0 &&
		conn_of_peer(s, peer, most) >= most) {
		s->counts.crowded++;
		close(fd);
		return;
	}
	while (s->used >= s->config.connections)
		(void)evict(s);
	if (sa->sa_family != AF_UNIX)
		(void)setsockopt(
			fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conn_add(s, fd, peer, inside);
}

static void
mute(struct serve *s, const struct serve_listener *l, uint32_t tag, bool deaf)
{
	struct epoll_event e = {.events = deaf ? 0 : EPOLLIN, .data.u64 = tag};

	if (l->fd >= 0)
		(void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, l->fd, &e);
}

static void
set_deaf(struct serve *s, bool deaf)
{
	s->deaf = deaf;
	mute(s, &s->listener, TAG_LISTENER, deaf);
	mute(s, &s->metrics, TAG_METRICS, deaf);
}

static void
accept_all(struct serve *s, const struct serve_listener *l)
{
	struct sockaddr_storage room;
	struct sockaddr *sa = (struct sockaddr *)&room;
	int i, fd;

	for (i = 0; i < ACCEPTS; i++) {
		socklen_t n = sizeof(room);

		memset(&room, 0, sizeof(room));
		fd = accept4(l->fd, sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			admit(s, fd, sa, l == &s->metrics);
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

		if (state == CONN_PAUSE)
			continue;
		while (l->first != CONN_NONE) {
			struct conn *c = &s->conn[l->first];

			if (s->now - c->since < l->wait)
				break;
			if ((state == CONN_WRITE || state == CONN_BODY) &&
				conn_progressed(s, c)) {
				conn_wait(s, c, state);
				continue;
			}
			if (state != CONN_IDLE && state != CONN_LINGER)
				s->counts.slow++;
			conn_drop(s, c);
		}
	}
}

/* Those whose turn it is while the rate allows it. */
static void
resume(struct serve *s)
{
	struct conn_list *l = &s->list[CONN_PAUSE];

	while (l->first != CONN_NONE && s->tokens > 0)
		conn_resume(s, &s->conn[l->first]);
}

/* ms until the rate allows something again, and not much sooner than it is
 * worth while. */
static int64_t
until_resume(const struct serve *s)
{
	int64_t ms;

	if (s->config.rate == 0)
		return 0;
	ms = (1 - s->tokens) * 1000 / (int64_t)s->config.rate + 1;
	return ms < 10 ? 10 : ms;
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

		if (l->first == CONN_NONE)
			continue;
		if (state == CONN_PAUSE)
			sooner(&wait, until_resume(s));
		else
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

/* What one turn of the loop met. */
struct turn {
	bool knock, inside, signal;
};

static void
handle(struct serve *s, const struct epoll_event *e, struct turn *t)
{
	uint32_t tag = (uint32_t)e->data.u64;
	struct conn *c;

	if (tag == TAG_LISTENER) {
		t->knock = true;
		return;
	}
	if (tag == TAG_METRICS) {
		t->inside = true;
		return;
	}
	if (tag == TAG_SIGNALS) {
		t->signal = true;
		return;
	}
	/* Another event of this turn may have dropped it. */
	c = &s->conn[tag];
	if (c->state != CONN_FREE && c->generation == e->data.u64 >> 32)
		conn_event(s, c, e->events);
}

/* Wait `wait` ms at most, and do what has come. */
static enum err
turn(struct serve *s, int wait, struct turn *t, struct diag *d)
{
	struct epoll_event event[EVENTS];
	int i, n = epoll_wait(s->epoll, event, EVENTS, wait);

	*t = (struct turn){.knock = false};
	if (n < 0 && errno != EINTR)
		return diag_set(
			d, ERR_FAILED, "epoll_wait: %s", strerror(errno));
	tell_time(s);
	for (i = 0; i < n; i++)
		handle(s, &event[i], t);
	if (s->deaf)
		set_deaf(s, false);
	if (t->knock)
		accept_all(s, &s->listener);
	if (t->inside)
		accept_all(s, &s->metrics);
	resume(s);
	expire(s);
	return ERR_OK;
}

enum err
serve_run(struct serve *s, enum serve_event *what, struct diag *d)
{
	struct turn t;
	enum err e;

	tell_time(s);
	for (;;) {
		e = turn(s, next_due(s), &t, d);
		if (e != ERR_OK)
			return e;
		if (t.signal && read_signal(s, what))
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

enum err
serve_drain(struct serve *s, struct diag *d)
{
	enum serve_event what;
	int64_t end, left;
	struct turn t;
	enum err e;

	tell_time(s);
	end = s->now + (int64_t)s->config.drain_seconds * 1000;
	/* Who is in the queue of a socket that is closed is lost. */
	accept_all(s, &s->listener);
	s->draining = true;
	serve_close(&s->listener);
	serve_close(&s->metrics);
	for (;;) {
		conn_drain(s);
		left = end - s->now;
		if (s->used == 0 || left <= 0)
			return ERR_OK;
		/* Often enough to see who has become idle. */
		e = turn(s, left < 100 ? (int)left : 100, &t, d);
		if (e != ERR_OK)
			return e;
		if (t.signal && read_signal(s, &what) && what == SERVE_STOP)
			return ERR_OK;
	}
}

void
serve_now(const struct serve *s, unsigned *connections, unsigned *pushes)
{
	*connections = s->used;
	*pushes = s->pushing;
}

struct serve_month
serve_month(const struct serve *s)
{
	return s->month;
}

void
serve_set_month(struct serve *s, const struct serve_month *m)
{
	tell_time(s);
	if (m->year == s->month.year && m->month == s->month.month)
		s->month.sent += m->sent;
}
