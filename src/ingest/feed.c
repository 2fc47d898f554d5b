#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "field.h"
#include "sanitise.h"
#include "trailer.h"
#include "tree.h"
#include "url.h"

/* A description shorter than this is a teaser when other items of the feed
 * have their text beside one, or when the median item is as short: letters
 * without white space, about 600 characters with. */
#define SUMMARY 500

#define FIELD (64 * LIMIT_KIB)

/* ---- the tree */

static enum feed_ns
namespace_of(const xmlNode *n)
{
	static const struct {
		const char *uri;
		enum feed_ns ns;
	} known[] = {{"http://www.w3.org/2005/Atom", FEED_ATOM},
		{"http://purl.org/rss/1.0/modules/content/", FEED_CONTENT},
		{"http://purl.org/dc/elements/1.1/", FEED_DC},
		{"http://purl.org/dc/terms/", FEED_DC},
		{"http://search.yahoo.com/mrss/", FEED_MEDIA},
		{"http://search.yahoo.com/mrss", FEED_MEDIA},
		{"http://www.w3.org/2007/app", FEED_APP}};
	const char *uri;
	size_t i;

	if (n->ns == NULL || n->ns->href == NULL)
		return FEED_NONE;
	uri = (const char *)n->ns->href;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(uri, known[i].uri) == 0)
			return known[i].ns;
	/* Its version is in the address, and http or https. */
	if (strstr(uri, "://wordpress.org/export/") != NULL)
		return FEED_WORDPRESS;
	return FEED_OTHER;
}

bool
feed_is(const xmlNode *n, enum feed_ns ns, const char *name)
{
	return tree_is(n, name) && namespace_of(n) == ns;
}

const xmlNode *
feed_child(const xmlNode *n, enum feed_ns ns, const char *name)
{
	const xmlNode *c;

	for (c = n->children; c != NULL; c = c->next)
		if (feed_is(c, ns, name) && c->children != NULL)
			return c;
	return NULL;
}

enum err
feed_text(const xmlNode *root, struct buf *b)
{
	const xmlNode *n;
	enum err e = ERR_OK;

	for (n = root; n != NULL && e == ERR_OK; n = tree_next(root, n, true))
		if ((n->type == XML_TEXT_NODE ||
			    n->type == XML_CDATA_SECTION_NODE) &&
			n->content != NULL)
			e = buf_str(b, (const char *)n->content);
	return e;
}

enum err
feed_use(const xmlNode *n, void *arg, enum err (*use)(void *arg, struct span s))
{
	struct buf b;
	enum err e;

	if (n == NULL)
		return ERR_OK;
	buf_init(&b, FIELD);
	e = feed_text(n, &b);
	if (e == ERR_OK)
		e = use(arg, buf_view(&b));
	else if (e == ERR_LIMIT)
		e = ERR_OK;
	buf_free(&b);
	return e;
}

static const char *
inherited(const xmlNode *n, const char *name)
{
	const char *v = NULL;

	while (v == NULL && n != NULL && n->type == XML_ELEMENT_NODE) {
		v = tree_attr(n, name);
		n = n->parent;
	}
	return v;
}

const char *
feed_base(const xmlNode *n)
{
	return inherited(n, "xml:base");
}

const char *
feed_lang(const xmlNode *n)
{
	return inherited(n, "xml:lang");
}

static bool
is_image(const xmlNode *n)
{
	const char *type = tree_attr(n, "type");
	const char *medium = tree_attr(n, "medium");

	return (type != NULL && strncmp(type, "image/", 6) == 0) ||
	       (medium != NULL && strcmp(medium, "image") == 0);
}

enum err
feed_lead(const xmlNode *n, struct feed_item *f)
{
	const xmlNode *c;
	enum err e = ERR_OK;
	const char *v;

	if (f->lead != NULL)
		return ERR_OK;
	if (feed_is(n, FEED_MEDIA, "group"))
		for (c = n->children; c != NULL && e == ERR_OK; c = c->next)
			if (feed_is(c, FEED_MEDIA, "content"))
				e = feed_lead(c, f);
	if (e != ERR_OK || !is_image(n))
		return e;
	v = tree_attr(n, "url");
	if (v == NULL)
		v = tree_attr(n, "href");
	return v == NULL ? ERR_OK : url_image(span_str(v), &f->lead);
}

/* ---- uses of an element's text */

enum err
feed_title(void *arg, struct span s)
{
	struct feed_item *f = arg;

	if (f->it.a.meta.title != NULL)
		return ERR_OK;
	return field_html(s, LIMIT_TITLE, &f->it.a.meta.title);
}

enum err
feed_author(void *arg, struct span s)
{
	struct article *m = &((struct feed_item *)arg)->it.a.meta;

	return field_add_author(&m->authors, &m->n_authors, s);
}

enum err
feed_tag(void *arg, struct span s)
{
	struct article *m = &((struct feed_item *)arg)->it.a.meta;
	char *tag;
	enum err e = field_html(s, LIMIT_TAG, &tag);

	if (e == ERR_OK && tag != NULL)
		e = field_add(&m->tags, &m->n_tags, LIMIT_TAGS, LIMIT_TAG,
			span_str(tag));
	free(tag);
	return e;
}

enum err
feed_language(void *arg, struct span s)
{
	return import_language(&((struct feed_item *)arg)->it, s);
}

enum err
feed_published(void *arg, struct span s)
{
	import_published(&((struct feed_item *)arg)->it, s);
	return ERR_OK;
}

enum err
feed_updated(void *arg, struct span s)
{
	import_updated(&((struct feed_item *)arg)->it, s);
	return ERR_OK;
}

/* ---- items */

static void
item_clear(struct feed_item *f)
{
	import_item_clear(&f->it);
	buf_free(&f->html);
	buf_free(&f->id);
	free(f->lead);
	free(f->base);
}

/* The body: HTML in a string, or XHTML in the tree. What is wrong with it is
 * this item's reason to be left, not the feed's. */
static enum err
make_body(struct feed_item *f)
{
	struct sanitise_from from = {.base = f->base, .lead = f->lead};
	struct import_item *it = &f->it;
	xmlDocPtr doc = NULL;
	struct diag d = {0};
	enum err e = ERR_OK;

	from.root = f->xhtml;
	if (f->xhtml == NULL && f->html.n > 0) {
		e = tree_html(buf_view(&f->html), &doc, &d);
		if (e == ERR_OK)
			from.root = xmlDocGetRootElement(doc);
	}
	if (e == ERR_OK && from.root != NULL)
		e = trailer_find(
			from.root, it->a.meta.url, f->base, &from.skip);
	if (e == ERR_OK && from.root != NULL)
		e = sanitise_tree(&from, &it->a, &it->chars, &d);
	xmlFreeDoc(doc);
	buf_free(&f->html);
	if (e == ERR_REFUSED)
		it->why = "it nests too deep";
	else if (e == ERR_LIMIT)
		it->why = "it is too long";
	return e == ERR_NOMEM ? e : ERR_OK;
}

static enum err
read_item(
	const xmlNode *n, const xmlNode *parent, bool atom, struct feed_item *f)
{
	enum err e;

	memset(f, 0, sizeof(*f));
	buf_init(&f->html, LIMIT_SOURCE);
	buf_init(&f->id, FIELD);
	e = atom ? atom_read(n, parent, f) : rss_read(n, parent, f);
	if (e == ERR_OK && f->it.why == NULL)
		e = make_body(f);
	if (e == ERR_OK && f->id.n == 0 && f->it.why == NULL)
		f->it.why = "no id and no link";
	else if (e == ERR_OK && f->id.n > 0)
		e = field_id(buf_view(&f->id), &f->it.a.meta.id);
	return e;
}

struct feed {
	struct feed_item *items;
	size_t n;
};

static int
by_id(const void *a, const void *b)
{
	const struct feed_item *x = *(struct feed_item *const *)a;
	const struct feed_item *y = *(struct feed_item *const *)b;
	const char *p = x->it.a.meta.id, *q = y->it.a.meta.id;
	int k = strcmp(p == NULL ? "" : p, q == NULL ? "" : q);

	/* Items stand in an array: the first of the feed stays first. */
	return k != 0 ? k : (x > y) - (x < y);
}

static enum err
leave_twins(struct feed *feed)
{
	struct feed_item **order;
	size_t i;

	if (feed->n < 2)
		return ERR_OK;
	order = malloc(feed->n * sizeof(struct feed_item *));
	if (order == NULL)
		return ERR_NOMEM;
	for (i = 0; i < feed->n; i++)
		order[i] = &feed->items[i];
	qsort(order, feed->n, sizeof(struct feed_item *), by_id);
	for (i = 1; i < feed->n; i++) {
		const char *a = order[i - 1]->it.a.meta.id;
		const char *b = order[i]->it.a.meta.id;

		if (a != NULL && b != NULL && strcmp(a, b) == 0 &&
			order[i]->it.why == NULL)
			order[i]->it.why = "same id as an earlier item";
	}
	free(order);
	return ERR_OK;
}

static int
by_size(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

/* Letters of the feed's median item. */
static enum err
median(const struct feed *feed, size_t *out)
{
	size_t *sizes = malloc(feed->n * sizeof(*sizes)), i, n = 0;

	if (sizes == NULL)
		return ERR_NOMEM;
	for (i = 0; i < feed->n; i++)
		if (feed->items[i].it.why == NULL)
			sizes[n++] = feed->items[i].it.chars;
	qsort(sizes, n, sizeof(*sizes), by_size);
	*out = n == 0 ? 0 : sizes[n / 2];
	free(sizes);
	return ERR_OK;
}

/* Whether there are items that have more than what the feed calls a summary. */
static bool
has_full(const struct feed *feed)
{
	size_t i;

	for (i = 0; i < feed->n; i++)
		if (feed->items[i].it.why == NULL &&
			!feed->items[i].it.summary &&
			feed->items[i].it.chars > 0)
			return true;
	return false;
}

static enum err
finish(struct feed *feed, const struct ingest_defaults *def,
	struct ingest_result *out, struct diag *d)
{
	size_t middle = 0, i;
	char why[64];
	enum err e = leave_twins(feed);
	bool full = has_full(feed);

	if (e == ERR_OK && feed->n > 0)
		e = median(feed, &middle);
	if (e != ERR_OK)
		return diag_set(d, e, "out of memory");
	for (i = 0; i < feed->n && e == ERR_OK; i++) {
		struct import_item *it = &feed->items[i].it;

		if (it->why == NULL && it->summary && it->chars > 0 &&
			it->chars < SUMMARY && (full || middle < SUMMARY)) {
			snprintf(why, sizeof(why),
				"summary only (%zu characters)", it->chars);
			it->why = why;
		}
		e = import_finish(it, def, out, d);
	}
	return e;
}

static const xmlNode *
list_of(const xmlNode *root, bool *atom)
{
	const xmlNode *n;

	*atom = feed_is(root, FEED_ATOM, "feed");
	if (*atom)
		return root;
	if (!feed_is(root, FEED_NONE, "rss"))
		return NULL;
	for (n = root->children; n != NULL; n = n->next)
		if (feed_is(n, FEED_NONE, "channel"))
			return n;
	return NULL;
}

enum err
feed_import(struct span utf8, const struct ingest_defaults *def,
	struct ingest_result *out, struct diag *d)
{
	struct feed feed = {0};
	const xmlNode *list, *n;
	xmlDocPtr doc;
	size_t count = 0;
	bool atom;
	enum err e;

	e = tree_xml(utf8, &doc, d);
	if (e != ERR_OK)
		return e;
	list = list_of(xmlDocGetRootElement(doc), &atom);
	if (list == NULL) {
		e = diag_set(d, ERR_SYNTAX, "neither RSS 2.0 nor Atom");
		goto out;
	}
	for (n = list->children; n != NULL; n = n->next)
		count += tree_is(n, atom ? "entry" : "item");
	feed.items = calloc(count + 1, sizeof(*feed.items));
	if (feed.items == NULL)
		e = ERR_NOMEM;
	for (n = list->children; n != NULL && e == ERR_OK; n = n->next)
		if (tree_is(n, atom ? "entry" : "item"))
			e = read_item(n, list, atom, &feed.items[feed.n++]);
	if (e != ERR_OK)
		e = diag_set(d, e, "%s", err_str(e));
	else
		e = finish(&feed, def, out, d);
out:
	for (count = 0; count < feed.n; count++)
		item_clear(&feed.items[count]);
	free(feed.items);
	xmlFreeDoc(doc);
	return e;
}
