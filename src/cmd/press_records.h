/* The newsroom's record of its own metadata: the last file of each role, and
 * the list of everything in repository/ that mirrors copy. A role recorded
 * here is signed, and public once a snapshot and timestamp name it. */
#ifndef ERIKA_PRESS_RECORDS_H
#define ERIKA_PRESS_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/tuf.h"
#include "press_room.h"

/* The last file of a role, appended, and its version; 0: there is none. */
enum err records_role(struct room *r, const char *role, int64_t *version,
	struct buf *file, struct diag *d) ERR_MUST_USE;

/* The same, parsed; *out is NULL when there is none. Free with tuf_free. */
enum err records_doc(struct room *r, const char *role, struct tuf_doc **out,
	struct diag *d) ERR_MUST_USE;

/* Keep a role's next file: in repository/m (but the timestamp) and as the
 * last one here. */
enum err records_role_put(struct room *r, const char *role, uint64_t version,
	struct span file, struct diag *d) ERR_MUST_USE;

/* Write a file below repository/ that will never change, and list it. */
enum err records_file(struct room *r, const char *rest, struct span s,
	struct diag *d) ERR_MUST_USE;

/* List one that is written already. */
enum err records_listed(
	struct room *r, const char *rest, struct diag *d) ERR_MUST_USE;

/* The bytes of repository/m/N.root.json, appended. ERR_MISSING past the
 * newest. */
enum err records_root(struct room *r, uint64_t n, struct buf *out,
	struct diag *d) ERR_MUST_USE;

/* The newest of them, parsed, and its bytes when `file` is not NULL. */
enum err records_newest_root(struct room *r, struct tuf_doc **out,
	struct buf *file, struct diag *d) ERR_MUST_USE;

/* A complete next root or targets that waits for publish; *found false: none
 * does. `name` is "root" or "targets". */
enum err records_pending(struct room *r, const char *name, struct buf *file,
	bool *found, struct diag *d) ERR_MUST_USE;
enum err records_pending_put(struct room *r, const char *name, struct span file,
	struct diag *d) ERR_MUST_USE;
enum err records_pending_drop(
	struct room *r, const char *name, struct diag *d) ERR_MUST_USE;

#endif
