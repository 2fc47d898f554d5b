/* Raw deflate (RFC 1951), packing, level 9, with a preset dictionary. Linked
 * by erika-press alone. */
#ifndef ERIKA_DEFLATE_H
#define ERIKA_DEFLATE_H

#include "bytes.h"
#include "err.h"

/* A compressor primed once with a dictionary (n may be 0) and used for many
 * texts: each deflate_pack starts from a copy of the primed state, so that
 * the 32 KiB are hashed once and not for each article. Only the last
 * LIMIT_DICT bytes of `dict` count. Borrows nothing. NULL: out of memory. */
struct deflate;
struct deflate *deflate_new(struct span dict);
void deflate_free(struct deflate *z);

/* Append the packed form of `raw` to `out`. Same input, same bytes, always.
 * ERR_LIMIT when `out` is full, ERR_NOMEM. */
enum err deflate_pack(struct deflate *z, struct span raw, struct buf *out)
	ERR_MUST_USE;

#endif
