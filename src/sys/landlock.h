/* Linux: what a process denies itself by Landlock, rule by rule. The numbers
 * are the kernel's for good (linux/landlock.h, which older systems lack in
 * part). Private to confine*.c and serve_confine.c. */
#ifndef ERIKA_LANDLOCK_H
#define ERIKA_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define LANDLOCK_EXECUTE (1ull << 0)
#define LANDLOCK_WRITE_FILE (1ull << 1)
#define LANDLOCK_READ_FILE (1ull << 2)
#define LANDLOCK_READ_DIR (1ull << 3)
#define LANDLOCK_REMOVE_DIR (1ull << 4)
#define LANDLOCK_REMOVE_FILE (1ull << 5)
#define LANDLOCK_MAKE_CHAR (1ull << 6)
#define LANDLOCK_MAKE_DIR (1ull << 7)
#define LANDLOCK_MAKE_REG (1ull << 8)
#define LANDLOCK_MAKE_SOCK (1ull << 9)
#define LANDLOCK_MAKE_FIFO (1ull << 10)
#define LANDLOCK_MAKE_BLOCK (1ull << 11)
#define LANDLOCK_MAKE_SYM (1ull << 12)
#define LANDLOCK_REFER (1ull << 13)    /* since version 2 */
#define LANDLOCK_TRUNCATE (1ull << 14) /* since version 3 */
#define LANDLOCK_BIND_TCP (1ull << 0)
#define LANDLOCK_CONNECT_TCP (1ull << 1)
#define LANDLOCK_SCOPES 3ull /* abstract unix sockets, signals */

/* What a set of rules denies where no rule allows it. */
struct landlock_denied {
	uint64_t files, net, scoped;
};

/* The kernel's version, below 1 when it has no Landlock. */
long landlock_version(void);

/* A descriptor for rules, to be given to landlock_put_on; -1: none. Of `net`
 * and `scoped` the kernel is told what its version knows. */
int landlock_rules(long version, const struct landlock_denied *denied);

/* Allow rights below a path that was opened with O_PATH; connecting to a TCP
 * port. */
bool landlock_allow_file(int rules, int fd, uint64_t rights);
bool landlock_allow_port(int rules, uint64_t port);

/* Put the rules on this process, when `fine`, and close them. It gains no
 * privileges by exec from then on. */
bool landlock_put_on(int rules, bool fine);

#endif
