/* What a child that was taken over can still do, and the parent without its
 * network: each act is tried. */
#include "../lib/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#endif

#include "../../src/sys/confine_role.h"
#include "../../src/sys/fetch.h"
#include "../../src/sys/fetch_child.h"
#include "../../src/sys/fetch_wire.h"

static struct diag d;
static char dir[] = "/tmp/erika-sandbox.XXXXXX";
static char secret[64], in_dir[64];
static uint8_t known; /* of the parent's memory */
static pid_t parent;

#ifdef __linux__

/* ---- acts: true when it could be done */

static bool
opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
makes(int family, int type)
{
	int fd = socket(family, type, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
starts(bool thread)
{
	int status = 0;
	pid_t pid;

	(void)thread;
	pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid;
}

static void *
nothing(void *arg)
{
	return arg;
}

static bool
threads(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, nothing, NULL) == 0 &&
	       pthread_join(t, NULL) == 0;
}

/* In another process, since it would not come back. */
static bool
executes(void)
{
	char *const argv[] = {"true", NULL}, *const env[] = {NULL};

	execve("/bin/true", argv, env);
	execve("/usr/bin/true", argv, env);
	return false; /* whoever succeeds is not here any more */
}

static bool
calls(long nr, unsigned long a, unsigned long b, unsigned long c)
{
	return syscall(nr, a, b, c, 0, 0) >= 0;
}

static bool
peeks(void)
{
	uint8_t here = 0;
	struct iovec to = {&here, 1}, from = {&known, 1};

	return process_vm_readv(parent, &to, 1, &from, 1, 0) == 1;
}

static bool
maps_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED;
}

static bool
turns_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool
listens(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool fine;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fine = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	       listen(fd, 1) == 0;
	if (fd >= 0)
		close(fd);
	return fine;
}

static bool
asks_names(void)
{
	struct addrinfo *a = NULL, hints = {.ai_socktype = SOCK_STREAM};
	int r = getaddrinfo("localhost", "80", &hints, &a);

	if (r == 0)
		freeaddrinfo(a);
	return r == 0;
}

#define N (1u << CELL_NAMES)
#define S (1u << CELL_SILENT)
#define F (1u << CELL_FOLDER)
#define P 8u   /* the parent without network */
#define LL 16u /* held by Landlock alone: only where there is one */

/* An act, who may do it, and how. */
#define ACTS(X)                                                                \
	X("read another file", F | P | LL, opens(secret, O_RDONLY))            \
	X("read /etc/passwd", F | P | LL, opens("/etc/passwd", O_RDONLY))      \
	X("read the machine's id", F | P | LL,                                 \
		opens("/proc/sys/kernel/random/boot_id", O_RDONLY))            \
	X("list a folder", F | P | LL, opens(dir, O_RDONLY | O_DIRECTORY))     \
	X("look at other processes", F | P | LL,                               \
		opens("/proc/1/status", O_RDONLY))                             \
	X("read the resolver's file", N | F | P | LL,                          \
		opens("/etc/resolv.conf", O_RDONLY) ||                         \
			access("/etc/resolv.conf", F_OK) != 0)                 \
	X("write a file", P, opens(secret, O_WRONLY))                          \
	X("write and read a file", P, opens(secret, O_RDWR))                   \
	X("append to a file", P, opens(secret, O_WRONLY | O_APPEND))           \
	X("empty a file", P, opens(secret, O_RDONLY | O_TRUNC))                \
	X("make a file", P, opens(in_dir, O_RDONLY | O_CREAT))                 \
	X("make a nameless file", P, opens(dir, O_RDWR | O_TMPFILE))           \
	X("open by the newer call", P,                                         \
		syscall(SYS_openat2, AT_FDCWD, secret, how, sizeof(how)) >= 0) \
	X("make a folder", P, mkdir(in_dir, 0700) == 0 || errno == EEXIST)     \
	X("make a link", P, symlink("x", link_path) == 0)                      \
	X("rename", P,                                                         \
		rename(link_path, in_dir) == 0 || errno == EISDIR ||           \
			errno == ENOTDIR)                                      \
	X("change rights", P, chmod(secret, 0600) == 0)                        \
	X("change times", P, utimes(secret, NULL) == 0)                        \
	X("make a pipe file", P, mkfifo(fifo_path, 0600) == 0)                 \
	X("cut a file", P, truncate(secret, 6) == 0)                           \
	X("remove a file", P, unlink(fifo_path) == 0)                          \
	X("start a process", P, starts(false))                                 \
	X("start a process by clone", P,                                       \
		(clone_pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) == 0     \
			? (_exit(0), true)                                     \
			: clone_pid > 0)                                       \
	X("execute", 0, who != P && executes())                                \
	X("start a thread", N | S | P, threads())                              \
	X("trace the parent", 0,                                               \
		ptrace(PTRACE_ATTACH, parent, NULL, NULL) == 0)                \
	X("read the parent's memory", 0, peeks())                              \
	X("signal the parent", P, kill(parent, 0) == 0)                        \
	X("take a descriptor of the parent", 0,                                \
		calls(SYS_pidfd_open, (unsigned long)parent, 0, 0) &&          \
			calls(SYS_pidfd_getfd, 3, 0, 0))                       \
	X("map memory to run", P, maps_code())                                 \
	X("turn memory to run", P, turns_code())                               \
	X("make a file in memory", P,                                          \
		calls(SYS_memfd_create, (unsigned long)"x", 0, 0))             \
	X("connect by TCP", N | S, makes(AF_INET, SOCK_STREAM))                \
	X("connect by TCP over IPv6", N | S,                                   \
		makes(AF_INET6, SOCK_STREAM) ||                                \
			(errno == EAFNOSUPPORT && role_now != CELL_FOLDER &&   \
				role_now != CELL_KINDS))                       \
	X("ask by UDP", N, makes(AF_INET, SOCK_DGRAM))                         \
	X("send what it likes", 0, makes(AF_INET, SOCK_RAW))                   \
	X("send what it likes to the link", 0, makes(AF_PACKET, SOCK_RAW))     \
	X("talk to the kernel's network", 0, makes(AF_NETLINK, SOCK_RAW))      \
	X("talk to local services", P, makes(AF_UNIX, SOCK_STREAM))            \
	X("serve", 0, listens())                                               \
	X("ask for a name", N | F | P | LL, asks_names())                      \
	X("use a ring of calls", 0,                                            \
		calls(SYS_io_uring_setup, 1, (unsigned long)ring, 0))          \
	X("load a program into the kernel", 0,                                 \
		calls(SYS_bpf, 0, (unsigned long)ring, 48))                    \
	X("count events", 0, calls(SYS_perf_event_open, 0, 0, 0))              \
	X("reach the key ring", 0,                                             \
		calls(SYS_keyctl, 0, (unsigned long)-3L, 0))                   \
	X("leave the user", 0, unshare(CLONE_NEWUSER) == 0)                    \
	X("leave the network", 0, unshare(CLONE_NEWNET) == 0)                  \
	X("mount", 0, mount("none", dir, "tmpfs", 0, NULL) == 0)               \
	X("be debugged again", P, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0)     \
	X("change its root", P,                                                \
		chroot("/") == 0 || (who == P && geteuid() != 0))

/* Try all; the names of those that came out other than they should. */
static void
acts_try(unsigned who, bool landlock, enum cell_kind role_now, char *out,
	size_t size)
{
	char link_path[80], fifo_path[80];
	uint64_t how[3] = {O_RDONLY, 0, 0};
	uint32_t ring[30] = {0};
	unsigned tried = 0;
	long clone_pid = 0;
	size_t n = 0;

	snprintf(link_path, sizeof(link_path), "%s/link%u", dir, who);
	snprintf(fifo_path, sizeof(fifo_path), "%s/fifo%u", dir, who);
	out[0] = '\0';
#define TRY(name, may, act)                                                    \
	if (!((may)&LL) || landlock || ((may)&who)) {                          \
		bool did = (act);                                              \
                                                                               \
		tried++;                                                       \
		if (did != (((may)&who) != 0) && n < size)                     \
			n += (size_t)snprintf(out + n, size - n, "%s%s: %s",   \
				n == 0 ? "" : ", ", did ? "can" : "cannot",    \
				name);                                         \
	}
	ACTS(TRY)
#undef TRY
	if (n == 0)
		snprintf(out, size, "as it should, %u acts",
			tried >= 40 ? 40 : tried);
}

/* ---- the children */

static enum cell_kind kind;
static bool have_landlock;

#define ID (2u * LIMIT_WISHES) /* of the first wish */

/* A child that was taken over: answers the wish with what it could do. */
static void
taken_over(int fd, const struct fetch_options *o)
{
	struct wire_done w = {.err = ERR_NETWORK};
	uint8_t in[FRAME_MAX];
	struct buf out;

	if (recv(fd, in, sizeof(in), 0) < FRAME_HEAD)
		_exit(1);
	if (!cell_confine(kind, o, NULL))
		_exit(CELL_NO_SANDBOX);
	acts_try(1u << kind, have_landlock, kind, w.why, sizeof(w.why));
	buf_init(&out, FRAME_MAX);
	if (wire_done_add(&out, ID, &w) != ERR_OK)
		_exit(1);
	if (send(fd, out.p, out.n, 0) != (ssize_t)out.n)
		_exit(1);
	while (recv(fd, in, sizeof(in), 0) > 0)
		continue;
	_exit(0);
}

static void
test_child(
	enum cell_kind k, const char *base, enum strategy s, const char *name)
{
	struct route r = {.strategy = s};
	struct fetch_want w = {.base = base, .path = "x", .n = 10, .route = &r};
	struct fetch_options o = {.child = taken_over};
	struct fetch_got g;
	struct fetch *f;

	kind = k;
	if (fetch_new(&o, &f, &d) != ERR_OK)
		abort();
	is_err(fetch_all(f, &w, 1, 20, &g, &d), ERR_OK, "%s: tries", name);
	is_str(g.diag.why, "as it should, 40 acts", "%s", name);
	buf_free(&g.body);
	fetch_free(f);
}

/* ---- the parent */

/* What it started is without network, too. */
static bool
heirs_have_network(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("sh", "sh", "-c",
			"exec 2>/dev/null; python3 -c 'import socket; "
			"socket.socket()' && exit 7; exit 0",
			(char *)NULL);
		_exit(7);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid ||
	       !WIFEXITED(status) || WEXITSTATUS(status) == 7;
}

static void
offline_main(int out)
{
	struct fetch_want w = {.base = "http://127.0.0.1:1/",
		.path = "x",
		.n = 10,
		.allow_private = true};
	struct fetch_want folder = {.base = dir, .path = "secret", .max = 100};
	char why[512];
	struct fetch_got g;
	struct fetch *f;
	FILE *to = fdopen(out, "w");
	int i;

	if (to == NULL || fetch_new(NULL, &f, &d) != ERR_OK ||
		fetch_offline(f, &d) != ERR_OK)
		_exit(1);
	parent = getppid();
	acts_try(P, have_landlock, CELL_KINDS, why, sizeof(why));
	fprintf(to, "%s\n%s\n", why,
		heirs_have_network() ? "heirs have" : "heirs have none");
	/* The children have, and three of them are there to die. */
	for (i = 0; i < 4; i++) {
		if (fetch_all(f, &w, 1, 20, &g, &d) != ERR_OK)
			fprintf(to, "call: %s\n", d.why);
		else
			fprintf(to, "%s\n", g.diag.why);
		buf_free(&g.body);
		if (i == 1 && (fetch_all(f, &folder, 1, 20, &g, &d) != ERR_OK ||
				      g.err != ERR_OK))
			fprintf(to, "folder: %s\n", g.diag.why);
		kill(fetch_pid(f), SIGKILL);
		(void)!fetch_all(f, &w, 1, 20, &g, &d);
		buf_free(&g.body);
	}
	fclose(to);
	fetch_free(f);
	_exit(0);
}

static void
line(FILE *f, const char *want, const char *name)
{
	char got[600] = "";

	if (fgets(got, sizeof(got), f) == NULL)
		got[0] = '\0';
	got[strcspn(got, "\n")] = '\0';
	is_str(got, want, "%s", name);
}

static void
test_parent(void)
{
	int p[2], status = 0;
	pid_t pid;
	FILE *f;

	if (pipe(p) != 0)
		abort();
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		offline_main(p[1]);
	}
	close(p[1]);
	f = fdopen(p[0], "r");
	line(f, "as it should, 40 acts", "the parent without its network");
	line(f, "heirs have none", "what it starts");
	line(f, "tcp_ip: Connection refused", "its child has a network");
	line(f, "tcp_ip: Connection refused", "so has the next, when it died");
	line(f, "tcp_ip: Connection refused", "and the one after that");
	fclose(f);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			WEXITSTATUS(status) == 0,
		"it ends well");
}

int
main(void)
{
	const char *why;
	unsigned can = confine_can(&why);
	FILE *f;

	have_landlock = (can & CONFINE_FILES) != 0;
	parent = getpid();
	known = 7;
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	snprintf(in_dir, sizeof(in_dir), "%s/made", dir);
	f = fopen(secret, "w");
	if (f == NULL || fputs("secret", f) < 0 || fclose(f) != 0)
		abort();
	is_str(fetch_sandbox(), why, "what is missing: %s", why);
	if (!(can & CONFINE_CALLS)) {
		printf("1..1\n");
		return 0;
	}
	test_child(CELL_NAMES, "https://h.example/", STRATEGY_HTTPS, "names");
	test_child(
		CELL_SILENT, "https://h.example/", STRATEGY_ADDRESS, "silent");
	test_child(CELL_FOLDER, "/tmp/", STRATEGY_FILE, "folder");
	test_parent();
	(void)!system("rm -rf /tmp/erika-sandbox.*");
	return plan();
}

#else

int
main(void)
{
	ok(fetch_sandbox() != NULL, "the sandbox is judged");
	return plan();
}

#endif
