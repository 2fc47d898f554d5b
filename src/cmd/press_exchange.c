#include "press_exchange.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../sys/file.h"

/* Both folders, open. */
struct folders {
	int mirror, m, next;
};

static void
folders_close(struct folders *f)
{
	if (f->mirror >= 0)
		close(f->mirror);
	if (f->m >= 0)
		close(f->m);
	if (f->next >= 0)
		close(f->next);
}

static int
folder_open(int at, const char *name)
{
	return openat(
		at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* One that who serves m/ can read likewise. */
static bool
folder_like(const struct folders *f)
{
	struct stat m, next;

	return fstat(f->m, &m) == 0 &&
	       fchmod(f->next, m.st_mode & 07777) == 0 &&
	       fstat(f->next, &next) == 0 && m.st_uid == next.st_uid &&
	       m.st_gid == next.st_gid;
}

/* What is written anew, and what a run that was cut off left. */
static bool
is_passing(const char *name)
{
	return strcmp(name, "timestamp.json") == 0 ||
	       strcmp(name, "now.pack") == 0 || strncmp(name, ".new-", 5) == 0;
}

static bool
links_make(const struct folders *f)
{
	int fd = dup(f->m);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;
	bool good = dir != NULL;

	if (dir == NULL && fd >= 0)
		close(fd);
	while (good && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
			is_passing(name))
			continue;
		good = fstatat(f->m, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISREG(st.st_mode) &&
		       linkat(f->m, name, f->next, name, 0) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return good;
}

bool
exchange_begin(const char *mirror)
{
	struct folders f = {
		open(mirror, O_RDONLY | O_DIRECTORY | O_CLOEXEC), -1, -1};
	bool good = f.mirror >= 0;

	if (good) {
		f.m = folder_open(f.mirror, "m");
		good = f.m >= 0 && mkdirat(f.mirror, EXCHANGE_NEXT, 0755) == 0;
	}
	if (good) {
		f.next = folder_open(f.mirror, EXCHANGE_NEXT);
		good = f.next >= 0 && folder_like(&f) && links_make(&f) &&
		       file_sync(f.next) == 0;
	}
	folders_close(&f);
	if (!good)
		exchange_clear(mirror);
	return good;
}

static bool
swap(int at, const char *a, const char *b)
{
#ifdef RENAME_EXCHANGE
	return renameat2(at, a, at, b, RENAME_EXCHANGE) == 0;
#elif defined(RENAME_SWAP)
	return renameatx_np(at, a, at, b, RENAME_SWAP) == 0;
#else
	(void)at;
	(void)a;
	(void)b;
	return false;
#endif
}

enum err
exchange_end(const char *mirror, bool *done, struct diag *d)
{
	int fd = open(mirror, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = ERR_OK;

	*done = false;
	if (fd < 0)
		return file_errno(mirror, d);
	*done = swap(fd, EXCHANGE_NEXT, "m");
	if (*done && file_sync(fd) != 0)
		e = file_errno(mirror, d);
	close(fd);
	exchange_clear(mirror);
	return e;
}

void
exchange_clear(const char *mirror)
{
	char *path = file_join(mirror, EXCHANGE_NEXT);
	int fd = path == NULL ? -1 : folder_open(AT_FDCWD, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL && fd >= 0)
		close(fd);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL) {
		closedir(dir);
		(void)rmdir(path);
	}
	free(path);
}
