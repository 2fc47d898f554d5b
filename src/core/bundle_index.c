#include "bundle_private.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "limits.h"
#include "text.h"

enum err
bundle_get_string(const json_t *o, const char *name, char **out, struct diag *d)
{
	const char *s = "";
	enum err e = json_str(o, name, &s, d);

	if (e != ERR_OK)
		return e;
	*out = strdup(s);
	return *out == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

enum err
bundle_get_u32(const json_t *o, const char *name, uint32_t max, uint32_t *out,
	struct diag *d)
{
	uint64_t v = 0;
	enum err e = json_uint(o, name, INT64_MAX, &v, d);

	if (e != ERR_OK)
		return e;
	if (v > max)
		return diag_set(d, ERR_LIMIT, "\"%s\" is over %lu", name,
			(unsigned long)max);
	*out = (uint32_t)v;
	return ERR_OK;
}

enum err
bundle_get_index(const json_t *o, const char *name, size_t n, int32_t *out,
	struct diag *d)
{
	uint64_t v = 0;
	enum err e = json_uint(o, name, INT64_MAX, &v, d);

	if (e != ERR_OK)
		return e;
	if (v >= n)
		return diag_set(
			d, ERR_REFUSED, "\"%s\" points past the last", name);
	*out = (int32_t)v;
	return ERR_OK;
}

void *
bundle_room(size_t n, size_t size, struct diag *d)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		diag_set(d, ERR_NOMEM, "out of memory");
	return p;
}

/* ---- dictionaries and objects */

static enum err
dict_read(const json_t *o, struct bundle *b, size_t i, struct diag *d)
{
	static const char *const names[] = {"path", "sha256", NULL};
	enum err e = json_only(o, names, d);

	if (e == ERR_OK)
		e = bundle_get_string(o, "path", &b->dict_paths[i], d);
	if (e == ERR_OK)
		e = json_hex(o, "sha256", b->dicts[i].sha256, 32, d);
	b->dicts[i].path = b->dict_paths[i];
	return e;
}

static enum err
dicts_read(const json_t *top, struct bundle *b, struct diag *d)
{
	json_t *v = NULL;
	size_t i, n;
	enum err e = json_arr(top, "dictionaries", LIMIT_DICTS, &v, d);

	if (e != ERR_OK)
		return e;
	n = json_array_size(v);
	b->dicts = bundle_room(n, sizeof(*b->dicts), d);
	b->dict_paths = bundle_room(n, sizeof(*b->dict_paths), d);
	if (b->dicts == NULL || b->dict_paths == NULL)
		return ERR_NOMEM;
	b->n_dicts = n;
	for (i = 0; e == ERR_OK && i < n; i++) {
		e = dict_read(json_array_get(v, i), b, i, d);
		if (e != ERR_OK)
			diag_prefix(d, e, "dictionary %zu", i);
	}
	return e;
}

static enum err
parts_read(const json_t *v, struct digest *out, struct diag *d)
{
	size_t i, n = json_array_size(v);

	for (i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (s == NULL || text_hex_decode(span_str(s), out[i].b,
					 sizeof(out[i].b)) != ERR_OK)
			return diag_set(d, ERR_SYNTAX,
				"part %zu is not a hash in hex", i);
	}
	return ERR_OK;
}

static enum err
base_read(const json_t *o, struct bundle *b, size_t i, struct diag *d)
{
	static const char *const names[] = {"bundle", "name", NULL};
	struct bundle_object *x = &b->objects[i];
	json_t *v = NULL;
	enum err e = json_obj(o, "base", &v, d);

	if (e == ERR_OK)
		e = json_only(v, names, d);
	if (e == ERR_OK)
		e = bundle_get_string(v, "bundle", &b->bases[i], d);
	if (e == ERR_OK)
		e = json_hex(v, "name", x->base.b, sizeof(x->base.b), d);
	x->base_bundle = b->bases[i];
	return e;
}

static enum err
codec_read(const json_t *o, enum bundle_codec *out, struct diag *d)
{
	const char *s = "";
	char show[40];
	enum err e = json_str(o, "codec", &s, d);

	if (e != ERR_OK)
		return e;
	if (strcmp(s, "stored") == 0)
		*out = BUNDLE_STORED;
	else if (strcmp(s, "deflate") == 0)
		*out = BUNDLE_DEFLATE;
	else
		return diag_set(d, ERR_UNSUPPORTED, "codec '%s' is unknown",
			text_show(show, sizeof(show), span_str(s)));
	return ERR_OK;
}

/* What only a packed object has. */
static enum err
packed_read(const json_t *o, struct bundle *b, size_t i, struct diag *d)
{
	struct bundle_object *x = &b->objects[i];
	enum err e = bundle_get_u32(o, "unpacked", LIMIT_TEXT, &x->unpacked, d);

	if (e == ERR_OK && json_object_get(o, "dictionary") != NULL)
		e = bundle_get_index(o, "dictionary", b->n_dicts, &x->dict, d);
	if (e == ERR_OK && json_object_get(o, "base") != NULL)
		e = base_read(o, b, i, d);
	return e;
}

static enum err
object_read(const json_t *o, struct bundle *b, size_t i, struct digest *parts,
	struct diag *d)
{
	static const char *const stored[] = {"codec", "packed", "parts", NULL};
	static const char *const deflated[] = {"base", "codec", "dictionary",
		"packed", "parts", "unpacked", NULL};
	struct bundle_object *x = &b->objects[i];
	json_t *v = NULL;
	enum err e = codec_read(o, &x->codec, d);

	x->dict = -1;
	x->parts = parts;
	if (e == ERR_OK)
		e = json_only(
			o, x->codec == BUNDLE_STORED ? stored : deflated, d);
	if (e == ERR_OK)
		e = bundle_get_u32(o, "packed", LIMIT_OBJECT, &x->packed, d);
	x->unpacked = x->packed;
	if (e == ERR_OK && x->codec == BUNDLE_DEFLATE)
		e = packed_read(o, b, i, d);
	if (e == ERR_OK)
		e = json_arr(o, "parts", LIMIT_PARTS, &v, d);
	if (e != ERR_OK)
		return e;
	x->n_parts = json_array_size(v);
	e = parts_read(v, parts, d);
	if (e == ERR_OK)
		x->name = bundle_object_name(x->parts, x->n_parts);
	return e;
}

static enum err
objects_read(const json_t *top, struct bundle *b, struct diag *d)
{
	size_t i, n, n_parts = 0, at = 0;
	json_t *v = NULL;
	enum err e = json_arr(top, "objects", LIMIT_OBJECTS, &v, d);

	if (e != ERR_OK)
		return e;
	n = json_array_size(v);
	for (i = 0; i < n; i++)
		n_parts += json_array_size(
			json_object_get(json_array_get(v, i), "parts"));
	b->objects = bundle_room(n, sizeof(*b->objects), d);
	b->bases = bundle_room(n, sizeof(*b->bases), d);
	b->parts = bundle_room(n_parts, sizeof(*b->parts), d);
	if (b->objects == NULL || b->bases == NULL || b->parts == NULL)
		return ERR_NOMEM;
	b->n_objects = n;
	for (i = 0; e == ERR_OK && i < n; i++) {
		e = object_read(json_array_get(v, i), b, i, b->parts + at, d);
		at += b->objects[i].n_parts;
		if (e != ERR_OK)
			diag_prefix(d, e, "object %zu", i);
	}
	return e;
}

/* ---- the whole */

static enum err
top_read(const json_t *top, struct bundle *b, struct diag *d)
{
	static const char *const names[] = {"_type", "articles", "created",
		"desk", "dictionaries", "objects", "outlet", "path", "sequence",
		NULL};
	const char *type = "";
	enum err e = json_str(top, "_type", &type, d);

	if (e == ERR_OK && strcmp(type, BUNDLE_TYPE) != 0)
		return diag_set(
			d, ERR_UNSUPPORTED, "\"_type\" is not " BUNDLE_TYPE);
	if (e == ERR_OK)
		e = json_only(top, names, d);
	if (e == ERR_OK)
		e = json_date(top, "created", &b->created, d);
	if (e == ERR_OK)
		e = bundle_get_string(top, "desk", &b->desk, d);
	if (e == ERR_OK)
		e = bundle_get_string(top, "outlet", &b->outlet, d);
	if (e == ERR_OK)
		e = bundle_get_string(top, "path", &b->path, d);
	if (e == ERR_OK)
		e = json_uint(top, "sequence", LIMIT_SEQUENCE, &b->sequence, d);
	if (e == ERR_OK)
		e = dicts_read(top, b, d);
	if (e == ERR_OK)
		e = objects_read(top, b, d);
	if (e == ERR_OK)
		e = bundle_articles_read(top, b, d);
	return e;
}

/* One meaning, one encoding: what another parser might read differently does
 * not get this far. */
static enum err
canonical_check(const json_t *top, struct span index, struct diag *d)
{
	struct buf again;
	enum err e;

	buf_init(&again, index.n);
	e = json_canonical(top, &again);
	if (e == ERR_LIMIT || e == ERR_UNSUPPORTED ||
		(e == ERR_OK && !span_eq(buf_view(&again), index)))
		e = diag_set(d, ERR_SYNTAX, "not canonical JSON");
	buf_free(&again);
	return e;
}

/* Values bound the memory that parsing takes: 8 MiB of "[],[],[]" would need
 * half a gigabyte. */
static enum err
values_check(struct span s, struct diag *d)
{
	if (json_count(s) <= LIMIT_INDEX_VALUES)
		return ERR_OK;
	return diag_set(
		d, ERR_LIMIT, "more than %d values", LIMIT_INDEX_VALUES);
}

enum err
bundle_index_read(struct span index, struct bundle *b, struct diag *d)
{
	json_t *top = NULL;
	enum err e = values_check(index, d);

	if (e == ERR_OK)
		e = json_parse(index, LIMIT_INDEX, &top, d);
	if (e == ERR_OK)
		e = canonical_check(top, index, d);
	if (e == ERR_OK)
		e = top_read(top, b, d);
	json_decref(top);
	return e;
}
