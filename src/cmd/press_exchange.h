/* A mirror's metadata as a whole: a new root may change who signs heads, so
 * that neither the old head under the new root nor the new one under the old
 * is worth anything. All of m/ is therefore made anew beside it, of links, and
 * takes its place in one step. */
#ifndef ERIKA_PRESS_EXCHANGE_H
#define ERIKA_PRESS_EXCHANGE_H

#include <stdbool.h>

#include "../core/err.h"

/* The folder beside m/ that is to become it. */
#define EXCHANGE_NEXT ".new-m"

/* Fill that with links to all that m/ has, but timestamp.json and now.pack.
 * false: this place cannot (FAT has no links, m/ holds more than files or is
 * somebody else's), and nothing is left behind. */
bool exchange_begin(const char *mirror);

/* Exchange the two, and remove the old one. *done false: this system cannot;
 * both are as before. ERR_IO, ERR_SPACE. */
enum err exchange_end(
	const char *mirror, bool *done, struct diag *d) ERR_MUST_USE;

/* Remove what a run that was cut off left. */
void exchange_clear(const char *mirror);

#endif
