/* PNG, W3C Recommendation (third edition); eXIf from its extensions. */
#include <string.h>
#include <zlib.h>

#include "image.h"

#define SIGNATURE 8
#define OVERHEAD 12 /* length, name, CRC */

enum action { KEEP, DROP, REFUSE };

static const struct {
	const char *name;
	enum action action;
} chunks[] = {{"IHDR", KEEP}, {"PLTE", KEEP}, {"IDAT", KEEP}, {"IEND", KEEP},
	{"tRNS", KEEP}, {"gAMA", KEEP}, {"cHRM", KEEP}, {"sRGB", KEEP},
	{"iCCP", KEEP}, {"sBIT", KEEP}, {"bKGD", KEEP}, {"pHYs", KEEP},
	{"acTL", REFUSE}, {"fcTL", REFUSE}, {"fdAT", REFUSE}};

struct walk {
	struct span file;
	size_t pos;
	struct image_plan *plan;
	struct diag *d;
	bool header, data, data_over, exif, end;
};

static enum action
action_of(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
		if (span_eq(name, span_str(chunks[i].name)))
			return chunks[i].action;
	/* An unknown critical chunk: no reader could show the picture. */
	return (name.p[0] & 0x20) == 0 ? REFUSE : DROP;
}

static uint32_t
number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void
write_number(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static enum err
keep_orientation(struct walk *w, struct span tiff)
{
	uint8_t chunk[OVERHEAD + IMAGE_TIFF] = {
		0, 0, 0, IMAGE_TIFF, 'e', 'X', 'I', 'f'};
	struct image_exif x = image_exif_read(tiff);

	w->plan->had_gps = w->plan->had_gps || x.gps;
	image_exif_write(chunk + 8, x.orientation);
	/* Unless it is what we write ourselves, it says more. */
	if (!span_eq(tiff, span_of(chunk + 8, IMAGE_TIFF)))
		w->plan->had_metadata = true;
	if (w->exif || x.orientation == 1)
		return ERR_OK;
	w->exif = true;
	write_number(chunk + 8 + IMAGE_TIFF,
		(uint32_t)crc32(0, chunk + 4, 4 + IMAGE_TIFF));
	return image_add(w->plan, span_of(chunk, sizeof(chunk)));
}

/* Order: IHDR first and once, the IDAT in one run, IEND last. */
static enum err
check_order(struct walk *w, struct span name, struct span body)
{
	bool ihdr = span_eq(name, span_str("IHDR"));
	bool idat = span_eq(name, span_str("IDAT"));

	if (ihdr == w->header || (ihdr && body.n != 13) ||
		(idat && w->data_over))
		return diag_at(
			w->d, ERR_SYNTAX, w->pos, "chunks in the wrong order");
	w->header = true;
	if (w->data && !idat)
		w->data_over = true;
	w->data = w->data || idat;
	w->end = span_eq(name, span_str("IEND"));
	if (w->end && (!w->data || body.n != 0))
		return diag_at(w->d, ERR_SYNTAX, w->pos, "no picture in it");
	if (ihdr)
		return image_size(
			w->plan, number(body.p), number(body.p + 4), w->d);
	return ERR_OK;
}

static enum err
read_chunk(struct walk *w)
{
	const uint8_t *p = w->file.p + w->pos;
	size_t left = w->file.n - w->pos, n;
	struct span name, body;
	enum err e;

	n = left < OVERHEAD ? 0 : number(p);
	if (left < OVERHEAD || n > left - OVERHEAD)
		return diag_at(w->d, ERR_TRUNCATED, w->pos,
			"the picture is cut short");
	name = span_of(p + 4, 4);
	body = span_of(p + 8, n);
	e = check_order(w, name, body);
	if (e != ERR_OK)
		return e;
	switch (action_of(name)) {
	case REFUSE:
		return diag_at(w->d, ERR_REFUSED, w->pos,
			"an animation, or a PNG of a kind unknown here");
	case DROP:
		if (span_eq(name, span_str("eXIf")))
			e = keep_orientation(w, body);
		else
			w->plan->had_metadata = true;
		/* XMP lies in an iTXt, and may say a position. */
		if (span_eq(name, span_str("iTXt")) && n > 0 &&
			memmem(body.p, n, "exif:GPS", 8) != NULL)
			w->plan->had_gps = true;
		break;
	case KEEP:
		if (number(p + 8 + n) != crc32(0, p + 4, (uInt)(4 + n)))
			return diag_at(w->d, ERR_SYNTAX, w->pos,
				"a chunk whose checksum is wrong");
		e = image_keep(w->plan, w->pos, OVERHEAD + n);
		break;
	}
	w->pos += OVERHEAD + n;
	return e;
}

enum err
png_plan(struct span file, struct image_plan *p, struct diag *d)
{
	struct walk w = {.file = file, .pos = SIGNATURE, .plan = p, .d = d};
	enum err e = image_keep(p, 0, SIGNATURE);

	p->type = "image/png";
	while (e == ERR_OK && !w.end)
		e = read_chunk(&w);
	if (w.pos < file.n)
		p->had_metadata = true;
	return e;
}
