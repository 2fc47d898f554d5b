/* The trust machine: The Update Framework 1.0.34, client workflow (section 5),
 * sans-I/O. It says which file it wants next and the most bytes it may have;
 * it is fed bytes and never asks twice; it says what became trusted, or why
 * not. It has no clock, no files and no network, so one machine serves a sync,
 * a folder, a share file, a mirror's admission and the conformance command.
 *
 *	trust_new(anchor, now, mode, &t)
 *	while (trust_wants(t, &w))
 *		if (have) trust_feed(t, bytes, &change) else trust_pass(t)
 *	trust_find(t, path), the same loop again, trust_target(t)
 */
#ifndef ERIKA_TRUST_H
#define ERIKA_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "crypto.h"
#include "err.h"
#include "limits.h"
#include "minisign.h"
#include "verified.h"

struct trust;

/* What an expired role does. STRICT is the specification's: the update stops
 * with ERR_EXPIRED. LENIENT goes on and says so in the verdict, so that
 * authentic old news stays readable; nothing else is relaxed. */
enum trust_mode { TRUST_STRICT, TRUST_LENIENT };

/* Start from a trust anchor: the bytes of a root the caller already trusts
 * (shipped, compared by words, or kept from before). It must be signed by its
 * own threshold. `now` is seconds since 1970. ERR_SYNTAX, ERR_SIGNATURE,
 * ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM; *out NULL then. */
enum err trust_new(struct span anchor, int64_t now, enum trust_mode mode,
	struct trust **out, struct diag *d) ERR_MUST_USE;
void trust_free(struct trust *t);

/* The same with kinds of key beside Ed25519, for test clients: a table as in
 * tuf.h, borrowed as long as *out lives. */
struct tuf_scheme;
enum err trust_new_schemes(struct span anchor, int64_t now,
	enum trust_mode mode, const struct tuf_scheme *schemes,
	struct trust **out, struct diag *d) ERR_MUST_USE;

enum trust_source {
	TRUST_STORED, /* what the caller kept under `role`, if anything */
	TRUST_REMOTE  /* file `name` of the repository's metadata folder */
};

/* A role name of LIMIT_NAME bytes, all percent-encoded, with its version. */
#define TRUST_NAME (3 * LIMIT_NAME + 32)

/* One wish. `role` is borrowed until the next call that changes `t`. */
struct trust_want {
	enum trust_source source;
	const char *role;      /* "root", "timestamp", "d-news" */
	char name[TRUST_NAME]; /* "2.root.json", encoded as in a URL */
	size_t max;	       /* refuse more bytes than this */
};

/* What to do with a store after a successful feed: drop first, then save, so
 * that a crash between leaves nothing that the new root voids (5.3.11).
 * Borrowed likewise. */
struct trust_change {
	const char *save;    /* keep the bytes just fed under this role */
	bool drop_timestamp; /* forget the stored timestamp: its keys changed */
	bool drop_snapshot;  /* the same for the snapshot */
};

/* Whether something is wanted, and what. false: the workflow (or the search)
 * is over, or has failed for good. */
bool trust_wants(const struct trust *t, struct trust_want *w);

/* Feed the wanted bytes. On failure nothing in the machine changes: it still
 * wants the same file, so that another mirror's bytes can be tried; of a
 * TRUST_STORED wish the failure ends it (the stored copy is just not used).
 *
 * Roots and timestamps may be fed several times: each valid newer root moves
 * the wish to the next version, each valid newer timestamp replaces the one
 * before; trust_pass ends them. A timestamp fed that equals the trusted one
 * is ERR_OK with no change, an older one ERR_ROLLBACK.
 *
 * Roots end by themselves after LIMIT_ROOT_ROTATIONS new ones (5.3.3), unless
 * the last has expired.
 *
 * ERR_SPLIT: signed rightly, but another file of that version was trusted
 * before, see trust_split below. A stored copy is never the cause.
 *
 * ERR_LIMIT over the wish's max, ERR_HASH, ERR_TRUNCATED and ERR_TRAILING
 * against a signed length or hash, ERR_SIGNATURE, ERR_KEY when no known key
 * signed at all, ERR_ROLLBACK, ERR_MIXED for a version that is not the one
 * its referrer names, ERR_EXPIRED (STRICT only), ERR_SYNTAX,
 * ERR_UNSUPPORTED, ERR_NOMEM. */
enum err trust_feed(struct trust *t, struct span bytes,
	struct trust_change *change, struct diag *d) ERR_MUST_USE;

/* There is no such file, or no more of them. Ends a stored wish and the wish
 * for the next root. For a timestamp: goes on with the newest one fed, or the
 * stored one when lenient; with neither, and for snapshot and targets,
 * ERR_MISSING and the machine has failed. For a delegated role, ERR_MISSING
 * and the search or loading is over; the machine can be asked for others.
 * ERR_EXPIRED when the root's or the timestamp's
 * time has passed and the machine is strict. */
enum err trust_pass(struct trust *t, struct diag *d) ERR_MUST_USE;

/* ---- two heads of one version */

/* What ERR_SPLIT found: keys of the role `by` signed two files that exclude
 * each other. Either they are two of one version of that role (`role` is
 * `by`), or two timestamps or snapshots that name one version of `role` yet
 * different files. That is the newsroom's doing, or a key thief's, and never
 * a mirror's. What was trusted before stays trusted. */
struct trust_split {
	char role[LIMIT_NAME + 1];
	char by[LIMIT_NAME + 1];
	uint64_t version; /* of `role` */
};

/* The last one that this machine met. false: none. */
bool trust_split(const struct trust *t, struct trust_split *out);

/* Append it as a proof that others can check: one canonical JSON object with
 * both files, the root's version and fingerprint, and the delegations that
 * make them `by`'s. At most
 * LIMIT_SPLIT bytes. ERR_MISSING, ERR_LIMIT, ERR_NOMEM. */
enum err trust_split_proof(const struct trust *t, struct buf *out) ERR_MUST_USE;

/* Check somebody's proof by a machine that trusts the root it was made under:
 * ERR_MIXED when that is another version (start from the anchor, feed roots
 * as far as that one). ERR_OK: proved. ERR_REFUSED: authentic, but no
 * contradiction; ERR_KEY, ERR_SIGNATURE, ERR_SYNTAX, ERR_LIMIT,
 * ERR_UNSUPPORTED, ERR_NOMEM. */
enum err trust_split_check(const struct trust *t, struct span proof,
	struct trust_split *out, struct diag *d) ERR_MUST_USE;

/* ---- verdict, once trust_wants has said false without failure */

struct trust_verdict {
	bool complete; /* root to targets are trusted */
	bool stale;    /* some role that was used has expired */
	char stale_role[LIMIT_NAME + 1]; /* the first to expire */
	int64_t expires; /* when the first of them expires, or did */
	int64_t as_of;	 /* when the timestamp was made, 0 if it does not
			      say; the floor below which no clock is believed */
	uint64_t root, timestamp, snapshot, targets; /* versions */
	unsigned root_threshold, root_keys;
};
void trust_verdict(const struct trust *t, struct trust_verdict *v);

/* Whether targets are published under names that begin with their hash. */
bool trust_consistent(const struct trust *t);

/* Fingerprint of an outlet: SHA-256 of the canonical signed part of the root
 * file it is first known by (its anchor; "1.root.json" as published). It does
 * not change when keys do: later roots are trusted because this one, link by
 * link, says so. `add` shows its first 88 bits as words and all of it as hex.
 * Checks form only, not signatures. ERR_SYNTAX, ERR_LIMIT. */
enum err trust_fingerprint(struct span anchor, uint8_t out[static 32],
	struct diag *d) ERR_MUST_USE;

/* ---- targets */

struct trust_target;

const char *trust_target_path(const struct trust_target *g);
const char *trust_target_role(const struct trust_target *g); /* who says so */
uint64_t trust_target_length(const struct trust_target *g);
/* Its SHA-256; false when only other hashes are listed. */
bool trust_target_sha256(const struct trust_target *g, uint8_t out[static 32]);
/* The hash in hex that is put before its file name in a consistent snapshot
 * (section 6.2.2): its SHA-256, else its SHA-512. false: neither is listed. */
bool trust_target_prefix(const struct trust_target *g, char out[static 129]);
/* custom.head and custom.text of a bundle: lengths, and the head's digest.
 * false when the target is not a bundle. */
bool trust_target_bundle(const struct trust_target *g, size_t *head,
	struct digest *digest, uint64_t *text_end);

/* The key that may sign this delegated role, when it has exactly one: a
 * desk's minisign key. ERR_MISSING. */
enum err trust_role_key(const struct trust *t, const char *role,
	struct minisign_key *out) ERR_MUST_USE;

/* Search for a target in pre-order (5.6.7). Then loop over trust_wants; roles
 * already verified are not wanted again. trust_found gives the target, NULL
 * when there is none; it lives as long as `t`. */
enum err trust_find(
	struct trust *t, const char *path, struct diag *d) ERR_MUST_USE;
const struct trust_target *trust_found(const struct trust *t);

/* Why the last search or load ended with nothing. ERR_OK: it did not, or
 * nobody lists the path. ERR_LIMIT after LIMIT_DELEGATIONS roles; ERR_MISSING
 * for a role that no snapshot names or no mirror has; what tuf_check says of
 * a role that one delegator vouches for and another does not. */
enum err trust_lost(const struct trust *t, struct diag *d) ERR_MUST_USE;

/* Names of the roles that the top-level targets delegate to, in order; NULL
 * past the last. */
const char *trust_delegation(const struct trust *t, size_t i);

/* The same of any role that is loaded; and loading one that it delegates to.
 * trust_load is trust_load_by with "targets". */
const char *trust_delegation_by(
	const struct trust *t, const char *by, size_t i);
enum err trust_load_by(struct trust *t, const char *by, const char *role,
	struct diag *d) ERR_MUST_USE;

/* Load one of them for listing; then loop over trust_wants. ERR_MISSING when
 * there is no such delegation. Then targets of the role in path order, NULL
 * past the last or when it is not loaded. What a role lists is a hint: what
 * counts is the target that trust_find of its path finds. */
enum err trust_load(
	struct trust *t, const char *role, struct diag *d) ERR_MUST_USE;
const struct trust_target *trust_listed(
	const struct trust *t, const char *role, size_t i);

/* Names of the targets roles that were loaded or visited so far, "targets"
 * first: what somebody else needs to come to the same. NULL past the last. */
const char *trust_loaded(const struct trust *t, size_t i);

/* ---- becoming verified */

/* Check a whole target file: exact length and every listed hash. */
enum err trust_verify(const struct trust_target *g, struct span bytes,
	struct verified **out, struct diag *d) ERR_MUST_USE;

/* Check a bundle's head against custom.head. ERR_TRUNCATED, ERR_TRAILING,
 * ERR_HASH, ERR_UNSUPPORTED when the target has none. */
enum err trust_verify_head(const struct trust_target *g, struct span head,
	struct verified **out, struct diag *d) ERR_MUST_USE;

#endif
