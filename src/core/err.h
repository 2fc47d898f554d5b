/* What can go wrong, once, for every layer: codes, their text, their exit
 * status, and the diag that says where and why. */
#ifndef ERIKA_ERR_H
#define ERIKA_ERR_H

#include <stddef.h>

#if defined(__GNUC__) || defined(__clang__)
#define ERR_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define ERR_MUST_USE __attribute__((warn_unused_result))
#else
#define ERR_PRINTF(f, a)
#define ERR_MUST_USE
#endif

enum err {
	ERR_OK = 0,
	/* ours, or the machine's */
	ERR_FAILED,	 /* a step failed; the diag says which */
	ERR_NOMEM,	 /* out of memory */
	ERR_USAGE,	 /* the command line is wrong */
	ERR_CONFIG,	 /* a configuration file is wrong */
	ERR_IO,		 /* a file could not be read or written */
	ERR_EXISTS,	 /* it is already there */
	ERR_MISSING,	 /* it is not there */
	ERR_SPACE,	 /* disk or quota full */
	ERR_CANCELLED,	 /* the person said no */
	ERR_PARTIAL,	 /* done, but not everything */
	/* the transport's */
	ERR_NETWORK,	 /* no answer, or not an answer of ours */
	ERR_TIMEOUT,	 /* a deadline passed */
	/* the bytes' */
	ERR_TRUNCATED,	 /* fewer bytes than announced */
	ERR_TRAILING,	 /* more bytes than announced */
	ERR_LIMIT,	 /* larger, deeper or more than limits.h allows */
	ERR_SYNTAX,	 /* not well-formed */
	ERR_UNSUPPORTED, /* well-formed, of a version or kind unknown here */
	ERR_REFUSED,	 /* signed, but content we do not accept */
	/* trust's */
	ERR_HASH,	 /* content is not what was signed: tampered */
	ERR_SIGNATURE,	 /* a signature is wrong, or too few are right */
	ERR_KEY,	 /* signed by somebody we do not know */
	ERR_EXPIRED,	 /* authentic, but its time has passed */
	ERR_ROLLBACK,	 /* older than what we already trust */
	ERR_MIXED,	 /* pieces of different versions put together */
	ERR_SPLIT,	 /* two signed files of one version: the signer lies */
	ERR_COUNT
};

/* Why something failed. Plain data; needs no free. `offset` is a byte offset
 * into the input where that is meaningful, else 0. `why` is one clause in
 * plain words, with foreign text already escaped for display, and may end in
 * what to do next. */
struct diag {
	enum err code;
	size_t offset;
	char why[320];
};

/* Name of a code in a few words: "bad signature". Never NULL. */
const char *err_str(enum err e);

/* Exit status of a program that ends with this code (erika(1), EXIT STATUS). */
int err_exit(enum err e);

/* Fill `d` (may be NULL) and return `e`, so that a failure is one statement:
 * return diag_set(d, ERR_SYNTAX, "line %u: ...", n). */
enum err diag_set(struct diag *d, enum err e, const char *fmt, ...)
	ERR_PRINTF(3, 4);

/* The same with a byte offset into the input. */
enum err diag_at(struct diag *d, enum err e, size_t offset, const char *fmt,
	...) ERR_PRINTF(4, 5);

/* Put "PREFIX: " before what `d` already says (cut at the end if too long).
 * Returns d->code; with d NULL returns `e`. */
enum err diag_prefix(struct diag *d, enum err e, const char *fmt, ...)
	ERR_PRINTF(3, 4);

#endif
