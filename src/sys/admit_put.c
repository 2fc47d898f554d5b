/* PUT: what may begin, what came of it, and the answers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "admit_priv.h"
#include "file.h"

/* The disk is told to begin writing each so many bytes, and waited for with
 * those before: so that no wait, which holds up everybody, is for more than
 * these, at the final fsync neither. */
#define FLUSH_EACH LIMIT_MIB

/* One PUT on its way. */
struct push {
	struct admit_place *pl;
	char name[ADMIT_NAME]; /* below F: "m/timestamp.json" */
	uint64_t length;
	struct buf body; /* metadata and .minisig */
	bool in_memory;
	int fd; /* else a part */
	char part[ADMIT_PATH];
	struct hash *hash;
	uint64_t got, flushed;
};

/* ---- answers */

static unsigned
status_of(enum err e)
{
	switch (e) {
	case ERR_SIGNATURE:
	case ERR_KEY:
	case ERR_HASH:
	case ERR_REFUSED:
	case ERR_SYNTAX:
	case ERR_UNSUPPORTED:
		return 403;
	case ERR_ROLLBACK:
	case ERR_SPLIT:
	case ERR_MIXED:
	case ERR_MISSING:
	case ERR_EXPIRED:
		return 409;
	case ERR_LIMIT:
	case ERR_TRUNCATED:
	case ERR_TRAILING:
		return 413;
	case ERR_SPACE:
		return 507;
	default:
		return 503;
	}
}

static unsigned
refuse(struct admit *a, unsigned status)
{
	if (status >= 400)
		a->counts.refused++;
	return status;
}

/* ---- begin */

/* "NAME/m/x" is m/x of that publisher; with one alone there is no NAME. */
static struct admit_place *
place_find(struct admit *a, const char *path, const char **rest)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		const char *folder = a->places[i].p->folder;
		size_t n = strlen(folder);

		*rest = path;
		if (n == 0)
			return &a->places[i];
		*rest = path + n + 1;
		if (strncmp(path, folder, n) == 0 && path[n] == '/')
			return &a->places[i];
	}
	return NULL;
}

static bool
root_number(const char *name, uint64_t *n)
{
	size_t k = strcspn(name, ".");

	return strcmp(name + k, ".root.json") == 0 &&
	       text_decimal(span_of(name, k), INT64_MAX, n) == ERR_OK;
}

/* Whether this file of metadata may come now, and how long it may be. */
static unsigned
metadata_may(struct admit_place *pl, const char *name, uint64_t n)
{
	uint64_t least = 1, most = LIMIT_TIMESTAMP, number;
	char rest[ADMIT_NAME + 2];

	snprintf(rest, sizeof(rest), "m/%s", name);
	if (strcmp(name, "now.pack") == 0)
		return 204;
	if (strcmp(name, "timestamp.json") == 0)
		return n >= least && n <= most ? 0 : 413;
	if (root_number(name, &number)) {
		most = LIMIT_ADMIT_ROOT;
		if (stage_live(pl, rest, NULL) || stage_has(pl, rest, NULL))
			return 204;
		if (number != intake_next_root(pl))
			return 409;
	} else if (!intake_expects(pl, name, &least, &most)) {
		/* One that is expected may lie there, too, but is broken. */
		return stage_live(pl, rest, NULL) || stage_has(pl, rest, NULL)
			       ? 204
			       : 409;
	}
	return n >= least && n <= most ? 0 : 413;
}

/* "t/b/news/2026-w48/HEX.7.ekb" names its own hash. */
static bool
is_blocked(const struct admit_place *pl, const char *name)
{
	const struct admit_config *c = pl->a->c;
	const char *last = strrchr(name, '/') + 1;
	uint8_t sha256[32];

	return c->blocked != NULL && strlen(last) > 64 &&
	       text_hex_decode(span_of(last, 64), sha256, 32) == ERR_OK &&
	       c->blocked(c->blocked_arg, sha256);
}

static unsigned
target_may(struct admit_place *pl, const char *name, uint64_t n)
{
	const struct admit_file *f;

	if (is_blocked(pl, name))
		return 451;
	f = want_find(pl->in, name);
	if (f == NULL && stage_live(pl, name, NULL))
		return 204;
	if (f == NULL && late_may(pl, name))
		return n > 0 && n <= LIMIT_MINISIG ? 0 : 413;
	/* What no head waits for, such as what the quota has taken: "later"
	 * would be said every time. */
	if (pl->in == NULL)
		return stage_live(pl, "m/timestamp.json", NULL) ? 422 : 409;
	if (!pl->in->complete)
		return 409;
	if (f == NULL)
		return 422;
	if (f->staged || f->dropped)
		return 204;
	if (f->target != NULL)
		return n > 0 && n <= LIMIT_MINISIG ? 0 : 413;
	return n == f->length ? 0 : 413;
}

/* Parts have a file, all else is short enough for memory. */
static unsigned
push_open(struct push *p, bool part)
{
	struct admit_place *pl = p->pl;
	struct diag why;
	enum err e;

	p->in_memory = !part;
	p->fd = -1;
	if (!part) {
		if (p->length > LIMIT_ADMIT_HELD - pl->a->held)
			return 503;
		pl->a->held += (size_t)p->length;
		buf_init(&p->body, (size_t)p->length);
		return 0;
	}
	p->hash = hash_new(HASH_SHA256);
	e = p->hash == NULL ? ERR_NOMEM : part_open(pl, p->part, &p->fd, &why);
	if (e != ERR_OK) {
		hash_free(p->hash);
		return status_of(e);
	}
	pl->reserved += prune_cost(p->length);
	pl->parts++;
	return 0;
}

static void
push_free(struct push *p)
{
	struct admit_place *pl = p->pl;

	if (p->in_memory) {
		pl->a->held -= (size_t)p->length;
	} else {
		pl->reserved -= prune_cost(p->length);
		pl->parts--;
	}
	if (p->fd >= 0) {
		(void)unlink(p->part);
		close(p->fd);
	}
	hash_free(p->hash);
	buf_free(&p->body);
	free(p);
}

/* The quota, before a byte is written. What is on its way of others may turn
 * out wrong and be removed: then it is "later", not "never". */
static unsigned
quota_may(struct admit_place *pl, uint64_t n)
{
	struct diag why;

	if (prune_measure(pl, &why) != ERR_OK || pl->parts >= LIMIT_ADMIT_PARTS)
		return 503;
	if (prune_fits(pl, prune_cost(n), 4))
		return 0;
	return pl->parts > 0 ? 503 : 507;
}

static unsigned
begin(void *arg, const char *path, uint64_t n, void **push)
{
	struct admit *a = arg;
	const char *rest;
	struct admit_place *pl = place_find(a, path, &rest);
	bool metadata, part = false;
	struct diag why;
	unsigned status;
	struct push *p;
	enum err e;

	*push = NULL;
	if (pl == NULL)
		return refuse(a, 404);
	metadata = strncmp(rest, "m/", 2) == 0;
	if (!text_path_ok(span_str(rest)) || strlen(rest) >= ADMIT_NAME ||
		(!metadata && strncmp(rest, "t/", 2) != 0) ||
		(metadata && strchr(rest + 2, '/') != NULL))
		return refuse(a, 400);
	e = admit_start(pl, &why);
	if (e != ERR_OK)
		return refuse(a, status_of(e));
	e = admit_settle(pl, &why);
	status = metadata ? metadata_may(pl, rest + 2, n)
			  : target_may(pl, rest, n);
	/* All is here, and is not live yet. */
	if (status == 204 && e != ERR_OK)
		status = status_of(e);
	if (status == 0)
		status = quota_may(pl, n);
	if (status != 0)
		return refuse(a, status);
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return refuse(a, 503);
	p->pl = pl;
	p->length = n;
	memcpy(p->name, rest, strlen(rest) + 1);
	if (!metadata) {
		const struct admit_file *f = want_find(pl->in, rest);

		part = f != NULL && f->target == NULL;
	}
	status = push_open(p, part);
	if (status != 0) {
		free(p);
		return refuse(a, status);
	}
	*push = p;
	return 0;
}

/* ---- the bytes */

static unsigned
part_write(struct push *p, const uint8_t *bytes, size_t n)
{
	hash_add(p->hash, bytes, n);
	while (n > 0) {
		ssize_t k = write(p->fd, bytes, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			struct diag why;

			return status_of(file_errno(p->part, &why));
		}
		bytes += k;
		n -= (size_t)k;
		p->got += (uint64_t)k;
	}
#ifdef SYNC_FILE_RANGE_WRITE
	while (p->got - p->flushed >= FLUSH_EACH) {
		(void)sync_file_range(p->fd, (off_t)p->flushed, FLUSH_EACH,
			SYNC_FILE_RANGE_WRITE);
		if (p->flushed >= FLUSH_EACH)
			(void)sync_file_range(p->fd,
				(off_t)(p->flushed - FLUSH_EACH), FLUSH_EACH,
				SYNC_FILE_RANGE_WAIT_BEFORE |
					SYNC_FILE_RANGE_WRITE |
					SYNC_FILE_RANGE_WAIT_AFTER);
		p->flushed += FLUSH_EACH;
	}
#endif
	return 0;
}

static unsigned
put_write(void *arg, void *push, const uint8_t *bytes, size_t n)
{
	struct push *p = push;

	if (n > p->length - p->got)
		return refuse(arg, 413);
	if (!p->in_memory)
		return refuse(arg, part_write(p, bytes, n));
	p->got += n;
	return buf_add(&p->body, bytes, n) == ERR_OK ? 0 : refuse(arg, 503);
}

static void
put_cut(void *arg, void *push)
{
	(void)arg;
	push_free(push);
}

/* ---- the end */

/* The head may have changed while the bytes came. */
static enum err
target_end(struct push *p, struct diag *d)
{
	struct admit_place *pl = p->pl;
	struct admit_file *f = want_find(pl->in, p->name);
	uint8_t sha256[32];
	enum err e;

	if (f == NULL ? stage_live(pl, p->name, NULL) : f->staged || f->dropped)
		return ERR_OK;
	if (f == NULL || f->length != p->length)
		return diag_set(
			d, ERR_MISSING, "a newer head does without this file");
	hash_end(p->hash, sha256);
	if (memcmp(sha256, f->sha256, 32) != 0)
		return diag_set(d, ERR_HASH, "not the file that was signed");
	e = part_name(pl, p->part, p->fd, p->name, d);
	if (e != ERR_OK)
		return e;
	close(p->fd);
	p->fd = -1;
	f->staged = true;
	pl->in->missing--;
	pl->in->touched = pl->a->c->now();
	pl->used += prune_cost(p->length);
	pl->inodes++;
	return ERR_OK;
}

static enum err
minisig_end(struct push *p, struct diag *d)
{
	struct admit_place *pl = p->pl;
	struct admit_file *f = want_find(pl->in, p->name);
	struct minisign_key key;
	enum err e;

	if (f == NULL ? stage_live(pl, p->name, NULL) : f->staged || f->dropped)
		return ERR_OK;
	/* Its bundle is served without it, or was not when this began. */
	if (f == NULL)
		return late_take(pl, p->name, buf_view(&p->body), d);
	if (f->target == NULL)
		return diag_set(
			d, ERR_MISSING, "a newer head does without this file");
	e = trust_role_key(pl->in->t, f->role, &key);
	if (e != ERR_OK)
		return diag_set(d, ERR_KEY, "no desk may sign this");
	e = form_minisig(buf_view(&p->body), &key, f, d);
	if (e == ERR_OK)
		e = stage_put(pl, p->name, buf_view(&p->body), d);
	f->staged = e == ERR_OK;
	return e;
}

static enum err
metadata_end(struct push *p, struct diag *d)
{
	const char *name = p->name + 2;
	uint64_t number;

	if (strcmp(name, "timestamp.json") == 0)
		return intake_timestamp(p->pl, buf_view(&p->body), d);
	if (root_number(name, &number))
		return intake_root(p->pl, name, buf_view(&p->body), d);
	return intake_metadata(p->pl, name, buf_view(&p->body), d);
}

/* When nothing is missing any more, it goes live. */
static enum err
finish(struct admit_place *pl, char why[static 160], struct diag *d)
{
	struct admit_intake *in = pl->in;
	unsigned long long version = in == NULL ? 0 : in->version;
	bool live;
	enum err e;

	if (in == NULL)
		snprintf(why, 160, "kept\n");
	else if (!in->complete)
		snprintf(why, 160, "kept: version %llu, metadata is missing\n",
			version);
	else if (in->missing > 0)
		snprintf(why, 160,
			"kept: version %llu, %zu files are missing\n", version,
			in->missing);
	if (in == NULL || !in->complete || in->missing > 0)
		return ERR_OK;
	e = live_finish(pl, &live, d);
	if (e != ERR_OK || !live)
		return e;
	snprintf(why, 160, "live: version %llu\n", version);
	return ERR_OK;
}

/* A head that is served: what else exists already is a lock. */
static bool
is_live(const struct push *p)
{
	uint8_t head[32], live[32];

	if (strcmp(p->name, "m/timestamp.json") != 0)
		return false;
	hash_bytes(HASH_SHA256, buf_view(&p->body), head);
	live_head(p->pl, live);
	return memcmp(head, live, 32) == 0;
}

static unsigned
put_end(void *arg, void *push, char why[static 160])
{
	struct push *p = push;
	struct admit *a = arg;
	struct admit_place *pl = p->pl;
	struct diag d = {.code = ERR_OK};
	unsigned status;
	enum err e;

	why[0] = '\0';
	if (p->got != p->length)
		e = diag_set(&d, ERR_TRUNCATED, "fewer bytes than announced");
	else if (p->name[0] == 'm')
		e = metadata_end(p, &d);
	else if (p->in_memory)
		e = minisig_end(p, &d);
	else
		e = target_end(p, &d);
	if (e == ERR_OK) {
		a->counts.kept++;
		a->counts.bytes += p->length;
		e = finish(pl, why, &d);
		status = e == ERR_OK ? 201 : status_of(e);
	} else
		status = e == ERR_EXISTS && is_live(p) ? 204 : status_of(e);
	if (status >= 400)
		snprintf(why, 160, "%.150s\n", d.why);
	push_free(p);
	return refuse(a, status);
}

void
admit_put(struct admit *a, struct serve_put *out)
{
	*out = (struct serve_put){.arg = a,
		.begin = begin,
		.write = put_write,
		.end = put_end,
		.cut = put_cut};
}
