#include "table.h"

#include <string.h>

#define BAR " | "
#define BAR_COLUMNS 3

struct cell {
	size_t at, n; /* bytes of the table's text */
	unsigned row; /* from 1 */
};

void
table_init(struct table *t, size_t max)
{
	*t = (struct table){.rows = 0};
	wrap_init(&t->text, max);
	/* A cell takes nine bytes of an article at least. */
	buf_init(&t->cells, max * sizeof(struct cell));
}

void
table_free(struct table *t)
{
	wrap_free(&t->text);
	buf_free(&t->cells);
}

void
table_clear(struct table *t)
{
	wrap_cut(&t->text, 0);
	buf_clear(&t->cells);
	t->rows = 0;
	t->spans = false;
	t->in_cell = false;
}

static size_t
count(const struct table *t)
{
	return t->cells.n / sizeof(struct cell);
}

static struct cell
get(const struct table *t, size_t i)
{
	struct cell c;

	memcpy(&c, t->cells.p + i * sizeof(c), sizeof(c));
	return c;
}

void
table_row(struct table *t)
{
	t->rows++;
}

enum err
table_cell_open(struct table *t, bool spans)
{
	struct cell c = {.at = t->text.text.n, .row = t->rows};

	if (spans)
		t->spans = true;
	t->in_cell = true;
	return buf_add(&t->cells, &c, sizeof(c));
}

size_t
table_cell_start(const struct table *t)
{
	return get(t, count(t) - 1).at;
}

void
table_cell_close(struct table *t)
{
	size_t last = count(t) - 1, end = t->text.text.n;
	struct cell c = get(t, last);

	while (end > c.at && t->text.text.p[end - 1] == ' ')
		end--;
	wrap_cut(&t->text, end);
	c.n = end - c.at;
	memcpy(t->cells.p + last * sizeof(c), &c, sizeof(c));
	t->in_cell = false;
}

static struct span
text_of(const struct table *t, const struct cell *c)
{
	return span_sub(buf_view(&t->text.text), c->at, c->n);
}

void
table_layout(const struct table *t, unsigned width, struct table_layout *l)
{
	unsigned row = 0, column = 0, k, total = 0;
	size_t i;

	*l = (struct table_layout){.columns = 0};
	if (t->spans)
		return;
	for (i = 0; i < count(t); i++) {
		struct cell c = get(t, i);
		struct span s = text_of(t, &c);

		column = c.row == row ? column + 1 : 0;
		row = c.row;
		if (column >= TABLE_COLUMNS)
			goto not_aligned;
		if (column >= l->columns)
			l->columns = column + 1;
		k = wrap_columns(s);
		if (k > width)
			goto not_aligned;
		if (k > l->width[column])
			l->width[column] = k;
	}
	for (k = 0; k < l->columns; k++)
		total += l->width[k] + (k > 0 ? BAR_COLUMNS : 0);
	if (total <= width)
		return;
not_aligned:
	l->columns = 0;
}

static enum err
pad(struct wrap *out, unsigned n)
{
	enum err e = ERR_OK;

	for (; n > 0 && e == ERR_OK; n--)
		e = wrap_add_str(out, " ", 0);
	return e;
}

enum err
table_line(const struct table *t, const struct table_layout *l, size_t *at,
	struct wrap *out)
{
	size_t first = *at, start = out->text.n;
	bool empty = true;
	enum err e = ERR_OK;

	if (first >= count(t))
		return ERR_MISSING;
	for (; *at < count(t) && e == ERR_OK; ++*at) {
		struct cell c = get(t, *at);
		size_t column = *at - first;
		unsigned used = wrap_columns(text_of(t, &c));

		if (c.row != get(t, first).row)
			break;
		if (column > 0)
			e = wrap_add_str(out, BAR, 0);
		if (e == ERR_OK)
			e = wrap_add_part(out, &t->text, c.at, c.n);
		if (e == ERR_OK && column + 1 < l->columns)
			e = pad(out, l->width[column] - used);
		if (c.n > 0)
			empty = false;
	}
	if (e == ERR_OK && empty)
		wrap_cut(out, start);
	return e;
}
