/* Admission against hostile pushes: order, form, one after the other and at
 * once. */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "../lib/node.h"
#include "../lib/repo.h"
#include "../lib/tap.h"

static void
test_order(struct repo *r)
{
	static const char *const early[] = {"timestamp.json", "1.snapshot.json",
		"1.targets.json", "1.x.json", "1.d-news.json"};
	char bundle[256];
	struct node n;
	size_t i;

	node_new(&n, "order", r);
	node_target(bundle, REPO_TARGET, "bundle");
	for (i = 0; i < 5; i++)
		is_err(node_put_file(&n, r, early[i]), 409, "no %s yet",
			early[i]);
	is_err(node_put(&n, bundle, span_str("bundle")), 409, "no bundle yet");
	is_err(node_put_file(&n, r, "1.root.json"), 201, "the root");
	for (i = 1; i < 5; i++)
		is_err(node_put_file(&n, r, early[i]), 409, "not %s after it",
			early[i]);
	is_err(node_put_file(&n, r, "timestamp.json"), 201, "the head");
	is_err(node_put_file(&n, r, "timestamp.json"), 201, "the head again");
	is_err(node_put_file(&n, r, "1.d-news.json"), 409,
		"a role before targets");
	is_err(node_put_file(&n, r, "1.snapshot.json"), 201, "the snapshot");
	is_err(node_put_file(&n, r, "1.targets.json"), 201, "targets");
	is_err(node_put_file(&n, r, "1.targets.json"), 204, "once");
	is_err(node_put_file(&n, r, "1.d-news.json"), 201,
		"roles in any order");
	is_err(node_put(&n, bundle, span_str("bundle")), 409,
		"no bundle before the last");
	is_err(node_put_file(&n, r, "1.x.json"), 201, "the last role");
	ok(!node_serves(&n, "m/timestamp.json"), "nothing is served");
	is_err(node_put(&n, bundle, span_str("bundl")), 413, "a byte less");
	is_err(node_put(&n, bundle, span_str("bundle+")), 413, "a byte more");
	is_err(node_put(&n, bundle, span_str("bUndle")), 403, "another byte");
	is_err(node_put(&n, "t/b/news/2026-w47/2.ekb", span_str("bundle")), 422,
		"a file that is not named");
	is_err(node_put(&n, "m/.x", span_str("x")), 400, "a dot file");
	is_err(node_put(&n, "t/../m/timestamp.json", span_str("x")), 400,
		"dots");
	is_err(node_put(&n, "", span_str("x")), 400, "nothing");
	is_err(node_put(&n, "m/", span_str("x")), 400, "a folder");
	is_err(node_put(&n, ".stage/push/m/x", span_str("x")), 400,
		"the stage");
	ok(!node_serves(&n, "m/timestamp.json"), "still nothing is served");
	is_err(node_put(&n, bundle, span_str("bundle")), 201, "the bundle");
	ok(node_serves(&n, "m/timestamp.json") && node_serves(&n, bundle) &&
			node_serves(&n, "m/now.pack"),
		"all is served");
	is_err(node_files(&n), 8, "and nothing else is there");
	is_err(node_put(&n, bundle, span_str("bundle")), 204, "it is there");
	is_err(node_put_file(&n, r, "timestamp.json"), 204, "so is the head");
	ok(admit_count(n.a).heads == 1, "one head went live");
	admit_free(n.a);
}

static void
test_forms(struct repo *r)
{
	static const char *const tails[] = {" ", "\n", "{}", "\xff"};
	struct node n;
	struct buf b;
	size_t i, k;
	unsigned bad = 0;

	node_new(&n, "forms", r);
	n.p.fingerprint[31] ^= 1;
	is_err(node_put_file(&n, r, "1.root.json"), 403,
		"another outlet's root");
	n.p.fingerprint_n = 11;
	is_err(node_put_file(&n, r, "1.root.json"), 201,
		"known by its words alone");
	buf_init(&b, LIMIT_ROOT);
	for (i = 0; i < 4; i++) {
		buf_clear(&b);
		if (buf_span(&b,
			    buf_view(&repo_get(r, "timestamp.json")->bytes)) !=
				ERR_OK ||
			buf_str(&b, tails[i]) != ERR_OK)
			abort();
		is_err(node_put(&n, "m/timestamp.json", buf_view(&b)), 403,
			"a head with something behind it");
	}
	for (i = 0; i + strlen(tails[0]) < b.n; i++)
		for (k = 0; k < 8; k++) {
			unsigned status;

			buf_clear(&b);
			if (buf_span(&b, buf_view(&repo_get(r, "timestamp.json")
							   ->bytes)) != ERR_OK)
				abort();
			if (i >= b.n)
				break;
			b.p[i] ^= (uint8_t)(1u << k);
			status = node_put(&n, "m/timestamp.json", buf_view(&b));
			bad += status < 400;
		}
	is_err(bad, 0, "each bit of a head is looked at");
	is_err(node_files(&n), 1, "and only the root is kept");
	buf_free(&b);
	admit_free(n.a);
}

static void
test_bits(struct repo *r)
{
	static const char *const names[] = {"1.snapshot.json", "1.targets.json",
		"1.x.json", "1.d-news.json"};
	struct node n;
	struct buf b;
	unsigned bad = 0;
	size_t i, k;

	node_new(&n, "bits", r);
	(void)node_put_file(&n, r, "1.root.json");
	(void)node_put_file(&n, r, "timestamp.json");
	buf_init(&b, LIMIT_METADATA);
	for (k = 0; k < 4; k++) {
		struct span s = buf_view(&repo_get(r, names[k])->bytes);
		char path[80];

		snprintf(path, sizeof(path), "m/%s", names[k]);
		for (i = 0; i < s.n; i++) {
			buf_clear(&b);
			if (buf_span(&b, s) != ERR_OK)
				abort();
			b.p[i] ^= (uint8_t)(1u << (i % 8));
			bad += node_put_pieces(&n, path, buf_view(&b), 4096) <
			       400;
		}
		is_err(node_put_file(&n, r, names[k]), 201,
			"%s after its mutants", names[k]);
	}
	is_err(bad, 0, "no mutant of metadata was taken");
	buf_free(&b);
	admit_free(n.a);
}

static void
test_at_once(struct repo *r, struct repo *r2)
{
	char bundle[256], why[160];
	void *a, *b, *c;
	struct node n;

	node_new(&n, "once", r);
	node_target(bundle, REPO_TARGET, "bundle");
	ok(node_put_head(&n, r, 1), "metadata is taken");
	ok(n.put.begin(n.put.arg, bundle, 6, &a) == 0, "one begins");
	ok(n.put.begin(n.put.arg, bundle, 6, &b) == 0, "another, too");
	ok(n.put.begin(n.put.arg, bundle, 6, &c) == 0, "and a third");
	ok(n.put.write(n.put.arg, a, (const uint8_t *)"bun", 3) == 0, "half");
	ok(n.put.write(n.put.arg, b, (const uint8_t *)"bundle", 6) == 0,
		"whole");
	is_err(n.put.write(n.put.arg, c, (const uint8_t *)"bundle7", 7), 413,
		"more than was announced");
	n.put.cut(n.put.arg, c);
	/* A newer head comes in between. */
	ok(node_put_head(&n, r2, 2), "metadata is taken");
	is_err(n.put.end(n.put.arg, b, why), 201,
		"the file counts for the newer head");
	ok(strstr(why, "live: version 2") != NULL, "which goes live: %s", why);
	ok(n.put.write(n.put.arg, a, (const uint8_t *)"dle", 3) == 0,
		"the other comes late");
	is_err(n.put.end(n.put.arg, a, why), 201, "and is content");
	is_err(node_put_file(&n, r, "timestamp.json"), 409, "the older head");
	is_err(node_put_file(&n, r2, "timestamp.json"), 204, "the same");
	is_err(node_files(&n), 8, "nothing is left over");
	admit_free(n.a);
}

static void
test_again(struct repo *r, struct repo *r2)
{
	char bundle[256];
	struct node n;
	void *push;

	node_new(&n, "again", r);
	node_target(bundle, REPO_TARGET, "bundle");
	ok(node_put_head(&n, r, 1), "metadata is taken");
	ok(n.put.begin(n.put.arg, bundle, 6, &push) == 0, "a bundle begins");
	n.put.cut(n.put.arg, push);
	node_again(&n);
	is_err(node_put(&n, bundle, span_str("bundle")), 201,
		"after a restart the push goes on");
	ok(node_serves(&n, "m/timestamp.json"), "and goes live");
	ok(node_put_head(&n, r2, 2), "metadata is taken");
	ok(admit_count(n.a).heads == 2, "metadata alone is a head, too");
	is_err(node_files(&n), 12, "with the older metadata beside it");
	admit_free(n.a);
}

static void
test_stale(struct repo *r)
{
	struct node n;

	node_new(&n, "stale", r);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	node_time += 86399;
	admit_tick(n.a);
	is_err(node_files(&n), 6, "a day is not over");
	node_time += 1;
	admit_tick(n.a);
	is_err(node_files(&n), 0, "after a day nothing is left");
	node_time = REPO_NOW;
	admit_free(n.a);
}

/* Two heads of one version. */
static void
test_split(struct repo *r)
{
	struct repo *other = calloc(1, sizeof(*other));
	char bundle[256];
	struct node n;

	repo_make(other, 1, 29);
	node_new(&n, "split", r);
	node_target(bundle, REPO_TARGET, "bundle");
	ok(node_put_head(&n, r, 1), "metadata is taken");
	is_err(node_put_file(&n, other, "timestamp.json"), 409,
		"another head of the version on its way");
	is_err(node_put(&n, bundle, span_str("bundle")), 201, "it goes live");
	is_err(node_put_file(&n, other, "timestamp.json"), 409,
		"another head of the version that is live");
	admit_free(n.a);
	repo_free(other);
	free(other);
}

/* Another process changes what is served, at the worst moment: when the last
 * file has come. Who asks again is told the truth, and goes live. */
static void
test_locked(struct repo *r, struct repo *r2)
{
	char bundle[256], path[100];
	struct node n;
	int lock;

	node_new(&n, "locked", r);
	node_target(bundle, REPO_TARGET, "bundle");
	snprintf(path, sizeof(path), "%s/.stage/lock", n.root);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	lock = open(path, O_RDWR | O_CREAT, 0600);
	ok(lock >= 0 && flock(lock, LOCK_EX) == 0, "a change is being made");
	is_err(node_put(&n, bundle, span_str("bundle")), 503, "ask again");
	is_err(node_put(&n, bundle, span_str("bundle")), 503, "and again");
	is_err(node_put_file(&n, r, "timestamp.json"), 503, "the head, too");
	(void)flock(lock, LOCK_UN);
	is_err(node_put(&n, bundle, span_str("bundle")), 204, "it is here");
	ok(node_serves(&n, "m/timestamp.json"), "and live");
	/* The last thing that comes is metadata. */
	(void)flock(lock, LOCK_EX);
	ok(!node_put_head(&n, r2, 2), "the last role waits");
	is_err(node_put_file(&n, r2, "2.d-news.json"), 503, "as asked again");
	close(lock);
	is_err(node_put_file(&n, r2, "2.d-news.json"), 204, "it is here");
	is_err(node_put_file(&n, r2, "timestamp.json"), 204, "and live");
	ok(admit_count(n.a).heads == 2, "two heads were made");
	admit_free(n.a);
}

/* The quota takes something away while another change is being made. */
static void
test_locked_quota(struct repo *r, struct repo *r2)
{
	char bundle[256], path[100];
	struct node n;
	int lock;

	node_new(&n, "lockedquota", r);
	node_target(bundle, REPO_TARGET, "bundle");
	snprintf(path, sizeof(path), "%s/.stage/lock", n.root);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	is_err(node_put(&n, bundle, span_str("bundle")), 201, "a head is live");
	n.p.inodes = 52;
	lock = open(path, O_RDWR | O_CREAT, 0600);
	ok(lock >= 0 && flock(lock, LOCK_EX) == 0, "a change is being made");
	ok(!node_put_head(&n, r2, 2), "the last role waits");
	is_err(node_put_file(&n, r2, "2.d-news.json"), 503, "as asked again");
	close(lock);
	is_err(node_put_file(&n, r2, "2.d-news.json"), 204, "it is here");
	is_err(node_put_file(&n, r2, "timestamp.json"), 204, "and live");
	admit_free(n.a);
}

/* A push and a pull bring two heads; the older one is live first. */
static void
test_beside(struct repo *r, struct repo *r2)
{
	char bundle[256];
	struct node n, pull;
	struct diag d;

	node_new(&n, "beside", r);
	node_target(bundle, REPO_TARGET, "bundle");
	ok(node_put_head(&n, r2, 2), "a push brings the newer one");
	pull = n;
	ok(admit_new(&n.c, ADMIT_PULL, &pull.a, &d) == ERR_OK, "a pull");
	admit_put(pull.a, &pull.put);
	ok(node_put_file(&pull, r, "1.root.json") == 201 &&
			node_put_head(&pull, r, 1),
		"brings the older one");
	is_err(node_put(&pull, bundle, span_str("bundle")), 201, "whole");
	ok(node_serves(&n, "m/1.snapshot.json"), "which is live");
	/* It took the bundle off the list of what is wanted. */
	is_err(node_put(&n, bundle, span_str("bundle")), 201, "the newer one");
	ok(node_serves(&n, "m/2.snapshot.json"), "is live at once");
	admit_free(pull.a);
	admit_free(n.a);
}

/* Somebody removes the stage under a server that runs: with metadata in it, and
 * a bundle on its way. */
static void
test_removed(struct repo *r)
{
	char bundle[256], why[160], command[100];
	struct node n;
	void *push;

	node_new(&n, "removed", r);
	node_target(bundle, REPO_TARGET, "bundle");
	ok(node_put_head(&n, r, 1), "metadata is taken");
	ok(n.put.begin(n.put.arg, bundle, 6, &push) == 0, "a bundle begins");
	snprintf(command, sizeof(command), "rm -r %s/.stage", n.root);
	ok(system(command) == 0, "the stage is removed");
	ok(n.put.write(n.put.arg, push, (const uint8_t *)"bundle", 6) == 0,
		"it goes on");
	ok(n.put.end(n.put.arg, push, why) >= 400, "to no end");
	is_err(node_put(&n, bundle, span_str("bundle")), 409,
		"its metadata is gone, too");
	is_err(node_files(&n), 0, "with all that came");
	is_err(node_put_file(&n, r, "1.root.json"), 201, "again, the root");
	ok(node_put_head(&n, r, 1), "metadata");
	is_err(node_put(&n, bundle, span_str("bundle")), 201, "the bundle");
	ok(node_serves(&n, "m/timestamp.json"), "it is live");
	admit_free(n.a);
}

int
main(void)
{
	struct repo *r = calloc(1, sizeof(*r)), *r2 = calloc(1, sizeof(*r2));

	if (!node_start())
		return 1;
	repo_make(r, 1, 30);
	repo_make(r2, 2, 30);
	test_order(r);
	test_forms(r);
	test_bits(r);
	test_at_once(r, r2);
	test_again(r, r2);
	test_stale(r);
	test_split(r);
	test_locked(r, r2);
	test_locked_quota(r, r2);
	test_beside(r, r2);
	test_removed(r);
	repo_free(r);
	repo_free(r2);
	free(r);
	free(r2);
	node_end();
	return plan();
}
