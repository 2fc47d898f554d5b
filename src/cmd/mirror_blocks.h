/* What the operator has blocked: STATE/blocked/NAME.json holds what
 * core/tombstone.h calls the signed part, NAME.json.minisig its signature, by
 * stock minisign, once the operator has made one. */
#ifndef ERIKA_MIRROR_BLOCKS_H
#define ERIKA_MIRROR_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../core/bytes.h"
#include "../core/tombstone.h"

struct mirror_config;

/* At most: each is looked at for each request of a bundle. */
#define MIRROR_BLOCKS 4096

/* Bytes of NAME: a hash, or "p-" and half a hash for a path. */
#define MIRROR_BLOCK_NAME 65

struct mirror_block_entry {
	char name[MIRROR_BLOCK_NAME];
	struct tombstone t;
	struct buf body; /* of the answer; empty while unsigned */
	char why[160];	 /* it is unsigned because; "" when it is signed */
};

/* Zeroed is empty and good. */
struct mirror_blocks {
	char *folder; /* owned */
	struct minisign_key key;
	bool has_key;
	struct mirror_block_entry *list;
	size_t n;
	struct timespec stamp; /* of the folder when it was read */
	int64_t looked;	       /* when that was compared last, seconds */
	char wrong[160];       /* a file that is none, or "" */
};

/* Read the folder of this configuration; none is no error. A file that is not
 * a tombstone blocks nothing and is named in b->wrong. ERR_NOMEM, ERR_IO. */
enum err mirror_blocks_load(struct mirror_blocks *b,
	const struct mirror_config *c, struct diag *d) ERR_MUST_USE;
void mirror_blocks_free(struct mirror_blocks *b);

/* For serve_block.find and admit_config.blocked; `arg` is the struct. Both
 * look at the folder anew, at most once a second. */
bool mirror_blocks_find(void *arg, const char *name, struct span *tombstone);
bool mirror_blocks_sha256(void *arg, const uint8_t sha256[static 32]);

#endif
