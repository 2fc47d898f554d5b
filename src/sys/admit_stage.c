/* The stage: files that have come and are not served yet. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admit_priv.h"
#include "file.h"

/* Levels below t/: LIMIT_PATH bytes could make 256 of them. */
#define WALK_DEPTH 300

enum err
stage_path(char out[static ADMIT_PATH], const char *base, const char *rest,
	struct diag *d)
{
	int n = snprintf(out, ADMIT_PATH, "%s/%s", base, rest);

	return n >= 0 && n < ADMIT_PATH
		       ? ERR_OK
		       : diag_set(d, ERR_LIMIT, "a path of over %d bytes",
				 ADMIT_PATH - 1);
}

/* ---- locks */

static enum err
lock_take(const char *path, int *fd, struct diag *d)
{
	enum err e;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return file_errno(path, d);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	e = errno == EWOULDBLOCK
		    ? diag_set(d, ERR_EXISTS, "another process is at work here")
		    : file_errno(path, d);
	close(*fd);
	*fd = -1;
	return e;
}

enum err
stage_lock(struct admit_place *pl, int *lock, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = stage_path(path, pl->live, ".stage/lock", d);

	*lock = -1;
	return e == ERR_OK ? lock_take(path, lock, d) : e;
}

void
stage_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

/* ---- opening */

static enum err
folder_make(const char *base, const char *rest, unsigned mode, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = stage_path(path, base, rest, d);

	return e == ERR_OK ? file_mkdirs(path, mode, d) : e;
}

static enum err
stage_folders(struct admit_place *pl, struct diag *d)
{
	enum err e = folder_make(pl->stage, "m", 0755, d);

	if (e == ERR_OK)
		e = folder_make(pl->stage, "t", 0755, d);
	if (e == ERR_OK)
		e = folder_make(pl->stage, "part", 0700, d);
	return e;
}

enum err
stage_open(struct admit_place *pl, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = file_mkdirs(pl->live, 0755, d);

	pl->owner = -1;
	if (e == ERR_OK)
		e = folder_make(pl->live, ".stage", 0700, d);
	if (e == ERR_OK)
		e = file_mkdirs(pl->stage, 0700, d);
	if (e == ERR_OK)
		e = stage_path(path, pl->stage, "owner", d);
	if (e == ERR_OK)
		e = lock_take(path, &pl->owner, d);
	if (e == ERR_EXISTS)
		diag_set(d, e, "%s of %s is at work already",
			pl->a->kind == ADMIT_PULL ? "another pull"
						  : "another server",
			pl->p->name);
	return e == ERR_OK ? stage_folders(pl, d) : e;
}

void
stage_close(struct admit_place *pl)
{
	stage_unlock(pl->owner);
	pl->owner = -1;
}

bool
stage_is_ours(const struct admit_place *pl)
{
	char owner[ADMIT_PATH], part[ADMIT_PATH];
	struct stat ours, there;

	return stage_path(owner, pl->stage, "owner", NULL) == ERR_OK &&
	       stage_path(part, pl->stage, "part", NULL) == ERR_OK &&
	       fstat(pl->owner, &ours) == 0 && lstat(owner, &there) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev &&
	       file_is_dir(part);
}

/* ---- walking */

struct walk {
	walk_enter *enter; /* or NULL */
	walk_fn *fn;
	void *arg;
	size_t base; /* of a path, the bytes that are the folder's own */
	char path[ADMIT_PATH];
};

static enum err walk_folder(struct walk *w, unsigned depth, struct diag *d);

static enum err
walk_one(struct walk *w, unsigned depth, size_t at, const char *name,
	struct diag *d)
{
	struct stat st;
	bool folder, pass = false;
	enum err e = ERR_OK;
	int n = snprintf(w->path + at, ADMIT_PATH - at, "/%s", name);

	if (n < 0 || (size_t)n >= ADMIT_PATH - at || depth >= WALK_DEPTH)
		e = diag_set(d, ERR_LIMIT, "folders that are nested too deep");
	else if (lstat(w->path, &st) != 0)
		e = errno == ENOENT ? ERR_OK : file_errno(w->path, d);
	else {
		const char *rest = w->path + w->base;

		folder = S_ISDIR(st.st_mode);
		if (folder && w->enter != NULL &&
			!w->enter(w->arg, w->path, rest))
			pass = true;
		else if (folder)
			e = walk_folder(w, depth + 1, d);
		if (e == ERR_OK && !pass)
			e = w->fn(w->arg, w->path, rest, folder, d);
	}
	w->path[at] = '\0';
	return e;
}

static enum err
walk_folder(struct walk *w, unsigned depth, struct diag *d)
{
	size_t at = strlen(w->path);
	struct dirent *ent;
	DIR *h = opendir(w->path);
	enum err e = ERR_OK;

	if (h == NULL)
		return errno == ENOENT ? ERR_OK : file_errno(w->path, d);
	while (e == ERR_OK && (errno = 0, ent = readdir(h)) != NULL)
		if (strcmp(ent->d_name, ".") != 0 &&
			strcmp(ent->d_name, "..") != 0)
			e = walk_one(w, depth, at, ent->d_name, d);
	if (e == ERR_OK && errno != 0)
		e = file_errno(w->path, d);
	closedir(h);
	return e;
}

enum err
folder_walk(const char *dir, walk_fn *fn, void *arg, struct diag *d)
{
	return folder_walk_some(dir, NULL, fn, arg, d);
}

enum err
folder_walk_some(const char *dir, walk_enter *enter, walk_fn *fn, void *arg,
	struct diag *d)
{
	struct walk w = {.enter = enter, .fn = fn, .arg = arg};
	size_t n = strlen(dir);

	if (n >= ADMIT_PATH)
		return diag_set(d, ERR_LIMIT, "a path that is too long");
	memcpy(w.path, dir, n + 1);
	w.base = n + 1;
	return walk_folder(&w, 0, d);
}

/* ---- sweeping */

static enum err
remove_one(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	(void)arg;
	(void)rest;
	(void)d;
	/* What cannot be removed now is removed another time. */
	(void)(folder ? rmdir(path) : unlink(path));
	return ERR_OK;
}

void
stage_empty(struct admit_place *pl, const char *rest)
{
	char path[ADMIT_PATH];

	if (stage_path(path, pl->stage, rest, NULL) == ERR_OK)
		(void)!folder_walk(path, remove_one, NULL, NULL);
}

void
stage_wipe(struct admit_place *pl)
{
	static const char *const parts[] = {"part", "m", "t", "next"};
	char path[ADMIT_PATH];
	size_t i;

	/* The head first: without it the rest is nothing. */
	if (stage_path(path, pl->stage, "m/timestamp.json", NULL) == ERR_OK)
		(void)unlink(path);
	for (i = pl->parts > 0; i < sizeof(parts) / sizeof(*parts); i++)
		stage_empty(pl, parts[i]);
	if (stage_path(path, pl->stage, "next", NULL) == ERR_OK)
		(void)rmdir(path);
	pl->measured = false;
}

static bool
named_metadata(const struct admit_intake *in, const char *file)
{
	struct tuf_file f;
	char name[64];
	size_t i;

	if (strcmp(file, "timestamp.json") == 0 ||
		strstr(file, ".root.json") != NULL)
		return true;
	for (i = 0; i < in->n_roles; i++)
		if (strcmp(in->roles[i].file, file) == 0)
			return true;
	snprintf(name, sizeof(name), "%llu.snapshot.json",
		(unsigned long long)in->snapshot->version);
	if (strcmp(name, file) == 0)
		return true;
	if (!tuf_meta(in->snapshot, "targets", &f))
		return false;
	snprintf(name, sizeof(name), "%llu.targets.json",
		(unsigned long long)f.version);
	return strcmp(name, file) == 0;
}

static enum err
clean_metadata(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	(void)d;
	if (!folder && !named_metadata(arg, rest))
		(void)unlink(path);
	return ERR_OK;
}

static enum err
clean_target(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	char name[ADMIT_NAME];
	struct admit_file *f;

	(void)d;
	snprintf(name, sizeof(name), "t/%s", rest);
	f = folder ? NULL : want_find(arg, name);
	if (folder)
		(void)rmdir(path);
	else if (f == NULL || f->dropped)
		(void)unlink(path);
	return ERR_OK;
}

void
stage_clean(struct admit_place *pl)
{
	char path[ADMIT_PATH];

	if (stage_path(path, pl->stage, "m", NULL) == ERR_OK)
		(void)!folder_walk(path, clean_metadata, pl->in, NULL);
	if (stage_path(path, pl->stage, "t", NULL) == ERR_OK)
		(void)!folder_walk(path, clean_target, pl->in, NULL);
}

/* ---- files */

bool
stage_live(const struct admit_place *pl, const char *rest, uint64_t *n)
{
	char path[ADMIT_PATH];
	uint64_t size;

	return stage_path(path, pl->live, rest, NULL) == ERR_OK &&
	       file_size(path, n == NULL ? &size : n, NULL) == ERR_OK;
}

bool
stage_has(const struct admit_place *pl, const char *rest, uint64_t *n)
{
	char path[ADMIT_PATH];
	uint64_t size;

	return stage_path(path, pl->stage, rest, NULL) == ERR_OK &&
	       file_size(path, n == NULL ? &size : n, NULL) == ERR_OK;
}

enum err
stage_read_live(const struct admit_place *pl, const char *rest, size_t max,
	struct buf *out, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = stage_path(path, pl->live, rest, d);

	return e == ERR_OK ? file_read(path, max, out, d) : e;
}

enum err
stage_read(const struct admit_place *pl, const char *rest, size_t max,
	struct buf *out, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = stage_path(path, pl->stage, rest, d);

	if (e == ERR_OK)
		e = file_read(path, max, out, d);
	return e == ERR_MISSING ? stage_read_live(pl, rest, max, out, d) : e;
}

enum err
folder_flush(const char *path, struct diag *d)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = ERR_OK;

	if (fd < 0)
		return file_errno(path, d);
	/* Some file systems cannot sync a folder and need not. */
	if (file_sync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
		e = file_errno(path, d);
	close(fd);
	return e;
}

enum err
part_open(struct admit_place *pl, char path[static ADMIT_PATH], int *fd,
	struct diag *d)
{
	char rest[40];
	enum err e;

	snprintf(rest, sizeof(rest), "part/%u", pl->serial++);
	*fd = -1;
	e = stage_path(path, pl->stage, rest, d);
	if (e != ERR_OK)
		return e;
	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		0644);
	return *fd < 0 ? file_errno(path, d) : ERR_OK;
}

/* From part/ to its name below `base`, synced. */
static enum err
part_move(const char *base, const char *path, int fd, const char *rest,
	struct diag *d)
{
	char to[ADMIT_PATH], *slash;
	enum err e = stage_path(to, base, rest, d);

	if (e == ERR_OK && file_sync(fd) != 0)
		e = file_errno(path, d);
	if (e == ERR_OK) {
		slash = strrchr(to, '/');
		*slash = '\0';
		e = file_mkdirs(to, 0755, d);
		*slash = '/';
	}
	if (e == ERR_OK && rename(path, to) != 0)
		e = file_errno(to, d);
	if (e != ERR_OK)
		(void)unlink(path);
	return e;
}

enum err
part_name(struct admit_place *pl, const char *path, int fd, const char *rest,
	struct diag *d)
{
	return part_move(pl->stage, path, fd, rest, d);
}

static enum err
put(struct admit_place *pl, const char *base, const char *rest, struct span s,
	struct diag *d)
{
	char path[ADMIT_PATH];
	size_t n = s.n;
	int fd;
	enum err e = part_open(pl, path, &fd, d);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && s.n > 0) {
		ssize_t k = write(fd, s.p, s.n);

		if (k > 0)
			s = span_sub(s, (size_t)k, s.n);
		else if (k == 0 || errno != EINTR)
			e = file_errno(path, d);
	}
	if (e == ERR_OK)
		e = part_move(base, path, fd, rest, d);
	else
		(void)unlink(path);
	close(fd);
	if (e == ERR_OK) {
		pl->used += prune_cost(n);
		pl->inodes++;
	}
	return e;
}

enum err
stage_put(
	struct admit_place *pl, const char *rest, struct span s, struct diag *d)
{
	return put(pl, pl->stage, rest, s, d);
}

enum err
stage_put_live(
	struct admit_place *pl, const char *rest, struct span s, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = put(pl, pl->live, rest, s, d);

	if (e == ERR_OK)
		e = stage_path(path, pl->live, rest, d);
	if (e != ERR_OK)
		return e;
	*strrchr(path, '/') = '\0';
	return folder_flush(path, d);
}
