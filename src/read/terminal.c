#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/markup.h"
#include "../core/text.h"
#include "lines.h"
#include "look.h"
#include "table.h"
#include "xhtml.h"

#define TAB_STOP 8
#define RULE_COLUMNS 40

/* Text in memory, however many tabs and marks there are in LIMIT_TEXT. */
#define TEXT_MAX (16 * LIMIT_TEXT)

/* An open element. */
struct level {
	const struct look *look;
	unsigned style;	   /* with that of the elements around it */
	bool pre;	   /* in a pre */
	bool item;	   /* li or dd */
	bool framed;	   /* lines_pop at its end */
	bool numbered;	   /* ol that says its numbers */
	long number, step; /* of its next li */
	size_t title;	   /* of an abbr: where in titles, plus 1 */
};

struct view {
	struct lines lines;
	struct level level[LIMIT_DEPTH + 1];
	struct buf titles; /* of the abbr that are open, end to end */
	struct buf notes;  /* "[1] ADDRESS\n" of each link */
	unsigned n_links;
	bool in_link;
	struct buf link;  /* address of the open link */
	size_t link_text; /* where its text begins */
	struct table table;
	int tables;	     /* open ones */
	int skip;	     /* depth of the rp that is left out, or 0 */
	size_t pre_at;	     /* byte after the last tab of a pre's line, */
	unsigned pre_column; /* and its column */
};

/* ---- text */

/* Where text goes now, and where its paragraph or cell begins. */
static struct wrap *
target(struct view *v, size_t *start)
{
	if (v->table.in_cell) {
		*start = table_cell_start(&v->table);
		return &v->table.text;
	}
	*start = 0;
	return &v->lines.text;
}

static enum err
put(struct view *v, const char *s, unsigned style)
{
	size_t start;

	return wrap_add_str(target(v, &start), s, style);
}

static enum err
put_space(struct view *v, unsigned style)
{
	size_t start;
	struct wrap *w = target(v, &start);

	return wrap_space(w, start, style);
}

static enum err
put_break(struct view *v)
{
	const struct buf *b = &v->lines.text.text;
	size_t n = b->n;

	if (v->table.in_cell)
		return put_space(v, 0);
	while (n > 0 && b->p[n - 1] == ' ')
		n--;
	wrap_cut(&v->lines.text, n);
	/* At most one blank line, and none at the beginning. */
	if (n == 0 || (n > 1 && b->p[n - 1] == '\n' && b->p[n - 2] == '\n'))
		return ERR_OK;
	return put(v, "\n", 0);
}

static enum err
put_text(struct view *v, struct span s, unsigned style)
{
	size_t start;
	struct wrap *w = target(v, &start);

	return wrap_collapse(w, start, s, style);
}

/* Text of a pre: as it is, but spaces for tabs and no newline to begin. */
static enum err
put_pre(struct view *v, struct span s, unsigned style)
{
	struct wrap *w = &v->lines.text;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < s.n && e == ERR_OK; i++) {
		if (s.p[i] != '\t') {
			if (s.p[i] != '\n' || w->text.n > 0)
				e = wrap_add(w, span_sub(s, i, 1), style);
			if (s.p[i] == '\n') {
				v->pre_at = w->text.n;
				v->pre_column = 0;
			}
			continue;
		}
		v->pre_column += wrap_columns(span_sub(
			buf_view(&w->text), v->pre_at, w->text.n - v->pre_at));
		do
			e = wrap_add_str(w, " ", style);
		while (e == ERR_OK && ++v->pre_column % TAB_STOP != 0);
		v->pre_at = w->text.n;
	}
	return e;
}

/* ---- blocks */

/* End the paragraph where a block begins or ends. In a cell, which is one
 * line, a space does. */
static enum err
block_edge(struct view *v, const struct level *lv, bool opens)
{
	const char *name = lv->look->name;
	bool close = false;
	enum err e;

	if (v->table.in_cell)
		return put_space(v, 0);
	/* Items and the lists in them follow one another closely, and an
	 * item's first block stands beside its mark. */
	if (lv[-1].item)
		close = !opens || strcmp(name, "ul") == 0 ||
			strcmp(name, "ol") == 0;
	v->pre_at = 0;
	v->pre_column = 0;
	e = lines_flush(&v->lines, lv->pre);
	if (e == ERR_OK && lv->look->blank && !close && !lines_fresh(&v->lines))
		lines_blank(&v->lines);
	return e;
}

/* In a cell there are no lines to stand before. */
static enum err
frame(struct view *v, struct level *lv, const char *first, bool bar)
{
	if (v->table.in_cell)
		return put(v, first, lv->style);
	lines_push(&v->lines, first, bar);
	lv->framed = true;
	return ERR_OK;
}

static enum err
item_open(struct view *v, struct level *lv)
{
	struct level *list = lv - 1;
	char mark[16] = "\xe2\x80\xa2 ";

	if (list->numbered) {
		snprintf(mark, sizeof(mark), "%ld. ", list->number);
		list->number += list->step;
	}
	lv->item = true;
	return frame(v, lv, mark, false);
}

static void
ol_open(struct level *lv, const struct xhtml_node *node)
{
	const char *start = xhtml_attr(node, "start");
	bool down = xhtml_attr(node, "reversed") != NULL;

	/* A descending list without a start would have to be counted. */
	lv->numbered = start != NULL || !down;
	lv->step = down ? -1 : 1;
	lv->number = 1;
	if (start != NULL)
		lv->number = strtol(start, NULL, 10);
}

static enum err
rule(struct view *v, unsigned style)
{
	unsigned i, n = lines_room(&v->lines);
	enum err e = ERR_OK;

	if (n == 0 || n > RULE_COLUMNS)
		n = RULE_COLUMNS;
	for (i = 0; i < n && e == ERR_OK; i++)
		e = put(v, "\xe2\x94\x80", style);
	return e;
}

/* ---- tables: the outermost one has rows, those in its cells are text */

static enum err
table_open(struct view *v, const struct xhtml_node *node)
{
	if (xhtml_is(node, "table") && v->tables++ == 0)
		table_clear(&v->table);
	if (v->tables != 1 || v->table.in_cell)
		return ERR_OK;
	if (xhtml_is(node, "tr"))
		table_row(&v->table);
	if (xhtml_is(node, "td") || xhtml_is(node, "th"))
		return table_cell_open(
			&v->table, xhtml_attr(node, "colspan") != NULL ||
					   xhtml_attr(node, "rowspan") != NULL);
	return ERR_OK;
}

static enum err
table_close(struct view *v, const struct xhtml_node *node)
{
	struct table_layout layout;
	unsigned width = lines_room(&v->lines);
	size_t cell = 0;
	enum err e;

	if ((xhtml_is(node, "td") || xhtml_is(node, "th")) && v->tables == 1)
		table_cell_close(&v->table);
	if (!xhtml_is(node, "table") || --v->tables > 0)
		return ERR_OK;
	table_layout(&v->table, width == 0 ? 80 : width, &layout);
	do {
		e = table_line(&v->table, &layout, &cell, &v->lines.text);
		if (e == ERR_OK)
			e = lines_flush(&v->lines, layout.columns > 0);
	} while (e == ERR_OK);
	return e == ERR_MISSING ? ERR_OK : e;
}

/* ---- inside lines */

static enum err
link_open(struct view *v, const struct xhtml_node *node)
{
	const char *href = xhtml_attr(node, "href");
	size_t start;

	if (href == NULL || href[0] == '#')
		return ERR_OK;
	v->in_link = true;
	v->link_text = target(v, &start)->text.n;
	buf_clear(&v->link);
	return buf_str(&v->link, href);
}

/* Whether a link's text is its address. */
static bool
says_itself(struct span text, const char *href)
{
	static const char mailto[] = "mailto:";

	if (strncmp(href, mailto, strlen(mailto)) == 0 &&
		span_eq(text, span_str(href + strlen(mailto))))
		return true;
	return span_eq(text, span_str(href));
}

/* Number the link and keep its address; one whose text is the address needs
 * neither. */
static enum err
link_close(struct view *v, unsigned style)
{
	size_t start, i, from, end;
	struct wrap *w = target(v, &start);
	const struct buf *b = &w->text;
	char mark[24];
	bool space;
	enum err e;

	v->in_link = false;
	from = v->link_text;
	for (end = b->n; end > from && b->p[end - 1] == ' ';)
		end--;
	while (from < end && b->p[from] == ' ')
		from++;
	if (from == end || says_itself(span_of(b->p + from, end - from),
				   buf_cstr(&v->link))) {
		for (i = from; i < end; i++)
			w->style.p[i] |= WRAP_WHOLE;
		return ERR_OK;
	}
	space = end < b->n;
	wrap_cut(w, end);
	snprintf(mark, sizeof(mark), " [%u]", ++v->n_links);
	e = buf_printf(&v->notes, "[%u] %s\n", v->n_links, buf_cstr(&v->link));
	if (e == ERR_OK)
		e = put(v, mark, style | WRAP_WHOLE);
	return e == ERR_OK && space ? put_space(v, style) : e;
}

static enum err
image(struct view *v, const struct xhtml_node *node, unsigned style)
{
	const char *alt = xhtml_attr(node, "alt");
	enum err e;

	if (alt == NULL || alt[0] == '\0')
		return put(v, "[image]", style);
	e = put(v, "[image: ", style);
	if (e == ERR_OK)
		e = put(v, alt, style);
	return e == ERR_OK ? put(v, "]", style) : e;
}

static enum err
abbr_open(struct view *v, struct level *lv, const struct xhtml_node *node)
{
	const char *title = xhtml_attr(node, "title");

	if (title == NULL)
		return ERR_OK;
	lv->title = v->titles.n + 1;
	return buf_str(&v->titles, title);
}

static enum err
abbr_close(struct view *v, const struct level *lv)
{
	size_t at = lv->title - 1;
	enum err e = put(v, " (", lv->style);

	if (e == ERR_OK)
		e = put(v, buf_cstr(&v->titles) + at, lv->style);
	buf_cut(&v->titles, at);
	return e == ERR_OK ? put(v, ")", lv->style) : e;
}

/* ---- the walk */

static bool
is_block(const struct xhtml_node *node)
{
	const struct markup_element *e = markup_element(node->name);

	return e != NULL && (e->is & (MARKUP_INLINE | MARKUP_RUBY)) == 0;
}

static bool
says(const struct view *v, const struct look *look)
{
	return !look->plain || !v->lines.color;
}

static enum err
on_open(struct view *v, const struct xhtml_node *node)
{
	struct level *lv = &v->level[node->depth];
	enum err e = ERR_OK;

	*lv = (struct level){.look = look_of(node->name),
		.pre = lv[-1].pre || xhtml_is(node, "pre")};
	lv->style = lv[-1].style | lv->look->style;
	if (is_block(node))
		e = block_edge(v, lv, true);
	if (e == ERR_OK)
		e = table_open(v, node);
	if (e == ERR_OK && lv->look->before != NULL && says(v, lv->look))
		e = put(v, lv->look->before, lv->style);
	if (e != ERR_OK)
		return e;
	if (xhtml_is(node, "li"))
		return item_open(v, lv);
	if (xhtml_is(node, "dd"))
		return frame(v, lv, "    ", false);
	if (xhtml_is(node, "blockquote"))
		return frame(v, lv, "\xe2\x94\x82 ", true);
	if (xhtml_is(node, "ol"))
		ol_open(lv, node);
	if (xhtml_is(node, "a"))
		return link_open(v, node);
	if (xhtml_is(node, "img"))
		return image(v, node, lv->style);
	if (xhtml_is(node, "br"))
		return put_break(v);
	if (xhtml_is(node, "hr") && !v->table.in_cell)
		return rule(v, lv->style);
	if (xhtml_is(node, "abbr"))
		return abbr_open(v, lv, node);
	if (xhtml_is(node, "rp"))
		v->skip = node->depth;
	return ERR_OK;
}

static enum err
on_close(struct view *v, const struct xhtml_node *node)
{
	struct level *lv = &v->level[node->depth];
	enum err e = ERR_OK;

	if (v->skip == node->depth)
		v->skip = 0;
	if (xhtml_is(node, "a") && v->in_link)
		e = link_close(v, lv->style);
	if (e == ERR_OK && lv->title > 0)
		e = abbr_close(v, lv);
	if (e == ERR_OK && lv->look->after != NULL && says(v, lv->look))
		e = put(v, lv->look->after, lv->style);
	if (e == ERR_OK)
		e = table_close(v, node);
	if (e == ERR_OK && is_block(node))
		e = block_edge(v, lv, false);
	if (lv->framed)
		lines_pop(&v->lines);
	return e;
}

static enum err
on_node(void *arg, const struct xhtml_node *node)
{
	struct view *v = arg;
	const struct level *lv = &v->level[node->depth];

	switch (node->event) {
	case XHTML_OPEN:
		return on_open(v, node);
	case XHTML_CLOSE:
		return on_close(v, node);
	case XHTML_TEXT:
		break;
	}
	if (v->skip > 0)
		return ERR_OK;
	if (lv->pre && !v->table.in_cell)
		return put_pre(v, node->text, lv->style);
	return put_text(v, node->text, lv->style);
}

enum err
terminal_render(const struct verified *text, const struct terminal_style *style,
	struct buf *out, struct diag *d)
{
	struct view v = {.level = {{.look = look_of("")}}};
	size_t start = out->n;
	enum err e;

	lines_init(&v.lines, out, style->width, style->color, TEXT_MAX);
	table_init(&v.table, TEXT_MAX);
	buf_init(&v.titles, LIMIT_TEXT);
	buf_init(&v.link, LIMIT_URL);
	buf_init(&v.notes, TEXT_MAX);
	diag_set(d, ERR_OK, "%s", "");
	e = xhtml_walk(text, on_node, &v, d);
	if (e == ERR_OK && v.notes.n > 0) {
		e = buf_str(out, "\n");
		if (e == ERR_OK)
			e = buf_span(out, buf_view(&v.notes));
	}
	lines_free(&v.lines);
	table_free(&v.table);
	buf_free(&v.titles);
	buf_free(&v.link);
	buf_free(&v.notes);
	if (e == ERR_OK)
		return e;
	buf_cut(out, start);
	if (d != NULL && d->code == ERR_OK)
		diag_set(d, e, "article text: %s", err_str(e));
	return e;
}

enum err
terminal_line(struct span s, unsigned width, struct buf *out)
{
	struct buf b;
	struct cursor c;
	unsigned used = 0, k;
	size_t at, fits = 0;
	uint32_t cp;
	enum err e;

	/* Escapes are at most ten bytes for one. */
	buf_init(&b, s.n > SIZE_MAX / 10 ? SIZE_MAX : 10 * s.n);
	e = text_escape(&b, s);
	c = (struct cursor){.in = buf_view(&b)};
	/* `fits` is where the text ends if an ellipsis must follow. */
	while (e == ERR_OK && width > 0 && cursor_left(&c) > 0) {
		at = c.pos;
		if (text_utf8_next(&c, &cp) != ERR_OK)
			break;
		k = wrap_columns(span_sub(c.in, at, c.pos - at));
		if (used + k > width) {
			b.n = fits;
			e = buf_str(&b, "\xe2\x80\xa6");
			break;
		}
		used += k;
		if (used < width)
			fits = c.pos;
	}
	if (e == ERR_OK)
		e = buf_span(out, buf_view(&b));
	buf_free(&b);
	return e;
}
