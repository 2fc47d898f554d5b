/* Who may sign what, as a list that can be changed: the four roles of a root,
 * or the delegations of targets. What a delegation covers follows from its
 * name: x, y-YYYY (a year's sealed weeks), d-DESK. */
#ifndef ERIKA_PRESS_GRANTS_H
#define ERIKA_PRESS_GRANTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../core/err.h"
#include "../core/limits.h"
#include "../core/minisign.h"
#include "../core/tuf.h"

#define GRANT_KEYS 32

struct grant {
	char name[LIMIT_NAME + 1]; /* "timestamp", "d-news" */
	struct minisign_key keys[GRANT_KEYS];
	size_t n;
	unsigned threshold;
};

/* Zeroed is empty. Roots: the four roles in their order. Targets: x, years,
 * desks, each by name; a search follows this order. */
struct grants {
	struct grant *list;
	size_t n;
};

void grants_free(struct grants *g);

/* Read those of a root or of targets. ERR_UNSUPPORTED for keys or delegations
 * that erika-press does not make. */
enum err grants_read(const struct tuf_doc *doc, struct grants *out,
	struct diag *d) ERR_MUST_USE;

/* A rule's keys, as one grant. */
enum err grant_read(const struct tuf_rule *rule, const char *name,
	struct grant *out, struct diag *d) ERR_MUST_USE;

/* The body of a root, or of targets, with these. */
enum err grants_root(const struct grants *g, uint64_t version, int64_t expires,
	const char *outlet, json_t **out, struct diag *d) ERR_MUST_USE;
enum err grants_targets(const struct grants *g, uint64_t version,
	int64_t expires, json_t **out, struct diag *d) ERR_MUST_USE;

/* The one of this name, or NULL. */
struct grant *grants_find(const struct grants *g, const char *name);

/* Put a delegation in its place: one key. What there was of that name is
 * replaced. ERR_USAGE for a name that is none of ours. */
enum err grants_put(struct grants *g, const char *name,
	const struct minisign_key *key, struct diag *d) ERR_MUST_USE;

/* Copy another's keys and threshold under a new name. */
enum err grants_copy(struct grants *g, const char *name,
	const struct grant *from, struct diag *d) ERR_MUST_USE;

/* Take a delegation out. */
void grants_drop(struct grants *g, const char *name);

/* Change the keys of one: a key that is there already, is not there, is one
 * too many, or leaves fewer than the threshold, is ERR_USAGE. */
enum err grant_add(struct grant *g, const struct minisign_key *key,
	struct diag *d) ERR_MUST_USE;
enum err grant_remove(struct grant *g, const struct minisign_key *key,
	struct diag *d) ERR_MUST_USE;
bool grant_has(const struct grant *g, const uint8_t key[static CRYPTO_PUBLIC]);

/* The newest y-YYYY, whose keys are the archive's; NULL: nothing was ever
 * sealed. */
const struct grant *grants_archive(const struct grants *g);

/* Whether a role's name is one that targets may delegate to. */
bool grant_name_ok(const char *name);

#endif
