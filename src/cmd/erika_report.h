/* What a sync came to, for people and for programs. */
#ifndef ERIKA_REPORT_H
#define ERIKA_REPORT_H

#include "../sys/sync.h"
#include "erika.h"

/* Print to stderr: what is new, the verdict, the cost, and each mirror that
 * misbehaved. `pictures` may be of a run that never was. */
void report_print(const struct context *cx, const struct library_outlet *o,
	const struct sync_report *news, const struct sync_report *pictures);

/* The same as a JSON object; NULL: out of memory. */
json_t *report_json(const struct library_outlet *o,
	const struct sync_report *news, const struct sync_report *pictures);

/* "authentic: ..." for a verdict, without the line's end. */
void report_authentic(char *out, size_t size, const struct trust_verdict *v);

/* "fresh: ..." or "STALE: ..." for a verdict. */
void report_fresh(char *out, size_t size, const struct trust_verdict *v,
	int64_t now);

#endif
