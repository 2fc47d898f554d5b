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

/* One line of n bytes, without its end. */
static void
line_say(FILE *f, const char *s, size_t n, unsigned width)
{
	size_t at = strspn(s, " "), word;
	unsigned deep = (unsigned)at + 2, column = (unsigned)at, need;
	bool begins = true;

	if (at > n)
		at = n;
	fwrite(s, 1, at, f);
	while (at < n) {
		size_t gap = at;

		while (gap < n && s[gap] == ' ')
			gap++;
		for (word = gap; word < n && s[word] != ' '; word++)
			;
		need = columns_of(s + gap, word - gap);
		if (!begins && need + deep <= width &&
			column + (gap - at) + need > width) {
			fprintf(f, "\n%*s", (int)deep, "");
			column = deep;
		} else {
			fwrite(s + at, 1, gap - at, f);
			column += (unsigned)(gap - at);
		}
		fwrite(s + gap, 1, word - gap, f);
		column += need;
		begins = false;
		at = word;
	}
}

void
say(FILE *f, const char *text)
{
	unsigned width = say_columns(f);
	size_t n;

	if (width < COLUMNS_LEAST) {
		fputs(text, f);
		return;
	}
	for (;; text += n + 1) {
		n = strcspn(text, "\n");
		line_say(f, text, n, width);
		if (text[n] == '\0')
			return;
		fputc('\n', f);
	}
}

bool
say_near(const char *typed, const char *name)
{
	size_t a = strlen(typed), b = strlen(name), i = 0, end = 0;

	if (a >= 2 && a < b && strncmp(typed, name, a) == 0)
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
