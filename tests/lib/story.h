/* What an outlet has published, head by head, as a seeded die made it: for tests
 * of admission. */
#ifndef ERIKA_TEST_STORY_H
#define ERIKA_TEST_STORY_H

#include "repo.h"

#define STORY_HEADS 5
#define STORY_BUNDLES 10
#define STORY_ITEMS 160

/* A number below n; always the same ones after the same state, not 0. */
extern uint64_t die_state;
unsigned die(unsigned n);

struct item {
	char path[256];
	struct buf bytes;
	char line[100]; /* of a bundle: "2026-w40 b/news/2026-w40/3.ekb" */
	bool lone;
	uint8_t sha256[32]; /* of a bundle and its signature: the bundle's */
};

struct head {
	size_t n, order[STORY_ITEMS]; /* as a newsroom pushes it */
	size_t timestamp;
	bool sealed[STORY_ITEMS];
};

struct story {
	struct item items[STORY_ITEMS];
	size_t n;
	struct head heads[STORY_HEADS];
	struct repo r;
};

/* Bundle b is item 2 * b, its signature the next. */
void story_make(struct story *s);
void story_free(struct story *s);

#endif
