/* The inside of mirror lists, shared by src/core/mirrors*.c alone. */
#ifndef ERIKA_MIRRORS_PRIV_H
#define ERIKA_MIRRORS_PRIV_H

#include "mirrors.h"

/* Whose list it is, which decides what may stand in it. */
enum mirrors_kind {
	MIRRORS_SIGNED, /* readers were never asked about it */
	MIRRORS_CONFIG, /* the newsroom's, to be signed */
	MIRRORS_OWN	/* the user's: folders, private addresses */
};

/* Free what one mirror owns and zero it; not the struct itself. */
void mirror_clear(struct mirror *m);

/* Append, taking over and clearing *m; on failure it is still the caller's.
 * `wrong` is the code of what is not allowed. */
enum err mirrors_add(struct mirrors *to, struct mirror *m,
	enum mirrors_kind kind, enum err wrong, struct diag *d) ERR_MUST_USE;
enum err mirrors_resolver_add(struct mirrors *to, struct resolver *r,
	enum mirrors_kind kind, enum err wrong, struct diag *d) ERR_MUST_USE;

/* Whether a mirror's ways fit its URL; `who` names it in errors. */
enum err mirror_ways_check(const struct mirror *m, const char *who,
	enum mirrors_kind kind, enum err wrong, struct diag *d) ERR_MUST_USE;

/* Append an address to a mirror's. */
enum err mirror_address_add(struct mirror *m, struct span address,
	enum err wrong, struct diag *d) ERR_MUST_USE;

#endif
