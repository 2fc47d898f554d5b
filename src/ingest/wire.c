#include "wire.h"

#include <string.h>

#include "wire_private.h"

/* ---- reading: the first failure stays, and all reads then give nothing */

void
wire_fail(struct wire_reader *r, enum err e)
{
	if (r->err == ERR_OK)
		r->err = e;
}

uint8_t
wire_u8(struct wire_reader *r)
{
	struct span s;

	if (r->err != ERR_OK || cursor_take(&r->c, 1, &s) != ERR_OK) {
		wire_fail(r, ERR_REFUSED);
		return 0;
	}
	return s.p[0];
}

/* A byte of at most this value; 0 after a failure. */
uint8_t
wire_choice(struct wire_reader *r, uint8_t most)
{
	uint8_t v = wire_u8(r);

	if (v <= most)
		return v;
	wire_fail(r, ERR_REFUSED);
	return 0;
}

uint32_t
wire_u32(struct wire_reader *r, uint32_t most)
{
	uint32_t v;

	if (r->err != ERR_OK || cursor_u32(&r->c, &v) != ERR_OK || v > most) {
		wire_fail(r, ERR_REFUSED);
		return 0;
	}
	return v;
}

uint64_t
wire_u64(struct wire_reader *r, uint64_t most)
{
	uint64_t v;

	if (r->err != ERR_OK || cursor_u64(&r->c, &v) != ERR_OK || v > most) {
		wire_fail(r, ERR_REFUSED);
		return 0;
	}
	return v;
}

struct span
wire_bytes(struct wire_reader *r, uint32_t most)
{
	struct span s = span_of(NULL, 0);
	uint32_t n = wire_u32(r, most);

	if (r->err == ERR_OK && cursor_take(&r->c, n, &s) != ERR_OK)
		wire_fail(r, ERR_REFUSED);
	return s;
}

/* ---- writing */

enum err
wire_add_bytes(struct buf *b, struct span s)
{
	enum err e = s.n >= WIRE_ABSENT ? ERR_LIMIT : buf_u32(b, (uint32_t)s.n);

	return e == ERR_OK ? buf_span(b, s) : e;
}

enum err
wire_add_string(struct buf *b, const char *s)
{
	return s == NULL ? buf_u32(b, WIRE_ABSENT)
			 : wire_add_bytes(b, span_str(s));
}

static enum err
add_strings(struct buf *b, char *const *v, size_t n)
{
	enum err e = buf_u32(b, (uint32_t)n);
	size_t i;

	for (i = 0; i < n && e == ERR_OK; i++)
		e = wire_add_string(b, v[i]);
	return e;
}

static enum err
add_article(struct buf *b, const struct ingest_article *a)
{
	const struct article *m = &a->meta;
	enum err e = wire_add_string(b, m->id);
	size_t i;

	if (e == ERR_OK)
		e = wire_add_string(b, m->title);
	if (e == ERR_OK)
		e = wire_add_string(b, m->language);
	if (e == ERR_OK)
		e = wire_add_string(b, m->url);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)m->published);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)m->updated);
	if (e == ERR_OK)
		e = add_strings(b, m->authors, m->n_authors);
	if (e == ERR_OK)
		e = add_strings(b, m->tags, m->n_tags);
	if (e == ERR_OK)
		e = wire_add_bytes(b, buf_view(&a->body));
	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)a->n_images);
	for (i = 0; i < a->n_images && e == ERR_OK; i++)
		e = wire_add_string(b, a->images[i].source);
	if (e == ERR_OK)
		e = buf_u32(b, a->dropped);
	return e == ERR_OK ? buf_u32(b, a->remote) : e;
}

enum err
wire_result_add(struct buf *b, const struct ingest_result *r)
{
	enum err e = buf_u32(b, (uint32_t)r->n_articles);
	size_t i;

	for (i = 0; i < r->n_articles && e == ERR_OK; i++)
		e = add_article(b, &r->articles[i]);
	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)r->n_left);
	for (i = 0; i < r->n_left && e == ERR_OK; i++) {
		e = wire_add_string(b, r->left[i].what);
		if (e == ERR_OK)
			e = wire_add_string(b, r->left[i].why);
	}
	return e;
}

const char *const wire_types[3] = {"image/jpeg", "image/png", "image/webp"};

enum err
wire_plan_add(struct buf *b, const struct image_plan *p)
{
	enum err e;
	uint8_t type = 0;
	size_t i;

	while (type < 2 && strcmp(wire_types[type], p->type) != 0)
		type++;
	e = buf_u8(b, type);
	if (e == ERR_OK)
		e = buf_u8(b, (uint8_t)(p->had_gps | p->had_metadata << 1));
	if (e == ERR_OK)
		e = buf_u32(b, p->width);
	if (e == ERR_OK)
		e = buf_u32(b, p->height);
	if (e == ERR_OK)
		e = buf_u64(b, p->length);
	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)p->n_pieces);
	for (i = 0; i < p->n_pieces && e == ERR_OK; i++) {
		const struct image_piece *k = &p->pieces[i];

		e = buf_u8(b, k->fresh != NULL);
		if (e == ERR_OK)
			e = k->fresh != NULL
				    ? wire_add_bytes(b,
					      span_of(k->fresh, (size_t)k->n))
				    : buf_u64(b, k->at);
		if (e == ERR_OK && k->fresh == NULL)
			e = buf_u64(b, k->n);
	}
	return e;
}

/* ---- requests */

enum err
ingest_request_import(struct buf *b, struct span s, enum ingest_kind kind,
	const struct ingest_defaults *def)
{
	enum err e = buf_u8(b, WIRE_IMPORT);

	if (e == ERR_OK)
		e = buf_u8(b, (uint8_t)kind);
	if (e == ERR_OK)
		e = wire_add_string(b, def->language);
	if (e == ERR_OK)
		e = wire_add_string(b, def->name);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)def->now);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)def->modified);
	return e == ERR_OK ? buf_span(b, s) : e;
}

enum err
ingest_request_image(struct buf *b)
{
	return buf_u8(b, WIRE_IMAGE);
}
