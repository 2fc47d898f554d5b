/* The outlet's metadata as erika-press keeps it: the present file of every
 * role, and making the next ones. erika-repository(5) says what each holds. */
#ifndef ERIKA_PRESS_ROLES_H
#define ERIKA_PRESS_ROLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "press_room.h"

/* The present root, parsed; caller frees with tuf_free. */
struct tuf_doc;
enum err roles_root(
	struct room *r, struct tuf_doc **out, struct diag *d) ERR_MUST_USE;

/* Sign whatever changed since the last time, or is past half of its life:
 * mirror list and dictionaries (x), desks, targets, snapshot; the timestamp
 * always. Writes the versioned files and targets below repository/, keeps
 * their bytes in the records, and leaves timestamp.json and now.pack to
 * roles_head. `*changed` counts roles with a new version, timestamp aside. */
enum err roles_update(struct room *r, const struct context *cx,
	struct span mirrors, int64_t now, unsigned *changed,
	struct diag *d) ERR_MUST_USE;

/* The two mutable files: now.pack first, then timestamp.json, which makes
 * everything before it visible. */
enum err roles_head(struct room *r, struct diag *d) ERR_MUST_USE;

#endif
