#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#include "serve_priv.h"

/* O_NONBLOCK so that opening a FIFO returns; it is refused right after. */
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int
open_beneath(int root, const char *path)
{
#ifdef SYS_openat2
	struct open_how how = {.flags = FILE_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
#else
	(void)root;
	(void)path;
	errno = ENOSYS;
	return -1;
#endif
}

bool
serve_file_beneath(int root)
{
	int fd = open_beneath(root, ".");

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Folder by folder: no component may be a link. */
static int
open_walk(int root, const char *path)
{
	int dir = root, next;
	const char *slash;
	char name[256];
	size_t n;

	for (;;) {
		slash = strchr(path, '/');
		n = slash == NULL ? strlen(path) : (size_t)(slash - path);
		if (n == 0 || n >= sizeof(name) ||
			(path[0] == '.' &&
				(n == 1 || (n == 2 && path[1] == '.')))) {
			next = -1;
			errno = ENOENT;
		} else {
			memcpy(name, path, n);
			name[n] = '\0';
			next = openat(dir, name,
				slash == NULL ? FILE_FLAGS
					      : FILE_FLAGS | O_DIRECTORY);
		}
		if (dir != root) {
			int no = errno;

			close(dir);
			errno = no;
		}
		if (next < 0 || slash == NULL)
			return next;
		dir = next;
		path = slash + 1;
	}
}

int
serve_file_open(int root, bool beneath, const char *path, off_t *size)
{
	int fd = beneath ? open_beneath(root, path) : open_walk(root, path);
	struct stat st;

	if (fd < 0) {
		/* Only the lack of descriptors or memory is our trouble; a
		 * link, a folder as a file, or no permission is no file. */
		if (errno != EMFILE && errno != ENFILE && errno != ENOMEM)
			errno = ENOENT;
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	*size = st.st_size;
	return fd;
}
