#include "fetch_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool
private_v4(const uint8_t b[static 4])
{
	static const struct {
		uint8_t net[4];
		unsigned bits;
	} table[] = {
		{{0, 0, 0, 0}, 8},	/* "this network" */
		{{10, 0, 0, 0}, 8},	/* private */
		{{100, 64, 0, 0}, 10},	/* behind a provider's NAT */
		{{127, 0, 0, 0}, 8},	/* this machine */
		{{169, 254, 0, 0}, 16}, /* link-local; cloud metadata */
		{{172, 16, 0, 0}, 12},	/* private */
		{{192, 0, 0, 0}, 24},	/* protocol assignments */
		{{192, 168, 0, 0}, 16}, /* private */
		{{224, 0, 0, 0}, 4},	/* multicast */
		{{240, 0, 0, 0}, 4},	/* reserved, and broadcast */
	};
	uint32_t a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		     (uint32_t)b[2] << 8 | b[3];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const uint8_t *n = table[i].net;
		uint32_t net = (uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 |
			       (uint32_t)n[2] << 8 | n[3];

		if ((a ^ net) >> (32 - table[i].bits) == 0)
			return true;
	}
	return false;
}

static bool
private_v6(const uint8_t b[static 16])
{
	static const uint8_t zero[12];
	static const uint8_t mapped[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8_t nat64[12] = {
		0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

	/* ::, ::1 and the old IPv4-compatible form all begin with zeros. */
	if (memcmp(b, zero, sizeof(zero)) == 0)
		return true;
	if (memcmp(b, mapped, sizeof(mapped)) == 0 ||
		memcmp(b, nat64, sizeof(nat64)) == 0)
		return private_v4(b + 12);
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return private_v4(b + 2);
	if (b[0] == 0x00 && b[1] == 0x64) /* 64:ff9b:1::/48, local NAT64 */
		return true;
	if ((b[0] & 0xfe) == 0xfc) /* fc00::/7, unique local */
		return true;
	if (b[0] == 0xfe && (b[1] & 0x80) != 0) /* link- and site-local */
		return true;
	return b[0] == 0xff; /* multicast */
}

bool
address_private(const struct sockaddr *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	/* Copied out: the caller's storage need not be aligned for these. */
	if (a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof(v4));
		return private_v4((const uint8_t *)&v4.sin_addr);
	}
	if (a->sa_family == AF_INET6) {
		memcpy(&v6, a, sizeof(v6));
		return private_v6((const uint8_t *)&v6.sin6_addr);
	}
	return true;
}

bool
address_private_text(const char *s)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, s, b) == 1)
		return private_v4(b);
	if (inet_pton(AF_INET6, s, b) == 1)
		return private_v6(b);
	return true;
}

void
address_text(const struct sockaddr *a, char out[static ADDRESS_TEXT])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	const char *done = NULL;

	if (a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof(v4));
		done = inet_ntop(AF_INET, &v4.sin_addr, out, ADDRESS_TEXT);
	} else if (a->sa_family == AF_INET6) {
		memcpy(&v6, a, sizeof(v6));
		done = inet_ntop(AF_INET6, &v6.sin6_addr, out, ADDRESS_TEXT);
	}
	if (done == NULL)
		memcpy(out, "?", 2);
}
