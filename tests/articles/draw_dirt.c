/* Encode the drawn pictures with what cameras, phones and editors leave in
 * them. See draw.c for which picture carries what. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <webp/encode.h>
#include <webp/mux.h>
#include <zlib.h>

#include "draw.h"

struct bytes {
	uint8_t *p;
	size_t n, cap;
};

static void
add(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = (b->n + n) * 2;
		b->p = realloc(b->p, b->cap);
		if (b->p == NULL)
			abort();
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void
add_str(struct bytes *b, const char *s)
{
	add(b, s, strlen(s));
}

static void
add_int(struct bytes *b, uint32_t v, int n, bool big)
{
	for (int i = 0; i < n; i++) {
		uint8_t c = (uint8_t)(v >> 8 * (big ? n - 1 - i : i));
		add(b, &c, 1);
	}
}

/* ---- EXIF: a TIFF whose directories are written last to first */

struct field {
	uint16_t tag, type; /* 1 byte, 2 text, 3 short, 4 long, 5 rational */
	const char *text;
	uint32_t v[6];
	int n;
};

/* Write a directory after its long values; returns where it begins. */
static uint32_t
add_ifd(struct bytes *b, const struct field *f, int n, uint32_t next, bool big)
{
	uint32_t at[16];

	for (int i = 0; i < n; i++) {
		at[i] = (uint32_t)b->n;
		if (f[i].type == 2 && strlen(f[i].text) >= 4)
			add(b, f[i].text, strlen(f[i].text) + 1);
		else if (f[i].type == 5)
			for (int j = 0; j < f[i].n * 2; j++)
				add_int(b, f[i].v[j], 4, big);
		if (b->n % 2 != 0)
			add(b, "", 1);
	}
	uint32_t start = (uint32_t)b->n;
	add_int(b, (uint32_t)n, 2, big);
	for (int i = 0; i < n; i++) {
		size_t len = f[i].type == 2 ? strlen(f[i].text) + 1 : 0;
		add_int(b, f[i].tag, 2, big);
		add_int(b, f[i].type, 2, big);
		add_int(b, f[i].type == 2 ? (uint32_t)len : (uint32_t)f[i].n, 4,
			big);
		if (f[i].type == 2 && len <= 4) {
			char four[4] = {0};
			memcpy(four, f[i].text, len);
			add(b, four, 4);
		} else if (f[i].type == 3) {
			add_int(b, f[i].v[0], 2, big);
			add_int(b, 0, 2, big);
		} else if (f[i].type == 4 || f[i].type == 1) {
			add_int(b, f[i].v[0], 4, f[i].type == 1 ? false : big);
		} else {
			add_int(b, at[i], 4, big);
		}
	}
	add_int(b, next, 4, big);
	return start;
}

struct camera {
	const char *make, *model, *owner, *serial, *taken;
	uint32_t orientation;
	uint32_t lat, lon; /* seconds of arc, north and west; 0: no position */
	bool big;
};

static struct bytes
exif_make(const struct camera *k, const struct bytes *thumb)
{
	struct bytes b = {0};
	struct field f[12];
	uint32_t gps = 0, sub, first = 0, zero;
	int n = 0;

	add_str(&b, k->big ? "MM" : "II");
	add_int(&b, 42, 2, k->big);
	zero = (uint32_t)b.n;
	add_int(&b, 0, 4, k->big);
	if (thumb != NULL) {
		uint32_t at = (uint32_t)b.n;
		add(&b, thumb->p, thumb->n);
		first = add_ifd(&b,
			(struct field[]){
				{0x0103, 3, NULL, {6}, 1},
				{0x0201, 4, NULL, {at}, 1},
				{0x0202, 4, NULL, {(uint32_t)thumb->n}, 1},
			},
			3, 0, k->big);
	}
	if (k->lat != 0)
		gps = add_ifd(&b,
			(struct field[]){
				{0, 1, NULL, {0x0302}, 4},
				{1, 2, "N", {0}, 1},
				{2, 5, NULL,
					{k->lat / 3600, 1, k->lat / 60 % 60, 1,
						k->lat % 60 * 100 + 37, 100},
					3},
				{3, 2, "W", {0}, 1},
				{4, 5, NULL,
					{k->lon / 3600, 1, k->lon / 60 % 60, 1,
						k->lon % 60 * 100 + 81, 100},
					3},
				{6, 5, NULL, {74, 10}, 1},
				{29, 2, "2026:11:11", {0}, 1},
			},
			7, 0, k->big);
	sub = add_ifd(&b,
		(struct field[]){
			{0x9003, 2, k->taken, {0}, 1},
			{0xa430, 2, k->owner, {0}, 1},
			{0xa431, 2, k->serial, {0}, 1},
			{0xa434, 2, "35mm f/2", {0}, 1},
		},
		4, 0, k->big);
	f[n++] = (struct field){0x010f, 2, k->make, {0}, 1};
	f[n++] = (struct field){0x0110, 2, k->model, {0}, 1};
	f[n++] = (struct field){0x0112, 3, NULL, {k->orientation}, 1};
	f[n++] = (struct field){0x0131, 2, "Darkroom Nine 4.1", {0}, 1};
	f[n++] = (struct field){0x0132, 2, k->taken, {0}, 1};
	f[n++] = (struct field){0x013b, 2, k->owner, {0}, 1};
	f[n++] = (struct field){0x8769, 4, NULL, {sub}, 1};
	if (gps != 0)
		f[n++] = (struct field){0x8825, 4, NULL, {gps}, 1};
	uint32_t main_ifd = add_ifd(&b, f, n, first, k->big);
	for (int i = 0; i < 4; i++)
		b.p[zero + (uint32_t)i] =
			(uint8_t)(main_ifd >> 8 * (k->big ? 3 - i : i));
	return b;
}

static const char XMP[] =
	"<?xpacket begin=\"\xef\xbb\xbf\" id=\"harbour\"?>"
	"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf="
	"\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description "
	"xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp="
	"\"http://ns.adobe.com/xap/1.0/\" xmp:CreatorTool=\"Darkroom Nine\" "
	"dc:creator=\"Gleb Stavrov\" dc:source=\"desk-3, card 2, "
	"file 0417\"/></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";

/* ---- a profile: the least that a reader accepts as grey, gamma 2.2 */

static struct bytes
profile_make(void)
{
	struct bytes b = {0};
	static const char desc[] = "Harbour grey";
	uint32_t size = 128 + 4 + 2 * 12 + 20 + 16 + 16;

	add_int(&b, size, 4, true);
	add(&b, "\0\0\0\0\x02\x20\0\0mntrGRAYXYZ ", 20);
	add(&b, "\x07\xea\0\x0b\0\x01\0\0\0\0\0\0acsp", 16);
	add(&b, (uint8_t[28]){0}, 28);
	add(&b, "\0\0\xf6\xd6\0\x01\0\0\0\0\xd3\x2d", 12);
	add(&b, (uint8_t[48]){0}, 48);
	add_int(&b, 2, 4, true);
	add_str(&b, "wtpt");
	add_int(&b, 156, 4, true);
	add_int(&b, 20, 4, true);
	add_str(&b, "kTRC");
	add_int(&b, 176, 4, true);
	add_int(&b, 14, 4, true);
	add(&b, "XYZ \0\0\0\0\0\0\xf6\xd6\0\x01\0\0\0\0\xd3\x2d", 20);
	add(&b, "curv\0\0\0\0\0\0\0\x01\x02\x33\0\0", 16);
	add(&b, desc, sizeof(desc) - 1);
	add(&b, (uint8_t[16]){0}, size - b.n);
	return b;
}

/* ---- encoders */

struct pixels {
	uint8_t *p; /* 3 bytes a pixel */
	int w, h;
};

static struct pixels
pixels_make(const struct canvas *c)
{
	struct pixels o = {NULL, c->w / SUPER, c->h / SUPER};

	o.p = malloc((size_t)o.w * (size_t)o.h * 3);
	if (o.p == NULL)
		abort();
	for (int i = 0; i < o.w * o.h * 3; i++) {
		int x = i / 3 % o.w, y = i / 3 / o.w;
		float s = 0.5f;
		for (int j = 0; j < SUPER * SUPER; j++)
			s += c->p[3 * ((y * SUPER + j / SUPER) * c->w +
					      x * SUPER + j % SUPER) +
				     i % 3] /
			     (SUPER * SUPER);
		o.p[i] = (uint8_t)(s < 0 ? 0 : s > 255 ? 255 : s);
	}
	return o;
}

/* What a camera held on its side stores: the picture's right edge is the
 * first row, its top the first column. */
static struct pixels
pixels_on_side(struct pixels a)
{
	struct pixels o = {malloc((size_t)a.w * (size_t)a.h * 3), a.h, a.w};

	if (o.p == NULL)
		abort();
	for (int r = 0; r < o.h; r++)
		for (int c = 0; c < o.w; c++)
			memcpy(o.p + 3 * (r * o.w + c),
				a.p + 3 * (c * a.w + a.w - 1 - r), 3);
	free(a.p);
	return o;
}

struct jpeg_opts {
	int quality, restart, shrink;
	bool progressive, grey;
	struct bytes exif, icc, iptc;
	const char *comment, *xmp;
};

static void
add_segment(struct jpeg_compress_struct *j, int marker, const char *id,
	size_t idlen, const void *p, size_t n)
{
	struct bytes b = {0};

	add(&b, id, idlen);
	add(&b, p, n);
	jpeg_write_marker(j, marker, b.p, (unsigned)b.n);
	free(b.p);
}

static struct bytes
jpeg_make(const struct pixels *px, const struct jpeg_opts *o)
{
	struct jpeg_compress_struct j;
	struct jpeg_error_mgr err;
	unsigned char *mem = NULL;
	unsigned long n = 0;
	int k = o->shrink > 0 ? o->shrink : 1;
	uint8_t row[4096 * 3];

	j.err = jpeg_std_error(&err);
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &mem, &n);
	j.image_width = (unsigned)(px->w / k);
	j.image_height = (unsigned)(px->h / k);
	j.input_components = 3;
	j.in_color_space = JCS_RGB;
	jpeg_set_defaults(&j);
	if (o->grey)
		jpeg_set_colorspace(&j, JCS_GRAYSCALE);
	jpeg_set_quality(&j, o->quality, TRUE);
	j.optimize_coding = TRUE;
	j.restart_in_rows = o->restart;
	if (o->progressive)
		jpeg_simple_progression(&j);
	jpeg_start_compress(&j, TRUE);
	if (o->exif.n > 0)
		add_segment(
			&j, JPEG_APP0 + 1, "Exif\0", 6, o->exif.p, o->exif.n);
	if (o->xmp != NULL)
		add_segment(&j, JPEG_APP0 + 1, "http://ns.adobe.com/xap/1.0/",
			29, o->xmp, strlen(o->xmp));
	if (o->icc.n > 0)
		add_segment(&j, JPEG_APP0 + 2, "ICC_PROFILE\0\1\1", 14,
			o->icc.p, o->icc.n);
	if (o->iptc.n > 0)
		add_segment(&j, JPEG_APP0 + 13, "Photoshop 3.0", 14, o->iptc.p,
			o->iptc.n);
	if (o->comment != NULL)
		jpeg_write_marker(&j, JPEG_COM, (const JOCTET *)o->comment,
			(unsigned)strlen(o->comment));
	while (j.next_scanline < j.image_height) {
		const uint8_t *src =
			px->p + 3 * (int)j.next_scanline * k * px->w;
		JSAMPROW r = row;
		for (int x = 0; x < (int)j.image_width; x++)
			memcpy(row + 3 * x, src + 3 * x * k, 3);
		jpeg_write_scanlines(&j, &r, 1);
	}
	jpeg_finish_compress(&j);
	jpeg_destroy_compress(&j);
	return (struct bytes){mem, n, n};
}

static void
add_chunk(struct bytes *b, const char *type, const void *p, size_t n)
{
	uLong crc = crc32(0, (const Bytef *)type, 4);

	if (n > 0)
		crc = crc32(crc, p, (uInt)n);
	add_int(b, (uint32_t)n, 4, true);
	add(b, type, 4);
	add(b, p, n);
	add_int(b, (uint32_t)crc, 4, true);
}

/* The picture as PNG: true colour, or 3 bits of red and green and 2 of blue
 * in a palette. */
static struct bytes
png_make(const struct pixels *px, bool palette, const struct bytes *extra)
{
	struct bytes b = {0}, raw = {0}, head = {0};

	add(&b, "\x89PNG\r\n\x1a\n", 8);
	add_int(&head, (uint32_t)px->w, 4, true);
	add_int(&head, (uint32_t)px->h, 4, true);
	add(&head, palette ? "\x08\x03\0\0\0" : "\x08\x02\0\0\0", 5);
	add_chunk(&b, "IHDR", head.p, head.n);
	if (palette) {
		uint8_t k[768];
		for (int i = 0; i < 256; i++) {
			k[3 * i] = (uint8_t)((i >> 5) * 255 / 7);
			k[3 * i + 1] = (uint8_t)((i >> 2 & 7) * 255 / 7);
			k[3 * i + 2] = (uint8_t)((i & 3) * 255 / 3);
		}
		add_chunk(&b, "PLTE", k, sizeof(k));
	}
	if (extra != NULL)
		add(&b, extra->p, extra->n);
	for (int y = 0; y < px->h; y++) {
		add(&raw, "", 1);
		for (int x = 0; x < px->w; x++) {
			const uint8_t *p = px->p + 3 * (y * px->w + x);
			uint8_t i = (uint8_t)((p[0] >> 5) << 5 |
					      (p[1] >> 5) << 2 | p[2] >> 6);
			add(&raw, palette ? &i : p, palette ? 1 : 3);
		}
	}
	uLongf n = compressBound(raw.n);
	uint8_t *z = malloc(n);
	if (z == NULL || compress2(z, &n, raw.p, raw.n, 9) != Z_OK)
		abort();
	add_chunk(&b, "IDAT", z, n);
	add_chunk(&b, "IEND", "", 0);
	free(z);
	free(raw.p);
	free(head.p);
	return b;
}

static struct bytes
webp_make(const struct pixels *px, float quality, const struct bytes *exif,
	const char *xmp)
{
	struct bytes b = {0};
	uint8_t *mem = NULL;
	WebPData d = {NULL, 0};

	d.size = WebPEncodeRGB(px->p, px->w, px->h, px->w * 3, quality, &mem);
	d.bytes = mem;
	if (d.size == 0)
		abort();
	if (exif == NULL) {
		add(&b, d.bytes, d.size);
	} else {
		WebPData e = {exif->p, exif->n}, out;
		WebPData x = {(const uint8_t *)xmp, strlen(xmp)};
		WebPMux *m = WebPMuxCreate(&d, 1);
		if (WebPMuxSetChunk(m, "EXIF", &e, 1) != WEBP_MUX_OK ||
			WebPMuxSetChunk(m, "XMP ", &x, 1) != WEBP_MUX_OK ||
			WebPMuxAssemble(m, &out) != WEBP_MUX_OK)
			abort();
		add(&b, out.bytes, out.size);
		WebPDataClear(&out);
		WebPMuxDelete(m);
	}
	WebPFree(mem);
	return b;
}

/* ---- which picture gets what */

static const struct camera KESTREL = {"Kestrel Optics", "PK-7 Mark II",
	"Gleb Stavrov, +00 555 0142", "PK7-0031177", "2026:11:12 01:31:07", 1,
	172811, 125432, false};
static const struct camera PHONE = {"Murmur", "Phone 4", "T. Vereshchak",
	"86-417-2", "2026:11:14 15:52:40", 6, 173002, 125110, true};

static struct bytes
iptc_make(void)
{
	struct bytes r = {0}, b = {0};

	add(&r, "\x1c\x02\x50\0\x0cGleb Stavrov", 17);
	add(&r, "\x1c\x02\x5a\0\x07Velmora", 12);
	add_str(&b, "8BIM");
	add(&b, "\x04\x04\0\0", 4);
	add_int(&b, (uint32_t)r.n, 4, true);
	add(&b, r.p, r.n);
	if (r.n % 2 != 0)
		add(&b, "", 1);
	return b;
}

static struct bytes
photo_make(const char *name, struct pixels *px)
{
	struct jpeg_opts o = {.quality = 80};
	struct jpeg_opts small = {.quality = 60, .shrink = 8};
	struct camera k = KESTREL;
	struct bytes b;

	if (strstr(name, "harbour-dawn") != NULL) {
		struct bytes thumb = jpeg_make(px, &small);
		o.exif = exif_make(&k, &thumb);
		free(thumb.p);
	} else if (strstr(name, "ferry") != NULL) {
		o.xmp = XMP;
		o.comment = "scan 12, do not print the back: G. S.";
	} else if (strstr(name, "lighthouse") != NULL) {
		o.exif = exif_make(&PHONE, NULL);
		*px = pixels_on_side(*px);
	} else if (strstr(name, "storm") != NULL) {
		o.exif = exif_make(&k, NULL);
		o.iptc = iptc_make();
	} else if (strstr(name, "tram") != NULL) {
		o.progressive = true;
	} else if (strstr(name, "crane") != NULL) {
		o.grey = true;
		o.icc = profile_make();
		o.comment = "seen from the tug berth, the tugmaster's window";
	} else if (strstr(name, "workshop") != NULL) {
		k.lat = 0;
		k.owner = "Pelageya Stavrova";
		o.exif = exif_make(&k, NULL);
		o.restart = 4;
	} else if (strstr(name, "rowing") != NULL) {
		k.taken = "2026:11:20 06:58:12";
		o.exif = exif_make(&k, NULL);
	}
	b = jpeg_make(px, &o);
	if (o.progressive) { /* as phones append their moving picture */
		add(&b,
			"\0\0\0\x18"
			"ftypmp42\0\0\0\0mp42isom",
			24);
		for (uint32_t i = 0; i < 760; i++)
			add_int(&b, i * 2654435761u, 4, true);
	}
	free(o.exif.p);
	free(o.icc.p);
	free(o.iptc.p);
	return b;
}

static struct bytes
chart_make(const char *name, const struct pixels *px)
{
	struct bytes extra = {0}, b;
	struct bytes exif = exif_make(&KESTREL, NULL);
	bool tide = strstr(name, "tide") != NULL;

	if (strstr(name, "fish") != NULL) {
		add_chunk(&extra, "tEXt", "Author\0Pavel Norkin", 19);
		add_chunk(&extra, "tEXt", "Software\0Darkroom Nine 4.1", 26);
		add_chunk(&extra, "tIME", "\x07\xea\x0b\x0a\x08\x1e\0", 7);
		add_chunk(&extra, "eXIf", exif.p, exif.n);
	} else if (tide) {
		struct bytes x = {0};
		add(&x, "XML:com.adobe.xmp\0\0\0\0", 22);
		add_str(&x, XMP);
		add_chunk(&extra, "iTXt", x.p, x.n);
		free(x.p);
	} else {
		add_chunk(&extra, "tEXt", "Comment\0draft for N. W.", 23);
	}
	b = png_make(px, tide, &extra);
	if (tide)
		add_str(&b, "left over from an earlier save, longer than this");
	free(exif.p);
	free(extra.p);
	return b;
}

void
dirt_write(const char *folder, const char *name, const struct canvas *c)
{
	struct pixels px = pixels_make(c);
	struct bytes b;
	char path[4096];

	if (strstr(name, ".png") != NULL) {
		b = chart_make(name, &px);
	} else if (strstr(name, "seagrass") != NULL) {
		struct camera k = KESTREL;
		k.taken = "2026:08:19 11:02:55";
		struct bytes exif = exif_make(&k, NULL);
		b = webp_make(&px, 72, &exif, XMP);
		free(exif.p);
	} else if (strstr(name, ".webp") != NULL) {
		b = webp_make(&px, 75, NULL, NULL);
	} else {
		b = photo_make(name, &px);
	}
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(b.p, 1, b.n, f) != b.n || fclose(f) != 0) {
		perror(path);
		abort();
	}
	printf("%7zu  %s\n", b.n, name);
	free(b.p);
	free(px.p);
}
