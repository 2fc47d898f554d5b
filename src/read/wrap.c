#include "wrap.h"

#include <stdlib.h>
#include <unilbrk.h>
#include <uniwidth.h>

#include "../core/text.h"

#define SOFT_HYPHEN 0xad
#define ZERO_WIDTH_SPACE 0x200b
#define ZERO_WIDTH_JOINER 0x200d

void
wrap_init(struct wrap *w, size_t max)
{
	buf_init(&w->text, max);
	buf_init(&w->style, max);
}

void
wrap_free(struct wrap *w)
{
	buf_free(&w->text);
	buf_free(&w->style);
}

void
wrap_cut(struct wrap *w, size_t n)
{
	if (n >= w->text.n)
		return;
	buf_cut(&w->text, n);
	buf_cut(&w->style, n);
}

enum err
wrap_add(struct wrap *w, struct span s, unsigned style)
{
	enum err e = buf_reserve(&w->style, s.n);
	size_t i;

	if (e == ERR_OK)
		e = buf_span(&w->text, s);
	for (i = 0; i < s.n && e == ERR_OK; i++)
		e = buf_u8(&w->style, (uint8_t)style);
	return e;
}

enum err
wrap_add_str(struct wrap *w, const char *s, unsigned style)
{
	return wrap_add(w, span_str(s), style);
}

enum err
wrap_add_part(struct wrap *w, const struct wrap *from, size_t at, size_t n)
{
	enum err e = buf_reserve(&w->style, n);

	if (e == ERR_OK)
		e = buf_span(&w->text, span_sub(buf_view(&from->text), at, n));
	if (e == ERR_OK)
		e = buf_span(
			&w->style, span_sub(buf_view(&from->style), at, n));
	return e;
}

enum err
wrap_space(struct wrap *w, size_t start, unsigned style)
{
	size_t n = w->text.n;

	if (n == start || w->text.p[n - 1] == ' ' || w->text.p[n - 1] == '\n')
		return ERR_OK;
	return wrap_add_str(w, " ", style);
}

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

enum err
wrap_collapse(struct wrap *w, size_t start, struct span s, unsigned style)
{
	enum err e = ERR_OK;
	size_t i = 0, from;

	while (i < s.n && e == ERR_OK) {
		if (blank(s.p[i])) {
			e = wrap_space(w, start, style);
			i++;
			continue;
		}
		for (from = i; i < s.n && !blank(s.p[i]);)
			i++;
		e = wrap_add(w, span_sub(s, from, i - from), style);
	}
	return e;
}

/* ---- widths */

static bool
left_out(uint32_t cp)
{
	return cp == SOFT_HYPHEN || cp == ZERO_WIDTH_SPACE || cp == '\t' ||
	       cp == '\n' || text_forbidden(cp);
}

static unsigned
columns(uint32_t cp)
{
	int n;

	if (cp >= ' ' && cp < 0x7f)
		return 1;
	if (left_out(cp))
		return 0;
	n = uc_width(cp, "UTF-8");
	return n < 0 ? 0 : (unsigned)n;
}

unsigned
wrap_columns(struct span s)
{
	struct cursor c = {.in = s};
	unsigned n = 0;
	uint32_t cp;

	while (text_utf8_next(&c, &cp) == ERR_OK)
		n += columns(cp);
	return n;
}

/* ---- lines */

enum err
wrap_lines_start(struct wrap_lines *l, const struct wrap *text)
{
	*l = (struct wrap_lines){.text = text};
	if (text->text.n == 0)
		return ERR_OK;
	l->breaks = malloc(text->text.n);
	if (l->breaks == NULL)
		return ERR_NOMEM;
	u8_possible_linebreaks(text->text.p, text->text.n, "UTF-8", l->breaks);
	return ERR_OK;
}

void
wrap_lines_free(struct wrap_lines *l)
{
	free(l->breaks);
	l->breaks = NULL;
}

static bool
whole(const struct wrap *w, size_t i)
{
	return (w->style.p[i - 1] & w->style.p[i] & WRAP_WHOLE) != 0;
}

/* The line is [at, end); the next one starts at `next`. */
static void
finish(struct wrap_lines *l, struct wrap_line *line, size_t end, size_t next)
{
	const uint8_t *p = l->text->text.p;

	while (end > line->at && p[end - 1] == ' ')
		end--;
	line->n = end - line->at;
	l->pos = next;
}

bool
wrap_lines_next(struct wrap_lines *l, unsigned width, struct wrap_line *line)
{
	const struct wrap *w = l->text;
	struct cursor c = {.in = buf_view(&w->text), .pos = l->pos};
	uint32_t cp = 0, before = 0;
	unsigned used = 0;
	size_t i, best = 0;

	if (l->pos >= w->text.n)
		return false;
	*line = (struct wrap_line){.at = l->pos};
	for (; cursor_left(&c) > 0; before = cp) {
		unsigned k;

		i = c.pos;
		if (text_utf8_next(&c, &cp) != ERR_OK)
			break;
		if (cp == '\n') {
			line->hyphen = false;
			finish(l, line, i, i + 1);
			return true;
		}
		if (width == 0)
			continue;
		if (i > line->at && l->breaks[i] == UC_BREAK_POSSIBLE &&
			!whole(w, i) &&
			(before != SOFT_HYPHEN || used < width)) {
			best = i;
			line->hyphen = before == SOFT_HYPHEN;
		}
		k = columns(cp);
		if (used + k > width && k > 0 && cp != ' ' && i > line->at) {
			/* A word too long is cut between two letters, but
			 * not what hangs on an address that stuck out. */
			if (best == 0 && used <= width && !whole(w, i) &&
				before != ZERO_WIDTH_JOINER)
				best = i;
			if (best > 0) {
				finish(l, line, best, best);
				return true;
			}
		}
		used += k;
	}
	line->hyphen = false;
	finish(l, line, w->text.n, w->text.n);
	return true;
}

/* ---- output */

static enum err
sgr(struct buf *out, unsigned style)
{
	static const struct {
		unsigned bit;
		const char *code;
	} t[] = {{WRAP_BOLD, ";1"}, {WRAP_DIM, ";2"}, {WRAP_ITALIC, ";3"},
		{WRAP_UNDERLINE, ";4"}, {WRAP_STRIKE, ";9"}};
	enum err e = buf_str(out, "\x1b[0");
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]) && e == ERR_OK; i++)
		if (style & t[i].bit)
			e = buf_str(out, t[i].code);
	return e == ERR_OK ? buf_str(out, "m") : e;
}

enum err
wrap_emit(const struct wrap *w, const struct wrap_line *line, bool color,
	struct buf *out)
{
	struct cursor c = {
		.in = span_sub(buf_view(&w->text), 0, line->at + line->n),
		.pos = line->at};
	unsigned style = 0;
	enum err e = ERR_OK;
	uint32_t cp;

	while (e == ERR_OK && cursor_left(&c) > 0) {
		unsigned now = w->style.p[c.pos] & ~(unsigned)WRAP_WHOLE;
		size_t at = c.pos;

		if (text_utf8_next(&c, &cp) != ERR_OK)
			return ERR_SYNTAX;
		if (left_out(cp))
			continue;
		if (color && now != style)
			e = sgr(out, now);
		style = now;
		if (e == ERR_OK)
			e = buf_span(out, span_sub(c.in, at, c.pos - at));
	}
	if (e == ERR_OK && line->hyphen)
		e = buf_str(out, "-");
	if (e == ERR_OK && color && style != 0)
		e = sgr(out, 0);
	return e;
}
