/* Admission: what a desk may, quotas, hoards, roots, several publishers. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "../../src/sys/clock.h"
#include "../lib/node.h"
#include "../lib/repo.h"
#include "../lib/tap.h"

/* A file system, or an Android, without hard links. */
static bool linkless;

int link(const char *from, const char *to);
int
link(const char *from, const char *to)
{
	if (!linkless)
		return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
	errno = EPERM;
	return -1;
}

static void
test_desk(void)
{
	static const char *const paths[] = {"b/news/2026-w47/1.ekb",
		"b/other/2026-w47/1.ekb", "x/mirrors.json",
		"b/news/2026-w47/.hidden", "b/news/2026-w47/1/2.ekb"};
	struct repo *r = calloc(1, sizeof(*r));
	char bundle[256];
	uint8_t hash[32];
	struct node n;
	json_t *body;
	size_t i;

	repo_make(r, 1, 30);
	body = tuf_body(TUF_TARGETS, 1, REPO_NOW + 30 * REPO_DAY);
	hash_bytes(HASH_SHA256, span_str("bundle"), hash);
	for (i = 0; i < 5; i++)
		if (tuf_body_target(body, paths[i], 6, hash, NULL) != ERR_OK)
			abort();
	repo_sign(r, "1.d-news.json", body, "d");
	repo_snapshot(r, 1, 30, "s");
	repo_timestamp(r, 1, 30, "t");
	node_new(&n, "desk", r);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	for (i = 1; i < 5; i++)
		is_err(node_put(&n, node_target(bundle, paths[i], "bundle"),
			       span_str("bundle")),
			422, "a desk's %s is not taken", paths[i]);
	is_err(node_put(&n, node_target(bundle, paths[0], "bundle"),
		       span_str("bundle")),
		201, "its own is");
	ok(node_serves(&n, "m/timestamp.json"), "and the head is live");
	is_err(node_files(&n), 8, "with that alone");
	admit_free(n.a);
	repo_free(r);
	free(r);
}

static void
test_blocked(struct repo *r)
{
	char bundle[256];
	struct node n;

	hash_bytes(HASH_SHA256, span_str("bundle"), node_blocked);
	node_blocks = true;
	node_new(&n, "blocked", r);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	ok(node_serves(&n, "m/timestamp.json"),
		"a blocked file is not waited for");
	is_err(node_put(&n, node_target(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		451, "nor taken");
	node_blocks = false;
	admit_free(n.a);
}

static void
test_quota(struct repo *r)
{
	char bundle[256];
	struct node n;

	node_new(&n, "quota", r);
	n.p.store = 16384;
	node_again(&n);
	is_err(node_put_file(&n, r, "1.root.json"), 507, "no room for a root");
	n.p.store = 44 * 4096;
	node_again(&n);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	is_err(node_put(&n, node_target(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		201, "room enough");
	admit_free(n.a);
	node_new(&n, "inodes", r);
	n.p.inodes = 9;
	node_again(&n);
	is_err(node_put_file(&n, r, "1.root.json"), 507, "not so many files");
	ok(node_files(&n) == 0, "nothing was written");
	admit_free(n.a);
}

/* Those who begin and say nothing more. */
static void
test_hoard(struct repo *r)
{
	void *push[400];
	char bundle[256];
	struct node n;
	unsigned i, k = 0, status = 0;

	node_new(&n, "hoard", r);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	node_target(bundle, REPO_TARGET, "bundle");
	for (i = 0; i < 400 && status == 0; i++) {
		status = n.put.begin(n.put.arg, bundle, 6, &push[k]);
		k += status == 0;
	}
	is_err(status, 503, "no more than so many at once (%u)", k);
	ok(k < 100, "which is a bound");
	for (i = 0; i < k; i++)
		n.put.cut(n.put.arg, push[i]);
	is_err(node_files(&n), 6, "and all are gone");
	is_err(node_put(&n, bundle, span_str("bundle")), 201, "then it comes");
	admit_free(n.a);
	node_new(&n, "memory", r);
	k = status = 0;
	for (i = 0; i < 400 && status == 0; i++) {
		status = n.put.begin(
			n.put.arg, "m/1.root.json", LIMIT_ADMIT_ROOT, &push[k]);
		k += status == 0;
	}
	is_err(status, 503, "memory is bounded, too (%u roots)", k);
	for (i = 0; i < k; i++)
		n.put.cut(n.put.arg, push[i]);
	is_err(node_put_file(&n, r, "1.root.json"), 201, "and given back");
	admit_free(n.a);
}

/* A root that changes the timestamp's key. */
static void
test_root(struct repo *r)
{
	struct repo *next = calloc(1, sizeof(*next));
	char bundle[256];
	struct node n;
	json_t *body;

	repo_make(next, 2, 30);
	repo_put(next, "1.root.json",
		buf_view(&repo_get(r, "1.root.json")->bytes));
	body = repo_root(2, "r", 1, "u", "s", "g");
	repo_sign(next, "2.root.json", body, "r");
	repo_timestamp(next, 2, 30, "u");
	node_new(&n, linkless ? "root3" : "root", r);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	is_err(node_put(&n, node_target(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		201, "the first head is live");
	is_err(node_put_file(&n, next, "timestamp.json"), 403,
		"a head by a key that is unknown yet");
	is_err(node_put_file(&n, next, "2.root.json"), 201, "its root");
	ok(!node_serves(&n, "m/2.root.json"), "which is not served yet");
	ok(node_put_head(&n, next, 2), "metadata is taken");
	ok(node_serves(&n, "m/2.root.json") &&
			node_serves(&n, "m/2.snapshot.json"),
		"both are served together");
	is_err(node_put_file(&n, r, "timestamp.json"), 403,
		"what the old key signed is nothing now");
	is_err(node_files(&n), 13, "the stage is empty");
	admit_free(n.a);
	/* The same root while a head by the old key is on its way. */
	node_new(&n, linkless ? "root4" : "root2", r);
	ok(node_put_head(&n, r, 1), "metadata is taken");
	is_err(node_put_file(&n, next, "2.root.json"), 201, "a root meanwhile");
	is_err(node_put(&n, node_target(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		409, "ends the head by the old key");
	ok(node_put_head(&n, next, 2), "and lets the next one come");
	is_err(node_put(&n, node_target(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		201, "with its bundle");
	ok(node_serves(&n, "m/2.root.json") &&
			!node_serves(&n, "m/1.snapshot.json"),
		"which is served alone");
	is_err(node_files(&n), 9, "and nothing else is there");
	admit_free(n.a);
	repo_free(next);
	free(next);
}

static void
test_several(struct repo *r)
{
	struct admit_publisher p[2] = {
		{.name = "a", .folder = "a", .fingerprint_n = 32},
		{.name = "b", .folder = "b", .fingerprint_n = 32}};
	struct admit_config c = {
		.publishers = p, .n_publishers = 2, .now = clock_now};
	char root[64];
	struct node n = {.p = {.name = "x"}};
	struct admit *twice;
	struct diag d;

	snprintf(root, sizeof(root), "%s/several", node_dir);
	c.root = root;
	if (trust_fingerprint(buf_view(&repo_get(r, "1.root.json")->bytes),
		    p[1].fingerprint, &d) != ERR_OK)
		abort();
	ok(admit_new(&c, ADMIT_PUSH, &n.a, &d) == ERR_OK, "two publishers");
	admit_put(n.a, &n.put);
	is_err(node_put(&n, "a/m/1.root.json",
		       buf_view(&repo_get(r, "1.root.json")->bytes)),
		403, "one's root is not the other's");
	is_err(node_put(&n, "b/m/1.root.json",
		       buf_view(&repo_get(r, "1.root.json")->bytes)),
		201, "but its own");
	is_err(node_put(&n, "m/1.root.json",
		       buf_view(&repo_get(r, "1.root.json")->bytes)),
		404, "and nobody's");
	is_err(node_put(&n, "c/m/1.root.json", span_str("x")), 404,
		"no such name");
	is_err(node_put(&n, "bb/m/1.root.json", span_str("x")), 404,
		"nor that");
	is_err(admit_new(&c, ADMIT_PUSH, &twice, &d), ERR_EXISTS,
		"a second server is told so");
	is_err(admit_new(&c, ADMIT_PULL, &twice, &d), ERR_OK,
		"a pull is not in its way");
	admit_free(twice);
	admit_free(n.a);
	admit_free(NULL);
}

int
main(void)
{
	struct repo *r = calloc(1, sizeof(*r));

	if (!node_start())
		return 1;
	repo_make(r, 1, 30);
	test_desk();
	test_blocked(r);
	test_quota(r);
	test_hoard(r);
	test_root(r);
	linkless = true;
	test_root(r);
	linkless = false;
	test_several(r);
	repo_free(r);
	free(r);
	node_end();
	return plan();
}
