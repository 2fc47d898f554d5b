/* From what a newsroom has to what readers get: importers, sanitiser, image
 * cleaning. Bytes in, structs out, no files: runs in a limited child process
 * (sys/confine.h), linked by erika-press alone. */
#ifndef ERIKA_INGEST_H
#define ERIKA_INGEST_H

#include "../core/article.h"
#include "../core/bytes.h"
#include "../core/err.h"

/* An image reference in an imported article: where the source says it is.
 * The body says <img src="image:K"> for the k-th until the packer knows its
 * object name and calls ingest_name_images. */
struct ingest_image {
	char *source; /* relative path or URL as written, decoded, no query */
};

/* One imported article: metadata (text, images and revision fields unset) and
 * the sanitised body. */
struct ingest_article {
	struct article meta; /* id, title, language, dates, authors, tags,
				   url filled; status published */
	struct buf body;     /* XHTML subset, erika-article in
				   erika-bundle(5): <article>...</article> */
	struct ingest_image *images;
	size_t n_images;
	unsigned dropped; /* elements left out with their content */
	unsigned remote;  /* things that would have loaded: made text,
				   link, or dropped */
};

/* What was left out of a source and why, for the summary. */
struct ingest_left {
	char *what; /* title, id or file, escaped for display */
	char *why;  /* "no title", "draft", "summary only (212 characters)" */
};

struct ingest_result {
	struct ingest_article *articles;
	size_t n_articles;
	struct ingest_left *left;
	size_t n_left;
};

enum ingest_kind { INGEST_HTML, INGEST_RSS, INGEST_ATOM, INGEST_UNKNOWN };

/* Which importer fits these bytes, by content, not by name. */
enum ingest_kind ingest_detect(struct span s);

/* Defaults for what a source does not say. */
struct ingest_defaults {
	const char *language; /* "ru", or NULL: refuse articles without one */
	const char *name;     /* file name for ids and messages */
	int64_t now;	      /* for dates that are absent or in the future */
	int64_t modified;     /* file's own time; used before now */
};

/* Import one HTML page, or an RSS 2.0 or Atom feed. ERR_SYNTAX when nothing
 * can be made of it, ERR_REFUSED when it nests deeper than LIMIT_DEPTH,
 * ERR_LIMIT, ERR_NOMEM. Articles that lack what they need go to `left`. */
enum err ingest_import(struct span s, enum ingest_kind kind,
	const struct ingest_defaults *def, struct ingest_result *out,
	struct diag *d) ERR_MUST_USE;
void ingest_result_clear(struct ingest_result *r);

/* Free what one article owns and zero it, after ingest_sanitise. */
void ingest_article_clear(struct ingest_article *a);

/* Sanitise an HTML fragment or page body to the article subset: the
 * allow-list of erika-bundle(5), ARTICLE TEXT; own XHTML writer, canonical:
 * sanitising its output again gives the same bytes. */
enum err ingest_sanitise(struct span html, struct ingest_article *out,
	struct diag *d) ERR_MUST_USE;

/* Replace each src="image:K" by the hex object name names[K]; where has[K] is
 * false (not found, refused) the img becomes its alt text in brackets. */
enum err ingest_name_images(struct span body, const struct digest *names,
	const bool *has, size_t n, struct buf *out,
	struct diag *d) ERR_MUST_USE;

/* ---- photographs: same pixels, no metadata */

/* A cleaned image as pieces of the original and a few new bytes, so that
 * nothing large is copied: emit the pieces in order. */
struct image_piece {
	const uint8_t *fresh; /* new bytes when not NULL, owned by the plan */
	uint64_t at;	      /* else offset in the original */
	uint64_t n;
};

/* Its fresh pieces point into itself: hand it on by pointer, not by value. */
struct image_plan {
	const char *type; /* "image/jpeg", "image/png", "image/webp" */
	uint32_t width, height;
	struct image_piece *pieces;
	size_t n_pieces;
	uint64_t length;    /* of the cleaned file */
	uint8_t fresh[256]; /* backing for fresh pieces */
	bool had_gps;	    /* a position was left out: worth telling */
	bool had_metadata;
};

/* Plan the cleaning of a JPEG, PNG or WebP by walking its container: pixels
 * and colour profile stay byte for byte; EXIF (but for a rebuilt block that
 * says orientation and nothing else, when it is not upright), XMP, IPTC,
 * comments, previews, text chunks and everything after the end of the image
 * go. ERR_REFUSED for another format, an animation, or over 40 megapixels,
 * ERR_SYNTAX, ERR_TRUNCATED, ERR_NOMEM. */
enum err image_plan_make(
	struct span file, struct image_plan *out, struct diag *d) ERR_MUST_USE;
void image_plan_clear(struct image_plan *p);

#endif
