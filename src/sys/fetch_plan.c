#include "fetch_plan.h"

#include <stdio.h>
#include <string.h>

#include "../core/address.h"
#include "../core/crypto.h"
#include "../core/mirrors.h"
#include "fetch_private.h"

/* A URL, cut up. */
struct place {
	bool tls;
	struct span host; /* with the brackets of an IPv6 address */
	struct span port; /* ":8443", or empty */
	struct span path; /* from its first '/' on */
};

static struct place
place_of(const char *url)
{
	struct span all = span_str(url), rest;
	struct place p = {.tls = strncmp(url, "https:", 6) == 0,
		.host = mirrors_host(all)};
	size_t at = strlen(p.tls ? "https://" : "http://") + p.host.n;
	const uint8_t *slash;

	rest = span_sub(all, at, all.n);
	slash = rest.n == 0 ? NULL : memchr(rest.p, '/', rest.n);
	if (slash == NULL)
		return p;
	p.port = span_sub(rest, 0, (size_t)(slash - rest.p));
	p.path = span_sub(rest, p.port.n, rest.n);
	return p;
}

/* The bytes of a host that is an address, 0 of one that is a name. */
static size_t
literal(struct span host, uint8_t out[static 16])
{
	if (host.n > 2 && host.p[0] == '[')
		host = span_sub(host, 1, host.n - 2);
	return address_read(host, out);
}

static bool
is_literal(struct span host)
{
	uint8_t b[16];

	return literal(host, b) != 0;
}

static bool
is_private(struct span host)
{
	uint8_t b[16];
	size_t n = literal(host, b);

	return n == 0 || address_reserved(b, n);
}

/* A host as in a URL, without a port. */
static bool
host_ok(const char *s)
{
	char url[WIRE_HOST + 16];
	struct span host;

	snprintf(url, sizeof(url), "https://%s/", s);
	host = mirrors_host(span_str(url));
	return mirrors_url_ok(span_str(url)) && host.n == strlen(s);
}

/* A host name for TLS, and no address: those are not sent. */
static bool
name_ok(const char *s)
{
	return host_ok(s) && s[0] != '[' && !is_literal(span_str(s));
}

/* Bytes of an address, without brackets. */
static bool
is_address(const char *s)
{
	uint8_t b[16];

	return address_read(span_str(s), b) != 0;
}

static bool
refuse(struct wire_done *done, const char *why)
{
	done_set(done, ERR_REFUSED, "%s", why);
	return false;
}

/* ---- parts of a plan */

/* scheme://HOST[:PORT]/PREFIX/PATH */
static void
url_set(struct plan *p, const struct place *at, struct span host,
	const struct wire_want *w)
{
	snprintf(p->url, sizeof(p->url), "%s://%.*s%.*s%.*s%s",
		at->tls ? "https" : "http", (int)host.n, (const char *)host.p,
		(int)at->port.n, (const char *)at->port.p, (int)at->path.n,
		(const char *)at->path.p, w->path);
}

static void
host_set(struct plan *p, const struct place *at)
{
	snprintf(p->host, sizeof(p->host), "Host: %.*s%.*s", (int)at->host.n,
		(const char *)at->host.p, (int)at->port.n,
		(const char *)at->port.p);
}

/* An address of a downloaded list. */
static bool
address_ok(const struct wire_want *w, struct span s, struct wire_done *done)
{
	if (!w->allow_private && is_private(s)) {
		done_set(done, ERR_REFUSED,
			"its address %.*s is a private one, which only "
			"mirrors that you add yourself may have",
			(int)s.n, (const char *)s.p);
		return false;
	}
	return true;
}

/* The shipped one, in the form that URLs have. */
static bool
address_use(const struct wire_want *w, char out[static WIRE_ADDRESS + 2],
	struct wire_done *done)
{
	if (!is_address(w->address))
		return refuse(done, "its address is no address");
	if (!address_ok(w, span_str(w->address), done))
		return false;
	snprintf(out, WIRE_ADDRESS + 2, strchr(w->address, ':') ? "[%s]" : "%s",
		w->address);
	return true;
}

static bool
pin_use(struct plan *p, const struct wire_want *w, struct wire_done *done)
{
	if (!mirrors_pin_ok(span_str(w->pin)))
		return refuse(done, "its public key's pin is no pin");
	p->pin = w->pin;
	return true;
}

/* "https://HOST[:PORT]/PATH". */
static bool
resolver_url_ok(const char *url)
{
	const char *path =
		strncmp(url, "https://", 8) == 0 ? strchr(url + 8, '/') : NULL;

	return path != NULL &&
	       mirrors_url_ok(span_of(url, (size_t)(path + 1 - url))) &&
	       url_path_ok(span_str(path + 1));
}

/* Ask a resolver over HTTPS, at its own address. */
static bool
resolver_use(struct plan *p, const struct wire_want *w,
	const struct plan_rules *rules, struct wire_done *done)
{
	bool own = rules->resolver != NULL &&
		   strcmp(rules->resolver, w->resolver) == 0;
	struct span address;
	struct place at;

	if (!resolver_url_ok(w->resolver))
		return refuse(done, "its resolver is no https URL");
	at = place_of(w->resolver);
	p->doh = w->resolver;
	address = is_literal(at.host) ? at.host : span_str(w->resolver_address);
	if (!is_literal(at.host) && !is_address(w->resolver_address))
		return refuse(done,
			"no address of its resolver is known, and looking "
			"that up would tell the local one");
	if (!own && !w->allow_private && is_private(address))
		return refuse(done,
			"its resolver has a private address, which only your "
			"own may have");
	if (is_literal(at.host))
		return true;
	if (at.port.n == 0)
		at.port = span_str(":443");
	snprintf(p->resolve, sizeof(p->resolve),
		strchr(w->resolver_address, ':') ? "%.*s%.*s:[%s]"
						 : "%.*s%.*s:%s",
		(int)at.host.n, (const char *)at.host.p, (int)at.port.n,
		(const char *)at.port.p, w->resolver_address);
	return true;
}

/* Connect to `host`, whatever the URL says, without a word to the local
 * resolver. */
static bool
aim(struct plan *p, const struct wire_want *w, struct span host,
	const struct plan_rules *rules, struct wire_done *done)
{
	char address[WIRE_ADDRESS + 2];

	if (w->address[0] != '\0') {
		if (!address_use(w, address, done))
			return false;
		snprintf(
			p->connect_to, sizeof(p->connect_to), "::%s:", address);
		return true;
	}
	snprintf(p->connect_to, sizeof(p->connect_to), "::%.*s:", (int)host.n,
		(const char *)host.p);
	if (is_literal(host))
		return address_ok(w, host, done);
	if (w->resolver[0] != '\0')
		return resolver_use(p, w, rules, done);
	return refuse(done,
		"no address of it is known, and looking that up would tell "
		"the local resolver");
}

/* ---- strategies */

static bool
plan_address(struct plan *p, const struct wire_want *w, const struct place *at,
	const struct plan_rules *rules, struct wire_done *done)
{
	url_set(p, at, at->host, w);
	if (w->pin[0] != '\0' && at->tls && !pin_use(p, w, done))
		return false;
	return aim(p, w, at->host, rules, done);
}

static bool
plan_sni(struct plan *p, const struct wire_want *w, const struct place *at,
	const struct plan_rules *rules, struct wire_done *done)
{
	if (!name_ok(w->sni))
		return refuse(done, "its other server name is no name");
	url_set(p, at, span_str(w->sni), w);
	host_set(p, at);
	/* Without a pin the certificate must be good for the other name. */
	if (w->pin[0] != '\0' && !pin_use(p, w, done))
		return false;
	return aim(p, w, at->host, rules, done);
}

static bool
plan_no_sni(struct plan *p, const struct wire_want *w, const struct place *at,
	struct wire_done *done)
{
	char address[WIRE_ADDRESS + 2];

	if (w->pin[0] == '\0')
		return refuse(done,
			"without a server name its key must be known, and is "
			"not");
	if (!pin_use(p, w, done))
		return false;
	host_set(p, at);
	if (w->address[0] == '\0') {
		if (!is_literal(at->host))
			return refuse(done, "no address of it is known");
		if (!address_ok(w, at->host, done))
			return false;
		url_set(p, at, at->host, w);
		return true;
	}
	if (!address_use(w, address, done))
		return false;
	url_set(p, at, span_str(address), w);
	return true;
}

static bool
plan_front(struct plan *p, const struct wire_want *w, const struct place *at,
	const struct plan_rules *rules, struct wire_done *done)
{
	if (!host_ok(w->front))
		return refuse(done, "its front is no host");
	url_set(p, at, span_str(w->front), w);
	host_set(p, at);
	return aim(p, w, span_str(w->front), rules, done);
}

void
plan_circuit(const uint8_t secret[static 32], struct span host,
	char user[static 33], char password[static 33])
{
	struct hash *h = hash_new(HASH_BLAKE2B_256);
	uint8_t out[32];
	size_t i;

	/* Out of memory: all share a circuit, and the proxy still works. */
	memset(out, 0, sizeof(out));
	if (h != NULL) {
		hash_add(h, secret, 32);
		hash_add(h, host.p, host.n);
		hash_end(h, out);
		hash_free(h);
	}
	for (i = 0; i < 16; i++) {
		snprintf(user + 2 * i, 3, "%02x", out[i]);
		snprintf(password + 2 * i, 3, "%02x", out[16 + i]);
	}
}

static bool
plan_proxy(struct plan *p, const struct wire_want *w, const struct place *at,
	const struct plan_rules *rules, struct wire_done *done)
{
	char url[WIRE_PROXY + 16];
	struct place proxy;

	if (strncmp(w->proxy, "socks5h://", 10) != 0 ||
		strchr(w->proxy + 10, '/') != NULL)
		return refuse(done, "the proxy is not socks5h://ADDRESS:PORT");
	snprintf(url, sizeof(url), "http://%s/", w->proxy + 10);
	if (!mirrors_url_ok(span_str(url)))
		return refuse(done, "the proxy is not socks5h://ADDRESS:PORT");
	proxy = place_of(url);
	if (span_eq(proxy.host, span_str("localhost")))
		proxy.host = span_str("127.0.0.1");
	if (!is_literal(proxy.host))
		return refuse(done,
			"the proxy is a name, and looking that up would tell "
			"the local resolver; give its address");
	if (!w->allow_private && mirrors_host_near(at->host))
		return refuse(done,
			"leads to this machine or its neighbours, as only "
			"mirrors that you add yourself may");
	snprintf(p->proxy, sizeof(p->proxy), "socks5h://%.*s%.*s",
		(int)proxy.host.n, (const char *)proxy.host.p,
		(int)proxy.port.n, (const char *)proxy.port.p);
	plan_circuit(rules->secret, at->host, p->user, p->password);
	p->any_address = true;
	url_set(p, at, at->host, w);
	return true;
}

bool
plan_make(const struct wire_want *w, const struct plan_rules *rules,
	struct plan *p, struct wire_done *done)
{
	struct place at = place_of(w->base);

	*p = (struct plan){.cleartext = !at.tls};
	if (rules->proxy != NULL &&
		(w->strategy != STRATEGY_PROXY ||
			strcmp(rules->proxy, w->proxy) != 0))
		return refuse(done, "a proxy is set, and it does not use it");
	if (w->strategy != STRATEGY_PROXY &&
		mirrors_host_below(at.host, "onion"))
		return refuse(done, "an onion service needs a proxy");
	if (w->strategy == STRATEGY_HTTP && at.tls)
		return refuse(done, "https is not http");
	if (!at.tls && w->strategy != STRATEGY_HTTP &&
		w->strategy != STRATEGY_ADDRESS &&
		w->strategy != STRATEGY_DOH && w->strategy != STRATEGY_PROXY)
		return refuse(done, "its URL is not https");
	switch (w->strategy) {
	case STRATEGY_HTTPS:
	case STRATEGY_STORAGE:
	case STRATEGY_HTTP:
		url_set(p, &at, at.host, w);
		return true;
	case STRATEGY_ADDRESS:
		return plan_address(p, w, &at, rules, done);
	case STRATEGY_DOH:
		url_set(p, &at, at.host, w);
		return resolver_use(p, w, rules, done);
	case STRATEGY_SNI:
		return plan_sni(p, w, &at, rules, done);
	case STRATEGY_NO_SNI:
		return plan_no_sni(p, w, &at, done);
	case STRATEGY_FRONT:
		return plan_front(p, w, &at, rules, done);
	case STRATEGY_PROXY:
		return plan_proxy(p, w, &at, rules, done);
	default:
		return refuse(done, "not a way into the network");
	}
}
