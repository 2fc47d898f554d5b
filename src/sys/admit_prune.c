/* The quota: checked before every write; sealed bundles go first, the oldest
 * before the others, and pinned ones never.
 *
 * Bundles go in the order of their weeks, then of their paths, so that one
 * line says which are gone: F/.pruned holds "YYYY-wWW PATH" of the last one.
 * Whatever is sealed, not pinned, and not behind that line is not kept. The
 * line is on disk before the first file goes. Who deletes F/.pruned has all of
 * them wanted again by the next newer head that names their period anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/bundle.h"
#include "../core/text.h"
#include "admit_priv.h"
#include "file.h"

/* Disks give space in blocks. */
#define BLOCK 4096

#define LINE (LIMIT_PATH + 16)

/* Room that is made is more than is needed, since metadata comes before it is
 * known what it names: of the quota, one part in so many, and in a small one
 * what the metadata of a push takes. */
#define HEADROOM 32
#define HEADROOM_BYTES (32 * BLOCK)
#define HEADROOM_INODES 16

/* Metadata that newer files replaced may still be asked for by who began with
 * it, for so long (erika-repository(5)). */
#define SUPERSEDED_SECONDS (60 * 86400)

uint64_t
prune_cost(uint64_t n)
{
	return (n + BLOCK - 1) / BLOCK * BLOCK;
}

/* ---- measuring */

static enum err
measure_one(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	struct admit_place *pl = arg;
	struct stat st;

	(void)rest;
	(void)d;
	if (lstat(path, &st) != 0)
		return ERR_OK;
	pl->inodes++;
	pl->used += folder ? BLOCK : prune_cost((uint64_t)st.st_size);
	return ERR_OK;
}

/* The last line that was kept; a file that is none is none. */
static enum err
gone_read(struct admit_place *pl, struct diag *d)
{
	struct buf b;
	enum err e;

	free(pl->gone);
	pl->gone = NULL;
	buf_init(&b, LINE);
	e = stage_read_live(pl, ".pruned", LINE, &b, d);
	if (e == ERR_OK && b.n > 0 && b.p[b.n - 1] == '\n') {
		b.p[b.n - 1] = '\0';
		pl->gone = strdup(buf_cstr(&b));
		if (pl->gone == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	buf_free(&b);
	return e == ERR_MISSING ? ERR_OK : e;
}

enum err
prune_measure(struct admit_place *pl, struct diag *d)
{
	struct diag why;
	enum err e;

	if (pl->measured)
		return ERR_OK;
	pl->used = pl->inodes = 0;
	e = gone_read(pl, d);
	if (e == ERR_OK && (pl->p->store > 0 || pl->p->inodes > 0))
		(void)!folder_walk(pl->live, measure_one, pl, &why);
	pl->measured = e == ERR_OK;
	return e;
}

bool
prune_fits(const struct admit_place *pl, uint64_t bytes, uint64_t inodes)
{
	const struct admit_publisher *p = pl->p;

	return (p->store == 0 ||
		       (pl->used + pl->reserved <= p->store &&
			       bytes <= p->store - pl->used - pl->reserved)) &&
	       (p->inodes == 0 || pl->inodes + pl->parts + inodes <= p->inodes);
}

/* ---- order */

/* "2026-w48 b/news/2026-w48/7.ekb" of a bundle. */
static bool
line_of(const char *target, char out[static LINE])
{
	struct span desk;
	uint64_t sequence;
	const char *week;

	if (!bundle_path_parse(span_str(target), &desk, &sequence))
		return false;
	week = (const char *)desk.p + desk.n + 1;
	snprintf(out, LINE, "%.8s %s", week, target);
	return true;
}

bool
prune_is_sealed(const char *role)
{
	return strncmp(role, "s-", 2) == 0;
}

static bool
is_pinned(const struct admit_place *pl, const char *target)
{
	size_t i;

	for (i = 0; i < pl->p->n_pinned; i++)
		if (tuf_path_match(pl->p->pinned[i], target))
			return true;
	return false;
}

bool
prune_gone(const struct admit_place *pl, const char *target, const char *role)
{
	char line[LINE];

	return pl->gone != NULL && prune_is_sealed(role) &&
	       line_of(target, line) && strcmp(line, pl->gone) <= 0 &&
	       !is_pinned(pl, target);
}

/* ---- choosing */

struct victim {
	char *line;
	char *path;
	bool live;
	uint64_t bytes;
	uint64_t inodes;
};

struct pruning {
	struct admit_place *pl;
	struct victim *list;
	size_t n, room;
};

static int
by_line(const void *a, const void *b)
{
	return strcmp(((const struct victim *)a)->line,
		((const struct victim *)b)->line);
}

static enum err
victim_add(struct pruning *p, const struct trust_target *g, struct diag *d)
{
	char line[LINE], path[ADMIT_NAME], sig[ADMIT_NAME + 16];
	uint8_t sha256[32];
	struct victim *v;
	uint64_t n;

	if (!line_of(trust_target_path(g), line) ||
		is_pinned(p->pl, trust_target_path(g)))
		return ERR_OK;
	if (p->n == p->room) {
		size_t more = p->room == 0 ? 64 : 2 * p->room;

		v = realloc(p->list, more * sizeof(*v));
		if (v == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		p->list = v;
		p->room = more;
	}
	v = &p->list[p->n];
	*v = (struct victim){.line = NULL};
	if (!want_path(g, path, sha256))
		return ERR_OK;
	v->live = stage_live(p->pl, path, NULL);
	v->bytes = prune_cost(trust_target_length(g));
	v->inodes = 1;
	snprintf(sig, sizeof(sig), "%s" ADMIT_MINISIG, path);
	if (!v->live || stage_live(p->pl, sig, &n)) {
		v->bytes += BLOCK;
		v->inodes++;
	}
	v->line = strdup(line);
	v->path = strdup(path);
	p->n++;
	return v->line == NULL || v->path == NULL
		       ? diag_set(d, ERR_NOMEM, "out of memory")
		       : ERR_OK;
}

/* Load one role more into the machine of the head on its way. */
static enum err
role_load(struct admit_place *pl, const char *by, const char *role, bool *ok,
	struct diag *d)
{
	struct trust *t = pl->in->t;
	bool missing = false;
	struct diag why;
	enum err e = trust_load_by(t, by, role, &why);

	*ok = false;
	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if (e != ERR_OK)
		return ERR_OK;
	e = intake_satisfy(pl, t, &missing, d);
	if (e == ERR_OK && missing)
		(void)!trust_pass(t, &why);
	*ok = e == ERR_OK && !missing;
	return e;
}

/* All bundles of a year's periods. */
static enum err
year_add(struct pruning *p, const char *year, struct diag *d)
{
	struct trust *t = p->pl->in->t;
	const struct trust_target *g;
	const char *period;
	bool ok;
	size_t i, k;
	enum err e = role_load(p->pl, "targets", year, &ok, d);

	for (i = 0; e == ERR_OK && ok &&
		    (period = trust_delegation_by(t, year, i)) != NULL;
		i++) {
		bool loaded;

		e = role_load(p->pl, year, period, &loaded, d);
		for (k = 0; e == ERR_OK && loaded && prune_is_sealed(period) &&
			    (g = trust_listed(t, period, k)) != NULL;
			k++)
			e = victim_add(p, g, d);
	}
	return e;
}

static enum err
victims_find(struct pruning *p, struct diag *d)
{
	const char *name;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK &&
		    (name = trust_delegation(p->pl->in->t, i)) != NULL;
		i++)
		if (strncmp(name, "y-", 2) == 0)
			e = year_add(p, name, d);
	if (e == ERR_OK && p->n > 0)
		qsort(p->list, p->n, sizeof(*p->list), by_line);
	return e;
}

/* ---- removing */

static enum err
gone_write(struct admit_place *pl, const char *line, struct diag *d)
{
	char text[LINE + 2];
	enum err e;

	if (pl->gone != NULL && strcmp(pl->gone, line) >= 0)
		return ERR_OK;
	snprintf(text, sizeof(text), "%s\n", line);
	e = stage_put_live(pl, ".pruned", span_str(text), d);
	if (e == ERR_OK) {
		free(pl->gone);
		pl->gone = strdup(line);
		if (pl->gone == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	return e;
}

static void
victim_remove(struct admit_place *pl, const struct victim *v)
{
	char path[ADMIT_PATH], rest[ADMIT_NAME + 16], *slash;

	snprintf(rest, sizeof(rest), "%s" ADMIT_MINISIG, v->path);
	if (stage_path(path, pl->live, rest, NULL) == ERR_OK)
		(void)unlink(path);
	if (stage_path(path, pl->live, v->path, NULL) != ERR_OK ||
		unlink(path) != 0)
		return;
	pl->used -= pl->used < v->bytes ? pl->used : v->bytes;
	pl->inodes -= pl->inodes < v->inodes ? pl->inodes : v->inodes;
	pl->a->counts.pruned++;
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)rmdir(path); /* the week, when it is empty */
}

/* What the head on its way will take. */
static void
need_count(const struct admit_place *pl, uint64_t *bytes, uint64_t *inodes)
{
	const struct admit_intake *in = pl->in;
	const char *folder = "";
	size_t i, n = 0;

	/* now.pack, and the folders down to the weeks. */
	*bytes = 8 * BLOCK;
	*inodes = 8;
	for (i = 0; i < in->n_files; i++) {
		const struct admit_file *f = &in->files[i];

		if (f->staged || f->dropped)
			continue;
		/* They are sorted: each folder comes once, and is needed in
		 * the stage too while they come. */
		if (strncmp(f->path, folder, n + 1) != 0) {
			folder = f->path;
			n = (size_t)(strrchr(folder, '/') - folder);
			*bytes += BLOCK;
			*inodes += 1;
		}
		*bytes += f->target != NULL ? BLOCK : prune_cost(f->length);
		*inodes += 1;
	}
}

/* A bundle that has not come, with its signature. */
static void
drop(struct admit_intake *in, const struct victim *v)
{
	char sig[ADMIT_NAME + 16];
	struct admit_file *f = want_listed(in, v->path);

	if (f != NULL)
		f->dropped = true;
	snprintf(sig, sizeof(sig), "%s" ADMIT_MINISIG, v->path);
	f = want_listed(in, sig);
	if (f != NULL)
		f->dropped = true;
}

static uint64_t
less(uint64_t quota, unsigned part, uint64_t least)
{
	uint64_t n = quota / part;

	return n > least ? n : least < quota ? least : quota;
}

/* Whether so much is within the quota, or that less a part of it. */
static bool
within(const struct admit_publisher *q, uint64_t bytes, uint64_t inodes,
	unsigned part)
{
	uint64_t b = q->store, i = q->inodes;

	if (part > 0) {
		b -= less(b, part, HEADROOM_BYTES);
		i -= less(i, part, HEADROOM_INODES);
	}
	return (q->store == 0 || bytes <= b) && (q->inodes == 0 || inodes <= i);
}

bool
prune_is_due(const struct admit_place *pl)
{
	return !within(pl->p, pl->used, pl->inodes, HEADROOM);
}

/* How many of the victims must go. ERR_SPACE: not even all are enough. */
static enum err
victims_count(const struct pruning *p, size_t *n, struct diag *d)
{
	const struct admit_publisher *q = p->pl->p;
	uint64_t bytes, inodes;

	need_count(p->pl, &bytes, &inodes);
	bytes += p->pl->used;
	inodes += p->pl->inodes;
	for (*n = 0; *n < p->n; ++*n) {
		const struct victim *v = &p->list[*n];

		if (within(q, bytes, inodes, HEADROOM / 2))
			return ERR_OK;
		/* One that is neither here nor wanted went before. */
		if (!v->live && prune_gone(p->pl, v->line + 9, "s-"))
			continue;
		bytes -= bytes < v->bytes ? bytes : v->bytes;
		inodes -= inodes < v->inodes ? inodes : v->inodes;
	}
	if (within(q, bytes, inodes, 0))
		return ERR_OK;
	return diag_set(d, ERR_SPACE,
		"the quota of %s is too small: even without all that may go, "
		"it would be over",
		q->name);
}

static enum err
victims_remove(struct pruning *p, size_t n, struct diag *d)
{
	int lock;
	size_t i;
	enum err e;

	if (n == 0)
		return ERR_OK;
	e = stage_lock(p->pl, &lock, d);
	if (e == ERR_OK)
		e = gone_write(p->pl, p->list[n - 1].line, d);
	for (i = 0; e == ERR_OK && i < n; i++) {
		if (p->list[i].live)
			victim_remove(p->pl, &p->list[i]);
		else
			drop(p->pl->in, &p->list[i]);
	}
	stage_unlock(lock);
	return e;
}

/* Whether a snapshot names this file of metadata. */
static bool
names(const struct tuf_doc *snapshot, const char *role, uint64_t version)
{
	struct tuf_file f;

	if (snapshot == NULL)
		return false;
	if (strcmp(role, "snapshot") == 0)
		return snapshot->version == version;
	return tuf_meta(snapshot, role, &f) && f.version == version;
}

static enum err
superseded_one(void *arg, const char *path, const char *rest, bool folder,
	struct diag *d)
{
	struct admit_place *pl = arg;
	size_t n = strcspn(rest, "."), m = strlen(rest);
	char role[LIMIT_NAME + 1];
	uint64_t version, cost;
	struct stat st;

	(void)d;
	if (folder || m < n + 7 || m - n - 6 > LIMIT_NAME ||
		text_decimal(span_of(rest, n), INT64_MAX, &version) != ERR_OK ||
		strcmp(rest + m - 5, ".json") != 0)
		return ERR_OK;
	snprintf(role, sizeof(role), "%.*s", (int)(m - n - 6), rest + n + 1);
	if (strcmp(role, "root") == 0 ||
		names(pl->in->snapshot, role, version) ||
		names(pl->in->before, role, version) || lstat(path, &st) != 0 ||
		st.st_mtime > pl->a->c->now() - SUPERSEDED_SECONDS ||
		unlink(path) != 0)
		return ERR_OK;
	cost = prune_cost((uint64_t)st.st_size);
	pl->used -= pl->used < cost ? pl->used : cost;
	pl->inodes -= pl->inodes > 0;
	pl->a->counts.pruned++;
	return ERR_OK;
}

enum err
prune_superseded(struct admit_place *pl, struct diag *d)
{
	char path[ADMIT_PATH];
	enum err e = stage_path(path, pl->live, "m", d);

	return e == ERR_OK ? folder_walk(path, superseded_one, pl, d) : e;
}

/* Metadata of long ago goes before any bundle. */
static enum err
superseded_remove(struct admit_place *pl, struct diag *d)
{
	int lock;
	enum err e = stage_lock(pl, &lock, d);

	if (e == ERR_OK)
		e = prune_superseded(pl, d);
	stage_unlock(lock);
	return e;
}

enum err
prune_for(struct admit_place *pl, struct diag *d)
{
	struct pruning p = {.pl = pl};
	uint64_t bytes, inodes;
	size_t i, n = 0;
	enum err e = prune_measure(pl, d);

	need_count(pl, &bytes, &inodes);
	if (e != ERR_OK ||
		within(pl->p, pl->used + bytes, pl->inodes + inodes, HEADROOM))
		return e;
	e = superseded_remove(pl, d);
	if (e == ERR_OK)
		e = victims_find(&p, d);
	if (e == ERR_OK)
		e = victims_count(&p, &n, d);
	if (e == ERR_OK)
		e = victims_remove(&p, n, d);
	for (i = 0; i < p.n; i++) {
		free(p.list[i].line);
		free(p.list[i].path);
	}
	free(p.list);
	return e;
}

enum err
prune_forgo(struct admit_place *pl, struct admit_file *f, struct diag *d)
{
	char target[ADMIT_NAME], line[LINE];
	const char *name = strrchr(f->path, '/');
	int lock;
	enum err e = stage_lock(pl, &lock, d);

	/* "t/b/news/2026-w48/HEX.7.ekb" is b/news/2026-w48/7.ekb. */
	snprintf(target, sizeof(target), "%.*s/%s", (int)(name - f->path) - 2,
		f->path + 2, name + 1 + 65);
	if (e == ERR_OK && !line_of(target, line))
		e = diag_set(d, ERR_FAILED, "%s is no bundle", target);
	if (e == ERR_OK)
		e = gone_write(pl, line, d);
	if (e == ERR_OK)
		f->dropped = true;
	stage_unlock(lock);
	return e;
}
