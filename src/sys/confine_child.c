#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "confine_private.h"

/* Descriptors: 0 to 2, the channel, and a file's. */
#define CHILD_FILES 5

/* How much CPU time one child may have in its life, in requests at their
 * limit: it may be asked thousands of times. Then it starts anew. */
#define LIFE 100

/* How much memory is in use before the first request, where nothing says it:
 * systems other than Linux, or no /proc. */
#define USED_AT_MOST (256u << 20)

/* Beyond this an answer's buffer is given back. */
#define KEEP_MEMORY (4u << 20)

static bool
child_read(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t k = read(CONFINE_CHANNEL, at, n);

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
		ssize_t k = write(CONFINE_CHANNEL, at, n);

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
child_receive(uint8_t head[static CONFINE_REQUEST], int *fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = head, .iov_len = CONFINE_REQUEST};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *cm;
	ssize_t n;

	*fd = -1;
	do
		n = recvmsg(CONFINE_CHANNEL, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	cm = CMSG_FIRSTHDR(&m);
	if (cm != NULL && cm->cmsg_level == SOL_SOCKET &&
		cm->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cm), sizeof(*fd));
	return child_read(head + n, CONFINE_REQUEST - (size_t)n);
}

static bool
child_answer(enum err e, const struct diag *d, struct span answer)
{
	uint8_t head[CONFINE_ANSWER] = {0};
	size_t why = strnlen(d->why, sizeof(d->why));

	if (e != ERR_OK)
		answer.n = 0;
	head[0] = (uint8_t)e;
	head[1] = (uint8_t)(why >> 8);
	head[2] = (uint8_t)why;
	confine_put(head + 8, d->offset);
	confine_put(head + 16, answer.n);
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

	if (length == CONFINE_NO_FILE)
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
	uint8_t head[CONFINE_REQUEST];
	struct diag d = {0};
	uint64_t length;
	size_t n;
	int fd;
	enum err e;
	bool fine;

	if (!child_receive(head, &fd))
		return false;
	n = (size_t)confine_get(head);
	length = confine_get(head + 8);
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

/* No more than n, nor than there was: only root may raise a limit. */
static struct rlimit
lowered(struct rlimit r, rlim_t n)
{
	if (r.rlim_max > n)
		r.rlim_max = n;
	r.rlim_cur = r.rlim_max;
	return r;
}

/* RLIMIT_* are of an enum in glibc, of int elsewhere: no function takes
 * both. */
#define limit(what, n)                                                         \
	do {                                                                   \
		struct rlimit r_;                                              \
                                                                               \
		if (getrlimit((what), &r_) != 0)                               \
			_exit(2);                                              \
		r_ = lowered(r_, (n));                                         \
		if (setrlimit((what), &r_) != 0)                               \
			_exit(2);                                              \
	} while (0)

/* Only the channel stays open; 0 to 2 lead nowhere, so that nothing a library
 * prints can get into it. */
static bool
child_close(int fd)
{
	long most = sysconf(_SC_OPEN_MAX);
	int null, i;

	if (fd != CONFINE_CHANNEL && dup2(fd, CONFINE_CHANNEL) < 0)
		return false;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return false;
	for (i = 0; i < CONFINE_CHANNEL; i++)
		if (null != i && dup2(null, i) < 0)
			return false;
	if (confine_close_from(CONFINE_CHANNEL + 1))
		return true;
	for (i = CONFINE_CHANNEL + 1; i < (most < 0 ? 65536 : (int)most); i++)
		close(i);
	return true;
}

_Noreturn void
confine_child(struct confine *c, int fd)
{
	struct buf request, answer;
	size_t used;

	/* The parent's handlers are not for here; Ctrl-C is for the parent. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	if (c->forget != NULL)
		c->forget(c->forget_arg);
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
	/* Under a sanitizer a sixteenth of all addresses is in use. */
#ifdef RLIMIT_AS
	if (used > 0)
		limit(RLIMIT_AS, (rlim_t)used + c->limits.memory);
#endif
	/* Linux and OpenBSD count here all that malloc has. */
	if (used == 0)
		limit(RLIMIT_DATA, (rlim_t)USED_AT_MOST + c->limits.memory);
	if (!confine_filter())
		_exit(2);
	buf_init(&request, SIZE_MAX / 2);
	buf_init(&answer, c->limits.answer);
	while (child_serve(c, &request, &answer))
		;
	_exit(0);
}
