/* A newsroom's output for benchmarks: the same bytes from the same seed,
 * anywhere.
 *
 *   corpus OUT [--articles N] [--images-mb M] [--seed S] [--day D]
 *   corpus --measure [--seed S]
 *
 * OUT/site/LANG-NNNNN.html are pages, OUT/site/photos/pNNNNN.jpg photographs.
 * Languages ru, en, fa, zh in turn, 40 articles a day up to 2026-11-19; the
 * defaults are 2,000 articles (7.8 MB) and 300 MB of photographs (1,875 of
 * about 160 KB). --day D (1, 2, ...) writes only what day D adds to
 * that: 40 articles, their photographs, and 3 earlier articles edited.
 *
 * Natural about it: sizes of articles and pictures, the share of each, the
 * page's head, and, within 6 %, how text compresses, alone, with a dictionary
 * of other days and as a month (figures below). Words follow Zipf and
 * inflect; names and collocations recur as they do in news. Pictures do not
 * compress.
 *
 * Not natural: nobody wrote it. Most rare words are syllables, sentences mean
 * nothing and agree badly, and articles do not follow each other's subjects
 * (a real newsroom's compress better for it). Statistics were fitted for
 * deflate; zstd -19 over all pages of a language comes out at .177 and .259 in
 * Russian and English (real news .165, .257), other codecs were not looked at.
 * All text is of one register, all pages of one template, all pictures of one
 * size. Searching, wrapping and bidi deserve tests/articles instead.
 *
 * --measure, seed 1; in brackets, real news (2,400 articles a language):
 *
 *     bytes  page         +32K dict    solid        body         +32K dict
 * ru   3641  .422 (.403)  .246 (.244)  .230 (.241)  .407 (.399)  .279 (.284)
 * en   3282  .496 (.485)  .343 (.342)  .325 (.341)  .508 (.488)  .398 (.386)
 * fa   4954  .368 (.350)  .224 (.226)  .213         .348 (.328)  .244 (.246)
 * zh   3463  .565 (.536)  .377 (.375)  .358         .565 (.548)  .435 (.439)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "corpus.h"

enum {
	PER_DAY = 40,
	EDITS = 3,
	PHOTO_BYTES = 160000 /* mean */
};

struct options {
	const char *out;
	unsigned articles, images_mb, day;
	uint64_t seed;
	bool measure;
};

static int
usage(void)
{
	fprintf(stderr,
		"usage: corpus OUT [--articles N] [--images-mb M] [--seed S] "
		"[--day D]\n       corpus --measure [--seed S]\n");
	return 2;
}

static bool
number_parse(const char *s, unsigned max, unsigned *out)
{
	char *end;

	errno = 0;
	unsigned long v = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0 || v > max)
		return false;
	*out = (unsigned)v;
	return true;
}

static bool
options_parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		unsigned v = 0;
		if (strcmp(argv[i], "--measure") == 0) {
			o->measure = true;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			if (o->out != NULL)
				return false;
			o->out = argv[i];
			continue;
		}
		if (i + 1 == argc || !number_parse(argv[i + 1], 90000, &v))
			return false;
		if (strcmp(argv[i], "--articles") == 0)
			o->articles = v;
		else if (strcmp(argv[i], "--images-mb") == 0)
			o->images_mb = v;
		else if (strcmp(argv[i], "--seed") == 0)
			o->seed = v;
		else if (strcmp(argv[i], "--day") == 0)
			o->day = v;
		else
			return false;
		i++;
	}
	return (o->out != NULL) != o->measure && o->articles > 0;
}

static bool
file_put(const char *path, const struct text *t)
{
	FILE *f = fopen(path, "wb");
	bool ok = f != NULL && fwrite(t->p, 1, t->n, f) == t->n;

	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "corpus: cannot write %s: %s\n", path,
			strerror(errno));
	return ok;
}

static bool
folder_make(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return true;
	fprintf(stderr, "corpus: cannot make %s: %s\n", path, strerror(errno));
	return false;
}

/* Whether article n has a photograph: `photos` of them are spread over every
 * `articles`, on and on. */
static bool
photo_of(const struct options *o, unsigned n)
{
	uint64_t photos = (uint64_t)o->images_mb * 1000000 / PHOTO_BYTES;

	if (photos > o->articles)
		photos = o->articles;
	return (n + 1) * photos / o->articles > n * photos / o->articles;
}

static bool
article_put(const struct options *o, struct model *const m[LANGUAGES],
	unsigned n, int edited, struct text *t)
{
	static const char *const code[LANGUAGES] = {"ru", "en", "fa", "zh"};
	char path[4096], photo[32];
	int day = n < o->articles ? -(int)((o->articles - 1 - n) / PER_DAY)
				  : (int)((n - o->articles) / PER_DAY) + 1;
	struct article_plan a = {o->seed, n, day, edited, NULL};
	size_t body;

	if (photo_of(o, n)) {
		snprintf(photo, sizeof(photo), "p%05u.jpg", n);
		a.photo = photo;
	}
	t->n = 0;
	model_article(m[n % LANGUAGES], &a, t, &body);
	snprintf(path, sizeof(path), "%s/site/%s-%05u.html", o->out,
		code[n % LANGUAGES], n);
	if (!file_put(path, t))
		return false;
	if (a.photo == NULL || edited != 0)
		return true;
	t->n = 0;
	photo_write(t, o->seed, n);
	snprintf(path, sizeof(path), "%s/site/photos/%s", o->out, photo);
	return file_put(path, t);
}

static bool
corpus_write(const struct options *o)
{
	struct model *m[LANGUAGES] = {model_new(&corpus_ru, o->seed),
		model_new(&corpus_en, o->seed), model_new(&corpus_fa, o->seed),
		model_new(&corpus_zh, o->seed)};
	unsigned first = 0, n = o->articles;
	struct text t = {0};
	char path[4096];
	bool ok = folder_make(o->out);

	snprintf(path, sizeof(path), "%s/site", o->out);
	ok = ok && folder_make(path);
	snprintf(path, sizeof(path), "%s/site/photos", o->out);
	ok = ok && folder_make(path);
	if (o->day > 0) {
		first = o->articles + (o->day - 1) * PER_DAY;
		n = PER_DAY;
		for (unsigned i = 0; ok && i < EDITS && i < o->articles; i++)
			ok = article_put(o, m,
				(o->articles - 1) * (i + 1) / EDITS,
				(int)o->day, &t);
	}
	for (unsigned i = 0; ok && i < n; i++)
		ok = article_put(o, m, first + i, 0, &t);
	for (int i = 0; i < LANGUAGES; i++)
		model_free(m[i]);
	free(t.p);
	return ok;
}

int
main(int argc, char **argv)
{
	struct options o = {.articles = 2000, .images_mb = 300, .seed = 1};

	if (!options_parse(&o, argc, argv))
		return usage();
	if (o.measure) {
		measure_print(stdout, o.seed);
		return 0;
	}
	return corpus_write(&o) ? 0 : 1;
}
