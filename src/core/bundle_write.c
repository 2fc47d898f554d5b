#include <string.h>

#include "bundle_draft.h"
#include "bundle_private.h"
#include "date.h"
#include "text.h"

/* ---- the index. NULL from any of these: out of memory. */

static json_t *
hex_json(const uint8_t *p)
{
	char hex[65];

	text_hex(hex, p, 32);
	return json_string(hex);
}

static json_t *
strings_json(char *const *v, size_t n)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		if (json_array_append_new(a, json_string(v[i])) != 0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

static json_t *
image_json(const struct article_image *m)
{
	if (m->object >= 0)
		return json_pack(
			"{s:i,s:s}", "object", (int)m->object, "type", m->type);
	return json_pack("{s:s,s:o,s:s}", "bundle", m->bundle, "name",
		hex_json(m->name.b), "type", m->type);
}

static json_t *
images_json(const struct article *a)
{
	json_t *v = json_array();
	size_t i;

	for (i = 0; i < a->n_images; i++)
		if (json_array_append_new(v, image_json(&a->images[i])) != 0) {
			json_decref(v);
			return NULL;
		}
	return v;
}

/* Set a member to what was just made, which is NULL when out of memory. */
static bool
member_set(json_t *o, const char *name, json_t *made)
{
	return json_object_set_new(o, name, made) == 0;
}

static json_t *
article_json(const struct article *a)
{
	char published[DATE_SIZE], updated[DATE_SIZE];
	bool ok = true;
	json_t *o;

	date_format(published, a->published);
	date_format(updated, a->updated);
	o = json_pack("{s:o,s:s,s:o,s:s,s:I,s:s,s:I,s:s,s:o,s:s,s:s}",
		"authors", strings_json(a->authors, a->n_authors), "id", a->id,
		"images", images_json(a), "language", a->language, "previous",
		(json_int_t)a->previous, "published", published, "revision",
		(json_int_t)a->revision, "status",
		article_status_str(a->status), "tags",
		strings_json(a->tags, a->n_tags), "title", a->title, "updated",
		updated);
	/* Not json_pack's "s*": out of memory it leaves the member out. */
	if (a->note != NULL)
		ok = ok && member_set(o, "note", json_string(a->note));
	if (a->url != NULL)
		ok = ok && member_set(o, "url", json_string(a->url));
	if (a->text >= 0)
		ok = ok && member_set(o, "text", json_integer(a->text));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *
object_json(const struct bundle_draft *b, const struct draft_object *x)
{
	json_t *parts = json_array(), *o;
	bool ok = true;
	size_t i;

	for (i = 0; i < x->n_parts; i++)
		ok = ok &&
		     json_array_append_new(parts, hex_json(x->parts[i].b)) == 0;
	o = json_pack("{s:s,s:I,s:o}", "codec",
		x->codec == BUNDLE_STORED ? "stored" : "deflate", "packed",
		(json_int_t)x->packed, "parts", parts);
	if (x->codec == BUNDLE_DEFLATE)
		ok = ok && member_set(o, "unpacked", json_integer(x->unpacked));
	if (x->dict >= 0)
		ok = ok && member_set(o, "dictionary",
				   json_integer(b->dicts[x->dict].index));
	if (x->base_bundle != NULL)
		ok = ok &&
		     member_set(o, "base",
			     json_pack("{s:s,s:o}", "bundle", x->base_bundle,
				     "name", hex_json(x->base.b)));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

/* Only those that some text uses: a dictionary is fetched for its own sake. */
static json_t *
dicts_json(struct bundle_draft *b)
{
	bool used[LIMIT_DICTS] = {false};
	json_t *v = json_array();
	int32_t next = 0;
	size_t i;

	for (i = 0; i < b->n_objects; i++)
		if (b->objects[i].dict >= 0)
			used[b->objects[i].dict] = true;
	for (i = 0; i < b->n_dicts; i++) {
		if (!used[i])
			continue;
		b->dicts[i].index = next++;
		if (json_array_append_new(v,
			    json_pack("{s:s,s:o}", "path", b->dicts[i].path,
				    "sha256", hex_json(b->dicts[i].sha256))) !=
			0) {
			json_decref(v);
			return NULL;
		}
	}
	return v;
}

static json_t *
index_json(struct bundle_draft *b)
{
	json_t *articles = json_array(), *dicts = dicts_json(b);
	json_t *objects = json_array();
	char created[DATE_SIZE];
	bool ok = true;
	size_t i;

	for (i = 0; i < b->n_articles; i++)
		ok = ok && json_array_append_new(articles,
				   article_json(&b->articles[i])) == 0;
	for (i = 0; i < b->n_objects; i++)
		ok = ok && json_array_append_new(objects,
				   object_json(b, &b->objects[i])) == 0;
	if (!ok) {
		json_decref(articles);
		json_decref(dicts);
		json_decref(objects);
		return NULL;
	}
	date_format(created, b->created);
	return json_pack("{s:s,s:o,s:s,s:s,s:o,s:o,s:s,s:s,s:I}", "_type",
		BUNDLE_TYPE, "articles", articles, "created", created, "desk",
		b->desk, "dictionaries", dicts, "objects", objects, "outlet",
		b->outlet, "path", b->path, "sequence",
		(json_int_t)b->sequence);
}

/* ---- finishing */

static enum err
head_write(struct bundle_draft *b, struct buf *out, struct diag *d)
{
	struct buf index, packed;
	struct deflate *z = deflate_new(span_of(NULL, 0));
	json_t *top = NULL;
	enum err e;

	buf_init(&index, LIMIT_INDEX);
	buf_init(&packed, LIMIT_INDEX_PACKED);
	top = index_json(b);
	e = top == NULL || z == NULL ? ERR_NOMEM : json_canonical(top, &index);
	if (e == ERR_OK)
		e = deflate_pack(z, buf_view(&index), &packed);
	if (e == ERR_OK)
		e = buf_str(out, BUNDLE_MAGIC);
	if (e == ERR_OK)
		e = buf_u32(out, (uint32_t)packed.n);
	if (e == ERR_OK)
		e = buf_u32(out, (uint32_t)index.n);
	if (e == ERR_OK)
		e = buf_span(out, buf_view(&packed));
	if (e == ERR_LIMIT)
		diag_set(d, e, "an index over %zu bytes: make two bundles",
			LIMIT_INDEX_PACKED);
	else if (e != ERR_OK)
		diag_set(d, e, "cannot write the index: %s", err_str(e));
	json_decref(top);
	deflate_free(z);
	buf_free(&index);
	buf_free(&packed);
	return e;
}

/* What was just written is read back by the reader's own code. */
static enum err
head_check(struct span head, size_t *n, uint64_t *content, uint64_t *padded,
	struct diag *d)
{
	struct digest own = digest_of(head);
	struct verified *v = NULL;
	struct bundle *b = NULL;
	enum err e = verified_again(head, &own, &v);

	if (e == ERR_OK)
		e = bundle_open(v, &b, d);
	else
		diag_set(d, e, "cannot read the index back");
	if (e == ERR_OK) {
		*n = bundle_head(b);
		*content = bundle_content(b);
		*padded = bundle_length(b);
	}
	bundle_free(b);
	verified_free(v);
	return e;
}

enum err
bundle_draft_finish(struct bundle_draft *b, struct buf *out, size_t *head,
	uint64_t *content, uint64_t *padded, struct diag *d)
{
	size_t before = out->n;
	enum err e = head_write(b, out, d);

	if (e == ERR_OK)
		e = head_check(span_sub(buf_view(out), before, out->n - before),
			head, content, padded, d);
	if (e == ERR_OK) {
		e = buf_span(out, buf_view(&b->texts));
		if (e != ERR_OK)
			diag_set(d, e, "no room for the texts");
	}
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}

enum err
bundle_dict_pack(struct span dict, struct buf *out)
{
	struct deflate *z;
	size_t before = out->n;
	enum err e;

	if (dict.n == 0 || dict.n > LIMIT_DICT)
		return ERR_LIMIT;
	z = deflate_new(span_of(NULL, 0));
	e = z == NULL ? ERR_NOMEM : buf_str(out, BUNDLE_DICT_MAGIC);
	if (e == ERR_OK)
		e = buf_u32(out, (uint32_t)dict.n);
	if (e == ERR_OK)
		e = deflate_pack(z, dict, out);
	if (e != ERR_OK)
		buf_cut(out, before);
	deflate_free(z);
	return e;
}
