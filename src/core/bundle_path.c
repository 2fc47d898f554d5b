/* Target paths of bundles. Apart from bundle.c, so that who looks at paths
 * alone links no inflate. */
#include "bundle.h"

#include "date.h"
#include "limits.h"
#include "text.h"

/* "YYYY-wWW", a week that exists. */
static bool
week_ok(struct span s)
{
	uint64_t year = 0, week = 0;
	size_t i;
	int y, w;

	if (s.n != 8 || s.p[4] != '-' || s.p[5] != 'w')
		return false;
	for (i = 0; i < s.n; i++) {
		if (i == 4 || i == 5)
			continue;
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (i < 4)
			year = year * 10 + (uint64_t)(s.p[i] - '0');
		else
			week = week * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (week == 0)
		return false;
	date_week(date_of_week((int)year, (int)week), &y, &w);
	return y == (int)year && w == (int)week;
}

/* Take the segment before the next '/', or all that is left. */
static struct span
segment(struct cursor *c)
{
	struct span rest = span_sub(c->in, c->pos, cursor_left(c));
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '/')
		n++;
	c->pos += n < rest.n ? n + 1 : n;
	return span_sub(rest, 0, n);
}

bool
bundle_path_parse(struct span path, struct span *desk, uint64_t *sequence)
{
	struct cursor c = {.in = path};
	struct span file, end = span_str(".ekb");

	if (!text_path_ok(path) || !span_eq(segment(&c), span_str("b")))
		return false;
	*desk = segment(&c);
	if (!text_name_ok(*desk, LIMIT_DESK) || !week_ok(segment(&c)))
		return false;
	file = segment(&c);
	if (cursor_left(&c) > 0 || file.n <= end.n ||
		!span_eq(span_sub(file, file.n - end.n, end.n), end))
		return false;
	return text_decimal(span_sub(file, 0, file.n - end.n), LIMIT_SEQUENCE,
		       sequence) == ERR_OK &&
	       *sequence > 0;
}

enum err
bundle_path_add(
	struct buf *out, const char *desk, int64_t when, uint64_t sequence)
{
	int year, week;

	date_week(when, &year, &week);
	return buf_printf(out, "b/%s/%04d-w%02d/%llu.ekb", desk, year, week,
		(unsigned long long)sequence);
}
