/* JPEG interchange format, ITU-T T.81 Annex B; JFIF; EXIF and ICC in APPn. */
#include <string.h>

#include "image.h"

enum {
	SOF0 = 0xc0,
	SOF1 = 0xc1,
	SOF2 = 0xc2,
	DHT = 0xc4,
	RST0 = 0xd0,
	RST7 = 0xd7,
	SOI = 0xd8,
	EOI = 0xd9,
	SOS = 0xda,
	DQT = 0xdb,
	DRI = 0xdd,
	APP0 = 0xe0,
	APP1 = 0xe1,
	APP2 = 0xe2,
	APP14 = 0xee,
	APP15 = 0xef,
	COM = 0xfe
};

/* Bytes of Adobe's marker: version, two flags, transform. */
#define ADOBE 12

struct walk {
	struct span file;
	size_t pos;
	struct image_plan *plan;
	struct diag *d;
	bool jfif, exif, frame, scan;
};

static enum err
cut_short(struct walk *w)
{
	return diag_at(w->d, ERR_TRUNCATED, w->pos, "the picture is cut short");
}

/* JFIF's own segment, without the preview that may be in it. */
static enum err
keep_jfif(struct walk *w, struct span body)
{
	uint8_t app0[18] = {0xff, APP0, 0, 16};

	if (w->jfif || body.n < 14) {
		w->plan->had_metadata = true;
		return ERR_OK;
	}
	w->jfif = true;
	memcpy(app0 + 4, body.p, 12);
	if (body.p[12] != 0 || body.p[13] != 0 || body.n > 14)
		w->plan->had_metadata = true;
	return image_add(w->plan, span_of(app0, sizeof(app0)));
}

static bool
contains(struct span s, const char *what)
{
	return s.n > 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static enum err
keep_orientation(struct walk *w, struct span body)
{
	uint8_t app1[10 + IMAGE_TIFF] = {
		0xff, APP1, 0, 8 + IMAGE_TIFF, 'E', 'x', 'i', 'f', 0, 0};
	struct image_exif x;

	if (!span_starts(body, span_of("Exif\0\0", 6))) {
		w->plan->had_metadata = true;
		/* XMP says positions as exif:GPSLatitude. */
		w->plan->had_gps =
			w->plan->had_gps || contains(body, "exif:GPS");
		return ERR_OK;
	}
	x = image_exif_read(span_sub(body, 6, body.n));
	w->plan->had_gps = w->plan->had_gps || x.gps;
	image_exif_write(app1 + 10, x.orientation);
	/* Unless it is what we write ourselves, it says more. */
	if (!span_eq(body, span_of(app1 + 4, sizeof(app1) - 4)))
		w->plan->had_metadata = true;
	if (w->exif || x.orientation == 1)
		return ERR_OK;
	w->exif = true;
	return image_add(w->plan, span_of(app1, sizeof(app1)));
}

static enum err
read_frame(struct walk *w, struct span body)
{
	if (w->frame || body.n < 6)
		return diag_at(w->d, ERR_SYNTAX, w->pos,
			"a broken or second frame header");
	w->frame = true;
	return image_size(w->plan, (uint32_t)body.p[3] << 8 | body.p[4],
		(uint32_t)body.p[1] << 8 | body.p[2], w->d);
}

/* A marker segment at w->pos, its length checked. */
static enum err
read_segment(struct walk *w, uint8_t marker, size_t n)
{
	struct span body = span_sub(w->file, w->pos + 4, n - 2);
	enum err e;

	switch (marker) {
	case SOF0:
	case SOF1:
	case SOF2:
		e = read_frame(w, body);
		if (e != ERR_OK)
			return e;
		break;
	case APP0:
		if (span_starts(body, span_of("JFIF\0", 5)))
			return keep_jfif(w, body);
		w->plan->had_metadata = true;
		return ERR_OK;
	case APP1:
		return keep_orientation(w, body);
	case APP2:
		if (span_starts(body, span_of("ICC_PROFILE\0", 12)))
			break;
		w->plan->had_metadata = true;
		return ERR_OK;
	case APP14:
		if (body.n == ADOBE && span_starts(body, span_str("Adobe")))
			break;
		w->plan->had_metadata = true;
		return ERR_OK;
	case DHT:
	case DQT:
	case DRI:
		break;
	case SOS:
		if (!w->frame)
			return diag_at(w->d, ERR_SYNTAX, w->pos,
				"a scan before the frame header");
		w->scan = true;
		break;
	default:
		if (marker == COM || (marker >= APP0 && marker <= APP15)) {
			w->plan->had_metadata = true;
			return ERR_OK;
		}
		return diag_at(w->d, ERR_REFUSED, w->pos,
			"a kind of JPEG that browsers do not show "
			"(marker %02x)",
			marker);
	}
	return image_keep(w->plan, w->pos, 2 + n);
}

/* The entropy-coded data after a scan header: up to the next marker that is
 * neither stuffing nor a restart. */
static enum err
read_scan(struct walk *w)
{
	size_t from = w->pos;
	const uint8_t *p;

	for (;;) {
		size_t left = w->file.n - w->pos;

		p = left == 0 ? NULL : memchr(w->file.p + w->pos, 0xff, left);
		if (p == NULL || (size_t)(p - w->file.p) + 1 >= w->file.n) {
			w->pos = w->file.n;
			return cut_short(w);
		}
		w->pos = (size_t)(p - w->file.p);
		if (p[1] == 0 || (p[1] >= RST0 && p[1] <= RST7))
			w->pos += 2;
		else
			return image_keep(w->plan, from, w->pos - from);
	}
}

/* The marker at w->pos, fill bytes before it left out. */
static enum err
read_marker(struct walk *w, uint8_t *marker)
{
	if (w->pos >= w->file.n)
		return cut_short(w);
	if (w->file.p[w->pos] != 0xff)
		return diag_at(w->d, ERR_SYNTAX, w->pos,
			"byte %zu should begin a marker", w->pos);
	while (w->pos + 1 < w->file.n && w->file.p[w->pos + 1] == 0xff)
		w->pos++;
	if (w->pos + 1 >= w->file.n)
		return cut_short(w);
	*marker = w->file.p[w->pos + 1];
	return ERR_OK;
}

enum err
jpeg_plan(struct span file, struct image_plan *p, struct diag *d)
{
	struct walk w = {.file = file, .pos = 2, .plan = p, .d = d};
	enum err e = image_keep(p, 0, 2);
	uint8_t marker = 0;
	size_t n;

	p->type = "image/jpeg";
	while (e == ERR_OK) {
		e = read_marker(&w, &marker);
		if (e != ERR_OK || marker == EOI)
			break;
		if (file.n - w.pos < 4)
			return cut_short(&w);
		n = (size_t)file.p[w.pos + 2] << 8 | file.p[w.pos + 3];
		if (n < 2)
			return diag_at(d, ERR_SYNTAX, w.pos,
				"a segment shorter than its length");
		if (n > file.n - w.pos - 2)
			return cut_short(&w);
		e = read_segment(&w, marker, n);
		w.pos += 2 + n;
		if (e == ERR_OK && marker == SOS)
			e = read_scan(&w);
	}
	if (e == ERR_OK && !w.scan)
		e = diag_at(d, ERR_SYNTAX, w.pos, "no picture in it");
	if (e == ERR_OK)
		e = image_keep(p, w.pos, 2);
	/* Other pictures, film clips and makers' notes hide behind the end. */
	if (e == ERR_OK && w.pos + 2 < file.n)
		p->had_metadata = true;
	return e;
}
