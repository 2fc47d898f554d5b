#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../core/ustar.h"
#include "file.h"

struct entry {
	char *name;
	uint64_t at, size;
};

struct archive {
	int fd;
	uint64_t size;
	struct entry *list;
	size_t n, cap;
};

/* All n bytes at an offset. */
static enum err
read_at(int fd, uint64_t at, void *p, size_t n, struct diag *d)
{
	size_t got = 0;
	ssize_t k;

	while (got < n) {
		k = pread(fd, (char *)p + got, n - got, (off_t)(at + got));
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return diag_set(d, ERR_IO, "%s", strerror(errno));
		if (k == 0)
			return diag_set(d, ERR_TRUNCATED,
				"the share file is cut short");
		got += (size_t)k;
	}
	return ERR_OK;
}

static enum err
entry_add(struct archive *a, const char *name, uint64_t at, uint64_t size,
	struct diag *d)
{
	size_t cap = a->cap == 0 ? 64 : 2 * a->cap;
	struct entry *more;
	char *copy;

	if (a->n == LIMIT_SHARE_FILES)
		return diag_set(d, ERR_LIMIT, "more than %d files in it",
			LIMIT_SHARE_FILES);
	if (a->n == a->cap) {
		more = realloc(a->list, cap * sizeof(*more));
		if (more == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		a->list = more;
		a->cap = cap;
	}
	copy = strdup(name);
	if (copy == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	a->list[a->n++] = (struct entry){.name = copy, .at = at, .size = size};
	return ERR_OK;
}

/* n bytes, at most a block, that fill up a block: nothing hides there. */
static enum err
zeros_check(const struct archive *a, uint64_t at, size_t n, struct diag *d)
{
	uint8_t block[USTAR_BLOCK];
	enum err e = read_at(a->fd, at, block, n, d);
	size_t i;

	for (i = 0; e == ERR_OK && i < n; i++)
		if (block[i] != 0)
			e = diag_set(d, ERR_TRAILING,
				"bytes where the share file has none");
	return e;
}

/* From the first block of zeros on there is nothing else. tar itself pads to
 * 10,240 bytes, so more than two blocks are fine. */
static enum err
end_check(const struct archive *a, uint64_t at, struct diag *d)
{
	enum err e = ERR_OK;

	if (a->size - at < USTAR_END)
		return diag_set(
			d, ERR_TRUNCATED, "the share file is cut short");
	if (a->size - at > 64 * USTAR_BLOCK || a->size % USTAR_BLOCK != 0)
		return diag_set(d, ERR_TRAILING, "bytes after its end");
	for (; e == ERR_OK && at < a->size; at += USTAR_BLOCK)
		e = zeros_check(a, at, USTAR_BLOCK, d);
	return e;
}

static enum err
walk(struct archive *a, struct diag *d)
{
	uint8_t block[USTAR_BLOCK];
	struct ustar_entry entry;
	uint64_t at = 0;
	bool end;
	enum err e;

	for (;;) {
		e = read_at(a->fd, at, block, sizeof(block), d);
		if (e == ERR_OK)
			e = ustar_read(block, &entry, &end, d);
		if (e != ERR_OK)
			return e;
		if (end)
			return end_check(a, at, d);
		at += USTAR_BLOCK;
		if (entry.size > a->size - at)
			return diag_set(d, ERR_TRUNCATED,
				"the share file is cut short in %s",
				entry.name);
		e = entry_add(a, entry.name, at, entry.size, d);
		if (e != ERR_OK)
			return e;
		at += entry.size;
		e = zeros_check(a, at, ustar_pad(entry.size), d);
		if (e != ERR_OK)
			return e;
		at += ustar_pad(entry.size);
	}
}

static int
entry_order(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name,
		((const struct entry *)b)->name);
}

static enum err
index_make(struct archive *a, struct diag *d)
{
	enum err e = walk(a, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	if (a->n == 0)
		return diag_set(d, ERR_SYNTAX, "there is nothing in it");
	qsort(a->list, a->n, sizeof(*a->list), entry_order);
	for (i = 1; i < a->n; i++)
		if (strcmp(a->list[i - 1].name, a->list[i].name) == 0)
			return diag_set(d, ERR_REFUSED, "%s is in it twice",
				a->list[i].name);
	return ERR_OK;
}

enum err
archive_open(const char *path, struct archive **out, struct diag *d)
{
	struct archive *a = calloc(1, sizeof(*a));
	struct stat st;
	char shown[120];
	enum err e = ERR_OK;

	*out = NULL;
	if (a == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	a->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (a->fd < 0 || fstat(a->fd, &st) != 0)
		e = file_errno(path, d);
	else if (!S_ISREG(st.st_mode))
		e = diag_set(d, ERR_IO, "not a file");
	else if ((uint64_t)st.st_size > LIMIT_SHARE)
		e = diag_set(d, ERR_LIMIT, "larger than %zu bytes",
			(size_t)LIMIT_SHARE);
	if (e == ERR_OK) {
		a->size = (uint64_t)st.st_size;
		e = index_make(a, d);
	}
	if (e != ERR_OK) {
		archive_close(a);
		return diag_prefix(d, e, "%s",
			text_show(shown, sizeof(shown), span_str(path)));
	}
	*out = a;
	return ERR_OK;
}

void
archive_close(struct archive *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++)
		free(a->list[i].name);
	free(a->list);
	if (a->fd >= 0)
		close(a->fd);
	free(a);
}

bool
archive_probe(const char *path)
{
	struct ustar_entry entry;
	struct buf b;
	bool end, is;

	buf_init(&b, USTAR_BLOCK);
	is = file_read_range(path, 0, USTAR_BLOCK, &b, NULL) == ERR_OK &&
	     ustar_read(b.p, &entry, &end, NULL) == ERR_OK && !end;
	buf_free(&b);
	return is;
}

const char *
archive_name(const struct archive *a, size_t i)
{
	return i < a->n ? a->list[i].name : NULL;
}

enum err
archive_read(const struct archive *a, const char *name, uint64_t offset,
	size_t n, size_t max, struct buf *out, struct diag *d)
{
	struct entry key = {.name = (char *)(uintptr_t)name}, *x;
	enum err e;

	x = bsearch(&key, a->list, a->n, sizeof(key), entry_order);
	if (x == NULL)
		return diag_set(d, ERR_MISSING, "not in the share file");
	if (offset > 0 && offset >= x->size)
		return diag_set(
			d, ERR_MISSING, "this part is not in the share file");
	if (n == 0 && x->size > max)
		return diag_set(d, ERR_TRAILING, "more than %zu bytes", max);
	if (n == 0)
		n = (size_t)x->size;
	if (n > x->size - offset)
		return diag_set(d, ERR_TRUNCATED, "%llu bytes are there of %zu",
			(unsigned long long)(x->size - offset), n);
	e = buf_reserve(out, n);
	if (e != ERR_OK)
		return diag_set(d, e, "out of memory");
	e = read_at(a->fd, x->at + offset, out->p + out->n, n, d);
	if (e == ERR_OK)
		out->n += n;
	out->p[out->n] = '\0';
	return e;
}
