/* Where copies are: the signed mirror list (target "x/mirrors.json",
 * erika-repository(5), MIRROR LIST) and the file the newsroom makes it from. */
#ifndef ERIKA_MIRRORS_H
#define ERIKA_MIRRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "country.h"
#include "err.h"

#define MIRRORS_TYPE "erika-mirrors-1"

struct mirror {
	char *name;    /* text_name_ok, at most LIMIT_ID bytes */
	char *url;     /* mirrors_url_ok; NULL: it is only published to */
	bool unlisted; /* never in the signed list: told of by link, QR or
			  file only */
	char *to;      /* where publishing copies to, or NULL; never in the
		       signed list */
	/* How publishing reaches a `to` that is a URL; never in the signed
	 * list either. */
	char *proxy; /* mirrors_proxy; NULL: none, but for an onion service */
	char *ca;    /* a file of certificate authorities; NULL: the system's */
	struct country_code *countries; /* where it is meant for, in the order
					   given; none: everywhere */
	size_t n_countries;
	/* Other ways to it (route.h); NULL and 0 where there is none. */
	char **addresses; /* "203.0.113.7", "2001:db8::7" */
	size_t n_addresses;
	char *pin;    /* "sha256//BASE64" of its public key, RFC 7469 */
	char *sni;    /* a server name that its TLS also answers to, or any
			 other, since the pin decides */
	char *front;  /* host of a front that passes its Host on */
	bool storage; /* an object store, whose host many others share */
};

/* A resolver that may be asked over HTTPS (RFC 8484). */
struct resolver {
	char *url;     /* "https://HOST/dns-query" */
	char *address; /* of HOST, so that it need not be looked up */
};

/* A list in its own order, no name and no URL twice. Zeroed is empty. */
struct mirrors {
	struct mirror *list;
	size_t n;
	struct resolver *resolvers;
	size_t n_resolvers;
	struct countries countries; /* what the newsroom says about them */
	bool has_root;		    /* a file of the user's may say whose */
	uint8_t root[32];	    /* mirrors these are: trust_fingerprint */
};

/* Free what the struct owns and zero it; not the struct itself. */
void mirrors_clear(struct mirrors *m);

/* Read a signed list: canonical JSON and nothing else. An absent member says
 * nothing; an unknown one is refused. ERR_SYNTAX, ERR_UNSUPPORTED for another
 * _type, ERR_REFUSED for a name, URL, address, key or country that is not
 * allowed or stands twice, ERR_LIMIT, ERR_NOMEM; *out is empty then. */
enum err mirrors_parse(
	struct span s, struct mirrors *out, struct diag *d) ERR_MUST_USE;

/* Append the signed list's bytes: all but unlisted mirrors. What
 * mirrors_parse would not read fails here likewise. */
enum err mirrors_write(
	const struct mirrors *m, struct buf *out, struct diag *d) ERR_MUST_USE;

/* Read the newsroom's file: [mirror "NAME"] with url, to, proxy, ca, listed,
 * countries, kind, addresses, pin, sni, front; [resolver "URL"] with address.
 * `file` is used in errors. ERR_CONFIG, ERR_NOMEM; *out is empty then. */
enum err mirrors_config(struct span s, const char *file, struct mirrors *out,
	struct diag *d) ERR_MUST_USE;

/* Read a file of mirrors that the user was given: the same without `to`,
 * `proxy` and `ca`, each with a url, which may be a folder; addresses may be
 * private ones. [outlet] with root, 64 hex digits, says whose mirrors they
 * are. */
enum err mirrors_own(struct span s, const char *file, struct mirrors *out,
	struct diag *d) ERR_MUST_USE;

/* Append one mirror as mirrors_config reads it, header included. */
enum err mirror_write(const struct mirror *m, struct buf *out) ERR_MUST_USE;

/* Whether text is a pin: "sha256//" and the base64 of 32 bytes (RFC 7469
 * section 2.4, in libcurl's spelling). */
bool mirrors_pin_ok(struct span s);

/* Whether text may be a server's name in TLS or a front: a host name in lower
 * case with a dot in it, no address. */
bool mirrors_name_ok(struct span s);

/* Whether text may be a resolver: "https://HOST/PATH", lower-case host. */
bool mirrors_resolver_ok(struct span s);

/* Where Tor listens unless it is told otherwise. */
#define MIRRORS_TOR "socks5h://127.0.0.1:9050"

/* Read the setting of a proxy, "socks5h://HOST:PORT", "tor" or "none", into
 * *out, the caller's to free: NULL for none. ERR_CONFIG for what would have
 * names looked up here, and all else; ERR_NOMEM. */
enum err mirrors_proxy(
	const char *value, char **out, struct diag *d) ERR_MUST_USE;

/* Whether a URL may be a mirror's base: http or https, lower-case host, no
 * user, query or fragment, no empty or dotted segment, ends in '/', at most
 * LIMIT_URL bytes. */
bool mirrors_url_ok(struct span s);

/* The same, or a folder: "file:///mnt/usb/" or an absolute path. What the
 * user may name. */
bool mirrors_base_ok(struct span s);

/* The host of a URL that passed mirrors_url_ok, without port; empty for a
 * folder. Borrowed. */
struct span mirrors_host(struct span url);

/* Whether such a host is this domain or a name below it. */
bool mirrors_host_below(struct span host, const char *domain);

/* Whether such a host is this machine or a neighbour, which strangers must not
 * send readers to: a private address, what ends in a number as an address in
 * some old form does, or a name of the kind that only the near network knows:
 * "printer", "x.local", "localhost". */
bool mirrors_host_near(struct span host);

#endif
