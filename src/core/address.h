/* Internet addresses as text and bytes, without asking anybody. */
#ifndef ERIKA_ADDRESS_H
#define ERIKA_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

/* Read "192.0.2.1" or "2001:db8::1" (RFC 4291 section 2.2, without a dotted
 * tail and without a zone); lower case, no leading zeros. Returns its bytes:
 * 4, 16, or 0 for what is no address. */
size_t address_read(struct span s, uint8_t out[static 16]);

/* Whether such bytes are private, local, multicast or reserved (RFC 6890, and
 * 100.64.0.0/10 of RFC 6598), also inside an IPv6 address that carries an
 * IPv4 one. n is 4 or 16; any other is. */
bool address_reserved(const uint8_t *b, size_t n);

/* Whether text is an address that a stranger may send readers to. */
bool address_public(struct span s);

#endif
