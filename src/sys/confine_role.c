#include "confine_role.h"

#ifdef __linux__
#include "confine_seccomp.h"
#endif
#ifdef __OpenBSD__
#include <unistd.h>
#endif

unsigned
confine_whole(enum confine_role role)
{
	return role == CONFINE_OFFLINE ? CONFINE_CALLS
				       : CONFINE_CALLS | CONFINE_FILES;
}

#if defined(__linux__)

unsigned
confine_enter(enum confine_role role, const struct confine_reach *r)
{
	unsigned held = 0;

	/* Files first: the filter denies making rules. */
	if (role != CONFINE_OFFLINE && landlock_enter(role, r))
		held |= CONFINE_FILES;
	if (seccomp_enter(role))
		held |= CONFINE_CALLS;
	return held;
}

unsigned
confine_can(const char **why)
{
	unsigned can = (seccomp_can() ? CONFINE_CALLS : 0u) |
		       (landlock_can() ? CONFINE_FILES : 0u);
	const char *lack = "";

	if (can == 0)
		lack = "this kernel has neither Landlock nor seccomp, or a "
		       "container forbids them";
	else if (!(can & CONFINE_FILES))
		lack = "this kernel has no Landlock (Linux 5.13, and its lsm= "
		       "must name it), or a container forbids it";
	else if (!(can & CONFINE_CALLS))
		lack = "system calls cannot be filtered here (seccomp)";
	if (why != NULL)
		*why = lack;
	return can;
}

#elif defined(__OpenBSD__)

/* Written to the manual; not run. What a promise leaves out ends a process,
 * unless it has "error": then the call fails. The parent looks for its network
 * after having given it up, and a push's files come as descriptors. */
static bool
unveil_all(enum confine_role role, const struct confine_reach *r)
{
	const char *const *p;

	if (role == CONFINE_FOLDER)
		return unveil("/", "r") == 0;
	for (p = r->read; p != NULL && *p != NULL; p++)
		if (unveil(*p, "r") != 0 && access(*p, R_OK) == 0)
			return false;
	return true;
}

unsigned
confine_enter(enum confine_role role, const struct confine_reach *r)
{
	static const char *const promises[] = {
		[CONFINE_NAMES] = "stdio rpath inet dns recvfd",
		[CONFINE_SILENT] = "stdio rpath inet",
		[CONFINE_FOLDER] = "stdio rpath",
		[CONFINE_OFFLINE] = "stdio rpath wpath cpath fattr flock "
				    "unix tty proc exec error",
	};
	unsigned held = 0;

	if (role != CONFINE_OFFLINE && unveil_all(role, r))
		held |= CONFINE_FILES;
	if (pledge(promises[role], NULL) == 0)
		held |= CONFINE_CALLS;
	return held;
}

unsigned
confine_can(const char **why)
{
	if (why != NULL)
		*why = "";
	return CONFINE_CALLS | CONFINE_FILES;
}

#else

unsigned
confine_enter(enum confine_role role, const struct confine_reach *r)
{
	(void)role;
	(void)r;
	return 0;
}

unsigned
confine_can(const char **why)
{
	if (why != NULL)
		*why = "no sandbox is known for this system; only Linux and "
		       "OpenBSD have one";
	return 0;
}

#endif
