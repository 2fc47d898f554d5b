/* systemd's two small protocols, by hand: sd_listen_fds(3), sd_notify(3). */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../core/text.h"
#include "serve_priv.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */

/* How many sockets were handed to this very process. */
static uint64_t
handed(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	uint64_t v;

	if (pid == NULL || n == NULL ||
		text_decimal(span_str(pid), INT32_MAX, &v) != ERR_OK ||
		v != (uint64_t)getpid() ||
		text_decimal(span_str(n), 1024, &v) != ERR_OK)
		return 0;
	return v;
}

enum err
serve_inherited(bool *inherited, bool *local, struct diag *d)
{
	int type = 0, listening = 0;
	socklen_t n = sizeof(type), k = sizeof(listening);
	uint64_t fds = handed();

	*inherited = fds > 0;
	*local = false;
	if (fds == 0)
		return ERR_OK;
	if (fds != 1)
		return diag_set(d, ERR_CONFIG,
			"systemd hands over %llu sockets: one ListenStream= "
			"is wanted",
			(unsigned long long)fds);
	if (getsockopt(FIRST, SOL_SOCKET, SO_TYPE, &type, &n) != 0 ||
		getsockopt(FIRST, SOL_SOCKET, SO_ACCEPTCONN, &listening, &k) !=
			0 ||
		type != SOCK_STREAM || !listening)
		return diag_set(d, ERR_CONFIG,
			"systemd hands over no listening socket: "
			"ListenStream= and Accept=no are wanted");
	*local = serve_fd_local(FIRST);
	return ERR_OK;
}

int
serve_take_inherited(void)
{
	if (handed() != 1)
		return -1;
	/* Once, and not to any child. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return FIRST;
}

void
serve_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = path == NULL ? 0 : strlen(path);
	int fd;

	if (n < 2 || n >= sizeof(a.sun_path) ||
		(path[0] != '/' && path[0] != '@'))
		return;
	memcpy(a.sun_path, path, n);
	if (path[0] == '@') /* an abstract one */
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody is told of a failure: there is nothing to be done then. */
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		(const struct sockaddr *)(const void *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}
