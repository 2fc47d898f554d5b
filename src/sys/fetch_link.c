#include "fetch_link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch_child.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE is set instead */
#endif

static _Noreturn void
child_main(const struct fetch_options *o, int fd, pid_t parent)
{
	fd = cell_enter(fd, parent);
	if (fd < 0)
		_exit(1);
	if (o->child != NULL)
		o->child(fd, o);
	else
		fetch_child(fd, o);
	_exit(0);
}

enum err
link_start(struct link *l, const struct fetch_options *o, struct diag *d)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return diag_set(
			d, ERR_FAILED, "no socket pair: %s", strerror(errno));
	pid = fcntl(pair[0], F_SETFD, FD_CLOEXEC) != 0 ||
			      fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0
		      ? -1
		      : fork();
	if (pid == 0)
		child_main(o, pair[1], parent);
	close(pair[1]);
	if (pid < 0) {
		diag_set(d, ERR_FAILED, "no network process: %s",
			strerror(errno));
		close(pair[0]);
		return ERR_FAILED;
	}
#ifdef SO_NOSIGPIPE
	(void)setsockopt(
		pair[0], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
	*l = (struct link){.pid = pid, .fd = pair[0]};
	buf_init(&l->in, 2 * FRAME_MAX);
	/* A stop and a wish at most for each of those that are open. */
	buf_init(&l->out, LIMIT_WISHES * FRAME_MAX);
	return ERR_OK;
}

void
link_stop(struct link *l, struct diag *d)
{
	int status = 0;

	if (l->pid == 0)
		return;
	close(l->fd);
	kill(l->pid, SIGKILL);
	while (waitpid(l->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	buf_free(&l->in);
	buf_free(&l->out);
	*l = (struct link){0};
	if (WIFEXITED(status) && WEXITSTATUS(status) == CELL_NO_SANDBOX)
		diag_set(d, ERR_FAILED,
			"the network process could not be shut in");
	else if (WIFEXITED(status))
		diag_set(d, ERR_FAILED, "the network process gave up");
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		diag_set(d, ERR_FAILED,
			"the network process crashed (signal %d)",
			WTERMSIG(status));
	else
		diag_set(d, ERR_FAILED, "the network process was stopped");
}

bool
link_write(struct link *l)
{
	while (l->sent < l->out.n) {
		ssize_t k = send(l->fd, l->out.p + l->sent, l->out.n - l->sent,
			MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return errno == EAGAIN;
		l->sent += (size_t)k;
	}
	buf_clear(&l->out);
	l->sent = 0;
	return true;
}

bool
link_read(struct link *l)
{
	struct buf *in = &l->in;
	ssize_t k;

	in->n -= l->taken;
	if (in->n > 0 && l->taken > 0)
		memmove(in->p, in->p + l->taken, in->n);
	l->taken = 0;
	if (buf_reserve(in, FRAME_MAX) != ERR_OK)
		return false;
	k = recv(l->fd, in->p + in->n, FRAME_MAX, 0);
	if (k < 0)
		return errno == EINTR || errno == EAGAIN;
	in->n += (size_t)k;
	return k > 0;
}

enum err
link_take(struct link *l, struct frame *f, bool *have)
{
	struct cursor at = {.in = buf_view(&l->in), .pos = l->taken};
	enum err e;

	*have = false;
	if (l->pid == 0)
		return ERR_OK;
	e = wire_next(&at, f, have);
	l->taken = at.pos;
	return e;
}
