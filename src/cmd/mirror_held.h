/* What a mirror holds, and what it remembers of itself: for status, for
 * metrics, and across restarts. Counts and times, nothing of any reader. */
#ifndef ERIKA_MIRROR_HELD_H
#define ERIKA_MIRROR_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/trust.h"
#include "../sys/serve.h"
#include "mirror_config.h"

/* One publisher's head, by the trust machine over the mirror's own files. */
struct mirror_held {
	enum err err;  /* ERR_MISSING: nothing has come yet */
	char why[200]; /* "" when all is well */
	struct trust_verdict head;
	int64_t came;	/* when the head was made live here, 0 unknown */
	uint64_t bytes; /* on disk, all of its folder */
	uint64_t files, bundles;
	bool counted; /* the three above are known */
};

/* Check the head at `now`. */
void mirror_held_head(const struct mirror_config *c, size_t i, int64_t now,
	struct mirror_held *out);

/* Walk its folder and count; a large archive takes a second. */
void mirror_held_count(
	const struct mirror_config *c, size_t i, struct mirror_held *out);

/* The folder of publisher i, malloc'd; NULL when out of memory. */
char *mirror_held_folder(const struct mirror_config *c, size_t i);

/* Bytes free for everybody, and of how many, where the folder is; false when
 * that cannot be known. */
bool mirror_held_space(const char *folder, uint64_t *free, uint64_t *all);

/* ---- STATE/state.json */

struct mirror_state {
	struct serve_month month;
	int64_t pushed; /* when a push was last taken, 0: never */
	int64_t pulled; /* when a pull last ended well, 0: never */
};

/* A file that is missing is zeros. ERR_SYNTAX, ERR_IO, ERR_NOMEM. */
enum err mirror_state_read(const struct mirror_config *c,
	struct mirror_state *out, struct diag *d) ERR_MUST_USE;
enum err mirror_state_write(const struct mirror_config *c,
	const struct mirror_state *s, struct diag *d) ERR_MUST_USE;

/* Note that a pull has ended well, in a file of its own: the server writes the
 * other. */
enum err mirror_state_pulled(const struct mirror_config *c, int64_t now,
	struct diag *d) ERR_MUST_USE;

/* Held by a server as long as it runs; -1 when that cannot be. And whether one
 * runs. */
int mirror_state_lock(const struct mirror_config *c);
bool mirror_state_running(const struct mirror_config *c);

#endif
