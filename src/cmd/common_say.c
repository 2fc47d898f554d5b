#include "common_say.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../core/text.h"

/* Where a narrower terminal is not worth the breaking. */
#define COLUMNS_LEAST 20

unsigned
say_columns(FILE *f)
{
	struct winsize w;

	if (isatty(fileno(f)) != 1 || ioctl(fileno(f), TIOCGWINSZ, &w) != 0)
		return 0;
	return w.ws_col;
}

/* Columns of one code point, nearly: the reader's tables have the rest. */
static unsigned
cp_columns(uint32_t cp)
{
	if ((cp >= 0x300 && cp <= 0x36f) || (cp >= 0x64b && cp <= 0x65f) ||
		(cp >= 0x200b && cp <= 0x200f) ||
		(cp >= 0xfe00 && cp <= 0xfe0f))
		return 0;
	if ((cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
		(cp >= 0xac00 && cp <= 0xd7a3) ||
		(cp >= 0xf900 && cp <= 0xfaff) ||
		(cp >= 0xff00 && cp <= 0xff60) ||
		(cp >= 0x1f300 && cp <= 0x1faff) ||
		(cp >= 0x20000 && cp <= 0x3fffd))
		return 2;
	return 1;
}

static unsigned
columns_of(const char *s, size_t n)
{
	struct cursor c = {.in = span_of(s, n)};
	unsigned columns = 0;
	uint32_t cp;

	while (text_utf8_next(&c, &cp) == ERR_OK)
		columns += cp_columns(cp);
	return columns;
}

/* Append one line of n bytes, without its end. */
static enum err
line_wrap(struct buf *out, const char *s, size_t n, unsigned width)
{
	size_t at = strspn(s, " "), gap, word;
	unsigned deep = (unsigned)at + 2, column = (unsigned)at, need;
	bool begins = true;
	enum err e;

	if (at > n)
		at = n;
	e = buf_span(out, span_of(s, at));
	for (; e == ERR_OK && at < n; at = word, begins = false) {
		for (gap = at; gap < n && s[gap] == ' '; gap++)
			;
		for (word = gap; word < n && s[word] != ' '; word++)
			;
		need = columns_of(s + gap, word - gap);
		if (!begins && need + deep <= width &&
			column + (gap - at) + need > width) {
			e = buf_printf(out, "\n%*s", (int)deep, "");
			column = deep;
		} else {
			e = buf_span(out, span_of(s + at, gap - at));
			column += (unsigned)(gap - at);
		}
		if (e == ERR_OK)
			e = buf_span(out, span_of(s + gap, word - gap));
		column += need;
	}
	return e;
}

enum err
say_wrap(struct buf *out, const char *text, unsigned width)
{
	enum err e = ERR_OK;
	size_t n;

	if (width < COLUMNS_LEAST)
		return buf_str(out, text);
	for (; e == ERR_OK; text += n + 1) {
		n = strcspn(text, "\n");
		e = line_wrap(out, text, n, width);
		if (text[n] == '\0')
			return e;
		if (e == ERR_OK)
			e = buf_u8(out, '\n');
	}
	return e;
}

void
say(FILE *f, const char *text)
{
	struct buf b;

	/* Each word may become a line of its own. */
	buf_init(&b, 1024 + 64 * strlen(text));
	fputs(say_wrap(&b, text, say_columns(f)) == ERR_OK ? buf_cstr(&b)
							   : text,
		f);
	buf_free(&b);
}
