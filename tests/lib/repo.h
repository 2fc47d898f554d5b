/* A whole TUF repository in memory, made with tests' own keys: the honest one,
 * and knobs to make it dishonest. For unit tests of the trust machine. */
#ifndef ERIKA_TEST_REPO_H
#define ERIKA_TEST_REPO_H

#include <jansson.h>
#include <stdbool.h>

#include "../../src/core/sign.h"
#include "../../src/core/trust.h"
#include "../../src/core/tuf_write.h"

#define REPO_FILES 320
#define REPO_NOW 1795000000 /* 2026-11-18 */
#define REPO_DAY 86400

struct repo_file {
	char name[128];
	struct buf bytes;
};

struct repo {
	struct repo_file files[REPO_FILES];
	size_t n;
};

/* The same key for the same letter, always. TEST KEYS: they protect nothing. */
struct sign_key *repo_key(char letter);

/* Put or replace a file; bytes are copied. */
void repo_put(struct repo *r, const char *name, struct span s);
struct repo_file *repo_get(struct repo *r, const char *name);
void repo_free(struct repo *r);

/* Sign a body with the keys of these letters and put it. Takes the body. */
void repo_sign(
	struct repo *r, const char *name, json_t *body, const char *letters);

/* Body of a root: letters of each role's keys, thresholds all 1 but root's. */
json_t *repo_root(unsigned version, const char *root, unsigned threshold,
	const char *timestamp, const char *snapshot, const char *targets);

/* Honest repository: root 1 of key 'r', timestamp 't', snapshot 's', targets
 * 'g' delegating x to 'x' and d-news to 'd'; d-news lists one bundle-like
 * target. All versions are `version`, expiring `days` from REPO_NOW. */
void repo_make(struct repo *r, unsigned version, int days);

/* The parts of repo_make, for changing one: each signs again what refers to
 * it. */
void repo_desk(struct repo *r, unsigned version, int days, const char *key);
void repo_targets(struct repo *r, unsigned version, int days, const char *key);
void repo_snapshot(struct repo *r, unsigned version, int days, const char *key);
void repo_timestamp(
	struct repo *r, unsigned version, int days, const char *key);

/* Run the machine to the end from `source`, with stored copies from and to
 * `store` (may be NULL). Returns the first failure that stops it. */
enum err repo_run(struct trust *t, struct repo *source, struct repo *store,
	struct diag *d);

/* trust_new from the source's 1.root.json (or the store's root), then
 * repo_run. *out is NULL on failure. */
enum err repo_refresh(struct repo *source, struct repo *store, int64_t now,
	enum trust_mode mode, struct trust **out, struct diag *d);

#define REPO_TARGET "b/news/2026-w47/1.ekb"

#endif
