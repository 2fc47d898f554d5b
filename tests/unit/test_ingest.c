/* The importers: pages, RSS, Atom, encodings, dates. */
#include <stdint.h>

#include "../../src/core/date.h"
#include "../../src/core/limits.h"
#include "../../src/ingest/dates.h"
#include "../../src/ingest/field.h"
#include "../../src/ingest/ingest.h"
#include "../../src/ingest/url.h"
#include "../lib/tap.h"

/* 2026-03-10T12:00:00Z */
#define NOW 1773144000

static struct ingest_result r;
static struct diag d;

static enum err
import(const char *s, const char *language, const char *name)
{
	struct ingest_defaults def = {
		.language = language, .name = name, .now = NOW};

	ingest_result_clear(&r);
	return ingest_import(span_str(s), INGEST_UNKNOWN, &def, &r, &d);
}

static bool
date_is(int64_t t, const char *want)
{
	char text[DATE_SIZE];

	date_format(text, t);
	return strcmp(text, want) == 0;
}

static bool
body_has(const struct ingest_article *a, const char *what)
{
	return strstr(buf_cstr(&a->body), what) != NULL;
}

static void
test_detect(void)
{
	static const struct {
		const char *s;
		enum ingest_kind kind;
	} cases[] = {{"<!DOCTYPE html><p>", INGEST_HTML},
		{"\xef\xbb\xbf <html>", INGEST_HTML},
		{"plain <p>text", INGEST_HTML},
		{"<?xml version='1.0'?><!-- c --><rss version='2.0'>",
			INGEST_RSS},
		{"<?xml version='1.0'?>\n<feed xmlns='x'>", INGEST_ATOM},
		{"<?xml version='1.0'?><html xmlns='x'>", INGEST_HTML},
		{"<rdf:RDF>", INGEST_UNKNOWN}, {"{\"a\":1}", INGEST_UNKNOWN},
		{"", INGEST_UNKNOWN}, {"<", INGEST_UNKNOWN},
		{"<!--", INGEST_UNKNOWN}, {"\x89PNG\r\n", INGEST_UNKNOWN},
		{"just words", INGEST_UNKNOWN}};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(ingest_detect(span_str(cases[i].s)) == cases[i].kind,
			"kind of source %zu", i);
}

static void
test_dates(void)
{
	static const struct {
		const char *s, *want;
	} cases[] = {
		{"Mon, 02 Mar 2026 15:04:05 +0300", "2026-03-02T12:04:05Z"},
		{"2 Mar 26 15:04 GMT", "2026-03-02T15:04:00Z"},
		{"monday, 2 march 2026 15:04:05 EST", "2026-03-02T20:04:05Z"},
		{"Mon, 2 Mar 2026 15:04:05", "2026-03-02T15:04:05Z"},
		{" 2 Mar 2026 ", "2026-03-02T00:00:00Z"},
		{"Mon, 02 Mar 2026 15:04:05 GMT+0300", "2026-03-02T12:04:05Z"},
		{"Mon, 02 Mar 2026 15:04:05 +0300 (MSK)",
			"2026-03-02T12:04:05Z"},
		{"Mon, 02 Mar 2026 15:04:05 MSK", "2026-03-02T12:04:05Z"},
		{"2026-03-02T15:04:05Z", "2026-03-02T15:04:05Z"},
		{"2026-03-02T15:04:05.123456+03:30", "2026-03-02T11:34:05Z"},
		{"2026-03-02 15:04", "2026-03-02T15:04:00Z"},
		{"2026-03-02t15:04:05-0500", "2026-03-02T20:04:05Z"},
		{"2026-3-2", "2026-03-02T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z"}};
	static const char *const bad[] = {"", "yesterday", "0000-00-00",
		"2026-02-29", "2026-13-01", "2026-01-32", "2026-01-01T25:00",
		"31 Feb 2026", "1 Foo 2026", "1 Mar 126", "1 Mar 20266",
		"Mon, 02 Mar 2026 15:04:05 XXX", "2026-03-02T15:04:05Z junk",
		"2026-03-02T15:04:05+99:00", "1 Mar 1960",
		"99999999999999999999-01-01", "-1"};
	size_t i;
	int64_t t;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(dates_parse(span_str(cases[i].s), &t) == ERR_OK &&
				date_is(t, cases[i].want),
			"date \"%s\"", cases[i].s);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_err(dates_parse(span_str(bad[i]), &t), ERR_SYNTAX,
			"no date: \"%s\"", bad[i]);
}

static void
test_ids(void)
{
	char *a, *b = NULL;

	ok(field_file_id("./2026-03-01-court.html", &a) == ERR_OK, "an id");
	is_str(a, "2026-03-01-court", "a plain file name is its id");
	free(a);
	ok(field_file_id("news/Court case.html", &a) == ERR_OK &&
			field_file_id("old/Court case.html", &b) == ERR_OK,
		"ids of others");
	ok(strncmp(a, "court-case-", 11) == 0, "are readable: %s", a);
	ok(b != NULL && strcmp(a, b) != 0 && strlen(a) == 27, "and differ by folder");
	free(a);
	free(b);
	ok(field_id(span_str("https://e.org/?p=123"), &a) == ERR_OK, "a guid");
	ok(strncmp(a, "p-123-", 6) == 0, "has a readable end: %s", a);
	free(a);
	ok(field_id(span_str("\xd1\x81\xd1\x83\xd0\xb4"), &a) == ERR_OK &&
			strncmp(a, "a-", 2) == 0 && strlen(a) == 18,
		"one without any is hashed: %s", a);
	free(a);
	ok(field_file_id("news/story/index.html", &a) == ERR_OK &&
			strncmp(a, "story-", 6) == 0,
		"an index is named by its folder: %s", a);
	free(a);
}

static void
test_urls(void)
{
	static const struct {
		const char *href, *base, *want;
	} cases[] = {{"../b?x=1&utm_x=2#c", "https://e.org/a/d/e",
			     "https://e.org/a/b?x=1#c"},
		{"//c.org/x", "https://e.org/a", "https://c.org/x"},
		{" https://e.org/a b ", NULL, "https://e.org/a%20b"},
		{"https://e.org/\xd0\xb0", NULL, "https://e.org/%D0%B0"},
		{"\xd0\xb0 b", "https://e.org/x/", "https://e.org/x/%D0%B0%20b"},
		{"https://user@e.org/", NULL, NULL},
		{"https://e.org/@user", NULL, "https://e.org/@user"},
		{"java\nscript:x", "https://e.org/", NULL},
		{"ftp://e.org/", NULL, NULL}, {"mailto:a@e.org", NULL, NULL},
		{"/x", NULL, NULL}, {"/x", "file:///etc/", NULL},
		{"https://", NULL, NULL}, {"", "https://e.org/", NULL}};
	char *out;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ok(url_web(span_str(cases[i].href), cases[i].base, &out) ==
				ERR_OK,
			"link %zu", i);
		is_str(out == NULL ? "none" : out,
			cases[i].want == NULL ? "none" : cases[i].want,
			"is as it should be");
		free(out);
	}
}

static const char page[] =
	"<!DOCTYPE html><html lang=\"ru\" dir=ltr><head>"
	"<title>Head title | Example News</title>"
	"<link rel=\"canonical\" href=\"https://e.org/news/1?utm_source=x\">"
	"<meta property=\"og:title\" content=\"OG title\">"
	"<meta property=\"article:modified_time\" "
	"content=\"2026-03-06T10:00:00+00:00\">"
	"<meta property=\"article:tag\" content=\"courts\">"
	"<meta name=keywords content=\"press, courts\">"
	"<script type=\"application/ld+json\">{\"@context\":\"x\",\"@graph\":["
	"{\"@type\":\"WebSite\",\"name\":\"E\"},{\"@type\":[\"NewsArticle\"],"
	"\"headline\":\"The &quot;headline&quot;\",\"datePublished\":"
	"\"2026-03-05T14:30:00+03:00\",\"author\":[{\"name\":\"A. Writer\"},"
	"\"B. Editor\",{\"name\":\"mail@e.org\"}]}]}</script></head><body>"
	"<header><a href=/>Home</a></header><nav>menu</nav>"
	"<main><article><h1>The \"headline\"</h1>"
	"<p>First <a href=\"/x\">link</a>.</p><img src=\"img/a.jpg\" alt=A>"
	"<nav>share</nav></article></main>"
	"<aside><article>Teaser</article></aside>"
	"<footer>contacts</footer></body></html>";

static void
test_page(void)
{
	const struct article *m;

	is_err(import(page, NULL, "1.html"), ERR_OK, "a page");
	ok(r.n_articles == 1 && r.n_left == 0, "is one article");
	if (r.n_articles != 1)
		return;
	m = &r.articles[0].meta;
	is_str(m->id, "1", "its id is the file's name");
	is_str(m->title, "The \"headline\"", "JSON-LD has the title");
	is_str(m->language, "ru", "html has the language");
	is_str(m->url, "https://e.org/news/1", "canonical address");
	ok(date_is(m->published, "2026-03-05T11:30:00Z"), "published");
	ok(date_is(m->updated, "2026-03-06T10:00:00Z"), "updated");
	ok(m->n_authors == 2, "two authors, no mail address");
	is_str(m->authors[1], "B. Editor", "by name");
	ok(m->n_tags == 2, "tags once each");
	is_str(buf_cstr(&r.articles[0].body),
		"<article dir=\"ltr\">\n<p>First "
		"<a href=\"https://e.org/x\">link</a>.</p>\n"
		"<p><img src=\"image:0\" alt=\"A\"/></p>\n</article>\n",
		"the body is the article, without the repeated title");
	is_str(r.articles[0].images[0].source, "img/a.jpg", "its image");
}

static void
test_pages(void)
{
	is_err(import("<html><head><title>A longer headline - Site</title>"
		      "<body><header>H</header><nav>n</nav><p>Body text</p>"
		      "<footer>f</footer>",
		       "en", "x.html"),
		ERR_OK, "a bare page");
	ok(r.n_articles == 1, "is an article");
	is_str(r.articles[0].meta.title, "A longer headline",
		"the site's name is no part of the title");
	is_str(buf_cstr(&r.articles[0].body),
		"<article>\n<p>Body text</p>\n</article>\n",
		"what surrounds the text is not the text");
	ok(r.articles[0].meta.published == NOW, "an unknown date is now");
	is_err(import("<h1>T</h1><p>x", NULL, "x.html"), ERR_OK, "no language");
	ok(r.n_articles == 0 && r.n_left == 1, "is left out");
	is_str(r.left[0].why, "it says no language; --language TAG gives one",
		"and says so");
	is_err(import("<p>x", "en", "x.html"), ERR_OK, "no title");
	ok(r.n_left == 1, "is left out");
	is_str(r.left[0].what, "x.html", "by its file name");
	is_err(import("<title>T</title><script>x</script>", "en", "x"), ERR_OK,
		"no text");
	is_str(r.n_left == 1 ? r.left[0].why : "", "no text", "is left out");
	is_err(import("<h1>T</h1><time datetime=2027-01-01></time><p>x", "en",
		       "x"),
		ERR_OK, "a date to come");
	is_str(r.n_left == 1 ? r.left[0].why : "", "dated in the future",
		"is left out");
	is_err(import("<h1>T</h1><time datetime='2026-03-10 20:00'></time><p>x",
		       "en", "x"),
		ERR_OK, "some hours ahead");
	ok(r.n_articles == 1 && r.articles[0].meta.published == NOW,
		"is taken for now");
	is_err(import("<meta charset=windows-1251><h1>\xd1\xf3\xe4</h1><p>\xcf",
		       "ru", "x"),
		ERR_OK, "a page in windows-1251");
	is_str(r.n_articles == 1 ? r.articles[0].meta.title : "",
		"\xd0\xa1\xd1\x83\xd0\xb4", "is read");
	is_err(import("<meta charset=windows-1251><h1>\xd0\xa1\xd1\x83\xd0\xb4"
		      "</h1><p>x",
		       "ru", "x"),
		ERR_OK, "UTF-8 that says it is not");
	is_str(r.n_articles == 1 ? r.articles[0].meta.title : "",
		"\xd0\xa1\xd1\x83\xd0\xb4", "is UTF-8");
	is_err(import("<h1>\xd1\xf3</h1>", "ru", "x"), ERR_SYNTAX,
		"bytes that say nothing are refused");
	is_err(import("<meta charset=ebcdic><h1>\xd1\xf3</h1>", "ru", "x"),
		ERR_UNSUPPORTED, "an unknown encoding is refused");
	is_err(import("{}", "ru", "x"), ERR_SYNTAX, "JSON is no page");
	is_err(import("<article><h1>T</h1><script type='application/ld+json'>"
		      "{\"@type\":\"Article\",\"headline\":[[[[[[[[1]]]]]]]]"
		      "</script><p>x",
		       "en", "x"),
		ERR_OK, "broken JSON-LD is passed over");
	is_str(r.n_articles == 1 ? r.articles[0].meta.title : "", "T",
		"and the page read without it");
}

#define LONG                                                                   \
	"Long enough to be an article and not a summary of one: a text of "   \
	"several lines that goes on and on, with every word that it takes. "

static const char rss[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<rss version=\"2.0\" "
	"xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" "
	"xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
	"xmlns:wp=\"http://wordpress.org/export/1.2/\" "
	"xmlns:media=\"http://search.yahoo.com/mrss/\">"
	"<channel><title>Site</title><language>ru-ru</language>"
	"<item><title>One &amp;amp; &lt;b&gt;two&lt;/b&gt;</title>"
	"<link>https://e.org/1</link><guid>https://e.org/?p=1</guid>"
	"<dc:creator>A. Writer</dc:creator>"
	"<author>mail@e.org (B. Editor)</author><author>c@e.org</author>"
	"<pubDate>Thu, 05 Mar 2026 14:30:00 +0300</pubDate>"
	"<category>courts</category><category><![CDATA[press]]></category>"
	"<enclosure url=\"https://e.org/a.jpg?w=1\" type=\"image/jpeg\"/>"
	"<description>summary</description>"
	"<content:encoded><![CDATA[<p>Text <a href=\"/y\">y</a></p>]]>"
	"</content:encoded></item>"
	"<item><title>Two</title><guid isPermaLink=\"false\">tag-2</guid>"
	"<dc:language>en</dc:language>"
	"<content:encoded>&lt;img src=\"b.jpg\"&gt;&lt;p&gt;With image"
	"</content:encoded><media:content url=\"c.jpg\" medium=\"image\"/>"
	"</item>"
	"<item><title>Draft</title><guid>d</guid><wp:status>draft</wp:status>"
	"<content:encoded>secret</content:encoded></item>"
	"<item><title>Protected</title><guid>e</guid>"
	"<wp:post_password>x</wp:post_password>"
	"<content:encoded>secret</content:encoded></item>"
	"<item><guid>f</guid><content:encoded>no title</content:encoded></item>"
	"<item><title>No id</title><content:encoded>x</content:encoded></item>"
	"<item><title>Twin</title><guid>tag-2</guid>"
	"<content:encoded>x</content:encoded></item>"
	"<item><title>Later</title><guid>g</guid>"
	"<pubDate>Thu, 05 Mar 2030 14:30:00 +0300</pubDate>"
	"<content:encoded>x</content:encoded></item>"
	"<item><title>Teaser</title><guid>h</guid>"
	"<description>Read on our site</description></item>"
	"</channel></rss>";

static const char *
why(const char *what)
{
	size_t i;

	for (i = 0; i < r.n_left; i++)
		if (strcmp(r.left[i].what, what) == 0)
			return r.left[i].why;
	return "not left";
}

static void
test_rss(void)
{
	const struct ingest_article *a;

	is_err(import(rss, "uk", "feed.xml"), ERR_OK, "an RSS feed");
	ok(r.n_articles == 2 && r.n_left == 7, "%zu articles, %zu left",
		r.n_articles, r.n_left);
	if (r.n_articles != 2)
		return;
	a = &r.articles[0];
	is_str(a->meta.title, "One & two", "a title escaped twice");
	ok(strncmp(a->meta.id, "p-1-", 4) == 0, "the id is the guid's");
	is_str(a->meta.language, "ru-ru", "the channel's language");
	is_str(a->meta.url, "https://e.org/1", "its address");
	ok(a->meta.n_authors == 2, "authors, never mail addresses");
	is_str(a->meta.authors[1], "B. Editor", "but the name beside one");
	ok(date_is(a->meta.published, "2026-03-05T11:30:00Z"), "its date");
	ok(a->meta.n_tags == 2, "its tags");
	is_str(buf_cstr(&a->body),
		"<article>\n<figure><img src=\"image:0\" alt=\"\"/></figure>\n"
		"<p>Text <a href=\"https://e.org/y\">y</a></p>\n</article>\n",
		"its text begins with the enclosed image");
	is_str(a->images[0].source, "https://e.org/a.jpg", "from there");
	a = &r.articles[1];
	is_str(a->meta.id, "tag-2", "an id that fits is kept");
	is_str(a->meta.language, "en", "an item's own language");
	ok(a->n_images == 1 && strcmp(a->images[0].source, "b.jpg") == 0,
		"an image in the text is enough");
	is_str(why("Draft"), "draft", "drafts stay out");
	is_str(why("Protected"), "protected by a password",
		"what is protected too");
	is_str(why("No id"), "no id and no link", "no id");
	is_str(why("Twin"), "same id as an earlier item", "a twin");
	is_str(why("Later"), "dated in the future", "a date to come");
	is_str(why("Teaser"), "summary only (13 characters)", "a summary");
	ok(!body_has(&r.articles[0], "secret"), "nothing of them is in");
}

static void
test_rss_full(void)
{
	is_err(import("<rss><channel><language>en</language><item>"
		      "<title>Full</title><link>https://e.org/1</link>"
		      "<description>" LONG LONG LONG LONG LONG LONG
		      "</description></item></channel></rss>",
		       NULL, "f"),
		ERR_OK, "full texts in descriptions");
	ok(r.n_articles == 1, "are articles");
	is_err(import("<rss><channel><item><title>T</title></channel></rss>",
		       "en", "f"),
		ERR_SYNTAX, "a broken feed is not half read");
	ok(strstr(d.why, "line 1") != NULL, "and says where: %s", d.why);
	is_err(import("<!DOCTYPE rss [<!ENTITY a \"aaaa\"><!ENTITY b "
		      "\"&a;&a;&a;&a;\">]><rss><channel><item><title>&b;"
		      "</title></item></channel></rss>",
		       "en", "f"),
		ERR_REFUSED, "entities are refused");
	is_err(import("<!DOCTYPE rss [<!ENTITY x SYSTEM "
		      "\"file:///etc/passwd\">]><rss><channel><item><title>"
		      "&x;</title></item></channel></rss>",
		       "en", "f"),
		ERR_REFUSED, "files too");
	is_err(import("<rss></rss>", "en", "f"), ERR_SYNTAX, "no channel");
	is_err(import("<rss><channel/></rss>", "en", "f"), ERR_OK, "no items");
	ok(r.n_articles == 0 && r.n_left == 0, "are none");
	is_err(import("<?xml version=\"1.0\" encoding=\"windows-1251\"?>"
		      "<rss><channel><item><title>\xd1\xf3\xe4</title>"
		      "<link>https://e.org/1</link><description>" LONG LONG
			      LONG LONG LONG LONG "</description></item>"
		      "</channel></rss>",
		       "ru", "f"),
		ERR_OK, "a feed in windows-1251");
	is_str(r.n_articles == 1 ? r.articles[0].meta.title : "",
		"\xd0\xa1\xd1\x83\xd0\xb4", "is read");
}

static const char atom[] =
	"<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"fa\" "
	"xml:base=\"https://e.org/news/\"><title>Site</title>"
	"<author><name>The Desk</name><email>d@e.org</email></author>"
	"<entry><id>urn:uuid:1</id><title type=\"html\">A &amp;lt; B</title>"
	"<link href=\"1.html\"/><link rel=\"edit\" href=\"https://e.org/x\"/>"
	"<published>2026-03-05T14:30:00Z</published>"
	"<updated>2026-03-06T14:30:00Z</updated><category term=\"t\"/>"
	"<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">"
	"<p>Text <a href=\"2.html\">2</a></p><script>x</script></div>"
	"</content></entry>"
	"<entry xml:lang=\"en\"><id>two</id><title>P &lt; Q</title>"
	"<author><name>A. Writer</name></author>"
	"<updated>2026-03-06T14:30:00Z</updated>"
	"<content type=\"html\" xml:base=\"https://f.org/\">"
	"&lt;a href='z'&gt;z&lt;/a&gt;</content></entry>"
	"<entry><id>three</id><title>Plain</title>"
	"<content>One &lt;b&gt;\n\nTwo</content></entry>"
	"<entry><id>four</id><title>Hidden</title><content>x</content>"
	"<app:control xmlns:app=\"http://www.w3.org/2007/app\"><app:draft>yes"
	"</app:draft></app:control></entry>"
	"<entry><id>five</id><title>Short</title><summary>s</summary></entry>"
	"<entry><id>six</id><title>Binary</title>"
	"<content type=\"image/png\">AAAA</content></entry>"
	"</feed>";

static void
test_atom(void)
{
	const struct ingest_article *a;

	is_err(import(atom, NULL, "feed.xml"), ERR_OK, "an Atom feed");
	ok(r.n_articles == 3 && r.n_left == 3, "%zu articles, %zu left",
		r.n_articles, r.n_left);
	if (r.n_articles != 3)
		return;
	a = &r.articles[0];
	is_str(a->meta.title, "A < B", "an HTML title");
	is_str(a->meta.language, "fa", "the feed's language");
	is_str(a->meta.url, "https://e.org/news/1.html", "its address");
	ok(a->meta.n_authors == 1, "the feed's author");
	ok(date_is(a->meta.updated, "2026-03-06T14:30:00Z"), "updated");
	is_str(buf_cstr(&a->body),
		"<article>\n<p>Text <a href=\"https://e.org/news/2.html\">2"
		"</a></p>\n</article>\n",
		"XHTML content");
	a = &r.articles[1];
	is_str(a->meta.title, "P < Q", "a plain title");
	is_str(a->meta.authors[0], "A. Writer", "its own author");
	ok(a->meta.published == a->meta.updated, "one date for two");
	ok(body_has(a, "href=\"https://f.org/z\""), "HTML content, its base");
	is_str(buf_cstr(&r.articles[2].body),
		"<article>\n<p>One &lt;b&gt;</p>\n<p>Two</p>\n</article>\n",
		"plain content");
	is_str(why("Hidden"), "draft", "a draft");
	is_str(why("Short"), "summary only (1 characters)", "a summary");
	is_str(why("Binary"), "its content is neither text nor HTML",
		"something else");
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		abort();
	test_detect();
	test_dates();
	test_ids();
	test_urls();
	test_page();
	test_pages();
	test_rss();
	test_rss_full();
	test_atom();
	ingest_result_clear(&r);
	return plan();
}
