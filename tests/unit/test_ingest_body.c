/* Which part of a page is the article, and what beside it goes. */
#include "../../src/core/crypto.h"
#include "../../src/ingest/ingest.h"
#include "../lib/tap.h"

#define P                                                                      \
	"<p>A paragraph that somebody wrote, long enough to be believed to "   \
	"be one: it goes on for a line or two, as paragraphs of articles do, " \
	"and then it ends.</p>"
#define WORDS "A paragraph that somebody wrote"
#define TEXT P P P P

static struct ingest_result r;

static bool
import(const char *s)
{
	struct ingest_defaults def = {
		.language = "en", .name = "x", .now = 1773144000};
	struct diag d;

	ingest_result_clear(&r);
	return ingest_import(span_str(s), INGEST_UNKNOWN, &def, &r, &d) ==
	       ERR_OK;
}

static const char *
body(void)
{
	return r.n_articles == 1 ? buf_cstr(&r.articles[0].body) : "none";
}

static size_t
times(const char *what)
{
	const char *s = body();
	size_t n = 0;

	for (; (s = strstr(s, what)) != NULL; s++)
		n++;
	return n;
}

/* Every page has four paragraphs, KEEP when it has something else to keep,
 * and is to lose every DROP. */
static void
test_places(void)
{
	static const char *const pages[] = {
		/* columns of a table, the text by its id */
		"<table><tr><td>DROP<a href=/1>DROP</a><td>"
		"<div id=article><p>KEEP" TEXT
		"</div><p><a href=/p>DROP</a></table>",
		/* a name that a teaser has, too */
		"<div class=content>DROP</div><div class='w content'>KEEP" TEXT
		"</div><div class=context>DROP</div>",
		/* an outer and an inner element of the same kind */
		"<div class=article-content><div id=artibody>KEEP" TEXT
		"</div><div>DROP 36</div></div>",
		"<div class=post><div class=post>KEEP" TEXT
		"</div>DROP<a href=/>DROP</a></div>",
		/* the outer one has a paragraph, a picture of its own */
		"<div class=article-body><p>KEEP</p><div "
		"class=article-text>" TEXT "</div></div>DROP",
		"<div class=post-content><figure><img src=a.jpg alt=KEEP>"
		"</figure><div class=article-text>" TEXT "</div></div>DROP",
		/* ids as well as classes, in any case */
		"DROP<div id=ENTRY-content>KEEP" TEXT "</div>DROP",
		/* what a page marks for machines goes before names */
		"<div class=content>DROP<div itemprop=articleBody>KEEP" TEXT
		"</div>DROP</div>"};
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		char *page = NULL;
		size_t n = strlen(pages[i]) + 20;

		page = malloc(n);
		if (page == NULL)
			abort();
		snprintf(page, n, "<title>T</title>%s", pages[i]);
		ok(import(page) && times(WORDS) == 4, "page %zu has its text",
			i);
		ok(times("KEEP") == 1, "all of it");
		ok(times("DROP") == 0, "and nothing else: %s", body());
		free(page);
	}
}

/* A name alone must not cost text. */
static void
test_not_believed(void)
{
	ok(import("<title>T</title><div class=content>" P "</div><div>" TEXT
		  "</div>") &&
			times(WORDS) == 5,
		"a part named content that has a fifth is not the article");
	ok(import("<title>T</title><div id=content><a href=/1>" TEXT
		  "</a></div>" P) &&
			times(WORDS) == 5,
		"nor one that is links");
	ok(import("<title>T</title><div class=content>Short.</div>Text.") &&
			times("Text.") == 1,
		"nor one of a word");
	ok(import("<title>T</title><div class='has-nav ads related'>" TEXT
		  "</div>") &&
			times(WORDS) == 4,
		"a page's frame may have any class");
	ok(import("<title>T</title><body class=nav><article "
		  "class=comments>" TEXT "</article>") &&
			times(WORDS) == 4,
		"an article as well");
}

/* Every element of a deep tree is a candidate and named clutter. */
static void
test_deep(void)
{
	static const char open[] =
		"<div id=content class='entry-content content ads vote'>x";
	struct buf b;
	int i;

	buf_init(&b, 1 << 20);
	ok(buf_str(&b, "<title>T</title>") == ERR_OK, "a page");
	for (i = 0; i < 120; i++)
		if (buf_str(&b, open) != ERR_OK)
			abort();
	if (buf_str(&b, TEXT) != ERR_OK)
		abort();
	ok(import(buf_cstr(&b)) && times(WORDS) == 4,
		"of 120 bodies in bodies has its text");
	for (i = 0; i < 20; i++)
		if (buf_str(&b, open) != ERR_OK)
			abort();
	ok(!import(buf_cstr(&b)), "140 are refused");
	buf_free(&b);
}

#define INSIDE(what)                                                           \
	"<title>T</title><article>" TEXT TEXT TEXT what "</article>"

static void
test_clutter(void)
{
	static const char *const gone[] = {
		"<div class=share>Share: <a href=/s>DROP by mail</a></div>",
		"<aside class=read-also>Read: <a href=/2>DROP that</a></aside>",
		("<div class=jp-relatedPosts><a href=/2><img src=DROP.jpg></a>"
		 "</div>"),
		"<p class=keywords>DROP <a href=/t>one</a> <a href=/u>two</a>",
		"<ul class=breadcrumb><li><a href=/>DROP</a><li>DROP</ul>",
		"<div id=vote_box><span>DROP</span>(17)</div>",
		"<section class='blk-cmt'><p>DROP is what I say.</section>",
		"<div class=NewsletterForm>DROP: write to us</div>",
		"<div class='ad-slot'>DROP</div>"};
	static const char *const kept[] = {
		"<div class=share-prices>Acme: KEEP</div>",
		"<p class=vote>KEEP</p>", "<h2 class=comment>KEEP</h2>",
		"<blockquote class=comment>KEEP</blockquote>",
		"<div class=banner><figure><img src=a.jpg alt=KEEP></figure>"
		"</div>",
		"<div class=rating>KEEP" P "</div>",
		"<div class=related>KEEP <a href=/1>one</a></div>",
		"<div class=comments>KEEP" P P P P P "</div>",
		"<div class=shared>KEEP</div>", "<div class=gadget>KEEP</div>",
		"<div class=list>KEEP <a href=/1>one</a><a "
		"href=/2>two</a></div>"};
	static const char in_feed[] =
		"<rss><channel><item><title>T</title><guid>1</guid>"
		"<description><![CDATA[" TEXT TEXT
		"<div class=share><a href=/s>KEEP</a></div>]]></description>"
		"</item></channel></rss>";
	char page[8192];
	size_t i;

	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		snprintf(page, sizeof(page), INSIDE("%s"), gone[i]);
		ok(import(page) && times(WORDS) == 12 && times("DROP") == 0 &&
				r.articles[0].n_images == 0,
			"goes: %s", gone[i]);
	}
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		snprintf(page, sizeof(page), INSIDE("%s"), kept[i]);
		ok(import(page) && times("KEEP") == 1, "stays: %.60s", kept[i]);
	}
	ok(import(in_feed) && times("KEEP") == 1,
		"in a feed nothing is taken for clutter");
}

#define ITEM(id, text)                                                         \
	"<item><title>" id "</title><link>https://e.org/n/" id                 \
	"/?utm_source=rss</link><c:encoded><![CDATA[" text "]]></c:encoded>"   \
	"</item>"
#define FEED(items)                                                            \
	"<rss xmlns:c=\"http://purl.org/rss/1.0/modules/content/\">"           \
	"<channel>" items "</channel></rss>"
#define OWN "<a href='https://e.org/n/1/?utm_source=rss&amp;utm_medium=x'>T</a>"
#define SITE "<a rel=nofollow href='https://e.org/?utm_source=rss'>S</a>"

static void
test_trailer(void)
{
	static const char *const gone[] = {"<p>The post " OWN
					   " first appeared on " SITE ".</p>",
		"<p>The post " OWN " appeared first on " SITE ".</p>\n<!--x-->",
		"<div><p>\xd0\x97\xd0\xb0\xd0\xbf\xd0\xb8\xd1\x81\xd1\x8c " OWN
		" \xd0\xb2\xd0\xbf\xd0\xb5\xd1\x80\xd0\xb2\xd1\x8b\xd0\xb5"
		" " SITE "</p></div>",
		"<p>" OWN ", <a href='https://e.org/n'>N</a>"};
	static const char *const kept[] = {
		"<p>The post " OWN " first appeared on " SITE ".</p><p>End.",
		"<p>The post " OWN " first appeared on " SITE ".</p>End.",
		"<p>The post <a href='https://e.org/n/2/'>T</a> on " SITE,
		"<p>The post " OWN " on <a href='https://f.org/'>S</a>",
		"<p>The post " OWN " on <a href='https://e.org/n/12'>S</a>",
		"<p>The post " OWN " on <a href='https://e.or'>S</a>",
		"<p>" SITE " has more of " OWN, "<p>" OWN, "<p>" SITE,
		"<p>" OWN SITE SITE, "<p>" OWN SITE "<img src=a.jpg>",
		"<p>" OWN SITE " " WORDS WORDS WORDS WORDS, "<p>Last.",
		"<ul><li>" OWN SITE "</ul>"};
	char feed[4096];
	size_t i;

	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		snprintf(feed, sizeof(feed), FEED(ITEM("1", P "%s")), gone[i]);
		ok(import(feed) && times(WORDS) == 1 && times("<a ") == 0 &&
				times("<p>") == 1,
			"trailer %zu goes", i);
	}
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		snprintf(feed, sizeof(feed), FEED(ITEM("1", P "%s")), kept[i]);
		ok(import(feed) && times("<p>") + times("<li>") >= 2,
			"no trailer: %s", kept[i]);
	}
	ok(import(FEED(
		   "<item><title>T</title><guid>g</guid><c:encoded>"
		   "<![CDATA[" P "<p>" OWN SITE "]]></c:encoded></item>")) &&
			times("<p>") == 2,
		"without an address nothing is its trailer");
}

#define SHORT(id)                                                              \
	"<item><title>" id "</title><guid>" id "</guid><description>Read us."  \
	"</description></item>"
#define WHOLE(id)                                                              \
	"<item><title>" id "</title><guid>" id                                 \
	"</guid><description><![CDATA[" TEXT TEXT "]]></description></item>"

static void
test_summaries(void)
{
	ok(import(FEED(ITEM("1", TEXT) ITEM("2", TEXT TEXT) ITEM("3", TEXT TEXT)
			   SHORT("4"))) &&
			r.n_articles == 3 && r.n_left == 1,
		"a description among whole texts");
	is_str(r.n_left == 1 ? r.left[0].why : "",
		"summary only (7 characters)", "is left out and said");
	ok(import(FEED(ITEM("1", "Brief.") ITEM("2", TEXT TEXT)
			   ITEM("3", TEXT TEXT))) &&
			r.n_articles == 3,
		"a short text that is no description stays");
	ok(import(FEED(ITEM("1", TEXT TEXT) WHOLE("2"))) && r.n_articles == 2,
		"a long description too");
	ok(import(FEED(WHOLE("1") WHOLE("2") SHORT("3"))) && r.n_articles == 3,
		"a short one where all are descriptions");
	ok(import(FEED(SHORT("1") SHORT("2"))) && r.n_left == 2,
		"a feed of summaries has no articles");
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		abort();
	test_places();
	test_not_believed();
	test_deep();
	test_clutter();
	test_trailer();
	test_summaries();
	ingest_result_clear(&r);
	return plan();
}
