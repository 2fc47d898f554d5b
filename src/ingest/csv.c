#include "csv.h"

#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"

void
csv_clear(struct csv *c)
{
	buf_free(&c->text);
	*c = (struct csv){.n = 0};
}

static uint8_t
byte_at(const struct csv *c, size_t at)
{
	return at < c->in.n ? c->in.p[at] : 0;
}

/* Whether the field ends here: at a comma, a line's end or the end. */
static bool
is_end(const struct csv *c, size_t at)
{
	uint8_t b = byte_at(c, at);

	return at >= c->in.n || b == ',' || b == '\n' ||
	       (b == '\r' && byte_at(c, at + 1) == '\n');
}

/* The quote at c->at opens a field. Its text goes behind what is there: the
 * buffer does not move, since it was made as large as a row may be. */
static enum err
quoted_take(struct csv *c, size_t end, struct span *out, struct diag *d)
{
	size_t start = c->text.n;

	for (c->at++; c->at < end; c->at++) {
		uint8_t b = c->in.p[c->at];

		if (b == '\n')
			c->next++;
		if (b == '"' && byte_at(c, c->at + 1) != '"')
			break;
		c->at += b == '"';
		if (buf_u8(&c->text, b) != ERR_OK)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	if (c->at >= end && end < c->in.n)
		return diag_set(d, ERR_LIMIT,
			"line %u: a row of over %zu bytes, or a quote that "
			"does not end",
			c->line, LIMIT_CSV_ROW);
	if (c->at >= end)
		return diag_set(d, ERR_SYNTAX,
			"line %u: a quote that does not end", c->line);
	c->at++;
	if (!is_end(c, c->at))
		return diag_set(d, ERR_SYNTAX,
			"line %u: text behind a closing quote", c->line);
	*out = span_sub(buf_view(&c->text), start, c->text.n - start);
	return ERR_OK;
}

static enum err
plain_take(struct csv *c, size_t end, struct span *out, struct diag *d)
{
	size_t start = c->at;

	while (c->at < end && !is_end(c, c->at)) {
		if (c->in.p[c->at] == '"')
			return diag_set(d, ERR_SYNTAX,
				"line %u: a quote inside a field", c->line);
		if (c->in.p[c->at] == '\r')
			return diag_set(d, ERR_SYNTAX,
				"line %u: a lone carriage return", c->line);
		c->at++;
	}
	if (c->at >= end && end < c->in.n && !is_end(c, c->at))
		return diag_set(d, ERR_LIMIT,
			"line %u: a row of over %zu bytes", c->line,
			LIMIT_CSV_ROW);
	*out = span_sub(c->in, start, c->at - start);
	return ERR_OK;
}

static enum err
field_take(struct csv *c, size_t end, struct diag *d)
{
	struct span *f = &c->field[c->n];
	enum err e;

	if (c->n == CSV_FIELDS)
		return diag_set(d, ERR_LIMIT, "line %u: over %d columns",
			c->line, CSV_FIELDS);
	e = byte_at(c, c->at) == '"' && c->at < c->in.n
		    ? quoted_take(c, end, f, d)
		    : plain_take(c, end, f, d);
	if (e == ERR_OK &&
		(memchr(f->n == 0 ? "" : (const void *)f->p, 0, f->n) != NULL ||
			!text_utf8_valid(*f)))
		e = diag_set(d, ERR_SYNTAX, "line %u: not UTF-8 text", c->line);
	c->n += e == ERR_OK;
	return e;
}

enum err
csv_row(struct csv *c, bool *have, struct diag *d)
{
	size_t end;
	enum err e;

	*have = c->at < c->in.n;
	if (!*have)
		return ERR_OK;
	if (c->next == 0) {
		/* What spreadsheets put before UTF-8. */
		if (span_starts(c->in, span_str("\xef\xbb\xbf")))
			c->at = 3;
		c->next = 1;
		buf_init(&c->text, LIMIT_CSV_ROW);
		if (buf_reserve(&c->text, LIMIT_CSV_ROW) != ERR_OK)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	c->line = c->next;
	c->n = 0;
	buf_clear(&c->text);
	end = c->in.n - c->at > LIMIT_CSV_ROW ? c->at + LIMIT_CSV_ROW : c->in.n;
	while ((e = field_take(c, end, d)) == ERR_OK &&
		byte_at(c, c->at) == ',')
		c->at++;
	if (e != ERR_OK)
		return e;
	c->at += byte_at(c, c->at) == '\r';
	c->at += byte_at(c, c->at) == '\n';
	c->next++;
	return ERR_OK;
}
