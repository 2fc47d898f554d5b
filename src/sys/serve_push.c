/* PUT: bodies to whom it may concern, piece by piece. */
#include <string.h>

#include "serve_priv.h"

/* A push that is this young, ms, is not cut for another. */
#define YOUNG_MS 2000

/* Of all pushes that wait for their bodies, the one that came slowest: whoever
 * drips must not keep a newsroom out. */
static struct conn *
slowest(struct serve *s)
{
	uint32_t i = s->list[CONN_BODY].first;
	uint64_t rate, least = UINT64_MAX;
	struct conn *slow = NULL;

	for (; i != CONN_NONE; i = s->conn[i].next) {
		struct conn *c = &s->conn[i];

		if (s->now - c->begun < YOUNG_MS)
			continue;
		rate = c->taken * 1000 / (uint64_t)(s->now - c->begun);
		if (rate < least) {
			least = rate;
			slow = c;
		}
	}
	return slow;
}

static bool
make_room(struct serve *s)
{
	struct conn *c;

	if (s->pushing < s->config.pushes)
		return true;
	c = slowest(s);
	if (c == NULL)
		return false;
	s->counts.crowded++;
	conn_drop(s, c);
	return true;
}

static void
end(struct serve *s, struct conn *c)
{
	c->push = NULL;
	c->pushing = false;
	s->pushing--;
}

void
push_begin(struct serve *s, struct conn *c)
{
	const struct serve_put *put = s->config.put;
	const struct http_request *r = &s->request;
	const char *name = answer_name(s);
	unsigned status;
	bool close;

	/* Until a body is taken, all of it is in the way of what follows. */
	c->left = r->length;
	if (put == NULL || name == NULL) {
		answer_refusal(s, c, 405);
		return;
	}
	if (!r->has_length) {
		answer_refusal(s, c, 411);
		return;
	}
	close = c->close;
	c->close = true;
	if (answer_blocked(s, c, answer_inner(name))) {
		c->refused = true;
		return;
	}
	c->close = close;
	if (!make_room(s)) {
		answer_refusal(s, c, 503);
		return;
	}
	status = put->begin(put->arg, name, r->length, &c->push);
	if (status != 0) {
		answer_put(s, c, status, "");
		return;
	}
	c->pushing = true;
	c->taken = c->mark = 0;
	c->begun = s->now;
	s->pushing++;
	buf_clear(&s->head);
	if (r->expect && c->left > 0 &&
		buf_str(&s->head, "HTTP/1.1 100 Continue\r\n\r\n") != ERR_OK)
		buf_clear(&s->head);
}

void
push_feed(struct serve *s, struct conn *c, const uint8_t *p, size_t n,
	size_t *used)
{
	const struct serve_put *put = s->config.put;
	char why[160] = "";
	unsigned status;

	if (n > c->left)
		n = (size_t)c->left;
	*used = n;
	/* What the next answer is to, whatever this connection's last was. */
	s->request.method = HTTP_PUT;
	c->taken += n;
	c->left -= n;
	s->counts.pushed += n;
	status = n == 0 ? 0 : put->write(put->arg, c->push, p, n);
	if (status != 0) {
		put->cut(put->arg, c->push);
		end(s, c);
		answer_put(s, c, status, "");
		return;
	}
	if (c->left > 0)
		return;
	status = put->end(put->arg, c->push, why);
	why[sizeof(why) - 1] = '\0';
	end(s, c);
	answer_put(s, c, status, why);
}

void
push_cut(struct serve *s, struct conn *c)
{
	if (!c->pushing)
		return;
	s->config.put->cut(s->config.put->arg, c->push);
	end(s, c);
}

bool
push_late(const struct serve *s, const struct conn *c)
{
	return s->now - c->begun >= (int64_t)s->config.push_seconds * 1000;
}
