#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../core/limits.h"
#include "choose.h"
#include "field.h"
#include "sanitise.h"
#include "tree.h"
#include "url.h"

struct page {
	struct import_item it;
	xmlNode *html, *body;
	const xmlNode *first_h1, *title;
	const char *base, *canonical, *og_title, *og_url, *site;
	const char *time;
	bool jsonld;
	enum err err;
};

static void
keep(struct page *p, enum err e)
{
	if (p->err == ERR_OK)
		p->err = e;
}

static bool
one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(s, *words) == 0)
			return true;
	return false;
}

static void
add_text(struct page *p, const xmlNode *n,
	void (*use)(struct page *, struct span))
{
	struct buf b;
	enum err e;

	buf_init(&b, 64 * LIMIT_KIB);
	e = tree_text(n, &b);
	if (e == ERR_OK)
		use(p, buf_view(&b));
	buf_free(&b);
	keep(p, e == ERR_LIMIT ? ERR_OK : e);
}

static void
use_author(struct page *p, struct span s)
{
	struct article *m = &p->it.a.meta;

	keep(p, field_add_author(&m->authors, &m->n_authors, s));
}

static void
use_title(struct page *p, struct span s)
{
	keep(p, import_title(&p->it, s));
}

/* ---- what the head says */

static void
read_meta(struct page *p, const xmlNode *n)
{
	static const char *const authors[] = {"author", "dc.creator",
		"dcterms.creator", "article:author", "parsely-author", NULL};
	static const char *const published[] = {"article:published_time",
		"og:article:published_time", "datePublished", "date", "pubdate",
		"dc.date", "dcterms.created", "dc.date.issued",
		"parsely-pub-date", NULL};
	static const char *const updated[] = {"article:modified_time",
		"og:article:modified_time", "og:updated_time", "dateModified",
		"last-modified", "dcterms.modified", NULL};
	static const char *const tags[] = {
		"article:tag", "keywords", "news_keywords", NULL};
	struct article *m = &p->it.a.meta;
	const char *key = tree_attr(n, "property");
	const char *value = tree_attr(n, "content");
	struct span s;

	if (key == NULL)
		key = tree_attr(n, "name");
	if (key == NULL)
		key = tree_attr(n, "itemprop");
	if (key == NULL || value == NULL)
		return;
	s = span_str(value);
	if (strcasecmp(key, "og:title") == 0)
		p->og_title = value;
	else if (strcasecmp(key, "og:url") == 0)
		p->og_url = value;
	else if (strcasecmp(key, "og:site_name") == 0)
		p->site = value;
	else if (one_of(key, authors) && !p->jsonld)
		use_author(p, s);
	else if (one_of(key, published))
		import_published(&p->it, s);
	else if (one_of(key, updated))
		import_updated(&p->it, s);
	else if (one_of(key, tags))
		keep(p, field_add_tags(&m->tags, &m->n_tags, s));
}

static void
read_link(struct page *p, const xmlNode *n)
{
	const char *href = tree_attr(n, "href");

	if (href != NULL && p->canonical == NULL &&
		choose_has_word(tree_attr(n, "rel"), "canonical"))
		p->canonical = href;
}

static bool
is_jsonld(const xmlNode *n)
{
	const char *type = tree_attr(n, "type");

	return tree_is(n, "script") && type != NULL &&
	       strncasecmp(type, "application/ld+json", 19) == 0 &&
	       n->children != NULL && n->children->content != NULL;
}

/* JSON-LD first: it is what sites keep right for search engines. */
static void
read_jsonld(struct page *p)
{
	const xmlNode *n;

	for (n = p->html; n != NULL; n = tree_next(p->html, n, true))
		if (is_jsonld(n))
			keep(p, jsonld_read((const char *)n->children->content,
					&p->it));
	p->jsonld = p->it.a.meta.n_authors > 0;
}

static void
read_language(struct page *p)
{
	const char *v = tree_attr(p->html, "lang");
	const xmlNode *n;

	if (v == NULL)
		v = tree_attr(p->html, "xml:lang");
	if (v == NULL && p->body != NULL)
		v = tree_attr(p->body, "lang");
	if (v != NULL)
		keep(p, import_language(&p->it, span_str(v)));
	for (n = p->html; n != NULL; n = tree_next(p->html, n, true))
		if (is_jsonld(n) && p->it.a.meta.language == NULL)
			keep(p, jsonld_language(
					(const char *)n->children->content,
					&p->it.a.meta.language));
}

/* ---- what the body says */

static void
read_itemprop(struct page *p, const xmlNode *n, const char *prop)
{
	const char *v = tree_attr(n, "datetime");
	struct article *m = &p->it.a.meta;

	if (v == NULL)
		v = tree_attr(n, "content");
	if (choose_has_word(prop, "datePublished") && v != NULL)
		import_published(&p->it, span_str(v));
	if (choose_has_word(prop, "dateModified") && v != NULL)
		import_updated(&p->it, span_str(v));
	if (choose_has_word(prop, "author") && m->n_authors == 0) {
		const xmlNode *k = n;

		while (k != NULL &&
			!choose_has_word(tree_attr(k, "itemprop"), "name"))
			k = tree_next(n, k, true);
		if (v != NULL)
			use_author(p, span_str(v));
		else
			add_text(p, k == NULL ? n : k, use_author);
	}
}

static void
read_body_element(struct page *p, const xmlNode *n)
{
	const char *v = tree_attr(n, "itemprop");

	if (v != NULL)
		read_itemprop(p, n, v);
	if (tree_is(n, "h1") && p->first_h1 == NULL && tree_weight(n) > 0)
		p->first_h1 = n;
	else if (tree_is(n, "time") && p->time == NULL)
		p->time = tree_attr(n, "datetime");
}

static void
read_elements(struct page *p)
{
	xmlNode *n;
	bool down;

	for (n = p->html; n != NULL; n = tree_next(p->html, n, down)) {
		down = !tree_is(n, "script") && !tree_is(n, "style") &&
		       !tree_is(n, "svg") && !tree_is(n, "template");
		if (n->type != XML_ELEMENT_NODE || !down)
			continue;
		if (tree_is(n, "body") && p->body == NULL)
			p->body = n;
		if (tree_is(n, "meta"))
			read_meta(p, n);
		else if (tree_is(n, "link"))
			read_link(p, n);
		else if (tree_is(n, "base") && p->base == NULL)
			p->base = tree_attr(n, "href");
		else if (tree_is(n, "title") && p->title == NULL)
			p->title = n;
		else
			read_body_element(p, n);
	}
}

/* ---- putting it together */

/* "Headline - Site": the part before the last separator. */
static void
use_head_title(struct page *p, struct span s)
{
	static const char *const separators[] = {" | ", " - ", " \xe2\x80\x93 ",
		" \xe2\x80\x94 ", " :: ", " \xc2\xbb ", " \xc2\xb7 "};
	size_t cut = 0, i, k, n;

	for (i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
		n = strlen(separators[i]);
		for (k = cut + 1; k + n < s.n; k++)
			if (memcmp(s.p + k, separators[i], n) == 0)
				cut = k;
	}
	/* A site's name is shorter than a headline. */
	if (cut > 0 && s.n - cut < cut + 8)
		s.n = cut;
	use_title(p, s);
}

static void
choose_title(struct page *p, const xmlNode *root)
{
	const xmlNode *n = root;

	/* Outside the article a site's name is often a heading too. */
	while (n != NULL && (!tree_is(n, "h1") || tree_weight(n) == 0))
		n = tree_next(root, n, true);
	if (n != NULL)
		p->first_h1 = n;
	if (p->og_title != NULL)
		use_title(p, span_str(p->og_title));
	if (p->it.a.meta.title == NULL && p->first_h1 != NULL)
		add_text(p, p->first_h1, use_title);
	if (p->it.a.meta.title == NULL && p->title != NULL)
		add_text(p, p->title, use_head_title);
}

/* The first time inside the article; in the whole page there may be clocks. */
static void
use_time(struct page *p, const xmlNode *root)
{
	const char *v = NULL;
	const xmlNode *n;

	for (n = root; n != NULL && v == NULL; n = tree_next(root, n, true))
		if (tree_is(n, "time"))
			v = tree_attr(n, "datetime");
	if (v == NULL)
		v = p->time;
	if (v != NULL)
		import_published(&p->it, span_str(v));
}

/* The heading inside the body that repeats the title, or NULL. */
static const xmlNode *
repeated_title(const xmlNode *root, const char *title)
{
	const xmlNode *n = root;
	char *text = NULL;
	struct buf b;
	bool same;

	while (n != NULL && !tree_is(n, "h1"))
		n = tree_next(root, n, true);
	if (n == NULL || title == NULL)
		return NULL;
	buf_init(&b, 4 * LIMIT_TITLE);
	same = tree_text(n, &b) == ERR_OK &&
	       field_clean(buf_view(&b), LIMIT_TITLE, &text) == ERR_OK &&
	       text != NULL && strcmp(text, title) == 0;
	free(text);
	buf_free(&b);
	return same ? n : NULL;
}

static void
read_page(struct page *p)
{
	read_jsonld(p);
	read_elements(p);
	read_language(p);
	if (p->canonical != NULL) {
		/* What the page itself says wins over its JSON-LD. */
		char *url;

		keep(p, url_web(span_str(p->canonical), p->base, &url));
		if (url != NULL) {
			free(p->it.a.meta.url);
			p->it.a.meta.url = url;
		}
	}
	if (p->og_url != NULL)
		keep(p, import_url(&p->it, span_str(p->og_url), p->base));
}

enum err
page_import(struct span utf8, const struct ingest_defaults *def,
	struct ingest_result *out, struct diag *d)
{
	struct sanitise_from from = {0};
	struct page p = {0};
	xmlDocPtr doc;
	enum err e;

	e = tree_html(utf8, &doc, d);
	if (e != ERR_OK)
		return e;
	p.html = xmlDocGetRootElement(doc);
	p.it.shown = def->name;
	read_page(&p);
	if (p.err == ERR_OK)
		p.err = field_file_id(def->name == NULL ? "page" : def->name,
			&p.it.a.meta.id);
	from.root = choose_body(p.html, p.body, &from.scope);
	use_time(&p, from.root);
	choose_title(&p, from.root);
	if (p.err != ERR_OK) {
		e = diag_set(d, p.err, "%s", err_str(p.err));
		goto out;
	}
	from.skip = repeated_title(from.root, p.it.a.meta.title);
	from.base = p.base != NULL && strncmp(p.base, "http", 4) == 0
			    ? p.base
			    : p.it.a.meta.url;
	from.dir = tree_attr(p.html, "dir");
	if (from.dir == NULL && p.body != NULL)
		from.dir = tree_attr(p.body, "dir");
	e = sanitise_tree(&from, &p.it.a, &p.it.chars, d);
	if (e == ERR_OK)
		e = import_finish(&p.it, def, out, d);
out:
	import_item_clear(&p.it);
	xmlFreeDoc(doc);
	return e;
}
