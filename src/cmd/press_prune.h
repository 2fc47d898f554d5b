/* What nobody needs any more: metadata that other files replaced long ago, and
 * what a run that was cut off left half-written. */
#ifndef ERIKA_PRESS_PRUNE_H
#define ERIKA_PRESS_PRUNE_H

#include <stdint.h>

#include "../core/err.h"
#include "press_room.h"

/* How long a snapshot and the roles that it names stay after others replaced
 * them: erika-repository(5). A reader who is in the middle of an update, or
 * whose mirror is behind, still finds them. */
#define PRUNE_SECONDS ((int64_t)60 * 86400)

/* Remove from repository/m, and from the list of what mirrors copy, what was
 * replaced PRUNE_SECONDS ago or earlier by the clock of the publishes since.
 * Never a root, never what the published head leads to, never a role's last
 * version. *n is how many files went. */
enum err prune_run(
	struct room *r, int64_t now, size_t *n, struct diag *d) ERR_MUST_USE;

/* The same in a mirror's folder, right after the present head was copied
 * there: what the list no longer has goes, and what other runs left behind
 * half-written. Files of other names stay. */
enum err prune_mirror(
	struct room *r, const char *to, struct diag *d) ERR_MUST_USE;

#endif
