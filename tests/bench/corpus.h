/* What the parts of the benchmark corpus generator share. corpus.c says what
 * it is. */
#ifndef CORPUS_H
#define CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- randomness: splitmix64, so that a seed means the same bytes anywhere */

struct rng {
	uint64_t s;
};

static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t z = r->s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A number in [0, n); n is small, so the bias of % does not matter. */
static inline unsigned
rng_below(struct rng *r, unsigned n)
{
	return (unsigned)((rng_next(r) >> 32) % n);
}

/* True k times in 1000. */
static inline bool
rng_permille(struct rng *r, unsigned k)
{
	return rng_below(r, 1000) < k;
}

/* ---- growing text */

struct text {
	char *p;
	size_t n, cap;
};

void text_add(struct text *t, const char *p, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- languages: word lists and a little grammar, one file each */

/* Words that inflect alike: endings separated by '|', stems by ' '. A class's
 * gender chooses among the endings of adjectives and verbs. */
struct word_class {
	int gender;
	const char *endings;
	const char *stems;
};

enum { WORD_CLASSES = 8 };

struct language {
	const char *code, *dir;
	struct word_class nouns[WORD_CLASSES], verbs[WORD_CLASSES],
		adjectives[WORD_CLASSES];
	int plural;	    /* first plural form of a noun, 0: none */
	int cases;	    /* forms an adjective has in each gender */
	int genitive;	    /* form of a noun that follows a noun */
	int object;	    /* form of a noun that a verb acts on */
	const char *tenses; /* forms of a verb to draw from; NULL: by the
				   gender of its subject */
	bool verb_last;
	bool adjective_after;
	const char *space; /* between words */
	const char *of;	   /* between a noun and its genitive */
	const char *stop, *comma, *quote[3]; /* "«", "», — ", "." and so on */
	const char *prefixes;	    /* make rare words of common ones */
	const char *onsets, *rimes; /* make syllables; zh: characters */
	/* Small words: before a noun (a digit: the form it asks for), between
	 * clauses, instead of a subject, before a noun, anywhere. */
	const char *prepositions, *conjunctions, *pronouns, *determiners,
		*fillers;
	const char *first, *last, *places, *adverbs;
	const char *titles[16], *patterns[64], *stock[64], *headings[16];
	const char *number[12]; /* %s is a number */
	const char *saved;	/* the note on a corrected article */
	/* Tuned until --measure agrees with real news; in 1000. */
	struct {
		unsigned topic;	      /* word from the article's own few */
		unsigned own;	      /* how many nouns those few are */
		unsigned collocation; /* noun phrase from the common ones */
		unsigned filler;      /* small word here */
		unsigned stock;	      /* sentence begins with a set phrase */
		unsigned rare;	      /* word made for the occasion */
		unsigned tail;	      /* this many derived, rarer nouns */
		unsigned flat;	      /* Zipf-Mandelbrot offset */
		unsigned bytes;	      /* mean length of a body */
	} tuning;
};

extern const struct language corpus_ru, corpus_en, corpus_fa, corpus_zh;

enum { LANGUAGES = 4 };

/* ---- text */

/* A language made ready: word lists split, collocations drawn. */
struct model;

struct model *model_new(const struct language *l, uint64_t seed);
void model_free(struct model *m);

/* One article, the n-th ever. `photo` names its picture or is NULL. Edited, it
 * has a changed paragraph, a note and a later date. */
struct article_plan {
	uint64_t seed;
	unsigned n;
	int day;    /* of publication: days after 2026-11-19 */
	int edited; /* the same of the last edit; 0: not edited */
	const char *photo;
};

/* The whole page; *body says where its <article> begins. */
void model_article(const struct model *m, const struct article_plan *a,
	struct text *out, size_t *body);

/* ---- photographs and figures */

void photo_write(struct text *out, uint64_t seed, unsigned n);

/* Compressed over original, by zlib level 9, raw deflate. */
enum measure_what {
	MEASURE_PAGE,	   /* each page alone */
	MEASURE_PAGE_DICT, /* with 32,506 bytes of earlier pages */
	MEASURE_SOLID,	   /* all pages in one stream */
	MEASURE_BODY,	   /* each <article> alone, without the page's head */
	MEASURE_BODY_DICT, /* with 32,506 bytes of earlier ones */
	MEASURES
};

/* Measure 1,200 articles; the dictionary is the end of 40 others. Returns the
 * mean bytes of a page. */
double measure_language(
	const struct language *l, uint64_t seed, double out[static MEASURES]);
void measure_print(FILE *f, uint64_t seed);

#endif
