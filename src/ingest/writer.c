#include "writer.h"

#include <string.h>

#include "../core/text.h"
#include "chain.h"

static void
keep(struct writer *w, enum err e)
{
	if (w->err == ERR_OK)
		w->err = e;
}

static void
put(struct writer *w, const char *s)
{
	keep(w, buf_str(w->out, s));
}

static void
put_span(struct writer *w, struct span s)
{
	keep(w, buf_span(w->out, s));
}

enum err
writer_escape(struct buf *b, struct span s)
{
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
	size_t i, from = 0;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < s.n; i++) {
		uint8_t c = s.p[i];
		int k = c == '&'   ? 0
			: c == '<' ? 1
			: c == '>' ? 2
			: c == '"' ? 3
				   : -1;

		if (k < 0)
			continue;
		e = buf_add(b, s.p + from, i - from);
		if (e == ERR_OK)
			e = buf_str(b, names[k]);
		from = i + 1;
	}
	if (e == ERR_OK)
		e = buf_add(b, s.p + from, s.n - from);
	return e;
}

enum err
writer_attr(struct buf *b, const char *name, struct span value)
{
	enum err e = buf_printf(b, " %s=\"", name);

	if (e == ERR_OK)
		e = writer_escape(b, value);
	if (e == ERR_OK)
		e = buf_u8(b, '"');
	return e;
}

/* ---- bringing the output in line */

static void
close_last(struct writer *w)
{
	const struct markup_element *el = w->have[--w->n_have].el;

	put(w, "</");
	put(w, el->name);
	if (chain_inline(el)) {
		put(w, ">");
		return;
	}
	put(w, ">\n");
	w->fresh = true;
}

static void
open_next(struct writer *w, const struct writer_open *o)
{
	struct writer_source *s = o->source;

	if (w->n_have >= LIMIT_DEPTH - 1) {
		keep(w, ERR_REFUSED);
		return;
	}
	w->have[w->n_have++] = *o;
	put(w, "<");
	put(w, o->el->name);
	if (s != NULL) {
		struct span attrs = buf_view(&w->attrs);

		put_span(w, span_sub(attrs, s->attrs, s->n_attrs));
		if (s->n_id > 0 && !s->id_done)
			keep(w, writer_attr(w->out, "id",
					span_sub(attrs, s->id, s->n_id)));
		s->id_done = true;
	}
	put(w, ">");
	if (!chain_inline(o->el))
		w->fresh = true;
}

/* How many of the open elements may stay; *bound whether a block begins or
 * ends on the way to the wanted chain. */
static size_t
common(const struct writer *w, bool *bound)
{
	size_t i, k = 0;

	while (k < w->n_have && k < w->n_want &&
		chain_same(&w->have[k], &w->want[k]))
		k++;
	*bound = false;
	for (i = k; i < w->n_have; i++)
		*bound = *bound || !chain_inline(w->have[i].el);
	for (i = k; i < w->n_want; i++)
		*bound = *bound || !chain_inline(w->want[i].el);
	return k;
}

static bool
in_pre(const struct writer_open *o, size_t n)
{
	while (n > 0 && chain_inline(o[n - 1].el))
		n--;
	return n > 0 && markup_preformatted(o[n - 1].el);
}

/* Write the white space and breaks that turned out to stand between two
 * pieces of content. Two breaks in a paragraph end it. */
static void
put_pending(struct writer *w, size_t *k)
{
	unsigned n = w->breaks;

	if (n >= 2 && *k > 0) {
		size_t p = *k;

		while (p > 0 && chain_inline(w->have[p - 1].el))
			p--;
		if (p > 0 && chain_named(w->have[p - 1].el, "p")) {
			while (w->n_have >= p)
				close_last(w);
			*k = p - 1;
			return;
		}
	}
	if (n > 0)
		put(w, n == 1 ? "<br/>" : "<br/><br/>");
	else if (w->space != 0)
		put(w, w->space == 0xa0 ? "\xc2\xa0" : " ");
}

/* White space inside pre: leading empty lines go, an indent stays. */
static void
put_pre(struct writer *w)
{
	struct span s = buf_view(&w->pre);
	size_t i = 0;

	if (w->fresh) {
		i = s.n;
		while (i > 0 && s.p[i - 1] != '\n')
			i--;
	}
	put_span(w, span_sub(s, i, s.n - i));
	buf_clear(&w->pre);
}

/* Close and open until exactly the wanted chain is open. */
static void
sync_chain(struct writer *w)
{
	bool bound, pre = in_pre(w->want, w->n_want);
	size_t k;

	if (w->err != ERR_OK)
		return;
	k = common(w, &bound);
	while (w->n_have > k)
		close_last(w);
	if (!bound && !w->fresh && !pre)
		put_pending(w, &k);
	while (k < w->n_want && !chain_inline(w->want[k].el))
		open_next(w, &w->want[k++]);
	if (pre)
		put_pre(w);
	while (k < w->n_want)
		open_next(w, &w->want[k++]);
	w->space = 0;
	w->breaks = 0;
}

/* A block begins or ends: a paragraph cannot go on past here, and where
 * blocks cannot be, words stay apart. */
static void
bound(struct writer *w)
{
	size_t i;

	w->segment++;
	if (w->space == 0)
		w->space = ' ';
	for (i = w->n_source; i > 0; i--)
		if (w->source[i - 1].el != NULL &&
			markup_preformatted(w->source[i - 1].el)) {
			keep(w, buf_u8(&w->pre, '\n'));
			return;
		}
	buf_clear(&w->pre);
}

/* ---- events */

void
writer_start(
	struct writer *w, struct buf *out, const char *lang, const char *dir)
{
	w->out = out;
	w->err = ERR_OK;
	buf_init(&w->attrs, LIMIT_TEXT);
	buf_init(&w->pre, LIMIT_TEXT);
	w->serial = w->segment = 0;
	w->breaks = w->space = 0;
	w->chars = 0;
	w->fresh = true;
	put(w, "<" MARKUP_ROOT);
	if (lang != NULL)
		keep(w, writer_attr(out, "lang", span_str(lang)));
	if (dir != NULL)
		keep(w, writer_attr(out, "dir", span_str(dir)));
	put(w, ">\n");
	w->source[0] = (struct writer_source){
		.el = markup_element(MARKUP_ROOT), .id_done = true};
	w->n_source = 1;
	w->have[0] = (struct writer_open){.el = w->source[0].el};
	w->n_have = 1;
}

void
writer_open(struct writer *w, const struct markup_element *el,
	struct span attrs, struct span id)
{
	struct writer_source *s;

	if (w->err != ERR_OK)
		return;
	if (w->n_source == WRITER_DEPTH) {
		w->err = ERR_REFUSED;
		return;
	}
	if (el == NULL || !chain_inline(el))
		bound(w);
	s = &w->source[w->n_source++];
	*s = (struct writer_source){.el = el,
		.serial = ++w->serial,
		.attrs = w->attrs.n,
		.n_attrs = attrs.n,
		.id = w->attrs.n + attrs.n,
		.n_id = id.n};
	keep(w, buf_span(&w->attrs, attrs));
	keep(w, buf_span(&w->attrs, id));
	/* A cell counts even when it is empty. */
	if (el != NULL && el->is == MARKUP_CELL) {
		chain_want(w, CHAIN_BLOCKS);
		if (w->err == ERR_OK && chain_top(w)->source == s)
			sync_chain(w);
	}
}

/* Something links here, and there was nothing to show: it is written all the
 * same, as itself where it may stand, else as an empty span. */
static void
put_anchor(struct writer *w, struct writer_source *s)
{
	if (s->el != NULL && !chain_inline(s->el)) {
		chain_want(w, CHAIN_BLOCKS);
		if (w->err == ERR_OK && chain_top(w)->source == s)
			sync_chain(w);
		if (s->id_done)
			return;
	}
	chain_want(w, CHAIN_TEXT);
	while (w->err == ERR_OK && !(chain_top(w)->el->holds & MARKUP_INLINE))
		w->n_want--;
	sync_chain(w);
	if (w->err != ERR_OK || s->id_done)
		return;
	put(w, "<span");
	keep(w, writer_attr(w->out, "id",
			span_sub(buf_view(&w->attrs), s->id, s->n_id)));
	put(w, "></span>");
	s->id_done = true;
}

void
writer_close(struct writer *w)
{
	struct writer_source *s;

	if (w->err != ERR_OK || w->n_source <= 1)
		return;
	s = &w->source[w->n_source - 1];
	if (s->n_id > 0 && !s->id_done)
		put_anchor(w, s);
	w->attrs.n = s->attrs;
	w->n_source--;
	if (s->el == NULL || !chain_inline(s->el))
		bound(w);
}

/* White space that may or may not come to stand between two words. */
static void
pend_space(struct writer *w, uint32_t cp)
{
	w->space = w->space == 0 && cp == 0xa0 ? 0xa0 : ' ';
}

static void
put_break(struct writer *w)
{
	bool b;

	chain_want(w, CHAIN_TEXT);
	if (in_pre(w->want, w->n_want)) {
		keep(w, buf_u8(&w->pre, '\n'));
		return;
	}
	common(w, &b);
	if (!b && !w->fresh && (chain_top(w)->el->holds & MARKUP_INLINE))
		w->breaks++;
}

bool
writer_void(
	struct writer *w, const struct markup_element *el, struct span attrs)
{
	bool rule = chain_named(el, "hr"), b;

	if (w->err != ERR_OK)
		return false;
	if (chain_named(el, "br")) {
		put_break(w);
		return false;
	}
	chain_want(w, rule		       ? CHAIN_BLOCKS
		      : chain_named(el, "img") ? CHAIN_IMAGE
					       : CHAIN_TEXT);
	if (rule) {
		if (chain_named(chain_top(w)->el, "p"))
			w->n_want--;
		chain_imply(w, MARKUP_BLOCK);
		bound(w);
	}
	if (w->err != ERR_OK || !markup_holds(chain_top(w)->el, el))
		return false;
	common(w, &b);
	if (chain_named(el, "wbr") && (b || w->fresh || w->breaks > 0))
		return false;
	sync_chain(w);
	put(w, "<");
	put(w, el->name);
	put_span(w, attrs);
	put(w, rule ? "/>\n" : "/>");
	w->fresh = rule;
	return true;
}

static bool
blank(uint32_t cp)
{
	return cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r' ||
	       cp == '\f' || cp == 0xa0 || cp == 0x2028 || cp == 0x2029;
}

static void
put_word(struct writer *w, struct span word, bool pre, bool *synced)
{
	if (word.n == 0 || w->err != ERR_OK)
		return;
	if (!*synced)
		sync_chain(w);
	else if (pre)
		put_pre(w);
	else if (w->space != 0)
		put(w, w->space == 0xa0 ? "\xc2\xa0" : " ");
	*synced = true;
	w->space = 0;
	keep(w, writer_escape(w->out, word));
	w->fresh = false;
}

/* Go over what is most of any text and neither white space nor forbidden:
 * ASCII, and whole sequences of U+00C0 to U+07FF. */
static void
skip_plain(struct writer *w, struct cursor *c)
{
	const uint8_t *p = c->in.p;
	size_t i = c->pos, n = c->in.n, chars = 0;

	for (;; chars++) {
		if (i < n && p[i] > 0x20 && p[i] < 0x7f)
			i++;
		else if (i + 1 < n && p[i] >= 0xc3 && p[i] <= 0xdf &&
			 (p[i + 1] & 0xc0) == 0x80)
			i += 2;
		else
			break;
	}
	c->pos = i;
	w->chars += chars;
}

void
writer_text(struct writer *w, struct span s)
{
	struct cursor c = {.in = s};
	bool pre, synced = false;
	size_t from = 0;
	uint32_t cp;

	if (w->err != ERR_OK)
		return;
	chain_want(w, CHAIN_TEXT);
	pre = in_pre(w->want, w->n_want);
	for (skip_plain(w, &c); cursor_left(&c) > 0; skip_plain(w, &c)) {
		size_t at = c.pos;
		bool gap, bad = text_utf8_next(&c, &cp) != ERR_OK;

		if (bad)
			c.pos++;
		gap = !bad &&
		      (pre ? cp == ' ' || cp == '\t' || cp == '\n' : blank(cp));
		if (!gap && !bad && !text_forbidden(cp)) {
			w->chars++;
			continue;
		}
		put_word(w, span_sub(s, from, at - from), pre, &synced);
		from = c.pos;
		if (gap && pre)
			keep(w, buf_u8(&w->pre, (uint8_t)cp));
		else if (gap)
			pend_space(w, cp);
	}
	put_word(w, span_sub(s, from, s.n - from), pre, &synced);
}

enum err
writer_end(struct writer *w, struct diag *d)
{
	while (w->err == ERR_OK && w->n_have > 0)
		close_last(w);
	buf_free(&w->attrs);
	buf_free(&w->pre);
	if (w->err == ERR_REFUSED)
		return diag_set(d, ERR_REFUSED,
			"elements nest deeper than %d levels", LIMIT_DEPTH);
	if (w->err == ERR_LIMIT)
		return diag_set(d, ERR_LIMIT, "the text is longer than %zu KiB",
			LIMIT_TEXT / LIMIT_KIB);
	if (w->err != ERR_OK)
		return diag_set(d, w->err, "%s", err_str(w->err));
	return ERR_OK;
}
