/* How words reach a person: broken between words where a terminal is narrow,
 * and the near name of one that is mistyped. */
#ifndef ERIKA_COMMON_SAY_H
#define ERIKA_COMMON_SAY_H

#include <stdbool.h>
#include <stdio.h>

/* Columns of the terminal that `f` is; 0 when it is none, or does not say. */
unsigned say_columns(FILE *f);

/* Write UTF-8 text. On a terminal a line that is too long for it is broken at
 * a space, and goes on two columns deeper than it began; a word longer than
 * that is left to the terminal. Anywhere else it is written as it is. */
void say(FILE *f, const char *text);

/* Whether `typed` is what somebody means who wants `name`: its beginning, of
 * two letters or more, or one slip away (a letter more, less, another, or
 * two that changed places). */
bool say_near(const char *typed, const char *name);

#endif
