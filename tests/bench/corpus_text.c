/* Articles for the benchmark corpus: sentences from a small grammar, words by
 * Zipf's law, and the three kinds of repetition that news has: within an
 * article (its own few words and names), between articles (collocations and
 * set phrases), and hardly any (words and names made for the occasion). */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "corpus_model.h"

enum {
	OWN_WORDS = 64, /* at most */
	OWN_NAMES = 4,
	DATE = 40,
	SENTENCES = 3,	  /* of a paragraph, at the mean */
	DAY0 = 1795046400 /* 2026-11-19T00:00Z */
};

/* One article being written. */
struct writing {
	const struct model *m;
	struct text *out;
	struct rng r;
	unsigned noun[OWN_WORDS], verb[OWN_WORDS], adjective[OWN_WORDS];
	unsigned n_nouns, n_others; /* of them */
	char person[OWN_NAMES][128];
	const char *place[OWN_NAMES];
	int gender; /* of the last subject */
};

/* ---- growing text */

void
text_add(struct text *t, const char *p, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = (t->n + n + 1) * 2;
		t->p = realloc(t->p, t->cap);
		if (t->p == NULL)
			abort();
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void
text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	text_puts(t, line);
}

/* ---- words */

/* The `form`-th of the endings, '|' between them; the last when fewer. */
static void
put_ending(struct text *out, const char *endings, int form)
{
	while (form-- > 0) {
		const char *next = strchr(endings, '|');
		if (next == NULL)
			break;
		endings = next + 1;
	}
	text_add(out, endings, strcspn(endings, "|"));
}

static void
put_word(struct writing *w, const struct lexeme *x, int form)
{
	text_add(w->out, x->stem, x->n);
	put_ending(w->out, x->c->endings, form);
}

static const char *
pick(struct writing *w, const struct list *k)
{
	return k->w[ranks_pick(&k->by, &w->r)];
}

static void
put_made(struct writing *w)
{
	char name[256];

	text_add(w->out, name, derive_name(w->m, name, &w->r));
}

/* A small word and a space, sometimes. */
static void
put_small(struct writing *w, const struct list *k, unsigned permille)
{
	if (k->n == 0 || !rng_permille(&w->r, permille))
		return;
	text_puts(w->out, pick(w, k));
	text_puts(w->out, w->m->l->space);
}

/* Make the letter at `at` a capital: Latin and Cyrillic. */
static void
capitalise(struct text *t, size_t at)
{
	unsigned char *p = (unsigned char *)t->p + at;

	if (at >= t->n)
		return;
	if (*p >= 'a' && *p <= 'z') {
		*p = (unsigned char)(*p - 32);
	} else if (p[0] == 0xd0 && p[1] >= 0xb0) {
		p[1] = (unsigned char)(p[1] - 0x20);
	} else if (p[0] == 0xd1 && p[1] >= 0x80 && p[1] <= 0x8f) {
		p[0] = 0xd0;
		p[1] = (unsigned char)(p[1] + 0x20);
	}
}

static unsigned
pick_word(struct writing *w, const struct lexicon *x, const unsigned *own,
	unsigned n_own)
{
	if (rng_permille(&w->r, w->m->l->tuning.topic))
		return own[rng_below(&w->r, n_own)];
	return ranks_pick(&x->by, &w->r);
}

static void
put_adjective(struct writing *w, unsigned i, int gender, int form)
{
	put_word(w, &w->m->adjectives.w[i], gender * w->m->l->cases + form);
}

/* A noun phrase. `form` is the noun's; in a language with cases it is the
 * singular's and the number is drawn. */
static void
put_noun_phrase(struct writing *w, int form)
{
	const struct model *m = w->m;
	const struct language *l = m->l;
	unsigned i = pick_word(w, &m->nouns, w->noun, w->n_nouns);
	unsigned other =
		pick_word(w, &m->adjectives, w->adjective, w->n_others);
	bool genitive = rng_permille(&w->r, 150);
	bool adjective = !genitive && rng_permille(&w->r, 400);
	bool made = rng_permille(&w->r, l->tuning.rare);

	if (!made && rng_permille(&w->r, l->tuning.collocation)) {
		unsigned p = ranks_pick(&m->pairs, &w->r);
		i = m->pair[p].noun;
		other = m->pair[p].other;
		genitive = m->pair[p].genitive;
		adjective = !genitive;
	} else if (genitive) {
		other = pick_word(w, &m->nouns, w->noun, w->n_nouns);
	}
	const struct lexeme *x = &m->nouns.w[i];
	int gender = x->c->gender, agree = form;
	if (rng_permille(&w->r, 300)) {
		form += l->plural;
		gender = l->cases > 1 ? 3 : 0;
	}
	if (l->cases == 1)
		agree = 0;
	put_small(w, &m->determiners, l->tuning.filler);
	w->gender = gender;
	if (adjective && !l->adjective_after) {
		put_adjective(w, other, gender, agree);
		text_puts(w->out, l->space);
	}
	if (made) {
		put_made(w);
		put_ending(w->out, x->c->endings, form);
	} else {
		put_word(w, x, form);
	}
	if (adjective && l->adjective_after) {
		text_puts(w->out, l->space);
		put_adjective(w, other, gender, agree);
	}
	if (genitive) {
		text_puts(w->out, l->of);
		put_word(w, &m->nouns.w[other], l->genitive);
	}
}

static void
put_number(struct writing *w)
{
	const struct list *k = &w->m->numbers;
	const char *s = pick(w, k);
	const char *at = strstr(s, "%s");
	unsigned n = rng_below(&w->r, rng_permille(&w->r, 500) ? 90 : 990) + 2;

	text_add(w->out, s, (size_t)(at - s));
	if (rng_permille(&w->r, 100))
		text_printf(w->out, "%u,%u", n % 100, rng_below(&w->r, 10));
	else
		text_printf(w->out, "%u", n);
	text_puts(w->out, at + 2);
}

static void
put_slot(struct writing *w, char kind, int form)
{
	const struct model *m = w->m;
	const struct list *k;
	size_t at = w->out->n;

	switch (kind) {
	case 'N':
		put_noun_phrase(w, form);
		break;
	case 'V':
		put_word(w,
			&m->verbs.w[pick_word(
				w, &m->verbs, w->verb, w->n_others)],
			form >= 0 ? form : w->gender);
		break;
	case 'D':
		k = &m->adverbs;
		text_puts(w->out, pick(w, k));
		break;
	case 'L':
		if (!rng_permille(&w->r, m->l->tuning.rare)) {
			text_puts(
				w->out, w->place[rng_below(&w->r, OWN_NAMES)]);
			break;
		}
		put_made(w);
		capitalise(w->out, at);
		break;
	case 'E':
		w->gender = 0;
		text_puts(w->out, w->person[rng_below(&w->r, OWN_NAMES)]);
		break;
	default:
		put_number(w);
		break;
	}
}

static void
put_pattern(struct writing *w, const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p != '%') {
			text_add(w->out, p, 1);
			continue;
		}
		char kind = *++p;
		int form = -1;
		if (p[1] >= '0' && p[1] <= '9')
			form = *++p - '0';
		put_slot(w, kind, form);
	}
}

static void
put_verb(struct writing *w)
{
	const struct model *m = w->m;
	const char *t = m->l->tenses;
	int form = w->gender;

	if (t != NULL)
		form = t[rng_below(&w->r, (unsigned)strlen(t))] - '0';
	put_small(w, &m->fillers, m->l->tuning.filler);
	put_slot(w, 'V', form);
}

/* A preposition and its noun; the digit at its end is the noun's form. */
static void
put_place(struct writing *w)
{
	const char *p = pick(w, &w->m->prepositions);
	size_t n = strcspn(p, "0123456789");

	text_add(w->out, p, n);
	text_puts(w->out, w->m->l->space);
	if (rng_permille(&w->r, 100))
		put_slot(w, 'Q', 0);
	else
		put_noun_phrase(w, p[n] == '\0' ? 0 : p[n] - '0');
}

static void
put_clause(struct writing *w)
{
	const struct model *m = w->m;
	const char *sp = m->l->space;
	unsigned kind = rng_below(&w->r, 100);

	if (kind < 30)
		text_puts(w->out, pick(w, &m->pronouns));
	else if (kind < 45)
		put_slot(w, 'E', 0);
	else
		put_noun_phrase(w, 0);
	text_puts(w->out, sp);
	if (!m->l->verb_last)
		put_verb(w);
	if (rng_permille(&w->r, 600)) {
		text_puts(w->out, m->l->verb_last ? "" : sp);
		put_noun_phrase(w, m->l->object);
		text_puts(w->out, m->l->verb_last ? sp : "");
	}
	for (int i = 0; i < 2 && rng_permille(&w->r, 500); i++) {
		text_puts(w->out, m->l->verb_last ? "" : sp);
		put_small(w, &m->fillers, m->l->tuning.filler / 2);
		put_place(w);
		text_puts(w->out, m->l->verb_last ? sp : "");
	}
	if (m->l->verb_last)
		put_verb(w);
}

static void
put_sentence(struct writing *w)
{
	const struct model *m = w->m;
	const struct language *l = m->l;
	bool quoted = rng_permille(&w->r, 80);
	size_t at;

	if (quoted)
		text_puts(w->out, l->quote[0]);
	at = w->out->n;
	if (rng_permille(&w->r, l->tuning.stock)) {
		text_puts(w->out, pick(w, &m->stock));
		text_puts(w->out, l->comma);
		text_puts(w->out, l->space);
	}
	if (rng_permille(&w->r, 100))
		put_pattern(w, pick(w, &m->patterns));
	else
		put_clause(w);
	for (int i = 0; i < 2 && rng_permille(&w->r, 350); i++) {
		const char *c = pick(w, &m->conjunctions);
		text_puts(w->out, c[0] == '+' ? "" : l->comma);
		text_puts(w->out, l->space);
		text_puts(w->out, c[0] == '+' ? c + 1 : c);
		text_puts(w->out, l->space);
		put_clause(w);
	}
	capitalise(w->out, at);
	if (quoted) {
		text_puts(w->out, l->quote[1]);
		put_slot(w, 'E', 0);
	}
	text_puts(w->out, l->stop);
}

/* ---- articles */

/* Names recur: a person is a rank among PEOPLE, or is met once. */
static void
person_make(struct writing *w, char name[static 128])
{
	const struct model *m = w->m;
	bool once = rng_permille(&w->r, 150);
	struct rng who = {m->seed + 7919u * ranks_pick(&m->people, &w->r)};
	const char *first = m->first.w[ranks_pick(&m->first.by, &who)];
	const char *last = m->last.w[ranks_pick(&m->last.by, &who)];
	struct text t = {0}, *out = w->out;

	if (once) {
		w->out = &t;
		put_made(w);
		capitalise(&t, 0);
		w->out = out;
		last = t.p;
	}
	if (m->l->space[0] == '\0')
		snprintf(name, 128, "%s%s", last, first);
	else
		snprintf(name, 128, "%s %s", first, last);
	free(t.p);
}

static void
writing_begin(struct writing *w)
{
	const struct model *m = w->m;

	w->n_nouns = m->l->tuning.own;
	w->n_others = w->n_nouns / 2 + 1;
	for (unsigned i = 0; i < w->n_nouns; i++)
		w->noun[i] = rng_below(&w->r, m->nouns.by.n);
	for (unsigned i = 0; i < w->n_others; i++) {
		w->verb[i] = rng_below(&w->r, m->verbs.by.n);
		w->adjective[i] = rng_below(&w->r, m->adjectives.by.n);
	}
	for (int i = 0; i < OWN_NAMES; i++) {
		person_make(w, w->person[i]);
		w->place[i] = pick(w, &m->places);
	}
}

static void
date_format(char out[static DATE], time_t t)
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, DATE, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
}

static void
put_head(struct writing *w, const struct article_plan *a, const char *title,
	const char *when, const char *url)
{
	const struct language *l = w->m->l;

	text_printf(w->out,
		"<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n"
		"<meta charset=\"utf-8\"/>\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\"/>\n<title>%s</title>\n",
		l->code, l->dir, title);
	text_printf(w->out,
		"<meta name=\"author\" content=\"%s\"/>\n"
		"<meta name=\"robots\" content=\"max-image-preview:large\"/>\n"
		"<meta property=\"og:type\" content=\"article\"/>\n"
		"<meta property=\"og:site_name\" content=\"The Harbour\"/>\n"
		"<meta property=\"article:published_time\" content=\"%s\"/>\n",
		w->person[OWN_NAMES - 1], when);
	if (a->edited != 0) {
		char edited[DATE];
		date_format(edited, DAY0 + a->edited * 86400L + 23400);
		text_printf(w->out,
			"<meta property=\"article:modified_time\" "
			"content=\"%s\"/>\n",
			edited);
	}
	text_printf(w->out,
		"<meta property=\"article:tag\" content=\"%.*s\"/>\n"
		"<link rel=\"canonical\" href=\"%s\"/>\n</head>\n<body>\n",
		(int)w->m->nouns.w[w->noun[0]].n,
		w->m->nouns.w[w->noun[0]].stem, url);
}

static void
put_figure(struct writing *w, const char *photo)
{
	size_t at;

	text_printf(w->out, "<figure><img src=\"photos/%s\" alt=\"", photo);
	at = w->out->n;
	put_noun_phrase(w, 0);
	capitalise(w->out, at);
	text_puts(w->out, "\"/><figcaption>");
	at = w->out->n;
	put_pattern(w, "%N0, %L. ");
	text_puts(w->out, w->person[OWN_NAMES - 2]);
	capitalise(w->out, at);
	text_puts(w->out, "</figcaption></figure>\n");
}

static void
put_paragraphs(struct writing *w, const struct article_plan *a, unsigned n)
{
	const struct model *m = w->m;

	for (unsigned i = 0; i < n; i++) {
		/* each from its own seed, so that an edit changes only one */
		w->r.s = a->seed * 1000003u + a->n * 4099u + i * 131u + 1 +
			 (i == n / 2 ? (unsigned)a->edited * 77u : 0);
		if (i > 2 && rng_permille(&w->r, 90))
			text_printf(
				w->out, "<h2>%s</h2>\n", pick(w, &m->headings));
		text_puts(w->out, "<p>");
		unsigned k = SENTENCES - 1 + rng_below(&w->r, 3);
		for (unsigned j = 0; j < k; j++) {
			if (j > 0)
				text_puts(w->out, m->l->space);
			put_sentence(w);
		}
		text_puts(w->out, "</p>\n");
	}
	if (a->edited != 0)
		text_printf(w->out, "<p><em>%s</em></p>\n", m->l->saved);
}

/* Paragraphs that make about the wanted length, between 2/5 and 8/5 of it. */
static unsigned
paragraphs_for(struct writing *w)
{
	struct text sample = {0}, *out = w->out;
	struct rng kept = w->r;
	unsigned want = w->m->l->tuning.bytes;

	w->out = &sample;
	for (int i = 0; i < 20; i++)
		put_sentence(w);
	w->out = out;
	w->r = kept;
	unsigned one = (unsigned)sample.n / 20 * SENTENCES + 8;
	free(sample.p);
	want = want * (400 + rng_below(&w->r, 600) + rng_below(&w->r, 600)) /
	       1000;
	return want / one > 2 ? want / one : 2;
}

void
model_article(const struct model *m, const struct article_plan *a,
	struct text *out, size_t *body)
{
	struct text title = {0};
	struct writing w = {.m = m, .out = &title};
	time_t t = DAY0 + a->day * 86400L;
	char when[DATE], url[128];

	w.r.s = a->seed * 1000003u + a->n * 4099u;
	writing_begin(&w);
	put_pattern(&w, m->titles.w[ranks_pick(&m->titles.by, &w.r)]);
	capitalise(&title, 0);
	t += 5 * 3600 + (long)rng_below(&w.r, 14 * 60) * 60;
	date_format(when, t);
	snprintf(url, sizeof(url), "https://harbour.example/%s/%.4s/%.2s/%05u",
		m->l->code, when, when + 5, a->n);
	w.out = out;
	put_head(&w, a, title.p, when, url);
	*body = out->n;
	text_printf(out, "<article>\n<h1>%s</h1>\n", title.p);
	if (a->photo != NULL)
		put_figure(&w, a->photo);
	put_paragraphs(&w, a, paragraphs_for(&w));
	text_puts(out, "</article>\n</body>\n</html>\n");
	free(title.p);
}
