#include "fetch_chunk.h"

#include "../core/limits.h"
#include "../core/text.h"

/* No file is larger than this many hex digits say. */
#define DIGITS 15

static const char wrong[] = "wrong chunks";

static const char *
take_size(struct chunks *c, uint8_t b)
{
	int digit = text_hex_digit(b);

	if (digit >= 0 && c->digits < DIGITS) {
		c->left = c->left << 4 | (unsigned)digit;
		c->digits++;
		return NULL;
	}
	if (b != '\r' || c->digits == 0)
		return wrong;
	c->state = CHUNK_SIZE_LF;
	return NULL;
}

/* A line ends in CR LF; the empty one ends all. */
static const char *
take_trailer(struct chunks *c, uint8_t b)
{
	if (++c->trailers > LIMIT_HTTP_HEAD)
		return "trailers without end";
	if (c->cr != (b == '\n'))
		return wrong;
	if (b == '\n') {
		if (!c->in_line)
			c->state = CHUNK_END;
		c->in_line = false;
	} else if (b != '\r') {
		c->in_line = true;
	}
	c->cr = b == '\r';
	return NULL;
}

static const char *
take_byte(struct chunks *c, uint8_t b)
{
	switch (c->state) {
	case CHUNK_SIZE:
		return take_size(c, b);
	case CHUNK_SIZE_LF:
		if (b != '\n')
			return wrong;
		c->state = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
		return NULL;
	case CHUNK_DATA_CR:
		if (b != '\r')
			return wrong;
		c->state = CHUNK_DATA_LF;
		return NULL;
	case CHUNK_DATA_LF:
		if (b != '\n')
			return wrong;
		c->state = CHUNK_SIZE;
		c->digits = 0;
		return NULL;
	case CHUNK_TRAILER:
		return take_trailer(c, b);
	default:
		return wrong;
	}
}

const char *
chunks_take(struct chunks *c, struct span *in, struct span *body)
{
	const char *bad = NULL;
	size_t n;

	*body = span_of(in->p, 0);
	while (in->n > 0 && c->state != CHUNK_DATA && bad == NULL) {
		bad = take_byte(c, in->p[0]);
		*in = span_sub(*in, 1, in->n);
	}
	if (in->n == 0 || bad != NULL)
		return bad;
	n = in->n < c->left ? in->n : (size_t)c->left;
	*body = span_sub(*in, 0, n);
	*in = span_sub(*in, n, in->n);
	c->left -= n;
	if (c->left == 0)
		c->state = CHUNK_DATA_CR;
	return NULL;
}
