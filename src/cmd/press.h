/* The commands of erika-press, one file each, and what they share. */
#ifndef ERIKA_PRESS_H
#define ERIKA_PRESS_H

#include <stdint.h>

#include "../core/err.h"
#include "command.h"

#define PRESS_COMMAND(name)                                                    \
	enum err press_##name(                                                 \
		struct context *cx, int argc, char **argv, struct diag *d)

PRESS_COMMAND(countries);
PRESS_COMMAND(desk);
PRESS_COMMAND(init);
PRESS_COMMAND(key);
PRESS_COMMAND(mirrors);
PRESS_COMMAND(pack);
PRESS_COMMAND(preview);
PRESS_COMMAND(publish);
PRESS_COMMAND(retract);
PRESS_COMMAND(root);
PRESS_COMMAND(seal);
PRESS_COMMAND(status);
PRESS_COMMAND(targets);

/* How long each role stays fresh, in seconds. A timestamp is signed again
 * with every publish; the others when half of their time has passed; sealed
 * years and periods are made to stay as they are. */
#define ROLE_DAY ((int64_t)86400)
#define ROLE_ROOT_SECONDS (400 * ROLE_DAY)
#define ROLE_TARGETS_SECONDS (395 * ROLE_DAY)
#define ROLE_X_SECONDS (90 * ROLE_DAY)
#define ROLE_DESK_SECONDS (30 * ROLE_DAY)
#define ROLE_SNAPSHOT_SECONDS (30 * ROLE_DAY)
#define ROLE_YEAR_SECONDS (7305 * ROLE_DAY)
#define ROLE_SEALED_SECONDS (7305 * ROLE_DAY)
#define ROLE_TIMESTAMP_SECONDS (7 * ROLE_DAY)

/* Print what a reader compares: name, eight words, hex. */
enum err press_identity_print(
	const uint8_t fingerprint[static 32], const char *name) ERR_MUST_USE;

#endif
