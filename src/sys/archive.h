/* A share file, erika-repository(5): part of a mirror's tree as an
 * uncompressed ustar. Read in place, a piece at a time; what is in it is
 * anybody's claim. */
#ifndef ERIKA_ARCHIVE_H
#define ERIKA_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"

struct archive;

/* Open and walk it once: at most LIMIT_SHARE bytes and LIMIT_SHARE_FILES
 * files, safe names only, none twice, an end where the end is. ERR_MISSING,
 * ERR_IO, ERR_SYNTAX, ERR_REFUSED, ERR_TRUNCATED, ERR_TRAILING, ERR_LIMIT,
 * ERR_NOMEM; *out NULL then. */
enum err archive_open(
	const char *path, struct archive **out, struct diag *d) ERR_MUST_USE;
void archive_close(struct archive *a);

/* Whether a file looks like one: a ustar header at its start. */
bool archive_probe(const char *path);

/* Names of the files in it, in order; NULL past the last. */
const char *archive_name(const struct archive *a, size_t i);

/* Append bytes [offset, offset+n) of a file in it, or all of it when n is 0
 * (at most `max`, else ERR_TRAILING). ERR_MISSING when it is not in there or
 * has nothing from that offset on, ERR_TRUNCATED when less than n, ERR_IO. */
enum err archive_read(const struct archive *a, const char *name,
	uint64_t offset, size_t n, size_t max, struct buf *out,
	struct diag *d) ERR_MUST_USE;

#endif
