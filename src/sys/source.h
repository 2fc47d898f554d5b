/* Where a sync gets bytes: mirrors and folders by the fetcher, share files by
 * reading them. To the code above, places are alike, numbered from 0. */
#ifndef ERIKA_SOURCE_H
#define ERIKA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "fetch.h"

struct source;

/* Nothing yet. The fetcher is borrowed, and may be NULL when all places will
 * be share files. NULL: out of memory. */
struct source *source_new(struct fetch *f);
void source_free(struct source *s);

/* Add a mirror's base (URL or folder), or a share file. ERR_NOMEM; a share
 * file that is not one fails as archive_open does. */
enum err source_add_mirror(struct source *s, const char *base,
	bool allow_private, struct diag *d) ERR_MUST_USE;
enum err source_add_share(
	struct source *s, const char *path, struct diag *d) ERR_MUST_USE;

/* Add what the user named: a URL, a folder or a share file. ERR_MISSING when
 * it is none of them. */
enum err source_add_any(
	struct source *s, const char *what, struct diag *d) ERR_MUST_USE;

/* Names of the files of a place that is a share file, anybody's claim; NULL
 * past the last, and for other places. */
const char *source_share_name(const struct source *s, size_t place, size_t i);

/* One wish: a range, or a whole file of at most `max` bytes when n is 0. */
struct source_want {
	size_t place;
	const char *path; /* as in a URL: "m/timestamp.json" */
	uint64_t offset;
	size_t n;
	size_t max;
};

/* What came: as struct fetch_got. The caller frees the body. */
struct source_got {
	enum err err;
	struct diag diag;
	struct buf body;
	uint64_t wire;
	unsigned requests;
	double seconds;
};

/* Ask for up to SOURCE_WANTS at once, each within `seconds`. The answers are
 * all initialised whatever is returned. ERR_FAILED, ERR_NOMEM, ERR_LIMIT. */
#define SOURCE_WANTS 32
enum err source_get(struct source *s, const struct source_want *want, size_t n,
	double seconds, struct source_got *got, struct diag *d) ERR_MUST_USE;

/* ---- one by one, for the engine (engine.h); as in fetch.h */

/* Add a place that is reached by this route, whose strings are borrowed. */
enum err source_add_route(
	struct source *s, const struct route *r, struct diag *d) ERR_MUST_USE;

enum source_event_type { SOURCE_ASKED, SOURCE_BODY, SOURCE_END };

struct source_event {
	enum source_event_type type;
	uint32_t id;
	struct span body;     /* SOURCE_BODY: borrowed until the next call */
	struct fetch_got got; /* SOURCE_END: all but the body */
};

/* Start a wish; *id is never 0. `fresh`: on a connection of its own. */
enum err source_start(struct source *s, const struct source_want *w, bool fresh,
	double seconds, uint32_t *id, struct diag *d) ERR_MUST_USE;

/* Forget a wish: no event of it comes any more. One that has ended is fine. */
void source_stop(struct source *s, uint32_t id);

/* The next event, within `seconds`. */
enum err source_next(struct source *s, double seconds, struct source_event *e,
	bool *have, struct diag *d) ERR_MUST_USE;

/* One whole file from one place, appended. */
enum err source_file(struct source *s, size_t place, const char *path,
	size_t max, struct buf *out, struct diag *d) ERR_MUST_USE;

#endif
