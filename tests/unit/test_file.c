/* Files: caps, links, atomic replacement, listing. Runs in an empty folder. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/sys/file.h"
#include "../lib/tap.h"

static struct diag diag;

static bool
holds(const char *path, const char *want)
{
	struct buf b;
	bool same;

	buf_init(&b, 1000);
	same = file_read(path, 1000, &b, &diag) == ERR_OK &&
	       strcmp(buf_cstr(&b), want) == 0;
	buf_free(&b);
	return same;
}

static enum err
put(const char *path, const char *s)
{
	return file_write(path, span_str(s), 0644, &diag);
}

static void
test_read(void)
{
	struct buf b;
	uint64_t n = 0;

	buf_init(&b, 1000);
	is_err(put("ten", "0123456789"), ERR_OK, "write ten bytes");
	ok(holds("ten", "0123456789"), "read them back");
	is_err(file_size("ten", &n, &diag), ERR_OK, "size");
	ok(n == 10, "size is 10");
	is_err(file_read("ten", 10, &b, &diag), ERR_OK, "cap equal to size");
	is_err(file_read("ten", 10, &b, &diag), ERR_OK, "reading appends");
	is_str(buf_cstr(&b), "01234567890123456789", "appended");
	is_err(file_read("ten", 9, &b, &diag), ERR_LIMIT, "cap below size");
	ok(strstr(diag.why, "ten") != NULL, "the diag names the file");
	ok(b.n == 20, "nothing is appended by a failure");
	is_err(file_read("none", 9, &b, &diag), ERR_MISSING, "missing");
	is_err(file_read("ten/x", 9, &b, &diag), ERR_MISSING, "below a file");
	is_err(file_read(".", 9, &b, &diag), ERR_IO, "a folder");
	is_err(file_size(".", &n, &diag), ERR_IO, "size of a folder");
	is_err(file_size("none", &n, &diag), ERR_MISSING, "size of none");
	is_err(file_read("a\x1b[2Jb", 9, &b, &diag), ERR_MISSING, "odd name");
	ok(strchr(diag.why, '\x1b') == NULL, "its name is escaped in the diag");
	buf_free(&b);
	buf_init(&b, 5);
	is_err(file_read("ten", 10, &b, &diag), ERR_LIMIT, "a full buffer");
	buf_free(&b);
	is_err(put("nil", ""), ERR_OK, "write nothing");
	ok(holds("nil", ""), "an empty file");
}

static void
test_range(void)
{
	static const struct {
		uint64_t at;
		size_t n;
		enum err want;
		const char *bytes;
	} t[] = {
		{0, 10, ERR_OK, "0123456789"},
		{3, 4, ERR_OK, "3456"},
		{9, 1, ERR_OK, "9"},
		{10, 0, ERR_OK, ""},
		{9, 2, ERR_TRUNCATED, ""},
		{11, 0, ERR_TRUNCATED, ""},
		{UINT64_MAX, 1, ERR_TRUNCATED, ""},
		{1, SIZE_MAX, ERR_TRUNCATED, ""},
		{0, 0, ERR_OK, ""},
	};
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_init(&b, 1000);
		is_err(file_read_range("ten", t[i].at, t[i].n, &b, &diag),
			t[i].want, "range %zu", i);
		is_str(buf_cstr(&b), t[i].bytes, "bytes of range %zu", i);
		buf_free(&b);
	}
}

static void
test_links(void)
{
	struct buf b;
	uint64_t n;

	buf_init(&b, 1000);
	ok(symlink("ten", "link") == 0, "make a link");
	is_err(file_read("link", 99, &b, &diag), ERR_IO, "a link is refused");
	ok(strstr(diag.why, "symbolic link") != NULL, "and called one");
	is_err(file_read_range("link", 0, 1, &b, &diag), ERR_IO, "range of it");
	is_err(file_size("link", &n, &diag), ERR_IO, "size of it");
	is_err(file_copy("link", "x", 0644, &diag), ERR_IO, "copy of it");
	ok(!file_exists("x"), "and no copy is left");
	is_err(put("link", "new"), ERR_OK, "a write replaces the link");
	ok(holds("link", "new"), "by a file");
	ok(holds("ten", "0123456789"), "what it pointed to is as it was");
	ok(mkfifo("fifo", 0644) == 0, "make a FIFO");
	is_err(file_read("fifo", 99, &b, &diag), ERR_IO,
		"a FIFO is refused at once");
	buf_free(&b);
}

static void
test_write(void)
{
	char big[200001];
	struct stat st, old;
	struct buf b;
	int fd;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	umask(022);
	is_err(put("f", "one"), ERR_OK, "create");
	ok(stat("f", &old) == 0 && (old.st_mode & 0777) == 0644, "its mode");
	fd = open("f", O_RDONLY);
	is_err(file_write("f", span_str("two"), 0600, &diag), ERR_OK,
		"replace");
	ok(stat("f", &st) == 0 && (st.st_mode & 0777) == 0600, "the new mode");
	ok(st.st_ino != old.st_ino, "a new file, not the old one rewritten");
	ok(read(fd, big, 4) == 3 && memcmp(big, "one", 3) == 0,
		"who had the old one open still reads it whole");
	close(fd);
	umask(077);
	is_err(put("g", "x"), ERR_OK, "under a strict umask");
	ok(stat("g", &st) == 0 && (st.st_mode & 0777) == 0600, "is obeyed");
	umask(022);
	is_err(put("none/f", "x"), ERR_MISSING, "into no folder");
	ok(mkdir("d", 0755) == 0, "make a folder");
	ok(put("d", "x") != ERR_OK, "a folder is not replaced");
	ok(file_is_dir("d"), "it is still there");
	memset(big, 'x', 3);
	is_err(put("big", big), ERR_OK, "a large file");
	is_err(file_copy("big", "d/copy", 0644, &diag), ERR_OK, "copied");
	buf_init(&b, sizeof(big));
	is_err(file_read("d/copy", sizeof(big), &b, &diag), ERR_OK, "read");
	is_str(buf_cstr(&b), big, "the same");
	buf_free(&b);
	is_err(file_copy("none", "d/x", 0644, &diag), ERR_MISSING,
		"copy of none");
	is_err(file_copy("d", "d/x", 0644, &diag), ERR_IO, "of a folder");
	is_err(put("/dev/full/x", "x"), ERR_MISSING, "below a device");
}

static void
test_folders(void)
{
	char **names;
	struct stat st;
	size_t n;

	is_err(file_mkdirs("p/q/r", 0750, &diag), ERR_OK, "make three");
	ok(stat("p/q", &st) == 0 && (st.st_mode & 0777) == 0750, "their mode");
	is_err(file_mkdirs("p//q/r/", 0750, &diag), ERR_OK, "again");
	is_err(file_mkdirs("/tmp", 0700, &diag), ERR_OK, "absolute");
	is_err(file_mkdirs("ten", 0750, &diag), ERR_EXISTS, "over a file");
	is_err(file_mkdirs("ten/x", 0750, &diag), ERR_EXISTS, "below one");
	is_err(put("p/b", ""), ERR_OK, "b");
	is_err(put("p/a", ""), ERR_OK, "a");
	is_err(put("p/Z", ""), ERR_OK, "Z");
	is_err(put("p/\xd1\x8f", ""), ERR_OK, "not ASCII");
	is_err(put("p/.hidden", ""), ERR_OK, "hidden");
	is_err(file_list("p", 5, &names, &n, &diag), ERR_OK, "list");
	ok(n == 5 && strcmp(names[0], "Z") == 0 && strcmp(names[1], "a") == 0 &&
			strcmp(names[2], "b") == 0 &&
			strcmp(names[3], "q") == 0 &&
			strcmp(names[4], "\xd1\x8f") == 0,
		"sorted by bytes, no dot files, no leftovers");
	strings_free(names, n);
	is_err(file_list("p", 4, &names, &n, &diag), ERR_LIMIT, "over the cap");
	ok(names == NULL && n == 0, "and nothing is returned");
	is_err(file_list("none", 4, &names, &n, &diag), ERR_MISSING, "none");
	is_err(file_list("ten", 4, &names, &n, &diag), ERR_MISSING, "a file");
	is_err(file_list("p/q/r", 4, &names, &n, &diag), ERR_OK, "empty");
	ok(n == 0, "has none");
	strings_free(names, n);
	strings_free(NULL, 0);
}

static void
test_join(void)
{
	static const char *const t[][3] = {
		{"a", "b", "a/b"},
		{"a/", "b", "a/b"},
		{"", "b", "b"},
		{"/", "b", "/b"},
		{"a/b", "c/d", "a/b/c/d"},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *s = file_join(t[i][0], t[i][1]);

		is_str(s, t[i][2], "join %zu", i);
		free(s);
	}
	ok(file_exists("ten") && !file_exists("none"), "file_exists");
	ok(file_is_dir("p") && !file_is_dir("ten") && !file_is_dir("none"),
		"file_is_dir");
}

int
main(void)
{
	test_read();
	test_range();
	test_links();
	test_write();
	test_folders();
	test_join();
	return plan();
}
