/* What the walks over the three image containers share: a plan that grows, and
 * the one thing worth knowing of EXIF. */
#ifndef ERIKA_IMAGE_H
#define ERIKA_IMAGE_H

#include "../core/bytes.h"
#include "../core/err.h"
#include "ingest.h"

/* Add the original's bytes [at, at+n); those that follow on the last piece
 * make it longer. ERR_NOMEM. */
enum err image_keep(struct image_plan *p, uint64_t at, uint64_t n) ERR_MUST_USE;

/* Add new bytes, copied into the plan's own. ERR_NOMEM, ERR_LIMIT. */
enum err image_add(struct image_plan *p, struct span s) ERR_MUST_USE;

/* Check the size of the picture and note it. ERR_REFUSED, ERR_SYNTAX. */
enum err image_size(struct image_plan *p, uint32_t width, uint32_t height,
	struct diag *d) ERR_MUST_USE;

/* What a TIFF structure (the payload of EXIF) says. */
struct image_exif {
	unsigned orientation; /* 1 to 8; 1 is upright */
	bool gps;
};
struct image_exif image_exif_read(struct span tiff);

/* The least TIFF structure that says an orientation and nothing else. */
#define IMAGE_TIFF 26
void image_exif_write(uint8_t out[static IMAGE_TIFF], unsigned orientation);

/* Walk one container. ERR_REFUSED, ERR_SYNTAX, ERR_TRUNCATED, ERR_NOMEM. */
enum err jpeg_plan(
	struct span file, struct image_plan *p, struct diag *d) ERR_MUST_USE;
enum err png_plan(
	struct span file, struct image_plan *p, struct diag *d) ERR_MUST_USE;
enum err webp_plan(
	struct span file, struct image_plan *p, struct diag *d) ERR_MUST_USE;

#endif
