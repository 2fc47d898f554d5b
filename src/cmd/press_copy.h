/* Copying the repository to a mirror: bundles first and the timestamp last, so
 * that no reader ever sees a name that is not there. */
#ifndef ERIKA_PRESS_COPY_H
#define ERIKA_PRESS_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "press_room.h"

struct copied {
	unsigned files;
	uint64_t bytes;
};

/* Copy what is new since the last time to the folder `to`: by the list of the
 * records, so that a large archive costs nothing. With `all`, or where the
 * head is not the one that was left there, look at every file. ERR_ROLLBACK when the mirror has
 * a newer head than these records. */
enum err copy_run(struct room *r, const char *to, bool all, struct copied *out,
	struct diag *d) ERR_MUST_USE;

#endif
