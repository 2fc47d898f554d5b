#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve_priv.h"

/* Bytes of a file that one client gets before the others have their turn; the
 * second where the rate is limited. */
#define TURN_BYTES (512 * LIMIT_KIB)
#define PACED_BYTES (16 * LIMIT_KIB)

/* A file of at most so many bytes is sent with its head. */
#define SHORT_BYTES ((off_t)(16 * LIMIT_KIB))

/* Bytes the client's side has taken. The kernel's buffer is not counted: it
 * may hold megabytes that nobody reads. */
uint64_t
send_delivered(const struct conn *c)
{
	int queued = 0;

	if (ioctl(c->fd, SIOCOUTQ, &queued) != 0 || queued < 0 ||
		(uint64_t)queued > c->sent)
		return c->sent;
	return c->sent - (uint64_t)queued;
}

/* Hand bytes to the kernel; *n is how many it took. */
static enum step
hand(struct serve *s, struct conn *c, const uint8_t *p, size_t size, int flags,
	size_t *n)
{
	ssize_t k = send(c->fd, p, size, MSG_NOSIGNAL | flags);

	*n = 0;
	if (k < 0)
		return errno == EAGAIN || errno == EINTR ? STEP_BLOCKED
							 : STEP_GONE;
	*n = (size_t)k;
	c->sent += (uint64_t)k;
	s->month.sent += (uint64_t)k;
	return *n == size ? STEP_DONE : STEP_BLOCKED;
}

/* Keep what is left of the head in s->head after n bytes of it. */
static enum step
keep_head(struct serve *s, struct conn *c, size_t n)
{
	size_t left = s->head.n - n;

	c->out = malloc(left);
	if (c->out == NULL)
		return STEP_GONE;
	memcpy(c->out, s->head.p + n, left);
	c->out_n = (uint32_t)left;
	c->out_at = 0;
	return STEP_BLOCKED;
}

static enum step
send_head(struct serve *s, struct conn *c)
{
	size_t n;
	enum step k = hand(
		s, c, s->head.p, s->head.n, c->file >= 0 ? MSG_MORE : 0, &n);

	return k == STEP_BLOCKED ? keep_head(s, c, n) : k;
}

static enum step
send_kept(struct serve *s, struct conn *c)
{
	int flags = MSG_NOSIGNAL | (c->file >= 0 ? MSG_MORE : 0);
	ssize_t n;

	while (c->out_at < c->out_n) {
		n = send(
			c->fd, c->out + c->out_at, c->out_n - c->out_at, flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? STEP_BLOCKED : STEP_GONE;
		c->out_at += (uint32_t)n;
		c->sent += (uint64_t)n;
		s->month.sent += (uint64_t)n;
	}
	free(c->out);
	c->out = NULL;
	c->out_n = c->out_at = 0;
	return STEP_DONE;
}

/* Bytes of the file are on their way. */
static void
count(struct serve *s, size_t n)
{
	s->counts.bytes += n;
	s->owed -= n;
	s->tokens -= (int64_t)n;
}

static void
close_file(struct conn *c)
{
	close(c->file);
	c->file = -1;
}

/* How much of a turn is left to a client; 0 is a pause, for all whose file
 * counts against the rate. */
static off_t
share(const struct serve *s, const struct conn *c)
{
	if (s->config.rate == 0 || !c->paced)
		return (off_t)TURN_BYTES;
	if (s->tokens <= 0)
		return 0;
	return (off_t)PACED_BYTES;
}

static enum step
send_file(struct serve *s, struct conn *c)
{
	off_t turn = share(s, c);
	bool paced = s->config.rate > 0 && c->paced;

	while (c->at < c->end) {
		off_t left = c->end - c->at;
		ssize_t n;

		if (turn <= 0)
			return paced ? STEP_PAUSED : STEP_BLOCKED;
		n = sendfile(c->fd, c->file, &c->at,
			(size_t)(left < turn ? left : turn));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? STEP_BLOCKED : STEP_GONE;
		if (n == 0) /* the file was cut while we sent it */
			return STEP_GONE;
		c->sent += (uint64_t)n;
		s->month.sent += (uint64_t)n;
		count(s, (size_t)n);
		turn -= n;
	}
	close_file(c);
	return STEP_DONE;
}

/* A short file goes with its head, in one piece: for so few bytes copying
 * costs less than sendfile. What does not fit is sent as of a long one. */
static enum step
send_short(struct serve *s, struct conn *c, size_t n)
{
	size_t head = s->head.n, sent;
	enum step k = hand(s, c, s->head.p, head + n, 0, &sent);

	if (k == STEP_GONE)
		return k;
	if (sent < head)
		return keep_head(s, c, sent);
	c->at += (off_t)(sent - head);
	count(s, sent - head);
	if (c->at == c->end)
		close_file(c);
	return k;
}

/* Read a short file behind its head. One that is being cut ends as a long one
 * does. */
static bool
read_short(struct serve *s, const struct conn *c, size_t *n)
{
	bool paced = s->config.rate > 0 && c->paced;

	*n = (size_t)(c->end - c->at);
	return c->file >= 0 && !paced && c->end - c->at <= SHORT_BYTES &&
	       buf_reserve(&s->head, *n) == ERR_OK &&
	       pread(c->file, s->head.p + s->head.n, *n, c->at) == (ssize_t)*n;
}

enum step
send_rest(struct serve *s, struct conn *c)
{
	enum step k = c->out == NULL ? STEP_DONE : send_kept(s, c);

	if (k == STEP_DONE && c->file >= 0)
		k = send_file(s, c);
	return k;
}

enum step
send_begin(struct serve *s, struct conn *c)
{
	enum step k;
	size_t n;

	if (read_short(s, c, &n))
		return send_short(s, c, n);
	k = send_head(s, c);
	return k == STEP_DONE ? send_rest(s, c) : k;
}
