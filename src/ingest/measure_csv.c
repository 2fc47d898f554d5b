/* OONI's aggregation as CSV, and lists of sites that are tested. */
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "csv.h"
#include "measure_private.h"

/* Columns that mean something here; others are not looked at. */
enum column {
	C_MEASURED,
	C_CONFIRMED,
	C_ANOMALIES,
	C_FAILURES,
	C_FINE,
	C_DOMAIN,
	C_INPUT,
	C_COUNTRY,
	C_TEST,
	C_CATEGORY,
	C_HOW,
	C_DAY,
	C_URL, /* of a list */
	COLUMNS
};
#define COUNTS (C_FINE + 1)

static const char *const columns[COLUMNS] = {"measurement_count",
	"confirmed_count", "anomaly_count", "failure_count", "ok_count",
	"domain", "input", "probe_cc", "test_name", "category_code",
	"blocking_type", "measurement_start_day", "url"};

/* Where each column is; CSV_FIELDS: nowhere. */
struct header {
	size_t at[COLUMNS];
	size_t n;
};

static enum err
not_known(const struct csv *c, struct diag *d)
{
	struct span s = c->in;
	char shown[100];

	s.n = s.n > 90 ? 90 : s.n;
	/* A question that OONI does not understand it answers in words. */
	return diag_set(d, ERR_SYNTAX,
		"it is neither OONI's aggregation nor a list of test sites. It "
		"says: %s",
		text_show(shown, sizeof(shown), s));
}

static enum err
header_read(const struct csv *c, struct header *h, struct diag *d)
{
	char shown[60];
	size_t i, k;

	for (k = 0; k < COLUMNS; k++)
		h->at[k] = CSV_FIELDS;
	h->n = c->n;
	for (i = 0; i < c->n; i++) {
		for (k = 0; k < i; k++)
			if (span_eq(c->field[i], c->field[k]))
				return diag_set(d, ERR_SYNTAX,
					"two columns are called \"%s\"",
					text_show(shown, sizeof(shown),
						c->field[i]));
		for (k = 0; k < COLUMNS; k++)
			if (span_eq(c->field[i], span_str(columns[k])))
				h->at[k] = i;
	}
	for (k = 0, i = 0; k < COUNTS; k++)
		i += h->at[k] < CSV_FIELDS;
	if (i == COUNTS || (i == 0 && h->at[C_URL] < CSV_FIELDS &&
				   h->at[C_CATEGORY] < CSV_FIELDS))
		return ERR_OK;
	if (i == 0)
		return not_known(c, d);
	for (k = 0; k < COUNTS && h->at[k] < CSV_FIELDS; k++)
		;
	return diag_set(d, ERR_SYNTAX, "there is no column \"%s\"", columns[k]);
}

static struct span
column(const struct csv *c, const struct header *h, enum column k)
{
	return h->at[k] < CSV_FIELDS ? c->field[h->at[k]] : span_of(NULL, 0);
}

static enum err
counts_read(struct measure_build *b, const struct csv *c,
	const struct header *h, struct diag *d)
{
	struct measure_row r = {.host = column(c, h, C_DOMAIN),
		.input = column(c, h, C_INPUT),
		.country = column(c, h, C_COUNTRY),
		.test = column(c, h, C_TEST),
		.category = column(c, h, C_CATEGORY),
		.how = column(c, h, C_HOW),
		.day = column(c, h, C_DAY)};
	uint64_t *const to[COUNTS] = {
		&r.measured, &r.confirmed, &r.anomalies, &r.failures, &r.fine};
	size_t k;

	for (k = 0; k < COUNTS; k++)
		if (text_decimal(column(c, h, (enum column)k), LIMIT_COUNTED,
			    to[k]) != ERR_OK)
			return diag_set(d, ERR_SYNTAX, "%s: %s is no count",
				b->at, columns[k]);
	return measure_row_add(b, &r, d);
}

static enum err
list_read(struct measure_build *b, const struct csv *c, const struct header *h,
	struct diag *d)
{
	struct measure_site *site;

	b->out->rows++;
	if (!span_eq(column(c, h, C_CATEGORY), span_str("NEWS"))) {
		b->out->not_news++;
		return ERR_OK;
	}
	return measure_site_get(
		b, measure_url_host(column(c, h, C_URL)), &site, d);
}

enum err
measure_csv(struct measure_build *b, struct span s, struct diag *d)
{
	struct csv c = {.in = s};
	struct header h;
	bool have, list;
	enum err e = csv_row(&c, &have, d);

	if (e == ERR_SYNTAX || e == ERR_LIMIT)
		e = c.line <= 1 ? not_known(&c, d) : e;
	if (e == ERR_OK)
		e = header_read(&c, &h, d);
	list = e == ERR_OK && h.at[C_MEASURED] == CSV_FIELDS;
	b->out->kind = list ? MEASURE_LIST : MEASURE_COUNTS;
	while (e == ERR_OK && (e = csv_row(&c, &have, d)) == ERR_OK && have) {
		snprintf(b->at, sizeof(b->at), "line %u", c.line);
		if (c.n != h.n)
			e = diag_set(d, ERR_SYNTAX,
				"%s has %zu columns; the first line has %zu",
				b->at, c.n, h.n);
		else
			e = list ? list_read(b, &c, &h, d)
				 : counts_read(b, &c, &h, d);
	}
	csv_clear(&c);
	return e;
}
