#include "dates.h"

#include <string.h>
#include <strings.h>

#include "../core/date.h"

struct moment {
	unsigned year, month, day, hour, minute, second;
	int zone; /* minutes east of Greenwich */
};

static bool
digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static uint8_t
peek(const struct cursor *c)
{
	return cursor_left(c) > 0 ? c->in.p[c->pos] : 0;
}

static bool
skip(struct cursor *c, uint8_t ch)
{
	if (peek(c) != ch || cursor_left(c) == 0)
		return false;
	c->pos++;
	return true;
}

static void
skip_space(struct cursor *c)
{
	while (cursor_left(c) > 0 && strchr(" \t\r\n", peek(c)) != NULL)
		c->pos++;
}

/* Read least..most digits; how many there were, 0 when too few or more. */
static size_t
number(struct cursor *c, size_t least, size_t most, unsigned *out)
{
	size_t n = 0;
	unsigned v = 0;

	while (digit(peek(c))) {
		if (++n > most)
			return 0;
		v = v * 10 + (unsigned)(peek(c) - '0');
		c->pos++;
	}
	*out = v;
	return n < least ? 0 : n;
}

static struct span
word(struct cursor *c)
{
	size_t at = c->pos;

	while (letter(peek(c)))
		c->pos++;
	return span_sub(c->in, at, c->pos - at);
}

/* Whether a word of at least three letters begins like this name. */
static bool
like(struct span w, const char *name)
{
	return w.n >= 3 && strncasecmp((const char *)w.p, name, 3) == 0;
}

/* HH:MM, optionally :SS and a fraction. */
static bool
read_time(struct cursor *c, struct moment *m)
{
	unsigned ignored;

	if (number(c, 1, 2, &m->hour) == 0 || !skip(c, ':') ||
		number(c, 2, 2, &m->minute) == 0)
		return false;
	if (!skip(c, ':'))
		return true;
	if (number(c, 2, 2, &m->second) == 0)
		return false;
	if (skip(c, '.') || skip(c, ','))
		return number(c, 1, 12, &ignored) > 0;
	return true;
}

/* "+0300", "+03:00", "+03". */
static bool
read_offset(struct cursor *c, int sign, struct moment *m)
{
	unsigned h, mm = 0;
	size_t n = number(c, 1, 4, &h);

	if (n == 0)
		return false;
	if (n > 2) {
		mm = h % 100;
		h /= 100;
	} else if (skip(c, ':') && number(c, 2, 2, &mm) == 0) {
		return false;
	}
	if (h > 14 || mm > 59)
		return false;
	m->zone = sign * (int)(h * 60 + mm);
	return true;
}

static bool
read_zone(struct cursor *c, struct moment *m)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"GMT", 0}, {"UT", 0}, {"UTC", 0}, {"Z", 0}, {"EST", -5},
		{"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6},
		{"PST", -8}, {"PDT", -7}, {"WET", 0}, {"CET", 1}, {"CEST", 2},
		{"EET", 2}, {"EEST", 3}, {"MSK", 3}};
	struct span w;
	size_t i;

	skip_space(c);
	if (skip(c, '+'))
		return read_offset(c, 1, m);
	if (skip(c, '-'))
		return read_offset(c, -1, m);
	w = word(c);
	if (w.n == 0)
		return true;
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (strlen(zones[i].name) == w.n &&
			strncasecmp(zones[i].name, (const char *)w.p, w.n) == 0)
			break;
	if (i == sizeof(zones) / sizeof(zones[0]))
		return false;
	m->zone = zones[i].hours * 60;
	/* "GMT+0300" is seen in the wild. */
	if (zones[i].hours == 0 && skip(c, '+'))
		return read_offset(c, 1, m);
	return true;
}

static bool
read_rfc3339(struct cursor *c, struct moment *m)
{
	if (number(c, 4, 4, &m->year) == 0 || !skip(c, '-') ||
		number(c, 1, 2, &m->month) == 0 || !skip(c, '-') ||
		number(c, 1, 2, &m->day) == 0)
		return false;
	skip_space(c);
	if (cursor_left(c) == 0)
		return true;
	if (!skip(c, 'T'))
		skip(c, 't');
	return read_time(c, m) && read_zone(c, m);
}

static bool
read_month(struct cursor *c, struct moment *m)
{
	static const char *const names[] = {"jan", "feb", "mar", "apr", "may",
		"jun", "jul", "aug", "sep", "oct", "nov", "dec"};
	struct span w = word(c);
	unsigned i;

	for (i = 0; i < 12; i++)
		if (like(w, names[i])) {
			m->month = i + 1;
			return true;
		}
	return false;
}

static bool
read_rfc822(struct cursor *c, struct moment *m)
{
	size_t n;

	if (letter(peek(c))) {
		word(c);
		skip(c, '.');
		skip(c, ',');
		skip_space(c);
	}
	if (number(c, 1, 2, &m->day) == 0)
		return false;
	skip_space(c);
	skip(c, '-');
	if (!read_month(c, m))
		return false;
	skip(c, '.');
	skip_space(c);
	skip(c, '-');
	n = number(c, 2, 4, &m->year);
	if (n == 0 || n == 3)
		return false;
	if (n == 2)
		m->year += m->year < 70 ? 2000 : 1900;
	skip(c, ',');
	skip_space(c);
	if (cursor_left(c) == 0)
		return true;
	return read_time(c, m) && read_zone(c, m);
}

enum err
dates_parse(struct span s, int64_t *t)
{
	struct cursor c = {.in = s}, again;
	struct moment m = {0};
	char text[DATE_SIZE];
	int64_t v, check;

	skip_space(&c);
	again = c;
	if (!read_rfc3339(&c, &m)) {
		c = again;
		m = (struct moment){0};
		if (!read_rfc822(&c, &m))
			return ERR_SYNTAX;
	}
	skip_space(&c);
	/* "(MSK)": a comment is all that may follow. */
	if (cursor_left(&c) > 0 && peek(&c) != '(')
		return ERR_SYNTAX;
	if (m.year < 1970 || m.month < 1 || m.month > 12 || m.day < 1 ||
		m.day > 31 || m.hour > 24 || m.minute > 59 || m.second > 60)
		return ERR_SYNTAX;
	/* A day that the month does not have comes back as another one. */
	v = date_of(m.year, m.month, m.day);
	date_format(text, v);
	text[8] = (char)('0' + m.day / 10);
	text[9] = (char)('0' + m.day % 10);
	if (date_parse(span_str(text), &check) != ERR_OK || check != v)
		return ERR_SYNTAX;
	v += (int64_t)m.hour * 3600 + m.minute * 60 + m.second;
	v -= (int64_t)m.zone * 60;
	if (v < 0)
		return ERR_SYNTAX;
	*t = v;
	return ERR_OK;
}
