/* What a process of the reader may still do: its system calls (seccomp on
 * Linux, pledge on OpenBSD) and the files it may open (Landlock, unveil).
 * Once given up, nothing of it comes back; children inherit it. */
#ifndef ERIKA_CONFINE_ROLE_H
#define ERIKA_CONFINE_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum confine_role {
	/* Connects, and asks this machine's resolver for names. */
	CONFINE_NAMES,
	/* Connects by TCP only, so that no name can be asked for: no UDP, and
	 * no socket of a local service. */
	CONFINE_SILENT,
	/* Reads files, any of them; has no network to tell of them. */
	CONFINE_FOLDER,
	/* The parent: as before, but for the network. Files are its work. */
	CONFINE_OFFLINE
};

/* What holds a process. */
enum {
	CONFINE_CALLS = 1, /* system calls are filtered */
	CONFINE_FILES = 2  /* files are denied but for those that it needs */
};

/* What a role may read besides what all of it need; NULL and 0: nothing. */
struct confine_reach {
	const char *const *read; /* files and folders, ended by NULL */
	uint16_t port;		 /* the only one to connect to; 0: any */
};

/* Enter a role, as far as this system can: says what now holds the process.
 * CONFINE_OFFLINE needs no CONFINE_FILES. The process must have one thread. */
unsigned confine_enter(enum confine_role role, const struct confine_reach *r);

/* Which of the above a role needs to be whole. */
unsigned confine_whole(enum confine_role role);

/* What confine_enter could do here, without doing it; *why (may be NULL) gets
 * a clause on what is missing, "" when nothing is. */
unsigned confine_can(const char **why);

#endif
