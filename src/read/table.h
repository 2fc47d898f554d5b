/* A table of an article for a terminal: cells collected first, then rows as
 * aligned columns where they fit, else as "a | b". */
#ifndef ERIKA_TABLE_H
#define ERIKA_TABLE_H

#include "wrap.h"

/* More columns are not aligned. */
#define TABLE_COLUMNS 12

struct table {
	struct wrap text; /* of all cells, end to end */
	struct buf cells; /* struct cell, see table.c */
	unsigned rows;
	bool spans; /* a cell spans others: columns mean nothing */
	bool in_cell;
};

/* Start empty, with at most `max` bytes of text. */
void table_init(struct table *t, size_t max);
void table_free(struct table *t);
void table_clear(struct table *t);

/* Begin a row; begin a cell in it, whose text is then added to t->text; end
 * the cell. */
void table_row(struct table *t);
enum err table_cell_open(struct table *t, bool spans) ERR_MUST_USE;
void table_cell_close(struct table *t);

/* Where the open cell's text begins. */
size_t table_cell_start(const struct table *t);

/* How wide each column is; columns == 0: not aligned. */
struct table_layout {
	unsigned columns;
	unsigned width[TABLE_COLUMNS];
};

/* Aligned when all rows then fit in `width` columns. */
void table_layout(
	const struct table *t, unsigned width, struct table_layout *l);

/* Append the row that begins at cell *at, and move *at to the next row's; a
 * row without any text appends nothing. Returns ERR_MISSING after the last
 * row. */
enum err table_line(const struct table *t, const struct table_layout *l,
	size_t *at, struct wrap *out) ERR_MUST_USE;

#endif
