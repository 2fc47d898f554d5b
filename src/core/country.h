/* What is known about networks by country: which mirrors to try first there,
 * never which to leave out. From mirrors/countries.ini, which is built in and
 * may be replaced by a file of the user's. */
#ifndef ERIKA_COUNTRY_H
#define ERIKA_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"

struct mirror;

/* A country: two capital letters of ISO 3166-1. */
struct country_code {
	char s[3];
};

/* Whether `s` is two capital letters. */
bool country_code_ok(struct span s);

/* Append one code, or those of "RU, BY", to a list; none twice. `wrong` is
 * the code of what is not allowed. ERR_NOMEM. */
enum err country_code_add(struct span code, struct country_code **list,
	size_t *n, enum err wrong, struct diag *d) ERR_MUST_USE;
enum err country_codes(const char *s, struct country_code **list, size_t *n,
	struct diag *d) ERR_MUST_USE;

enum country_scheme { COUNTRY_HTTPS, COUNTRY_FILE, COUNTRY_HTTP };
#define COUNTRY_SCHEMES 3

/* One country. Strings are owned by the table. */
struct country {
	struct country_code code;
	char *name;
	enum country_scheme prefer[COUNTRY_SCHEMES]; /* first to last */
	char **avoid; /* host names, and all below them, to try last */
	size_t n_avoid;
};

struct countries {
	struct country *list;
	size_t n;
};

/* Read a table: [country "RU"] with name, prefer, avoid-hosts. `file` is used
 * in errors. ERR_CONFIG, ERR_NOMEM; *out is empty then. */
enum err countries_parse(struct span s, const char *file, struct countries *out,
	struct diag *d) ERR_MUST_USE;

/* The same of the built-in table. */
enum err countries_builtin(struct countries *out, struct diag *d) ERR_MUST_USE;

/* Free what the struct owns and zero it; not the struct itself. */
void countries_clear(struct countries *cs);

/* What is known about a country, borrowed from the table. ERR_MISSING when
 * that is nothing: *out is then the neutral order for this code, and `d` says
 * so to the user. "" is the neutral order without a word. ERR_USAGE for what
 * is no country code, with the neutral order too. */
enum err countries_find(const struct countries *cs, const char *code,
	struct country *out, struct diag *d) ERR_MUST_USE;

/* The order in which to try n mirrors: order[0] is the index of the first.
 * All are in it. Hosts to avoid come last; then mirrors meant for this country
 * first, those meant for others last; then by scheme; then as they stand. A
 * mirror's url may be a folder here. */
void country_order(const struct country *c, const struct mirror *m, size_t n,
	size_t *order);

#endif
