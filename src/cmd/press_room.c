#include "press_room.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/ini.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "press_upgrade.h"

char *
room_path(const struct room *r, const char *rest)
{
	return file_join(r->dir, rest);
}

/* ---- settings */

static enum err
setting(char **to, const char *value, struct diag *d)
{
	free(*to);
	*to = strdup(value);
	return *to == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

static enum err
on_setting(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct room *r = arg;

	if (strcmp(section, "outlet") != 0 || label[0] != '\0')
		return diag_set(d, ERR_CONFIG,
			"unknown section; newsroom.ini has [outlet] only");
	if (strcmp(key, "name") == 0) {
		if (!text_line_ok(span_str(value), 120))
			return diag_set(d, ERR_CONFIG,
				"name is one line of at most 120 bytes");
		return setting(&r->name, value, d);
	}
	if (strcmp(key, "language") == 0) {
		if (!text_line_ok(span_str(value), LIMIT_LANG))
			return diag_set(d, ERR_CONFIG,
				"language is a tag such as ru or zh-Hans");
		return setting(&r->language, value, d);
	}
	if (strcmp(key, "desk") == 0) {
		if (!text_name_ok(span_str(value), 32))
			return diag_set(d, ERR_CONFIG,
				"desk is a name of a-z, 0-9, '-'");
		return setting(&r->home, value, d);
	}
	return ini_unknown(key, "name language desk", d);
}

static enum err
settings_read(struct room *r, struct diag *d)
{
	char *path = room_path(r, "newsroom.ini");
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_CONFIG);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_CONFIG, &b, d);
	if (e == ERR_MISSING)
		e = diag_set(d, ERR_MISSING,
			"%s: no newsroom.ini here; make a newsroom with "
			"erika-press init, or name its folder with -C",
			r->dir);
	if (e == ERR_OK)
		e = ini_parse(buf_view(&b), path, on_setting, r, d);
	if (e == ERR_OK && (r->name == NULL || r->home == NULL))
		e = diag_set(
			d, ERR_CONFIG, "%s: name or desk is missing", path);
	if (e == ERR_OK)
		e = setting(&r->desk, r->home, d);
	buf_free(&b);
	free(path);
	return e;
}

/* ---- the room */

enum err
room_desk(struct room *r, const char *desk, struct diag *d)
{
	if (desk == NULL)
		return ERR_OK;
	if (!text_name_ok(span_str(desk), 32))
		return diag_set(
			d, ERR_USAGE, "--desk is a name of a-z, 0-9 and '-'");
	return setting(&r->desk, desk, d);
}

enum err
room_records(const char *dir, struct db **out, struct diag *d)
{
	char *path = file_join(dir, "press.db");
	enum err e;

	*out = NULL;
	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = db_open(path, upgrade_schema, UPGRADE_VERSION, out, d);
	if (e == ERR_UNSUPPORTED && upgrade_run(dir, path, NULL) == ERR_OK)
		e = db_open(path, upgrade_schema, UPGRADE_VERSION, out, d);
	free(path);
	return e;
}

enum err
room_open(const struct room_options *o, struct room **out, struct diag *d)
{
	const char *dir = o->dir != NULL ? o->dir : getenv("ERIKA_NEWSROOM");
	struct room *r = calloc(1, sizeof(*r));
	char *keys = NULL;
	enum err e;

	*out = NULL;
	if (r == NULL || (r->dir = strdup(dir == NULL ? "." : dir)) == NULL) {
		free(r);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	r->lock = -1;
	if (asprintf(&r->option, "%s%s", o->dir == NULL ? "" : " -C ",
		    o->dir == NULL ? "" : o->dir) < 0) {
		r->option = NULL;
		room_close(r);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	e = settings_read(r, d);
	if (e == ERR_OK) {
		keys = room_path(r, "keys");
		e = keys == NULL
			    ? ERR_NOMEM
			    : keyring_open(keys, o->pass_file, &r->keys, d);
	}
	if (e == ERR_OK)
		e = room_records(r->dir, &r->db, d);
	free(keys);
	if (e != ERR_OK) {
		room_close(r);
		return e;
	}
	*out = r;
	return ERR_OK;
}

enum err
room_lock(struct room *r, struct diag *d)
{
	r->lock = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->lock < 0)
		return file_errno(r->dir, d);
	umask(022);
	if (flock(r->lock, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	return diag_set(d, ERR_FAILED,
		"another erika-press is working in %s; try again when it has "
		"ended",
		r->dir);
}

void
room_forget(void *room)
{
	struct room *r = room;

	keyring_forget(&r->keys);
}

void
room_close(struct room *r)
{
	if (r == NULL)
		return;
	keyring_free(&r->keys);
	db_close(r->db);
	if (r->lock >= 0)
		close(r->lock);
	free(r->option);
	free(r->dir);
	free(r->name);
	free(r->language);
	free(r->home);
	free(r->desk);
	free(r);
}
