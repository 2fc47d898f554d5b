#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../core/text.h"
#include "confine_private.h"
#include "file.h"

/* Where the child's only descriptor is; a file's comes after it. */
#define CHANNEL 3
#define CHILD_FILES 5

/* A request: its length and that of the file with it (none: all ones). An
 * answer: code, offset, length of the reason, length of the answer. */
#define REQUEST_HEAD 16
#define ANSWER_HEAD 24
#define NO_FILE UINT64_MAX

/* How much CPU time one child may have in its life, in requests at their
 * limit: it may be asked thousands of times. Then it starts anew. */
#define LIFE 100

/* Beyond this an answer's buffer is given back. */
#define KEEP_MEMORY (4u << 20)

struct confine {
	confine_fn *fn;
	confine_file_fn *file_fn;
	void (*prepare)(void);
	struct confine_limits limits;
	pid_t pid; /* 0: no child */
	int fd;
	unsigned served; /* requests this child has answered */
};

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
confine_prepare(struct confine *c, void (*prepare)(void))
{
	c->prepare = prepare;
}

void
confine_set_file_job(struct confine *c, confine_file_fn *fn)
{
	c->file_fn = fn;
}

static void
put_u64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 7; i >= 0; i--) {
		p[i] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t
get_u64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* ---- the child */

static bool
child_read(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t k = read(CHANNEL, at, n);

		if (k <= 0) {
			if (k < 0 && errno == EINTR)
				continue;
			return false;
		}
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static bool
child_write(const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t k = write(CHANNEL, at, n);

		if (k < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		at += k;
		n -= (size_t)k;
	}
	return true;
}

/* The head of a request, and the descriptor that comes with it or -1. */
static bool
child_receive(uint8_t head[static REQUEST_HEAD], int *fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = head, .iov_len = REQUEST_HEAD};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *cm;
	ssize_t n;

	*fd = -1;
	do
		n = recvmsg(CHANNEL, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	cm = CMSG_FIRSTHDR(&m);
	if (cm != NULL && cm->cmsg_level == SOL_SOCKET &&
		cm->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cm), sizeof(*fd));
	return child_read(head + n, REQUEST_HEAD - (size_t)n);
}

static bool
child_answer(enum err e, const struct diag *d, struct span answer)
{
	uint8_t head[ANSWER_HEAD] = {0};
	size_t why = strnlen(d->why, sizeof(d->why));

	if (e != ERR_OK)
		answer.n = 0;
	head[0] = (uint8_t)e;
	head[1] = (uint8_t)(why >> 8);
	head[2] = (uint8_t)why;
	put_u64(head + 8, d->offset);
	put_u64(head + 16, answer.n);
	return child_write(head, sizeof(head)) && child_write(d->why, why) &&
	       child_write(answer.p, answer.n);
}

/* Run the job on a request, with the file that came along. */
static enum err
child_job(struct confine *c, struct span request, int fd, uint64_t length,
	struct buf *answer, struct diag *d)
{
	struct span file = span_of(NULL, 0);
	void *map = NULL;
	enum err e;

	if (length == NO_FILE)
		return c->fn(request, answer, d);
	if (c->file_fn == NULL || fd < 0)
		return diag_set(d, ERR_FAILED, "no job for files");
	if (length > 0) {
		map = mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			return diag_set(d, ERR_NOMEM, "out of memory");
		file = span_of(map, (size_t)length);
	}
	e = c->file_fn(request, file, answer, d);
	if (map != NULL)
		munmap(map, (size_t)length);
	return e;
}

static bool
child_serve(struct confine *c, struct buf *request, struct buf *answer)
{
	uint8_t head[REQUEST_HEAD];
	struct diag d = {0};
	uint64_t length;
	size_t n;
	int fd;
	enum err e;
	bool fine;

	if (!child_receive(head, &fd))
		return false;
	n = (size_t)get_u64(head);
	length = get_u64(head + 8);
	buf_clear(request);
	buf_clear(answer);
	e = buf_reserve(request, n);
	/* Nobody can be told without having read the request. */
	if (e != ERR_OK || !child_read(request->p, n))
		return false;
	request->n = n;
	request->p[n] = '\0';
	e = child_job(c, buf_view(request), fd, length, answer, &d);
	if (e != ERR_OK && d.code != e)
		(void)diag_set(&d, e, "%s", err_str(e));
	if (fd >= 0)
		close(fd);
	fine = child_answer(e, &d, buf_view(answer));
	if (request->cap > KEEP_MEMORY)
		buf_free(request);
	if (answer->cap > KEEP_MEMORY)
		buf_free(answer);
	return fine;
}

static void
limit(int what, rlim_t n)
{
	struct rlimit r = {.rlim_cur = n, .rlim_max = n};

	if (setrlimit(what, &r) != 0)
		_exit(2);
}

/* Only the channel stays open; 0 to 2 lead nowhere, so that nothing a library
 * prints can get into it. */
static bool
child_close(int fd)
{
	long most = sysconf(_SC_OPEN_MAX);
	int null, i;

	if (fd != CHANNEL && dup2(fd, CHANNEL) < 0)
		return false;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return false;
	for (i = 0; i < CHANNEL; i++)
		if (null != i && dup2(null, i) < 0)
			return false;
#ifdef __linux__
	if (close_range(CHANNEL + 1, ~0u, 0) == 0)
		return true;
#endif
	for (i = CHANNEL + 1; i < (most < 0 ? 65536 : (int)most); i++)
		close(i);
	return true;
}

static _Noreturn void
child(struct confine *c, int fd)
{
	struct buf request, answer;
	size_t used;

	/* The parent's handlers are not for here; Ctrl-C is for the parent. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	if (!child_close(fd) || !confine_lower())
		_exit(2);
	if (c->prepare != NULL)
		c->prepare();
	used = confine_memory();
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, CHILD_FILES);
#ifdef RLIMIT_NPROC
	limit(RLIMIT_NPROC, 0);
#endif
	limit(RLIMIT_CPU, (rlim_t)c->limits.seconds * LIFE);
#ifdef RLIMIT_AS
	/* Under a sanitizer a sixteenth of all addresses is in use. */
	if (used > 0)
		limit(RLIMIT_AS, (rlim_t)(used + c->limits.memory));
#endif
	if (!confine_filter())
		_exit(2);
	buf_init(&request, SIZE_MAX / 2);
	buf_init(&answer, c->limits.answer);
	while (child_serve(c, &request, &answer))
		;
	_exit(0);
}

/* ---- the parent */

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
	pid = fork();
	if (pid == 0)
		child(c, pair[1]);
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
	uint8_t head[REQUEST_HEAD];
	struct iovec iov[2] = {{.iov_base = head, .iov_len = sizeof(head)},
		{.iov_base = (void *)(uintptr_t)request.p,
			.iov_len = request.n}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	struct cmsghdr *cm;
	size_t sent = 0, total = sizeof(head) + request.n, skip;
	enum err e = ERR_OK;
	ssize_t n;

	put_u64(head, request.n);
	put_u64(head + 8, file < 0 ? NO_FILE : length);
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
	uint8_t head[ANSWER_HEAD];
	size_t n_why, at = answer->n;
	uint64_t n;
	enum err e = receive(c, head, sizeof(head), deadline);

	if (e != ERR_OK)
		return e;
	n_why = (size_t)head[1] << 8 | head[2];
	n = get_u64(head + 16);
	if (head[0] >= ERR_COUNT || n_why >= sizeof(said) ||
		n > c->limits.answer || (head[0] != ERR_OK && n > 0))
		return ERR_NETWORK;
	e = receive(c, said, n_why, deadline);
	if (e != ERR_OK)
		return e;
	*job = (enum err)head[0];
	if (*job != ERR_OK)
		(void)diag_at(d, *job, (size_t)get_u64(head + 8), "%s",
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
no_memory(const struct confine *c, struct diag *d)
{
	return diag_set(d, ERR_REFUSED, "it needs more than %zu MiB of memory",
		c->limits.memory >> 20);
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
