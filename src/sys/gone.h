/* Words for HTTP 451, "withheld for legal reasons" (RFC 7725): the mirror
 * operator's who signed for it, or anybody's on the way. */
#ifndef ERIKA_GONE_H
#define ERIKA_GONE_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/bytes.h"

/* Room for all that it may say. */
#define GONE_SIZE 1200

/* Say whose the 451 for `path` ("t/b/...", as asked) of a mirror was, by the
 * notice that came with it (struct fetch_got), which may be empty. One clause,
 * safe to show. true: the operator's, with the reason and the key. */
bool gone_say(char *out, size_t size, const char *mirror, const char *path,
	struct span notice);

#endif
