/* Reading back what was packed, through the reader's own checks. */
#include "press_packed.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"

/* The packed file of a bundle and its head, verified against our record. */
enum err
packed_bundle(struct room *r, const char *path, struct bundle **out,
	char **file, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	struct verified *head = NULL;
	struct digest digest;
	struct db_query *q;
	struct buf b, name;
	char hex[65];
	size_t n = 0;
	enum err e, done;

	*out = NULL;
	*file = NULL;
	buf_init(&b, LIMIT_INDEX_PACKED + BUNDLE_PREFIX);
	buf_init(&name, 4096);
	e = db_query(r->db, d, &q,
		"SELECT sha256, head, head_digest FROM bundle WHERE path=?",
		"t", path);
	if (e != ERR_OK)
		return e;
	if (!db_row(q) || db_blob(q, 0).n != 32 || db_blob(q, 2).n != 32) {
		e = diag_set(d, ERR_MISSING, "no record of %s", path);
	} else {
		text_hex(hex, db_blob(q, 0).p, 32);
		n = (size_t)db_int(q, 1);
		memcpy(digest.b, db_blob(q, 2).p, 32);
		e = buf_printf(&name, "%s/repository/t/%.*s%s.%s", r->dir,
			(int)(slash + 1 - path), path, hex, slash + 1);
	}
	done = db_done(r->db, q, d);
	if (e == ERR_OK)
		e = done;
	if (e == ERR_OK)
		e = file_read_range(buf_cstr(&name), 0, n, &b, d);
	if (e == ERR_OK)
		e = verified_again(buf_view(&b), &digest, &head);
	if (e == ERR_OK)
		e = bundle_open(head, out, d);
	if (e == ERR_OK)
		*file = (char *)buf_steal(&name, NULL);
	verified_free(head);
	buf_free(&b);
	buf_free(&name);
	return e;
}

/* What the text was deflated against: its dictionary, or its base. */
static enum err
dictionary_load(struct room *r, const struct bundle *bundle,
	const struct bundle_object *o, const char *id, struct verified **out,
	struct diag *d)
{
	struct buf b;
	struct digest digest;
	bool found = false;
	enum err e = ERR_OK;

	*out = NULL;
	buf_init(&b, LIMIT_TEXT);
	if (o->base_bundle != NULL)
		e = db_one_blob(r->db, d, &b, &found,
			"SELECT base_text FROM article WHERE id=?", "t", id);
	else if (o->dict >= 0)
		e = db_one_blob(r->db, d, &b, &found,
			"SELECT content FROM dictionary WHERE path=?", "t",
			bundle_dict(bundle, (size_t)o->dict)->path);
	if (e == ERR_OK && found) {
		digest = digest_of(buf_view(&b));
		e = verified_again(buf_view(&b), &digest, out);
	}
	buf_free(&b);
	return e;
}

enum err
packed_text(struct room *r, const struct bundle *bundle, const char *file,
	const struct article *a, struct verified **out, struct diag *d)
{
	size_t i = (size_t)a->text;
	const struct bundle_object *o = bundle_object(bundle, i);
	struct verified *packed = NULL, *dict = NULL;
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_OBJECT);
	e = file_read_range(file, o->offset, o->packed, &b, d);
	if (e == ERR_OK)
		e = bundle_object_verify(bundle, i, buf_view(&b), &packed, d);
	if (e == ERR_OK)
		e = dictionary_load(r, bundle, o, a->id, &dict, d);
	if (e == ERR_OK)
		e = bundle_object_unpack(bundle, i, packed, dict, out, d);
	verified_free(packed);
	verified_free(dict);
	buf_free(&b);
	return e;
}

enum err
packed_image(struct room *r, const struct digest *name, struct verified **out,
	struct diag *d)
{
	char path[LIMIT_PATH + 1] = "", *file = NULL;
	struct bundle *bundle = NULL;
	struct db_query *q;
	int32_t i = -1;
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_OBJECT);
	e = db_query(r->db, d, &q, "SELECT bundle FROM image WHERE name=?", "b",
		span_of(name->b, sizeof(name->b)));
	if (e != ERR_OK)
		return e;
	if (db_row(q))
		snprintf(path, sizeof(path), "%s", db_text(q, 0));
	e = db_done(r->db, q, d);
	if (e == ERR_OK && path[0] == '\0')
		e = diag_set(d, ERR_MISSING, "no record of a picture");
	if (e == ERR_OK)
		e = packed_bundle(r, path, &bundle, &file, d);
	if (e == ERR_OK && (i = bundle_find(bundle, name)) < 0)
		e = diag_set(d, ERR_MISSING, "%s lacks a picture", path);
	if (e == ERR_OK) {
		const struct bundle_object *o =
			bundle_object(bundle, (size_t)i);

		e = file_read_range(file, o->offset, o->packed, &b, d);
	}
	if (e == ERR_OK)
		e = bundle_object_verify(
			bundle, (size_t)i, buf_view(&b), out, d);
	bundle_free(bundle);
	free(file);
	buf_free(&b);
	return e;
}
