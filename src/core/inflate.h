/* Raw deflate (RFC 1951), unpacking: verified bytes in, verified bytes out,
 * exactly as many as were signed. */
#ifndef ERIKA_INFLATE_H
#define ERIKA_INFLATE_H

#include "bytes.h"
#include "err.h"
#include "verified.h"

/* Inflate n bytes at offset `at` of `packed`, with the last LIMIT_DICT bytes
 * of `dict` (NULL: none) as preset dictionary, to exactly `exact` bytes.
 * ERR_TRUNCATED when the stream ends short of that, ERR_TRAILING when it
 * yields or holds a byte more, ERR_SYNTAX when it is not deflate, ERR_LIMIT
 * when at+n is outside, ERR_NOMEM. On failure *out is NULL. */
enum err inflate_exact(const struct verified *packed, size_t at, size_t n,
	const struct verified *dict, size_t exact, struct verified **out,
	struct diag *d) ERR_MUST_USE;

#endif
