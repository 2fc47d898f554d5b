#include "press_copy.h"

#include <stdlib.h>
#include <string.h>

#include "../core/crypto.h"
#include "../core/limits.h"
#include "../core/tuf.h"
#include "../sys/file.h"
#include "press_chain.h"
#include "press_exchange.h"
#include "press_prune.h"
#include "press_records.h"

struct copy {
	struct room *room;
	const char *to;
	enum copy_look look;
	struct copied *out;
	bool exchange;	       /* the metadata go beside m/ */
	struct buf from, dest; /* paths */
};

static enum err
paths_make(struct copy *c, const char *rest)
{
	enum err e;

	buf_clear(&c->from);
	buf_clear(&c->dest);
	e = buf_printf(&c->from, "%s/repository/%s", c->room->dir, rest);
	if (e == ERR_OK && c->exchange && strncmp(rest, "m/", 2) == 0)
		e = buf_printf(
			&c->dest, "%s/" EXCHANGE_NEXT "/%s", c->to, rest + 2);
	else if (e == ERR_OK)
		e = buf_printf(&c->dest, "%s/%s", c->to, rest);
	return e;
}

/* What is compared at a time. */
#define COMPARE (64 * LIMIT_KIB)

/* Whether both files, of n bytes each, are the same. One that cannot be read
 * is not. */
static bool
same_content(const char *a, const char *b, uint64_t n)
{
	struct buf x, y;
	bool same = true;
	uint64_t at;

	buf_init(&x, COMPARE);
	buf_init(&y, COMPARE);
	for (at = 0; same && at < n; at += COMPARE) {
		size_t k = n - at < COMPARE ? (size_t)(n - at) : COMPARE;

		buf_clear(&x);
		buf_clear(&y);
		same = file_read_range(a, at, k, &x, NULL) == ERR_OK &&
		       file_read_range(b, at, k, &y, NULL) == ERR_OK &&
		       span_eq(buf_view(&x), buf_view(&y));
	}
	buf_free(&x);
	buf_free(&y);
	return same;
}

static enum err
copy_file(struct copy *c, const char *rest, bool always, struct diag *d)
{
	uint64_t have, want;
	char *slash;
	enum err e = paths_make(c, rest);

	if (e == ERR_OK)
		e = file_size(buf_cstr(&c->from), &want, d);
	if (e != ERR_OK)
		return e;
	/* Every other name is said once: the same name is the same bytes. */
	if (!always && file_size(buf_cstr(&c->dest), &have, NULL) == ERR_OK &&
		have == want &&
		(c->look != COPY_CHECK || same_content(buf_cstr(&c->from),
						  buf_cstr(&c->dest), want)))
		return ERR_OK;
	slash = strrchr((char *)c->dest.p, '/');
	*slash = '\0';
	e = file_mkdirs(buf_cstr(&c->dest), 0755, d);
	*slash = '/';
	if (e == ERR_OK)
		e = file_copy(buf_cstr(&c->from), buf_cstr(&c->dest), 0644, d);
	if (e == ERR_OK) {
		c->out->bytes += want;
		c->out->files++;
	}
	return e;
}

/* SHA-256 of the mirror's timestamp.json; zeros when it has none. */
static enum err
head_hash(struct copy *c, uint8_t out[static 32])
{
	struct buf b;
	enum err e = paths_make(c, "m/timestamp.json");

	memset(out, 0, 32);
	buf_init(&b, LIMIT_TIMESTAMP);
	if (e == ERR_OK && file_read(buf_cstr(&c->dest), LIMIT_TIMESTAMP, &b,
				   NULL) == ERR_OK)
		hash_bytes(HASH_SHA256, buf_view(&b), out);
	buf_free(&b);
	return e;
}

/* How far this folder was copied to before: 0 where its head is not the one it
 * was left with, as on a new disk or one that came out of a backup. */
static enum err
copied_before(struct copy *c, int64_t *last, struct diag *d)
{
	uint8_t head[32];
	bool found;
	enum err e = head_hash(c, head);

	*last = 0;
	if (e != ERR_OK || c->look != COPY_NEW)
		return e;
	return db_one_int(c->room->db, d, last, &found,
		"SELECT copied FROM mirror WHERE folder=? AND head=?", "tb",
		c->to, span_of(head, 32));
}

/* One pass over what is new: targets, then metadata, then roots, which make
 * readers forget what the keys before them signed. */
static const char *const passes[] = {
	"SELECT path FROM file WHERE id>? AND path GLOB 't/*' ORDER BY id",
	"SELECT path FROM file WHERE id>? AND path GLOB 'm/*'"
	" AND path NOT GLOB 'm/*.root.json' ORDER BY id",
	"SELECT path FROM file WHERE id>?"
	" AND path GLOB 'm/*.root.json' ORDER BY id"};

static enum err
copy_pass(struct copy *c, int64_t last, int pass, struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	e = db_query(c->room->db, d, &q, passes[pass], "i", last);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = copy_file(c, db_text(q, 0), false, d);
	done = db_done(c->room->db, q, d);
	return e != ERR_OK ? e : done;
}

/* Whether the folder has readers, and lacks a root. */
static enum err
has_new_root(struct copy *c, int64_t last, bool *has, struct diag *d)
{
	struct db_query *q;
	enum err e = paths_make(c, "m/timestamp.json"), done;
	bool head = e == ERR_OK && file_exists(buf_cstr(&c->dest));

	*has = false;
	if (e == ERR_OK)
		e = db_query(c->room->db, d, &q, passes[2], "i", last);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		e = paths_make(c, db_text(q, 0));
		*has |= e == ERR_OK && head && !file_exists(buf_cstr(&c->dest));
	}
	done = db_done(c->room->db, q, d);
	return e != ERR_OK ? e : done;
}

static enum err
copy_metadata(struct copy *c, int64_t last, struct diag *d)
{
	enum err e = copy_pass(c, last, 1, d);

	if (e == ERR_OK)
		e = copy_pass(c, last, 2, d);
	if (e == ERR_OK)
		e = copy_file(c, "m/now.pack", true, d);
	return e == ERR_OK ? copy_file(c, "m/timestamp.json", true, d) : e;
}

/* All that is new, so that at each moment what is there is whole. Where a
 * folder cannot be exchanged, readers wait for the head that goes with a new
 * root until that is there, too. */
static enum err
copy_new(struct copy *c, int64_t last, struct diag *d)
{
	struct copied before;
	bool root = false, done = false;
	enum err e = copy_pass(c, last, 0, d);

	exchange_clear(c->to);
	if (e == ERR_OK)
		e = has_new_root(c, last, &root, d);
	if (e == ERR_OK && root && exchange_begin(c->to)) {
		before = *c->out;
		c->exchange = true;
		e = copy_metadata(c, last, d);
		c->exchange = false;
		if (e == ERR_OK)
			e = exchange_end(c->to, &done, d);
		else
			exchange_clear(c->to);
		if (e == ERR_OK && !done)
			*c->out = before;
	}
	return e == ERR_OK && !done ? copy_metadata(c, last, d) : e;
}

/* Whether a head is by the key that is the timestamp's now, or will be when
 * the root that waits is out: who only stole the last one is replaced. */
static enum err
head_ours(
	struct room *r, const struct tuf_doc *head, bool *ours, struct diag *d)
{
	struct chain chain;
	struct tuf_rule rule;
	enum err e = chain_load(r, CHAIN_ROOT, &chain, d);

	*ours = false;
	if (e == ERR_OK) {
		rule = tuf_root_rule(chain.root, TUF_TIMESTAMP);
		*ours = tuf_check(head, &rule, NULL) == ERR_OK;
	}
	chain_free(&chain);
	return e;
}

enum err
copy_check_head(struct room *r, struct span head, struct diag *d)
{
	struct tuf_doc *there = NULL, *here = NULL;
	bool newer = false;
	enum err e = ERR_OK;

	if (tuf_parse(head, LIMIT_TIMESTAMP, TUF_TIMESTAMP, &there, NULL) ==
		ERR_OK)
		e = records_doc(r, "timestamp", &here, d);
	if (there != NULL && here != NULL)
		newer = there->version > here->version ||
			(there->version == here->version &&
				!span_eq(buf_view(&there->canonical),
					buf_view(&here->canonical)));
	if (e == ERR_OK && newer)
		e = head_ours(r, there, &newer, d);
	if (e == ERR_OK && newer)
		e = diag_set(d, ERR_ROLLBACK,
			"it has timestamp version %llu, and this newsroom is "
			"at %llu: either press.db is an old copy, or somebody "
			"else signs (erika-press-keys(7))",
			(unsigned long long)there->version,
			(unsigned long long)here->version);
	tuf_free(there);
	tuf_free(here);
	return e;
}

enum err
copy_check(struct room *r, const char *to, struct diag *d)
{
	char *path = file_join(to, "m/timestamp.json");
	struct buf b;
	enum err e = path == NULL ? ERR_NOMEM : ERR_OK;

	buf_init(&b, LIMIT_TIMESTAMP);
	if (e == ERR_OK && file_read(path, LIMIT_TIMESTAMP, &b, NULL) == ERR_OK)
		e = copy_check_head(r, buf_view(&b), d);
	buf_free(&b);
	free(path);
	return e;
}

enum err
copy_run(struct room *r, const char *to, enum copy_look look,
	struct copied *out, struct diag *d)
{
	struct copy c = {.room = r, .to = to, .look = look, .out = out};
	int64_t last = 0, newest = 0;
	uint8_t head[32];
	bool found;
	enum err e;

	*out = (struct copied){.files = 0};
	buf_init(&c.from, 8192);
	buf_init(&c.dest, 8192);
	e = copy_check(r, to, d);
	/* The one file that init writes before there are records. */
	if (e == ERR_OK)
		e = records_listed(r, "m/1.root.json", d);
	if (e == ERR_OK)
		e = copied_before(&c, &last, d);
	if (e == ERR_OK)
		e = db_one_int(r->db, d, &newest, &found,
			"SELECT ifnull(max(id),0) FROM file", "");
	if (e == ERR_OK)
		e = copy_new(&c, last, d);
	if (e == ERR_OK)
		e = head_hash(&c, head);
	if (e == ERR_OK)
		e = db_run(r->db, d,
			"INSERT INTO mirror(folder, copied, head)"
			" VALUES(?,?,?) ON CONFLICT(folder) DO UPDATE SET"
			" copied=excluded.copied, head=excluded.head",
			"tib", to, newest, span_of(head, 32));
	if (e == ERR_OK)
		e = prune_mirror(r, to, d);
	buf_free(&c.from);
	buf_free(&c.dest);
	return e;
}
