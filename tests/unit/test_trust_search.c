/* The search through delegations: TUF 1.0.34, section 5.6.7, and that one bad
 * delegation costs nothing but itself. */
#include <unistd.h>

#include "../lib/repo.h"
#include "../lib/tap.h"

#include "../../src/core/json.h"

#define PATH "a/b"
#define ROLES 48

/* A role: the letters of its key, whether it lists PATH, and delegations in
 * order, as "NAME" or "NAME!" when terminating, all of them covering PATH. */
struct role {
	const char *name, *key;
	bool lists, hidden; /* hidden: named by the snapshot, yet not there */
	const char *delegates;
	bool unnamed; /* not even named by the snapshot */
};

static void
delegate(json_t *body, const struct role *roles, size_t n, const char *list)
{
	static const char *const all[] = {"a/*", NULL};
	char name[32];
	size_t i, k;

	while (*list != '\0') {
		struct minisign_key pub;
		struct sign_key *key;
		const char *letter = "k";
		bool ends;

		k = strcspn(list, "! ");
		snprintf(name, sizeof(name), "%.*s", (int)k, list);
		list += k;
		ends = *list == '!';
		list += ends;
		list += *list == ' ';
		for (i = 0; i < n; i++)
			if (strcmp(roles[i].name, name) == 0)
				letter = roles[i].key;
		key = repo_key(letter[0]);
		pub = *sign_key_public(key);
		sign_key_free(key);
		if (tuf_body_delegate(body, name,
			    &(struct tuf_grant){&pub, 1, 1}, all,
			    ends) != ERR_OK)
			abort();
	}
}

/* A repository of these roles; the first is "targets". */
static void
build(struct repo *r, const struct role *roles, size_t n)
{
	json_t *snapshot = tuf_body(TUF_SNAPSHOT, 1, REPO_NOW + REPO_DAY);
	uint8_t hash[32];
	char name[64];
	size_t i;

	repo_free(r);
	repo_sign(r, "1.root.json", repo_root(1, "r", 1, "t", "s", "g"), "r");
	hash_bytes(HASH_SHA256, span_str("bytes"), hash);
	for (i = 0; i < n; i++) {
		json_t *body = tuf_body(TUF_TARGETS, 1, REPO_NOW + REPO_DAY);

		if (roles[i].lists && tuf_body_target(body, PATH, 5 + i, hash,
					      NULL) != ERR_OK)
			abort();
		delegate(body, roles, n, roles[i].delegates);
		snprintf(name, sizeof(name), "1.%s.json", roles[i].name);
		if (!roles[i].hidden)
			repo_sign(r, name, body, roles[i].key);
		else
			json_decref(body);
		if (!roles[i].unnamed && tuf_body_meta(snapshot, roles[i].name,
						 1, NULL) != ERR_OK)
			abort();
	}
	repo_sign(r, "1.snapshot.json", snapshot, "s");
	repo_timestamp(r, 1, 1, "t");
}

static enum err
search(struct repo *r, struct trust **t, const char **role)
{
	struct diag d = {.code = ERR_OK};
	enum err e = ERR_OK;

	if (*t == NULL)
		e = repo_refresh(r, NULL, REPO_NOW, TRUST_STRICT, t, &d);
	if (e != ERR_OK)
		abort();
	e = trust_find(*t, PATH, &d);
	if (e == ERR_OK)
		e = repo_run(*t, r, NULL, &d);
	*role = trust_found(*t) == NULL ? ""
					: trust_target_role(trust_found(*t));
	if (e == ERR_OK && trust_found(*t) == NULL)
		e = trust_lost(*t, &d);
	if (e != ERR_OK)
		printf("# %s: %s\n", err_str(e), d.why);
	return e;
}

/* What is found, by whom; and the same again from what is at hand. */
static void
found(const struct role *roles, size_t n, enum err want, const char *by,
	const char *what)
{
	struct repo r = {.n = 0};
	struct trust *t = NULL;
	struct trust_verdict v;
	const char *role;

	build(&r, roles, n);
	is_err(search(&r, &t, &role), want, "%s", what);
	is_str(role, by, "found by '%s'", by);
	trust_verdict(t, &v);
	ok(v.complete, "the machine is well");
	is_err(search(&r, &t, &role), want, "%s, again", what);
	is_str(role, by, "found by '%s'", by);
	trust_free(t);
	repo_free(&r);
}

#define FOUND(want, by, what, ...)                                             \
	do {                                                                   \
		const struct role roles_[] = {__VA_ARGS__};                    \
		found(roles_, sizeof(roles_) / sizeof(roles_[0]), want, by,    \
			what);                                                 \
	} while (0)

static void
test_order(void)
{
	FOUND(ERR_OK, "targets", "what the top lists itself",
		{"targets", "g", true, false, "a", false},
		{"a", "a", true, false, "", false});
	FOUND(ERR_OK, "b", "depth before breadth",
		{"targets", "g", false, false, "a c", false},
		{"a", "a", false, false, "b", false},
		{"b", "b", true, false, "", false},
		{"c", "c", true, false, "", false});
	FOUND(ERR_OK, "c", "on to the next",
		{"targets", "g", false, false, "a c", false},
		{"a", "a", false, false, "b", false},
		{"b", "b", false, false, "", false},
		{"c", "c", true, false, "", false});
	FOUND(ERR_OK, "", "a terminating role ends it",
		{"targets", "g", false, false, "a! c", false},
		{"a", "a", false, false, "", false},
		{"c", "c", true, false, "", false});
	FOUND(ERR_OK, "b", "but its own delegations count",
		{"targets", "g", false, false, "a! c", false},
		{"a", "a", false, false, "b", false},
		{"b", "b", true, false, "", false},
		{"c", "c", true, false, "", false});
	FOUND(ERR_OK, "", "also deep below",
		{"targets", "g", false, false, "y d", false},
		{"y", "y", false, false, "p! q", false},
		{"p", "p", false, false, "", false},
		{"q", "q", true, false, "", false},
		{"d", "d", true, false, "", false});
	FOUND(ERR_OK, "c", "a cycle of two",
		{"targets", "g", false, false, "a c", false},
		{"a", "a", false, false, "b", false},
		{"b", "b", false, false, "a", false},
		{"c", "c", true, false, "", false});
	FOUND(ERR_OK, "b", "a role that delegates to itself",
		{"targets", "g", false, false, "a b", false},
		{"a", "a", false, false, "a", false},
		{"b", "b", true, false, "", false});
	FOUND(ERR_OK, "c", "two ways to one role",
		{"targets", "g", false, false, "a b c", false},
		{"a", "a", false, false, "x", false},
		{"b", "b", false, false, "x", false},
		{"x", "x", false, false, "", false},
		{"c", "c", true, false, "", false});
}

static void
test_missing(void)
{
	struct repo r = {.n = 0};
	struct trust *t = NULL;
	const char *role;
	struct diag d;
	static const struct role roles[] = {
		{"targets", "g", false, false, "a b", false},
		{"a", "a", false, true, "", false},
		{"b", "b", true, false, "", false}};

	FOUND(ERR_MISSING, "", "a role on the way that is not there",
		{"targets", "g", false, false, "a b", false},
		{"a", "a", false, true, "", false},
		{"b", "b", true, false, "", false});
	FOUND(ERR_MISSING, "", "a role on the way that no snapshot names",
		{"targets", "g", false, false, "a b", false},
		{"a", "a", false, false, "", true},
		{"b", "b", true, false, "", false});
	/* It is no reason not to list another. */
	build(&r, roles, 3);
	is_err(search(&r, &t, &role), ERR_MISSING, "lost");
	is_err(trust_load(t, "b", &d), ERR_OK, "load another");
	is_err(repo_run(t, &r, NULL, &d), ERR_OK, "which is there");
	ok(trust_listed(t, "b", 0) != NULL, "and lists something");
	is_err(trust_lost(t, &d), ERR_OK, "nothing is lost now");
	is_err(trust_load(t, "a", &d), ERR_OK, "load the missing one");
	is_err(repo_run(t, &r, NULL, &d), ERR_MISSING, "it is missing");
	is_err(trust_lost(t, &d), ERR_MISSING, "and stays so");
	is_err(trust_load(t, "c", &d), ERR_MISSING, "nobody delegates to c");
	trust_free(t);
	repo_free(&r);
}

/* A chain of n roles below targets, the last of which lists PATH. */
static void
chain(size_t n, enum err want, const char *what)
{
	static char names[ROLES][8], next[ROLES][8];
	struct role roles[ROLES];
	size_t i;

	for (i = 0; i <= n; i++) {
		snprintf(names[i], sizeof(names[i]), "c%02u", (unsigned)i);
		snprintf(next[i], sizeof(next[i]), "c%02u", (unsigned)i + 1);
		roles[i] = (struct role){.name = i == 0 ? "targets" : names[i],
			.key = i == 0 ? "g" : "k",
			.lists = i == n,
			.delegates = i == n ? "" : next[i]};
	}
	found(roles, n + 1, want, want == ERR_OK ? names[n] : "", what);
}

/* Roles that only one of two delegators vouches for. */
static void
test_two_words(void)
{
	struct repo r = {.n = 0};
	struct trust *t = NULL;
	struct minisign_key pub;
	struct sign_key *key;
	static const char *const all[] = {"a/*", NULL};
	static const char *const one[] = {"a/c", NULL};
	static const struct role roles[] = {
		{"targets", "g", false, false, "a x", false},
		{"a", "a", false, false, "", false},
		{"x", "x", true, false, "", false}};
	const char *role;
	struct diag d;
	json_t *body;

	/* targets delegates to x by key x; a, asked first, by key z. */
	build(&r, roles, 3);
	body = tuf_body(TUF_TARGETS, 1, REPO_NOW + REPO_DAY);
	key = repo_key('z');
	pub = *sign_key_public(key);
	sign_key_free(key);
	ok(tuf_body_delegate(body, "x", &(struct tuf_grant){&pub, 1, 1}, all,
		   false) == ERR_OK,
		"a second delegation of x");
	repo_sign(&r, "1.a.json", body, "a");
	is_err(search(&r, &t, &role), ERR_KEY, "by another key");
	is_str(role, "", "is not accepted");
	is_err(trust_pass(t, &d), ERR_MISSING, "no mirror has a better one");
	is_err(trust_load(t, "x", &d), ERR_OK, "by the key it has");
	is_err(repo_run(t, &r, NULL, &d), ERR_OK, "it loads");
	is_err(search(&r, &t, &role), ERR_KEY,
		"and is still not a's, though at hand");
	trust_free(t);

	/* The same key for a narrower path: both words hold. */
	t = NULL;
	body = tuf_body(TUF_TARGETS, 1, REPO_NOW + REPO_DAY);
	key = repo_key('x');
	pub = *sign_key_public(key);
	sign_key_free(key);
	ok(tuf_body_delegate(body, "x", &(struct tuf_grant){&pub, 1, 1}, one,
		   false) == ERR_OK,
		"a delegation of a/c alone");
	repo_sign(&r, "1.a.json", body, "a");
	is_err(search(&r, &t, &role), ERR_OK, "is passed by");
	is_str(role, "x", "and targets' own word counts");
	trust_free(t);
	repo_free(&r);
}

/* Load a role by the word of another. */
static enum err
load_by(struct trust *t, struct repo *r, struct repo *store, const char *by,
	const char *role)
{
	struct diag d;
	enum err e = trust_load_by(t, by, role, &d);

	return e == ERR_OK ? repo_run(t, r, store, &d) : e;
}

/* Two roles that delegate to each other, loaded round the circle: whoever asks
 * by whose word a third one counts must come to an end. */
static void
test_circle(void)
{
	static const struct role roles[] = {
		{"targets", "g", false, false, "a", false},
		{"a", "a", false, false, "b", false},
		{"b", "b", false, false, "a c", false},
		{"c", "c", false, false, "", false}};
	static const char *const names[] = {"targets", "a", "b"};
	struct repo r = {.n = 0}, store = {.n = 0};
	json_t *snapshot = tuf_body(TUF_SNAPSHOT, 1, REPO_NOW + REPO_DAY);
	struct trust *t = NULL;
	struct trust_split split;
	struct span c;
	struct buf proof;
	struct diag d;
	size_t i;

	alarm(120); /* should it have no end */
	build(&r, roles, 4);
	c = buf_view(&repo_get(&r, "1.c.json")->bytes);
	for (i = 0; i < 4; i++)
		if (tuf_body_meta(snapshot, roles[i].name, 1,
			    i == 3 ? &c : NULL) != ERR_OK)
			abort();
	repo_sign(&r, "1.snapshot.json", snapshot, "s");
	repo_timestamp(&r, 1, 1, "t");
	repo_sign(&store, "c",
		tuf_body(TUF_TARGETS, 1, REPO_NOW + 2 * REPO_DAY), "c");
	is_err(repo_refresh(&r, &store, REPO_NOW, TRUST_STRICT, &t, &d), ERR_OK,
		"two roles that delegate to each other");
	for (i = 1; i < 3; i++)
		is_err(load_by(t, &r, &store, names[i - 1], names[i]), ERR_OK,
			"%s by %s", names[i], names[i - 1]);
	is_err(load_by(t, &r, &store, "b", "a"), ERR_OK, "and a by b");
	is_err(load_by(t, &r, &store, "b", "c"), ERR_SPLIT,
		"a third one, signed twice");
	ok(trust_split(t, &split) && strcmp(split.by, "c") == 0, "is told");
	buf_init(&proof, LIMIT_SPLIT);
	is_err(trust_split_proof(t, &proof), ERR_OK, "and proved");
	is_err(trust_split_check(t, buf_view(&proof), &split, &d), ERR_OK,
		"from the top down");
	buf_free(&proof);
	trust_free(t);
	repo_free(&r);
	repo_free(&store);
	alarm(0);
}

/* More roots than are followed at once. */
static void
test_root_chain(void)
{
	struct repo r = {.n = 0}, store = {.n = 0};
	struct trust_verdict v;
	struct trust *t = NULL;
	struct diag d;
	char name[32];
	unsigned i;

	repo_make(&r, 1, 7);
	for (i = 2; i <= 300; i++) {
		snprintf(name, sizeof(name), "%u.root.json", i);
		repo_sign(&r, name, repo_root(i, "r", 1, "t", "s", "g"), "r");
	}
	is_err(repo_refresh(&r, &store, REPO_NOW, TRUST_STRICT, &t, &d), ERR_OK,
		"300 roots");
	trust_verdict(t, &v);
	ok(v.root == 1 + LIMIT_ROOT_ROTATIONS && v.complete,
		"256 of them are followed at once");
	trust_free(t);
	is_err(repo_refresh(&r, &store, REPO_NOW, TRUST_STRICT, &t, &d), ERR_OK,
		"again");
	trust_verdict(t, &v);
	ok(v.root == 300, "and the rest next time");
	trust_free(t);
	/* An endless chain of expired roots is an error, not an update. */
	is_err(repo_refresh(&r, NULL, REPO_NOW + 400LL * REPO_DAY, TRUST_STRICT,
		       &t, &d),
		ERR_LIMIT, "256 roots, all expired");
	repo_free(&r);
	repo_free(&store);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	test_order();
	test_missing();
	test_two_words();
	test_circle();
	chain(32, ERR_OK, "32 roles below the top");
	chain(33, ERR_LIMIT, "33 are too many");
	chain(47, ERR_LIMIT, "47 as well");
	test_root_chain();
	return plan();
}
