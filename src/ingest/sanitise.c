#include "sanitise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/markup.h"
#include "../core/text.h"
#include "anchors.h"
#include "attrs.h"
#include "clutter.h"
#include "field.h"
#include "picture.h"
#include "rules.h"
#include "tree.h"
#include "url.h"
#include "writer.h"

/* The text's limit, less what naming its images will add. */
#define BODY (LIMIT_TEXT - LIMIT_IMAGES_PER_ARTICLE * 64)

struct job {
	const struct sanitise_from *from;
	struct ingest_article *out;
	struct writer w;
	struct anchors anchors;
	struct buf attrs;
	const xmlNode *image; /* the last img that was written */
	enum err err;
};

static void walk(struct job *j, const xmlNode *n);

static void
keep(struct job *j, enum err e)
{
	if (j->err == ERR_OK)
		j->err = e;
}

static enum fate
fate_of(const struct job *j, const xmlNode *n, const struct markup_element **el)
{
	*el = NULL;
	if (n == j->from->skip || clutter_is(n))
		return DROP;
	return rules_fate(n, j->from->scope, el);
}

static void
add_attrs(struct job *j, const struct markup_element *el, const xmlNode *n)
{
	buf_clear(&j->attrs);
	keep(j, attrs_add(n, el, &j->attrs));
}

/* The name this element gets because a link points to it, or nothing. */
static struct span
anchor_of(struct job *j, const xmlNode *n)
{
	const char *id = tree_attr(n, "id");
	struct anchor *a = NULL;

	if (j->anchors.n == 0)
		return span_of(NULL, 0);
	if (id != NULL)
		a = anchors_find(&j->anchors, span_str(id));
	if (a == NULL && tree_is(n, "a") && (id = tree_attr(n, "name")) != NULL)
		a = anchors_find(&j->anchors, span_str(id));
	if (a == NULL || a->used)
		return span_of(NULL, 0);
	a->used = true;
	return span_str(a->name);
}

/* ---- images */

#define NO_IMAGE SIZE_MAX

/* Number of the image at this source, new or known; NO_IMAGE when there is no
 * room. Takes `source`. */
static size_t
image_number(struct job *j, char *source)
{
	struct ingest_article *a = j->out;
	struct ingest_image *grown;
	size_t i;

	for (i = 0; i < a->n_images; i++)
		if (strcmp(a->images[i].source, source) == 0) {
			free(source);
			return i;
		}
	if (a->n_images == LIMIT_IMAGES_PER_ARTICLE) {
		free(source);
		return NO_IMAGE;
	}
	grown = realloc(a->images, (a->n_images + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(source);
		keep(j, ERR_NOMEM);
		return NO_IMAGE;
	}
	a->images = grown;
	grown[a->n_images].source = source;
	return a->n_images++;
}

static void
put_image(struct job *j, const xmlNode *n)
{
	const struct markup_element *el = markup_element("img");
	const char *alt = tree_attr(n, "alt");
	char *source, *text, name[32];
	size_t k, n_images = j->out->n_images;

	if (picture_pixel(n)) {
		j->out->remote++;
		return;
	}
	keep(j, picture_source(n, &source));
	if (source == NULL)
		return;
	k = image_number(j, source);
	keep(j, field_show(
			span_str(alt == NULL ? "" : alt), LIMIT_TITLE, &text));
	if (j->err != ERR_OK) {
		free(text);
		return;
	}
	if (k == NO_IMAGE) {
		j->out->dropped++;
		writer_text(&j->w, span_str(text));
		free(text);
		return;
	}
	snprintf(name, sizeof(name), "image:%zu", k);
	buf_clear(&j->attrs);
	keep(j, writer_attr(&j->attrs, "src", span_str(name)));
	keep(j, writer_attr(&j->attrs, "alt", span_str(text)));
	free(text);
	keep(j, attrs_add_number(n, "width", el, &j->attrs));
	keep(j, attrs_add_number(n, "height", el, &j->attrs));
	if (writer_void(&j->w, el, buf_view(&j->attrs)))
		j->image = n;
	else if (k == n_images && k < j->out->n_images)
		free(j->out->images[--j->out->n_images].source);
}

/* Images of a noscript, unless the img just before it is the same one. */
static void
put_noscript(struct job *j, const xmlNode *root)
{
	const xmlNode *n, *before = root->prev;

	while (before != NULL && before->type != XML_ELEMENT_NODE)
		before = before->prev;
	if (j->image != NULL &&
		(before == j->image || root->parent == j->image))
		return;
	for (n = root; n != NULL; n = tree_next(root, n, true))
		if (tree_is(n, "img"))
			put_image(j, n);
}

/* ---- links */

static void
put_link(struct job *j, const char *href)
{
	static const char *const a = "a";

	buf_clear(&j->attrs);
	keep(j, writer_attr(&j->attrs, "href", span_str(href)));
	writer_open(&j->w, NULL, span_of(NULL, 0), span_of(NULL, 0));
	writer_open(&j->w, markup_element(a), buf_view(&j->attrs),
		span_of(NULL, 0));
	writer_text(&j->w, span_str(href));
	writer_close(&j->w);
	writer_close(&j->w);
}

/* What a player or frame would have loaded, as an absolute web address, or
 * NULL. */
static char *
embedded(struct job *j, const xmlNode *root)
{
	static const char *const names[] = {"src", "data-src", "data"};
	const xmlNode *n;
	char *url = NULL;
	size_t i;

	for (n = root; n != NULL && url == NULL; n = tree_next(root, n, true))
		if (n == root || tree_is(n, "source") || tree_is(n, "embed"))
			for (i = 0; i < 3 && url == NULL; i++) {
				const char *v = tree_attr(n, names[i]);

				if (v != NULL && *v != '\0')
					keep(j, url_web(span_str(v),
							j->from->base, &url));
			}
	return url;
}

static void
put_embedded(struct job *j, const xmlNode *n)
{
	char *url = picture_pixel(n) ? NULL : embedded(j, n);

	j->out->remote++;
	if (url != NULL)
		put_link(j, url);
	else
		j->out->dropped++;
	free(url);
	/* To the parser embed has no end: what follows is inside. */
	if (tree_is(n, "embed"))
		walk(j, n->children);
}

/* href of a link into j->attrs. false: it is none that we show. */
static bool
add_href(struct job *j, const xmlNode *n)
{
	const char *v = tree_attr(n, "href");
	struct anchor *a;
	struct span f;
	struct buf b;
	bool ok;

	if (v == NULL)
		return false;
	f = url_fragment(span_str(v), j->from->base);
	buf_init(&b, LIMIT_URL);
	if (f.n > 0) {
		a = anchors_find(&j->anchors, f);
		ok = a != NULL && a->present;
		if (ok)
			keep(j, buf_printf(&b, "#%s", a->name));
	} else {
		keep(j, url_clean(span_str(v), j->from->base, &b, &ok));
	}
	add_attrs(j, markup_element("a"), n);
	if (ok)
		keep(j, writer_attr(&j->attrs, "href", buf_view(&b)));
	buf_free(&b);
	return ok;
}

/* ---- elements */

static void
put_kept(struct job *j, const xmlNode *n, const struct markup_element *el)
{
	struct span id = anchor_of(j, n);
	const char *name = el->name;

	if (strcmp(name, "a") == 0) {
		if (!add_href(j, n)) {
			el = markup_element("span");
			add_attrs(j, el, n);
		}
		name = el->name;
	} else {
		add_attrs(j, el, n);
	}
	if (markup_void(el)) {
		if (id.n > 0) {
			writer_open(&j->w, markup_element("span"),
				span_of(NULL, 0), id);
			writer_close(&j->w);
		}
		writer_void(&j->w, el, span_of(NULL, 0));
		walk(j, n->children);
		return;
	}
	if (j->attrs.n == 0 && id.n == 0) {
		if (strcmp(name, "span") == 0 || strcmp(name, "bdo") == 0) {
			walk(j, n->children);
			return;
		}
		if (strcmp(name, "div") == 0)
			el = NULL;
	}
	writer_open(&j->w, el, buf_view(&j->attrs), id);
	walk(j, n->children);
	writer_close(&j->w);
}

static void
put_unwrapped(struct job *j, const xmlNode *n, bool bound)
{
	struct span id = anchor_of(j, n);
	const struct markup_element *el = NULL;

	if (id.n > 0)
		el = markup_element(bound ? "div" : "span");
	if (el != NULL || bound)
		writer_open(&j->w, el, span_of(NULL, 0), id);
	walk(j, n->children);
	if (el != NULL || bound)
		writer_close(&j->w);
}

static void
put_element(struct job *j, const xmlNode *n)
{
	const struct markup_element *el;

	switch (fate_of(j, n, &el)) {
	case KEEP:
		put_kept(j, n, el);
		break;
	case UNWRAP:
		put_unwrapped(j, n, false);
		break;
	case BOUND:
		put_unwrapped(j, n, true);
		break;
	case DROP:
		j->out->dropped += n != j->from->skip;
		j->out->remote += tree_attr(n, "src") != NULL;
		break;
	case LINK:
		put_embedded(j, n);
		break;
	case PICTURE:
		put_image(j, n);
		walk(j, n->children);
		break;
	case NOSCRIPT:
		put_noscript(j, n);
		break;
	}
}

/* These siblings; as deep as the tree, which tree.h keeps to LIMIT_DEPTH. */
static void
walk(struct job *j, const xmlNode *n)
{
	for (; n != NULL && j->err == ERR_OK && j->w.err == ERR_OK;
		n = n->next) {
		if (n->type == XML_ELEMENT_NODE)
			put_element(j, n);
		else if ((n->type == XML_TEXT_NODE ||
				 n->type == XML_CDATA_SECTION_NODE) &&
			 n->content != NULL)
			writer_text(&j->w, span_str((const char *)n->content));
	}
}

/* Whether an element's children are left out, so that nothing inside can be
 * the target of a link. */
static bool
hidden(const struct job *j, const xmlNode *n)
{
	const struct markup_element *el;
	enum fate f;

	if (n->type != XML_ELEMENT_NODE || n == j->from->root)
		return false;
	f = fate_of(j, n, &el);
	return f == DROP || f == NOSCRIPT ||
	       (f == LINK && !tree_is(n, "embed"));
}

/* What this element says of anchors: a link to one; or one that is of our
 * form, which stays without a link too, since it may come from ourselves. */
static void
note_anchor(struct job *j, const xmlNode *n)
{
	const char *v;

	if (n->type != XML_ELEMENT_NODE || n->properties == NULL)
		return;
	if (tree_is(n, "a") && (v = tree_attr(n, "href")) != NULL)
		keep(j, anchors_add(&j->anchors,
				url_fragment(span_str(v), j->from->base)));
	if ((v = tree_attr(n, "id")) != NULL && markup_id_ok(span_str(v)))
		keep(j, anchors_add(&j->anchors, span_str(v)));
}

/* Find which names are linked to, then which of those are there. */
static void
find_anchors(struct job *j)
{
	const xmlNode *root = j->from->root, *n;
	const struct markup_element *el;
	struct anchor *a;
	const char *v;

	for (n = root; n != NULL; n = tree_next(root, n, !hidden(j, n)))
		note_anchor(j, n);
	anchors_sort(&j->anchors);
	if (j->anchors.n == 0)
		return;
	for (n = root; n != NULL; n = tree_next(root, n, !hidden(j, n))) {
		if (n == root || n->type != XML_ELEMENT_NODE || hidden(j, n) ||
			fate_of(j, n, &el) > BOUND)
			continue;
		if ((v = tree_attr(n, "id")) != NULL &&
			(a = anchors_find(&j->anchors, span_str(v))) != NULL)
			a->present = true;
		else if (tree_is(n, "a") && (v = tree_attr(n, "name")) &&
			 (a = anchors_find(&j->anchors, span_str(v))) != NULL)
			a->present = true;
	}
}

/* Put a picture before the text, as the sanitiser itself would write it. */
static enum err
add_lead(struct ingest_article *a, const char *source, struct diag *d)
{
	static const char figure[] =
		"<figure><img src=\"image:0\" alt=\"\"/></figure>\n";
	struct span body = buf_view(&a->body);
	const uint8_t *nl;
	struct buf b;
	char *copy;
	enum err e;

	nl = body.n == 0 ? NULL : memchr(body.p, '\n', body.n);
	if (nl == NULL || a->n_images > 0)
		return ERR_OK;
	e = field_copy(source, &copy);
	if (e != ERR_OK)
		return e;
	a->images = malloc(sizeof(*a->images));
	if (a->images == NULL) {
		free(copy);
		return ERR_NOMEM;
	}
	a->images[0].source = copy;
	a->n_images = 1;
	buf_init(&b, LIMIT_TEXT);
	e = buf_add(&b, body.p, (size_t)(nl - body.p) + 1);
	if (e == ERR_OK)
		e = buf_str(&b, figure);
	if (e == ERR_OK)
		e = buf_add(&b, nl + 1, body.n - (size_t)(nl - body.p) - 1);
	if (e == ERR_OK) {
		buf_free(&a->body);
		a->body = b;
	} else {
		buf_free(&b);
	}
	return e == ERR_OK ? e : diag_set(d, e, "%s", err_str(e));
}

enum err
sanitise_tree(const struct sanitise_from *from, struct ingest_article *out,
	size_t *chars, struct diag *d)
{
	struct job *j = malloc(sizeof(*j));
	const char *dir = attrs_direction(tree_attr(from->root, "dir"));
	const char *v = tree_attr(from->root, "lang");
	char *lang = NULL;
	enum err e;

	if (j == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	j->from = from;
	j->out = out;
	j->anchors = (struct anchors){0};
	j->image = NULL;
	j->err = ERR_OK;
	buf_init(&j->attrs, LIMIT_TEXT);
	buf_init(&out->body, BODY);
	if (v == NULL)
		v = tree_attr(from->root, "xml:lang");
	if (v != NULL)
		keep(j, field_language(span_str(v), &lang));
	find_anchors(j);
	writer_start(&j->w, &out->body, lang,
		dir != NULL ? dir : attrs_direction(from->dir));
	walk(j, from->root->children);
	e = writer_end(&j->w, d);
	if (e == ERR_OK && j->err != ERR_OK)
		e = diag_set(d, j->err, "%s", err_str(j->err));
	*chars = j->w.chars;
	if (e == ERR_OK && from->lead != NULL)
		e = add_lead(out, from->lead, d);
	anchors_free(&j->anchors);
	buf_free(&j->attrs);
	free(lang);
	free(j);
	return e;
}
