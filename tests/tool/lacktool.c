/* Runs a command on a Linux kernel that seems to lack a part of the sandbox.
 *
 * lacktool landlock|seccomp|both COMMAND... */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

/* A call fails so, if its first argument compares so. */
#define FAIL(call, compare, first, error)                                      \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 3),             \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                             \
			offsetof(struct seccomp_data, args)),                  \
		BPF_JUMP(BPF_JMP | (compare) | BPF_K, (first), 0, 1),          \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

static int
lack(const char *what)
{
	struct sock_filter landlock[] = {
		FAIL(SYS_landlock_create_ruleset, BPF_JGE, 0, ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_filter seccomp[] = {FAIL(SYS_seccomp, BPF_JGE, 0, ENOSYS),
		FAIL(SYS_prctl, BPF_JEQ, PR_SET_SECCOMP, EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog a = {sizeof(landlock) / sizeof(*landlock), landlock};
	struct sock_fprog b = {sizeof(seccomp) / sizeof(*seccomp), seccomp};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 1;
	if (strcmp(what, "seccomp") != 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &a) != 0)
		return 1;
	if (strcmp(what, "landlock") != 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &b) != 0)
		return 1;
	return 0;
}
#else
static int
lack(const char *what)
{
	(void)what;
	return 1;
}
#endif

int
main(int argc, char **argv)
{
	if (argc < 3 || lack(argv[1]) != 0)
		return 125;
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 126;
}
