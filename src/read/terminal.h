/* An article as lines on a terminal. */
#ifndef ERIKA_TERMINAL_H
#define ERIKA_TERMINAL_H

#include <stdbool.h>

#include "../core/article.h"
#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/verified.h"

struct terminal_style {
	unsigned width; /* columns to wrap at; 0: never wrap */
	bool color;	/* bold, dim and the like by SGR sequences */
};

/* Append the text: paragraphs wrapped by Unicode line breaking (UAX #14)
 * within the width, headings, lists, quotes indented, tables as rows, images
 * as "[image: alt]", links as numbered notes whose addresses stand unbroken
 * at the end. Only text that text_forbidden allows comes out, plus SGR
 * sequences of our own. On failure `out` is as it was: ERR_REFUSED and the
 * like when the text fails xhtml_check, ERR_LIMIT when `out` is full: 16
 * times LIMIT_TEXT holds the worst. */
enum err terminal_render(const struct verified *text,
	const struct terminal_style *style, struct buf *out,
	struct diag *d) ERR_MUST_USE;

/* Append one line cut to `width` columns (0: not cut) with an ellipsis,
 * escaped, without a newline at the end. */
enum err terminal_line(
	struct span s, unsigned width, struct buf *out) ERR_MUST_USE;

#endif
