/* Bundles in the library: kept as they came up to the end of their texts,
 * checked again and unpacked whenever they are read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "library_priv.h"

void
library_bundle_clear(struct library_bundle *b)
{
	free(b->path);
	free(b->role);
	free(b->key);
	*b = (struct library_bundle){.id = 0};
}

void
library_open_clear(struct library_open *o)
{
	library_bundle_clear(&o->row);
	bundle_free(o->bundle);
	verified_free(o->prefix);
	*o = (struct library_open){.prefix = NULL};
}

enum err
library_bundle_has(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], bool *has, struct diag *d)
{
	int64_t one;

	return db_one_int(l->db, d, &one, has,
		"SELECT 1 FROM bundle WHERE outlet=? AND sha256=? AND whole=1",
		"ib", outlet, span_of(sha256, 32));
}

enum err
library_bundle_id(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], int64_t *id, bool *found,
	struct diag *d)
{
	return db_one_int(l->db, d, id, found,
		"SELECT id FROM bundle WHERE outlet=? AND sha256=?", "ib",
		outlet, span_of(sha256, 32));
}

enum err
library_bundle_longest(struct library *l, int64_t outlet, uint64_t n,
	int64_t *id, bool *found, struct diag *d)
{
	return db_one_int(l->db, d, id, found,
		"SELECT id FROM bundle WHERE outlet=?"
		" ORDER BY min(length, ?) DESC, id DESC LIMIT 1",
		"ii", outlet, (int64_t)n);
}

/* ---- opening */

#define BUNDLE_COLUMNS                                                         \
	"SELECT id, path, sha256, length, head, role, key, created, digest,"   \
	" prefix, whole FROM bundle "

static enum err
row_read(struct library_open *o, struct db_query *q, struct diag *d)
{
	struct library_bundle *r = &o->row;
	struct digest digest;
	enum err e;

	if (db_blob(q, 2).n != 32 || db_blob(q, 4).n != 32 ||
		db_blob(q, 8).n != 32)
		return diag_set(d, ERR_HASH, "the library is damaged on disk");
	r->id = db_int(q, 0);
	r->path = library_text(q, 1);
	memcpy(r->sha256, db_blob(q, 2).p, 32);
	r->length = (uint64_t)db_int(q, 3);
	memcpy(r->head.b, db_blob(q, 4).p, 32);
	r->role = library_text(q, 5);
	r->key = library_text(q, 6);
	r->created = db_int(q, 7);
	r->whole = db_int(q, 10) != 0;
	memcpy(digest.b, db_blob(q, 8).p, 32);
	if (r->path == NULL || r->role == NULL || r->key == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = verified_again(db_blob(q, 9), &digest, &o->prefix);
	if (e == ERR_HASH)
		diag_set(d, e, "the library is damaged on disk");
	return e;
}

/* Take the query's first row; ends the query. */
static enum err
open_query(struct library *l, struct db_query *q, struct library_open *out,
	struct diag *d)
{
	enum err e, done;

	*out = (struct library_open){.prefix = NULL};
	if (db_row(q))
		e = row_read(out, q, d);
	else
		e = diag_set(d, ERR_MISSING, "this bundle is not here");
	done = db_done(l->db, q, d);
	e = e == ERR_OK ? done : e;
	if (e == ERR_OK)
		e = bundle_open(out->prefix, &out->bundle, d);
	if (e != ERR_OK)
		library_open_clear(out);
	return e;
}

enum err
library_bundle_open(
	struct library *l, int64_t id, struct library_open *out, struct diag *d)
{
	struct db_query *q;
	enum err e =
		db_query(l->db, d, &q, BUNDLE_COLUMNS "WHERE id=?", "i", id);

	*out = (struct library_open){.prefix = NULL};
	return e == ERR_OK ? open_query(l, q, out, d) : e;
}

enum err
library_bundle_open_path(struct library *l, int64_t outlet, const char *path,
	struct library_open *out, struct diag *d)
{
	struct db_query *q;
	enum err e = db_query(l->db, d, &q,
		BUNDLE_COLUMNS
		"WHERE outlet=? AND path=? ORDER BY id DESC LIMIT 1",
		"it", outlet, path);

	*out = (struct library_open){.prefix = NULL};
	return e == ERR_OK ? open_query(l, q, out, d) : e;
}

void
library_files_clear(struct library_files *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->list[i].path);
	free(f->list);
	*f = (struct library_files){.n = 0};
}

enum err
library_files(struct library *l, int64_t outlet, struct library_files *out,
	struct diag *d)
{
	struct library_file *f;
	struct db_query *q;
	enum err e, done;

	*out = (struct library_files){.n = 0};
	e = db_query(l->db, d, &q,
		"SELECT id, path, sha256, created FROM bundle WHERE outlet=?"
		" ORDER BY path, id",
		"i", outlet);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		f = library_grow((void **)&out->list, &out->n, sizeof(*f));
		if (f == NULL || (f->path = library_text(q, 1)) == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
		else if (db_blob(q, 2).n != sizeof(f->sha256))
			e = diag_set(
				d, ERR_HASH, "the library is damaged on disk");
		else
			memcpy(f->sha256, db_blob(q, 2).p, sizeof(f->sha256));
		if (e != ERR_OK)
			break;
		f->id = db_int(q, 0);
		f->created = db_int(q, 3);
	}
	done = db_done(l->db, q, d);
	e = e == ERR_OK ? done : e;
	if (e != ERR_OK)
		library_files_clear(out);
	return e;
}

/* ---- unpacking */

/* The dictionary, kept from the last time when it is the same. Borrowed. */
static enum err
dict_get(struct library *l, int64_t outlet, const struct bundle_dict *dict,
	const struct verified **out, struct diag *d)
{
	struct verified *file = NULL;
	bool found;
	enum err e;

	if (l->dict != NULL && l->dict_outlet == outlet &&
		memcmp(l->dict_sha256, dict->sha256, 32) == 0) {
		*out = l->dict;
		return ERR_OK;
	}
	e = library_target(l, outlet, dict->sha256, &file, &found, d);
	if (e == ERR_OK && !found)
		e = diag_set(d, ERR_MISSING, "the dictionary %s is not here",
			dict->path);
	if (e != ERR_OK)
		return e;
	verified_free(l->dict);
	l->dict = NULL;
	e = bundle_dict_unpack(file, &l->dict, d);
	verified_free(file);
	if (e != ERR_OK)
		return diag_prefix(d, e, "%s", dict->path);
	memcpy(l->dict_sha256, dict->sha256, 32);
	l->dict_outlet = outlet;
	*out = l->dict;
	return ERR_OK;
}

static struct span
object_span(struct span prefix, const struct bundle_object *o)
{
	return span_sub(prefix, (size_t)o->offset, o->packed);
}

/* Verify and inflate an object that needs no other text. */
static enum err
unpack_plain(struct library *l, int64_t outlet, const struct bundle *b,
	struct span prefix, size_t i, struct verified **out, struct diag *d)
{
	const struct bundle_object *o = bundle_object(b, i);
	const struct verified *dict = NULL;
	struct verified *packed = NULL;
	enum err e;

	e = bundle_object_verify(b, i, object_span(prefix, o), &packed, d);
	if (e == ERR_OK && o->dict >= 0)
		e = dict_get(
			l, outlet, bundle_dict(b, (size_t)o->dict), &dict, d);
	if (e == ERR_OK)
		e = bundle_object_unpack(b, i, packed, dict, out, d);
	verified_free(packed);
	return e;
}

/* The text that another one is told as a difference from. */
static enum err
base_get(struct library *l, int64_t outlet, const struct bundle_object *o,
	struct verified **out, struct diag *d)
{
	struct library_open base;
	int32_t i;
	enum err e =
		library_bundle_open_path(l, outlet, o->base_bundle, &base, d);

	if (e != ERR_OK)
		return diag_prefix(
			d, e, "the earlier %s it builds on", o->base_bundle);
	i = bundle_find(base.bundle, &o->base);
	if (i < 0)
		e = diag_set(d, ERR_MISSING,
			"%s lacks the earlier text it builds on",
			o->base_bundle);
	else if (bundle_object(base.bundle, (size_t)i)->base_bundle != NULL)
		e = diag_set(d, ERR_REFUSED,
			"it builds on a text that builds on another");
	else
		e = unpack_plain(l, outlet, base.bundle,
			verified_bytes(base.prefix), (size_t)i, out, d);
	library_open_clear(&base);
	return e;
}

enum err
library_unpack(struct library *l, int64_t outlet, const struct bundle *b,
	struct span prefix, size_t i, struct verified **out, struct diag *d)
{
	const struct bundle_object *o = bundle_object(b, i);
	struct verified *packed = NULL, *base = NULL;
	enum err e;

	*out = NULL;
	if (o->base_bundle == NULL)
		return unpack_plain(l, outlet, b, prefix, i, out, d);
	e = bundle_object_verify(b, i, object_span(prefix, o), &packed, d);
	if (e == ERR_OK)
		e = base_get(l, outlet, o, &base, d);
	if (e == ERR_OK)
		e = bundle_object_unpack(b, i, packed, base, out, d);
	verified_free(packed);
	verified_free(base);
	return e;
}

/* ---- adding */

static enum err
names_join(struct buf *out, char *const *names, size_t n)
{
	enum err e = ERR_OK;
	size_t i;

	buf_clear(out);
	for (i = 0; e == ERR_OK && i < n; i++) {
		if (i > 0)
			e = buf_str(out, ", ");
		if (e == ERR_OK)
			e = buf_str(out, names[i]);
	}
	return e;
}

static enum err
article_store(struct library *l, int64_t outlet, const char *desk,
	const struct article *a, int64_t bundle, size_t index, struct diag *d)
{
	struct buf authors;
	enum err e;

	buf_init(&authors, LIMIT_AUTHORS * (LIMIT_AUTHOR + 2));
	e = names_join(&authors, a->authors, a->n_authors);
	if (e != ERR_OK)
		diag_set(d, e, "the authors' names");
	else
		e = db_run(l->db, d,
			"INSERT INTO article(outlet, desk, id, revision,"
			" status, title, language, published, updated,"
			" authors, note, url, bundle, idx)"
			" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
			" ON CONFLICT(outlet, desk, id) DO UPDATE SET"
			" revision=excluded.revision, status=excluded.status,"
			" title=excluded.title, language=excluded.language,"
			" published=excluded.published,"
			" updated=excluded.updated, authors=excluded.authors,"
			" note=excluded.note, url=excluded.url,"
			" bundle=excluded.bundle, idx=excluded.idx, read=0",
			"ittiittiitttii", outlet, desk, a->id,
			(int64_t)a->revision, (int64_t)a->status, a->title,
			a->language, a->published, a->updated,
			buf_cstr(&authors), a->note == NULL ? "" : a->note,
			a->url == NULL ? "" : a->url, bundle, (int64_t)index);
	buf_free(&authors);
	return e;
}

static enum err
article_add(struct library *l, int64_t outlet, const struct bundle *b, size_t i,
	int64_t bundle, struct diag *d)
{
	const struct article *a = bundle_article(b, i);
	int64_t have = 0;
	bool found;
	enum err e = db_one_int(l->db, d, &have, &found,
		"SELECT revision FROM article"
		" WHERE outlet=? AND desk=? AND id=?",
		"itt", outlet, bundle_desk(b), a->id);

	if (e != ERR_OK || (found && have >= (int64_t)a->revision))
		return e;
	return article_store(l, outlet, bundle_desk(b), a, bundle, i, d);
}

enum err
library_bundle_add(struct library *l, int64_t outlet,
	const struct library_bundle *info, const struct bundle *b,
	struct span prefix, const bool *keep, struct diag *d)
{
	struct digest digest = digest_of(prefix);
	int64_t id = 0;
	bool found;
	size_t i;
	enum err e = library_begin(l, d);

	if (e == ERR_OK)
		e = db_run(l->db, d,
			"INSERT INTO bundle(outlet, path, sha256, length,"
			" head, role, key, created, sequence, whole, digest,"
			" prefix) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
			" ON CONFLICT(outlet, sha256) DO UPDATE"
			" SET whole=excluded.whole",
			"itbibttiiibb", outlet, info->path,
			span_of(info->sha256, 32), (int64_t)info->length,
			span_of(info->head.b, 32), info->role,
			info->key == NULL ? "" : info->key, bundle_created(b),
			(int64_t)bundle_sequence(b), (int64_t)info->whole,
			span_of(digest.b, 32), prefix);
	if (e == ERR_OK)
		e = library_bundle_id(l, outlet, info->sha256, &id, &found, d);
	for (i = 0; e == ERR_OK && i < bundle_articles(b); i++)
		if (keep[i])
			e = article_add(l, outlet, b, i, id, d);
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK)
		library_rollback(l);
	return e;
}
