#include "upload.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "confine_role.h"
#include "fetch_http.h"
#include "upload_child.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE is set instead */
#endif

struct upload {
	pid_t pid;
	int fd;
	uint32_t last; /* id */
	unsigned under_way;
	struct buf in; /* what the child has told, from `at` on */
	size_t at;
};

/* What the child may read: authorities, the system's and others. It comes back
 * not at all. */
_Noreturn static void
child_run(int fd, pid_t parent, const char *const *ca_files)
{
	struct http_rules rules = {.ca_file = NULL};
	size_t n = 0, more = 0;
	const char **read;

	while (cell_authorities[n] != NULL)
		n++;
	while (ca_files[more] != NULL)
		more++;
	fd = cell_enter(fd, parent);
	read = calloc(n + more + 2, sizeof(*read));
	if (fd < 0 || read == NULL)
		_exit(1);
	http_rules_default(&rules);
	memcpy(read, cell_authorities, n * sizeof(*read));
	memcpy(read + n, ca_files, more * sizeof(*read));
	read[n + more] = rules.ca_file;
	/* As far as this system can. */
	(void)confine_enter(
		CONFINE_NAMES, &(struct confine_reach){.read = read});
	upload_child(fd);
}

enum err
upload_new(const char *const *ca_files, struct upload **out, struct diag *d)
{
	struct upload *u = calloc(1, sizeof(*u));
	pid_t parent = getpid();
	int fd[2];

	*out = NULL;
	if (u == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0) {
		free(u);
		return diag_set(
			d, ERR_FAILED, "socketpair: %s", strerror(errno));
	}
#ifdef SO_NOSIGPIPE
	(void)setsockopt(
		fd[0], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
	u->pid = fork();
	if (u->pid == 0) {
		close(fd[0]);
		child_run(fd[1], parent, ca_files);
	}
	close(fd[1]);
	u->fd = fd[0];
	buf_init(&u->in, 4 * UPLOAD_FRAME);
	if (u->pid < 0) {
		close(fd[0]);
		free(u);
		return diag_set(d, ERR_FAILED, "fork: %s", strerror(errno));
	}
	*out = u;
	return ERR_OK;
}

void
upload_free(struct upload *u)
{
	if (u == NULL)
		return;
	close(u->fd);
	if (u->pid > 0) {
		kill(u->pid, SIGKILL);
		while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	buf_free(&u->in);
	free(u);
}

static enum err
child_died(struct diag *d)
{
	return diag_set(d, ERR_FAILED, "the process that sends has died");
}

/* ---- asking */

/* The frame, and with its first byte the file. */
static bool
frame_send(int to, struct span s, int file)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec v = {(void *)(uintptr_t)s.p, s.n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (file >= 0) {
		memset(&control, 0, sizeof(control));
		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &file, sizeof(int));
	}
	while (s.n > 0) {
		ssize_t k = sendmsg(to, &m, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		s = span_sub(s, (size_t)k, s.n);
		v.iov_base = (void *)(uintptr_t)s.p;
		v.iov_len = s.n;
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
	return true;
}

enum err
upload_start(struct upload *u, const struct upload_want *w, uint32_t *id,
	struct diag *d)
{
	const char *part[] = {w->url, w->ca, w->proxy};
	struct buf b, parts;
	enum err e = ERR_OK;
	size_t i;

	if (u->under_way >= LIMIT_UPLOADS)
		return diag_set(d, ERR_LIMIT, "too much at once");
	u->last = u->last == UINT32_MAX ? 1 : u->last + 1;
	*id = u->last;
	buf_init(&b, UPLOAD_FRAME);
	buf_init(&parts, UPLOAD_FRAME - 32);
	for (i = 0; e == ERR_OK && i < 3; i++) {
		e = part[i] == NULL ? ERR_OK : buf_str(&parts, part[i]);
		if (e == ERR_OK)
			e = buf_u8(&parts, 0);
	}
	if (e == ERR_OK)
		e = buf_u32(&b, (uint32_t)parts.n + 13);
	if (e == ERR_OK)
		e = buf_u32(&b, *id);
	if (e == ERR_OK)
		e = buf_u8(&b, w->fd < 0);
	if (e == ERR_OK)
		e = buf_u64(&b, w->length);
	if (e == ERR_OK)
		e = buf_span(&b, buf_view(&parts));
	if (e != ERR_OK) /* not ERR_LIMIT, which passes */
		e = diag_set(d, ERR_NOMEM, "out of memory");
	else if (!frame_send(u->fd, buf_view(&b), w->fd))
		e = child_died(d);
	else
		u->under_way++;
	buf_free(&b);
	buf_free(&parts);
	return e;
}

/* ---- hearing */

/* One whole frame of those that are here; a child that does not keep to the
 * form has been taken over. false: not enough yet, or *bad. */
static bool
frame_take(struct upload *u, struct upload_event *e, bool *bad)
{
	struct cursor c = {.in = span_sub(buf_view(&u->in), u->at, u->in.n)};
	uint32_t n, status, why_n;
	struct span rest, why, flags;
	size_t i;

	*bad = false;
	if (cursor_u32(&c, &n) != ERR_OK)
		return false;
	*bad = n > UPLOAD_FRAME;
	if (*bad || cursor_take(&c, n, &rest) != ERR_OK)
		return false;
	u->at += 4 + (size_t)n;
	c = (struct cursor){.in = rest};
	*bad = true;
	if (cursor_u32(&c, &e->id) != ERR_OK ||
		cursor_take(&c, 2, &flags) != ERR_OK ||
		cursor_u32(&c, &status) != ERR_OK ||
		cursor_u64(&c, &e->sent) != ERR_OK ||
		cursor_u32(&c, &why_n) != ERR_OK || why_n >= sizeof(e->why) ||
		cursor_take(&c, why_n, &why) != ERR_OK ||
		flags.p[1] >= ERR_COUNT || status > 999)
		return false;
	*bad = false;
	e->end = flags.p[0] != 0;
	e->err = (enum err)flags.p[1];
	e->status = status;
	for (i = 0; i < why.n; i++) /* printed, so plain */
		e->why[i] =
			why.p[i] < ' ' || why.p[i] > '~' ? '?' : (char)why.p[i];
	e->why[why.n] = '\0';
	e->body = span_sub(c.in, c.pos, c.in.n);
	return true;
}

/* Room at the end for more. */
static enum err
room_make(struct upload *u, struct diag *d)
{
	memmove(u->in.p, u->in.p + u->at, u->in.n - u->at);
	u->in.n -= u->at;
	u->at = 0;
	return buf_reserve(&u->in, UPLOAD_FRAME) == ERR_OK
		       ? ERR_OK
		       : diag_set(d, ERR_NOMEM, "out of memory");
}

enum err
upload_next(struct upload *u, double seconds, struct upload_event *e,
	bool *have, struct diag *d)
{
	int64_t end = clock_steady() + (int64_t)(seconds * 1e6);
	bool bad;

	*e = (struct upload_event){.id = 0};
	*have = false;
	for (;;) {
		struct pollfd p = {.fd = u->fd, .events = POLLIN};
		int64_t left = end - clock_steady();
		ssize_t k;

		*have = u->in.n > 0 && frame_take(u, e, &bad);
		if (*have) {
			u->under_way -= e->end && u->under_way > 0;
			return ERR_OK;
		}
		if (u->in.n > 0 && bad)
			return child_died(d);
		if (u->under_way == 0 || left <= 0)
			return ERR_OK;
		if (u->in.n > 0 && room_make(u, d) != ERR_OK)
			return ERR_NOMEM;
		if (buf_reserve(&u->in, UPLOAD_FRAME) != ERR_OK)
			return diag_set(d, ERR_NOMEM, "out of memory");
		if (poll(&p, 1, (int)(left / 1000) + 1) <= 0)
			continue;
		k = read(u->fd, u->in.p + u->in.n, UPLOAD_FRAME);
		if (k > 0)
			u->in.n += (size_t)k;
		else if (k == 0 || errno != EINTR)
			return child_died(d);
	}
}
