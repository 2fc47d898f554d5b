#include "fetch_socket.h"

#ifdef __linux__
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

uint64_t
socket_received(int fd)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof(info);

	/* Older kernels fill in less of it. */
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0 ||
		n < offsetof(struct tcp_info, tcpi_bytes_received) +
				sizeof(info.tcpi_bytes_received))
		return 0;
	return info.tcpi_bytes_received;
}
#else
uint64_t
socket_received(int fd)
{
	(void)fd;
	return 0;
}
#endif
