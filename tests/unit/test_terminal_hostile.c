/* The terminal view: nothing a terminal obeys comes out, whatever goes in, and
 * time grows as the text does. */
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/read/terminal.h"
#include "../../src/read/wrap.h"
#include "../lib/tap.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct diag diag;

static enum err
render(struct span xml, unsigned width, bool color, struct buf *out)
{
	struct digest name = digest_of(xml);
	struct terminal_style style = {.width = width, .color = color};
	struct verified *v;
	enum err e = verified_again(xml, &name, &v);

	memset(&diag, 0, sizeof(diag));
	if (e == ERR_OK)
		e = terminal_render(v, &style, out, &diag);
	verified_free(v);
	return e;
}

/* ---- what elements look like */

/* Whether a terminal may have these bytes: no code point is forbidden, but
 * for our own SGR sequences when `sgr`. */
static bool
harmless(struct span s, bool sgr)
{
	struct cursor c = {.in = s};
	uint32_t cp;

	while (cursor_left(&c) > 0) {
		if (text_utf8_next(&c, &cp) != ERR_OK)
			return false;
		if (cp == 0x1b && sgr) {
			if (text_utf8_next(&c, &cp) != ERR_OK || cp != '[')
				return false;
			do
				if (text_utf8_next(&c, &cp) != ERR_OK)
					return false;
			while ((cp >= '0' && cp <= '9') || cp == ';');
			if (cp != 'm')
				return false;
		} else if (text_forbidden(cp) || cp == '\t')
			return false;
	}
	return true;
}

/* UTF-8 of any number, surrogates too, as a liar would write it. */
static size_t
encode(uint32_t cp, char out[static 5])
{
	struct buf b;
	size_t n;

	if (cp >= 0xd800 && cp <= 0xdfff) {
		out[0] = (char)0xed;
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		out[3] = '\0';
		return 3;
	}
	buf_init(&b, 4);
	n = text_utf8_add(&b, cp) == ERR_OK ? b.n : 0;
	memcpy(out, b.p, n);
	out[n] = '\0';
	buf_free(&b);
	return n;
}

/* Put the code point where text can be: between tags and in a title; for the
 * first ones, in an alternative text too. */
static enum err
place(struct buf *in, const char *s, size_t n, uint32_t cp)
{
	int k = (int)n;
	enum err e = buf_str(in, "<p>x");

	/* NUL is one of them. */
	if (e == ERR_OK)
		e = buf_add(in, s, n);
	if (e == ERR_OK)
		e = buf_str(in, "y</p>");
	if (cp == '\t' || cp == '\n' || text_forbidden(cp) || e != ERR_OK)
		return e;
	e = buf_printf(in, "<abbr title=\"x%.*s\">z</abbr>", k, s);
	if (cp >= 0x800 || e != ERR_OK)
		return e;
	return buf_printf(in, "<img src=\"" HEX "\" alt=\"x%.*s\"/>", k, s);
}

static void
test_code_points(void)
{
	struct buf in, out;
	uint32_t cp;
	unsigned refused = 0, shown = 0, wrong = 0, batch = 0;
	char s[5];
	size_t n;

	buf_init(&in, LIMIT_TEXT);
	buf_init(&out, 16 * LIMIT_TEXT);
	for (cp = 0; cp <= 0x10ffff; cp++) {
		n = encode(cp, s);
		buf_clear(&out);
		if (terminal_line(span_of(s, n), 0, &out) != ERR_OK ||
			!harmless(buf_view(&out), false) ||
			memchr(out.p, '\n', out.n) != NULL || out.n == 0)
			wrong++;
		if (text_forbidden(cp) || (cp >= 0xd800 && cp <= 0xdfff)) {
			/* Each alone: all of them are refused. */
			struct buf one;

			buf_init(&one, 1000);
			buf_clear(&out);
			if (buf_str(&one, "<article>") != ERR_OK ||
				place(&one, s, n, cp) != ERR_OK ||
				buf_str(&one, "</article>") != ERR_OK ||
				render(buf_view(&one), 40, false, &out) ==
					ERR_OK ||
				out.n != 0 ||
				!harmless(span_str(diag.why), false))
				wrong++;
			buf_free(&one);
			refused++;
			continue;
		}
		if (in.n == 0 && buf_str(&in, "<article>") != ERR_OK)
			wrong++;
		if (cp != '<' && cp != '&' && cp != '"')
			if (place(&in, s, n, cp) != ERR_OK)
				wrong++;
		shown++;
		if (++batch % 2000 != 0 && cp < 0x10fffd)
			continue;
		buf_clear(&out);
		if (buf_str(&in, "</article>") != ERR_OK ||
			render(buf_view(&in), 60, batch % 4000 == 0, &out) !=
				ERR_OK ||
			!harmless(buf_view(&out), true))
			wrong++;
		buf_clear(&in);
	}
	ok(refused + shown == 1114112, "all 1,114,112 code points");
	ok(wrong == 0, "%u refused, %u shown, none harmful", refused, shown);
	ok(in.n == 0, "none left over");
	buf_free(&in);
	buf_free(&out);
}

/* ---- sizes */

static enum err
render_many(const char *before, const char *s, size_t n, const char *after,
	struct buf *out)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_TEXT);
	e = buf_str(&b, before);
	for (; n > 0 && e == ERR_OK; n--)
		e = buf_str(&b, s);
	if (e == ERR_OK)
		e = buf_str(&b, after);
	if (e == ERR_OK)
		e = render(buf_view(&b), 80, true, out);
	buf_free(&b);
	return e;
}

static void
test_sizes(void)
{
	static const struct {
		const char *before, *s;
		size_t n;
		const char *after;
	} t[] = {
		{"<article><p>", "<br/>", 200000, "</p></article>"},
		{"<article><p>", "x<br/>", 170000, "</p></article>"},
		{"<article><pre>", "\t", 1000000, "</pre></article>"},
		{"<article><pre>", "a\t\n", 300000, "</pre></article>"},
		{"<article><p>", "x", 1000000, "</p></article>"},
		{"<article><p>", "\xcc\x81", 500000, "</p></article>"},
		{"<article><p>", "a ", 500000, "</p></article>"},
		{"<article><p>", "\xe2\x80\x8b", 300000, "</p></article>"},
		{"<article><p>", "<b>x</b> ", 110000, "</p></article>"},
		{"<article><p>", "<a href=\"mailto:x\">y</a>", 40000,
			"</p></article>"},
		{"<article><ul>", "<li>x</li>", 100000, "</ul></article>"},
		{"<article><table><tr>", "<td>x</td>", 100000,
			"</tr></table></article>"},
		{"<article><table>", "<tr><td>x</td></tr>", 50000,
			"</table></article>"},
		{"<article>", "<p>x</p>", 120000, "</article>"},
	};
	struct buf out;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_init(&out, 64 * LIMIT_MIB);
		is_err(render_many(
			       t[i].before, t[i].s, t[i].n, t[i].after, &out),
			ERR_OK, "a megabyte of %zu", i);
		ok(harmless(buf_view(&out), true), "comes out harmless");
		buf_free(&out);
	}
	buf_init(&out, 1000);
	is_err(buf_str(&out, "before"), ERR_OK, "a small buffer");
	is_err(render_many("<article>", "<p>x</p>", 1000, "</article>", &out),
		ERR_LIMIT, "is not overrun");
	is_str(buf_cstr(&out), "before", "and left as it was");
	buf_free(&out);
}

/* Quotes in lists in quotes, as deep as may be, at many widths. */
static void
test_depth(void)
{
	struct buf in, out;
	unsigned width;
	bool fits = true;
	enum err e;
	int i;

	buf_init(&in, LIMIT_TEXT);
	e = buf_str(&in, "<article>");
	for (i = 0; i < 42 && e == ERR_OK; i++)
		e = buf_str(&in, "<blockquote><ul><li>x");
	if (e == ERR_OK)
		e = buf_str(&in, " y z");
	for (i = 0; i < 42 && e == ERR_OK; i++)
		e = buf_str(&in, "</li></ul></blockquote>");
	if (e == ERR_OK)
		e = buf_str(&in, "</article>");
	is_err(e, ERR_OK, "made");
	for (width = 1; width <= 120 && e == ERR_OK; width++) {
		buf_init(&out, LIMIT_MIB);
		e = render(buf_view(&in), width, false, &out);
		for (i = 0; i < (int)out.n;) {
			uint8_t *nl =
				memchr(out.p + i, '\n', out.n - (size_t)i);
			size_t n = (size_t)(nl - (out.p + i));

			fits = fits &&
			       wrap_columns(span_of(out.p + i, n)) <= width;
			i += (int)n + 1;
		}
		buf_free(&out);
	}
	is_err(e, ERR_OK, "depth 127 at widths 1 to 120");
	ok(fits, "every line fits");
	buf_free(&in);
}

/* Each bit of an article flipped, and the article cut at each byte: refused,
 * or shown without harm. */
static void
test_damage(void)
{
	static const char xml[] =
		"<article lang=\"ru\"><h2 id=\"n-1\">a &amp; b</h2><p>c "
		"<b>d</b>"
		"<a href=\"http://e/\" title=\"f\">\xd1\x8f</a><br/><img "
		"src=\"" HEX
		"\" alt=\"g\" width=\"9\"/></p><ol start=\"4\"><li>h<ul>"
		"<li><p>i</p></li></ul></li></ol><blockquote>\xe4\xb8\xad"
		"</blockquote><pre>j\tk\n</pre><table><tr><td colspan=\"2\">l"
		"</td><th>m</th></tr></table><abbr title=\"n\">o</abbr><hr/>"
		"</article>";
	char copy[sizeof(xml)];
	size_t i, n = sizeof(xml) - 1;
	unsigned bit, shown = 0, refused = 0, wrong = 0;
	struct buf out;

	buf_init(&out, LIMIT_MIB);
	is_err(render(span_of(xml, n), 40, true, &out), ERR_OK, "whole");
	for (i = 0; i < 9 * n; i++) {
		bit = (unsigned)(i % 9);
		memcpy(copy, xml, sizeof(xml));
		if (bit < 8)
			copy[i / 9] = (char)(copy[i / 9] ^ (1 << bit));
		buf_clear(&out);
		if (render(span_of(copy, bit < 8 ? n : i / 9), 40, true,
			    &out) == ERR_OK)
			shown++;
		else
			refused++;
		wrong += !harmless(buf_view(&out), true) ||
			 !harmless(span_str(diag.why), false);
	}
	ok(shown > 0 && refused > 0 && wrong == 0,
		"%u shown, %u refused, none harmful", shown, refused);
	buf_free(&out);
}

int
main(void)
{
	test_code_points();
	test_sizes();
	test_depth();
	test_damage();
	return plan();
}
