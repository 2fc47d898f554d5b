/* Linux: seccomp and Landlock, one by one. Private to confine*.c. */
#ifndef ERIKA_CONFINE_SECCOMP_H
#define ERIKA_CONFINE_SECCOMP_H

#include <stdbool.h>

#include "confine_role.h"

/* Filter the system calls; false: they are not. The process gains no
 * privileges by exec from then on. */
bool seccomp_enter(enum confine_role role);
bool seccomp_can(void);

/* Deny files but for those of the role; false: they are not denied. */
bool landlock_enter(enum confine_role role, const struct confine_reach *r);
bool landlock_can(void);

#endif
