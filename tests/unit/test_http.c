/* The strict HTTP head parser: good requests, ranges, and tables of refusals;
 * tests/cli/mirror_refuse.sh sends its like to the real server. */
#include "../../src/core/http.h"
#include "../../src/core/text.h"
#include "../lib/tap.h"

#define HOST "Host: h\r\n"
#define GET "GET /a HTTP/1.1\r\n" HOST

static enum err
parse(struct span s, size_t *used, struct http_request *r)
{
	size_t scanned = 0;

	return http_request_parse(s, &scanned, used, r);
}

static void
good(const char *head, const char *path, const char *name)
{
	struct http_request r;
	size_t used = 0;

	is_err(parse(span_str(head), &used, &r), ERR_OK, "accepted: %s", name);
	is_str(r.path, path, "path: %s", name);
	ok(used == strlen(head), "used up: %s", name);
}

/* `name` may be a head itself: it is printed escaped. */
static void
bad(const char *head, unsigned status, const char *name)
{
	struct http_request r;
	size_t used = 0;
	enum err e = parse(span_str(head), &used, &r);
	char show[80];

	text_show(show, sizeof(show), span_str(name));
	ok(e != ERR_OK && e != ERR_TRUNCATED && r.refuse == status, "%u: %s",
		status, show);
	if (r.refuse != status)
		printf("#   got err %d, status %u\n", (int)e, r.refuse);
}

static void
test_good(void)
{
	struct http_request r;
	size_t used;

	good(GET "\r\n", "a", "a plain GET");
	good("HEAD / HTTP/1.1\r\n" HOST "\r\n", "", "HEAD of the root");
	good("GET /m/timestamp.json HTTP/1.1\r\nhOsT:h:80\r\n\r\n",
		"m/timestamp.json", "a name in capitals, no space");
	good("GET /a HTTP/1.1\r\nHost: \t [::1]:8080 \t\r\n\r\n", "a",
		"white space around a value");
	good("GET /%61%2D%2e%5b%5D HTTP/1.1\r\n" HOST "\r\n", "a-.[]",
		"percent-encoding");
	good("GET /a?b=/c HTTP/1.1\r\n" HOST "\r\n", "a?b=/c",
		"a query stays in the path");
	good("GET /%D0%96 HTTP/1.1\r\n" HOST "\r\n", "\xd0\x96",
		"encoded UTF-8");
	good("GET /a HTTP/1.0\r\n\r\n", "a", "HTTP/1.0 needs no Host");
	good(GET "Content-Length: 0\r\n\r\n", "a", "no content, said so");
	good(GET "X:\r\n\r\n", "a", "an empty value");
	good(GET "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
		"a", "an upgrade we do not take");
	good("GET /m/ HTTP/1.1\r\n" HOST "\r\n", "m/", "a folder's name");
	good("GET /...a/..b HTTP/1.1\r\n" HOST "\r\n", "...a/..b",
		"dots that are no dot segment");

	is_err(parse(span_str(GET "\r\n"), &used, &r), ERR_OK, "1.1");
	ok(!r.close && r.method == HTTP_GET, "1.1 stays open");
	is_err(parse(span_str("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n"
			      "\r\n"),
		       &used, &r),
		ERR_OK, "1.0");
	ok(r.close, "1.0 closes");
	is_err(parse(span_str(GET "Connection: a,\tClOsE\r\n\r\n"), &used, &r),
		ERR_OK, "a list");
	ok(r.close, "close is found in a list");
	is_err(parse(span_str(
			     "PUT /a HTTP/1.1\r\n" HOST "Content-Length: 17\r\n"
			     "Expect: 100-Continue\r\n\r\nx"),
		       &used, &r),
		ERR_OK, "PUT");
	ok(r.method == HTTP_PUT && r.has_length && r.length == 17 && r.expect,
		"PUT with length and expectation");
	is_err(parse(span_str("PUT /a HTTP/1.0\r\nContent-Length: 1\r\n"
			      "Expect: 100-continue\r\n\r\n"),
		       &used, &r),
		ERR_OK, "PUT in HTTP/1.0");
	ok(!r.expect && r.close, "which waits for nothing");
	is_err(parse(span_str("PUT /a HTTP/1.1\r\n" HOST "\r\n"), &used, &r),
		ERR_OK, "PUT without a length");
	ok(!r.has_length && r.length == 0, "says so");
	is_err(parse(span_str(GET "Content-Encoding: gzip\r\n\r\n"), &used, &r),
		ERR_OK, "a GET may say what it likes");
}

static void
test_bad_lines(void)
{
	bad("GET  /a HTTP/1.1\r\n" HOST "\r\n", 400, "two spaces");
	bad("GET /a  HTTP/1.1\r\n" HOST "\r\n", 400, "two spaces after it");
	bad("GET /a HTTP/1.1 \r\n" HOST "\r\n", 400, "a space at the end");
	bad(" GET /a HTTP/1.1\r\n" HOST "\r\n", 400, "a space first");
	bad("\r\nGET /a HTTP/1.1\r\n" HOST "\r\n", 400, "an empty line first");
	bad("\n", 400, "a bare LF first");
	bad("GET\t/a\tHTTP/1.1\r\n" HOST "\r\n", 400, "tabs");
	bad("GET /a\r\n\r\n", 400, "HTTP/0.9");
	bad("GET /a HTTP/1.1\n" HOST "\n", 400, "bare LF");
	bad("GET /a HTTP/1.1\r" HOST "\r", 400, "bare CR");
	bad("GET /a HTTP/1.1\r\r\n" HOST "\r\n", 400, "CR CR LF");
	bad("GET /a http/1.1\r\n" HOST "\r\n", 400, "http in small letters");
	bad("GET /a HTTP/1.10\r\n" HOST "\r\n", 400, "1.10");
	bad("GET /a HTTP/1,1\r\n" HOST "\r\n", 400, "1,1");
	bad("GET /a HTTP/1.\r\n" HOST "\r\n", 400, "1.");
	bad("GET /a HTTP/1.2\r\n" HOST "\r\n", 505, "1.2");
	bad("GET /a HTTP/2.0\r\n" HOST "\r\n", 505, "2.0");
	bad("GET /a HTTP/0.9\r\n" HOST "\r\n", 505, "0.9 with a version");
	bad("PRI * HTTP/2.0\r\n\r\n", 400, "the preface of HTTP/2");
	bad("get /a HTTP/1.1\r\n" HOST "\r\n", 501, "get in small letters");
	bad("POST /a HTTP/1.1\r\n" HOST "\r\n", 501, "POST");
	bad("G(T /a HTTP/1.1\r\n" HOST "\r\n", 400, "no token");
	bad("\x16\x03\x01", 400, "TLS, at its first byte");
	bad("GET /\xc3\xa9 HTTP/1.1\r\n", 400, "bytes over 126, at once");
	bad("GET /a\x7f", 400, "DEL");
}

static void
test_bad_targets(void)
{
	static const char *const target[] = {"a", "*", "http://h/a", "//h/a",
		"h:80", "/a//b", "/./a", "/a/..", "/../a", "/a/../b", "/..",
		"/.", "/%2e%2e/a", "/%2E/a", "/a/%2e.", "/a%2fb", "/a%2Fb",
		"/a%5cb", "/a\\b", "/a%00", "/a%0d%0ab", "/a%", "/a%4", "/a%4g",
		"/a%%41", "/a%25", "/a%252e", "/%c0%ae", "/%ff", "/%ed%a0%80",
		"/a#b", "/%7f", "/a%09"};
	char head[256];
	size_t i;

	for (i = 0; i < sizeof(target) / sizeof(target[0]); i++) {
		snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n" HOST "\r\n",
			target[i]);
		bad(head, 400, target[i]);
	}
}

static void
test_bad_fields(void)
{
	static const char *const field[] = {"Host: h", "Host: g", " folded",
		"\tfolded", "Name : v", "Name\t: v", ": v", "no colon",
		"N\xc3\xa4me: v", "Name: v\x01", "Name: \xe9", "Na me: v",
		"Content-Length: 1", "Content-Length: +0", "Content-Length: -0",
		"Content-Length: 00", "Content-Length: 0, 0",
		"Content-Length: 0x0",
		"Content-Length:", "Content-Length: 0\r\nContent-Length: 0",
		"Content-Length: 0\r\ncontent-length: 1",
		"Content-Length: 99999999999999999999",
		"Transfer-Encoding: chunked", "transfer-encoding: identity",
		"Transfer-Encoding: chunked\r\nContent-Length: 0",
		"Transfer-Encoding : chunked", "Transfer-Encoding:\tgzip",
		"Expect: 100-continue", "Expect: x",
		"Connection:", "Connection: a b", "Connection: close,",
		"Range: bytes", "Range: bytes=", "Range: bytes=-",
		"Range: bytes=a-b", "Range: bytes=2-1", "Range: bytes= 1-2",
		"Range: bytes=1 -2", "Range: bytes=+1-2", "Range: bytes=01-2",
		"Range: =1-2", "Range: bytes=1-99999999999999999999",
		"Range: bytes=1-2,x", "Range: bytes=1-2\r\nRange: bytes=1-2",
		"If-Range:", "Range: by tes=1-2"};
	static const char *const host[] = {"", "h h", "u@h", "h/",
		"h:", "h:80a", "h:123456", ":80", "[::1", "[]", "[::1]x",
		"[g::]", "h,g", "h?", "%68"};
	char head[256];
	size_t i;

	for (i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		snprintf(head, sizeof(head), GET "%s\r\n\r\n", field[i]);
		bad(head, 400, field[i]);
	}
	for (i = 0; i < sizeof(host) / sizeof(host[0]); i++) {
		snprintf(head, sizeof(head),
			"GET /a HTTP/1.1\r\nHost: %s\r\n\r\n", host[i]);
		bad(head, 400, head);
	}
	bad("GET /a HTTP/1.1\r\n\r\n", 400, "no Host");
	bad("GET /a HTTP/1.1\r\n folded: x\r\n" HOST "\r\n", 400,
		"folding after the request line");
	bad("PUT /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
		400, "PUT in chunks");
	bad("PUT /a HTTP/1.1\r\n" HOST
	    "Content-Length: 1\r\nContent-Range: bytes 0-0/2\r\n\r\n",
		400, "PUT of a part");
	bad("PUT /a HTTP/1.1\r\n" HOST
	    "content-encoding: gzip\r\nContent-Length: 1\r\n\r\n",
		400, "PUT of something packed");
}

static void
test_limits(void)
{
	static char head[2 * LIMIT_HTTP_HEAD];
	size_t n, used = 0, scanned = 0, i;
	struct http_request r;

	/* A target of exactly the limit passes; the path is one shorter. */
	memset(head, 'a', sizeof(head));
	memcpy(head, "GET /", 5);
	n = 4 + LIMIT_HTTP_TARGET;
	strcpy(head + n, " HTTP/1.1\r\n" HOST "\r\n");
	is_err(parse(span_str(head), &used, &r), ERR_OK, "longest target");
	ok(r.path_n == LIMIT_HTTP_TARGET - 1 && strlen(r.path) == r.path_n,
		"longest path");
	memset(head + n, 'a', 64);
	strcpy(head + n + 1, " HTTP/1.1\r\n" HOST "\r\n");
	bad(head, 414, "a longer target");

	strcpy(head, GET);
	for (i = 1; i < LIMIT_HTTP_FIELDS; i++)
		strcat(head, "X: y\r\n");
	n = strlen(head);
	strcpy(head + n, "\r\n");
	is_err(parse(span_str(head), &used, &r), ERR_OK, "as many fields");
	strcpy(head + n, "X: y\r\n\r\n");
	bad(head, 431, "one field more");

	memset(head, 'a', sizeof(head));
	memcpy(head, GET "X: ", strlen(GET) + 3);
	is_err(http_request_parse(
		       span_of(head, LIMIT_HTTP_HEAD - 1), &scanned, &used, &r),
		ERR_TRUNCATED, "a head that may still end");
	is_err(http_request_parse(
		       span_of(head, LIMIT_HTTP_HEAD), &scanned, &used, &r),
		ERR_LIMIT, "a head that cannot");
	ok(r.refuse == 431, "431");
	memcpy(head + LIMIT_HTTP_HEAD - 4, "\r\n\r\n", 4);
	is_err(parse(span_of(head, sizeof(head)), &used, &r), ERR_OK,
		"the longest head");
	ok(used == LIMIT_HTTP_HEAD, "all of it used");
}

/* Byte by byte gives the same as at once, and every cut is TRUNCATED. */
static void
test_drip(void)
{
	static const char two[] = GET "Range: bytes=1-2\r\n\r\n" GET "\r\n";
	size_t one = strlen(GET "Range: bytes=1-2\r\n\r\n"), i, used = 0;
	size_t scanned = 0, cut = 0;
	struct http_request r;

	for (i = 0; i < one; i++)
		cut += http_request_parse(span_of(two, i), &scanned, &used,
			       &r) == ERR_TRUNCATED;
	ok(cut == one, "every cut waits for more");
	is_err(http_request_parse(
		       span_of(two, sizeof(two) - 1), &scanned, &used, &r),
		ERR_OK, "the whole is read");
	ok(used == one && r.range == HTTP_RANGE_FROM && r.first == 1 &&
			r.last == 2,
		"only the first of two requests");
}

static void
range(const char *value, uint64_t size, unsigned status, uint64_t first,
	uint64_t n)
{
	uint64_t got_first = 9, got_n = 9;
	struct http_request r;
	char head[256];
	size_t used;
	unsigned got;

	snprintf(head, sizeof(head), GET "Range: %s\r\n\r\n", value);
	is_err(parse(span_str(head), &used, &r), ERR_OK, "range %s", value);
	got = http_range_of(&r, size, &got_first, &got_n);
	ok(got == status && got_n == n && (got == 416 || got_first == first),
		"%s of %u", value, (unsigned)size);
}

static void
test_ranges(void)
{
	static const char max[] = "bytes=0-9223372036854775807";
	struct http_request r;
	uint64_t first, n;
	size_t used;

	range("bytes=0-0", 10, 206, 0, 1);
	range("bytes=0-9", 10, 206, 0, 10);
	range("bytes=9-9", 10, 206, 9, 1);
	range("bytes=3-", 10, 206, 3, 7);
	range("bytes=3-99", 10, 206, 3, 7);
	range("BYTES=3-4", 10, 206, 3, 2);
	range("bytes=-3", 10, 206, 7, 3);
	range("bytes=-99", 10, 206, 0, 10);
	range(max, 10, 206, 0, 10);
	range("bytes=10-", 10, 416, 0, 0);
	range("bytes=10-11", 10, 416, 0, 0);
	range("bytes=-0", 10, 416, 0, 0);
	range("bytes=0-", 0, 416, 0, 0);
	range("bytes=-1", 0, 416, 0, 0);
	range("bytes=0-1,3-4", 10, 416, 0, 0);
	range("lines=1-2", 10, 200, 0, 10);
	is_err(parse(span_str(GET "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n"
				  "\r\n"),
		       &used, &r),
		ERR_OK, "If-Range");
	ok(http_range_of(&r, 10, &first, &n) == 200 && n == 10,
		"If-Range never matches");
	is_err(parse(span_str("HEAD /a HTTP/1.1\r\n" HOST
			      "Range: bytes=1-2\r\n\r\n"),
		       &used, &r),
		ERR_OK, "HEAD with a range");
	ok(http_range_of(&r, 10, &first, &n) == 200, "HEAD has no ranges");
}

static void
test_response(void)
{
	struct http_response a = {.status = 206,
		.type = "application/octet-stream",
		.cache = "no-cache",
		.ranges = true,
		.length = 3,
		.first = 5,
		.size = 10};
	char date[HTTP_DATE_SIZE];
	struct buf b;

	buf_init(&b, 4096);
	is_err(http_response_add(&b, &a, "D"), ERR_OK, "206");
	is_str(buf_cstr(&b),
		"HTTP/1.1 206 Partial Content\r\nDate: D\r\n"
		"Content-Length: 3\r\n"
		"Content-Type: application/octet-stream\r\n"
		"Content-Range: bytes 5-7/10\r\nAccept-Ranges: bytes\r\n"
		"Cache-Control: no-cache\r\n"
		"X-Content-Type-Options: nosniff\r\n\r\n",
		"206 is written out");
	buf_clear(&b);
	a = (struct http_response){
		.status = 405, .allow = "GET", .close = true};
	is_err(http_response_add(&b, &a, "D"), ERR_OK, "405");
	is_str(buf_cstr(&b),
		"HTTP/1.1 405 Method Not Allowed\r\nDate: D\r\n"
		"Content-Length: 0\r\nAllow: GET\r\nConnection: close\r\n"
		"X-Content-Type-Options: nosniff\r\n\r\n",
		"405 is written out");
	buf_clear(&b);
	a = (struct http_response){.status = 503, .length = 2, .retry = 3600};
	is_err(http_response_add(&b, &a, "D"), ERR_OK, "503");
	is_str(buf_cstr(&b),
		"HTTP/1.1 503 Service Unavailable\r\nDate: D\r\n"
		"Content-Length: 2\r\nRetry-After: 3600\r\n"
		"X-Content-Type-Options: nosniff\r\n\r\n",
		"503 says when to come back");
	buf_clear(&b);
	a = (struct http_response){.status = 204, .length = 7};
	is_err(http_response_add(&b, &a, "D"), ERR_OK, "204");
	is_str(buf_cstr(&b),
		"HTTP/1.1 204 No Content\r\nDate: D\r\n"
		"X-Content-Type-Options: nosniff\r\n\r\n",
		"204 has no length");
	buf_clear(&b);
	a = (struct http_response){.status = 301, .location = "/a/"};
	is_err(http_response_add(&b, &a, "D"), ERR_OK, "301");
	is_str(buf_cstr(&b),
		"HTTP/1.1 301 Moved Permanently\r\nDate: D\r\n"
		"Content-Length: 0\r\nLocation: /a/\r\n"
		"X-Content-Type-Options: nosniff\r\n\r\n",
		"301 says where to");
	is_str(http_reason(451), "Unavailable For Legal Reasons", "451");
	is_str(http_reason(299), "", "a status that is never sent");
	buf_free(&b);
	buf_init(&b, 10);
	is_err(http_response_add(&b, &a, "D"), ERR_LIMIT, "no room");
	buf_free(&b);

	http_date(date, 784111777);
	is_str(date, "Sun, 06 Nov 1994 08:49:37 GMT", "RFC 9110's own date");
	http_date(date, 0);
	is_str(date, "Thu, 01 Jan 1970 00:00:00 GMT", "the epoch");
	http_date(date, -1);
	is_str(date, "Wed, 31 Dec 1969 23:59:59 GMT", "before it");
	http_date(date, INT64_MAX);
	is_str(date, "Fri, 31 Dec 9999 23:59:59 GMT", "a broken clock");
}

/* Every change of one byte ends in an answer that climbs out of no folder. */
static void
test_mutants(void)
{
	static const char text[] = "GET /m/a%2eb HTTP/1.1\r\nHost: h\r\n"
				   "Range: bytes=1-2\r\n"
				   "Content-Length: 0\r\n\r\n";
	size_t n = sizeof(text) - 1, i, used, wrong = 0;
	char copy[sizeof(text)];
	struct http_request r;
	unsigned v;

	for (i = 0; i < n; i++)
		for (v = 0; v < 256; v++) {
			enum err e;

			memcpy(copy, text, n);
			copy[i] = (char)v;
			used = 0;
			e = parse(span_of(copy, n), &used, &r);
			if (e == ERR_OK && used != n)
				wrong++;
			else if (e != ERR_OK && e != ERR_TRUNCATED &&
				 r.refuse < 400)
				wrong++;
			else if (e == ERR_TRUNCATED && i < n - 4)
				wrong++;
			else if (e == ERR_OK && strstr(r.path, "/../") != NULL)
				wrong++;
		}
	ok(wrong == 0, "%zu mutants, %zu wrong", n * 256, wrong);
}

int
main(void)
{
	test_good();
	test_bad_lines();
	test_bad_targets();
	test_bad_fields();
	test_limits();
	test_drip();
	test_ranges();
	test_response();
	test_mutants();
	return plan();
}
