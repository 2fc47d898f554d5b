#include "address.h"

#include <string.h>

#include "text.h"

static size_t
v4_read(struct span s, uint8_t out[static 4])
{
	uint64_t part;
	size_t i, k, start = 0;

	for (k = 0; k < 4; k++) {
		for (i = start; i < s.n && s.p[i] != '.'; i++)
			;
		if ((i == s.n) != (k == 3) ||
			text_decimal(span_sub(s, start, i - start), 255,
				&part) != ERR_OK)
			return 0;
		out[k] = (uint8_t)part;
		start = i + 1;
	}
	return 4;
}

/* One group of up to four hex digits; its length, 0: none. */
static size_t
group_read(struct span s, unsigned *out)
{
	size_t i;

	*out = 0;
	for (i = 0; i < s.n && s.p[i] != ':'; i++) {
		int v = text_hex_digit(s.p[i]);

		if (i == 4 || v < 0 || (s.p[i] >= 'A' && s.p[i] <= 'F') ||
			(i == 1 && s.p[0] == '0'))
			return 0;
		*out = *out << 4 | (unsigned)v;
	}
	return i;
}

static size_t
v6_read(struct span s, uint8_t out[static 16])
{
	uint8_t b[16] = {0};
	size_t n = 0, gap = SIZE_MAX, used;
	unsigned v;

	if (span_starts(s, span_str("::"))) {
		gap = 0;
		s = span_sub(s, 2, s.n);
	}
	while (s.n > 0) {
		used = n == 16 ? 0 : group_read(s, &v);
		if (used == 0)
			return 0;
		b[n++] = (uint8_t)(v >> 8);
		b[n++] = (uint8_t)(v & 0xff);
		s = span_sub(s, used, s.n);
		if (s.n == 0)
			break;
		s = span_sub(s, 1, s.n); /* the colon */
		if (s.n > 0 && s.p[0] != ':')
			continue;
		/* A second colon, once; a single one at the end is none. */
		if (s.n == 0 || gap != SIZE_MAX)
			return 0;
		gap = n;
		s = span_sub(s, 1, s.n);
	}
	if (gap == SIZE_MAX ? n != 16 : n > 14)
		return 0;
	memset(out, 0, 16);
	if (gap == SIZE_MAX)
		gap = n;
	memcpy(out, b, gap);
	memcpy(out + 16 - (n - gap), b + gap, n - gap);
	return 16;
}

size_t
address_read(struct span s, uint8_t out[static 16])
{
	if (s.n == 0)
		return 0;
	return memchr(s.p, ':', s.n) != NULL ? v6_read(s, out)
					     : v4_read(s, out);
}

static bool
reserved_v4(const uint8_t b[static 4])
{
	static const struct {
		uint8_t net[4];
		unsigned bits;
	} table[] = {
		{{0, 0, 0, 0}, 8},	/* "this network" */
		{{10, 0, 0, 0}, 8},	/* private */
		{{100, 64, 0, 0}, 10},	/* behind a provider's NAT */
		{{127, 0, 0, 0}, 8},	/* this machine */
		{{169, 254, 0, 0}, 16}, /* link-local; cloud metadata */
		{{172, 16, 0, 0}, 12},	/* private */
		{{192, 0, 0, 0}, 24},	/* protocol assignments */
		{{192, 168, 0, 0}, 16}, /* private */
		{{224, 0, 0, 0}, 4},	/* multicast */
		{{240, 0, 0, 0}, 4},	/* reserved, and broadcast */
	};
	uint32_t a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		     (uint32_t)b[2] << 8 | b[3];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const uint8_t *n = table[i].net;
		uint32_t net = (uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 |
			       (uint32_t)n[2] << 8 | n[3];

		if ((a ^ net) >> (32 - table[i].bits) == 0)
			return true;
	}
	return false;
}

static bool
reserved_v6(const uint8_t b[static 16])
{
	static const uint8_t zero[12];
	static const uint8_t mapped[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8_t nat64[12] = {
		0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

	/* ::, ::1 and the old IPv4-compatible form all begin with zeros. */
	if (memcmp(b, zero, sizeof(zero)) == 0)
		return true;
	if (memcmp(b, mapped, sizeof(mapped)) == 0 ||
		memcmp(b, nat64, sizeof(nat64)) == 0)
		return reserved_v4(b + 12);
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return reserved_v4(b + 2);
	if (b[0] == 0x00 && b[1] == 0x64) /* 64:ff9b:1::/48, local NAT64 */
		return true;
	if ((b[0] & 0xfe) == 0xfc) /* fc00::/7, unique local */
		return true;
	if (b[0] == 0xfe && (b[1] & 0x80) != 0) /* link- and site-local */
		return true;
	return b[0] == 0xff; /* multicast */
}

bool
address_reserved(const uint8_t *b, size_t n)
{
	if (n == 4)
		return reserved_v4(b);
	return n != 16 || reserved_v6(b);
}

bool
address_public(struct span s)
{
	uint8_t b[16];
	size_t n = address_read(s, b);

	return n != 0 && !address_reserved(b, n);
}
