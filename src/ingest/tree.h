/* libxml2, kept on a short lead: no network, no entities, no external
 * anything; the only file that starts its parsers. */
#ifndef ERIKA_TREE_H
#define ERIKA_TREE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "../core/bytes.h"
#include "../core/err.h"

/* Parse UTF-8 as HTML; the caller frees with xmlFreeDoc. ERR_REFUSED when it
 * nests deeper than LIMIT_DEPTH (libxml2 would lose what is below 256
 * without a word), ERR_SYNTAX when there is no element at all, ERR_LIMIT also
 * when the parser stopped for want of memory, ERR_NOMEM. */
enum err tree_html(
	struct span utf8, xmlDocPtr *out, struct diag *d) ERR_MUST_USE;

/* Parse UTF-8 as well-formed XML, the encoding it declares ignored. A
 * document type that declares entities is refused. */
enum err tree_xml(
	struct span utf8, xmlDocPtr *out, struct diag *d) ERR_MUST_USE;

/* Whether it is an element of this local name, in any namespace. */
bool tree_is(const xmlNode *n, const char *name);

/* Value of an attribute without namespace ("xml:lang" finds that one), as a
 * C string that lives as long as the tree; NULL when it is not there. Values
 * with entity references in them are not seen. */
const char *tree_attr(const xmlNode *n, const char *name);

/* Append all text inside, with a space at each element that begins or ends a
 * line. script, style and template are left out. ERR_LIMIT, ERR_NOMEM. */
enum err tree_text(const xmlNode *n, struct buf *b) ERR_MUST_USE;

/* Bytes of text inside, white space counted once; for comparing sizes. */
size_t tree_weight(const xmlNode *n);

/* The node after `n` in document order, not leaving `root`; `down` whether to
 * go into n's children. NULL at the end. */
xmlNode *tree_next(const xmlNode *root, const xmlNode *n, bool down);

#endif
