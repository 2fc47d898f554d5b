/* Drives src/sys/fetch.c for tests/cli/fetch*.sh: wishes in, a line for each
 * out.
 *
 * fetchtool [-prS] [-s SECONDS] [-a CAFILE] [-x PROXY] [-d RESOLVER] [-o DIR]
 *	WISH... [, WISH...]...
 * fetchtool -c
 *	WISH is BASE|PATH|OFFSET|N|MAX, and then |p when private addresses are
 *	allowed, |f for a fresh connection, |FIELD=VALUE of its route, with
 *	FIELD strategy, address, sni, pin, front, resolver, resolver_address
 *	or proxy; the wishes before each "," are one call
 *	-c  which strategies there are
 *	-p  private addresses are allowed to all
 *	-r  the sandbox is required
 *	-O  the tool itself gives up the network, as the reader does
 *	-S  print status, connect and first_byte too, as yes or no
 *	-x, -d  the proxy and the resolver of the user
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

/* FIELD=VALUE of a route. */
static void
route_read(char *s, struct route *r)
{
	const struct {
		const char *name;
		const char **to;
	} fields[] = {{"address", &r->address}, {"sni", &r->sni},
		{"pin", &r->pin}, {"front", &r->front},
		{"resolver", &r->resolver},
		{"resolver_address", &r->resolver_address},
		{"proxy", &r->proxy}};
	char *name = strsep(&s, "=");
	size_t i;

	if (s != NULL && strcmp(name, "strategy") == 0 &&
		strategy_read(span_str(s), &r->strategy))
		return;
	for (i = 0; s != NULL && i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(name, fields[i].name) == 0) {
			*fields[i].to = s;
			return;
		}
	fprintf(stderr, "fetchtool: no field %s\n", name);
	exit(2);
}

static void
wish_read(char *s, bool private, struct fetch_want *w)
{
	struct route *r = calloc(1, sizeof(*r));
	char *more;

	*w = (struct fetch_want){.allow_private = private};
	w->base = field(&s);
	w->path = field(&s);
	w->offset = strtoull(field(&s), NULL, 10);
	w->n = strtoul(field(&s), NULL, 10);
	w->max = strtoul(field(&s), NULL, 10);
	while (s != NULL) {
		more = strsep(&s, "|");
		if (strcmp(more, "p") == 0) {
			w->allow_private = true;
		} else if (strcmp(more, "f") == 0) {
			w->fresh = true;
		} else {
			if (r == NULL)
				exit(2);
			route_read(more, r);
			w->route = r;
		}
	}
	if (w->route == NULL)
		free(r);
}

/* "NAME yes" or "NAME WHY NOT" of each strategy. */
static void
strategies_print(void)
{
	const char *why;
	unsigned i;

	for (i = 0; i < STRATEGY_COUNT; i++) {
		bool can = fetch_can((enum strategy)i, &why);

		printf("%s %s\n", strategy_name((enum strategy)i),
			can ? "yes" : why);
	}
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
static bool show; /* status and times */

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
		printf("%s %zu %llu %u ", name_of(got[i].err), got[i].body.n,
			(unsigned long long)got[i].wire, got[i].requests);
		if (show)
			printf("%u %s %s ", got[i].status,
				got[i].connect > 0 ? "new" : "kept",
				got[i].first_byte > 0 ? "answer" : "none");
		printf("%s\n", got[i].diag.why);
		if (dir != NULL && got[i].err == ERR_OK && got[i].body.n > 0)
			body_write(dir, first + i, &got[i].body);
		buf_free(&got[i].body);
		free((void *)(uintptr_t)want[i].route);
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
	bool private = false, offline = false;
	size_t n = 0, first = 0;
	int c;

	while ((c = getopt(argc, argv, "cprOSs:a:x:d:o:")) != -1) {
		switch (c) {
		case 'c':
			strategies_print();
			return 0;
		case 'p':
			private
			= true;
			break;
		case 'r':
			o.require_sandbox = true;
			break;
		case 'O':
			offline = true;
			break;
		case 'S':
			show = true;
			break;
		case 's':
			seconds = strtod(optarg, NULL);
			break;
		case 'a':
			o.ca_file = optarg;
			break;
		case 'x':
			o.proxy = optarg;
			break;
		case 'd':
			o.resolver = optarg;
			break;
		case 'o':
			dir = optarg;
			break;
		default:
			return 2;
		}
	}
	want = calloc((size_t)argc, sizeof(*want));
	if (want == NULL)
		return 2;
	if (fetch_new(&o, &f, &d) != ERR_OK ||
		(offline && fetch_offline(f, &d) != ERR_OK)) {
		printf("none %s\n", d.why);
		return 1;
	}
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
