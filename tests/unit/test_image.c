/* Cleaning photographs: what is kept is kept byte for byte, what says where
 * and by whom is gone, and no damage goes further than an error. */
#include <stdint.h>
#include <zlib.h>

#include "../../src/core/limits.h"
#include "../../src/ingest/ingest.h"
#include "../../src/ingest/wire.h"
#include "../lib/tap.h"

static struct diag d;

static void
add(struct buf *b, const void *p, size_t n)
{
	if (buf_add(b, p, n) != ERR_OK)
		abort();
}

/* The cleaned file. */
static void
apply(const struct image_plan *p, struct span file, struct buf *out)
{
	size_t i;

	buf_clear(out);
	for (i = 0; i < p->n_pieces; i++) {
		const struct image_piece *k = &p->pieces[i];

		if (k->fresh != NULL)
			add(out, k->fresh, (size_t)k->n);
		else
			add(out, file.p + k->at, (size_t)k->n);
	}
}

/* ---- parts of a JPEG; big-endian EXIF */

#define ORIENTATION_6 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0
#define GPS 0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8

static const uint8_t soi[] = {0xff, 0xd8};
static const uint8_t jfif[] = {0xff, 0xe0, 0, 19, 'J', 'F', 'I', 'F', 0, 1, 2,
	1, 0, 72, 0, 72, 1, 1, 'R', 'G', 'B'};
static const uint8_t jfif_clean[] = {0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0,
	1, 2, 1, 0, 72, 0, 72, 0, 0};
static const uint8_t exif[] = {0xff, 0xe1, 0, 46, 'E', 'x', 'i', 'f', 0, 0,
	'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2, ORIENTATION_6, GPS, 0, 0, 0, 0};
static const uint8_t exif_clean[] = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0,
	0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, ORIENTATION_6, 0, 0, 0, 0};
static const uint8_t xmp[] = {
	0xff, 0xe1, 0, 13, 'h', 't', 't', 'p', ':', 'x', 'm', 'p', 0, 'A', 'B'};
static const uint8_t icc[] = {0xff, 0xe2, 0, 18, 'I', 'C', 'C', '_', 'P', 'R',
	'O', 'F', 'I', 'L', 'E', 0, 1, 1, 'P', 'Q'};
static const uint8_t mpf[] = {0xff, 0xe2, 0, 8, 'M', 'P', 'F', 0, 1, 2};
static const uint8_t iptc[] = {0xff, 0xed, 0, 6, 'S', 'E', 'C', 'R'};
static const uint8_t adobe[] = {
	0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 1};
static const uint8_t comment[] = {0xff, 0xfe, 0, 6, 'B', 'y', 'm', 'e'};
static const uint8_t dqt[] = {0xff, 0xdb, 0, 5, 0, 1, 2};
static const uint8_t sof[] = {
	0xff, 0xc2, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0};
static const uint8_t dht[] = {0xff, 0xc4, 0, 5, 0, 1, 2};
static const uint8_t sos[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0};
static const uint8_t data[] = {1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0, 5};
static const uint8_t eoi[] = {0xff, 0xd9};

#define PUT(b, part) add(b, part, sizeof(part))

static void
make_jpeg(struct buf *b, struct buf *want)
{
	PUT(b, soi), PUT(b, jfif), PUT(b, exif), PUT(b, xmp), PUT(b, icc);
	PUT(b, mpf), PUT(b, iptc), PUT(b, adobe), PUT(b, comment);
	PUT(b, dqt), add(b, "\xff\xff", 2), PUT(b, sof), PUT(b, dht);
	PUT(b, sos), PUT(b, data), PUT(b, comment), PUT(b, dht), PUT(b, sos);
	PUT(b, data), PUT(b, eoi), PUT(b, soi), PUT(b, xmp), PUT(b, eoi);
	PUT(want, soi), PUT(want, jfif_clean), PUT(want, exif_clean);
	PUT(want, icc), PUT(want, adobe), PUT(want, dqt), PUT(want, sof);
	PUT(want, dht), PUT(want, sos), PUT(want, data), PUT(want, dht);
	PUT(want, sos), PUT(want, data), PUT(want, eoi);
}

/* ---- PNG */

static void
add_chunk(struct buf *b, const char *name, const void *p, size_t n)
{
	size_t at;

	if (buf_u32(b, (uint32_t)n) != ERR_OK)
		abort();
	at = b->n;
	add(b, name, 4);
	add(b, p, n);
	if (buf_u32(b, (uint32_t)crc32(0, b->p + at, (uInt)(4 + n))) != ERR_OK)
		abort();
}

static const uint8_t png_mark[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
static const uint8_t ihdr[] = {0, 0, 0, 16, 0, 0, 0, 8, 8, 0, 0, 0, 0};

static void
make_png(struct buf *b, struct buf *want)
{
	static const struct {
		const char *name, *body;
		bool keep;
	} chunks[] = {{"gAMA", "\1\2\3\4", true}, {"iCCP", "icc", true},
		{"tEXt", "Author\0me", false}, {"pHYs", "123456789", true},
		{"zTXt", "secret", false}, {"tIME", "1234567", false},
		{"iTXt", "<x exif:GPSLatitude=1>", false}, {"prVt", "x", false},
		{"PLTE", "abc", true}, {"tRNS", "a", true},
		{"IDAT", "pixels", true}, {"IDAT", "more", true},
		{"tEXt", "Late", false}};
	size_t i;

	PUT(b, png_mark), PUT(want, png_mark);
	add_chunk(b, "IHDR", ihdr, sizeof(ihdr));
	add_chunk(want, "IHDR", ihdr, sizeof(ihdr));
	add_chunk(b, "eXIf", exif + 10, sizeof(exif) - 10);
	add_chunk(want, "eXIf", exif_clean + 10, sizeof(exif_clean) - 10);
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		size_t n = strlen(chunks[i].body);

		add_chunk(b, chunks[i].name, chunks[i].body, n);
		if (chunks[i].keep)
			add_chunk(want, chunks[i].name, chunks[i].body, n);
	}
	add_chunk(b, "IEND", "", 0);
	add_chunk(want, "IEND", "", 0);
	add(b, "trailing", 8);
}

/* ---- WebP, lossless: 16 x 8 */

static const uint8_t vp8l[] = {
	'V', 'P', '8', 'L', 6, 0, 0, 0, 0x2f, 15, 0xc0, 1, 0, 0x77};

static void
add_le32(struct buf *b, uint32_t v)
{
	uint8_t w[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
		(uint8_t)(v >> 24)};

	PUT(b, w);
}

static void
add_riff(struct buf *b, const char *name, const void *p, size_t n)
{
	add(b, name, 4);
	add_le32(b, (uint32_t)n);
	add(b, p, n);
	if (n & 1)
		add(b, "", 1);
}

static void
end_riff(struct buf *b)
{
	uint32_t n = (uint32_t)b->n - 8;

	b->p[4] = (uint8_t)n;
	b->p[5] = (uint8_t)(n >> 8);
}

static void
make_webp(struct buf *b, struct buf *want)
{
	uint8_t vp8x[10] = {0x2c, 0, 0, 0, 15, 0, 0, 7, 0, 0};

	add(b, "RIFF\0\0\0\0WEBP", 12);
	add_riff(b, "VP8X", vp8x, sizeof(vp8x));
	add_riff(b, "ICCP", "profi", 5);
	PUT(b, vp8l);
	add_riff(b, "EXIF", exif + 4, sizeof(exif) - 4);
	add_riff(b, "XMP ", "<x exif:GPSLatitude>", 20);
	add_riff(b, "ABCD", "x", 1);
	end_riff(b);
	add(b, "trailing", 8);
	vp8x[0] = 0x28;
	add(want, "RIFF\0\0\0\0WEBP", 12);
	add_riff(want, "VP8X", vp8x, sizeof(vp8x));
	add_riff(want, "ICCP", "profi", 5);
	PUT(want, vp8l);
	add_riff(want, "EXIF", exif_clean + 10, sizeof(exif_clean) - 10);
	end_riff(want);
}

/* ---- what holds of all three */

/* A plan of damaged bytes: an error, or pieces that lie in the file. */
static bool
sound(struct span file)
{
	struct image_plan p, q;
	struct buf b;
	uint64_t n = 0;
	bool good = true;
	size_t i;

	if (image_plan_make(file, &p, &d) != ERR_OK)
		return true;
	for (i = 0; i < p.n_pieces; i++) {
		const struct image_piece *k = &p.pieces[i];

		n += k->n;
		good = good && (k->fresh != NULL || (k->at <= file.n &&
				k->n <= file.n - k->at));
	}
	buf_init(&b, LIMIT_MIB);
	good = good && n == p.length && wire_plan_add(&b, &p) == ERR_OK &&
		ingest_answer_image(buf_view(&b), file.n, &q, &d) == ERR_OK;
	if (good)
		image_plan_clear(&q);
	buf_free(&b);
	image_plan_clear(&p);
	return good;
}

static void
damage(const char *name, const struct buf *file)
{
	size_t i, k, bad = 0;
	uint8_t *copy;

	for (i = 0; i < file->n; i++) {
		/* Of exactly this size, so that reading on is noticed. */
		copy = malloc(i + 1);
		if (copy == NULL)
			abort();
		memcpy(copy, file->p, i);
		bad += !sound(span_of(copy, i));
		free(copy);
	}
	ok(bad == 0, "%s: cut anywhere", name);
	copy = malloc(file->n);
	if (copy == NULL)
		abort();
	memcpy(copy, file->p, file->n);
	for (i = 0, bad = 0; i < file->n; i++)
		for (k = 1; k < 256; k++) {
			copy[i] = (uint8_t)(file->p[i] ^ k);
			bad += !sound(span_of(copy, file->n));
			copy[i] = file->p[i];
		}
	free(copy);
	ok(bad == 0, "%s: any byte changed to any other", name);
}

static void
test_format(const char *name, const char *type,
	void (*make)(struct buf *b, struct buf *want))
{
	struct buf b, want, got, again;
	struct image_plan p;

	buf_init(&b, LIMIT_MIB);
	buf_init(&want, LIMIT_MIB);
	buf_init(&got, LIMIT_MIB);
	buf_init(&again, LIMIT_MIB);
	make(&b, &want);
	is_err(image_plan_make(buf_view(&b), &p, &d), ERR_OK, "%s", name);
	apply(&p, buf_view(&b), &got);
	ok(span_eq(buf_view(&got), buf_view(&want)), "%s: byte for byte", name);
	ok(p.length == want.n, "%s: its length", name);
	is_str(p.type, type, "%s: its type", name);
	ok(p.width == 16 && p.height == 8, "%s: its size", name);
	ok(p.had_gps && p.had_metadata, "%s: a position was in it", name);
	image_plan_clear(&p);
	is_err(image_plan_make(buf_view(&got), &p, &d), ERR_OK,
		"%s: cleaned again", name);
	apply(&p, buf_view(&got), &again);
	ok(span_eq(buf_view(&got), buf_view(&again)), "%s: the same", name);
	ok(!p.had_gps && !p.had_metadata, "%s: and nothing was in it", name);
	image_plan_clear(&p);
	image_plan_clear(&p);
	damage(name, &b);
	buf_free(&b);
	buf_free(&want);
	buf_free(&got);
	buf_free(&again);
}

static enum err
plan_of(const struct buf *b)
{
	struct image_plan p;
	enum err e = image_plan_make(buf_view(b), &p, &d);

	if (e == ERR_OK)
		image_plan_clear(&p);
	return e;
}

static void
test_refused(void)
{
	static const uint8_t huge[] = {
		0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0};
	static const uint8_t lossless[] = {0xff, 0xc3, 0, 2};
	static const char *const others[] = {"GIF89a", "<svg>", "BM", "II*",
		"%PDF", "", "\xff\xd8", "RIFF....WAVE"};
	uint8_t animated[10] = {0x02, 0, 0, 0, 15, 0, 0, 7, 0, 0};
	struct buf b;
	size_t i;

	buf_init(&b, LIMIT_MIB);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		buf_clear(&b);
		add(&b, others[i], strlen(others[i]));
		is_err(plan_of(&b), ERR_REFUSED, "another format, %zu", i);
	}
	buf_clear(&b), PUT(&b, soi), PUT(&b, huge);
	is_err(plan_of(&b), ERR_REFUSED, "too many pixels");
	buf_clear(&b), PUT(&b, soi), PUT(&b, lossless);
	is_err(plan_of(&b), ERR_REFUSED, "a JPEG nobody shows");
	buf_clear(&b), PUT(&b, soi), PUT(&b, sos);
	is_err(plan_of(&b), ERR_SYNTAX, "a scan without a frame");
	buf_clear(&b), PUT(&b, soi), PUT(&b, sof), PUT(&b, sof);
	is_err(plan_of(&b), ERR_SYNTAX, "two frames");
	buf_clear(&b), PUT(&b, soi), PUT(&b, sof), PUT(&b, eoi);
	is_err(plan_of(&b), ERR_SYNTAX, "no scan");
	buf_clear(&b), PUT(&b, soi), PUT(&b, sof), PUT(&b, sos), PUT(&b, data);
	is_err(plan_of(&b), ERR_TRUNCATED, "no end");
	buf_clear(&b), PUT(&b, png_mark);
	add_chunk(&b, "IHDR", ihdr, sizeof(ihdr));
	add_chunk(&b, "acTL", "12345678", 8);
	is_err(plan_of(&b), ERR_REFUSED, "an animated PNG");
	buf_clear(&b), PUT(&b, png_mark);
	add_chunk(&b, "IHDR", ihdr, sizeof(ihdr));
	b.p[b.n - 1] ^= 1;
	is_err(plan_of(&b), ERR_SYNTAX, "a wrong checksum");
	buf_clear(&b), PUT(&b, png_mark);
	add_chunk(&b, "IDAT", "x", 1);
	is_err(plan_of(&b), ERR_SYNTAX, "a PNG without a header");
	buf_clear(&b), PUT(&b, png_mark);
	add_chunk(&b, "IHDR", ihdr, sizeof(ihdr));
	add_chunk(&b, "XYZA", "x", 1);
	is_err(plan_of(&b), ERR_REFUSED, "an unknown critical chunk");
	buf_clear(&b), add(&b, "RIFF\0\0\0\0WEBP", 12);
	add_riff(&b, "VP8X", animated, sizeof(animated));
	PUT(&b, vp8l), end_riff(&b);
	is_err(plan_of(&b), ERR_REFUSED, "an animated WebP");
	animated[0] = 0, animated[4] = 16;
	buf_clear(&b), add(&b, "RIFF\0\0\0\0WEBP", 12);
	add_riff(&b, "VP8X", animated, sizeof(animated));
	PUT(&b, vp8l), end_riff(&b);
	is_err(plan_of(&b), ERR_SYNTAX, "two sizes in one WebP");
	buf_free(&b);
}

/* Answers that would make the parent copy what it should not. */
static void
test_answer(void)
{
	struct image_plan p, q;
	struct buf b, wire;
	size_t i, refused = 0, total = 0;

	buf_init(&b, LIMIT_MIB);
	buf_init(&wire, LIMIT_MIB);
	make_jpeg(&b, &wire);
	buf_clear(&wire);
	is_err(image_plan_make(buf_view(&b), &p, &d), ERR_OK, "a plan");
	is_err(wire_plan_add(&wire, &p), ERR_OK, "as bytes");
	is_err(ingest_answer_image(buf_view(&wire), b.n, &q, &d), ERR_OK,
		"and back");
	ok(q.length == p.length && q.n_pieces == p.n_pieces &&
			q.width == p.width && q.had_gps,
		"the same");
	image_plan_clear(&q);
	is_err(ingest_answer_image(buf_view(&wire), b.n - 60, &q, &d),
		ERR_REFUSED, "not for a shorter file");
	for (i = 0; i < wire.n; i++) {
		unsigned k;

		for (k = 1; k < 256; k <<= 1) {
			uint64_t after = 0;
			size_t j;

			wire.p[i] ^= (uint8_t)k;
			total++;
			if (ingest_answer_image(
				    buf_view(&wire), b.n, &q, &d) != ERR_OK) {
				refused++;
			} else {
				for (j = 0; j < q.n_pieces; j++) {
					const struct image_piece *m =
						&q.pieces[j];

					if (m->fresh != NULL)
						continue;
					if (m->at < after ||
						m->at + m->n > b.n)
						total += 1000000;
					after = m->at + m->n;
				}
				image_plan_clear(&q);
			}
			wire.p[i] ^= (uint8_t)k;
		}
	}
	ok(total == 8 * wire.n && refused > 0, "%zu of %zu changes refused",
		refused, total);
	image_plan_clear(&p);
	buf_free(&b);
	buf_free(&wire);
}

int
main(void)
{
	test_format("JPEG", "image/jpeg", make_jpeg);
	test_format("PNG", "image/png", make_png);
	test_format("WebP", "image/webp", make_webp);
	test_refused();
	test_answer();
	return plan();
}
