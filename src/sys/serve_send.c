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

/* Send the head in s->head; keep what does not fit. */
static enum step
send_head(struct serve *s, struct conn *c)
{
	int flags = MSG_NOSIGNAL | (c->file >= 0 ? MSG_MORE : 0);
	ssize_t n = send(c->fd, s->head.p, s->head.n, flags);
	size_t left;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return STEP_GONE;
	if (n < 0)
		n = 0;
	c->sent += (uint64_t)n;
	s->month.sent += (uint64_t)n;
	left = s->head.n - (size_t)n;
	if (left == 0)
		return STEP_DONE;
	c->out = malloc(left);
	if (c->out == NULL)
		return STEP_GONE;
	memcpy(c->out, s->head.p + n, left);
	c->out_n = (uint32_t)left;
	c->out_at = 0;
	return STEP_BLOCKED;
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
		s->counts.bytes += (uint64_t)n;
		s->month.sent += (uint64_t)n;
		s->owed -= (uint64_t)n;
		s->tokens -= n;
		turn -= n;
	}
	close(c->file);
	c->file = -1;
	return STEP_DONE;
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
	enum step k = send_head(s, c);

	return k == STEP_DONE ? send_rest(s, c) : k;
}
