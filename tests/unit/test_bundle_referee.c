/* Our reader and an independent one, written from the manual page alone, agree
 * on every signed lie and on some thousand mutants. */
#include <unistd.h>

#include "../lib/hostile_bundle.h"
#include "../lib/tap.h"

#define MUTANTS 4000

struct court {
	char folder[32];
	size_t n;
	bool *good; /* our verdicts, by number of the file */
};

/* Judge an index ourselves, and leave it for the referee. */
static void
submit(struct court *c, struct span index, const struct hostile_head *h)
{
	struct bundle *b = NULL;
	struct verified *v;
	struct buf head;
	char path[64];
	struct diag d;
	FILE *f;

	buf_init(&head, SIZE_MAX);
	hostile_make(index, h, &head);
	v = hostile_trust(buf_view(&head));
	c->good[c->n] = bundle_open(v, &b, &d) == ERR_OK;
	bundle_free(b);
	verified_free(v);
	snprintf(path, sizeof(path), "%s/%06zu", c->folder, c->n++);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(head.p, 1, head.n, f) != head.n ||
		fclose(f) != 0)
		abort();
	buf_free(&head);
}

static void
submit_all(struct court *c)
{
	static const struct hostile_head plain, more = {.inner = 1},
						longer = {.unpacked = 1},
						behind = {.outer = 300000};
	char *index = hostile_expand(hostile_index);
	size_t i;

	submit(c, span_str(index), &plain);
	submit(c, span_str(index), &more);
	submit(c, span_str(index), &longer);
	submit(c, span_str(index), &behind);
	for (i = 0; i < hostile_n_cases; i++) {
		const struct hostile_case *k = &hostile_cases[i];
		char *changed =
			hostile_replace(hostile_index, k->find, k->with);
		char *s = hostile_expand(changed);

		submit(c, span_str(s), &plain);
		free(s);
		free(changed);
	}
	for (i = 0; i < MUTANTS; i++) {
		struct buf m;

		buf_init(&m, SIZE_MAX);
		if (buf_str(&m, index) != ERR_OK)
			abort();
		hostile_mutate(&m, i);
		submit(c, buf_view(&m), &plain);
		buf_free(&m);
	}
	free(index);
}

static void
compare(const struct court *c, const char *command)
{
	char line[256], verdict[8];
	size_t n, judged = 0, good = 0, differ = 0;
	FILE *f = popen(command, "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%zu %7s", &n, verdict) != 2 || n >= c->n)
			break;
		judged++;
		good += c->good[n];
		if (c->good[n] == (strcmp(verdict, "good") == 0))
			continue;
		differ++;
		printf("# we say %s; %s", c->good[n] ? "good" : "bad", line);
	}
	ok(f != NULL && pclose(f) == 0 && judged == c->n,
		"the referee judged %zu of %zu", judged, c->n);
	ok(good > 100 && good < c->n / 2, "%zu of them good", good);
	ok(differ == 0, "of one mind but for %zu", differ);
}

int
main(void)
{
	struct court c = {.folder = "/tmp/erika-referee.XXXXXX"};
	const char *src = getenv("SRC");
	char command[512];

	if (crypto_start() != ERR_OK)
		return 1;
	if (system("python3 -c 'import zlib' 2>/dev/null") != 0) {
		skip("no python3 here", "the referee");
		return plan();
	}
	c.good = calloc(hostile_n_cases + MUTANTS + 4, sizeof(*c.good));
	if (c.good == NULL || mkdtemp(c.folder) == NULL)
		abort();
	submit_all(&c);
	snprintf(command, sizeof(command),
		"python3 '%s/tests/lib/referee.py' %s", src == NULL ? "." : src,
		c.folder);
	compare(&c, command);
	snprintf(command, sizeof(command), "rm -r %s", c.folder);
	ok(system(command) == 0, "tidied up");
	free(c.good);
	return plan();
}
