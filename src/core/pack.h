/* m/now.pack, erika-repository(5): the current chain of metadata in one
 * deflated ustar, to save round trips.
 *
 *   "erika-pack-1\n", u32 unpacked length, raw deflate of a ustar
 *
 * Unsigned: a shortcut and nothing more. What comes out of it is worth what
 * the trust machine says of it. pack_make is for those who publish and
 * mirror (pack_write.c), pack_open erika's alone. */
#ifndef ERIKA_PACK_H
#define ERIKA_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"

#define PACK_MAGIC "erika-pack-1\n"
#define PACK_PREFIX 17 /* magic and the length */

/* One file of a pack; borrowed. */
struct pack_file {
	const char *name; /* "m/5.snapshot.json" */
	struct span body;
};

/* Append a pack of these files, in this order. Same files, same bytes.
 * ERR_LIMIT over LIMIT_PACK or LIMIT_PACK_UNPACKED or for a name that does not
 * fit, ERR_REFUSED for one that is not a safe path, ERR_NOMEM. */
enum err pack_make(const struct pack_file *files, size_t n, struct buf *out)
	ERR_MUST_USE;

struct pack;

/* Unpack, never to more than it says and LIMIT_PACK_UNPACKED. ERR_SYNTAX,
 * ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING, ERR_REFUSED for a name twice or
 * unsafe, ERR_NOMEM; *out NULL then. */
enum err pack_open(struct span packed, struct pack **out, struct diag *d)
	ERR_MUST_USE;
void pack_free(struct pack *p);

/* A file by name; false when it is not in there. *body lives as long as the
 * pack. */
bool pack_find(const struct pack *p, const char *name, struct span *body);

/* Files in the pack, in name order; borrowed. NULL past the last. */
const struct pack_file *pack_file(const struct pack *p, size_t i);

#endif
