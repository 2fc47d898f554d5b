/* Dates without a clock or a time zone: seconds since 1970 UTC in and out. */
#ifndef ERIKA_DATE_H
#define ERIKA_DATE_H

#include <stdint.h>

#include "bytes.h"
#include "err.h"

/* "YYYY-MM-DDTHH:MM:SSZ" and its NUL (TUF section 4.2, RFC 3339 in UTC). */
#define DATE_SIZE 21

/* A moment as ISO 8601; years 0000 to 9999, others are clamped. */
void date_format(char out[static DATE_SIZE], int64_t t);

/* The strict inverse: exactly that form, a real calendar date. ERR_SYNTAX. */
enum err date_parse(struct span s, int64_t *t) ERR_MUST_USE;

/* Seconds since 1970 of a civil UTC date; month 1-12, day 1-31, not checked. */
int64_t date_of(int64_t year, unsigned month, unsigned day);

/* ISO 8601 week date of a moment: the week-numbering year and week 1-53. */
void date_week(int64_t t, int *year, int *week);

/* First second of an ISO week (its Monday, 00:00 UTC). */
int64_t date_of_week(int year, int week);

#endif
