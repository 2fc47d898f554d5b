#include "png_write.h"

#include <zlib.h>

#include "../core/limits.h"

static enum err
chunk_add(struct buf *out, const char name[static 4], struct span s)
{
	uLong crc = crc32(crc32(0, (const Bytef *)name, 4), s.p, (uInt)s.n);
	enum err e = buf_u32(out, (uint32_t)s.n);

	if (e == ERR_OK)
		e = buf_span(out, span_of(name, 4));
	if (e == ERR_OK)
		e = buf_span(out, s);
	return e == ERR_OK ? buf_u32(out, (uint32_t)crc) : e;
}

/* Each line begins with its filter: none. */
static enum err
lines_pack(struct span rows, size_t step, struct buf *out)
{
	uLongf size;
	struct buf raw;
	size_t at;
	enum err e = ERR_OK;

	buf_init(&raw, 2 * LIMIT_MIB);
	for (at = 0; e == ERR_OK && at < rows.n; at += step) {
		e = buf_u8(&raw, 0);
		if (e == ERR_OK)
			e = buf_span(&raw, span_sub(rows, at, step));
	}
	size = compressBound(raw.n);
	if (e == ERR_OK)
		e = buf_reserve(out, size);
	if (e == ERR_OK && compress2(out->p, &size, raw.p, raw.n, 9) != Z_OK)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		out->n = size;
	buf_free(&raw);
	return e;
}

enum err
png_write(struct span rows, unsigned width, unsigned height, struct buf *out)
{
	/* One bit of grey, and the only methods there are. */
	static const uint8_t tail[] = {1, 0, 0, 0, 0};
	size_t step = ((size_t)width + 7) / 8;
	struct buf head, packed;
	enum err e;

	if (width == 0 || height == 0 || rows.n / step != height ||
		rows.n % step != 0)
		return ERR_SYNTAX;
	buf_init(&head, 13);
	buf_init(&packed, 2 * LIMIT_MIB);
	e = lines_pack(rows, step, &packed);
	if (e == ERR_OK)
		e = buf_u32(&head, width);
	if (e == ERR_OK)
		e = buf_u32(&head, height);
	if (e == ERR_OK)
		e = buf_add(&head, tail, sizeof(tail));
	if (e == ERR_OK)
		e = buf_add(out, "\x89PNG\r\n\x1a\n", 8);
	if (e == ERR_OK)
		e = chunk_add(out, "IHDR", buf_view(&head));
	if (e == ERR_OK)
		e = chunk_add(out, "IDAT", buf_view(&packed));
	if (e == ERR_OK)
		e = chunk_add(out, "IEND", span_of("", 0));
	buf_free(&head);
	buf_free(&packed);
	return e;
}
