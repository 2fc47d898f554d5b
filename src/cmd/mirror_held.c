#include "mirror_held.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../sys/file.h"

/* Folders below one another: an outlet's tree has five. */
#define DEPTH 12

char *
mirror_held_folder(const struct mirror_config *c, size_t i)
{
	if (c->admit[i].folder[0] == '\0')
		return strdup(c->root);
	return file_join(c->root, c->admit[i].folder);
}

static enum err
read_meta(const char *folder, const char *name, size_t max, struct buf *out,
	struct diag *d)
{
	char rest[TRUST_NAME + 2], *path;
	enum err e;

	snprintf(rest, sizeof(rest), "m/%s", name);
	path = file_join(folder, rest);
	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	buf_clear(out);
	e = file_read(path, max, out, d);
	free(path);
	return e;
}

/* Roots to targets; what is not there ends what can be known. */
static enum err
walk(struct trust *t, const char *folder, struct buf *b, struct diag *d)
{
	struct trust_change change;
	struct trust_want w;
	enum err e = ERR_OK;

	while (e == ERR_OK && trust_wants(t, &w)) {
		bool stamp = strcmp(w.role, "timestamp") == 0;

		if (w.source == TRUST_STORED) {
			e = trust_pass(t, d);
			continue;
		}
		e = read_meta(folder, w.name, w.max, b, d);
		if (e == ERR_MISSING) {
			e = trust_pass(t, d);
			continue;
		}
		if (e == ERR_OK)
			e = trust_feed(t, buf_view(b), &change, d);
		/* One mirror is all there is to ask. */
		if (e == ERR_OK && stamp)
			e = trust_pass(t, d);
	}
	return e;
}

static int64_t
changed(const char *folder, const char *name)
{
	char *path = file_join(folder, name);
	struct stat st;
	int64_t t = 0;

	if (path != NULL && stat(path, &st) == 0)
		t = (int64_t)st.st_mtime;
	free(path);
	return t;
}

void
mirror_held_head(const struct mirror_config *c, size_t i, int64_t now,
	struct mirror_held *out)
{
	const struct admit_publisher *p = &c->admit[i];
	char *folder = mirror_held_folder(c, i);
	struct diag d = {.code = ERR_OK};
	struct trust *t = NULL;
	uint8_t fp[32];
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_METADATA);
	e = folder == NULL
		    ? diag_set(&d, ERR_NOMEM, "out of memory")
		    : read_meta(folder, "1.root.json", LIMIT_ROOT, &b, &d);
	if (e == ERR_MISSING)
		diag_set(&d, e, "nothing has come yet");
	if (e == ERR_OK)
		e = trust_fingerprint(buf_view(&b), fp, &d);
	if (e == ERR_OK && memcmp(fp, p->fingerprint, p->fingerprint_n) != 0)
		e = diag_set(&d, ERR_KEY, "another outlet's files");
	if (e == ERR_OK)
		e = trust_new(buf_view(&b), now, TRUST_LENIENT, &t, &d);
	if (e == ERR_OK)
		e = walk(t, folder, &b, &d);
	memset(&out->head, 0, sizeof(out->head));
	if (t != NULL)
		trust_verdict(t, &out->head);
	out->err = e;
	out->why[0] = '\0';
	if (e != ERR_OK)
		snprintf(out->why, sizeof(out->why), "%.190s", d.why);
	out->came = folder == NULL ? 0 : changed(folder, "m/timestamp.json");
	trust_free(t);
	buf_free(&b);
	free(folder);
}

/* ---- the disk */

static bool
is_bundle(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".ekb") == 0;
}

static void
count(int dir, unsigned depth, struct mirror_held *out)
{
	DIR *list = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *x;
	struct stat st;

	if (list == NULL) {
		if (dir >= 0)
			close(dir);
		return;
	}
	while ((x = readdir(list)) != NULL) {
		if (strcmp(x->d_name, ".") == 0 ||
			strcmp(x->d_name, "..") == 0 ||
			fstatat(dir, x->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		out->bytes += (uint64_t)st.st_blocks * 512;
		out->files++;
		out->bundles += S_ISREG(st.st_mode) && is_bundle(x->d_name);
		if (S_ISDIR(st.st_mode) && depth < DEPTH)
			count(openat(dir, x->d_name,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					      O_CLOEXEC),
				depth + 1, out);
	}
	closedir(list);
}

void
mirror_held_count(
	const struct mirror_config *c, size_t i, struct mirror_held *out)
{
	char *folder = mirror_held_folder(c, i);

	out->bytes = out->files = out->bundles = 0;
	if (folder != NULL)
		count(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, out);
	out->counted = folder != NULL;
	free(folder);
}

bool
mirror_held_space(const char *folder, uint64_t *left, uint64_t *all)
{
	struct statvfs v;

	if (statvfs(folder, &v) != 0)
		return false;
	*left = (uint64_t)v.f_bavail * v.f_frsize;
	*all = (uint64_t)v.f_blocks * v.f_frsize;
	return true;
}
