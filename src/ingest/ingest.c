#include "ingest.h"

#include <libxml/parser.h>
#include <string.h>
#include <strings.h>

#include "../core/limits.h"
#include "charset.h"
#include "feed.h"
#include "page.h"
#include "sanitise.h"
#include "tree.h"

/* ---- which importer */

static void
skip_space(struct cursor *c)
{
	while (cursor_left(c) > 0 && c->in.p[c->pos] <= ' ')
		c->pos++;
}

/* Go behind the next occurrence of `end`; to the end when there is none. */
static void
skip_past(struct cursor *c, const char *end)
{
	size_t n = strlen(end);
	const uint8_t *p =
		cursor_left(c) == 0
			? NULL
			: memmem(c->in.p + c->pos, cursor_left(c), end, n);

	c->pos = p == NULL ? c->in.n : (size_t)(p - c->in.p) + n;
}

static bool
at(const struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	return cursor_left(c) >= n &&
	       strncasecmp((const char *)c->in.p + c->pos, word, n) == 0;
}

/* Whether there is a tag of HTML near the start. */
static bool
has_tag(struct span s)
{
	static const char *const tags[] = {"html", "head", "body", "article",
		"div", "p", "h1", "h2", "section", "main", "meta", "title",
		"span", "a", "b", "i", "em", "strong", "ul", "ol", "table",
		"blockquote", "figure", "img", "br", "pre", "header"};
	struct cursor c = {.in = span_sub(s, 0, 4096)};
	size_t i;

	for (skip_past(&c, "<"); cursor_left(&c) > 0; skip_past(&c, "<"))
		for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
			size_t n = strlen(tags[i]);

			if (at(&c, tags[i]) && cursor_left(&c) > n &&
				memchr(" >/\t\r\n", c.in.p[c.pos + n], 6))
				return true;
		}
	return false;
}

enum ingest_kind
ingest_detect(struct span s)
{
	struct cursor c = {.in = s};
	struct span prefix = span_str("\xef\xbb\xbf");

	if (span_starts(s, prefix))
		c.pos = prefix.n;
	for (skip_space(&c); cursor_left(&c) > 0; skip_space(&c)) {
		if (at(&c, "<?"))
			skip_past(&c, "?>");
		else if (at(&c, "<!--"))
			skip_past(&c, "-->");
		else if (at(&c, "<!doctype html"))
			return INGEST_HTML;
		else if (at(&c, "<!doctype rss"))
			return INGEST_RSS;
		else if (at(&c, "<!doctype feed"))
			return INGEST_ATOM;
		else if (at(&c, "<!doctype"))
			skip_past(&c, ">");
		else
			break;
	}
	if (at(&c, "<rss"))
		return INGEST_RSS;
	if (at(&c, "<feed") || at(&c, "<atom:feed") || at(&c, "<a:feed"))
		return INGEST_ATOM;
	/* UTF-16 is told by its mark; only feeds' and pages' '<' is asked. */
	if (span_starts(s, span_of("\xff\xfe<\0", 4)) ||
		span_starts(s, span_of("\xfe\xff\0<", 4)))
		return INGEST_HTML;
	return has_tag(s) ? INGEST_HTML : INGEST_UNKNOWN;
}

/* ---- importing */

enum err
ingest_import(struct span s, enum ingest_kind kind,
	const struct ingest_defaults *def, struct ingest_result *out,
	struct diag *d)
{
	struct span utf8;
	struct buf tmp;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (s.n > LIMIT_SOURCE)
		return diag_set(d, ERR_LIMIT, "larger than %zu MiB",
			LIMIT_SOURCE / LIMIT_MIB);
	buf_init(&tmp, 3 * LIMIT_SOURCE);
	e = charset_utf8(s, &tmp, &utf8, d);
	/* What was told from UTF-16 bytes is asked again. */
	if (e == ERR_OK && (kind == INGEST_UNKNOWN || tmp.n > 0) &&
		ingest_detect(utf8) != INGEST_UNKNOWN)
		kind = ingest_detect(utf8);
	if (e != ERR_OK)
		goto out;
	switch (kind) {
	case INGEST_HTML:
		e = page_import(utf8, def, out, d);
		break;
	case INGEST_RSS:
	case INGEST_ATOM:
		e = feed_import(utf8, def, out, d);
		break;
	case INGEST_UNKNOWN:
		e = diag_set(d, ERR_SYNTAX,
			"neither an HTML page nor an RSS 2.0 or Atom feed");
		break;
	}
out:
	buf_free(&tmp);
	if (e != ERR_OK)
		ingest_result_clear(out);
	return e;
}

/* The element whose children are the article: the article element when the
 * body has it and nothing else, else everything. */
static const xmlNode *
root_of(const xmlNode *html)
{
	const xmlNode *body, *n, *only = NULL;

	for (body = html->children; body != NULL; body = body->next)
		if (tree_is(body, "body"))
			break;
	for (n = body == NULL ? NULL : body->children; n != NULL; n = n->next) {
		if (tree_is(n, "article") && only == NULL)
			only = n;
		else if (n->type == XML_ELEMENT_NODE ||
			 (n->type == XML_TEXT_NODE && !xmlIsBlankNode(n)))
			return html;
	}
	return only == NULL ? html : only;
}

enum err
ingest_sanitise(struct span html, struct ingest_article *out, struct diag *d)
{
	struct sanitise_from from = {0};
	xmlDocPtr doc = NULL;
	struct span utf8;
	struct buf tmp;
	size_t chars;
	enum err e;

	memset(out, 0, sizeof(*out));
	buf_init(&tmp, 3 * LIMIT_SOURCE);
	e = charset_utf8(html, &tmp, &utf8, d);
	if (e == ERR_OK && utf8.n == 0)
		utf8 = span_str("<p></p>");
	if (e == ERR_OK)
		e = tree_html(utf8, &doc, d);
	if (e == ERR_OK) {
		from.root = root_of(xmlDocGetRootElement(doc));
		e = sanitise_tree(&from, out, &chars, d);
	}
	xmlFreeDoc(doc);
	buf_free(&tmp);
	if (e != ERR_OK)
		ingest_article_clear(out);
	return e;
}
