/* Linux: the system calls of each role. Lists of what is allowed for the
 * children; the rest fails with EPERM, so that a library that only wonders
 * goes on. For the parent, a list of what is not. */
#ifdef __linux__

#include "confine_seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine_arch.h"

#ifdef ARCH

/* A filter that is being written; more than this many steps it never has. */
struct filter {
	struct sock_filter step[512];
	unsigned short n;
};

static void
step(struct filter *f, unsigned code, unsigned k, unsigned yes, unsigned no)
{
	f->step[f->n++] = (struct sock_filter){
		(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
}

static void
end(struct filter *f, unsigned action)
{
	step(f, BPF_RET | BPF_K, action, 0, 0);
}

#define DENY (SECCOMP_RET_ERRNO | EPERM)
#define LACK (SECCOMP_RET_ERRNO | ENOSYS)

static void
load(struct filter *f, size_t at)
{
	step(f, BPF_LD | BPF_W | BPF_ABS, (unsigned)at, 0, 0);
}

static void
load_call(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, nr));
}

static void
load_argument(struct filter *f, unsigned i)
{
	load(f, offsetof(struct seccomp_data, args) + 8 * i + LOW);
}

/* This call ends so. The call's number is loaded. */
static void
rule(struct filter *f, long nr, unsigned action)
{
	step(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1);
	end(f, action);
}

static void
rules(struct filter *f, const long *nr, size_t n, unsigned action)
{
	size_t i;

	for (i = 0; i < n; i++)
		rule(f, nr[i], action);
}

/* This call is allowed unless argument i has one of these bits (or, with
 * `need`, only if it has). */
static void
rule_bits(struct filter *f, long nr, unsigned i, unsigned bits, bool need,
	unsigned denied)
{
	step(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 4);
	load_argument(f, i);
	step(f, BPF_JMP | BPF_JSET | BPF_K, bits, need ? 1 : 0, need ? 0 : 1);
	end(f, denied);
	end(f, SECCOMP_RET_ALLOW);
}

/* This call is allowed when argument i is one of two values. */
static void
rule_value(struct filter *f, long nr, unsigned i, unsigned a, unsigned b)
{
	step(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 5);
	load_argument(f, i);
	step(f, BPF_JMP | BPF_JEQ | BPF_K, a, 2, 0);
	step(f, BPF_JMP | BPF_JEQ | BPF_K, b, 1, 0);
	end(f, DENY);
	end(f, SECCOMP_RET_ALLOW);
}

/* This call is allowed when argument i is this or less. */
static void
rule_most(struct filter *f, long nr, unsigned i, unsigned most)
{
	step(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 4);
	load_argument(f, i);
	step(f, BPF_JMP | BPF_JGT | BPF_K, most, 0, 1);
	end(f, DENY);
	end(f, SECCOMP_RET_ALLOW);
}

/* Foreign calls of the same kernel have other numbers. */
static void
rule_arch(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	step(f, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	end(f, SECCOMP_RET_KILL_PROCESS);
	load_call(f);
#ifdef __x86_64__
	/* x32 */
	step(f, BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 1);
	end(f, SECCOMP_RET_KILL_PROCESS);
#endif
}

/* ---- the children */

/* Computing, talking on what is open, looking at files and at the clock. */
static const long plain[] = {
	__NR_read,
	__NR_write,
	__NR_readv,
	__NR_writev,
	__NR_pread64,
	__NR_recvfrom,
	__NR_sendto,
	__NR_recvmsg,
	__NR_sendmsg,
	__NR_close,
	__NR_lseek,
	__NR_fstat,
	__NR_statx,
	__NR_faccessat,
	__NR_readlinkat,
	__NR_getcwd,
	__NR_ppoll,
	__NR_munmap,
	__NR_mremap,
	__NR_madvise,
	__NR_brk,
	__NR_futex,
	__NR_exit,
	__NR_exit_group,
	__NR_set_robust_list,
	__NR_sched_yield,
	__NR_sched_getaffinity,
	__NR_gettid,
	__NR_getpid,
	__NR_getppid,
	__NR_rt_sigaction,
	__NR_rt_sigprocmask,
	__NR_rt_sigreturn,
	__NR_sigaltstack,
	__NR_restart_syscall,
	__NR_nanosleep,
	__NR_getrandom,
	__NR_uname,
	__NR_sysinfo,
	__NR_getuid,
	__NR_geteuid,
	__NR_getgid,
	__NR_getegid,
/* Where a long has 32 bits, those of 32-bit time have other names in musl, and
 * 64-bit time and wider numbers have calls of their own. */
#ifdef __NR_clock_gettime
	__NR_clock_gettime,
	__NR_clock_getres,
	__NR_clock_nanosleep,
#endif
#ifdef __NR_gettimeofday
	__NR_gettimeofday,
#endif
#ifdef __NR_clock_gettime64
	__NR_clock_gettime64,
	__NR_clock_getres_time64,
	__NR_clock_nanosleep_time64,
	__NR_futex_time64,
	__NR_ppoll_time64,
#endif
#ifdef __NR_getuid32
	__NR_getuid32,
	__NR_geteuid32,
	__NR_getgid32,
	__NR_getegid32,
#endif
#ifdef __NR_sigreturn
	__NR_sigreturn,
#endif
#ifdef __NR_faccessat2
	__NR_faccessat2,
#endif
#ifdef __NR_rseq
	__NR_rseq,
#endif
#ifdef __NR_newfstatat
	__NR_newfstatat,
#endif
#ifdef __NR_fstatat64
	__NR_fstatat64,
#endif
#ifdef __NR_fstat64
	__NR_fstat64,
#endif
#ifdef __NR_stat
	__NR_stat,
#endif
#ifdef __NR_lstat
	__NR_lstat,
#endif
#ifdef __NR_stat64
	__NR_stat64,
	__NR_lstat64,
#endif
#ifdef __NR_access
	__NR_access,
#endif
#ifdef __NR_readlink
	__NR_readlink,
#endif
#ifdef __NR_poll
	__NR_poll,
#endif
#ifdef __NR_time
	__NR_time,
#endif
#ifdef __NR__llseek
	__NR__llseek,
#endif
};

/* What libcurl does with its sockets besides, and glibc's resolver. */
static const long net[] = {
	__NR_connect,
	__NR_shutdown,
	__NR_getsockname,
	__NR_getpeername,
	__NR_getsockopt,
	__NR_setsockopt,
	__NR_sendmmsg,
	__NR_recvmmsg,
	__NR_eventfd2,
	__NR_pipe2,
	__NR_dup,
	__NR_getdents64,
	__NR_epoll_create1,
	__NR_epoll_ctl,
	__NR_epoll_pwait,
#ifdef __NR_epoll_wait
	__NR_epoll_wait,
#endif
#ifdef __NR_select
	__NR_select,
#endif
#ifdef __NR__newselect
	__NR__newselect,
#endif
#ifdef __NR_pselect6
	__NR_pselect6,
#endif
#ifdef __NR_pselect6_time64
	__NR_pselect6_time64,
	__NR_recvmmsg_time64,
#endif
};

/* Flags of open that read nothing only. */
#define OPEN_WRITES                                                            \
	(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_TMPFILE)

static void
allow_files(struct filter *f)
{
	/* O_TMPFILE has a bit of O_DIRECTORY, with which folders are read. */
	const unsigned writes = OPEN_WRITES & ~(unsigned)O_DIRECTORY;

	rule_bits(f, __NR_openat, 2, writes, false, DENY);
#ifdef __NR_open
	rule_bits(f, __NR_open, 1, writes, false, DENY);
#endif
#ifdef __NR_openat2
	rule(f, __NR_openat2, LACK); /* its flags lie in memory */
#endif
}

/* Memory to run: never, but for a role that loads libraries, from files; such
 * memory cannot be written to, and no file can. */
static void
allow_memory(struct filter *f, bool libraries)
{
#ifdef __NR_mmap2
	const long map = __NR_mmap2;
#else
	const long map = __NR_mmap;
#endif

	rule_bits(f, __NR_mprotect, 2, PROT_EXEC, false, DENY);
	if (!libraries) {
		rule_bits(f, map, 2, PROT_EXEC, false, DENY);
		return;
	}
	step(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)map, 0, 8);
	load_argument(f, 2);
	step(f, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 5);
	step(f, BPF_JMP | BPF_JSET | BPF_K, PROT_WRITE, 3, 0);
	load_argument(f, 3);
	step(f, BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 1, 0);
	end(f, SECCOMP_RET_ALLOW);
	end(f, DENY);
	end(f, SECCOMP_RET_ALLOW);
}

/* Android's C library has a local service ask for names. */
#ifdef __ANDROID__
#define LOCAL AF_UNIX
#else
#define LOCAL AF_INET6
#endif

/* TCP, and UDP for who asks for names. */
static void
allow_sockets(struct filter *f, bool names)
{
	step(f, BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 11);
	load_argument(f, 0);
	step(f, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(names ? LOCAL : AF_INET6),
		3, 0);
	step(f, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
	step(f, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
	end(f, DENY);
	load_argument(f, 1);
	step(f, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0); /* SOCK_TYPE_MASK */
	step(f, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 2, 0);
	step(f, BPF_JMP | BPF_JEQ | BPF_K,
		(unsigned)(names ? SOCK_DGRAM : SOCK_STREAM), 1, 0);
	end(f, DENY);
	end(f, SECCOMP_RET_ALLOW);
	/* The resolver of musl does; without listen() it is no server. */
	if (names)
		rule(f, __NR_bind, SECCOMP_RET_ALLOW);
	/* libcurl's threads talk to each other so. */
	rule_value(f, __NR_socketpair, 0, AF_UNIX, AF_UNIX);
}

static void
allow_threads(struct filter *f)
{
#ifdef __NR_clone3
	/* Its flags lie in memory; the C library then takes the other. */
	rule(f, __NR_clone3, LACK);
#endif
	rule_bits(f, __NR_clone, 0, CLONE_THREAD, true, DENY);
}

static void
child_filter(struct filter *f, enum confine_role role)
{
	bool names = role == CONFINE_NAMES;

	rule_arch(f);
	rules(f, plain, sizeof(plain) / sizeof(plain[0]), SECCOMP_RET_ALLOW);
	allow_memory(f, names);
	allow_files(f);
	if (role != CONFINE_FOLDER) {
		rules(f, net, sizeof(net) / sizeof(net[0]), SECCOMP_RET_ALLOW);
		allow_sockets(f, names);
		allow_threads(f);
		rule_value(f, __NR_ioctl, 1, FIONREAD, FIONBIO);
		/* F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL */
#ifdef __NR_fcntl
		rule_most(f, __NR_fcntl, 1, F_SETFL);
#endif
#ifdef __NR_fcntl64
		rule_most(f, __NR_fcntl64, 1, F_SETFL);
#endif
	}
	end(f, DENY);
}

/* ---- the parent */

/* Ways to the network or into the child beside socket(). */
static const long denied[] = {
	__NR_ptrace,
	__NR_process_vm_readv,
	__NR_process_vm_writev,
	__NR_bpf,
	__NR_perf_event_open,
	__NR_userfaultfd,
	__NR_add_key,
	__NR_request_key,
	__NR_keyctl,
	__NR_unshare,
	__NR_setns,
	__NR_mount,
	__NR_init_module,
	__NR_finit_module,
	__NR_kexec_load,
#ifdef __NR_io_uring_setup
	__NR_io_uring_setup,
	__NR_io_uring_enter,
	__NR_io_uring_register,
#endif
#ifdef __NR_pidfd_getfd
	__NR_pidfd_getfd,
#endif
#ifdef __NR_socketcall
	__NR_socketcall,
#endif
};

static void
parent_filter(struct filter *f)
{
	rule_arch(f);
	rule_value(f, __NR_socket, 0, AF_UNIX, AF_UNIX);
	rule_value(f, __NR_socketpair, 0, AF_UNIX, AF_UNIX);
	rules(f, denied, sizeof(denied) / sizeof(denied[0]), DENY);
	end(f, SECCOMP_RET_ALLOW);
}

bool
seccomp_enter(enum confine_role role)
{
	struct filter f = {.n = 0};
	struct sock_fprog program;

	if (role == CONFINE_OFFLINE)
		parent_filter(&f);
	else
		child_filter(&f, role);
	program = (struct sock_fprog){.len = f.n, .filter = f.step};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

bool
seccomp_can(void)
{
	/* EFAULT: it would have looked at the filter. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 &&
	       errno == EFAULT;
}

#else /* a processor whose calls nobody has listed here yet */

bool
seccomp_enter(enum confine_role role)
{
	(void)role;
	return false;
}

bool
seccomp_can(void)
{
	return false;
}

#endif

#else
typedef int confine_seccomp_is_for_linux;
#endif
