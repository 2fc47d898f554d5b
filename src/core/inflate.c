#include "inflate.h"

#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "limits.h"
#include "verified_make.h"

/* What the finished or stuck stream means for the caller. */
static enum err
judge(const z_stream *z, int status, size_t exact, struct diag *d)
{
	if (status == Z_MEM_ERROR)
		return ERR_NOMEM;
	if (z->total_out > exact)
		return diag_set(d, ERR_TRAILING,
			"it unpacks to more than the %zu bytes signed", exact);
	if (status == Z_DATA_ERROR)
		return diag_at(
			d, ERR_SYNTAX, z->total_in, "not a deflate stream");
	if (status != Z_STREAM_END || z->total_out < exact)
		return diag_set(d, ERR_TRUNCATED,
			"it unpacks to less than the %zu bytes signed", exact);
	if (z->avail_in > 0)
		return diag_at(d, ERR_TRAILING, z->total_in,
			"bytes after the end of the deflate stream");
	return ERR_OK;
}

static enum err
stream_run(struct span in, struct span dict, size_t exact, struct buf *out,
	struct diag *d)
{
	z_stream z = {0};
	int status;
	enum err e;

	if (inflateInit2(&z, -15) != Z_OK)
		return ERR_NOMEM;
	z.next_in = in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = out->p;
	/* One byte of room too many shows a stream that is too long. */
	z.avail_out = (uInt)(exact + 1);
	status = Z_OK;
	if (dict.n > 0)
		status = inflateSetDictionary(&z, dict.p, (uInt)dict.n);
	if (status == Z_OK)
		status = inflate(&z, Z_FINISH);
	e = judge(&z, status, exact, d);
	inflateEnd(&z);
	return e;
}

enum err
inflate_exact(const struct verified *packed, size_t at, size_t n,
	const struct verified *dict, size_t exact, struct verified **out,
	struct diag *d)
{
	struct span in = verified_bytes(packed), preset = span_of(NULL, 0);
	struct buf b;
	enum err e;

	*out = NULL;
	if (at > in.n || n > in.n - at || n > UINT_MAX || exact >= UINT_MAX)
		return diag_set(d, ERR_LIMIT, "range outside the packed bytes");
	if (n == 0)
		return diag_set(d, ERR_TRUNCATED, "no packed bytes");
	if (dict != NULL)
		preset = verified_bytes(dict);
	if (preset.n > LIMIT_DICT)
		preset = span_sub(preset, preset.n - LIMIT_DICT, LIMIT_DICT);
	buf_init(&b, exact + 1);
	e = buf_reserve(&b, exact + 1);
	if (e == ERR_OK)
		e = stream_run(span_sub(in, at, n), preset, exact, &b, d);
	if (e == ERR_OK) {
		b.n = exact;
		b.p[b.n] = '\0';
		e = verified_take(&b, out);
	}
	if (e == ERR_NOMEM)
		diag_set(d, e, "out of memory for %zu bytes", exact);
	buf_free(&b);
	return e;
}
