/* RSS 2.0 (WordPress exports are a kind of it) and Atom (RFC 4287). */
#ifndef ERIKA_FEED_H
#define ERIKA_FEED_H

#include <libxml/tree.h>

#include "../core/err.h"
#include "import.h"

/* Import a feed in UTF-8, either kind. The errors of tree_xml; ERR_SYNTAX when
 * its root is neither. What is wrong with one item puts it into `left`. */
enum err feed_import(struct span utf8, const struct ingest_defaults *def,
	struct ingest_result *out, struct diag *d) ERR_MUST_USE;

/* ---- for rss.c and atom.c */

/* What both formats have in an item, found by either. */
struct feed_item {
	struct import_item it;
	struct buf html;      /* the body, when it is HTML in a string */
	const xmlNode *xhtml; /* or in the tree */
	struct buf id;	      /* guid, atom:id, else the link */
	char *lead;	      /* an image that stands beside the text */
	char *base;	      /* for relative links */
};

enum err rss_read(const xmlNode *item, const xmlNode *channel,
	struct feed_item *f) ERR_MUST_USE;
enum err atom_read(const xmlNode *entry, const xmlNode *feed,
	struct feed_item *f) ERR_MUST_USE;

/* The namespaces that feeds use; FEED_NONE is RSS's own. */
enum feed_ns {
	FEED_NONE,
	FEED_ATOM,
	FEED_CONTENT,
	FEED_DC,
	FEED_MEDIA,
	FEED_APP,
	FEED_WORDPRESS,
	FEED_OTHER
};

/* Whether `n` is this element. */
bool feed_is(const xmlNode *n, enum feed_ns ns, const char *name);

/* The first child that is this element and has something in it, or NULL. */
const xmlNode *feed_child(const xmlNode *n, enum feed_ns ns, const char *name);

/* Append an element's text as it stands. ERR_LIMIT, ERR_NOMEM. */
enum err feed_text(const xmlNode *n, struct buf *b) ERR_MUST_USE;

/* Hand an element's text to a function; n NULL is fine, and nothing is done
 * then. Text over 64 KiB is passed over. */
enum err feed_use(const xmlNode *n, void *arg,
	enum err (*use)(void *arg, struct span s)) ERR_MUST_USE;

/* An image from media:content, media:group or an enclosure-like element. */
enum err feed_lead(const xmlNode *n, struct feed_item *f) ERR_MUST_USE;

/* xml:base of `n` or above, else NULL. */
const char *feed_base(const xmlNode *n);

/* xml:lang of `n` or above, else NULL. */
const char *feed_lang(const xmlNode *n);

/* Uses for feed_use; the argument is the feed_item. */
enum err feed_title(void *f, struct span s) ERR_MUST_USE;
enum err feed_author(void *f, struct span s) ERR_MUST_USE;
enum err feed_tag(void *f, struct span s) ERR_MUST_USE;
enum err feed_language(void *f, struct span s) ERR_MUST_USE;
enum err feed_published(void *f, struct span s) ERR_MUST_USE;
enum err feed_updated(void *f, struct span s) ERR_MUST_USE;

#endif
