#include "fetch_child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/text.h"

/* Undo percent-encoding in place. */
static bool
percent_decode(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s == '%') {
			int hi = text_hex_digit((uint8_t)s[1]);
			int lo = hi < 0 ? -1 : text_hex_digit((uint8_t)s[2]);

			if (lo < 0 || hi * 16 + lo == 0)
				return false;
			*to++ = (char)(hi * 16 + lo);
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	return true;
}

/* Why a file could not be opened: not being one is the same as not there. */
static void
open_failed(struct wire_done *done, int e)
{
	if (e == ENOENT || e == ENOTDIR)
		done_set(done, ERR_MISSING, "no such file");
	else if (e == ELOOP || e == EMLINK)
		done_set(done, ERR_MISSING,
			"a symbolic link: mirrors have files only");
	else
		done_set(done, ERR_IO, "%s", strerror(e));
}

/* Open `path` beneath the folder, one name at a time, following no link.
 * Cuts the path up. */
static int
open_beneath(int dir, char *path)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	char *slash;
	int fd, e;

	while ((slash = strchr(path, '/')) != NULL) {
		*slash = '\0';
		fd = openat(dir, path, flags | O_DIRECTORY);
		e = errno;
		close(dir);
		if (fd < 0) {
			errno = e;
			return -1;
		}
		dir = fd;
		path = slash + 1;
	}
	fd = openat(dir, path, flags);
	e = errno;
	close(dir);
	errno = e;
	return fd;
}

static int
wish_open(const struct wire_want *w, struct wire_done *done)
{
	char base[sizeof(w->base)], path[sizeof(w->path)], *folder = base;
	int dir, fd;

	memcpy(base, w->base, sizeof(base));
	memcpy(path, w->path, sizeof(path));
	if (strncmp(base, "file://", 7) == 0) {
		folder = base + 7;
		if (!percent_decode(folder))
			folder[0] = '\0';
	}
	if (folder[0] != '/') {
		done_set(done, ERR_REFUSED, "not the path of a folder");
		return -1;
	}
	if (!percent_decode(path) || !text_path_ok(span_str(path))) {
		done_set(done, ERR_MISSING, "no file has this name");
		return -1;
	}
	/* Links in the base are fine: the user chose it. */
	dir = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (dir < 0) {
		done_set(done, errno == ENOENT ? ERR_MISSING : ERR_IO,
			"folder: %s", strerror(errno));
		return -1;
	}
	fd = open_beneath(dir, path);
	if (fd < 0)
		open_failed(done, errno);
	return fd;
}

/* Hand on `n` bytes from `at`. */
static void
copy_range(int fd, uint64_t at, uint64_t n, sink_fn *sink, void *arg,
	struct wire_done *done)
{
	uint8_t part[16384];

	while (n > 0) {
		size_t ask = n < sizeof(part) ? (size_t)n : sizeof(part);
		ssize_t k = pread(fd, part, ask, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			done_set(done, ERR_IO, "%s", strerror(errno));
			return;
		}
		if (k == 0) {
			done_set(done, ERR_TRUNCATED, "the file shrank");
			return;
		}
		sink(arg, part, (size_t)k);
		done->wire += (uint64_t)k;
		at += (uint64_t)k;
		n -= (uint64_t)k;
	}
	done_set(done, ERR_OK, "%s", "");
}

void
folder_read(const struct wire_want *w, sink_fn *sink, void *arg,
	struct wire_done *done)
{
	struct stat st;
	uint64_t size, n = w->n;
	int fd = wish_open(w, done);

	if (fd < 0)
		return;
	if (fstat(fd, &st) != 0) {
		done_set(done, ERR_IO, "%s", strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		done_set(done, ERR_MISSING, "not a regular file");
		goto out;
	}
	size = (uint64_t)st.st_size;
	if (n == 0 && size > w->max) {
		done_set(done, ERR_TRAILING,
			"has %llu bytes, at most %llu are wanted",
			(unsigned long long)size, (unsigned long long)w->max);
		goto out;
	}
	if (n == 0)
		n = size;
	if (w->offset > size || n > size - w->offset) {
		done_set(done, ERR_TRUNCATED,
			"ends at byte %llu, before the part asked for does",
			(unsigned long long)size);
		goto out;
	}
	copy_range(fd, w->offset, n, sink, arg, done);
out:
	close(fd);
}
