#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "date.h"
#include "http.h"

const char *
http_reason(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 206:
		return "Partial Content";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 414:
		return "URI Too Long";
	case 416:
		return "Range Not Satisfiable";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	case 501:
		return "Not Implemented";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "";
	}
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
	enum err e = buf_printf(b,
		"HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Length: %" PRIu64 "\r\n",
		a->status, http_reason(a->status), date, a->length);

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
