/* Whether this kernel holds a process to its address space: an emulator of
 * another processor's does not. */
#ifndef ERIKA_LIMITED_H
#define ERIKA_LIMITED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool
memory_limited(void)
{
	const size_t much = (size_t)512 << 20;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit r = {much, much};

		/* It has something already, so this is too much. */
		_exit(setrlimit(RLIMIT_AS, &r) == 0 &&
				mmap(NULL, much, PROT_READ,
					MAP_PRIVATE | MAP_ANONYMOUS, -1,
					0) != MAP_FAILED);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status == 0;
}

#endif
