#include "date.h"

#include <stdio.h>

#include "text.h"

#define DAY 86400

/* Days since 1970-01-01 of a proleptic Gregorian date, counted in 400-year
 * eras that begin in March so that the leap day comes last. */
static int64_t
days_of(int64_t y, unsigned m, unsigned d)
{
	int64_t era, doe;
	unsigned yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (unsigned)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	doe = (int64_t)yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void
civil_of(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
	int64_t era, z = days + 719468;
	unsigned doe, yoe, doy, mp;

	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = (unsigned)(z - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (int64_t)yoe + era * 400 + (*m <= 2);
}

static int64_t
floor_days(int64_t t)
{
	return (t >= 0 ? t : t - (DAY - 1)) / DAY;
}

int64_t
date_of(int64_t year, unsigned month, unsigned day)
{
	return days_of(year, month, day) * DAY;
}

void
date_format(char out[static DATE_SIZE], int64_t t)
{
	int64_t y, lo = date_of(0, 1, 1), hi = date_of(10000, 1, 1) - 1;
	unsigned m, d, s;

	t = t < lo ? lo : t > hi ? hi : t;
	civil_of(floor_days(t), &y, &m, &d);
	s = (unsigned)(t - floor_days(t) * DAY);
	snprintf(out, DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		(unsigned)y % 10000, m % 100, d % 100, s / 3600 % 100,
		s / 60 % 60, s % 60);
}

static enum err
field(struct span s, size_t at, size_t n, unsigned *out)
{
	unsigned v = 0;
	size_t i;

	for (i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_SYNTAX;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*out = v;
	return ERR_OK;
}

enum err
date_parse(struct span s, int64_t *t)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	unsigned y, m, d, h, min, sec, rm, rd;
	int64_t ry, days;
	size_t i;

	if (s.n != sizeof(form) - 1)
		return ERR_SYNTAX;
	for (i = 0; i < s.n; i++)
		if (form[i] != 'd' && s.p[i] != (uint8_t)form[i])
			return ERR_SYNTAX;
	if (field(s, 0, 4, &y) || field(s, 5, 2, &m) || field(s, 8, 2, &d) ||
		field(s, 11, 2, &h) || field(s, 14, 2, &min) ||
		field(s, 17, 2, &sec))
		return ERR_SYNTAX;
	if (m < 1 || m > 12 || d < 1 || d > 31 || h > 23 || min > 59 ||
		sec > 59)
		return ERR_SYNTAX;
	days = days_of(y, m, d);
	civil_of(days, &ry, &rm, &rd);
	if (rm != m || rd != d)
		return ERR_SYNTAX;
	*t = days * DAY + h * 3600 + min * 60 + sec;
	return ERR_OK;
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static int
weekday(int64_t days)
{
	return (int)(((days + 3) % 7 + 7) % 7);
}

void
date_week(int64_t t, int *year, int *week)
{
	int64_t days = floor_days(t), thursday, y;
	unsigned m, d;

	/* A week belongs to the year of its Thursday. */
	thursday = days - weekday(days) + 3;
	civil_of(thursday, &y, &m, &d);
	*year = (int)y;
	*week = (int)((thursday - days_of(y, 1, 1)) / 7) + 1;
}

int64_t
date_of_week(int year, int week)
{
	int64_t jan4 = days_of(year, 1, 4);

	return (jan4 - weekday(jan4) + (week - 1) * 7) * DAY;
}
