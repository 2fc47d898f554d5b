#include "ustar.h"

#include <string.h>

#include "limits.h"
#include "text.h"

/* IEEE 1003.1, pax, "ustar Interchange Format". */
struct field {
	size_t at, n;
};
static const struct field F_NAME = {0, 100}, F_MODE = {100, 8},
			  F_UID = {108, 8}, F_GID = {116, 8},
			  F_SIZE = {124, 12}, F_MTIME = {136, 12},
			  F_SUM = {148, 8}, F_LINK = {157, 100},
			  F_PREFIX = {345, 155}, F_REST = {500, 12};
#define TYPE 156
#define MAGIC 257

#define MAGIC_BYTES "ustar\00000" /* "ustar", NUL, version "00" */
#define SUM_END "\0 "		  /* behind six digits, as every tar does */
#define OCTAL_MAX 077777777777	  /* eleven digits and a NUL */

static void
octal_put(uint8_t *h, struct field f, uint64_t v)
{
	size_t i;

	for (i = f.n - 1; i-- > 0; v >>= 3)
		h[f.at + i] = (uint8_t)('0' + (v & 7));
	h[f.at + f.n - 1] = '\0';
}

/* Digits, then one or more NULs or spaces up to the end of the field. */
static enum err
octal_get(const uint8_t *h, struct field f, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	h += f.at;
	for (i = 0; i < f.n && h[i] >= '0' && h[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(h[i] - '0');
	if (i == 0 || i == f.n)
		return ERR_SYNTAX;
	for (; i < f.n; i++)
		if (h[i] != '\0' && h[i] != ' ')
			return ERR_SYNTAX;
	*out = v;
	return ERR_OK;
}

/* Sum of all bytes with the checksum field taken as spaces. */
static uint64_t
sum_of(const uint8_t *h)
{
	uint64_t sum = 8 * ' ';
	size_t i;

	for (i = 0; i < USTAR_BLOCK; i++)
		if (i < F_SUM.at || i >= F_SUM.at + F_SUM.n)
			sum += h[i];
	return sum;
}

static bool
zeros(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Where to cut a long name in two: at a '/' that leaves at most 100 bytes
 * behind it and 155 before. Returns its index, 0 when the name is short
 * enough whole, or the name's length when it cannot be cut. */
static size_t
name_cut(const char *name, size_t n)
{
	size_t i;

	if (n <= F_NAME.n)
		return 0;
	for (i = n - F_NAME.n - 1; i < n && i <= F_PREFIX.n; i++)
		if (name[i] == '/')
			return i;
	return n;
}

enum err
ustar_header(uint8_t out[static USTAR_BLOCK], const char *name, uint64_t size,
	int64_t mtime)
{
	size_t n = strlen(name), cut;

	if (!text_path_ok(span_str(name)))
		return ERR_REFUSED;
	cut = name_cut(name, n);
	if (cut == n || size > OCTAL_MAX || mtime < 0 || mtime > OCTAL_MAX)
		return ERR_LIMIT;
	memset(out, 0, USTAR_BLOCK);
	if (cut == 0) {
		memcpy(out, name, n);
	} else {
		memcpy(out, name + cut + 1, n - cut - 1);
		memcpy(out + F_PREFIX.at, name, cut);
	}
	octal_put(out, F_MODE, 0644);
	octal_put(out, F_UID, 0);
	octal_put(out, F_GID, 0);
	octal_put(out, F_SIZE, size);
	octal_put(out, F_MTIME, (uint64_t)mtime);
	out[TYPE] = '0';
	memcpy(out + MAGIC, MAGIC_BYTES, 8);
	octal_put(out, (struct field){F_SUM.at, 7}, sum_of(out));
	memcpy(out + F_SUM.at + 6, SUM_END, 2);
	return ERR_OK;
}

/* Append a text field: bytes up to the first NUL or its end, only zeros
 * after that NUL. */
static enum err
text_get(const uint8_t *h, struct field f, struct buf *b)
{
	const uint8_t *p = h + f.at, *nul = memchr(p, 0, f.n);
	size_t len = nul == NULL ? f.n : (size_t)(nul - p);

	if (!zeros(p + len, f.n - len))
		return ERR_SYNTAX;
	return buf_add(b, p, len);
}

static enum err
name_get(const uint8_t *h, char *out, struct diag *d)
{
	struct buf b;
	enum err e;
	char show[80];

	buf_init(&b, USTAR_NAME - 1);
	e = text_get(h, F_PREFIX, &b);
	if (e == ERR_OK && b.n > 0)
		e = buf_u8(&b, '/');
	if (e == ERR_OK)
		e = text_get(h, F_NAME, &b);
	if (e == ERR_SYNTAX)
		diag_set(d, e, "tar: bytes hidden behind a name");
	if (e == ERR_OK && !text_path_ok(buf_view(&b)))
		e = diag_set(d, ERR_REFUSED, "tar: '%s' is not a safe path",
			text_show(show, sizeof(show), buf_view(&b)));
	if (e == ERR_OK)
		memcpy(out, buf_cstr(&b), b.n + 1);
	buf_free(&b);
	return e;
}

enum err
ustar_read(const uint8_t block[static USTAR_BLOCK], struct ustar_entry *e,
	bool *end, struct diag *d)
{
	uint64_t sum;

	*e = (struct ustar_entry){.size = 0};
	*end = zeros(block, USTAR_BLOCK);
	if (*end)
		return ERR_OK;
	if (memcmp(block + MAGIC, MAGIC_BYTES, 8) != 0)
		return diag_set(d, ERR_SYNTAX,
			"tar: not the ustar format (tar --format=ustar)");
	if (octal_get(block, F_SUM, &sum) != ERR_OK || sum != sum_of(block) ||
		memcmp(block + F_SUM.at + 6, SUM_END, 2) != 0)
		return diag_set(d, ERR_SYNTAX, "tar: wrong header checksum");
	if (block[TYPE] != '0')
		return diag_set(
			d, ERR_REFUSED, "tar: only regular files are accepted");
	if (!zeros(block + F_LINK.at, F_LINK.n) ||
		!zeros(block + F_REST.at, F_REST.n))
		return diag_set(d, ERR_SYNTAX, "tar: unused fields are used");
	if (octal_get(block, F_SIZE, &e->size) != ERR_OK)
		return diag_set(d, ERR_SYNTAX, "tar: size is not octal");
	if (e->size > LIMIT_SHARE)
		return diag_set(d, ERR_LIMIT, "tar: a file over %zu bytes",
			LIMIT_SHARE);
	return name_get(block, e->name, d);
}

size_t
ustar_pad(uint64_t size)
{
	return (size_t)((USTAR_BLOCK - size % USTAR_BLOCK) % USTAR_BLOCK);
}
