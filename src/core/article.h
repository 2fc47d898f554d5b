/* What is known of an article besides its text: one row of a bundle's index
 * (erika-bundle(5), ARTICLES). */
#ifndef ERIKA_ARTICLE_H
#define ERIKA_ARTICLE_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "crypto.h"
#include "err.h"

enum article_status {
	ARTICLE_PUBLISHED, /* as first written, or silently improved */
	ARTICLE_CORRECTED, /* changed, and the newsroom says so in `note` */
	ARTICLE_RETRACTED  /* withdrawn: no text; `note` says why */
};

/* A picture of an article. It is in the same bundle (object >= 0), or in an
 * earlier one (object < 0), where its name finds it. */
struct article_image {
	struct digest name; /* object name: what img/@src says, in hex */
	int32_t object;	    /* index into the bundle's objects, or -1 */
	char *bundle;	    /* target path of the earlier bundle, or NULL */
	char *type;	    /* "image/jpeg", "image/png" or "image/webp" */
};

/* All strings are owned, NUL-terminated, strict UTF-8, checked by
 * article_check; optional ones are NULL when absent. */
struct article {
	char *id;	   /* [a-z0-9._-], at most LIMIT_ID bytes */
	uint32_t revision; /* 1, 2, ... */
	uint32_t previous; /* the revision it replaces; 0 for the first */
	enum article_status status;
	char *title;
	char *language;	   /* BCP 47, "ru" */
	int64_t published; /* seconds since 1970 UTC */
	int64_t updated;   /* >= published; equal when never updated */
	char **authors;
	size_t n_authors;
	char **tags;
	size_t n_tags;
	char *url;	 /* canonical http(s) URL at the outlet, or NULL:
			    ASCII (RFC 3986), a host, no user name */
	char *note;	 /* what was corrected or why it was retracted, one
			    line; NULL exactly when published */
	int32_t text;	 /* object index of the text; -1 when retracted */
	struct article_image *images;
	size_t n_images;
};

/* "published", "corrected", "retracted". */
const char *article_status_str(enum article_status s);

/* Whether every field obeys limits.h and erika-bundle(5): names, dates in
 * order, text present unless retracted, url http or https. ERR_REFUSED with
 * the field named in `d`. Object indexes are checked by the bundle. */
enum err article_check(const struct article *a, struct diag *d) ERR_MUST_USE;

/* Free what the struct owns and zero it; not the struct itself. */
void article_clear(struct article *a);

/* Deep copy into zeroed or cleared *out. ERR_NOMEM leaves *out cleared. */
enum err article_copy(struct article *out, const struct article *a)
	ERR_MUST_USE;

#endif
