/* Spans, cursors and capped buffers at their edges. */
#include <stdint.h>
#include <string.h>

#include "../../src/core/bytes.h"
#include "../lib/tap.h"

static void
test_span(void)
{
	struct span s = span_str("abcdef"), none = span_of(NULL, 0), t;

	ok(s.n == 6 && span_str("").n == 0, "lengths without the NUL");
	ok(span_eq(s, span_of("abcdef", 6)), "equal");
	ok(!span_eq(s, span_of("abcdeF", 6)), "not equal");
	ok(!span_eq(s, span_of("abcdef", 5)), "of another length");
	ok(span_eq(none, span_str("")), "NULL and empty are equal");
	ok(span_starts(s, span_str("abc")), "begins with");
	ok(span_starts(s, s) && span_starts(s, none), "itself and nothing");
	ok(!span_starts(span_str("ab"), span_str("abc")), "not with more");
	ok(!span_starts(none, span_str("a")), "nothing begins with nothing");
	t = span_sub(s, 2, 3);
	ok(span_eq(t, span_str("cde")), "a part");
	ok(span_eq(span_sub(s, 4, 100), span_str("ef")), "cut at the end");
	ok(span_eq(span_sub(s, 1, SIZE_MAX), span_str("bcdef")),
		"however much is asked");
	ok(span_sub(s, 6, 1).n == 0 && span_sub(s, SIZE_MAX, SIZE_MAX).n == 0,
		"empty past the end");
	ok(span_sub(none, 0, 1).n == 0, "empty of nothing");
}

static void
test_cursor(void)
{
	static const uint8_t in[] = {
		0x80, 0x01, 0x02, 0xff, 1, 2, 3, 4, 5, 6, 7};
	struct cursor c = {.in = {in, sizeof(in)}};
	struct span s;
	uint32_t v = 9;
	uint64_t w = 9;

	is_err(cursor_u32(&c, &v), ERR_OK, "four bytes");
	ok(v == 0x800102ffu, "big-endian");
	is_err(cursor_u64(&c, &w), ERR_TRUNCATED, "seven are not eight");
	ok(w == 9 && c.pos == 4, "nothing moves");
	is_err(cursor_take(&c, 8, &s), ERR_TRUNCATED, "nor here");
	is_err(cursor_take(&c, SIZE_MAX, &s), ERR_TRUNCATED, "however many");
	is_err(cursor_take(&c, 7, &s), ERR_OK, "all that is left");
	ok(s.n == 7 && s.p == in + 4 && cursor_left(&c) == 0, "is");
	is_err(cursor_take(&c, 0, &s), ERR_OK, "nothing of nothing");
	is_err(cursor_take(&c, 1, &s), ERR_TRUNCATED, "but no more");
	is_err(cursor_u32(&c, &v), ERR_TRUNCATED, "no integer");
	c.pos = 0;
	is_err(cursor_u64(&c, &w), ERR_OK, "eight bytes");
	ok(w == 0x800102ff01020304u, "big-endian");
	c = (struct cursor){.in = {in, 3}};
	is_err(cursor_u32(&c, &v), ERR_TRUNCATED, "three are not four");
	ok(c.pos == 0, "nothing moves");
}

static void
test_line(void)
{
	struct cursor c = {.in = span_str("one\n\nthree\r\nlast")};
	struct span s;

	is_err(cursor_line(&c, 3, &s), ERR_OK, "a line at the limit");
	ok(span_eq(s, span_str("one")), "without its newline");
	is_err(cursor_line(&c, 0, &s), ERR_OK, "an empty line");
	ok(s.n == 0, "is empty");
	is_err(cursor_line(&c, 5, &s), ERR_LIMIT, "a line too long");
	ok(c.pos == 5, "does not move");
	is_err(cursor_line(&c, 6, &s), ERR_OK, "a return is a byte of it");
	ok(span_eq(s, span_str("three\r")), "and stays");
	is_err(cursor_line(&c, 4, &s), ERR_OK, "the last without a newline");
	ok(span_eq(s, span_str("last")), "is a line too");
	is_err(cursor_line(&c, 4, &s), ERR_TRUNCATED, "then the end");
	c = (struct cursor){.in = span_of(NULL, 0)};
	is_err(cursor_line(&c, 4, &s), ERR_TRUNCATED, "of nothing at once");
}

static void
test_buf(void)
{
	struct buf b;
	uint8_t *p;
	size_t n;

	buf_init(&b, 10);
	is_str(buf_cstr(&b), "", "empty text");
	ok(buf_view(&b).n == 0, "empty view");
	is_err(buf_str(&b, "12345"), ERR_OK, "add");
	is_err(buf_add(&b, "6789", 4), ERR_OK, "add more");
	is_err(buf_u8(&b, '0'), ERR_OK, "to the cap");
	is_err(buf_u8(&b, '1'), ERR_LIMIT, "not past it");
	is_err(buf_u32(&b, 1), ERR_LIMIT, "by any call");
	is_err(buf_u64(&b, 1), ERR_LIMIT, "by any call");
	is_err(buf_printf(&b, "%d", 5), ERR_LIMIT, "by any call");
	is_err(buf_reserve(&b, SIZE_MAX), ERR_LIMIT, "however much");
	is_str(buf_cstr(&b), "1234567890", "the content is unchanged");
	is_err(buf_add(&b, NULL, 0), ERR_OK, "nothing always fits");
	ok(b.p[b.n] == '\0', "and a NUL follows");
	p = buf_steal(&b, &n);
	ok(p != NULL && n == 10 && memcmp(p, "1234567890", 11) == 0, "steal");
	ok(b.n == 0 && b.p == NULL && b.max == 10, "leaves it empty");
	free(p);
	p = buf_steal(&b, NULL);
	ok(p != NULL && p[0] == '\0', "steal an empty one");
	free(p);
	is_err(buf_str(&b, "again"), ERR_OK, "use it again");
	buf_clear(&b);
	is_str(buf_cstr(&b), "", "clear");
	buf_free(&b);
	buf_free(&b);
	buf_free(NULL);
	ok(b.p == NULL && b.max == 10, "free twice, or nothing");
	buf_clear(&b);
	buf_init(&b, 0);
	is_err(buf_u8(&b, 1), ERR_LIMIT, "a cap of 0 holds nothing");
	is_err(buf_str(&b, ""), ERR_OK, "but nothing");
	buf_free(&b);
	buf_init(&b, SIZE_MAX);
	is_err(buf_reserve(&b, SIZE_MAX), ERR_NOMEM, "no cap, too much");
	is_err(buf_reserve(&b, SIZE_MAX / 2 + 2), ERR_NOMEM, "nor half that");
	ok(b.n == 0 && b.p == NULL, "nothing happened");
	buf_free(&b);
}

/* Growth: at every length the content is right and NUL-terminated, and the
 * memory never passes the cap by more than the NUL. */
static void
test_growth(void)
{
	size_t max, i, wrong = 0;

	for (max = 0; max < 300; max++) {
		struct buf b;

		buf_init(&b, max);
		for (i = 0; i < max; i++) {
			wrong += buf_u8(&b, (uint8_t)i) != ERR_OK;
			wrong += b.n != i + 1 || b.p[b.n] != '\0';
			wrong += b.cap > (max < 63 ? 64 : max + 1);
		}
		wrong += buf_u8(&b, 1) != ERR_LIMIT;
		for (i = 0; i < max; i++)
			wrong += b.p[i] != (uint8_t)i;
		buf_free(&b);
	}
	ok(wrong == 0, "buffers of every cap to 300, a byte at a time");
}

static void
test_integers(void)
{
	struct cursor c;
	struct buf b;
	uint32_t v = 0;
	uint64_t w = 0;

	buf_init(&b, 100);
	is_err(buf_u32(&b, 0xfedcba98u), ERR_OK, "write 32 bits");
	is_err(buf_u64(&b, 0xfedcba9876543210u), ERR_OK, "write 64 bits");
	is_err(buf_span(&b, span_str("end")), ERR_OK, "and a span");
	c = (struct cursor){.in = buf_view(&b)};
	is_err(cursor_u32(&c, &v), ERR_OK, "read 32");
	is_err(cursor_u64(&c, &w), ERR_OK, "read 64");
	ok(v == 0xfedcba98u && w == 0xfedcba9876543210u, "the same");
	ok(b.p[0] == 0xfe && b.p[4] == 0xfe && b.p[11] == 0x10, "big-endian");
	buf_clear(&b);
	is_err(buf_printf(&b, "%s-%05d", "a", 42), ERR_OK, "formatted");
	is_err(buf_printf(&b, "%s", ""), ERR_OK, "nothing formatted");
	is_str(buf_cstr(&b), "a-00042", "text");
	buf_free(&b);
	buf_init(&b, 7);
	is_err(buf_u64(&b, 1), ERR_LIMIT, "half of 64 bits is not written");
	ok(b.n == 0, "at all");
	buf_free(&b);
}

int
main(void)
{
	test_span();
	test_cursor();
	test_line();
	test_buf();
	test_growth();
	test_integers();
	return plan();
}
