/* What erika-press mirrors is doing, shared by src/cmd/press_mirrors*.c
 * alone. */
#ifndef ERIKA_PRESS_MIRRORS_H
#define ERIKA_PRESS_MIRRORS_H

#include "../core/link.h"
#include "../core/mirrors.h"
#include "press_lists.h"

struct mirrors_run {
	const struct context *cx;
	struct room_options room;
	/* add */
	const char *url, *to, *proxy, *ca, *countries, *pin, *sni, *front;
	bool unlisted, storage;
	struct opt_list addresses;
	/* link, qr */
	const char *out;
	bool light;
	/* check */
	const char *country;
	struct room *r;
	struct mirrors list;
};

/* Print what readers would use of the list, and what is odd about it. */
enum err mirrors_check(struct mirrors_run *k, struct diag *d) ERR_MUST_USE;

/* The link to the named mirrors, or to listed ones when none is named: printed,
 * as a file of mirrors, or as a QR code. ERR_USAGE, ERR_MISSING, ERR_LIMIT,
 * ERR_IO. */
enum err mirrors_link(struct mirrors_run *k, bool qr, int argc, char **argv,
	struct diag *d) ERR_MUST_USE;

#endif
