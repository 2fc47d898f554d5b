#include "rules.h"

#include <stdlib.h>
#include <string.h>

/* Sorted by name. What is neither here nor on the allow-list is unwrapped. */
static const struct rule {
	const char *name;
	enum fate fate;
	const char *as;
} rules[] = {
	{"acronym", KEEP, "abbr"},
	{"address", BOUND, NULL},
	{"amp-img", PICTURE, NULL},
	{"annotation", DROP, NULL},
	{"annotation-xml", DROP, NULL},
	{"applet", DROP, NULL},
	{"area", DROP, NULL},
	{"article", BOUND, NULL},
	{"aside", BOUND, NULL},
	{"audio", LINK, NULL},
	{"base", DROP, NULL},
	{"body", BOUND, NULL},
	{"button", DROP, NULL},
	{"canvas", DROP, NULL},
	{"center", BOUND, NULL},
	{"col", DROP, NULL},
	{"colgroup", DROP, NULL},
	{"datalist", DROP, NULL},
	{"dialog", DROP, NULL},
	{"dir", KEEP, "ul"},
	{"embed", LINK, NULL},
	{"fieldset", BOUND, NULL},
	{"footer", BOUND, NULL},
	{"form", DROP, NULL},
	{"frame", DROP, NULL},
	{"frameset", DROP, NULL},
	{"head", DROP, NULL},
	{"header", BOUND, NULL},
	{"hgroup", BOUND, NULL},
	{"html", BOUND, NULL},
	{"iframe", LINK, NULL},
	{"image", PICTURE, NULL},
	{"img", PICTURE, NULL},
	{"input", DROP, NULL},
	{"label", DROP, NULL},
	{"legend", BOUND, NULL},
	{"link", DROP, NULL},
	{"listing", KEEP, "pre"},
	{"main", BOUND, NULL},
	{"map", DROP, NULL},
	{"menu", KEEP, "ul"},
	{"meta", DROP, NULL},
	{"meter", DROP, NULL},
	{"nav", BOUND, NULL},
	{"noframes", DROP, NULL},
	{"noscript", NOSCRIPT, NULL},
	{"object", LINK, NULL},
	{"optgroup", DROP, NULL},
	{"option", DROP, NULL},
	{"output", DROP, NULL},
	{"param", DROP, NULL},
	{"plaintext", KEEP, "pre"},
	{"progress", DROP, NULL},
	{"script", DROP, NULL},
	{"select", DROP, NULL},
	{"strike", KEEP, "s"},
	{"style", DROP, NULL},
	{"svg", DROP, NULL},
	{"template", DROP, NULL},
	{"textarea", DROP, NULL},
	{"title", DROP, NULL},
	{"tt", KEEP, "code"},
	{"video", LINK, NULL},
	{"xmp", KEEP, "pre"},
};

static int
by_name(const void *key, const void *rule)
{
	return strcmp(key, ((const struct rule *)rule)->name);
}

static bool
surrounds(const char *name, enum sanitise_scope scope)
{
	if (scope == SANITISE_FRAGMENT)
		return false;
	if (strcmp(name, "nav") == 0)
		return true;
	return scope == SANITISE_PAGE &&
	       (strcmp(name, "header") == 0 || strcmp(name, "footer") == 0 ||
		       strcmp(name, "aside") == 0);
}

enum fate
rules_fate(const xmlNode *n, enum sanitise_scope scope,
	const struct markup_element **el)
{
	const char *name = (const char *)n->name;
	const struct rule *r;

	*el = NULL;
	r = bsearch(name, rules, sizeof(rules) / sizeof(rules[0]),
		sizeof(rules[0]), by_name);
	if (r != NULL) {
		if (surrounds(name, scope))
			return DROP;
		if (r->as != NULL)
			*el = markup_element(r->as);
		return r->fate;
	}
	*el = markup_element(name);
	return *el == NULL ? UNWRAP : KEEP;
}
