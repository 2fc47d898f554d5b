/* The server's sandbox: it reads what strangers send. Landlock alone: its
 * system calls are many, but what they can reach is little. */
#include "serve.h"

#ifdef __linux__
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/landlock.h, which older systems lack in part; the numbers are the
 * kernel's for good. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define VERSION 1u /* LANDLOCK_CREATE_RULESET_VERSION */
#define RULE_PATH 1
#define EXECUTE (1ull << 0)
#define WRITE_FILE (1ull << 1)
#define READ_FILE (1ull << 2)
#define READ_DIR (1ull << 3)
#define REMOVE_DIR (1ull << 4)
#define REMOVE_FILE (1ull << 5)
#define MAKE_CHAR (1ull << 6)
#define MAKE_DIR (1ull << 7)
#define MAKE_REG (1ull << 8)
#define MAKE_SOCK (1ull << 9)
#define MAKE_FIFO (1ull << 10)
#define MAKE_BLOCK (1ull << 11)
#define MAKE_SYM (1ull << 12)
#define REFER (1ull << 13)
#define TRUNCATE (1ull << 14)
#define CONNECT_TCP (1ull << 1)

#define READS (READ_FILE | READ_DIR)
#define WRITES                                                                 \
	(READS | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | \
		REFER)
#define ALL                                                                    \
	(WRITES | EXECUTE | MAKE_CHAR | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK |   \
		MAKE_SYM)

struct ruleset {
	uint64_t files, net;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

static bool
allow(int rules, const char *path, uint64_t rights)
{
	struct path_rule rule = {
		.allowed = rights, .fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;
	bool fine;

	if (rule.fd < 0)
		return true;
	fine = fstat(rule.fd, &st) != 0 || !S_ISDIR(st.st_mode) ||
	       syscall(SYS_landlock_add_rule, rules, RULE_PATH, &rule, 0) == 0;
	close(rule.fd);
	return fine;
}

static bool
allow_all(int rules, const char *const *paths, uint64_t rights)
{
	for (; paths != NULL && *paths != NULL; paths++)
		if (!allow(rules, *paths, rights))
			return false;
	return true;
}

bool
serve_confine(const struct serve_reach *r)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
	/* Truncating is a right of its own since version 3. */
	uint64_t more = v >= 3 ? TRUNCATE : 0;
	struct ruleset set = {.files = ALL | more, .net = CONNECT_TCP};
	bool fine;
	int rules;

	/* Version 1 would forbid renaming from one folder into another. */
	if (v < 2)
		return false;
	rules = (int)syscall(
		SYS_landlock_create_ruleset, &set, v >= 4 ? 16 : 8, 0);
	if (rules < 0)
		return false;
	fine = allow_all(rules, r->write, WRITES | more) &&
	       allow_all(rules, r->read, READS) &&
	       allow_all(rules, r->sockets, MAKE_SOCK | REMOVE_FILE);
	fine = fine && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return fine;
}

#else

bool
serve_confine(const struct serve_reach *r)
{
	(void)r;
	return false;
}

#endif
