#include "page.h"

#include <string.h>

#include "../core/crypto.h"
#include "../core/date.h"
#include "../core/limits.h"
#include "../core/markup.h"
#include "../core/text.h"
#include "page_style.h"
#include "xhtml.h"

#define DOT " \xc2\xb7 "

struct writer {
	const struct page *page;
	struct buf *out;
	struct buf links; /* the list at the end */
	unsigned n_links;
	bool marked; /* the open link has a number */
	bool seen[LIMIT_IMAGES_PER_ARTICLE];
};

/* ---- escaping */

/* Text and attribute values alike. */
static enum err
escape(struct buf *b, struct span s)
{
	size_t i, from = 0;
	enum err e = ERR_OK;

	for (i = 0; i < s.n && e == ERR_OK; i++) {
		const char *ref;

		switch (s.p[i]) {
		case '&':
			ref = "&amp;";
			break;
		case '<':
			ref = "&lt;";
			break;
		case '>':
			ref = "&gt;";
			break;
		case '"':
			ref = "&quot;";
			break;
		default:
			continue;
		}
		e = buf_span(b, span_sub(s, from, i - from));
		if (e == ERR_OK)
			e = buf_str(b, ref);
		from = i + 1;
	}
	return e == ERR_OK ? buf_span(b, span_sub(s, from, s.n)) : e;
}

/* Text that was not checked by the walk: what a page may not show is shown as
 * an escape. */
static enum err
foreign(struct buf *b, const char *s)
{
	struct buf shown;
	enum err e;

	buf_init(&shown, 10 * strlen(s));
	e = text_escape(&shown, span_str(s));
	if (e == ERR_OK)
		e = escape(b, buf_view(&shown));
	buf_free(&shown);
	return e;
}

/* `before`, escaped foreign text, `after`. */
static enum err
around(struct buf *b, const char *before, const char *s, const char *after)
{
	enum err e = buf_str(b, before);

	if (e == ERR_OK)
		e = foreign(b, s);
	return e == ERR_OK ? buf_str(b, after) : e;
}

static enum err
attribute(struct buf *b, const char *name, const char *value)
{
	enum err e = buf_printf(b, " %s=\"", name);

	if (e == ERR_OK)
		e = escape(b, span_str(value));
	return e == ERR_OK ? buf_str(b, "\"") : e;
}

bool
page_is_rtl(const char *language)
{
	static const char *const words[] = {"ar", "ckb", "dv", "fa", "he",
		"nqo", "ps", "sd", "syr", "ug", "ur", "yi", NULL};
	size_t i, n;

	if (language == NULL)
		return false;
	/* A script, where it is given, decides. */
	if (strstr(language, "-Arab") != NULL ||
		strstr(language, "-Hebr") != NULL)
		return true;
	if (strstr(language, "-Latn") != NULL ||
		strstr(language, "-Cyrl") != NULL)
		return false;
	n = strcspn(language, "-");
	for (i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == n &&
			strncmp(language, words[i], n) == 0)
			return true;
	return false;
}

/* ---- head and foot */

/* The policy names the style by its hash, so no other style is obeyed. */
static enum err
head(struct writer *w)
{
	const struct article *a = w->page->article;
	uint8_t sum[32];
	enum err e;

	hash_bytes(HASH_SHA256, span_str(page_style), sum);
	e = buf_str(w->out, "<!DOCTYPE html>\n<html");
	if (e == ERR_OK)
		e = attribute(w->out, "lang", a->language);
	if (e == ERR_OK)
		e = buf_printf(w->out,
			" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta http-equiv=\"Content-Security-Policy\" "
			"content=\"default-src 'none'; img-src data:; "
			"style-src 'sha256-",
			page_is_rtl(a->language) ? "rtl" : "ltr");
	if (e == ERR_OK)
		e = text_base64_add(w->out, span_of(sum, sizeof(sum)));
	if (e == ERR_OK)
		e = buf_str(w->out,
			"'; base-uri 'none'; form-action 'none'\">\n"
			"<meta name=\"referrer\" content=\"no-referrer\">\n"
			"<meta http-equiv=\"x-dns-prefetch-control\" "
			"content=\"off\">\n"
			"<meta name=\"viewport\" "
			"content=\"width=device-width, initial-scale=1\">\n");
	if (e == ERR_OK)
		e = around(w->out, "<title>", a->title, "</title>\n<style>");
	if (e == ERR_OK)
		e = buf_str(w->out, page_style);
	return e == ERR_OK ? buf_str(w->out, "</style>\n</head>\n") : e;
}

/* "2026-03-05 14:30 UTC" in a time element. */
static enum err
moment(struct buf *b, const char *before, int64_t t)
{
	char s[DATE_SIZE];

	date_format(s, t);
	return buf_printf(b,
		"<bdi>%s<time datetime=\"%s\">%.10s %.5s UTC</time></bdi>",
		before, s, s, s + 11);
}

static enum err
byline(struct writer *w)
{
	const struct article *a = w->page->article;
	enum err e = buf_str(w->out, "<p class=\"byline\">");
	size_t i;

	for (i = 0; i < a->n_authors && e == ERR_OK; i++)
		e = around(w->out, i > 0 ? ", <bdi>" : "<bdi>", a->authors[i],
			"</bdi>");
	if (e == ERR_OK && a->n_authors > 0)
		e = buf_str(w->out, DOT);
	if (e == ERR_OK)
		e = moment(w->out, "", a->published);
	if (e == ERR_OK && a->updated != a->published) {
		e = buf_str(w->out, DOT);
		if (e == ERR_OK)
			e = moment(w->out, "updated ", a->updated);
	}
	return e == ERR_OK ? buf_str(w->out, "</p>\n") : e;
}

static enum err
status(struct writer *w)
{
	const struct article *a = w->page->article;
	enum err e;

	if (a->status == ARTICLE_PUBLISHED && a->note == NULL)
		return ERR_OK;
	/* What is in bdi does not count for dir=auto: the note's own language
	 * decides. */
	e = buf_str(w->out, "<p class=\"status\" dir=\"auto\">");
	if (e == ERR_OK && a->status != ARTICLE_PUBLISHED)
		e = buf_printf(w->out, "<strong><bdi>%s.</bdi></strong> ",
			a->status == ARTICLE_CORRECTED ? "Corrected"
						       : "Retracted");
	if (e == ERR_OK && a->note != NULL)
		e = foreign(w->out, a->note);
	return e == ERR_OK ? buf_str(w->out, "</p>\n") : e;
}

static enum err
claims(struct writer *w)
{
	enum err e = ERR_OK;
	size_t i;

	if (w->page->n_claims == 0)
		return ERR_OK;
	e = buf_str(w->out, "<ul class=\"verdict\" lang=\"en\" dir=\"ltr\">\n");
	for (i = 0; i < w->page->n_claims && e == ERR_OK; i++)
		e = around(w->out,
			w->page->claims[i].good
				? "<li class=\"good\">\xe2\x9c\x94 "
				: "<li class=\"bad\">\xe2\x9a\xa0 ",
			w->page->claims[i].text, "</li>\n");
	return e == ERR_OK ? buf_str(w->out, "</ul>\n") : e;
}

static enum err
masthead(struct writer *w)
{
	const struct page *p = w->page;
	enum err e = buf_str(w->out, "<body>\n<header>\n");

	if (e == ERR_OK && p->outlet != NULL)
		e = around(w->out, "<p class=\"outlet\" dir=\"auto\">",
			p->outlet, "</p>\n");
	if (e == ERR_OK)
		e = around(w->out, "<h1 dir=\"auto\">", p->article->title,
			"</h1>\n");
	if (e == ERR_OK)
		e = byline(w);
	if (e == ERR_OK)
		e = claims(w);
	if (e == ERR_OK)
		e = status(w);
	return e == ERR_OK ? buf_str(w->out, "</header>\n") : e;
}

static enum err
foot(struct writer *w)
{
	const struct article *a = w->page->article;
	enum err e = buf_str(w->out, "<footer>\n");
	size_t i;

	if (e == ERR_OK && w->n_links > 0) {
		e = buf_str(w->out, "<ol class=\"links\" dir=\"ltr\">\n");
		if (e == ERR_OK)
			e = buf_span(w->out, buf_view(&w->links));
		if (e == ERR_OK)
			e = buf_str(w->out, "</ol>\n");
	}
	for (i = 0; i < a->n_tags && e == ERR_OK; i++)
		e = around(w->out, i > 0 ? DOT "<bdi>" : "<p><bdi>", a->tags[i],
			"</bdi>");
	if (e == ERR_OK && a->n_tags > 0)
		e = buf_str(w->out, "</p>\n");
	if (e == ERR_OK && a->url != NULL)
		e = around(w->out, "<p class=\"url\" dir=\"ltr\">", a->url,
			"</p>\n");
	if (e == ERR_OK)
		e = buf_printf(w->out,
			"<p dir=\"ltr\"><bdi>%s</bdi>, "
			"revision %u</p>\n",
			a->id, (unsigned)a->revision);
	return e == ERR_OK ? buf_str(w->out, "</footer>\n</body>\n</html>\n")
			   : e;
}

/* ---- the text */

/* The article's image of this hex name, or -1. */
static int
find_image(const struct article *a, const char *src)
{
	struct digest name;
	size_t i;

	if (text_hex_decode(span_str(src), name.b, sizeof(name.b)) != ERR_OK)
		return -1;
	for (i = 0; i < a->n_images && i < LIMIT_IMAGES_PER_ARTICLE; i++)
		if (digest_eq(&name, &a->images[i].name))
			return (int)i;
	return -1;
}

static bool
type_ok(const char *type)
{
	return type != NULL && (strcmp(type, "image/jpeg") == 0 ||
				       strcmp(type, "image/png") == 0 ||
				       strcmp(type, "image/webp") == 0);
}

/* An image stands in the page once, however often the text has it: else a
 * short text could make a page without end. Absent ones are words. */
static enum err
image(struct writer *w, const struct xhtml_node *node)
{
	const struct article *a = w->page->article;
	const struct verified *bytes = NULL;
	const char *alt = xhtml_attr(node, "alt");
	int i = find_image(a, xhtml_attr(node, "src"));
	size_t k;
	enum err e;

	if (i >= 0 && w->page->image != NULL && !w->seen[i] &&
		type_ok(a->images[i].type))
		bytes = w->page->image(w->page->arg, &a->images[i]);
	if (bytes == NULL) {
		e = buf_str(w->out, "<span class=\"absent\">[image");
		if (e == ERR_OK && alt != NULL && alt[0] != '\0')
			e = around(w->out, ": ", alt, "");
		return e == ERR_OK ? buf_str(w->out, "]</span>") : e;
	}
	w->seen[i] = true;
	e = buf_printf(w->out, "<img src=\"data:%s;base64,", a->images[i].type);
	if (e == ERR_OK)
		e = text_base64_add(w->out, verified_bytes(bytes));
	if (e == ERR_OK)
		e = buf_str(w->out, "\"");
	for (k = 0; k < node->n_attrs && e == ERR_OK; k++)
		if (strcmp(node->attrs[k].name, "src") != 0)
			e = attribute(w->out, node->attrs[k].name,
				node->attrs[k].value);
	return e == ERR_OK ? buf_str(w->out, ">") : e;
}

/* The link in the text goes to the list; the one in the list, out. */
static enum err
external(struct writer *w, const char *href)
{
	enum err e;

	w->n_links++;
	e = buf_printf(w->out, " href=\"#link-%u\"", w->n_links);
	if (e == ERR_OK)
		e = attribute(w->out, "title", href);
	if (e == ERR_OK)
		e = buf_printf(&w->links, "<li id=\"link-%u\"><a", w->n_links);
	if (e == ERR_OK)
		e = attribute(&w->links, "href", href);
	if (e == ERR_OK)
		e = buf_str(
			&w->links, " rel=\"noopener noreferrer nofollow\">");
	if (e == ERR_OK)
		e = escape(&w->links, span_str(href));
	return e == ERR_OK ? buf_str(&w->links, "</a></li>\n") : e;
}

/* Lines of text find their own direction; boxes keep that of the language. */
static bool
wants_dir(const struct markup_element *e)
{
	return (e->is & (MARKUP_BLOCK | MARKUP_SUMMARY)) != 0 &&
	       (e->holds & MARKUP_INLINE) != 0 &&
	       (e->holds & MARKUP_BLOCK) == 0;
}

static enum err
open_tag(struct writer *w, const struct xhtml_node *node)
{
	const struct markup_element *el = markup_element(node->name);
	const char *href =
		xhtml_is(node, "a") ? xhtml_attr(node, "href") : NULL;
	bool out = href != NULL && href[0] != '#';
	enum err e;
	size_t i;

	if (xhtml_is(node, "img"))
		return image(w, node);
	e = buf_printf(w->out, "<%s", node->name);
	for (i = 0; i < node->n_attrs && e == ERR_OK; i++) {
		const struct xhtml_attr *at = &node->attrs[i];

		if (out && (strcmp(at->name, "href") == 0 ||
				   strcmp(at->name, "title") == 0))
			continue;
		e = attribute(w->out, at->name, at->value);
	}
	if (e == ERR_OK && out)
		e = external(w, href);
	if (xhtml_is(node, "a"))
		w->marked = out;
	if (e == ERR_OK && el != NULL && wants_dir(el) &&
		xhtml_attr(node, "dir") == NULL)
		e = buf_str(w->out, " dir=\"auto\"");
	/* HTML drops a newline that follows <pre>: this one. */
	return e == ERR_OK
		       ? buf_str(w->out, xhtml_is(node, "pre") ? ">\n" : ">")
		       : e;
}

static enum err
close_tag(struct writer *w, const struct xhtml_node *node)
{
	const struct markup_element *el = markup_element(node->name);
	enum err e = ERR_OK;

	if (el == NULL || markup_void(el))
		return ERR_OK;
	if (xhtml_is(node, "a") && w->marked)
		e = buf_printf(w->out, "<sup>%u</sup>", w->n_links);
	return e == ERR_OK ? buf_printf(w->out, "</%s>", node->name) : e;
}

static enum err
on_node(void *arg, const struct xhtml_node *node)
{
	struct writer *w = arg;

	switch (node->event) {
	case XHTML_OPEN:
		return open_tag(w, node);
	case XHTML_CLOSE:
		return close_tag(w, node);
	case XHTML_TEXT:
		break;
	}
	return escape(w->out, node->text);
}

enum err
page_render(const struct page *page, struct buf *out, struct diag *d)
{
	struct writer w = {.page = page, .out = out};
	size_t start = out->n;
	enum err e;

	/* An address of n bytes takes at most twice 6n there. */
	buf_init(&w.links, 16 * LIMIT_TEXT);
	diag_set(d, ERR_OK, "%s", "");
	e = head(&w);
	if (e == ERR_OK)
		e = masthead(&w);
	if (e == ERR_OK && page->text != NULL)
		e = xhtml_walk(page->text, on_node, &w, d);
	if (e == ERR_OK && page->text != NULL)
		e = buf_str(out, "\n");
	if (e == ERR_OK)
		e = foot(&w);
	buf_free(&w.links);
	if (e == ERR_OK)
		return e;
	buf_cut(out, start);
	if (d != NULL && d->code == ERR_OK)
		diag_set(d, e, "page: %s", err_str(e));
	return e;
}
