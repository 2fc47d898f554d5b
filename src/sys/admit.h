/* Admission by signature alone: who may put what into a mirror's folder. A
 * push and a pull are the same here: files come one by one, each is checked by
 * the trust machine, or against what verified metadata says of it, before it is
 * kept; and all of them appear at once.
 *
 * A publisher's folder F is root, or root/NAME:
 *	F/m, F/t		what is served, as in erika-repository(5)
 *	F/.stage/push, /pull	what has come of a newer head: m/, t/, part/
 *	F/.stage/lock		held while F/m or F/t changes
 *	F/.pruned		what the quota took away (admit_prune.c)
 * Names that begin with a dot are never served.
 *
 * ORDER. roots, timestamp.json, snapshot, targets, then the roles that targets
 * delegate to (y-* before their s-*), then what these list and is not here.
 * The lone signature of a bundle that is served may come whenever it likes.
 * Each file is written to part/, checked, synced, and renamed into the stage.
 * When nothing is missing, the head goes live: bundles and other targets are
 * renamed into F/t, then metadata but roots, then roots, now.pack, and last
 * timestamp.json. That last rename is the one step: every other name is said
 * once and carries its hash or version, so that nothing refers to it before
 * this. The exception is a root that changes the timestamp's keys: then F/m is
 * exchanged as a whole for one that has both (where the system can).
 *
 * SYNC. A file is fsynced before the rename that gives it its name in the
 * stage; every folder that got a name is fsynced before the rename of
 * timestamp.json, and F/m after it. .pruned is written and fsynced before the
 * first file that it names is removed. So a crash leaves the old head or the
 * new one, whole; what is in the stage is checked again before it is used.
 *
 * WHAT A STRANGER CAN DO. Nothing stays that the outlet did not sign: metadata
 * is kept only as the outlet wrote it (canonical, no signature that is not of
 * its keys), targets only at their exact length and hash, .minisig files only
 * with the desk's signature. Bytes on their way are at most the length that was
 * signed, count against the quota, and are removed when they turn out wrong. */
#ifndef ERIKA_ADMIT_H
#define ERIKA_ADMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/err.h"
#include "serve.h"

struct admit;

#define ADMIT_WISH 720

/* One outlet that the operator has chosen to carry. Strings are borrowed as
 * long as the struct admit lives. */
struct admit_publisher {
	const char *name;   /* passes text_name_ok */
	const char *folder; /* below root: "" for the only one, else name */
	/* The outlet's fingerprint, or its first bytes when it was given as
	 * words: 32 or 11 of them. */
	uint8_t fingerprint[32];
	size_t fingerprint_n;
	uint64_t store;	 /* bytes on disk at most, all of F; 0: no limit */
	uint64_t inodes; /* files and folders at most; 0: no limit */
	/* Target paths that the quota never takes, as patterns of
	 * tuf_path_match: "b/news/2026-w09/?*". */
	const char *const *pinned;
	size_t n_pinned;
	/* Where pull looks: URLs and folders that pass mirrors_base_ok. */
	const char *const *sources;
	size_t n_sources;
};

struct admit_config {
	const char *root;
	const struct admit_publisher *publishers;
	size_t n_publishers;
	/* Whether the operator has blocked a file of this SHA-256: it is
	 * neither taken nor waited for. May be NULL. */
	bool (*blocked)(void *arg, const uint8_t sha256[static 32]);
	void *blocked_arg;
	int64_t (*now)(void); /* clock_now; tests have their own */
};

/* Whose stage it is: a server's, which takes PUTs, or a pull's. There may be
 * one of each at a time. */
enum admit_kind { ADMIT_PUSH, ADMIT_PULL };

/* Make the stages, drop what broke off, and finish what had only to be made
 * live. *c is borrowed too. ERR_EXISTS when another process has that kind of
 * stage, ERR_IO, ERR_NOMEM; ERR_SPACE of ADMIT_PULL only: a server serves on a
 * full disk, too, and answers 507 until there is room. */
enum err admit_new(const struct admit_config *c, enum admit_kind kind,
	struct admit **out, struct diag *d) ERR_MUST_USE;
void admit_free(struct admit *a);

/* Fill what serve_config.put wants. Paths are below the prefix:
 * "m/N.root.json", or "NAME/m/..." where there are several publishers. Answers:
 *	201	kept; the line says how many files are still missing, or
 *		"live: version N"
 *	204	it is here already, or is none that this mirror keeps
 *		(m/now.pack, which it makes itself; what the quota has taken)
 *	400	not a name in a repository
 *	403	not signed by the outlet, or not what was signed
 *	404	no such publisher
 *	409	not now: its metadata has not come yet, or a newer head has
 *	413	longer or shorter than what was signed, or than any may be
 *	422	the newest head does without this file, as far as it is known
 *	451	blocked by the operator
 *	503	busy: another change is being made; ask again in a moment
 *	507	over the quota, or the disk is full
 * A request to put what is here already is answered by `begin`, before any
 * byte of it is read: with "Expect: 100-continue" nothing is sent twice. */
void admit_put(struct admit *a, struct serve_put *out);

/* ---- for a pull, which asks elsewhere for what is missing, and PUTs it here

 * The number that the next root of publisher i has: 1 in an empty folder. */
uint64_t admit_next_root(const struct admit *a, size_t i);

/* What the head on its way still lacks, in the order in which it can come. *at
 * is 0 for the first and is moved on; false: no more. */
struct admit_wish {
	char path[ADMIT_WISH]; /* "m/7.d-news.json" */
	uint64_t most;	       /* bytes */
	bool exact;	       /* and not one less */
	bool optional;	       /* the head does not wait for it */
};
bool admit_wants(
	const struct admit *a, size_t i, size_t *at, struct admit_wish *out);

/* No source has this file: do without it, as if the quota had taken it. Only
 * for sealed bundles; false for what a head cannot do without. */
bool admit_forgo(struct admit *a, size_t i, const char *path);

/* Try again to go live, when nothing is missing (another change was being
 * made). ERR_OK: there is no head on its way any more. ERR_MISSING: files
 * are missing. ERR_EXISTS: try again. ERR_SPACE, ERR_IO. */
enum err admit_finish(struct admit *a, size_t i, struct diag *d) ERR_MUST_USE;

/* The version that is served, 0 for none: for words only. */
uint64_t admit_version(const struct admit *a, size_t i);

/* Do what is due: sweep stages that nothing has come to for a day. Cheap;
 * call it hourly or more often. */
void admit_tick(struct admit *a);

struct admit_counts {
	uint64_t kept;	  /* files */
	uint64_t bytes;	  /* of these */
	uint64_t refused; /* PUTs */
	uint64_t heads;	  /* gone live */
	uint64_t pruned;  /* files */
};
struct admit_counts admit_count(const struct admit *a);

#endif
