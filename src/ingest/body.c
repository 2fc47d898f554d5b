#include "body.h"

#include <string.h>

#include "../core/limits.h"
#include "../core/markup.h"
#include "../core/text.h"
#include "ingest.h"
#include "writer.h"

struct check {
	struct cursor c;
	size_t images;
	const struct markup_element *open[LIMIT_DEPTH];
	size_t n_open;
	struct buf value; /* of the attribute at hand, decoded */
};

static uint8_t
peek(const struct check *k)
{
	return cursor_left(&k->c) > 0 ? k->c.in.p[k->c.pos] : 0;
}

static bool
skip(struct check *k, const char *s)
{
	struct span rest = span_sub(k->c.in, k->c.pos, k->c.in.n);

	if (!span_starts(rest, span_str(s)))
		return false;
	k->c.pos += strlen(s);
	return true;
}

/* A name of [a-z][a-z0-9]*. */
static bool
read_name(struct check *k, char out[static 16])
{
	size_t n = 0;

	while (n < 15 && ((peek(k) >= 'a' && peek(k) <= 'z') ||
				 (n > 0 && peek(k) >= '0' && peek(k) <= '9'))) {
		out[n++] = (char)peek(k);
		k->c.pos++;
	}
	out[n] = '\0';
	return n > 0;
}

/* One character of text or of a value, decoded onto k->value when asked. */
static bool
read_char(struct check *k, bool collect)
{
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
	static const char chars[] = "&<>\"";
	uint8_t c = peek(k);
	size_t i, at = k->c.pos;
	uint32_t cp;

	if (c == '&') {
		for (i = 0; i < 4; i++)
			if (skip(k, names[i]))
				return !collect ||
				       buf_u8(&k->value, (uint8_t)chars[i]) ==
					       ERR_OK;
		return false;
	}
	if (c == '<' || c == '>' || text_utf8_next(&k->c, &cp) != ERR_OK ||
		text_forbidden(cp))
		return false;
	return !collect ||
	       buf_add(&k->value, k->c.in.p + at, k->c.pos - at) == ERR_OK;
}

static bool
image_ok(const struct check *k)
{
	struct span v = buf_view(&k->value);
	uint64_t n;

	return span_starts(v, span_str("image:")) && k->images > 0 &&
	       text_decimal(span_sub(v, 6, v.n), k->images - 1, &n) == ERR_OK;
}

static bool
read_attrs(struct check *k, const struct markup_element *el)
{
	char seen[LIMIT_ATTRS][16];
	const char *need = markup_required(el);
	bool has = need == NULL, image;
	size_t n = 0, i;

	while (skip(k, " ")) {
		if (n == LIMIT_ATTRS || !read_name(k, seen[n]) ||
			!skip(k, "=\""))
			return false;
		for (i = 0; i < n; i++)
			if (strcmp(seen[i], seen[n]) == 0)
				return false;
		buf_clear(&k->value);
		while (peek(k) != '"')
			if (!read_char(k, true))
				return false;
		k->c.pos++;
		image = strcmp(el->name, "img") == 0 &&
			strcmp(seen[n], "src") == 0;
		if (image ? !image_ok(k)
			  : !markup_attr_ok(el, seen[n], buf_view(&k->value)))
			return false;
		has = has || strcmp(seen[n], need) == 0;
		n++;
	}
	return has;
}

static bool
read_tag(struct check *k)
{
	const struct markup_element *el, *parent;
	bool end = skip(k, "</");
	char name[16];
	size_t i;

	if ((!end && !skip(k, "<")) || !read_name(k, name))
		return false;
	el = markup_element(name);
	if (el == NULL)
		return false;
	if (end) {
		if (k->n_open == 0 || k->open[k->n_open - 1] != el)
			return false;
		k->n_open--;
		return skip(k, ">");
	}
	parent = k->n_open == 0 ? NULL : k->open[k->n_open - 1];
	if (k->n_open == LIMIT_DEPTH || !markup_holds(parent, el))
		return false;
	for (i = 0; markup_alone(el) && i < k->n_open; i++)
		if (k->open[i] == el)
			return false;
	if (!read_attrs(k, el))
		return false;
	if (markup_void(el))
		return skip(k, "/>");
	k->open[k->n_open++] = el;
	return skip(k, ">");
}

/* Go over characters that are most of any text and always allowed: ASCII but
 * for controls and markup, and whole sequences of U+00C0 to U+07FF. */
static void
skip_plain(struct check *k)
{
	const uint8_t *p = k->c.in.p;
	size_t i = k->c.pos, n = k->c.in.n;

	for (;;) {
		while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '<' &&
			p[i] != '>' && p[i] != '&')
			i++;
		if (i + 1 >= n || p[i] < 0xc3 || p[i] > 0xdf ||
			(p[i + 1] & 0xc0) != 0x80)
			break;
		i += 2;
	}
	k->c.pos = i;
}

static bool
read_text(struct check *k)
{
	size_t from = k->c.pos;

	for (skip_plain(k); cursor_left(&k->c) > 0 && peek(k) != '<';
		skip_plain(k))
		if (!read_char(k, false))
			return false;
	return markup_text_ok(k->open[k->n_open - 1],
		span_sub(k->c.in, from, k->c.pos - from));
}

enum err
body_check(struct span body, size_t images, struct diag *d)
{
	struct check k = {.c = {.in = body}, .images = images};
	bool fine = body.n <= LIMIT_TEXT;

	buf_init(&k.value, LIMIT_URL);
	fine = fine && read_tag(&k);
	while (fine && k.n_open > 0)
		fine = peek(&k) == '<' ? read_tag(&k)
				       : cursor_left(&k.c) > 0 && read_text(&k);
	fine = fine && skip(&k, "\n") && cursor_left(&k.c) == 0;
	buf_free(&k.value);
	if (!fine)
		return diag_at(d, ERR_REFUSED, k.c.pos,
			"byte %zu of the text is not as the sanitiser "
			"writes it",
			k.c.pos);
	return ERR_OK;
}

/* ---- naming images */

/* The value of NAME="..." in a checked tag, still escaped. */
static struct span
value_of(struct span tag, const char *name)
{
	size_t n = strlen(name), i, end;

	for (i = 0; i + n + 3 < tag.n; i++) {
		if (tag.p[i] != ' ' || memcmp(tag.p + i + 1, name, n) != 0 ||
			tag.p[i + 1 + n] != '=')
			continue;
		i += n + 3;
		for (end = i; tag.p[end] != '"'; end++)
			;
		return span_sub(tag, i, end - i);
	}
	return span_of(NULL, 0);
}

static enum err
put_image(struct span tag, const struct digest *names, const bool *has,
	struct buf *out)
{
	struct span src = value_of(tag, "src"), alt = value_of(tag, "alt");
	size_t at = (size_t)(src.p - tag.p);
	char hex[2 * sizeof(names->b) + 1];
	uint64_t k;
	enum err e;

	e = text_decimal(span_sub(src, 6, src.n), SIZE_MAX, &k);
	if (e != ERR_OK)
		return e;
	if (!has[k]) {
		e = buf_str(out, "[");
		if (e == ERR_OK)
			e = alt.n == 0 ? buf_str(out, "image")
				       : buf_span(out, alt);
		return e == ERR_OK ? buf_str(out, "]") : e;
	}
	text_hex(hex, names[k].b, sizeof(names[k].b));
	e = buf_span(out, span_sub(tag, 0, at));
	if (e == ERR_OK)
		e = buf_str(out, hex);
	if (e == ERR_OK)
		e = buf_span(out, span_sub(tag, at + src.n, tag.n));
	return e;
}

enum err
ingest_name_images(struct span body, const struct digest *names,
	const bool *has, size_t n, struct buf *out, struct diag *d)
{
	static const char img[] = "<img ";
	enum err e = body_check(body, n, d);
	size_t from = 0, at, end;
	const uint8_t *p;

	if (e != ERR_OK)
		return e;
	/* In a checked body '<' and '>' are markup and nothing else. */
	while (e == ERR_OK && (p = memmem(body.p + from, body.n - from, img,
				       sizeof(img) - 1)) != NULL) {
		at = (size_t)(p - body.p);
		for (end = at; body.p[end] != '>'; end++)
			;
		e = buf_add(out, body.p + from, at - from);
		if (e == ERR_OK)
			e = put_image(span_sub(body, at, end + 1 - at), names,
				has, out);
		from = end + 1;
	}
	if (e == ERR_OK)
		e = buf_add(out, body.p + from, body.n - from);
	return e == ERR_OK ? e : diag_set(d, e, "%s", err_str(e));
}
