/* Photographs for the benchmark corpus: valid baseline JPEG, 1200 by 800, whose
 * coefficients are drawn at random instead of measured. The mean of each block
 * paints a sky over a sea; the rest is grain. So they decode, look like a bad
 * night at sea, and resist compression as photographs do. ITU T.81. */
#include <stdlib.h>
#include <string.h>

#include "corpus.h"

enum {
	WIDTH = 1200,
	HEIGHT = 800,
	MCUS_WIDE = WIDTH / 16, /* colour at half resolution */
	MCUS_HIGH = HEIGHT / 16,
	DRAWS = 4096 /* of a table to draw symbols from */
};

/* A Huffman table: for each symbol its code and length, and the table to draw
 * symbols from in proportion to what their lengths promise. */
struct table {
	uint16_t code[256];
	uint8_t length[256], symbol[256], draw[DRAWS];
	uint8_t counts[17]; /* codes of each length */
	int n;
};

struct bits {
	struct text *out;
	uint64_t held;
	int n;
};

/* ---- tables */

/* Canonical codes (T.81 annex C) for symbols already sorted by length. */
static void
table_number(struct table *t)
{
	unsigned code = 0, at = 0;

	for (int i = 0; i < t->n; i++) {
		int len = t->length[t->symbol[i]];
		if (i > 0)
			code = (code + 1)
			       << (len - t->length[t->symbol[i - 1]]);
		t->code[t->symbol[i]] = (uint16_t)code;
		t->counts[len]++;
		if (t->symbol[i] == 0)
			continue; /* photo_write ends blocks itself */
		for (unsigned k = DRAWS >> len; k > 0 && at < DRAWS; k--)
			t->draw[at++] = t->symbol[i];
	}
	for (unsigned i = at; i < DRAWS; i++)
		t->draw[i] = t->draw[i % at];
}

/* Lengths by hand: run r of zeros, then a value of s bits, costs 1 + s + r/2;
 * the end of a block (symbol 0) costs 3. The
 * sum of 2^-length stays under 1, as a table must. */
static void
table_make_ac(struct table *t)
{
	memset(t, 0, sizeof(*t));
	for (int len = 2; len <= 16; len++)
		for (int run = 0; run < 16; run++)
			for (int size = 1; size <= 6; size++) {
				int want = 1 + 2 * size + (run + 1) / 2;
				int sym = run << 4 | size;
				if ((want > 16 ? 16 : want) != len)
					continue;
				t->length[sym] = (uint8_t)len;
				t->symbol[t->n++] = (uint8_t)sym;
			}
	/* the end of a block: 3 bits, first among its length */
	int at = 0;
	while (at < t->n && t->length[t->symbol[at]] < 3)
		at++;
	memmove(t->symbol + at + 1, t->symbol + at, (size_t)(t->n - at));
	t->symbol[at] = 0;
	t->length[0] = 3;
	t->n++;
	table_number(t);
}

static void
table_make_dc(struct table *t)
{
	static const uint8_t length[9] = {2, 2, 2, 4, 4, 5, 6, 7, 8};

	memset(t, 0, sizeof(*t));
	t->n = 9;
	for (int i = 0; i < 9; i++) {
		t->symbol[i] = (uint8_t)i;
		t->length[i] = length[i];
	}
	table_number(t);
}

/* ---- segments */

static void
add_int(struct text *out, unsigned v, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		char c = (char)(v >> 8 * i);
		text_add(out, &c, 1);
	}
}

/* APP1: make, model, and a position in mid-ocean that no two share. */
static void
add_exif(struct text *out, unsigned n)
{
	struct text t = {0};
	static const char make[] = "Kestrel Optics", model[] = "PK-7 Mark II";
	unsigned gps =
		8 + 2 + 3 * 12 + 4 + sizeof(make) + 1 + sizeof(model) + 1;

	text_add(&t, "MM\0\x2a\0\0\0\x08\0\x03", 10);
	add_int(&t, 0x010f0002, 4);
	add_int(&t, sizeof(make), 4);
	add_int(&t, 50, 4);
	add_int(&t, 0x01100002, 4);
	add_int(&t, sizeof(model), 4);
	add_int(&t, 50 + sizeof(make) + 1, 4);
	add_int(&t, 0x88250004, 4);
	add_int(&t, 1, 4);
	add_int(&t, gps, 4);
	add_int(&t, 0, 4);
	text_add(&t, make, sizeof(make));
	text_add(&t, "", 1);
	text_add(&t, model, sizeof(model));
	text_add(&t, "", 1);
	add_int(&t, 4, 2);
	for (unsigned i = 1; i <= 4; i++) { /* N, latitude, W, longitude */
		bool text = i % 2 != 0;
		add_int(&t, i, 2);
		add_int(&t, text ? 2 : 5, 2);
		add_int(&t, text ? 2 : 3, 4);
		if (text)
			text_add(&t, i == 1 ? "N\0\0\0" : "W\0\0\0", 4);
		else
			add_int(&t, gps + 2 + 4 * 12 + 4 + 24 * (i / 2 - 1), 4);
	}
	add_int(&t, 0, 4);
	for (unsigned i = 0; i < 2; i++) {
		add_int(&t, i ? 34 : 48, 4);
		add_int(&t, 1, 4);
		add_int(&t, (n >> 6 * i) % 60, 4);
		add_int(&t, 1, 4);
		add_int(&t, n * 37 % 6000, 4);
		add_int(&t, 100, 4);
	}
	add_int(out, 0xffe1, 2);
	add_int(out, (unsigned)t.n + 8, 2);
	text_add(out, "Exif\0", 6);
	text_add(out, t.p, t.n);
	free(t.p);
}

static void
add_table(struct text *out, int id, const struct table *t)
{
	add_int(out, 0xffc4, 2);
	add_int(out, (unsigned)(2 + 1 + 16 + t->n), 2);
	add_int(out, (unsigned)id, 1);
	text_add(out, (const char *)t->counts + 1, 16);
	text_add(out, (const char *)t->symbol, (size_t)t->n);
}

static void
add_headers(struct text *out, const struct table *dc, const struct table *ac)
{
	add_int(out, 0xffdb0043, 4);
	add_int(out, 0, 1);
	for (unsigned i = 0; i < 64; i++) /* DC in steps of one grey level */
		add_int(out, i == 0 ? 8 : 3 + i / 8, 1);
	add_int(out, 0xffc00011, 4);
	add_int(out, 8, 1);
	add_int(out, HEIGHT, 2);
	add_int(out, WIDTH, 2);
	text_add(out, "\x03\x01\x22\0\x02\x11\0\x03\x11\0", 10);
	add_table(out, 0x00, dc);
	add_table(out, 0x10, ac);
	add_int(out, 0xffda000c, 4);
	text_add(out, "\x03\x01\0\x02\0\x03\0\0\x3f\0", 10);
}

/* ---- the scan */

static void
bits_put(struct bits *b, unsigned v, int n)
{
	b->held = b->held << n | v;
	b->n += n;
	while (b->n >= 8) {
		char two[2] = {(char)(b->held >> (b->n - 8)), 0};
		text_add(b->out, two, two[0] == (char)0xff ? 2 : 1);
		b->n -= 8;
	}
}

static void
put_block(struct bits *b, struct rng *r, const struct table *dc,
	const struct table *ac, int diff, unsigned end)
{
	int size = 0, low = diff < 0 ? -diff : diff;

	while (low >> size != 0)
		size++;
	bits_put(b, dc->code[size], dc->length[size]);
	if (size > 0)
		bits_put(b,
			(unsigned)(diff < 0 ? diff + (1 << size) - 1 : diff),
			size);
	for (int k = 1;;) {
		uint64_t x = rng_next(r);
		uint8_t sym = ac->draw[x % DRAWS];
		k += (sym >> 4) + 1;
		if (k > 64 || (x >> 12) % 1024 < end)
			break;
		bits_put(b, ac->code[sym], ac->length[sym]);
		bits_put(b, (unsigned)(x >> 32) & ((1u << (sym & 15)) - 1),
			sym & 15);
		if (k == 64)
			return; /* full: no end of block */
	}
	bits_put(b, ac->code[0], ac->length[0]);
}

/* The grey level of a block: sky, sun, sea. */
static int
level(struct rng *r, unsigned n, int x, int y)
{
	int horizon = 40 + (int)(n % 23), sun = 20 + (int)(n * 13 % 110);
	int noise = (int)rng_below(r, 9) - 4;
	int d = (x - sun) * (x - sun) + (y - horizon + 12) * (y - horizon + 12);

	if (y < horizon)
		return (d < 60 ? 110 : 20 + y) + noise - (d > 900 ? 8 : 0);
	return -60 + (y - horizon) / 2 + noise * 2 +
	       (abs(x - sun) < 6 ? 40 : 0);
}

void
photo_write(struct text *out, uint64_t seed, unsigned n)
{
	struct rng r = {seed * 2654435761u + n};
	struct bits b = {.out = out};
	struct table dc, ac;
	int last[3] = {0};
	unsigned end = 26 + rng_below(&r, 60);

	table_make_dc(&dc);
	table_make_ac(&ac);
	add_int(out, 0xffd8, 2);
	add_exif(out, n);
	add_headers(out, &dc, &ac);
	for (int i = 0; i < MCUS_WIDE * MCUS_HIGH; i++)
		for (int j = 0; j < 6; j++) {
			int c = j < 4 ? 0 : j - 3, v;
			int x = i % MCUS_WIDE * 2 + j % 2;
			int y = i / MCUS_WIDE * 2 + j / 2;
			if (c == 0)
				v = level(&r, n, x, y);
			else
				v = (c == 1 ? 6 : -4) + (int)rng_below(&r, 3);
			put_block(&b, &r, &dc, &ac, v - last[c],
				c == 0 ? end : 700);
			last[c] = v;
		}
	bits_put(&b, 0x7f, 7);
	add_int(out, 0xffd9, 2);
}
