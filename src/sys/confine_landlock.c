/* Linux: files by Landlock, which a process puts on itself. */
#ifdef __linux__

#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine_seccomp.h"

/* Of linux/landlock.h, which older systems lack in part; the numbers are the
 * kernel's for good. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define VERSION 1u /* LANDLOCK_CREATE_RULESET_VERSION */
#define RULE_PATH 1
#define RULE_PORT 2
#define READ_FILE (1ull << 2)
#define READ_DIR (1ull << 3)
#define BIND_TCP (1ull << 0)
#define CONNECT_TCP (1ull << 1)
#define SCOPES 3ull /* abstract unix sockets, signals */

struct ruleset {
	uint64_t files, net, scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

/* All rights to files that a version of Landlock knows. */
static uint64_t
file_rights(long version)
{
	if (version >= 5)
		return (1ull << 16) - 1; /* and ioctl of devices */
	if (version >= 3)
		return (1ull << 15) - 1; /* and truncating */
	return version == 2 ? (1ull << 14) - 1 : (1ull << 13) - 1;
}

static long
version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
}

bool
landlock_can(void)
{
	return version() >= 1;
}

/* What is not there cannot be read anyway. */
static bool
allow(int rules, const char *path)
{
	struct path_rule rule = {.fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;
	bool fine;

	if (rule.fd < 0)
		return true;
	rule.allowed = READ_FILE;
	if (fstat(rule.fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed |= READ_DIR;
	fine = syscall(SYS_landlock_add_rule, rules, RULE_PATH, &rule, 0) == 0;
	close(rule.fd);
	return fine;
}

static bool
allow_all(int rules, const char *const *paths)
{
	for (; paths != NULL && *paths != NULL; paths++)
		if (!allow(rules, *paths))
			return false;
	return true;
}

/* For names: the resolver's files, and the libraries it loads for them. */
static const char *const names[] = {"/etc/resolv.conf", "/etc/hosts",
	"/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols", "/etc/ld.so.cache",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", NULL};
static const char *const folders[] = {"/", NULL};

bool
landlock_enter(enum confine_role role, const struct confine_reach *r)
{
	long v = version();
	struct ruleset set = {.files = file_rights(v)};
	struct port_rule port = {.allowed = CONNECT_TCP, .port = r->port};
	/* Before version 4 the kernel takes no more than it knows. */
	size_t size = v >= 6 ? 24 : v >= 4 ? 16 : 8;
	bool fine;
	int rules;

	if (v < 1)
		return false;
	set.net = role == CONFINE_FOLDER || r->port != 0
			  ? BIND_TCP | CONNECT_TCP
			  : BIND_TCP;
	set.scoped = SCOPES;
	rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (rules < 0)
		return false;
	fine = allow_all(rules, r->read);
	if (role == CONFINE_NAMES)
		fine = fine && allow_all(rules, names);
	if (role == CONFINE_FOLDER)
		fine = fine && allow_all(rules, folders);
	if (v >= 4 && r->port != 0)
		fine = fine && syscall(SYS_landlock_add_rule, rules, RULE_PORT,
				       &port, 0) == 0;
	fine = fine && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return fine;
}

#else
typedef int confine_landlock_is_for_linux;
#endif
