#include "field.h"

#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../core/crypto.h"
#include "../core/limits.h"
#include "../core/markup.h"
#include "../core/text.h"
#include "tree.h"

static bool
blank(uint32_t cp)
{
	return cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r' ||
	       cp == '\f' || cp == 0xa0 || cp == 0x2028 || cp == 0x2029;
}

/* Append the cleaned text. */
static enum err
clean(struct span s, struct buf *b)
{
	struct cursor c = {.in = s};
	bool gap = false;
	enum err e = ERR_OK;
	uint32_t cp;

	while (e == ERR_OK && cursor_left(&c) > 0) {
		size_t at = c.pos;

		if (text_utf8_next(&c, &cp) != ERR_OK) {
			c.pos++;
			continue;
		}
		if (blank(cp)) {
			gap = b->n > 0;
			continue;
		}
		if (text_forbidden(cp))
			continue;
		if (gap)
			e = buf_u8(b, ' ');
		gap = false;
		if (e == ERR_OK)
			e = buf_add(b, s.p + at, c.pos - at);
	}
	return e;
}

static enum err
steal(struct buf *b, char **out)
{
	*out = (char *)buf_steal(b, NULL);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
field_clean(struct span s, size_t max, char **out)
{
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, max);
	e = clean(s, &b);
	if (e == ERR_OK && b.n > 0)
		e = steal(&b, out);
	buf_free(&b);
	return e == ERR_LIMIT ? ERR_OK : e;
}

enum err
field_show(struct span s, size_t max, char **out)
{
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, max);
	e = clean(span_sub(s, 0, 4 * max), &b);
	if (e == ERR_LIMIT) {
		/* Cut before a character, with room for three bytes. */
		while (b.n + 3 > max ||
			(b.n > 0 && b.n < b.cap && (b.p[b.n] & 0xc0) == 0x80))
			b.n--;
		e = buf_str(&b, "\xe2\x80\xa6");
	}
	if (e == ERR_OK)
		e = steal(&b, out);
	buf_free(&b);
	return e;
}

enum err
field_html(struct span s, size_t max, char **out)
{
	struct buf b;
	htmlDocPtr doc;
	enum err e;

	*out = NULL;
	if (s.n == 0 || (memchr(s.p, '&', s.n) == NULL &&
				memchr(s.p, '<', s.n) == NULL))
		return field_clean(s, max, out);
	if (s.n > 64 * LIMIT_KIB)
		return ERR_OK;
	e = tree_html(s, &doc, NULL);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK)
		return ERR_OK;
	buf_init(&b, 64 * LIMIT_KIB);
	e = tree_text(xmlDocGetRootElement(doc), &b);
	if (e == ERR_OK)
		e = field_clean(buf_view(&b), max, out);
	buf_free(&b);
	xmlFreeDoc(doc);
	return e;
}

enum err
field_add(char ***list, size_t *n, size_t most, size_t max, struct span s)
{
	char **grown, *v;
	enum err e;
	size_t i;

	if (*n >= most)
		return ERR_OK;
	e = field_clean(s, max, &v);
	if (e != ERR_OK || v == NULL)
		return e;
	for (i = 0; i < *n; i++)
		if (strcmp((*list)[i], v) == 0) {
			free(v);
			return ERR_OK;
		}
	grown = realloc(*list, (*n + 1) * sizeof(**list));
	if (grown == NULL) {
		free(v);
		return ERR_NOMEM;
	}
	*list = grown;
	grown[(*n)++] = v;
	return ERR_OK;
}

enum err
field_add_author(char ***list, size_t *n, struct span s)
{
	const uint8_t *open, *end;

	if (s.n > 0 && memchr(s.p, '@', s.n) != NULL) {
		open = memchr(s.p, '(', s.n);
		if (open == NULL)
			return ERR_OK;
		end = memchr(open, ')', s.n - (size_t)(open - s.p));
		if (end == NULL)
			return ERR_OK;
		s = span_of(open + 1, (size_t)(end - open) - 1);
		if (s.n > 0 && memchr(s.p, '@', s.n) != NULL)
			return ERR_OK;
	}
	if (span_starts(s, span_str("http://")) ||
		span_starts(s, span_str("https://")))
		return ERR_OK;
	return field_add(list, n, LIMIT_AUTHORS, LIMIT_AUTHOR, s);
}

enum err
field_add_tags(char ***list, size_t *n, struct span s)
{
	enum err e = ERR_OK;
	size_t i, from = 0;

	for (i = 0; e == ERR_OK && i <= s.n; i++)
		if (i == s.n || s.p[i] == ',' || s.p[i] == ';') {
			e = field_add(list, n, LIMIT_TAGS, LIMIT_TAG,
				span_sub(s, from, i - from));
			from = i + 1;
		}
	return e;
}

enum err
field_language(struct span s, char **out)
{
	size_t i, n = 0;
	enum err e;

	e = field_clean(s, LIMIT_LANG, out);
	if (e != ERR_OK || *out == NULL)
		return e;
	for (i = 0; (*out)[i] != '\0'; i++) {
		/* "ru_RU.UTF-8", "ru, en" */
		if (strchr(".,; @", (*out)[i]) != NULL)
			break;
		if ((*out)[i] == '_')
			(*out)[i] = '-';
		if ((*out)[i] == '-')
			n = n == 0 ? i : n;
		if (n == 0 && (*out)[i] >= 'A' && (*out)[i] <= 'Z')
			(*out)[i] = (char)((*out)[i] - 'A' + 'a');
	}
	(*out)[i] = '\0';
	if (!markup_lang_ok(span_str(*out)) || i < 2 || n == 1) {
		free(*out);
		*out = NULL;
	}
	return ERR_OK;
}

/* ---- ids */

/* Bytes of the readable part before '-' and 16 hex digits. */
#define SLUG 40

/* What people would call it: the last part of a URL or path that has letters
 * or digits. */
static struct span
readable(struct span s)
{
	size_t end = s.n, from;

	while (end > 0 && strchr("/#?=&", s.p[end - 1]) && s.p[end - 1])
		end--;
	from = end;
	while (from > 0 && s.p[from - 1] != '/' && s.p[from - 1] != ':')
		from--;
	return span_sub(s, from, end - from);
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

enum err
field_id(struct span s, char **out)
{
	struct digest h = digest_of(s);
	struct span r = readable(s);
	char id[LIMIT_ID + 1], hex[17];
	size_t i, n = 0;

	if (text_name_ok(s, LIMIT_ID)) {
		*out = strndup((const char *)s.p, s.n);
		return *out == NULL ? ERR_NOMEM : ERR_OK;
	}
	for (i = 0; i < r.n && n < SLUG; i++) {
		uint8_t c = lower(r.p[i]);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			id[n++] = (char)c;
		else if (n > 0 && id[n - 1] != '-')
			id[n++] = '-';
	}
	while (n > 0 && id[n - 1] == '-')
		n--;
	if (n == 0)
		id[n++] = 'a';
	text_hex(hex, h.b, 8);
	id[n++] = '-';
	memcpy(id + n, hex, sizeof(hex));
	*out = strdup(id);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

static bool
drop_end(struct span *s, const char *end)
{
	size_t n = strlen(end);

	if (s->n <= n ||
		strncasecmp((const char *)s->p + s->n - n, end, n) != 0)
		return false;
	s->n -= n;
	return true;
}

enum err
field_file_id(const char *name, char **out)
{
	struct span s = span_str(name);

	while (span_starts(s, span_str("./")))
		s = span_sub(s, 2, s.n);
	if (drop_end(&s, ".html") || drop_end(&s, ".xhtml") ||
		drop_end(&s, ".htm"))
		drop_end(&s, "/index");
	return field_id(s, out);
}

enum err
field_copy(const char *s, char **out)
{
	*out = s == NULL ? NULL : strdup(s);
	return s != NULL && *out == NULL ? ERR_NOMEM : ERR_OK;
}
