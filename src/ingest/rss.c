/* One item of an RSS 2.0 channel, https://www.rssboard.org/rss-specification,
 * with the modules that news sites use; and of a WordPress export. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "feed.h"
#include "field.h"
#include "tree.h"
#include "url.h"

static enum err
use_link(void *arg, struct span s)
{
	struct feed_item *f = arg;

	return import_url(&f->it, s, NULL);
}

/* Whether an element's text is this word. */
static bool
says(const xmlNode *n, const char *word)
{
	struct buf b;
	char *text = NULL;
	bool same = false;

	buf_init(&b, LIMIT_KIB);
	if (feed_text(n, &b) == ERR_OK &&
		field_clean(buf_view(&b), LIMIT_KIB, &text) == ERR_OK)
		same = text != NULL && strcmp(text, word) == 0;
	free(text);
	buf_free(&b);
	return same;
}

/* What an export has that no feed would: a reason to leave it, or NULL. */
static const char *
unpublished(const xmlNode *item)
{
	const xmlNode *n;

	n = feed_child(item, FEED_WORDPRESS, "post_password");
	if (n != NULL && !says(n, ""))
		return "protected by a password";
	n = feed_child(item, FEED_WORDPRESS, "post_type");
	if (n != NULL && !says(n, "post"))
		return "not a post";
	n = feed_child(item, FEED_WORDPRESS, "status");
	if (n == NULL || says(n, "publish"))
		return NULL;
	return says(n, "draft")	  ? "draft"
	       : says(n, "trash") ? "in the trash"
				  : "not published";
}

static enum err
read_field(const xmlNode *n, struct feed_item *f)
{
	if (feed_is(n, FEED_NONE, "title"))
		return feed_use(n, f, feed_title);
	if (feed_is(n, FEED_NONE, "author") || feed_is(n, FEED_DC, "creator"))
		return feed_use(n, f, feed_author);
	if (feed_is(n, FEED_NONE, "category") || feed_is(n, FEED_DC, "subject"))
		return feed_use(n, f, feed_tag);
	if (feed_is(n, FEED_NONE, "pubDate") || feed_is(n, FEED_DC, "date"))
		return feed_use(n, f, feed_published);
	if (feed_is(n, FEED_ATOM, "updated") ||
		feed_is(n, FEED_DC, "modified") ||
		feed_is(n, FEED_WORDPRESS, "post_modified_gmt"))
		return feed_use(n, f, feed_updated);
	if (feed_is(n, FEED_DC, "language"))
		return feed_use(n, f, feed_language);
	if (feed_is(n, FEED_NONE, "link"))
		return feed_use(n, f, use_link);
	if (feed_is(n, FEED_NONE, "enclosure") ||
		feed_is(n, FEED_MEDIA, "content") ||
		feed_is(n, FEED_MEDIA, "group"))
		return feed_lead(n, f);
	return ERR_OK;
}

static enum err
read_id(const xmlNode *item, struct feed_item *f)
{
	const xmlNode *guid = feed_child(item, FEED_NONE, "guid"), *link;
	enum err e = ERR_OK;

	if (guid != NULL) {
		e = feed_text(guid, &f->id);
		if (e == ERR_OK && f->it.a.meta.url == NULL) {
			const char *link_too = tree_attr(guid, "isPermaLink");

			if (link_too == NULL || strcmp(link_too, "true") == 0)
				e = import_url(&f->it, buf_view(&f->id), NULL);
		}
		return e;
	}
	link = feed_child(item, FEED_NONE, "link");
	return link == NULL ? ERR_OK : feed_text(link, &f->id);
}

static enum err
read_body(const xmlNode *item, struct feed_item *f)
{
	const xmlNode *n = feed_child(item, FEED_CONTENT, "encoded");

	if (n == NULL) {
		n = feed_child(item, FEED_NONE, "description");
		f->it.summary = true;
	}
	return n == NULL ? ERR_OK : feed_text(n, &f->html);
}

enum err
rss_read(const xmlNode *item, const xmlNode *channel, struct feed_item *f)
{
	const char *base = feed_base(item);
	const xmlNode *n;
	enum err e = ERR_OK;

	for (n = item->children; n != NULL && e == ERR_OK; n = n->next)
		e = read_field(n, f);
	if (e == ERR_OK)
		e = feed_use(feed_child(channel, FEED_NONE, "language"), f,
			feed_language);
	if (e == ERR_OK)
		e = feed_use(feed_child(channel, FEED_DC, "language"), f,
			feed_language);
	if (e == ERR_OK)
		e = read_id(item, f);
	if (e == ERR_OK)
		e = field_copy(
			base != NULL ? base : f->it.a.meta.url, &f->base);
	f->it.why = unpublished(item);
	if (e == ERR_OK && f->it.why == NULL)
		e = read_body(item, f);
	/* An id over the cap is no id. */
	return e == ERR_LIMIT ? ERR_OK : e;
}
