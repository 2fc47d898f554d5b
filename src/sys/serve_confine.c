/* The server's sandbox: it reads what strangers send. Landlock alone: its
 * system calls are many, but what they can reach is little. */
#include "serve.h"

#ifdef __linux__
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "landlock.h"

#define READS (LANDLOCK_READ_FILE | LANDLOCK_READ_DIR)
#define WRITES                                                                 \
	(READS | LANDLOCK_WRITE_FILE | LANDLOCK_REMOVE_DIR |                   \
		LANDLOCK_REMOVE_FILE | LANDLOCK_MAKE_DIR | LANDLOCK_MAKE_REG | \
		LANDLOCK_REFER)
#define ALL                                                                    \
	(WRITES | LANDLOCK_EXECUTE | LANDLOCK_MAKE_CHAR | LANDLOCK_MAKE_SOCK | \
		LANDLOCK_MAKE_FIFO | LANDLOCK_MAKE_BLOCK | LANDLOCK_MAKE_SYM)

static bool
allow(int rules, const char *path, uint64_t rights)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	bool fine;

	if (fd < 0)
		return true;
	fine = fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode) ||
	       landlock_allow_file(rules, fd, rights);
	close(fd);
	return fine;
}

static bool
allow_all(int rules, const char *const *paths, uint64_t rights)
{
	for (; paths != NULL && *paths != NULL; paths++)
		if (!allow(rules, *paths, rights))
			return false;
	return true;
}

bool
serve_confine(const struct serve_reach *r)
{
	long v = landlock_version();
	/* Truncating is a right of its own since version 3. */
	uint64_t more = v >= 3 ? LANDLOCK_TRUNCATE : 0;
	struct landlock_denied denied = {
		.files = ALL | more, .net = LANDLOCK_CONNECT_TCP};
	bool fine;
	int rules;

	/* Version 1 would forbid renaming from one folder into another. */
	if (v < 2)
		return false;
	rules = landlock_rules(v, &denied);
	if (rules < 0)
		return false;
	fine = allow_all(rules, r->write, WRITES | more) &&
	       allow_all(rules, r->read, READS) &&
	       allow_all(rules, r->sockets,
		       LANDLOCK_MAKE_SOCK | LANDLOCK_REMOVE_FILE);
	return landlock_put_on(rules, fine);
}

#else

bool
serve_confine(const struct serve_reach *r)
{
	(void)r;
	return false;
}

#endif
