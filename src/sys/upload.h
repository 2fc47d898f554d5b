/* Bytes to mirrors: PUT and small GETs over libcurl, in a child process that
 * has no keys and no files but those handed to it. Many at once. */
#ifndef ERIKA_UPLOAD_H
#define ERIKA_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/limits.h"

struct upload;

/* Start the child. Call it before secrets are read: the child is a fork, and
 * though it closes every file it cannot forget memory. `ca_files` (ended by
 * NULL) are all that wants may name, by absolute paths. ERR_FAILED,
 * ERR_NOMEM. */
enum err upload_new(const char *const *ca_files, struct upload **out,
	struct diag *d) ERR_MUST_USE;
void upload_free(struct upload *u);

/* What to do: send a file of `length` bytes by PUT, or with fd -1 GET one of
 * at most `length`. The child gets a descriptor of its own. */
struct upload_want {
	const char *url; /* a mirror's (mirrors_url_ok) and a path below it */
	/* Certificate authorities to trust; NULL: the system's. */
	const char *ca;
	/* As of mirrors_proxy; the name is looked up there, and each host has a
	 * circuit of its own. NULL: none; Tor's for a host in .onion. */
	const char *proxy;
	int fd;
	uint64_t length;
};

/* Start one. *id names it, and is never 0. ERR_LIMIT over LIMIT_UPLOADS,
 * ERR_FAILED when the child died, ERR_NOMEM. */
enum err upload_start(struct upload *u, const struct upload_want *w,
	uint32_t *id, struct diag *d) ERR_MUST_USE;

struct upload_event {
	uint32_t id;
	bool end;      /* else it goes on, and `sent` has grown */
	uint64_t sent; /* of the body */
	/* At the end: ERR_OK and HTTP's status; ERR_NETWORK, ERR_TIMEOUT,
	 * ERR_TRAILING (a GET of more than asked for), ERR_NOMEM. */
	enum err err;
	unsigned status;
	char why[200];	  /* of an error; or the answer's text, one line */
	struct span body; /* of a GET; borrowed until the next call */
};

/* The next event, within `seconds`. *have false: none in that time, or none
 * is under way. ERR_FAILED when the child died: all are lost. ERR_NOMEM. */
enum err upload_next(struct upload *u, double seconds, struct upload_event *e,
	bool *have, struct diag *d) ERR_MUST_USE;

#endif
