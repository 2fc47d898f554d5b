#include "fetch_wire.h"

#include <string.h>

#include "../core/text.h"

void
wire_head(uint8_t out[static FRAME_HEAD], uint8_t type, uint32_t id, size_t n)
{
	out[0] = (uint8_t)(n >> 24);
	out[1] = (uint8_t)(n >> 16);
	out[2] = (uint8_t)(n >> 8);
	out[3] = (uint8_t)n;
	out[4] = type;
	out[5] = (uint8_t)(id >> 24);
	out[6] = (uint8_t)(id >> 16);
	out[7] = (uint8_t)(id >> 8);
	out[8] = (uint8_t)id;
}

enum err
wire_next(struct cursor *c, struct frame *f, bool *have)
{
	struct cursor at = *c;
	struct span type;
	uint32_t n;

	*have = false;
	if (cursor_left(&at) < FRAME_HEAD)
		return ERR_OK;
	if (cursor_u32(&at, &n) != ERR_OK ||
		cursor_take(&at, 1, &type) != ERR_OK ||
		cursor_u32(&at, &f->id) != ERR_OK)
		return ERR_SYNTAX;
	if (n > FRAME_BODY)
		return ERR_LIMIT;
	f->type = type.p[0];
	if (f->type < FRAME_WANT || f->type > FRAME_DONE)
		return ERR_SYNTAX;
	if (cursor_take(&at, n, &f->body) != ERR_OK)
		return ERR_OK;
	*c = at;
	*have = true;
	return ERR_OK;
}

/* Frames are built whole, then the length in the head is set. */
static enum err
frame_open(struct buf *out, uint8_t type, uint32_t id, size_t *at)
{
	uint8_t head[FRAME_HEAD];

	*at = out->n;
	wire_head(head, type, id, 0);
	return buf_add(out, head, sizeof(head));
}

static enum err
frame_close(struct buf *out, enum err e, size_t at)
{
	uint8_t *p;
	size_t n;

	if (e == ERR_OK && out->n - at - FRAME_HEAD > FRAME_BODY)
		e = ERR_LIMIT;
	if (e != ERR_OK) {
		buf_cut(out, at);
		return e;
	}
	n = out->n - at - FRAME_HEAD;
	p = out->p + at;
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	return ERR_OK;
}

static enum err
string_add(struct buf *out, const char *s)
{
	size_t n = strlen(s);
	enum err e = buf_u32(out, (uint32_t)n);

	return e == ERR_OK ? buf_add(out, s, n) : e;
}

/* A string with its length before it, of less than `size` bytes, without NUL
 * inside. */
static enum err
string_read(struct cursor *c, char *out, size_t size)
{
	struct span s;
	uint32_t n;

	if (cursor_u32(c, &n) != ERR_OK || n >= size ||
		cursor_take(c, n, &s) != ERR_OK)
		return ERR_SYNTAX;
	if (n > 0 && memchr(s.p, '\0', n) != NULL)
		return ERR_SYNTAX;
	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
	return ERR_OK;
}

static enum err
byte_read(struct cursor *c, uint8_t most, uint8_t *out)
{
	struct span s;

	if (cursor_take(c, 1, &s) != ERR_OK || s.p[0] > most)
		return ERR_SYNTAX;
	*out = s.p[0];
	return ERR_OK;
}

enum err
wire_empty_add(struct buf *out, uint8_t type, uint32_t id)
{
	uint8_t head[FRAME_HEAD];

	wire_head(head, type, id, 0);
	return buf_add(out, head, sizeof(head));
}

enum err
wire_want_add(struct buf *out, uint32_t id, const struct wire_want *w)
{
	const char *const strings[] = {w->base, w->path, w->address, w->sni,
		w->pin, w->front, w->resolver, w->resolver_address, w->proxy};
	size_t at, i;
	enum err e = frame_open(out, FRAME_WANT, id, &at);

	if (e == ERR_OK)
		e = buf_u64(out, w->offset);
	if (e == ERR_OK)
		e = buf_u64(out, w->n);
	if (e == ERR_OK)
		e = buf_u64(out, w->max);
	if (e == ERR_OK)
		e = buf_u32(out, w->ms);
	if (e == ERR_OK)
		e = buf_u8(out, w->allow_private);
	if (e == ERR_OK)
		e = buf_u8(out, w->fresh);
	if (e == ERR_OK)
		e = buf_u8(out, (uint8_t)w->strategy);
	for (i = 0; e == ERR_OK && i < sizeof(strings) / sizeof(*strings); i++)
		e = string_add(out, strings[i]);
	return frame_close(out, e, at);
}

static bool
strings_read(struct cursor *c, struct wire_want *w)
{
#define READ(field) (string_read(c, w->field, sizeof(w->field)) == ERR_OK)
	return READ(base) && READ(path) && READ(address) && READ(sni) &&
	       READ(pin) && READ(front) && READ(resolver) &&
	       READ(resolver_address) && READ(proxy);
#undef READ
}

enum err
wire_want_read(struct span body, struct wire_want *w)
{
	struct cursor c = {.in = body};
	uint8_t private = 0, fresh = 0, strategy = 0;

	if (cursor_u64(&c, &w->offset) != ERR_OK ||
		cursor_u64(&c, &w->n) != ERR_OK ||
		cursor_u64(&c, &w->max) != ERR_OK ||
		cursor_u32(&c, &w->ms) != ERR_OK ||
		byte_read(&c, 1, &private) != ERR_OK ||
		byte_read(&c, 1, &fresh) != ERR_OK ||
		byte_read(&c, STRATEGY_COUNT - 1, &strategy) != ERR_OK ||
		!strings_read(&c, w) || cursor_left(&c) != 0)
		return ERR_SYNTAX;
	/* File and HTTP offsets are signed 64-bit numbers. */
	if (w->offset > INT64_MAX || w->n > INT64_MAX - w->offset ||
		w->max > INT64_MAX || (w->n == 0 && w->offset != 0))
		return ERR_SYNTAX;
	w->allow_private = private != 0;
	w->fresh = fresh != 0;
	w->strategy = (enum strategy)strategy;
	return ERR_OK;
}

enum err
wire_done_add(struct buf *out, uint32_t id, const struct wire_done *w)
{
	size_t at;
	enum err e = frame_open(out, FRAME_DONE, id, &at);

	if (e == ERR_OK)
		e = buf_u8(out, (uint8_t)w->err);
	if (e == ERR_OK)
		e = buf_u64(out, w->wire);
	if (e == ERR_OK)
		e = buf_u64(out, w->us);
	if (e == ERR_OK)
		e = buf_u64(out, w->connect_us);
	if (e == ERR_OK)
		e = buf_u64(out, w->first_us);
	if (e == ERR_OK)
		e = buf_u32(out, w->status);
	if (e == ERR_OK)
		e = buf_u8(out, w->requests);
	if (e == ERR_OK)
		e = string_add(out, w->why);
	if (e == ERR_OK)
		e = buf_u32(out, (uint32_t)w->notice.n);
	if (e == ERR_OK)
		e = buf_span(out, w->notice);
	return frame_close(out, e, at);
}

static bool
code_ok(uint8_t code)
{
	switch (code) {
	case ERR_OK:
	case ERR_NOMEM:
	case ERR_IO:
	case ERR_MISSING:
	case ERR_NETWORK:
	case ERR_TIMEOUT:
	case ERR_TRUNCATED:
	case ERR_TRAILING:
	case ERR_UNSUPPORTED:
	case ERR_REFUSED:
		return true;
	default:
		return false;
	}
}

enum err
wire_done_read(struct span body, struct wire_done *w)
{
	struct cursor c = {.in = body};
	char why[sizeof(w->why)];
	uint8_t code = 0;
	uint32_t n;

	if (byte_read(&c, UINT8_MAX, &code) != ERR_OK || !code_ok(code) ||
		cursor_u64(&c, &w->wire) != ERR_OK ||
		cursor_u64(&c, &w->us) != ERR_OK ||
		cursor_u64(&c, &w->connect_us) != ERR_OK ||
		cursor_u64(&c, &w->first_us) != ERR_OK ||
		cursor_u32(&c, &w->status) != ERR_OK || w->status > 599 ||
		byte_read(&c, 1, &w->requests) != ERR_OK ||
		string_read(&c, why, sizeof(why)) != ERR_OK ||
		cursor_u32(&c, &n) != ERR_OK || n > LIMIT_TOMBSTONE ||
		cursor_take(&c, n, &w->notice) != ERR_OK ||
		cursor_left(&c) != 0)
		return ERR_SYNTAX;
	if (n > 0 && (code != ERR_MISSING || w->status != 451))
		return ERR_SYNTAX;
	w->err = (enum err)code;
	text_show(w->why, sizeof(w->why), span_str(why));
	return ERR_OK;
}
