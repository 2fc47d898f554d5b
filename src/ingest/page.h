/* One HTML page as an article: its metadata, and which part of it is the
 * text. */
#ifndef ERIKA_INGEST_PAGE_H
#define ERIKA_INGEST_PAGE_H

#include "../core/err.h"
#include "import.h"

/* Import a page in UTF-8. The errors of tree_html, sanitise_tree. */
enum err page_import(struct span utf8, const struct ingest_defaults *def,
	struct ingest_result *out, struct diag *d) ERR_MUST_USE;

/* What a page's JSON-LD (schema.org) says of the article: one script's text.
 * What is not JSON, or not of an article, is passed over. ERR_NOMEM. */
enum err jsonld_read(const char *text, struct import_item *it) ERR_MUST_USE;

/* Its inLanguage comes after html@lang, so it is asked for apart; *out is
 * malloc'd or NULL. */
enum err jsonld_language(const char *text, char **out) ERR_MUST_USE;

#endif
