/* One entry of an Atom feed, RFC 4287. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../core/limits.h"
#include "feed.h"
#include "field.h"
#include "tree.h"
#include "url.h"
#include "writer.h"

enum kind { TEXT, HTML, XHTML, OTHER };

/* What a text construct holds (RFC 4287 3.1.1, 4.1.3). */
static enum kind
kind_of(const xmlNode *n)
{
	const char *type = tree_attr(n, "type");

	if (type == NULL || strcasecmp(type, "text") == 0 ||
		strcasecmp(type, "text/plain") == 0)
		return TEXT;
	if (strcasecmp(type, "html") == 0 ||
		strncasecmp(type, "text/html", 9) == 0)
		return HTML;
	if (strcasecmp(type, "xhtml") == 0 ||
		strcasecmp(type, "application/xhtml+xml") == 0)
		return XHTML;
	return OTHER;
}

static enum err
plain_title(void *arg, struct span s)
{
	return import_title(&((struct feed_item *)arg)->it, s);
}

/* Plain text as HTML: an empty line begins a paragraph. */
static enum err
add_plain(struct span s, struct buf *html)
{
	struct cursor c = {.in = s};
	enum err e = ERR_OK;
	struct span line;

	while (e == ERR_OK && cursor_line(&c, s.n, &line) == ERR_OK) {
		bool empty = true;
		size_t i;

		for (i = 0; i < line.n; i++)
			empty = empty && line.p[i] <= ' ';
		e = empty ? buf_str(html, "<p>") : writer_escape(html, line);
		if (e == ERR_OK)
			e = buf_str(html, "\n");
	}
	return e;
}

static enum err
read_body(const xmlNode *n, struct feed_item *f)
{
	struct buf text;
	enum err e;

	switch (kind_of(n)) {
	case HTML:
		return feed_text(n, &f->html);
	case XHTML:
		f->xhtml = n;
		return ERR_OK;
	case TEXT:
		buf_init(&text, LIMIT_SOURCE);
		e = feed_text(n, &text);
		if (e == ERR_OK)
			e = add_plain(buf_view(&text), &f->html);
		buf_free(&text);
		return e;
	case OTHER:
		f->it.why = "its content is neither text nor HTML";
		break;
	}
	return ERR_OK;
}

static enum err
read_link(const xmlNode *n, struct feed_item *f)
{
	const char *rel = tree_attr(n, "rel"), *href = tree_attr(n, "href");

	if (href == NULL)
		return ERR_OK;
	if (rel == NULL || strcmp(rel, "alternate") == 0)
		return import_url(&f->it, span_str(href), feed_base(n));
	if (strcmp(rel, "enclosure") == 0)
		return feed_lead(n, f);
	return ERR_OK;
}

static enum err
read_category(const xmlNode *n, struct feed_item *f)
{
	const char *v = tree_attr(n, "label");

	if (v == NULL)
		v = tree_attr(n, "term");
	return v == NULL ? ERR_OK : feed_tag(f, span_str(v));
}

static enum err
read_authors(const xmlNode *parent, struct feed_item *f)
{
	const xmlNode *n;
	enum err e = ERR_OK;

	for (n = parent->children; n != NULL && e == ERR_OK; n = n->next)
		if (feed_is(n, FEED_ATOM, "author"))
			e = feed_use(feed_child(n, FEED_ATOM, "name"), f,
				feed_author);
	return e;
}

static enum err
read_field(const xmlNode *n, struct feed_item *f)
{
	if (feed_is(n, FEED_ATOM, "title"))
		return feed_use(
			n, f, kind_of(n) == HTML ? feed_title : plain_title);
	if (feed_is(n, FEED_ATOM, "link"))
		return read_link(n, f);
	if (feed_is(n, FEED_ATOM, "category"))
		return read_category(n, f);
	if (feed_is(n, FEED_ATOM, "published"))
		return feed_use(n, f, feed_published);
	if (feed_is(n, FEED_ATOM, "updated"))
		return feed_use(n, f, feed_updated);
	if (feed_is(n, FEED_ATOM, "id"))
		return f->id.n == 0 ? feed_text(n, &f->id) : ERR_OK;
	if (feed_is(n, FEED_MEDIA, "content") ||
		feed_is(n, FEED_MEDIA, "group"))
		return feed_lead(n, f);
	return ERR_OK;
}

static bool
draft(const xmlNode *entry)
{
	const xmlNode *n = feed_child(entry, FEED_APP, "control");

	if (n != NULL)
		n = feed_child(n, FEED_APP, "draft");
	return n != NULL && n->children->content != NULL &&
	       strcmp((const char *)n->children->content, "yes") == 0;
}

enum err
atom_read(const xmlNode *entry, const xmlNode *feed, struct feed_item *f)
{
	const xmlNode *n, *body;
	const char *v;
	enum err e = ERR_OK;

	body = feed_child(entry, FEED_ATOM, "content");
	if (body == NULL) {
		body = feed_child(entry, FEED_ATOM, "summary");
		f->it.summary = true;
	}
	for (n = entry->children; n != NULL && e == ERR_OK; n = n->next)
		e = read_field(n, f);
	if (e == ERR_OK)
		e = read_authors(entry, f);
	if (e == ERR_OK && f->it.a.meta.n_authors == 0)
		e = read_authors(feed, f);
	v = feed_lang(body != NULL ? body : entry);
	if (e == ERR_OK && v != NULL)
		e = import_language(&f->it, span_str(v));
	if (e == ERR_OK && f->id.n == 0 && f->it.a.meta.url != NULL)
		e = buf_str(&f->id, f->it.a.meta.url);
	v = feed_base(body != NULL ? body : entry);
	if (e == ERR_OK)
		e = field_copy(v != NULL ? v : f->it.a.meta.url, &f->base);
	if (draft(entry))
		f->it.why = "draft";
	if (e == ERR_OK && body != NULL && f->it.why == NULL)
		e = read_body(body, f);
	return e == ERR_LIMIT ? ERR_OK : e;
}
