/* A mirror node for unit tests of admission: one publisher, in a folder of its
 * own below a temporary one, and PUTs without a server. */
#ifndef ERIKA_TEST_NODE_H
#define ERIKA_TEST_NODE_H

#include "../../src/sys/admit.h"
#include "repo.h"

struct node {
	char root[64];
	struct admit_publisher p;
	struct admit_config c;
	struct admit *a;
	struct serve_put put;
};

/* The temporary folder; what nodes take for the time; and a SHA-256 that they
 * take for blocked, if any. */
extern char node_dir[];
extern int64_t node_time;
extern uint8_t node_blocked[32];
extern bool node_blocks;

/* At the beginning and the end of main. */
bool node_start(void);
void node_end(void);

/* A new node that knows this repository's first root; the same after a restart
 * or a change of n->p. The program ends where it cannot open. */
void node_new(struct node *n, const char *name, struct repo *r);
void node_open(struct node *n);
void node_again(struct node *n);

/* PUT, in pieces of k bytes or of 7; of a repository's file; and of all
 * metadata of version v: whether each file was taken. */
unsigned node_put_pieces(
	struct node *n, const char *path, struct span s, size_t k);
unsigned node_put(struct node *n, const char *path, struct span s);
unsigned node_put_file(struct node *n, struct repo *r, const char *name);
bool node_put_head(struct node *n, struct repo *r, unsigned v);

/* Where a target of these bytes lies. */
const char *node_target(
	char out[static 256], const char *path, const char *bytes);

/* Whether a file is served; and all files below the folder, but for locks. */
bool node_serves(const struct node *n, const char *rest);
int node_files(const struct node *n);

#endif
