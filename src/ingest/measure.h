/* Who is blocked where, from what others measured: OONI's aggregated
 * measurements (GET /api/v1/aggregation, as JSON or CSV) and the lists of
 * sites that are tested (Citizen Lab's, CSV). Bytes in, structs out, in the
 * limited child process that importers run in. */
#ifndef ERIKA_MEASURE_H
#define ERIKA_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/country.h"
#include "../core/err.h"

enum measure_kind {
	MEASURE_COUNTS, /* OONI's aggregation */
	MEASURE_LIST	/* sites that are tested */
};

/* One site: a host name in lower case without "www.". In a list it has nothing
 * else. Days are "" where the table does not say them. */
struct measure_site {
	char *host;
	uint64_t measured, confirmed, anomalies;
	uint64_t by_how[BLOCKED_HOW]; /* not fine, of each way */
	char from[11], until[11];     /* first and last day measured */
	char first[11];		      /* first day that was confirmed */
};

struct measure {
	enum measure_kind kind;
	struct measure_site *sites; /* by host, none twice */
	size_t n;
	/* Rows in all, and of those that count: of another country, of another
	 * test than web_connectivity, not news, of no host name. */
	uint32_t rows, elsewhere, other_test, not_news, no_host;
};

/* What is asked for, of a file in one of the three forms. */
struct measure_want {
	struct country_code country; /* rows of others are left out */
	const char *site; /* the host of a table that does not say, or NULL */
};

/* Read one file. ERR_SYNTAX when it is none of them, or broken: the diag says
 * what it is, as far as one can tell (a web page, an error in words).
 * ERR_UNSUPPORTED for another version, ERR_USAGE when the table does not say
 * which site and `site` neither, ERR_LIMIT, ERR_NOMEM; *out is empty then. */
enum err measure_read(struct span s, const struct measure_want *want,
	struct measure *out, struct diag *d) ERR_MUST_USE;
void measure_clear(struct measure *m);

/* The same in the limited child: append a request; the job, a confine_fn; read
 * an answer, where each string and number is checked as if a stranger had sent
 * it. */
enum err measure_request(struct buf *request, struct span s,
	const struct measure_want *want) ERR_MUST_USE;
enum err measure_job(
	struct span request, struct buf *answer, struct diag *d) ERR_MUST_USE;
enum err measure_answer(
	struct span answer, struct measure *out, struct diag *d) ERR_MUST_USE;

#endif
