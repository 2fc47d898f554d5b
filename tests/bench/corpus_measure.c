/* How the corpus compresses, beside how real news did. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "corpus.h"

enum { DICT = 32506, PAST = 40, MEASURED = 1200 };

static size_t
deflated(const void *p, size_t n, const struct text *dict)
{
	z_stream z = {0};
	uLong cap = compressBound((uLong)n);
	Bytef *out = malloc(cap);

	if (out == NULL || deflateInit2(&z, 9, Z_DEFLATED, -15, 8,
				   Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	if (dict != NULL) {
		size_t k = dict->n < DICT ? dict->n : DICT;
		deflateSetDictionary(
			&z, (Bytef *)dict->p + dict->n - k, (uInt)k);
	}
	z.next_in = (Bytef *)p;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	n = z.total_out;
	deflateEnd(&z);
	free(out);
	return n;
}

double
measure_language(
	const struct language *l, uint64_t seed, double out[static MEASURES])
{
	struct model *m = model_new(l, seed);
	struct text page = {0}, all = {0}, past = {0}, bodies = {0};
	size_t sum[MEASURES] = {0}, body_bytes = 0;

	for (unsigned i = 0; i < PAST + MEASURED; i++) {
		struct article_plan a = {.seed = seed,
			.n = i,
			.day = (int)i / 40,
			.photo = "p00000.jpg"};
		size_t at;
		page.n = 0;
		model_article(m, &a, &page, &at);
		const char *body = page.p + at;
		size_t n = page.n - at;
		if (i < PAST) {
			text_add(&past, page.p, page.n);
			text_add(&bodies, body, n);
			continue;
		}
		text_add(&all, page.p, page.n);
		body_bytes += n;
		sum[MEASURE_PAGE] += deflated(page.p, page.n, NULL);
		sum[MEASURE_PAGE_DICT] += deflated(page.p, page.n, &past);
		sum[MEASURE_BODY] += deflated(body, n, NULL);
		sum[MEASURE_BODY_DICT] += deflated(body, n, &bodies);
	}
	sum[MEASURE_SOLID] = deflated(all.p, all.n, NULL);
	for (int i = 0; i < MEASURES; i++)
		out[i] = (double)sum[i] /
			 (double)(i >= MEASURE_BODY ? body_bytes : all.n);
	double mean = (double)all.n / MEASURED;
	free(page.p);
	free(all.p);
	free(past.p);
	free(bodies.p);
	model_free(m);
	return mean;
}

void
measure_print(FILE *f, uint64_t seed)
{
	static const struct language *const all[LANGUAGES] = {
		&corpus_ru, &corpus_en, &corpus_fa, &corpus_zh};
	/* Real news, same order of columns; 0: not measured. */
	static const double real[LANGUAGES][MEASURES] = {
		{.403, .244, .241, .399, .284},
		{.485, .342, .341, .488, .386},
		{.350, .226, 0, .328, .246},
		{.536, .375, 0, .548, .439},
	};

	fprintf(f, "    bytes  page         +32K dict    solid        body     "
		   "    +32K dict\n");
	for (int i = 0; i < LANGUAGES; i++) {
		double got[MEASURES];
		fprintf(f, "%s %6.0f", all[i]->code,
			measure_language(all[i], seed, got));
		for (int j = 0; j < MEASURES; j++) {
			fprintf(f, "  .%03.0f", got[j] * 1000);
			if (real[i][j] > 0)
				fprintf(f, " (.%03.0f)", real[i][j] * 1000);
			else
				fprintf(f, "       ");
		}
		fprintf(f, "\n");
	}
}
