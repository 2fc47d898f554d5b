/* Pictures on their way into a bundle: read in pieces, never held whole. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/limits.h"
#include "../sys/file.h"
#include "press_image.h"

void
press_image_clear(struct press_image *i)
{
	size_t k;

	for (k = 0; k < i->n_pieces; k++)
		free(i->pieces[k].fresh);
	free(i->pieces);
	free(i->parts);
	free(i->file);
	*i = (struct press_image){.file = NULL};
}

static enum err
read_exact(int fd, const char *file, uint64_t at, uint8_t *p, size_t n,
	struct diag *d)
{
	while (n > 0) {
		ssize_t k = pread(fd, p, n, (off_t)at);

		if (k < 0)
			return file_errno(file, d);
		if (k == 0)
			return diag_set(
				d, ERR_IO, "%s: it became shorter", file);
		p += k;
		at += (uint64_t)k;
		n -= (size_t)k;
	}
	return ERR_OK;
}

enum err
press_image_each(const struct press_image *i, press_image_fn *fn, void *arg,
	struct diag *d)
{
	int fd = open(i->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t *block = malloc(LIMIT_PART);
	enum err e = ERR_OK;
	size_t k, have = 0;

	if (fd < 0)
		e = file_errno(i->file, d);
	else if (block == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	for (k = 0; e == ERR_OK && k < i->n_pieces; k++) {
		const struct press_piece *p = &i->pieces[k];
		uint64_t done = 0;

		while (e == ERR_OK && done < p->n) {
			size_t n = LIMIT_PART - have;

			if (n > p->n - done)
				n = (size_t)(p->n - done);
			if (p->fresh != NULL)
				memcpy(block + have, p->fresh + done, n);
			else
				e = read_exact(fd, i->file, p->at + done,
					block + have, n, d);
			done += n;
			have += n;
			if (e == ERR_OK && have == LIMIT_PART) {
				e = fn(arg, span_of(block, have), d);
				have = 0;
			}
		}
	}
	if (e == ERR_OK && have > 0)
		e = fn(arg, span_of(block, have), d);
	free(block);
	if (fd >= 0)
		close(fd);
	return e;
}

static enum err
part_name(void *arg, struct span part, struct diag *d)
{
	struct press_image *i = arg;

	if (i->n_parts == LIMIT_PARTS)
		return diag_set(d, ERR_LIMIT, "over 4 MiB");
	i->parts[i->n_parts++] = digest_of(part);
	i->length += (uint32_t)part.n;
	return ERR_OK;
}

enum err
press_image_name(struct press_image *i, struct diag *d)
{
	enum err e;

	i->parts = calloc(LIMIT_PARTS, sizeof(*i->parts));
	if (i->parts == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = press_image_each(i, part_name, i, d);
	if (e == ERR_OK)
		i->name = bundle_object_name(i->parts, i->n_parts);
	return e;
}

enum err
press_image_stat(
	const char *file, uint64_t *size, int64_t *mtime, struct diag *d)
{
	struct stat st;

	if (lstat(file, &st) != 0)
		return file_errno(file, d);
	*size = (uint64_t)st.st_size;
	*mtime = file_mtime(&st);
	return ERR_OK;
}
