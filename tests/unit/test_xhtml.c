/* The reader's strict check: what must pass, and a table of what must not. */
#include <dirent.h>

#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/read/xhtml.h"
#include "../../src/sys/file.h"
#include "../lib/tap.h"

static struct diag diag;

static enum err
check_span(struct span s)
{
	struct digest name = digest_of(s);
	struct verified *v;
	enum err e = verified_again(s, &name, &v);

	memset(&diag, 0, sizeof(diag));
	if (e == ERR_OK)
		e = xhtml_check(v, &diag);
	verified_free(v);
	return e;
}

static enum err
check(const char *s)
{
	return check_span(span_str(s));
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IN(s) "<article>" s "</article>"

static const char *const good[] = {
	IN(""),
	"<article/>",
	IN("") "\n",
	IN("text"),
	IN("<p>text &amp; &lt;b&gt; &quot;x&quot; &apos;y&apos;</p>"),
	IN("<p>&#1046;&#x416; \n\t</p>"),
	IN("<p>\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87"
	   "\xd9\x85</p>"), /* Persian with ZWNJ */
	IN("<p dir=\"rtl\" lang=\"fa\">x</p>"),
	IN("<p lang=\"zh-Hans-CN\" title=\"t\" id=\"n-1\">x</p>"),
	IN("<p>a<br/>b<wbr></wbr>c</p><hr/>"),
	IN("<h1>1</h1><h2>2</h2><h3>3</h3><h4>4</h4><h5>5</h5><h6>6</h6>"),
	IN("<p><a href=\"https://example.org/?a=1&amp;b=2#c\">x</a></p>"),
	IN("<p><a href=\"http://example.org\">x</a></p>"),
	IN("<p><a href=\"mailto:desk@example.org\">x</a></p>"),
	IN("<p><a href=\"#n-note-1\">x</a><a>no target</a></p>"),
	IN("<p><a "
	   "href=\"https://\xd0\xbf\xd1\x80.example/\xd1\x8f\">x</a></p>"),
	IN("<img src=\"" HEX "\" alt=\"\"/>"),
	IN("<img src=\"" HEX "\" alt=\"a\" width=\"1\" height=\"20000\"/>"),
	IN("<figure><img src=\"" HEX "\"/><figcaption>c</figcaption></figure>"),
	IN("<ul> <li>a<ul><li>b</li></ul></li>\n<li><p>c</p></li></ul>"),
	IN("<ol start=\"-3\" reversed=\"reversed\"><li>a</li></ol>"),
	IN("<dl><dt>a</dt><dd>b</dd></dl>"),
	IN("<table><caption>c</caption><colgroup><col/></colgroup><thead><tr>"
	   "<th scope=\"col\" colspan=\"2\">h</th></tr></thead><tbody><tr><td "
	   "rowspan=\"1000\">d</td></tr></tbody><tr><td/></tr></table>"),
	IN("<details open=\"open\"><summary>s</summary>t</details>"),
	IN("<p><ruby>\xe6\xbc\xa2<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>"),
	IN("<p><time datetime=\"2026-03-05 14:30+03:00\">x</time></p>"),
	IN("<p><bdi>a</bdi><bdo dir=\"ltr\">b</bdo><q>c</q><kbd>d</kbd></p>"),
	IN("<article><section><div>x</div></section></article>"),
	IN("<pre>a\n\tb</pre>"),
	"<article lang=\"ru\" dir=\"auto\"\n>x</article\n>",
};

/* Refused with this code. `why` is part of the diag. */
static const struct {
	const char *xml;
	enum err want;
	const char *why;
} bad[] = {
	/* not one root, or something around it */
	{"", ERR_REFUSED, "begin"},
	{" ", ERR_REFUSED, "begin"},
	{"text", ERR_REFUSED, "begin"},
	{"<p>x</p>", ERR_REFUSED, "begin"},
	{"<div>x</div>", ERR_REFUSED, "begin"},
	{"<html><body>x</body></html>", ERR_REFUSED, "begin"},
	{" " IN(""), ERR_REFUSED, "begin"},
	{IN("") "\n\n", ERR_REFUSED, "end"},
	{IN("") " ", ERR_REFUSED, "end"},
	{IN("") "text", ERR_REFUSED, "end"},
	{IN("") "text>", ERR_SYNTAX, "byte 19"},
	{IN("") IN(""), ERR_SYNTAX, "junk"},
	{IN("") "<p/>", ERR_SYNTAX, "junk"},
	{IN("") "<!-- c -->", ERR_REFUSED, "comment"},
	{IN("") "<?x y?>", ERR_REFUSED, "processing"},
	{"<article", ERR_REFUSED, "end"},
	{"<article>", ERR_SYNTAX, "no element"},
	{"<article>\n", ERR_SYNTAX, "no element"},
	{"<articles></articles>", ERR_REFUSED, "unknown element"},
	{"<article></artikel>", ERR_SYNTAX, "mismatched"},
	{"<ARTICLE></ARTICLE>", ERR_REFUSED, "begin"},
	/* prologues, entities, other XML */
	{"<?xml version=\"1.0\"?>" IN(""), ERR_REFUSED, "begin"},
	{"<?xml version=\"1.0\" encoding=\"koi8-r\"?>" IN(""), ERR_REFUSED, ""},
	{IN("<?xml version=\"1.0\"?>"), ERR_SYNTAX, "declaration"},
	{IN("<?php echo 1?>"), ERR_REFUSED, "processing instruction php"},
	{IN("<?xml-stylesheet href=\"x\"?>"), ERR_REFUSED, "processing"},
	{IN("<!-- x -->"), ERR_REFUSED, "comment"},
	{IN("<!--[if IE]><p/><![endif]-->"), ERR_REFUSED, "comment"},
	{IN("<![CDATA[x]]>"), ERR_REFUSED, "CDATA"},
	{IN("<p><![CDATA[<script>]]></p>"), ERR_REFUSED, "CDATA"},
	{IN("]]>"), ERR_SYNTAX, ""},
	{"<!DOCTYPE article>" IN(""), ERR_REFUSED, "begin"},
	{IN("<!DOCTYPE article>"), ERR_SYNTAX, ""},
	{IN("<!ENTITY x \"y\">"), ERR_SYNTAX, ""},
	{IN("<p>&nbsp;</p>"), ERR_SYNTAX, "undefined entity"},
	{IN("<p>&x;</p>"), ERR_SYNTAX, "undefined entity"},
	{IN("<p title=\"&x;\">a</p>"), ERR_SYNTAX, "undefined entity"},
	{IN("<p>a & b</p>"), ERR_SYNTAX, ""},
	{IN("<p>&#0;</p>"), ERR_SYNTAX, "character number"},
	{IN("<p>&#xd800;</p>"), ERR_SYNTAX, "character number"},
	{IN("<p>&#x110000;</p>"), ERR_SYNTAX, "character number"},
	{IN("<p>&#27;[2J</p>"), ERR_SYNTAX, "character number"},
	{IN("<p>&#13;</p>"), ERR_REFUSED, "forbidden character"},
	{IN("<p>&#x9b;31m</p>"), ERR_REFUSED, "forbidden character"},
	{IN("<p>&#x202e;</p>"), ERR_REFUSED, "forbidden character"},
	{IN("<p>&#8294;</p>"), ERR_REFUSED, "forbidden character"},
	{IN("<p>&#xe0041;</p>"), ERR_REFUSED, "forbidden character"},
	{IN("<p>&#xfeff;</p>"), ERR_REFUSED, "forbidden character"},
	{IN("<p>&#x1fffe;</p>"), ERR_REFUSED, "forbidden character"},
	{IN("<p title=\"&#x202e;\">x</p>"), ERR_REFUSED, "title"},
	{IN("<p title=\"&#10;\">x</p>"), ERR_REFUSED, "title"},
	{IN("<p title=\"&#9;\">x</p>"), ERR_REFUSED, "title"},
	/* bytes */
	{IN("\xff\xfe"), ERR_SYNTAX, "UTF-8"},
	{IN("\xc3"), ERR_SYNTAX, "UTF-8"},
	{IN("\x80"), ERR_SYNTAX, "UTF-8"},
	{IN("\xc0\xbc"
	    "script>"),
		ERR_SYNTAX, "UTF-8"},
	{IN("\xe0\x80\xbc"), ERR_SYNTAX, "UTF-8"},
	{IN("\xed\xa0\x80"), ERR_SYNTAX, "UTF-8"},
	{IN("\xf4\x90\x80\x80"), ERR_SYNTAX, "UTF-8"},
	{IN("\xf8\x88\x80\x80\x80"), ERR_SYNTAX, "UTF-8"},
	{"\xef\xbb\xbf" IN(""), ERR_REFUSED, "U+FEFF"},
	{"\xfe\xff" IN(""), ERR_SYNTAX, "UTF-8"},
	{IN("\x01"), ERR_REFUSED, "U+0001"},
	{IN("\x1b[31m"), ERR_REFUSED, "U+001B"},
	{IN("\x7f"), ERR_REFUSED, "U+007F"},
	{IN("a\r\nb"), ERR_REFUSED, "U+000D"},
	{IN("\xc2\x9b"
	    "31m"),
		ERR_REFUSED, "U+009B"},
	{IN("\xe2\x80\xae"), ERR_REFUSED, "U+202E"},
	{IN("\xe2\x80\xa8"), ERR_REFUSED, "U+2028"},
	{IN("\xe2\x81\xa6"), ERR_REFUSED, "U+2066"},
	{IN("\xef\xbf\xbe"), ERR_REFUSED, "U+FFFE"},
	{IN("\xf3\xa0\x81\x81"), ERR_REFUSED, "U+E0041"},
	{IN("<p title=\"\xe2\x80\xae\">x</p>"), ERR_REFUSED, "U+202E"},
	/* elements */
	{IN("<script>alert(1)</script>"), ERR_REFUSED, "element script"},
	{IN("<SCRIPT/>"), ERR_REFUSED, "element SCRIPT"},
	{IN("<P>x</P>"), ERR_REFUSED, "element P"},
	{IN("<style>p{}</style>"), ERR_REFUSED, "element style"},
	{IN("<svg><script/></svg>"), ERR_REFUSED, "element svg"},
	{IN("<math/>"), ERR_REFUSED, "element math"},
	{IN("<iframe src=\"x\"/>"), ERR_REFUSED, "element iframe"},
	{IN("<object/>"), ERR_REFUSED, "element object"},
	{IN("<embed/>"), ERR_REFUSED, "element embed"},
	{IN("<form action=\"x\"/>"), ERR_REFUSED, "element form"},
	{IN("<input/>"), ERR_REFUSED, "element input"},
	{IN("<base href=\"http://x/\"/>"), ERR_REFUSED, "element base"},
	{IN("<link/>"), ERR_REFUSED, "element link"},
	{IN("<meta/>"), ERR_REFUSED, "element meta"},
	{IN("<video/>"), ERR_REFUSED, "element video"},
	{IN("<audio/>"), ERR_REFUSED, "element audio"},
	{IN("<picture/>"), ERR_REFUSED, "element picture"},
	{IN("<noscript/>"), ERR_REFUSED, "element noscript"},
	{IN("<template/>"), ERR_REFUSED, "element template"},
	{IN("<font/>"), ERR_REFUSED, "element font"},
	{IN("<svg:svg/>"), ERR_REFUSED, "element svg:svg"},
	{IN("<p:p/>"), ERR_REFUSED, "element p:p"},
	{IN("<\xd1\x80/>"), ERR_REFUSED, "unknown element"},
	/* namespaces */
	{"<article xmlns=\"http://www.w3.org/2000/svg\"/>", ERR_REFUSED,
		"attribute xmlns"},
	{"<article xmlns=\"http://www.w3.org/1999/xhtml\"/>", ERR_REFUSED,
		"attribute xmlns"},
	{IN("<p xmlns:x=\"y\"/>"), ERR_REFUSED, "attribute xmlns:x"},
	{IN("<p xml:base=\"http://x/\"/>"), ERR_REFUSED, "attribute xml:base"},
	{IN("<p xml:lang=\"ru\"/>"), ERR_REFUSED, "attribute xml:lang"},
	{IN("<a xlink:href=\"http://x/\"/>"), ERR_REFUSED, "xlink:href"},
	/* attributes */
	{IN("<p onclick=\"x()\"/>"), ERR_REFUSED, "attribute onclick"},
	{IN("<p ONCLICK=\"x()\"/>"), ERR_REFUSED, "attribute ONCLICK"},
	{IN("<p style=\"x\"/>"), ERR_REFUSED, "attribute style"},
	{IN("<p class=\"x\"/>"), ERR_REFUSED, "attribute class"},
	{IN("<p LANG=\"ru\"/>"), ERR_REFUSED, "attribute LANG"},
	{IN("<p href=\"http://x/\"/>"), ERR_REFUSED, "attribute href"},
	{IN("<p src=\"" HEX "\"/>"), ERR_REFUSED, "attribute src"},
	{IN("<a ping=\"http://x/\"/>"), ERR_REFUSED, "attribute ping"},
	{IN("<a target=\"_top\"/>"), ERR_REFUSED, "attribute target"},
	{IN("<table background=\"x\"/>"), ERR_REFUSED, "background"},
	{IN("<blockquote cite=\"http://x/\"/>"), ERR_REFUSED, "cite"},
	{IN("<p lang=\"ru\" lang=\"fa\"/>"), ERR_SYNTAX, "duplicate"},
	{IN("<p lang=ru/>"), ERR_SYNTAX, ""},
	{IN("<ol reversed><li/></ol>"), ERR_SYNTAX, ""},
	{IN("<p lang=\"\"/>"), ERR_REFUSED, "lang"},
	{IN("<p lang=\"ru_RU\"/>"), ERR_REFUSED, "lang"},
	{IN("<p dir=\"RTL\"/>"), ERR_REFUSED, "dir"},
	{IN("<p id=\"note\"/>"), ERR_REFUSED, "id"},
	{IN("<p id=\"n-\"/>"), ERR_REFUSED, "id"},
	{IN("<p id=\"n-\xd1\x8f\"/>"), ERR_REFUSED, "id"},
	{IN("<p title=\"\"/>"), ERR_REFUSED, "title"},
	/* links */
	{IN("<a href=\"\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"javascript:alert(1)\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"JaVaScRiPt:alert(1)\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\" javascript:alert(1)\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"java&#9;script:alert(1)\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"java&#10;script:alert(1)\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"&#106;avascript:alert(1)\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"vbscript:x\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"data:text/html,x\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"file:///etc/passwd\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"ftp://x/\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"blob:https://x/\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"//x/\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"/x\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"x.html\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"\\\\x\\y\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"http:x\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"http://\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"http:///x\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"http:\\\\x\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"HTTP://x/\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\" http://x/\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"http://x/ y\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"http://x/&#xa0;y\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"http://x/&#x202e;y\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"mailto:\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"#\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"#top\"/>"), ERR_REFUSED, "href"},
	{IN("<a href=\"#n-A\"/>"), ERR_REFUSED, "href"},
	/* images */
	{IN("<img/>"), ERR_REFUSED, "missing attribute src"},
	{IN("<img alt=\"x\"/>"), ERR_REFUSED, "missing attribute src"},
	{IN("<img src=\"http://x/1.gif\"/>"), ERR_REFUSED, "src"},
	{IN("<img src=\"//x/1.gif\"/>"), ERR_REFUSED, "src"},
	{IN("<img src=\"data:image/gif;base64,R0lG\"/>"), ERR_REFUSED, "src"},
	{IN("<img src=\"1.gif\"/>"), ERR_REFUSED, "src"},
	{IN("<img src=\"image:0\"/>"), ERR_REFUSED, "src"},
	{IN("<img src=\"" HEX "0\"/>"), ERR_REFUSED, "src"},
	{IN("<img src=\"0123\"/>"), ERR_REFUSED, "src"},
	{IN("<img src=\"0123456789ABCDEF0123456789ABCDEF"
	    "0123456789ABCDEF0123456789ABCDEF\"/>"),
		ERR_REFUSED, "src"},
	{IN("<img src=\"" HEX "\" srcset=\"x 2x\"/>"), ERR_REFUSED, "srcset"},
	{IN("<img src=\"" HEX "\" width=\"0\"/>"), ERR_REFUSED, "width"},
	{IN("<img src=\"" HEX "\" width=\"20001\"/>"), ERR_REFUSED, "width"},
	{IN("<img src=\"" HEX "\" width=\"1px\"/>"), ERR_REFUSED, "width"},
	{IN("<img src=\"" HEX "\" height=\"01\"/>"), ERR_REFUSED, "height"},
	{IN("<img src=\"" HEX "\" onerror=\"x\"/>"), ERR_REFUSED, "onerror"},
	{IN("<img src=\"" HEX "\" alt=\"&#10;\"/>"), ERR_REFUSED, "alt"},
	/* numbers and words */
	{IN("<ol start=\"1000001\"/>"), ERR_REFUSED, "start"},
	{IN("<ol start=\"-0\"/>"), ERR_REFUSED, "start"},
	{IN("<ol start=\"+1\"/>"), ERR_REFUSED, "start"},
	{IN("<ol reversed=\"yes\"/>"), ERR_REFUSED, "reversed"},
	{IN("<table><tr><td colspan=\"1001\"/></tr></table>"), ERR_REFUSED,
		"colspan"},
	{IN("<table><tr><td rowspan=\"0\"/></tr></table>"), ERR_REFUSED,
		"rowspan"},
	{IN("<table><tr><th scope=\"x\"/></tr></table>"), ERR_REFUSED, "scope"},
	{IN("<time datetime=\"&lt;\"/>"), ERR_REFUSED, "datetime"},
	{IN("<details open=\"\"/>"), ERR_REFUSED, "open"},
	/* structure */
	{IN("<p>x"), ERR_SYNTAX, "mismatched"},
	{IN("<b><i>x</b></i>"), ERR_SYNTAX, "mismatched"},
	{IN("</p>"), ERR_SYNTAX, "mismatched"},
	{IN("<p><p>x</p></p>"), ERR_REFUSED, "wrong place: p"},
	{IN("<p><div/></p>"), ERR_REFUSED, "wrong place: div"},
	{IN("<b><p>x</p></b>"), ERR_REFUSED, "wrong place: p"},
	{IN("<li>x</li>"), ERR_REFUSED, "wrong place: li"},
	{IN("<ul>x</ul>"), ERR_REFUSED, "text in the wrong place: in ul"},
	{IN("<ul><p/></ul>"), ERR_REFUSED, "wrong place: p"},
	{IN("<td/>"), ERR_REFUSED, "wrong place: td"},
	{IN("<table><td/></table>"), ERR_REFUSED, "wrong place: td"},
	{IN("<table>x</table>"), ERR_REFUSED, "in table"},
	{IN("<br>x</br>"), ERR_REFUSED, "in br"},
	{IN("<hr> </hr>"), ERR_REFUSED, "in hr"},
	{IN("<wbr><b/></wbr>"), ERR_REFUSED, "wrong place: b"},
	{IN("<rt>x</rt>"), ERR_REFUSED, "wrong place: rt"},
	{IN("<p><a>x<b><a>y</a></b></a></p>"), ERR_REFUSED, "inside itself"},
	{IN("<p><article/></p>"), ERR_REFUSED, "wrong place: article"},
	{IN("<>"), ERR_SYNTAX, ""},
	{IN("< p/>"), ERR_SYNTAX, ""},
	{IN("<p"), ERR_SYNTAX, ""},
	{IN("<p/ >"), ERR_SYNTAX, ""},
};

static void
test_tables(void)
{
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		is_err(check(good[i]), ERR_OK, "good %zu", i);
		if (diag.why[0] != '\0')
			printf("#   %s: %s\n", good[i], diag.why);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_err(check(bad[i].xml), bad[i].want, "bad %zu", i);
		ok(strstr(diag.why, bad[i].why) != NULL, "bad %zu says why", i);
		if (strstr(diag.why, bad[i].why) == NULL)
			printf("#   %s: %s\n", bad[i].xml, diag.why);
	}
}

/* UTF-16, with and without its mark, and NUL: not in C strings. */
static void
test_binary(void)
{
	static const char nul[] = "<article>\0</article>";
	static const char utf16[] = "\xff\xfe<\0a\0r\0t\0i\0c\0l\0e\0/\0>\0";
	static const char plain16[] = "\0<\0a\0r\0t\0i\0c\0l\0e\0/\0>";

	is_err(check_span(span_of(nul, sizeof(nul) - 1)), ERR_REFUSED, "NUL");
	is_err(check_span(span_of(utf16, sizeof(utf16) - 1)), ERR_SYNTAX,
		"UTF-16 with a mark");
	is_err(check_span(span_of(plain16, sizeof(plain16) - 1)), ERR_REFUSED,
		"UTF-16 without one");
	is_err(check_span(span_of(NULL, 0)), ERR_REFUSED, "no bytes at all");
}

/* `n` times `s`, in the middle of before and after. */
static enum err
check_many(const char *before, const char *s, size_t n, const char *after)
{
	struct buf b;
	enum err e;

	buf_init(&b, 16 * LIMIT_MIB);
	e = buf_str(&b, before);
	for (; n > 0 && e == ERR_OK; n--)
		e = buf_str(&b, s);
	if (e == ERR_OK)
		e = buf_str(&b, after);
	if (e == ERR_OK)
		e = check_span(buf_view(&b));
	buf_free(&b);
	return e;
}

static enum err
check_depth(int n)
{
	struct buf b;
	enum err e;
	int i;

	buf_init(&b, LIMIT_MIB);
	e = buf_str(&b, "<article>");
	for (i = 1; i < n && e == ERR_OK; i++)
		e = buf_str(&b, "<div>");
	for (i = 1; i < n && e == ERR_OK; i++)
		e = buf_str(&b, "</div>");
	if (e == ERR_OK)
		e = buf_str(&b, "</article>");
	if (e == ERR_OK)
		e = check_span(buf_view(&b));
	buf_free(&b);
	return e;
}

static void
test_sizes(void)
{
	size_t room = LIMIT_TEXT - strlen(IN(""));

	is_err(check_depth(LIMIT_DEPTH), ERR_OK, "the greatest depth");
	is_err(check_depth(LIMIT_DEPTH + 1), ERR_REFUSED, "one deeper");
	ok(strstr(diag.why, "too deep") != NULL, "says so");
	is_err(check_many("<article>", "<b>", 200000, "</article>"),
		ERR_REFUSED, "a depth bomb");
	is_err(check_many("<article>", "x", room, "</article>"), ERR_OK,
		"the largest text");
	is_err(check_many("<article>", "x", room + 1, "</article>"), ERR_LIMIT,
		"one byte more");
	is_err(check_many("<article>", "<i/>", room / 4, "</article>"), ERR_OK,
		"262,000 elements");
	is_err(check_many("<article>", "&amp;", room / 5, "</article>"), ERR_OK,
		"200,000 entities");
	is_err(check_many("<article a", "b", 1000000, "=\"\"></article>"),
		ERR_REFUSED, "a name of a million bytes");
	ok(strlen(diag.why) < 200, "is not repeated whole");
	is_err(check_many("<article title=\"", "x", LIMIT_TITLE, "\"/>"),
		ERR_OK, "the longest title");
	is_err(check_many("<article title=\"", "x", LIMIT_TITLE + 1, "\"/>"),
		ERR_REFUSED, "a longer one");
	is_err(check_many("<article title=\"", "&#9;", 200000, "\"/>"),
		ERR_REFUSED, "a large value");
	is_err(check_many("<article><a href=\"http://", "x", LIMIT_URL - 7,
		       "\"/></article>"),
		ERR_OK, "the longest address");
	is_err(check_many("<article><a href=\"http://", "x", LIMIT_URL - 6,
		       "\"/></article>"),
		ERR_REFUSED, "a longer one");
	is_err(check_many("<article id=\"n-", "x", LIMIT_ANCHOR, "\"/>"),
		ERR_OK, "the longest id");
	is_err(check_many("<article id=\"n-", "x", LIMIT_ANCHOR + 1, "\"/>"),
		ERR_REFUSED, "a longer one");
	is_err(check_many("<!DOCTYPE a [", "<!ENTITY a 'aaaaaaaaaa'>", 10,
		       "]><article>&a;</article>"),
		ERR_REFUSED, "entity declarations");
}

/* Many attributes, each name once: refused, and in linear time. */
static void
test_attributes(void)
{
	struct buf b;
	enum err e;
	int i;

	buf_init(&b, LIMIT_MIB);
	e = buf_str(&b, "<article");
	for (i = 0; i < 90000 && e == ERR_OK; i++)
		e = buf_printf(&b, " a%d=\"\"", i);
	if (e == ERR_OK)
		e = buf_str(&b, "/>");
	is_err(e, ERR_OK, "90,000 attributes made");
	is_err(check_span(buf_view(&b)), ERR_REFUSED, "and refused");
	buf_free(&b);
}

/* ---- the walk */

static enum err
record(void *arg, const struct xhtml_node *node)
{
	struct buf *b = arg;
	enum err e = ERR_OK;
	size_t i;

	switch (node->event) {
	case XHTML_OPEN:
		e = buf_printf(b, "%d<%s", node->depth, node->name);
		for (i = 0; i < node->n_attrs && e == ERR_OK; i++)
			e = buf_printf(b, " %s='%s'", node->attrs[i].name,
				node->attrs[i].value);
		if (e == ERR_OK)
			e = buf_str(b, ">");
		break;
	case XHTML_CLOSE:
		e = buf_printf(b, "%d</%s>", node->depth, node->name);
		break;
	case XHTML_TEXT:
		e = buf_span(b, node->text);
		break;
	}
	return e;
}

static enum err
stop_at_text(void *arg, const struct xhtml_node *node)
{
	int *calls = arg;

	++*calls;
	return node->event == XHTML_TEXT ? ERR_CANCELLED : ERR_OK;
}

static enum err
walk(const char *xml, xhtml_fn *fn, void *arg)
{
	struct digest name = digest_of(span_str(xml));
	struct verified *v;
	enum err e = verified_again(span_str(xml), &name, &v);

	if (e == ERR_OK)
		e = xhtml_walk(v, fn, arg, &diag);
	verified_free(v);
	return e;
}

static void
test_walk(void)
{
	struct buf b;
	int calls = 0;

	buf_init(&b, LIMIT_MIB);
	is_err(walk(IN("<p lang=\"ru\" title=\"a &amp; b\">x &lt; y<br/></p>"),
		       record, &b),
		ERR_OK, "walk");
	is_str(buf_cstr(&b),
		"1<article>2<p lang='ru' title='a & b'>x < y3<br>3</br>2</p>"
		"1</article>",
		"every event, decoded, in order");
	buf_clear(&b);
	is_err(walk(IN("<p>x</p><script/>"), record, &b), ERR_REFUSED,
		"a bad end");
	ok(b.n == 0, "nothing of it is shown");
	is_err(walk(IN("<p>x</p><p>y</p>"), stop_at_text, &calls),
		ERR_CANCELLED, "the caller's own error");
	ok(calls == 3, "stops the walk");
	buf_free(&b);
}

/* Longer ones in files: the name says what is wrong. */
static void
test_vectors(void)
{
	const char *src = getenv("SRC");
	char *dir, **names, *path;
	struct buf b;
	size_t i, n, seen = 0;

	dir = file_join(src == NULL ? "." : src, "tests/vectors/bad");
	is_err(file_list(dir, 10000, &names, &n, &diag), ERR_OK, "vectors");
	for (i = 0; i < n; i++) {
		if (strncmp(names[i], "xhtml-", 6) != 0)
			continue;
		path = file_join(dir, names[i]);
		buf_init(&b, 4 * LIMIT_MIB);
		is_err(file_read(path, b.max, &b, &diag), ERR_OK, "%s",
			names[i]);
		ok(check_span(buf_view(&b)) != ERR_OK && diag.why[0] != '\0',
			"%s is refused", names[i]);
		buf_free(&b);
		free(path);
		seen++;
	}
	ok(seen >= 6, "all of them were there");
	strings_free(names, n);
	free(dir);
}

int
main(void)
{
	test_tables();
	test_binary();
	test_sizes();
	test_attributes();
	test_walk();
	test_vectors();
	return plan();
}
