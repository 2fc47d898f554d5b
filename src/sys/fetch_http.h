/* One wish over libcurl: its handle, its callbacks, its clocks, its verdict.
 * Private to fetch*.c. */
#ifndef ERIKA_FETCH_HTTP_H
#define ERIKA_FETCH_HTTP_H

#include <curl/curl.h>

#include "fetch_child.h"
#include "fetch_chunk.h"
#include "fetch_head.h"
#include "fetch_plan.h"

/* What holds for all wishes of a child. */
struct http_rules {
	const char *ca_file; /* or NULL: libcurl's own, a folder maybe */
	struct plan_rules plan;
};

/* The system's file of authorities where none is given: libcurl keeps a file
 * from one connection to the next, but not with a folder beside it. */
void http_rules_default(struct http_rules *r);

struct http {
	const struct wire_want *want; /* borrowed; all below is ours */
	struct wire_done *done;
	sink_fn *sink;
	void (*asked_fn)(void *arg); /* the request is going out */
	void *arg;
	int64_t began; /* clock_steady */
	CURL *easy;
	struct plan *plan;
	struct curl_slist *lists[3]; /* that the handle borrows */
	struct head head;
	struct chunks chunks; /* of a body that comes in them */
	uint64_t got;	      /* body bytes handed on */
	int64_t asked;	      /* when the request went out; 0 before */
	int64_t window;	      /* when the stall window began */
	uint64_t window_wire; /* done->wire then */
	uint64_t raw;	      /* bytes the socket had received at `asked` */
	int64_t last;	      /* when the last byte came; 0: none has */
	bool opened;	      /* a connection of its own: */
	int fd;		      /* the last that it tried */
	bool tls;	      /* a handshake has begun */
	bool discard;	      /* a 404's body: not worth a new connection */
	bool noticing;	      /* a 451's body, which is kept: */
	struct buf notice;
	char error[CURL_ERROR_SIZE];
};

/* Let libcurl find out, and keep, whether there is IPv6: it tries to make a
 * UDP socket for that, which a silent child later cannot. */
void http_prime(CURLM *multi);

/* Begin on `multi`. On false `done` says why and http_stop is still due. */
bool http_start(struct http *h, CURLM *multi, const struct http_rules *rules);

/* Set the callbacks on h->easy. */
CURLcode http_listen(struct http *h);

/* Microseconds until http_late must look again, at `now`. */
int64_t http_patience(const struct http *h, int64_t now);

/* Whether a clock has run out; `done` says which. */
bool http_late(struct http *h, int64_t now);

/* The transfer has ended by itself: fill `done`. */
void http_verdict(struct http *h, CURLcode code);

/* Where it had got to when the wish's own deadline came. */
void http_deadline(struct http *h);

/* Let go of the handle. */
void http_stop(struct http *h, CURLM *multi);

#endif
