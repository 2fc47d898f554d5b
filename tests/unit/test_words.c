/* The word list keeps its promises, and words and bytes are each other's
 * inverse. */
#include <string.h>

#include "../../src/core/words.h"
#include "../lib/tap.h"

static size_t
differences(const char *a, const char *b)
{
	size_t n = 0;

	for (; *a != '\0'; a++, b++)
		n += *a != *b;
	return n;
}

static void
test_list(void)
{
	size_t i, k, n, bad = 0, order = 0, four = 0, near = 0;

	for (i = 0; i < WORDS_COUNT; i++) {
		const char *w = words_list[i];

		n = strlen(w);
		bad += n < 3 || n > 7 ||
		       strspn(w, "abcdefghijklmnopqrstuvwxyz") != n;
		if (i > 0)
			order += strcmp(words_list[i - 1], w) >= 0;
		for (k = 0; k < i; k++) {
			four += strncmp(words_list[k], w, 4) == 0;
			near += strlen(words_list[k]) == n &&
				differences(words_list[k], w) < 2;
		}
	}
	ok(bad == 0, "2048 words of 3 to 7 letters a-z");
	ok(order == 0, "in alphabetical order, none twice");
	ok(four == 0, "no two share their first four letters");
	ok(near == 0, "no two of a length differ in one letter only");
}

static void
fill(uint8_t fp[static WORDS_BYTES], unsigned seed)
{
	size_t i;

	for (i = 0; i < WORDS_BYTES; i++) {
		seed = seed * 1103515245u + 12345u;
		fp[i] = (uint8_t)(seed >> 16);
	}
}

static void
test_bits(void)
{
	uint8_t fp[WORDS_BYTES] = {0};
	const char *w[WORDS];
	size_t i;
	bool right = true;

	words_of(fp, w);
	for (i = 0; i < WORDS; i++)
		right = right && w[i] == words_list[0];
	ok(right, "no bit set: the first word eight times");
	memset(fp, 0xff, sizeof(fp));
	words_of(fp, w);
	for (i = 0; i < WORDS; i++)
		right = right && w[i] == words_list[WORDS_COUNT - 1];
	ok(right, "all bits set: the last word eight times");
	memset(fp, 0, sizeof(fp));
	fp[1] = 0x20; /* bit 10 from the left: the first word's last */
	fp[10] = 0x01;
	words_of(fp, w);
	ok(w[0] == words_list[1], "bits are taken from the left");
	ok(w[7] == words_list[1], "the last bit belongs to the last word");
	for (i = 0; i < 88; i++) {
		memset(fp, 0, sizeof(fp));
		fp[i / 8] = (uint8_t)(0x80 >> i % 8);
		words_of(fp, w);
		right = right && w[i / 11] == words_list[1024 >> i % 11];
	}
	ok(right, "each of the 88 bits reaches its word");
}

static void
test_inverse(void)
{
	uint8_t fp[WORDS_BYTES], back[WORDS_BYTES];
	struct buf b;
	unsigned seed, wrong = 0;
	size_t i;

	buf_init(&b, 200);
	for (seed = 0; seed < 2000; seed++) {
		fill(fp, seed);
		buf_clear(&b);
		if (words_add(&b, fp) != ERR_OK)
			wrong++;
		for (i = 0; i < b.n; i++)
			if (seed % 3 == 1 && b.p[i] == ' ')
				b.p[i] = '-';
			else if (seed % 3 == 2 && b.p[i] >= 'a')
				b.p[i] = (uint8_t)(b.p[i] - 32);
		if (words_parse(buf_view(&b), back, NULL) != ERR_OK ||
			memcmp(fp, back, sizeof(fp)) != 0)
			wrong++;
	}
	ok(wrong == 0, "2000 fingerprints come back from their words, hyphens "
		       "and capitals too");
	buf_free(&b);
	buf_init(&b, 10);
	is_err(words_add(&b, fp), ERR_LIMIT, "no room is said");
	ok(b.n == 0, "and nothing is written then");
	buf_free(&b);
}

/* Eight times the same text, with sep between. */
static enum err
parse_eight(const char *word, const char *sep, uint8_t fp[static WORDS_BYTES],
	struct diag *d)
{
	struct buf b;
	enum err e = ERR_OK;
	size_t i;

	buf_init(&b, 1000);
	for (i = 0; e == ERR_OK && i < WORDS; i++) {
		if (i > 0)
			e = buf_str(&b, sep);
		if (e == ERR_OK)
			e = buf_str(&b, word);
	}
	if (e == ERR_OK)
		e = words_parse(buf_view(&b), fp, d);
	buf_free(&b);
	return e;
}

static void
test_typed(void)
{
	uint8_t fp[WORDS_BYTES], zero[WORDS_BYTES] = {0};
	const char *first = words_list[0];
	struct diag d = {0};
	size_t i;
	char w[20];

	is_err(parse_eight(first, " ", fp, &d), ERR_OK, "typed words");
	ok(memcmp(fp, zero, sizeof(fp)) == 0, "and their bytes");
	is_err(parse_eight(first, " -\t\n -- \r\n", fp, &d), ERR_OK,
		"with a mess between them");
	is_err(parse_eight(first, "", fp, &d), ERR_SYNTAX, "without gaps");
	is_err(parse_eight(first, ",", fp, &d), ERR_SYNTAX, "with commas");
	is_err(parse_eight("", " ", fp, &d), ERR_SYNTAX, "nothing");
	ok(strstr(d.why, "0 words") != NULL, "%s", d.why);
	is_err(words_parse(span_of(NULL, 0), fp, &d), ERR_SYNTAX, "no bytes");
	snprintf(w, sizeof(w), "%sx", first);
	is_err(parse_eight(w, " ", fp, &d), ERR_SYNTAX, "a letter too many");
	ok(strstr(d.why, first) != NULL, "names the near word: %s", d.why);
	is_err(parse_eight("behive", " ", fp, &d), ERR_SYNTAX, "one too few");
	ok(strstr(d.why, "\"beehive\" is") != NULL,
		"the one that is a letter away comes first: %s", d.why);
	snprintf(w, sizeof(w), "%.4s", first);
	is_err(parse_eight(w, " ", fp, &d), ERR_SYNTAX, "cut to four letters");
	is_err(parse_eight("zzzzzzzzzzzz", " ", fp, &d), ERR_SYNTAX, "noise");
	is_err(parse_eight("\033[2J", " ", fp, &d), ERR_SYNTAX, "control");
	ok(strchr(d.why, 27) == NULL, "is escaped: %s", d.why);
	is_err(parse_eight("\xff\xfe\x80zz", " ", fp, &d), ERR_SYNTAX,
		"bytes that are no text");
	for (i = 0; i < WORDS_COUNT && strlen(words_list[i]) != 3; i++)
		;
	snprintf(w, sizeof(w), "%s%c", words_list[i], 0);
	is_err(words_parse(span_of(w, 4), fp, &d), ERR_SYNTAX, "a NUL byte");
	ok(strstr(d.why, "\\x00") != NULL, "is no part of a word: %s", d.why);
}

static void
test_count(void)
{
	static const char nine[] = "zone zone zone zone zone zone zone zone ";
	uint8_t fp[WORDS_BYTES] = {7};
	struct diag d = {0};

	is_err(words_parse(span_of(nine, sizeof(nine) - 1), fp, &d), ERR_OK,
		"eight");
	memset(fp, 7, sizeof(fp));
	is_err(words_parse(span_of(nine, 34), fp, &d), ERR_SYNTAX, "seven");
	ok(strstr(d.why, "7 words") != NULL, "%s", d.why);
	ok(fp[0] == 7 && fp[10] == 7, "fails without touching the result");
	is_err(words_parse(span_str("zone zone zone zone zone zone zone zone "
				    "zone"),
		       fp, &d),
		ERR_SYNTAX, "nine");
	ok(strstr(d.why, "more than 8") != NULL, "%s", d.why);
	is_err(words_parse(span_str("zone zone zone zone zone zone zone zone "
				    "."),
		       fp, NULL),
		ERR_SYNTAX, "a ninth of one dot, without a diag");
}

int
main(void)
{
	test_list();
	test_bits();
	test_inverse();
	test_typed();
	test_count();
	return plan();
}
