/* Publishing to mirrors that take pushes (erika-mirror(8)), over http or https:
 * the signature is the admission. */
#ifndef ERIKA_PRESS_PUSH_H
#define ERIKA_PRESS_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "../sys/upload.h"
#include "press_room.h"

/* Whether mirrors.ini's "to" is a URL rather than a folder. */
bool push_is_url(const char *to);

/* One mirror, and what became of it. */
struct push_to {
	const char *name, *url, *proxy; /* borrowed, as of struct mirror */
	char *ca;			/* absolute, or NULL */
	unsigned files;			/* sent */
	uint64_t bytes;
	enum err err; /* ERR_OK: it serves the head; else why */
	char why[320];
};

/* Before anything is signed: copy_check of n mirrors, all at once. One that
 * does not answer in a few seconds is passed over: without a network, signing
 * and folders go on. ERR_ROLLBACK, ERR_NOMEM. */
enum err push_check(struct room *r, struct upload *u, const struct push_to *to,
	size_t n, struct diag *d) ERR_MUST_USE;

/* Push the repository's head to n mirrors at once; `u` was started before keys
 * were read. With `all`, or where the head is not the one that was left there,
 * every file is offered that the head names; else what is new. A line is said
 * for each as it ends. What a mirror has is not sent again; where a push broke
 * off it goes on. ERR_FAILED when the sending process died, ERR_NOMEM, ERR_IO:
 * else look at each. */
enum err push_run(const struct context *cx, struct room *r, struct upload *u,
	struct push_to *to, size_t n, bool all, struct diag *d) ERR_MUST_USE;

#endif
