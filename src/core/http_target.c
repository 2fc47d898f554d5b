#include <string.h>

#include "http.h"
#include "text.h"

/* One byte of a target, decoded; -1 when it may not stand there. An encoded
 * slash, backslash, percent sign or control would mean one thing before
 * decoding and another after it. */
static int
target_byte(struct span s, size_t *i)
{
	uint8_t c = s.p[*i];
	int hi, lo;

	(*i)++;
	if (c == '\\' || c == '#' || c <= 0x20 || c > 0x7e)
		return -1;
	if (c != '%')
		return c;
	if (s.n - *i < 2)
		return -1;
	hi = text_hex_digit(s.p[*i]);
	lo = text_hex_digit(s.p[*i + 1]);
	if (hi < 0 || lo < 0)
		return -1;
	*i += 2;
	c = (uint8_t)(hi << 4 | lo);
	if (c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == '%')
		return -1;
	return c;
}

/* No empty segment but the last ("m/" names a folder), no "." or "..". */
static bool
segments_ok(struct span s)
{
	size_t i, start = 0;

	for (i = 0; i <= s.n; i++) {
		struct span part = span_sub(s, start, i - start);

		if (i < s.n && s.p[i] != '/')
			continue;
		if ((part.n == 0 && i < s.n) || span_eq(part, span_str(".")) ||
			span_eq(part, span_str("..")))
			return false;
		start = i + 1;
	}
	return true;
}

bool
http_target_ok(
	struct span target, char path[static LIMIT_HTTP_TARGET], size_t *n)
{
	size_t i = 1, k = 0;

	if (target.n == 0 || target.n > LIMIT_HTTP_TARGET || target.p[0] != '/')
		return false;
	while (i < target.n) {
		int c = target_byte(target, &i);

		if (c < 0)
			return false;
		path[k++] = (char)c;
	}
	path[k] = '\0';
	*n = k;
	return segments_ok(span_of(path, k)) &&
	       text_utf8_valid(span_of(path, k));
}
