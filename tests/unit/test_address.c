#include "../../src/core/address.h"
#include "../lib/tap.h"

static size_t
read_it(const char *s, uint8_t out[static 16])
{
	return address_read(span_str(s), out);
}

static void
test_read(void)
{
	static const char *const none[] = {"", ".", ":",
		"::1::", ":::", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1.2..4", "0x1.2.3.4",
		"1.2.3.4/8", "a.example", "1", "1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
		"1::2::3", "1:", ":1",
		"12345::", "0001::", "ABCD::", "g::", "fe80::1%eth0",
		"::ffff:1.2.3.4", "[::1]", "1:2:3:4:5:6:7:8:", "::1:"};
	uint8_t b[16], many[16];
	size_t i;

	ok(read_it("203.0.113.7", b) == 4 && b[0] == 203 && b[3] == 7,
		"IPv4 is read");
	ok(read_it("0.0.0.0", b) == 4 && b[0] == 0, "zeros, too");
	ok(read_it("2001:db8::7", b) == 16 && b[0] == 0x20 && b[1] == 1 &&
			b[3] == 0xb8 && b[4] == 0 && b[15] == 7,
		"IPv6 with a gap");
	ok(read_it("1:2:3:4:5:6:7:8", b) == 16 && b[1] == 1 && b[15] == 8,
		"without one");
	ok(read_it("::", b) == 16 && b[0] == 0 && b[15] == 0, "all a gap");
	ok(read_it("::1", b) == 16 && b[15] == 1, "one before");
	ok(read_it("abcd::", b) == 16 && b[0] == 0xab && b[15] == 0,
		"one behind");
	ok(read_it("1:2:3:4:5:6:7::", b) == 16 &&
			read_it("1:2:3:4:5:6:7:0", many) == 16 &&
			memcmp(b, many, 16) == 0,
		"one for a single group");
	for (i = 0; i < sizeof(none) / sizeof(*none); i++)
		ok(read_it(none[i], b) == 0, "no address: \"%s\"", none[i]);
}

static void
test_public(void)
{
	static const char *const out[] = {"8.8.8.8", "203.0.113.7", "9.255.0.1",
		"100.128.0.1", "172.32.0.1", "193.168.0.1", "2001:db8::7",
		"2a00::1", "64:ff9b::808:808", "2002:808:808::1"};
	static const char *const in[] = {"0.1.2.3", "10.0.0.1", "127.0.0.1",
		"100.64.0.1", "169.254.169.254", "172.31.255.255",
		"192.168.1.1", "224.0.0.1", "255.255.255.255", "::", "::1",
		"::7f00:1", "::ffff:7f00:1", "64:ff9b::a00:1",
		"64:ff9b:1::808:808", "2002:a00:1::1", "fc00::1", "fd00::1",
		"fe80::1", "fec0::1", "ff02::1", "a.example", ""};
	uint8_t b[16] = {8, 8, 8, 8};
	size_t i;

	for (i = 0; i < sizeof(out) / sizeof(*out); i++)
		ok(address_public(span_str(out[i])), "public: %s", out[i]);
	for (i = 0; i < sizeof(in) / sizeof(*in); i++)
		ok(!address_public(span_str(in[i])), "not public: \"%s\"",
			in[i]);
	ok(!address_reserved(b, 4) && address_reserved(b, 5),
		"of another length, none is");
}

int
main(void)
{
	test_read();
	test_public();
	return plan();
}
