/* The reader's library: outlets, metadata, mirrors, targets, pictures,
 * transactions. What comes of syncs is test_sync.c's. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/core/limits.h"
#include "../../src/sys/db.h"
#include "../../src/sys/library.h"
#include "../lib/hostile_bundle.h"
#include "../lib/repo.h"
#include "../lib/tap.h"

static struct diag d;

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	printf("Bail out! %s: %s: %s\n", what, err_str(e), d.why);
	exit(1);
}

static int64_t
outlet(struct library *l, const char *name, uint8_t mark)
{
	uint8_t fp[32] = {mark, 0xab, 0xcd, 0xef};
	int64_t id;

	must(library_outlet_add(l, name, fp, span_str("root"), 1000, &id, &d),
		"outlet");
	return id;
}

static void
test_path(void)
{
	struct buf b;

	buf_init(&b, 4096);
	setenv("XDG_DATA_HOME", "/data", 1);
	setenv("HOME", "/home/r", 1);
	is_err(library_path(&b, &d), ERR_OK, "a path by XDG");
	is_str(buf_cstr(&b), "/data/erika/library.db", "below it");
	buf_clear(&b);
	setenv("XDG_DATA_HOME", "relative", 1);
	is_err(library_path(&b, &d), ERR_OK, "a relative one is ignored");
	is_str(buf_cstr(&b), "/home/r/.local/share/erika/library.db",
		"HOME counts then");
	unsetenv("XDG_DATA_HOME");
	unsetenv("HOME");
	buf_clear(&b);
	is_err(library_path(&b, &d), ERR_FAILED, "neither: no path");
	buf_free(&b);
}

static void
test_open(void)
{
	struct library *l;
	struct stat st;
	struct db *db;

	is_err(library_open("new/er/library.db", &l, &d), ERR_OK,
		"a library with its folders");
	library_close(l);
	library_close(NULL);
	ok(stat("new/er", &st) == 0 && (st.st_mode & 0777) == 0700,
		"the folder is the owner's");
	ok(stat("new/er/library.db", &st) == 0 && (st.st_mode & 0777) == 0600,
		"the file too");
	must(db_open("other.db", "CREATE TABLE x(y)", 77, &db, &d), "db");
	db_close(db);
	is_err(library_open("other.db", &l, &d), ERR_UNSUPPORTED,
		"another version is not touched");
	ok(l == NULL, "and not open");
}

static void
test_outlets(struct library *l)
{
	const struct library_outlet *o;
	struct library_outlets list;
	uint8_t fp[32] = {1, 0xab, 0xcd, 0xef};
	int64_t id = outlet(l, "One", 1), again;

	outlet(l, "Two", 2);
	outlet(l, "Two", 3);
	is_err(library_outlet_add(
		       l, "New", fp, span_str("root"), 1, &again, &d),
		ERR_EXISTS, "a fingerprint is there once");
	must(library_outlets(l, &list, &d), "list");
	ok(list.n == 3 && list.list[0].id == id, "three outlets");
	is_err(library_outlet_find(&list, "One", &o, &d), ERR_OK, "by name");
	ok(o == &list.list[0], "the right one");
	is_err(library_outlet_find(&list, "Two", &o, &d), ERR_USAGE,
		"two of a name");
	is_err(library_outlet_find(&list, "02abcdef", &o, &d), ERR_OK,
		"by eight digits");
	ok(o == &list.list[1], "the right one");
	is_err(library_outlet_find(&list, "02abcde", &o, &d), ERR_MISSING,
		"seven are too few");
	is_err(library_outlet_find(&list, "Three", &o, &d), ERR_MISSING,
		"none of that name");
	library_outlets_clear(&list);
}

static void
test_stale(struct library *l)
{
	struct trust_verdict v = {.complete = true,
		.as_of = 5000,
		.expires = 6000,
		.timestamp = 7,
		.root_keys = 3,
		.root_threshold = 2,
		.stale_role = "timestamp"};
	struct library_outlets list;

	must(library_outlet_verdict(l, 1, &v, 5500, &d), "verdict");
	must(library_outlets(l, &list, &d), "list");
	ok(list.list[0].synced == 5500 && list.list[0].timestamp == 7 &&
			list.list[0].root_threshold == 2,
		"a verdict is kept");
	is_str(list.list[0].expires_role, "timestamp", "with what expires");
	ok(!library_outlet_stale(&list.list[0], 5999), "fresh before");
	ok(library_outlet_stale(&list.list[0], 6000), "stale after");
	list.list[0].as_of = 7000;
	ok(library_outlet_stale(&list.list[0], 10),
		"a clock that is behind is not believed");
	library_outlets_clear(&list);
}

static bool
has_role(struct library *l, const char *role, const char *bytes)
{
	struct buf b;
	bool found, same;

	buf_init(&b, 100);
	must(library_metadata(l, 1, role, &b, &found, &d), "metadata");
	same = bytes == NULL ? !found
			     : found && strcmp(buf_cstr(&b), bytes) == 0;
	buf_free(&b);
	return same;
}

static void
change(struct library *l, const char *save, const char *name, const char *bytes,
	bool drop)
{
	struct trust_change c = {
		.save = save, .drop_timestamp = drop, .drop_snapshot = drop};

	must(library_metadata_change(l, 1, &c, name, span_str(bytes), &d),
		"change");
}

static void
test_metadata(struct library *l)
{
	ok(has_role(l, "root", "root") && has_role(l, "1.root", "root"),
		"an outlet begins with its root, twice");
	change(l, "timestamp", "timestamp.json", "t1", false);
	change(l, "snapshot", "1.snapshot.json", "s1", false);
	change(l, "d-news", "1.d-news.json", "d1", false);
	ok(has_role(l, "timestamp", "t1") && has_role(l, "snapshot", "s1"),
		"roles are kept");
	change(l, "root", "2.root.json", "root2", true);
	ok(has_role(l, "root", "root2") && has_role(l, "2.root", "root2") &&
			has_role(l, "1.root", "root"),
		"a new root is added to the chain");
	ok(has_role(l, "timestamp", NULL) && has_role(l, "snapshot", NULL),
		"what it makes void goes");
	ok(has_role(l, "d-news", "d1"), "and nothing else");
	change(l, NULL, "x", "y", false);
	ok(has_role(l, "x", NULL), "nothing to save is nothing saved");
}

static void
test_mirrors(struct library *l)
{
	struct library_mirror m = {.name = (char *)(uintptr_t) "list",
		.url = (char *)(uintptr_t) "https://a.example/",
		.source = LIBRARY_MIRROR_LIST,
		.countries = (char *)(uintptr_t) "RU, BY"};
	struct library_mirrors list;

	must(library_mirror_add(l, 1, &m, &d), "mirror");
	m.url = (char *)(uintptr_t) "https://b.example/";
	must(library_mirror_add(l, 1, &m, &d), "mirror");
	m.name = (char *)(uintptr_t) "mine";
	m.source = LIBRARY_MIRROR_USER;
	m.countries = NULL;
	must(library_mirror_add(l, 1, &m, &d), "mirror");
	must(library_mirrors(l, 1, &list, &d), "mirrors");
	ok(list.n == 2, "no URL is there twice");
	is_str(list.list[0].url, "https://b.example/", "the user's come first");
	ok(list.list[0].source == LIBRARY_MIRROR_USER,
		"what the user names is the user's");
	is_str(list.list[1].countries, "RU, BY", "countries are kept");
	library_mirrors_clear(&list);
	must(library_mirrors_drop_list(l, 1, &d), "drop");
	must(library_mirrors(l, 1, &list, &d), "mirrors");
	ok(list.n == 1, "a new list replaces only the list's");
	library_mirrors_clear(&list);
	must(library_mirrors(l, 2, &list, &d), "mirrors");
	ok(list.n == 0, "another outlet has none of them");
	library_mirrors_clear(&list);
}

/* Other ways to a mirror: on the strongest word, and gone with it. */
static void
test_ways(struct library *l)
{
	char *two[] = {(char *)(uintptr_t) "203.0.113.7",
		(char *)(uintptr_t) "2001:db8::7"};
	char *one[] = {(char *)(uintptr_t) "192.168.1.1"};
	struct library_mirror m = {.name = (char *)(uintptr_t) "far",
		.url = (char *)(uintptr_t) "https://far.example/",
		.source = LIBRARY_MIRROR_LIST,
		.addresses = two,
		.n_addresses = 2,
		.pin = (char *)(uintptr_t) "sha256//x",
		.storage = true};
	struct library_mirrors list;

	must(library_mirror_add(l, 2, &m, &d), "mirror");
	must(library_mirrors(l, 2, &list, &d), "mirrors");
	ok(list.n == 1 && list.list[0].n_addresses == 2 &&
			list.list[0].sni == NULL && list.list[0].storage,
		"a mirror's ways are kept");
	is_str(list.list[0].addresses[1], "2001:db8::7", "each address");
	library_mirrors_clear(&list);
	m.source = LIBRARY_MIRROR_USER;
	m.addresses = one;
	m.n_addresses = 1;
	m.pin = NULL;
	must(library_mirror_add(l, 2, &m, &d), "mirror");
	m.source = LIBRARY_MIRROR_LIST;
	m.addresses = two;
	m.n_addresses = 2;
	must(library_mirror_add(l, 2, &m, &d), "mirror");
	must(library_mirrors_drop_list(l, 2, &d), "drop");
	must(library_mirrors(l, 2, &list, &d), "mirrors");
	ok(list.n == 1 && list.list[0].n_addresses == 1 &&
			list.list[0].pin == NULL,
		"the user's word outranks the list's, and outlives it");
	library_mirrors_clear(&list);
	m.source = LIBRARY_MIRROR_LINK;
	m.url = (char *)(uintptr_t) "https://near.example/";
	m.addresses = NULL;
	m.n_addresses = 0;
	m.storage = false;
	must(library_mirror_add(l, 2, &m, &d), "mirror");
	m.source = LIBRARY_MIRROR_LIST;
	m.pin = (char *)(uintptr_t) "sha256//y";
	must(library_mirror_add(l, 2, &m, &d), "mirror");
	must(library_mirrors(l, 2, &list, &d), "mirrors");
	ok(list.n == 2 && list.list[1].source == LIBRARY_MIRROR_LINK &&
			list.list[1].pin != NULL,
		"a link without ways has those of the list");
	library_mirrors_clear(&list);
	must(library_mirrors_drop_list(l, 2, &d), "drop");
	must(library_mirrors(l, 2, &list, &d), "mirrors");
	ok(list.n == 2 && list.list[1].pin == NULL,
		"as long as the list has it");
	library_mirrors_clear(&list);
}

/* The signed list that is valid now. */
static void
test_list(struct library *l)
{
	static const char text[] =
		"{\"_type\":\"erika-mirrors-1\",\"countries\":{\"RU\":"
		"{\"strategies\":[\"sni\"]}},\"mirrors\":[],\"resolvers\":["
		"{\"address\":\"203.0.113.53\",\"url\":"
		"\"https://dns.example/q\"}]}";
	struct verified *v = hostile_trust(span_str(text));
	struct verified *other = hostile_trust(span_str("other"));
	struct mirrors m;
	bool is;

	must(library_list(l, 2, &m, &d), "list");
	ok(m.n_resolvers == 0 && m.countries.n == 0, "no list is an empty one");
	must(library_list_set(l, 2, v, &d), "set");
	must(library_list_is(l, 2, v, &is, &d), "is");
	ok(is, "the list is kept");
	must(library_list_is(l, 2, other, &is, &d), "is");
	ok(!is, "and no other one");
	must(library_list(l, 2, &m, &d), "list");
	ok(m.n_resolvers == 1 && m.countries.n == 1,
		"with its resolvers and countries");
	mirrors_clear(&m);
	must(library_list(l, 1, &m, &d), "list");
	ok(m.n_resolvers == 0, "which are that outlet's alone");
	must(library_list_set(l, 2, other, &d), "set");
	must(library_list_is(l, 2, v, &is, &d), "is");
	ok(!is, "another one takes its place");
	verified_free(v);
	verified_free(other);
}

static void
test_targets(struct library *l)
{
	struct verified *v = hostile_trust(span_str("words")), *out;
	uint8_t sha256[32], other[32] = {0};
	bool found;

	hash_bytes(HASH_SHA256, span_str("words"), sha256);
	must(library_target_add(l, 1, "x/ru-1.dict", sha256, v, &d), "target");
	must(library_target_add(l, 1, "x/ru-1.dict", sha256, v, &d), "again");
	must(library_target(l, 1, sha256, &out, &found, &d), "target");
	ok(found && span_eq(verified_bytes(out), span_str("words")),
		"a target comes back verified");
	verified_free(out);
	must(library_target(l, 1, other, &out, &found, &d), "other");
	ok(!found && out == NULL, "another does not");
	must(library_target(l, 2, sha256, &out, &found, &d), "outlet");
	ok(!found && out == NULL, "nor to another outlet");
	verified_free(v);
}

static void
image_put(struct library *l, const struct digest *name, struct span s)
{
	struct verified *v = hostile_trust(s);

	must(library_image_add(l, 1, name, v, &d), "image");
	verified_free(v);
}

static void
test_images(struct library *l)
{
	uint8_t *big = malloc(3 * LIMIT_PART);
	struct digest parts[3], name, one = digest_of(span_str("png"));
	struct buf b;
	bool has;
	size_t i;

	for (i = 0; i < 3 * LIMIT_PART - 5; i++)
		big[i] = (uint8_t)(i * 7);
	for (i = 0; i < 3; i++)
		parts[i] = digest_of(span_sub(span_of(big, 3 * LIMIT_PART - 5),
			i * LIMIT_PART, LIMIT_PART));
	name = bundle_object_name(parts, 3);
	buf_init(&b, LIMIT_OBJECT);
	image_put(l, &name, span_of(big, 3 * LIMIT_PART - 5));
	image_put(l, &one, span_str("png"));
	must(library_image_has(l, 1, &name, &has, &d), "has");
	ok(has, "a picture is there");
	must(library_image_has(l, 2, &name, &has, &d), "has");
	ok(!has, "not for another outlet");
	is_err(library_image(l, 1, &name, &b, &has, &d), ERR_OK, "it is read");
	ok(b.n == 3 * LIMIT_PART - 5 && memcmp(b.p, big, b.n) == 0, "whole");
	image_put(l, &one, span_str("pmg"));
	buf_clear(&b);
	is_err(library_image(l, 1, &one, &b, &has, &d), ERR_HASH,
		"one that changed on disk is not");
	ok(b.n == 0, "and gives nothing");
	image_put(l, &one, span_str(""));
	is_err(library_image(l, 1, &one, &b, &has, &d), ERR_HASH,
		"nor an empty one");
	buf_free(&b);
	free(big);
}

static size_t
count(struct library *l)
{
	struct library_outlets list;
	size_t n;

	must(library_outlets(l, &list, &d), "outlets");
	n = list.n;
	library_outlets_clear(&list);
	return n;
}

static void
test_transactions(struct library *l)
{
	size_t n = count(l);

	must(library_begin(l, &d), "begin");
	outlet(l, "Gone", 10);
	ok(count(l) == n + 1, "inside, it is there");
	library_rollback(l);
	ok(count(l) == n, "a rollback takes back what was inside");
	must(library_begin(l, &d), "begin");
	outlet(l, "Stays", 11);
	must(library_commit(l, &d), "commit");
	library_rollback(l);
	ok(count(l) == n + 1, "a commit keeps it");
	must(library_trial(l, &d), "trial");
	must(library_begin(l, &d), "begin");
	outlet(l, "Tried", 12);
	must(library_commit(l, &d), "commit");
	ok(count(l) == n + 2, "in a trial, too, it is there");
	library_trial_end(l);
	ok(count(l) == n + 1, "until its end");
}

/* The chain from the store alone. */
static void
test_trust(void)
{
	struct repo r = {.n = 0};
	const struct trust_target *g;
	struct library *l;
	struct trust_verdict v;
	struct trust *t;
	const char *path;
	int64_t id;
	uint8_t fp[32] = {1};
	struct span root;
	static const char *const roles[][2] = {{"timestamp", "timestamp.json"},
		{"snapshot", "1.snapshot.json"}, {"targets", "1.targets.json"},
		{"x", "1.x.json"}, {"d-news", "1.d-news.json"}};
	size_t i;

	repo_make(&r, 1, 10);
	root = buf_view(&repo_get(&r, "1.root.json")->bytes);
	must(library_open("trust.db", &l, &d), "library");
	must(library_outlet_add(l, "T", fp, root, 1, &id, &d), "outlet");
	for (i = 0; i < 5; i++) {
		struct trust_change c = {.save = roles[i][0]};

		is_err(library_trust(l, id, REPO_NOW, &t, &d),
			i < 3 ? ERR_MISSING : ERR_OK,
			i < 3 ? "without %s there is no chain"
			      : "without %s there is one",
			roles[i][0]);
		ok(i < 3 ? t == NULL : trust_loaded(t, i - 2) == NULL,
			i < 3 ? "and no machine" : "which lacks just that");
		trust_free(t);
		must(library_metadata_change(l, id, &c, roles[i][1],
			     buf_view(&repo_get(&r, roles[i][1])->bytes), &d),
			"store");
	}
	is_err(library_trust(l, id, REPO_NOW, &t, &d), ERR_OK, "with all, yes");
	trust_verdict(t, &v);
	ok(v.complete && !v.stale, "complete and fresh");
	ok(trust_listed(t, "d-news", 0) != NULL, "the desk is loaded");
	is_str(trust_loaded(t, 2), "d-news", "and told as such");
	ok(trust_loaded(t, 3) == NULL, "as the last");
	path = trust_target_path(trust_listed(t, "d-news", 0));
	is_err(library_trust_find(l, id, t, path, &g, &d), ERR_OK, "a search");
	ok(g != NULL && strcmp(trust_target_role(g), "d-news") == 0,
		"finds what it lists");
	is_err(library_trust_find(l, id, t, "b/news/1999-w01/1.ekb", &g, &d),
		ERR_OK, "for what nobody lists");
	ok(g == NULL, "nothing");
	trust_free(t);
	is_err(library_trust(l, id, REPO_NOW + 99 * (int64_t)REPO_DAY, &t, &d),
		ERR_OK, "much later, too");
	trust_verdict(t, &v);
	ok(v.complete && v.stale, "complete and stale");
	trust_free(t);
	library_close(l);
	repo_free(&r);
}

/* Of two processes at once, the one that is behind stores last. */
static void
test_behind(struct library *l)
{
	static const char *const roles[][3] = {
		{"timestamp", "timestamp.json", "timestamp.json"},
		{"snapshot", "4.snapshot.json", "5.snapshot.json"}};
	struct repo old = {.n = 0}, new = {.n = 0};
	struct trust_change drop = {
		.drop_timestamp = true, .drop_snapshot = true};
	size_t i;

	repo_make(&old, 4, 10);
	repo_make(&new, 5, 10);
	for (i = 0; i < 2; i++) {
		struct trust_change c = {.save = roles[i][0]};
		struct span a = buf_view(&repo_get(&old, roles[i][1])->bytes);
		struct span b = buf_view(&repo_get(&new, roles[i][2])->bytes);
		struct buf got;
		bool found;

		buf_init(&got, LIMIT_METADATA);
		must(library_metadata_change(l, 1, &c, "x", a, &d), "old");
		must(library_metadata_change(l, 1, &c, "x", b, &d), "new");
		must(library_metadata_change(l, 1, &c, "x", a, &d), "old");
		must(library_metadata(l, 1, roles[i][0], &got, &found, &d),
			"read");
		ok(span_eq(buf_view(&got), b), "a newer %s stays", roles[i][0]);
		must(library_metadata_change(
			     l, 1, &drop, "x", span_str(""), &d),
			"drop");
		must(library_metadata_change(l, 1, &c, "x", a, &d), "old");
		buf_clear(&got);
		must(library_metadata(l, 1, roles[i][0], &got, &found, &d),
			"read");
		ok(span_eq(buf_view(&got), a),
			"but not one that a new root has voided");
		buf_free(&got);
	}
	repo_free(&old);
	repo_free(&new);
}

int
main(void)
{
	struct library *l;

	must(crypto_start(), "libsodium");
	test_path();
	test_open();
	must(library_open("library.db", &l, &d), "library");
	test_outlets(l);
	test_stale(l);
	test_metadata(l);
	test_behind(l);
	test_mirrors(l);
	test_ways(l);
	test_list(l);
	test_targets(l);
	test_images(l);
	test_transactions(l);
	library_close(l);
	test_trust();
	return plan();
}
