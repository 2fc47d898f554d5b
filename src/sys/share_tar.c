#include "share_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/limits.h"
#include "../core/ustar.h"
#include "file.h"

enum err
share_tar_start(struct share_tar *t, const char *file, struct diag *d)
{
	size_t n = strlen(file) + 8;
	mode_t mask;
	int fd;

	*t = (struct share_tar){.file = file, .temp = malloc(n)};
	if (t->temp == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	snprintf(t->temp, n, "%s.XXXXXX", file);
	fd = mkstemp(t->temp);
	if (fd < 0) {
		enum err e = file_errno(file, d);

		free(t->temp);
		t->temp = NULL;
		return e;
	}
	/* It is made to be handed on: as readable as any new file. */
	mask = umask(022);
	umask(mask);
	(void)fchmod(fd, 0666 & ~mask);
	t->f = fdopen(fd, "wb");
	if (t->f == NULL) {
		close(fd);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	return ERR_OK;
}

void
share_tar_drop(struct share_tar *t)
{
	if (t->f != NULL)
		fclose(t->f);
	if (t->temp != NULL)
		unlink(t->temp);
	free(t->temp);
	*t = (struct share_tar){.f = NULL};
}

enum err
share_tar_end(struct share_tar *t, uint64_t *n, struct diag *d)
{
	enum err e = share_tar_zeros(t, USTAR_END, d);

	*n = t->n;
	if (e == ERR_OK && (fflush(t->f) != 0 || file_sync(fileno(t->f)) != 0))
		e = file_errno(t->file, d);
	if (e == ERR_OK && rename(t->temp, t->file) != 0)
		e = file_errno(t->file, d);
	if (e != ERR_OK)
		return e;
	fclose(t->f);
	free(t->temp);
	*t = (struct share_tar){.f = NULL};
	return ERR_OK;
}

enum err
share_tar_bytes(struct share_tar *t, struct span s, struct diag *d)
{
	if (s.n > LIMIT_SHARE - t->n)
		return diag_set(d, ERR_LIMIT,
			"a share file over %zu bytes; choose less with "
			"--since, or leave out --images",
			(size_t)LIMIT_SHARE);
	if (s.n > 0 && fwrite(s.p, 1, s.n, t->f) != s.n)
		return file_errno(t->file, d);
	t->n += s.n;
	return ERR_OK;
}

enum err
share_tar_zeros(struct share_tar *t, uint64_t n, struct diag *d)
{
	static const uint8_t zeros[4096];
	enum err e = ERR_OK;

	while (e == ERR_OK && n > 0) {
		size_t k = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);

		e = share_tar_bytes(t, span_of(zeros, k), d);
		n -= k;
	}
	return e;
}

enum err
share_tar_header(
	struct share_tar *t, const char *name, uint64_t size, struct diag *d)
{
	uint8_t block[USTAR_BLOCK];
	enum err e = ustar_header(block, name, size, 0);

	if (e != ERR_OK)
		return diag_set(d, e, "%s does not fit into a tar", name);
	return share_tar_bytes(t, span_of(block, sizeof(block)), d);
}

enum err
share_tar_file(
	struct share_tar *t, const char *name, struct span s, struct diag *d)
{
	enum err e = share_tar_header(t, name, s.n, d);

	if (e == ERR_OK)
		e = share_tar_bytes(t, s, d);
	return e == ERR_OK ? share_tar_zeros(t, ustar_pad(s.n), d) : e;
}

enum err
share_tar_back(struct share_tar *t, uint64_t at, struct diag *d)
{
	if (fflush(t->f) != 0 || ftruncate(fileno(t->f), (off_t)at) != 0 ||
		fseeko(t->f, (off_t)at, SEEK_SET) != 0)
		return file_errno(t->file, d);
	t->n = at;
	return ERR_OK;
}
