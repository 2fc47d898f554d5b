/* Kill a program at its Nth system call that changes files.
 *   killat N COMMAND...	kills it as that call begins: it is not made
 *   killat 0 COMMAND...	lets it run
 *   killat see LOOK COMMAND...	lets it run, and has the shell run LOOK before
 *		each of them and at the end
 * Prints how many such calls it saw, and at how many LOOK failed. Exit: the
 * command's, or 137 when it was killed. Only the first process is watched; those that it starts die with it
 * if they do. Linux. */
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether descriptor fd of that process is a regular file. */
static bool
is_file(pid_t pid, unsigned long long fd)
{
	char path[64];
	struct stat st;

	if (fd <= 2) /* what it says is not what it does */
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/fd/%llu", (long)pid, fd);
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
opens_for_change(unsigned long long flags)
{
	return (flags & (O_CREAT | O_TRUNC)) != 0;
}

static bool
changes(pid_t pid, const struct __ptrace_syscall_info *s)
{
	switch (s->entry.nr) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_writev:
	case SYS_ftruncate:
		return is_file(pid, s->entry.args[0]);
	case SYS_openat:
		return opens_for_change(s->entry.args[2]);
#ifdef SYS_open
	case SYS_open:
		return opens_for_change(s->entry.args[1]);
	case SYS_rename:
	case SYS_unlink:
	case SYS_mkdir:
	case SYS_rmdir:
	case SYS_link:
	case SYS_symlink:
#endif
#ifdef SYS_renameat
	case SYS_renameat:
#endif
	case SYS_renameat2:
	case SYS_unlinkat:
	case SYS_mkdirat:
	case SYS_linkat:
	case SYS_symlinkat:
	case SYS_fsync:
	case SYS_fdatasync:
		return true;
	default:
		return false;
	}
}

static _Noreturn void
child(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

/* Watch it to its end, or to its Nth call. */
static int
watch(pid_t pid, unsigned long n, const char *look)
{
	unsigned long seen = 0, bad = 0;
	struct __ptrace_syscall_info info;
	int status, sig = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, sig) != 0 && errno != ESRCH)
			return 126;
		if (waitpid(pid, &status, 0) != pid)
			return 126;
		if (WIFEXITED(status) || WIFSIGNALED(status))
			break;
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue;
		sig = 0;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <=
				0 ||
			info.op != PTRACE_SYSCALL_INFO_ENTRY ||
			!changes(pid, &info))
			continue;
		bad += look != NULL && system(look) != 0;
		if (++seen != n)
			continue;
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == pid && !WIFEXITED(status) &&
			!WIFSIGNALED(status))
			;
		break;
	}
	if (look == NULL)
		printf("%lu\n", seen);
	else
		printf("%lu %lu\n", seen, bad + (system(look) != 0));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

int
main(int argc, char **argv)
{
	const char *look = NULL;
	int status;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "see") == 0)
		look = argv[2];
	if (argc < (look == NULL ? 3 : 4))
		return 2;
	pid = fork();
	if (pid == 0)
		child(argv + (look == NULL ? 2 : 3));
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		ptrace(PTRACE_SETOPTIONS, pid, 0,
			PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
		return 126;
	return watch(pid, look == NULL ? strtoul(argv[1], NULL, 10) : 0, look);
}
#else
int
main(void)
{
	return 126;
}
#endif
