/* Bring an outlet's news into the library: from its mirrors, a folder, a USB
 * stick or a share file, all alike. Everything goes through the trust machine;
 * a mirror that lies is named and left, and another one is asked. Whatever
 * happens, what the library had stays. */
#ifndef ERIKA_SYNC_H
#define ERIKA_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/country.h"
#include "../core/err.h"
#include "../core/trust.h"
#include "../core/verified.h"
#include "fetch.h"
#include "gone.h"
#include "library.h"
#include "reach.h"

/* Where a sync stands, for a line on a terminal. */
struct sync_progress {
	const char *mirror; /* asked last; borrowed, not escaped */
	uint64_t bytes;	    /* received so far */
	double seconds;	    /* since the start */
	size_t done, todo;  /* bundles; todo is 0 before that is known */
};

struct sync_options {
	int64_t now;		       /* seconds since 1970 */
	const struct country *country; /* to order mirrors by, or NULL */
	const char *from;	       /* only from here: URL, folder, share
					  file; NULL: the outlet's mirrors */
	struct fetch *fetch;	       /* NULL when `from` is a share file */
	/* What the user allows and wants of the network; NULL: the default,
	 * with no memory. Its country and `from` are those above. */
	const struct reach_settings *reach;
	double seconds; /* without any progress, and it is over; 0: 60 */
	int64_t since;	/* sealed weeks from this moment's on, too; 0: none */
	/* The strict check of an article's text; one that fails is left
	 * out. */
	enum err (*check)(const struct verified *text, struct diag *d);
	void (*progress)(void *arg, const struct sync_progress *p);
	void *arg;
};

/* Whose a 451 was. */
enum sync_gone {
	SYNC_GONE_NOT,
	SYNC_WITHHELD, /* the mirror's or a censor's on the way */
	SYNC_REMOVED   /* the operator's, who signed a tombstone for it */
};

/* How a mirror behaved. */
struct sync_mirror {
	char *name;
	char *url;
	bool asked;
	bool stale;	      /* an older head than another mirror's */
	uint64_t version;     /* of its timestamp, 0: none usable */
	enum err err;	      /* the worst it did, ERR_OK: nothing */
	bool worked;	      /* it brought something that was verified */
	enum sync_gone gone;  /* of ERR_MISSING: the file was answered 451 */
	bool small;	      /* only connections of a few KB got through */
	const char *strategy; /* by which it worked, or was tried; never NULL */
	uint64_t bytes;	      /* received from it */
	char file[160];	      /* with which file; or "" */
	char why[GONE_SIZE];  /* that, in a clause; escaped */
};

struct sync_report {
	/* ERR_OK: up to date. ERR_EXPIRED: all that is there is authentic,
	 * but old. ERR_REFUSED: some content was left out. ERR_PARTIAL: not
	 * all could be had. Else why nothing could be verified. */
	enum err err;
	struct diag diag;
	bool complete; /* the chain of signatures holds; then: */
	struct trust_verdict verdict;
	struct library_counts counts;
	size_t bundles, images;
	size_t absent; /* bundles that are listed, but could not be had whole */
	uint64_t bytes;
	unsigned requests;
	double seconds;
	struct sync_mirror *mirrors;
	size_t n_mirrors;
	char **notes; /* what was left out and why; escaped */
	size_t n_notes;
};
void sync_report_clear(struct sync_report *r);

/* Sync one outlet. What went wrong with mirrors and content is in the report;
 * an error is returned only when the machine fails (memory, disk, library) or
 * `from` cannot be opened. */
enum err sync_outlet(struct library *l, const struct library_outlet *o,
	const struct sync_options *opt, struct sync_report *r,
	struct diag *d) ERR_MUST_USE;

/* Fetch the pictures that are missing: of article n, or of all of the
 * outlet's when n is 0. Reports likewise; mirrors are taken as they are. */
enum err sync_images(struct library *l, const struct library_outlet *o,
	int64_t n, const struct sync_options *opt, struct sync_report *r,
	struct diag *d) ERR_MUST_USE;

/* How bad that is: lies over old news over silence; 0 is not bad. */
int sync_badness(enum err e);

/* What a mirror did, in two or three words: "tampered", "rolled back". */
const char *sync_deed(enum err e);

#endif
