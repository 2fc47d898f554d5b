/* The sanitiser: what stays, what goes, and that its output is canonical and
 * passes both strict checks. */
#include <stdint.h>

#include "../../src/core/limits.h"
#include "../../src/core/verified_make.h"
#include "../../src/ingest/body.h"
#include "../../src/ingest/ingest.h"
#include "../../src/read/xhtml.h"
#include "../lib/tap.h"

/* What must hold of any output: our check, the same bytes again, and the
 * reader's check once the images have names. NULL: all of it does. */
static const char *
flaw(const struct ingest_article *a)
{
	struct digest names[LIMIT_IMAGES_PER_ARTICLE];
	bool has[LIMIT_IMAGES_PER_ARTICLE];
	struct verified *v = NULL;
	struct ingest_article b;
	const char *why = NULL;
	struct diag d;
	struct buf named;
	size_t i;

	for (i = 0; i < LIMIT_IMAGES_PER_ARTICLE; i++) {
		memset(&names[i], (int)i, sizeof(names[i]));
		has[i] = i % 3 != 2;
	}
	buf_init(&named, 2 * LIMIT_TEXT);
	if (body_check(buf_view(&a->body), a->n_images, &d) != ERR_OK)
		return "body_check";
	if (ingest_sanitise(buf_view(&a->body), &b, &d) != ERR_OK)
		return "sanitising again fails";
	if (!span_eq(buf_view(&a->body), buf_view(&b.body)))
		why = "sanitising again gives other bytes";
	if (ingest_name_images(buf_view(&a->body), names, has, a->n_images,
		    &named, &d) != ERR_OK)
		why = "images cannot be named";
	else if (verified_make(buf_view(&named), &v) != ERR_OK ||
		xhtml_check(v, &d) != ERR_OK)
		why = "xhtml_check";
	verified_free(v);
	buf_free(&named);
	ingest_article_clear(&b);
	return why;
}

static const struct {
	const char *name, *in, *out; /* out: inside <article> */
} cases[] = {
	/* paragraphs and white space */
	{"text becomes a paragraph", "Hello", "<p>Hello</p>\n"},
	{"nothing stays nothing", "", ""},
	{"white space is collapsed", "<p> a \n\t b </p>", "<p>a b</p>\n"},
	{"it moves out of elements", "<p><b>a </b>b<i> c</i></p>",
		"<p><b>a</b> b <i>c</i></p>\n"},
	{"empty paragraphs go", "<p>a<p> <p>&nbsp;<p><b></b><p>b",
		"<p>a</p>\n<p>b</p>\n"},
	{"a lone no-break space stays", "<p>10&nbsp;km</p>",
		"<p>10\xc2\xa0km</p>\n"},
	{"one break is a break", "<p>a<br>b</p>", "<p>a<br/>b</p>\n"},
	{"two are a paragraph", "<p>a<br><br>b<br></p>",
		"<p>a</p>\n<p>b</p>\n"},
	{"a div is a paragraph", "<div>a</div><div>b<div>c</div>d</div>",
		"<p>a</p>\n<p>b</p>\n<p>c</p>\n<p>d</p>\n"},
	{"a block ends a paragraph", "<p>a<div>b</div>c</p>",
		"<p>a</p>\n<p>b</p>\n<p>c</p>\n"},
	{"pre keeps its lines", "<pre>\n\n  a\n\n b \n</pre>",
		"<pre>  a\n\n b</pre>\n"},
	{"words in a heading stay apart", "<h2><div>a</div><div>b</div></h2>",
		"<h2>a b</h2>\n"},
	{"an inline element around blocks goes inside",
		"<a href=\"http://e.org/\"><h2>a</h2><p>b</p></a>",
		"<h2><a href=\"http://e.org/\">a</a></h2>\n"
		"<p><a href=\"http://e.org/\">b</a></p>\n"},
	/* structure */
	{"loose items", "<ul>x<li>a<ul><li>b</ul></ul>",
		"<ul><li>x</li>\n<li>a<ul><li>b</li>\n</ul>\n</li>\n</ul>\n"},
	{"an item without a list", "<li>a", "<p>a</p>\n"},
	{"cells without rows", "<table><td>1<td></table>",
		"<table><tr><td>1</td>\n<td></td>\n</tr>\n</table>\n"},
	{"text in a table", "<table>x<tr><td>1</table>",
		"<table><tr><td>x</td>\n</tr>\n<tr><td>1</td>\n</tr>\n"
		"</table>\n"},
	{"a cell without a table", "<div><td>a</td></div>", "<p>a</p>\n"},
	{"definitions", "<dl><dt>a<dd>b</dl>",
		"<dl><dt>a</dt>\n<dd>b</dd>\n</dl>\n"},
	{"ruby", "<ruby>\xe6\xbc\xa2<rp>(</rp><rt>kan</rt></ruby>",
		"<p><ruby>\xe6\xbc\xa2<rp>(</rp><rt>kan</rt></ruby></p>\n"},
	{"details", "<details open><summary>a</summary>b</details>",
		"<details open=\"open\"><summary>a</summary>\n<p>b</p>\n"
		"</details>\n"},
	/* what goes */
	{"scripts and styles go with content",
		"a<script>x<p>y</script><style>p{}</style><svg><text>t</text>"
		"</svg><template>u</template>b",
		"<p>ab</p>\n"},
	{"forms go", "a<form action=\"http://e.org\"><p>f<input></form>b",
		"<p>a</p>\n<p>b</p>\n"},
	{"unknown elements are unwrapped", "<x-y>a <b>b</b></x-y><font>c</font>",
		"<p>a <b>b</b>c</p>\n"},
	{"handlers, classes and styles go",
		"<p onclick=\"x()\" class=c style=\"x\" data-x=1>a</p>",
		"<p>a</p>\n"},
	{"comments go, even odd ones", "a<!-- x --><!--> y -->b",
		"<p>ab</p>\n"},
	{"control characters go", "a\x01\x1b[31mb&#8;&#x85;&#xfeff;c",
		"<p>a[31mbc</p>\n"},
	{"bidi controls go, ZWNJ stays",
		"a\xe2\x80\xae" "b\xe2\x81\xa6" "c\xe2\x80\x8c" "d",
		"<p>abc\xe2\x80\x8c" "d</p>\n"},
	/* links */
	{"schemes", "<a href=javascript:x>a</a> <a href='JavaScript&#58;x'>b</a>"
		" <a href='data:text/html,x'>c</a> <a href=file:///x>d</a>"
		" <a href='HTTPS://e.org/x'>e</a> <a href=mailto:a@e.org>f</a>",
		"<p>a b c d <a href=\"https://e.org/x\">e</a> "
		"<a href=\"mailto:a@e.org\">f</a></p>\n"},
	{"relative links without a base are text", "<a href=\"/x\">a</a>",
		"<p>a</p>\n"},
	{"links that follow people do not",
		"<a href=\"http://e.org/?utm_source=a&b=1&FBCLID=2#c\">a</a>"
		"<a href=\"http://e.org/?utm_source=a\">b</a>",
		"<p><a href=\"http://e.org/?b=1#c\">a</a>"
		"<a href=\"http://e.org/\">b</a></p>\n"},
	{"footnotes", "<p>a<a href=\"#Fn:1\" id=r1>1</a><a href=#none>2</a>"
		"<p id=\"Fn:1\">n<a href=\"#r1\">back</a><p id=other>o",
		"<p>a<a href=\"#n-fn-1\" id=\"n-r1\">1</a>2</p>\n"
		"<p id=\"n-fn-1\">n<a href=\"#n-r1\">back</a></p>\n"
		"<p>o</p>\n"},
	{"an empty anchor stays when it is linked to",
		"<p><a href=#x>a</a><p><a name=x></a>b",
		"<p><a href=\"#n-x\">a</a></p>\n"
		"<p><span id=\"n-x\"></span>b</p>\n"},
	/* images and what loads */
	{"images", "<img src=\"a%20b.jpg?x#y\" alt=' a \"b\" ' width=640px "
		"height=5 srcset='c.jpg 2x' onerror=x>",
		"<p><img src=\"image:0\" alt=\"a &quot;b&quot;\" "
		"width=\"640\" height=\"5\"/></p>\n"},
	{"lazy images once", "<p><img src=\"data:image/gif;base64,R0\" "
		"data-src=a.jpg><noscript><img src=a.jpg></noscript></p>",
		"<p><img src=\"image:0\" alt=\"\"/></p>\n"},
	{"the image of a noscript", "<div class=lazy></div>"
		"<noscript><img src=a.jpg><p>t</p></noscript>",
		"<p><img src=\"image:0\" alt=\"\"/></p>\n"},
	{"counters go", "<p>a<img src=http://e.org/p.gif width=1 height=1>",
		"<p>a</p>\n"},
	{"picture", "<picture><source srcset=a.webp><img src=a.jpg></picture>",
		"<p><img src=\"image:0\" alt=\"\"/></p>\n"},
	{"only a srcset", "<img srcset='a.jpg 100w, b.jpg 900w, c.jpg 50w'>",
		"<p><img src=\"image:0\" alt=\"\"/></p>\n"},
	{"a figure in a paragraph", "<p>a<figure><div><img src=a.jpg></div>"
		"<figcaption>c</figcaption></figure>",
		"<p>a</p>\n<figure><img src=\"image:0\" alt=\"\"/>"
		"<figcaption>c</figcaption>\n</figure>\n"},
	{"players become links", "<video controls><source src=\"/v.mp4\">"
		"<source src=\"https://e.org/v.mp4?utm_medium=x\">no</video>",
		"<p><a href=\"https://e.org/v.mp4\">https://e.org/v.mp4</a>"
		"</p>\n"},
	{"frames too", "<iframe src=\"//e.org/f\">x</iframe>"
		"<iframe src=\"https://e.org/count\" width=0 height=0></iframe>",
		"<p><a href=\"https://e.org/f\">https://e.org/f</a></p>\n"},
	{"text after an embed stays", "<embed src=\"https://e.org/e\">after",
		"<p><a href=\"https://e.org/e\">https://e.org/e</a></p>\n"
		"<p>after</p>\n"},
	/* attributes */
	{"language and direction", "<p lang=ru_RU dir=RTL title=' t '>a</p>"
		"<p lang=\"x y\" dir=up>b</p><div dir=rtl>c</div>",
		"<p title=\"t\" lang=\"ru-RU\" dir=\"rtl\">a</p>\n<p>b</p>\n"
		"<div dir=\"rtl\"><p>c</p>\n</div>\n"},
	{"numbers", "<table><tr><td colspan=02 rowspan=1 scope=x>a"
		"<td colspan=99999>b</table><ol start=-3 reversed><li>c</ol>",
		"<table><tr><td colspan=\"2\">a</td>\n<td>b</td>\n</tr>\n"
		"</table>\n<ol start=\"-3\" reversed=\"reversed\"><li>c</li>\n"
		"</ol>\n"},
	{"old names", "<strike>a</strike><tt>b</tt><acronym>c</acronym>",
		"<p><s>a</s><code>b</code><abbr>c</abbr></p>\n"},
	{"escapes", "<p title='\"&lt;'>&lt;b&gt; &amp; \"q\" ]]&gt;</p>",
		"<p title=\"&quot;&lt;\">&lt;b&gt; &amp; &quot;q&quot; "
		"]]&gt;</p>\n"},
};

static void
test_cases(void)
{
	struct ingest_article a;
	struct diag d;
	const char *why;
	char want[2048];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum err e = ingest_sanitise(span_str(cases[i].in), &a, &d);

		snprintf(want, sizeof(want), "<article>\n%s</article>\n",
			cases[i].out);
		if (e != ERR_OK) {
			is_err(e, ERR_OK, "%s", cases[i].name);
			continue;
		}
		is_str(buf_cstr(&a.body), want, "%s", cases[i].name);
		why = flaw(&a);
		ok(why == NULL, "%s: canonical%s%s", cases[i].name,
			why == NULL ? "" : ": ", why == NULL ? "" : why);
		ingest_article_clear(&a);
	}
}

static void
test_result(void)
{
	struct ingest_article a;
	struct diag d;

	is_err(ingest_sanitise(span_str(
		       "<article lang=fa dir=rtl><p>x<img src='b%2Fc.jpg'>"
		       "<img src='http://e.org/%D0%B0.png?v=2'>"
		       "<img src='b/c.jpg'><img src='%00.jpg'>"
		       "<script src=x></script><iframe src=y></iframe>"
		       "</article>"),
		       &a, &d),
		ERR_OK, "an article");
	ok(strncmp(buf_cstr(&a.body), "<article lang=\"fa\" dir=\"rtl\">\n",
		   30) == 0,
		"its root keeps language and direction");
	ok(a.n_images == 3, "the same image has one number");
	is_str(a.images[0].source, "b/c.jpg", "a path is decoded");
	is_str(a.images[1].source, "http://e.org/\xd0\xb0.png",
		"an address has no query");
	is_str(a.images[2].source, "%00.jpg",
		"what must not be decoded stays as written");
	ok(a.dropped == 2 && a.remote == 2, "counts: %u dropped, %u remote",
		a.dropped, a.remote);
	ingest_article_clear(&a);
	ingest_article_clear(&a);
}

/* Nesting is refused before the parser loses anything. */
static enum err
nested(unsigned depth, const char *tag)
{
	struct ingest_article a;
	struct diag d;
	struct buf b;
	unsigned i;
	enum err e = ERR_OK;

	buf_init(&b, 8 * LIMIT_MIB);
	for (i = 0; i < depth && e == ERR_OK; i++)
		e = buf_printf(&b, "<%s>", tag);
	if (e == ERR_OK)
		e = buf_str(&b, "deep");
	if (e != ERR_OK)
		abort();
	e = ingest_sanitise(buf_view(&b), &a, &d);
	if (e == ERR_OK && strstr(buf_cstr(&a.body), "deep") == NULL)
		e = ERR_FAILED;
	if (e == ERR_OK)
		ingest_article_clear(&a);
	buf_free(&b);
	return e;
}

static void
test_limits(void)
{
	struct ingest_article a;
	struct diag d;
	struct buf b;
	size_t i;

	is_err(nested(100, "div"), ERR_OK, "a hundred levels are fine");
	is_err(nested(100, "blockquote"), ERR_OK, "of any kind");
	is_err(nested(129, "div"), ERR_REFUSED, "129 are not");
	is_err(nested(300, "span"), ERR_REFUSED, "nor 300");
	is_err(nested(500000, "div"), ERR_REFUSED, "nor half a million");
	is_err(nested(200000, "b"), ERR_REFUSED, "inline or not");
	buf_init(&b, 8 * LIMIT_MIB);
	while (b.n <= LIMIT_TEXT)
		if (buf_str(&b, "<p>words and words") != ERR_OK)
			abort();
	is_err(ingest_sanitise(buf_view(&b), &a, &d), ERR_LIMIT,
		"a text over the limit is refused");
	/* A hundred formats around a thousand paragraphs: bounded output. */
	buf_clear(&b);
	for (i = 0; i < 100; i++)
		if (buf_str(&b, "<sub>") != ERR_OK)
			abort();
	for (i = 0; i < 20000; i++)
		if (buf_str(&b, "<p>x</p>") != ERR_OK)
			abort();
	is_err(ingest_sanitise(buf_view(&b), &a, &d), ERR_LIMIT,
		"and so is one that grows over it");
	buf_free(&b);
	is_err(ingest_sanitise(span_of("<p>\xcf\xf0", 5), &a, &d), ERR_SYNTAX,
		"an unknown encoding is not guessed");
	is_err(ingest_sanitise(
		       span_str("<meta charset=windows-1251><p>\xcf\xf0"), &a,
		       &d),
		ERR_OK, "a known one is read");
	is_str(buf_cstr(&a.body),
		"<article>\n<p>\xd0\x9f\xd1\x80</p>\n</article>\n",
		"rightly");
	ingest_article_clear(&a);
	is_err(ingest_sanitise(span_of("<p>a\0b</p><p>c", 14), &a, &d), ERR_OK,
		"a NUL is not the end");
	is_str(buf_cstr(&a.body), "<article>\n<p>ab</p>\n<p>c</p>\n</article>\n",
		"of anything");
	ingest_article_clear(&a);
}

static void
test_naming(void)
{
	static const char body[] = "<article>\n<p>a<img src=\"image:1\" "
				   "alt=\"x &amp; y\"/><img src=\"image:0\" "
				   "alt=\"\" width=\"5\"/></p>\n</article>\n";
	struct digest names[2];
	bool has[2] = {true, false};
	struct diag d;
	struct buf b;

	memset(&names[0], 0xab, sizeof(names[0]));
	buf_init(&b, 4096);
	is_err(ingest_name_images(span_str(body), names, has, 2, &b, &d),
		ERR_OK, "images get names");
	is_str(buf_cstr(&b),
		"<article>\n<p>a[x &amp; y]<img src=\"abababababababababababab"
		"abababababababababababababababababababab\" alt=\"\" "
		"width=\"5\"/></p>\n</article>\n",
		"or become their text");
	buf_clear(&b);
	is_err(ingest_name_images(span_str(body), names, has, 1, &b, &d),
		ERR_REFUSED, "a number too high is refused");
	buf_free(&b);
}

/* Bodies that no sanitiser wrote. */
static void
test_check(void)
{
	static const char *const bad[] = {"", "<article>", "<p>a</p>\n",
		"<article></article>", "<article></article>\n\n",
		"<article></article>\n<article></article>\n",
		"<article><script></script></article>\n",
		"<article><p onclick=\"x\"></p></article>\n",
		"<article><p>a</article></p>\n",
		"<article><p><p></p></p></article>\n",
		"<article><p title=\"a\" title=\"b\"></p></article>\n",
		"<article><p title='a'></p></article>\n",
		"<article><p  title=\"a\"></p></article>\n",
		"<article><img alt=\"\"/></article>\n",
		"<article><img src=\"http://e.org/\" alt=\"\"/></article>\n",
		"<article><img src=\"image:9\" alt=\"\"/></article>\n",
		"<article><img src=\"image:00\" alt=\"\"/></article>\n",
		"<article><br></article>\n", "<article><br/></br></article>\n",
		"<article>&nbsp;</article>\n", "<article>&#65;</article>\n",
		"<article>&</article>\n", "<article>></article>\n",
		"<article><!-- --></article>\n",
		"<article><![CDATA[x]]></article>\n",
		"<article><?x?></article>\n", "<article>\x1b</article>\n",
		"<article>\xe2\x80\xae</article>\n", "<article>\xff</article>\n",
		"<article><a href=\"javascript:x\">a</a></article>\n",
		"<article><p title=\"<\"></p></article>\n",
		("<article><a href=\"http://e/\"><b><a href=\"http://e/\">x"
		 "</a></b></a></article>\n"),
		"<article><ul>x</ul></article>\n",
		"<article><P>x</P></article>\n",
		"<article lang=\"\"></article>\n", "<article"};
	size_t i;

	is_err(body_check(span_str("<article></article>\n"), 0, NULL), ERR_OK,
		"the least body is fine");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_err(body_check(span_str(bad[i]), 1, NULL), ERR_REFUSED,
			"body %zu of those that no sanitiser wrote", i);
}

/* ---- soup: random tags, attributes and texts, each judged by flaw() */

static uint32_t soup_state;

static unsigned
pick(size_t n)
{
	soup_state = soup_state * 1103515245u + 12345u;
	return (unsigned)((soup_state >> 12) % n);
}

#define PICK(a) ((a)[pick(sizeof(a) / sizeof((a)[0]))])

static void
cook(struct buf *b)
{
	static const char *const tags[] = {"p", "div", "span", "b", "i", "a",
		"ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th",
		"tbody", "thead", "caption", "figure", "figcaption", "img",
		"br", "hr", "pre", "h2", "h1", "blockquote", "section",
		"article", "details", "summary", "ruby", "rt", "rp", "wbr",
		"noscript", "video", "iframe", "embed", "form", "input",
		"font", "center", "code", "time", "bdo", "q", "del", "picture",
		"source", "nav", "svg", "math", "mi", "col", "body", "html",
		"head", "title", "object", "script", "amp-img", "legend"};
	static const char *const attrs[] = {" id=x1", " id='Fn:1'",
		" href='#x1'", " href='#Fn:1'", " href='http://e.org/?a=1&b'",
		" href=\"javascript:x\"", " src=a.jpg", " src='data:x'",
		" data-src=b.png", " lang=ru", " dir=RTL", " title=' a  b '",
		" width=1 height=1", " colspan=2", " reversed", " name=x1",
		" src=https://v.org/e", " id=n-x1", " srcset='c.png 2x'",
		" alt='q&quot;'", " x=\"", " '"};
	static const char *const texts[] = {"a", "bc ", " d", " ", "\n",
		"&nbsp;", "\n\n x", "&amp;", "<", ">", "\"", "\xd0\x9f",
		"\xe2\x80\xae", "]]>", "<!-- c -->", "&lt;b&gt;", "\t", "&#133;",
		"\xc2\x85", "&#0;", "<?x ?>", "</"};
	const char *open[128];
	size_t n = 0, len = 3 + pick(60), i, k;
	enum err e = ERR_OK;

	buf_clear(b);
	for (i = 0; i < len && e == ERR_OK; i++) {
		unsigned what = pick(10);

		if (what < 5 && n < 128) {
			open[n] = PICK(tags);
			e = buf_printf(b, "<%s", open[n++]);
			for (k = pick(3); k > 0 && e == ERR_OK; k--)
				e = buf_str(b, PICK(attrs));
			if (e == ERR_OK)
				e = buf_str(b, pick(20) > 0 ? ">" : "/>");
		} else if (what < 8) {
			e = buf_str(b, PICK(texts));
		} else if (n > 0) {
			e = buf_printf(b, "</%s>", open[--n]);
		}
	}
	if (e != ERR_OK)
		abort();
}

static void
test_soup(void)
{
	struct ingest_article a;
	unsigned i, good = 0, bad = 0;
	struct diag d;
	struct buf b;

	buf_init(&b, LIMIT_MIB);
	for (i = 0; i < 6000; i++) {
		const char *why;

		soup_state = i * 2654435761u;
		cook(&b);
		if (ingest_sanitise(buf_view(&b), &a, &d) != ERR_OK)
			continue;
		why = flaw(&a);
		good += why == NULL;
		if (why != NULL && bad++ < 3)
			printf("# soup %u: %s\n", i, why);
		ingest_article_clear(&a);
	}
	ok(bad == 0 && good > 5000, "soup: %u clean, %u not", good, bad);
	buf_free(&b);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		abort();
	test_cases();
	test_result();
	test_limits();
	test_naming();
	test_check();
	test_soup();
	return plan();
}
