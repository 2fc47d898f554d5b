/* The HTML page: what it says, that it loads nothing, and that nothing foreign
 * becomes markup. */
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/read/page.h"
#include "../../src/read/page_style.h"
#include "../lib/tap.h"

static struct diag diag;
static char *author[] = {"A. Author", "<b>&\"'"};
static char *tag[] = {"one", "</bdi><script>x</script>"};

static struct verified *
vouch(const char *s)
{
	struct digest name = digest_of(span_str(s));
	struct verified *v;

	return verified_again(span_str(s), &name, &v) == ERR_OK ? v : NULL;
}

static struct article
sample(void)
{
	struct article a = {.id = "a-1",
		.revision = 2,
		.title = "Title & <script>alert(1)</script>",
		.language = "ru",
		.published = 1772721000,
		.updated = 1772807400,
		.authors = author,
		.n_authors = 2,
		.tags = tag,
		.n_tags = 2,
		.url = "https://example.org/a?b=1&c=\"2\""};

	return a;
}

static enum err
render(const struct page *page, const char *xml, struct buf *out)
{
	struct page p = *page;
	struct verified *v = xml == NULL ? NULL : vouch(xml);
	enum err e;

	p.text = v;
	e = page_render(&p, out, &diag);
	verified_free(v);
	return e;
}

static unsigned
count(const struct buf *b, const char *what)
{
	const char *at = buf_cstr(b);
	unsigned n = 0;

	while ((at = strstr(at, what)) != NULL) {
		n++;
		at += strlen(what);
	}
	return n;
}

static bool
has(const struct buf *b, const char *what)
{
	bool found = count(b, what) > 0;

	if (!found)
		printf("# no '%s'\n", what);
	return found;
}

/* The policy's hash is that of the style in the page, byte for byte. */
static void
test_policy(const struct buf *out)
{
	const char *page = buf_cstr(out);
	const char *from = strstr(page, "<style>") + strlen("<style>");
	const char *to = strstr(from, "</style>");
	uint8_t sum[32];
	struct buf want;

	hash_bytes(HASH_SHA256, span_of(from, (size_t)(to - from)), sum);
	buf_init(&want, 1000);
	if (buf_str(&want,
		    "content=\"default-src 'none'; img-src data:; style-src "
		    "'sha256-") != ERR_OK ||
		text_base64_add(&want, span_of(sum, 32)) != ERR_OK ||
		buf_str(&want, "'; base-uri 'none'; form-action 'none'\"") !=
			ERR_OK)
		buf_clear(&want);
	ok(want.n > 0 && has(out, buf_cstr(&want)), "the policy and its hash");
	ok(strstr(page, "Content-Security-Policy") < strstr(page, "<style>"),
		"the policy comes before the style");
	ok(count(out, "<style") == 1 && count(out, "style=") == 0,
		"there is no other style");
	ok(strstr(page_style, "url(") == NULL &&
			strstr(page_style, "@import") == NULL &&
			strchr(page_style, '<') == NULL,
		"the style names no resource");
	ok(has(out, "name=\"referrer\" content=\"no-referrer\""),
		"no referrer");
	buf_free(&want);
}

static void
test_header(void)
{
	static const struct page_claim claims[] = {
		{true, "authentic: signed by <Example>"},
		{false, "stale\x1b[31m"},
	};
	struct article a = sample();
	struct page p = {.article = &a,
		.outlet = "The <Outlet>",
		.claims = claims,
		.n_claims = 2};
	struct buf out;

	buf_init(&out, LIMIT_MIB);
	is_err(render(&p, "<article><p>x</p></article>", &out), ERR_OK,
		"a page");
	ok(strncmp(buf_cstr(&out), "<!DOCTYPE html>\n", 16) == 0, "is HTML");
	test_policy(&out);
	ok(count(&out, "<script") == 0, "no script, in spite of title and tag");
	ok(has(&out, "<html lang=\"ru\" dir=\"ltr\">"), "language");
	ok(has(&out, "<title>Title &amp; &lt;script&gt;"), "title");
	ok(has(&out, "The &lt;Outlet&gt;"), "outlet");
	ok(has(&out, "<bdi>&lt;b&gt;&amp;&quot;'</bdi>"), "authors");
	ok(has(&out, "<time datetime=\"2026-03-05T14:30:00Z\">2026-03-05 14:30 "
		     "UTC</time>"),
		"published");
	ok(has(&out, "updated <time datetime=\"2026-03-06T"), "updated");
	ok(has(&out, "class=\"good\">\xe2\x9c\x94 authentic: signed by "
		     "&lt;Example&gt;</li>"),
		"a good claim");
	ok(has(&out, "class=\"bad\">\xe2\x9a\xa0 stale\\x1b[31m</li>"),
		"a bad claim, escaped");
	ok(has(&out, "https://example.org/a?b=1&amp;c=&quot;2&quot;"),
		"address");
	ok(has(&out, "a-1</bdi>, revision 2"), "id and revision");
	ok(count(&out, "class=\"status\"") == 0, "nothing about its status");
	buf_free(&out);
}

static void
test_status(void)
{
	struct article a = sample();
	struct page p = {.article = &a};
	struct buf out;

	buf_init(&out, LIMIT_MIB);
	a.status = ARTICLE_CORRECTED;
	a.note = "two < three";
	is_err(render(&p, "<article>x</article>", &out), ERR_OK, "corrected");
	ok(has(&out, "<strong><bdi>Corrected.</bdi></strong> two &lt; three"),
		"says so");
	ok(count(&out, "class=\"verdict\"") == 0, "no claims, no verdict");
	buf_clear(&out);
	a.status = ARTICLE_RETRACTED;
	a.updated = a.published;
	is_err(render(&p, NULL, &out), ERR_OK, "retracted");
	ok(has(&out, "<strong><bdi>Retracted.</bdi></strong> two &lt; three"),
		"says so");
	ok(count(&out, "<article") == 0, "and has no text");
	ok(count(&out, "updated") == 0, "never updated");
	buf_clear(&out);
	is_err(buf_str(&out, "before"), ERR_OK, "something before");
	is_err(render(&p, "<article><svg/></article>", &out), ERR_REFUSED,
		"a text that fails the check");
	is_str(buf_cstr(&out), "before", "nothing of it is shown");
	ok(strstr(diag.why, "svg") != NULL, "the diag says why");
	buf_free(&out);
	buf_init(&out, 500);
	is_err(render(&p, NULL, &out), ERR_LIMIT, "a small buffer");
	ok(out.n == 0, "is left empty");
	buf_free(&out);
}

static void
test_text(void)
{
	static const struct {
		const char *xml, *html;
	} t[] = {
		{"<p>a &amp;amp; &lt;script&gt;</p>",
			"<p dir=\"auto\">a &amp;amp; &lt;script&gt;</p>"},
		{"<p dir=\"rtl\" lang=\"fa\">x</p>",
			"<p dir=\"rtl\" lang=\"fa\">x</p>"},
		{"<p title=\"&quot;&gt;&lt;b&gt;\">x</p>",
			"<p title=\"&quot;&gt;&lt;b&gt;\" dir=\"auto\">x</p>"},
		{"<p>a<br/>b<wbr></wbr></p><hr/>",
			"<p dir=\"auto\">a<br>b<wbr></p><hr>"},
		{"<pre>\na</pre>", "<pre dir=\"auto\">\n\na</pre>"},
		{"<ul><li>a</li></ul>", "<ul><li>a</li></ul>"},
		{"<ol start=\"3\" reversed=\"reversed\"><li/></ol>",
			"<ol start=\"3\" reversed=\"reversed\"><li></li></ol>"},
		{"<table><tr><td colspan=\"2\">a</td></tr></table>",
			"<table><tr><td colspan=\"2\">a</td></tr></table>"},
		{"<div id=\"n-1\"><a href=\"#n-1\">x</a></div>",
			"<div id=\"n-1\"><a href=\"#n-1\">x</a></div>"},
		{"<p><a href=\"https://e.org/?a=1&amp;b=2\" title=\"t\">x</a> "
		 "<a href=\"mailto:a@b\">y</a></p>",
			"<a href=\"#link-1\" title=\"https://e.org/?a=1&amp;"
			"b=2\">x<sup>1</sup></a> <a href=\"#link-2\" "
			"title=\"mailto:a@b\">y<sup>2</sup></a>"},
		{"<p><a href=\"https://e.org/?a=1&amp;b=2\">x</a></p>",
			"<li id=\"link-1\"><a href=\"https://e.org/?a=1&amp;b=2"
			"\" rel=\"noopener noreferrer nofollow\">https://e.org/"
			"?a=1&amp;b=2</a></li>"},
	};
	struct article a = sample();
	struct page p = {.article = &a};
	struct buf out, in;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_init(&in, LIMIT_TEXT);
		buf_init(&out, LIMIT_MIB);
		is_err(buf_printf(&in, "<article>%s</article>", t[i].xml),
			ERR_OK, "made");
		is_err(render(&p, buf_cstr(&in), &out), ERR_OK, "text %zu", i);
		ok(has(&out, t[i].html), "is right");
		buf_free(&in);
		buf_free(&out);
	}
}

/* ---- images */

#define NAME                                                                   \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                                     \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER                                                                  \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"                                     \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct pictures {
	struct verified *bytes;
	int calls;
};

static const struct verified *
picture(void *arg, const struct article_image *image)
{
	struct pictures *ps = arg;

	ps->calls++;
	return image->name.b[0] == 0xaa ? ps->bytes : NULL;
}

static void
test_images(void)
{
	struct article_image images[2] = {
		{.type = "image/png"}, {.type = "image/jpeg"}};
	struct pictures ps = {.bytes = vouch("not really a picture")};
	struct article a = sample();
	struct page p = {.article = &a, .image = picture, .arg = &ps};
	struct buf out;

	memset(images[0].name.b, 0xaa, 32);
	memset(images[1].name.b, 0xbb, 32);
	a.images = images;
	a.n_images = 2;
	buf_init(&out, LIMIT_MIB);
	is_err(render(&p,
		       "<article><img src=\"" NAME
		       "\" alt=\"&lt;a\" width=\"4\""
		       "/><img src=\"" OTHER "\" alt=\"b\"/><img src=\"" NAME
		       "\"/></article>",
		       &out),
		ERR_OK, "images");
	ok(has(&out, "<img src=\"data:image/png;base64,bm90IHJlYWxseSBhIHBpY3R1"
		     "cmU=\" alt=\"&lt;a\" width=\"4\">"),
		"one stands inside");
	ok(has(&out, "<span class=\"absent\">[image: b]</span>"),
		"one is not at hand");
	ok(has(&out, "<span class=\"absent\">[image]</span>") && ps.calls == 2,
		"the second of the same is not repeated");
	ok(count(&out, "src=") == 1, "nothing else is loaded");
	buf_clear(&out);
	images[0].type = "image/svg+xml";
	is_err(render(&p, "<article><img src=\"" NAME "\"/></article>", &out),
		ERR_OK, "an image of another kind");
	ok(count(&out, "<img") == 0, "is not shown");
	buf_clear(&out);
	a.n_images = 0;
	is_err(render(&p, "<article><img src=\"" NAME "\"/></article>", &out),
		ERR_OK, "an image that the index does not name");
	ok(count(&out, "<img") == 0, "is not shown");
	buf_free(&out);
	verified_free(ps.bytes);
}

static void
test_direction(void)
{
	static const struct {
		const char *language;
		bool want;
	} t[] = {
		{"fa", true},
		{"fa-AF", true},
		{"ar", true},
		{"he", true},
		{"ur-PK", true},
		{"ku-Arab", true},
		{"ar-Latn", false},
		{"ru", false},
		{"zh-Hans", false},
		{"far", false},
		{"", false},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ok(page_is_rtl(t[i].language) == t[i].want, "direction of '%s'",
			t[i].language);
	ok(!page_is_rtl(NULL), "of none");
}

int
main(void)
{
	test_header();
	test_status();
	test_text();
	test_images();
	test_direction();
	return plan();
}
