/* Which network this machine is in, so that what was learnt in one is not
 * believed in another. What tells networks apart is the address of the way
 * out and the kind of interface; it is hashed before it is kept (reach.c). */
#ifndef ERIKA_NETWORK_H
#define ERIKA_NETWORK_H

#include "../core/bytes.h"
#include "../core/err.h"

/* Append what tells the network at hand from others: the hardware address of
 * the default gateway, or else its address; or else, where the system does
 * not say, the first 24 (IPv6: 64) bits of this machine's own; and the kind of
 * interface. Nothing is sent. "none" when there is no network. Never fails
 * but for ERR_NOMEM. */
enum err network_mark(struct buf *out) ERR_MUST_USE;

/* Most bytes of such a mark. */
#define NETWORK_MARK 256

/* The same from what Linux says in /proc/net/route, ipv6_route and arp.
 * Appends nothing when they name no default route. */
enum err network_linux(struct span route, struct span route6, struct span arp,
	struct buf *out) ERR_MUST_USE;

/* The kind of an interface by its name: "wlan" of "wlan0", "wl" of
 * "wlp2s0". Appends at most 15 letters, and "-" for none. */
enum err network_kind(struct span name, struct buf *out) ERR_MUST_USE;

#endif
