/* Which elements should be open in the output: the writer's other half. */
#ifndef ERIKA_CHAIN_H
#define ERIKA_CHAIN_H

#include "writer.h"

/* What is about to be written. */
enum chain_content {
	CHAIN_BLOCKS, /* a block, or an empty cell: no inline elements */
	CHAIN_TEXT,
	CHAIN_IMAGE /* needs no paragraph in a figure */
};

/* Work out w->want for content of this kind where the source stands now.
 * Failures go to w->err. */
void chain_want(struct writer *w, enum chain_content content);

/* Imply what is missing between the top and an element of this kind: a list
 * item, a definition, a row and a cell. */
void chain_imply(struct writer *w, unsigned kind);

/* The innermost element of w->want. */
const struct writer_open *chain_top(const struct writer *w);

/* Whether two are the same element, not just alike. */
bool chain_same(const struct writer_open *a, const struct writer_open *b);

bool chain_inline(const struct markup_element *e);
bool chain_named(const struct markup_element *e, const char *name);

#endif
