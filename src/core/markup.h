/* The one allow-list of an article's text (erika-bundle(5), ARTICLE TEXT):
 * which elements, what may stand in which, which attributes with which
 * values. The newsroom's sanitiser writes by it, the reader checks by it.
 * Pure lookups; what is not in the tables is not allowed. */
#ifndef ERIKA_MARKUP_H
#define ERIKA_MARKUP_H

#include <stdbool.h>

#include "bytes.h"

/* What an element is to its parent; also, in `holds`, what may stand in it. */
enum markup_kind {
	MARKUP_TEXT = 1 << 0,	    /* characters other than white space */
	MARKUP_INLINE = 1 << 1,	    /* em, a, img, br, ... */
	MARKUP_BLOCK = 1 << 2,	    /* p, ul, table, section, ... */
	MARKUP_ITEM = 1 << 3,	    /* li */
	MARKUP_TERM = 1 << 4,	    /* dt, dd */
	MARKUP_RUBY = 1 << 5,	    /* rt, rp */
	MARKUP_FIGCAPTION = 1 << 6, /* figcaption */
	MARKUP_SUMMARY = 1 << 7,    /* summary */
	MARKUP_CAPTION = 1 << 8,    /* caption */
	MARKUP_COLGROUP = 1 << 9,   /* colgroup */
	MARKUP_COL = 1 << 10,	    /* col */
	MARKUP_ROWS = 1 << 11,	    /* thead, tbody, tfoot */
	MARKUP_ROW = 1 << 12,	    /* tr */
	MARKUP_CELL = 1 << 13	    /* th, td */
};

struct markup_element {
	const char *name;
	unsigned is;	/* one enum markup_kind */
	unsigned holds; /* any of them; 0: a void element, always empty */
};

/* Name of the root element. It may also stand inside, as a block. */
#define MARKUP_ROOT "article"

/* The element of this lower-case name, or NULL when it is not allowed.
 * Static; compare pointers at will. */
const struct markup_element *markup_element(const char *name);

/* Whether it never has content, not even white space: br, img, hr, col, wbr. */
bool markup_void(const struct markup_element *e);

/* Whether `child` may stand directly in `parent`; with parent NULL, whether it
 * may be the root. One rule looks further up: see markup_alone. */
bool markup_holds(const struct markup_element *parent,
	const struct markup_element *child);

/* Whether these characters may stand directly in `parent`: white space
 * anywhere but in void elements, more only where MARKUP_TEXT is held. Looks
 * at kinds only; which code points text may have, text_forbidden says. */
bool markup_text_ok(const struct markup_element *parent, struct span text);

/* Whether it may not stand inside another of the same name at any depth: a
 * link in a link. */
bool markup_alone(const struct markup_element *e);

/* Whether white space inside counts: pre. */
bool markup_preformatted(const struct markup_element *e);

/* Whether the attribute may stand on the element with this value. The value
 * is decoded (no entities left), any bytes. Duplicates are for the parser to
 * refuse. */
bool markup_attr_ok(
	const struct markup_element *e, const char *name, struct span value);

/* The same without a value: whether the attribute is known there at all. */
bool markup_attr_known(const struct markup_element *e, const char *name);

/* The attribute the element must have (img: "src"), or NULL. */
const char *markup_required(const struct markup_element *e);

/* Whether a link target is one we show: "http://", "https://" or "mailto:" in
 * lower case and something after it, at most LIMIT_URL bytes of UTF-8, no
 * white space, nothing forbidden. Fragments are markup_attr_ok's business. */
bool markup_url_ok(struct span url);

/* Whether a language tag is well-formed enough: letters, digits and hyphens
 * in subtags of 1 to 8, the first of letters, at most LIMIT_LANG bytes. */
bool markup_lang_ok(struct span lang);

/* Whether an id is one of ours: "n-" and 1 to LIMIT_ANCHOR of [a-z0-9-]. */
bool markup_id_ok(struct span id);

/* Whether there is nothing but space, tab and newline. */
bool markup_blank(struct span text);

#endif
