#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "date.h"
#include "http.h"

const char *
http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} table[] = {
		{100, "Continue"},
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{416, "Range Not Satisfiable"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{451, "Unavailable For Legal Reasons"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
		{507, "Insufficient Storage"},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].reason;
	return "";
}

static enum err
add_field(struct buf *b, const char *name, const char *value)
{
	enum err e;

	if (value == NULL)
		return ERR_OK;
	e = buf_str(b, name);
	if (e == ERR_OK)
		e = buf_str(b, value);
	return e == ERR_OK ? buf_add(b, "\r\n", 2) : e;
}

/* By hand: of a small answer's time printf would take a tenth. */
static enum err
add_number(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return buf_add(b, digits + i, sizeof(digits) - i);
}

static enum err
add_status(struct buf *b, unsigned status)
{
	enum err e = buf_str(b, "HTTP/1.1 ");

	if (e == ERR_OK)
		e = add_number(b, status);
	return e == ERR_OK ? add_field(b, " ", http_reason(status)) : e;
}

/* RFC 9110 section 8.6: none in a 204. */
static enum err
add_length(struct buf *b, const struct http_response *a)
{
	enum err e;

	if (a->status == 204)
		return ERR_OK;
	e = buf_str(b, "Content-Length: ");
	if (e == ERR_OK)
		e = add_number(b, a->length);
	return e == ERR_OK ? buf_str(b, "\r\n") : e;
}

static enum err
add_range(struct buf *b, const struct http_response *a)
{
	if (a->status == 206)
		return buf_printf(b,
			"Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
			"\r\n",
			a->first, a->first + a->length - 1, a->size);
	if (a->status == 416)
		return buf_printf(
			b, "Content-Range: bytes */%" PRIu64 "\r\n", a->size);
	return ERR_OK;
}

enum err
http_response_add(
	struct buf *b, const struct http_response *a, const char *date)
{
	enum err e = add_status(b, a->status);

	if (e == ERR_OK)
		e = add_field(b, "Date: ", date);
	if (e == ERR_OK)
		e = add_length(b, a);
	if (e == ERR_OK)
		e = add_field(b, "Content-Type: ", a->type);
	if (e == ERR_OK)
		e = add_range(b, a);
	if (e == ERR_OK && a->ranges)
		e = buf_str(b, "Accept-Ranges: bytes\r\n");
	if (e == ERR_OK)
		e = add_field(b, "Cache-Control: ", a->cache);
	if (e == ERR_OK)
		e = add_field(b, "Allow: ", a->allow);
	if (e == ERR_OK)
		e = add_field(b, "Location: ", a->location);
	if (e == ERR_OK && a->retry > 0)
		e = buf_printf(b, "Retry-After: %" PRIu64 "\r\n", a->retry);
	if (e == ERR_OK && a->close)
		e = buf_str(b, "Connection: close\r\n");
	/* A browser must not take a bundle for a page. */
	if (e == ERR_OK)
		e = buf_str(b, "X-Content-Type-Options: nosniff\r\n\r\n");
	return e;
}

void
http_date(char out[static HTTP_DATE_SIZE], int64_t t)
{
	static const char day[7][4] = {
		"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char month[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t lo = date_of(0, 1, 1), hi = date_of(10000, 1, 1) - 1, days;
	char iso[DATE_SIZE]; /* YYYY-MM-DDTHH:MM:SSZ */
	unsigned m;

	t = t < lo ? lo : t > hi ? hi : t;
	date_format(iso, t);
	days = (t >= 0 ? t : t - 86399) / 86400;
	m = (unsigned)(iso[5] - '0') * 10 + (unsigned)(iso[6] - '0');
	snprintf(out, HTTP_DATE_SIZE, "%s, %.2s %s %.4s %.8s GMT",
		day[(days % 7 + 7) % 7], iso + 8, month[(m - 1) % 12], iso,
		iso + 11);
}
