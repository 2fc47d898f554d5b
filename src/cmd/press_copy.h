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

/* How well to look at what a mirror has already. */
enum copy_look {
	COPY_NEW,  /* not at all: by the list of the records, so that a large
		      archive costs nothing */
	COPY_ALL,  /* whether each file is there, of its size */
	COPY_CHECK /* and of its content */
};

/* Copy what is new since the last time to the folder `to`, and what it lacks
 * as far as one looks. COPY_NEW is COPY_ALL where the head is not the one that
 * was left there. ERR_ROLLBACK when the mirror has a newer head than these
 * records. */
enum err copy_run(struct room *r, const char *to, enum copy_look look,
	struct copied *out, struct diag *d) ERR_MUST_USE;

/* Whether a mirror's folder has a head of ours that the records do not know:
 * they are of an old backup, and would sign numbers again that readers have
 * seen with other content. What is no head, or not by the timestamp's key of
 * today, is simply replaced. ERR_ROLLBACK: it has. */
enum err copy_check(
	struct room *r, const char *to, struct diag *d) ERR_MUST_USE;

/* The same of a timestamp.json that came some other way. */
enum err copy_check_head(
	struct room *r, struct span head, struct diag *d) ERR_MUST_USE;

#endif
