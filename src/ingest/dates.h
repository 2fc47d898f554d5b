/* Dates as feeds and pages write them. */
#ifndef ERIKA_DATES_H
#define ERIKA_DATES_H

#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"

/* RFC 822 as it is found (two-digit years, no weekday, no seconds, names of
 * zones, no zone: UTC) or RFC 3339 likewise (a space for the T, fractions, no
 * time, no zone). White space around it is fine. ERR_SYNTAX. */
enum err dates_parse(struct span s, int64_t *t) ERR_MUST_USE;

#endif
