/* The inside of a sync, shared by src/sys/sync*.c alone:
 *   sync.c         the run as a whole, and its report
 *   sync_source.c  mirrors and the ways to them, asking, blame
 *   sync_poll.c    roots and timestamps, from several mirrors
 *   sync_trust.c   all other metadata, and x/ targets
 *   sync_list.c    the signed mirror list
 *   sync_pull.c    bundles on their way, piece by piece
 *   sync_dict.c    the dictionaries that those need
 *   sync_bundle.c  which bundles, and into the library
 *   sync_image.c   pictures, part by part */
#ifndef ERIKA_SYNC_PRIV_H
#define ERIKA_SYNC_PRIV_H

#include "../core/pack.h"
#include "engine.h"
#include "source.h"
#include "sync.h"

/* How many mirrors must have a usable head before that is enough. */
#define SYNC_HEADS 2

/* A head that is older than this, seconds, is not believed to be the newest
 * before more mirrors were asked: newsrooms sign one each day, and some are
 * half a day late. How many more, and for how long without an answer: enough
 * that mirrors which agreed to hide news are not all of them. */
#define SYNC_HEAD_OLD (36 * 3600)
#define SYNC_HEADS_OLD 8
#define SYNC_OLD_SECONDS 5.0

/* How deep a bundle may build on others that nobody listed. */
#define SYNC_BASES 8

/* A mirror during a run; index is that of its report. */
struct sync_place {
	bool out; /* lied, or has no head: not asked again */
	struct buf timestamp;
	bool answered;	 /* the timestamp is here */
	bool former;	 /* by keys that newer roots have replaced */
	uint64_t claims; /* its version, as it says */
	struct buf root; /* a next root that it has */
	char root_name[TRUST_NAME];
};

/* A way to one of them; index is that of the source and the engine. */
struct sync_route {
	size_t place;
	enum strategy strategy;
	enum err err; /* how it failed, if it did */
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
	struct engine *engine;
	struct reach *reach; /* NULL: a share file */
	struct sync_place *places;
	size_t n;
	struct sync_route *routes;
	size_t n_routes;
	struct trust *t;
	struct pack *pack;
	bool pack_tried;
	bool trying;  /* heads are only tried: nothing is stored */
	bool rotated; /* a new root was met while trying */
	bool list;    /* the mirror list is still to be got */
	bool polling; /* no head is stored before all are here: one that is
			 behind the others is no rollback */
	struct sync_progress progress;
	int64_t started;		  /* clock_steady */
	struct sync_reason worst;	  /* of what could not be had at all */
	const struct sync_wanted *wanted; /* bundles listed: sync_bundle.c */
	bool split;			  /* two heads were met: */
	struct diag split_why;
	bool keeping; /* a transaction is open: see sync_keep */
	bool refused; /* some content was left out */
	bool gap;     /* some role's metadata could not be had */
};

/* ---- sync.c */

/* Keep the proof of what made s->t say ERR_SPLIT, and find words for it. Other
 * mirrors are still asked: what was trusted before stays trusted. */
enum err sync_split(
	struct sync *s, struct diag *why, struct diag *d) ERR_MUST_USE;

/* What is verified between two waits for the network enters the library
 * together: each commit waits for the disk. The first begins a transaction;
 * sync_keep ends it, before anybody is asked and when the run is over, so that
 * none is open while bytes are on their way. */
enum err sync_keep_begin(struct sync *s, struct diag *d) ERR_MUST_USE;
enum err sync_keep(struct sync *s, struct diag *d) ERR_MUST_USE;

/* Metadata that the machine took: library_metadata_change, kept with others. */
enum err sync_change(struct sync *s, const struct trust_change *change,
	const char *name, struct span bytes, struct diag *d) ERR_MUST_USE;

/* ---- sync_source.c */

/* Places from the outlet's mirrors, or from `o->from`. */
enum err sync_places(struct sync *s, struct diag *d) ERR_MUST_USE;
void sync_places_free(struct sync *s);

/* The run is over: say in the report how each mirror did, and remember it. */
enum err sync_places_end(struct sync *s, struct diag *d) ERR_MUST_USE;

/* Something a mirror did with a file. Keeps the worst in its report, leaves
 * it out when it lied, and notes it in `why` (may be NULL). */
void sync_blame(struct sync *s, size_t place, const char *file, enum err e,
	const struct diag *d, struct sync_reason *why);

/* A request for `path` on a mirror failed, as struct engine_calls has it. */
void sync_failed(struct sync *s, size_t route, const char *file,
	const char *path, bool soft, const struct fetch_got *got,
	struct sync_reason *why);

/* It was answered 451, with this notice (struct fetch_got) or none. That is no
 * fault: neither a lie nor a loss. */
void sync_gone(struct sync *s, size_t place, const char *file, const char *path,
	struct span notice, struct sync_reason *why);

/* For a line on a terminal. */
void sync_progress(struct sync *s, size_t route);

/* So long without progress, seconds, and it is over. */
double sync_seconds(const struct sync *s);

/* A whole file from whoever has it. `check` says in *verdict what the bytes
 * are worth; an error that it returns ends the run. It may come while others
 * do, so it must not ask for any. */
struct sync_file {
	const char *path;
	const char *shown;  /* in the report; NULL: the path */
	size_t max, length; /* length 0: not known */
	bool quiet;	    /* nobody is to blame for it */
	enum err (*check)(struct sync *s, void *arg, struct span body,
		enum err *verdict, struct diag *why, struct diag *d);
	void *arg;
	/* What came of it: the worst that mirrors did. */
	bool ok;
	struct sync_reason why;
};

/* Get n files at once. */
enum err sync_files(struct sync *s, struct sync_file *list, size_t n,
	struct diag *d) ERR_MUST_USE;

/* If it could not be had, s->worst says why. */
void sync_file_lost(struct sync *s, struct sync_file *f);

/* For a job that has other files, too: as struct engine_calls has them. */
enum err sync_file_take(struct sync *s, struct sync_file *f, size_t route,
	struct span bytes, enum err *verdict, struct diag *d) ERR_MUST_USE;
void sync_file_failed(struct sync *s, struct sync_file *f, size_t route,
	bool soft, const struct fetch_got *got);

/* Whether bytes look like a page for people instead of one of our files. */
bool sync_is_page(struct span s);

/* Keep the worse of two reasons. */
void sync_worse(struct sync_reason *r, enum err e, const struct diag *d);

/* One line for the report. */
enum err sync_note(struct sync *s, struct diag *d, const char *fmt,
	...) ERR_MUST_USE ERR_PRINTF(3, 4);

/* ---- sync_poll.c */

/* Roots and timestamps, of SYNC_HEADS mirrors; of SYNC_HEADS_OLD more when the
 * newest is older than SYNC_HEAD_OLD. ERR_OK: s->t goes on with the snapshot,
 * or else the reason is in s->worst and *usable false. */
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

/* An x/ target as a file to get, which goes into the library. *want false: it
 * is there, or is nothing that is fetched. Its path is put into `path`. */
enum err sync_target_file(struct sync *s, const struct trust_target *g,
	struct buf *path, struct sync_file *f, bool *want,
	struct diag *d) ERR_MUST_USE;

/* Its check: enter it into the library. `arg` is the target. */
enum err sync_target_check(struct sync *s, void *arg, struct span body,
	enum err *verdict, struct diag *why, struct diag *d) ERR_MUST_USE;

/* ---- sync_list.c */

/* Take over the signed mirror list. When it is not here it is got: now, or
 * with the first bundles, s->list then. */
enum err sync_mirror_list(
	struct sync *s, bool now, struct diag *d) ERR_MUST_USE;

/* The list as a file to get with something else, as sync_target_file has it;
 * its check takes it over. */
enum err sync_mirror_list_file(struct sync *s, struct buf *path,
	struct sync_file *f, bool *want, struct diag *d) ERR_MUST_USE;

/* ---- sync_pull.c */

/* How many bundles are fetched and kept together, and how many bytes at most
 * when they are several. */
#define SYNC_BATCH 16
#define SYNC_BATCH_BYTES (1 * LIMIT_MIB)

/* A part of a bundle that is wanted. */
struct sync_part {
	uint64_t offset;
	uint32_t n;
	uint32_t object, part;
	bool here, kept; /* kept: in the library, should we be stopped */
};

/* A bundle on its way. */
struct sync_pull {
	const struct trust_target *g;
	uint8_t sha256[32];
	struct buf path; /* on a mirror */
	size_t head;	 /* bytes of it */
	struct digest digest;
	uint64_t text_end;
	struct buf got;	  /* of text_end bytes; what is not here is 0 */
	struct bundle *b; /* once the head is here */
	bool head_kept;
	struct sync_part *parts;
	size_t n_parts;
	size_t loose;	 /* bytes that are here and not kept */
	int64_t kept_at; /* when last, or begun; clock_steady */
	bool found;	 /* some of it was kept by an earlier sync */
	bool refused;	 /* signed, yet we do not accept it */
	struct diag refusal;
	struct sync_reason why;
	bool ok; /* verified up to the end of texts */
};

/* ERR_UNSUPPORTED, ERR_LIMIT, ERR_REFUSED: a target we do not fetch. Clear it
 * in any case. */
enum err sync_pull_start(struct sync_pull *p, const struct trust_target *g,
	struct diag *d) ERR_MUST_USE;
void sync_pull_clear(struct sync_pull *p);

struct sync_dicts;

/* Get all of these, at most SYNC_BATCH, from whoever has them, part by part;
 * and with them a whole file and the dictionaries that they turn out to need,
 * unless those are NULL. */
enum err sync_pull_all(struct sync *s, struct sync_pull *list, size_t n,
	struct sync_file *with, struct sync_dicts *dicts,
	struct diag *d) ERR_MUST_USE;

/* The part of a list in file order that begins at this byte, or NULL. */
struct sync_part *sync_part_at(
	struct sync_part *list, size_t n, uint64_t offset);

/* ---- sync_dict.c */

/* Dictionaries that come beside the bundles that need them: asked for as soon
 * as a bundle's index is here, while its texts are on their way. */
#define SYNC_DICTS 16
struct sync_dicts *sync_dicts_new(void) ERR_MUST_USE; /* NULL: no memory */
void sync_dicts_free(struct sync_dicts *l);

/* Find out what x/ targets there are, since nobody can be asked for metadata
 * while files come. */
enum err sync_dicts_know(
	struct sync *s, struct sync_dicts *l, struct diag *d) ERR_MUST_USE;

/* This bundle's index is here: what it needs, and is new, is from now on file
 * first + i of the engine's job, which has SYNC_DICTS such. */
enum err sync_dicts_ask(struct sync *s, struct sync_dicts *l,
	const struct bundle *b, size_t first, struct diag *d) ERR_MUST_USE;
struct sync_file *sync_dicts_file(struct sync_dicts *l, size_t i);

/* The job is over: which of them came. */
void sync_dicts_end(struct sync *s, struct sync_dicts *l, size_t first);

/* What came, into the library. */
enum err sync_dicts_keep(
	struct sync *s, struct sync_dicts *l, struct diag *d) ERR_MUST_USE;

/* Get the dictionaries that these need, those that came, if they are new and
 * not in `l` (may be NULL). One that cannot be had shows when texts are
 * unpacked. */
enum err sync_dicts_rest(struct sync *s, const struct sync_pull *list, size_t n,
	const struct sync_dicts *l, struct diag *d) ERR_MUST_USE;

/* ---- sync_bundle.c */

/* All bundles that the desks list and the library lacks. */
enum err sync_bundles(struct sync *s, struct diag *d) ERR_MUST_USE;

/* ---- sync_image.c */

/* The pictures of article n, or of all articles when n is 0. */
enum err sync_pictures(struct sync *s, int64_t n, struct diag *d) ERR_MUST_USE;

#endif
