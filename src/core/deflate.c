#include "deflate.h"

#define ZLIB_CONST
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "limits.h"

/* Measured on news in English and Russian with a 32 KB dictionary: level 9 is
 * 0.3 and 2.7 % smaller than level 6 at 0.7 and 0.4 of its speed (12 and 6.5
 * MB/s), level 8 gives the same bytes no faster, and memLevel 9 none fewer
 * than 8. */
#define LEVEL 9
#define MEM_LEVEL 8

/* The blocks of a stream, kept for the next one: a copy of the primed state
 * costs 270 KB, which fresh from the system would be a third of the time that
 * an article takes. A deflate stream has five; two streams live at a time. */
#define BLOCKS 10
struct block {
	void *p;
	size_t n;
	bool busy;
};

struct deflate {
	z_stream primed; /* the dictionary hashed, nothing packed yet */
	struct block blocks[BLOCKS];
};

static void *
block_get(void *opaque, uInt items, uInt size)
{
	struct deflate *z = opaque;
	size_t i, n = (size_t)items * size;
	struct block *free_slot = NULL;

	for (i = 0; i < BLOCKS; i++) {
		struct block *b = &z->blocks[i];

		if (b->p == NULL)
			free_slot = b;
		else if (!b->busy && b->n == n) {
			b->busy = true;
			return b->p;
		}
	}
	if (free_slot == NULL)
		return NULL;
	*free_slot = (struct block){.p = malloc(n), .n = n, .busy = true};
	return free_slot->p;
}

static void
block_put(void *opaque, void *p)
{
	struct deflate *z = opaque;
	size_t i;

	for (i = 0; i < BLOCKS; i++)
		if (z->blocks[i].p == p)
			z->blocks[i].busy = false;
}

struct deflate *
deflate_new(struct span dict)
{
	struct deflate *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return NULL;
	z->primed.zalloc = block_get;
	z->primed.zfree = block_put;
	z->primed.opaque = z;
	if (dict.n > LIMIT_DICT)
		dict = span_sub(dict, dict.n - LIMIT_DICT, LIMIT_DICT);
	if (deflateInit2(&z->primed, LEVEL, Z_DEFLATED, -15, MEM_LEVEL,
		    Z_DEFAULT_STRATEGY) != Z_OK ||
		(dict.n > 0 && deflateSetDictionary(&z->primed, dict.p,
				       (uInt)dict.n) != Z_OK)) {
		deflate_free(z);
		return NULL;
	}
	return z;
}

void
deflate_free(struct deflate *z)
{
	size_t i;

	if (z == NULL)
		return;
	deflateEnd(&z->primed);
	for (i = 0; i < BLOCKS; i++)
		free(z->blocks[i].p);
	free(z);
}

enum err
deflate_pack(struct deflate *z, struct span raw, struct buf *out)
{
	z_stream s;
	size_t room;
	int status;
	enum err e = ERR_OK;

	if (raw.n > UINT_MAX / 2)
		return ERR_LIMIT;
	if (deflateCopy(&s, &z->primed) != Z_OK)
		return ERR_NOMEM;
	room = deflateBound(&s, (uLong)raw.n);
	if (room > out->max - out->n)
		room = out->max - out->n;
	e = buf_reserve(out, room);
	if (e != ERR_OK)
		goto out;
	s.next_in = raw.p;
	s.avail_in = (uInt)raw.n;
	s.next_out = out->p + out->n;
	/* zlib says that it is done only with a byte to spare: that of the
	 * NUL. One call does it all, so that the bytes do not depend on how
	 * the output happened to be cut. */
	s.avail_out = (uInt)room + 1;
	status = deflate(&s, Z_FINISH);
	if (status == Z_STREAM_END && s.total_out <= room)
		out->n += s.total_out;
	else
		e = ERR_LIMIT;
	out->p[out->n] = '\0';
out:
	deflateEnd(&s);
	return e;
}
