/* The inside of writing a share file: share.c says what goes in, share_tar.c
 * puts it there. */
#ifndef ERIKA_SHARE_PRIV_H
#define ERIKA_SHARE_PRIV_H

#include <stdio.h>

#include "share.h"

/* A tar on its way, under a temporary name. */
struct share_tar {
	FILE *f;
	char *temp;
	const char *file;
	uint64_t n; /* bytes so far */
};

enum err share_tar_start(
	struct share_tar *t, const char *file, struct diag *d) ERR_MUST_USE;

/* End it and give it its name; *n is its size. */
enum err share_tar_end(struct share_tar *t, uint64_t *n, struct diag *d)
	ERR_MUST_USE;

/* Throw away what was not ended. Safe after share_tar_end. */
void share_tar_drop(struct share_tar *t);

/* One file at once, or its header, its bytes and its padding one by one. */
enum err share_tar_file(struct share_tar *t, const char *name, struct span s,
	struct diag *d) ERR_MUST_USE;
enum err share_tar_header(struct share_tar *t, const char *name, uint64_t size,
	struct diag *d) ERR_MUST_USE;
enum err share_tar_bytes(struct share_tar *t, struct span s, struct diag *d)
	ERR_MUST_USE;
enum err share_tar_zeros(struct share_tar *t, uint64_t n, struct diag *d)
	ERR_MUST_USE;

/* Go back to where `n` was `at`, and forget what came after. */
enum err share_tar_back(struct share_tar *t, uint64_t at, struct diag *d)
	ERR_MUST_USE;

#endif
