/* The parent's end of one child: its life, and frames to and from it. Private
 * to fetch*.c. */
#ifndef ERIKA_FETCH_LINK_H
#define ERIKA_FETCH_LINK_H

#include "fetch.h"
#include "fetch_wire.h"

struct link {
	pid_t pid; /* 0: no child; all below is of no use then */
	int fd;
	struct buf in; /* frames that came, from `taken` on */
	size_t taken;
	struct buf out; /* frames still to be sent, from `sent` on */
	size_t sent;
};

/* Fork a child, which begins to work with its first frame. ERR_FAILED. */
enum err link_start(struct link *l, const struct fetch_options *o,
	struct diag *d) ERR_MUST_USE;

/* End the child and say how it had ended, if it had. Nothing without one. */
void link_stop(struct link *l, struct diag *d);

/* Append to the frames to be sent: l->out, and then call this, which sends
 * what goes without waiting. false: the child is gone. */
bool link_write(struct link *l);

/* Read once, without waiting. Spans of frames taken before are void then.
 * false: the child is gone. */
bool link_read(struct link *l);

/* The next whole frame that has been read. ERR_LIMIT, ERR_SYNTAX: a lie. */
enum err link_take(struct link *l, struct frame *f, bool *have) ERR_MUST_USE;

#endif
