/* A bundle while it is being packed: articles are added, then the file, its
 * signature and the records of it are written in one go. */
#ifndef ERIKA_PRESS_BUNDLE_H
#define ERIKA_PRESS_BUNDLE_H

#include "../core/article.h"
#include "../core/bundle.h"
#include "press_image.h"
#include "press_room.h"

struct press_bundle;

/* The key pair of a desk, as targets name it, in keys/ with its secret half.
 * For saying early that it is missing: ERR_MISSING with what to do. */
enum err press_bundle_key(struct room *r, const char *desk,
	struct keyring_key **out, struct diag *d) ERR_MUST_USE;

/* Start the next bundle of a desk. ERR_NOMEM, ERR_IO. */
enum err press_bundle_new(struct room *r, const char *desk, int64_t now,
	struct press_bundle **out, struct diag *d) ERR_MUST_USE;
void press_bundle_free(struct press_bundle *b);

/* Add an article. `a` has everything but text and images; `text` is the body
 * with its images named; `images` are moved into the bundle (or dropped where
 * an earlier bundle has them). `digest` identifies the content for the next
 * pack. */
enum err press_bundle_add(struct press_bundle *b, const struct article *a,
	struct span text, struct press_image *images, size_t n_images,
	const struct digest *digest, struct diag *d) ERR_MUST_USE;

/* Whether it should be finished before more is added. */
bool press_bundle_full(const struct press_bundle *b);

/* What is in it so far. */
size_t press_bundle_articles(const struct press_bundle *b);

/* Write file, .minisig and records. *text and *total are bytes of head and
 * texts, and of the whole file. */
enum err press_bundle_finish(struct press_bundle *b, uint64_t *text,
	uint64_t *total, struct diag *d) ERR_MUST_USE;

/* Path of the finished bundle, below the outlet's targets. */
const char *press_bundle_path(const struct press_bundle *b);

#endif
