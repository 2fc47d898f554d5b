/* Admission against hostile pushes, in memory and one temporary folder. */
#include <ftw.h>
#include <unistd.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "../../src/sys/admit.h"
#include "../../src/sys/file.h"
#include "../lib/repo.h"
#include "../lib/tap.h"

static char dir[] = "/tmp/erika-admit.XXXXXX";
static int64_t the_time = REPO_NOW;
static uint8_t blocked_hash[32];
static bool blocks;

static int64_t
now(void)
{
	return the_time;
}

static bool
blocked(void *arg, const uint8_t sha256[static 32])
{
	(void)arg;
	return blocks && memcmp(sha256, blocked_hash, 32) == 0;
}

/* A mirror of one publisher in its own folder. */
struct node {
	char root[64];
	struct admit_publisher p;
	struct admit_config c;
	struct admit *a;
	struct serve_put put;
};

static void
node_open(struct node *n)
{
	struct diag d;

	n->c.publishers = &n->p;
	n->c.root = n->root;
	ok(admit_new(&n->c, ADMIT_PUSH, &n->a, &d) == ERR_OK, "opens");
	admit_put(n->a, &n->put);
}

static void
node_new(struct node *n, const char *name, struct repo *r)
{
	struct diag d;

	*n = (struct node){
		.p = {.name = "one", .folder = "", .fingerprint_n = 32},
		.c = {.n_publishers = 1, .blocked = blocked, .now = now}};
	snprintf(n->root, sizeof(n->root), "%s/%s", dir, name);
	if (trust_fingerprint(buf_view(&repo_get(r, "1.root.json")->bytes),
		    n->p.fingerprint, &d) != ERR_OK)
		abort();
	node_open(n);
}

static void
node_again(struct node *n)
{
	admit_free(n->a);
	node_open(n);
}

/* PUT in pieces of k bytes. */
static unsigned
put_pieces(struct node *n, const char *path, struct span s, size_t k)
{
	char why[160];
	void *push;
	unsigned status = n->put.begin(n->put.arg, path, s.n, &push);

	if (status != 0)
		return status;
	while (s.n > 0) {
		size_t some = s.n < k ? s.n : k;

		status = n->put.write(n->put.arg, push, s.p, some);
		if (status != 0) {
			n->put.cut(n->put.arg, push);
			return status;
		}
		s = span_sub(s, some, s.n);
	}
	return n->put.end(n->put.arg, push, why);
}

static unsigned
put(struct node *n, const char *path, struct span s)
{
	return put_pieces(n, path, s, 7);
}

static unsigned
put_file(struct node *n, struct repo *r, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "m/%s", name);
	return put(n, path, buf_view(&repo_get(r, name)->bytes));
}

/* Where a target of these bytes lies. */
static const char *
target_path(char out[static 256], const char *path, const char *bytes)
{
	uint8_t hash[32];
	char hex[65];
	const char *name = strrchr(path, '/');

	hash_bytes(HASH_SHA256, span_str(bytes), hash);
	text_hex(hex, hash, 32);
	snprintf(out, 256, "t/%.*s/%s.%s", (int)(name - path), path, hex,
		name + 1);
	return out;
}

static bool
served(const struct node *n, const char *rest)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", n->root, rest);
	return file_exists(path);
}

/* Files below the folder, but for the stage's own two. */
static int files_seen;

static int
count_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	const char *name = path + f->base;

	(void)st;
	if (type == FTW_F && strcmp(name, "lock") != 0 &&
		strcmp(name, "owner") != 0)
		files_seen++;
	return 0;
}

static int
files(const struct node *n)
{
	files_seen = 0;
	(void)nftw(n->root, count_one, 16, FTW_PHYS);
	return files_seen;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

/* Everything up to the targets. */
static void
put_head(struct node *n, struct repo *r, unsigned v)
{
	char name[64];
	const char *const roles[] = {"snapshot", "targets", "x", "d-news"};
	size_t i;

	if (!served(n, "m/1.root.json"))
		(void)put_file(n, r, "1.root.json");
	is_err(put_file(n, r, "timestamp.json"), 201, "head %u is taken", v);
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%u.%s.json", v, roles[i]);
		is_err(put_file(n, r, name), 201, "%s is taken", name);
	}
}

/* ---- the cases */

static void
test_order(struct repo *r)
{
	static const char *const early[] = {"timestamp.json", "1.snapshot.json",
		"1.targets.json", "1.x.json", "1.d-news.json"};
	char bundle[256];
	struct node n;
	size_t i;

	node_new(&n, "order", r);
	target_path(bundle, REPO_TARGET, "bundle");
	for (i = 0; i < 5; i++)
		is_err(put_file(&n, r, early[i]), 409, "no %s yet", early[i]);
	is_err(put(&n, bundle, span_str("bundle")), 409, "no bundle yet");
	is_err(put_file(&n, r, "1.root.json"), 201, "the root");
	for (i = 1; i < 5; i++)
		is_err(put_file(&n, r, early[i]), 409, "not %s after it",
			early[i]);
	is_err(put_file(&n, r, "timestamp.json"), 201, "the head");
	is_err(put_file(&n, r, "timestamp.json"), 201, "the head again");
	is_err(put_file(&n, r, "1.d-news.json"), 409, "a role before targets");
	is_err(put_file(&n, r, "1.snapshot.json"), 201, "the snapshot");
	is_err(put_file(&n, r, "1.targets.json"), 201, "targets");
	is_err(put_file(&n, r, "1.targets.json"), 204, "once");
	is_err(put_file(&n, r, "1.d-news.json"), 201, "roles in any order");
	is_err(put(&n, bundle, span_str("bundle")), 409,
		"no bundle before the last");
	is_err(put_file(&n, r, "1.x.json"), 201, "the last role");
	ok(!served(&n, "m/timestamp.json"), "nothing is served");
	is_err(put(&n, bundle, span_str("bundl")), 413, "a byte less");
	is_err(put(&n, bundle, span_str("bundle+")), 413, "a byte more");
	is_err(put(&n, bundle, span_str("bUndle")), 403, "another byte");
	is_err(put(&n, "t/b/news/2026-w47/2.ekb", span_str("bundle")), 422,
		"a file that is not named");
	is_err(put(&n, "m/.x", span_str("x")), 400, "a dot file");
	is_err(put(&n, "t/../m/timestamp.json", span_str("x")), 400, "dots");
	is_err(put(&n, "", span_str("x")), 400, "nothing");
	is_err(put(&n, "m/", span_str("x")), 400, "a folder");
	is_err(put(&n, ".stage/push/m/x", span_str("x")), 400, "the stage");
	ok(!served(&n, "m/timestamp.json"), "still nothing is served");
	is_err(put(&n, bundle, span_str("bundle")), 201, "the bundle");
	ok(served(&n, "m/timestamp.json") && served(&n, bundle) &&
			served(&n, "m/now.pack"),
		"all is served");
	is_err(files(&n), 8, "and nothing else is there");
	is_err(put(&n, bundle, span_str("bundle")), 204, "it is there");
	is_err(put_file(&n, r, "timestamp.json"), 204, "so is the head");
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
	is_err(put_file(&n, r, "1.root.json"), 403, "another outlet's root");
	n.p.fingerprint_n = 11;
	is_err(put_file(&n, r, "1.root.json"), 201, "known by its words alone");
	buf_init(&b, LIMIT_ROOT);
	for (i = 0; i < 4; i++) {
		buf_clear(&b);
		if (buf_span(&b,
			    buf_view(&repo_get(r, "timestamp.json")->bytes)) !=
				ERR_OK ||
			buf_str(&b, tails[i]) != ERR_OK)
			abort();
		is_err(put(&n, "m/timestamp.json", buf_view(&b)), 403,
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
			status = put(&n, "m/timestamp.json", buf_view(&b));
			bad += status < 400;
		}
	is_err(bad, 0, "each bit of a head is looked at");
	is_err(files(&n), 1, "and only the root is kept");
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
	(void)put_file(&n, r, "1.root.json");
	(void)put_file(&n, r, "timestamp.json");
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
			bad += put_pieces(&n, path, buf_view(&b), 4096) < 400;
		}
		is_err(put_file(&n, r, names[k]), 201, "%s after its mutants",
			names[k]);
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
	target_path(bundle, REPO_TARGET, "bundle");
	put_head(&n, r, 1);
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
	put_head(&n, r2, 2);
	is_err(n.put.end(n.put.arg, b, why), 201,
		"the file counts for the newer head");
	ok(strstr(why, "live: version 2") != NULL, "which goes live: %s", why);
	ok(n.put.write(n.put.arg, a, (const uint8_t *)"dle", 3) == 0,
		"the other comes late");
	is_err(n.put.end(n.put.arg, a, why), 201, "and is content");
	is_err(put_file(&n, r, "timestamp.json"), 409, "the older head");
	is_err(put_file(&n, r2, "timestamp.json"), 204, "the same");
	is_err(files(&n), 8, "nothing is left over");
	admit_free(n.a);
}

static void
test_again(struct repo *r, struct repo *r2)
{
	char bundle[256];
	struct node n;
	void *push;

	node_new(&n, "again", r);
	target_path(bundle, REPO_TARGET, "bundle");
	put_head(&n, r, 1);
	ok(n.put.begin(n.put.arg, bundle, 6, &push) == 0, "a bundle begins");
	n.put.cut(n.put.arg, push);
	node_again(&n);
	is_err(put(&n, bundle, span_str("bundle")), 201,
		"after a restart the push goes on");
	ok(served(&n, "m/timestamp.json"), "and goes live");
	put_head(&n, r2, 2);
	ok(admit_count(n.a).heads == 2, "metadata alone is a head, too");
	is_err(files(&n), 12, "with the older metadata beside it");
	admit_free(n.a);
}

static void
test_stale(struct repo *r)
{
	struct node n;

	node_new(&n, "stale", r);
	put_head(&n, r, 1);
	the_time += 86399;
	admit_tick(n.a);
	is_err(files(&n), 6, "a day is not over");
	the_time += 1;
	admit_tick(n.a);
	is_err(files(&n), 0, "after a day nothing is left");
	the_time = REPO_NOW;
	admit_free(n.a);
}

/* Two heads of one version, and a desk that lists what is not its own. */
static void
test_split(struct repo *r)
{
	struct repo *other = calloc(1, sizeof(*other));
	char bundle[256];
	struct node n;

	repo_make(other, 1, 29);
	node_new(&n, "split", r);
	target_path(bundle, REPO_TARGET, "bundle");
	put_head(&n, r, 1);
	is_err(put_file(&n, other, "timestamp.json"), 409,
		"another head of the version on its way");
	is_err(put(&n, bundle, span_str("bundle")), 201, "it goes live");
	is_err(put_file(&n, other, "timestamp.json"), 409,
		"another head of the version that is live");
	admit_free(n.a);
	repo_free(other);
	free(other);
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
	put_head(&n, r, 1);
	for (i = 1; i < 5; i++)
		is_err(put(&n, target_path(bundle, paths[i], "bundle"),
			       span_str("bundle")),
			422, "a desk's %s is not taken", paths[i]);
	is_err(put(&n, target_path(bundle, paths[0], "bundle"),
		       span_str("bundle")),
		201, "its own is");
	ok(served(&n, "m/timestamp.json"), "and the head is live");
	is_err(files(&n), 8, "with that alone");
	admit_free(n.a);
	repo_free(r);
	free(r);
}

static void
test_blocked(struct repo *r)
{
	char bundle[256];
	struct node n;

	hash_bytes(HASH_SHA256, span_str("bundle"), blocked_hash);
	blocks = true;
	node_new(&n, "blocked", r);
	put_head(&n, r, 1);
	ok(served(&n, "m/timestamp.json"), "a blocked file is not waited for");
	is_err(put(&n, target_path(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		451, "nor taken");
	blocks = false;
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
	is_err(put_file(&n, r, "1.root.json"), 507, "no room for a root");
	n.p.store = 44 * 4096;
	node_again(&n);
	put_head(&n, r, 1);
	is_err(put(&n, target_path(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		201, "room enough");
	admit_free(n.a);
	node_new(&n, "inodes", r);
	n.p.inodes = 9;
	node_again(&n);
	is_err(put_file(&n, r, "1.root.json"), 507, "not so many files");
	ok(files(&n) == 0, "nothing was written");
	admit_free(n.a);
}

/* Those who begin and say nothing more. */
static void
test_hoard(struct repo *r)
{
	void *push[200];
	char bundle[256];
	struct node n;
	unsigned i, k = 0, status = 0;

	node_new(&n, "hoard", r);
	put_head(&n, r, 1);
	target_path(bundle, REPO_TARGET, "bundle");
	for (i = 0; i < 200 && status == 0; i++) {
		status = n.put.begin(n.put.arg, bundle, 6, &push[k]);
		k += status == 0;
	}
	is_err(status, 503, "no more than so many at once (%u)", k);
	ok(k < 100, "which is a bound");
	for (i = 0; i < k; i++)
		n.put.cut(n.put.arg, push[i]);
	is_err(files(&n), 6, "and all are gone");
	is_err(put(&n, bundle, span_str("bundle")), 201, "then it comes");
	admit_free(n.a);
	node_new(&n, "memory", r);
	k = status = 0;
	for (i = 0; i < 200 && status == 0; i++) {
		status = n.put.begin(
			n.put.arg, "m/1.root.json", LIMIT_ROOT, &push[k]);
		k += status == 0;
	}
	is_err(status, 503, "memory is bounded, too (%u roots)", k);
	for (i = 0; i < k; i++)
		n.put.cut(n.put.arg, push[i]);
	is_err(put_file(&n, r, "1.root.json"), 201, "and given back");
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
	node_new(&n, "root", r);
	put_head(&n, r, 1);
	is_err(put(&n, target_path(bundle, REPO_TARGET, "bundle"),
		       span_str("bundle")),
		201, "the first head is live");
	is_err(put_file(&n, next, "timestamp.json"), 403,
		"a head by a key that is unknown yet");
	is_err(put_file(&n, next, "2.root.json"), 201, "its root");
	ok(!served(&n, "m/2.root.json"), "which is not served yet");
	put_head(&n, next, 2);
	ok(served(&n, "m/2.root.json") && served(&n, "m/2.snapshot.json"),
		"both are served together");
	is_err(put_file(&n, r, "timestamp.json"), 403,
		"what the old key signed is nothing now");
	is_err(files(&n), 13, "the stage is empty");
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
		.publishers = p, .n_publishers = 2, .now = now};
	char root[64];
	struct node n = {.p = {.name = "x"}};
	struct admit *twice;
	struct diag d;

	snprintf(root, sizeof(root), "%s/several", dir);
	c.root = root;
	if (trust_fingerprint(buf_view(&repo_get(r, "1.root.json")->bytes),
		    p[1].fingerprint, &d) != ERR_OK)
		abort();
	ok(admit_new(&c, ADMIT_PUSH, &n.a, &d) == ERR_OK, "two publishers");
	admit_put(n.a, &n.put);
	is_err(put(&n, "a/m/1.root.json",
		       buf_view(&repo_get(r, "1.root.json")->bytes)),
		403, "one's root is not the other's");
	is_err(put(&n, "b/m/1.root.json",
		       buf_view(&repo_get(r, "1.root.json")->bytes)),
		201, "but its own");
	is_err(put(&n, "m/1.root.json",
		       buf_view(&repo_get(r, "1.root.json")->bytes)),
		404, "and nobody's");
	is_err(put(&n, "c/m/1.root.json", span_str("x")), 404, "no such name");
	is_err(put(&n, "bb/m/1.root.json", span_str("x")), 404, "nor that");
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
	struct repo *r = calloc(1, sizeof(*r)), *r2 = calloc(1, sizeof(*r2));

	if (crypto_start() != ERR_OK || mkdtemp(dir) == NULL)
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
	test_desk();
	test_blocked(r);
	test_quota(r);
	test_hoard(r);
	test_root(r);
	test_several(r);
	repo_free(r);
	repo_free(r2);
	free(r);
	free(r2);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return plan();
}
