#include <errno.h>
#include <fcntl.h>
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
	s->list[CONN_LINGER].wait = LINGER_MS;
}

/* Take over a configuration in one step: everything that can fail first. */
static enum err
configure(struct serve *s, const struct serve_config *c, struct diag *d)
{
	char origin[sizeof(s->origin)], unix_path[sizeof(s->unix_path)];
	bool anew = s->listen == NULL || strcmp(s->listen, c->listen) != 0;
	int root, fd = -1;
	char *name = NULL;
	enum err e = ERR_OK;

	if (strlen(c->prefix) >= sizeof(s->prefix))
		return diag_set(d, ERR_CONFIG, "prefix: over %d bytes",
			LIMIT_HTTP_PREFIX);
	root = open(c->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return file_errno(c->root, d);
	if (anew) {
		name = strdup(c->listen);
		e = name == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
				 : serve_listen(c->listen, &fd, origin,
					   sizeof(origin), unix_path,
					   sizeof(unix_path), d);
		if (e == ERR_OK)
			e = watch(s, fd, TAG_LISTENER, d);
	}
	if (e != ERR_OK) {
		close(root);
		if (fd >= 0)
			close(fd);
		free(name);
		return e;
	}
	if (anew) {
		if (s->listener >= 0)
			close(s->listener);
		if (s->unix_path[0] != '\0')
			unlink(s->unix_path);
		s->listener = fd;
		s->deaf = false;
		memcpy(s->origin, origin, sizeof(origin));
		memcpy(s->unix_path, unix_path, sizeof(unix_path));
		free(s->listen);
		s->listen = name;
	}
	if (s->root >= 0)
		close(s->root);
	s->root = root;
	s->beneath = serve_file_beneath(root);
	snprintf(s->prefix, sizeof(s->prefix), "%s", c->prefix);
	snprintf(s->url, sizeof(s->url), "%s%s", s->origin,
		s->unix_path[0] == '\0' ? s->prefix : "");
	s->config = *c;
	s->config.listen = s->config.root = s->config.prefix = NULL;
	s->config.connections = serve_allowed(c->connections);
	set_waits(s);
	return ERR_OK;
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
	s->epoll = s->signals = s->listener = s->root = -1;
	s->second = -1;
	buf_init(&s->head, 4096);
	s->conn = calloc(LIMIT_SERVE_CONNECTIONS, sizeof(*s->conn));
	if (s->conn == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (getrandom(s->salt, sizeof(s->salt), 0) != sizeof(s->salt))
		return failed("getrandom", d);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return failed("epoll_create1", d);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
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
	if (e == ERR_OK)
		e = configure(s, c, d);
	if (e != ERR_OK) {
		serve_free(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

static void
close_if(int fd)
{
	if (fd >= 0)
		close(fd);
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
	close_if(s->listener);
	close_if(s->root);
	close_if(s->signals);
	close_if(s->epoll);
	if (s->unix_path[0] != '\0')
		unlink(s->unix_path);
	if (s->masked)
		(void)sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	free(s->listen);
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
