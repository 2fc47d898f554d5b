#include "chain.h"

#include <string.h>

/* Identities of implied elements beside their parent's serial. */
enum { EXPLICIT, ITEM, ROW, CELL, PARAGRAPH };

bool
chain_named(const struct markup_element *e, const char *name)
{
	return strcmp(e->name, name) == 0;
}

/* A block that holds no blocks, of which p alone gives way to one. A dt may,
 * but the HTML parser ends it at a dl. */
static bool
chain_line(const struct markup_element *e)
{
	if (chain_named(e, "dt"))
		return true;
	return e->is != MARKUP_INLINE && e->is != MARKUP_RUBY &&
	       (e->holds & MARKUP_TEXT) && !(e->holds & MARKUP_BLOCK);
}

bool
chain_inline(const struct markup_element *e)
{
	return e->is == MARKUP_INLINE || e->is == MARKUP_RUBY;
}

/* Where loose text becomes a paragraph even if nothing bounds it. */
static bool
wraps(const struct markup_element *e)
{
	return chain_named(e, "article") || chain_named(e, "section") ||
	       chain_named(e, "blockquote") || chain_named(e, "div") ||
	       chain_named(e, "details");
}

/* ---- the wanted chain */

static void
want(struct writer *w, const struct markup_element *el,
	struct writer_source *source, unsigned serial, unsigned kind)
{
	if (w->n_want == sizeof(w->want) / sizeof(w->want[0])) {
		if (w->err == ERR_OK)
			w->err = ERR_REFUSED;
		return;
	}
	w->want[w->n_want++] = (struct writer_open){
		.el = el, .source = source, .serial = serial, .kind = kind};
}

const struct writer_open *
chain_top(const struct writer *w)
{
	return &w->want[w->n_want - 1];
}

void
chain_imply(struct writer *w, unsigned kind)
{
	while (!(chain_top(w)->el->holds & kind)) {
		unsigned holds = chain_top(w)->el->holds,
			 serial = chain_top(w)->serial;

		if (holds & MARKUP_ITEM)
			want(w, markup_element("li"), NULL, serial, ITEM);
		else if (holds & MARKUP_TERM)
			want(w, markup_element("dd"), NULL, serial, ITEM);
		else if (holds & MARKUP_ROW)
			want(w, markup_element("tr"), NULL, serial, ROW);
		else if (holds & MARKUP_CELL)
			want(w, markup_element("td"), NULL, serial, CELL);
		else
			return;
		if (w->err != ERR_OK)
			return;
	}
}

/* Add one element of the source that is not inline. Returns whether loose
 * text right inside it is a paragraph. */
static bool
want_block(struct writer *w, struct writer_source *s)
{
	const struct markup_element *el = s->el;

	if (chain_named(chain_top(w)->el, "p"))
		w->n_want--;
	else if (chain_line(chain_top(w)->el))
		return false;
	if (el == NULL)
		return true;
	if (el->is == MARKUP_BLOCK)
		chain_imply(w, MARKUP_BLOCK);
	else if (el->is == MARKUP_CELL &&
		 (chain_top(w)->el->holds & MARKUP_ROW))
		chain_imply(w, MARKUP_CELL);
	if (!markup_holds(chain_top(w)->el, el))
		return true;
	want(w, el, s, s->serial, EXPLICIT);
	return false;
}

bool
chain_same(const struct writer_open *a, const struct writer_open *b)
{
	return a->el == b->el && a->serial == b->serial && a->kind == b->kind;
}

/* Whether a span or bdo was there for its id alone, and that has been
 * written: unless it can stay open, it says nothing any more. */
static bool
spent(const struct writer *w, const struct writer_source *s)
{
	size_t i;

	if (!s->id_done || s->n_attrs > 0 ||
		(!chain_named(s->el, "span") && !chain_named(s->el, "bdo")))
		return false;
	for (i = 0; i < w->n_want && i < w->n_have; i++)
		if (!chain_same(&w->have[i], &w->want[i]))
			return true;
	return i == w->n_have || w->have[i].source != s;
}

/* Inline elements come inside all blocks, so that a link around paragraphs
 * becomes a link in each. */
static void
want_inlines(struct writer *w)
{
	bool alone = false;
	size_t i;

	for (i = 1; i < w->n_source; i++) {
		struct writer_source *s = &w->source[i];

		if (s->el == NULL || !chain_inline(s->el) ||
			!markup_holds(chain_top(w)->el, s->el) || spent(w, s))
			continue;
		if (markup_alone(s->el)) {
			if (alone)
				continue;
			alone = true;
		}
		want(w, s->el, s, s->serial, EXPLICIT);
	}
}

void
chain_want(struct writer *w, enum chain_content content)
{
	bool para = false;
	size_t i;

	w->n_want = 0;
	want(w, w->source[0].el, &w->source[0], w->source[0].serial, EXPLICIT);
	for (i = 1; i < w->n_source && w->err == ERR_OK; i++) {
		struct writer_source *s = &w->source[i];

		if (s->el == NULL || !chain_inline(s->el))
			para = want_block(w, s);
	}
	if (content == CHAIN_BLOCKS || w->err != ERR_OK)
		return;
	chain_imply(w, MARKUP_TEXT);
	if (content == CHAIN_IMAGE && chain_named(chain_top(w)->el, "figure"))
		para = false;
	if ((para || wraps(chain_top(w)->el)) && !chain_line(chain_top(w)->el))
		want(w, markup_element("p"), NULL, w->segment, PARAGRAPH);
	want_inlines(w);
}
