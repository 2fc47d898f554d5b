/* An article as one HTML page that loads nothing: for a browser, a printer,
 * or to hand on. */
#ifndef ERIKA_PAGE_H
#define ERIKA_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/article.h"
#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/verified.h"

/* One claim of the verdict, each told apart: "authentic: signed by ...",
 * "stale: last news 9 days ago". Any text; it is escaped here. */
struct page_claim {
	bool good;
	const char *text;
};

/* The verified bytes of an image of the article, or NULL when they are not at
 * hand. They must stay until the next call or the end of page_render. */
typedef const struct verified *page_image_fn(
	void *arg, const struct article_image *image);

struct page {
	const struct article *article;
	const struct verified *text; /* NULL: retracted, or not at hand */
	const char *outlet;	     /* its name for people, or NULL */
	const struct page_claim *claims;
	size_t n_claims;
	page_image_fn *image; /* NULL: no images */
	void *arg;
};

/* Append the page: UTF-8 HTML, no script, a Content-Security-Policy that
 * allows the page's own style by its hash and data: images and nothing else.
 * Images stand inside as data: URIs, each once. External links lead to a list
 * at the end that shows their addresses; only there can they be followed.
 * The same input gives the same bytes. On failure `out` is as it was:
 * ERR_REFUSED when the text fails xhtml_check, ERR_LIMIT, ERR_NOMEM. */
enum err page_render(
	const struct page *page, struct buf *out, struct diag *d) ERR_MUST_USE;

/* Whether a language is written from right to left (by its tag). */
bool page_is_rtl(const char *language);

#endif
