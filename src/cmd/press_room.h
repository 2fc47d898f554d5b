/* The newsroom's folder: its settings, its records and its keys.
 *
 *	newsroom.ini       name, language, desk
 *	mirrors.ini        where to publish, where readers fetch
 *	countries.ini      what works and what is blocked where; may be absent
 *	keys/NAME.key|pub  minisign's formats; .key is 0600 and encrypted
 *	press.db           what was packed and published
 *	repository/m, t    the tree that mirrors copy
 */
#ifndef ERIKA_PRESS_ROOM_H
#define ERIKA_PRESS_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/minisign.h"
#include "../core/sign.h"
#include "../sys/db.h"
#include "command.h"
#include "press_keyring.h"

struct room {
	char *dir;
	char *name;	/* the outlet's display name */
	char *language; /* default for sources that say none; may be NULL */
	char *home;	/* newsroom.ini's desk */
	char *desk;	/* the desk that packs: --desk, else home */
	struct db *db;
	int lock; /* the folder, locked; or -1 */
	/* How to name it in a command that is proposed: " -C DIR" or "". */
	char *option;
	struct keyring keys;
};

/* The options every command on a newsroom has, for its option table. */
struct room_options {
	const char *dir; /* --newsroom DIR; default: ERIKA_NEWSROOM, "." */
	const char *pass_file; /* --passphrase-file F */
};
#define ROOM_OPTIONS(o)                                                        \
	{"newsroom", 'C', OPT_STRING, &(o).dir, "DIR",                         \
		"the newsroom's folder (or $ERIKA_NEWSROOM, or .)"},           \
	{                                                                      \
		"passphrase-file", 0, OPT_STRING, &(o).pass_file, "FILE",      \
			"read the keys' passphrase from FILE's first line"     \
	}

/* Open the folder. ERR_CONFIG, ERR_MISSING with what to do. */
enum err room_open(const struct room_options *o, struct room **out,
	struct diag *d) ERR_MUST_USE;
void room_close(struct room *r);

/* Keep other commands from writing here until room_close: two at once would
 * give one number twice. ERR_FAILED when one is at it. Also sets the umask that
 * a web server needs to read what is published; the newsroom's own folder is
 * 0700. */
enum err room_lock(struct room *r, struct diag *d) ERR_MUST_USE;

/* Wipe keys and passphrase, leaving all else: for a child process, which has a
 * copy of its own. `room` is a struct room. */
void room_forget(void *room);

/* Work for another desk than newsroom.ini's; NULL changes nothing. ERR_USAGE
 * for what is no desk's name. */
enum err room_desk(
	struct room *r, const char *desk, struct diag *d) ERR_MUST_USE;

/* DIR/rest, malloc'd; NULL when out of memory. */
char *room_path(const struct room *r, const char *rest);

/* Open DIR/press.db, new or of an older version of this program. */
enum err room_records(
	const char *dir, struct db **out, struct diag *d) ERR_MUST_USE;

#endif
