/* Inside of a bundle being packed: press_bundle.c collects, press_write.c
 * writes. */
#ifndef ERIKA_PRESS_BUNDLE_PRIV_H
#define ERIKA_PRESS_BUNDLE_PRIV_H

#include "press_bundle.h"

/* Languages of one bundle that get a dictionary: each compressor takes 300 KB
 * of memory. One more is for all others. */
#define PRESS_PACKERS 33

struct press_packer {
	char *language;
	struct deflate *z;
	int32_t dict;
};

struct press_item {
	struct article article;
	struct digest digest;
	struct buf whole; /* its text, when it was stored whole */
};

struct press_bundle {
	struct room *room;
	struct bundle_draft *draft;
	char *path, *desk;
	struct keyring_key *key; /* the desk's, borrowed from the room */
	uint64_t sequence;
	int64_t created;
	struct press_packer packers[PRESS_PACKERS];
	size_t n_packers;
	struct press_item *items;
	size_t n_items;
	struct press_image *images; /* new ones, in the order of the file */
	size_t n_images;
	uint64_t image_bytes;
};

#endif
