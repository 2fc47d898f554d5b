/* Comma-separated values, strictly by RFC 4180: quotes around a whole field
 * or nowhere, doubled inside it; lines end in CRLF or LF; the text is UTF-8
 * without NUL. */
#ifndef ERIKA_CSV_H
#define ERIKA_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/bytes.h"
#include "../core/err.h"

/* Fields of one row: OONI's tables have 13, test lists 6. */
#define CSV_FIELDS 64

/* Zero it, then set `in`. */
struct csv {
	struct span in;
	size_t at;
	unsigned line; /* where the row last read began, from 1 */
	unsigned next;
	struct buf text; /* fields with quotes, undone: their spans */
	struct span field[CSV_FIELDS];
	size_t n;
};

/* The next row into field[0] to field[n-1], valid until the next call; *have
 * false at the end. An empty line is one empty field. Clear it afterwards in
 * any case. ERR_SYNTAX with the line, ERR_LIMIT for over CSV_FIELDS fields or
 * LIMIT_CSV_ROW bytes, ERR_NOMEM. */
enum err csv_row(struct csv *c, bool *have, struct diag *d) ERR_MUST_USE;
void csv_clear(struct csv *c);

#endif
