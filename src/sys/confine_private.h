/* Between confine.c and what differs from one system to another. */
#ifndef ERIKA_CONFINE_PRIVATE_H
#define ERIKA_CONFINE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

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
