#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "../core/limits.h"
#include "../core/text.h"

/* Where pages say what they are: browsers look at 1,024 bytes. */
#define PRESCAN 4096

/* Labels of the Encoding Standard that news sites still use, and the name
 * that iconv has for what they mean. */
static const struct {
	const char *label, *name;
} labels[] = {
	{"windows-1251", "CP1251"},
	{"cp1251", "CP1251"},
	{"cp-1251", "CP1251"},
	{"x-cp1251", "CP1251"},
	{"koi8-r", "KOI8-R"},
	{"koi8", "KOI8-R"},
	{"koi8-u", "KOI8-U"},
	{"cp866", "CP866"},
	{"ibm866", "CP866"},
	{"iso-8859-5", "ISO-8859-5"},
	{"windows-1252", "CP1252"},
	{"iso-8859-1", "CP1252"},
	{"latin1", "CP1252"},
	{"us-ascii", "CP1252"},
	{"ascii", "CP1252"},
	{"windows-1250", "CP1250"},
	{"iso-8859-2", "ISO-8859-2"},
	{"windows-1253", "CP1253"},
	{"iso-8859-7", "ISO-8859-7"},
	{"windows-1254", "CP1254"},
	{"iso-8859-9", "CP1254"},
	{"windows-1255", "CP1255"},
	{"iso-8859-8", "ISO-8859-8"},
	{"windows-1256", "CP1256"},
	{"iso-8859-6", "ISO-8859-6"},
	{"windows-1257", "CP1257"},
	{"windows-1258", "CP1258"},
	{"iso-8859-15", "ISO-8859-15"},
	{"gb2312", "GBK"},
	{"gbk", "GBK"},
	{"gb18030", "GB18030"},
	{"big5", "BIG5"},
	{"shift_jis", "CP932"},
	{"shift-jis", "CP932"},
	{"x-sjis", "CP932"},
	{"euc-jp", "EUC-JP"},
	{"euc-kr", "CP949"},
	{"ks_c_5601-1987", "CP949"},
	{"windows-874", "CP874"},
	{"tis-620", "CP874"},
	{"utf-16", "UTF-16LE"},
	{"utf-16le", "UTF-16LE"},
	{"utf-16be", "UTF-16BE"},
};

#define LABELS (sizeof(labels) / sizeof(labels[0]))

void
charset_prepare(void)
{
	size_t i;

	/* Never closed: an open one keeps its table in memory. */
	for (i = 0; i < LABELS; i++)
		(void)!iconv_open("UTF-8", labels[i].name);
}

static bool
label_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-_:.", c));
}

/* The label after "charset" or "encoding", '=' and perhaps a quote. */
static bool
find_label(struct span in, const char *key, char *out, size_t size)
{
	size_t n = strlen(key), i, k;

	for (i = 0; i + n < in.n; i++) {
		if (strncasecmp((const char *)in.p + i, key, n) != 0)
			continue;
		k = i + n;
		while (k < in.n && strchr(" \t\r\n", in.p[k]) && in.p[k])
			k++;
		if (k == in.n || in.p[k] != '=')
			continue;
		for (k++; k < in.n && in.p[k] && strchr(" \t\"'", in.p[k]);)
			k++;
		for (n = 0; k < in.n && label_byte(in.p[k]) && n + 1 < size;)
			out[n++] = (char)in.p[k++];
		out[n] = '\0';
		return n > 0;
	}
	return false;
}

static bool
declared(struct span in, char *out, size_t size)
{
	struct span head = span_sub(in, 0, PRESCAN);

	if (span_starts(head, span_str("<?xml"))) {
		const uint8_t *end = memchr(head.p, '>', head.n);

		if (end != NULL)
			head.n = (size_t)(end - head.p);
		return find_label(head, "encoding", out, size);
	}
	return find_label(head, "charset", out, size);
}

/* U+FFFD for what is not a character: seen in the preview, never a guess. */
static enum err
add_bad(struct buf *tmp)
{
	return buf_add(tmp, "\xef\xbf\xbd", 3);
}

static enum err
convert(struct span in, const char *from, struct buf *tmp)
{
	iconv_t cd = iconv_open("UTF-8", from);
	char *src = (char *)(uintptr_t)in.p, *dst;
	size_t left = in.n, room;
	enum err e = ERR_OK;

	if (cd == (iconv_t)-1)
		return ERR_UNSUPPORTED;
	while (e == ERR_OK && left > 0) {
		size_t want = left < 4096 ? 4 * left : left + left / 2;

		e = buf_reserve(tmp, want);
		if (e != ERR_OK)
			break;
		dst = (char *)tmp->p + tmp->n;
		room = want;
		errno = 0;
		if (iconv(cd, &src, &left, &dst, &room) == (size_t)-1 &&
			errno != E2BIG) {
			tmp->n += want - room;
			e = add_bad(tmp);
			src++;
			left--;
			continue;
		}
		tmp->n += want - room;
	}
	iconv_close(cd);
	return e;
}

/* Bad UTF-8 mended, NULs left out. */
static enum err
mend(struct span in, struct buf *tmp)
{
	struct cursor c = {.in = in};
	enum err e = ERR_OK;
	size_t from = 0;
	uint32_t cp;

	while (e == ERR_OK && cursor_left(&c) > 0) {
		size_t at = c.pos;
		bool bad = text_utf8_next(&c, &cp) != ERR_OK;

		if (!bad && cp != 0)
			continue;
		if (bad)
			c.pos++;
		e = buf_add(tmp, in.p + from, at - from);
		/* One mark for a run of stray bytes. */
		if (e == ERR_OK && bad && (from != at || at == 0))
			e = add_bad(tmp);
		from = c.pos;
	}
	if (e == ERR_OK)
		e = buf_add(tmp, in.p + from, in.n - from);
	return e;
}

static enum err
finish(enum err e, const struct buf *tmp, struct span *out, struct diag *d)
{
	if (e != ERR_OK)
		return diag_set(d, e, "%s", err_str(e));
	*out = buf_view(tmp);
	return ERR_OK;
}

enum err
charset_utf8(struct span in, struct buf *tmp, struct span *out, struct diag *d)
{
	char label[32] = "";
	enum err e;
	size_t i;

	if (span_starts(in, span_str("\xef\xbb\xbf")))
		in = span_sub(in, 3, in.n);
	if (span_starts(in, span_of("\xff\xfe", 2)) ||
		span_starts(in, span_of("\xfe\xff", 2))) {
		e = convert(span_sub(in, 2, in.n),
			in.p[0] == 0xff ? "UTF-16LE" : "UTF-16BE", tmp);
		return finish(e, tmp, out, d);
	}
	if (text_utf8_valid(in)) {
		if (in.n == 0 || memchr(in.p, 0, in.n) == NULL) {
			*out = in;
			return ERR_OK;
		}
		return finish(mend(in, tmp), tmp, out, d);
	}
	if (!declared(in, label, sizeof(label)))
		return diag_set(d, ERR_SYNTAX,
			"not UTF-8, and it does not say what it is in");
	if (strcasecmp(label, "utf-8") == 0 || strcasecmp(label, "utf8") == 0)
		return finish(mend(in, tmp), tmp, out, d);
	for (i = 0; i < LABELS; i++)
		if (strcasecmp(label, labels[i].label) == 0)
			break;
	e = i == LABELS ? ERR_UNSUPPORTED : convert(in, labels[i].name, tmp);
	if (e == ERR_UNSUPPORTED)
		return diag_set(d, e, "unknown encoding \"%s\"", label);
	return finish(e, tmp, out, d);
}
