#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../core/text.h"
#include "confine_private.h"
#include "file.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE is set instead */
#endif

enum err
confine_new(confine_fn *fn, const struct confine_limits *limits,
	struct confine **out)
{
	struct confine *c = calloc(1, sizeof(*c));

	*out = c;
	if (c == NULL)
		return ERR_NOMEM;
	c->fn = fn;
	c->limits = *limits;
	c->fd = -1;
	return ERR_OK;
}

void
confine_put(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 7; i >= 0; i--) {
		p[i] = (uint8_t)v;
		v >>= 8;
	}
}

uint64_t
confine_get(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void
confine_prepare(struct confine *c, void (*prepare)(void))
{
	c->prepare = prepare;
}

void
confine_forget(struct confine *c, void (*forget)(void *arg), void *arg)
{
	c->forget = forget;
	c->forget_arg = arg;
}

void
confine_set_file_job(struct confine *c, confine_file_fn *fn)
{
	c->file_fn = fn;
}

static void
stop(struct confine *c)
{
	if (c->pid == 0)
		return;
	close(c->fd);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	c->fd = -1;
}

void
confine_free(struct confine *c)
{
	if (c == NULL)
		return;
	stop(c);
	free(c);
}

static enum err
start(struct confine *c, struct diag *d)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return diag_set(
			d, ERR_FAILED, "no socket pair: %s", strerror(errno));
	(void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
#ifdef SO_NOSIGPIPE
	(void)setsockopt(
		pair[0], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
	pid = fork();
	if (pid == 0)
		confine_child(c, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return diag_set(
			d, ERR_FAILED, "no new process: %s", strerror(errno));
	}
	c->pid = pid;
	c->fd = pair[0];
	c->served = 0;
	return ERR_OK;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- one exchange: ERR_TIMEOUT, or ERR_NETWORK when the child is gone */

static enum err
wait_for(struct confine *c, short events, int64_t deadline)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int64_t left;
	int k;

	do {
		left = deadline - now_ms();
		if (left <= 0)
			return ERR_TIMEOUT;
		k = poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
	} while (k < 0 && errno == EINTR);
	return k < 0 ? ERR_NETWORK : ERR_OK;
}

static bool
again(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Send the head with its descriptor, then the rest. */
static enum err
send_request(struct confine *c, struct span request, int file, uint64_t length,
	int64_t deadline)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	uint8_t head[CONFINE_REQUEST];
	struct iovec iov[2] = {{.iov_base = head, .iov_len = sizeof(head)},
		{.iov_base = (void *)(uintptr_t)request.p,
			.iov_len = request.n}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	struct cmsghdr *cm;
	size_t sent = 0, total = sizeof(head) + request.n, skip;
	enum err e = ERR_OK;
	ssize_t n;

	confine_put(head, request.n);
	confine_put(head + 8, file < 0 ? CONFINE_NO_FILE : length);
	if (file >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &file, sizeof(file));
	}
	while (e == ERR_OK && sent < total) {
		n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
		if (n < 0) {
			e = again() ? wait_for(c, POLLOUT, deadline)
				    : ERR_NETWORK;
			continue;
		}
		m.msg_control = NULL;
		m.msg_controllen = 0;
		sent += (size_t)n;
		skip = sent < sizeof(head) ? sent : sizeof(head);
		iov[0].iov_base = head + skip;
		iov[0].iov_len = sizeof(head) - skip;
		skip = sent - skip;
		iov[1].iov_base = (void *)(uintptr_t)(request.p + skip);
		iov[1].iov_len = request.n - skip;
	}
	return e;
}

static enum err
receive(struct confine *c, void *p, size_t n, int64_t deadline)
{
	uint8_t *at = p;
	enum err e = ERR_OK;

	while (e == ERR_OK && n > 0) {
		ssize_t k = recv(c->fd, at, n, 0);

		if (k > 0) {
			at += k;
			n -= (size_t)k;
		} else if (k == 0 || !again()) {
			e = ERR_NETWORK;
		} else {
			e = wait_for(c, POLLIN, deadline);
		}
	}
	return e;
}

/* Read an answer; what the child says is not believed. *job is the job's own
 * result. */
static enum err
receive_answer(struct confine *c, struct buf *answer, enum err *job,
	struct diag *d, int64_t deadline)
{
	char said[sizeof(d->why)] = "", why[sizeof(d->why)];
	uint8_t head[CONFINE_ANSWER];
	size_t n_why, at = answer->n;
	uint64_t n;
	enum err e = receive(c, head, sizeof(head), deadline);

	if (e != ERR_OK)
		return e;
	n_why = (size_t)head[1] << 8 | head[2];
	n = confine_get(head + 16);
	if (head[0] >= ERR_COUNT || n_why >= sizeof(said) ||
		n > c->limits.answer || (head[0] != ERR_OK && n > 0))
		return ERR_NETWORK;
	e = receive(c, said, n_why, deadline);
	if (e != ERR_OK)
		return e;
	*job = (enum err)head[0];
	if (*job != ERR_OK)
		(void)diag_at(d, *job, (size_t)confine_get(head + 8), "%s",
			text_show(why, sizeof(why), span_of(said, n_why)));
	if (buf_reserve(answer, (size_t)n) != ERR_OK) {
		*job = diag_set(d, ERR_LIMIT, "an answer of %llu bytes",
			(unsigned long long)n);
		/* The rest of it is in the way of the next answer. */
		stop(c);
		return ERR_OK;
	}
	e = receive(c, answer->p + at, (size_t)n, deadline);
	answer->n = e == ERR_OK ? at + (size_t)n : at;
	answer->p[answer->n] = '\0';
	return e;
}

static enum err
no_memory(const struct confine *c, struct diag *d)
{
	return diag_set(d, ERR_REFUSED, "it needs more than %zu MiB of memory",
		c->limits.memory >> 20);
}

/* How the child that no longer answers came to its end. */
static enum err
verdict(struct confine *c, enum err e, struct diag *d)
{
	int status = 0, sig;
	pid_t pid;

	if (e == ERR_TIMEOUT) {
		stop(c);
		return diag_set(d, ERR_REFUSED, "it took more than %u seconds",
			c->limits.seconds);
	}
	close(c->fd);
	kill(c->pid, SIGKILL);
	do
		pid = waitpid(c->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	c->pid = 0;
	c->fd = -1;
	if (pid > 0 && WIFEXITED(status) &&
		WEXITSTATUS(status) == CONFINE_NO_MEMORY)
		return no_memory(c, d);
	sig = pid > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	switch (sig) {
	case SIGSYS:
		return diag_set(d, ERR_REFUSED,
			"the process that read it tried what it may not do");
	case SIGXCPU:
		return diag_set(d, ERR_REFUSED, "it took too much time");
	case 0:
	case SIGKILL:
		if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 2)
			return diag_set(d, ERR_FAILED,
				"the limits of a helper process cannot be set");
		return diag_set(d, ERR_REFUSED,
			"the process that read it ended without an answer");
	default:
		return diag_set(d, ERR_REFUSED,
			"the process that read it crashed (signal %d)", sig);
	}
}

static enum err
call(struct confine *c, struct span request, int file, uint64_t length,
	struct buf *answer, struct diag *d)
{
	enum err e, job = ERR_OK;
	int64_t deadline;
	bool fresh;

	for (;;) {
		if (c->pid == 0 && (e = start(c, d)) != ERR_OK)
			return e;
		fresh = c->served == 0;
		deadline = now_ms() + (int64_t)c->limits.seconds * 1000;
		e = send_request(c, request, file, length, deadline);
		/* A child that died of it may have said why. */
		if (e == ERR_OK)
			e = receive_answer(c, answer, &job, d, deadline);
		if (e == ERR_OK) {
			c->served++;
			return job == ERR_NOMEM ? no_memory(c, d) : job;
		}
		if (e == ERR_TIMEOUT || fresh)
			return verdict(c, e, d);
		stop(c);
	}
}

enum err
confine_call(struct confine *c, struct span request, struct buf *answer,
	struct diag *d)
{
	return call(c, request, -1, 0, answer, d);
}

enum err
confine_call_file(struct confine *c, struct span request, const char *path,
	size_t max, uint64_t *length, struct buf *answer, struct diag *d)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char shown[160];
	struct stat st;
	enum err e;

	if (fd < 0)
		return file_errno(path, d);
	text_show(shown, sizeof(shown), span_str(path));
	if (fstat(fd, &st) != 0)
		e = file_errno(path, d);
	else if (!S_ISREG(st.st_mode))
		e = diag_set(d, ERR_IO, "%s: not a regular file", shown);
	else if ((uint64_t)st.st_size > max)
		e = diag_set(
			d, ERR_LIMIT, "%s: larger than %zu bytes", shown, max);
	else
		e = call(c, request, fd, (uint64_t)st.st_size, answer, d);
	if (e == ERR_OK && length != NULL)
		*length = (uint64_t)st.st_size;
	close(fd);
	return e;
}
