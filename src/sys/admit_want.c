/* The targets that a newer head names and that are not here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "../core/bundle.h"
#include "../core/text.h"
#include "admit_priv.h"
#include "file.h"

bool
want_path(const struct trust_target *g, char out[static ADMIT_NAME],
	uint8_t sha256[static 32])
{
	const char *path = trust_target_path(g), *name = strrchr(path, '/');
	int at = name == NULL ? 0 : (int)(name - path) + 1;
	char hex[65];

	if (!trust_target_sha256(g, sha256) || !text_path_ok(span_str(path)))
		return false;
	text_hex(hex, sha256, 32);
	snprintf(out, ADMIT_NAME, "t/%.*s%s.%s", at, path, hex, path + at);
	return text_path_ok(span_str(out));
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct admit_file *)a)->path,
		((const struct admit_file *)b)->path);
}

struct admit_file *
want_listed(const struct admit_intake *in, const char *path)
{
	struct admit_file key = {.path = (char *)(uintptr_t)path};

	if (in->n_files == 0)
		return NULL;
	return bsearch(&key, in->files, in->n_files, sizeof(key), by_path);
}

struct admit_file *
want_find(const struct admit_intake *in, const char *path)
{
	return in == NULL || !in->complete ? NULL : want_listed(in, path);
}

static void
file_free(struct admit_file *f)
{
	free(f->path);
	free(f->target);
	free(f->role);
}

/* So many files have come with some hundred MB of metadata, which the next head
 * will not need: give them back. */
static void
memory_return(size_t files)
{
#ifdef __GLIBC__
	if (files > 4096)
		(void)malloc_trim(0);
#else
	(void)files;
#endif
}

void
want_free(struct admit_intake *in)
{
	size_t i, n = in->n_files;

	for (i = 0; i < in->n_files; i++)
		file_free(&in->files[i]);
	free(in->files);
	in->files = NULL;
	in->n_files = in->missing = 0;
	in->complete = false;
	memory_return(n);
}

/* The list while it is filled, and the folder that was looked at last. */
struct filling {
	size_t room;
	char folder[ADMIT_NAME];
	bool live, staged; /* whether it is there */
};

/* A first push lists 100,000 files, and there is not even a folder of them. */
static void
folder_look(const struct admit_place *pl, struct filling *fl, const char *path)
{
	size_t n = (size_t)(strrchr(path, '/') - path);
	char dir[ADMIT_PATH];

	if (strncmp(fl->folder, path, n) == 0 && fl->folder[n] == '\0')
		return;
	snprintf(fl->folder, sizeof(fl->folder), "%.*s", (int)n, path);
	fl->live = stage_path(dir, pl->live, fl->folder, NULL) == ERR_OK &&
		   file_is_dir(dir);
	fl->staged = stage_path(dir, pl->stage, fl->folder, NULL) == ERR_OK &&
		     file_is_dir(dir);
}

/* Append; *f is taken over in any case. */
static enum err
file_add(struct admit_intake *in, struct admit_file *f, struct filling *fl,
	struct diag *d)
{
	if (in->n_files == fl->room) {
		size_t more = fl->room == 0 ? 64 : 2 * fl->room;
		struct admit_file *grown =
			realloc(in->files, more * sizeof(*grown));

		if (grown == NULL) {
			file_free(f);
			return diag_set(d, ERR_NOMEM, "out of memory");
		}
		in->files = grown;
		fl->room = more;
	}
	in->files[in->n_files++] = *f;
	return ERR_OK;
}

/* Its lone signature, which a head does not wait for: who has the metadata
 * needs none, and those of a desk's earlier keys cannot be checked here. */
static enum err
minisig_add(struct admit_place *pl, const struct admit_file *of,
	const char *target, struct span desk, struct filling *fl,
	struct diag *d)
{
	struct admit_file f = *of;
	size_t n = strlen(of->path) + sizeof(ADMIT_MINISIG);

	f.path = malloc(n);
	f.target = strdup(target);
	f.role = malloc(desk.n + 3);
	if (f.path == NULL || f.target == NULL || f.role == NULL) {
		file_free(&f);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	snprintf(f.path, n, "%s" ADMIT_MINISIG, of->path);
	snprintf(f.role, desk.n + 3, "d-%.*s", (int)desk.n,
		(const char *)desk.p);
	f.staged = fl->staged && stage_has(pl, f.path, NULL);
	if (fl->live && stage_live(pl, f.path, NULL)) {
		file_free(&f);
		return ERR_OK;
	}
	return file_add(pl->in, &f, fl, d);
}

static enum err
target_add(struct admit_place *pl, const struct trust_target *g,
	struct filling *fl, struct diag *d)
{
	const struct admit_config *c = pl->a->c;
	struct admit_file f = {.length = trust_target_length(g),
		.sealed = prune_is_sealed(trust_target_role(g))};
	char path[ADMIT_NAME];
	struct span desk;
	uint64_t n, sequence;
	enum err e = ERR_OK;

	if (!want_path(g, path, f.sha256) ||
		(c->blocked != NULL && c->blocked(c->blocked_arg, f.sha256)) ||
		prune_gone(pl, trust_target_path(g), trust_target_role(g)))
		return ERR_OK;
	if (f.length > LIMIT_BUNDLE)
		return diag_set(
			d, ERR_LIMIT, "a file of over %zu bytes", LIMIT_BUNDLE);
	folder_look(pl, fl, path);
	if (!fl->live || !stage_live(pl, path, &n) || n != f.length) {
		f.staged =
			fl->staged && stage_has(pl, path, &n) && n == f.length;
		f.path = strdup(path);
		e = f.path == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
				   : file_add(pl->in, &f, fl, d);
	}
	f.path = path;
	f.staged = false;
	if (e == ERR_OK && bundle_path_parse(span_str(trust_target_path(g)),
				   &desk, &sequence))
		e = minisig_add(pl, &f, trust_target_path(g), desk, fl, d);
	return e;
}

/* What a role lists counts where a reader's search for the path ends there. */
static enum err
target_search(struct admit_place *pl, const struct trust_target *g, bool *is,
	struct diag *d)
{
	struct trust *t = pl->in->t;
	const struct trust_target *found;
	struct diag why;
	bool missing;
	enum err e = trust_find(t, trust_target_path(g), &why);

	*is = false;
	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if (e != ERR_OK)
		return ERR_OK;
	e = intake_satisfy(pl, t, &missing, d);
	if (e == ERR_OK && missing)
		(void)!trust_pass(t, &why);
	found = trust_found(t);
	*is = e == ERR_OK && found == g;
	return e;
}

/* The same file may be listed under two paths; the same path twice may not
 * be: the first one found counts. */
static void
files_sort(struct admit_intake *in)
{
	size_t i, n = 0;

	if (in->n_files > 0)
		qsort(in->files, in->n_files, sizeof(*in->files), by_path);
	for (i = 0; i < in->n_files; i++) {
		if (n > 0 &&
			strcmp(in->files[n - 1].path, in->files[i].path) == 0)
			file_free(&in->files[i]);
		else
			in->files[n++] = in->files[i];
	}
	in->n_files = n;
}

enum err
want_fill(struct admit_place *pl, struct diag *d)
{
	struct admit_intake *in = pl->in;
	const struct trust_target *g;
	struct filling fl = {.room = 0};
	size_t i, k;
	bool is;
	enum err e = ERR_OK;

	want_free(in);
	for (i = 0; e == ERR_OK && i < in->n_roles; i++)
		for (k = 0;
			e == ERR_OK &&
			(g = trust_listed(in->t, in->roles[i].name, k)) != NULL;
			k++) {
			e = target_search(pl, g, &is, d);
			if (e == ERR_OK && is)
				e = target_add(pl, g, &fl, d);
		}
	if (e == ERR_OK)
		files_sort(in);
	if (e == ERR_OK)
		e = prune_for(pl, d);
	for (i = 0; e == ERR_OK && i < in->n_files; i++) {
		struct admit_file *f = &in->files[i];

		in->missing += !f->staged && !f->dropped && f->target == NULL;
	}
	return e;
}
