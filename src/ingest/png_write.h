/* A picture of black and white, as PNG (W3C Recommendation, third edition). */
#ifndef ERIKA_PNG_WRITE_H
#define ERIKA_PNG_WRITE_H

#include "../core/bytes.h"
#include "../core/err.h"

/* Append it. `rows` has each line's pixels, eight to a byte from the highest
 * bit, 1 is white, a line beginning a byte. ERR_SYNTAX when that is not its
 * size, ERR_LIMIT, ERR_NOMEM; `out` may hold a part then. */
enum err png_write(struct span rows, unsigned width, unsigned height,
	struct buf *out) ERR_MUST_USE;

#endif
