#include "http.h"

#include <stdio.h>
#include <string.h>

#include "date.h"
#include "text.h"

static enum err
refuse(struct http_request *r, enum err e, unsigned status)
{
	r->refuse = status;
	return e;
}

static enum err
bad(struct http_request *r)
{
	return refuse(r, ERR_SYNTAX, 400);
}

/* Look for the empty line, and at every byte on the way: only visible ASCII,
 * space, tab and CRLF. A bare CR or LF, or a head that begins with an empty
 * line, is where two readers may disagree (RFC 9112 sections 2.2 and 11.2). */
static enum err
find_end(struct span in, size_t *scanned, size_t *end)
{
	size_t i, n = in.n < LIMIT_HTTP_HEAD ? in.n : LIMIT_HTTP_HEAD;

	for (i = *scanned; i < n; i++) {
		uint8_t c = in.p[i];
		bool after_cr = i > 0 && in.p[i - 1] == '\r';

		if ((c == '\n') != after_cr || c > 0x7e)
			return ERR_SYNTAX;
		if (c < 0x20 && c != '\r' && c != '\n' && c != '\t')
			return ERR_SYNTAX;
		if (c == '\r' && i == 0)
			return ERR_SYNTAX;
		if (c == '\n' && i >= 3 && in.p[i - 2] == '\n') {
			*end = i + 1;
			return ERR_OK;
		}
	}
	*scanned = n;
	return n == LIMIT_HTTP_HEAD ? ERR_LIMIT : ERR_TRUNCATED;
}

/* A token's bytes (RFC 9110 section 5.6.2). */
static bool
is_token(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
all_token(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_token(s.p[i]))
			return false;
	return s.n > 0;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Whether `s` is `word`, in upper or lower case; `word` is in lower. */
static bool
is_word(struct span s, const char *word)
{
	size_t i;

	if (s.n != strlen(word))
		return false;
	for (i = 0; i < s.n; i++)
		if (lower(s.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_sub(s, 1, s.n - 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Split at the first `c`: what is before it goes to *head, what is after it
 * stays in *s. Without one, all goes to *head and false comes back. */
static bool
split(struct span *s, uint8_t c, struct span *head)
{
	const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, c, s->n);
	size_t n = at == NULL ? s->n : (size_t)(at - s->p);

	*head = span_sub(*s, 0, n);
	*s = span_sub(*s, at == NULL ? n : n + 1, s->n);
	return at != NULL;
}

/* Origin form only (RFC 9112 section 3.2.1). */
static enum err
read_target(struct http_request *r, struct span s)
{
	if (s.n > LIMIT_HTTP_TARGET)
		return refuse(r, ERR_LIMIT, 414);
	return http_target_ok(s, r->path, &r->path_n) ? ERR_OK : bad(r);
}

static enum err
read_method(struct http_request *r, struct span s)
{
	if (!all_token(s))
		return bad(r);
	if (span_eq(s, span_str("GET")))
		r->method = HTTP_GET;
	else if (span_eq(s, span_str("HEAD")))
		r->method = HTTP_HEAD;
	else if (span_eq(s, span_str("PUT")))
		r->method = HTTP_PUT;
	else
		return refuse(r, ERR_UNSUPPORTED, 501);
	return ERR_OK;
}

/* "METHOD SP target SP HTTP/1.x", single spaces (RFC 9112 section 3). */
static enum err
read_request_line(struct http_request *r, struct span line, bool *old)
{
	struct span method, target;
	enum err e;

	if (!split(&line, ' ', &method) || !split(&line, ' ', &target))
		return bad(r);
	e = read_target(r, target);
	if (e != ERR_OK)
		return e;
	if (line.n != 8 || !span_starts(line, span_str("HTTP/")) ||
		line.p[5] < '0' || line.p[5] > '9' || line.p[6] != '.' ||
		line.p[7] < '0' || line.p[7] > '9')
		return bad(r);
	if (line.p[5] != '1' || line.p[7] > '1')
		return refuse(r, ERR_UNSUPPORTED, 505);
	*old = line.p[7] == '0';
	/* Last, so that a malformed line is 400 whatever its method. */
	return read_method(r, method);
}

/* ---- fields */

/* Which fields were seen: those that must not come twice. */
struct seen {
	bool host, length, range, if_range, expect, coded;
};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_host_byte(uint8_t c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
	       c == '-' || c == '.' || c == '_';
}

/* An IPv6 address's bytes, after its "[". */
static bool
is_literal_byte(uint8_t c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f') ||
	       c == ':' || c == '.';
}

/* "name", "name:port", "1.2.3.4", "[::1]:80"; never empty, no user. */
static bool
host_ok(struct span s)
{
	bool literal = s.n > 0 && s.p[0] == '[';
	size_t i = literal ? 1 : 0, start = i, digits;

	while (i < s.n && (literal ? is_literal_byte : is_host_byte)(s.p[i]))
		i++;
	if (i == start || i > 255)
		return false;
	if (literal && (i == s.n || s.p[i++] != ']'))
		return false;
	if (i == s.n)
		return true;
	if (s.p[i++] != ':')
		return false;
	for (digits = 0; i < s.n && is_digit(s.p[i]); i++)
		digits++;
	return i == s.n && digits >= 1 && digits <= 5;
}

/* "close", "keep-alive, Upgrade" (RFC 9110 section 7.6.1). */
static bool
read_connection(struct http_request *r, struct span s)
{
	struct span part;
	bool more = true;

	while (more) {
		more = split(&s, ',', &part);
		part = trim(part);
		if (!all_token(part))
			return false;
		if (is_word(part, "close"))
			r->close = true;
	}
	return true;
}

/* "bytes=1-2", "bytes=1-", "bytes=-2" (RFC 9110 section 14.2). A unit that is
 * not bytes must be ignored. */
static bool
read_range(struct http_request *r, struct span s)
{
	uint64_t max = INT64_MAX;
	struct span unit, first;
	size_t i;

	if (!split(&s, '=', &unit) || !all_token(unit))
		return false;
	if (!is_word(unit, "bytes"))
		return true;
	if (s.n > 0 && memchr(s.p, ',', s.n) != NULL) {
		for (i = 0; i < s.n; i++)
			if (strchr("0123456789-, \t", s.p[i]) == NULL)
				return false;
		r->range = HTTP_RANGE_MANY;
		return true;
	}
	if (!split(&s, '-', &first))
		return false;
	r->range = first.n == 0 ? HTTP_RANGE_LAST : HTTP_RANGE_FROM;
	if (first.n == 0)
		return text_decimal(s, max, &r->last) == ERR_OK;
	if (text_decimal(first, max, &r->first) != ERR_OK)
		return false;
	r->last = UINT64_MAX;
	if (s.n == 0)
		return true;
	return text_decimal(s, max, &r->last) == ERR_OK && r->first <= r->last;
}

static bool
first_time(bool *seen)
{
	bool first = !*seen;

	*seen = true;
	return first;
}

/* The fields that decide where a request ends and what it asks for. All
 * others are read past. False refuses the request. */
static bool
read_field(struct http_request *r, struct seen *seen, struct span name,
	struct span value)
{
	if (is_word(name, "host"))
		return first_time(&seen->host) && host_ok(value);
	if (is_word(name, "content-length")) {
		r->has_length = true;
		return first_time(&seen->length) &&
		       text_decimal(value, INT64_MAX, &r->length) == ERR_OK;
	}
	if (is_word(name, "transfer-encoding"))
		return false;
	if (is_word(name, "connection"))
		return read_connection(r, value);
	if (is_word(name, "range"))
		return first_time(&seen->range) && read_range(r, value);
	if (is_word(name, "if-range"))
		return first_time(&seen->if_range) && value.n > 0;
	if (is_word(name, "expect")) {
		r->expect = true;
		return first_time(&seen->expect) &&
		       is_word(value, "100-continue");
	}
	if (is_word(name, "content-encoding") || is_word(name, "content-range"))
		seen->coded = true;
	return true;
}

/* All lines after the first; `s` ends with the CRLF of the last of them. */
static enum err
read_fields(struct http_request *r, struct seen *seen, struct span s)
{
	struct span line, name;
	unsigned n = 0;

	while (s.n > 0) {
		(void)split(&s, '\n', &line);
		line.n--; /* find_end saw the CR */
		if (++n > LIMIT_HTTP_FIELDS)
			return refuse(r, ERR_LIMIT, 431);
		/* No white space in a name or before its colon, so a folded
		 * line is refused too (RFC 9112 sections 5.1 and 5.2). */
		if (!split(&line, ':', &name) || !all_token(name))
			return bad(r);
		if (!read_field(r, seen, name, trim(line)))
			return bad(r);
	}
	return ERR_OK;
}

enum err
http_request_parse(
	struct span in, size_t *scanned, size_t *used, struct http_request *r)
{
	struct seen seen = {.host = false};
	struct span head, line;
	bool old = false;
	size_t end = 0;
	enum err e;

	/* All but the path, which is long and gets its own end mark. */
	memset(r, 0, offsetof(struct http_request, path));
	r->path[0] = '\0';
	e = find_end(in, scanned, &end);
	if (e == ERR_TRUNCATED)
		return e;
	if (e != ERR_OK)
		return refuse(r, e, e == ERR_LIMIT ? 431 : 400);
	head = span_sub(in, 0, end - 2);
	(void)split(&head, '\n', &line);
	line.n--;
	e = read_request_line(r, line, &old);
	if (e != ERR_OK)
		return e;
	r->close = old;
	e = read_fields(r, &seen, head);
	if (e != ERR_OK)
		return e;
	if (!seen.host && !old)
		return bad(r);
	/* A GET with content is where smuggling begins. */
	if (r->method != HTTP_PUT && (r->length > 0 || r->expect))
		return bad(r);
	/* What is put must be what is kept (RFC 9110 section 14.5). */
	if (r->method == HTTP_PUT && seen.coded)
		return bad(r);
	/* HTTP/1.0 has no "100 Continue" (RFC 9110 section 10.1.1). */
	if (old)
		r->expect = false;
	/* We send no validators, so no If-Range can match, and a HEAD has no
	 * ranges (RFC 9110 sections 13.1.5 and 14.2). */
	if (seen.if_range || r->method != HTTP_GET)
		r->range = HTTP_RANGE_NONE;
	*used = end;
	return ERR_OK;
}

unsigned
http_range_of(const struct http_request *r, uint64_t size, uint64_t *first,
	uint64_t *n)
{
	*first = 0;
	*n = size;
	switch (r->range) {
	case HTTP_RANGE_NONE:
		return 200;
	case HTTP_RANGE_LAST:
		if (r->last == 0 || size == 0)
			break;
		*n = r->last < size ? r->last : size;
		*first = size - *n;
		return 206;
	case HTTP_RANGE_FROM:
		if (r->first >= size)
			break;
		*first = r->first;
		*n = (r->last < size - 1 ? r->last : size - 1) - r->first + 1;
		return 206;
	case HTTP_RANGE_MANY:
		break;
	}
	*n = 0;
	return 416;
}
