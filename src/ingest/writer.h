/* The XHTML writer: takes elements, characters and ends in any order a tag
 * soup has them, writes the one canonical form of erika-bundle(5), ARTICLE
 * TEXT.
 *
 * Nothing is written before there is something to show: empty elements,
 * leading and trailing white space vanish by never being written. At each
 * piece of content the wanted chain of open elements is worked out from the
 * source's (blocks first, inline elements inside them, what is missing
 * between them implied), and what is open is brought in line with it. */
#ifndef ERIKA_WRITER_H
#define ERIKA_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/limits.h"
#include "../core/markup.h"

/* One element of the source that is open. */
struct writer_source {
	const struct markup_element *el; /* NULL: only a paragraph's bound */
	unsigned serial;
	size_t attrs, n_attrs; /* in `attrs`, serialised */
	size_t id, n_id;       /* likewise, the id alone */
	bool id_done;
};

/* One element of the output that is, or should be, open. */
struct writer_open {
	const struct markup_element *el;
	struct writer_source *source; /* NULL: implied */
	unsigned serial;	      /* with `kind`, its identity */
	unsigned kind;
};

#define WRITER_DEPTH (2 * LIMIT_DEPTH)

/* Plain data; use the functions. */
struct writer {
	struct buf *out;
	struct buf attrs;
	struct writer_source source[WRITER_DEPTH];
	size_t n_source;
	struct writer_open have[WRITER_DEPTH];
	size_t n_have;
	struct writer_open want[2 * WRITER_DEPTH];
	size_t n_want;
	unsigned serial, segment;
	bool fresh;	 /* nothing inline since the last block tag */
	unsigned breaks; /* br not written yet */
	unsigned space;	 /* white space not written yet: code point or 0 */
	struct buf pre;	 /* the same inside pre, verbatim */
	size_t chars;	 /* characters other than white space, written */
	enum err err;	 /* the first failure; all calls do nothing then */
};

/* Start writing to `out` with the root element; lang and dir may be NULL.
 * Errors are kept until writer_end. */
void writer_start(
	struct writer *w, struct buf *out, const char *lang, const char *dir);

/* An element begins: `attrs` are its allowed attributes but for id, written
 * out (` lang="ru"`), `id` its name or an empty span. With el NULL: something
 * unknown that bounds a paragraph. */
void writer_open(struct writer *w, const struct markup_element *el,
	struct span attrs, struct span id);

/* The last one ends. */
void writer_close(struct writer *w);

/* A void element: br, wbr, img, hr. Whether it stands in the output now (an
 * img nearly always). */
bool writer_void(
	struct writer *w, const struct markup_element *el, struct span attrs);

/* Characters, UTF-8. Forbidden ones are left out. */
void writer_text(struct writer *w, struct span s);

/* Close everything, free what is not the output. ERR_REFUSED when it nests
 * deeper than LIMIT_DEPTH, ERR_LIMIT over the output's cap, ERR_NOMEM. */
enum err writer_end(struct writer *w, struct diag *d) ERR_MUST_USE;

/* Append text or an attribute value with the five entities. */
enum err writer_escape(struct buf *b, struct span s) ERR_MUST_USE;

/* Append ` NAME="VALUE"`. */
enum err writer_attr(
	struct buf *b, const char *name, struct span value) ERR_MUST_USE;

#endif
