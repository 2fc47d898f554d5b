/* What erika add is doing, shared by src/cmd/erika_add*.c alone. */
#ifndef ERIKA_ERIKA_ADD_H
#define ERIKA_ERIKA_ADD_H

#include "../core/link.h"
#include "../core/mirrors.h"
#include "erika.h"
#include "erika_config.h"

struct add {
	const char *what;
	const char *name;  /* --name */
	const char *words; /* --words */
	bool yes;
	const struct config *config;
	struct opt_list mirrors; /* --mirror */
	struct opt_list files;	 /* --mirror-file */
	struct mirrors own;	 /* what those say */
	struct link link;	 /* when `what` is one */
	bool is_link;
	/* Which of its mirrors the user named as well, or agreed to: they may
	 * be near. */
	bool agreed[LINK_URLS];
	bool is_mirror; /* `what` is a folder or URL: a mirror too */
	struct buf root;
	uint8_t fingerprint[32];
	char *outlet; /* its name */
};

/* Read --mirror-file into a->own. ERR_CONFIG, ERR_MISSING, ERR_IO,
 * ERR_NOMEM. */
enum err add_mirrors_read(struct add *a, struct diag *d) ERR_MUST_USE;

/* Leave out those of the link's mirrors that are this machine or in a private
 * network, unless the user names them by --mirror or agrees: whoever made the
 * link may mean no mirror at all. */
void add_link_near(const struct context *cx, struct add *a);

/* Get the first root into a->root, from where a->what says; also whether that
 * is a mirror. By the network only with the user's settings, a proxy say.
 * Any error of reach_file, ERR_CONFIG, ERR_MISSING. */
enum err add_root_get(struct add *a, struct diag *d) ERR_MUST_USE;

/* Keep all mirrors that were named, on the user's own word: they never go into
 * anything that is shared. Inside the caller's transaction. */
enum err add_mirrors_keep(const struct add *a, struct library *l, int64_t id,
	struct diag *d) ERR_MUST_USE;

#endif
