#include "words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define BITS 11 /* of one word */

void
words_of(const uint8_t fp[static WORDS_BYTES], const char *out[static WORDS])
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i, n = 0;

	for (i = 0; i < WORDS_BYTES; i++) {
		bits = bits << 8 | fp[i];
		have += 8;
		if (have >= BITS) {
			have -= BITS;
			out[n++] = words_list[bits >> have];
			bits &= (1u << have) - 1;
		}
	}
}

enum err
words_add(struct buf *out, const uint8_t fp[static WORDS_BYTES])
{
	const char *w[WORDS];

	words_of(fp, w);
	return buf_printf(out, "%s %s %s %s %s %s %s %s", w[0], w[1], w[2],
		w[3], w[4], w[5], w[6], w[7]);
}

static bool
is_gap(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '-';
}

/* Take the next run of bytes that are no gap; false at the end. */
static bool
word_take(struct cursor *c, struct span *out)
{
	size_t from;

	while (cursor_left(c) > 0 && is_gap(c->in.p[c->pos]))
		c->pos++;
	from = c->pos;
	while (cursor_left(c) > 0 && !is_gap(c->in.p[c->pos]))
		c->pos++;
	*out = span_sub(c->in, from, c->pos - from);
	return out->n > 0;
}

static int
compare(const void *key, const void *entry)
{
	return strcmp(key, entry);
}

/* The number of a word, or -1. */
static int
word_find(struct span s)
{
	char low[WORDS_SIZE] = "";
	const char(*at)[WORDS_SIZE];
	size_t i;

	if (s.n >= WORDS_SIZE)
		return -1;
	for (i = 0; i < s.n; i++)
		low[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32
							       : s.p[i]);
	if (strlen(low) != s.n)
		return -1;
	at = bsearch(low, words_list, WORDS_COUNT, WORDS_SIZE, compare);
	return at == NULL ? -1 : (int)(at - words_list);
}

/* Whether one letter more in the longer makes the shorter the same. */
static bool
is_one_more(const char *longer, size_t n, const char *shorter, size_t m)
{
	size_t i = 0;

	if (n != m + 1)
		return false;
	while (i < m && longer[i] == shorter[i])
		i++;
	return memcmp(longer + i + 1, shorter + i, m - i) == 0;
}

/* The word that lacks one letter of `s`, or has one more. */
static const char *
word_slipped(struct span s)
{
	char low[WORDS_SIZE + 1] = "";
	size_t i, n;

	if (s.n < 3 || s.n > WORDS_SIZE)
		return NULL;
	for (i = 0; i < s.n; i++)
		low[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32
							       : s.p[i]);
	for (i = 0; i < WORDS_COUNT; i++) {
		n = strlen(words_list[i]);
		if (is_one_more(low, s.n, words_list[i], n) ||
			is_one_more(words_list[i], n, low, s.n))
			return words_list[i];
	}
	return NULL;
}

/* That, else the word that begins with the same four letters: there is one at
 * most. */
static const char *
word_near(struct span s)
{
	const char *slipped = word_slipped(s);
	size_t i, k;

	if (slipped != NULL)
		return slipped;

	if (s.n < 4)
		return NULL;
	for (i = 0; i < WORDS_COUNT; i++) {
		for (k = 0; k < 4; k++)
			if ((s.p[k] | 32) != (uint8_t)words_list[i][k])
				break;
		if (k == 4)
			return words_list[i];
	}
	return NULL;
}

static enum err
word_unknown(struct span s, size_t at, size_t n, struct diag *d)
{
	const char *near = word_near(s);
	char show[40];

	text_show(show, sizeof(show), s);
	if (near != NULL)
		return diag_at(d, ERR_SYNTAX, at,
			"word %zu, \"%s\", is not in the list; \"%s\" is", n,
			show, near);
	return diag_at(d, ERR_SYNTAX, at,
		"word %zu, \"%s\", is not in the list", n, show);
}

enum err
words_parse(struct span s, uint8_t fp[static WORDS_BYTES], struct diag *d)
{
	struct cursor c = {.in = s};
	uint8_t out[WORDS_BYTES];
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i, n = 0;
	struct span w;

	for (i = 0; i < WORDS; i++) {
		int v;

		if (!word_take(&c, &w))
			return diag_at(d, ERR_SYNTAX, c.pos,
				"%zu words where %d are needed", i, WORDS);
		v = word_find(w);
		if (v < 0)
			return word_unknown(w, c.pos - w.n, i + 1, d);
		bits = bits << BITS | (uint32_t)v;
		have += BITS;
		while (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	if (word_take(&c, &w))
		return diag_at(d, ERR_SYNTAX, c.pos - w.n, "more than %d words",
			WORDS);
	memcpy(fp, out, sizeof(out));
	return ERR_OK;
}
