/* What may stand in a list of mirrors, whatever file it comes from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "limits.h"
#include "mirrors_priv.h"
#include "text.h"

void
mirror_clear(struct mirror *m)
{
	strings_free(m->addresses, m->n_addresses);
	free(m->name);
	free(m->url);
	free(m->to);
	free(m->proxy);
	free(m->ca);
	free(m->countries);
	free(m->pin);
	free(m->sni);
	free(m->front);
	*m = (struct mirror){0};
}

void
mirrors_clear(struct mirrors *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		mirror_clear(&m->list[i]);
	for (i = 0; i < m->n_resolvers; i++) {
		free(m->resolvers[i].url);
		free(m->resolvers[i].address);
	}
	free(m->list);
	free(m->resolvers);
	countries_clear(&m->countries);
	*m = (struct mirrors){0};
}

/* ---- one mirror */

static bool
is_https(const char *url)
{
	return url != NULL && strncmp(url, "https://", 8) == 0;
}

static enum err
url_check(const struct mirror *m, enum mirrors_kind kind, enum err wrong,
	struct diag *d)
{
	struct span url = span_str(m->url == NULL ? "" : m->url);
	char shown[96];

	/* One that is published to but not told of is found by other ways. */
	if (m->url == NULL && (m->to == NULL || kind != MIRRORS_CONFIG))
		return diag_set(d, wrong, "mirror %s has no url", m->name);
	/* A list that was signed before is read all the same: who fetches
	 * refuses such a mirror alone. */
	if (m->url != NULL && kind == MIRRORS_CONFIG && !m->unlisted &&
		mirrors_url_ok(url) && mirrors_host_near(mirrors_host(url)))
		return diag_set(d, wrong,
			"mirror %s: %s is this machine or a neighbour, where "
			"readers are not; \"listed = no\" keeps it out of the "
			"signed list",
			m->name, text_show(shown, sizeof(shown), url));
	if (m->url == NULL || mirrors_url_ok(url) ||
		(kind == MIRRORS_OWN && mirrors_base_ok(url)))
		return ERR_OK;
	return diag_set(d, wrong,
		"mirror %s: \"%s\" is not a mirror's URL, which is like "
		"https://host/folder/",
		m->name, text_show(shown, sizeof(shown), url));
}

static enum err
addresses_check(const struct mirror *m, const char *who, enum mirrors_kind kind,
	enum err wrong, struct diag *d)
{
	size_t i;

	if (m->n_addresses > 0 &&
		(m->url == NULL || !mirrors_url_ok(span_str(m->url))))
		return diag_set(d, wrong,
			"mirror %s has an address, but no url of http or https",
			who);
	for (i = 0; kind != MIRRORS_OWN && i < m->n_addresses; i++)
		if (!address_public(span_str(m->addresses[i])))
			return diag_set(d, wrong,
				"mirror %s: %s is an address of a private "
				"network, where readers are not",
				who, m->addresses[i]);
	return ERR_OK;
}

/* Pins, names and fronts are about TLS. */
static enum err
tls_check(
	const struct mirror *m, const char *who, enum err wrong, struct diag *d)
{
	char shown[96];

	if ((m->pin != NULL || m->sni != NULL || m->front != NULL ||
		    m->storage) &&
		!is_https(m->url))
		return diag_set(d, wrong,
			"mirror %s: pin, sni, front and kind need a url of "
			"https",
			who);
	if (m->pin != NULL && !mirrors_pin_ok(span_str(m->pin)))
		return diag_set(d, wrong,
			"mirror %s: a pin is \"sha256//\" and the base64 of 32 "
			"bytes",
			who);
	if (m->sni != NULL && !mirrors_name_ok(span_str(m->sni)))
		return diag_set(d, wrong,
			"mirror %s: sni \"%s\" is not a host name in lower "
			"case",
			who, text_show(shown, sizeof(shown), span_str(m->sni)));
	if (m->front != NULL && !mirrors_name_ok(span_str(m->front)))
		return diag_set(d, wrong,
			"mirror %s: front \"%s\" is not a host name in lower "
			"case",
			who,
			text_show(shown, sizeof(shown), span_str(m->front)));
	/* Under another name its certificate proves nothing. */
	if (m->sni != NULL && m->pin == NULL)
		return diag_set(d, wrong, "mirror %s: sni needs a pin", who);
	return ERR_OK;
}

enum err
mirror_ways_check(const struct mirror *m, const char *who,
	enum mirrors_kind kind, enum err wrong, struct diag *d)
{
	enum err e = addresses_check(m, who, kind, wrong, d);

	return e == ERR_OK ? tls_check(m, who, wrong, d) : e;
}

/* What is said of a push, though it is none; a proxy by a name would be looked
 * up where the censor listens. */
static enum err
push_check(const struct mirror *m, enum err wrong, struct diag *d)
{
	bool url = m->to != NULL && mirrors_url_ok(span_str(m->to));
	char door[LIMIT_CONFIG_LINE];
	struct span host;
	uint8_t b[16];

	if ((m->proxy != NULL && !url) || (m->ca != NULL && !is_https(m->to)))
		return diag_set(d, wrong, "mirror %s: %s", m->name,
			m->proxy != NULL && !url
				? "a proxy needs a \"to\" that is a URL"
				: "ca needs a \"to\" of https");
	if (m->proxy == NULL)
		return ERR_OK;
	snprintf(door, sizeof(door), "http://%s/", strstr(m->proxy, "//") + 2);
	host = mirrors_host(span_str(door));
	if (host.p[0] == '[')
		host = span_sub(host, 1, host.n - 2);
	if (address_read(host, b) == 0 && !span_eq(host, span_str("localhost")))
		return diag_set(d, wrong,
			"mirror %s: the proxy is a name; give its address",
			m->name);
	return ERR_OK;
}

static enum err
mirror_check(const struct mirror *m, enum mirrors_kind kind, enum err wrong,
	struct diag *d)
{
	char shown[96];
	enum err e;

	if (!text_name_ok(span_str(m->name), LIMIT_ID))
		return diag_set(d, wrong,
			"\"%s\" is not a name of a-z, 0-9, '.', '_' and '-'",
			text_show(shown, sizeof(shown), span_str(m->name)));
	e = url_check(m, kind, wrong, d);
	if (e == ERR_OK)
		e = push_check(m, wrong, d);
	return e == ERR_OK ? mirror_ways_check(m, m->name, kind, wrong, d) : e;
}

enum err
mirror_address_add(
	struct mirror *m, struct span address, enum err wrong, struct diag *d)
{
	uint8_t bytes[16];
	char shown[64], **more;
	size_t i;

	text_show(shown, sizeof(shown), address);
	if (address_read(address, bytes) == 0)
		return diag_set(d, wrong,
			"\"%s\" is not an address like 192.0.2.1 or "
			"2001:db8::1, in lower case",
			shown);
	for (i = 0; i < m->n_addresses; i++)
		if (span_eq(span_str(m->addresses[i]), address))
			return diag_set(d, wrong, "address %s twice", shown);
	if (m->n_addresses >= LIMIT_ADDRESSES)
		return diag_set(d, wrong, "over %d addresses", LIMIT_ADDRESSES);
	more = realloc(m->addresses, (m->n_addresses + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	m->addresses = more;
	more[m->n_addresses] = strndup((const char *)address.p, address.n);
	if (more[m->n_addresses] == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	m->n_addresses++;
	return ERR_OK;
}

/* ---- lists */

enum err
mirrors_add(struct mirrors *to, struct mirror *m, enum mirrors_kind kind,
	enum err wrong, struct diag *d)
{
	struct mirror *more;
	enum err e = mirror_check(m, kind, wrong, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	if (to->n >= LIMIT_MIRRORS)
		return diag_set(d, wrong == ERR_REFUSED ? ERR_LIMIT : wrong,
			"over %d mirrors", LIMIT_MIRRORS);
	for (i = 0; i < to->n; i++) {
		if (strcmp(to->list[i].name, m->name) == 0)
			return diag_set(d, wrong, "mirror %s twice", m->name);
		if (m->url != NULL && to->list[i].url != NULL &&
			strcmp(to->list[i].url, m->url) == 0)
			return diag_set(d, wrong,
				"mirrors %s and %s have the same url",
				to->list[i].name, m->name);
	}
	more = realloc(to->list, (to->n + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	to->list = more;
	to->list[to->n++] = *m;
	*m = (struct mirror){0};
	return ERR_OK;
}

/* Its host may be an address itself; else one must be given, or the name of
 * the resolver would be looked up in the very DNS that is not trusted. */
static enum err
resolver_check(const struct resolver *r, enum mirrors_kind kind, enum err wrong,
	struct diag *d)
{
	struct span url = span_str(r->url), host, address;
	uint8_t bytes[16];
	char shown[96];

	text_show(shown, sizeof(shown), url);
	if (!mirrors_resolver_ok(url))
		return diag_set(d, wrong,
			"\"%s\" is not a resolver like "
			"https://dns.example/dns-query",
			shown);
	host = mirrors_host(url);
	if (host.p[0] == '[')
		host = span_sub(host, 1, host.n - 2);
	address = r->address == NULL ? host : span_str(r->address);
	if (address_read(address, bytes) == 0)
		return diag_set(d, wrong,
			r->address == NULL ? "resolver %s has no address"
					   : "resolver %s: its address is none",
			shown);
	if (kind != MIRRORS_OWN && !address_public(address))
		return diag_set(d, wrong,
			"resolver %s has an address of a private network",
			shown);
	return ERR_OK;
}

enum err
mirrors_resolver_add(struct mirrors *to, struct resolver *r,
	enum mirrors_kind kind, enum err wrong, struct diag *d)
{
	struct resolver *more;
	enum err e = resolver_check(r, kind, wrong, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	if (to->n_resolvers >= LIMIT_RESOLVERS)
		return diag_set(d, wrong == ERR_REFUSED ? ERR_LIMIT : wrong,
			"over %d resolvers", LIMIT_RESOLVERS);
	for (i = 0; i < to->n_resolvers; i++)
		if (strcmp(to->resolvers[i].url, r->url) == 0)
			return diag_set(d, wrong, "resolver %s twice", r->url);
	more = realloc(to->resolvers, (to->n_resolvers + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	to->resolvers = more;
	more[to->n_resolvers++] = *r;
	*r = (struct resolver){0};
	return ERR_OK;
}
