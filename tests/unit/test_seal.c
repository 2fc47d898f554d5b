/* Sealed weeks: what the archive signed stays, whatever a desk's key signs.
 * The layout is erika-press seal's; the searches are the trust machine's. */
#include "../lib/repo.h"
#include "../lib/tap.h"

#define SEALED "b/news/2026-w46/7.ekb"
#define ADDED "b/news/2026-w46/8.ekb"
#define OPEN "b/news/2026-w47/9.ekb"
#define UNSEALED_WEEK "b/news/2026-w45/6.ekb"
#define OLD_YEAR "b/news/2025-w46/1.ekb"
#define OTHER_DESK "b/sport/2026-w46/1.ekb"

/* Keys: a archive, d d-news, p d-sport, g targets, and an attacker who may
 * have one of them. */
static void
delegate(json_t *body, const char *role, char letter, const char *pattern,
	bool terminating)
{
	struct sign_key *k = repo_key(letter);
	struct minisign_key pub = *sign_key_public(k);
	struct tuf_grant grant = {&pub, 1, 1};
	const char *patterns[2] = {pattern, NULL};

	if (tuf_body_delegate(body, role, &grant, patterns, terminating) !=
		ERR_OK)
		abort();
	sign_key_free(k);
}

static json_t *
body_of(unsigned version)
{
	return tuf_body(TUF_TARGETS, version, REPO_NOW + 30 * REPO_DAY);
}

static void
list(json_t *body, const char *path, const char *content)
{
	uint8_t hash[32];

	hash_bytes(HASH_SHA256, span_str(content), hash);
	if (tuf_body_target(body, path, strlen(content), hash, NULL) != ERR_OK)
		abort();
}

static void
meta(struct repo *r, json_t *body, const char *role)
{
	char name[64];
	struct span s;

	snprintf(name, sizeof(name), "1.%s.json", role);
	s = buf_view(&repo_get(r, name)->bytes);
	if (tuf_body_meta(body, role, 1,
		    strncmp(role, "s-", 2) == 0 ? NULL : &s) != ERR_OK)
		abort();
}

/* A year with one sealed week. `desk` and `sport` are what these desks sign. */
static void
sealed_make(struct repo *r, json_t *desk, json_t *sport)
{
	json_t *targets = body_of(1), *year = body_of(1), *period = body_of(1);
	json_t *snapshot = tuf_body(TUF_SNAPSHOT, 1, REPO_NOW + 30 * REPO_DAY);
	json_t *timestamp = tuf_body(TUF_TIMESTAMP, 1, REPO_NOW + 7 * REPO_DAY);
	static const char *const roles[] = {
		"targets", "x", "y-2026", "s-2026-p12", "d-news", "d-sport"};
	size_t i;

	repo_sign(r, "1.root.json", repo_root(1, "r", 1, "t", "s", "g"), "r");
	repo_sign(r, "1.x.json", body_of(1), "x");
	delegate(targets, "x", 'x', "x/*", true);
	delegate(targets, "y-2026", 'a', "b/*/2026-*/*", false);
	delegate(targets, "d-news", 'd', "b/news/*/*", true);
	delegate(targets, "d-sport", 'p', "b/sport/*/*", true);
	repo_sign(r, "1.targets.json", targets, "g");
	delegate(year, "s-2026-p12", 'a', "b/*/2026-w46/*", true);
	repo_sign(r, "1.y-2026.json", year, "a");
	list(period, SEALED, "true");
	repo_sign(r, "1.s-2026-p12.json", period, "a");
	repo_sign(r, "1.d-news.json", desk, "d");
	repo_sign(r, "1.d-sport.json", sport, "p");
	for (i = 0; i < 6; i++)
		meta(r, snapshot, roles[i]);
	repo_sign(r, "1.snapshot.json", snapshot, "s");
	meta(r, timestamp, "snapshot");
	repo_sign(r, "timestamp.json", timestamp, "t");
}

/* Search, and give the role that lists the path; "" when nothing does. */
static const char *
found_by(struct repo *r, const char *path, const char *content)
{
	static char role[64];
	struct verified *v = NULL;
	struct trust *t = NULL;
	struct diag d = {.code = ERR_OK};
	const struct trust_target *g;
	enum err e = repo_refresh(r, NULL, REPO_NOW, TRUST_STRICT, &t, &d);

	snprintf(role, sizeof(role), "failed");
	if (e == ERR_OK)
		e = trust_find(t, path, &d);
	if (e == ERR_OK)
		e = repo_run(t, r, NULL, &d);
	g = e == ERR_OK ? trust_found(t) : NULL;
	if (e == ERR_OK)
		snprintf(role, sizeof(role), "%s",
			g == NULL ? "" : trust_target_role(g));
	if (g != NULL && trust_verify(g, span_str(content), &v, &d) != ERR_OK)
		snprintf(role, sizeof(role), "other content");
	verified_free(v);
	trust_free(t);
	return role;
}

static void
test_honest(void)
{
	struct repo r = {.n = 0};
	json_t *desk = body_of(1);

	list(desk, OPEN, "open");
	list(desk, UNSEALED_WEEK, "late");
	list(desk, OLD_YEAR, "old");
	sealed_make(&r, desk, body_of(1));
	is_str(found_by(&r, SEALED, "true"), "s-2026-p12",
		"a sealed bundle is found in its period");
	is_str(found_by(&r, OPEN, "open"), "d-news",
		"an open one behind the year, with its desk");
	is_str(found_by(&r, UNSEALED_WEEK, "late"), "d-news",
		"so is one of a week that was left open");
	is_str(found_by(&r, OLD_YEAR, "old"), "d-news",
		"and of a year without a role");
	is_str(found_by(&r, ADDED, ""), "", "what nobody lists is not found");
	repo_free(&r);
}

/* Whoever has the desk's key signs whatever he likes into its list. */
static void
test_stolen_desk(void)
{
	struct repo r = {.n = 0};
	json_t *desk = body_of(1), *sport = body_of(1);

	list(desk, SEALED, "forged");
	list(desk, ADDED, "added");
	list(desk, OTHER_DESK, "not yours");
	list(desk, OPEN, "forged too");
	list(sport, SEALED, "forged");
	sealed_make(&r, desk, sport);
	is_str(found_by(&r, SEALED, "true"), "s-2026-p12",
		"he cannot change a sealed bundle");
	is_str(found_by(&r, ADDED, "added"), "",
		"nor add one to a sealed week");
	is_str(found_by(&r, OTHER_DESK, "not yours"), "",
		"nor to a sealed week of another desk");
	is_str(found_by(&r, OPEN, "forged too"), "d-news",
		"only open weeks are his");
	repo_free(&r);
}

/* He delegates from his own list, to get round the archive. */
static void
test_desk_delegates(void)
{
	struct repo r = {.n = 0};
	json_t *desk = body_of(1), *evil = body_of(1);

	delegate(desk, "y-2026", 'd', "b/*/2026-*/*", true);
	delegate(desk, "evil", 'd', "b/*/*/*", true);
	list(evil, SEALED, "forged");
	sealed_make(&r, desk, body_of(1));
	repo_sign(&r, "1.evil.json", evil, "d");
	is_str(found_by(&r, SEALED, "true"), "s-2026-p12",
		"delegations of a desk change nothing sealed");
	is_str(found_by(&r, ADDED, ""), "", "and add nothing");
	repo_free(&r);
}

/* The roles of the archive are not his to sign. */
static void
test_wrong_keys(void)
{
	static const char *const roles[] = {"y-2026", "s-2026-p12"};
	struct repo r = {.n = 0};
	json_t *year, *period;

	sealed_make(&r, body_of(1), body_of(1));
	period = body_of(1);
	list(period, SEALED, "forged");
	repo_sign(&r, "1.s-2026-p12.json", period, "d");
	is_str(found_by(&r, SEALED, "forged"), "failed",
		"a %s by the desk's key is refused", roles[1]);
	repo_free(&r);
	sealed_make(&r, body_of(1), body_of(1));
	year = body_of(1);
	delegate(year, "s-2026-p12", 'd', "b/*/2026-w46/*", true);
	repo_sign(&r, "1.y-2026.json", year, "d");
	is_str(found_by(&r, SEALED, "true"), "failed",
		"so is a %s, which the snapshot's hash holds", roles[0]);
	repo_free(&r);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	test_honest();
	test_stolen_desk();
	test_desk_delegates();
	test_wrong_keys();
	return plan();
}
