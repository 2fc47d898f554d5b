#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "mirrors_priv.h"
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

/* A string of its own; a link says each thing once. */
static enum err
text_once(char **to, struct buf *v, struct diag *d)
{
	if (*to != NULL)
		return diag_set(d, ERR_SYNTAX, "the link says one thing twice");
	*to = (char *)buf_steal(v, NULL);
	return *to == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

static enum err
at_set(struct link *l, struct buf *v, struct diag *d)
{
	char shown[80];

	if (l->n_urls == LINK_URLS)
		return diag_set(d, ERR_LIMIT,
			"more than %d mirrors in the link", LINK_URLS);
	if (!mirrors_url_ok(buf_view(v)))
		return diag_set(d, ERR_REFUSED,
			"\"%s\" in the link is not a mirror's address",
			text_show(shown, sizeof(shown), buf_view(v)));
	l->urls[l->n_urls] = (char *)buf_steal(v, NULL);
	if (l->urls[l->n_urls] == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	l->n_urls++;
	return ERR_OK;
}

/* What stands behind a mirror's URL. */
static enum err
way_set(struct link *l, const char *key, struct buf *v, struct diag *d)
{
	struct mirror *m;

	if (l->n_urls == 0)
		return diag_set(
			d, ERR_SYNTAX, "the link says %s of no mirror", key);
	m = &l->ways[l->n_urls - 1];
	if (strcmp(key, "address") == 0)
		return mirror_address_add(m, buf_view(v), ERR_REFUSED, d);
	if (strcmp(key, "pin") == 0)
		return text_once(&m->pin, v, d);
	if (strcmp(key, "sni") == 0)
		return text_once(&m->sni, v, d);
	if (strcmp(key, "front") == 0)
		return text_once(&m->front, v, d);
	if (m->storage || !span_eq(buf_view(v), span_str("storage")))
		return diag_set(d, ERR_SYNTAX, "the link's kind is none");
	m->storage = true;
	return ERR_OK;
}

/* One "key=value" of the part behind '?'. */
static enum err
pair_parse(struct link *l, struct span pair, struct diag *d)
{
	static const char *const keys[] = {
		"at", "name", "address", "pin", "sni", "front", "kind"};
	const size_t n_keys = sizeof(keys) / sizeof(*keys);
	size_t equals = 0, k;
	struct buf v;
	char shown[80];
	enum err e;

	while (equals < pair.n && pair.p[equals] != '=')
		equals++;
	for (k = 0; k < n_keys; k++)
		if (equals < pair.n &&
			span_eq(span_sub(pair, 0, equals), span_str(keys[k])))
			break;
	if (k == n_keys)
		return diag_set(d, ERR_SYNTAX,
			"the link says \"%s\", which means nothing here",
			text_show(shown, sizeof(shown), pair));
	buf_init(&v, LIMIT_URL);
	e = percent_decode(span_sub(pair, equals + 1, pair.n), &v, d);
	/* Strings of ours end at a NUL, and so would what is checked. */
	if (e == ERR_OK && (v.n == 0 || memchr(v.p, 0, v.n) != NULL))
		e = diag_set(d, k == 0 ? ERR_REFUSED : ERR_SYNTAX,
			"the link's %s is not usable", keys[k]);
	if (e == ERR_OK && k == 0)
		e = at_set(l, &v, d);
	else if (e == ERR_OK && k == 1)
		e = text_line_ok(buf_view(&v), LIMIT_AUTHOR)
			    ? text_once(&l->name, &v, d)
			    : diag_set(d, ERR_SYNTAX,
				      "the link's name is not usable");
	else if (e == ERR_OK)
		e = way_set(l, keys[k], &v, d);
	buf_free(&v);
	return e;
}

/* Whether each mirror's ways fit it. */
static enum err
ways_check(const struct link *l, struct diag *d)
{
	char shown[80];
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < l->n_urls; i++) {
		struct mirror m = l->ways[i];

		m.url = l->urls[i];
		e = mirror_ways_check(&m,
			text_show(shown, sizeof(shown), span_str(m.url)),
			MIRRORS_SIGNED, ERR_REFUSED, d);
	}
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
	if (e == ERR_OK)
		e = ways_check(out, d);
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
	for (i = 0; i < LINK_URLS; i++)
		mirror_clear(&l->ways[i]);
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

static enum err
pair_add(struct buf *out, const char *key, const char *value)
{
	enum err e;

	if (value == NULL)
		return ERR_OK;
	e = buf_printf(out, "&%s=", key);
	return e == ERR_OK ? percent_add(out, value) : e;
}

static enum err
ways_add(const struct mirror *m, struct buf *out)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < m->n_addresses; i++)
		e = pair_add(out, "address", m->addresses[i]);
	if (e == ERR_OK)
		e = pair_add(out, "pin", m->pin);
	if (e == ERR_OK)
		e = pair_add(out, "sni", m->sni);
	if (e == ERR_OK)
		e = pair_add(out, "front", m->front);
	return e == ERR_OK
		       ? pair_add(out, "kind", m->storage ? "storage" : NULL)
		       : e;
}

enum err
link_add(const struct link *l, struct buf *out)
{
	size_t i, query;
	char hex[65];
	enum err e;

	text_hex(hex, l->fingerprint, sizeof(l->fingerprint));
	e = buf_printf(out, "%s%s", LINK_SCHEME, hex);
	query = out->n;
	for (i = 0; e == ERR_OK && i < l->n_urls; i++) {
		e = pair_add(out, "at", l->urls[i]);
		if (e == ERR_OK)
			e = ways_add(&l->ways[i], out);
	}
	if (e == ERR_OK)
		e = pair_add(out, "name", l->name);
	if (e == ERR_OK && out->n > query)
		out->p[query] = '?';
	return e;
}
