#include "fetch_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../core/address.h"

bool
address_private(const struct sockaddr *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	/* Copied out: the caller's storage need not be aligned for these. */
	if (a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof(v4));
		return address_reserved((const uint8_t *)&v4.sin_addr, 4);
	}
	if (a->sa_family == AF_INET6) {
		memcpy(&v6, a, sizeof(v6));
		return address_reserved((const uint8_t *)&v6.sin6_addr, 16);
	}
	return true;
}

bool
address_private_text(const char *s)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, s, b) == 1)
		return address_reserved(b, 4);
	if (inet_pton(AF_INET6, s, b) == 1)
		return address_reserved(b, 16);
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
