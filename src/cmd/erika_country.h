/* What the reader's commands know of countries. */
#ifndef ERIKA_ERIKA_COUNTRY_H
#define ERIKA_ERIKA_COUNTRY_H

#include "../core/country.h"
#include "erika.h"

/* The user's countries.ini in erika's configuration folder ($XDG_CONFIG_HOME/
 * erika, or ~/.config/erika), or the built-in table when there is none.
 * ERR_CONFIG, ERR_IO, ERR_NOMEM; *out is empty then. */
enum err country_table_read(struct countries *out, struct diag *d) ERR_MUST_USE;

/* erika outlets --country: the ways that come first there, and the sites that
 * are blocked, with their evidence and whose word it is. `one` NULL: of all
 * outlets. */
enum err country_show(const struct context *cx, struct library *l,
	const struct library_outlets *list, const struct library_outlet *one,
	const char *code, struct diag *d) ERR_MUST_USE;

#endif
