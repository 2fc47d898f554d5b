/* Bundles that are signed as they should be and hostile all the same: what a
 * thief of a desk's key, or a careless newsroom, could publish. */
#ifndef ERIKA_HOSTILE_BUNDLE_H
#define ERIKA_HOSTILE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "../../src/core/bundle.h"

/* A correct index to start from: canonical JSON in a shorthand that
 * hostile_expand undoes. Four texts (one by dictionary, one by base, two
 * plain), two images (one of two parts), five articles, the fourth retracted,
 * and an image of an earlier bundle. */
extern const char hostile_index[];

/* The real thing: ' becomes ", @X sixty-four X, which looks like a hash, and
 * @@ one @. The caller frees it. */
char *hostile_expand(const char *s);

/* A copy of `s` in which `find`, which must be there exactly once, has become
 * `with`. The caller frees it. */
char *hostile_replace(const char *s, const char *find, const char *with);

/* Changes to that index, each with the refusal it must meet. */
struct hostile_case {
	const char *what, *find, *with;
	enum err want;
	const char *why; /* part of what the diag says */
};
extern const struct hostile_case hostile_cases[];
extern const size_t hostile_n_cases;

/* How a head departs from the index it is made of. All zero: not at all. */
struct hostile_head {
	const char *magic;    /* instead of BUNDLE_MAGIC */
	int packed, unpacked; /* added to the lengths it announces */
	size_t inner;	      /* zero bytes behind the deflate stream,
				    counted in the packed length */
	size_t outer;	      /* zero bytes behind the head */
	size_t cut;	      /* bytes missing at the end */
	bool raw;	      /* the index itself instead of its deflate */
};

/* Append a head of these index bytes. Aborts when out of memory. */
void hostile_make(
	struct span index, const struct hostile_head *h, struct buf *out);

/* Make it, vouch for it, and open it. */
enum err hostile_open_as(struct span index, const struct hostile_head *h,
	struct bundle **out, struct diag *d) ERR_MUST_USE;

/* The same without departures, and free the bundle at once. */
enum err hostile_open(struct span index, struct diag *d) ERR_MUST_USE;

/* One to three random changes to an index, the same for the same number. */
void hostile_mutate(struct buf *index, size_t number);

/* Any bytes, vouched for. Aborts when out of memory. */
struct verified *hostile_trust(struct span s);

#endif
