#include "../lib/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../../src/sys/fetch_address.h"
#include "../../src/sys/fetch_chunk.h"
#include "../../src/sys/fetch_head.h"
#include "../../src/sys/fetch_wire.h"

static struct wire_want want; /* large: not on the stack */

/* A buffer of one frame with this wish. */
static void
want_frame(struct buf *b, uint64_t offset, uint64_t n, uint64_t max)
{
	memset(&want, 0, sizeof(want));
	snprintf(want.base, sizeof(want.base), "https://h.example/");
	snprintf(want.path, sizeof(want.path), "m/1.root.json");
	want.offset = offset;
	want.n = n;
	want.max = max;
	want.ms = 1500;
	want.allow_private = true;
	want.fresh = true;
	want.strategy = STRATEGY_FRONT;
	snprintf(want.address, sizeof(want.address), "2001:db8::7");
	snprintf(want.sni, sizeof(want.sni), "s.example");
	snprintf(want.pin, sizeof(want.pin), "sha256//x=");
	snprintf(want.front, sizeof(want.front), "f.example");
	snprintf(want.resolver, sizeof(want.resolver), "https://r.example/q");
	snprintf(want.resolver_address, sizeof(want.resolver_address), "::7");
	snprintf(want.proxy, sizeof(want.proxy), "socks5h://127.0.0.1:1");
	buf_clear(b);
	if (wire_want_add(b, 77, &want) != ERR_OK)
		abort();
}

static void
test_want(void)
{
	struct buf b;
	struct cursor c;
	struct frame f;
	bool have;
	size_t n;

	buf_init(&b, FRAME_MAX);
	want_frame(&b, 5, 10, 0);
	for (n = 0; n < b.n; n++) {
		c = (struct cursor){.in = span_of(b.p, n)};
		if (wire_next(&c, &f, &have) != ERR_OK || have || c.pos != 0)
			break;
	}
	ok(n == b.n, "no part of a frame is taken for one");
	c = (struct cursor){.in = buf_view(&b)};
	is_err(wire_next(&c, &f, &have), ERR_OK, "a whole frame");
	ok(have && f.type == FRAME_WANT && f.id == 77 && c.pos == b.n,
		"is taken");
	memset(&want, 0xee, sizeof(want));
	is_err(wire_want_read(f.body, &want), ERR_OK, "its wish");
	ok(want.offset == 5 && want.n == 10 && want.max == 0 &&
			want.ms == 1500 && want.allow_private &&
			strcmp(want.base, "https://h.example/") == 0 &&
			strcmp(want.path, "m/1.root.json") == 0 && want.fresh &&
			want.strategy == STRATEGY_FRONT &&
			strcmp(want.address, "2001:db8::7") == 0 &&
			strcmp(want.sni, "s.example") == 0 &&
			strcmp(want.pin, "sha256//x=") == 0 &&
			strcmp(want.front, "f.example") == 0 &&
			strcmp(want.resolver, "https://r.example/q") == 0 &&
			strcmp(want.resolver_address, "::7") == 0 &&
			strcmp(want.proxy, "socks5h://127.0.0.1:1") == 0,
		"comes through");
	for (n = 0; n < f.body.n; n++)
		if (wire_want_read(span_of(f.body.p, n), &want) == ERR_OK)
			break;
	ok(n == f.body.n, "every cut of it is refused");
	is_err(buf_u8(&b, 0), ERR_OK, "with a byte more");
	is_err(wire_want_read(
		       span_of(b.p + FRAME_HEAD, b.n - FRAME_HEAD), &want),
		ERR_SYNTAX, "it is refused");
	want_frame(&b, 1, 0, 10);
	is_err(wire_want_read(
		       span_of(b.p + FRAME_HEAD, b.n - FRAME_HEAD), &want),
		ERR_SYNTAX, "an offset without a length is refused");
	want_frame(&b, INT64_MAX, 1, 10);
	is_err(wire_want_read(
		       span_of(b.p + FRAME_HEAD, b.n - FRAME_HEAD), &want),
		ERR_SYNTAX, "a part past any file is refused");
	buf_free(&b);
}

static void
test_frames(void)
{
	uint8_t head[FRAME_HEAD] = {0};
	struct cursor c = {.in = span_of(head, sizeof(head))};
	struct frame f;
	bool have;

	wire_head(head, FRAME_DATA, 1, FRAME_BODY);
	is_err(wire_next(&c, &f, &have), ERR_OK, "the longest frame");
	ok(!have, "is waited for");
	wire_head(head, FRAME_DATA, 1, FRAME_BODY + 1);
	is_err(wire_next(&c, &f, &have), ERR_LIMIT, "a longer one is not");
	wire_head(head, 0, 1, 0);
	is_err(wire_next(&c, &f, &have), ERR_SYNTAX, "type 0 is refused");
	wire_head(head, FRAME_DONE + 1, 1, 0);
	is_err(wire_next(&c, &f, &have), ERR_SYNTAX, "type 6 is refused");
}

/* The body of a DONE frame with this code and reason. */
static struct span
done_body(struct buf *b, enum err e, const char *why)
{
	struct wire_done w = {.err = e, .wire = 9, .us = 8, .requests = 1};

	snprintf(w.why, sizeof(w.why), "%s", why);
	buf_clear(b);
	if (wire_done_add(b, 3, &w) != ERR_OK)
		abort();
	return span_of(b->p + FRAME_HEAD, b->n - FRAME_HEAD);
}

/* Whether an end with a notice of n bytes is taken. */
static bool
noticed(enum err e, uint32_t status, size_t n)
{
	static uint8_t bytes[LIMIT_TOMBSTONE + 1];
	struct wire_done w = {
		.err = e, .status = status, .notice = span_of(bytes, n)};
	struct wire_done back;
	struct span s;
	struct buf b;
	bool taken;

	buf_init(&b, FRAME_MAX);
	if (wire_done_add(&b, 3, &w) != ERR_OK)
		abort();
	s = span_of(b.p + FRAME_HEAD, b.n - FRAME_HEAD);
	taken = wire_done_read(s, &back) == ERR_OK && back.notice.n == n &&
		wire_done_read(span_of(s.p, s.n - 1), &back) != ERR_OK;
	buf_free(&b);
	return taken;
}

static void
test_notice(void)
{
	ok(noticed(ERR_MISSING, 451, 1), "a 451 may bring a notice");
	ok(noticed(ERR_MISSING, 451, LIMIT_TOMBSTONE), "of so many bytes");
	ok(!noticed(ERR_MISSING, 451, LIMIT_TOMBSTONE + 1), "and no more");
	ok(!noticed(ERR_MISSING, 404, 1), "a 404 may not");
	ok(!noticed(ERR_OK, 451, 1), "nor a success");
	ok(noticed(ERR_OK, 200, 0), "which has none");
}

static void
test_done(void)
{
	struct wire_done w;
	struct buf b;
	struct span s;
	size_t n;
	int e, taken = 0;

	buf_init(&b, FRAME_MAX);
	s = done_body(&b, ERR_TIMEOUT, "frozen");
	is_err(wire_done_read(s, &w), ERR_OK, "an end");
	ok(w.err == ERR_TIMEOUT && w.wire == 9 && w.us == 8 &&
			w.requests == 1 && strcmp(w.why, "frozen") == 0,
		"comes through");
	for (n = 0; n < s.n; n++)
		if (wire_done_read(span_of(s.p, n), &w) == ERR_OK)
			break;
	ok(n == s.n, "every cut of it is refused");
	for (e = 0; e < 256; e++)
		if (wire_done_read(done_body(&b, (enum err)e, ""), &w) ==
			ERR_OK)
			taken++;
	ok(taken == 10, "ten codes may end a wish");
	is_err(wire_done_read(done_body(&b, ERR_SIGNATURE, ""), &w), ERR_SYNTAX,
		"a verdict of trust is not one of them");
	s = done_body(&b, ERR_NETWORK, "\x1b]0;x\x07\xff\n");
	is_err(wire_done_read(s, &w), ERR_OK, "a reason with escapes");
	ok(strpbrk(w.why, "\x1b\x07\n\xff") == NULL, "is made safe: %s", w.why);
	buf_free(&b);
	test_notice();
}

/* ---- heads */

static struct wire_done done;

/* Feed a head line by line; true when it ends well and answers the wish. */
static bool
head(const char *text, uint64_t offset, uint64_t n, uint64_t max)
{
	struct cursor c = {.in = span_str(text)};
	struct head h = {0};
	struct span line;

	memset(&want, 0, sizeof(want));
	want.offset = offset;
	want.n = n;
	want.max = max;
	memset(&done, 0, sizeof(done));
	done.err = ERR_COUNT;
	while (cursor_left(&c) > 0) {
		size_t at = c.pos;

		if (cursor_line(&c, 65536, &line) != ERR_OK)
			return false;
		if (!head_line(&h, span_sub(c.in, at, c.pos - at), &done))
			return false;
	}
	return h.done && head_judge(&h, &want, &done);
}

static void
no(const char *text, uint64_t offset, uint64_t n, uint64_t max, enum err e,
	const char *why)
{
	ok(!head(text, offset, n, max) && done.err == e &&
			strstr(done.why, why) != NULL,
		"%s: %s", err_str(e), done.why);
}

#define OK200 "HTTP/1.1 200 OK\r\n"
#define OK206 "HTTP/1.1 206 Partial Content\r\n"

static void
test_heads(void)
{
	ok(head(OK200 "\r\n", 0, 0, 10), "the shortest head");
	ok(head("HTTP/1.1 200\r\n\r\n", 0, 0, 10), "without a reason");
	ok(head("HTTP/1.1 103 Hints\r\nContent-Length: 99\r\n\r\n" OK200
		"content-length:10 \r\n\r\n",
		   0, 0, 10),
		"hints before it do not count");
	ok(head(OK206 "Content-Range: bytes 5-14/*\r\n\r\n", 5, 10, 0),
		"a part of an unknown whole");
	ok(head(OK206 "Content-Range: bytes 5-14/15\r\n"
		      "Content-Length: 10\r\n\r\n",
		   5, 10, 0),
		"the last part");
	ok(head(OK200 "Content-Length: 10\r\n\r\n", 0, 10, 0),
		"the whole file when it is just the part");
	ok(head(OK200 "Content-Type: text/plain\r\n"
		      "Content-Encoding: identity\r\n\r\n",
		   0, 0, 1),
		"no encoding in so many words");
	no(OK200 "Content-Length: 11\r\n\r\n", 0, 0, 10, ERR_TRAILING, "11");
	no(OK200 "Content-Length: 11\r\n\r\n", 0, 10, 0, ERR_NETWORK, "whole");
	no(OK200 "\r\n", 0, 10, 0, ERR_NETWORK, "whole");
	no(OK200 "Content-Length: 10\r\n\r\n", 1, 10, 0, ERR_NETWORK, "whole");
	no(OK206 "\r\n", 5, 10, 0, ERR_NETWORK, "another part");
	no(OK206 "\r\n", 0, 0, 10, ERR_NETWORK, "a part came");
	no(OK206 "Content-Range: bytes 4-13/99\r\n\r\n", 5, 10, 0, ERR_NETWORK,
		"another part");
	no(OK206 "Content-Range: bytes 5-15/99\r\n\r\n", 5, 10, 0, ERR_NETWORK,
		"another part");
	no(OK206 "Content-Range: bytes 5-13/14\r\n\r\n", 5, 10, 0,
		ERR_TRUNCATED, "ends at byte 14");
	no(OK206 "Content-Range: bytes 5-14/14\r\n\r\n", 5, 10, 0, ERR_NETWORK,
		"Content-Range");
	no(OK206 "Content-Range: bytes 14-5/99\r\n\r\n", 5, 10, 0, ERR_NETWORK,
		"Content-Range");
	no(OK206 "Content-Range: bytes 5-14\r\n\r\n", 5, 10, 0, ERR_NETWORK,
		"Content-Range");
	no(OK206 "Content-Range: bytes -5-14/99\r\n\r\n", 5, 10, 0, ERR_NETWORK,
		"Content-Range");
	no(OK206 "Content-Range: bytes 5-99999999999999999999/*\r\n\r\n", 5, 10,
		0, ERR_NETWORK, "Content-Range");
	no(OK206 "Content-Range: bytes 5-14/99\r\n"
		 "Content-Range: bytes 5-14/99\r\n\r\n",
		5, 10, 0, ERR_NETWORK, "two");
	no(OK206 "Content-Range: bytes 5-14/99\r\nContent-Length: 9\r\n\r\n", 5,
		10, 0, ERR_NETWORK, "another part");
	no(OK200 "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 0, 0, 9,
		ERR_NETWORK, "Content-Length");
	no(OK200 "Content-Length: +5\r\n\r\n", 0, 0, 9, ERR_NETWORK,
		"Content-Length");
	no(OK200 "Content-Encoding: br\r\n\r\n", 0, 0, 9, ERR_NETWORK,
		"encoding");
	no(OK200 "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, 0, 9,
		ERR_NETWORK, "encoding");
	no(OK200 "Content-Type: Text/HTML ; charset=x\r\n\r\n", 0, 0, 9,
		ERR_NETWORK, "web page");
	no(OK206 "Content-Type: text/html\r\n"
		 "Content-Range: bytes 5-14/99\r\n\r\n",
		5, 10, 0, ERR_NETWORK, "web page");
	no("HTTP/1.1 404 No\r\nContent-Type: text/html\r\n\r\n", 0, 0, 9,
		ERR_MISSING, "404");
	no("HTTP/1.1 451 No\r\n\r\n", 0, 0, 9, ERR_MISSING,
		"withheld for legal reasons");
	no("HTTP/1.1 416 No\r\nContent-Range: bytes */4\r\n\r\n", 5, 10, 0,
		ERR_TRUNCATED, "416");
	no("HTTP/1.1 416 No\r\n\r\n", 0, 0, 9, ERR_NETWORK, "416");
	no("HTTP/1.1 307 Go\r\nLocation: file:///etc\r\n\r\n", 0, 0, 9,
		ERR_NETWORK, "redirected");
	no("HTTP/1.1 101 Up\r\n\r\n", 0, 0, 9, ERR_NETWORK, "101");
	no("HTTP/1.1 99 x\r\n\r\n", 0, 0, 9, ERR_NETWORK, "not HTTP");
	no("HTTP/1.1 2000 x\r\n\r\n", 0, 0, 9, ERR_NETWORK, "not HTTP");
	no("HTTP/1.1\r\n\r\n", 0, 0, 9, ERR_NETWORK, "not HTTP");
}

static void
test_head_size(void)
{
	struct head h = {0};
	char line[1024];
	size_t n = 0;

	memset(line, 'x', sizeof(line));
	done.err = ERR_COUNT;
	while (head_line(&h, span_of(line, sizeof(line)), &done))
		n++;
	ok(n == LIMIT_HTTP_HEAD / sizeof(line) && done.err == ERR_NETWORK,
		"a head may be %zu lines of 1 KiB", n);
	h = (struct head){.done = true, .status = 200};
	done.err = ERR_COUNT;
	while (head_line(&h, span_of(line, sizeof(line)), &done))
		n++;
	ok(n == 2 * LIMIT_HTTP_HEAD / sizeof(line), "trailers likewise");
}

/* ---- chunks */

/* Feed it in pieces of k bytes; the body, with '.' after a whole end, or '!'
 * and what is wrong. */
static const char *
dechunk(const char *in, size_t k)
{
	static char out[256];
	struct chunks c = {.left = 0};
	size_t n = 0, all = strlen(in), at;
	const char *bad = NULL;
	struct span piece, body;

	for (at = 0; at < all && bad == NULL; at += k) {
		piece = span_sub(span_str(in), at, k);
		while (piece.n > 0 && bad == NULL) {
			bad = chunks_take(&c, &piece, &body);
			if (bad == NULL && body.n > 0)
				memcpy(out + n, body.p, body.n);
			n += bad == NULL ? body.n : 0;
		}
	}
	snprintf(out + n, sizeof(out) - n, "%s%s", bad != NULL ? "!" : "",
		bad != NULL	       ? bad
		: c.state == CHUNK_END ? "."
				       : "");
	return out;
}

static void
test_chunks(void)
{
	static const struct {
		const char *in, *out;
	} table[] = {{"5\r\nhello\r\n0\r\n\r\n", "hello."}, {"0\r\n\r\n", "."},
		{"2\r\nhe\r\n03\r\nllo\r\n0\r\nX: y\r\nZ: \r\n\r\n", "hello."},
		{"A\r\n0123456789\r\n0\r\n\r\n", "0123456789."},
		{"5\r\nhel", "hel"}, {"5\r\nhello\r\n0\r\n", "hello"},
		{"5\r\nhello\r\n0\r\nX: y\r\n", "hello"},
		{"5;a=b\r\nhello\r\n0\r\n\r\n", "!wrong chunks"},
		{"5 \r\nhello\r\n0\r\n\r\n", "!wrong chunks"},
		{"5\nhello\r\n0\r\n\r\n", "!wrong chunks"},
		{"5\rhello", "!wrong chunks"}, {"\r\n", "!wrong chunks"},
		{"-1\r\n", "!wrong chunks"}, {"0x5\r\n", "!wrong chunks"},
		{"5\r\nhello!\r\n", "hello!wrong chunks"},
		{"5\r\nhello\r!", "hello!wrong chunks"},
		{"1000000000000000\r\n", "!wrong chunks"},
		{"0\r\n\r\n.", "!wrong chunks"},
		{"0\r\nX\n\r\n", "!wrong chunks"},
		{"0\r\nX\r\r\n", "!wrong chunks"}};
	struct chunks c = {.state = CHUNK_TRAILER};
	const char *bad = NULL;
	struct span in, body;
	size_t i, k, n;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (k = 1; k <= 16; k++)
			if (k == 16 ||
				strcmp(dechunk(table[i].in, k), table[i].out))
				is_str(dechunk(table[i].in, k), table[i].out,
					"chunks %zu in pieces of %zu", i, k);
	for (n = 0; bad == NULL; n++) {
		in = span_str("x");
		bad = chunks_take(&c, &in, &body);
	}
	ok(n == LIMIT_HTTP_HEAD + 1, "trailers end: %s", bad);
}

/* ---- addresses */

static void
test_addresses(void)
{
	static const char *const private[] = {"0.0.0.0", "0.1.2.3", "10.0.0.1",
		"10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
		"127.255.255.254", "169.254.169.254", "172.16.0.1",
		"172.31.255.255", "192.0.0.8", "192.168.0.1", "224.0.0.1",
		"239.1.2.3", "240.0.0.1", "255.255.255.255", "::", "::1",
		"::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
		"64:ff9b::a00:1", "64:ff9b:1::1",
		"2002:7f00:1::", "2002:c0a8:101::1", "fc00::1", "fdff::1",
		"fe80::1", "febf::1", "fec0::1", "ff02::1", "nonsense", "",
		"1.2.3", "fe80::1%lo"};
	static const char *const public[] = {"1.1.1.1", "9.255.255.255",
		"11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.1", "169.253.1.1", "172.15.255.255", "172.32.0.0",
		"192.0.2.1", "192.167.255.255", "192.169.0.0", "198.18.0.1",
		"223.255.255.255", "2001:db8::1", "::ffff:1.1.1.1",
		"64:ff9b::101:101", "2002:101:101::1", "2600::1"};
	struct sockaddr_storage s = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&s;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s;
	char text[ADDRESS_TEXT];
	size_t i;

	for (i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		ok(address_private_text(private[i]), "private: %s", private[i]);
	for (i = 0; i < sizeof(public) / sizeof(public[0]); i++)
		ok(!address_private_text(public[i]), "public: %s", public[i]);
	s.ss_family = AF_UNIX;
	ok(address_private((struct sockaddr *)&s), "a unix socket is");
	s.ss_family = AF_INET;
	inet_pton(AF_INET, "192.0.2.7", &v4->sin_addr);
	ok(!address_private((struct sockaddr *)&s), "an IPv4 address is not");
	address_text((struct sockaddr *)&s, text);
	is_str(text, "192.0.2.7", "and is shown");
	s.ss_family = AF_INET6;
	inet_pton(AF_INET6, "fd00::7", &v6->sin6_addr);
	ok(address_private((struct sockaddr *)&s), "a local IPv6 one is");
	address_text((struct sockaddr *)&s, text);
	is_str(text, "fd00::7", "and is shown");
}

int
main(void)
{
	test_frames();
	test_want();
	test_done();
	test_heads();
	test_head_size();
	test_chunks();
	test_addresses();
	return plan();
}
