/* Between confine.c, its child, and what differs from one system to another. */
#ifndef ERIKA_CONFINE_PRIVATE_H
#define ERIKA_CONFINE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "confine.h"

/* Where the child's only descriptor is. */
#define CONFINE_CHANNEL 3

/* A request: its length and that of the file with it (none: all ones). An
 * answer: code, offset, length of the reason, length of the answer. */
#define CONFINE_REQUEST 16
#define CONFINE_ANSWER 24
#define CONFINE_NO_FILE UINT64_MAX

struct confine {
	confine_fn *fn;
	confine_file_fn *file_fn;
	void (*prepare)(void);
	void (*forget)(void *arg);
	void *forget_arg;
	struct confine_limits limits;
	pid_t pid; /* 0: no child */
	int fd;
	unsigned served; /* requests this child has answered */
};

/* Integers of eight bytes, big-endian. */
void confine_put(uint8_t *p, uint64_t v);
uint64_t confine_get(const uint8_t *p);

/* The child's whole life; `fd` is its end of the pair. */
_Noreturn void confine_child(struct confine *c, int fd);

/* Close all descriptors from this one on; false: one by one, then. */
bool confine_close_from(int fd);

/* Bytes of address space in use; 0 when the system does not say. */
size_t confine_memory(void);

/* Die with the parent, gain no privilege by exec, be read by no debugger;
 * false: refused. Before confine_filter. */
bool confine_lower(void);

/* Allow only the system calls of computing and of talking on descriptors that
 * are open; the process dies on any other. Where there is no filter, true and
 * nothing happens. */
bool confine_filter(void);

#endif
