/* Many clients at once, for bench-mirror: clients KIND N SECONDS PORT PATH
 *	idle	N connections that say nothing after one answered request
 *	drip	N that send a byte of a request each second
 * Prints "open N" when all are there, then every second "left N", the
 * connections that the server has not ended, until SECONDS have passed or
 * none is left. Addresses of loopback, 20,000 to each. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct clients {
	struct pollfd *p;
	size_t n, left;
	const char *request;
	size_t length, at;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
open_one(struct clients *c, size_t i, unsigned port)
{
	struct sockaddr_in from = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f010001u + (unsigned)(i / 20000))};
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	c->p[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	if (fd < 0)
		return;
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		return;
	}
	c->p[i].fd = fd;
	c->left++;
}

static void
drop(struct clients *c, size_t i)
{
	close(c->p[i].fd);
	c->p[i].fd = -1;
	c->left--;
}

/* Those that the server has ended; what it said else is thrown away. */
static void
reap(struct clients *c, int ms)
{
	char buf[4096];
	size_t i;

	if (poll(c->p, c->n, ms) <= 0)
		return;
	for (i = 0; i < c->n; i++) {
		ssize_t k;

		if (c->p[i].fd < 0 || c->p[i].revents == 0)
			continue;
		k = recv(c->p[i].fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (k == 0 || (k < 0 && errno != EAGAIN))
			drop(c, i);
	}
}

static void
drip(struct clients *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->p[i].fd >= 0 &&
			send(c->p[i].fd, c->request + c->at % c->length, 1,
				MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
			errno != EAGAIN)
			drop(c, i);
	c->at++;
}

int
main(int argc, char **argv)
{
	struct rlimit r;
	struct clients c = {.n = 0};
	char request[256];
	double start, next;
	bool drips;
	unsigned port;
	size_t i;

	if (argc != 6)
		return 2;
	drips = strcmp(argv[1], "drip") == 0;
	c.n = strtoul(argv[2], NULL, 10);
	port = (unsigned)strtoul(argv[4], NULL, 10);
	snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: h\r\nX-Filler: %0100d\r\n\r\n",
		argv[5], 0);
	c.request = request;
	c.length = drips ? strlen(request) - 2 : strlen(request);
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
	c.p = calloc(c.n, sizeof(*c.p));
	if (c.p == NULL)
		return 1;
	for (i = 0; i < c.n; i++) {
		open_one(&c, i, port);
		if (!drips && c.p[i].fd >= 0 &&
			send(c.p[i].fd, request, c.length, MSG_NOSIGNAL) < 0)
			drop(&c, i);
	}
	printf("open %zu\n", c.left);
	fflush(stdout);
	start = next = now();
	while (c.left > 0 && now() - start < strtod(argv[3], NULL)) {
		if (drips)
			drip(&c);
		next += 1;
		while (now() < next && c.left > 0)
			reap(&c, (int)((next - now()) * 1000) + 1);
		printf("left %zu\n", c.left);
		fflush(stdout);
	}
	return 0;
}
