/* Strict UTF-8, base64, hex, decimal and names: one spelling each, and
 * nothing that a terminal would obey. */
#include <stdint.h>
#include <string.h>

#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../lib/tap.h"

/* ---- UTF-8 */

static void
test_code_points(void)
{
	unsigned wrong = 0, surrogates = 0;
	uint32_t cp, back;
	struct buf b;

	buf_init(&b, 4);
	for (cp = 0; cp <= 0x10ffff; cp++) {
		struct cursor c;
		size_t n = cp < 0x80	  ? 1
			   : cp < 0x800	  ? 2
			   : cp < 0x10000 ? 3
					  : 4;

		buf_clear(&b);
		if (cp >= 0xd800 && cp <= 0xdfff) {
			surrogates += text_utf8_add(&b, cp) == ERR_SYNTAX;
			continue;
		}
		if (text_utf8_add(&b, cp) != ERR_OK || b.n != n) {
			wrong++;
			continue;
		}
		c = (struct cursor){.in = buf_view(&b)};
		wrong += text_utf8_next(&c, &back) != ERR_OK || back != cp ||
			 c.pos != n;
		/* Cut short it is nothing, and the cursor stays. */
		c = (struct cursor){.in = span_sub(buf_view(&b), 0, n - 1)};
		wrong += text_utf8_next(&c, &back) == ERR_OK || c.pos != 0;
	}
	ok(wrong == 0, "every code point there and back, none cut short");
	ok(surrogates == 2048, "no surrogate is written");
	is_err(text_utf8_add(&b, 0x110000), ERR_SYNTAX, "none past the end");
	is_err(text_utf8_add(&b, UINT32_MAX), ERR_SYNTAX, "none far past it");
	buf_free(&b);
}

/* How many sequences of n bytes are one code point: RFC 3629 leaves exactly
 * 128, 1920, 61440 and 1048576. Of the last, only some final bytes. */
static void
test_sequences(void)
{
	static const uint8_t tails[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
	unsigned count[5] = {0};
	uint8_t s[4];
	uint32_t v, cp;
	size_t n, i, k;

	for (n = 1; n <= 3; n++)
		for (v = 0; v < 1u << 8 * n; v++) {
			struct cursor c = {.in = {s, n}};

			for (i = 0; i < n; i++)
				s[i] = (uint8_t)(v >> 8 * i);
			if (text_utf8_next(&c, &cp) == ERR_OK && c.pos == n)
				count[n]++;
		}
	for (v = 0; v < 1u << 16; v++)
		for (i = 0; i < sizeof(tails); i++)
			for (k = 0; k < sizeof(tails); k++) {
				struct cursor c = {.in = {s, 4}};

				s[0] = (uint8_t)v;
				s[1] = (uint8_t)(v >> 8);
				s[2] = tails[i];
				s[3] = tails[k];
				if (text_utf8_next(&c, &cp) == ERR_OK &&
					c.pos == 4)
					count[4]++;
			}
	ok(count[1] == 128, "one byte: %u", count[1]);
	ok(count[2] == 1920, "two bytes: %u", count[2]);
	ok(count[3] == 61440, "three bytes: %u", count[3]);
	/* 256 values of the first two bytes, 2 of 64 tails in each place. */
	ok(count[4] == 256 * 2 * 2, "four bytes: %u", count[4]);
}

static void
test_utf8(void)
{
	struct cursor c = {.in = span_of(NULL, 0)};
	uint32_t cp = 7;

	is_err(text_utf8_next(&c, &cp), ERR_TRUNCATED, "nothing to decode");
	ok(cp == 7, "is not a code point");
	ok(text_utf8_valid(span_of(NULL, 0)), "no bytes are valid");
	ok(text_utf8_valid(span_of("a\0b", 3)), "NUL is a character");
	ok(text_utf8_valid(span_str("\xd0\xb3\xe2\x82\xac\xf0\x9f\x98\x80")),
		"Cyrillic, a euro and a face");
	ok(!text_utf8_valid(span_str("\xc0\x80")), "NUL in two bytes");
	ok(!text_utf8_valid(span_str("\xe0\x80\xaf")), "a slash in three");
	ok(!text_utf8_valid(span_str("\xed\xa0\x80")), "a surrogate");
	ok(!text_utf8_valid(span_str("\xf4\x90\x80\x80")), "past the end");
	ok(!text_utf8_valid(span_str("abc\xe2\x82")), "cut short");
	ok(!text_utf8_valid(span_str("\x80")), "a tail without a head");
}

/* ---- what may stand in text */

static void
test_forbidden(void)
{
	static const uint32_t bad[] = {0, 7, 8, 0x0b, 0x0d, 0x1b, 0x1f, 0x7f,
		0x80, 0x85, 0x9b, 0x9f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c,
		0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0x206f, 0xfeff,
		0xfff9, 0xfffa, 0xfffb, 0xfffe, 0xffff, 0xfdd0, 0xfdef, 0x1fffe,
		0x10ffff, 0xe0001, 0xe007f, 0x110000, UINT32_MAX};
	static const uint32_t good[] = {'\t', '\n', ' ', '~', 0xa0, 0xad, 0x430,
		0x200c, 0x200d, 0x200e, 0x200f, 0x2027, 0x202f, 0x2065, 0x20ac,
		0xfffc, 0xfffd, 0xfe0f, 0x1f600, 0x10fffd};
	size_t i, wrong = 0;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		wrong += !text_forbidden(bad[i]);
	ok(wrong == 0, "what is forbidden");
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		wrong += text_forbidden(good[i]);
	ok(wrong == 0, "what is not");
	ok(text_line_ok(span_str("Title \xe2\x80\x8f"), 100), "a line");
	ok(text_line_ok(span_str("12345"), 5), "at its limit");
	ok(!text_line_ok(span_str("123456"), 5), "over it");
	ok(!text_line_ok(span_str(""), 5), "an empty one");
	ok(!text_line_ok(span_of(NULL, 0), 5), "nothing");
	ok(!text_line_ok(span_str("a\tb"), 5), "a tab");
	ok(!text_line_ok(span_str("a\nb"), 5), "a newline");
	ok(!text_line_ok(span_str("a\rb"), 5), "a return");
	ok(!text_line_ok(span_of("a\0b", 3), 5), "a NUL");
	ok(!text_line_ok(span_str("\xff"), 5), "bad UTF-8");
	ok(!text_line_ok(span_str("a\xe2\x80\xae"), 5), "an override");
}

/* ---- escaping */

static void
escaped(const char *in, size_t n, const char *want, const char *name)
{
	struct buf b;

	buf_init(&b, 1000);
	if (text_escape(&b, span_of(in, n)) != ERR_OK)
		exit(1);
	is_str(buf_cstr(&b), want, "%s", name);
	buf_free(&b);
}

static void
test_escape(void)
{
	struct buf b;

	escaped("plain \xd0\xb3", 8, "plain \xd0\xb3", "plain text stays");
	escaped("", 0, "", "nothing");
	escaped("a\033[31m", 6, "a\\x1b[31m", "an escape sequence");
	escaped("a\nb\tc\rd", 7, "a\\x0ab\\x09c\\x0dd", "white space");
	escaped("\0", 1, "\\x00", "a NUL");
	escaped("\xc2\x9b"
		"2J",
		4, "\\u{9b}2J", "a C1 control");
	escaped("\xe2\x80\xae", 3, "\\u{202e}", "an override");
	escaped("\xf4\x8f\xbf\xbf", 4, "\\u{10ffff}", "the last of all");
	escaped("\xff\xc0\x80z", 4, "\\xff\\xc0\\x80z", "bytes that are none");
	escaped("\xe2\x82", 2, "\\xe2\\x82", "a cut sequence");
	escaped("\x7f", 1, "\\x7f", "DEL");
	buf_init(&b, 3);
	is_err(text_escape(&b, span_str("\033")), ERR_LIMIT, "no room");
	buf_free(&b);
}

/* Random bytes, most of them hostile: what comes out is printable UTF-8. */
static void
test_escape_random(void)
{
	static const uint8_t pool[] = {0, 10, 27, '[', 'a', 0x7f, 0x80, 0x9b,
		0xc2, 0xe2, 0x80, 0xae, 0xf3, 0xa0, 0x81, 0xff, 0xef, 0xbb,
		0xbf, 0xd0, 0xb3};
	unsigned seed = 1, round, wrong = 0;
	uint8_t in[64];
	char out[128];
	struct buf b;
	size_t i, n, size;

	buf_init(&b, 1000);
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(in); i++) {
			seed = seed * 1103515245u + 12345u;
			in[i] = pool[(seed >> 16) % sizeof(pool)];
		}
		n = (seed >> 8) % sizeof(in);
		size = 1 + (seed >> 20) % (sizeof(out) - 1);
		buf_clear(&b);
		if (text_escape(&b, span_of(in, n)) != ERR_OK)
			wrong++;
		if (b.n > 0 && !text_line_ok(buf_view(&b), 1000))
			wrong++;
		memset(out, 'X', sizeof(out));
		text_show(out, size, span_of(in, n));
		i = strnlen(out, size);
		wrong += i == size ||
			 (i > 0 && !text_line_ok(span_of(out, i), size));
		/* Whole when it fits, else a beginning and dots; nothing
		 * where there is no room for dots. */
		if (size < 4)
			wrong += i != 0;
		else if (b.n < size)
			wrong += strcmp(out, buf_cstr(&b)) != 0;
		else
			wrong += i < 3 || strcmp(out + i - 3, "...") != 0 ||
				 memcmp(out, b.p, i - 3) != 0;
		for (i = size; i < sizeof(out); i++)
			wrong += out[i] != 'X';
	}
	ok(wrong == 0, "20,000 hostile texts become printable, in any room");
	buf_free(&b);
}

static void
test_show(void)
{
	char out[8];

	is_str(text_show(out, 8, span_str("1234567")), "1234567", "just fits");
	is_str(text_show(out, 8, span_str("12345678")), "1234...", "is cut");
	is_str(text_show(out, 8, span_str("1234\033")), "1234...",
		"not within an escape");
	is_str(text_show(out, 8, span_str("123\xd0\xb3\xd0\xb3")),
		"123\xd0\xb3\xd0\xb3", "two letters of two bytes");
	is_str(text_show(out, 8, span_str("1234\xd0\xb3\xd0\xb3")), "1234...",
		"not within a letter");
	is_str(text_show(out, 4, span_str("1234")), "...", "dots alone");
	is_str(text_show(out, 3, span_str("1234")), "", "no room for dots");
	is_str(text_show(out, 1, span_str("1234")), "", "no room at all");
	out[0] = 'X';
	text_show(out, 0, span_str("1"));
	ok(out[0] == 'X', "not even for a NUL");
	is_str(text_show(out, 8, span_of(NULL, 0)), "", "nothing to show");
}

/* ---- base64 */

static void
test_base64(void)
{
	/* RFC 4648 section 10 */
	static const char *const known[][2] = {{"", ""}, {"f", "Zg=="},
		{"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	static const char *const bad[] = {"Z", "Zg",
		"Zg=", "Zg===", "====", "=", "==", "Z===", "Zg==Zg==", "Zm9v ",
		" Zm9", "Zm9\n", "Zh==", "Zm9=", "Zm-_", "Zm9v====", "Zg=v",
		"Z=9v", "=g==",
		("Zm9v\xff"
		 "AAA")};
	struct buf b;
	size_t i;

	buf_init(&b, 100);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		buf_clear(&b);
		is_err(text_base64_add(&b, span_str(known[i][0])), ERR_OK,
			"encode \"%s\"", known[i][0]);
		is_str(buf_cstr(&b), known[i][1], "base64");
		buf_clear(&b);
		is_err(text_base64_decode(span_str(known[i][1]), &b), ERR_OK,
			"decode it");
		is_str(buf_cstr(&b), known[i][0], "back");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_err(text_base64_decode(span_str(bad[i]), &b), ERR_SYNTAX,
			"refuse bad base64 %zu", i);
	is_err(text_base64_decode(span_of("Zm9\0", 4), &b), ERR_SYNTAX,
		"refuse a NUL");
	buf_free(&b);
	buf_init(&b, 2);
	is_err(text_base64_decode(span_str("Zm9v"), &b), ERR_LIMIT, "no room");
	is_err(text_base64_add(&b, span_str("f")), ERR_LIMIT, "nor here");
	buf_free(&b);
}

/* All four-character texts over a few characters: one spelling per value. */
static void
test_base64_one_spelling(void)
{
	static const char pool[] = "AQgwB/+9=z";
	unsigned decoded = 0, second = 0;
	char in[5] = "";
	struct buf b, back;
	size_t v, i, x;

	buf_init(&b, 3);
	buf_init(&back, 4);
	for (v = 0; v < 10000; v++) {
		for (i = 0, x = v; i < 4; i++, x /= 10)
			in[i] = pool[x % 10];
		buf_clear(&b);
		buf_clear(&back);
		if (text_base64_decode(span_str(in), &b) != ERR_OK)
			continue;
		decoded++;
		if (text_base64_add(&back, buf_view(&b)) != ERR_OK ||
			strcmp(buf_cstr(&back), in) != 0)
			second++;
	}
	ok(decoded > 6561, "all without padding decode, and some with it");
	ok(second == 0, "and encode to what they were");
	buf_free(&b);
	buf_free(&back);
}

/* ---- hex and decimal */

static void
test_hex(void)
{
	uint8_t out[3] = {9, 9, 9};
	char hex[7];

	text_hex(hex, (const uint8_t *)"\x00\xab\xff", 3);
	is_str(hex, "00abff", "hex");
	text_hex(hex, out, 0);
	is_str(hex, "", "of nothing");
	is_err(text_hex_decode(span_str("00abff"), out, 3), ERR_OK, "decode");
	ok(memcmp(out, "\x00\xab\xff", 3) == 0, "back");
	is_err(text_hex_decode(span_str("00ABff"), out, 3), ERR_SYNTAX,
		"capitals");
	is_err(text_hex_decode(span_str("00abf"), out, 3), ERR_SYNTAX, "odd");
	is_err(text_hex_decode(span_str("00abff0"), out, 3), ERR_SYNTAX,
		"too long");
	is_err(text_hex_decode(span_str("00abfg"), out, 3), ERR_SYNTAX, "g");
	is_err(text_hex_decode(span_str(" 0abff"), out, 3), ERR_SYNTAX,
		"a space");
	is_err(text_hex_decode(span_str("00abf/"), out, 3), ERR_SYNTAX, "/");
	is_err(text_hex_decode(span_str("00abf:"), out, 3), ERR_SYNTAX, ":");
	is_err(text_hex_decode(span_str("00abf`"), out, 3), ERR_SYNTAX, "`");
	is_err(text_hex_decode(span_str(""), out, 0), ERR_OK, "none of none");
}

static void
test_decimal(void)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "01",
		"00", "1.0", "0x1", "1e3", "a", "\xd9\xa1", "1\n"};
	uint64_t v = 77;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_err(text_decimal(span_str(bad[i]), UINT64_MAX, &v),
			ERR_SYNTAX, "refuse bad decimal %zu", i);
	is_err(text_decimal(span_of("1\0", 2), 100, &v), ERR_SYNTAX, "a NUL");
	is_err(text_decimal(span_str("11"), 10, &v), ERR_LIMIT, "over max");
	is_err(text_decimal(span_str("18446744073709551616"), UINT64_MAX, &v),
		ERR_LIMIT, "2^64");
	is_err(text_decimal(
		       span_str("99999999999999999999999999"), UINT64_MAX, &v),
		ERR_LIMIT, "far more");
	ok(v == 77, "the result is not touched");
	is_err(text_decimal(span_str("0"), 0, &v), ERR_OK, "zero");
	ok(v == 0, "is 0");
	is_err(text_decimal(span_str("10"), 10, &v), ERR_OK, "at max");
	ok(v == 10, "is 10");
	is_err(text_decimal(span_str("18446744073709551615"), UINT64_MAX, &v),
		ERR_OK, "2^64 - 1");
	ok(v == UINT64_MAX, "is itself");
}

/* ---- names and paths */

static void
test_names(void)
{
	static const char *const good[] = {"a", "0", "news", "d-news", "a.b",
		"a_b", "2026-w27", "a--", "a.."};
	static const char *const bad[] = {"", ".", "..", ".a", "-a", "_a", "A",
		"aB", "a b", "a/b", "a\\b", "a:b", "a\n", "\xd0\xb3", "a*",
		"a%41", "a~"};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(text_name_ok(span_str(good[i]), 8), "name %s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!text_name_ok(span_str(bad[i]), 8), "no name %zu", i);
	ok(!text_name_ok(span_str("123456789"), 8), "too long a name");
	ok(!text_name_ok(span_of("a\0", 2), 8), "a NUL in a name");
	ok(!text_name_ok(span_of(NULL, 0), 8), "no name");
}

static void
test_paths(void)
{
	static const char *const good[] = {"a", "b/news/2026-w27/x.ekb", "A/Z",
		"a/-b", "a/_b", "a..b/c", "a./b."};
	static const char *const bad[] = {"", "/", "/a", "a/", "a//b", ".",
		"..", "a/..", "../a", "a/../b", "a/./b", ".a", "a/.b", "a\\b",
		"a b", "a\n", "a:b", "C:/a", "a%2f", "\xd0\xb3", "~/a", "a*",
		"a?b", "//a"};
	char path[LIMIT_PATH + 1];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(text_path_ok(span_str(good[i])), "path %s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!text_path_ok(span_str(bad[i])), "no path %zu", i);
	memset(path, 'a', sizeof(path));
	ok(text_path_ok(span_of(path, LIMIT_PATH)), "the longest path");
	ok(!text_path_ok(span_of(path, LIMIT_PATH + 1)), "a longer one");
	ok(!text_path_ok(span_of("a\0b", 3)), "a NUL in a path");
	ok(!text_path_ok(span_of(NULL, 0)), "no path");
}

static void
test_near(void)
{
	static const struct {
		const char *typed, *name;
		bool near;
	} c[] = {{"snyc", "sync", true}, {"sync", "sync", true},
		{"syn", "sync", true}, {"syncc", "sync", true},
		{"sinc", "sync", true}, {"sy", "sync", true},
		{"s", "sync", false}, {"snc", "sync", true},
		{"share", "sync", false}, {"output", "out", true},
		{"outlets", "out", true}, {"pit", "out", false},
		{"to", "to", false}, {"two", "to", true}, {"", "sync", false},
		{"sync", "", false}, {"cnys", "sync", false},
		{"прокси", "прокс", true}};
	size_t i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++)
		ok(text_near(c[i].typed, c[i].name) == c[i].near,
			"\"%s\" %s \"%s\"", c[i].typed,
			c[i].near ? "may mean" : "is not", c[i].name);
}

int
main(void)
{
	test_near();
	test_code_points();
	test_sequences();
	test_utf8();
	test_forbidden();
	test_escape();
	test_escape_random();
	test_show();
	test_base64();
	test_base64_one_spelling();
	test_hex();
	test_decimal();
	test_names();
	test_paths();
	return plan();
}
