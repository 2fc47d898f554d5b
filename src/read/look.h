/* How the elements of an article look on a terminal. */
#ifndef ERIKA_LOOK_H
#define ERIKA_LOOK_H

#include <stdbool.h>

struct look {
	const char *name;
	unsigned style;
	bool blank;		    /* lines around a block */
	const char *before, *after; /* NULL: nothing */
	bool plain;		    /* these only where there is no colour */
};

/* The look of an element; one that is not in the table is only its content,
 * and its name here is "". Never NULL. */
const struct look *look_of(const char *name);

#endif
