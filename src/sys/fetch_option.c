/* What libcurl is told of a wish. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch_http.h"

/* Options that were refused, for whichever reason. */
struct options {
	CURL *easy;
	CURLcode bad; /* the first */
};

static void
note(struct options *o, CURLcode c)
{
	if (o->bad == CURLE_OK)
		o->bad = c;
}

#define SET(o, option, value)                                                  \
	note((o), curl_easy_setopt((o)->easy, CURLOPT_##option, (value)))

/* What every request has in common; they must not tell one reader from
 * another. No cookies, HSTS or Alt-Svc: libcurl has them only when asked. */
static void
set_common(struct options *o)
{
	SET(o, PROTOCOLS_STR, "http,https");
	SET(o, REDIR_PROTOCOLS_STR, "https");
	SET(o, FOLLOWLOCATION, 0L);
	SET(o, PATH_AS_IS, 1L);
	SET(o, DISALLOW_USERNAME_IN_URL, 1L);
	SET(o, NETRC, (long)CURL_NETRC_IGNORED);
	SET(o, PROXY, "");
	SET(o, NOPROXY, ""); /* the environment's would go beside ours */
	SET(o, HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(o, HTTP09_ALLOWED, 0L);
	SET(o, HTTP_CONTENT_DECODING, 0L);
	SET(o, HTTP_TRANSFER_DECODING, 0L); /* see fetch_chunk.h */
	SET(o, SSL_VERIFYPEER, 1L);
	SET(o, SSL_VERIFYHOST, 2L);
	SET(o, SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* A session or its ticket would tell a mirror who comes again. */
	SET(o, SSL_SESSIONID_CACHE, 0L);
	SET(o, NOSIGNAL, 1L);
	SET(o, BUFFERSIZE, 65536L);
	SET(o, CONNECTTIMEOUT_MS, (long)LIMIT_CONNECT_MS);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A name that is still being looked up must not hold us. */
	SET(o, QUICK_EXIT, 1L);
#endif
}

/* A list of one line, which lives as long as the handle. */
static struct curl_slist *
list(struct options *o, struct http *h, size_t i, const char *line)
{
	h->lists[i] = curl_slist_append(NULL, line);
	if (h->lists[i] == NULL)
		note(o, CURLE_OUT_OF_MEMORY);
	return h->lists[i];
}

/* The strategy's own. */
static void
set_plan(struct options *o, struct http *h)
{
	const struct plan *p = h->plan;

	SET(o, URL, p->url);
	SET(o, PROTOCOLS_STR, p->cleartext ? "http" : "https");
	if (p->host[0] != '\0')
		SET(o, HTTPHEADER, list(o, h, 0, p->host));
	if (p->connect_to[0] != '\0')
		SET(o, CONNECT_TO, list(o, h, 1, p->connect_to));
	if (p->resolve[0] != '\0')
		SET(o, RESOLVE, list(o, h, 2, p->resolve));
	if (p->doh != NULL) {
		SET(o, DOH_URL, p->doh);
		SET(o, DOH_SSL_VERIFYPEER, 1L);
		SET(o, DOH_SSL_VERIFYHOST, 2L);
	}
	if (p->pin != NULL) {
		/* The key is who it is; its certificate may be anybody's. */
		SET(o, PINNEDPUBLICKEY, p->pin);
		if (o->bad == CURLE_OK) {
			SET(o, SSL_VERIFYPEER, 0L);
			SET(o, SSL_VERIFYHOST, 0L);
		}
	}
	if (p->proxy[0] != '\0') {
		SET(o, PROXY, p->proxy);
		SET(o, PROXYUSERNAME, p->user);
		SET(o, PROXYPASSWORD, p->password);
	}
}

static void
set_wish(struct options *o, const struct wire_want *w, const char *ca_file)
{
	char range[64];

	if (w->n > 0) {
		snprintf(range, sizeof(range), "%llu-%llu",
			(unsigned long long)w->offset,
			(unsigned long long)(w->offset + w->n - 1));
		SET(o, RANGE, range);
	}
	if (w->fresh) {
		SET(o, FRESH_CONNECT, 1L);
		SET(o, FORBID_REUSE, 1L);
	}
	if (ca_file != NULL) {
		SET(o, CAINFO, ca_file);
		SET(o, CAPATH, NULL);
	}
}

void
http_rules_default(struct http_rules *r)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if (r->ca_file == NULL && v->age >= CURLVERSION_SEVENTH &&
		v->cainfo != NULL && access(v->cainfo, R_OK) == 0)
		r->ca_file = v->cainfo;
}

static curl_socket_t
no_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)arg;
	(void)purpose;
	(void)a;
	return CURL_SOCKET_BAD;
}

void
http_prime(CURLM *multi)
{
	struct options o = {.easy = curl_easy_init()};
	int running = 1, turns = 0;

	if (o.easy == NULL)
		return;
	set_common(&o);
	/* A name that libcurl knows by itself, and no packet. */
	SET(&o, URL, "http://localhost/");
	SET(&o, IPRESOLVE, (long)CURL_IPRESOLVE_V6);
	SET(&o, OPENSOCKETFUNCTION, no_socket);
	if (o.bad == CURLE_OK &&
		curl_multi_add_handle(multi, o.easy) == CURLM_OK) {
		while (running > 0 && turns++ < 100)
			if (curl_multi_perform(multi, &running) != CURLM_OK)
				break;
		(void)curl_multi_remove_handle(multi, o.easy);
	}
	curl_easy_cleanup(o.easy);
}

static bool
is_lack(CURLcode c)
{
	return c == CURLE_UNKNOWN_OPTION || c == CURLE_NOT_BUILT_IN ||
	       c == CURLE_UNSUPPORTED_PROTOCOL;
}

/* Why an option was refused. */
static bool
failed(struct http *h, CURLcode c)
{
	if (c == CURLE_OUT_OF_MEMORY)
		done_set(h->done, ERR_NOMEM, "out of memory");
	else if (is_lack(c))
		done_set(h->done, ERR_UNSUPPORTED, "libcurl %s cannot do this",
			curl_version_info(CURLVERSION_NOW)->version);
	else
		done_set(h->done, ERR_REFUSED, "libcurl refuses: %s",
			curl_easy_strerror(c));
	return false;
}

bool
http_start(struct http *h, CURLM *multi, const struct http_rules *rules)
{
	struct options o = {.easy = curl_easy_init()};

	h->easy = o.easy;
	h->plan = calloc(1, sizeof(*h->plan));
	if (h->easy == NULL || h->plan == NULL)
		return failed(h, CURLE_OUT_OF_MEMORY);
	if (!plan_make(h->want, &rules->plan, h->plan, h->done))
		return false;
	set_common(&o);
	set_plan(&o, h);
	set_wish(&o, h->want, rules->ca_file);
	note(&o, http_listen(h));
	if (o.bad != CURLE_OK)
		return failed(h, o.bad);
	if (curl_multi_add_handle(multi, h->easy) != CURLM_OK)
		return failed(h, CURLE_OUT_OF_MEMORY);
	return true;
}

/* ---- what is there at all */

static bool
has_protocol(const char *name)
{
	const char *const *p = curl_version_info(CURLVERSION_NOW)->protocols;

	while (*p != NULL && strcmp(*p, name) != 0)
		p++;
	return *p != NULL;
}

/* Whether libcurl knows the options of a plan like this one. */
static bool
knows(const struct plan *like)
{
	struct plan plan = *like;
	struct http h = {.plan = &plan};
	struct options o = {.easy = curl_easy_init()};
	size_t i;

	if (o.easy == NULL)
		return false;
	set_common(&o);
	set_plan(&o, &h);
	curl_easy_cleanup(o.easy);
	for (i = 0; i < sizeof(h.lists) / sizeof(h.lists[0]); i++)
		curl_slist_free_all(h.lists[i]);
	return o.bad == CURLE_OK;
}

bool
fetch_can(enum strategy s, const char **why)
{
	struct plan *p = calloc(1, sizeof(*p));
	const char *lack = "";
	bool tls = s != STRATEGY_HTTP && s != STRATEGY_PROXY;

	if (p == NULL)
		lack = "out of memory";
	else if (s >= STRATEGY_COUNT)
		lack = "there is no such strategy";
	else if (s == STRATEGY_FILE)
		goto out;
	else if (!has_protocol(tls ? "https" : "http"))
		lack = tls ? "libcurl has no TLS" : "libcurl has no HTTP";
	if (lack[0] != '\0')
		goto out;
	p->cleartext = !tls;
	snprintf(p->url, sizeof(p->url), "%s://192.0.2.1/",
		tls ? "https" : "http");
	if (s == STRATEGY_DOH)
		p->doh = "https://192.0.2.1/dns-query";
	if (s == STRATEGY_SNI || s == STRATEGY_NO_SNI)
		p->pin = "sha256//"
			 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	if (s == STRATEGY_PROXY)
		snprintf(p->proxy, sizeof(p->proxy), "socks5h://127.0.0.1:1");
	if (s == STRATEGY_ADDRESS || s == STRATEGY_SNI || s == STRATEGY_FRONT)
		snprintf(p->connect_to, sizeof(p->connect_to), "::192.0.2.1:");
	if (!knows(p))
		lack = s == STRATEGY_DOH     ? "libcurl has no DNS over HTTPS"
		       : s == STRATEGY_PROXY ? "libcurl has no SOCKS proxies"
		       : p->pin != NULL	     ? "libcurl cannot pin keys"
					     : "libcurl lacks an option";
out:
	free(p);
	if (why != NULL)
		*why = lack;
	return lack[0] == '\0';
}
