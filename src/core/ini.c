#include "ini.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "text.h"

/* One "key = value", as spans of the input. */
struct entry {
	struct span section, label, key, value;
	unsigned line;
};

struct parser {
	struct span section, label; /* of the header last seen */
	struct entry *entry;
	size_t n;
	unsigned line;
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
is_comment(uint8_t c)
{
	return c == '#' || c == ';';
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = span_sub(s, 1, s.n - 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Cut a comment: at the beginning, or after white space. */
static struct span
without_comment(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (is_comment(s.p[i]) && (i == 0 || is_blank(s.p[i - 1])))
			break;
	return trim(span_sub(s, 0, i));
}

static enum err
check_text(struct span s, struct diag *d)
{
	struct cursor c = {.in = s};
	uint32_t cp;

	while (cursor_left(&c) > 0) {
		if (text_utf8_next(&c, &cp) != ERR_OK)
			return diag_set(d, ERR_CONFIG, "not UTF-8 text");
		if (cp == '\r')
			return diag_set(d, ERR_CONFIG,
				"a carriage return: save the file with Unix "
				"line ends");
		if (text_forbidden(cp))
			return diag_set(d, ERR_CONFIG,
				"forbidden character U+%04X", (unsigned)cp);
	}
	return ERR_OK;
}

/* Length of a header up to its "]"; what stands in quotes is not it. 0 when
 * there is none, or something other than a comment after it. */
static size_t
header_size(struct span s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.n && (quoted || s.p[i] != ']'); i++)
		if (s.p[i] == '"')
			quoted = !quoted;
	if (i == s.n)
		return 0;
	i++;
	if (i < s.n && (!is_blank(s.p[i]) ||
			       without_comment(span_sub(s, i, s.n - i)).n > 0))
		return 0;
	return i;
}

/* [section] or [section "label"] */
static enum err
read_header(struct parser *p, struct span s, struct diag *d)
{
	struct span name, label = span_of(NULL, 0);
	const uint8_t *quote;
	size_t n = header_size(s);

	if (n == 0)
		return diag_set(d, ERR_CONFIG, "a section ends in \"]\"");
	name = trim(span_sub(s, 1, n - 2));
	quote = name.n == 0 ? NULL : memchr(name.p, '"', name.n);
	if (quote != NULL) {
		size_t at = (size_t)(quote - name.p);

		label = span_sub(name, at + 1, name.n - at - 1);
		/* White space before the label, nothing after it. */
		if (label.n < 2 || label.p[label.n - 1] != '"' ||
			memchr(label.p, '"', label.n - 1) != NULL || at == 0 ||
			!is_blank(name.p[at - 1]))
			return diag_set(d, ERR_CONFIG,
				"write a section as [section] or "
				"[section \"label\"]");
		label.n--;
		name = trim(span_sub(name, 0, at));
	}
	if (!text_name_ok(name, LIMIT_NAME))
		return diag_set(d, ERR_CONFIG,
			"a section's name is made of a-z, 0-9, \".\", \"_\" "
			"and \"-\"");
	p->section = name;
	p->label = label;
	return ERR_OK;
}

static enum err
read_pair(struct parser *p, struct span s, struct diag *d)
{
	const uint8_t *equals = memchr(s.p, '=', s.n);
	struct entry *e = &p->entry[p->n];
	size_t at;

	if (equals == NULL)
		return diag_set(
			d, ERR_CONFIG, "neither a comment nor \"key = value\"");
	at = (size_t)(equals - s.p);
	e->key = trim(span_sub(s, 0, at));
	if (!text_name_ok(e->key, LIMIT_NAME))
		return diag_set(d, ERR_CONFIG,
			"a key is made of a-z, 0-9, \".\", \"_\" and \"-\"");
	e->value = without_comment(span_sub(s, at + 1, s.n - at - 1));
	e->section = p->section;
	e->label = p->label;
	e->line = p->line;
	p->n++;
	return ERR_OK;
}

static enum err
read_line(struct parser *p, struct span line, struct diag *d)
{
	struct span s;
	enum err e = check_text(line, d);

	if (e != ERR_OK)
		return e;
	s = trim(line);
	if (s.n == 0 || is_comment(s.p[0]))
		return ERR_OK;
	if (s.p[0] == '[')
		return read_header(p, s, d);
	return read_pair(p, s, d);
}

static int
span_order(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int k = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return k != 0 ? k : (a.n > b.n) - (a.n < b.n);
}

static int
by_name(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	int k = span_order(a->section, b->section);

	if (k == 0)
		k = span_order(a->label, b->label);
	if (k == 0)
		k = span_order(a->key, b->key);
	return k != 0 ? k : (a->line > b->line) - (a->line < b->line);
}

static int
by_line(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;

	return (a->line > b->line) - (a->line < b->line);
}

/* Sorting finds a repeated key in n log n, whatever the keys are. The first
 * repetition in the file is the one reported. */
static enum err
refuse_repeats(struct parser *p, struct diag *d)
{
	const struct entry *bad = NULL;
	unsigned first = 0;
	char show[64];
	size_t i;

	qsort(p->entry, p->n, sizeof(*p->entry), by_name);
	for (i = 1; i < p->n; i++) {
		const struct entry *a = &p->entry[i - 1], *b = &p->entry[i];

		if (!span_eq(a->section, b->section) ||
			!span_eq(a->label, b->label) ||
			!span_eq(a->key, b->key))
			continue;
		if (bad == NULL || b->line < bad->line) {
			bad = b;
			first = a->line;
		}
	}
	if (bad == NULL) {
		qsort(p->entry, p->n, sizeof(*p->entry), by_line);
		return ERR_OK;
	}
	p->line = bad->line;
	return diag_set(d, ERR_CONFIG, "\"%s\" stands in line %u already",
		text_show(show, sizeof(show), bad->key), first);
}

/* Hand one entry over as C strings; check_text has refused NUL. */
static enum err
call(const struct entry *e, struct buf *b, ini_fn *fn, void *arg,
	struct diag *d)
{
	const struct span part[] = {e->section, e->label, e->key, e->value};
	const char *s[4];
	size_t at[4], i;

	buf_clear(b);
	for (i = 0; i < 4; i++) {
		at[i] = b->n;
		if (buf_span(b, part[i]) != ERR_OK || buf_u8(b, 0) != ERR_OK)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	for (i = 0; i < 4; i++)
		s[i] = buf_cstr(b) + at[i];
	return fn(arg, s[0], s[1], s[2], s[3], d);
}

static enum err
read_all(struct parser *p, struct span s, struct diag *d)
{
	struct cursor c = {.in = s};
	struct span line;
	size_t lines = 1, i;
	enum err e = ERR_OK;

	if (s.n > LIMIT_CONFIG)
		return diag_set(d, ERR_CONFIG, "over %zu bytes", LIMIT_CONFIG);
	for (i = 0; i < s.n; i++)
		lines += s.p[i] == '\n';
	p->entry = calloc(lines, sizeof(*p->entry));
	if (p->entry == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	while (e == ERR_OK && cursor_left(&c) > 0) {
		p->line++;
		if (cursor_line(&c, LIMIT_CONFIG_LINE, &line) != ERR_OK)
			return diag_set(d, ERR_CONFIG,
				"a line of over %d bytes", LIMIT_CONFIG_LINE);
		e = read_line(p, line, d);
	}
	return e == ERR_OK ? refuse_repeats(p, d) : e;
}

enum err
ini_parse(
	struct span s, const char *file, ini_fn *fn, void *arg, struct diag *d)
{
	struct parser p = {.line = 0};
	struct buf b;
	char show[160];
	size_t i;
	enum err e;

	buf_init(&b, 4 * (LIMIT_CONFIG_LINE + 1));
	e = read_all(&p, s, d);
	for (i = 0; e == ERR_OK && i < p.n; i++) {
		p.line = p.entry[i].line;
		e = call(&p.entry[i], &b, fn, arg, d);
	}
	text_show(show, sizeof(show), span_str(file));
	if (e != ERR_OK && p.line == 0)
		diag_prefix(d, e, "%s", show);
	else if (e != ERR_OK)
		diag_prefix(d, e, "%s:%u", show, p.line);
	free(p.entry);
	buf_free(&b);
	return e;
}

enum err
ini_unknown(const char *key, const char *names, struct diag *d)
{
	char show[64], name[40];
	size_t n;

	text_show(show, sizeof(show), span_str(key));
	for (; *names != '\0'; names += n + (names[n] == ' ')) {
		n = strcspn(names, " ");
		snprintf(name, sizeof(name), "%.*s", (int)n, names);
		/* One that is known, but not in this place, is not meant. */
		if (strcmp(key, name) != 0 && text_near(key, name))
			return diag_set(d, ERR_CONFIG,
				"unknown key \"%s\"; is it %s?", show, name);
	}
	return diag_set(d, ERR_CONFIG, "unknown key \"%s\"", show);
}
