#ifdef __linux__
#include "landlock.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define VERSION 1u /* LANDLOCK_CREATE_RULESET_VERSION */
#define RULE_PATH 1
#define RULE_PORT 2

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

long
landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
}

int
landlock_rules(long version, const struct landlock_denied *denied)
{
	/* Before version 4 the kernel takes no more than it knows. */
	size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;

	return (int)syscall(SYS_landlock_create_ruleset, denied, size, 0);
}

bool
landlock_allow_file(int rules, int fd, uint64_t rights)
{
	struct path_rule rule = {.allowed = rights, .fd = fd};

	return syscall(SYS_landlock_add_rule, rules, RULE_PATH, &rule, 0) == 0;
}

bool
landlock_allow_port(int rules, uint64_t port)
{
	struct port_rule rule = {.allowed = LANDLOCK_CONNECT_TCP, .port = port};

	return syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0) == 0;
}

bool
landlock_put_on(int rules, bool fine)
{
	fine = fine && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return fine;
}

#else
typedef int landlock_is_for_linux;
#endif
