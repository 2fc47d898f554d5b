/* A running server and all it looks after; for mirror_serve.c and
 * mirror_metrics.c. */
#ifndef ERIKA_MIRROR_NODE_H
#define ERIKA_MIRROR_NODE_H

#include "mirror_blocks.h"
#include "mirror_config.h"
#include "mirror_held.h"

struct mirror_node {
	const struct context *cx;
	struct mirror_config c;
	struct serve *s;
	struct admit *a; /* NULL without publishers */
	struct admit_config admit;
	struct serve_put put;
	struct mirror_blocks blocks;
	struct serve_block block;
	struct serve_page page;
	struct mirror_held *held; /* c.n_publishers */
	struct mirror_state state;
	int lock;
	uint64_t pushes;	  /* of which state.pushed tells */
	bool told;		  /* that the state cannot be written */
	struct serve_counts said; /* in the last summary */
	bool inherited, local;	  /* the socket is systemd's; and local */
	/* clock_steady of what is done now and then */
	int64_t said_at, saved_at, looked_at, count_at;
};

/* serve_page.get: "metrics" and "healthz"; `arg` is the node. */
unsigned mirror_metrics(void *arg, const char *path, struct buf *out);

#endif
