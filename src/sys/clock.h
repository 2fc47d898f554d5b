/* The time: the only code that asks for it. Core and tests get `now` passed
 * in. */
#ifndef ERIKA_CLOCK_H
#define ERIKA_CLOCK_H

#include <stdint.h>

/* Seconds since 1970 UTC by the machine's clock, which may be wrong. */
int64_t clock_now(void);

/* Microseconds since some moment in the past; never goes back. For deadlines
 * and durations. */
int64_t clock_steady(void);

#endif
