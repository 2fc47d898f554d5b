#ifndef __linux__

#include "confine_private.h"

#include <unistd.h>

#include "confine.h"

size_t
confine_memory(void)
{
	return 0;
}

bool
confine_close_from(int fd)
{
#if defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__NetBSD__)
	closefrom(fd);
	return true;
#else
	(void)fd;
	return false;
#endif
}

bool
confine_lower(void)
{
	return true;
}

#ifdef __OpenBSD__

const char *
confine_kind(void)
{
	return "pledge";
}

bool
confine_filter(void)
{
	return pledge("stdio recvfd", NULL) == 0;
}

#else

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
typedef int confine_other_is_for_others;
#endif
