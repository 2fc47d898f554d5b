/* What works here: every route of an outlet tried with small fetches. Contacts
 * every mirror, which whoever watches the network sees. */
#ifndef ERIKA_PROBE_H
#define ERIKA_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "fetch.h"
#include "gone.h"
#include "library.h"
#include "reach.h"

/* In the words of OONI's web_connectivity test, and two more. */
enum probe_word {
	PROBE_UNTRIED, /* the time was over */
	PROBE_OK,
	PROBE_DNS,	    /* its name does not lead to it */
	PROBE_TCP_IP,	    /* no connection */
	PROBE_HTTP_FAILURE, /* no TLS, or no whole answer */
	PROBE_HTTP_DIFF,    /* an answer, but not the outlet's */
	PROBE_FROZEN	    /* small answers come, larger ones stop */
};

/* "ok", "dns", "tcp_ip", "http-failure", "http-diff", "frozen", "untried". */
const char *probe_word_name(enum probe_word w);

struct probe_result {
	enum probe_word word;
	uint64_t bytes; /* of the larger file that came; frozen: on the wire */
	bool large;	/* a file over PROBE_LARGE was tried */
	bool small_tried, small; /* pieces of 8 KiB, each by a connection */
	uint64_t version;	 /* of the timestamp that came, or 0 */
	double first_byte, rate; /* seconds from the start; bytes a second
				    of the larger file, from its start, or 0 */
	char why[GONE_SIZE];	 /* a clause, escaped; or "" */
};

/* A file that every mirror should have, and what is known of it: the first
 * bytes of its longest bundle, or its first root. */
struct probe_file {
	struct buf path; /* on a mirror */
	struct buf known;
	size_t n; /* bytes to fetch; those after the known ones may be any */
};

/* From so many bytes on, a connection that stops there stops here. */
#define PROBE_LARGE (64 * LIMIT_KIB)

/* Choose it. ERR_MISSING when the library has nothing of the outlet. Clear it
 * in any case. */
enum err probe_file(struct library *l, int64_t outlet, struct probe_file *out,
	struct diag *d) ERR_MUST_USE;
void probe_file_clear(struct probe_file *f);

struct probe_options {
	double seconds; /* in all */
	/* Called after each route that has ended; may be NULL. */
	void (*progress)(void *arg, size_t done, size_t of);
	void *arg;
};

/* Try every route of `r`, several at once; out[i] is of its route i. What
 * happens is noted in `r`. ERR_NOMEM, ERR_FAILED. */
enum err probe_routes(struct fetch *f, struct reach *r,
	const struct probe_file *file, const struct probe_options *o,
	struct probe_result *out, struct diag *d) ERR_MUST_USE;

#endif
