/* How words reach a person: broken between words where a terminal is
 * narrow. */
#ifndef ERIKA_COMMON_SAY_H
#define ERIKA_COMMON_SAY_H

#include <stdio.h>

#include "../core/bytes.h"

/* Columns of the terminal that `f` is; 0 when it is none, or does not say. */
unsigned say_columns(FILE *f);

/* Append UTF-8 text as say would write it to a terminal of so many columns; 0:
 * as it is. ERR_LIMIT, ERR_NOMEM. */
enum err say_wrap(
	struct buf *out, const char *text, unsigned width) ERR_MUST_USE;

/* Write UTF-8 text. On a terminal a line that is too long for it is broken at
 * a space, and goes on two columns deeper than it began; a word longer than
 * that is left to the terminal. Anywhere else it is written as it is. */
void say(FILE *f, const char *text);

#endif
