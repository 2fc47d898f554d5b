/* One JSON object a line on standard output: what --json prints. */
#ifndef ERIKA_PRESS_JSON_H
#define ERIKA_PRESS_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Print an object on a line of its own; borrows it. */
static inline void
press_json_print(const json_t *v)
{
	json_dumpf(v, stdout, JSON_COMPACT);
	putchar('\n');
}

#endif
