/* A QR code of a link: on a terminal, or as a picture for print and screen. */
#ifndef ERIKA_PRESS_QR_H
#define ERIKA_PRESS_QR_H

#include <stdbool.h>

#include "../core/bytes.h"
#include "../core/err.h"

/* Modules of light around it, which scanners need (ISO/IEC 18004: 4). */
#define QR_QUIET 4

struct qr; /* its modules */

/* Make it, with a fifth of it spare against dirt and folds (level M). ERR_LIMIT
 * when the text is too long for any, ERR_NOMEM. */
enum err qr_new(struct span text, struct qr **out, struct diag *d) ERR_MUST_USE;
void qr_free(struct qr *q);

/* Columns that it takes on a terminal; half as many lines. */
unsigned qr_columns(const struct qr *q);

/* Append it in half blocks. With colours it is black on white on any
 * terminal; without, light is what is written, as on a dark terminal, or dark
 * is when `dark_text` says that the terminal is a light one. */
enum err qr_text(const struct qr *q, bool colors, bool dark_text,
	struct buf *out) ERR_MUST_USE;

/* Append it as a picture: SVG 1.1, or a portable bitmap or a PNG of `scale`
 * pixels a module. */
enum err qr_svg(const struct qr *q, struct buf *out) ERR_MUST_USE;
enum err qr_pbm(
	const struct qr *q, unsigned scale, struct buf *out) ERR_MUST_USE;
enum err qr_png(
	const struct qr *q, unsigned scale, struct buf *out) ERR_MUST_USE;

#endif
