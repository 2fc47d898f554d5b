#include "fetch_http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fetch_address.h"
#include "fetch_socket.h"

/* Session tickets may come after the request; a record of a file is larger. */
#define TLS_SMALL 2048

/* So long without a byte is a freeze, where the deadline comes before
 * LIMIT_STALL_MS. */
#define FROZEN_MS 500

/* How long a 404's body may take, so that its connection can be used again. */
#define DISCARD_MS 1000

static size_t
on_head(char *p, size_t size, size_t count, void *arg)
{
	struct http *h = arg;
	size_t n = size * count;
	bool before = h->head.done;

	h->done->wire += n;
	h->last = clock_steady();
	if (h->done->first_us == 0)
		h->done->first_us = (uint64_t)(h->last - h->began) + 1;
	if (!head_line(&h->head, span_of(p, n), h->done))
		return 0;
	if (before || !h->head.done)
		return n;
	h->done->status = h->head.status;
	h->window = clock_steady();
	h->window_wire = h->done->wire;
	if (head_judge(&h->head, h->want, h->done))
		return n;
	h->noticing = h->done->err == ERR_MISSING && head_is_notice(&h->head);
	buf_init(&h->notice, LIMIT_TOMBSTONE);
	h->discard = h->done->err == ERR_MISSING &&
		     head_length_within(&h->head, LIMIT_HTTP_HEAD);
	return h->discard || h->noticing ? n : 0;
}

/* Too long: it says nothing then. */
static bool
take_notice(struct http *h, struct span s)
{
	if (s.n == 0 || buf_span(&h->notice, s) == ERR_OK)
		return true;
	h->noticing = false;
	return false;
}

static bool
take_body(struct http *h, struct span s)
{
	uint64_t cap = h->want->n > 0 ? h->want->n : h->want->max;

	if (h->noticing)
		return take_notice(h, s);
	if (s.n > cap - h->got) {
		done_set(h->done, ERR_TRAILING,
			"sent more than the %llu bytes announced",
			(unsigned long long)cap);
		return false;
	}
	if (s.n > 0)
		h->sink(h->arg, s.p, s.n);
	h->got += s.n;
	return true;
}

static bool
take_chunks(struct http *h, struct span in)
{
	const char *bad;
	struct span body;

	while (in.n > 0) {
		bad = chunks_take(&h->chunks, &in, &body);
		if (bad != NULL) {
			done_set(h->done, ERR_NETWORK, "http-diff: %s", bad);
			return false;
		}
		if (!take_body(h, body))
			return false;
	}
	return true;
}

static size_t
on_body(char *p, size_t size, size_t count, void *arg)
{
	struct http *h = arg;
	size_t n = size * count;

	h->done->wire += n;
	h->last = clock_steady();
	if (h->discard && !h->noticing)
		return n;
	if (!h->head.done) {
		done_set(h->done, ERR_NETWORK, "http-diff: not HTTP");
		return 0;
	}
	if (head_is_chunked(&h->head) ? !take_chunks(h, span_of(p, n))
				      : !take_body(h, span_of(p, n)))
		return 0;
	return n;
}

static void
private_refused(struct http *h, const char *ip)
{
	done_set(h->done, ERR_NETWORK,
		"dns: leads to the private address %s, which only mirrors "
		"that you add yourself may have",
		ip);
}

static bool
any_address(const struct http *h)
{
	return h->want->allow_private || h->plan->any_address;
}

static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http *h = arg;
	char text[ADDRESS_TEXT];
	int fd;

	(void)purpose;
	if (!any_address(h) && address_private(&a->addr)) {
		address_text(&a->addr, text);
		private_refused(h, text);
		return CURL_SOCKET_BAD;
	}
	fd = socket(a->family, a->socktype, a->protocol);
	h->opened = true;
	h->fd = fd;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* By its socket, over TLS too; 0 of a connection that another wish opened. */
static uint64_t
received(const struct http *h)
{
	return h->opened ? socket_received(h->fd) : 0;
}

/* The request is about to go out, perhaps on a connection that was opened for
 * a wish with more rights. */
static int
on_request(void *arg, char *ip, char *local, int port, int local_port)
{
	struct http *h = arg;

	(void)local;
	(void)port;
	(void)local_port;
	if (!any_address(h) && address_private_text(ip)) {
		private_refused(h, ip);
		return CURL_PREREQFUNC_ABORT;
	}
	h->asked = clock_steady();
	h->done->requests = 1;
	h->raw = received(h);
	if (h->opened)
		h->done->connect_us = (uint64_t)(h->asked - h->began) + 1;
	h->asked_fn(h->arg);
	return CURL_PREREQFUNC_OK;
}

/* TLS begins, so TCP is done; libcurl's own times come after both. */
static CURLcode
on_tls(CURL *easy, void *ctx, void *arg)
{
	struct http *h = arg;

	(void)easy;
	(void)ctx;
	h->tls = true;
	return CURLE_OK;
}

CURLcode
http_listen(struct http *h)
{
	unsigned bad = 0;
	CURL *c = h->easy;

	h->began = clock_steady();
	bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
	bad |= curl_easy_setopt(c, CURLOPT_PRIVATE, h);
	bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
	bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	bad |= curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	bad |= curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
	bad |= curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_request);
	bad |= curl_easy_setopt(c, CURLOPT_PREREQDATA, h);
	/* Not every TLS library can say; the reason is less exact then. */
	(void)curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	(void)curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, h);
	return bad == 0 ? CURLE_OK : CURLE_UNKNOWN_OPTION;
}

/* The moment at which the clock that now runs will have run out; libcurl
 * itself watches over connecting. */
static int64_t
http_limit(const struct http *h)
{
	if (h->asked == 0)
		return INT64_MAX;
	if (!h->head.done)
		return h->asked + LIMIT_HEAD_MS * 1000;
	if (h->discard && !h->noticing)
		return h->window + DISCARD_MS * 1000;
	return h->window + LIMIT_STALL_MS * 1000;
}

int64_t
http_patience(const struct http *h, int64_t now)
{
	int64_t limit = http_limit(h);

	return limit <= now ? 0 : limit - now;
}

/* After how much: of TLS, what the connection has carried in all, since that
 * is what a censor counts. */
static void
verdict_frozen(struct http *h)
{
	uint64_t raw = received(h);

	if (raw < h->done->wire)
		raw = h->done->wire;
	done_set(h->done, ERR_TIMEOUT, "http-failure: frozen after %llu KB",
		(unsigned long long)raw / 1000);
}

/* Something came after the request, but no whole record of TLS: a wall. */
static void
verdict_wall(struct http *h)
{
	if (h->tls && h->raw > 0 && received(h) > h->raw + TLS_SMALL)
		verdict_frozen(h);
}

bool
http_late(struct http *h, int64_t now)
{
	uint64_t came = h->done->wire - h->window_wire;

	if (now < http_limit(h))
		return false;
	if (!h->head.done) {
		if (h->head.bytes == 0)
			verdict_wall(h);
		done_set(h->done, ERR_TIMEOUT,
			h->head.bytes > 0
				? "http-failure: no whole head in %d s"
				: "http-failure: no answer in %d s",
			LIMIT_HEAD_MS / 1000);
		return true;
	}
	if (h->discard || h->noticing)
		return true;
	if (came >= LIMIT_STALL_BYTES) {
		h->window = now;
		h->window_wire = h->done->wire;
		return false;
	}
	if (came == 0)
		verdict_frozen(h);
	else
		done_set(h->done, ERR_TIMEOUT,
			"http-failure: too slow: %llu bytes in %d s",
			(unsigned long long)came, LIMIT_STALL_MS / 1000);
	return true;
}

/* How far it got. libcurl's time of a stage is 0 before its end. */
static const char *
http_stage(const struct http *h)
{
	curl_off_t t = 0;

	if (h->asked != 0)
		return h->head.done ? "http-failure: the body did not end"
				    : "http-failure: no answer";
	if (h->tls)
		return "http-failure: TLS did not finish";
	if (curl_easy_getinfo(h->easy, CURLINFO_NAMELOOKUP_TIME_T, &t) ==
			CURLE_OK &&
		t == 0)
		return "dns: no answer";
	return "tcp_ip: no connection";
}

static void
verdict_name(struct http *h)
{
	done_set(h->done, ERR_NETWORK, "dns: no such name%s",
		h->plan->doh != NULL ? ", or no word from the resolver" : "");
}

static void
verdict_connect(struct http *h)
{
	long e = 0;

	if (curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &e) != CURLE_OK)
		e = 0;
	done_set(h->done, ERR_NETWORK, "tcp_ip: %s",
		e != 0 ? strerror((int)e) : "no connection");
}

static void
verdict_broken(struct http *h, CURLcode code)
{
	if (code == CURLE_PARTIAL_FILE)
		done_set(h->done, ERR_TRUNCATED, "cut short after %llu bytes",
			(unsigned long long)h->got);
	else if (h->head.done)
		done_set(h->done, ERR_NETWORK,
			"http-failure: broke off after %llu bytes",
			(unsigned long long)h->got);
	else
		done_set(h->done, ERR_NETWORK, "http-failure: %s",
			code == CURLE_GOT_NOTHING ? "closed without an answer"
						  : "broke off");
}

void
http_verdict(struct http *h, CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		if (!h->head.done)
			done_set(h->done, ERR_NETWORK,
				"http-failure: closed without an answer");
		else if (h->done->err == ERR_COUNT &&
			 ((h->want->n > 0 && h->got < h->want->n) ||
				 (head_is_chunked(&h->head) &&
					 h->chunks.state != CHUNK_END)))
			done_set(h->done, ERR_TRUNCATED,
				"cut short after %llu bytes",
				(unsigned long long)h->got);
		else
			done_set(h->done, ERR_OK, "%s", "");
		if (h->noticing && (!head_is_chunked(&h->head) ||
					   h->chunks.state == CHUNK_END))
			h->done->notice = buf_view(&h->notice);
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		verdict_name(h);
		break;
	case CURLE_COULDNT_CONNECT:
		verdict_connect(h);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		done_set(h->done, ERR_TIMEOUT, "%s in %d s", http_stage(h),
			LIMIT_CONNECT_MS / 1000);
		break;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		verdict_broken(h, code);
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		done_set(h->done, ERR_NETWORK, "http-diff: not HTTP");
		break;
	case CURLE_URL_MALFORMAT:
		done_set(h->done, ERR_REFUSED, "not a URL");
		break;
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
	case CURLE_OUT_OF_MEMORY:
		/* At least in 7.88.1 also a name that a resolver over HTTPS
		 * does not know, where there is no IPv6; before 8.6.0 one
		 * line of a head that is too long. */
		if (h->plan->doh != NULL && !h->opened)
			verdict_name(h);
		if (h->asked != 0 && !h->head.done)
			done_set(h->done, ERR_NETWORK,
				"http-diff: a head of over %zu bytes",
				LIMIT_HTTP_HEAD);
		done_set(h->done, ERR_NOMEM, "out of memory");
		break;
	default: /* TLS for the most part, and libcurl's words are good */
		done_set(h->done, ERR_NETWORK, "http-failure: %s",
			h->error[0] != '\0' ? h->error
					    : curl_easy_strerror(code));
	}
}

void
http_deadline(struct http *h)
{
	if (h->discard || h->noticing) /* the verdict is there already */
		return;
	if (h->head.done && clock_steady() - h->last >= FROZEN_MS * 1000)
		verdict_frozen(h);
	else if (h->head.bytes == 0)
		verdict_wall(h);
	done_set(h->done, ERR_TIMEOUT, "%s in the time given", http_stage(h));
}

void
http_stop(struct http *h, CURLM *multi)
{
	size_t i;

	if (h->easy != NULL) {
		curl_multi_remove_handle(multi, h->easy);
		curl_easy_cleanup(h->easy);
		h->easy = NULL;
	}
	for (i = 0; i < sizeof(h->lists) / sizeof(h->lists[0]); i++)
		curl_slist_free_all(h->lists[i]);
	free(h->plan);
	buf_free(&h->notice);
}
