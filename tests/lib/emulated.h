/* What an emulator of another processor lacks. */
#ifndef ERIKA_EMULATED_H
#define ERIKA_EMULATED_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/sys/confine.h"
#include "../../src/sys/confine_role.h"

/* Whether the helper's system calls can be filtered, where they should be. */
static inline bool
calls_filtered(void)
{
	return strcmp(confine_kind(), "seccomp") != 0 ||
	       (confine_can(NULL) & CONFINE_CALLS) != 0;
}

/* Whether a process is held to its address space. */
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
			mmap(NULL, much, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0) != MAP_FAILED);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status == 0;
}

#endif
