#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "serve_priv.h"

/* Names carry hashes or versions, so their content never changes. */
#define CACHE_FOREVER "public, max-age=31536000, immutable"
#define CACHE_NEVER "no-cache"

/* Seconds after which a push that found no place may ask again. */
#define PUSH_RETRY 30

static bool
starts_with(const char *s, const char *start)
{
	return strncmp(s, start, strlen(start)) == 0;
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

/* Put a head, and a text unless it must not follow, into s->head. */
void
answer_make(struct serve *s, struct conn *c, const struct http_response *a,
	struct span text)
{
	enum err e;

	buf_clear(&s->head);
	e = http_response_add(&s->head, a, s->date);
	if (e == ERR_OK && s->request.method != HTTP_HEAD && a->status != 204)
		e = buf_span(&s->head, text);
	if (e != ERR_OK) {
		/* Out of memory: an answer cut short would look whole. */
		buf_clear(&s->head);
		c->close = true;
	}
}

static void
count(struct serve *s, const struct conn *c, unsigned status)
{
	if (c->inside)
		return;
	s->counts.requests++;
	if (status < 300)
		s->counts.found++;
	else if (status == 404)
		s->counts.missing++;
	else
		s->counts.refused++;
}

/* A short answer without a file; `a` says the rest, `why` may be "". */
void
answer_say(struct serve *s, struct conn *c, struct http_response *a,
	const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "%s%s%s\n", http_reason(a->status),
		why[0] == '\0' ? "" : ": ", why);
	if (a->status != 204)
		a->type = "text/plain";
	a->cache = CACHE_NEVER;
	a->close = c->close;
	a->length = strlen(text);
	count(s, c, a->status);
	answer_make(s, c, a, span_str(text));
}

static void
refuse(struct serve *s, struct conn *c, unsigned status, const char *why)
{
	struct http_response a = {.status = status};

	/* Where the next request would begin is not sure any more. */
	c->close = true;
	c->refused = true;
	if (status == 405)
		a.allow = "GET, HEAD";
	if (status == 503)
		a.retry = PUSH_RETRY;
	answer_say(s, c, &a, why);
}

void
answer_refusal(struct serve *s, struct conn *c, unsigned status)
{
	refuse(s, c, status, "");
}

void
answer_put(struct serve *s, struct conn *c, unsigned status, const char *why)
{
	struct http_response a = {.status = status};

	c->close = c->close || s->draining;
	if (status < 300 && c->left == 0) {
		s->counts.pushes++;
		answer_say(s, c, &a, why);
		return;
	}
	/* Without a body left to skip the connection can go on. */
	if (c->left > 0) {
		refuse(s, c, status, why);
		return;
	}
	if (status == 503)
		a.retry = PUSH_RETRY;
	answer_say(s, c, &a, why);
}

const char *
answer_name(const struct serve *s)
{
	const struct http_request *r = &s->request;
	size_t n = strlen(s->prefix) - 1; /* both lack their first '/' */

	if (r->path_n < n || memcmp(r->path, s->prefix + 1, n) != 0)
		return NULL;
	if (!text_path_ok(span_of(r->path + n, r->path_n - n)))
		return NULL;
	return r->path + n;
}

const char *
answer_inner(const char *name)
{
	const char *slash = strchr(name, '/');

	if (starts_with(name, "m/") || starts_with(name, "t/") || slash == NULL)
		return name;
	return slash + 1;
}

bool
answer_blocked(struct serve *s, struct conn *c, const char *inner)
{
	struct http_response a = {.status = 451,
		.type = "application/json",
		.cache = CACHE_NEVER};
	const struct serve_block *b = s->config.block;
	struct span text;

	if (b == NULL || !starts_with(inner, "t/") ||
		!b->find(b->arg, inner, &text))
		return false;
	s->counts.blocked++;
	if (text.n == 0) {
		answer_say(s, c, &a, "");
		return true;
	}
	a.close = c->close;
	a.length = text.n;
	count(s, c, a.status);
	answer_make(s, c, &a, text);
	return true;
}

/* Whether this month's traffic has no room for so many bytes more. */
static bool
over_month(const struct serve *s, uint64_t n)
{
	uint64_t most = s->config.month, used = s->month.sent + s->owed;

	return most > 0 && (used > most || n > most - used);
}

static void
answer_capped(struct serve *s, struct conn *c)
{
	struct http_response a = {.status = 503};

	s->counts.capped++;
	a.retry = s->month_end > s->second
			  ? (uint64_t)(s->month_end - s->second)
			  : 1;
	answer_say(s, c, &a, "this month's traffic is used up");
}

static void
answer_file(struct serve *s, struct conn *c, const char *inner, off_t size)
{
	struct http_response a = {.ranges = true,
		.close = c->close,
		.size = (uint64_t)size,
		.type = "application/octet-stream",
		.cache = CACHE_FOREVER};

	a.status = http_range_of(&s->request, a.size, &a.first, &a.length);
	if (a.status == 416) {
		answer_say(s, c, &a, "");
		return;
	}
	c->paced = starts_with(inner, "t/");
	if (c->paced && over_month(s, a.length)) {
		answer_capped(s, c);
		return;
	}
	if (strcmp(inner, "m/timestamp.json") == 0 ||
		strcmp(inner, "m/now.pack") == 0)
		a.cache = CACHE_NEVER;
	if (ends_with(inner, ".json"))
		a.type = "application/json";
	count(s, c, a.status);
	answer_make(s, c, &a, span_of(NULL, 0));
	if (s->request.method != HTTP_HEAD && s->head.n > 0) {
		c->at = (off_t)a.first;
		c->end = (off_t)(a.first + a.length);
		s->owed += a.length;
	}
}

/* ---- the listener for machines */

static void
answer_page(struct serve *s, struct conn *c)
{
	/* Prometheus's text format. */
	struct http_response a = {.status = 404,
		.type = "text/plain; version=0.0.4; charset=utf-8",
		.cache = CACHE_NEVER,
		.close = c->close};
	const struct serve_page *p = s->config.page;
	struct buf text;

	buf_init(&text, s->head.max / 2);
	if (s->request.method == HTTP_PUT)
		a.status = 405;
	else if (p != NULL)
		a.status = p->get(p->arg, s->request.path, &text);
	if (text.n == 0) {
		if (a.status == 405)
			answer_refusal(s, c, 405);
		else
			answer_say(s, c, &a, "");
	} else {
		a.length = text.n;
		answer_make(s, c, &a, buf_view(&text));
	}
	buf_free(&text);
}

void
answer_request(struct serve *s, struct conn *c)
{
	struct http_response a = {.status = 503};
	const char *name, *inner;
	off_t size = 0;

	c->close = s->request.close || s->draining;
	c->paced = false;
	if (c->inside) {
		answer_page(s, c);
		return;
	}
	if (s->request.method == HTTP_PUT) {
		push_begin(s, c);
		return;
	}
	name = answer_name(s);
	if (name == NULL) {
		cover_answer(s, c);
		return;
	}
	inner = answer_inner(name);
	if (answer_blocked(s, c, inner))
		return;
	c->file = serve_file_open(s->root.fd, s->root.beneath, name, &size);
	if (c->file >= 0) {
		answer_file(s, c, inner, size);
		if (c->at == c->end) {
			close(c->file);
			c->file = -1;
		}
	} else if (errno != ENOENT) {
		answer_say(s, c, &a, "");
	} else {
		cover_answer(s, c);
	}
}
