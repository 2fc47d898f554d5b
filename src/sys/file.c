#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/text.h"

_Static_assert(sizeof(off_t) == 8, "bundles may be longer than 2 GiB");

#define PIECE 65536
#define TEMP_TRIES 64

enum err
file_errno(const char *path, struct diag *d)
{
	char shown[200];
	int no = errno;
	enum err e = ERR_IO;
	const char *why = strerror(no);

	if (no == ENOENT || no == ENOTDIR)
		e = ERR_MISSING;
	else if (no == ENOSPC || no == EDQUOT || no == EFBIG)
		e = ERR_SPACE;
	else if (no == EEXIST)
		e = ERR_EXISTS;
	else if (no == ENOMEM)
		e = ERR_NOMEM;
	/* Who only asks whether it is there asks 100,000 times. */
	if (d == NULL)
		return e;
	text_show(shown, sizeof(shown), span_str(path));
	return diag_set(d, e, "%s: %s", shown, why);
}

/* One clause about a path, which is somebody else's text. */
static enum err
refuse(const char *path, enum err e, const char *why, struct diag *d)
{
	char shown[200];

	text_show(shown, sizeof(shown), span_str(path));
	return diag_set(d, e, "%s: %s", shown, why);
}

/* Open a regular file for reading, never through a link in its last
 * component; O_NONBLOCK so that a FIFO cannot hold us. */
static enum err
open_regular(const char *path, int *fd, struct stat *st, struct diag *d)
{
	int f = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	*fd = -1;
	if (f < 0 && (errno == ELOOP || errno == EMLINK))
		return refuse(path, ERR_IO,
			"is a symbolic link; name the file itself", d);
	if (f < 0)
		return file_errno(path, d);
	if (fstat(f, st) != 0) {
		enum err e = file_errno(path, d);

		close(f);
		return e;
	}
	if (!S_ISREG(st->st_mode)) {
		close(f);
		return refuse(path, ERR_IO,
			S_ISDIR(st->st_mode) ? "is a folder, not a file"
					     : "is not a regular file",
			d);
	}
	*fd = f;
	return ERR_OK;
}

/* read(2) that is not stopped by signals. */
static ssize_t
read_some(int fd, void *p, size_t n)
{
	ssize_t k;

	do
		k = read(fd, p, n);
	while (k < 0 && errno == EINTR);
	return k;
}

static enum err
too_large(const char *path, size_t max, struct diag *d)
{
	char why[64];

	snprintf(why, sizeof(why), "is larger than %zu bytes", max);
	return refuse(path, ERR_LIMIT, why, d);
}

/* Room for n more bytes in the caller's buffer. */
static enum err
reserve(const char *path, struct buf *out, size_t n, struct diag *d)
{
	enum err e = buf_reserve(out, n);

	if (e == ERR_LIMIT)
		return too_large(path, out->max, d);
	if (e != ERR_OK)
		return refuse(path, e, err_str(e), d);
	return ERR_OK;
}

enum err
file_read(const char *path, size_t max, struct buf *out, struct diag *d)
{
	struct stat st;
	size_t got = 0, start = out->n;
	ssize_t k = 0;
	int fd;
	enum err e = open_regular(path, &fd, &st, d);

	if (e != ERR_OK)
		return e;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
		e = too_large(path, max, d);
		goto out;
	}
	/* The size is a hint (it is 0 in /proc); one byte past it finds the
	 * end, one past the maximum finds a file that grows. */
	e = reserve(path, out, (size_t)st.st_size, d);
	while (e == ERR_OK) {
		uint8_t piece[PIECE];
		size_t want = max - got < PIECE ? max - got + 1 : PIECE;

		k = read_some(fd, piece, want);
		if (k <= 0)
			break;
		if ((size_t)k > max - got) {
			e = too_large(path, max, d);
			break;
		}
		e = reserve(path, out, (size_t)k, d);
		if (e == ERR_OK)
			e = buf_add(out, piece, (size_t)k);
		got += (size_t)k;
	}
	if (e == ERR_OK && k < 0)
		e = file_errno(path, d);
out:
	close(fd);
	/* Nothing half read is left behind. */
	if (e != ERR_OK)
		buf_cut(out, start);
	return e;
}

enum err
file_read_range(const char *path, uint64_t offset, size_t n, struct buf *out,
	struct diag *d)
{
	struct stat st;
	size_t got = 0;
	int fd;
	enum err e = open_regular(path, &fd, &st, d);

	if (e != ERR_OK)
		return e;
	if (st.st_size < 0 || offset > (uint64_t)st.st_size ||
		n > (uint64_t)st.st_size - offset) {
		e = refuse(path, ERR_TRUNCATED, "is shorter than expected", d);
		goto out;
	}
	e = reserve(path, out, n, d);
	while (e == ERR_OK && got < n) {
		ssize_t k = pread(fd, out->p + out->n + got, n - got,
			(off_t)(offset + got));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			e = file_errno(path, d);
		else if (k == 0)
			e = refuse(path, ERR_TRUNCATED,
				"became shorter while it was read", d);
		else
			got += (size_t)k;
	}
	if (e == ERR_OK)
		out->n += n;
	if (out->p != NULL)
		out->p[out->n] = '\0';
out:
	close(fd);
	return e;
}

enum err
file_size(const char *path, uint64_t *n, struct diag *d)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return file_errno(path, d);
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return refuse(path, ERR_IO, "is not a regular file", d);
	*n = (uint64_t)st.st_size;
	return ERR_OK;
}

/* ---- writing */

/* The folder a path is in, malloc'd: "." when it names none. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	if (slash == path)
		return strdup("/");
	return strndup(path, (size_t)(slash - path));
}

/* A new file under a name of its own. Unlike mkstemp it obeys the umask. */
static enum err
temp_open(
	const char *folder, unsigned mode, char **temp, int *fd, struct diag *d)
{
	size_t size = strlen(folder) + 48;
	char *name = malloc(size);
	int i;

	*temp = NULL;
	*fd = -1;
	if (name == NULL)
		return refuse(folder, ERR_NOMEM, err_str(ERR_NOMEM), d);
	for (i = 0; i < TEMP_TRIES && *fd < 0; i++) {
		snprintf(name, size, "%s/.new-%ld-%d", folder, (long)getpid(),
			i);
		*fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			(mode_t)mode);
		if (*fd < 0 && errno != EEXIST)
			break;
	}
	if (*fd < 0) {
		enum err e = file_errno(folder, d);

		free(name);
		return e;
	}
	*temp = name;
	return ERR_OK;
}

static enum err
write_all(const char *path, int fd, struct span s, struct diag *d)
{
	while (s.n > 0) {
		ssize_t k = write(fd, s.p, s.n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return file_errno(path, d);
		s = span_sub(s, (size_t)k, s.n);
	}
	return ERR_OK;
}

static enum err
folder_sync(const char *folder, struct diag *d)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = ERR_OK;

	if (fd < 0)
		return file_errno(folder, d);
	/* Some file systems cannot sync a folder and need not. */
	if (file_sync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
		e = file_errno(folder, d);
	close(fd);
	return e;
}

enum err
file_rename(const char *from, const char *to, struct diag *d)
{
	char *folder = folder_of(to);
	enum err e = ERR_OK;

	if (folder == NULL)
		return refuse(to, ERR_NOMEM, err_str(ERR_NOMEM), d);
	if (rename(from, to) != 0)
		e = file_errno(to, d);
	if (e == ERR_OK)
		e = folder_sync(folder, d);
	free(folder);
	return e;
}

/* Fill a new file by `s`, or from descriptor `from` when it is not -1, and
 * put it in the place of `path`. */
static enum err
replace(const char *path, struct span s, int from, unsigned mode,
	struct diag *d)
{
	uint8_t piece[PIECE];
	char *temp = NULL, *folder = folder_of(path);
	ssize_t k = 0;
	int fd = -1;
	enum err e;

	if (folder == NULL)
		return refuse(path, ERR_NOMEM, err_str(ERR_NOMEM), d);
	e = temp_open(folder, mode, &temp, &fd, d);
	if (e == ERR_OK)
		e = write_all(path, fd, s, d);
	while (e == ERR_OK && from >= 0 &&
		(k = read_some(from, piece, sizeof(piece))) > 0)
		e = write_all(path, fd, span_of(piece, (size_t)k), d);
	if (e == ERR_OK && (k < 0 || file_sync(fd) != 0))
		e = file_errno(path, d);
	if (fd >= 0 && close(fd) != 0 && e == ERR_OK)
		e = file_errno(path, d);
	if (e == ERR_OK)
		e = file_rename(temp, path, d);
	if (e != ERR_OK && temp != NULL)
		unlink(temp);
	free(temp);
	free(folder);
	return e;
}

enum err
file_write(const char *path, struct span s, unsigned mode, struct diag *d)
{
	return replace(path, s, -1, mode, d);
}

enum err
file_copy(const char *from, const char *to, unsigned mode, struct diag *d)
{
	struct stat st;
	int fd;
	enum err e = open_regular(from, &fd, &st, d);

	if (e != ERR_OK)
		return e;
	e = replace(to, span_of(NULL, 0), fd, mode, d);
	close(fd);
	return e;
}

/* ---- folders */

enum err
file_mkdirs(const char *path, unsigned mode, struct diag *d)
{
	char *p, *name = strdup(path);
	enum err e = ERR_OK;

	if (name == NULL)
		return refuse(path, ERR_NOMEM, err_str(ERR_NOMEM), d);
	for (p = name; e == ERR_OK && *p != '\0';) {
		char end;

		p += strspn(p, "/");
		p += strcspn(p, "/");
		end = *p;
		*p = '\0';
		if (mkdir(name, (mode_t)mode) != 0) {
			e = file_errno(name, d);
			if (file_is_dir(name))
				e = ERR_OK;
			else if (e == ERR_EXISTS)
				e = refuse(name, e, "is not a folder", d);
		}
		*p = end;
	}
	free(name);
	return e;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum err
file_list(const char *dir, size_t max, char ***names, size_t *n, struct diag *d)
{
	DIR *h = opendir(dir);
	struct dirent *ent;
	char **list = NULL;
	size_t count = 0, room = 0;
	enum err e = ERR_OK;

	*names = NULL;
	*n = 0;
	if (h == NULL)
		return file_errno(dir, d);
	for (;;) {
		errno = 0;
		ent = readdir(h);
		if (ent == NULL)
			break;
		if (ent->d_name[0] == '.')
			continue;
		if (count == max) {
			e = refuse(dir, ERR_LIMIT, "has too many entries", d);
			goto out;
		}
		if (count == room) {
			size_t more = room == 0 ? 32 : 2 * room;
			char **grown = realloc(list, more * sizeof(*list));

			if (grown == NULL)
				break;
			list = grown;
			room = more;
		}
		list[count] = strdup(ent->d_name);
		if (list[count] == NULL)
			break;
		count++;
	}
	/* Both readdir and the allocations say in errno why they ended. */
	if (errno != 0) {
		e = file_errno(dir, d);
		goto out;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_bytes);
	*names = list;
	*n = count;
	list = NULL;
	count = 0;
out:
	closedir(h);
	strings_free(list, count);
	return e;
}

int
file_sync(int fd)
{
#ifdef F_FULLFSYNC
	/* Some file systems know fsync only. */
	if (fcntl(fd, F_FULLFSYNC) == 0)
		return 0;
#endif
	return fsync(fd);
}

int64_t
file_mtime(const struct stat *st)
{
#ifdef __APPLE__
	const struct timespec *t = &st->st_mtimespec;
#else
	const struct timespec *t = &st->st_mtim;
#endif

	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* ---- names */

bool
file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool
file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *
file_join(const char *a, const char *b)
{
	size_t n = strlen(a), size = n + strlen(b) + 2;
	char *out = malloc(size);

	if (out != NULL)
		snprintf(out, size, "%s%s%s", a,
			n == 0 || a[n - 1] == '/' ? "" : "/", b);
	return out;
}
