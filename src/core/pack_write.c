/* Making m/now.pack: erika-press's half. */
#include "deflate.h"
#include "limits.h"
#include "pack.h"
#include "ustar.h"

static enum err
zeros_add(struct buf *b, size_t n)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && n-- > 0)
		e = buf_u8(b, 0);
	return e;
}

static enum err
file_add(struct buf *tar, const struct pack_file *f)
{
	uint8_t header[USTAR_BLOCK];
	enum err e = ustar_header(header, f->name, f->body.n, 0);

	if (e == ERR_OK)
		e = buf_add(tar, header, sizeof(header));
	if (e == ERR_OK)
		e = buf_span(tar, f->body);
	if (e == ERR_OK)
		e = zeros_add(tar, ustar_pad(f->body.n));
	return e;
}

enum err
pack_make(const struct pack_file *files, size_t n, struct buf *out)
{
	struct deflate *z = deflate_new(span_of(NULL, 0));
	struct buf tar, packed;
	size_t i;
	enum err e = z == NULL ? ERR_NOMEM : ERR_OK;

	buf_init(&tar, LIMIT_PACK_UNPACKED);
	buf_init(&packed, LIMIT_PACK - PACK_PREFIX);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = file_add(&tar, &files[i]);
	if (e == ERR_OK)
		e = zeros_add(&tar, USTAR_END);
	if (e == ERR_OK)
		e = deflate_pack(z, buf_view(&tar), &packed);
	if (e == ERR_OK)
		e = buf_reserve(out, PACK_PREFIX + packed.n);
	if (e == ERR_OK)
		e = buf_str(out, PACK_MAGIC);
	if (e == ERR_OK)
		e = buf_u32(out, (uint32_t)tar.n);
	if (e == ERR_OK)
		e = buf_span(out, buf_view(&packed));
	buf_free(&packed);
	buf_free(&tar);
	deflate_free(z);
	return e;
}
