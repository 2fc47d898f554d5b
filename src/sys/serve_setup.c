#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "file.h"
#include "serve_priv.h"

/* A refused client has this long to read why, ms. */
#define LINGER_MS 2000

static enum err
failed(const char *what, struct diag *d)
{
	return diag_set(d, ERR_FAILED, "%s: %s", what, strerror(errno));
}

static enum err
watch(struct serve *s, int fd, uint32_t tag, struct diag *d)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = tag};

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		return failed("epoll_ctl", d);
	return ERR_OK;
}

static void
set_waits(struct serve *s)
{
	const struct serve_config *c = &s->config;

	s->list[CONN_HEAD].wait = (int64_t)c->head_seconds * 1000;
	s->list[CONN_IDLE].wait = (int64_t)c->idle_seconds * 1000;
	s->list[CONN_WRITE].wait = (int64_t)c->write_seconds * 1000;
	s->list[CONN_BODY].wait = (int64_t)c->write_seconds * 1000;
	s->list[CONN_LINGER].wait = LINGER_MS;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Listen on `name` (NULL: nowhere) in `l`, unless `was` does already. */
static enum err
open_listener(struct serve *s, const char *name, uint32_t tag,
	const struct serve_listener *was, struct serve_listener *l,
	struct diag *d)
{
	int inherited = -1;
	enum err e;

	*l = (struct serve_listener){.fd = -1};
	if (name == NULL || was->inherited || same(name, was->name))
		return ERR_OK;
	if (tag == TAG_LISTENER)
		inherited = serve_take_inherited();
	l->name = strdup(name);
	if (l->name == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = inherited >= 0 ? serve_adopt(inherited, l, d)
			   : serve_listen(name, l, d);
	if (e == ERR_OK)
		e = watch(s, l->fd, tag, d);
	if (e != ERR_OK)
		serve_close(l);
	return e;
}

/* Move what open_listener made to where it is used. */
static void
take_listener(struct serve_listener *l, struct serve_listener *fresh,
	const char *name)
{
	if (l->inherited || same(name, l->name))
		return;
	serve_close(l);
	*l = *fresh;
}

static enum err
open_root(const char *path, struct serve_root *r, struct diag *d)
{
	r->fd = -1;
	r->beneath = false;
	if (path == NULL)
		return ERR_OK;
	r->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->fd < 0)
		return file_errno(path, d);
	r->beneath = serve_file_beneath(r->fd);
	return ERR_OK;
}

static void
close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Numbers, and what is asked; the strings are not ours to keep. */
static void
take_config(struct serve *s, const struct serve_config *c)
{
	const struct serve_put *put = s->config.put;

	s->config = *c;
	s->config.put = put; /* serve_set_put */
	s->config.listen = s->config.root = s->config.prefix = NULL;
	s->config.cover = s->config.metrics = NULL;
	s->config.connections = serve_allowed(c->connections);
	set_waits(s);
}

/* Take over a configuration in one step: everything that can fail first. */
static enum err
configure(struct serve *s, const struct serve_config *c, struct diag *d)
{
	struct serve_root root = {.fd = -1}, cover = {.fd = -1};
	struct serve_listener listener = {.fd = -1}, metrics = {.fd = -1};
	enum err e;

	if (strlen(c->prefix) >= sizeof(s->prefix))
		return diag_set(d, ERR_CONFIG, "prefix: over %d bytes",
			LIMIT_HTTP_PREFIX);
	e = open_root(c->root, &root, d);
	if (e == ERR_OK)
		e = open_root(c->cover, &cover, d);
	if (e == ERR_OK)
		e = open_listener(
			s, c->listen, TAG_LISTENER, &s->listener, &listener, d);
	if (e == ERR_OK)
		e = open_listener(
			s, c->metrics, TAG_METRICS, &s->metrics, &metrics, d);
	if (e != ERR_OK) {
		serve_close(&listener);
		close_if(root.fd);
		close_if(cover.fd);
		return e;
	}
	take_listener(&s->listener, &listener, c->listen);
	take_listener(&s->metrics, &metrics, c->metrics);
	s->deaf = false;
	close_if(s->root.fd);
	close_if(s->cover.fd);
	s->root = root;
	s->cover = cover;
	snprintf(s->prefix, sizeof(s->prefix), "%s", c->prefix);
	snprintf(s->url, sizeof(s->url), "%s%s", s->listener.origin,
		strncmp(s->listener.origin, "unix:", 5) == 0 ? "" : s->prefix);
	take_config(s, c);
	return ERR_OK;
}

static void
stop_signals(sigset_t *mask)
{
	sigemptyset(mask);
	sigaddset(mask, SIGTERM);
	sigaddset(mask, SIGINT);
	sigaddset(mask, SIGHUP);
}

static enum err
set_up(struct serve *s, struct diag *d)
{
	sigset_t mask;
	size_t i;

	for (i = 0; i < CONN_STATES; i++)
		s->list[i].first = s->list[i].last = CONN_NONE;
	for (i = 0; i < PEER_BUCKETS; i++)
		s->peers[i] = CONN_NONE;
	s->free = CONN_NONE;
	s->epoll = s->signals = s->root.fd = s->cover.fd = -1;
	s->listener.fd = s->metrics.fd = -1;
	s->second = -1;
	buf_init(&s->head, LIMIT_SERVE_ANSWER);
	s->conn = calloc(LIMIT_SERVE_CONNECTIONS, sizeof(*s->conn));
	if (s->conn == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (getrandom(s->salt, sizeof(s->salt), 0) != sizeof(s->salt))
		return failed("getrandom", d);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return failed("epoll_create1", d);
	stop_signals(&mask);
	s->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signals < 0)
		return failed("signalfd", d);
	/* sendfile has no MSG_NOSIGNAL. */
	sigaddset(&mask, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &mask, &s->old_mask) != 0)
		return failed("sigprocmask", d);
	s->masked = true;
	return watch(s, s->signals, TAG_SIGNALS, d);
}

enum err
serve_new(const struct serve_config *c, struct serve **out, struct diag *d)
{
	struct serve *s = calloc(1, sizeof(*s));
	enum err e;

	*out = NULL;
	if (s == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = set_up(s, d);
	s->config.put = c->put;
	if (e == ERR_OK)
		e = configure(s, c, d);
	if (e != ERR_OK) {
		serve_free(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

/* What came meanwhile must not end the process now: a client that broke off
 * leaves a SIGPIPE. */
static void
unmask(struct serve *s)
{
	static const struct timespec none;
	sigset_t mask;

	stop_signals(&mask);
	sigaddset(&mask, SIGPIPE);
	while (sigtimedwait(&mask, NULL, &none) > 0)
		continue;
	(void)sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

void
serve_free(struct serve *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; s->conn != NULL && i < s->untouched; i++)
		if (s->conn[i].state != CONN_FREE)
			conn_drop(s, &s->conn[i]);
	free(s->conn);
	serve_close(&s->listener);
	serve_close(&s->metrics);
	close_if(s->root.fd);
	close_if(s->cover.fd);
	close_if(s->signals);
	close_if(s->epoll);
	if (s->masked)
		unmask(s);
	buf_free(&s->head);
	free(s);
}

const char *
serve_url(const struct serve *s)
{
	return s->url;
}

struct serve_counts
serve_count(const struct serve *s)
{
	return s->counts;
}

enum err
serve_reload(struct serve *s, const struct serve_config *c, struct diag *d)
{
	return configure(s, c, d);
}

void
serve_set_put(struct serve *s, const struct serve_put *put)
{
	size_t i;

	for (i = 0; i < s->untouched; i++)
		if (s->conn[i].state != CONN_FREE && s->conn[i].pushing)
			conn_drop(s, &s->conn[i]);
	s->config.put = put;
}
