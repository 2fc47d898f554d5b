/* The stage becomes what is served: admit.h, ORDER and SYNC. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admit_priv.h"
#include "file.h"

#define HEAD "m/timestamp.json"
#define PACK "m/now.pack"

void
live_head(const struct admit_place *pl, uint8_t out[static 32])
{
	struct diag why;
	struct buf b;

	memset(out, 0, 32);
	buf_init(&b, LIMIT_TIMESTAMP);
	if (stage_read_live(pl, HEAD, LIMIT_TIMESTAMP, &b, &why) == ERR_OK)
		hash_bytes(HASH_SHA256, buf_view(&b), out);
	buf_free(&b);
}

static bool
is_root(const char *name)
{
	size_t n = strlen(name);

	return n > 10 && strcmp(name + n - 10, ".root.json") == 0;
}

static bool
is_mutable(const char *name)
{
	return strcmp(name, "timestamp.json") == 0 ||
	       strcmp(name, "now.pack") == 0;
}

/* ---- moving */

/* One file from the stage to its place. What it replaces is gone from the
 * count. */
static enum err
move_one(struct admit_place *pl, const char *rest, struct diag *d)
{
	char from[ADMIT_PATH], to[ADMIT_PATH], *slash;
	uint64_t n;
	enum err e = stage_path(from, pl->stage, rest, d);

	if (e == ERR_OK)
		e = stage_path(to, pl->live, rest, d);
	if (e != ERR_OK)
		return e;
	if (stage_live(pl, rest, &n)) {
		pl->used -= pl->used < prune_cost(n) ? pl->used : prune_cost(n);
		pl->inodes -= pl->inodes > 0;
	}
	if (rename(from, to) == 0)
		return ERR_OK;
	if (errno != ENOENT)
		return file_errno(to, d);
	slash = strrchr(to, '/');
	*slash = '\0';
	e = file_mkdirs(to, 0755, d);
	*slash = '/';
	if (e == ERR_OK && rename(from, to) != 0)
		e = file_errno(to, d);
	return e;
}

/* Targets on their way to F/t. */
struct moving {
	struct admit_place *pl;
	size_t folders; /* flushed */
	bool rest;	/* there are more: the whole disk is */
	enum err e;	/* of a folder that went as a whole */
	struct diag *d;
};

/* So many folders are flushed each. An archive has 5,000 of them, a few
 * milliseconds apiece, in which nobody is served. */
#define FLUSH_FOLDERS 32

static enum err
moving_flush(struct moving *m, const char *path, struct diag *d)
{
#ifdef __linux__
	if (m->folders == FLUSH_FOLDERS) {
		m->rest = true;
		return ERR_OK;
	}
#endif
	m->folders++;
	return folder_flush(path, d);
}

/* What moving_flush left. */
static enum err
moving_end(const struct moving *m, const char *path, struct diag *d)
{
	enum err e = folder_flush(path, d);
#ifdef __linux__
	int fd = -1;

	if (e != ERR_OK || !m->rest)
		return e;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		e = file_errno(path, d);
	if (fd >= 0)
		close(fd);
#else
	(void)m;
#endif
	return e;
}

static enum err
flush_moved(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	(void)rest;
	return folder ? moving_flush(arg, path, d) : ERR_OK;
}

static bool
enter_moved(void *arg, const char *path, const char *rest)
{
	(void)path;
	(void)rest;
	return !((const struct moving *)arg)->rest;
}

/* A folder that is not there yet goes as a whole. */
static bool
enter_target(void *arg, const char *path, const char *rest)
{
	struct moving *m = arg;
	char name[ADMIT_NAME + 8], to[ADMIT_PATH];

	snprintf(name, sizeof(name), "t/%s", rest);
	if (m->e != ERR_OK ||
		stage_path(to, m->pl->live, name, NULL) != ERR_OK ||
		rename(path, to) != 0)
		return true;
	m->e = folder_walk_some(to, enter_moved, flush_moved, m, m->d);
	if (m->e == ERR_OK)
		m->e = moving_flush(m, to, m->d);
	return false;
}

/* Each folder is flushed when all of it has moved, and its parent after it. */
static enum err
move_target(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	struct moving *m = arg;
	char name[ADMIT_NAME + 8], to[ADMIT_PATH];
	enum err e;

	if (m->e != ERR_OK)
		return m->e;
	snprintf(name, sizeof(name), "t/%s", rest);
	if (!folder)
		return move_one(m->pl, name, d);
	e = stage_path(to, m->pl->live, name, d);
	if (e == ERR_OK && file_is_dir(to))
		e = moving_flush(m, to, d);
	(void)rmdir(path);
	return e;
}

static enum err
move_metadata(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	char name[ADMIT_NAME];

	(void)path;
	if (folder || is_root(rest) || is_mutable(rest))
		return ERR_OK;
	snprintf(name, sizeof(name), "m/%s", rest);
	return move_one(arg, name, d);
}

/* In their order, since who asks stops at the first that is not there. */
static enum err
move_roots(struct admit_place *pl, struct diag *d)
{
	char name[48];
	uint64_t n;
	enum err e = ERR_OK;

	for (n = 1; e == ERR_OK; n++) {
		snprintf(name, sizeof(name), "m/%llu.root.json",
			(unsigned long long)n);
		if (stage_has(pl, name, NULL))
			e = move_one(pl, name, d);
		else if (!stage_live(pl, name, NULL))
			break;
	}
	return e;
}

static enum err
flush(struct admit_place *pl, const char *rest, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = stage_path(path, pl->live, rest, d);

	return e == ERR_OK ? folder_flush(path, d) : e;
}

static enum err
targets_move(struct admit_place *pl, struct diag *d)
{
	char from[ADMIT_PATH], to[ADMIT_PATH];
	struct moving m = {.pl = pl, .d = d};
	enum err e = stage_path(from, pl->stage, "t", d);

	if (e == ERR_OK)
		e = stage_path(to, pl->live, "t", d);
	if (e == ERR_OK)
		e = file_mkdirs(to, 0755, d);
	if (e == ERR_OK)
		e = folder_walk_some(from, enter_target, move_target, &m, d);
	if (e == ERR_OK)
		e = m.e;
	if (e == ERR_OK)
		e = moving_end(&m, to, d);
	return e;
}

static enum err
metadata_move(struct admit_place *pl, struct diag *d)
{
	char from[ADMIT_PATH], to[ADMIT_PATH];
	enum err e = stage_path(from, pl->stage, "m", d);

	if (e == ERR_OK)
		e = stage_path(to, pl->live, "m", d);
	if (e == ERR_OK)
		e = file_mkdirs(to, 0755, d);
	if (e == ERR_OK)
		e = folder_walk(from, move_metadata, pl, d);
	if (e == ERR_OK)
		e = folder_flush(to, d);
	if (e == ERR_OK)
		e = flush(pl, ".", d);
	if (e == ERR_OK)
		e = move_roots(pl, d);
	if (e == ERR_OK)
		e = move_one(pl, PACK, d);
	if (e == ERR_OK)
		e = folder_flush(to, d);
	if (e == ERR_OK)
		e = move_one(pl, HEAD, d); /* the one step */
	if (e == ERR_OK)
		e = folder_flush(to, d);
	return e;
}

/* ---- exchanging: for a root that changes the keys of what is served */

struct linking {
	const char *to;
	bool staged;
	bool refused; /* FAT knows no links, Android permits none */
};

static enum err
link_one(struct linking *l, const char *path, const char *to, struct diag *d)
{
	if (link(path, to) == 0 || errno == EEXIST)
		return ERR_OK;
	l->refused = errno != ENOSPC && errno != EDQUOT && errno != EIO &&
		     errno != ENOMEM;
	return file_errno(to, d);
}

static enum err
link_metadata(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	struct linking *l = arg;
	char to[ADMIT_PATH];
	enum err e = ERR_OK;

	if (folder || rest[0] == '.' || (!l->staged && is_mutable(rest)))
		return ERR_OK;
	e = stage_path(to, l->to, rest, d);
	return e == ERR_OK ? link_one(l, path, to, d) : e;
}

/* Whether two folders could be exchanged in one step. */
static bool
exchange(const char *a, const char *b)
{
#ifdef RENAME_EXCHANGE
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
#elif defined(RENAME_SWAP)
	return renamex_np(a, b, RENAME_SWAP) == 0;
#else
	(void)a;
	(void)b;
	return false;
#endif
}

/* *done false: this system cannot; the files are moved one by one then. */
static enum err
metadata_exchange(struct admit_place *pl, bool *done, struct diag *d)
{
	char next[ADMIT_PATH], live[ADMIT_PATH], staged[ADMIT_PATH];
	struct linking l = {.to = next, .staged = true};
	enum err e = stage_path(next, pl->stage, "next", d);

	*done = false;
	stage_empty(pl, "next");
	if (e == ERR_OK)
		e = stage_path(live, pl->live, "m", d);
	if (e == ERR_OK)
		e = stage_path(staged, pl->stage, "m", d);
	if (e == ERR_OK)
		e = file_mkdirs(next, 0755, d);
	if (e == ERR_OK)
		e = folder_walk(staged, link_metadata, &l, d);
	l.staged = false;
	if (e == ERR_OK)
		e = folder_walk(live, link_metadata, &l, d);
	if (e == ERR_OK)
		e = folder_flush(next, d);
	if (e != ERR_OK)
		return l.refused ? ERR_OK : e;
	*done = exchange(next, live);
	if (!*done)
		return ERR_OK;
	pl->measured = false;
	e = flush(pl, ".", d);
	return e == ERR_OK ? folder_flush(pl->stage, d) : e;
}

static bool
roots_staged(const struct admit_place *pl)
{
	char name[48];
	uint64_t n;

	for (n = 1;; n++) {
		snprintf(name, sizeof(name), "m/%llu.root.json",
			(unsigned long long)n);
		if (stage_has(pl, name, NULL))
			return true;
		if (!stage_live(pl, name, NULL))
			return false;
	}
}

/* ---- the whole */

static enum err
pack_put(struct admit_place *pl, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_PACK);
	e = pack_head(pl, &b, d);
	if (e == ERR_OK)
		e = stage_put(pl, PACK, buf_view(&b), d);
	buf_free(&b);
	return e;
}

/* All is here by the books; look once more. */
static enum err
metadata_there(struct admit_place *pl, struct diag *d)
{
	const struct admit_intake *in = pl->in;
	char rest[TRUST_NAME + 2];
	size_t i;

	for (i = 0; i < in->n_roles; i++) {
		snprintf(rest, sizeof(rest), "m/%s", in->roles[i].file);
		if (in->roles[i].file[0] != '\0' &&
			!stage_has(pl, rest, NULL) &&
			!stage_live(pl, rest, NULL))
			return diag_set(d, ERR_MISSING, "%s is not here", rest);
	}
	return ERR_OK;
}

static enum err
commit_locked(struct admit_place *pl, struct diag *d)
{
	static const uint8_t none[32];
	bool done = false;
	uint8_t head[32];
	enum err e;

	live_head(pl, head);
	if (memcmp(head, pl->in->live, 32) != 0)
		return diag_set(d, ERR_EXISTS,
			"another head has gone live meanwhile: begin again");
	e = metadata_there(pl, d);
	if (e == ERR_OK)
		e = pack_put(pl, d);
	if (e == ERR_OK)
		e = targets_move(pl, d);
	if (e == ERR_OK && roots_staged(pl) && memcmp(head, none, 32) != 0)
		e = metadata_exchange(pl, &done, d);
	if (e == ERR_OK && !done)
		e = metadata_move(pl, d);
	return e;
}

enum err
live_commit(struct admit_place *pl, struct diag *d)
{
	int lock;
	enum err e = stage_lock(pl, &lock, d);

	if (e != ERR_OK)
		return e;
	e = commit_locked(pl, d);
	if (e == ERR_OK) {
		bool measured = pl->measured;
		struct diag why;

		/* It is live; what is left of long ago harms nobody. */
		(void)!prune_superseded(pl, &why);
		live_head(pl, pl->seen);
		intake_drop(pl);
		stage_wipe(pl);
		pl->measured = measured;
		pl->a->counts.heads++;
	}
	stage_unlock(lock);
	return e;
}

enum err
live_finish(struct admit_place *pl, bool *live, struct diag *d)
{
	struct admit_intake *in;
	uint8_t head[32];
	enum err e = live_commit(pl, d);

	*live = e == ERR_OK;
	if (e != ERR_EXISTS)
		return e;
	live_head(pl, head);
	if (memcmp(head, pl->in->live, 32) == 0)
		return e;
	/* Somebody else changed what is served: look anew at what came. */
	intake_drop(pl);
	e = intake_resume(pl, d);
	in = pl->in;
	if (e != ERR_OK || in == NULL || !in->complete || in->missing > 0)
		return e;
	e = live_commit(pl, d);
	*live = e == ERR_OK;
	return e;
}
