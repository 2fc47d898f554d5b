#include "press_room.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "../core/ini.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"

#define PASS_MAX 1024

const char room_schema[] =
	"CREATE TABLE article(id TEXT PRIMARY KEY, desk TEXT NOT NULL,"
	" revision INTEGER NOT NULL, status INTEGER NOT NULL,"
	" title TEXT NOT NULL, language TEXT NOT NULL,"
	" published INTEGER NOT NULL, updated INTEGER NOT NULL, url TEXT,"
	" digest BLOB NOT NULL, bundle TEXT NOT NULL, position INTEGER NOT "
	"NULL,"
	" base_name BLOB, base_bundle TEXT, base_text BLOB);"
	"CREATE TABLE bundle(path TEXT PRIMARY KEY, desk TEXT NOT NULL,"
	" sequence INTEGER NOT NULL, sha256 BLOB NOT NULL,"
	" length INTEGER NOT NULL, head INTEGER NOT NULL,"
	" head_digest BLOB NOT NULL, text_end INTEGER NOT NULL,"
	" created INTEGER NOT NULL, published INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE image(name BLOB PRIMARY KEY, bundle TEXT NOT NULL,"
	" type TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE dictionary(path TEXT PRIMARY KEY, language TEXT NOT NULL,"
	" sha256 BLOB NOT NULL, content BLOB NOT NULL, file BLOB NOT NULL);"
	"CREATE TABLE role(name TEXT PRIMARY KEY, version INTEGER NOT NULL,"
	" file BLOB NOT NULL);";

char *
room_path(const struct room *r, const char *rest)
{
	return file_join(r->dir, rest);
}

/* ---- settings */

static enum err
setting(char **to, const char *value, struct diag *d)
{
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
		return setting(&r->desk, value, d);
	}
	return diag_set(d, ERR_CONFIG, "unknown key \"%s\"", key);
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
	if (e == ERR_OK && (r->name == NULL || r->desk == NULL))
		e = diag_set(
			d, ERR_CONFIG, "%s: name or desk is missing", path);
	buf_free(&b);
	free(path);
	return e;
}

/* ---- keys */

static bool
has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n > k && strcmp(s + n - k, suffix) == 0;
}

static enum err
pub_read(struct room *r, const char *dir, const char *name, struct diag *d)
{
	char *path = file_join(dir, name);
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_MINISIG);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_MINISIG, &b, d);
	if (e == ERR_OK) {
		e = minisign_key_parse(
			buf_view(&b), &r->keys[r->n_keys].pub, d);
		if (e != ERR_OK)
			e = diag_prefix(d, e, "%s", path);
	}
	if (e == ERR_OK) {
		r->keys[r->n_keys].file = strndup(name, strlen(name) - 4);
		if (r->keys[r->n_keys].file == NULL)
			e = ERR_NOMEM;
		else
			r->n_keys++;
	}
	buf_free(&b);
	free(path);
	return e;
}

static enum err
keys_read(struct room *r, struct diag *d)
{
	char *dir = room_path(r, "keys"), **names = NULL;
	size_t i, n = 0;
	enum err e;

	e = dir == NULL ? ERR_NOMEM : file_list(dir, 256, &names, &n, d);
	for (i = 0; e == ERR_OK && i < n && r->n_keys < ROOM_KEYS; i++)
		if (has_suffix(names[i], ".pub"))
			e = pub_read(r, dir, names[i], d);
	file_list_free(names, n);
	free(dir);
	return e;
}

/* One line from a descriptor without echo where it is a terminal. */
static enum err
pass_line(int fd, const char *prompt, struct buf *out)
{
	struct termios old, quiet;
	bool tty = tcgetattr(fd, &old) == 0;
	char c;

	buf_clear(out);
	if (tty) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(fd, TCSAFLUSH, &quiet);
		fputs(prompt, stderr);
		fflush(stderr);
	}
	while (read(fd, &c, 1) == 1 && c != '\n')
		if (buf_u8(out, (uint8_t)c) != ERR_OK)
			break;
	if (tty) {
		tcsetattr(fd, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	return out->n == 0 ? ERR_CANCELLED : ERR_OK;
}

static enum err
pass_terminal(bool fresh, struct buf *out, struct diag *d)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct buf again;
	enum err e;

	if (fd < 0)
		return diag_set(d, ERR_USAGE,
			"the keys need a passphrase and there is no terminal "
			"to ask on; give --passphrase-file FILE%s",
			fresh ? " (or --no-passphrase)" : "");
	buf_init(&again, PASS_MAX);
	e = pass_line(fd, fresh ? "New passphrase: " : "Passphrase: ", out);
	if (e == ERR_OK && fresh) {
		e = pass_line(fd, "The same again: ", &again);
		if (e == ERR_OK && !span_eq(buf_view(out), buf_view(&again)))
			e = diag_set(d, ERR_USAGE, "the two differ");
	}
	if (e == ERR_CANCELLED)
		e = diag_set(d, ERR_USAGE, "an empty passphrase is none");
	if (again.p != NULL)
		sodium_memzero(again.p, again.n);
	buf_free(&again);
	close(fd);
	return e;
}

enum err
room_passphrase(const char *file, bool fresh, struct buf *out, struct diag *d)
{
	enum err e;
	int fd;

	buf_init(out, PASS_MAX);
	/* Growing would leave copies behind. */
	e = buf_reserve(out, PASS_MAX);
	if (e != ERR_OK)
		return diag_set(d, e, "out of memory");
	if (file == NULL)
		return pass_terminal(fresh, out, d);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return file_errno(file, d);
	e = pass_line(fd, "", out);
	close(fd);
	return e == ERR_OK ? e
			   : diag_set(d, ERR_USAGE,
				     "%s: the first line is "
				     "empty",
				     file);
}

/* Key files that others can read are refused: whoever copied one may be
 * guessing its passphrase already. */
static enum err
key_file_read(const char *path, struct buf *b, struct diag *d)
{
	struct stat st;
	enum err e = file_read(path, LIMIT_MINISIG, b, d);

	if (e != ERR_OK)
		return e;
	if (lstat(path, &st) != 0)
		return file_errno(path, d);
	if (st.st_mode & 077)
		return diag_set(d, ERR_REFUSED,
			"%s can be read by others (mode %03o); chmod 600 it, "
			"and think about who may have a copy",
			path, (unsigned)st.st_mode & 0777u);
	return ERR_OK;
}

static enum err
key_unlock(struct room *r, size_t i, struct span file, struct diag *d)
{
	struct span pass;
	enum err e = sign_key_load(file, NULL, &r->keys[i].key, d);

	if (e != ERR_USAGE)
		return e;
	if (!r->has_pass) {
		e = room_passphrase(r->pass_file, false, &r->pass, d);
		if (e != ERR_OK)
			return e;
		r->has_pass = true;
	}
	pass = buf_view(&r->pass);
	return sign_key_load(file, &pass, &r->keys[i].key, d);
}

static enum err
key_open(struct room *r, size_t i, struct diag *d)
{
	char name[160], *path;
	struct buf b;
	enum err e;

	snprintf(name, sizeof(name), "keys/%s.key", r->keys[i].file);
	path = room_path(r, name);
	buf_init(&b, LIMIT_MINISIG);
	e = path == NULL ? ERR_NOMEM : key_file_read(path, &b, d);
	if (e == ERR_OK) {
		e = key_unlock(r, i, buf_view(&b), d);
		if (e == ERR_OK &&
			memcmp(sign_key_public(r->keys[i].key)->key,
				r->keys[i].pub.key, CRYPTO_PUBLIC) != 0)
			e = diag_set(d, ERR_KEY,
				"the .pub beside it is another key's");
		if (e != ERR_OK)
			e = diag_prefix(d, e, "%s", path);
	}
	if (b.p != NULL)
		sodium_memzero(b.p, b.n);
	buf_free(&b);
	free(path);
	return e;
}

enum err
room_key(struct room *r, const struct context *cx,
	const uint8_t public[static CRYPTO_PUBLIC], struct sign_key **out,
	struct diag *d)
{
	enum err e;
	size_t i;

	(void)cx;
	for (i = 0; i < r->n_keys; i++) {
		if (memcmp(r->keys[i].pub.key, public, CRYPTO_PUBLIC) != 0)
			continue;
		e = r->keys[i].key == NULL ? key_open(r, i, d) : ERR_OK;
		*out = r->keys[i].key;
		return e;
	}
	return diag_set(d, ERR_MISSING,
		"the key that must sign is not in "
		"keys/; is it kept offline?");
}

enum err
room_key_create(const char *dir, const char *name, const struct span *pass,
	struct sign_key **out, struct diag *d)
{
	uint8_t seed[32], salt[32];
	char file[160], *path = NULL;
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_MINISIG);
	randombytes_buf(seed, sizeof(seed));
	randombytes_buf(salt, sizeof(salt));
	*out = sign_key_new(seed);
	sodium_memzero(seed, sizeof(seed));
	e = *out == NULL ? ERR_NOMEM : sign_key_save(*out, pass, salt, &b);
	snprintf(file, sizeof(file), "keys/%s.key", name);
	if (e == ERR_OK)
		path = file_join(dir, file);
	if (e == ERR_OK && path != NULL && file_exists(path))
		e = diag_set(d, ERR_EXISTS, "%s is already there", path);
	else if (e == ERR_OK)
		e = path == NULL ? ERR_NOMEM
				 : file_write(path, buf_view(&b), 0600, d);
	if (b.p != NULL)
		sodium_memzero(b.p, b.n);
	buf_clear(&b);
	if (e == ERR_OK) {
		memcpy(path + strlen(path) - 4, ".pub", 4);
		e = minisign_key_add(&b, sign_key_public(*out));
	}
	if (e == ERR_OK)
		e = file_write(path, buf_view(&b), 0644, d);
	buf_free(&b);
	free(path);
	if (e != ERR_OK) {
		sign_key_free(*out);
		*out = NULL;
	}
	return e;
}

/* ---- the room */

enum err
room_open(const struct room_options *o, struct room **out, struct diag *d)
{
	const char *dir = o->dir != NULL ? o->dir : getenv("ERIKA_NEWSROOM");
	struct room *r = calloc(1, sizeof(*r));
	char *path = NULL;
	enum err e;

	*out = NULL;
	if (r == NULL || (r->dir = strdup(dir == NULL ? "." : dir)) == NULL) {
		free(r);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	r->pass_file = o->pass_file;
	r->lock = -1;
	e = settings_read(r, d);
	if (e == ERR_OK)
		e = keys_read(r, d);
	if (e == ERR_OK) {
		path = room_path(r, "press.db");
		e = path == NULL ? ERR_NOMEM
				 : db_open(path, room_schema,
					   ROOM_SCHEMA_VERSION, &r->db, d);
	}
	free(path);
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
	size_t i;

	for (i = 0; i < r->n_keys; i++) {
		sign_key_free(r->keys[i].key);
		r->keys[i].key = NULL;
	}
	if (r->pass.p != NULL)
		sodium_memzero(r->pass.p, r->pass.cap);
	buf_free(&r->pass);
	r->has_pass = false;
}

void
room_close(struct room *r)
{
	size_t i;

	if (r == NULL)
		return;
	room_forget(r);
	for (i = 0; i < r->n_keys; i++)
		free(r->keys[i].file);
	db_close(r->db);
	if (r->lock >= 0)
		close(r->lock);
	free(r->dir);
	free(r->name);
	free(r->language);
	free(r->desk);
	free(r);
}
