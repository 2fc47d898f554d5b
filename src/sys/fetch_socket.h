/* What the kernel knows of a connection. Private to fetch*.c. */
#ifndef ERIKA_FETCH_SOCKET_H
#define ERIKA_FETCH_SOCKET_H

#include <stdint.h>

/* Bytes received by a TCP socket so far, all of TLS included; 0 where the
 * system does not say. */
uint64_t socket_received(int fd);

#endif
