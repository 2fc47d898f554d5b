/* Bytes from mirrors. libcurl runs in a child process that has no keys and no
 * store; the caller parses and verifies, and needs no network. https, http
 * and folders (file) are all mirrors. */
#ifndef ERIKA_FETCH_H
#define ERIKA_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"

struct fetch;

/* Start the child. ERR_FAILED, ERR_NOMEM. */
enum err fetch_new(struct fetch **out, struct diag *d) ERR_MUST_USE;
void fetch_free(struct fetch *f);

/* One wish: bytes [offset, offset+n) of base/path, or a whole file of at most
 * `max` bytes when n is 0. */
struct fetch_want {
	const char *base; /* "https://host/prefix/", "file:///mnt/usb/" */
	const char *path; /* already percent-encoded */
	uint64_t offset;
	size_t n;
	size_t max;
};

/* What came. Plain data but for the buffer, which the caller frees. */
struct fetch_got {
	enum err err;	   /* ERR_OK, ERR_MISSING (404, 403 or no file),
			      ERR_NETWORK, ERR_TIMEOUT, ERR_TRAILING (more than
			      asked for), ERR_TRUNCATED */
	struct diag diag;  /* in OONI's words where they fit: dns, tcp_ip,
			      http-failure, http-diff */
	struct buf body;
	uint64_t wire;	   /* bytes received, heads included */
	unsigned requests; /* 1, or 0 for files */
	double seconds;
};

/* Fetch n wishes at once, each within its own `seconds` in total; returns when
 * all have ended. Results are in `got`, one for each wish, all initialised.
 * ERR_FAILED only when the child is gone. */
enum err fetch_all(struct fetch *f, const struct fetch_want *want, size_t n,
	double seconds, struct fetch_got *got, struct diag *d) ERR_MUST_USE;

#endif
