/* The inside of the country tables, shared by src/core/country*.c alone. */
#ifndef ERIKA_COUNTRY_PRIV_H
#define ERIKA_COUNTRY_PRIV_H

#include "country.h"

/* The order of a country about which nothing is known. */
extern const struct country country_neutral;

/* The country of a code, made when it is new. `wrong` is the code of what is
 * not allowed. Borrowed until the next call. ERR_NOMEM. */
enum err country_of(struct countries *cs, struct span code,
	struct country **out, enum err wrong, struct diag *d) ERR_MUST_USE;

/* The site of a host in one country, made when it is new: its host is all it
 * has then. */
enum err country_site(struct country *c, struct span host, struct blocked **out,
	enum err wrong, struct diag *d) ERR_MUST_USE;

/* The country's order begins with these ways, each once. */
enum err country_order_set(struct country *c, const struct span *words,
	size_t n, enum err wrong, struct diag *d) ERR_MUST_USE;

/* Append the name of a mirror to try first, or a host to avoid. */
enum err country_mirror_add(struct country *c, struct span name, enum err wrong,
	struct diag *d) ERR_MUST_USE;
enum err country_avoid_add(struct country *c, struct span host, enum err wrong,
	struct diag *d) ERR_MUST_USE;

/* Replace a string; NULL clears it. ERR_NOMEM. */
enum err country_text(char **to, const char *from, struct diag *d) ERR_MUST_USE;

/* Whether text is a date of a year, a month or a day; only a day. */
bool country_date_ok(struct span s, bool day);

/* Whether all that an entry says may stand together. */
enum err country_site_check(const struct country *c, const struct blocked *b,
	enum err wrong, struct diag *d) ERR_MUST_USE;

/* Whether a list of texts has this one. */
bool country_has(char *const *list, size_t n, struct span s);

/* Free what a country owns; it is the neutral one then. */
void country_free(struct country *c);

/* The next word of "a, b, c", and past its comma; words may be empty, and the
 * caller refuses those. false at the end: *s is NULL then. */
bool country_word_next(const char **s, struct span *word);

#endif
