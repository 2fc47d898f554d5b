/* Files: capped reads, atomic writes, folders. Every name is a path the user
 * or the store chose; names from the network pass text_path_ok first. */
#ifndef ERIKA_FILE_H
#define ERIKA_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"

/* Append a whole regular file of at most `max` bytes. O_NOFOLLOW on the last
 * component. ERR_MISSING, ERR_LIMIT, ERR_IO. */
enum err file_read(const char *path, size_t max, struct buf *out,
	struct diag *d) ERR_MUST_USE;

/* Append n bytes from offset; fewer are ERR_TRUNCATED. */
enum err file_read_range(const char *path, uint64_t offset, size_t n,
	struct buf *out, struct diag *d) ERR_MUST_USE;

/* Size of a regular file. ERR_MISSING, ERR_IO. */
enum err file_size(const char *path, uint64_t *n, struct diag *d) ERR_MUST_USE;

/* Replace or create a file in one step: temporary name in the same folder,
 * write, fsync, rename, fsync of the folder. ERR_SPACE, ERR_IO. */
enum err file_write(const char *path, struct span s, unsigned mode,
	struct diag *d) ERR_MUST_USE;

/* Copy a file likewise, large ones in pieces. */
enum err file_copy(const char *from, const char *to, unsigned mode,
	struct diag *d) ERR_MUST_USE;

/* Give a file another name, in the place of what has it, and fsync the folder
 * that this is in. ERR_SPACE, ERR_IO. */
enum err file_rename(
	const char *from, const char *to, struct diag *d) ERR_MUST_USE;

/* Make a folder and those above it (mode for the new ones). */
enum err file_mkdirs(
	const char *path, unsigned mode, struct diag *d) ERR_MUST_USE;

/* Names of a folder's entries, sorted by bytes, without dot files. Free with
 * strings_free. ERR_MISSING, ERR_LIMIT over `max` entries, ERR_IO. */
enum err file_list(const char *dir, size_t max, char ***names, size_t *n,
	struct diag *d) ERR_MUST_USE;

/* fsync, down to the disk itself where plain fsync stops before (macOS). */
int file_sync(int fd) ERR_MUST_USE;

/* When a file was last written, in nanoseconds since 1970. */
struct stat;
int64_t file_mtime(const struct stat *st);

/* Whether a path is there, and is a folder. */
bool file_exists(const char *path);
bool file_is_dir(const char *path);

/* "a/b" of the two, malloc'd; NULL when out of memory. */
char *file_join(const char *a, const char *b);

/* Parse failure of errno into a code and a diag: "PATH: reason". */
enum err file_errno(const char *path, struct diag *d) ERR_MUST_USE;

#endif
