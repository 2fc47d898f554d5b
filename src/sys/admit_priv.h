/* The inside of admission, shared by src/sys/admit*.c alone:
 *   admit.c         publishers: start, end, what is due
 *   admit_put.c     PUT: what may begin, what came of it, the answers
 *   admit_form.c    whether bytes are as the outlet wrote them, and no others
 *   admit_root.c    roots
 *   admit_intake.c  a newer head on its way: metadata through the machine
 *   admit_want.c    the targets it names that are not here
 *   admit_late.c    lone signatures of bundles that are served already
 *   admit_stage.c   files and folders: the stage, parts, locks
 *   admit_live.c    the stage becomes what is served
 *   admit_pack.c    m/now.pack
 *   admit_prune.c   the quota */
#ifndef ERIKA_ADMIT_PRIV_H
#define ERIKA_ADMIT_PRIV_H

#include "../core/bytes.h"
#include "../core/limits.h"
#include "../core/trust.h"
#include "../core/tuf.h"
#include "admit.h"

/* A path on this machine, and a name below m/ or t/ in a repository. */
#define ADMIT_PATH 4096
#define ADMIT_NAME (LIMIT_PATH + 200)

/* The lone signature of a bundle stands beside it. */
#define ADMIT_MINISIG ".minisig"

/* A delegated role of the new head. */
struct admit_role {
	char *name;
	char *by;	       /* who delegates to it */
	char file[TRUST_NAME]; /* "7.d-news.json" */
	uint64_t length;       /* signed, or 0 */
	bool done;	       /* verified, and in the stage or live */
};

/* A file below t/ that the new head names and that is not live. */
struct admit_file {
	char *path; /* "t/b/news/2026-w48/HEX.7.ekb" */
	uint64_t length;
	uint8_t sha256[32];
	char *target; /* of a .minisig: its bundle's target path, and the */
	char *role;   /* desk's role; else NULL */
	bool sealed;
	bool staged;
	bool dropped; /* the quota does without it */
};

/* A newer head on its way. */
struct admit_intake {
	struct trust *t;
	struct buf root; /* the newest, which it passes by */
	struct tuf_doc *snapshot;
	struct tuf_doc *before; /* the live snapshot, or NULL */
	bool targets_same;	/* targets are the live ones */
	uint64_t version;	/* of the timestamp */
	uint8_t head[32];	/* SHA-256 of the staged timestamp */
	uint8_t live[32];	/* of the live one it began from, or zeros */
	char wish[TRUST_NAME];	/* snapshot or targets file wanted, or "" */
	size_t wish_max;
	bool ready; /* targets are loaded, roles is filled */
	struct admit_role *roles;
	size_t n_roles;
	bool complete; /* all roles are done, files is filled */
	struct admit_file *files;
	size_t n_files;
	size_t missing; /* files that the head waits for */
	int64_t touched;
};

/* One publisher's folder and our stage in it. */
struct admit_place {
	const struct admit_publisher *p;
	struct admit *a;
	char *live;	       /* F */
	char *stage;	       /* F/.stage/push */
	int owner;	       /* F/.stage/push/owner, locked */
	uint64_t used, inodes; /* of F, once measured */
	bool measured;
	uint8_t seen[32]; /* the head that F had then */
	char *gone; /* F/.pruned: the newest sealed bundle that went, or NULL */
	uint64_t reserved; /* bytes of parts on their way */
	unsigned parts;	   /* of them */
	unsigned serial;   /* names the next part */
	struct admit_intake *in;
};

struct admit {
	const struct admit_config *c;
	enum admit_kind kind;
	struct admit_place *places;
	size_t n;
	size_t held; /* bytes of metadata on its way, in memory */
	struct admit_counts counts;
};

/* ---- admit.c */

/* Open the stage, if it is not, and finish what was in it. */
enum err admit_start(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* Go on with what a lock or a full disk was in the way of. ERR_OK: no head is
 * here whole that is not live. */
enum err admit_settle(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* ---- admit_form.c */

/* Whether a file is exactly the canonical JSON of its two members, and each of
 * its signatures is a right one by a key of one of these rules: so that nobody
 * can add a byte that the outlet did not write. ERR_SYNTAX, ERR_SIGNATURE,
 * ERR_NOMEM. */
enum err form_check(struct span bytes, const struct tuf_doc *doc,
	const struct tuf_rule *rules, size_t n, struct diag *d) ERR_MUST_USE;

/* The same of a root that follows `old` (empty: the first), of timestamp,
 * snapshot or targets under this root, and of a role that `by` delegates. */
enum err form_root(
	struct span bytes, struct span old, struct diag *d) ERR_MUST_USE;
enum err form_top(struct span bytes, enum tuf_type type, struct span root,
	struct diag *d) ERR_MUST_USE;
enum err form_role(struct span bytes, struct span by, const char *role,
	struct diag *d) ERR_MUST_USE;

/* The same of a role of the head on its way. */
enum err form_listed(const struct admit_place *pl, const struct admit_role *r,
	struct span bytes, struct diag *d) ERR_MUST_USE;

/* Whether these bytes are the lone signature of a bundle, by this key: the
 * form that erika-press writes, its comment naming path, hash and length. */
enum err form_minisig(struct span bytes, const struct minisign_key *key,
	const struct admit_file *f, struct diag *d) ERR_MUST_USE;

/* ---- admit_stage.c */

/* "BASE/REST" into out. ERR_LIMIT. */
enum err stage_path(char out[static ADMIT_PATH], const char *base,
	const char *rest, struct diag *d) ERR_MUST_USE;

/* Make the stage's folders, take its lock. ERR_EXISTS. */
enum err stage_open(struct admit_place *pl, struct diag *d) ERR_MUST_USE;
void stage_close(struct admit_place *pl);

/* Whether it is still there, and still the one that is locked: an operator may
 * have removed it to save room. */
bool stage_is_ours(const struct admit_place *pl);

/* Remove all that came: of a head that is live, or that nobody finished. */
void stage_wipe(struct admit_place *pl);

/* Remove all below one of its folders. */
void stage_empty(struct admit_place *pl, const char *rest);

/* Remove files of the stage's t/ and m/ that the intake does not name. */
void stage_clean(struct admit_place *pl);

/* Lock out other changes of F/m and F/t. ERR_EXISTS: one is being made. */
enum err stage_lock(
	struct admit_place *pl, int *lock, struct diag *d) ERR_MUST_USE;
void stage_unlock(int lock);

/* Whether F/rest, or the stage's, is a file; its length when n is not NULL. */
bool stage_live(const struct admit_place *pl, const char *rest, uint64_t *n);
bool stage_has(const struct admit_place *pl, const char *rest, uint64_t *n);

/* Read a file from the stage, else from F. ERR_MISSING. */
enum err stage_read(const struct admit_place *pl, const char *rest, size_t max,
	struct buf *out, struct diag *d) ERR_MUST_USE;
enum err stage_read_live(const struct admit_place *pl, const char *rest,
	size_t max, struct buf *out, struct diag *d) ERR_MUST_USE;

/* Put a small file into the stage, by way of part/. */
enum err stage_put(struct admit_place *pl, const char *rest, struct span s,
	struct diag *d) ERR_MUST_USE;

/* The same straight into F: for what is nobody's but ours. */
enum err stage_put_live(struct admit_place *pl, const char *rest, struct span s,
	struct diag *d) ERR_MUST_USE;

/* A part: a new file of its own, and giving it its name in the stage. The
 * part is gone whatever part_name returns. */
enum err part_open(struct admit_place *pl, char path[static ADMIT_PATH],
	int *fd, struct diag *d) ERR_MUST_USE;
enum err part_name(struct admit_place *pl, const char *path, int fd,
	const char *rest, struct diag *d) ERR_MUST_USE;

/* fsync of a folder. */
enum err folder_flush(const char *path, struct diag *d) ERR_MUST_USE;

/* Call fn for each entry below `dir`, files before the folder they are in;
 * stops at a failure. `rest` is the path below dir. */
typedef enum err walk_fn(void *arg, const char *path, const char *rest,
	bool folder, struct diag *d);
enum err folder_walk(
	const char *dir, walk_fn *fn, void *arg, struct diag *d) ERR_MUST_USE;

/* The same, but ask before going into a folder; when the answer is no, it is
 * passed by. */
typedef bool walk_enter(void *arg, const char *path, const char *rest);
enum err folder_walk_some(const char *dir, walk_enter *enter, walk_fn *fn,
	void *arg, struct diag *d) ERR_MUST_USE;

/* ---- admit_root.c */

/* The machine over the roots of F and of the stage, up to the newest one that
 * is here, whose bytes are appended to `root`. ERR_MISSING: there is none. */
enum err root_machine(struct admit_place *pl, struct trust **out,
	struct buf *root, struct diag *d) ERR_MUST_USE;

/* A next root, or the first. */
enum err intake_root(struct admit_place *pl, const char *name,
	struct span bytes, struct diag *d) ERR_MUST_USE;

/* The number that the next root has: 1 in an empty folder. */
uint64_t intake_next_root(const struct admit_place *pl);

/* ---- admit_intake.c */

/* A timestamp. ERR_OK: pl->in is of this head. ERR_EXISTS: it is the live
 * one. ERR_ROLLBACK: older than the live one or than that on its way. */
enum err intake_timestamp(
	struct admit_place *pl, struct span bytes, struct diag *d) ERR_MUST_USE;

/* Snapshot, targets or a role of the head on its way. ERR_MISSING: it is none
 * of them, or not yet. */
enum err intake_metadata(struct admit_place *pl, const char *name,
	struct span bytes, struct diag *d) ERR_MUST_USE;

/* Whether that file would be taken now, and its lengths. */
bool intake_expects(const struct admit_place *pl, const char *name,
	uint64_t *least, uint64_t *most);

/* Take up what is in the stage, after a start. */
enum err intake_resume(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* Fit what is live into the quota, which may be smaller than it was: no head is
 * on its way. ERR_MISSING: nothing is live. */
enum err intake_prune(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* A machine that trusts this timestamp, and the newest root's bytes.
 * ERR_EXISTS: it is the live one, which only `live` asks for. */
enum err intake_trust(struct admit_place *pl, struct span bytes, bool live,
	struct trust **out, struct buf *root, struct diag *d) ERR_MUST_USE;

/* Forget the head on its way; the stage's files stay. */
void intake_drop(struct admit_place *pl);

/* Feed the machine from the stage and F until it wants nothing, or what is not
 * there: *missing then, and the wish stands. */
enum err intake_satisfy(struct admit_place *pl, struct trust *t, bool *missing,
	struct diag *d) ERR_MUST_USE;

/* ---- admit_want.c */

/* Fill in->files once all roles are done, and fit them into the quota. */
enum err want_fill(struct admit_place *pl, struct diag *d) ERR_MUST_USE;
void want_free(struct admit_intake *in);

/* A file by its path, or NULL; the other also while the list is new. */
struct admit_file *want_listed(const struct admit_intake *in, const char *path);
struct admit_file *want_find(const struct admit_intake *in, const char *path);

/* "t/b/news/2026-w48/HEX.7.ekb" of a target; false when it has no SHA-256 or
 * its path may not become a file. */
bool want_path(const struct trust_target *g, char out[static ADMIT_NAME],
	uint8_t sha256[static 32]);

/* ---- admit_late.c */

/* Whether this may be the lone signature that a served bundle lacks. */
bool late_may(const struct admit_place *pl, const char *name);

/* Keep it, when it verifies. ERR_SIGNATURE, ERR_HASH, ERR_SYNTAX; ERR_KEY: no
 * desk may sign it; ERR_MISSING: its bundle has gone meanwhile. */
enum err late_take(struct admit_place *pl, const char *name, struct span bytes,
	struct diag *d) ERR_MUST_USE;

/* ---- admit_live.c */

/* Make the head on its way what is served: nothing is missing. pl->in is gone
 * on success. ERR_EXISTS: another change is being made, or was: ask again. */
enum err live_commit(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* The same, and when another head has gone live meanwhile, once more on top of
 * that. ERR_OK without *live: it is live already or too old, or lacks files
 * now. ERR_EXISTS: another change is being made. */
enum err live_finish(
	struct admit_place *pl, bool *live, struct diag *d) ERR_MUST_USE;

/* SHA-256 of F/m/timestamp.json; zeros when there is none. */
void live_head(const struct admit_place *pl, uint8_t out[static 32]);

/* ---- admit_pack.c */

/* Append now.pack of the head on its way. */
enum err pack_head(
	struct admit_place *pl, struct buf *out, struct diag *d) ERR_MUST_USE;

/* ---- admit_prune.c */

/* What a file of n bytes takes on a disk. */
uint64_t prune_cost(uint64_t n);

/* Whether the quota has taken this target of that role: it is sealed, not
 * pinned, and not newer than what went last. */
bool prune_gone(
	const struct admit_place *pl, const char *target, const char *role);

/* Whether a role is a period of sealed weeks. */
bool prune_is_sealed(const char *role);

/* Count F once. */
enum err prune_measure(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* Whether `bytes` on disk and `inodes` more would stay within the quota. */
bool prune_fits(const struct admit_place *pl, uint64_t bytes, uint64_t inodes);

/* Whether there is so little room that no metadata might come. */
bool prune_is_due(const struct admit_place *pl);

/* Make room for the head on its way: remove sealed bundles, oldest first, or
 * mark those dropped that have not come yet. ERR_SPACE: even so it would not
 * fit. */
enum err prune_for(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* Remove metadata of long ago that neither the head on its way nor the live one
 * names. Changes are locked out. */
enum err prune_superseded(struct admit_place *pl, struct diag *d) ERR_MUST_USE;

/* Do without a sealed bundle that nobody has, as if it had been removed. */
enum err prune_forgo(struct admit_place *pl, struct admit_file *f,
	struct diag *d) ERR_MUST_USE;

#endif
