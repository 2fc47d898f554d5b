#include "measure.h"

#include <stdlib.h>
#include <string.h>

#include "../core/date.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "measure_private.h"

void
measure_clear(struct measure *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->sites[i].host);
	free(m->sites);
	*m = (struct measure){.n = 0};
}

/* ---- sites */

/* The site's name in `out`: lower case, without port, "www." and a last dot.
 * 0 when it is none, or an address. */
static size_t
host_clean(struct span s, char out[static 256])
{
	const char *end;
	size_t i, n = 0;
	bool dot = false;

	for (i = 0; i < s.n && s.p[i] != ':'; i++) {
		uint8_t c = s.p[i];

		if (n == 253)
			return 0;
		out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	while (n > 0 && out[n - 1] == '.')
		n--;
	if (n > 4 && memcmp(out, "www.", 4) == 0) {
		n -= 4;
		memmove(out, out + 4, n);
	}
	out[n] = '\0';
	end = strrchr(out, '.');
	dot = end != NULL;
	if (!dot || !text_name_ok(span_of(out, n), 253) ||
		strchr(out, '_') != NULL || (end[1] >= '0' && end[1] <= '9'))
		return 0;
	return n;
}

enum err
measure_site_get(struct measure_build *b, struct span host,
	struct measure_site **out, struct diag *d)
{
	struct measure *m = b->out;
	struct measure_site *more;
	char name[256];
	const json_t *at;

	*out = NULL;
	if (host_clean(host, name) == 0) {
		m->no_host++;
		return ERR_OK;
	}
	at = json_object_get(b->index, name);
	if (at != NULL) {
		*out = &m->sites[json_integer_value(at)];
		return ERR_OK;
	}
	if (m->n >= LIMIT_MEASURED_SITES)
		return diag_set(
			d, ERR_LIMIT, "over %d sites", LIMIT_MEASURED_SITES);
	/* Powers of two only: few copies, and no second counter. */
	if ((m->n & (m->n - 1)) == 0) {
		more = realloc(
			m->sites, (m->n == 0 ? 1 : 2 * m->n) * sizeof(*more));
		if (more == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		m->sites = more;
	}
	m->sites[m->n] = (struct measure_site){.host = strdup(name)};
	if (m->sites[m->n].host == NULL ||
		json_object_set_new(
			b->index, name, json_integer((json_int_t)m->n)) != 0) {
		free(m->sites[m->n].host);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	*out = &m->sites[m->n++];
	return ERR_OK;
}

struct span
measure_url_host(struct span url)
{
	size_t i, start = 0;

	for (i = 0; i + 2 < url.n; i++)
		if (memcmp(url.p + i, "://", 3) == 0) {
			start = i + 3;
			break;
		}
	for (i = start; i < url.n; i++)
		if (memchr("/?#", url.p[i], 3) != NULL)
			break;
	return span_sub(url, start, i - start);
}

/* ---- rows */

bool
measure_day_ok(struct span s)
{
	char full[DATE_SIZE];
	int64_t t;

	if (s.n != 10 && !(s.n > 10 && (s.p[10] == 'T' || s.p[10] == ' ')))
		return false;
	memcpy(full, "0001-01-01T00:00:00Z", sizeof(full));
	memcpy(full, s.p, 10);
	return date_parse(span_str(full), &t) == ERR_OK;
}

static void
day_set(char out[static 11], struct span day, bool later)
{
	int k = out[0] == '\0' ? 0 : memcmp(day.p, out, 10);

	if (out[0] != '\0' && (later ? k <= 0 : k >= 0))
		return;
	memcpy(out, day.p, 10);
	out[10] = '\0';
}

static enum err
row_check(const struct measure_build *b, const struct measure_row *r,
	struct diag *d)
{
	/* Each is at most 2^53, so that the sum of four is exact. */
	if (r->confirmed + r->anomalies + r->failures + r->fine > r->measured)
		return diag_set(d, ERR_SYNTAX,
			"%s counts more than it says was measured", b->at);
	if (r->day.p != NULL && !measure_day_ok(r->day))
		return diag_set(
			d, ERR_SYNTAX, "%s has a day that is none", b->at);
	return ERR_OK;
}

/* Whether the row is one of those that are asked for; if not, it is counted
 * why. */
static bool
row_counts(struct measure_build *b, const struct measure_row *r)
{
	struct measure *m = b->out;

	m->rows++;
	if (r->country.p != NULL &&
		!span_eq(r->country, span_str(b->want->country.s))) {
		m->elsewhere++;
		return false;
	}
	if (r->test.p != NULL &&
		!span_eq(r->test, span_str("web_connectivity"))) {
		m->other_test++;
		return false;
	}
	if (r->category.p != NULL && !span_eq(r->category, span_str("NEWS"))) {
		m->not_news++;
		return false;
	}
	return true;
}

static enum err
counts_add(const struct measure_build *b, struct measure_site *site,
	const struct measure_row *r, struct diag *d)
{
	size_t bit;

	if (r->measured > LIMIT_COUNTED - site->measured)
		return diag_set(d, ERR_LIMIT,
			"%s: more measurements than there can be", b->at);
	site->measured += r->measured;
	site->confirmed += r->confirmed;
	site->anomalies += r->anomalies;
	for (bit = 0; bit < BLOCKED_HOW; bit++)
		if (span_eq(r->how, span_str(blocked_how_name(bit))))
			site->by_how[bit] += r->confirmed + r->anomalies;
	if (r->day.p == NULL || r->measured == 0)
		return ERR_OK;
	day_set(site->from, r->day, false);
	day_set(site->until, r->day, true);
	if (r->confirmed > 0)
		day_set(site->first, r->day, false);
	return ERR_OK;
}

enum err
measure_row_add(
	struct measure_build *b, const struct measure_row *r, struct diag *d)
{
	struct measure_site *site;
	struct span host = r->host;
	enum err e = row_check(b, r, d);

	if (e != ERR_OK || !row_counts(b, r))
		return e;
	if (host.p == NULL && r->input.p != NULL)
		host = measure_url_host(r->input);
	if (host.p == NULL && b->want->site != NULL)
		host = span_str(b->want->site);
	if (host.p == NULL)
		return diag_set(d, ERR_USAGE,
			"it does not say of which site it is: ask OONI with "
			"axis_x=domain, or name it with --site");
	e = measure_site_get(b, host, &site, d);
	return e == ERR_OK && site != NULL ? counts_add(b, site, r, d) : e;
}

/* ---- files */

static struct span
blank_cut(struct span s)
{
	while (s.n > 0 && memchr(" \t\r\n", s.p[0], 4) != NULL)
		s = span_sub(s, 1, s.n);
	return s;
}

static int
by_host(const void *va, const void *vb)
{
	const struct measure_site *a = va, *b = vb;

	return strcmp(a->host, b->host);
}

enum err
measure_read(struct span s, const struct measure_want *want,
	struct measure *out, struct diag *d)
{
	struct measure_build b = {
		.out = out, .want = want, .index = json_object()};
	struct span text = blank_cut(s);
	enum err e;

	*out = (struct measure){.n = 0};
	if (b.index == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (text.n == 0)
		e = diag_set(d, ERR_SYNTAX, "it is empty");
	else if (text.p[0] == '<')
		e = diag_set(d, ERR_SYNTAX,
			"it is a web page, not a table of measurements");
	else if (text.p[0] == '{' || text.p[0] == '[')
		e = measure_json(&b, text, d);
	else
		e = measure_csv(&b, s, d);
	json_decref(b.index);
	if (e != ERR_OK) {
		measure_clear(out);
		return e;
	}
	if (out->n > 1)
		qsort(out->sites, out->n, sizeof(*out->sites), by_host);
	return ERR_OK;
}
