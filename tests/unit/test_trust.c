/* The trust machine against honest and dishonest repositories. What the public
 * conformance suite covers is run from tests/conform; here is what it does
 * not catch, and what erika adds. */
#include "../lib/repo.h"
#include "../lib/tap.h"

#include "../../src/core/json.h"

static enum err
refresh(struct repo *r, struct repo *store, enum trust_mode mode)
{
	struct trust *t = NULL;
	struct diag d = {.code = ERR_OK};
	enum err e = repo_refresh(r, store, REPO_NOW, mode, &t, &d);

	if (e != ERR_OK)
		printf("# %s: %s\n", err_str(e), d.why);
	trust_free(t);
	return e;
}

static void
test_honest(void)
{
	struct repo r = {.n = 0}, store = {.n = 0};
	struct trust_verdict v;
	struct verified *got = NULL;
	struct trust *t = NULL;
	struct diag d;

	repo_make(&r, 1, 7);
	is_err(repo_refresh(&r, &store, REPO_NOW, TRUST_STRICT, &t, &d), ERR_OK,
		"an honest repository is trusted");
	is_err(trust_find(t, REPO_TARGET, &d), ERR_OK, "search begins");
	is_err(repo_run(t, &r, &store, &d), ERR_OK, "search ends");
	ok(trust_found(t) != NULL, "the target is found");
	is_str(trust_target_role(trust_found(t)), "d-news", "by its desk");
	is_err(trust_verify(trust_found(t), span_str("bundle"), &got, &d),
		ERR_OK, "right bytes verify");
	verified_free(got);
	is_err(trust_verify(trust_found(t), span_str("bundlf"), &got, &d),
		ERR_HASH, "a changed byte does not");
	is_err(trust_verify(trust_found(t), span_str("bundl"), &got, &d),
		ERR_TRUNCATED, "nor fewer");
	is_err(trust_verify(trust_found(t), span_str("bundles"), &got, &d),
		ERR_TRAILING, "nor more");
	trust_verdict(t, &v);
	ok(v.complete && !v.stale, "authentic and fresh");
	is_err(trust_find(t, "b/other/2026-w47/1.ekb", &d), ERR_OK, "search");
	is_err(repo_run(t, &r, &store, &d), ERR_OK, "ends");
	ok(trust_found(t) == NULL, "what nobody lists is not found");
	is_err(trust_load(t, "d-news", &d), ERR_OK, "a role can be listed");
	ok(trust_listed(t, "d-news", 0) != NULL &&
			trust_listed(t, "d-news", 1) == NULL,
		"with what it lists");
	trust_free(t);

	is_err(refresh(&r, &store, TRUST_STRICT), ERR_OK, "again from store");
	repo_make(&r, 2, 7);
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_OK,
		"and the next version");
	repo_free(&r);
	repo_free(&store);
}

static void
test_expired(void)
{
	struct repo r = {.n = 0};
	struct trust_verdict v;
	struct trust *t;
	struct diag d;
	int64_t skew = 20LL * 365 * REPO_DAY;

	repo_make(&r, 1, -1);
	is_err(refresh(&r, NULL, TRUST_STRICT), ERR_EXPIRED,
		"strict: expired metadata ends the update");
	is_err(repo_refresh(&r, NULL, REPO_NOW, TRUST_LENIENT, &t, &d), ERR_OK,
		"lenient: it is authentic");
	trust_verdict(t, &v);
	ok(v.complete && v.stale, "and stale");
	trust_free(t);
	is_err(repo_refresh(&r, NULL, REPO_NOW - skew, TRUST_LENIENT, &t, &d),
		ERR_OK, "likewise by a clock 20 years behind");
	trust_verdict(t, &v);
	ok(v.complete && v.stale,
		"for which the time that was signed is not over, but passed");
	trust_free(t);
	repo_make(&r, 2, 7);
	is_err(repo_refresh(&r, NULL, REPO_NOW + skew, TRUST_LENIENT, &t, &d),
		ERR_OK, "a clock 20 years ahead changes no authenticity");
	trust_verdict(t, &v);
	ok(v.complete && v.stale, "only freshness");
	trust_free(t);
	is_err(repo_refresh(&r, NULL, REPO_NOW - skew, TRUST_LENIENT, &t, &d),
		ERR_OK, "nor does one 20 years behind");
	trust_verdict(t, &v);
	ok(v.complete && !v.stale && v.as_of == REPO_NOW,
		"and what was signed is the floor of time");
	trust_free(t);
	repo_free(&r);
}

static void
test_rollback(void)
{
	struct repo r = {.n = 0}, old = {.n = 0}, store = {.n = 0};

	repo_make(&old, 1, 7);
	repo_make(&r, 1, 7);
	repo_make(&r, 2, 7);
	is_err(refresh(&r, &store, TRUST_LENIENT), ERR_OK, "version 2 is seen");
	is_err(refresh(&old, &store, TRUST_LENIENT), ERR_ROLLBACK,
		"an older timestamp is a rollback");
	/* Newer timestamp, older snapshot. */
	repo_timestamp(&old, 3, 7, "t");
	is_err(refresh(&old, &store, TRUST_LENIENT), ERR_ROLLBACK,
		"an older snapshot under a newer timestamp too");
	/* Newer timestamp and snapshot, older desk. */
	repo_snapshot(&old, 3, 7, "s");
	repo_timestamp(&old, 4, 7, "t");
	is_err(refresh(&old, &store, TRUST_LENIENT), ERR_ROLLBACK,
		"an older desk under a newer snapshot too");
	/* The timestamps above were valid, and are the floor from now on. */
	repo_make(&r, 5, 7);
	is_err(refresh(&r, &store, TRUST_LENIENT), ERR_OK,
		"and the honest repository goes on");
	repo_free(&r);
	repo_free(&old);
	repo_free(&store);
}

static void
test_signatures(void)
{
	struct repo r = {.n = 0}, other = {.n = 0};

	repo_make(&r, 1, 7);
	repo_timestamp(&r, 2, 7, "z");
	is_err(refresh(&r, NULL, TRUST_LENIENT), ERR_KEY,
		"a timestamp by a stranger's key");
	repo_timestamp(&r, 2, 7, "t");
	repo_snapshot(&r, 2, 7, "t");
	repo_timestamp(&r, 3, 7, "t");
	is_err(refresh(&r, NULL, TRUST_LENIENT), ERR_KEY,
		"a snapshot by the timestamp's key");
	repo_snapshot(&r, 3, 7, "s");
	repo_timestamp(&r, 4, 7, "t");
	is_err(refresh(&r, NULL, TRUST_LENIENT), ERR_OK, "mended");
	/* Somebody else's outlet at the same address. */
	repo_sign(&other, "1.root.json", repo_root(1, "R", 1, "T", "S", "G"),
		"R");
	repo_make(&other, 1, 7);
	repo_timestamp(&other, 9, 7, "T");
	repo_put(&other, "1.root.json",
		buf_view(&repo_get(&r, "1.root.json")->bytes));
	is_err(refresh(&other, NULL, TRUST_LENIENT), ERR_KEY,
		"another outlet's repository");
	repo_free(&r);
	repo_free(&other);
}

/* Rename a member wherever it stands under signatures: a second id for one
 * key. */
static void
test_one_key_two_ids(void)
{
	struct repo r = {.n = 0};
	json_t *root = repo_root(1, "r", 1, "t", "s", "g");
	json_t *keys = json_object_get(root, "keys");
	json_t *roles = json_object_get(root, "roles");
	json_t *role = json_object_get(roles, "timestamp");
	struct sign_key *k = repo_key('t');
	struct repo_file *f;
	char id[TUF_KEYID];
	json_t *top, *sigs, *sig;
	struct diag d;
	struct buf b;

	ok(tuf_keyid(sign_key_public(k)->key, id) == ERR_OK, "key id");
	json_object_set(keys, "alias", json_object_get(keys, id));
	json_array_append_new(
		json_object_get(role, "keyids"), json_string("alias"));
	json_object_set_new(role, "threshold", json_integer(2));
	repo_sign(&r, "1.root.json", root, "r");
	repo_make(&r, 1, 7);
	f = repo_get(&r, "timestamp.json");
	ok(json_parse(buf_view(&f->bytes), LIMIT_TIMESTAMP, &top, &d) == ERR_OK,
		"timestamp parses");
	sigs = json_object_get(top, "signatures");
	sig = json_deep_copy(json_array_get(sigs, 0));
	json_object_set_new(sig, "keyid", json_string("alias"));
	json_array_append_new(sigs, sig);
	buf_init(&b, LIMIT_TIMESTAMP);
	ok(json_canonical(top, &b) == ERR_OK, "signed twice by one key");
	repo_put(&r, "timestamp.json", buf_view(&b));
	is_err(refresh(&r, NULL, TRUST_LENIENT), ERR_SIGNATURE,
		"one key under two ids counts once");
	json_decref(top);
	buf_free(&b);
	sign_key_free(k);
	repo_free(&r);
}

static void
test_roots(void)
{
	struct repo r = {.n = 0}, store = {.n = 0};
	struct trust *t;
	struct diag d;

	repo_make(&r, 5, 7);
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_OK, "before rotation");
	/* The timestamp key is stolen; the thief goes to version 1000. */
	repo_timestamp(&r, 1000, 7, "t");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_OK, "fast-forward");
	repo_sign(&r, "2.root.json", repo_root(2, "r", 1, "u", "s", "g"), "r");
	repo_timestamp(&r, 6, 7, "u");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_OK,
		"a new key recovers from a fast-forward");
	repo_timestamp(&r, 7, 7, "t");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_KEY,
		"and the stolen key is worth nothing");
	repo_timestamp(&r, 7, 7, "u");
	/* A new root must be signed by the old one's threshold and its own. */
	repo_sign(&r, "3.root.json", repo_root(3, "q", 1, "u", "s", "g"), "q");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_KEY,
		"a root that the old root did not sign");
	repo_sign(&r, "3.root.json", repo_root(3, "q", 1, "u", "s", "g"), "r");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_KEY,
		"a root that does not sign itself");
	repo_sign(&r, "3.root.json", repo_root(4, "q", 1, "u", "s", "g"), "rq");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_MIXED,
		"a root that skips a version");
	repo_sign(
		&r, "3.root.json", repo_root(3, "qp", 2, "u", "s", "g"), "rqp");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_OK,
		"a root signed by old and new");
	repo_sign(&r, "4.root.json", repo_root(4, "qp", 2, "u", "s", "g"), "q");
	is_err(refresh(&r, &store, TRUST_STRICT), ERR_SIGNATURE,
		"one signature of two");
	ok(repo_refresh(&r, NULL, REPO_NOW, TRUST_STRICT, &t, &d) != ERR_OK,
		"nor from the anchor");
	repo_free(&r);
	repo_free(&store);
}

/* Several mirrors' timestamps: the highest valid one wins. */
static void
test_heads(void)
{
	struct repo a = {.n = 0}, b = {.n = 0};
	struct trust_change c;
	struct trust_verdict v;
	struct trust_want w;
	struct trust *t;
	struct diag d;
	struct span old, new;

	repo_make(&a, 1, 7);
	repo_make(&b, 1, 7);
	repo_make(&b, 2, 7);
	old = buf_view(&repo_get(&a, "timestamp.json")->bytes);
	new = buf_view(&repo_get(&b, "timestamp.json")->bytes);
	ok(trust_new(buf_view(&repo_get(&a, "1.root.json")->bytes), REPO_NOW,
		   TRUST_LENIENT, &t, &d) == ERR_OK,
		"from the anchor");
	while (trust_wants(t, &w) &&
		!(w.source == TRUST_REMOTE && strcmp(w.role, "timestamp") == 0))
		if (trust_pass(t, &d) != ERR_OK)
			break;
	is_err(trust_feed(t, old, &c, &d), ERR_OK, "the first mirror's head");
	is_err(trust_feed(t, span_str("<html>"), &c, &d), ERR_SYNTAX,
		"a block page is not a head, and is not fatal");
	is_err(trust_feed(t, new, &c, &d), ERR_OK, "a newer one replaces it");
	is_err(trust_feed(t, old, &c, &d), ERR_ROLLBACK,
		"an older one is named as such");
	is_err(trust_feed(t, new, &c, &d), ERR_OK, "the same again is fine");
	is_err(trust_pass(t, &d), ERR_OK, "go on");
	is_err(repo_run(t, &b, NULL, &d), ERR_OK, "to the end");
	trust_verdict(t, &v);
	ok(v.timestamp == 2, "with the newest");
	trust_free(t);
	repo_free(&a);
	repo_free(&b);
}

/* Pieces that do not belong together, and too much of everything. */
static void
test_mixed(void)
{
	struct repo r = {.n = 0}, other = {.n = 0};
	static uint8_t big[LIMIT_ROOT + 1];
	struct repo_file *f;
	json_t *body;

	repo_make(&r, 1, 7);
	repo_make(&other, 1, 7);
	repo_make(&other, 2, 7);
	f = repo_get(&other, "2.snapshot.json");
	repo_put(&r, "1.snapshot.json", buf_view(&f->bytes));
	ok(refresh(&r, NULL, TRUST_LENIENT) != ERR_OK,
		"another version's snapshot under this name");
	/* Without hashes in the timestamp the version itself must tell. */
	body = tuf_body(TUF_TIMESTAMP, 9, REPO_NOW + 7 * REPO_DAY);
	ok(tuf_body_meta(body, "snapshot", 1, NULL) == ERR_OK, "no hashes");
	repo_sign(&r, "timestamp.json", body, "t");
	is_err(refresh(&r, NULL, TRUST_LENIENT), ERR_MIXED,
		"a snapshot of another version than named");
	memset(big, ' ', sizeof(big));
	repo_put(&r, "2.root.json", span_of(big, sizeof(big)));
	is_err(refresh(&r, NULL, TRUST_LENIENT), ERR_LIMIT, "an endless root");
	repo_get(&r, "2.root.json")->name[0] = '\0';
	repo_put(&r, "timestamp.json", span_of(big, LIMIT_TIMESTAMP + 1));
	is_err(refresh(&r, NULL, TRUST_LENIENT), ERR_LIMIT,
		"an endless timestamp");
	repo_free(&r);
	repo_free(&other);
}

/* Every bit of every file, and every length. Root 1 is the anchor itself: a
 * flip there must fail too, since it signs itself. */
static void
test_flips(void)
{
	struct repo r = {.n = 0};
	unsigned long tried = 0, accepted = 0;
	size_t i, k;
	struct trust *t;
	struct diag d;

	repo_make(&r, 1, 7);
	for (i = 0; i < r.n; i++) {
		struct buf *b = &r.files[i].bytes;
		size_t whole = b->n;

		/* x is never wanted below. */
		if (strcmp(r.files[i].name, "1.x.json") == 0)
			continue;
		for (k = 0; k < whole * 8 + whole; k++) {
			if (k < whole * 8)
				b->p[k / 8] ^= (uint8_t)(1u << (k % 8));
			else
				b->n = k - whole * 8;
			tried++;
			if (repo_refresh(&r, NULL, REPO_NOW, TRUST_LENIENT, &t,
				    &d) == ERR_OK) {
				if (trust_find(t, REPO_TARGET, &d) == ERR_OK &&
					repo_run(t, &r, NULL, &d) == ERR_OK &&
					trust_found(t) != NULL) {
					accepted++;
					printf("# accepted: %s, mutation %zu\n",
						r.files[i].name, k);
				}
				trust_free(t);
			}
			if (k < whole * 8)
				b->p[k / 8] ^= (uint8_t)(1u << (k % 8));
			b->n = whole;
		}
	}
	ok(tried > 30000 && accepted == 0,
		"%lu flips and cuts of the metadata, %lu accepted", tried,
		accepted);
	repo_free(&r);
}

static void
test_paths(void)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} table[] = {
		{"x/*", "x/mirrors.json", true},
		{"x/*", "x/a/b", false},
		{"*", "a", true},
		{"*", "a/b", false},
		{"b/*/2026-*/*", "b/news/2026-w47/1.ekb", true},
		{"b/*/2026-*/*", "b/news/2025-w47/1.ekb", false},
		{"b/news/*/*", "b/newsroom/2026-w47/1.ekb", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"a?c", "a/c", false},
		{"[ab]c", "bc", true},
		{"[!ab]c", "bc", false},
		{"[a-c]x", "bx", true},
		{"[", "[", true},
		{"", "", true},
		{"*a*b*c", "xxaxxbxxc", true},
		{"*a*b*c", "xxaxxbxx", false},
		{"ABC", "abc", false},
		{"a/", "a/", true},
		{"a", "a/", false},
	};
	char many[2048], path[2048];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ok(tuf_path_match(table[i].pattern, table[i].path) ==
				table[i].match,
			"'%s' %s '%s'", table[i].pattern,
			table[i].match ? "covers" : "does not cover",
			table[i].path);
	for (i = 0; i + 1 < sizeof(many); i += 2)
		memcpy(many + i, "*a", 2);
	many[sizeof(many) - 2] = '\0';
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	path[sizeof(path) - 2] = 'b';
	ok(!tuf_path_match(many, path), "a thousand stars end");
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	test_honest();
	test_expired();
	test_rollback();
	test_signatures();
	test_one_key_two_ids();
	test_roots();
	test_heads();
	test_mixed();
	test_paths();
	test_flips();
	return plan();
}
