/* Linux: files by Landlock, which a process puts on itself. */
#ifdef __linux__

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine_seccomp.h"
#include "landlock.h"

/* All rights to files that a version of Landlock knows. */
static uint64_t
file_rights(long version)
{
	if (version >= 5)
		return (1ull << 16) - 1; /* and ioctl of devices */
	if (version >= 3)
		return (1ull << 15) - 1; /* and truncating */
	return version == 2 ? (1ull << 14) - 1 : (1ull << 13) - 1;
}

bool
landlock_can(void)
{
	return landlock_version() >= 1;
}

/* What is not there cannot be read anyway. */
static bool
allow(int rules, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	uint64_t rights = LANDLOCK_READ_FILE;
	struct stat st;
	bool fine;

	if (fd < 0)
		return true;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		rights |= LANDLOCK_READ_DIR;
	fine = landlock_allow_file(rules, fd, rights);
	close(fd);
	return fine;
}

static bool
allow_all(int rules, const char *const *paths)
{
	for (; paths != NULL && *paths != NULL; paths++)
		if (!allow(rules, *paths))
			return false;
	return true;
}

/* For names: the resolver's files, and the libraries it loads for them. */
static const char *const names[] = {"/etc/resolv.conf", "/etc/hosts",
	"/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols", "/etc/ld.so.cache",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", NULL};
static const char *const folders[] = {"/", NULL};

bool
landlock_enter(enum confine_role role, const struct confine_reach *r)
{
	long v = landlock_version();
	struct landlock_denied denied = {.files = file_rights(v),
		.net = LANDLOCK_BIND_TCP,
		.scoped = LANDLOCK_SCOPES};
	bool fine;
	int rules;

	if (v < 1)
		return false;
	if (role == CONFINE_FOLDER || r->port != 0)
		denied.net |= LANDLOCK_CONNECT_TCP;
	rules = landlock_rules(v, &denied);
	if (rules < 0)
		return false;
	fine = allow_all(rules, r->read);
	if (role == CONFINE_NAMES)
		fine = fine && allow_all(rules, names);
	if (role == CONFINE_FOLDER)
		fine = fine && allow_all(rules, folders);
	if (v >= 4 && r->port != 0)
		fine = fine && landlock_allow_port(rules, r->port);
	return landlock_put_on(rules, fine);
}

#else
typedef int confine_landlock_is_for_linux;
#endif
