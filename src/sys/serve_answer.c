#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "serve_priv.h"

/* Names carry hashes or versions, so their content never changes. */
#define CACHE_FOREVER "public, max-age=31536000, immutable"
#define CACHE_NEVER "no-cache"

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

/* Put a head, and a text unless it must not follow, into s->head. */
static void
make(struct serve *s, struct conn *c, const struct http_response *a,
	const char *text)
{
	enum err e;

	buf_clear(&s->head);
	e = http_response_add(&s->head, a, s->date);
	if (e == ERR_OK && s->request.method != HTTP_HEAD)
		e = buf_str(&s->head, text);
	if (e != ERR_OK) {
		/* Out of memory: an answer cut short would look whole. */
		buf_clear(&s->head);
		c->close = true;
	}
}

/* A short answer without a file; `a` says the rest. */
static void
say(struct serve *s, struct conn *c, struct http_response *a)
{
	char text[64];

	snprintf(text, sizeof(text), "%s\n", http_reason(a->status));
	a->type = "text/plain";
	a->cache = CACHE_NEVER;
	a->close = c->close;
	a->length = strlen(text);
	s->counts.requests++;
	if (a->status == 404)
		s->counts.missing++;
	else
		s->counts.refused++;
	make(s, c, a, text);
}

void
answer_refusal(struct serve *s, struct conn *c, unsigned status)
{
	struct http_response a = {.status = status};

	/* Where the next request would begin is not sure any more. */
	c->close = true;
	c->refused = true;
	if (status == 405)
		a.allow = "GET, HEAD";
	say(s, c, &a);
}

/* The file a request names, or NULL: under the prefix, and only what may be
 * a name in a mirror's tree. */
static const char *
find_name(const struct serve *s)
{
	const struct http_request *r = &s->request;
	size_t n = strlen(s->prefix) - 1; /* both lack their first '/' */

	if (r->path_n < n || memcmp(r->path, s->prefix + 1, n) != 0)
		return NULL;
	if (!text_path_ok(span_of(r->path + n, r->path_n - n)))
		return NULL;
	return r->path + n;
}

static void
answer_file(struct serve *s, struct conn *c, const char *name, off_t size)
{
	struct http_response a = {.ranges = true,
		.close = c->close,
		.size = (uint64_t)size,
		.type = "application/octet-stream",
		.cache = CACHE_FOREVER};

	a.status = http_range_of(&s->request, a.size, &a.first, &a.length);
	if (a.status == 416) {
		say(s, c, &a);
		return;
	}
	if (strcmp(name, "m/timestamp.json") == 0 ||
		strcmp(name, "m/now.pack") == 0)
		a.cache = CACHE_NEVER;
	if (ends_with(name, ".json"))
		a.type = "application/json";
	s->counts.requests++;
	s->counts.found++;
	make(s, c, &a, "");
	if (s->request.method != HTTP_HEAD && s->head.n > 0) {
		c->at = (off_t)a.first;
		c->end = (off_t)(a.first + a.length);
	}
}

void
answer_request(struct serve *s, struct conn *c)
{
	struct http_response a = {.status = 404};
	const char *name;
	off_t size = 0;

	c->close = s->request.close;
	if (s->request.method == HTTP_PUT) {
		answer_refusal(s, c, 405);
		return;
	}
	name = find_name(s);
	if (name != NULL)
		c->file = serve_file_open(s->root, s->beneath, name, &size);
	if (c->file >= 0) {
		answer_file(s, c, name, size);
		if (c->at == c->end) {
			close(c->file);
			c->file = -1;
		}
		return;
	}
	if (name != NULL && errno != ENOENT)
		a.status = 503;
	say(s, c, &a);
}
