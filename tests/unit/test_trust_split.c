/* Two heads of one version: found, refused, kept as a proof, and the proof
 * judged by somebody else. */
#include "../lib/repo.h"
#include "../lib/tap.h"

#include "../../src/core/json.h"

static struct repo honest, other;

/* A machine with what `store` keeps, run on `source`. */
static enum err
visit(struct repo *source, struct repo *store, struct trust **t)
{
	struct repo_file *root = repo_get(store, "root");
	struct diag d = {.code = ERR_OK};
	enum err e;

	if (root == NULL)
		root = repo_get(source, "1.root.json");
	e = trust_new(buf_view(&root->bytes), REPO_NOW, TRUST_LENIENT, t, &d);
	if (e == ERR_OK)
		e = repo_run(*t, source, store, &d);
	if (e == ERR_OK)
		e = trust_find(*t, REPO_TARGET, &d);
	if (e == ERR_OK)
		e = repo_run(*t, source, store, &d);
	if (e == ERR_OK)
		e = trust_lost(*t, &d);
	if (e != ERR_OK)
		printf("# %s: %s\n", err_str(e), d.why);
	return e;
}

static void
is_split(struct trust *t, const char *by, const char *role, uint64_t version)
{
	struct trust_split s;

	ok(trust_split(t, &s), "two heads are kept");
	is_str(s.by, by, "signed by %s", by);
	is_str(s.role, role, "of %s", role);
	ok(s.version == version, "of version %u", (unsigned)version);
}

static enum err
judge(struct span proof, const char *letters, struct trust_split *s)
{
	struct repo r = {.n = 0};
	struct diag d = {.code = ERR_OK};
	struct trust *t = NULL;
	enum err e;

	repo_sign(&r, "1.root.json", repo_root(1, letters, 1, "t", "s", "g"),
		letters);
	e = trust_new(buf_view(&repo_get(&r, "1.root.json")->bytes), REPO_NOW,
		TRUST_LENIENT, &t, &d);
	if (e == ERR_OK)
		e = trust_split_check(t, proof, s, &d);
	if (e != ERR_OK)
		printf("# %s: %s\n", err_str(e), d.why);
	trust_free(t);
	repo_free(&r);
	return e;
}

/* Every byte of a proof counts, but for the digits of its own claims, which
 * must then be refused. */
static void
test_mutants(struct span proof)
{
	uint8_t *copy = malloc(proof.n);
	struct trust_split s;
	struct diag d;
	struct trust *t;
	size_t i, accepted = 0;

	memcpy(copy, proof.p, proof.n);
	is_err(trust_new(buf_view(&repo_get(&honest, "1.root.json")->bytes),
		       REPO_NOW, TRUST_LENIENT, &t, &d),
		ERR_OK, "a judge");
	for (i = 0; i < proof.n; i++) {
		copy[i] ^= 1;
		if (trust_split_check(t, span_of(copy, proof.n), &s, &d) ==
			ERR_OK)
			accepted++;
		copy[i] ^= 1;
		if (trust_split_check(t, span_of(copy, i), &s, &d) == ERR_OK)
			accepted++;
	}
	ok(accepted == 0, "%zu changed and cut proofs, %zu accepted",
		2 * proof.n, accepted);
	trust_free(t);
	free(copy);
}

static void
is_proof(struct trust *t, const char *by, const char *role)
{
	struct trust_split s;
	struct buf b;

	buf_init(&b, LIMIT_SPLIT);
	is_err(trust_split_proof(t, &b), ERR_OK, "there is a proof");
	is_err(judge(buf_view(&b), "r", &s), ERR_OK, "which others can check");
	ok(strcmp(s.by, by) == 0 && strcmp(s.role, role) == 0,
		"and says the same");
	is_err(judge(buf_view(&b), "q", &s), ERR_MIXED,
		"not under another outlet's root");
	ok(s.by[0] == '\0', "and says nothing then");
	test_mutants(buf_view(&b));
	buf_free(&b);
}

static void
start(struct repo *store)
{
	struct trust *t;

	repo_free(store);
	repo_free(&honest);
	repo_free(&other);
	repo_make(&honest, 1, 7);
	is_err(visit(&honest, store, &t), ERR_OK, "an honest start");
	ok(!trust_split(t, &(struct trust_split){.version = 0}), "no split");
	trust_free(t);
}

static void
test_timestamp(void)
{
	struct repo store = {.n = 0};
	struct trust_verdict v;
	struct trust_change c;
	struct trust *t;
	struct diag d;

	start(&store);
	repo_make(&other, 1, 8);
	is_err(visit(&other, &store, &t), ERR_SPLIT,
		"another timestamp of the version at hand");
	is_split(t, "timestamp", "timestamp", 1);
	is_proof(t, "timestamp", "timestamp");
	/* The one at hand is as good as before. */
	is_err(trust_pass(t, &d), ERR_OK, "go on");
	is_err(repo_run(t, &honest, &store, &d), ERR_OK, "to the end");
	trust_verdict(t, &v);
	ok(v.complete && v.expires == REPO_NOW + 7 * REPO_DAY,
		"with what was trusted");
	is_split(t, "timestamp", "timestamp", 1);
	trust_free(t);

	/* Two mirrors in one session, nothing stored. */
	is_err(trust_new(buf_view(&repo_get(&honest, "1.root.json")->bytes),
		       REPO_NOW, TRUST_STRICT, &t, &d),
		ERR_OK, "a new reader");
	ok(trust_pass(t, &d) == ERR_OK && trust_pass(t, &d) == ERR_OK,
		"with nothing");
	is_err(trust_feed(t,
		       buf_view(&repo_get(&honest, "timestamp.json")->bytes),
		       &c, &d),
		ERR_OK, "one mirror's head");
	is_err(trust_feed(t,
		       buf_view(&repo_get(&other, "timestamp.json")->bytes), &c,
		       &d),
		ERR_SPLIT, "another mirror's");
	ok(c.save == NULL, "which is not kept as trusted");
	is_err(trust_pass(t, &d), ERR_OK, "go on, strictly too");
	trust_free(t);
	repo_free(&store);
}

/* Signed again without a change: no split. */
static void
test_signed_again(void)
{
	struct repo store = {.n = 0};
	struct trust *t;

	repo_free(&honest);
	repo_sign(&honest, "1.root.json", repo_root(1, "r", 1, "tu", "s", "g"),
		"r");
	repo_make(&honest, 1, 7);
	is_err(visit(&honest, &store, &t), ERR_OK, "two timestamp keys");
	trust_free(t);
	repo_timestamp(&honest, 1, 7, "ut");
	is_err(visit(&honest, &store, &t), ERR_OK,
		"the same timestamp with another signature");
	ok(!trust_split(t, &(struct trust_split){.version = 0}),
		"is no second head");
	is_err(trust_split_proof(t, &(struct buf){.n = 0}), ERR_MISSING,
		"and no proof");
	trust_free(t);
	repo_free(&store);
}

static void
test_snapshot(void)
{
	struct repo store = {.n = 0};
	struct trust *t;
	json_t *body;

	/* The timestamps name it by its hash. */
	start(&store);
	repo_make(&other, 1, 8);
	repo_timestamp(&other, 2, 8, "t");
	is_err(visit(&other, &store, &t), ERR_SPLIT,
		"a newer timestamp with another snapshot of the same version");
	is_split(t, "timestamp", "snapshot", 1);
	is_proof(t, "timestamp", "snapshot");
	trust_free(t);
	is_err(visit(&honest, &store, &t), ERR_OK, "the first is still there");
	trust_free(t);

	/* They do not: the snapshots themselves tell. */
	start(&store);
	body = tuf_body(TUF_TIMESTAMP, 2, REPO_NOW + 7 * REPO_DAY);
	ok(tuf_body_meta(body, "snapshot", 1, NULL) == ERR_OK, "no hashes");
	repo_sign(&honest, "timestamp.json", body, "t");
	is_err(visit(&honest, &store, &t), ERR_OK, "a timestamp without hash");
	trust_free(t);
	repo_make(&other, 1, 8);
	repo_timestamp(&other, 3, 8, "t");
	is_err(visit(&other, &store, &t), ERR_SPLIT,
		"another snapshot of the version at hand");
	is_split(t, "snapshot", "snapshot", 1);
	is_proof(t, "snapshot", "snapshot");
	trust_free(t);
	repo_free(&store);
}

static void
test_roles(void)
{
	struct repo store = {.n = 0};
	struct trust *t;

	/* The snapshots name it by its hash. */
	start(&store);
	repo_make(&other, 1, 7);
	repo_desk(&other, 1, 8, "d");
	repo_snapshot(&other, 2, 7, "s");
	repo_timestamp(&other, 2, 7, "t");
	is_err(visit(&other, &store, &t), ERR_SPLIT,
		"a newer snapshot with another desk of the same version");
	is_split(t, "snapshot", "d-news", 1);
	is_proof(t, "snapshot", "d-news");
	trust_free(t);
	start(&store);
	repo_make(&other, 1, 7);
	repo_targets(&other, 1, 8, "g");
	repo_snapshot(&other, 2, 7, "s");
	repo_timestamp(&other, 2, 7, "t");
	is_err(visit(&other, &store, &t), ERR_SPLIT, "likewise targets");
	is_split(t, "snapshot", "targets", 1);
	trust_free(t);
	/* A newer version is no second head. */
	repo_make(&other, 3, 7);
	is_err(visit(&other, &store, &t), ERR_OK, "a newer version mends it");
	trust_free(t);
	repo_free(&store);
}

/* A snapshot that names versions only. */
static void
bare_snapshot(struct repo *r, unsigned version)
{
	json_t *body = tuf_body(TUF_SNAPSHOT, version, REPO_NOW + 7 * REPO_DAY);
	char name[64];

	ok(tuf_body_meta(body, "targets", 1, NULL) == ERR_OK &&
			tuf_body_meta(body, "x", 1, NULL) == ERR_OK &&
			tuf_body_meta(body, "d-news", 1, NULL) == ERR_OK,
		"names versions only");
	snprintf(name, sizeof(name), "%u.snapshot.json", version);
	repo_sign(r, name, body, "s");
	repo_timestamp(r, version, 7, "t");
}

/* The snapshots do not tell; the files themselves do. */
static void
test_rival(void)
{
	struct repo store = {.n = 0};
	struct trust *t;

	start(&store);
	bare_snapshot(&honest, 2);
	is_err(visit(&honest, &store, &t), ERR_OK, "a snapshot without hashes");
	trust_free(t);
	repo_make(&other, 1, 7);
	repo_desk(&other, 1, 8, "d");
	repo_snapshot(&other, 3, 7, "s");
	repo_timestamp(&other, 3, 7, "t");
	is_err(visit(&other, &store, &t), ERR_SPLIT,
		"another desk of the version at hand");
	is_split(t, "d-news", "d-news", 1);
	is_proof(t, "d-news", "d-news");
	trust_free(t);

	start(&store);
	bare_snapshot(&honest, 2);
	is_err(visit(&honest, &store, &t), ERR_OK, "again");
	trust_free(t);
	repo_make(&other, 1, 7);
	repo_targets(&other, 1, 8, "g");
	repo_snapshot(&other, 3, 7, "s");
	repo_timestamp(&other, 3, 7, "t");
	is_err(visit(&other, &store, &t), ERR_SPLIT,
		"other targets of the version at hand");
	is_split(t, "targets", "targets", 1);
	trust_free(t);
	/* What was stored is not signed by the desk's key any more. */
	repo_desk(&other, 1, 8, "D");
	repo_free(&store);
}

/* Proofs that prove nothing. */
static void
test_false_proofs(void)
{
	static const struct {
		const char *member, *value;
		enum err want;
	} table[] = {
		{"_type", "\"erika-split-2\"", ERR_UNSUPPORTED},
		{"by", "\"snapshot\"", ERR_SYNTAX},
		{"by", "\"d-news\"", ERR_SYNTAX},
		{"role", "\"snapshot\"", ERR_OK}, /* true, too */
		{"role", "\"targets\"", ERR_REFUSED},
		{"root", "{}", ERR_SYNTAX},
		{"version", "2", ERR_REFUSED},
		{"version", "0", ERR_REFUSED},
		{"via", "{}", ERR_SYNTAX},
		{"via", "[1]", ERR_SYNTAX},
		{"heads", "[]", ERR_SYNTAX},
		{"heads", "[1,2]", ERR_SYNTAX},
		{"extra", "1", ERR_SYNTAX},
	};
	struct repo store = {.n = 0};
	struct trust_split s;
	struct trust *t;
	struct diag d;
	struct buf b;
	json_t *proof, *heads;
	size_t i;

	start(&store);
	repo_make(&other, 1, 8);
	is_err(visit(&other, &store, &t), ERR_SPLIT, "a true one");
	buf_init(&b, LIMIT_SPLIT);
	ok(trust_split_proof(t, &b) == ERR_OK &&
			json_parse(buf_view(&b), LIMIT_SPLIT, &proof, &d) ==
				ERR_OK,
		"taken apart");
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		json_t *copy = json_deep_copy(proof);

		json_object_set_new(copy, table[i].member,
			json_loads(table[i].value, JSON_DECODE_ANY, NULL));
		buf_clear(&b);
		ok(json_canonical(copy, &b) == ERR_OK, "with");
		is_err(judge(buf_view(&b), "r", &s), table[i].want, "%s %s",
			table[i].member, table[i].value);
		json_decref(copy);
	}
	heads = json_object_get(proof, "heads");
	json_array_set(heads, 1, json_array_get(heads, 0));
	buf_clear(&b);
	ok(json_canonical(proof, &b) == ERR_OK, "with");
	is_err(judge(buf_view(&b), "r", &s), ERR_REFUSED, "one head twice");
	json_array_clear(
		json_object_get(json_array_get(heads, 1), "signatures"));
	buf_clear(&b);
	ok(json_canonical(proof, &b) == ERR_OK, "with");
	is_err(judge(buf_view(&b), "r", &s), ERR_KEY, "a head unsigned");
	json_decref(proof);
	buf_free(&b);
	trust_free(t);
	repo_free(&store);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	test_timestamp();
	test_signed_again();
	test_snapshot();
	test_roles();
	test_rival();
	test_false_proofs();
	repo_free(&honest);
	repo_free(&other);
	return plan();
}
