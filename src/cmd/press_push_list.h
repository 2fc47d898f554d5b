/* What a push has to offer, in the order in which a mirror takes it. Private
 * to press_push*.c. */
#ifndef ERIKA_PRESS_PUSH_LIST_H
#define ERIKA_PRESS_PUSH_LIST_H

#include "press_room.h"

/* Paths below repository/: "m/7.d-news.json". */
struct push_list {
	char **path;
	size_t n, room;
	size_t lone; /* so many lone signatures are in front */
};
void push_list_clear(struct push_list *l);

/* Metadata in the order of trust: roots, timestamp, snapshot, targets, what
 * these delegate to. Those listed after `last` only; 0: all that the head
 * names. */
enum err push_list_metadata(struct room *r, int64_t last, struct push_list *out,
	struct diag *d) ERR_MUST_USE;

/* All below t/, likewise; lone signatures first: once the head is live, with
 * the last of the others, no more of them are taken. */
enum err push_list_targets(struct room *r, int64_t last, struct push_list *out,
	struct diag *d) ERR_MUST_USE;

#endif
