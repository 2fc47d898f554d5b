#include "text.h"

#include <stdio.h>
#include <string.h>

#include "limits.h"

enum err
text_utf8_next(struct cursor *c, uint32_t *cp)
{
	static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
	const uint8_t *p;
	size_t i, more, left = cursor_left(c);
	uint32_t v;

	if (left == 0)
		return ERR_TRUNCATED;
	p = c->in.p + c->pos;
	if (p[0] < 0x80) {
		*cp = p[0];
		c->pos++;
		return ERR_OK;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return ERR_SYNTAX;
	more = p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	if (left <= more)
		return ERR_SYNTAX;
	v = p[0] & (0x3fu >> more);
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return ERR_SYNTAX;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return ERR_SYNTAX;
	*cp = v;
	c->pos += more + 1;
	return ERR_OK;
}

bool
text_utf8_valid(struct span s)
{
	struct cursor c = {.in = s};
	uint32_t cp;

	while (cursor_left(&c) > 0)
		if (text_utf8_next(&c, &cp) != ERR_OK)
			return false;
	return true;
}

enum err
text_utf8_add(struct buf *b, uint32_t cp)
{
	uint8_t w[4];
	size_t n;

	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return ERR_SYNTAX;
	if (cp < 0x80) {
		w[0] = (uint8_t)cp;
		n = 1;
	} else if (cp < 0x800) {
		w[0] = (uint8_t)(0xc0 | cp >> 6);
		w[1] = (uint8_t)(0x80 | (cp & 0x3f));
		n = 2;
	} else if (cp < 0x10000) {
		w[0] = (uint8_t)(0xe0 | cp >> 12);
		w[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		w[2] = (uint8_t)(0x80 | (cp & 0x3f));
		n = 3;
	} else {
		w[0] = (uint8_t)(0xf0 | cp >> 18);
		w[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
		w[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		w[3] = (uint8_t)(0x80 | (cp & 0x3f));
		n = 4;
	}
	return buf_add(b, w, n);
}

bool
text_forbidden(uint32_t cp)
{
	if (cp < 0x20)
		return cp != '\t' && cp != '\n';
	return (cp >= 0x7f && cp <= 0x9f) || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp >= 0xfff9 && cp <= 0xfffb) ||
	       (cp >= 0xe0000 && cp <= 0xe007f) ||
	       (cp >= 0xfdd0 && cp <= 0xfdef) || (cp & 0xfffe) == 0xfffe ||
	       cp > 0x10ffff;
}

bool
text_line_ok(struct span s, size_t max)
{
	struct cursor c = {.in = s};
	uint32_t cp;

	if (s.n == 0 || s.n > max)
		return false;
	while (cursor_left(&c) > 0) {
		if (text_utf8_next(&c, &cp) != ERR_OK)
			return false;
		if (text_forbidden(cp) || cp == '\t' || cp == '\n')
			return false;
	}
	return true;
}

/* One unit of escaped output: a code point as itself or as an escape. */
static size_t
escape_next(struct cursor *c, char out[static 12])
{
	size_t at = c->pos;
	uint32_t cp;

	if (text_utf8_next(c, &cp) != ERR_OK) {
		c->pos = at + 1;
		return (size_t)snprintf(out, 12, "\\x%02x", c->in.p[at]);
	}
	if (cp < 0x80 && (text_forbidden(cp) || cp == '\t' || cp == '\n'))
		return (size_t)snprintf(out, 12, "\\x%02x", (unsigned)cp);
	if (text_forbidden(cp))
		return (size_t)snprintf(out, 12, "\\u{%x}", (unsigned)cp);
	memcpy(out, c->in.p + at, c->pos - at);
	return c->pos - at;
}

enum err
text_escape(struct buf *b, struct span s)
{
	struct cursor c = {.in = s};
	char unit[12];
	enum err e = ERR_OK;

	while (e == ERR_OK && cursor_left(&c) > 0) {
		size_t n = escape_next(&c, unit);

		e = buf_add(b, unit, n);
	}
	return e;
}

const char *
text_show(char *out, size_t size, struct span s)
{
	struct cursor c = {.in = s};
	char unit[12];
	size_t n = 0, k, dots = 0;

	if (size < 4) {
		if (size > 0)
			out[0] = '\0';
		return out;
	}
	while (cursor_left(&c) > 0) {
		k = escape_next(&c, unit);
		if (n + k >= size) {
			memcpy(out + dots, "...", 3);
			n = dots + 3;
			break;
		}
		memcpy(out + n, unit, k);
		n += k;
		/* The last place with room for "..." after it. */
		if (n + 3 < size)
			dots = n;
	}
	out[n] = '\0';
	return out;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum err
text_base64_add(struct buf *b, struct span s)
{
	enum err e = buf_reserve(b, (s.n + 2) / 3 * 4);
	size_t i, k;

	for (i = 0; e == ERR_OK && i < s.n; i += 3) {
		char w[4];
		uint32_t v = 0;
		size_t n = s.n - i < 3 ? s.n - i : 3;

		for (k = 0; k < 3; k++)
			v = v << 8 | (k < n ? s.p[i + k] : 0u);
		for (k = 0; k < 4; k++)
			w[k] = k <= n ? base64_digits[v >> (18 - 6 * k) & 63]
				      : '=';
		e = buf_add(b, w, 4);
	}
	return e;
}

static int
base64_value(uint8_t c)
{
	const char *at = c == '\0' ? NULL : strchr(base64_digits, c);

	return at == NULL ? -1 : (int)(at - base64_digits);
}

enum err
text_base64_decode(struct span s, struct buf *out)
{
	size_t i, k;

	if (s.n % 4 != 0)
		return ERR_SYNTAX;
	for (i = 0; i < s.n; i += 4) {
		uint32_t v = 0;
		uint8_t w[3];
		size_t n = 4;
		enum err e;

		if (i + 4 == s.n)
			while (n > 2 && s.p[i + n - 1] == '=')
				n--;
		for (k = 0; k < n; k++) {
			int d = base64_value(s.p[i + k]);

			if (d < 0)
				return ERR_SYNTAX;
			v = v << 6 | (uint32_t)d;
		}
		v <<= 6 * (4 - n);
		/* Bits past the last byte must be zero: one spelling. */
		if ((n == 2 && (v & 0xffff)) || (n == 3 && (v & 0xff)))
			return ERR_SYNTAX;
		w[0] = (uint8_t)(v >> 16);
		w[1] = (uint8_t)(v >> 8);
		w[2] = (uint8_t)v;
		e = buf_add(out, w, n - 1);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

void
text_hex(char *out, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
text_hex_digit(uint8_t c)
{
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : hex_value(c);
}

enum err
text_hex_decode(struct span s, uint8_t *out, size_t n)
{
	size_t i;

	if (s.n != 2 * n)
		return ERR_SYNTAX;
	for (i = 0; i < n; i++) {
		int hi = hex_value(s.p[2 * i]), lo = hex_value(s.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return ERR_SYNTAX;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return ERR_OK;
}

enum err
text_decimal(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (s.n == 0 || (s.n > 1 && s.p[0] == '0'))
		return ERR_SYNTAX;
	for (i = 0; i < s.n; i++) {
		unsigned d = (unsigned)s.p[i] - '0';

		if (d > 9)
			return ERR_SYNTAX;
		if (v > (UINT64_MAX - d) / 10 || v * 10 + d > max)
			return ERR_LIMIT;
		v = v * 10 + d;
	}
	*out = v;
	return ERR_OK;
}

static bool
name_byte(uint8_t c, bool upper)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (upper && c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
	       c == '-';
}

bool
text_name_ok(struct span s, size_t max)
{
	size_t i;

	if (s.n == 0 || s.n > max || s.p[0] == '.' || s.p[0] == '_' ||
		s.p[0] == '-')
		return false;
	for (i = 0; i < s.n; i++)
		if (!name_byte(s.p[i], false))
			return false;
	return true;
}

bool
text_path_ok(struct span s)
{
	bool start = true;
	size_t i;

	if (s.n == 0 || s.n > LIMIT_PATH)
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '/') {
			if (start)
				return false;
			start = true;
			continue;
		}
		if (!name_byte(s.p[i], true) || (start && s.p[i] == '.'))
			return false;
		start = false;
	}
	return !start;
}

bool
text_near(const char *typed, const char *name)
{
	size_t a = strlen(typed), b = strlen(name), i = 0, end = 0;

	if (a >= 2 && a < b && strncmp(typed, name, a) == 0)
		return true;
	if (b >= 3 && b < a && strncmp(typed, name, b) == 0)
		return true;
	if (a < 3 || a > b + 1 || b > a + 1)
		return false;
	while (i < a && i < b && typed[i] == name[i])
		i++;
	while (end < a - i && end < b - i &&
		typed[a - 1 - end] == name[b - 1 - end])
		end++;
	if (a - i - end <= 1 && b - i - end <= 1)
		return true;
	return a == b && a - i - end == 2 && typed[i] == name[i + 1] &&
	       typed[i + 1] == name[i];
}
