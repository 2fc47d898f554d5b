/* A cleaned picture on disk, and reading it part by part. */
#ifndef ERIKA_PRESS_IMAGE_H
#define ERIKA_PRESS_IMAGE_H

#include <stdint.h>

#include "../core/bundle.h"
#include "../core/err.h"

/* Pieces of `file` and fresh bytes, in order. Owns what it points to. */
struct press_image {
	struct digest name;
	char *file;
	const char *type; /* "image/jpeg": a literal */
	struct press_piece {
		uint8_t *fresh; /* or NULL: n bytes at `at` of the file */
		uint64_t at, n;
	} * pieces;
	size_t n_pieces;
	uint64_t size; /* of the file, and when it was last changed, so that */
	int64_t mtime; /* a change before it is copied is noticed */
	uint32_t length;
	struct digest *parts;
	size_t n_parts;
};
void press_image_clear(struct press_image *i);

/* Size in bytes and time of change in nanoseconds of a file. ERR_IO. */
enum err press_image_stat(const char *file, uint64_t *size, int64_t *mtime,
	struct diag *d) ERR_MUST_USE;

/* Read the pieces once and fill in parts, length and name. ERR_LIMIT over
 * LIMIT_OBJECT, ERR_IO. */
enum err press_image_name(struct press_image *i, struct diag *d) ERR_MUST_USE;

/* Call `fn` with each part in order; its error stops and is returned. */
typedef enum err press_image_fn(void *arg, struct span part, struct diag *d);
enum err press_image_each(const struct press_image *i, press_image_fn *fn,
	void *arg, struct diag *d) ERR_MUST_USE;

#endif
