#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"

#define TAG_ORIENTATION 0x0112
#define TAG_GPS 0x8825
#define TYPE_SHORT 3

static enum err
add_piece(struct image_plan *p, struct image_piece piece)
{
	struct image_piece *grown;
	size_t n = p->n_pieces;

	if ((n & (n - 1)) == 0) {
		grown = realloc(
			p->pieces, (n == 0 ? 1 : 2 * n) * sizeof(*grown));
		if (grown == NULL)
			return ERR_NOMEM;
		p->pieces = grown;
	}
	p->pieces[p->n_pieces++] = piece;
	p->length += piece.n;
	return ERR_OK;
}

enum err
image_keep(struct image_plan *p, uint64_t at, uint64_t n)
{
	struct image_piece *last;

	if (n == 0)
		return ERR_OK;
	last = p->n_pieces == 0 ? NULL : &p->pieces[p->n_pieces - 1];
	if (last != NULL && last->fresh == NULL && last->at + last->n == at) {
		last->n += n;
		p->length += n;
		return ERR_OK;
	}
	return add_piece(p, (struct image_piece){.at = at, .n = n});
}

enum err
image_add(struct image_plan *p, struct span s)
{
	size_t used = 0, i;

	for (i = 0; i < p->n_pieces; i++)
		if (p->pieces[i].fresh != NULL)
			used += (size_t)p->pieces[i].n;
	if (s.n == 0 || s.n > sizeof(p->fresh) - used)
		return ERR_LIMIT;
	memcpy(p->fresh + used, s.p, s.n);
	return add_piece(
		p, (struct image_piece){.fresh = p->fresh + used, .n = s.n});
}

enum err
image_size(
	struct image_plan *p, uint32_t width, uint32_t height, struct diag *d)
{
	if (width == 0 || height == 0)
		return diag_set(d, ERR_SYNTAX, "a picture without size");
	if ((uint64_t)width * height > LIMIT_PIXELS)
		return diag_set(d, ERR_REFUSED,
			"%u x %u pixels: over %d megapixels", width, height,
			LIMIT_PIXELS / 1000000);
	p->width = width;
	p->height = height;
	return ERR_OK;
}

/* ---- EXIF: a TIFF structure (TIFF 6.0 section 2) */

static uint32_t
number(struct span s, size_t at, size_t n, bool little)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v = v << 8 | s.p[at + (little ? n - 1 - i : i)];
	return v;
}

struct image_exif
image_exif_read(struct span s)
{
	struct image_exif x = {.orientation = 1};
	uint32_t ifd, count, i;
	bool little;

	if (s.n < 8)
		return x;
	little = s.p[0] == 'I';
	if (s.p[0] != s.p[1] || (!little && s.p[0] != 'M') ||
		number(s, 2, 2, little) != 42)
		return x;
	ifd = number(s, 4, 4, little);
	if (ifd > s.n - 2 || s.n < 10)
		return x;
	count = number(s, ifd, 2, little);
	for (i = 0; i < count; i++) {
		size_t at = (size_t)ifd + 2 + 12 * (size_t)i;
		uint32_t tag, value;

		if (at + 12 > s.n)
			break;
		tag = number(s, at, 2, little);
		value = number(s, at + 8, 2, little);
		if (tag == TAG_ORIENTATION && value >= 1 && value <= 8 &&
			number(s, at + 2, 2, little) == TYPE_SHORT)
			x.orientation = value;
		if (tag == TAG_GPS)
			x.gps = true;
	}
	return x;
}

void
image_exif_write(uint8_t out[static IMAGE_TIFF], unsigned orientation)
{
	static const uint8_t tiff[IMAGE_TIFF] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0,
		1, 0x01, 0x12, 0, TYPE_SHORT, 0, 0, 0, 1};

	memcpy(out, tiff, sizeof(tiff));
	out[19] = (uint8_t)orientation;
}

/* ---- */

enum err
image_plan_make(struct span file, struct image_plan *out, struct diag *d)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	if (file.n > LIMIT_IMAGE)
		return diag_set(d, ERR_LIMIT, "larger than %zu MiB",
			LIMIT_IMAGE / LIMIT_MIB);
	if (span_starts(file, span_of("\xff\xd8\xff", 3)))
		e = jpeg_plan(file, out, d);
	else if (span_starts(file, span_of("\x89PNG\r\n\x1a\n", 8)))
		e = png_plan(file, out, d);
	else if (span_starts(file, span_str("RIFF")) &&
		 span_eq(span_sub(file, 8, 4), span_str("WEBP")))
		e = webp_plan(file, out, d);
	else
		return diag_set(
			d, ERR_REFUSED, "not a JPEG, PNG or WebP picture");
	if (e != ERR_OK) {
		image_plan_clear(out);
		if (e == ERR_NOMEM || e == ERR_LIMIT)
			e = diag_set(d, e, "%s", err_str(e));
	}
	return e;
}

void
image_plan_clear(struct image_plan *p)
{
	if (p == NULL)
		return;
	free(p->pieces);
	memset(p, 0, sizeof(*p));
}
