/* A passphrase in memory: locked, out of core dumps, wiped when freed. */
#ifndef ERIKA_PRESS_PASS_H
#define ERIKA_PRESS_PASS_H

#include <stdbool.h>

#include "../core/bytes.h"
#include "../core/err.h"

#define PASS_MAX 1024

struct pass {
	uint8_t *p; /* PASS_MAX bytes from sodium_malloc, or NULL */
	size_t n;
};

/* Whether nobody else can read this file: ERR_REFUSED, and what to do. */
struct stat;
enum err pass_private(
	const char *path, const struct stat *st, struct diag *d) ERR_MUST_USE;

/* Read a passphrase: the first line of a file, or from the terminal without
 * echo, twice when it is a new one. `of` names what it opens, for the prompt.
 * ERR_USAGE when there is no terminal or it is empty, ERR_REFUSED for a file
 * that others can read, ERR_LIMIT, ERR_NOMEM. Ctrl-C at the terminal ends the
 * process as elsewhere, with the echo on again. */
enum err pass_read(const char *file, bool fresh, const char *of,
	struct pass *out, struct diag *d) ERR_MUST_USE;

/* Its bytes, for sign_key_load and sign_key_save. */
struct span pass_view(const struct pass *p);

/* Wipe and free what it holds. */
void pass_free(struct pass *p);

#endif
