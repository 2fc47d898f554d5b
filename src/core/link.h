/* A newsroom's address as one line that fits on a poster or in a QR code:
 *
 *   erika:HEX64?at=URL&at=URL&pin=PIN&name=NAME
 *
 * HEX64 is trust_fingerprint of its 1.root.json; the URLs are mirrors to get
 * that file from, percent-encoded (RFC 3986). Behind a URL may stand other
 * ways to it: address= (several times), pin=, sni=, front=, kind=storage, each
 * as in a mirror list. The name is a courtesy: what counts is what the root
 * says. */
#ifndef ERIKA_LINK_H
#define ERIKA_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "mirrors.h"

#define LINK_SCHEME "erika:"
#define LINK_MAX 8192 /* four mirrors of the longest URL */
#define LINK_URLS 16

struct link {
	uint8_t fingerprint[32];
	char *urls[LINK_URLS]; /* each passes mirrors_url_ok */
	/* Other ways to each: addresses, pin, sni, front, storage; nothing
	 * else of a mirror is set. */
	struct mirror ways[LINK_URLS];
	size_t n_urls;
	char *name; /* or NULL */
};

/* Parse. ERR_SYNTAX with the place named, ERR_REFUSED for a URL or way
 * that no mirror may have, ERR_LIMIT, ERR_NOMEM; *out is zeroed then. */
enum err link_parse(
	struct span s, struct link *out, struct diag *d) ERR_MUST_USE;
void link_clear(struct link *l);

/* Append the link; what link_parse would not read is not checked here. */
enum err link_add(const struct link *l, struct buf *out) ERR_MUST_USE;

#endif
