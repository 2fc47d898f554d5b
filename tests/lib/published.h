/* A mirror's folder in memory, and as the share file that it would be. */
#ifndef ERIKA_TEST_PUBLISHED_H
#define ERIKA_TEST_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>

#include "../../src/core/bytes.h"
#include "../../src/core/limits.h"

#define PUBLISHED_FILES 64

struct published_file {
	char name[LIMIT_PATH + 80]; /* "m/timestamp.json" */
	struct buf bytes;
};

struct published {
	struct published_file files[PUBLISHED_FILES];
	size_t n;
};

/* Read all of m/ and t/ below dir. This and all below end the program when
 * they cannot. */
void published_read(struct published *p, const char *dir);

/* The file whose name ends so. */
struct published_file *published_file(struct published *p, const char *ending);

/* Whether a share file has it: not the shortcut, nor signatures. */
bool published_is_carried(const char *name);

/* All that is carried as a share file in `out`, with the file `cut`, carried
 * or not, at its first `length` bytes. NULL cuts none. */
void published_tree(const struct published *p, const struct published_file *cut,
	size_t length, struct buf *out);

#endif
