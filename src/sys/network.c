#include "network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "file.h"

/* ---- Linux */

/* Interfaces and neighbours of a busy router fit thrice. */
#define PROC_MAX (256 * LIMIT_KIB)

#define FIELDS 12

/* The words of a line; those that are missing are empty. */
static void
fields_split(struct span line, struct span out[static FIELDS])
{
	size_t i = 0, n, k;

	for (k = 0; k < FIELDS; k++) {
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
		for (n = i;
			n < line.n && line.p[n] != ' ' && line.p[n] != '\t';)
			n++;
		out[k] = span_sub(line, i, n - i);
		i = n;
	}
}

/* Up to 16 hex digits of either case, as the kernel prints them. */
static bool
hex_read(struct span s, uint64_t *out)
{
	size_t i;

	*out = 0;
	if (s.n == 0 || s.n > 16)
		return false;
	for (i = 0; i < s.n; i++) {
		int digit = text_hex_digit(s.p[i]);

		if (digit < 0)
			return false;
		*out = *out << 4 | (uint64_t)digit;
	}
	return true;
}

static bool
is_zeros(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '0')
			return false;
	return s.n > 0;
}

/* The way out: its interface, and the gateway's address as text, which is
 * empty on a line with nothing but its two ends. */
struct exit {
	struct span name;
	char gateway[INET6_ADDRSTRLEN];
	uint64_t metric;
	bool found;
};

static void
exit_keep(
	struct exit *x, struct span name, uint64_t metric, const char *gateway)
{
	size_t n = strlen(gateway);

	if (x->found && x->metric <= metric)
		return;
	*x = (struct exit){.name = name, .metric = metric, .found = true};
	memcpy(x->gateway, gateway, n < sizeof(x->gateway) ? n + 1 : 0);
}

/* Interface, destination, gateway, flags, -, -, metric (decimal), mask. */
static void
exit_v4(struct span text, struct exit *x)
{
	struct cursor c = {.in = text};
	struct span line, f[FIELDS];
	uint64_t flags, gateway, metric;

	while (cursor_line(&c, LIMIT_CONFIG_LINE, &line) == ERR_OK) {
		char shown[INET_ADDRSTRLEN] = "";
		uint32_t a;

		fields_split(line, f);
		if (!is_zeros(f[1]) || !is_zeros(f[7]) ||
			!hex_read(f[2], &gateway) || !hex_read(f[3], &flags) ||
			(flags & 1) == 0 || gateway > UINT32_MAX ||
			text_decimal(f[6], UINT32_MAX, &metric) != ERR_OK)
			continue;
		/* The number's bytes in memory are those on the wire. */
		a = (uint32_t)gateway;
		if (a != 0)
			(void)inet_ntop(AF_INET, &a, shown, sizeof(shown));
		exit_keep(x, f[0], metric, shown);
	}
}

/* Destination, length, source, length, next hop, metric (hex), -, -, flags,
 * interface. */
static void
exit_v6(struct span text, struct exit *x)
{
	struct cursor c = {.in = text};
	struct span line, f[FIELDS];
	uint64_t metric;

	while (cursor_line(&c, LIMIT_CONFIG_LINE, &line) == ERR_OK) {
		char shown[INET6_ADDRSTRLEN] = "";
		uint8_t a[16];

		fields_split(line, f);
		if (!is_zeros(f[0]) || !is_zeros(f[1]) || is_zeros(f[4]) ||
			!hex_read(f[5], &metric) ||
			text_hex_decode(f[4], a, sizeof(a)) != ERR_OK)
			continue;
		(void)inet_ntop(AF_INET6, a, shown, sizeof(shown));
		exit_keep(x, f[9], metric, shown);
	}
}

/* Address, type, flags, hardware address, mask, interface. */
static struct span
hardware_of(struct span arp, const struct exit *x)
{
	struct cursor c = {.in = arp};
	struct span line, f[FIELDS];

	while (cursor_line(&c, LIMIT_CONFIG_LINE, &line) == ERR_OK) {
		fields_split(line, f);
		if (span_eq(f[0], span_str(x->gateway)) &&
			span_eq(f[5], x->name) && f[3].n == 17 &&
			!span_eq(f[3], span_str("00:00:00:00:00:00")))
			return f[3];
	}
	return span_of(NULL, 0);
}

enum err
network_kind(struct span name, struct buf *out)
{
	size_t n = 0;

	while (n < name.n && n < 15 && name.p[n] >= 'a' && name.p[n] <= 'z')
		n++;
	/* "wlp2s0" and "enp3s0" say where the card is. */
	if (n == 3 && (span_starts(name, span_str("wl")) ||
			      span_starts(name, span_str("en"))))
		n = 2;
	return n == 0 ? buf_u8(out, '-') : buf_add(out, name.p, n);
}

enum err
network_linux(
	struct span route, struct span route6, struct span arp, struct buf *out)
{
	struct exit x = {.found = false};
	struct span hardware;
	enum err e;

	exit_v4(route, &x);
	if (!x.found)
		exit_v6(route6, &x);
	if (!x.found)
		return ERR_OK;
	e = network_kind(x.name, out);
	if (e == ERR_OK)
		e = buf_u8(out, ' ');
	hardware = hardware_of(arp, &x);
	if (e == ERR_OK && hardware.n > 0)
		return buf_span(out, hardware);
	return e == ERR_OK ? buf_str(out, x.gateway) : e;
}

static enum err
proc_mark(struct buf *out)
{
	static const char *const names[3] = {
		"/proc/net/route", "/proc/net/ipv6_route", "/proc/net/arp"};
	struct buf b[3];
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < 3; i++) {
		buf_init(&b[i], PROC_MAX);
		/* Android and other systems do not show them. */
		if (e == ERR_OK &&
			file_read(names[i], PROC_MAX, &b[i], NULL) == ERR_NOMEM)
			e = ERR_NOMEM;
	}
	if (e == ERR_OK)
		e = network_linux(
			buf_view(&b[0]), buf_view(&b[1]), buf_view(&b[2]), out);
	for (i = 0; i < 3; i++)
		buf_free(&b[i]);
	return e;
}

/* ---- elsewhere: this machine's own address on the way out. To connect a
 * datagram socket chooses it, and sends nothing. */

static bool
own_address(int family, const struct sockaddr *to, socklen_t n, void *out)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	int fd = socket(family, SOCK_DGRAM, 0);
	bool done;

	if (fd < 0)
		return false;
	done = connect(fd, to, n) == 0 &&
	       getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
	       own.ss_family == family;
	close(fd);
	if (done && family == AF_INET)
		memcpy(out, &((struct sockaddr_in *)&own)->sin_addr, 4);
	else if (done)
		memcpy(out, &((struct sockaddr_in6 *)&own)->sin6_addr, 16);
	return done;
}

static enum err
own_mark(struct buf *out)
{
	/* Addresses for documentation: nobody is there. */
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(443)};
	char hex[2 * 16 + 1];
	uint8_t a[16];

	(void)inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	(void)inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	if (own_address(AF_INET, (struct sockaddr *)&v4, sizeof(v4), a))
		text_hex(hex, a, 3);
	else if (own_address(AF_INET6, (struct sockaddr *)&v6, sizeof(v6), a))
		text_hex(hex, a, 8);
	else
		return buf_str(out, "none");
	return buf_printf(out, "own %s", hex);
}

enum err
network_mark(struct buf *out)
{
	size_t start = out->n;
	enum err e = proc_mark(out);

	return e == ERR_OK && out->n == start ? own_mark(out) : e;
}
