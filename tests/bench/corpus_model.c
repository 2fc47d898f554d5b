/* A language made ready to write: its words shuffled and ranked, rarer ones
 * derived, collocations drawn. */
#include <stdlib.h>
#include <string.h>

#include "corpus_model.h"

enum {
	LEXEMES = 16384,
	DERIVED = 64,  /* bytes of a derived word, on average, at most */
	WORDS = 65536, /* bytes of a language's lists, at most */
	LIST = sizeof(((struct list *)0)->w) / sizeof(char *)
};

static void
ranks_make(struct ranks *k, unsigned n, unsigned flat)
{
	uint64_t sum = 0;

	k->n = n;
	k->sum = calloc(n + 1, sizeof(*k->sum));
	if (k->sum == NULL)
		abort();
	for (unsigned i = 0; i < n; i++)
		k->sum[i] = sum += 1000000000u / (i + 1 + flat);
}

unsigned
ranks_pick(const struct ranks *k, struct rng *r)
{
	uint64_t x = rng_next(r) % k->sum[k->n - 1];
	unsigned lo = 0, hi = k->n - 1;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		if (k->sum[mid] > x)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

unsigned
derive_name(const struct model *m, char *w, struct rng *r)
{
	unsigned n = 0, k = 2 + rng_permille(r, 300);

	while (k-- > 0)
		n += (unsigned)sprintf(w + n, "%s%s",
			m->onsets.w[ranks_pick(&m->onsets.by, r)],
			m->rimes.w[ranks_pick(&m->rimes.by, r)]);
	return n;
}

/* A rare stem: a prefix before a common one, or syllables. Into *w. */
static unsigned
derive_stem(const struct model *m, const struct lexeme *from, char *w,
	struct rng *r)
{
	if (!rng_permille(r, 250))
		return derive_name(m, w, r);
	return (unsigned)sprintf(w, "%s%.*s",
		m->prefixes.w[rng_below(r, m->prefixes.n)], (int)from->n,
		from->stem);
}

/* The words written by hand, shuffled, then `tail` derived ones. */
static void
lexicon_make(struct model *m, struct lexicon *x, const struct word_class *c,
	unsigned tail, struct rng *r)
{
	unsigned n = 0;

	x->w = calloc(LEXEMES, sizeof(*x->w));
	if (x->w == NULL)
		abort();
	for (int i = 0; i < WORD_CLASSES && c[i].stems != NULL; i++)
		for (const char *s = c[i].stems; *s != '\0' && n < LEXEMES;) {
			size_t len = strcspn(s, " ");
			size_t end = strcspn(c[i].endings, "|");
			bool full =
				end > 0 && len > end &&
				memcmp(s + len - end, c[i].endings, end) == 0;
			x->w[n++] = (struct lexeme){
				s, (unsigned)(full ? len - end : len), &c[i]};
			s += len + (s[len] == ' ');
		}
	for (unsigned i = n; i > 1; i--) {
		unsigned j = rng_below(r, i);
		struct lexeme t = x->w[i - 1];
		x->w[i - 1] = x->w[j];
		x->w[j] = t;
	}
	x->written = n;
	for (; n < x->written + tail && n < LEXEMES; n++) {
		const struct lexeme *from = &x->w[rng_below(r, x->written)];
		char *w = m->derived;
		unsigned len = derive_stem(m, from, w, r);
		m->derived += len + 1;
		x->w[n] = (struct lexeme){w, len, from->c};
	}
	ranks_make(&x->by, n, m->l->tuning.flat);
}

/* Split at spaces into `copy`; '_' stands for a space within a word. */
static char *
list_split(struct list *k, const char *words, char *copy, unsigned flat)
{
	k->n = 0;
	while (*words != '\0' && k->n < LIST) {
		size_t n = strcspn(words, " ");
		k->w[k->n++] = copy;
		for (size_t i = 0; i < n; i++)
			*copy++ = words[i] == '_' ? ' ' : words[i];
		*copy++ = '\0';
		words += n + (words[n] == ' ');
	}
	ranks_make(&k->by, k->n, flat);
	return copy;
}

static void
list_take(struct list *k, const char *const *from, unsigned max, unsigned flat)
{
	for (k->n = 0; k->n < max && from[k->n] != NULL; k->n++)
		k->w[k->n] = from[k->n];
	ranks_make(&k->by, k->n, flat);
}

struct model *
model_new(const struct language *l, uint64_t seed)
{
	struct model *m = calloc(1, sizeof(*m));
	struct rng r = {seed ^ (uint64_t)l->code[0] << 32};
	char *w;

	if (m == NULL || (m->words = malloc(WORDS)) == NULL ||
		(m->derived = malloc(LEXEMES * 3 * DERIVED)) == NULL)
		abort();
	m->derived_start = m->derived;
	m->l = l;
	m->seed = seed;
	w = list_split(&m->first, l->first, m->words, 8);
	w = list_split(&m->last, l->last, w, 8);
	w = list_split(&m->places, l->places, w, 2);
	w = list_split(&m->adverbs, l->adverbs, w, 4);
	w = list_split(&m->prefixes, l->prefixes, w, 4);
	w = list_split(&m->onsets, l->onsets, w, 40);
	w = list_split(&m->rimes, l->rimes, w, 8);
	w = list_split(&m->prepositions, l->prepositions, w, 2);
	w = list_split(&m->conjunctions, l->conjunctions, w, 1);
	w = list_split(&m->pronouns, l->pronouns, w, 3);
	w = list_split(&m->determiners, l->determiners, w, 0);
	list_split(&m->fillers, l->fillers, w, 4);
	lexicon_make(m, &m->nouns, l->nouns, l->tuning.tail, &r);
	lexicon_make(m, &m->verbs, l->verbs, l->tuning.tail / 4, &r);
	lexicon_make(m, &m->adjectives, l->adjectives, l->tuning.tail / 2, &r);
	list_take(&m->titles, l->titles, 16, 4);
	list_take(&m->patterns, l->patterns, 64, 6);
	list_take(&m->stock, l->stock, 64, 4);
	list_take(&m->headings, l->headings, 16, 1);
	list_take(&m->numbers, l->number, 12, 1);
	for (unsigned i = 0; i < COLLOCATIONS; i++) {
		m->pair[i].noun = ranks_pick(&m->nouns.by, &r);
		m->pair[i].genitive = rng_permille(&r, 350);
		m->pair[i].other = m->pair[i].genitive
					   ? ranks_pick(&m->nouns.by, &r)
					   : ranks_pick(&m->adjectives.by, &r);
	}
	ranks_make(&m->pairs, COLLOCATIONS, 6);
	ranks_make(&m->people, PEOPLE, 10);
	return m;
}

void
model_free(struct model *m)
{
	if (m == NULL)
		return;
	struct ranks *all[] = {&m->nouns.by, &m->verbs.by, &m->adjectives.by,
		&m->first.by, &m->last.by, &m->places.by, &m->adverbs.by,
		&m->prefixes.by, &m->onsets.by, &m->rimes.by,
		&m->prepositions.by, &m->conjunctions.by, &m->pronouns.by,
		&m->determiners.by, &m->fillers.by, &m->titles.by,
		&m->patterns.by, &m->stock.by, &m->headings.by, &m->numbers.by,
		&m->pairs, &m->people};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]->sum);
	free(m->nouns.w);
	free(m->verbs.w);
	free(m->adjectives.w);
	free(m->words);
	free(m->derived_start);
	free(m);
}
