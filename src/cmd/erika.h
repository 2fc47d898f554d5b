/* The commands of erika, one file each, and what they share. */
#ifndef ERIKA_ERIKA_H
#define ERIKA_ERIKA_H

#include <jansson.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../sys/library.h"
#include "command.h"

#define ERIKA_COMMAND(name)                                                    \
	enum err erika_##name(                                                 \
		struct context *cx, int argc, char **argv, struct diag *d)

ERIKA_COMMAND(add);
ERIKA_COMMAND(doctor);
ERIKA_COMMAND(forget);
ERIKA_COMMAND(list);
ERIKA_COMMAND(outlets);
ERIKA_COMMAND(read);
ERIKA_COMMAND(share);
ERIKA_COMMAND(sync);
ERIKA_COMMAND(verify);

/* "2026-11-23 18:00 UTC" into a caller's array; returns it. */
#define ERIKA_DATE 24
const char *erika_date(char out[static ERIKA_DATE], int64_t t);

/* Eight words of a fingerprint with spaces between, into a caller's array. */
#define ERIKA_WORDS 80
const char *erika_words(
	char out[static ERIKA_WORDS], const uint8_t fingerprint[static 32]);

/* "fresh: as of ..., until ..." or "STALE: ..." for an outlet, without the
 * line's end. Times are those of the newsroom's machine. */
void erika_fresh(
	char *out, size_t size, const struct library_outlet *o, int64_t now);

/* Open the library and list its outlets. None yet is ERR_MISSING with what to
 * do, unless `none_ok`. */
enum err erika_library(struct library **l, struct library_outlets *outlets,
	bool none_ok, struct diag *d) ERR_MUST_USE;

/* An outlet that the user may mean who writes this; NULL: none. */
const struct library_outlet *erika_outlet_near(
	const struct library_outlets *outlets, const char *name);

/* The outlet that the user names, by library_outlet_find; where there is none,
 * its error says which may have been meant. */
enum err erika_outlet_find(const struct library_outlets *outlets,
	const char *name, const struct library_outlet **out,
	struct diag *d) ERR_MUST_USE;

/* The outlet whose anchor this is, by its fingerprint; NULL: none of ours.
 * ERR_SYNTAX, ERR_LIMIT when it is no root at all, ERR_SIGNATURE when it is
 * not signed by itself. */
enum err erika_outlet_of(const struct library_outlets *outlets,
	struct span anchor, const struct library_outlet **out,
	struct diag *d) ERR_MUST_USE;

/* Name an outlet gives itself in its root ("x-erika-outlet"). Owned by the
 * caller. ERR_SYNTAX when it has none that can be shown. */
enum err erika_root_name(
	struct span root, char **name, struct diag *d) ERR_MUST_USE;

/* A day in UTC, "2026-11-23", that option --name gave. ERR_USAGE. */
enum err erika_day(const char *name, const char *s, int64_t *t,
	struct diag *d) ERR_MUST_USE;

/* What in a folder, that is itself no mirror, somebody may have meant: the
 * only mirror or share file just below it, as "; is it PATH?", escaped. ""
 * when there is none, or several. */
void erika_below(char *out, size_t size, const char *folder);

/* Print one line of JSON to stdout. Takes the value; NULL is ERR_NOMEM. */
enum err erika_json(json_t *v, struct diag *d) ERR_MUST_USE;

/* A string; one that is not UTF-8 (a path may be anything) is escaped. */
json_t *erika_json_text(const char *s);

/* A date as ISO 8601; 0 is null. */
json_t *erika_json_date(int64_t t);

/* Show text on stdout, by a pager when that is a terminal and the text is
 * longer than it. */
enum err erika_page(const struct context *cx, struct span text,
	struct diag *d) ERR_MUST_USE;

/* Columns of the terminal on stdout; 80 when it does not say, 0 when stdout
 * is no terminal. */
unsigned erika_columns(void);

#endif
