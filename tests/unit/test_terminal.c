/* The terminal view: wrapping in four languages, and what elements look like. */
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

static const struct {
	const char *xml, *want;
	unsigned width;
} looks[] = {
	{"", "", 40},
	{" \n ", "", 40},
	{"text", "text\n", 40},
	{"<p>a</p><p>b</p>", "a\n\nb\n", 40},
	{"<h2> a\n\tb  </h2>\n<p>c</p>", "a b\n\nc\n", 40},
	{"<div>a</div><div>b</div>", "a\nb\n", 40},
	{"<p>a<br/>b<br/><br/><br/>c<br/></p>", "a\nb\n\nc\n", 40},
	{"<p>a <b>b </b> <i> c</i></p>", "a b c\n", 40},
	{"<p></p><p> </p><p>x</p>", "x\n", 40},
	{"<blockquote><p>a</p><p>b b b</p></blockquote>c",
		"│ a\n│\n│ b b\n│ b\n\nc\n", 5},
	{"a<blockquote>b<blockquote>c</blockquote></blockquote>",
		"a\n\n│ b\n│\n│ │ c\n", 40},
	{"<ul><li>a a a</li><li>b</li></ul>", "• a a\n  a\n• b\n", 5},
	{"<ul><li>a<ul><li>b</li></ul></li><li/></ul>", "• a\n  • b\n", 40},
	{"<ul><li><p>a</p></li><li><p>b</p></li></ul><p>c</p>",
		"• a\n• b\n\nc\n", 40},
	{"<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n", 40},
	{"<ol start=\"-1\"><li>a</li><li>b</li></ol>", "-1. a\n0. b\n", 40},
	{"<ol start=\"3\" reversed=\"reversed\"><li>a</li><li>b</li></ol>",
		"3. a\n2. b\n", 40},
	{"<ol reversed=\"reversed\"><li>a</li><li>b</li></ol>", "• a\n• b\n",
		40},
	{"<dl><dt>a</dt><dd>b b b</dd></dl>", "a\n    b b\n    b\n", 8},
	{"<pre>\na\tb\n\n\xd1\x8f\tc  long long line\n</pre>",
		"a       b\n\n\xd1\x8f       c  long long line\n", 10},
	{"a<hr/>b", "a\n\n─────\n\nb\n", 5},
	{"<table><tr><th>aa</th><th>b</th></tr><tr><td>1</td><td>2</td></tr>"
	 "</table>",
		"aa | b\n1  | 2\n", 40},
	{"<table><tr><td>中文</td><td>b</td></tr><tr><td>1</td><td>2</td></tr>"
	 "</table>",
		"中文 | b\n1    | 2\n", 40},
	{"<table><tr><td>aa bb cc</td><td>b</td></tr><tr><td>1</td></tr>"
	 "</table>",
		"aa bb\ncc | b\n1\n", 7},
	{"<table><tr><td colspan=\"2\">a</td></tr><tr><td>1</td><td>22</td>"
	 "</tr></table>",
		"a\n1 | 22\n", 40},
	{"<table><caption>c</caption><tr><td><p>a</p><p>b</p></td><td><table>"
	 "<tr><td>x</td><td>y</td></tr></table></td></tr></table>",
		"c\na b | x y\n", 40},
	{"<table><tr><td/><td/></tr></table>x", "x\n", 40},
	{"<figure><img src=\"" HEX "\" alt=\"a b\"/><figcaption>c</figcaption>"
	 "</figure>",
		"[image: a b]\nc\n", 40},
	{"<p>a<img src=\"" HEX "\"/></p>", "a[image]\n", 40},
	{"<p><a href=\"http://a/\">b</a>.</p>", "b [1].\n\n[1] http://a/\n",
		40},
	{"<p><a href=\"http://a/\">b </a>c <a href=\"http://d/\">d</a></p>",
		"b [1] c d [2]\n\n[1] http://a/\n[2] http://d/\n", 40},
	{"<p><a href=\"http://a/\">http://a/</a></p>", "http://a/\n", 40},
	{"<p><a href=\"mailto:a@b\"> a@b </a></p>", "a@b\n", 40},
	{"<p>x<a href=\"http://a/\"> </a>y<a href=\"#n-1\">1</a></p>", "x y1\n",
		40},
	{"<p><a href=\"http://a/\"><img src=\"" HEX "\"/></a></p>",
		"[image] [1]\n\n[1] http://a/\n", 40},
	{"<p>see <a href=\"http://example.org/a-b/c-d\">http://example.org/a-b"
	 "/c-d</a>.</p>",
		"see\nhttp://example.org/a-b/c-d.\n", 10},
	{"<p>10<sup>3</sup> <del>a</del> <q>b</q></p>", "10^3 ~~a~~ “b”\n", 40},
	{"<p><abbr title=\"x y\">z</abbr></p>", "z (x y)\n", 40},
	{"<p><ruby>漢<rp>[</rp><rt>kan</rt><rp>]</rp></ruby></p>", "漢(kan)\n",
		40},
	{"<details><summary>a</summary>b</details>", "a\nb\n", 40},
	{"<p>aaaabbbbcc</p>", "aaaa\nbbbb\ncc\n", 4},
	{"<p>aaaa&#xad;bbb</p>", "aaaa-\nbbb\n", 5},
	{"<p>aaaa&#xad;bbb</p>", "aaaabbb\n", 9},
	{"<p>aaaa<wbr/>bbb</p>", "aaaa\nbbb\n", 6},
	{"<p>a b c</p>", "a\nb\nc\n", 1},
	{"<p>中文</p>", "中\n文\n", 1},
	{"<p>a b c</p>", "a b c\n", 0},
	{"<p>a &lt;b&gt; &amp;amp;</p>", "a <b> &amp;\n", 40},
};

static void
test_looks(void)
{
	struct buf in, out;
	size_t i;

	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		buf_init(&in, LIMIT_TEXT);
		buf_init(&out, LIMIT_TEXT);
		is_err(buf_printf(&in, "<article>%s</article>", looks[i].xml),
			ERR_OK, "made");
		is_err(render(buf_view(&in), looks[i].width, false, &out),
			ERR_OK, "look %zu", i);
		is_str(buf_cstr(&out), looks[i].want, "is right");
		buf_free(&in);
		buf_free(&out);
	}
}

static void
test_color(void)
{
	struct buf out;

	buf_init(&out, LIMIT_TEXT);
	is_err(render(span_str("<article><p>a <b>b <i>c</i></b> <del>d</del>"
			       "</p></article>"),
		       40, true, &out),
		ERR_OK, "colour");
	is_str(buf_cstr(&out),
		"a \x1b[0;1mb \x1b[0;1;3mc\x1b[0m \x1b[0;9md\x1b[0m\n",
		"styles, ended with the line");
	buf_clear(&out);
	is_err(render(span_str("<article><b>aa bb</b></article>"), 3, true,
		       &out),
		ERR_OK, "a bold text over two lines");
	is_str(buf_cstr(&out), "\x1b[0;1maa\x1b[0m\n\x1b[0;1mbb\x1b[0m\n",
		"each line begins and ends it");
	buf_free(&out);
}

/* ---- wrapping */

static const char *const samples[] = {
	/* en */
	"Three sites were taken off the register yesterday, although none of "
	"their editors had asked for it; a spokeswoman said that \"nobody "
	"knows\" why. The state-owned operator (which runs nine tenths of the "
	"lines) did not answer.",
	/* ru */
	"Вчера из реестра исчезли три издания, хотя ни одна редакция об этом "
	"не просила: «никто не знает», сказала представительница ведомства. "
	"Правоохранительные органы — как и высокопоставленные чиновники — "
	"отвечать не стали, 5 марта 2026 г. ответа не было.",
	/* fa */
	"دیروز سه رسانه از فهرست حذف شدند، هرچند "
	"هیچ‌یک "
	"از "
	"سردبیران "
	"آن "
	"را "
	"نخواسته بود؛ سخنگو گفت «هیچ‌کس "
	"نمی‌داند» "
	"چرا. "
	"شرکت "
	"دولتی "
	"پاسخی "
	"نداد و می‌گویند که خط‌ها هنوز "
	"بسته‌اند.",
	/* zh */
	"昨天，三家媒体从名单上消失了，尽管没有一位编辑提出过这样的要求；"
	"发言人说：“没有人知道”原因。国营运营商（控制着九成线路）没有"
	"回答。2026年3月5日，仍然没有消息。",
};

/* Whether every line fits, none ends in a space, and no Chinese line begins
 * with a mark that closes or ends. */
static bool
lines_fit(const char *s, unsigned width)
{
	static const char *const never_first[] = {
		"，", "。", "；", "：", "）", "”", NULL};
	const char *const *m;

	while (*s != '\0') {
		const char *nl = strchr(s, '\n');
		size_t n = nl == NULL ? strlen(s) : (size_t)(nl - s);

		if (nl == NULL || n == 0 || s[n - 1] == ' ' || s[0] == ' ' ||
			wrap_columns(span_of(s, n)) > width)
			return false;
		for (m = never_first; *m != NULL; m++)
			if (strncmp(s, *m, strlen(*m)) == 0)
				return false;
		s = nl + 1;
	}
	return true;
}

/* Whether the text is the same but for spaces and newlines. */
static bool
same_letters(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, " \n");
		b += strspn(b, " \n");
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

static void
test_wrapping(void)
{
	struct buf in, out, again;
	unsigned width;
	size_t i, lines, c;
	bool fit = true, same = true, steady = true, full = true;

	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		for (width = 20; width <= 120; width++) {
			buf_init(&in, LIMIT_TEXT);
			buf_init(&out, LIMIT_TEXT);
			buf_init(&again, LIMIT_TEXT);
			if (buf_printf(&in, "<article>%s</article>",
				    samples[i]) != ERR_OK ||
				render(buf_view(&in), width, false, &out) !=
					ERR_OK ||
				render(buf_view(&in), width, false, &again) !=
					ERR_OK)
				fit = false;
			fit = fit && lines_fit(buf_cstr(&out), width);
			same = same && same_letters(buf_cstr(&out), samples[i]);
			steady = steady &&
				 span_eq(buf_view(&out), buf_view(&again));
			for (lines = c = 0; c < out.n; c++)
				lines += out.p[c] == '\n';
			/* A line is at least three quarters full, but for
			 * long words at small widths. */
			full = full &&
			       (width < 60 ||
				       lines <= wrap_columns(
							span_str(samples[i])) *
								4 /
								(3 * width) +
							1);
			buf_free(&in);
			buf_free(&out);
			buf_free(&again);
		}
		ok(fit, "sample %zu fits at widths 20 to 120", i);
		ok(same, "sample %zu loses and gains no letter", i);
		ok(steady, "sample %zu gives the same bytes again", i);
		ok(full, "sample %zu fills its lines", i);
	}
}

static void
test_columns(void)
{
	static const struct {
		const char *s;
		unsigned want;
	} t[] = {
		{"", 0},
		{"abc", 3},
		{"абв", 3},
		{"中文，", 6},
		{"ｆｕｌｌ", 8},
		{"한국", 4},
		{"می‌خواهم", 7},
		{"e\xcc\x81", 1},
		{"a\xc2\xad"
		 "b",
			2},
		{"\x1b[2J", 3},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ok(wrap_columns(span_str(t[i].s)) == t[i].want,
			"columns %zu", i);
}

static void
test_line(void)
{
	static const struct {
		const char *s, *want;
		unsigned width;
	} t[] = {
		{"", "", 5},
		{"abcde", "abcde", 5},
		{"abcdef", "abcd…", 5},
		{"абвгде", "абвг…", 5},
		{"中文字", "中文字", 6},
		{"中文字", "中文…", 5},
		{"中文字", "中…", 4},
		{"abc", "abc", 0},
		{"abc", "…", 1},
		{"a\nb\x1b[2Jc", "a\\x0ab\\x1b[2Jc", 0},
		{"\xff\xe2\x80\xae", "\\xff\\u{202e}", 0},
		{"\x1b\x1b", "\\x1b…", 5},
		{"e\xcc\x81"
		 "e\xcc\x81",
			"e\xcc\x81"
			"e\xcc\x81",
			2},
	};
	struct buf out;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_init(&out, 1000);
		is_err(terminal_line(span_str(t[i].s), t[i].width, &out),
			ERR_OK, "line %zu", i);
		is_str(buf_cstr(&out), t[i].want, "is right");
		buf_free(&out);
	}
}

/* ---- injection */

static void
test_refused(void)
{
	struct buf out;

	buf_init(&out, 1000);
	is_err(render(span_str("<article><p>x</p><script/></article>"), 40,
		       false, &out),
		ERR_REFUSED, "a text that fails the check");
	ok(out.n == 0, "nothing of it is shown");
	ok(strstr(diag.why, "script") != NULL, "the diag says why");
	buf_free(&out);
}
int
main(void)
{
	test_looks();
	test_color();
	test_wrapping();
	test_columns();
	test_line();
	test_refused();
	return plan();
}
