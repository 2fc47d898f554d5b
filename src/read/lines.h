/* Paragraphs onto a terminal: what stands before each line (bars of quotes,
 * marks of items), and the blank lines between. */
#ifndef ERIKA_LINES_H
#define ERIKA_LINES_H

#include "../core/limits.h"
#include "wrap.h"

/* Stands before the lines of a quote or an item: `first` before the first
 * line, then a bar or as many spaces. */
struct lines_frame {
	char first[16];
	bool bar, used;
	unsigned columns;
};

struct lines {
	struct buf *out; /* the caller's */
	size_t start;	 /* where ours begins in it */
	unsigned width;	 /* 0: never wrap */
	bool color;
	struct wrap text; /* the paragraph so far */
	bool blank;	  /* wanted before the next line */
	struct lines_frame frame[LIMIT_DEPTH];
	int frames;
	unsigned indent; /* columns of all frames */
};

/* Start at the end of `out`, with at most `max` bytes a paragraph. */
void lines_init(struct lines *l, struct buf *out, unsigned width, bool color,
	size_t max);
void lines_free(struct lines *l);

/* Put a frame around what follows; beyond half of the width it is only
 * counted, not shown. At most LIMIT_DEPTH at once. */
void lines_push(struct lines *l, const char *first, bool bar);
void lines_pop(struct lines *l);

/* Whether an item has begun and has no line yet. */
bool lines_fresh(const struct lines *l);

/* Want a blank line before the next one, unless that is the first. */
void lines_blank(struct lines *l);

/* Columns left of the frames; 0: no limit. */
unsigned lines_room(const struct lines *l);

/* End the paragraph and write it out, wrapped or, with `pre`, as it is. An
 * empty one writes nothing. ERR_LIMIT when `out` is full, ERR_NOMEM. */
enum err lines_flush(struct lines *l, bool pre) ERR_MUST_USE;

#endif
