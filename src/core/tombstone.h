/* Why a mirror does not hand out a name any more: what its operator says,
 * with a stock minisign signature, so that a removal is told from a loss and
 * from a censor's 451 on the way. Carried as the body of that answer
 * (RFC 7725):
 *
 *	{"key":"RW...","minisig":"untrusted comment: ...\n...",
 *	 "signed":{"_type":"erika-tombstone-1","date":"2026-11-23T21:00:00Z",
 *	           "hash":"<64 hex>"  (or "path":"t/b/..."),
 *	           "operator":"...","reason":"..."}}
 *
 * The signature is over "signed" in canonical JSON, which is the file that the
 * operator signs. The key is the operator's own: it proves that the same hand
 * removed two things, not whose hand it is, unless the reader knows the key. */
#ifndef ERIKA_TOMBSTONE_H
#define ERIKA_TOMBSTONE_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "limits.h"
#include "minisign.h"

struct tombstone {
	/* One of the two, the other is "". A hash, in hex, stands for all
	 * names whose last segment begins with it and a dot. */
	char hash[65];
	char path[LIMIT_PATH + 1];
	char reason[LIMIT_TOMBSTONE_REASON + 1];
	char operator[LIMIT_TOMBSTONE_OPERATOR + 1]; /* name or contact, "" */
	int64_t date;				     /* when it was removed */
	char key[2 * MINISIGN_KEYNUM + 1]; /* of the operator, as minisign
					      prints it; "" while unsigned */
};

/* The body of a 451: checked against the key it carries; all text in *out may
 * be shown on one line (text_line_ok). Free of allocation after return.
 * ERR_LIMIT over LIMIT_TOMBSTONE, ERR_SYNTAX when it is none of ours,
 * ERR_SIGNATURE, ERR_KEY, ERR_UNSUPPORTED, ERR_NOMEM: show such a 451 as
 * anybody's. */
enum err tombstone_parse(
	struct span body, struct tombstone *out, struct diag *d) ERR_MUST_USE;

/* Whether it speaks of this name, "t/b/news/2026-w10/HASH.7.ekb": a tombstone
 * for something else excuses nothing. */
bool tombstone_covers(const struct tombstone *t, const char *path);

/* Whether it is what may stand in one: a hash or a path below t/, one line of
 * reason. `t->key` is not looked at. ERR_USAGE with what to do. */
enum err tombstone_ok(const struct tombstone *t, struct diag *d) ERR_MUST_USE;

/* Append the part that is signed: what the operator's file holds. ERR_NOMEM,
 * ERR_LIMIT. */
enum err tombstone_add(struct buf *out, const struct tombstone *t) ERR_MUST_USE;

/* The inverse, of a file; t->key is "" then. ERR_SYNTAX, ERR_LIMIT. */
enum err tombstone_part(
	struct span part, struct tombstone *out, struct diag *d) ERR_MUST_USE;

/* Append the body of a 451 from that file, its signature and the operator's
 * key, checking all. Errors as of tombstone_parse. */
enum err tombstone_body(struct buf *out, struct span part, struct span minisig,
	const struct minisign_key *key, struct diag *d) ERR_MUST_USE;

#endif
