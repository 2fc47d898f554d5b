/* Drives src/sys/fetch.c for tests/cli/fetch.sh: wishes in, a line for each
 * out.
 *
 * fetchtool [-p] [-s SECONDS] [-a CAFILE] [-o DIR] WISH... [, WISH...]...
 *	WISH is BASE|PATH|OFFSET|N|MAX, with |p when private addresses are
 *	allowed; the wishes before each "," are one call
 *	-p  private addresses are allowed to all
 *	-o  bodies go to DIR/0, DIR/1, ...; later calls go on counting
 * Each wish gives "ERR BODY WIRE REQUESTS WHY"; the call itself "call ERR". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/core/limits.h"
#include "../../src/sys/fetch.h"

static const char *const names[ERR_COUNT] = {
	[ERR_OK] = "OK",
	[ERR_FAILED] = "FAILED",
	[ERR_NOMEM] = "NOMEM",
	[ERR_IO] = "IO",
	[ERR_MISSING] = "MISSING",
	[ERR_NETWORK] = "NETWORK",
	[ERR_TIMEOUT] = "TIMEOUT",
	[ERR_TRUNCATED] = "TRUNCATED",
	[ERR_TRAILING] = "TRAILING",
	[ERR_REFUSED] = "REFUSED",
	[ERR_LIMIT] = "LIMIT",
	[ERR_UNSUPPORTED] = "UNSUPPORTED",
};

static const char *
name_of(enum err e)
{
	return e < ERR_COUNT && names[e] != NULL ? names[e] : "UNEXPECTED";
}

/* The next field of a wish; cuts it up. */
static char *
field(char **s)
{
	char *f = strsep(s, "|");

	if (f == NULL) {
		fprintf(stderr, "fetchtool: BASE|PATH|OFFSET|N|MAX\n");
		exit(2);
	}
	return f;
}

static void
wish_read(char *s, bool private, struct fetch_want *w)
{
	w->base = field(&s);
	w->path = field(&s);
	w->offset = strtoull(field(&s), NULL, 10);
	w->n = strtoul(field(&s), NULL, 10);
	w->max = strtoul(field(&s), NULL, 10);
	w->allow_private = private || s != NULL;
}

static void
body_write(const char *dir, size_t i, const struct buf *b)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%zu", dir, i);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0) {
		perror(path);
		exit(2);
	}
}

/* One call; bodies are counted from `first`. */
static void
call(struct fetch *f, const struct fetch_want *want, size_t n, double seconds,
	const char *dir, size_t first)
{
	struct fetch_got *got = calloc(n + 1, sizeof(*got));
	struct diag d = {0};
	enum err e;
	size_t i;

	if (got == NULL)
		exit(2);
	e = fetch_all(f, want, n, seconds, got, &d);
	printf("call %s %s\n", name_of(e), d.why);
	for (i = 0; i < n; i++) {
		printf("%s %zu %llu %u %s\n", name_of(got[i].err),
			got[i].body.n, (unsigned long long)got[i].wire,
			got[i].requests, got[i].diag.why);
		if (dir != NULL && got[i].err == ERR_OK && got[i].body.n > 0)
			body_write(dir, first + i, &got[i].body);
		buf_free(&got[i].body);
	}
	free(got);
}

int
main(int argc, char **argv)
{
	struct fetch_options o = {0};
	struct fetch_want *want;
	struct fetch *f;
	struct diag d;
	double seconds = 20;
	const char *dir = NULL;
	bool private = false;
	size_t n = 0, first = 0;
	int c;

	while ((c = getopt(argc, argv, "ps:a:o:")) != -1) {
		if (c == 'p')
		private = true;
		else if (c == 's') seconds = strtod(optarg, NULL);
		else if (c == 'a') o.ca_file = optarg;
		else if (c == 'o') dir = optarg;
		else return 2;
	}
	want = calloc((size_t)argc, sizeof(*want));
	if (want == NULL || fetch_new(&o, &f, &d) != ERR_OK)
		return 2;
	for (; optind < argc; optind++) {
		if (strcmp(argv[optind], ",") != 0) {
			wish_read(argv[optind], private, &want[n++]);
			continue;
		}
		call(f, want, n, seconds, dir, first);
		first += n;
		n = 0;
	}
	call(f, want, n, seconds, dir, first);
	fetch_free(f);
	free(want);
	return 0;
}
