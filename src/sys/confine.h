/* Work on hostile bytes in a child process with little to lose: no more
 * memory, time or files than given, frames in, frames out. */
#ifndef ERIKA_CONFINE_H
#define ERIKA_CONFINE_H

#include "../core/bytes.h"
#include "../core/err.h"

struct confine;

/* The job: called in the child for each request; appends its answer. An error
 * is carried back with its diag. */
typedef enum err confine_fn(
	struct span request, struct buf *answer, struct diag *d);

struct confine_limits {
	size_t memory;	  /* bytes of address space the child may add */
	unsigned seconds; /* for one request, wall and CPU */
	size_t answer;	  /* most bytes of one answer */
};

/* Prepare; the child starts with the first request and is started again if it
 * died. ERR_NOMEM. */
enum err confine_new(confine_fn *fn, const struct confine_limits *limits,
	struct confine **out) ERR_MUST_USE;
void confine_free(struct confine *c);

/* Have this called in each new child before it is shut in: for what a library
 * loads from files when first used. Before the first request. */
void confine_prepare(struct confine *c, void (*prepare)(void));

/* A job may end its process with this status when memory runs out. */
#define CONFINE_NO_MEMORY 3

/* Have this called first in each new child: to wipe what the parent has come to
 * know that no child should, such as keys. Before the first request. */
void confine_forget(struct confine *c, void (*forget)(void *arg), void *arg);

/* The job for requests that come with a file: mapped, read-only. Before the
 * first request. */
typedef enum err confine_file_fn(struct span request, struct span file,
	struct buf *answer, struct diag *d);
void confine_set_file_job(struct confine *c, confine_file_fn *fn);

/* One request. ERR_REFUSED when the child died or ran over its limits on it
 * (the diag says which), else what the job returned. A child that dies after
 * other requests is started anew and asked once more, so that what becomes of
 * a request does not hang on those before it. */
enum err confine_call(struct confine *c, struct span request,
	struct buf *answer, struct diag *d) ERR_MUST_USE;

/* The same with a regular file of at most `max` bytes at `path`, which only
 * the parent can open; not followed if it is a link. *length (may be NULL) is
 * its size. ERR_MISSING, ERR_LIMIT, ERR_IO besides. */
enum err confine_call_file(struct confine *c, struct span request,
	const char *path, size_t max, uint64_t *length, struct buf *answer,
	struct diag *d) ERR_MUST_USE;

/* What holds the child: "seccomp" or "pledge" where system calls are filtered,
 * "limits" where only memory, files and processes are. */
const char *confine_kind(void);

#endif
