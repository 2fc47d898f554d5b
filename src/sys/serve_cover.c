/* What everybody sees who does not know the path: an ordinary site. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/text.h"
#include "serve_priv.h"

#define INDEX "index.html"

/* An hour: pages change. */
#define CACHE_PAGE "max-age=3600"

static const char *
type_of(const char *name)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".txt", "text/plain; charset=utf-8"},
		{".xml", "application/xml"},
		{".json", "application/json"},
		{".jpg", "image/jpeg"},
		{".jpeg", "image/jpeg"},
		{".png", "image/png"},
		{".gif", "image/gif"},
		{".webp", "image/webp"},
		{".svg", "image/svg+xml"},
		{".ico", "image/vnd.microsoft.icon"},
		{".woff2", "font/woff2"},
		{".pdf", "application/pdf"},
	};
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i].end) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* The cover's file for the path of s->request, or -1. A folder's name without
 * its slash is told by *folder. */
static int
open_page(const struct serve *s, char name[LIMIT_HTTP_TARGET + 16], off_t *size,
	bool *folder)
{
	const struct http_request *r = &s->request;
	size_t n = r->path_n;
	struct stat st;
	int fd;

	*folder = false;
	errno = ENOENT;
	if (s->cover.fd < 0)
		return -1;
	if (n == 0 || (n > 1 && r->path[n - 1] == '/')) {
		if (n > 0 && !text_path_ok(span_of(r->path, n - 1)))
			return -1;
		snprintf(name, LIMIT_HTTP_TARGET + 16, "%s" INDEX, r->path);
		return serve_file_open(
			s->cover.fd, s->cover.beneath, name, size);
	}
	if (!text_path_ok(span_of(r->path, n)))
		return -1;
	snprintf(name, LIMIT_HTTP_TARGET + 16, "%s", r->path);
	fd = serve_file_open(s->cover.fd, s->cover.beneath, name, size);
	if (fd < 0 && errno == ENOENT) {
		*folder = fstatat(s->cover.fd, name, &st,
				  AT_SYMLINK_NOFOLLOW) == 0 &&
			  S_ISDIR(st.st_mode);
		errno = ENOENT;
	}
	return fd;
}

static void
send_page(struct serve *s, struct conn *c, struct http_response *a,
	const char *name)
{
	a->type = type_of(name);
	a->close = c->close;
	s->counts.requests++;
	if (a->status == 404)
		s->counts.missing++;
	else
		s->counts.found++;
	answer_make(s, c, a, span_of(NULL, 0));
	if (s->request.method != HTTP_HEAD && s->head.n > 0) {
		c->at = (off_t)a->first;
		c->end = (off_t)(a->first + a->length);
		s->owed += a->length;
	}
	if (c->at == c->end) {
		close(c->file);
		c->file = -1;
	}
}

/* Whatever is not there, below the prefix or not, is missing in one way. */
static void
send_missing(struct serve *s, struct conn *c)
{
	struct http_response a = {.status = 404, .cache = "no-cache"};
	off_t size;

	if (s->cover.fd >= 0)
		c->file = serve_file_open(
			s->cover.fd, s->cover.beneath, "404.html", &size);
	if (c->file < 0) {
		answer_say(s, c, &a, "");
		return;
	}
	a.length = (uint64_t)size;
	send_page(s, c, &a, "404.html");
}

void
cover_answer(struct serve *s, struct conn *c)
{
	char name[LIMIT_HTTP_TARGET + 16], to[LIMIT_HTTP_TARGET + 32];
	struct http_response a = {.ranges = true, .cache = CACHE_PAGE};
	bool folder;
	off_t size;

	c->file = open_page(s, name, &size, &folder);
	if (c->file >= 0) {
		a.size = (uint64_t)size;
		a.status =
			http_range_of(&s->request, a.size, &a.first, &a.length);
		if (a.status != 416) {
			send_page(s, c, &a, name);
			return;
		}
		close(c->file);
		c->file = -1;
		answer_say(s, c, &a, "");
	} else if (folder) {
		snprintf(to, sizeof(to), "/%s/", name);
		a = (struct http_response){.status = 301, .location = to};
		answer_say(s, c, &a, "");
	} else if (errno != ENOENT) {
		a = (struct http_response){.status = 503};
		answer_say(s, c, &a, "");
	} else {
		send_missing(s, c);
	}
}
