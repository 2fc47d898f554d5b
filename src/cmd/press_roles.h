/* Publishing's signatures: the next file of every role that needs one and
 * whose keys are here. erika-repository(5) says what each role holds. */
#ifndef ERIKA_PRESS_ROLES_H
#define ERIKA_PRESS_ROLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "press_chain.h"
#include "press_room.h"

/* One run: what is being signed, and what there is to say about it. */
struct roles {
	struct room *room;
	int64_t now;
	struct chain chain;
	struct span mirrors; /* the signed list's content */
	struct buf notes;    /* lines for the person */
	bool *synced;	     /* for each grant: its role says all there is */
	bool head;	     /* a new timestamp was signed */
	bool complete;	     /* ... over all that is recorded */
};

/* Sign whatever changed since the last time, or is past half of its life:
 * mirror list and dictionaries (x), desks, targets, snapshot; the timestamp
 * always. What needs a key that is not here is left as it is while that is
 * still good. A new root and new targets that wait take effect, or go on
 * waiting with a note why. Writes the versioned files below repository/,
 * checks them as a reader would, and leaves timestamp.json and now.pack to
 * head_write. Lines of `notes` are for the person; `*head` says whether there
 * is a new timestamp. ERR_MISSING names the key that is needed. */
enum err roles_update(struct room *r, struct span mirrors, int64_t now,
	struct buf *notes, bool *head, struct diag *d) ERR_MUST_USE;

/* Sign `body` as the next version of a role, unless the last one says the
 * same, is signed by this rule and has half of its life left; or leave the
 * last one if the keys are not here. *synced says whether the last one says
 * what `body` does. Takes the body's reference. ERR_MISSING when the last one
 * will not do. */
enum err roles_sign(struct roles *u, const char *name, enum tuf_type type,
	const struct tuf_rule *rule, int64_t life, json_t *body, bool *synced,
	struct diag *d) ERR_MUST_USE;

#endif
