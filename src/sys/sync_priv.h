/* The inside of a sync, shared by src/sys/sync*.c alone:
 *   sync.c         the run as a whole, and its report
 *   sync_source.c  mirrors: order, asking, blame
 *   sync_poll.c    roots and timestamps, from several mirrors
 *   sync_trust.c   all other metadata, and x/ targets
 *   sync_list.c    the signed mirror list
 *   sync_pull.c    bundles on their way, piece by piece
 *   sync_bundle.c  which bundles, and into the library
 *   sync_image.c   pictures, part by part */
#ifndef ERIKA_SYNC_PRIV_H
#define ERIKA_SYNC_PRIV_H

#include "../core/pack.h"
#include "source.h"
#include "sync.h"

/* Mirrors asked at once for their heads, and how many must have a usable one
 * before that is enough. */
#define SYNC_POLL 3
#define SYNC_HEADS 2

/* How deep a bundle may build on others that nobody listed. */
#define SYNC_BASES 8

/* A mirror during a run; index is that of its place and of its report. */
struct sync_place {
	bool polled;
	bool out;	   /* lied or is dead: not asked again */
	unsigned failures; /* of the network; two are enough */
	struct buf timestamp;
	bool answered;	 /* the timestamp is here */
	uint64_t claims; /* its version, as it says */
	struct buf root; /* a next root that it has */
	char root_name[TRUST_NAME];
};

/* Why something could not be had: the worst of what mirrors did. */
struct sync_reason {
	enum err err;
	struct diag diag;
};

struct sync {
	struct library *lib;
	const struct library_outlet *outlet;
	const struct sync_options *o;
	struct sync_report *r;
	struct source *source;
	struct sync_place *places;
	size_t n;
	size_t *order; /* in which to ask */
	struct trust *t;
	struct pack *pack;
	bool pack_tried;
	struct sync_progress progress;
	int64_t started;		  /* clock_steady */
	struct sync_reason worst;	  /* of what could not be had at all */
	const struct sync_wanted *wanted; /* bundles listed: sync_bundle.c */
	bool split;			  /* two heads were met: */
	struct diag split_why;
	bool refused; /* some content was left out */
	bool gap;     /* some role's metadata could not be had */
};

/* ---- sync.c */

/* Keep the proof of what made s->t say ERR_SPLIT, and find words for it. Other
 * mirrors are still asked: what was trusted before stays trusted. */
enum err sync_split(
	struct sync *s, struct diag *why, struct diag *d) ERR_MUST_USE;

/* ---- sync_source.c */

/* Places from the outlet's mirrors, or from `o->from`. */
enum err sync_places(struct sync *s, struct diag *d) ERR_MUST_USE;
void sync_places_free(struct sync *s);

/* Remember which mirrors were of use. */
enum err sync_places_remember(struct sync *s, struct diag *d) ERR_MUST_USE;

/* Ask, and count bytes, requests and time. The answers are initialised
 * whatever is returned; free them with sync_got_free. */
enum err sync_ask(struct sync *s, const struct source_want *want, size_t n,
	struct source_got *got, struct diag *d) ERR_MUST_USE;
void sync_got_free(struct source_got *got, size_t n);

/* Something a mirror did with a file. Keeps the worst in its report, leaves
 * it out when it lied or failed twice, and notes it in `why` (may be NULL). */
void sync_blame(struct sync *s, size_t place, const char *file, enum err e,
	const struct diag *d, struct sync_reason *why);

/* Places in the order to ask for a file: those with the newest head, then the
 * others; none that is out. *step is 0 at first. false: no more. */
bool sync_next_place(struct sync *s, size_t *step, size_t *place);

/* Whether bytes look like a page for people instead of one of our files. */
bool sync_is_page(struct span s);

/* Keep the worse of two reasons. */
void sync_worse(struct sync_reason *r, enum err e, const struct diag *d);

/* One line for the report. */
enum err sync_note(struct sync *s, struct diag *d, const char *fmt,
	...) ERR_MUST_USE ERR_PRINTF(3, 4);

/* ---- sync_poll.c */

/* Roots and timestamps. ERR_OK: s->t goes on with the snapshot, or else the
 * reason is in s->worst and *usable false. */
enum err sync_poll(struct sync *s, bool *usable, struct diag *d) ERR_MUST_USE;

/* Run the machine again over what is known, up to the top-level targets: after
 * a wish that nobody could fulfil made it fail. Asks nobody. */
enum err sync_restart(struct sync *s, struct diag *d) ERR_MUST_USE;

/* ---- sync_trust.c */

/* Feed the machine until it wants no more. *ok is false when something could
 * not be had; s->worst says why. */
enum err sync_satisfy(struct sync *s, bool *ok, struct diag *d) ERR_MUST_USE;

/* Find a target and satisfy the machine on the way. *out NULL: none. */
enum err sync_find(struct sync *s, const char *path,
	const struct trust_target **out, struct diag *d) ERR_MUST_USE;

/* Path of a target's file on a mirror: "t/DIR/SHA256.NAME". */
enum err sync_target_path(
	const struct trust_target *g, struct buf *out) ERR_MUST_USE;

/* See that an x/ target is in the library. *ok likewise. */
enum err sync_target(struct sync *s, const struct trust_target *g, bool *ok,
	struct diag *d) ERR_MUST_USE;

/* ---- sync_list.c */

/* Take over the signed mirror list. */
enum err sync_mirror_list(struct sync *s, struct diag *d) ERR_MUST_USE;

/* ---- sync_pull.c */

/* What one request asks for; how many bundles are fetched and kept together,
 * and how many bytes at most when they are several. */
#define SYNC_PIECE (256 * LIMIT_KIB)
#define SYNC_BATCH 16
#define SYNC_BATCH_BYTES (1 * LIMIT_MIB)

/* A bundle on its way. */
struct sync_pull {
	const struct trust_target *g;
	struct buf path; /* on a mirror */
	size_t head;	 /* bytes of it */
	struct digest digest;
	uint64_t text_end;
	struct buf got;	     /* from the file's first byte on */
	size_t good;	     /* so many of them are verified */
	struct bundle *b;    /* once the head is here */
	size_t object, part; /* the next part to verify */
	bool has_first;	     /* its first piece came with others' */
	size_t first_place;
	struct source_got first;
};

/* ERR_UNSUPPORTED, ERR_LIMIT, ERR_REFUSED: a target we do not fetch. Clear it
 * in any case. */
enum err sync_pull_start(struct sync_pull *p, const struct trust_target *g,
	struct diag *d) ERR_MUST_USE;
void sync_pull_clear(struct sync_pull *p);

/* The first pieces of at most SYNC_BATCH bundles at once, from one mirror. */
enum err sync_pull_first(struct sync *s, struct sync_pull *list, size_t n,
	struct diag *d) ERR_MUST_USE;

/* Get all of one from whoever has it. *ok: verified up to the end of texts. */
enum err sync_pull_all(struct sync *s, struct sync_pull *p, bool *ok,
	struct diag *d) ERR_MUST_USE;

/* ---- sync_bundle.c */

/* All bundles that the desks list and the library lacks. */
enum err sync_bundles(struct sync *s, struct diag *d) ERR_MUST_USE;

/* ---- sync_image.c */

/* The pictures of article n, or of all articles when n is 0. */
enum err sync_pictures(struct sync *s, int64_t n, struct diag *d) ERR_MUST_USE;

#endif
