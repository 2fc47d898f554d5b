/* Between the files of measure.h. */
#ifndef ERIKA_MEASURE_PRIVATE_H
#define ERIKA_MEASURE_PRIVATE_H

#include <jansson.h>

#include "measure.h"

/* What is being made: hosts are found by a JSON object, which hashes. */
struct measure_build {
	struct measure *out;
	const struct measure_want *want;
	json_t *index;
	char at[32]; /* where in the file, for errors: "row 3" */
};

/* One row of counts. Spans with a NULL pointer are columns that are not
 * there. */
struct measure_row {
	struct span host;  /* "domain" */
	struct span input; /* URL */
	struct span country, test, category, how, day;
	uint64_t measured, confirmed, anomalies, failures, fine;
};

/* Take a row over, or count why not. ERR_SYNTAX for counts or days that cannot
 * be, ERR_USAGE, ERR_LIMIT, ERR_NOMEM. */
enum err measure_row_add(struct measure_build *b, const struct measure_row *r,
	struct diag *d) ERR_MUST_USE;

/* The site of a host or URL, made when it is new; NULL when it is none, which
 * is counted. */
enum err measure_site_get(struct measure_build *b, struct span host,
	struct measure_site **out, struct diag *d) ERR_MUST_USE;

/* The host of "https://www.site.example:443/x". Borrowed. */
struct span measure_url_host(struct span url);

/* Whether a day is "2026-06-01", or that with the time behind it. */
bool measure_day_ok(struct span s);

/* The two readers. */
enum err measure_json(
	struct measure_build *b, struct span s, struct diag *d) ERR_MUST_USE;
enum err measure_csv(
	struct measure_build *b, struct span s, struct diag *d) ERR_MUST_USE;

#endif
