#ifdef __linux__

#include "confine_private.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "confine_arch.h"

size_t
confine_memory(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	char line[128];

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL)
		pages = strtoul(line, NULL, 10);
	fclose(f);
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

bool
confine_close_from(int fd)
{
#ifdef SYS_close_range
	return syscall(SYS_close_range, (unsigned)fd, ~0u, 0) == 0;
#else
	(void)fd;
	return false;
#endif
}

bool
confine_lower(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

#ifdef ARCH

const char *
confine_kind(void)
{
	return "seccomp";
}

#define LOAD(field)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define ALLOW(name)                                                            \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (name), 0, 1),                     \
		RETURN(SECCOMP_RET_ALLOW)

/* Memory may be had, but never to run: the low half of the third argument of
 * mmap and mprotect is the protection. */
#define ALLOW_DATA(name)                                                       \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (name), 0, 4),                     \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                             \
			offsetof(struct seccomp_data, args[2]) + LOW),         \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),         \
		RETURN(SECCOMP_RET_KILL_PROCESS), RETURN(SECCOMP_RET_ALLOW)

bool
confine_filter(void)
{
	static const struct sock_filter filter[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		/* talking */
		ALLOW(__NR_read),
		ALLOW(__NR_write),
		ALLOW(__NR_recvmsg),
		ALLOW(__NR_close),
	/* memory */
#ifdef __NR_mmap
		ALLOW_DATA(__NR_mmap),
#endif
#ifdef __NR_mmap2
		ALLOW_DATA(__NR_mmap2),
#endif
		ALLOW_DATA(__NR_mprotect),
		ALLOW(__NR_munmap),
		ALLOW(__NR_mremap),
		ALLOW(__NR_madvise),
		ALLOW(__NR_brk),
		/* the C library */
		ALLOW(__NR_futex),
#ifdef __NR_futex_time64
		ALLOW(__NR_futex_time64),
#endif
#ifdef __NR_clock_gettime64
		ALLOW(__NR_clock_gettime64),
#endif
		ALLOW(__NR_getrandom),
#ifdef __NR_clock_gettime
		ALLOW(__NR_clock_gettime),
#endif
#ifdef __NR_time
		ALLOW(__NR_time),
#endif
#ifdef __NR_gettimeofday
		ALLOW(__NR_gettimeofday),
#endif
		ALLOW(__NR_rt_sigreturn),
#ifdef __NR_sigreturn
		ALLOW(__NR_sigreturn),
#endif
		ALLOW(__NR_restart_syscall),
		ALLOW(__NR_exit),
		ALLOW(__NR_exit_group),
		RETURN(SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)(void *)filter};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else /* a processor whose calls nobody has listed here yet */

const char *
confine_kind(void)
{
	return "limits";
}

bool
confine_filter(void)
{
	return true;
}

#endif

#else
typedef int confine_linux_is_for_linux;
#endif
