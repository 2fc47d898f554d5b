#include "choose.h"

#include <string.h>
#include <strings.h>

#include "clutter.h"
#include "tree.h"

/* A part lighter than this is not believed to be the article when a later
 * choice weighs several times more: pages are full of <article> teasers. */
#define LIGHT 140
#define TIMES 4

/* Ways in which pages say where the text is, best first. The last are names
 * that teasers and whole columns have too. */
enum { BY_ITEMPROP, BY_CLASS, BY_ARTICLE, BY_MAIN, BY_NAME, CHOICES };

struct choice {
	xmlNode *node;
	struct tally t;
};

struct choose {
	const xmlNode *page;
	struct tally whole;
	struct choice best[CHOICES];
};

bool
choose_has_word(const char *list, const char *word)
{
	size_t n = strlen(word), k;

	while (list != NULL && *list != '\0') {
		list += strspn(list, " \t\r\n");
		k = strcspn(list, " \t\r\n");
		if (k == n && strncasecmp(list, word, n) == 0)
			return true;
		list += k;
	}
	return false;
}

static bool
named(const xmlNode *n, const char *const *names)
{
	const char *class = tree_attr(n, "class"), *id = tree_attr(n, "id");

	for (; *names != NULL; names++)
		if (choose_has_word(class, *names) ||
			choose_has_word(id, *names))
			return true;
	return false;
}

static bool
inside(const xmlNode *n, const xmlNode *outer)
{
	while (n != NULL && n != outer)
		n = n->parent;
	return n != NULL;
}

/* What adds no paragraph, no picture and next to no text to one of its own
 * parts is a wrapper of it. */
static bool
wraps(const struct tally *t, const struct tally *part)
{
	return t->parts == part->parts && part->prose > 0 &&
	       t->prose - part->prose <= part->prose / 20;
}

/* Elements come after those inside them, so the best so far is never around
 * this one. */
static void
consider(struct choice *best, xmlNode *n, const struct tally *t)
{
	bool more = t->prose != best->t.prose ? t->prose > best->t.prose
					      : t->weight > best->t.weight;

	if (best->node != NULL && inside(best->node, n))
		more = !wraps(t, &best->t);
	if (!more || t->weight == 0)
		return;
	best->node = n;
	best->t = *t;
}

static void
use_element(void *arg, xmlNode *n, const struct tally *t, bool clutter)
{
	static const char *const strong[] = {"e-content", "entry-content",
		"post-content", "post__content", "article-content",
		"article-body", "article__body", "article__content",
		"article__text", "article-text", "article_body", "articleBody",
		"artibody", "post-body", "story-body", "story-content",
		"news-body", "news-text", NULL};
	static const char *const weak[] = {"article", "content", "main-content",
		"maincontent", "page-content", "articlecontent", "news-content",
		"newscontent", "news-detail", "post", "story", "text", NULL};
	struct choose *c = arg;

	if (n == c->page)
		c->whole = *t;
	if (clutter || tree_is(n, "html") || tree_is(n, "body"))
		return;
	if (choose_has_word(tree_attr(n, "itemprop"), "articleBody"))
		consider(&c->best[BY_ITEMPROP], n, t);
	if (named(n, strong))
		consider(&c->best[BY_CLASS], n, t);
	if (tree_is(n, "article"))
		consider(&c->best[BY_ARTICLE], n, t);
	else if (tree_is(n, "main") ||
		 choose_has_word(tree_attr(n, "role"), "main"))
		consider(&c->best[BY_MAIN], n, t);
	if (named(n, weak))
		consider(&c->best[BY_NAME], n, t);
}

/* Whether a name is to be believed: it has three quarters of all that the page
 * says outside links and clutter, and is not links itself. */
static bool
most_of(const struct choose *c, const struct tally *t)
{
	return t->weight >= LIGHT && t->prose >= t->weight / 2 &&
	       t->prose >= c->whole.prose / 4 * 3;
}

static xmlNode *
best_of(const struct choose *c)
{
	int i, k;

	for (i = 0; i < BY_NAME; i++) {
		size_t weight = c->best[i].t.weight;
		bool light = false;

		for (k = i + 1; weight < LIGHT && k < BY_NAME; k++)
			light = light || c->best[k].t.weight > TIMES * weight;
		if (weight > 0 && !light)
			return c->best[i].node;
	}
	if (c->best[BY_NAME].node != NULL && most_of(c, &c->best[BY_NAME].t))
		return c->best[BY_NAME].node;
	return NULL;
}

const xmlNode *
choose_body(xmlNode *html, xmlNode *body, enum sanitise_scope *scope)
{
	xmlNode *page = body != NULL ? body : html;
	struct choose c = {.page = page};
	xmlNode *n;

	clutter_weigh(html, tree_weight(html), &c, use_element);
	n = best_of(&c);
	*scope = n != NULL ? SANITISE_ARTICLE : SANITISE_PAGE;
	if (n == NULL)
		n = page;
	clutter_mark(n);
	return n;
}
