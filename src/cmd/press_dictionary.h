/* Preset dictionaries: one for each language, made of the first articles
 * packed in it. */
#ifndef ERIKA_PRESS_DICTIONARY_H
#define ERIKA_PRESS_DICTIONARY_H

#include "press_pack.h"

/* For each language of these articles that has no dictionary yet and enough
 * text here, make one and record it. */
enum err dictionaries_train(struct room *r, const struct packing_held *held,
	size_t n, struct diag *d) ERR_MUST_USE;

#endif
