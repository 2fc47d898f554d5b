#include "fetch_head.h"

#include <string.h>
#include <strings.h>

#include "../core/text.h"
#include "fetch_child.h"

enum {
	SEEN_LENGTH = 1,
	SEEN_RANGE = 2,
	SEEN_TYPE = 4,
	SEEN_ENCODING = 8,
	SEEN_TRANSFER = 16
};

static struct span
trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_sub(s, 1, s.n - 1);
	while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

static bool
span_is(struct span s, const char *word)
{
	return s.n == strlen(word) &&
	       strncasecmp((const char *)s.p, word, s.n) == 0;
}

/* Cut at the first `c`: what is before it; `rest` is what comes after. */
static bool
cut(struct span s, char c, struct span *before, struct span *rest)
{
	const uint8_t *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	if (at == NULL)
		return false;
	*before = span_sub(s, 0, (size_t)(at - s.p));
	*rest = span_sub(s, before->n + 1, s.n);
	return true;
}

/* "bytes 0-99/1000" or "bytes 0-99/ *" (RFC 9110, 14.4). */
static bool
range_read(struct head *h, struct span v)
{
	struct span unit, first, last, total;

	if (!cut(v, ' ', &unit, &v) || !span_is(unit, "bytes") ||
		!cut(v, '-', &first, &v) || !cut(v, '/', &last, &total))
		return false;
	if (text_decimal(first, INT64_MAX, &h->first) != ERR_OK ||
		text_decimal(last, INT64_MAX, &h->last) != ERR_OK)
		return false;
	h->total = UINT64_MAX;
	if (!span_is(total, "*") &&
		text_decimal(total, INT64_MAX, &h->total) != ERR_OK)
		return false;
	return h->first <= h->last && h->last < h->total;
}

/* A field that must not come twice. */
static bool
once(struct head *h, unsigned what)
{
	bool first = (h->seen & what) == 0;

	h->seen |= what;
	return first;
}

static bool
is_html(struct span v)
{
	struct span type, rest;

	if (cut(v, ';', &type, &rest))
		v = trim(type);
	return span_is(v, "text/html") || span_is(v, "application/xhtml+xml");
}

/* One field. The empty string, or what is wrong with it. */
static const char *
field_read(struct head *h, struct span name, struct span v)
{
	if (span_is(name, "content-length")) {
		if (!once(h, SEEN_LENGTH) ||
			text_decimal(v, INT64_MAX, &h->length) != ERR_OK)
			return "a wrong Content-Length";
	} else if (span_is(name, "content-range")) {
		if (!once(h, SEEN_RANGE))
			return "two Content-Ranges";
		/* Of status 416 it has another form, which is not needed. */
		if (h->status == 206 && !range_read(h, v))
			return "a wrong Content-Range";
	} else if (span_is(name, "content-type")) {
		if (!once(h, SEEN_TYPE))
			return "two Content-Types";
		h->html = is_html(v);
	} else if (span_is(name, "content-encoding")) {
		/* We never ask for one: bombs come this way. */
		if (!once(h, SEEN_ENCODING) || !span_is(v, "identity"))
			return "an encoding that was not asked for";
	} else if (span_is(name, "transfer-encoding")) {
		if (!once(h, SEEN_TRANSFER) || !span_is(v, "chunked"))
			return "an encoding that was not asked for";
	}
	return "";
}

static bool
status_read(struct head *h, struct span line)
{
	struct span version, status, rest;
	uint64_t v;
	size_t bytes = h->bytes;

	if (!cut(trim(line), ' ', &version, &status))
		return false;
	if (cut(status, ' ', &rest, &version))
		status = rest;
	if (text_decimal(status, 599, &v) != ERR_OK || v < 100)
		return false;
	*h = (struct head){.bytes = bytes, .status = (unsigned)v};
	return true;
}

bool
head_line(struct head *h, struct span line, struct wire_done *done)
{
	struct span name, v;
	const char *wrong;

	h->bytes += line.n;
	if (h->bytes > LIMIT_HTTP_HEAD) {
		done_set(done, ERR_NETWORK,
			"http-diff: a head of over %zu bytes", LIMIT_HTTP_HEAD);
		return false;
	}
	if (h->done) /* trailers: counted, not read */
		return true;
	if (span_starts(line, span_str("HTTP/"))) {
		if (status_read(h, line))
			return true;
		done_set(done, ERR_NETWORK, "http-diff: not HTTP");
		return false;
	}
	if (trim(line).n == 0) {
		/* 100 and 103 may come before the answer; 101 is one. */
		h->done = h->status >= 200 || h->status == 101;
		return true;
	}
	if (!cut(line, ':', &name, &v))
		return true;
	wrong = field_read(h, name, trim(v));
	if (wrong[0] != '\0') {
		done_set(done, ERR_NETWORK, "http-diff: %s", wrong);
		return false;
	}
	return true;
}

static bool
judge_status(unsigned status, const struct wire_want *w, struct wire_done *done)
{
	if (status == 200 || status == 206)
		return true;
	if (status == 451)
		done_set(done, ERR_MISSING,
			"HTTP 451: withheld for legal reasons");
	else if (status == 404 || status == 403 || status == 410)
		done_set(done, ERR_MISSING, "not on this mirror (%u)", status);
	else if (status == 416 && w->n > 0)
		done_set(done, ERR_TRUNCATED,
			"ends before the part asked for does (416)");
	else if (status >= 300 && status < 400)
		done_set(done, ERR_NETWORK, "http-diff: redirected (%u)",
			status);
	else
		done_set(done, ERR_NETWORK, "http-diff: status %u", status);
	return false;
}

static bool
judge_whole(
	const struct head *h, const struct wire_want *w, struct wire_done *done)
{
	if (h->status != 200) {
		done_set(done, ERR_NETWORK,
			"http-diff: a part came instead of the file");
		return false;
	}
	if ((h->seen & SEEN_LENGTH) && h->length > w->max) {
		done_set(done, ERR_TRAILING,
			"announces %llu bytes, at most %llu are wanted",
			(unsigned long long)h->length,
			(unsigned long long)w->max);
		return false;
	}
	return true;
}

static bool
judge_range(
	const struct head *h, const struct wire_want *w, struct wire_done *done)
{
	uint64_t last = w->offset + w->n - 1;

	/* A server without ranges sends the file from its first byte: of use
	 * only when that is all we want. */
	if (h->status == 200 && w->offset == 0 && (h->seen & SEEN_LENGTH) &&
		h->length == w->n)
		return true;
	if (h->status == 200) {
		done_set(done, ERR_NETWORK,
			"http-diff: the whole file came instead of a part; "
			"this mirror does not serve ranges");
		return false;
	}
	if (!(h->seen & SEEN_RANGE) || h->first != w->offset ||
		h->last > last ||
		((h->seen & SEEN_LENGTH) &&
			h->length != h->last - h->first + 1)) {
		done_set(done, ERR_NETWORK,
			"http-diff: another part than was asked for");
		return false;
	}
	if (h->last < last) {
		done_set(done, ERR_TRUNCATED,
			"ends at byte %llu, before the part asked for does",
			(unsigned long long)h->last + 1);
		return false;
	}
	return true;
}

bool
head_judge(
	const struct head *h, const struct wire_want *w, struct wire_done *done)
{
	if (!judge_status(h->status, w, done))
		return false;
	if (head_is_chunked(h) && (h->seen & SEEN_LENGTH)) {
		done_set(done, ERR_NETWORK, "http-diff: two lengths");
		return false;
	}
	if (h->html) {
		done_set(done, ERR_NETWORK,
			"http-diff: a web page came instead of the file");
		return false;
	}
	return w->n == 0 ? judge_whole(h, w, done) : judge_range(h, w, done);
}

bool
head_is_notice(const struct head *h)
{
	bool length = (h->seen & SEEN_LENGTH) != 0;

	if (h->status != 451 || h->html || (length && head_is_chunked(h)))
		return false;
	return !length || h->length <= LIMIT_TOMBSTONE;
}

bool
head_length_within(const struct head *h, uint64_t n)
{
	return (h->seen & SEEN_LENGTH) && !head_is_chunked(h) && h->length <= n;
}

bool
head_is_chunked(const struct head *h)
{
	return (h->seen & SEEN_TRANSFER) != 0;
}
