#include "mirrors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "limits.h"
#include "text.h"

static bool
is_lower_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

/* A host name or IPv4 address in lower case, or an IPv6 address in
 * brackets. */
static bool
host_ok(struct span h)
{
	bool dot = true;
	size_t i;

	if (h.n == 0 || h.n > 253)
		return false;
	if (h.p[0] == '[') {
		if (h.n < 4 || h.p[h.n - 1] != ']')
			return false;
		for (i = 1; i + 1 < h.n; i++)
			if (!is_lower_digit(h.p[i]) && h.p[i] != ':' &&
				h.p[i] != '.')
				return false;
		return true;
	}
	for (i = 0; i < h.n; i++) {
		uint8_t c = h.p[i];

		if (!is_lower_digit(c) && (dot || (c != '-' && c != '.')))
			return false;
		dot = c == '.';
	}
	return !dot && h.p[h.n - 1] != '-';
}

/* Bytes of "host" or "[v6]" at the start of host[:port]. */
static size_t
host_length(struct span s)
{
	size_t i;
	bool inside = s.n > 0 && s.p[0] == '[';

	for (i = 0; i < s.n; i++) {
		if (!inside && s.p[i] == ':')
			break;
		if (s.p[i] == ']')
			inside = false;
	}
	return i;
}

static bool
authority_ok(struct span s)
{
	size_t n = host_length(s);
	uint64_t port;

	if (!host_ok(span_sub(s, 0, n)))
		return false;
	if (n == s.n)
		return true;
	return text_decimal(span_sub(s, n + 1, s.n), 65535, &port) == ERR_OK &&
	       port > 0;
}

static bool
segment_ok(struct span s)
{
	size_t i;

	if (s.n == 0 || span_eq(s, span_str(".")) || span_eq(s, span_str("..")))
		return false;
	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == '%') {
			if (s.n - i < 3 || !is_hex(s.p[i + 1]) ||
				!is_hex(s.p[i + 2]))
				return false;
		} else if (!is_lower_digit(c) && !(c >= 'A' && c <= 'Z') &&
			   (c == '\0' || strchr("-._~", c) == NULL)) {
			return false;
		}
	}
	return true;
}

/* Take up to the next '/', and it. false when there is none. */
static bool
slash_take(struct span *s, struct span *before)
{
	const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, '/', s->n);

	if (at == NULL)
		return false;
	*before = span_sub(*s, 0, (size_t)(at - s->p));
	*s = span_sub(*s, before->n + 1, s->n);
	return true;
}

static bool
scheme_take(struct span *s)
{
	static const char *const schemes[] = {"https://", "http://"};
	size_t i;

	for (i = 0; i < 2; i++) {
		struct span scheme = span_str(schemes[i]);

		if (span_starts(*s, scheme)) {
			*s = span_sub(*s, scheme.n, s->n);
			return true;
		}
	}
	return false;
}

bool
mirrors_url_ok(struct span s)
{
	struct span one;

	if (s.n > LIMIT_URL || !scheme_take(&s) || !slash_take(&s, &one) ||
		!authority_ok(one))
		return false;
	while (slash_take(&s, &one))
		if (!segment_ok(one))
			return false;
	return s.n == 0;
}

bool
mirrors_base_ok(struct span s)
{
	struct span file = span_str("file:///");

	if (s.n == 0 || s.n > LIMIT_URL || memchr(s.p, '\0', s.n) != NULL)
		return false;
	return s.p[0] == '/' || span_starts(s, file) || mirrors_url_ok(s);
}

/* Whether "HOST:PORT" would do in a mirror's URL. */
static bool
is_door(const char *s)
{
	char url[LIMIT_CONFIG_LINE];
	int n = snprintf(url, sizeof(url), "https://%s/", s);
	const char *colon = strrchr(s, ':');

	return n > 0 && (size_t)n < sizeof(url) && colon != NULL &&
	       colon[1] >= '1' && colon[1] <= '9' && strchr(s, '/') == NULL &&
	       mirrors_url_ok(span_str(url));
}

enum err
mirrors_proxy(const char *value, char **out, struct diag *d)
{
	static const char scheme[] = "socks5h://";
	char shown[80];

	*out = NULL;
	if (strcmp(value, "none") == 0)
		return ERR_OK;
	if (strcmp(value, "tor") == 0)
		value = MIRRORS_TOR;
	if (strncmp(value, "socks5://", 9) == 0)
		return diag_set(d, ERR_CONFIG,
			"a socks5:// proxy would have names looked up here, "
			"where the censor listens; write socks5h://");
	if (strncmp(value, scheme, strlen(scheme)) != 0 ||
		!is_door(value + strlen(scheme)))
		return diag_set(d, ERR_CONFIG,
			"\"%s\" is not a proxy like %s, nor \"tor\" or "
			"\"none\"",
			text_show(shown, sizeof(shown), span_str(value)),
			MIRRORS_TOR);
	*out = strdup(value);
	return *out == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

struct span
mirrors_host(struct span url)
{
	struct span one;

	if (!scheme_take(&url) || !slash_take(&url, &one))
		return span_of(NULL, 0);
	return span_sub(one, 0, host_length(one));
}

bool
mirrors_host_below(struct span host, const char *domain)
{
	struct span d = span_str(domain);

	return span_eq(host, d) ||
	       (host.n > d.n && host.p[host.n - d.n - 1] == '.' &&
		       span_eq(span_sub(host, host.n - d.n, d.n), d));
}

bool
mirrors_host_near(struct span host)
{
	uint8_t b[16];
	size_t i, n;

	if (host.n > 2 && host.p[0] == '[')
		host = span_sub(host, 1, host.n - 2);
	n = address_read(host, b);
	if (n != 0)
		return address_reserved(b, n);
	for (i = host.n; i > 0 && host.p[i - 1] != '.'; i--)
		;
	if (i < host.n && host.p[i] >= '0' && host.p[i] <= '9')
		return true;
	return host.n == 0 || memchr(host.p, '.', host.n) == NULL ||
	       mirrors_host_below(host, "localhost") ||
	       mirrors_host_below(host, "local") ||
	       mirrors_host_below(host, "internal") ||
	       mirrors_host_below(host, "lan") ||
	       mirrors_host_below(host, "home.arpa");
}

bool
mirrors_pin_ok(struct span s)
{
	struct span scheme = span_str("sha256//");
	struct buf key;
	bool ok;

	if (!span_starts(s, scheme))
		return false;
	buf_init(&key, 33);
	ok = text_base64_decode(span_sub(s, scheme.n, s.n), &key) == ERR_OK &&
	     key.n == 32;
	buf_free(&key);
	return ok;
}

bool
mirrors_name_ok(struct span s)
{
	uint8_t last;
	size_t i;

	if (s.n == 0 || s.p[0] == '[' || !host_ok(s) ||
		memchr(s.p, '.', s.n) == NULL)
		return false;
	/* No top-level name ends in a digit (RFC 3696 section 2): that would
	 * be an address. */
	last = s.p[s.n - 1];
	if (last >= '0' && last <= '9')
		return false;
	for (i = 1; i < s.n; i++)
		if (s.p[i] == '.' && s.p[i - 1] == '-')
			return false;
	return true;
}

bool
mirrors_resolver_ok(struct span s)
{
	struct span one;

	if (s.n > LIMIT_URL || !span_starts(s, span_str("https://")) ||
		!scheme_take(&s) || !slash_take(&s, &one) || !authority_ok(one))
		return false;
	while (slash_take(&s, &one))
		if (!segment_ok(one))
			return false;
	return s.n == 0 || segment_ok(s);
}
