/* Preset dictionaries: one for each language, made of the first articles
 * packed in it. */
#ifndef ERIKA_PRESS_DICTIONARY_H
#define ERIKA_PRESS_DICTIONARY_H

#include "../core/limits.h"
#include "press_pack.h"

/* The tag that a language's dictionary goes by: what stands before the first
 * "-", in lower case. Regions and scripts write the same words. */
void dictionary_tag(char out[static LIMIT_LANG + 1], const char *language);

/* For each language of these articles that has no dictionary yet, make and
 * record one if they and those packed before have enough text. */
enum err dictionaries_train(struct room *r, const struct packing_held *held,
	size_t n, struct diag *d) ERR_MUST_USE;

#endif
