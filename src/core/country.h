/* What is known about networks by country: which ways and mirrors to try
 * first there, never which to leave out, and which outlets' own sites are
 * blocked there. From mirrors/countries.ini, which is built in and may be
 * replaced by a file of the user's, and from an outlet's signed list. */
#ifndef ERIKA_COUNTRY_H
#define ERIKA_COUNTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "route.h"

struct mirror;

/* A country: two capital letters of ISO 3166-1. */
struct country_code {
	char s[3];
};

/* Refuse, with the code `wrong`, what is not two capital letters. */
enum err country_code_check(
	struct span s, enum err wrong, struct diag *d) ERR_MUST_USE;

/* Append one code, or those of "RU, BY", to a list; none twice. `wrong` is
 * the code of what is not allowed. ERR_NOMEM. */
enum err country_code_add(struct span code, struct country_code **list,
	size_t *n, enum err wrong, struct diag *d) ERR_MUST_USE;
enum err country_codes(const char *s, struct country_code **list, size_t *n,
	struct diag *d) ERR_MUST_USE;

/* Append a list as "RU, BY". ERR_LIMIT, ERR_NOMEM. */
enum err country_codes_write(const struct country_code *list, size_t n,
	struct buf *out) ERR_MUST_USE;

/* Whose word something is. A later one outranks an earlier one. */
enum country_word {
	COUNTRY_BUILTIN, /* mirrors/countries.ini, as it was shipped */
	COUNTRY_SIGNED,	 /* the outlet's signed list */
	COUNTRY_USER	 /* a file of the user's */
};

/* How a site is blocked, in the words of OONI's web_connectivity test: bits,
 * since networks of one country differ. */
enum {
	BLOCKED_DNS = 1,	  /* "dns" */
	BLOCKED_TCP_IP = 2,	  /* "tcp_ip" */
	BLOCKED_HTTP_FAILURE = 4, /* "http-failure" */
	BLOCKED_HTTP_DIFF = 8	  /* "http-diff" */
};
#define BLOCKED_HOW 4

/* "dns" for bit 0 and so on; NULL from BLOCKED_HOW on. */
const char *blocked_how_name(size_t bit);

/* An outlet's own site that is blocked in a country, and how one knows. NULL
 * and 0 where nothing is said. */
struct blocked {
	char *host;  /* lower case; all names below it are meant, too */
	char *name;  /* what people call it */
	char *since; /* "2022-03-04", "2022-03" or "2022", at the latest */
	unsigned how;
	char *source;	    /* who says so */
	char *from, *until; /* first and last day of these counts: */
	uint64_t measured;  /* 0: nobody counted */
	uint64_t confirmed; /* a block page or address that is known: proof */
	uint64_t anomalies; /* something was odd: no proof */
	enum country_word word;
};

/* Whether an entry is more than a suspicion: it has confirmed measurements,
 * or a source that does not count. */
bool blocked_proven(const struct blocked *b);

/* One country. Strings are owned by the table. */
struct country {
	struct country_code code;
	char *name; /* or NULL */
	/* All ways, first to last; the first `ordered` are as the table says
	 * them, the others behind them in their usual order. */
	enum strategy order[STRATEGY_COUNT];
	size_t ordered;
	enum country_word word; /* whose order that is */
	char **mirrors;		/* names of mirrors to try first */
	size_t n_mirrors;
	char **avoid; /* host names, and all below them, to try last */
	size_t n_avoid;
	struct blocked *blocked;
	size_t n_blocked;
};

struct countries {
	struct country *list;
	size_t n;
};

/* Read a table: [country "RU"] with name, strategies, mirrors, avoid-hosts;
 * [blocked "RU site.example"] with name, since, how, source, measured,
 * confirmed, anomalies, from, until. `file` is used in errors. ERR_CONFIG,
 * ERR_NOMEM; *out is empty then. */
enum err countries_parse(struct span s, const char *file,
	enum country_word word, struct countries *out,
	struct diag *d) ERR_MUST_USE;

/* The same of the built-in table. */
enum err countries_builtin(struct countries *out, struct diag *d) ERR_MUST_USE;

/* The same from the member "countries" of a signed list
 * (erika-repository(5)). ERR_SYNTAX, ERR_REFUSED, ERR_LIMIT, ERR_NOMEM; *out
 * is empty then. */
enum err countries_from_json(
	const json_t *o, struct countries *out, struct diag *d) ERR_MUST_USE;

/* That member; NULL when out of memory. Owned by the caller. */
json_t *countries_to_json(const struct countries *cs);

/* Append one site's entry as countries_parse reads it, header included. */
enum err blocked_write(const char *code, const struct blocked *b,
	struct buf *out) ERR_MUST_USE;

/* Free what the struct owns and zero it; not the struct itself. */
void countries_clear(struct countries *cs);

/* Lay what `from` says over `to`, copying it: order, mirrors, hosts to avoid
 * and each site, wherever the word in `to` does not outrank the one in `from`.
 * What `from` does not speak of stays. ERR_LIMIT, ERR_NOMEM; *to is still a
 * table then. */
enum err countries_overlay(struct countries *to, const struct countries *from,
	struct diag *d) ERR_MUST_USE;

/* What is known about a country, borrowed from the table. ERR_MISSING when
 * that is nothing: *out is then the neutral order for this code, and `d` says
 * so to the user. "" is the neutral order without a word. ERR_USAGE for what
 * is no country code, with the neutral order too. */
enum err countries_find(const struct countries *cs, const char *code,
	struct country *out, struct diag *d) ERR_MUST_USE;

/* The place of a way in the country's order: 0 is tried first. */
size_t country_rank(const struct country *c, enum strategy s);

/* The entry of a host: its own, or that of a name above it, proven or not;
 * NULL: none. Borrowed. */
const struct blocked *country_blocked(
	const struct country *c, struct span host);

/* Whether nothing of this host is to be contacted from there: it is the site
 * of an outlet that is blocked, or below it, and that is proven. */
bool country_forbids(const struct country *c, struct span host);

/* How early to try a mirror, 0 first, whatever its ways: mirrors that the
 * country's table names; those meant for it; those for all; those for others;
 * then the same of mirrors at hosts to avoid. A mirror's url may be a
 * folder. */
#define COUNTRY_PLACES 8
unsigned country_place(const struct country *c, const struct mirror *m);

#endif
