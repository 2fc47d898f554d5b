/* WebP container, RFC 9649. */
#include <string.h>

#include "image.h"

#define RIFF 12 /* "RIFF", size, "WEBP" */
#define CHUNK 8 /* name, size */
#define VP8X 10 /* flags, reserved, canvas */
#define FLAG_ICC 0x20
#define FLAG_ALPHA 0x10
#define FLAG_EXIF 0x08
#define FLAG_ANIMATION 0x02

struct walk {
	struct span file; /* without what follows the RIFF */
	struct image_plan *plan;
	struct diag *d;
	struct span vp8x, iccp, alph, picture; /* whole chunks, padded */
	struct image_exif exif;
};

static uint32_t
number(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	while (n > 0)
		v = v << 8 | p[--n];
	return v;
}

static void
write_number(uint8_t *p, uint32_t v)
{
	size_t i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static enum err
once(struct walk *w, struct span *slot, struct span chunk)
{
	if (slot->n > 0)
		return diag_set(
			w->d, ERR_SYNTAX, "a chunk that is there twice");
	*slot = chunk;
	return ERR_OK;
}

/* One chunk, `chunk` with its padding, `body` without. */
static enum err
read_chunk(struct walk *w, struct span chunk, struct span body)
{
	struct span name = span_sub(chunk, 0, 4);

	if (span_eq(name, span_str("VP8X")))
		return once(w, &w->vp8x, chunk);
	if (span_eq(name, span_str("ICCP")))
		return once(w, &w->iccp, chunk);
	if (span_eq(name, span_str("ALPH")))
		return once(w, &w->alph, chunk);
	if (span_eq(name, span_str("VP8 ")) || span_eq(name, span_str("VP8L")))
		return once(w, &w->picture, chunk);
	if (span_eq(name, span_str("ANIM")) || span_eq(name, span_str("ANMF")))
		return diag_set(w->d, ERR_REFUSED, "an animation");
	if (span_eq(name, span_str("EXIF"))) {
		uint8_t least[IMAGE_TIFF];

		/* Some writers put JPEG's prefix before it. */
		if (span_starts(body, span_of("Exif\0\0", 6)))
			body = span_sub(body, 6, body.n);
		w->exif = image_exif_read(body);
		w->plan->had_gps = w->plan->had_gps || w->exif.gps;
		/* Unless it is what we write ourselves, it says more. */
		image_exif_write(least, w->exif.orientation);
		if (!span_eq(body, span_of(least, sizeof(least))))
			w->plan->had_metadata = true;
		return ERR_OK;
	}
	w->plan->had_metadata = true;
	if (body.n > 0 && memmem(body.p, body.n, "exif:GPS", 8) != NULL)
		w->plan->had_gps = true;
	return ERR_OK;
}

static enum err
read_chunks(struct walk *w)
{
	size_t pos = RIFF, n, padded;
	enum err e = ERR_OK;

	while (e == ERR_OK && pos < w->file.n) {
		if (w->file.n - pos < CHUNK)
			return diag_at(w->d, ERR_TRUNCATED, pos,
				"the picture is cut short");
		n = number(w->file.p + pos + 4, 4);
		padded = n + (n & 1);
		if (padded > w->file.n - pos - CHUNK)
			return diag_at(w->d, ERR_TRUNCATED, pos,
				"the picture is cut short");
		e = read_chunk(w, span_sub(w->file, pos, CHUNK + padded),
			span_sub(w->file, pos + CHUNK, n));
		pos += CHUNK + padded;
	}
	return e;
}

/* Width and height from the picture's own header. */
static enum err
read_size(struct walk *w)
{
	struct span chunk = w->picture;
	size_t n = chunk.n < CHUNK ? 0 : chunk.n - CHUNK;
	const uint8_t *p = n == 0 ? chunk.p : chunk.p + CHUNK;
	uint32_t width, height, canvas_w, canvas_h, bits;

	if (n >= 10 && w->picture.p[3] == ' ' && (p[0] & 1) == 0 &&
		memcmp(p + 3, "\x9d\x01\x2a", 3) == 0) {
		width = number(p + 6, 2) & 0x3fff;
		height = number(p + 8, 2) & 0x3fff;
	} else if (n >= 5 && w->picture.p[3] == 'L' && p[0] == 0x2f) {
		bits = number(p + 1, 4);
		width = (bits & 0x3fff) + 1;
		height = (bits >> 14 & 0x3fff) + 1;
	} else {
		return diag_set(w->d, ERR_SYNTAX, "no picture in it");
	}
	if (w->vp8x.n > 0) {
		if (w->vp8x.n != CHUNK + VP8X)
			return diag_set(w->d, ERR_SYNTAX, "a broken header");
		canvas_w = number(w->vp8x.p + CHUNK + 4, 3) + 1;
		canvas_h = number(w->vp8x.p + CHUNK + 7, 3) + 1;
		if (w->vp8x.p[CHUNK] & FLAG_ANIMATION)
			return diag_set(w->d, ERR_REFUSED, "an animation");
		if (canvas_w != width || canvas_h != height)
			return diag_set(
				w->d, ERR_SYNTAX, "two sizes for one picture");
	}
	return image_size(w->plan, width, height, w->d);
}

static enum err
keep(struct walk *w, struct span chunk)
{
	if (chunk.n == 0)
		return ERR_OK;
	return image_keep(w->plan, (uint64_t)(chunk.p - w->file.p), chunk.n);
}

/* The plan: a RIFF header with the new size, VP8X when anything needs it. */
static enum err
write_plan(struct walk *w)
{
	bool turned = w->exif.orientation > 1;
	bool extended = w->iccp.n > 0 || w->alph.n > 0 || turned;
	uint8_t head[RIFF + CHUNK + VP8X] = "RIFF....WEBPVP8X";
	uint8_t exif[CHUNK + IMAGE_TIFF] = "EXIF";
	size_t n = extended ? sizeof(head) : RIFF;
	uint64_t length = n + w->iccp.n + w->alph.n + w->picture.n +
			  (turned ? sizeof(exif) : 0);
	/* A lossless picture says of itself whether it is transparent. */
	bool alpha = w->alph.n > 0 || (w->picture.p[3] == 'L' &&
					      (w->picture.p[CHUNK + 4] & 0x10));
	enum err e;

	write_number(head + 4, (uint32_t)(length - 8));
	if (extended) {
		write_number(head + RIFF + 4, VP8X);
		write_number(
			head + RIFF + CHUNK, (w->iccp.n > 0 ? FLAG_ICC : 0u) |
						     (alpha ? FLAG_ALPHA : 0u) |
						     (turned ? FLAG_EXIF : 0u));
		write_number(head + RIFF + CHUNK + 4, w->plan->width - 1);
		/* Three bytes each: the height begins over the fourth. */
		head[RIFF + CHUNK + 7] = (uint8_t)(w->plan->height - 1);
		head[RIFF + CHUNK + 8] = (uint8_t)((w->plan->height - 1) >> 8);
		head[RIFF + CHUNK + 9] = (uint8_t)((w->plan->height - 1) >> 16);
	}
	e = image_add(w->plan, span_of(head, n));
	if (e == ERR_OK)
		e = keep(w, w->iccp);
	if (e == ERR_OK)
		e = keep(w, w->alph);
	if (e == ERR_OK)
		e = keep(w, w->picture);
	if (e == ERR_OK && turned) {
		write_number(exif + 4, IMAGE_TIFF);
		image_exif_write(exif + CHUNK, w->exif.orientation);
		e = image_add(w->plan, span_of(exif, sizeof(exif)));
	}
	return e;
}

enum err
webp_plan(struct span file, struct image_plan *p, struct diag *d)
{
	struct walk w = {.plan = p, .d = d, .exif = {.orientation = 1}};
	uint64_t size;
	enum err e;

	p->type = "image/webp";
	if (file.n < RIFF + CHUNK)
		return diag_set(d, ERR_TRUNCATED, "the picture is cut short");
	size = (uint64_t)number(file.p + 4, 4) + 8;
	if (size < RIFF + CHUNK)
		return diag_set(d, ERR_SYNTAX, "no picture in it");
	if (size > file.n)
		return diag_at(
			d, ERR_TRUNCATED, file.n, "the picture is cut short");
	if (size < file.n)
		p->had_metadata = true;
	w.file = span_sub(file, 0, (size_t)size);
	e = read_chunks(&w);
	if (e == ERR_OK)
		e = read_size(&w);
	if (e != ERR_OK)
		return e;
	/* Order in the file: profile, transparency, picture. */
	if ((w.iccp.n > 0 && w.iccp.p > w.picture.p) ||
		(w.alph.n > 0 && w.alph.p > w.picture.p) ||
		(w.iccp.n > 0 && w.alph.n > 0 && w.iccp.p > w.alph.p))
		return diag_set(d, ERR_SYNTAX, "chunks in the wrong order");
	return write_plan(&w);
}
