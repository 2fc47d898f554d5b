/* Work on hostile bytes in a child process with little to lose: no more
 * memory, time or files than given, frames in, frames out. */
#ifndef ERIKA_CONFINE_H
#define ERIKA_CONFINE_H

#include "../core/bytes.h"
#include "../core/err.h"

struct confine;

/* The job: called in the child for each request; appends its answer. An error
 * is carried back with its diag. */
typedef enum err confine_fn(struct span request, struct buf *answer,
	struct diag *d);

struct confine_limits {
	size_t memory;	   /* bytes of address space the child may add */
	unsigned seconds;  /* for one request, wall and CPU */
	size_t answer;	   /* most bytes of one answer */
};

/* Prepare; the child starts with the first request and is started again if it
 * died. ERR_NOMEM. */
enum err confine_new(confine_fn *fn, const struct confine_limits *limits,
	struct confine **out) ERR_MUST_USE;
void confine_free(struct confine *c);

/* One request. ERR_REFUSED when the child died or ran over its limits on it
 * (the diag says which), else what the job returned. */
enum err confine_call(struct confine *c, struct span request,
	struct buf *answer, struct diag *d) ERR_MUST_USE;

#endif
