#include "bundle.h"

#include <stdlib.h>
#include <string.h>

#include "bundle_private.h"
#include "inflate.h"
#include "limits.h"
#include "verified_make.h"

/* ---- opening */

struct prefix {
	uint32_t packed, unpacked;
};

static enum err
prefix_read(struct span s, struct prefix *p, struct diag *d)
{
	struct cursor c = {.in = s};
	struct span magic;

	if (cursor_take(&c, sizeof(BUNDLE_MAGIC) - 1, &magic) != ERR_OK)
		return diag_set(d, ERR_TRUNCATED, "too short for a bundle");
	if (!span_eq(magic, span_str(BUNDLE_MAGIC))) {
		if (span_starts(magic, span_str("erika-bundle-")))
			return diag_set(d, ERR_UNSUPPORTED,
				"a bundle of another version");
		return diag_set(d, ERR_SYNTAX, "not a bundle");
	}
	if (cursor_u32(&c, &p->packed) != ERR_OK ||
		cursor_u32(&c, &p->unpacked) != ERR_OK)
		return diag_set(d, ERR_TRUNCATED, "too short for a bundle");
	if (p->packed == 0 || p->unpacked == 0)
		return diag_set(d, ERR_SYNTAX, "an empty index");
	if (p->packed > LIMIT_INDEX_PACKED || p->unpacked > LIMIT_INDEX)
		return diag_set(d, ERR_LIMIT,
			"an index of %lu bytes, unpacked %lu",
			(unsigned long)p->packed, (unsigned long)p->unpacked);
	return ERR_OK;
}

enum err
bundle_open(const struct verified *head, struct bundle **out, struct diag *d)
{
	struct span s = verified_bytes(head);
	struct verified *index = NULL;
	struct prefix p = {0};
	struct bundle *b;
	enum err e;

	*out = NULL;
	e = prefix_read(s, &p, d);
	if (e != ERR_OK)
		return e;
	if (s.n - BUNDLE_PREFIX < p.packed)
		return diag_set(d, ERR_TRUNCATED, "the index is cut short");
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	b->head = BUNDLE_PREFIX + (size_t)p.packed;
	e = inflate_exact(
		head, BUNDLE_PREFIX, p.packed, NULL, p.unpacked, &index, d);
	if (e == ERR_OK)
		e = bundle_index_read(verified_bytes(index), b, d);
	/* Freed early: up to 8 MiB that the checks do not need. */
	verified_free(index);
	if (e == ERR_OK)
		e = bundle_rules(b, d);
	if (e == ERR_OK && s.n > bundle_length(b))
		e = diag_set(d, ERR_TRAILING, "bytes behind the bundle");
	if (e != ERR_OK) {
		diag_prefix(d, e, "bundle index");
		bundle_free(b);
		return e;
	}
	*out = b;
	return ERR_OK;
}

void
bundle_free(struct bundle *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->n_articles; i++)
		article_clear(&b->articles[i]);
	free(b->articles);
	free(b->objects);
	free(b->by_name);
	free(b->parts);
	strings_free(b->bases, b->n_objects);
	free(b->dicts);
	strings_free(b->dict_paths, b->n_dicts);
	free(b->outlet);
	free(b->desk);
	free(b->path);
	free(b);
}

/* ---- what the index says */

const char *
bundle_desk(const struct bundle *b)
{
	return b->desk;
}

const char *
bundle_path(const struct bundle *b)
{
	return b->path;
}

uint64_t
bundle_sequence(const struct bundle *b)
{
	return b->sequence;
}

int64_t
bundle_created(const struct bundle *b)
{
	return b->created;
}

size_t
bundle_head(const struct bundle *b)
{
	return b->head;
}

uint64_t
bundle_text_end(const struct bundle *b)
{
	return b->text_end;
}

uint64_t
bundle_content(const struct bundle *b)
{
	return b->content;
}

uint64_t
bundle_length(const struct bundle *b)
{
	return bundle_padded(b->content);
}

size_t
bundle_articles(const struct bundle *b)
{
	return b->n_articles;
}

const struct article *
bundle_article(const struct bundle *b, size_t i)
{
	return i < b->n_articles ? &b->articles[i] : NULL;
}

size_t
bundle_objects(const struct bundle *b)
{
	return b->n_objects;
}

const struct bundle_object *
bundle_object(const struct bundle *b, size_t i)
{
	return i < b->n_objects ? &b->objects[i] : NULL;
}

size_t
bundle_dicts(const struct bundle *b)
{
	return b->n_dicts;
}

const struct bundle_dict *
bundle_dict(const struct bundle *b, size_t i)
{
	return i < b->n_dicts ? &b->dicts[i] : NULL;
}

int32_t
bundle_find(const struct bundle *b, const struct digest *name)
{
	size_t lo = 0, hi = b->n_objects;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(b->by_name[mid]->name.b, name->b, sizeof(name->b)) <
			0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == b->n_objects || !digest_eq(&b->by_name[lo]->name, name))
		return -1;
	return (int32_t)(b->by_name[lo] - b->objects);
}

/* ---- objects and parts */

void
bundle_part_range(
	const struct bundle *b, size_t i, size_t k, uint64_t *offset, size_t *n)
{
	const struct bundle_object *x = bundle_object(b, i);
	size_t at = k * LIMIT_PART;

	*offset = 0;
	*n = 0;
	if (x == NULL || k >= x->n_parts)
		return;
	*offset = x->offset + at;
	*n = x->packed - at < LIMIT_PART ? x->packed - at : LIMIT_PART;
}

static enum err
length_check(size_t have, size_t want, struct diag *d)
{
	if (have == want)
		return ERR_OK;
	return diag_set(d, have < want ? ERR_TRUNCATED : ERR_TRAILING,
		"%zu bytes came; %zu are signed", have, want);
}

static enum err
part_check(const struct bundle *b, size_t i, size_t k, struct span part,
	struct diag *d)
{
	const struct bundle_object *x = bundle_object(b, i);
	struct digest have;
	uint64_t offset;
	size_t n;
	enum err e;

	bundle_part_range(b, i, k, &offset, &n);
	if (n == 0)
		return diag_set(d, ERR_MISSING, "no such part");
	e = length_check(part.n, n, d);
	if (e != ERR_OK)
		return e;
	have = digest_of(part);
	if (!digest_eq(&have, &x->parts[k]))
		return diag_at(d, ERR_HASH, (size_t)offset,
			"part %zu of object %zu is not what was signed", k, i);
	return ERR_OK;
}

enum err
bundle_part_verify(const struct bundle *b, size_t i, size_t k, struct span part,
	struct verified **out, struct diag *d)
{
	enum err e = part_check(b, i, k, part, d);

	*out = NULL;
	return e == ERR_OK ? verified_make(part, out) : e;
}

enum err
bundle_object_verify(const struct bundle *b, size_t i, struct span packed,
	struct verified **out, struct diag *d)
{
	const struct bundle_object *x = bundle_object(b, i);
	enum err e;
	size_t k;

	*out = NULL;
	if (x == NULL)
		return diag_set(d, ERR_MISSING, "no such object");
	e = length_check(packed.n, x->packed, d);
	for (k = 0; e == ERR_OK && k < x->n_parts; k++)
		e = part_check(b, i, k,
			span_sub(packed, k * LIMIT_PART, LIMIT_PART), d);
	return e == ERR_OK ? verified_make(packed, out) : e;
}

enum err
bundle_object_unpack(const struct bundle *b, size_t i,
	const struct verified *packed, const struct verified *dict,
	struct verified **out, struct diag *d)
{
	const struct bundle_object *x = bundle_object(b, i);
	struct span s = verified_bytes(packed);
	bool needs;
	enum err e;

	*out = NULL;
	if (x == NULL)
		return diag_set(d, ERR_MISSING, "no such object");
	e = length_check(s.n, x->packed, d);
	if (e != ERR_OK)
		return e;
	needs = x->dict >= 0 || x->base_bundle != NULL;
	if (needs && dict == NULL)
		return diag_set(d, ERR_MISSING,
			"its dictionary or earlier revision is not here");
	if (!needs && dict != NULL)
		return diag_set(d, ERR_FAILED, "it takes no dictionary");
	if (x->codec == BUNDLE_STORED)
		return verified_make(s, out);
	return inflate_exact(packed, 0, s.n, dict, x->unpacked, out, d);
}

struct digest
bundle_object_name(const struct digest *parts, size_t n)
{
	if (n == 1)
		return parts[0];
	return digest_of(span_of(parts, n * sizeof(*parts)));
}

/* ---- padding */

uint64_t
bundle_padded(uint64_t n)
{
	uint64_t p = BUNDLE_PADDED_MIN;

	while (p < n && p < UINT64_MAX / 2)
		p += (p + 3) / 4;
	return p < n ? n : p;
}

enum err
bundle_padding_check(const struct bundle *b, struct span tail, struct diag *d)
{
	size_t i, want = (size_t)(bundle_length(b) - b->content);

	if (tail.n != want)
		return diag_set(d, tail.n < want ? ERR_TRUNCATED : ERR_TRAILING,
			"%zu bytes of padding; %zu are due", tail.n, want);
	for (i = 0; i < tail.n; i++)
		if (tail.p[i] != 0)
			return diag_at(d, ERR_REFUSED, (size_t)b->content + i,
				"something hides in the padding");
	return ERR_OK;
}

/* ---- dictionaries */

enum err
bundle_dict_unpack(
	const struct verified *file, struct verified **out, struct diag *d)
{
	struct cursor c = {.in = verified_bytes(file)};
	struct span magic;
	uint32_t n;

	*out = NULL;
	if (cursor_take(&c, sizeof(BUNDLE_DICT_MAGIC) - 1, &magic) != ERR_OK ||
		!span_eq(magic, span_str(BUNDLE_DICT_MAGIC)))
		return diag_set(d, ERR_SYNTAX, "not a dictionary");
	if (cursor_u32(&c, &n) != ERR_OK)
		return diag_set(d, ERR_TRUNCATED, "dictionary cut short");
	if (n == 0 || n > LIMIT_DICT)
		return diag_set(d, ERR_LIMIT, "a dictionary of %lu bytes",
			(unsigned long)n);
	return inflate_exact(file, c.pos, cursor_left(&c), NULL, n, out, d);
}
