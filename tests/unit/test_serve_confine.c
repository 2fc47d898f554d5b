/* The server's sandbox: what it forbids and what it must not. Each act in a
 * child of its own, since nothing of it comes back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/sys/serve.h"
#include "../lib/tap.h"

/* An act: 0, or errno. */
typedef int act(void);

static int
result(int k)
{
	if (k < 0)
		return errno;
	close(k);
	return 0;
}

static int
read_root(void)
{
	return result(open("root/file", O_RDONLY));
}

static int
read_beside(void)
{
	return result(open("beside/file", O_RDONLY));
}

static int
read_other(void)
{
	return result(open("other/file", O_RDONLY));
}

static int
read_above(void)
{
	return result(open("root/../other/file", O_RDONLY));
}

static int
read_passwd(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int
write_root(void)
{
	return result(open("root/new", O_WRONLY | O_CREAT | O_TRUNC, 0600));
}

static int
write_beside(void)
{
	return result(open("beside/new", O_WRONLY | O_CREAT, 0600));
}

static int
write_over(void)
{
	return result(open("beside/file", O_WRONLY));
}

static int
move_inside(void)
{
	return rename("root/moved", "root/a/moved") != 0 ? errno : 0;
}

static int
move_out(void)
{
	return rename("root/file", "beside/stolen") != 0 ? errno : 0;
}

static int
fifo_root(void)
{
	return mkfifo("root/fifo", 0600) != 0 ? errno : 0;
}

static int
link_root(void)
{
	return symlink("/etc/passwd", "root/link") != 0 ? errno : 0;
}

static int
run(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
run_ours(void)
{
	execl("root/file", "file", (char *)NULL);
	return errno;
}

static int
bind_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return bind(fd, (struct sockaddr *)(void *)&a, sizeof(a)) != 0 ? errno
								       : 0;
}

static int
socket_beside(void)
{
	return bind_unix("beside/socket");
}

static int
socket_other(void)
{
	return bind_unix("other/socket");
}

static int
bind_tcp(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (struct sockaddr *)(void *)&a, sizeof(a)) != 0 ||
			       listen(fd, 1) != 0
		       ? errno
		       : 0;
}

static int
connect_tcp(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)(void *)&a, sizeof(a)) != 0
		       ? errno
		       : 0;
}

static int
try(act *f)
{
	const char *const write[] = {"root", NULL};
	const char *const read[] = {"beside", "not/there", NULL};
	const char *const sockets[] = {"beside", NULL};
	const struct serve_reach reach = {write, read, sockets};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(serve_confine(&reach) ? f() : 200);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 201;
	return WEXITSTATUS(status);
}

static void
make(const char *name, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT, mode);

	if (fd < 0 || write(fd, "#!/bin/true\n", 12) != 12)
		abort();
	close(fd);
}

int
main(void)
{
	static const struct {
		act *f;
		int want;
		const char *name;
	} acts[] = {
		{read_root, 0, "reads what it serves"},
		{read_beside, 0, "reads beside the configuration"},
		{read_other, EACCES, "reads no other folder"},
		{read_above, EACCES, "nor by a way around"},
		{read_passwd, EACCES, "nor the system's files"},
		{write_root, 0, "writes what it keeps"},
		{write_beside, EACCES, "makes no file elsewhere"},
		{write_over, EACCES, "and writes over none"},
		{move_inside, 0, "moves what it keeps"},
		{move_out, EXDEV, "but not out"},
		{fifo_root, EACCES, "makes no pipe"},
		{link_root, EACCES, "makes no link"},
		{run, EACCES, "runs no program"},
		{run_ours, EACCES, "nor one that it keeps"},
		{socket_beside, 0, "listens where it may"},
		{socket_other, EACCES, "and not elsewhere"},
		{bind_tcp, 0, "listens on a port"},
		{connect_tcp, EACCES, "connects nowhere"},
	};
	long v = syscall(444, NULL, 0, 1); /* landlock_create_ruleset */
	size_t i;

	if (mkdir("root", 0700) != 0 || mkdir("root/a", 0700) != 0 ||
		mkdir("beside", 0700) != 0 || mkdir("other", 0700) != 0)
		return 1;
	make("root/file", 0700);
	make("root/moved", 0600);
	make("beside/file", 0600);
	make("other/file", 0600);
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int got;

		if (v < 2 || (v < 4 && acts[i].f == connect_tcp)) {
			ok(true, "%s # SKIP no Landlock here", acts[i].name);
			continue;
		}
		got = try(acts[i].f);
		ok(got == acts[i].want ||
				(acts[i].f == move_out && got == EACCES),
			"a server %s", acts[i].name);
		if (got != acts[i].want)
			printf("#   got %d: %s\n", got, strerror(got));
	}
	return plan();
}
