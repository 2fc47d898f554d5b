#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "mirrors.h"
#include "text.h"

static enum err
percent_decode(struct span s, struct buf *out, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < s.n; i++) {
		if (s.p[i] != '%') {
			e = buf_u8(out, s.p[i]);
			continue;
		}
		if (s.n - i < 3 || text_hex_digit(s.p[i + 1]) < 0 ||
			text_hex_digit(s.p[i + 2]) < 0)
			return diag_at(d, ERR_SYNTAX, i,
				"the link has a '%%' without two hex digits");
		e = buf_u8(out, (uint8_t)(text_hex_digit(s.p[i + 1]) * 16 +
					  text_hex_digit(s.p[i + 2])));
		i += 2;
	}
	return e == ERR_OK ? e : diag_set(d, e, "the link is too long");
}

/* One "key=value" of the part behind '?'. */
static enum err
pair_parse(struct link *l, struct span pair, struct diag *d)
{
	struct buf v;
	bool at = span_starts(pair, span_str("at="));
	bool name = span_starts(pair, span_str("name="));
	char shown[80];
	enum err e;

	if (!at && !name)
		return diag_set(d, ERR_SYNTAX,
			"the link says \"%s\", which means nothing here",
			text_show(shown, sizeof(shown), pair));
	buf_init(&v, LIMIT_URL);
	e = percent_decode(span_sub(pair, at ? 3 : 5, pair.n), &v, d);
	if (e == ERR_OK && at && l->n_urls == LINK_URLS)
		e = diag_set(d, ERR_LIMIT, "more than %d mirrors in the link",
			LINK_URLS);
	if (e == ERR_OK && at && !mirrors_url_ok(buf_view(&v)))
		e = diag_set(d, ERR_REFUSED,
			"\"%s\" in the link is not a mirror's address",
			text_show(shown, sizeof(shown), buf_view(&v)));
	if (e == ERR_OK && name &&
		(l->name != NULL || !text_line_ok(buf_view(&v), LIMIT_AUTHOR)))
		e = diag_set(d, ERR_SYNTAX, "the link's name is not usable");
	if (e == ERR_OK && at)
		l->urls[l->n_urls++] = (char *)buf_steal(&v, NULL);
	else if (e == ERR_OK)
		l->name = (char *)buf_steal(&v, NULL);
	buf_free(&v);
	return e;
}

static enum err
query_parse(struct link *l, struct span s, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i, start = 0;

	for (i = 0; e == ERR_OK && i <= s.n; i++) {
		if (i < s.n && s.p[i] != '&')
			continue;
		e = pair_parse(l, span_sub(s, start, i - start), d);
		start = i + 1;
	}
	return e;
}

enum err
link_parse(struct span s, struct link *out, struct diag *d)
{
	const size_t scheme = sizeof(LINK_SCHEME) - 1;
	enum err e = ERR_OK;

	*out = (struct link){.n_urls = 0};
	if (s.n > LINK_MAX)
		return diag_set(d, ERR_LIMIT, "the link is too long");
	if (!span_starts(s, span_str(LINK_SCHEME)))
		return diag_set(d, ERR_SYNTAX,
			"a link begins with \"" LINK_SCHEME "\"");
	if (text_hex_decode(span_sub(s, scheme, 64), out->fingerprint, 32) !=
		ERR_OK)
		return diag_set(
			d, ERR_SYNTAX, "the link lacks its 64 hex digits");
	s = span_sub(s, scheme + 64, s.n);
	if (s.n > 0 && s.p[0] != '?')
		e = diag_set(d, ERR_SYNTAX,
			"'?' or nothing follows a link's 64 hex digits");
	else if (s.n > 0)
		e = query_parse(out, span_sub(s, 1, s.n), d);
	if (e != ERR_OK)
		link_clear(out);
	return e;
}

void
link_clear(struct link *l)
{
	size_t i;

	for (i = 0; i < l->n_urls; i++)
		free(l->urls[i]);
	free(l->name);
	*l = (struct link){.n_urls = 0};
}

/* Unreserved characters, and of the others those that a query may hold and
 * that nothing here gives a meaning. */
static enum err
percent_add(struct buf *out, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~:/";
	enum err e = ERR_OK;

	for (; e == ERR_OK && *s != '\0'; s++) {
		if (strchr(plain, *s) != NULL)
			e = buf_u8(out, (uint8_t)*s);
		else
			e = buf_printf(out, "%%%02X", (unsigned char)*s);
	}
	return e;
}

enum err
link_add(const struct link *l, struct buf *out)
{
	char hex[65];
	size_t i;
	enum err e;

	text_hex(hex, l->fingerprint, sizeof(l->fingerprint));
	e = buf_printf(out, "%s%s", LINK_SCHEME, hex);
	for (i = 0; e == ERR_OK && i < l->n_urls; i++) {
		e = buf_str(out, i == 0 ? "?at=" : "&at=");
		if (e == ERR_OK)
			e = percent_add(out, l->urls[i]);
	}
	if (e == ERR_OK && l->name != NULL) {
		e = buf_str(out, i == 0 ? "?name=" : "&name=");
		if (e == ERR_OK)
			e = percent_add(out, l->name);
	}
	return e;
}
