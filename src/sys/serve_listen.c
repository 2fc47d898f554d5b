#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../core/text.h"
#include "serve_priv.h"

#define BACKLOG 1024

/* Descriptors beside those of connections: the standard three, the root, a
 * configuration being read, libraries' own. */
#define OTHER_DESCRIPTORS 32

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

static enum err
parse_unix(const char *path, union address *a, socklen_t *n, struct diag *d)
{
	size_t len = strlen(path);

	if (path[0] != '/')
		return diag_set(d, ERR_CONFIG,
			"listen: the path after unix: begins with /");
	if (len >= sizeof(a->un.sun_path))
		return diag_set(d, ERR_CONFIG,
			"listen: a socket's path has at most %zu bytes",
			sizeof(a->un.sun_path) - 1);
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, path, len + 1);
	*n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return ERR_OK;
}

static enum err
parse(const char *s, union address *a, socklen_t *n, struct diag *d)
{
	const char *colon = strrchr(s, ':');
	char host[64], show[80];
	size_t len;
	uint64_t port;
	bool done;

	memset(a, 0, sizeof(*a));
	if (strncmp(s, "unix:", 5) == 0)
		return parse_unix(s + 5, a, n, d);
	text_show(show, sizeof(show), span_str(s));
	len = colon == NULL ? 0 : (size_t)(colon - s);
	if (len < 2 || len >= sizeof(host) ||
		text_decimal(span_str(colon + 1), 65535, &port) != ERR_OK)
		return diag_set(d, ERR_CONFIG,
			"listen: \"%s\" is not like 127.0.0.1:8080, "
			"[::1]:8080 or unix:/path",
			show);
	memcpy(host, s, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)port);
		*n = sizeof(a->v6);
		done = inet_pton(AF_INET6, host + 1, &a->v6.sin6_addr) == 1;
	} else {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((uint16_t)port);
		*n = sizeof(a->v4);
		done = inet_pton(AF_INET, host, &a->v4.sin_addr) == 1;
	}
	if (!done)
		return diag_set(d, ERR_CONFIG,
			"listen: \"%s\" has no address of this machine in "
			"numbers, such as 127.0.0.1:8080",
			show);
	return ERR_OK;
}

enum err
serve_listen_check(const char *s, struct diag *d)
{
	union address a;
	socklen_t n;

	return parse(s, &a, &n, d);
}

static bool
is_local(const union address *a)
{
	static const uint8_t mapped[13] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};

	if (a->any.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	if (a->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr) ||
		       memcmp(&a->v6.sin6_addr, mapped, 13) == 0;
	return true;
}

bool
serve_listen_local(const char *s)
{
	union address a;
	socklen_t n;

	return parse(s, &a, &n, NULL) == ERR_OK && is_local(&a);
}

bool
serve_fd_local(int fd)
{
	union address a;
	socklen_t n = sizeof(a);

	memset(&a, 0, sizeof(a));
	return getsockname(fd, &a.any, &n) == 0 && is_local(&a);
}

unsigned
serve_allowed(unsigned wanted)
{
	struct rlimit r;
	rlim_t need = (rlim_t)wanted * 2 + OTHER_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return wanted;
	if (r.rlim_cur < need) {
		r.rlim_cur = r.rlim_max < need ? r.rlim_max : need;
		if (setrlimit(RLIMIT_NOFILE, &r) != 0 &&
			getrlimit(RLIMIT_NOFILE, &r) != 0)
			return wanted;
	}
	if (r.rlim_cur >= need)
		return wanted;
	if (r.rlim_cur <= OTHER_DESCRIPTORS + 2)
		return 1;
	return (unsigned)((r.rlim_cur - OTHER_DESCRIPTORS) / 2);
}

static enum err
trouble(const char *s, struct diag *d)
{
	int no = errno;
	char show[80];

	text_show(show, sizeof(show), span_str(s));
	return diag_set(d, ERR_NETWORK, "cannot listen on %s: %s%s", show,
		strerror(no),
		no == EADDRINUSE ? "; is another server running there?"
		: no == EACCES	 ? "; ports under 1024 need a privilege"
				 : "");
}

/* A socket left by a server that died: nobody answers on it. */
static bool
is_stale(const union address *a, socklen_t n)
{
	struct stat st;
	bool stale;
	int fd;

	if (a->any.sa_family != AF_UNIX || lstat(a->un.sun_path, &st) != 0 ||
		!S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, &a->any, n) != 0 && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

/* Port 0 has become a real one. */
static void
describe(struct serve_listener *l)
{
	size_t size = sizeof(l->origin);
	char host[INET6_ADDRSTRLEN] = "";
	union address a;
	socklen_t n = sizeof(a);

	memset(&a, 0, sizeof(a));
	(void)getsockname(l->fd, &a.any, &n);
	if (a.any.sa_family == AF_UNIX) {
		a.un.sun_path[sizeof(a.un.sun_path) - 1] = '\0';
		snprintf(l->origin, size, "unix:%s", a.un.sun_path);
	} else if (a.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof(host));
		snprintf(l->origin, size, "http://%s:%u", host,
			ntohs(a.v4.sin_port));
	} else {
		inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof(host));
		snprintf(l->origin, size, "http://[%s]:%u", host,
			ntohs(a.v6.sin6_port));
	}
}

enum err
serve_listen(const char *s, struct serve_listener *l, struct diag *d)
{
	union address a;
	socklen_t n;
	int one = 1, k;
	enum err e = parse(s, &a, &n, d);

	l->fd = -1;
	l->unix_path[0] = '\0';
	if (e != ERR_OK)
		return e;
	l->fd = socket(
		a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return trouble(s, d);
	if (a.any.sa_family != AF_UNIX)
		(void)setsockopt(
			l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	k = bind(l->fd, &a.any, n);
	if (k != 0 && errno == EADDRINUSE && is_stale(&a, n) &&
		unlink(a.un.sun_path) == 0)
		k = bind(l->fd, &a.any, n);
	/* A proxy is another user. Whoever is on this machine could as well
	 * connect to a port of it. */
	if (k == 0 && a.any.sa_family == AF_UNIX)
		(void)chmod(a.un.sun_path, 0666);
	if (k != 0 || listen(l->fd, BACKLOG) != 0) {
		e = trouble(s, d);
		close(l->fd);
		l->fd = -1;
		return e;
	}
	if (a.any.sa_family == AF_UNIX)
		snprintf(l->unix_path, sizeof(l->unix_path), "%s",
			a.un.sun_path);
	describe(l);
	return ERR_OK;
}

enum err
serve_adopt(int fd, struct serve_listener *l, struct diag *d)
{
	int flags = fcntl(fd, F_GETFL);

	l->fd = -1;
	l->unix_path[0] = '\0';
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
		fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return diag_set(d, ERR_CONFIG, "the socket from systemd: %s",
			strerror(errno));
	l->fd = fd;
	l->inherited = true;
	describe(l);
	return ERR_OK;
}

void
serve_close(struct serve_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->unix_path[0] != '\0')
		unlink(l->unix_path);
	free(l->name);
	l->fd = -1;
	l->name = NULL;
	l->unix_path[0] = '\0';
}

/* Bytes of an address that one client has to itself, mixed with a salt that
 * is never stored: two are compared, none can be told. */
uint64_t
serve_peer(const uint64_t salt[2], const struct sockaddr *sa)
{
	static const uint8_t mapped[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	const struct sockaddr_in6 *v6;
	const struct sockaddr_in *v4;
	uint64_t v = 0;

	if (sa->sa_family == AF_INET) {
		v4 = (const struct sockaddr_in *)(const void *)sa;
		memcpy(&v, &v4->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		v6 = (const struct sockaddr_in6 *)(const void *)sa;
		if (memcmp(&v6->sin6_addr, mapped, 12) == 0)
			memcpy(&v, v6->sin6_addr.s6_addr + 12, 4);
		else
			memcpy(&v, v6->sin6_addr.s6_addr, 8);
	} else {
		return 0;
	}
	/* Bijective, so two addresses never count as one (but that 0, which
	 * means none, becomes 1). */
	v = (v ^ salt[0]) * 0x9e3779b97f4a7c15u;
	v = (v ^ v >> 32 ^ salt[1]) * 0xd6e8feb86659fd93u;
	v ^= v >> 32;
	return v == 0 ? 1 : v;
}
