/* Opening names beneath a folder, by openat2 and by the walk that stands in
 * for it: both must refuse the same. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/sys/serve_priv.h"
#include "../lib/tap.h"

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		exit(1);
}

static void
must(int status)
{
	if (status != 0)
		exit(1);
}

static void
make_tree(void)
{
	must(mkdir("root", 0755));
	must(mkdir("root/d", 0755));
	must(mkdir("root/d/e", 0755));
	must(mkdir("root2", 0755));
	put("root/a", "a");
	put("root/d/b", "bb");
	put("root/d/e/c", "ccc");
	put("root2/a", "outside");
	must(symlink("a", "root/link"));
	must(symlink("d", "root/dlink"));
	must(symlink("../root2", "root/out"));
	must(symlink("../../root2/a", "root/d/out"));
	must(symlink("loop", "root/loop"));
	must(mkfifo("root/fifo", 0644));
}

static void
opens(int root, bool beneath, const char *path, off_t want)
{
	off_t size = -1;
	int fd = serve_file_open(root, beneath, path, &size);

	ok(fd >= 0 && size == want, "%s opens %s",
		beneath ? "openat2" : "the walk", path);
	if (fd >= 0)
		close(fd);
}

static void
refuses(int root, bool beneath, const char *path)
{
	off_t size = -1;
	int fd = serve_file_open(root, beneath, path, &size);

	ok(fd < 0 && errno == ENOENT, "%s refuses %s",
		beneath ? "openat2" : "the walk", path);
	if (fd >= 0)
		close(fd);
}

static void
test_mode(int root, bool beneath)
{
	static const char *const bad[] = {"", "d", "d/", "d/e", "nothing",
		"a/x", "d/nothing/x", "link", "dlink/b", "out/a", "d/out",
		"loop", "loop/x", "fifo", ".", "..", "../root2/a",
		"d/../../root2/a", "/etc/passwd", "/"};
	char abs[4096 + 8], name[400];
	size_t i;

	opens(root, beneath, "a", 1);
	opens(root, beneath, "d/b", 2);
	opens(root, beneath, "d/e/c", 3);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(root, beneath, bad[i]);
	if (getcwd(abs, 4096) == NULL)
		exit(1);
	strcat(abs, "/root/a");
	refuses(root, beneath, abs);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	refuses(root, beneath, name);
}

int
main(void)
{
	int root, before, after;

	make_tree(); /* the runner gives us an empty folder, and removes it */
	root = open("root", O_RDONLY | O_DIRECTORY);
	if (root < 0)
		return 1;
	before = dup(root);
	close(before);
	if (serve_file_beneath(root))
		test_mode(root, true);
	else
		skip("this kernel lacks it", "openat2");
	test_mode(root, false);
	after = dup(root);
	ok(after == before, "no descriptor is left open");
	close(after);
	close(root);
	return plan();
}
