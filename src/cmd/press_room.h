/* The newsroom's folder: its settings, its records and its keys.
 *
 *	newsroom.ini       name, language, desk
 *	mirrors.ini        where to publish, where readers fetch
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

#define ROOM_KEYS 16

struct room {
	char *dir;
	char *name;	/* the outlet's display name */
	char *language; /* default for sources that say none; may be NULL */
	char *desk;
	struct db *db;
	int lock; /* the folder, locked; or -1 */
	/* Key pairs of keys/: public halves always, secret when unlocked. */
	struct {
		char *file; /* "newsroom" */
		struct minisign_key pub;
		struct sign_key *key;
	} keys[ROOM_KEYS];
	size_t n_keys;
	struct buf pass; /* the passphrase, once it was given */
	bool has_pass;
	const char *pass_file;
};

/* The options every command on a newsroom has, for its option table. */
struct room_options {
	const char *dir; /* --newsroom DIR; default: ERIKA_NEWSROOM, "." */
	const char *pass_file; /* --passphrase-file F */
};
#define ROOM_OPTIONS(o)                                                        \
	{"newsroom", 'C', OPT_STRING, &(o).dir, "DIR",                         \
		"the newsroom's folder (default: $ERIKA_NEWSROOM, else .)"},   \
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

/* DIR/rest, malloc'd; NULL when out of memory. */
char *room_path(const struct room *r, const char *rest);

/* The secret key for a public key of keys/, unlocked; asks for the passphrase
 * once. Borrowed from the room. ERR_MISSING when it is not in keys/ (perhaps
 * kept offline), ERR_KEY for a wrong passphrase. */
enum err room_key(struct room *r, const struct context *cx,
	const uint8_t public[static CRYPTO_PUBLIC], struct sign_key **out,
	struct diag *d) ERR_MUST_USE;

/* Read a passphrase: from the file, or twice from the terminal when it is a
 * new one, without echo. */
enum err room_passphrase(const char *file, bool fresh, struct buf *out,
	struct diag *d) ERR_MUST_USE;

/* Write a new key pair keys/NAME.key and .pub below dir. ERR_EXISTS. */
enum err room_key_create(const char *dir, const char *name,
	const struct span *pass, struct sign_key **out,
	struct diag *d) ERR_MUST_USE;

/* The tables of press.db. */
extern const char room_schema[];
#define ROOM_SCHEMA_VERSION 1

#endif
