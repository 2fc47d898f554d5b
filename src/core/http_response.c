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
	if (value == NULL)
		return ERR_OK;
	return buf_printf(b, "%s: %s\r\n", name, value);
}

enum err
http_response_add(
	struct buf *b, const struct http_response *a, const char *date)
{
	enum err e = buf_printf(b, "HTTP/1.1 %u %s\r\nDate: %s\r\n", a->status,
		http_reason(a->status), date);

	/* RFC 9110 section 8.6. */
	if (e == ERR_OK && a->status != 204)
		e = buf_printf(b, "Content-Length: %" PRIu64 "\r\n", a->length);
	if (e == ERR_OK)
		e = add_field(b, "Content-Type", a->type);
	if (e == ERR_OK && a->status == 206)
		e = buf_printf(b,
			"Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
			"\r\n",
			a->first, a->first + a->length - 1, a->size);
	if (e == ERR_OK && a->status == 416)
		e = buf_printf(
			b, "Content-Range: bytes */%" PRIu64 "\r\n", a->size);
	if (e == ERR_OK && a->ranges)
		e = buf_str(b, "Accept-Ranges: bytes\r\n");
	if (e == ERR_OK)
		e = add_field(b, "Cache-Control", a->cache);
	if (e == ERR_OK)
		e = add_field(b, "Allow", a->allow);
	if (e == ERR_OK)
		e = add_field(b, "Location", a->location);
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
