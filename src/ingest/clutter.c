#include "clutter.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "tree.h"

/* Clutter is at most one part in so many of the text, unless it is links. */
#define SHARE 20

/* A paragraph of more bytes without links was written, not generated. */
#define WRITTEN 120

static const char marked;

bool
clutter_is(const xmlNode *n)
{
	return n->_private == &marked;
}

/* ---- names */

static bool
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Next part of a class or id, split at what is no letter and where a small
 * letter meets a capital: "jp-relatedPosts" is jp, related, posts. Returns its
 * length and moves *s to its start; 0 at the end. */
static size_t
next_word(const char **s)
{
	const char *p = *s;
	size_t n = 0;

	while (*p != '\0' && !letter(*p))
		p++;
	*s = p;
	while (letter(p[n]) &&
		(n == 0 || p[n] >= 'a' || (p[n - 1] >= 'A' && p[n - 1] <= 'Z')))
		n++;
	return n;
}

/* LINKS: words that articles use too, so its text must be links. LISTED: its
 * long paragraphs, too, are not the article's. */
enum named { NOT_NAMED, LINKS, NAMED, LISTED };

static bool
among(const char *s, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && strncasecmp(s, *words, n) == 0)
			return true;
	return false;
}

static enum named
word_names(const char *s, size_t n)
{
	static const char *const links[] = {"also", "keywords", "menu", "more",
		"nav", "next", "poll", "prev", "previous", "promo",
		"recommended", "related", "share", "social", "tags", "toolbar",
		NULL};
	static const char *const names[] = {"ad", "ads", "advert", "adverts",
		"advertisement", "advertising", "banner", "banners",
		"breadcrumb", "breadcrumbs", "crumbs", "digg", "navbar",
		"navigation", "newdigg", "pager", "pagination", "prevnext",
		"rating", "ratings", "recirc", "relatedposts", "sharebar",
		"sharedaddy", "sharing", "vote", "votes", "voting", NULL};
	static const char *const listed[] = {"cmt", "cmts", "comment",
		"comments", "disqus", "newsletter", "subscribe", "subscription",
		NULL};

	if (among(s, n, listed))
		return LISTED;
	if (among(s, n, names))
		return NAMED;
	return among(s, n, links) ? LINKS : NOT_NAMED;
}

static enum named
name_of(const xmlNode *n)
{
	static const char *const attrs[] = {"class", "id"};
	enum named best = NOT_NAMED;
	size_t i, k;

	for (i = 0; i < 2; i++) {
		const char *s = tree_attr(n, attrs[i]);

		for (; s != NULL && (k = next_word(&s)) > 0; s += k) {
			enum named got = word_names(s, k);

			best = got > best ? got : best;
		}
	}
	return best;
}

static bool
any_of(const xmlNode *n, const char *const *names)
{
	for (; *names != NULL; names++)
		if (tree_is(n, *names))
			return true;
	return false;
}

static bool
judge(const xmlNode *n, const struct tally *t, size_t total)
{
	/* What carries the page may have any class: "no-sidebar has-nav". */
	static const char *const never[] = {"html", "body", "main", "article",
		"figure", "blockquote", "pre", "td", "tr", "tbody", "a", "h1",
		"h2", "h3", NULL};
	static const char *const blocks[] = {"div", "section", "aside", "ul",
		"ol", "dl", "nav", "header", "footer", "table", "form",
		"details", NULL};
	enum named named;

	if (n->type != XML_ELEMENT_NODE || n->properties == NULL ||
		any_of(n, never))
		return false;
	named = name_of(n);
	if (named == NOT_NAMED)
		return false;
	if (t->links > 0 && t->linked >= t->weight - t->linked)
		return t->weight <= total / 2;
	return any_of(n, blocks) && named != LINKS &&
	       (named == LISTED || !t->solid) &&
	       t->weight - t->linked <= total / SHARE;
}

/* ---- weighing */

static size_t
text_weight(const xmlNode *n)
{
	const xmlChar *s = n->content;
	size_t weight = 0;
	bool gap = true;

	for (; s != NULL && *s != 0; s++) {
		bool space = *s <= ' ';

		weight += !space || !gap;
		gap = space;
	}
	return weight;
}

/* The parser may put a page's whole text into its head. */
static bool
silent(const xmlNode *n)
{
	static const char *const names[] = {
		"script", "style", "template", "title", NULL};

	return any_of(n, names);
}

/* What an element says itself when all its children are in. */
static void
close_tally(const xmlNode *n, struct tally *t)
{
	static const char *const solid[] = {
		"figure", "blockquote", "pre", "img", "video", "audio", NULL};

	if (tree_is(n, "a") && tree_attr(n, "href") != NULL) {
		t->linked = t->weight;
		t->links++;
		t->prose = t->parts = 0;
		t->solid = false;
	} else if (any_of(n, solid)) {
		t->parts++;
		t->solid = true;
	} else if (tree_is(n, "p")) {
		t->parts += t->prose > 0;
		t->solid = t->solid || t->weight - t->linked > WRITTEN;
	}
}

struct weighing {
	size_t total;
	void *arg;
	clutter_use *use;
};

/* As deep as the tree, which tree.h keeps to LIMIT_DEPTH. */
static struct tally
weigh(const struct weighing *w, xmlNode *n, bool root)
{
	struct tally t = {0}, in;
	xmlNode *c;
	bool clutter;

	for (c = n->children; c != NULL; c = c->next) {
		if (c->type == XML_TEXT_NODE ||
			c->type == XML_CDATA_SECTION_NODE) {
			in = (struct tally){.weight = text_weight(c)};
			in.prose = in.weight;
		} else if (c->type == XML_ELEMENT_NODE && !silent(c)) {
			in = weigh(w, c, false);
		} else {
			continue;
		}
		t.weight += in.weight;
		t.linked += in.linked;
		t.prose += in.prose;
		t.links += in.links;
		t.parts += in.parts;
		t.solid = t.solid || in.solid;
	}
	close_tally(n, &t);
	clutter = !root && judge(n, &t, w->total);
	w->use(w->arg, n, &t, clutter);
	if (clutter)
		t.prose = t.parts = 0;
	return t;
}

void
clutter_weigh(xmlNode *root, size_t total, void *arg, clutter_use *use)
{
	struct weighing w = {.total = total, .arg = arg, .use = use};

	weigh(&w, root, true);
}

static void
mark(void *arg, xmlNode *n, const struct tally *t, bool clutter)
{
	(void)arg;
	(void)t;
	if (clutter)
		n->_private = (void *)(uintptr_t)&marked;
}

void
clutter_mark(xmlNode *root)
{
	clutter_weigh(root, tree_weight(root), NULL, mark);
}
