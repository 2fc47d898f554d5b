#include "repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "repo: %s\n", what);
		abort();
	}
}

struct sign_key *
repo_key(char letter)
{
	uint8_t seed[32];
	struct sign_key *k;

	memset(seed, letter, sizeof(seed));
	k = sign_key_new(seed);
	must(k != NULL, "key");
	return k;
}

struct repo_file *
repo_get(struct repo *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->files[i].name, name) == 0)
			return &r->files[i];
	return NULL;
}

void
repo_put(struct repo *r, const char *name, struct span s)
{
	struct repo_file *f = repo_get(r, name);

	if (f == NULL) {
		must(r->n < REPO_FILES, "too many files");
		f = &r->files[r->n++];
		snprintf(f->name, sizeof(f->name), "%s", name);
		buf_init(&f->bytes, LIMIT_METADATA);
	}
	buf_clear(&f->bytes);
	must(buf_span(&f->bytes, s) == ERR_OK, "put");
}

void
repo_free(struct repo *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		buf_free(&r->files[i].bytes);
	r->n = 0;
}

void
repo_sign(struct repo *r, const char *name, json_t *body, const char *letters)
{
	struct sign_key *keys[16];
	size_t i, n = strlen(letters);
	struct buf b;

	must(n <= 16, "keys");
	for (i = 0; i < n; i++)
		keys[i] = repo_key(letters[i]);
	buf_init(&b, LIMIT_METADATA);
	must(tuf_sign(body, keys, n, &b) == ERR_OK, "sign");
	repo_put(r, name, buf_view(&b));
	for (i = 0; i < n; i++)
		sign_key_free(keys[i]);
	buf_free(&b);
	json_decref(body);
}

static size_t
publics(const char *letters, struct minisign_key *out)
{
	size_t i;

	for (i = 0; letters[i] != '\0'; i++) {
		struct sign_key *k = repo_key(letters[i]);

		out[i] = *sign_key_public(k);
		sign_key_free(k);
	}
	return i;
}

json_t *
repo_root(unsigned version, const char *root, unsigned threshold,
	const char *timestamp, const char *snapshot, const char *targets)
{
	const char *letters[TUF_TYPES] = {root, timestamp, snapshot, targets};
	struct minisign_key pub[TUF_TYPES][16];
	struct tuf_grant grants[TUF_TYPES];
	json_t *body = tuf_body(TUF_ROOT, version, REPO_NOW + 365 * REPO_DAY);
	size_t i;

	for (i = 0; i < TUF_TYPES; i++)
		grants[i] =
			(struct tuf_grant){pub[i], publics(letters[i], pub[i]),
				i == TUF_ROOT ? threshold : 1};
	must(tuf_body_root(body, grants, "Test Outlet") == ERR_OK, "root");
	return body;
}

static unsigned
last_version(struct repo *r, const char *role)
{
	char name[64];
	unsigned v, last = 1;

	for (v = 1; v < 100; v++) {
		snprintf(name, sizeof(name), "%u.%s.json", v, role);
		if (repo_get(r, name) != NULL)
			last = v;
	}
	return last;
}

static void
meta(struct repo *r, json_t *body, const char *role)
{
	char name[64];
	unsigned v = last_version(r, role);
	struct repo_file *f;
	struct span s;

	snprintf(name, sizeof(name), "%u.%s.json", v, role);
	f = repo_get(r, name);
	must(f != NULL, name);
	s = buf_view(&f->bytes);
	must(tuf_body_meta(body, role, v, &s) == ERR_OK, "meta");
}

void
repo_desk(struct repo *r, unsigned version, int days, const char *key)
{
	json_t *body = tuf_body(
		TUF_TARGETS, version, REPO_NOW + (int64_t)days * REPO_DAY);
	uint8_t hash[32];
	char name[64];

	hash_bytes(HASH_SHA256, span_str("bundle"), hash);
	must(tuf_body_target(body, REPO_TARGET, 6, hash, NULL) == ERR_OK,
		"target");
	snprintf(name, sizeof(name), "%u.d-news.json", version);
	repo_sign(r, name, body, key);
}

void
repo_targets(struct repo *r, unsigned version, int days, const char *key)
{
	static const char *const x[] = {"x/*", NULL};
	static const char *const b[] = {"b/news/*/*", NULL};
	struct minisign_key pub[16];
	struct tuf_grant grant = {pub, 1, 1};
	json_t *body = tuf_body(
		TUF_TARGETS, version, REPO_NOW + (int64_t)days * REPO_DAY);
	char name[64];

	publics("x", pub);
	must(tuf_body_delegate(body, "x", &grant, x, true) == ERR_OK, "x");
	publics("d", pub);
	must(tuf_body_delegate(body, "d-news", &grant, b, true) == ERR_OK,
		"d-news");
	snprintf(name, sizeof(name), "%u.targets.json", version);
	repo_sign(r, name, body, key);
}

void
repo_snapshot(struct repo *r, unsigned version, int days, const char *key)
{
	json_t *body = tuf_body(
		TUF_SNAPSHOT, version, REPO_NOW + (int64_t)days * REPO_DAY);
	char name[64];

	meta(r, body, "targets");
	meta(r, body, "x");
	meta(r, body, "d-news");
	snprintf(name, sizeof(name), "%u.snapshot.json", version);
	repo_sign(r, name, body, key);
}

void
repo_timestamp(struct repo *r, unsigned version, int days, const char *key)
{
	json_t *body = tuf_body(
		TUF_TIMESTAMP, version, REPO_NOW + (int64_t)days * REPO_DAY);

	meta(r, body, "snapshot");
	must(tuf_body_made(body, REPO_NOW) == ERR_OK, "made");
	repo_sign(r, "timestamp.json", body, key);
}

void
repo_make(struct repo *r, unsigned version, int days)
{
	char name[64];

	if (repo_get(r, "1.root.json") == NULL)
		repo_sign(r, "1.root.json", repo_root(1, "r", 1, "t", "s", "g"),
			"r");
	snprintf(name, sizeof(name), "%u.x.json", version);
	repo_sign(r, name,
		tuf_body(TUF_TARGETS, version,
			REPO_NOW + (int64_t)days * REPO_DAY),
		"x");
	repo_desk(r, version, days, "d");
	repo_targets(r, version, days, "g");
	repo_snapshot(r, version, days, "s");
	repo_timestamp(r, version, days, "t");
}

static void
store_change(struct repo *store, const struct trust_change *c, struct span s)
{
	struct repo_file *f;

	if (store == NULL)
		return;
	if (c->drop_timestamp && (f = repo_get(store, "timestamp")) != NULL)
		f->name[0] = '\0';
	if (c->drop_snapshot && (f = repo_get(store, "snapshot")) != NULL)
		f->name[0] = '\0';
	if (c->save != NULL)
		repo_put(store, c->save, s);
}

enum err
repo_run(struct trust *t, struct repo *source, struct repo *store,
	struct diag *d)
{
	struct trust_want w;
	struct trust_change c;
	enum err e = ERR_OK;
	unsigned steps = 0;

	while (e == ERR_OK && trust_wants(t, &w)) {
		bool local = w.source == TRUST_STORED;
		struct repo *from = local ? store : source;
		struct repo_file *f =
			from == NULL ? NULL
				     : repo_get(from, local ? w.role : w.name);

		must(++steps < 2000, "the machine does not end");
		if (f == NULL) {
			e = trust_pass(t, d);
			continue;
		}
		e = trust_feed(t, buf_view(&f->bytes), &c, d);
		if (e == ERR_OK)
			store_change(store, &c, buf_view(&f->bytes));
		else if (local)
			e = ERR_OK;
		if (e == ERR_OK && !local && strcmp(w.role, "timestamp") == 0)
			e = trust_pass(t, d);
	}
	return e;
}

enum err
repo_refresh(struct repo *source, struct repo *store, int64_t now,
	enum trust_mode mode, struct trust **out, struct diag *d)
{
	struct repo_file *root = NULL;
	enum err e;

	if (store != NULL)
		root = repo_get(store, "root");
	if (root == NULL)
		root = repo_get(source, "1.root.json");
	must(root != NULL, "no root");
	e = trust_new(buf_view(&root->bytes), now, mode, out, d);
	if (e == ERR_OK)
		e = repo_run(*out, source, store, d);
	if (e != ERR_OK) {
		trust_free(*out);
		*out = NULL;
	}
	return e;
}
