/* Importing in the limited process, and its answers read as hostile ones. */
#include <stdint.h>

#include "../../src/core/crypto.h"
#include "../../src/core/limits.h"
#include "../../src/ingest/ingest.h"
#include "../../src/ingest/wire.h"
#include "../../src/sys/confine.h"
#include "../lib/emulated.h"
#include "../lib/tap.h"

/* 2026-03-10T12:00:00Z */
#define NOW 1773144000

#define LONG                                                                   \
	"Long enough to be an article and not a summary of one: a text of "   \
	"several lines that goes on and on, with every word that it takes. "

static struct diag d;

static const char page[] =
	"<html lang=en><script type=\"application/ld+json\">{\"@type\":"
	"\"NewsArticle\",\"headline\":\"The \\\"headline\\\"\"}</script>"
	"<article><p>Text<img src=a.jpg></article>";

static const char feed[] =
	"<rss><channel><item><title>One</title><link>https://e.org/1</link>"
	"<guid>g</guid><author>a@e.org (A. Writer)</author>"
	"<category>courts</category><pubDate>5 Mar 2026</pubDate>"
	"<description>&lt;img src='b.jpg'&gt;" LONG LONG LONG LONG LONG LONG
	"</description></item><item><guid>h</guid></item></channel></rss>";

static enum err
ask(struct confine *c, const char *s, struct ingest_result *out)
{
	struct ingest_defaults def = {
		.language = "en", .name = "x.html", .now = NOW};
	struct buf request, answer;
	enum err e;

	memset(out, 0, sizeof(*out));
	buf_init(&request, 16 * LIMIT_MIB);
	buf_init(&answer, 16 * LIMIT_MIB);
	e = ingest_request_import(&request, span_str(s), INGEST_UNKNOWN, &def);
	if (e == ERR_OK)
		e = confine_call(c, buf_view(&request), &answer, &d);
	if (e == ERR_OK)
		e = ingest_answer_import(buf_view(&answer), out, &d);
	buf_free(&request);
	buf_free(&answer);
	return e;
}

/* Enough that whatever sorts them takes the way for many. */
static const char *
many_items(struct buf *b)
{
	enum err e;
	int i, k;

	buf_init(b, 8 * LIMIT_MIB);
	e = buf_str(b, "<rss><channel><language>en</language>");
	for (i = 0; i < 300 && e == ERR_OK; i++) {
		e = buf_printf(b,
			"<item><title>%d</title><guid>g%d</guid>"
			"<description>" LONG LONG LONG LONG LONG LONG,
			i, i * 7919 % 300);
		for (k = 0; k < 50 && e == ERR_OK; k++)
			e = buf_printf(b,
				"&lt;a href='#f%d'&gt;%d&lt;/a&gt;"
				"&lt;b id=f%d&gt;x&lt;/b&gt;",
				k, k, k);
		if (e == ERR_OK)
			e = buf_str(b, "</description></item>");
	}
	if (e == ERR_OK)
		e = buf_str(b, "</channel></rss>");
	if (e != ERR_OK)
		abort();
	return buf_cstr(b);
}

static void
test_confined(void)
{
	static const struct confine_limits limits = {
		256 * LIMIT_MIB, 20, 16 * LIMIT_MIB};
	static const char *const encodings[] = {"windows-1251", "koi8-r",
		"gb2312", "big5", "shift_jis", "euc-kr", "iso-8859-2"};
	struct ingest_result out;
	struct confine *c;
	struct buf b;
	char text[256];
	size_t i;

	is_err(confine_new(ingest_job, &limits, &c), ERR_OK, "a helper");
	confine_prepare(c, ingest_prepare);
	is_err(ask(c, page, &out), ERR_OK, "imports a page");
	ok(out.n_articles == 1, "into one article");
	is_str(out.n_articles == 1 ? out.articles[0].meta.title : "",
		"The \"headline\"", "JSON and all");
	ingest_result_clear(&out);
	is_err(ask(c, feed, &out), ERR_OK, "imports a feed");
	ok(out.n_articles == 1 && out.n_left == 1, "all of it");
	ingest_result_clear(&out);
	is_err(ask(c, many_items(&b), &out), ERR_OK, "imports a long feed");
	ok(out.n_articles == 300, "with its hundreds of notes");
	ingest_result_clear(&out);
	buf_free(&b);
	is_err(ask(c, "{}", &out), ERR_SYNTAX, "its errors come back");
	for (i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		snprintf(text, sizeof(text),
			"<meta charset=%s><h1>\xb0\xa1\xb0\xa1</h1><p>x",
			encodings[i]);
		is_err(ask(c, text, &out), ERR_OK, "reads %s", encodings[i]);
		ok(out.n_articles == 1 || out.n_left == 1, "in there");
		ingest_result_clear(&out);
	}
	confine_free(c);
}

/* Too little memory for the request: refused, never half of it. */
static void
test_memory(void)
{
#if defined(__SANITIZE_ADDRESS__)
	skip("the sanitizer has its own memory", "too little memory");
#else
	struct confine_limits limits = {0, 20, LIMIT_MIB};
	struct ingest_result out;
	unsigned refused = 0, whole = 0, other = 0;
	struct confine *c;
	struct buf b;

	buf_init(&b, LIMIT_MIB);
	while (b.n < 700000)
		if (buf_str(&b, "<p>some <b>words</b> and") != ERR_OK)
			abort();
	memcpy(b.p, "<title>T</title>", 16);
	for (limits.memory = 0; limits.memory < 64 * LIMIT_MIB;
		limits.memory += 1300000) {
		if (confine_new(ingest_job, &limits, &c) != ERR_OK)
			abort();
		confine_prepare(c, ingest_prepare);
		if (ask(c, buf_cstr(&b), &out) != ERR_OK)
			refused += d.code == ERR_REFUSED;
		else if (out.n_articles == 1 &&
			out.articles[0].body.n > 800000)
			whole++;
		else
			other++;
		ingest_result_clear(&out);
		confine_free(c);
	}
	ok((refused > 0 || !memory_limited()) && whole > 0 && other == 0,
		"memory: %u refused, %u whole, %u in between", refused, whole,
		other);
	buf_free(&b);
#endif
}

/* Every change of one byte, every cut: refused, or a result that is clean.
 * Whether it is clean, the sanitizers and this walk over it say. */
static size_t
walk(const struct ingest_result *out)
{
	size_t i, k, n = 0;

	for (i = 0; i < out->n_articles; i++) {
		const struct ingest_article *a = &out->articles[i];

		n += strlen(a->meta.title) + strlen(a->meta.id) + a->body.n;
		for (k = 0; k < a->n_images; k++)
			n += strlen(a->images[k].source);
		for (k = 0; k < a->meta.n_authors; k++)
			n += strlen(a->meta.authors[k]);
	}
	for (i = 0; i < out->n_left; i++)
		n += strlen(out->left[i].what) + strlen(out->left[i].why);
	return n;
}

static void
test_wire(void)
{
	struct ingest_defaults def = {
		.language = "uk", .name = "feed.xml", .now = NOW};
	struct ingest_result r, out;
	size_t i, refused = 0, cut = 0, total = 0;
	struct buf b;

	is_err(ingest_import(span_str(feed), INGEST_RSS, &def, &r, &d), ERR_OK,
		"a result");
	buf_init(&b, LIMIT_MIB);
	is_err(wire_result_add(&b, &r), ERR_OK, "as bytes");
	is_err(ingest_answer_import(buf_view(&b), &out, &d), ERR_OK, "back");
	ok(walk(&out) == walk(&r), "unchanged");
	ingest_result_clear(&out);
	for (i = 0; i < b.n; i++) {
		static const uint8_t masks[] = {0x01, 0x80, 0xff};
		size_t k;

		for (k = 0; k < sizeof(masks); k++) {
			b.p[i] ^= masks[k];
			if (ingest_answer_import(buf_view(&b), &out, &d) ==
				ERR_OK)
				total += walk(&out);
			else
				refused++;
			ingest_result_clear(&out);
			b.p[i] ^= masks[k];
		}
		cut += ingest_answer_import(span_of(b.p, i), &out, &d) !=
			ERR_OK;
		ingest_result_clear(&out);
	}
	ok(cut == b.n, "every cut is refused");
	ok(refused > b.n && total > 0, "%zu changes of %zu are", refused,
		3 * b.n);
	is_err(buf_u8(&b, 0), ERR_OK, "a byte more");
	is_err(ingest_answer_import(buf_view(&b), &out, &d), ERR_REFUSED,
		"is refused");
	buf_clear(&b);
	is_err(buf_u32(&b, 900000), ERR_OK, "a count without articles");
	is_err(ingest_answer_import(buf_view(&b), &out, &d), ERR_REFUSED,
		"takes no memory");
	buf_clear(&b);
	is_err(ingest_job(span_of("\x63", 1), &b, &d), ERR_FAILED,
		"an unknown request");
	is_err(ingest_job(span_of("\x01\x00\xff", 3), &b, &d), ERR_FAILED,
		"a request cut short");
	ingest_result_clear(&r);
	buf_free(&b);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		abort();
	if (calls_filtered()) {
		test_confined();
		test_memory();
	} else {
		skip("this kernel cannot filter system calls", "a helper");
	}
	test_wire();
	return plan();
}
