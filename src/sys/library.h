/* The reader's library: one SQLite file with the outlets a person trusts, the
 * metadata that proves what they said, and the texts and pictures as they
 * came, packed. Whatever is shown is checked again on its way out. */
#ifndef ERIKA_LIBRARY_H
#define ERIKA_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/article.h"
#include "../core/bundle.h"
#include "../core/bytes.h"
#include "../core/crypto.h"
#include "../core/err.h"
#include "../core/mirrors.h"
#include "../core/trust.h"
#include "../core/verified.h"

struct library;

/* Append where the library is: $XDG_DATA_HOME/erika/library.db, or the same
 * under ~/.local/share. ERR_FAILED when the environment has neither. */
enum err library_path(struct buf *out, struct diag *d) ERR_MUST_USE;

/* Open, or create with its folder (mode 0700). NULL is library_path. ERR_IO,
 * ERR_UNSUPPORTED for a library of another version, ERR_NOMEM. */
enum err library_open(
	const char *path, struct library **out, struct diag *d) ERR_MUST_USE;
void library_close(struct library *l);

/* Transactions, which may stand inside each other: the outermost one counts.
 * After a rollback all of them are over. In a trial they do nothing, and the
 * trial's end undoes all that happened in it: how a share file is checked
 * without being kept. */
enum err library_begin(struct library *l, struct diag *d) ERR_MUST_USE;
enum err library_commit(struct library *l, struct diag *d) ERR_MUST_USE;
void library_rollback(struct library *l);
enum err library_trial(struct library *l, struct diag *d) ERR_MUST_USE;
void library_trial_end(struct library *l);

/* ---- outlets */

struct library_outlet {
	int64_t id;
	char *name;
	uint8_t fingerprint[32];
	int64_t added;
	int64_t articles, unread;
	/* What the last complete update proved; synced is 0 before one. */
	int64_t synced;	 /* by the clock of this machine */
	int64_t as_of;	 /* when the newsroom's machine spoke, or 0 */
	int64_t expires; /* when the first role used expires */
	char *expires_role;
	uint64_t timestamp; /* its version */
	unsigned root_keys, root_threshold;
};

struct library_outlets {
	struct library_outlet *list;
	size_t n;
};

/* All outlets in the order they were added. */
enum err library_outlets(struct library *l, struct library_outlets *out,
	struct diag *d) ERR_MUST_USE;
void library_outlets_clear(struct library_outlets *o);

/* The outlet of this name, or of a fingerprint that begins with these at
 * least 8 hex digits. Borrowed from the list. ERR_MISSING, ERR_USAGE when
 * several fit. */
enum err library_outlet_find(const struct library_outlets *o, const char *which,
	const struct library_outlet **out, struct diag *d) ERR_MUST_USE;

/* Whether what it proved has expired by now; a clock behind what the
 * newsroom signed is not believed. */
bool library_outlet_stale(const struct library_outlet *o, int64_t now);

/* Trust an outlet: `anchor` is its 1.root.json, which passed trust_new and
 * has this fingerprint. ERR_EXISTS when it is there. */
enum err library_outlet_add(struct library *l, const char *name,
	const uint8_t fingerprint[static 32], struct span anchor, int64_t now,
	int64_t *id, struct diag *d) ERR_MUST_USE;

/* In a trial: an outlet of the same root and metadata that has no bundles yet,
 * so that all of a share file's are checked. */
enum err library_outlet_alias(struct library *l, int64_t outlet, int64_t *id,
	struct diag *d) ERR_MUST_USE;

/* Forget, for good: an outlet with all that came of it, what was read, or all
 * of it. Call them between start and end, which writes the file anew
 * (db_wipe_end). Other processes must not be reading. ERR_MISSING when there
 * is no such outlet. */
enum err library_forget_start(struct library *l, struct diag *d) ERR_MUST_USE;
enum err library_forget_outlet(
	struct library *l, int64_t outlet, struct diag *d) ERR_MUST_USE;
enum err library_forget_read(struct library *l, struct diag *d) ERR_MUST_USE;
enum err library_forget_end(struct library *l, struct diag *d) ERR_MUST_USE;

/* Keep the verdict of a complete update. */
enum err library_outlet_verdict(struct library *l, int64_t outlet,
	const struct trust_verdict *v, int64_t now,
	struct diag *d) ERR_MUST_USE;

/* ---- metadata and x/ targets, as they came */

/* Roles: "root", "timestamp", "d-news"; every root also as "N.root". *found
 * is false when there is none; nothing is appended then. */
enum err library_metadata(struct library *l, int64_t outlet, const char *role,
	struct buf *out, bool *found, struct diag *d) ERR_MUST_USE;

/* Do what the trust machine says after a feed, in one transaction; but keep a
 * newer one that another process has stored meanwhile. `name` is the file's
 * ("2.root.json"), which numbers a root. */
enum err library_metadata_change(struct library *l, int64_t outlet,
	const struct trust_change *change, const char *name, struct span bytes,
	struct diag *d) ERR_MUST_USE;

/* Run the trust machine over what is stored, without any other source: the
 * chain as of the last update, offline. Delegations "x" and "d-*" are loaded
 * as far as they are here; ERR_MISSING when what leads to them is not. */
enum err library_trust(struct library *l, int64_t outlet, int64_t now,
	struct trust **out, struct diag *d) ERR_MUST_USE;

/* Search such a machine for a target, likewise: this finds what lies in
 * sealed weeks, too, when their lists are here. *out NULL: nobody lists it, or
 * who might is not here. */
enum err library_trust_find(struct library *l, int64_t outlet, struct trust *t,
	const char *path, const struct trust_target **out,
	struct diag *d) ERR_MUST_USE;

/* Whether a delegated role is one we read: "x", "d-*". */
bool library_role_read(const char *role);

/* A verified target of x/, whole: the mirror list, a dictionary. */
enum err library_target_add(struct library *l, int64_t outlet, const char *path,
	const uint8_t sha256[static 32], const struct verified *v,
	struct diag *d) ERR_MUST_USE;
enum err library_target(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], struct verified **out, bool *found,
	struct diag *d) ERR_MUST_USE;

/* ---- proofs of two heads */

/* Keep a proof (trust_split_proof); the first of each role and version, and
 * few of them. *kept is false in a trial. */
enum err library_proof_add(struct library *l, int64_t outlet,
	const struct trust_split *s, struct span proof, int64_t now, bool *kept,
	struct diag *d) ERR_MUST_USE;

/* Append the latest of an outlet, or of any when it is 0. */
enum err library_proof(struct library *l, int64_t outlet, struct buf *out,
	bool *found, struct diag *d) ERR_MUST_USE;

/* How many there are. */
enum err library_proofs(struct library *l, int64_t outlet, int64_t *n,
	struct diag *d) ERR_MUST_USE;

/* ---- mirrors */

enum library_mirror_source {
	LIBRARY_MIRROR_USER, /* named by the user: may be anywhere */
	LIBRARY_MIRROR_LINK, /* came in a link: not in a private network */
	LIBRARY_MIRROR_LIST  /* of the signed list */
};

struct library_mirror {
	char *name;
	char *url;
	enum library_mirror_source source;
	char *countries; /* "RU, BY" or "" */
	/* Other ways to it, as in struct mirror; NULL, 0: none. */
	char **addresses;
	size_t n_addresses;
	char *pin, *sni, *front;
	bool storage;
};

struct library_mirrors {
	struct library_mirror *list;
	size_t n;
};

/* Mirrors of an outlet: the user's first, then the link's, then the list's,
 * no URL twice. */
enum err library_mirrors(struct library *l, int64_t outlet,
	struct library_mirrors *out, struct diag *d) ERR_MUST_USE;
void library_mirrors_clear(struct library_mirrors *m);

/* Add one; the same URL again is fine: the user's word outranks a link's, and
 * that one the list's. */
enum err library_mirror_add(struct library *l, int64_t outlet,
	const struct library_mirror *m, struct diag *d) ERR_MUST_USE;

/* A row for a mirror of a list or link, all but its countries; borrows from
 * it. */
struct library_mirror library_mirror_of(
	const struct mirror *from, enum library_mirror_source source);

/* Add it, countries and all. */
enum err library_mirror_put(struct library *l, int64_t outlet,
	const struct mirror *from, enum library_mirror_source source,
	struct diag *d) ERR_MUST_USE;

/* Forget those of the signed list, before the new ones are added. */
enum err library_mirrors_drop_list(
	struct library *l, int64_t outlet, struct diag *d) ERR_MUST_USE;

/* Keep the signed list that is valid now; whether it is this one; and read it,
 * for its resolvers and countries (its mirrors are among library_mirrors).
 * Empty when there is none yet. mirrors_clear. */
enum err library_list_set(struct library *l, int64_t outlet,
	const struct verified *v, struct diag *d) ERR_MUST_USE;
enum err library_list_is(struct library *l, int64_t outlet,
	const struct verified *v, bool *is, struct diag *d) ERR_MUST_USE;
enum err library_list(struct library *l, int64_t outlet, struct mirrors *out,
	struct diag *d) ERR_MUST_USE;

/* ---- bundles */

/* What is kept of a bundle. */
struct library_bundle {
	int64_t id;
	char *path;
	uint8_t sha256[32]; /* of the whole file */
	uint64_t length;    /* of the whole file */
	struct digest head; /* digest of the head */
	char *role;	    /* who vouched: "d-news" */
	char *key;	    /* number of the key that did, or "" */
	int64_t created;
	bool whole; /* no article waits for another bundle or dictionary */
};
void library_bundle_clear(struct library_bundle *b);

/* Whether a bundle of this content is here, and whole. */
enum err library_bundle_has(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], bool *has,
	struct diag *d) ERR_MUST_USE;

/* What became of an outlet's articles since it was asked last. */
struct library_counts {
	size_t fresh;	  /* not here before */
	size_t updated;	  /* changed without a note */
	size_t corrected; /* changed, and the newsroom says what */
	size_t retracted;
};

/* Count, and begin to count anew. What an interrupted sync brought is counted
 * by the next one. */
enum err library_count(struct library *l, int64_t outlet,
	struct library_counts *out, struct diag *d) ERR_MUST_USE;

/* Add a bundle with the articles for which keep[i] is true, in one transaction;
 * or complete one that was not whole. `prefix` is everything up to
 * bundle_text_end, every object in it verified. A revision that is not higher
 * than the known one changes nothing. */
enum err library_bundle_add(struct library *l, int64_t outlet,
	const struct library_bundle *info, const struct bundle *b,
	struct span prefix, const bool *keep, struct diag *d) ERR_MUST_USE;

/* A bundle of the library, opened: its row, the bytes up to the end of the
 * texts, checked again, and its index. */
struct library_open {
	struct library_bundle row;
	struct verified *prefix;
	struct bundle *bundle;
};

/* By row id, or the newest of this target path. ERR_MISSING, ERR_HASH when
 * the disk gave back something else. */
enum err library_bundle_open(struct library *l, int64_t id,
	struct library_open *out, struct diag *d) ERR_MUST_USE;
enum err library_bundle_open_path(struct library *l, int64_t outlet,
	const char *path, struct library_open *out,
	struct diag *d) ERR_MUST_USE;
void library_open_clear(struct library_open *o);

/* Row id of the bundle with this content; false in *found when it is not
 * here. */
enum err library_bundle_id(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], int64_t *id, bool *found,
	struct diag *d) ERR_MUST_USE;

/* What there is of an outlet, in path order, those of one path as they came. */
struct library_files {
	struct library_file {
		int64_t id;
		char *path;
		uint8_t sha256[32];
		int64_t created;
	} * list;
	size_t n;
};
enum err library_files(struct library *l, int64_t outlet,
	struct library_files *out, struct diag *d) ERR_MUST_USE;
void library_files_clear(struct library_files *f);

/* The newest bundle of at least n bytes, or else the longest. */
enum err library_bundle_longest(struct library *l, int64_t outlet, uint64_t n,
	int64_t *id, bool *found, struct diag *d) ERR_MUST_USE;

/* Unpack text object i of an opened bundle whose bytes up to the end of the
 * texts are `prefix`: verify it, find its dictionary or base text in the
 * library, inflate. ERR_MISSING names what is not here. */
enum err library_unpack(struct library *l, int64_t outlet,
	const struct bundle *b, struct span prefix, size_t i,
	struct verified **out, struct diag *d) ERR_MUST_USE;

/* ---- parts on their way

 * Verified bytes of a bundle (the file with this hash) that is not all here
 * yet, from byte `at` on; whoever reads them back verifies them again. */
enum err library_part_add(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], uint64_t at, struct span s,
	int64_t now, struct diag *d) ERR_MUST_USE;
enum err library_parts(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32],
	void (*each)(void *arg, uint64_t at, struct span s), void *arg,
	struct diag *d) ERR_MUST_USE;

/* Forget those that begin in [from, to); those that were kept for a month. */
enum err library_parts_drop(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], uint64_t from, uint64_t to,
	struct diag *d) ERR_MUST_USE;
enum err library_parts_old(
	struct library *l, int64_t now, struct diag *d) ERR_MUST_USE;

/* ---- articles */

/* The latest revision of an article. */
struct library_article {
	int64_t n; /* the number shown to people; never changes */
	int64_t outlet;
	char *outlet_name;
	char *desk;
	char *id;
	uint32_t revision;
	enum article_status status;
	char *title;
	char *language;
	int64_t published, updated;
	char *authors; /* joined by ", " */
	char *note;    /* or "" */
	char *url;     /* or "" */
	bool read;
	int64_t bundle; /* row id */
	size_t index;	/* in that bundle */
};

struct library_articles {
	struct library_article *list;
	size_t n;
};

struct library_filter {
	int64_t outlet;	      /* 0: any */
	const char *language; /* NULL: any; "ru" also finds "ru-RU" */
	const char *id;	      /* NULL: any */
	int64_t n;	      /* 0: any */
	size_t limit;	      /* 0: all */
};

/* Articles, the latest changed first. */
enum err library_articles(struct library *l, const struct library_filter *f,
	struct library_articles *out, struct diag *d) ERR_MUST_USE;
void library_articles_clear(struct library_articles *a);

enum err library_article_mark(
	struct library *l, int64_t n, bool read, struct diag *d) ERR_MUST_USE;

/* ---- pictures */

enum err library_image_has(struct library *l, int64_t outlet,
	const struct digest *name, bool *has, struct diag *d) ERR_MUST_USE;
enum err library_image_add(struct library *l, int64_t outlet,
	const struct digest *name, const struct verified *bytes,
	struct diag *d) ERR_MUST_USE;

/* Append a picture, checked again against its name. ERR_HASH. */
enum err library_image(struct library *l, int64_t outlet,
	const struct digest *name, struct buf *out, bool *found,
	struct diag *d) ERR_MUST_USE;

#endif
