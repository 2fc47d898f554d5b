/* What erika doctor found, for people and for programs. */
#ifndef ERIKA_DOCTOR_H
#define ERIKA_DOCTOR_H

#include "../sys/probe.h"
#include "../sys/reach.h"
#include "erika.h"
#include "erika_config.h"

/* One outlet's results, all borrowed. */
struct doctor {
	const struct config *config;
	const struct config_outlet *own;
	const struct library_outlet *outlet;
	const struct reach *reach;
	const struct probe_file *file;
	const struct probe_result *results; /* one for each route */
	int64_t now;
};

/* How many routes work, if only by small pieces. */
size_t doctor_works(const struct doctor *x);

/* Why a mirror has no route, in a clause; "" when it has one. */
const char *doctor_absent(const struct doctor *x, size_t mirror);

/* A table on standard output. */
void doctor_print(const struct context *cx, const struct doctor *x);

/* The same as a JSON object; NULL: out of memory. For `others` without what
 * says something of this machine or person: no time of day, no folder, no
 * mirror that the newsroom does not list, no address, no name of a
 * network. */
json_t *doctor_json(const struct doctor *x, bool others);

#endif
