#include "markup.h"

#include <string.h>

#include "limits.h"
#include "text.h"

#define TEXT MARKUP_TEXT
#define INLINE (MARKUP_TEXT | MARKUP_INLINE)
#define FLOW (MARKUP_TEXT | MARKUP_INLINE | MARKUP_BLOCK)

static const struct markup_element elements[] = {
	/* sections and other boxes */
	{"article", MARKUP_BLOCK, FLOW},
	{"section", MARKUP_BLOCK, FLOW},
	{"div", MARKUP_BLOCK, FLOW},
	{"blockquote", MARKUP_BLOCK, FLOW},
	{"figure", MARKUP_BLOCK, FLOW | MARKUP_FIGCAPTION},
	{"figcaption", MARKUP_FIGCAPTION, FLOW},
	{"details", MARKUP_BLOCK, FLOW | MARKUP_SUMMARY},
	{"summary", MARKUP_SUMMARY, INLINE},
	/* lines of text */
	{"p", MARKUP_BLOCK, INLINE},
	{"h1", MARKUP_BLOCK, INLINE},
	{"h2", MARKUP_BLOCK, INLINE},
	{"h3", MARKUP_BLOCK, INLINE},
	{"h4", MARKUP_BLOCK, INLINE},
	{"h5", MARKUP_BLOCK, INLINE},
	{"h6", MARKUP_BLOCK, INLINE},
	{"pre", MARKUP_BLOCK, INLINE},
	{"hr", MARKUP_BLOCK, 0},
	/* lists */
	{"ul", MARKUP_BLOCK, MARKUP_ITEM},
	{"ol", MARKUP_BLOCK, MARKUP_ITEM},
	{"li", MARKUP_ITEM, FLOW},
	{"dl", MARKUP_BLOCK, MARKUP_TERM},
	{"dt", MARKUP_TERM, FLOW},
	{"dd", MARKUP_TERM, FLOW},
	/* tables */
	{"table", MARKUP_BLOCK,
		MARKUP_CAPTION | MARKUP_COLGROUP | MARKUP_ROWS | MARKUP_ROW},
	{"caption", MARKUP_CAPTION, FLOW},
	{"colgroup", MARKUP_COLGROUP, MARKUP_COL},
	{"col", MARKUP_COL, 0},
	{"thead", MARKUP_ROWS, MARKUP_ROW},
	{"tbody", MARKUP_ROWS, MARKUP_ROW},
	{"tfoot", MARKUP_ROWS, MARKUP_ROW},
	{"tr", MARKUP_ROW, MARKUP_CELL},
	{"th", MARKUP_CELL, FLOW},
	{"td", MARKUP_CELL, FLOW},
	/* inside lines */
	{"a", MARKUP_INLINE, INLINE},
	{"abbr", MARKUP_INLINE, INLINE},
	{"b", MARKUP_INLINE, INLINE},
	{"bdi", MARKUP_INLINE, INLINE},
	{"bdo", MARKUP_INLINE, INLINE},
	{"br", MARKUP_INLINE, 0},
	{"cite", MARKUP_INLINE, INLINE},
	{"code", MARKUP_INLINE, INLINE},
	{"del", MARKUP_INLINE, INLINE},
	{"em", MARKUP_INLINE, INLINE},
	{"i", MARKUP_INLINE, INLINE},
	{"img", MARKUP_INLINE, 0},
	{"ins", MARKUP_INLINE, INLINE},
	{"kbd", MARKUP_INLINE, INLINE},
	{"mark", MARKUP_INLINE, INLINE},
	{"q", MARKUP_INLINE, INLINE},
	{"ruby", MARKUP_INLINE, INLINE | MARKUP_RUBY},
	{"rp", MARKUP_RUBY, TEXT},
	{"rt", MARKUP_RUBY, INLINE},
	{"s", MARKUP_INLINE, INLINE},
	{"samp", MARKUP_INLINE, INLINE},
	{"small", MARKUP_INLINE, INLINE},
	{"span", MARKUP_INLINE, INLINE},
	{"strong", MARKUP_INLINE, INLINE},
	{"sub", MARKUP_INLINE, INLINE},
	{"sup", MARKUP_INLINE, INLINE},
	{"time", MARKUP_INLINE, INLINE},
	{"u", MARKUP_INLINE, INLINE},
	{"var", MARKUP_INLINE, INLINE},
	{"wbr", MARKUP_INLINE, 0},
};

/* ---- values */

static bool
one_of(struct span v, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_eq(v, span_str(*words)))
			return true;
	return false;
}

static bool
number(struct span v, uint64_t least, uint64_t most)
{
	uint64_t n;

	return text_decimal(v, most, &n) == ERR_OK && n >= least;
}

static bool
dir_ok(struct span v)
{
	static const char *const words[] = {"ltr", "rtl", "auto", NULL};

	return one_of(v, words);
}

static bool
scope_ok(struct span v)
{
	static const char *const words[] = {
		"row", "col", "rowgroup", "colgroup", NULL};

	return one_of(v, words);
}

static bool
reversed_ok(struct span v)
{
	return span_eq(v, span_str("reversed"));
}

static bool
open_ok(struct span v)
{
	return span_eq(v, span_str("open"));
}

static bool
title_ok(struct span v)
{
	return text_line_ok(v, LIMIT_TITLE);
}

static bool
alt_ok(struct span v)
{
	return v.n == 0 || text_line_ok(v, LIMIT_TITLE);
}

static bool
href_ok(struct span v)
{
	if (v.n > 0 && v.p[0] == '#')
		return markup_id_ok(span_sub(v, 1, v.n - 1));
	return markup_url_ok(v);
}

static bool
src_ok(struct span v)
{
	uint8_t name[32];

	return text_hex_decode(v, name, sizeof(name)) == ERR_OK;
}

static bool
side_ok(struct span v)
{
	return number(v, 1, LIMIT_SIDE);
}

static bool
span_ok(struct span v)
{
	return number(v, 1, LIMIT_SPAN);
}

static bool
start_ok(struct span v)
{
	if (v.n > 1 && v.p[0] == '-')
		return number(span_sub(v, 1, v.n - 1), 1, LIMIT_START);
	return number(v, 0, LIMIT_START);
}

static bool
letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
datetime_ok(struct span v)
{
	size_t i;

	if (v.n == 0 || v.n > LIMIT_DATETIME)
		return false;
	for (i = 0; i < v.n; i++)
		if (!letter(v.p[i]) && !digit(v.p[i]) &&
			(v.p[i] == '\0' || strchr("+-:. ", v.p[i]) == NULL))
			return false;
	return true;
}

/* ---- attributes */

#define ANYWHERE NULL

static const struct {
	const char *element; /* NULL: on every element */
	const char *name;
	bool (*ok)(struct span value);
} attributes[] = {
	{ANYWHERE, "lang", markup_lang_ok},
	{ANYWHERE, "dir", dir_ok},
	{ANYWHERE, "title", title_ok},
	{ANYWHERE, "id", markup_id_ok},
	{"a", "href", href_ok},
	{"img", "src", src_ok},
	{"img", "alt", alt_ok},
	{"img", "width", side_ok},
	{"img", "height", side_ok},
	{"td", "colspan", span_ok},
	{"td", "rowspan", span_ok},
	{"td", "scope", scope_ok},
	{"th", "colspan", span_ok},
	{"th", "rowspan", span_ok},
	{"th", "scope", scope_ok},
	{"ol", "start", start_ok},
	{"ol", "reversed", reversed_ok},
	{"time", "datetime", datetime_ok},
	{"details", "open", open_ok},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Index of the attribute's row for this element, or COUNT(attributes). */
static size_t
attribute(const struct markup_element *e, const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(attributes); i++)
		if (strcmp(attributes[i].name, name) == 0 &&
			(attributes[i].element == ANYWHERE ||
				strcmp(attributes[i].element, e->name) == 0))
			break;
	return i;
}

bool
markup_attr_known(const struct markup_element *e, const char *name)
{
	return attribute(e, name) < COUNT(attributes);
}

bool
markup_attr_ok(
	const struct markup_element *e, const char *name, struct span value)
{
	size_t i = attribute(e, name);

	return i < COUNT(attributes) && attributes[i].ok(value);
}

const char *
markup_required(const struct markup_element *e)
{
	return strcmp(e->name, "img") == 0 ? "src" : NULL;
}

bool
markup_lang_ok(struct span lang)
{
	size_t i, run = 0;
	bool first = true;

	if (lang.n == 0 || lang.n > LIMIT_LANG)
		return false;
	for (i = 0; i < lang.n; i++) {
		uint8_t c = lang.p[i];

		if (c == '-') {
			if (run == 0)
				return false;
			run = 0;
			first = false;
			continue;
		}
		if (!letter(c) && (first || !digit(c)))
			return false;
		if (++run > 8)
			return false;
	}
	return run > 0;
}

bool
markup_id_ok(struct span id)
{
	struct span rest = span_sub(id, 2, id.n);
	size_t i;

	if (!span_starts(id, span_str("n-")) || rest.n == 0 ||
		rest.n > LIMIT_ANCHOR)
		return false;
	for (i = 0; i < rest.n; i++)
		if (!(rest.p[i] >= 'a' && rest.p[i] <= 'z') &&
			!digit(rest.p[i]) && rest.p[i] != '-')
			return false;
	return true;
}

/* White_Space of Unicode, less what text_forbidden covers. */
static bool
space(uint32_t cp)
{
	return cp == ' ' || cp == '\t' || cp == '\n' || cp == 0xa0 ||
	       cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x202f ||
	       cp == 0x205f || cp == 0x3000;
}

bool
markup_url_ok(struct span url)
{
	static const char *const schemes[] = {
		"http://", "https://", "mailto:", NULL};
	struct cursor c = {.in = url};
	const char *const *s = schemes;
	uint32_t cp;

	if (url.n > LIMIT_URL)
		return false;
	while (*s != NULL && !span_starts(url, span_str(*s)))
		s++;
	if (*s == NULL)
		return false;
	/* A host or a mailbox follows. */
	c.pos = strlen(*s);
	if (cursor_left(&c) == 0 || strchr("/?#\\", url.p[c.pos]) != NULL)
		return false;
	while (cursor_left(&c) > 0)
		if (text_utf8_next(&c, &cp) != ERR_OK || space(cp) ||
			text_forbidden(cp))
			return false;
	return true;
}

/* ---- elements */

const struct markup_element *
markup_element(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(elements); i++)
		/* Most names differ in their first letter. */
		if (elements[i].name[0] == name[0] &&
			strcmp(elements[i].name, name) == 0)
			return &elements[i];
	return NULL;
}

bool
markup_void(const struct markup_element *e)
{
	return e->holds == 0;
}

bool
markup_holds(
	const struct markup_element *parent, const struct markup_element *child)
{
	if (parent == NULL)
		return strcmp(child->name, MARKUP_ROOT) == 0;
	return (parent->holds & child->is) != 0;
}

bool
markup_text_ok(const struct markup_element *parent, struct span text)
{
	if (text.n == 0)
		return true;
	if (markup_void(parent))
		return false;
	return (parent->holds & MARKUP_TEXT) != 0 || markup_blank(text);
}

bool
markup_alone(const struct markup_element *e)
{
	return strcmp(e->name, "a") == 0;
}

bool
markup_preformatted(const struct markup_element *e)
{
	return strcmp(e->name, "pre") == 0;
}

bool
markup_blank(struct span text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '\n')
			return false;
	return true;
}
