/* Styled text to lines of a terminal: line breaking by UAX #14, widths by
 * UAX #11, both from libunistring. */
#ifndef ERIKA_WRAP_H
#define ERIKA_WRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"

enum wrap_style {
	WRAP_BOLD = 1,
	WRAP_DIM = 2,
	WRAP_ITALIC = 4,
	WRAP_UNDERLINE = 8,
	WRAP_STRIKE = 16,
	WRAP_WHOLE = 32 /* no break between two bytes that both have it */
};

/* Text with a style for each byte. "\n" ends a line. */
struct wrap {
	struct buf text;
	struct buf style;
};

/* Start empty, at most `max` bytes of text. */
void wrap_init(struct wrap *w, size_t max);
void wrap_free(struct wrap *w);

/* Keep the first n bytes only. */
void wrap_cut(struct wrap *w, size_t n);

/* Append UTF-8 text in one style. ERR_LIMIT, ERR_NOMEM. */
enum err wrap_add(struct wrap *w, struct span s, unsigned style) ERR_MUST_USE;
enum err wrap_add_str(
	struct wrap *w, const char *s, unsigned style) ERR_MUST_USE;

/* Append bytes [at, at+n) of another text with their styles. */
enum err wrap_add_part(struct wrap *w, const struct wrap *from, size_t at,
	size_t n) ERR_MUST_USE;

/* Append one space, unless one is there already or the text from byte `start`
 * or its last line is empty. */
enum err wrap_space(struct wrap *w, size_t start, unsigned style) ERR_MUST_USE;

/* Append text with each run of white space become one space as above. */
enum err wrap_collapse(struct wrap *w, size_t start, struct span s,
	unsigned style) ERR_MUST_USE;

/* Columns of a text: East Asian wide counts 2, marks that combine and what
 * wrap_emit leaves out count 0. */
unsigned wrap_columns(struct span s);

/* Going through the lines of a text that does not change meanwhile. */
struct wrap_lines {
	const struct wrap *text;
	char *breaks; /* UC_BREAK_* before each byte */
	size_t pos;
};

/* One line: bytes of the text, trailing spaces left out. */
struct wrap_line {
	size_t at, n;
	bool hyphen; /* broken at a soft hyphen: a visible one ends it */
};

/* Find the places to break at. ERR_NOMEM. wrap_lines_free afterwards. */
enum err wrap_lines_start(
	struct wrap_lines *l, const struct wrap *text) ERR_MUST_USE;
void wrap_lines_free(struct wrap_lines *l);

/* The next line of at most `width` columns (0: to the next "\n"); false after
 * the last. A word longer than the width is cut unless it is WRAP_WHOLE. */
bool wrap_lines_next(
	struct wrap_lines *l, unsigned width, struct wrap_line *line);

/* Append a line: code points that text_forbidden allows, without soft hyphens
 * and zero width spaces, in SGR sequences when `color`. */
enum err wrap_emit(const struct wrap *w, const struct wrap_line *line,
	bool color, struct buf *out) ERR_MUST_USE;

#endif
