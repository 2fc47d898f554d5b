/* Admission without a server, for tests.
 *   admittool pull ROOT FINGERPRINT [OPTION...] SOURCE...
 *	--store N, --inodes N, --pin PATTERN, --kind push
 *	prints "BEFORE AFTER FILES"
 *   admittool feed ROOT FINGERPRINT [OPTION...] FOLDER
 *	the same from one folder without a fetcher: faster
 *   admittool put ROOT FINGERPRINT PATH FILE [PATH FILE]...
 *	prints "STATUS PATH" for each, all in one process
 *   admittool speed ROOT FINGERPRINT FOLDER
 *	puts the tree of FOLDER, prints bytes a second of CPU time */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../src/core/crypto.h"
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/core/words.h"
#include "../../src/sys/admit.h"
#include "../../src/sys/clock.h"
#include "../../src/sys/file.h"
#include "../../src/sys/pull.h"

static int
die(const struct diag *d)
{
	fprintf(stderr, "admittool: %s: %s\n", err_str(d->code), d->why);
	return err_exit(d->code);
}

#define PINS 16

/* How many arguments are options. */
static int
options(struct admit_publisher *p, const char *pins[static PINS],
	enum admit_kind *kind, int argc, char **argv)
{
	int i;

	p->pinned = pins;
	for (i = 0; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--store") == 0)
			p->store = strtoull(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--inodes") == 0)
			p->inodes = strtoull(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--pin") == 0 && p->n_pinned < PINS)
			pins[p->n_pinned++] = argv[i + 1];
		if (strcmp(argv[i], "--kind") == 0)
			*kind = ADMIT_PUSH;
	}
	return i;
}

static int
pull(struct admit_config *c, struct admit_publisher *p, enum admit_kind kind,
	int argc, char **argv)
{
	const char *pins[PINS];
	struct pull_report r;
	struct fetch *f = NULL;
	struct admit *a = NULL;
	struct diag d;
	enum err e;
	int i = options(p, pins, &kind, argc, argv);

	p->sources = (const char *const *)(argv + i);
	p->n_sources = (size_t)(argc - i);
	e = fetch_new(NULL, &f, &d);
	if (e == ERR_OK)
		e = admit_new(c, kind, &a, &d);
	if (e == ERR_OK) {
		e = pull_run(a, c, 0, f, &r, &d);
		printf("%llu %llu %llu\n", (unsigned long long)r.before,
			(unsigned long long)r.after,
			(unsigned long long)r.files);
		for (i = 0; i < (int)r.n_sources; i++)
			if (r.source[i].code != ERR_OK)
				fprintf(stderr, "source %d: %s\n", i,
					r.source[i].why);
	}
	admit_free(a);
	fetch_free(f);
	return e == ERR_OK ? 0 : die(&d);
}

static unsigned
put_one(struct serve_put *put, const char *path, struct span s, size_t piece)
{
	char why[160] = "";
	void *push;
	unsigned status = put->begin(put->arg, path, s.n, &push);

	if (status != 0)
		return status;
	while (status == 0 && s.n > 0) {
		size_t n = s.n < piece ? s.n : piece;

		status = put->write(put->arg, push, s.p, n);
		s = span_sub(s, n, s.n);
	}
	if (status == 0)
		status = put->end(put->arg, push, why);
	else
		put->cut(put->arg, push);
	if (why[0] != '\0')
		fprintf(stderr, "%s: %s", path, why);
	return status;
}

/* FOLDER/rest; false when it is not there. */
static bool
feed_one(struct serve_put *sp, const char *folder, const char *rest)
{
	char path[4096];
	unsigned status = 0;
	struct diag d;
	struct buf b;

	snprintf(path, sizeof(path), "%s/%s", folder, rest);
	buf_init(&b, LIMIT_BUNDLE);
	if (file_read(path, LIMIT_BUNDLE, &b, &d) == ERR_OK)
		status = put_one(sp, rest, buf_view(&b), 65536);
	buf_free(&b);
	return status >= 200 && status < 300;
}

static int
feed(struct admit_config *c, struct admit_publisher *p, int argc, char **argv)
{
	enum admit_kind kind = ADMIT_PULL;
	const char *pins[PINS], *folder = argv[argc - 1];
	struct serve_put sp;
	struct admit_wish w;
	struct admit *a;
	struct diag d;
	char rest[64];
	size_t at;
	enum err e;

	(void)options(p, pins, &kind, argc, argv);
	e = admit_new(c, kind, &a, &d);
	if (e != ERR_OK)
		return die(&d);
	admit_put(a, &sp);
	do
		snprintf(rest, sizeof(rest), "m/%llu.root.json",
			(unsigned long long)admit_next_root(a, 0));
	while (feed_one(&sp, folder, rest));
	(void)feed_one(&sp, folder, "m/timestamp.json");
	for (at = 0; admit_wants(a, 0, &at, &w) && w.path[0] == 'm'; at = 0)
		if (!feed_one(&sp, folder, w.path))
			break;
	for (at = 0; admit_wants(a, 0, &at, &w);)
		if (w.optional)
			(void)feed_one(&sp, folder, w.path);
	for (at = 0; admit_wants(a, 0, &at, &w);)
		if (!w.optional)
			(void)feed_one(&sp, folder, w.path);
	e = admit_finish(a, 0, &d);
	admit_free(a);
	return e == ERR_OK ? 0 : die(&d);
}

static int
put(struct admit_config *c, int argc, char **argv)
{
	struct serve_put sp;
	struct admit *a;
	struct diag d;
	enum err e = admit_new(c, ADMIT_PUSH, &a, &d);
	int i;

	if (e != ERR_OK)
		return die(&d);
	admit_put(a, &sp);
	for (i = 0; i + 1 < argc; i += 2) {
		struct buf b;

		buf_init(&b, LIMIT_BUNDLE);
		if (file_read(argv[i + 1], LIMIT_BUNDLE, &b, &d) != ERR_OK)
			return die(&d);
		printf("%u %s\n", put_one(&sp, argv[i], buf_view(&b), 65536),
			argv[i]);
		buf_free(&b);
	}
	admit_free(a);
	return 0;
}

/* What a push costs of a core: all of a tree, read before. */
static int
speed(struct admit_config *c, const char *folder)
{
	struct admit_wish w;
	struct serve_put sp;
	struct admit *a;
	struct diag d;
	clock_t took = 0, t;
	uint64_t bytes = 0;
	char path[4096], rest[64];
	struct buf b;
	size_t at;
	enum err e = admit_new(c, ADMIT_PUSH, &a, &d);
	int i;

	if (e != ERR_OK)
		return die(&d);
	admit_put(a, &sp);
	buf_init(&b, LIMIT_BUNDLE);
	for (i = 0;; i++) {
		if (i == 0)
			snprintf(rest, sizeof(rest), "m/1.root.json");
		else if (i == 1)
			snprintf(rest, sizeof(rest), "m/timestamp.json");
		else if (at = 0, !admit_wants(a, 0, &at, &w))
			break;
		snprintf(path, sizeof(path), "%s/%s", folder,
			i < 2 ? rest : w.path);
		buf_clear(&b);
		e = file_read(path, LIMIT_BUNDLE, &b, &d);
		if (e != ERR_OK)
			return die(&d);
		t = clock();
		if (put_one(&sp, i < 2 ? rest : w.path, buf_view(&b), 65536) !=
			201)
			return 1;
		took += clock() - t;
		bytes += b.n;
	}
	buf_free(&b);
	admit_free(a);
	printf("%.0f\n", (double)bytes / ((double)took / CLOCKS_PER_SEC));
	return 0;
}

int
main(int argc, char **argv)
{
	struct admit_publisher p = {
		.name = "one", .folder = "", .fingerprint_n = 32};
	struct admit_config c = {
		.publishers = &p, .n_publishers = 1, .now = clock_now};
	struct diag d;

	if (argc < 5 || crypto_start() != ERR_OK)
		return 2;
	c.root = argv[2];
	if (text_hex_decode(span_str(argv[3]), p.fingerprint, 32) != ERR_OK) {
		p.fingerprint_n = WORDS_BYTES;
		if (words_parse(span_str(argv[3]), p.fingerprint, &d) != ERR_OK)
			return die(&d);
	}
	if (strcmp(argv[1], "pull") == 0)
		return pull(&c, &p, ADMIT_PULL, argc - 4, argv + 4);
	if (strcmp(argv[1], "feed") == 0)
		return feed(&c, &p, argc - 4, argv + 4);
	if (strcmp(argv[1], "put") == 0)
		return put(&c, argc - 4, argv + 4);
	return speed(&c, argv[4]);
}
