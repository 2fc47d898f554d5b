/* The newsroom's lists: mirrors.ini and countries.ini, which together make the
 * signed mirror list, and edits of such files that leave the rest of what
 * people wrote in them alone. */
#ifndef ERIKA_PRESS_LISTS_H
#define ERIKA_PRESS_LISTS_H

#include "../core/mirrors.h"
#include "press_room.h"

#define LISTS_MIRRORS "mirrors.ini"
#define LISTS_COUNTRIES "countries.ini"

/* Read both; a newsroom without countries.ini says nothing of countries.
 * ERR_CONFIG, ERR_IO, ERR_MISSING, ERR_NOMEM; *out is empty then. */
enum err lists_read(
	struct room *r, struct mirrors *out, struct diag *d) ERR_MUST_USE;

/* Append one file's bytes; nothing when there is none. */
enum err lists_text(struct room *r, const char *file, struct buf *out,
	struct diag *d) ERR_MUST_USE;

/* Replace one file whole. */
enum err lists_save(struct room *r, const char *file, struct span text,
	struct diag *d) ERR_MUST_USE;

/* Copy `text` to `out` with the sections of this header ("[mirror \"north\"]",
 * without white space around it) replaced by `section`, header included; it
 * comes last when there was none, and is left out when it is empty. *found:
 * there was one. Comments above a section stay when it is replaced, and go with
 * it. */
enum err lists_section(struct span text, const char *header,
	struct span section, struct buf *out, bool *found) ERR_MUST_USE;

#endif
