/* Which addresses a mirror from a downloaded list may have: never this
 * machine, its neighbours, or what is no host at all. */
#ifndef ERIKA_FETCH_ADDRESS_H
#define ERIKA_FETCH_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Whether the address is private, local, multicast or reserved (RFC 6890, and
 * 100.64.0.0/10 of RFC 6598), also inside an IPv6 address that carries an
 * IPv4 one. Unknown families are. */
bool address_private(const struct sockaddr *a);

/* The same of "192.0.2.1" or "2001:db8::1"; true for what is no address. */
bool address_private_text(const char *s);

/* Its text; "?" of an unknown family. */
#define ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN */
void address_text(const struct sockaddr *a, char out[static ADDRESS_TEXT]);

#endif
