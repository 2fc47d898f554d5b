#include "url.h"

#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../core/limits.h"
#include "../core/markup.h"
#include "../core/text.h"

static bool
letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && s.p[0] <= ' ')
		s = span_sub(s, 1, s.n - 1);
	while (s.n > 0 && s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

/* Bytes of "scheme:" at the start, 0 when there is none (RFC 3986 3.1). */
static size_t
scheme_length(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == ':')
			return i == 0 ? 0 : i + 1;
		if (!letter(c) &&
			(i == 0 || !((c >= '0' && c <= '9') || c == '+' ||
					   c == '-' || c == '.')))
			return 0;
	}
	return 0;
}

static bool
scheme_is(struct span s, const char *scheme)
{
	size_t n = strlen(scheme);

	return s.n >= n && strncasecmp((const char *)s.p, scheme, n) == 0;
}

static bool
tracks(struct span parameter)
{
	static const char *const names[] = {"fbclid", "gclid", "dclid",
		"gclsrc", "yclid", "ysclid", "msclkid", "twclid", "igshid",
		"mc_cid", "mc_eid", "_openstat"};
	const uint8_t *eq = memchr(parameter.p, '=', parameter.n);
	size_t i, n = eq == NULL ? parameter.n : (size_t)(eq - parameter.p);
	const char *p = (const char *)parameter.p;

	if (n >= 4 && strncasecmp(p, "utm_", 4) == 0)
		return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (n == strlen(names[i]) && strncasecmp(p, names[i], n) == 0)
			return true;
	return false;
}

/* Append with white space escaped and control characters left out. */
static enum err
add_escaped(struct buf *out, struct span s)
{
	enum err e = ERR_OK;
	size_t i, from = 0;

	for (i = 0; e == ERR_OK && i <= s.n; i++) {
		if (i < s.n && s.p[i] > ' ')
			continue;
		if (i > from)
			e = buf_add(out, s.p + from, i - from);
		if (e == ERR_OK && i < s.n && s.p[i] == ' ')
			e = buf_str(out, "%20");
		from = i + 1;
	}
	return e;
}

/* Append path?query#fragment without the parameters that follow people. */
static enum err
add_untracked(struct buf *out, struct span s)
{
	const uint8_t *hash, *mark;
	struct span query, fragment;
	char sep = '?';
	size_t i, from = 0;
	enum err e;

	hash = s.n == 0 ? NULL : memchr(s.p, '#', s.n);
	fragment = hash == NULL ? span_of(NULL, 0)
				: span_sub(s, (size_t)(hash - s.p), s.n);
	s.n -= fragment.n;
	mark = s.n == 0 ? NULL : memchr(s.p, '?', s.n);
	if (mark == NULL) {
		e = add_escaped(out, s);
		return e == ERR_OK ? add_escaped(out, fragment) : e;
	}
	query = span_sub(s, (size_t)(mark - s.p) + 1, s.n);
	e = add_escaped(out, span_sub(s, 0, (size_t)(mark - s.p)));
	for (i = 0; e == ERR_OK && i <= query.n; i++) {
		struct span parameter = span_sub(query, from, i - from);

		if (i < query.n && query.p[i] != '&')
			continue;
		from = i + 1;
		if (parameter.n == 0 || tracks(parameter))
			continue;
		e = buf_u8(out, (uint8_t)sep);
		if (e == ERR_OK)
			e = add_escaped(out, parameter);
		sep = '&';
	}
	return e == ERR_OK ? add_escaped(out, fragment) : e;
}

/* Append the absolute form of a relative link (RFC 3986 section 5). */
static enum err
resolve(struct span href, const char *base, struct buf *out)
{
	struct buf b;
	xmlChar *escaped = NULL, *whole = NULL;
	enum err e;

	buf_init(&b, LIMIT_URL);
	e = add_escaped(&b, href);
	if (e != ERR_OK)
		goto out;
	escaped = xmlURIEscapeStr((const xmlChar *)buf_cstr(&b),
		(const xmlChar *)":/?#[]@!$&'()*+,;=%");
	if (escaped != NULL)
		whole = xmlBuildURI(escaped, (const xmlChar *)base);
	e = whole == NULL ? ERR_SYNTAX : buf_str(out, (const char *)whole);
out:
	xmlFree(whole);
	xmlFree(escaped);
	buf_free(&b);
	return e;
}

static enum err
clean(struct span href, const char *base, struct buf *out)
{
	size_t n = scheme_length(href);
	const char *scheme = NULL;
	struct buf whole;
	enum err e;

	if (n == 0) {
		buf_init(&whole, 4 * LIMIT_URL);
		if (href.n > 0 && base != NULL)
			e = resolve(href, base, &whole);
		else if (span_starts(href, span_str("//")))
			e = buf_printf(&whole, "https:%.*s", (int)href.n,
				(const char *)href.p);
		else
			e = ERR_SYNTAX;
		if (e == ERR_OK && scheme_length(buf_view(&whole)) == 0)
			e = ERR_SYNTAX;
		if (e == ERR_OK)
			e = clean(buf_view(&whole), NULL, out);
		buf_free(&whole);
		return e;
	}
	if (scheme_is(href, "http:"))
		scheme = "http:";
	else if (scheme_is(href, "https:"))
		scheme = "https:";
	else if (scheme_is(href, "mailto:"))
		scheme = "mailto:";
	else
		return ERR_SYNTAX;
	e = buf_str(out, scheme);
	if (e == ERR_OK)
		e = add_untracked(out, span_sub(href, n, href.n));
	return e;
}

enum err
url_clean(struct span href, const char *base, struct buf *out, bool *ok)
{
	size_t at = out->n;
	struct buf b;
	enum err e;

	buf_init(&b, 4 * LIMIT_URL);
	e = clean(trim(href), base, &b);
	*ok = e == ERR_OK && markup_url_ok(buf_view(&b));
	if (*ok)
		e = buf_span(out, buf_view(&b));
	buf_free(&b);
	if (e != ERR_OK)
		buf_cut(out, at);
	return e == ERR_NOMEM || *ok ? e : ERR_OK;
}

/* Append with every byte that RFC 3986 does not have percent-encoded. */
static enum err
add_ascii(struct buf *out, struct span s)
{
	static const char others[] = "-._~:/?#[]@!$&'()*+,;=%";
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < s.n; i++) {
		uint8_t c = s.p[i];

		if (letter(c) || (c >= '0' && c <= '9') ||
			(c != '\0' && strchr(others, c) != NULL))
			e = buf_u8(out, c);
		else
			e = buf_printf(out, "%%%02X", c);
	}
	return e;
}

enum err
url_web(struct span href, const char *base, char **out)
{
	struct buf b, ascii;
	struct span s;
	enum err e;
	bool ok;

	*out = NULL;
	buf_init(&b, LIMIT_URL);
	buf_init(&ascii, LIMIT_URL);
	e = url_clean(href, base, &b, &ok);
	s = buf_view(&b);
	/* User information serves only to disguise the host. */
	if (e == ERR_OK && ok && !span_starts(s, span_str("mailto:")) &&
		memchr(s.p, '@', 8 + strcspn((char *)s.p + 8, "/?#")) == NULL)
		e = add_ascii(&ascii, s);
	if (e == ERR_OK && ascii.n > 0) {
		*out = (char *)buf_steal(&ascii, NULL);
		e = *out == NULL ? ERR_NOMEM : ERR_OK;
	}
	buf_free(&b);
	buf_free(&ascii);
	return e == ERR_NOMEM ? e : ERR_OK;
}

static int
hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err
add_decoded(struct buf *b, struct span s)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < s.n; i++) {
		int hi = -1, lo = -1;

		if (s.p[i] == '%' && i + 2 < s.n) {
			hi = hex(s.p[i + 1]);
			lo = hex(s.p[i + 2]);
		}
		if (hi < 0 || lo < 0) {
			e = buf_u8(b, s.p[i]);
			continue;
		}
		e = buf_u8(b, (uint8_t)(hi << 4 | lo));
		i += 2;
	}
	return e;
}

enum err
url_image(struct span src, char **out)
{
	struct buf b;
	size_t i, n;
	enum err e;

	*out = NULL;
	src = trim(src);
	n = scheme_length(src);
	/* "C:" is no scheme, and nothing that we would open either. */
	if (n > 0 && !scheme_is(src, "http:") && !scheme_is(src, "https:"))
		return ERR_OK;
	for (i = 0; i < src.n && src.p[i] != '?' && src.p[i] != '#'; i++)
		;
	src.n = i;
	buf_init(&b, LIMIT_URL);
	e = ERR_OK;
	if (span_starts(src, span_str("//")))
		e = buf_str(&b, "https:");
	if (e == ERR_OK)
		e = add_decoded(&b, src);
	/* Decoding may uncover anything: then the name stays as written. */
	if (e == ERR_OK && !text_line_ok(buf_view(&b), LIMIT_URL)) {
		buf_clear(&b);
		e = buf_span(&b, src);
	}
	if (e == ERR_OK && text_line_ok(buf_view(&b), LIMIT_URL))
		*out = (char *)buf_steal(&b, NULL);
	buf_free(&b);
	return e == ERR_NOMEM ? e : ERR_OK;
}

struct span
url_fragment(struct span href, const char *base)
{
	struct span b;

	href = trim(href);
	if (href.n > 1 && href.p[0] == '#')
		return span_sub(href, 1, href.n);
	if (base == NULL)
		return span_of(NULL, 0);
	b = span_str(base);
	if (href.n > b.n + 1 && span_starts(href, b) && href.p[b.n] == '#')
		return span_sub(href, b.n + 1, href.n);
	return span_of(NULL, 0);
}
