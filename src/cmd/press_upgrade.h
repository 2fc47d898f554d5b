/* The tables of press.db, and what an older one lacks. */
#ifndef ERIKA_PRESS_UPGRADE_H
#define ERIKA_PRESS_UPGRADE_H

#include "../core/err.h"
#include "../sys/db.h"

extern const char upgrade_schema[];
#define UPGRADE_VERSION 2

/* Bring the records at `path` of the newsroom `dir`, version 1, up to this
 * one. Happens whole or not at all. */
enum err upgrade_run(
	const char *dir, const char *path, struct diag *d) ERR_MUST_USE;

#endif
