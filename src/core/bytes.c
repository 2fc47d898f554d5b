#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span
span_of(const void *p, size_t n)
{
	return (struct span){.p = p, .n = n};
}

struct span
span_str(const char *s)
{
	return span_of(s, strlen(s));
}

bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
span_starts(struct span a, struct span prefix)
{
	return a.n >= prefix.n && span_eq(span_sub(a, 0, prefix.n), prefix);
}

struct span
span_sub(struct span a, size_t at, size_t n)
{
	if (at >= a.n)
		return span_of(NULL, 0);
	if (n > a.n - at)
		n = a.n - at;
	return span_of(a.p + at, n);
}

size_t
cursor_left(const struct cursor *c)
{
	return c->in.n - c->pos;
}

enum err
cursor_take(struct cursor *c, size_t n, struct span *out)
{
	if (n > cursor_left(c))
		return ERR_TRUNCATED;
	*out = span_sub(c->in, c->pos, n);
	c->pos += n;
	return ERR_OK;
}

enum err
cursor_u32(struct cursor *c, uint32_t *out)
{
	struct span s;

	if (cursor_take(c, 4, &s) != ERR_OK)
		return ERR_TRUNCATED;
	*out = (uint32_t)s.p[0] << 24 | (uint32_t)s.p[1] << 16 |
		(uint32_t)s.p[2] << 8 | (uint32_t)s.p[3];
	return ERR_OK;
}

enum err
cursor_u64(struct cursor *c, uint64_t *out)
{
	uint32_t hi, lo;

	if (cursor_left(c) < 8)
		return ERR_TRUNCATED;
	if (cursor_u32(c, &hi) != ERR_OK || cursor_u32(c, &lo) != ERR_OK)
		return ERR_TRUNCATED;
	*out = (uint64_t)hi << 32 | lo;
	return ERR_OK;
}

enum err
cursor_line(struct cursor *c, size_t max, struct span *out)
{
	struct span rest;
	const uint8_t *nl;
	size_t n;

	if (cursor_left(c) == 0)
		return ERR_TRUNCATED;
	rest = span_sub(c->in, c->pos, cursor_left(c));
	nl = memchr(rest.p, '\n', rest.n);
	n = nl == NULL ? rest.n : (size_t)(nl - rest.p);
	if (n > max)
		return ERR_LIMIT;
	*out = span_sub(rest, 0, n);
	c->pos += nl == NULL ? n : n + 1;
	return ERR_OK;
}

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	free(b->p);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	buf_cut(b, 0);
}

void
buf_cut(struct buf *b, size_t n)
{
	b->n = n;
	if (b->p != NULL)
		b->p[n] = '\0';
}

enum err
buf_reserve(struct buf *b, size_t n)
{
	size_t cap;
	uint8_t *p;

	if (n > b->max || b->n > b->max - n)
		return ERR_LIMIT;
	if (b->cap > b->n && b->cap - b->n > n)
		return ERR_OK;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap - b->n <= n) {
		if (cap > SIZE_MAX / 2)
			return ERR_NOMEM;
		cap *= 2;
	}
	/* The cap counts content; one byte more holds the NUL. */
	if (cap > b->max && b->max < SIZE_MAX)
		cap = b->max + 1;
	p = realloc(b->p, cap);
	if (p == NULL)
		return ERR_NOMEM;
	b->p = p;
	b->cap = cap;
	b->p[b->n] = '\0';
	return ERR_OK;
}

enum err
buf_add(struct buf *b, const void *p, size_t n)
{
	enum err e = buf_reserve(b, n);

	if (e != ERR_OK)
		return e;
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
	return ERR_OK;
}

enum err
buf_span(struct buf *b, struct span s)
{
	return buf_add(b, s.p, s.n);
}

enum err
buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

enum err
buf_u8(struct buf *b, uint8_t v)
{
	return buf_add(b, &v, 1);
}

enum err
buf_u32(struct buf *b, uint32_t v)
{
	uint8_t w[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
		(uint8_t)(v >> 8), (uint8_t)v};

	return buf_add(b, w, sizeof(w));
}

enum err
buf_u64(struct buf *b, uint64_t v)
{
	enum err e = buf_reserve(b, 8);

	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)(v >> 32));
	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)v);
	return e;
}

enum err
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	enum err e;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return ERR_FAILED;
	e = buf_reserve(b, (size_t)n);
	if (e != ERR_OK)
		return e;
	va_start(ap, fmt);
	vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return ERR_OK;
}

struct span
buf_view(const struct buf *b)
{
	return span_of(b->p, b->n);
}

const char *
buf_cstr(const struct buf *b)
{
	return b->p == NULL ? "" : (const char *)b->p;
}

uint8_t *
buf_steal(struct buf *b, size_t *n)
{
	uint8_t *p;

	if (b->p == NULL && buf_add(b, "", 0) != ERR_OK)
		return NULL;
	p = b->p;
	if (n != NULL)
		*n = b->n;
	buf_init(b, b->max);
	return p;
}

void
strings_free(char **list, size_t n)
{
	size_t i;

	for (i = 0; list != NULL && i < n; i++)
		free(list[i]);
	free(list);
}
