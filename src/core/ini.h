/* Strict INI, read from bytes: sections, keys, values; everything unknown is
 * an error with its line. The one format of every file people write here. */
#ifndef ERIKA_INI_H
#define ERIKA_INI_H

#include "bytes.h"
#include "err.h"

/* Called for each "key = value" in order; strings are trimmed, valid during
 * the call. `section` is "" before the first header, `label` is the quoted
 * part of [section "label"] or "". Return an error (with `d` filled by
 * diag_set, without the line number) to stop. An unknown key must be an
 * error: ERR_CONFIG. */
typedef enum err ini_fn(void *arg, const char *section, const char *label,
	const char *key, const char *value, struct diag *d);

/* Parse. Lines: blank, "# ..." or "; ..." comments (also after a value when
 * preceded by white space), [section], [section "label"], key = value. No
 * escapes, no continuation. `file` is used in errors only. Refused: over
 * LIMIT_CONFIG or LIMIT_CONFIG_LINE, bad UTF-8, control characters, a key
 * twice in one section of one label. ERR_CONFIG with "FILE:LINE: ..." in
 * `d`. */
enum err ini_parse(struct span s, const char *file, ini_fn *fn, void *arg,
	struct diag *d) ERR_MUST_USE;

/* For an ini_fn: ERR_CONFIG, unknown key, and which of `names`, parted by
 * single spaces, it may have been meant to be. */
enum err ini_unknown(
	const char *key, const char *names, struct diag *d) ERR_MUST_USE;

#endif
