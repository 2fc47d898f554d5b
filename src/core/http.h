/* HTTP/1.1 as a mirror speaks it (RFC 9110, RFC 9112), strictly: a request's
 * head from bytes, a response's head to bytes. Whatever two programs could
 * read in two ways is refused. */
#ifndef ERIKA_HTTP_H
#define ERIKA_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "limits.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_PUT };

enum http_range {
	HTTP_RANGE_NONE, /* none, or in a unit that is not bytes */
	HTTP_RANGE_FROM, /* first to last; last is UINT64_MAX for "a-" */
	HTTP_RANGE_LAST, /* the final `last` bytes: "-n" */
	HTTP_RANGE_MANY	 /* several ranges: we send none of them */
};

/* A request's head. Plain data, holds no pointer into the input. */
struct http_request {
	unsigned refuse; /* status to answer when refused: 400, 414, 431,
			    501 or 505; the connection must close */
	enum http_method method;
	bool close;	 /* close the connection after the answer */
	bool expect;	 /* PUT: the client waits for "100 Continue" */
	bool has_length; /* PUT: content follows, of; without one, refuse it
			    with 411 */
	uint64_t length; /* this many bytes */
	enum http_range range;
	uint64_t first, last;
	/* The target without its leading '/', percent-decoded, terminated:
	 * valid UTF-8 without empty or dot segments, backslashes, percent
	 * signs or controls. Not yet a name we serve: text_path_ok decides.
	 * A query stays in it, so no file has such a name. */
	size_t path_n;
	char path[LIMIT_HTTP_TARGET];
};

/* Read one request's head from the beginning of `in`, which may hold more.
 * *scanned is 0 for a new request; hand it back unchanged with the same bytes
 * and more of them, so that a slow client costs linear time. *used is the
 * head's size. ERR_TRUNCATED: no full head yet. ERR_SYNTAX, ERR_LIMIT,
 * ERR_UNSUPPORTED: refused, at the first byte that leaves doubt; r->refuse
 * says how to answer. Methods but GET, HEAD and PUT, any transfer coding, and
 * content in a GET or HEAD are refused; of a PUT, Content-Encoding and
 * Content-Range, which would make something else of its content. */
enum err http_request_parse(struct span in, size_t *scanned, size_t *used,
	struct http_request *r) ERR_MUST_USE;

/* Decode a target in origin form into `path`, without its leading '/',
 * terminated; *n is its length. False when it must be refused; the rules
 * stand at http_request.path. */
bool http_target_ok(
	struct span target, char path[static LIMIT_HTTP_TARGET], size_t *n);

/* Which bytes of a file of `size` a request asks for: [*first, *first+*n).
 * 200 for all of it, 206 for a part, 416 when there are none such. */
unsigned http_range_of(const struct http_request *r, uint64_t size,
	uint64_t *first, uint64_t *n);

/* What to answer. */
struct http_response {
	unsigned status;
	const char *type;     /* Content-Type, or NULL */
	const char *cache;    /* Cache-Control, or NULL */
	const char *allow;    /* Allow, or NULL */
	const char *location; /* Location, or NULL: safe in a field */
	uint64_t retry;	      /* Retry-After, seconds; 0: none */
	bool ranges;	      /* the file can be asked for in parts */
	bool close;
	uint64_t length; /* Content-Length */
	uint64_t first;	 /* 206: where the part begins */
	uint64_t size;	 /* 206, 416: the whole file */
};

/* Append a response's head, its empty line included. The same answer is the
 * same bytes for everybody; only the date differs. A 204 has no length.
 * ERR_LIMIT, ERR_NOMEM. */
enum err http_response_add(struct buf *b, const struct http_response *a,
	const char *date) ERR_MUST_USE;

/* "Not Found" for 404; "" for a status we never send. */
const char *http_reason(unsigned status);

/* A moment as "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7). */
#define HTTP_DATE_SIZE 30
void http_date(char out[static HTTP_DATE_SIZE], int64_t t);

#endif
