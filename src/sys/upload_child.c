/* The process that sends: libcurl's multi interface, one loop. */
#include "upload_child.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../core/mirrors.h"
#include "clock.h"
#include "fetch_plan.h"
#include "random.h"

/* A mirror that takes less than so much in so many seconds has stalled. */
#define STALL_BYTES 64L
#define STALL_SECONDS 30L
#define CONNECT_MS 15000L

/* Bytes that the kernel may have and not have sent. */
#define HELD_BACK 65536

/* Through Tor a new circuit to an onion service takes long, and so does each
 * answer: "100 Continue" is worth waiting for. */
#define CONNECT_PROXY_MS 90000L
#define CONTINUE_PROXY_MS 10000L

/* How often to tell of bytes that were sent, microseconds. */
#define TELL_EACH 250000

struct job {
	uint32_t id;
	CURL *easy;
	struct curl_slist *head;
	int file; /* or -1: a GET */
	uint64_t length, sent;
	uint64_t told_sent;
	int64_t told;
	struct buf body;
	bool over; /* a GET brought too much */
	char error[CURL_ERROR_SIZE];
};

struct child {
	int fd;
	uint8_t secret[32]; /* of plan_circuit */
	CURLM *multi;
	struct job *jobs[LIMIT_UPLOADS];
	uint8_t frame[UPLOAD_FRAME];
};

/* ---- telling */

static void
tell(const struct child *c, const struct job *j, bool end, enum err e,
	unsigned status, const char *why, struct span body)
{
	size_t n = strcspn(why, "\r\n");
	struct buf b;
	struct span s;

	if (n > 199)
		n = 199;
	buf_init(&b, UPLOAD_FRAME + 8);
	if (buf_u32(&b, (uint32_t)(22 + n + body.n)) != ERR_OK ||
		buf_u32(&b, j->id) != ERR_OK || buf_u8(&b, end) != ERR_OK ||
		buf_u8(&b, (uint8_t)e) != ERR_OK ||
		buf_u32(&b, status) != ERR_OK ||
		buf_u64(&b, j->sent) != ERR_OK ||
		buf_u32(&b, (uint32_t)n) != ERR_OK ||
		buf_add(&b, why, n) != ERR_OK || buf_span(&b, body) != ERR_OK)
		_exit(1);
	for (s = buf_view(&b); s.n > 0;) {
		ssize_t k = write(c->fd, s.p, s.n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			_exit(0);
		s = span_sub(s, (size_t)k, s.n);
	}
	buf_free(&b);
}

/* ---- libcurl's callbacks */

static size_t
on_read(char *p, size_t size, size_t count, void *arg)
{
	struct job *j = arg;
	size_t n = size * count;
	long status = 0;
	ssize_t k;

	/* What stands in front of a mirror may ask for all before the mirror
	 * says that it has it. Little is cheaper than a new connection. */
	if (j->length - j->sent > LIMIT_TIMESTAMP &&
		curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status) ==
			CURLE_OK &&
		status >= 200 && status < 300)
		return CURL_READFUNC_ABORT;
	if (n > j->length - j->sent)
		n = (size_t)(j->length - j->sent);
	do
		k = pread(j->file, p, n, (off_t)j->sent);
	while (k < 0 && errno == EINTR);
	if (k < 0 || (k == 0 && n > 0))
		return CURL_READFUNC_ABORT;
	j->sent += (uint64_t)k;
	return (size_t)k;
}

/* A connection that was closed meanwhile: from the start, on another. */
static int
on_seek(void *arg, curl_off_t offset, int origin)
{
	struct job *j = arg;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > j->length)
		return CURL_SEEKFUNC_FAIL;
	j->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t
on_body(char *p, size_t size, size_t count, void *arg)
{
	struct job *j = arg;
	size_t n = size * count;
	size_t most = j->file < 0 ? (size_t)j->length : 160;

	if (n > most - j->body.n) {
		j->over = j->file < 0;
		if (j->over)
			return 0;
		return buf_add(&j->body, p, most - j->body.n) == ERR_OK ? n : 0;
	}
	return buf_add(&j->body, p, n) == ERR_OK ? n : 0;
}

/* What the kernel holds back of a body looks sent, and then nothing more is for
 * as long as a slow line needs for it: a mirror that seems to have stalled. */
static int
on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)purpose;
#ifdef TCP_NOTSENT_LOWAT
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){HELD_BACK},
		sizeof(int));
#else
	(void)fd;
#endif
	return CURL_SOCKOPT_OK;
}

/* ---- a job */

static bool
set_common(CURL *e)
{
	unsigned bad = 0;

	bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(
		e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(
		e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	bad |= curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 65536L);
	bad |= curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_socket);
	return bad == 0;
}

/* The environment's proxy would be a stranger here. */
static unsigned
set_proxy(const struct child *c, CURL *e, const char *url, const char *proxy)
{
	struct span host = mirrors_host(span_str(url));
	char user[33], password[33];
	unsigned bad = 0;

	bad |= curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	if (proxy[0] == '\0' && mirrors_host_below(host, "onion"))
		proxy = MIRRORS_TOR;
	bad |= curl_easy_setopt(e, CURLOPT_PROXY, proxy);
	if (proxy[0] == '\0')
		return bad;
	plan_circuit(c->secret, host, user, password);
	bad |= curl_easy_setopt(e, CURLOPT_PROXYUSERNAME, user);
	bad |= curl_easy_setopt(e, CURLOPT_PROXYPASSWORD, password);
	bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_PROXY_MS);
	bad |= curl_easy_setopt(
		e, CURLOPT_EXPECT_100_TIMEOUT_MS, CONTINUE_PROXY_MS);
	return bad;
}

static bool
set_job(const struct child *c, struct job *j, const char *url, const char *ca,
	const char *proxy)
{
	CURL *e = j->easy;
	unsigned bad = set_proxy(c, e, url, proxy);

	bad |= curl_easy_setopt(e, CURLOPT_URL, url);
	if (ca[0] != '\0') {
		bad |= curl_easy_setopt(e, CURLOPT_CAINFO, ca);
		bad |= curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	}
	bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, j->error);
	bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, j);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, j);
	if (j->file < 0)
		return bad == 0;
	/* The mirror says "I have it" before a byte of it is sent. */
	j->head = curl_slist_append(
		NULL, j->length > 1024 ? "Expect: 100-continue" : "Expect:");
	bad |= j->head == NULL;
	bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, j->head);
	bad |= curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	bad |= curl_easy_setopt(
		e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)j->length);
	bad |= curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	bad |= curl_easy_setopt(e, CURLOPT_READDATA, j);
	bad |= curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
	bad |= curl_easy_setopt(e, CURLOPT_SEEKDATA, j);
	return bad == 0;
}

static void
job_free(struct child *c, struct job *j)
{
	if (j == NULL)
		return;
	if (j->easy != NULL) {
		(void)curl_multi_remove_handle(c->multi, j->easy);
		curl_easy_cleanup(j->easy);
	}
	curl_slist_free_all(j->head);
	if (j->file >= 0)
		close(j->file);
	buf_free(&j->body);
	free(j);
}

static void
job_start(struct child *c, struct job *j, const char *url, const char *ca,
	const char *proxy)
{
	size_t i;

	for (i = 0; i < LIMIT_UPLOADS && c->jobs[i] != NULL; i++)
		;
	j->easy = curl_easy_init();
	if (i == LIMIT_UPLOADS || j->easy == NULL || !set_common(j->easy) ||
		!set_job(c, j, url, ca, proxy) ||
		curl_multi_add_handle(c->multi, j->easy) != CURLM_OK) {
		tell(c, j, true, ERR_NOMEM, 0, "libcurl cannot do this",
			span_of(NULL, 0));
		job_free(c, j);
		return;
	}
	c->jobs[i] = j;
}

static enum err
code_err(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return ERR_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return ERR_NOMEM;
	default:
		return ERR_NETWORK;
	}
}

static const char *
why_not(const struct job *j, CURLcode code, char *why, size_t n)
{
	const char *error =
		j->error[0] != '\0' ? j->error : curl_easy_strerror(code);

	if (code != CURLE_PEER_FAILED_VERIFICATION)
		return error;
	/* Nobody whom we trust says so; or they say it of another name. */
	snprintf(why, n, "its certificate is refused: %s%s", error,
		strstr(error, "match") == NULL
			? "; \"ca\" in mirrors.ini names other authorities"
			: "");
	return why;
}

static void
job_end(struct child *c, struct job *j, CURLcode code)
{
	enum err e = code_err(code);
	char why[CURL_ERROR_SIZE + 100];
	long status = 0;
	size_t i;

	(void)curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	if (j->over)
		e = ERR_TRAILING;
	/* It answered, and one of us hung up on what was still to send. */
	if (e != ERR_OK && !j->over && j->file >= 0 && status >= 200)
		e = ERR_OK;
	if (e != ERR_OK)
		tell(c, j, true, e, 0, why_not(j, code, why, sizeof(why)),
			span_of(NULL, 0));
	else
		tell(c, j, true, e, (unsigned)status,
			j->file < 0 ? "" : buf_cstr(&j->body),
			j->file < 0 ? buf_view(&j->body) : span_of(NULL, 0));
	for (i = 0; i < LIMIT_UPLOADS; i++)
		if (c->jobs[i] == j)
			c->jobs[i] = NULL;
	job_free(c, j);
}

/* ---- hearing */

/* n bytes, or the parent is gone. With `file`, a descriptor that comes with
 * the first of them. */
static void
hear(const struct child *c, uint8_t *p, size_t n, int *file)
{
	while (n > 0) {
		union {
			struct cmsghdr head;
			char room[CMSG_SPACE(sizeof(int))];
		} control;
		struct iovec v = {p, n};
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
		struct cmsghdr *h;
		ssize_t k;

		if (file != NULL) {
			m.msg_control = control.room;
			m.msg_controllen = sizeof(control.room);
		}
		k = recvmsg(c->fd, &m, 0);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			_exit(0);
		h = file == NULL ? NULL : CMSG_FIRSTHDR(&m);
		if (h != NULL && h->cmsg_type == SCM_RIGHTS)
			memcpy(file, CMSG_DATA(h), sizeof(int));
		p += k;
		n -= (size_t)k;
	}
}

static void
ask_read(struct child *c)
{
	struct job *j = calloc(1, sizeof(*j));
	struct span get, parts;
	struct cursor at;
	const char *part[3];
	uint32_t n;
	size_t i;
	uint8_t size[4];

	if (j == NULL)
		_exit(1);
	j->file = -1;
	buf_init(&j->body, LIMIT_TIMESTAMP);
	hear(c, size, sizeof(size), &j->file);
	at = (struct cursor){.in = span_of(size, 4)};
	if (cursor_u32(&at, &n) != ERR_OK || n < 13 || n > sizeof(c->frame))
		_exit(1);
	hear(c, c->frame, n, NULL);
	at = (struct cursor){.in = span_of(c->frame, n)};
	if (cursor_u32(&at, &j->id) != ERR_OK ||
		cursor_take(&at, 1, &get) != ERR_OK ||
		cursor_u64(&at, &j->length) != ERR_OK)
		_exit(1);
	parts = span_sub(at.in, at.pos, at.in.n);
	for (i = 0; i < 3; i++) {
		const uint8_t *end = memchr(parts.p, '\0', parts.n);

		if (end == NULL)
			_exit(1);
		part[i] = (const char *)parts.p;
		parts = span_sub(parts, (size_t)(end - parts.p) + 1, parts.n);
	}
	if (parts.n != 0 || (get.p[0] != 0) != (j->file < 0) ||
		(j->file < 0 && j->length > LIMIT_TIMESTAMP))
		_exit(1);
	job_start(c, j, part[0], part[1], part[2]);
}

static void
progress_tell(struct child *c)
{
	int64_t now = clock_steady();
	size_t i;

	for (i = 0; i < LIMIT_UPLOADS; i++) {
		struct job *j = c->jobs[i];

		if (j == NULL || j->sent == j->told_sent ||
			now - j->told < TELL_EACH)
			continue;
		j->told = now;
		j->told_sent = j->sent;
		tell(c, j, false, ERR_OK, 0, "", span_of(NULL, 0));
	}
}

void
upload_child(int fd)
{
	struct child c = {.fd = fd};
	int running, left;
	CURLMsg *m;
	void *j;

	/* The parent goes on with its own work, and may have none for us. */
	struct pollfd first = {.fd = fd, .events = POLLIN};

	while (poll(&first, 1, -1) < 0 && errno == EINTR)
		;
	random_fill(c.secret, sizeof(c.secret));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		(c.multi = curl_multi_init()) == NULL)
		_exit(1);
	(void)curl_multi_setopt(c.multi, CURLMOPT_MAX_HOST_CONNECTIONS,
		(long)LIMIT_UPLOADS_BASE);
	for (;;) {
		struct curl_waitfd parent = {
			.fd = fd, .events = CURL_WAIT_POLLIN};
		struct pollfd ask = {.fd = fd, .events = POLLIN};

		if (curl_multi_perform(c.multi, &running) != CURLM_OK)
			_exit(1);
		while ((m = curl_multi_info_read(c.multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE &&
				curl_easy_getinfo(m->easy_handle,
					CURLINFO_PRIVATE, &j) == CURLE_OK)
				job_end(&c, j, m->data.result);
		progress_tell(&c);
		if (curl_multi_poll(c.multi, &parent, 1, 1000, NULL) !=
			CURLM_OK)
			_exit(1);
		while (poll(&ask, 1, 0) > 0)
			ask_read(&c);
	}
}
