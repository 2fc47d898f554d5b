#include "press_qr.h"

#include <qrencode.h>
#include <stdlib.h>

#include "../core/limits.h"
#include "../ingest/png_write.h"

struct qr {
	QRcode *code;
};

enum err
qr_new(struct span text, struct qr **out, struct diag *d)
{
	struct qr *q = calloc(1, sizeof(*q));

	*out = NULL;
	/* The longest that version 40 holds at level M: ISO/IEC 18004. */
	if (q != NULL && text.n > 2331) {
		free(q);
		return diag_set(d, ERR_LIMIT,
			"the link is too long for a QR code; name fewer "
			"mirrors");
	}
	if (q != NULL)
		q->code =
			QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_M);
	if (q == NULL || q->code == NULL) {
		free(q);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	*out = q;
	return ERR_OK;
}

void
qr_free(struct qr *q)
{
	if (q == NULL)
		return;
	QRcode_free(q->code);
	free(q);
}

unsigned
qr_columns(const struct qr *q)
{
	return (unsigned)q->code->width + 2 * QR_QUIET;
}

/* Whether a module is dark; all outside of the code are light. */
static bool
is_dark(const struct qr *q, unsigned x, unsigned y)
{
	unsigned n = (unsigned)q->code->width;

	if (x < QR_QUIET || y < QR_QUIET || x - QR_QUIET >= n ||
		y - QR_QUIET >= n)
		return false;
	return (q->code->data[(y - QR_QUIET) * n + x - QR_QUIET] & 1) != 0;
}

/* Two modules above each other are one character. */
enum err
qr_text(const struct qr *q, bool colors, bool dark_text, struct buf *out)
{
	static const char *const blocks[4] = {
		" ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"};
	bool ink = colors || dark_text;
	unsigned x, y, n = qr_columns(q);
	enum err e = ERR_OK;

	for (y = 0; e == ERR_OK && y < n; y += 2) {
		if (colors)
			e = buf_str(out, "\033[30;107m");
		for (x = 0; e == ERR_OK && x < n; x++) {
			bool above = is_dark(q, x, y) == ink;
			/* An odd last line has nothing below it. */
			bool below =
				y + 1 < n ? is_dark(q, x, y + 1) == ink : !ink;

			e = buf_str(out, blocks[2 * above + below]);
		}
		if (e == ERR_OK)
			e = buf_str(out, colors ? "\033[0m\n" : "\n");
	}
	return e;
}

/* One path, a rectangle for each run of dark modules. */
enum err
qr_svg(const struct qr *q, struct buf *out)
{
	unsigned x, y, end, n = qr_columns(q);
	enum err e = buf_printf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%umm\" "
		"height=\"%umm\" viewBox=\"0 0 %u %u\" "
		"shape-rendering=\"crispEdges\">\n"
		"<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n"
		"<path d=\"",
		n, n, n, n, n, n);

	for (y = 0; e == ERR_OK && y < n; y++)
		for (x = 0; e == ERR_OK && x < n; x = end + 1) {
			for (end = x; end < n && is_dark(q, end, y); end++)
				;
			if (end > x)
				e = buf_printf(out, "M%u %uh%uv1H%uz", x, y,
					end - x, x);
		}
	return e == ERR_OK ? buf_str(out, "\"/>\n</svg>\n") : e;
}

/* One line of pixels, eight to a byte; set is dark, or light. */
static enum err
row_add(const struct qr *q, unsigned y, unsigned scale, bool dark,
	struct buf *out)
{
	unsigned x, bits = 0, n = qr_columns(q) * scale;
	enum err e = ERR_OK;

	for (x = 0; e == ERR_OK && x < n; x++) {
		bits = bits << 1 | (is_dark(q, x / scale, y / scale) == dark);
		if (x + 1 == n)
			bits <<= 7 - x % 8;
		if (x % 8 == 7 || x + 1 == n)
			e = buf_u8(out, (uint8_t)(bits & 0xff));
	}
	return e;
}

enum err
qr_pbm(const struct qr *q, unsigned scale, struct buf *out)
{
	unsigned y, n = qr_columns(q) * scale;
	enum err e = buf_printf(out, "P4\n%u %u\n", n, n);

	for (y = 0; e == ERR_OK && y < n; y++)
		e = row_add(q, y, scale, true, out);
	return e;
}

enum err
qr_png(const struct qr *q, unsigned scale, struct buf *out)
{
	unsigned y, n = qr_columns(q) * scale;
	enum err e = ERR_OK;
	struct buf rows;

	buf_init(&rows, LIMIT_MIB);
	for (y = 0; e == ERR_OK && y < n; y++)
		e = row_add(q, y, scale, false, &rows);
	if (e == ERR_OK)
		e = png_write(buf_view(&rows), n, n, out);
	buf_free(&rows);
	return e;
}
