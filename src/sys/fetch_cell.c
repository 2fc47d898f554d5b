#include "fetch_child.h"

#include "../core/text.h"
#include "confine_role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum cell_kind
cell_kind_of(enum strategy s)
{
	if (s == STRATEGY_FILE)
		return CELL_FOLDER;
	return strategy_silent(s) ? CELL_SILENT : CELL_NAMES;
}

static void
close_from(int low)
{
#if defined(__linux__) && defined(SYS_close_range)
	if (syscall(SYS_close_range, (unsigned)low, ~0u, 0u) == 0)
		return;
#endif
#if defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__NetBSD__)
	closefrom(low);
#else
	/* The limit may be "unlimited"; nobody has more open than this. */
	long most = sysconf(_SC_OPEN_MAX);
	int fd, end = most < 0 || most > 65536 ? 65536 : (int)most;

	for (fd = low; fd < end; fd++)
		close(fd);
#endif
}

/* Descriptors 0 to 2 become /dev/null: a child that was taken over must not
 * hold the terminal. */
static bool
files_drop(int *fd)
{
	int null, k;

	if (*fd != 3) {
		if (dup2(*fd, 3) < 0)
			return false;
		*fd = 3;
	}
	null = open("/dev/null", O_RDWR);
	for (k = 0; k < 3; k++) {
		if (null == k)
			continue;
		if (null < 0 ? close(k) < 0 && errno != EBADF
			     : dup2(null, k) < 0)
			return false;
	}
	close_from(4);
	return true;
}

static void
signals_reset(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;
	int k;

	for (k = 1; k < NSIG; k++)
		(void)sigaction(k, &sa, NULL);
	/* Ctrl-C reaches the whole group: what it means, the parent decides.
	 * The other two come back as errno. */
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigaction(SIGXFSZ, &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int
cell_enter(int fd, pid_t parent)
{
	const struct rlimit zero = {0, 0};

	signals_reset();
	if (!files_drop(&fd))
		return -1;
	if (setrlimit(RLIMIT_CORE, &zero) != 0 ||
		setrlimit(RLIMIT_FSIZE, &zero) != 0)
		return -1;
	/* libcurl would write every TLS key there. */
	if (unsetenv("SSLKEYLOGFILE") != 0)
		return -1;
#ifdef __linux__
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return -1;
#endif
	/* It may have died before the line above. Elsewhere the end of the
	 * socket says so. */
	if (getppid() != parent)
		return -1;
	return fd;
}

/* Where the authorities of TLS are when libcurl has no one file of them:
 * links from one folder to others, on most systems. */
const char *const cell_authorities[] = {"/etc/ssl", "/etc/pki",
	"/etc/ca-certificates", "/etc/crypto-policies",
	"/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	"/usr/share/ssl", "/dev/urandom", NULL};

#define AUTHORITIES (sizeof(cell_authorities) / sizeof(cell_authorities[0]))

/* The port of "socks5h://ADDRESS:PORT": all that is connected to then. */
static uint16_t
proxy_port(const char *proxy)
{
	const char *colon = strrchr(proxy, ':');
	uint64_t port;

	if (colon == NULL ||
		text_decimal(span_str(colon + 1), 65535, &port) != ERR_OK)
		return 1080;
	return (uint16_t)port;
}

bool
cell_confine(
	enum cell_kind kind, const struct fetch_options *o, const char *ca_file)
{
	static const enum confine_role roles[CELL_KINDS] = {
		[CELL_NAMES] = CONFINE_NAMES,
		[CELL_SILENT] = CONFINE_SILENT,
		[CELL_FOLDER] = CONFINE_FOLDER};
	const char *read[AUTHORITIES + 1] = {NULL};
	struct confine_reach reach = {.read = read};
	enum confine_role role = roles[kind];
	unsigned whole = confine_whole(role);

	if (kind != CELL_FOLDER) {
		memcpy(read, cell_authorities, sizeof(cell_authorities));
		read[AUTHORITIES - 1] = ca_file;
		if (o->proxy != NULL)
			reach.port = proxy_port(o->proxy);
	}
	return (confine_enter(role, &reach) & whole) == whole ||
	       !o->require_sandbox;
}
