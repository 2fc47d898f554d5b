#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	int status;
} table[ERR_COUNT] = {
	[ERR_OK] = {"done", 0},
	[ERR_FAILED] = {"failed", 1},
	[ERR_NOMEM] = {"out of memory", 1},
	[ERR_USAGE] = {"wrong usage", 2},
	[ERR_CONFIG] = {"wrong configuration", 2},
	[ERR_IO] = {"input or output failed", 1},
	[ERR_EXISTS] = {"already there", 1},
	[ERR_MISSING] = {"not found", 1},
	[ERR_SPACE] = {"no space left", 14},
	[ERR_CANCELLED] = {"cancelled", 1},
	[ERR_PARTIAL] = {"partly done", 3},
	[ERR_NETWORK] = {"no usable answer", 13},
	[ERR_TIMEOUT] = {"too slow", 13},
	[ERR_TRUNCATED] = {"cut short", 10},
	[ERR_TRAILING] = {"more bytes than announced", 10},
	[ERR_LIMIT] = {"over a limit", 15},
	[ERR_SYNTAX] = {"malformed", 15},
	[ERR_UNSUPPORTED] = {"not supported", 15},
	[ERR_REFUSED] = {"refused content", 15},
	[ERR_HASH] = {"tampered", 10},
	[ERR_SIGNATURE] = {"bad signature", 10},
	[ERR_KEY] = {"unknown key", 11},
	[ERR_EXPIRED] = {"expired", 12},
	[ERR_ROLLBACK] = {"rolled back", 12},
	[ERR_MIXED] = {"mixed versions", 10},
	[ERR_SPLIT] = {"two heads of one version", 12},
};

const char *
err_str(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		return "unknown error";
	return table[e].text;
}

int
err_exit(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		return 1;
	return table[e].status;
}

static void
diag_vset(struct diag *d, enum err e, size_t offset, const char *fmt,
	va_list ap)
{
	if (d == NULL)
		return;
	d->code = e;
	d->offset = offset;
	if (vsnprintf(d->why, sizeof(d->why), fmt, ap) < 0)
		d->why[0] = '\0';
}

enum err
diag_set(struct diag *d, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vset(d, e, 0, fmt, ap);
	va_end(ap);
	return e;
}

enum err
diag_at(struct diag *d, enum err e, size_t offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vset(d, e, offset, fmt, ap);
	va_end(ap);
	return e;
}

enum err
diag_prefix(struct diag *d, enum err e, const char *fmt, ...)
{
	char old[sizeof(d->why)];
	va_list ap;
	size_t n;
	int k;

	if (d == NULL)
		return e;
	memcpy(old, d->why, sizeof(old));
	va_start(ap, fmt);
	k = vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
	n = k < 0 ? 0 : (size_t)k;
	if (n + 3 < sizeof(d->why))
		snprintf(d->why + n, sizeof(d->why) - n, ": %.*s",
			(int)(sizeof(d->why) - n - 3), old);
	return d->code;
}
