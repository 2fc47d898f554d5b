/* The inside of the trust machine, shared by trust.c (its wishes), trust_feed.c
 * (the workflow), trust_search.c (delegations), trust_split.c (two heads of
 * one version) and trust_target.c (what comes out). */
#ifndef ERIKA_TRUST_PRIV_H
#define ERIKA_TRUST_PRIV_H

#include "trust.h"
#include "tuf.h"

enum trust_stage {
	STAGE_ROOT, /* the next root, from the repository */
	STAGE_TIMESTAMP_STORED,
	STAGE_TIMESTAMP,
	STAGE_SNAPSHOT_STORED,
	STAGE_SNAPSHOT,
	STAGE_TARGETS_STORED, /* top-level or delegated: see `role` */
	STAGE_TARGETS,
	STAGE_READY, /* nothing wanted */
	STAGE_FAILED
};

/* A verified targets role and what it lists, in path order. */
struct trust_role {
	const char *name; /* borrowed from the role that delegates to it */
	struct tuf_doc *doc;
	size_t parent; /* by whose word its signatures were checked last */
	struct trust_target *list;
	size_t n;
};

struct trust_target {
	const char *path;
	const char *role;
	const json_t *entry;
};

/* A role to visit, and which role sends us there (an index into roles). The
 * name is borrowed from that role. */
struct trust_visit {
	const char *name;
	size_t parent;
};

struct trust {
	enum trust_stage stage;
	enum trust_mode mode;
	int64_t now;
	const struct tuf_scheme *schemes; /* beside Ed25519; NULL: none */
	uint64_t roots;			  /* followed so far */
	struct tuf_doc *root, *timestamp, *snapshot;
	bool timestamp_dropped;	   /* its keys changed: stored ones are void */
	bool timestamp_heard;	   /* from the repository, this time */
	struct trust_role **roles; /* [0] is the top-level targets */
	size_t n_roles;
	size_t held; /* bytes of their files */

	/* The role being fetched in STAGE_TARGETS*, and by whose word; the
	 * stored copy of it that is signed and of its version, yet not what
	 * the snapshot lists. */
	struct trust_visit next;
	struct tuf_doc *rival;

	/* The search under way, and why it ended with nothing. */
	char *path;
	struct trust_visit *stack;
	size_t n_stack;
	const char *visited[LIMIT_DELEGATIONS + 2];
	size_t n_visited;
	const struct trust_target *found;
	struct diag lost;

	/* The last two heads of one version: trust_split.c. */
	json_t *split;
};

/* The rule that a root grants to a top-level role, with the machine's schemes.
 */
struct tuf_rule trust_root_rule(
	const struct trust *t, const struct tuf_doc *root, enum tuf_type type);

/* Whether a role that expires then may be used: STRICT refuses a time that
 * has come. */
enum err trust_expiry(const struct trust *t, const struct tuf_doc *doc,
	const char *role, struct diag *d) ERR_MUST_USE;

/* The verified role of t->next joins the machine, which then owns doc. */
enum err trust_role_add(struct trust *t, struct tuf_doc *doc) ERR_MUST_USE;

/* Index of a verified role, or n_roles. */
size_t trust_role_find(const struct trust *t, const char *name);

/* Go on with the search after a role became available or at its start. Moves
 * to STAGE_TARGETS_STORED for a role that is needed, or STAGE_READY. A search
 * that cannot go on ends, with t->lost saying why. ERR_NOMEM. */
enum err trust_search(struct trust *t, struct diag *d) ERR_MUST_USE;

/* The search, or the loading of a role, is over without success. */
void trust_lose(struct trust *t, const struct diag *why);

/* The rule by which the role to fetch next is checked. */
enum err trust_next_rule(const struct trust *t, struct tuf_rule *rule,
	struct diag *d) ERR_MUST_USE;

/* Whether two files of one role and version differ in what is signed: keeps
 * both as t->split and gives ERR_SPLIT. */
enum err trust_split_versions(struct trust *t, const char *role,
	const struct tuf_doc *old, const struct tuf_doc *new,
	struct diag *d) ERR_MUST_USE;

/* The same for two timestamps or snapshots, of any versions, that name one
 * version of a role yet different files. */
enum err trust_split_names(struct trust *t, const struct tuf_doc *old,
	const struct tuf_doc *new, struct diag *d) ERR_MUST_USE;

#endif
