/* The inside of a model: corpus_model.c makes it, corpus_text.c writes from
 * it. */
#ifndef CORPUS_MODEL_H
#define CORPUS_MODEL_H

#include "corpus.h"

enum { COLLOCATIONS = 1500, PEOPLE = 400 };

struct lexeme {
	const char *stem;
	unsigned n;
	const struct word_class *c;
};

/* Words, or indexes of anything, by rank: the r-th has weight 1/(r + flat). */
struct ranks {
	uint64_t *sum;
	unsigned n;
};

struct lexicon {
	struct lexeme *w;
	unsigned written; /* by hand; the others are derived */
	struct ranks by;
};

struct list {
	const char *w[512];
	unsigned n;
	struct ranks by;
};

struct model {
	const struct language *l;
	uint64_t seed;
	struct lexicon nouns, verbs, adjectives;
	struct list first, last, places, adverbs, prefixes, onsets, rimes;
	struct list prepositions, conjunctions, pronouns, determiners, fillers;
	struct list titles, patterns, stock, headings, numbers;
	struct {
		unsigned noun, other; /* other: adjective, or noun's genitive */
		bool genitive;
	} pair[COLLOCATIONS];
	struct ranks pairs, people;
	char *words, *derived; /* what the lists and lexicons point into */
	char *derived_start;
};

/* A rank, by Zipf's law. */
unsigned ranks_pick(const struct ranks *k, struct rng *r);

/* Two or three syllables into *w, which has room; returns their bytes. */
unsigned derive_name(const struct model *m, char *w, struct rng *r);

#endif
