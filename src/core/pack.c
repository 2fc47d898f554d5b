#include "pack.h"

#define ZLIB_CONST
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "limits.h"
#include "text.h"
#include "ustar.h"

struct pack {
	struct buf tar;
	struct pack_file *files;
	size_t n, cap;
};

/* The one place that inflates what nobody signed: into a buffer of the
 * announced size, which is capped, and not a byte further. inflate.c would
 * want verified bytes, and there are none yet. */
static enum err
unpack(struct span in, size_t size, struct buf *out, struct diag *d)
{
	z_stream z = {0};
	int status;
	enum err e = buf_reserve(out, size + 1);

	if (e != ERR_OK || inflateInit2(&z, -15) != Z_OK)
		return diag_set(d, ERR_NOMEM, "out of memory");
	z.next_in = in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = out->p;
	z.avail_out = (uInt)size + 1;
	status = inflate(&z, Z_FINISH);
	if (z.total_out > size)
		e = diag_set(
			d, ERR_TRAILING, "the pack holds more than it says");
	else if (status == Z_DATA_ERROR)
		e = diag_set(d, ERR_SYNTAX, "the pack is not deflated");
	else if (status != Z_STREAM_END || z.total_out < size)
		e = diag_set(d, ERR_TRUNCATED, "the pack is cut short");
	else if (z.avail_in > 0)
		e = diag_set(d, ERR_TRAILING, "bytes after the pack's end");
	inflateEnd(&z);
	if (e == ERR_OK)
		out->n = size;
	out->p[out->n] = '\0';
	return e;
}

static enum err
files_add(struct pack *p, const char *name, struct span body)
{
	size_t cap = p->cap == 0 ? 16 : 2 * p->cap;
	struct pack_file *more;
	char *copy;

	if (p->n == p->cap) {
		more = realloc(p->files, cap * sizeof(*more));
		if (more == NULL)
			return ERR_NOMEM;
		p->files = more;
		p->cap = cap;
	}
	copy = strdup(name);
	if (copy == NULL)
		return ERR_NOMEM;
	p->files[p->n++] = (struct pack_file){.name = copy, .body = body};
	return ERR_OK;
}

/* One member at the cursor. */
static enum err
member_read(struct pack *p, struct cursor *c, bool *end, struct diag *d)
{
	struct ustar_entry entry;
	struct span block, body, pad;
	enum err e = cursor_take(c, USTAR_BLOCK, &block);

	if (e == ERR_OK)
		e = ustar_read(block.p, &entry, end, d);
	else
		return diag_set(d, e, "the pack has no end");
	if (e != ERR_OK || *end)
		return e;
	if (entry.size > cursor_left(c) ||
		cursor_take(c, (size_t)entry.size, &body) != ERR_OK ||
		cursor_take(c, ustar_pad(entry.size), &pad) != ERR_OK)
		return diag_set(
			d, ERR_TRUNCATED, "a file of the pack is cut short");
	return files_add(p, entry.name, body);
}

static int
file_order(const void *a, const void *b)
{
	return strcmp(((const struct pack_file *)a)->name,
		((const struct pack_file *)b)->name);
}

static enum err
index_make(struct pack *p, struct diag *d)
{
	struct cursor c = {.in = buf_view(&p->tar)};
	bool end = false;
	enum err e = ERR_OK;
	size_t i;

	while (e == ERR_OK && !end)
		e = member_read(p, &c, &end, d);
	if (e != ERR_OK)
		return e;
	if (p->n == 0)
		return ERR_OK;
	qsort(p->files, p->n, sizeof(*p->files), file_order);
	for (i = 1; i < p->n; i++)
		if (strcmp(p->files[i - 1].name, p->files[i].name) == 0)
			return diag_set(d, ERR_REFUSED,
				"%s is in the pack twice", p->files[i].name);
	return ERR_OK;
}

enum err
pack_open(struct span packed, struct pack **out, struct diag *d)
{
	struct cursor c = {.in = packed};
	struct span magic;
	struct pack *p;
	uint32_t size = 0;
	enum err e;

	*out = NULL;
	if (packed.n > LIMIT_PACK)
		return diag_set(d, ERR_LIMIT, "a pack over %zu bytes",
			(size_t)LIMIT_PACK);
	if (cursor_take(&c, sizeof(PACK_MAGIC) - 1, &magic) != ERR_OK ||
		!span_eq(magic, span_str(PACK_MAGIC)))
		return diag_set(d, ERR_SYNTAX, "not a pack");
	if (cursor_u32(&c, &size) != ERR_OK)
		return diag_set(d, ERR_TRUNCATED, "the pack is cut short");
	if (size > LIMIT_PACK_UNPACKED)
		return diag_set(d, ERR_LIMIT, "a pack of %lu bytes unpacked",
			(unsigned long)size);
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	buf_init(&p->tar, LIMIT_PACK_UNPACKED + 1);
	e = unpack(span_sub(packed, c.pos, packed.n), size, &p->tar, d);
	if (e == ERR_OK)
		e = index_make(p, d);
	if (e != ERR_OK) {
		pack_free(p);
		return e;
	}
	*out = p;
	return ERR_OK;
}

void
pack_free(struct pack *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++)
		free((char *)(uintptr_t)p->files[i].name);
	free(p->files);
	buf_free(&p->tar);
	free(p);
}

bool
pack_find(const struct pack *p, const char *name, struct span *body)
{
	struct pack_file key = {.name = name}, *f;

	if (p == NULL || p->n == 0)
		return false;
	f = bsearch(&key, p->files, p->n, sizeof(key), file_order);
	if (f == NULL)
		return false;
	*body = f->body;
	return true;
}

const struct pack_file *
pack_file(const struct pack *p, size_t i)
{
	return i < p->n ? &p->files[i] : NULL;
}
