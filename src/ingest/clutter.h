/* What stands beside an article: navigation, sharing, comments, votes. Told by
 * the names that pages give it, and left out only when its figures agree. */
#ifndef ERIKA_CLUTTER_H
#define ERIKA_CLUTTER_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of text in an element, white space counted once. */
struct tally {
	size_t weight; /* all of it */
	size_t linked; /* inside links */
	size_t prose;  /* neither in links nor in clutter */
	size_t links;
	size_t parts; /* paragraphs, pictures, quotes: not links, not
			  clutter */
	bool solid;   /* holds what articles have: a figure, a picture that
		       is no link, a quote, a long paragraph */
};

/* Called for each element, after those inside it. */
typedef void clutter_use(
	void *arg, xmlNode *n, const struct tally *t, bool clutter);

/* Weigh every element of a tree in one pass. `total` is the text of which
 * clutter has to be a small part. The root itself is never clutter. */
void clutter_weigh(xmlNode *root, size_t total, void *arg, clutter_use *use);

/* Mark what is clutter inside `root`, for clutter_is. Marks live in the
 * tree. */
void clutter_mark(xmlNode *root);
bool clutter_is(const xmlNode *n);

#endif
