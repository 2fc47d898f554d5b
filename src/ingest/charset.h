/* Whatever a page or a feed is written in, as UTF-8. */
#ifndef ERIKA_CHARSET_H
#define ERIKA_CHARSET_H

#include "../core/bytes.h"
#include "../core/err.h"

/* Give `in` as UTF-8 without byte order mark or NUL: *out is `in` itself or
 * lies in `tmp`. What is valid UTF-8 is UTF-8, whatever it says; else the
 * byte order mark, <meta charset> or the XML declaration decides; without
 * any, ERR_SYNTAX, since a guess would be signed. ERR_UNSUPPORTED for an
 * unknown encoding, ERR_LIMIT, ERR_NOMEM. */
enum err charset_utf8(struct span in, struct buf *tmp, struct span *out,
	struct diag *d) ERR_MUST_USE;

/* Load all tables now, since later no file can be opened. They stay loaded
 * until the process ends. For a child process alone. */
void charset_prepare(void);

#endif
