#include "tombstone.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "date.h"
#include "json.h"
#include "text.h"

#define TYPE "erika-tombstone-1"

static bool
is_hash(const char *s)
{
	uint8_t hash[32];

	return text_hex_decode(span_str(s), hash, sizeof(hash)) == ERR_OK;
}

/* A name below t/: what a mirror keeps for readers. Without metadata there
 * would be no mirror. */
static bool
is_path(const char *s)
{
	return strncmp(s, "t/", 2) == 0 && text_path_ok(span_str(s));
}

enum err
tombstone_ok(const struct tombstone *t, struct diag *d)
{
	if ((t->hash[0] == '\0') == (t->path[0] == '\0'))
		return diag_set(d, ERR_USAGE, "name one hash or one path");
	if (t->hash[0] != '\0' && !is_hash(t->hash))
		return diag_set(d, ERR_USAGE,
			"a hash is 64 of 0-9 and a-f: the beginning of a "
			"bundle's file name");
	if (t->path[0] != '\0' && !is_path(t->path))
		return diag_set(d, ERR_USAGE,
			"a path begins with t/, as in t/b/DESK/WEEK/NAME.ekb");
	if (!text_line_ok(span_str(t->reason), LIMIT_TOMBSTONE_REASON))
		return diag_set(d, ERR_USAGE,
			"a reason is one line of 1 to %d bytes",
			LIMIT_TOMBSTONE_REASON);
	if (t->operator[0] != '\0' && !text_line_ok(
		    span_str(t->operator), LIMIT_TOMBSTONE_OPERATOR))
		return diag_set(d, ERR_USAGE,
			"an operator's name is one line of at most %d bytes",
			LIMIT_TOMBSTONE_OPERATOR);
	return ERR_OK;
}

bool
tombstone_covers(const struct tombstone *t, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	if (t->path[0] != '\0')
		return strcmp(t->path, path) == 0;
	return strlen(t->hash) == 64 && strncmp(name, t->hash, 64) == 0 &&
	       name[64] == '.';
}

enum err
tombstone_add(struct buf *out, const struct tombstone *t)
{
	bool hash = t->hash[0] != '\0';
	char date[DATE_SIZE];
	enum err e;
	json_t *j;

	date_format(date, t->date);
	j = json_pack("{s:s, s:s, s:s, s:s, s:s}", "_type", TYPE, "date", date,
		"operator", t->operator, "reason", t->reason,
		hash ? "hash" : "path", hash ? t->hash : t->path);
	if (j == NULL)
		return ERR_NOMEM;
	e = json_canonical(j, out);
	json_decref(j);
	return e;
}

/* A member that may be a string of at most `max` bytes, copied. */
static enum err
copy(const json_t *o, const char *name, char *out, size_t max, struct diag *d)
{
	const char *s;
	enum err e = json_str(o, name, &s, d);

	if (e != ERR_OK)
		return e;
	if (strlen(s) > max)
		return diag_set(
			d, ERR_LIMIT, "its %s is over %zu bytes", name, max);
	memcpy(out, s, strlen(s) + 1);
	return ERR_OK;
}

static enum err
read_signed(const json_t *o, struct tombstone *t, struct diag *d)
{
	static const char *const names[] = {
		"_type", "date", "hash", "operator", "path", "reason", NULL};
	bool hash = json_object_get(o, "hash") != NULL;
	const char *type;
	enum err e;

	memset(t, 0, sizeof(*t));
	e = json_str(o, "_type", &type, d);
	if (e == ERR_OK && strcmp(type, TYPE) != 0)
		e = diag_set(d, ERR_UNSUPPORTED, "it is not a " TYPE);
	if (e == ERR_OK)
		e = json_only(o, names, d);
	if (e == ERR_OK && hash)
		e = copy(o, "hash", t->hash, sizeof(t->hash) - 1, d);
	if (e == ERR_OK && (!hash || json_object_get(o, "path") != NULL))
		e = copy(o, "path", t->path, LIMIT_PATH, d);
	if (e == ERR_OK)
		e = copy(o, "reason", t->reason, LIMIT_TOMBSTONE_REASON, d);
	if (e == ERR_OK)
		e = copy(o, "operator", t->operator, LIMIT_TOMBSTONE_OPERATOR,
			d);
	if (e == ERR_OK)
		e = json_date(o, "date", &t->date, d);
	if (e == ERR_OK && tombstone_ok(t, d) != ERR_OK)
		e = diag_set(d, ERR_SYNTAX,
			"it names nothing that a mirror could remove");
	return e;
}

enum err
tombstone_part(struct span part, struct tombstone *out, struct diag *d)
{
	json_t *o;
	enum err e = json_parse(part, LIMIT_TOMBSTONE, &o, d);

	if (e != ERR_OK)
		return e;
	e = read_signed(o, out, d);
	json_decref(o);
	return e;
}

/* ---- the body of a 451 */

static enum err
check(struct span part, struct span minisig, const struct minisign_key *key,
	struct tombstone *t, struct diag *d)
{
	struct minisign_sig *sig = malloc(sizeof(*sig));
	uint8_t hash[HASH_MAX];
	enum err e;

	if (sig == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = minisign_sig_parse(minisig, sig, d);
	if (e == ERR_OK) {
		hash_bytes(HASH_BLAKE2B_512, part, hash);
		e = minisign_check(sig, key, hash, d);
	}
	if (e == ERR_OK)
		minisign_keynum_text(t->key, key->keynum);
	free(sig);
	return e;
}

/* A public key from its second line alone: "RW...". */
static enum err
read_key(const char *line, struct minisign_key *key, struct diag *d)
{
	struct buf file;
	enum err e;

	buf_init(&file, LIMIT_MINISIG);
	e = buf_printf(&file, MINISIGN_UNTRUSTED "\n%s\n", line);
	if (e == ERR_OK)
		e = minisign_key_parse(buf_view(&file), key, d);
	buf_free(&file);
	return e;
}

static enum err
parse(const json_t *top, struct tombstone *out, struct diag *d)
{
	static const char *const names[] = {"key", "minisig", "signed", NULL};
	const char *line, *minisig;
	struct minisign_key key;
	struct buf part;
	json_t *o;
	enum err e;

	buf_init(&part, LIMIT_TOMBSTONE);
	e = json_only(top, names, d);
	if (e == ERR_OK)
		e = json_obj(top, "signed", &o, d);
	if (e == ERR_OK)
		e = json_str(top, "key", &line, d);
	if (e == ERR_OK)
		e = json_str(top, "minisig", &minisig, d);
	if (e == ERR_OK)
		e = read_signed(o, out, d);
	if (e == ERR_OK)
		e = read_key(line, &key, d);
	if (e == ERR_OK)
		e = json_canonical(o, &part);
	if (e == ERR_OK)
		e = check(buf_view(&part), span_str(minisig), &key, out, d);
	buf_free(&part);
	return e;
}

enum err
tombstone_parse(struct span body, struct tombstone *out, struct diag *d)
{
	json_t *top;
	enum err e = json_parse(body, LIMIT_TOMBSTONE, &top, d);

	memset(out, 0, sizeof(*out));
	if (e != ERR_OK)
		return e;
	e = parse(top, out, d);
	json_decref(top);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

/* The line of a key file that says it all. */
static enum err
key_line(struct buf *file, const struct minisign_key *key, struct span *line)
{
	struct cursor c = {.pos = 0};
	enum err e = minisign_key_add(file, key);

	c.in = buf_view(file);
	return e == ERR_OK ? minisign_open(&c, line, NULL) : e;
}

enum err
tombstone_body(struct buf *out, struct span part, struct span minisig,
	const struct minisign_key *key, struct diag *d)
{
	size_t was = out->n;
	struct tombstone t;
	struct buf file;
	struct span line;
	json_t *o = NULL, *top;
	char *text;
	enum err e = json_parse(part, LIMIT_TOMBSTONE, &o, d);

	buf_init(&file, LIMIT_MINISIG);
	if (e == ERR_OK)
		e = key_line(&file, key, &line);
	if (e == ERR_OK) {
		top = json_pack("{s:s%, s:s%, s:O}", "key",
			(const char *)line.p, line.n, "minisig",
			(const char *)minisig.p, minisig.n, "signed", o);
		text = top == NULL
			       ? NULL
			       : json_dumps(top, JSON_COMPACT | JSON_SORT_KEYS);
		e = text == NULL ? ERR_NOMEM : buf_str(out, text);
		if (e != ERR_OK)
			diag_set(d, e, "it is too long");
		free(text);
		json_decref(top);
	}
	/* As the reader will: white space in the file, or a signature of
	 * something else, must not be found out only there. */
	if (e == ERR_OK)
		e = tombstone_parse(
			span_sub(buf_view(out), was, out->n - was), &t, d);
	if (e != ERR_OK)
		buf_cut(out, was);
	buf_free(&file);
	json_decref(o);
	return e;
}
