/* Whether a mirror's folder is whole: its head verifies from the outlet's first
 * root, and each role and target that it leads to is there and is what was
 * signed. Reads files only, by the trust machine, and nothing of admission.
 *   wholetool FOLDER WORDS
 * Prints "VERSION TARGETS GONE"; GONE counts sealed bundles that .pruned says
 * the quota took. "0 0 0" when nothing was ever published there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/crypto.h"
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/core/trust.h"
#include "../../src/core/words.h"
#include "../../src/sys/clock.h"
#include "../../src/sys/file.h"

struct whole {
	const char *dir;
	struct trust *t;
	char gone[LIMIT_PATH + 32];
	unsigned targets, pruned;
};

static _Noreturn void
fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static enum err
load(const struct whole *w, const char *rest, struct buf *b)
{
	char path[4096];
	struct diag d;

	snprintf(path, sizeof(path), "%s/%s", w->dir, rest);
	return file_read(path, b->max, b, &d);
}

/* The machine to its end; what it wants must be there. */
static void
run(struct whole *w)
{
	struct trust_change change;
	struct trust_want want;
	struct diag d;

	while (trust_wants(w->t, &want)) {
		char rest[TRUST_NAME + 2];
		bool root = strcmp(want.role, "root") == 0;
		bool head = strcmp(want.role, "timestamp") == 0;
		struct buf b;
		enum err e;

		buf_init(&b, want.max);
		snprintf(rest, sizeof(rest), "m/%s", want.name);
		if (want.source == TRUST_STORED ||
			(load(w, rest, &b) != ERR_OK && root)) {
			if (trust_pass(w->t, &d) != ERR_OK)
				fail(rest, d.why);
		} else {
			e = trust_feed(w->t, buf_view(&b), &change, &d);
			if (e != ERR_OK)
				fail(rest, d.why);
			if (head && trust_pass(w->t, &d) != ERR_OK)
				fail(rest, d.why);
		}
		buf_free(&b);
	}
}

static bool
is_gone(const struct whole *w, const struct trust_target *g)
{
	const char *path = trust_target_path(g), *week = strchr(path, '/');
	char line[LIMIT_PATH + 32];

	week = week == NULL ? NULL : strchr(week + 1, '/');
	if (week == NULL || strncmp(trust_target_role(g), "s-", 2) != 0)
		return false;
	snprintf(line, sizeof(line), "%.8s %s", week + 1, path);
	return strcmp(line, w->gone) <= 0;
}

static void
target(struct whole *w, const struct trust_target *g)
{
	const char *path = trust_target_path(g), *name = strrchr(path, '/');
	char hex[129], rest[LIMIT_PATH + 160];
	struct verified *v;
	struct diag d;
	struct buf b;

	if (!trust_target_prefix(g, hex))
		fail(path, "no hash");
	snprintf(rest, sizeof(rest), "t/%.*s/%s.%s", (int)(name - path), path,
		hex, name + 1);
	buf_init(&b, LIMIT_MIB * 64);
	if (load(w, rest, &b) != ERR_OK) {
		if (!is_gone(w, g))
			fail(rest, "is not there");
		w->pruned++;
		buf_free(&b);
		return;
	}
	if (trust_verify(g, buf_view(&b), &v, &d) != ERR_OK)
		fail(rest, d.why);
	verified_free(v);
	buf_free(&b);
	w->targets++;
}

static void
role(struct whole *w, const char *by, const char *name)
{
	const struct trust_target *g;
	const char *below;
	struct diag d;
	size_t i;

	if (trust_load_by(w->t, by, name, &d) != ERR_OK) {
		if (d.code == ERR_MISSING)
			return; /* named by nothing yet, as next year is */
		fail(name, d.why);
	}
	run(w);
	if (trust_lost(w->t, &d) != ERR_OK)
		fail(name, d.why);
	for (i = 0; (g = trust_listed(w->t, name, i)) != NULL; i++)
		target(w, g);
	for (i = 0; (below = trust_delegation_by(w->t, name, i)) != NULL; i++)
		role(w, name, below);
}

int
main(int argc, char **argv)
{
	struct whole w = {.dir = argc > 1 ? argv[1] : ""};
	uint8_t fp[32], want[WORDS_BYTES];
	struct trust_verdict v;
	const char *name;
	struct buf root;
	struct diag d;
	size_t i;

	if (argc != 3 || crypto_start() != ERR_OK)
		return 2;
	if (words_parse(span_str(argv[2]), want, &d) != ERR_OK)
		fail("words", d.why);
	buf_init(&root, LIMIT_ROOT);
	if (load(&w, "m/timestamp.json", &root) != ERR_OK) {
		puts("0 0 0");
		return 0;
	}
	buf_clear(&root);
	if (load(&w, ".pruned", &root) == ERR_OK && root.n > 0)
		snprintf(w.gone, sizeof(w.gone), "%.*s", (int)root.n - 1,
			buf_cstr(&root));
	buf_clear(&root);
	if (load(&w, "m/1.root.json", &root) != ERR_OK ||
		trust_fingerprint(buf_view(&root), fp, &d) != ERR_OK ||
		memcmp(fp, want, sizeof(want)) != 0)
		fail("m/1.root.json", "not the outlet's");
	if (trust_new(buf_view(&root), clock_now(), TRUST_LENIENT, &w.t, &d) !=
		ERR_OK)
		fail("m/1.root.json", d.why);
	run(&w);
	for (i = 0; (name = trust_delegation(w.t, i)) != NULL; i++)
		role(&w, "targets", name);
	trust_verdict(w.t, &v);
	printf("%llu %u %u\n", (unsigned long long)v.timestamp, w.targets,
		w.pruned);
	trust_free(w.t);
	buf_free(&root);
	return 0;
}
