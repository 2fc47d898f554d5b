/* ustar headers: what we write, what we accept, what we refuse. */
#include "../../src/core/ustar.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

#define OFF_SIZE 124
#define OFF_SUM 148
#define OFF_TYPE 156
#define OFF_LINK 157
#define OFF_MAGIC 257
#define OFF_PREFIX 345

static void
seal(uint8_t *h)
{
	unsigned sum = 0;
	size_t i;

	memset(h + OFF_SUM, ' ', 8);
	for (i = 0; i < USTAR_BLOCK; i++)
		sum += h[i];
	snprintf((char *)h + OFF_SUM, 8, "%06o", sum & 0777777);
	h[OFF_SUM + 7] = ' ';
}

static enum err
read_back(const uint8_t *h, struct ustar_entry *e)
{
	struct diag d;
	bool end = true;
	enum err r = ustar_read(h, e, &end, &d);

	return r == ERR_OK && end ? ERR_FAILED : r;
}

static void
names(void)
{
	char name[300];
	uint8_t h[USTAR_BLOCK];
	struct ustar_entry e;
	size_t n;

	for (n = 1; n <= 260; n++) {
		size_t i;
		bool fits;

		/* Segments of 40, so that every length can be cut. */
		for (i = 0; i < n; i++)
			name[i] = i % 41 == 40 && i + 1 < n ? '/' : 'n';
		name[n] = '\0';
		fits = ustar_header(h, name, n, 0) == ERR_OK;
		if (fits && (read_back(h, &e) != ERR_OK ||
				    strcmp(e.name, name) != 0 || e.size != n))
			break;
		if (!fits && n < 200)
			break;
	}
	ok(n == 261, "names of 1 to 260 bytes are read as written, or refused");
	memset(name, 'a', 255);
	name[255] = '\0';
	is_err(ustar_header(h, name, 0, 0), ERR_LIMIT, "no '/' to cut at");
	name[155] = '/';
	memset(name + 156, 'b', 100);
	name[256] = '\0';
	is_err(ustar_header(h, name, 0, 0), ERR_OK, "the longest, 256 bytes");
	is_err(read_back(h, &e), ERR_OK, "read again");
	is_str(e.name, name, "whole");
	name[256] = 'b';
	name[257] = '\0';
	is_err(ustar_header(h, name, 0, 0), ERR_LIMIT, "257 bytes");
	is_err(ustar_header(h, "../x", 0, 0), ERR_REFUSED, "..");
	is_err(ustar_header(h, "/x", 0, 0), ERR_REFUSED, "absolute");
	is_err(ustar_header(h, "", 0, 0), ERR_REFUSED, "empty");
}

static void
fields(void)
{
	uint8_t h[USTAR_BLOCK], again[USTAR_BLOCK];
	struct ustar_entry e;

	is_err(ustar_header(h, "m/1.root.json", 1234567, 0), ERR_OK, "header");
	ok(memcmp(h + OFF_MAGIC,
		   "ustar\0"
		   "00",
		   8) == 0,
		"POSIX magic");
	is_str((char *)h + OFF_SIZE, "00004553207", "octal size");
	is_str((char *)h + 100, "0000644", "mode");
	is_str((char *)h + 136, "00000000000", "mtime");
	is_err(ustar_header(again, "m/1.root.json", 1234567, 0), ERR_OK,
		"again");
	ok(memcmp(h, again, USTAR_BLOCK) == 0, "same bytes every time");
	is_err(read_back(h, &e), ERR_OK, "read");
	is_str(e.name, "m/1.root.json", "name");
	ok(e.size == 1234567, "size");
	is_err(ustar_header(h, "a", 077777777777, 077777777777), ERR_OK,
		"largest size and time");
	is_err(ustar_header(h, "a", 0100000000000, 0), ERR_LIMIT, "size");
	is_err(ustar_header(h, "a", 0, 0100000000000), ERR_LIMIT, "time");
	is_err(ustar_header(h, "a", 0, -1), ERR_LIMIT, "before 1970");
	ok(ustar_pad(0) == 0 && ustar_pad(1) == 511 && ustar_pad(511) == 1 &&
			ustar_pad(512) == 0 && ustar_pad(513) == 511,
		"padding");
}

/* A good header with one thing changed. */
struct hostile {
	const char *what;
	size_t at;
	const char *bytes;
	size_t n;
	enum err want;
};

#define B(s) s, sizeof(s) - 1
static const struct hostile cases[] = {
	{"nothing changed", 0, B("m/1"), ERR_OK},
	{"a directory", OFF_TYPE, B("5"), ERR_REFUSED},
	{"a hard link", OFF_TYPE, B("1"), ERR_REFUSED},
	{"a symbolic link", OFF_TYPE, B("2"), ERR_REFUSED},
	{"a character device", OFF_TYPE, B("3"), ERR_REFUSED},
	{"a block device", OFF_TYPE, B("4"), ERR_REFUSED},
	{"a fifo", OFF_TYPE, B("6"), ERR_REFUSED},
	{"a contiguous file", OFF_TYPE, B("7"), ERR_REFUSED},
	{"a pax header", OFF_TYPE, B("x"), ERR_REFUSED},
	{"a global pax header", OFF_TYPE, B("g"), ERR_REFUSED},
	{"a GNU long name", OFF_TYPE, B("L"), ERR_REFUSED},
	{"a GNU sparse file", OFF_TYPE, B("S"), ERR_REFUSED},
	{"a V7 regular file", OFF_TYPE, B("\0"), ERR_REFUSED},
	{"V7 magic", OFF_MAGIC, B("\0\0\0\0\0\0\0\0"), ERR_SYNTAX},
	{"GNU magic", OFF_MAGIC, B("ustar  \0"), ERR_SYNTAX},
	{"version 01", OFF_MAGIC,
		B("ustar\0"
		  "01"),
		ERR_SYNTAX},
	{"base-256 size", OFF_SIZE, B("\x80\0\0\0\0\0\0\0\0\0\0\1"),
		ERR_SYNTAX},
	{"negative base-256 size", OFF_SIZE,
		B("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		ERR_SYNTAX},
	{"no digits", OFF_SIZE, B("\0\0\0\0\0\0\0\0\0\0\0\0"), ERR_SYNTAX},
	{"spaces before", OFF_SIZE, B("         12\0"), ERR_SYNTAX},
	{"an 8", OFF_SIZE, B("00000000008\0"), ERR_SYNTAX},
	{"a minus", OFF_SIZE, B("-0000000001\0"), ERR_SYNTAX},
	{"digits behind a NUL", OFF_SIZE, B("000000001\0001\0"), ERR_SYNTAX},
	{"no terminator", OFF_SIZE, B("000000000012"), ERR_SYNTAX},
	{"a space behind", OFF_SIZE, B("00000000012 "), ERR_OK},
	{"8 GiB", OFF_SIZE, B("77777777777\0"), ERR_LIMIT},
	{"a byte over 2 GiB", OFF_SIZE, B("20000000001\0"), ERR_LIMIT},
	{"2 GiB", OFF_SIZE, B("20000000000\0"), ERR_OK},
	{"an absolute path", 0, B("/etc/passwd"), ERR_REFUSED},
	{"a path upwards", 0, B("m/../../x"), ERR_REFUSED},
	{"just ..", 0, B("..\0\0\0\0\0\0\0\0\0\0\0"), ERR_REFUSED},
	{"a dot", 0, B("./m"), ERR_REFUSED},
	{"a hidden file", 0, B("m/.x"), ERR_REFUSED},
	{"a doubled slash", 0, B("m//x"), ERR_REFUSED},
	{"a slash at the end", 0, B("m/x/\0\0\0\0\0\0\0\0\0"), ERR_REFUSED},
	{"a backslash", 0, B("m\\x"), ERR_REFUSED},
	{"a space", 0, B("m x"), ERR_REFUSED},
	{"an escape", 0, B("m\x1b[2J"), ERR_REFUSED},
	{"UTF-8", 0, B("m/\xd0\xb6"), ERR_REFUSED},
	{"a colon", 0, B("c:x"), ERR_REFUSED},
	{"no name", 0, B("\0\0\0\0\0\0\0\0\0\0\0\0\0"), ERR_REFUSED},
	{"bytes behind the name", 50, B("x"), ERR_SYNTAX},
	{"a prefix", OFF_PREFIX, B("t/b"), ERR_OK},
	{"a prefix upwards", OFF_PREFIX, B("../.."), ERR_REFUSED},
	{"bytes behind the prefix", OFF_PREFIX + 9, B("x"), ERR_SYNTAX},
	{"a link name", OFF_LINK, B("x"), ERR_SYNTAX},
	{"bytes in the rest", 511, B("x"), ERR_SYNTAX},
	{"owner names are not our business", 265, B("root"), ERR_OK},
};

static void
hostile(void)
{
	uint8_t h[USTAR_BLOCK];
	struct ustar_entry e;
	struct diag d;
	size_t i, bad = 0;
	bool end;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct hostile *c = &cases[i];

		if (ustar_header(h, "m/1.root.json", 10, 0) != ERR_OK)
			abort();
		memcpy(h + c->at, c->bytes, c->n);
		seal(h);
		is_err(read_back(h, &e), c->want, "%s", c->what);
	}
	if (ustar_header(h, "m/1.root.json", 10, 0) != ERR_OK)
		abort();
	/* A changed bit changes the sum; in the sum it is no sum. */
	for (i = 0; i < USTAR_BLOCK * 8; i++) {
		h[i / 8] ^= (uint8_t)(1u << i % 8);
		if (ustar_read(h, &e, &end, &d) == ERR_OK)
			bad++;
		h[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(bad == 0, "%zu of 4096 flipped bits accepted", bad);
	memset(h, 0, sizeof(h));
	is_err(ustar_read(h, &e, &end, &d), ERR_OK, "zeros");
	ok(end, "are the end");
}

/* ---- GNU tar reads what we write, and we read what it writes */

static const char content[] = "seven hundred bytes would need two blocks\n";

/* An archive of one long-named file, by us. */
static void
archive_write(const char *file, const char *name)
{
	uint8_t h[USTAR_BLOCK], zeros[USTAR_END] = {0};
	size_t n = sizeof(content) - 1;
	FILE *f = fopen(file, "wb");

	if (f == NULL || ustar_header(h, name, n, 0) != ERR_OK ||
		fwrite(h, 1, sizeof(h), f) != sizeof(h) ||
		fwrite(content, 1, n, f) != n ||
		fwrite(zeros, 1, ustar_pad(n), f) != ustar_pad(n) ||
		fwrite(zeros, 1, USTAR_END, f) != USTAR_END || fclose(f) != 0)
		abort();
}

static void
archive_read(const char *file, const char *name)
{
	uint8_t h[USTAR_BLOCK] = {0};
	char body[USTAR_BLOCK];
	struct ustar_entry e = {.size = 0};
	struct diag d = {0};
	bool end = true;
	FILE *f = fopen(file, "rb");

	ok(f != NULL && fread(h, 1, sizeof(h), f) == sizeof(h) &&
			fread(body, 1, sizeof(body), f) == sizeof(body),
		"tar wrote an archive");
	is_err(ustar_read(h, &e, &end, &d), ERR_OK, "its header: %s", d.why);
	is_str(e.name, name, "its name");
	ok(!end && e.size == sizeof(content) - 1 &&
			memcmp(body, content, sizeof(content) - 1) == 0,
		"its content");
	ok(f != NULL && fread(h, 1, sizeof(h), f) == sizeof(h) &&
			ustar_read(h, &e, &end, &d) == ERR_OK && end,
		"its end");
	if (f != NULL)
		fclose(f);
}

static void
interop(void)
{
	static const char name[] = "t/b/news/2026-w48/"
				   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				   "aaaaaaaaaaaaaaaaaaaaa"
				   ".214.ekb";
	char folder[] = "/tmp/erika-ustar.XXXXXX", file[64], command[512];

	if (system("tar --version >/dev/null 2>&1") != 0) {
		skip("no tar here", "reading and writing with tar");
		return;
	}
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(file, sizeof(file), "%s/x.tar", folder);
	archive_write(file, name);
	snprintf(command, sizeof(command),
		"cd %s && tar -xf x.tar && grep -q seven %s && "
		"tar --format=ustar -cf y.tar %s",
		folder, name, name);
	ok(system(command) == 0, "tar unpacks ours");
	snprintf(file, sizeof(file), "%s/y.tar", folder);
	archive_read(file, name);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ok(system(command) == 0, "tidied up");
}

int
main(void)
{
	names();
	fields();
	hostile();
	interop();
	return plan();
}
