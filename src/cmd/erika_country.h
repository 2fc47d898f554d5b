/* What erika outlets shows of countries. */
#ifndef ERIKA_ERIKA_COUNTRY_H
#define ERIKA_ERIKA_COUNTRY_H

#include "erika.h"

/* erika outlets --country: the ways that come first there, and the sites that
 * are blocked, with their evidence and whose word it is. `one` NULL: of all
 * outlets. */
enum err country_show(const struct context *cx, struct library *l,
	const struct library_outlets *list, const struct library_outlet *one,
	const char *code, struct diag *d) ERR_MUST_USE;

#endif
