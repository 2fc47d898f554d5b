/* An article on its way from a source into the result: fields as they are
 * found, then what every importer does with them in the end. */
#ifndef ERIKA_IMPORT_H
#define ERIKA_IMPORT_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "../core/err.h"
#include "ingest.h"

/* Plain data, zeroed at the start; import_item_clear. */
struct import_item {
	struct ingest_article a; /* title, id, ..., body as they come */
	bool has_published, has_updated;
	size_t chars;	   /* letters of the body */
	const char *why;   /* a reason to leave it out, or NULL */
	const char *shown; /* what to call it without a title, or NULL */
	bool summary;	   /* the body is what the feed calls a summary */
};

void import_item_clear(struct import_item *it);

/* Note a date if it can be read and none is known yet. */
void import_published(struct import_item *it, struct span s);
void import_updated(struct import_item *it, struct span s);

/* Keep the first title (plain text), language or address that is any good.
 * ERR_NOMEM. */
enum err import_title(struct import_item *it, struct span s) ERR_MUST_USE;
enum err import_language(struct import_item *it, struct span s) ERR_MUST_USE;
enum err import_url(
	struct import_item *it, struct span s, const char *base) ERR_MUST_USE;

/* Fill in the defaults, check everything, and move the item to the result's
 * articles, or to `left` with the reason. The item is empty then. */
enum err import_finish(struct import_item *it,
	const struct ingest_defaults *def, struct ingest_result *out,
	struct diag *d) ERR_MUST_USE;

/* Add to `left`. ERR_NOMEM. */
enum err import_left(struct ingest_result *out, struct span what,
	const char *why) ERR_MUST_USE;

#endif
