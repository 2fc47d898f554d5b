/* Dates against the C library's own, every day of centuries, and the strict
 * form against every other byte. */
#include <string.h>
#include <time.h>

#include "../../src/core/date.h"
#include "../lib/tap.h"

#define DAY 86400

static void
test_format(void)
{
	static const struct {
		int64_t t;
		const char *text;
	} known[] = {
		{0, "1970-01-01T00:00:00Z"},
		{-1, "1969-12-31T23:59:59Z"},
		{951782399, "2000-02-28T23:59:59Z"},
		{951782400, "2000-02-29T00:00:00Z"},
		{1000000000, "2001-09-09T01:46:40Z"},
		{2147483648, "2038-01-19T03:14:08Z"},
		{4107542400, "2100-03-01T00:00:00Z"},
		{-62167219200, "0000-01-01T00:00:00Z"},
		{253402300799, "9999-12-31T23:59:59Z"},
	};
	char text[DATE_SIZE];
	int64_t t;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		date_format(text, known[i].t);
		is_str(text, known[i].text, "format %lld",
			(long long)known[i].t);
		is_err(date_parse(span_str(text), &t), ERR_OK, "parse it");
		ok(t == known[i].t, "and it is the same");
	}
	date_format(text, INT64_MIN);
	is_str(text, "0000-01-01T00:00:00Z", "clamped below");
	date_format(text, INT64_MAX);
	is_str(text, "9999-12-31T23:59:59Z", "clamped above");
}

/* Every day from 1600 to 2400: all kinds of centuries and leap years. */
static void
test_days(void)
{
	int64_t t, back, from = date_of(1600, 1, 1), to = date_of(2400, 12, 31);
	unsigned dates = 0, parsed = 0, weeks = 0, mondays = 0, fields = 0;
	char text[DATE_SIZE], want[DATE_SIZE], week[16], mine[16];

	for (t = from; t <= to; t += DAY) {
		/* Another second of each day. */
		time_t c = (time_t)(t + (t - from) / DAY * 7919 % DAY);
		struct tm tm;
		int year, w;

		gmtime_r(&c, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		date_format(text, (int64_t)c);
		dates += strcmp(text, want) != 0;
		parsed += date_parse(span_str(text), &back) != ERR_OK ||
			  back != (int64_t)c;
		strftime(week, sizeof(week), "%G-%V", &tm);
		date_week((int64_t)c, &year, &w);
		snprintf(mine, sizeof(mine), "%04d-%02d", year, w);
		weeks += strcmp(week, mine) != 0;
		back = date_of_week(year, w);
		mondays += back > (int64_t)c || (int64_t)c - back >= 7 * DAY ||
			   (back / DAY % 7 + 7) % 7 != 4;
		fields += date_of(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1,
				  (unsigned)tm.tm_mday) != t;
	}
	ok(dates == 0, "800 years of dates are the C library's");
	ok(parsed == 0, "all parse back");
	ok(weeks == 0, "all ISO weeks are the C library's");
	ok(mondays == 0, "all weeks begin on the Monday before");
	ok(fields == 0, "all civil dates are counted right");
}

static void
test_weeks(void)
{
	static const struct {
		int y;
		unsigned m, d;
		int year, week;
	} known[] = {
		{2005, 1, 1, 2004, 53},
		{2008, 12, 29, 2009, 1},
		{2010, 1, 3, 2009, 53},
		{2021, 1, 3, 2020, 53},
		{2021, 1, 4, 2021, 1},
		{2026, 7, 1, 2026, 27},
		{1969, 12, 31, 1970, 1},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		int year, week;

		date_week(date_of(known[i].y, known[i].m, known[i].d), &year,
			&week);
		ok(year == known[i].year && week == known[i].week,
			"%d-%02u-%02u is in %d-W%02d", known[i].y, known[i].m,
			known[i].d, known[i].year, known[i].week);
	}
}

static void
test_refused(void)
{
	static const char *const bad[] = {
		"",
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-00-10T00:00:00Z",
		"2026-13-10T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z",
		"2026-01-01T00:00:00z",
		"2026-01-01 00:00:00Z",
		"2026-01-01T00:00:00+00:00",
		"2026-01-01T00:00:00.0Z",
		"2026-01-01T00:00:00",
		"2026-01-01T00:00Z",
		"2026-01-01",
		" 2026-01-01T00:00:00Z",
		"2026-01-01T00:00:00Z\n",
		"-026-01-01T00:00:00Z",
		"+026-01-01T00:00:00Z",
		"12026-01-01T00:00:0Z",
		"2026-1-001T00:00:00Z",
		"99999999999999999999",
	};
	int64_t t = 5;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_err(date_parse(span_str(bad[i]), &t), ERR_SYNTAX,
			"refuse \"%.30s\"", i == 19 ? "...Z\\n" : bad[i]);
	is_err(date_parse(span_of(NULL, 0), &t), ERR_SYNTAX, "no bytes");
	ok(t == 5, "the result is not touched");
}

/* Each byte of a date replaced by every other: what is accepted formats back
 * to exactly what was read, so that a moment has one spelling. */
static void
test_mutants(void)
{
	char date[] = "2024-02-29T12:34:56Z", text[DATE_SIZE];
	unsigned accepted = 0, second = 0;
	size_t i;
	int64_t t;
	int c;

	for (i = 0; i < sizeof(date) - 1; i++) {
		char was = date[i];

		for (c = 0; c < 256; c++) {
			date[i] = (char)c;
			if (date_parse(span_of(date, sizeof(date) - 1), &t) !=
				ERR_OK)
				continue;
			accepted++;
			date_format(text, t);
			second += strcmp(text, date) != 0;
		}
		date[i] = was;
	}
	ok(accepted > 20, "some mutants are dates");
	ok(second == 0, "each moment has one spelling");
}

int
main(void)
{
	test_format();
	test_days();
	test_weeks();
	test_refused();
	test_mutants();
	return plan();
}
