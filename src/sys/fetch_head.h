/* What a mirror's HTTP head says, and whether it answers the wish: pure, line
 * by line as libcurl hands it over. Private to fetch*.c. */
#ifndef ERIKA_FETCH_HEAD_H
#define ERIKA_FETCH_HEAD_H

#include "fetch_wire.h"

struct head {
	size_t bytes;	      /* of all heads of this answer, trailers too */
	unsigned status;      /* of the last status line */
	unsigned seen;	      /* fields of it that came: two of one kind are one
			    too many */
	uint64_t length;      /* Content-Length */
	uint64_t first, last; /* Content-Range, inclusive */
	uint64_t total;	      /* the same, UINT64_MAX for '*' */
	bool html;	      /* Content-Type is a web page */
	bool done;	      /* the empty line after a final status has come */
};

/* One line, with its line end. false: the answer cannot be used, and `done`
 * says why. Zeroed before the first line. */
bool head_line(struct head *h, struct span line, struct wire_done *done);

/* Once h->done. true: the body is what was asked for, as far as the head
 * says. false: `done` says why not; of ERR_MISSING the body is to be thrown
 * away, but see head_is_notice. */
bool head_judge(const struct head *h, const struct wire_want *w,
	struct wire_done *done);

/* Whether a body comes that may say whose 451 it is. */
bool head_is_notice(const struct head *h);

/* Whether Content-Length came and is at most n. */
bool head_length_within(const struct head *h, uint64_t n);

/* Whether the body comes in chunks. */
bool head_is_chunked(const struct head *h);

#endif
