/* POSIX ustar (IEEE 1003.1), regular files only: share files and m/now.pack.
 * Sans-I/O, one 512-byte header at a time. */
#ifndef ERIKA_USTAR_H
#define ERIKA_USTAR_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"

#define USTAR_BLOCK 512
#define USTAR_NAME 257 /* prefix, '/', name, NUL */

struct ustar_entry {
	char name[USTAR_NAME]; /* passes text_path_ok */
	uint64_t size;	       /* bytes; followed by zeros up to a block */
};

/* Write a header for a regular file, mode 0644, owner 0, no names, mtime as
 * given (0 for same bytes every time). ERR_LIMIT when the name does not fit. */
enum err ustar_header(uint8_t out[static USTAR_BLOCK], const char *name,
	uint64_t size, int64_t mtime) ERR_MUST_USE;

/* Read a header. *end is true at the first zero block. Anything but a regular
 * file with a safe path, a right checksum and octal sizes is refused:
 * ERR_SYNTAX, ERR_REFUSED, ERR_LIMIT. */
enum err ustar_read(const uint8_t block[static USTAR_BLOCK],
	struct ustar_entry *e, bool *end, struct diag *d) ERR_MUST_USE;

/* Bytes of zeros after a file of this size, and after the last one. */
size_t ustar_pad(uint64_t size);
#define USTAR_END (2 * USTAR_BLOCK)

#endif
