#include "press_roles.h"

#include <stdlib.h>
#include <string.h>

#include "../core/json.h"
#include "../core/limits.h"
#include "../core/pack.h"
#include "../core/text.h"
#include "../core/tuf.h"
#include "../core/tuf_write.h"
#include "../sys/file.h"
#include "press.h"

/* ---- the records */

static enum err
role_last(struct room *r, const char *name, int64_t *version, struct buf *file,
	struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	*version = 0;
	e = db_query(r->db, d, &q,
		"SELECT version, file FROM role WHERE name=?", "t", name);
	if (e != ERR_OK)
		return e;
	if (db_row(q)) {
		*version = db_int(q, 0);
		e = buf_span(file, db_blob(q, 1));
	}
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

static enum err
repository_put(struct room *r, const char *rest, struct span s, struct diag *d)
{
	struct buf name, old;
	char *path = NULL, *slash;
	bool same = false;
	enum err e;

	buf_init(&name, 1024);
	buf_init(&old, s.n + 1);
	e = buf_printf(&name, "repository/%s", rest);
	if (e == ERR_OK && (path = room_path(r, buf_cstr(&name))) == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK) {
		slash = strrchr(path, '/');
		*slash = '\0';
		e = file_mkdirs(path, 0755, d);
		*slash = '/';
	}
	/* What is there already may be of a run that ended before its records
	 * were kept: nobody has seen it then. */
	if (e == ERR_OK && file_exists(path))
		same = file_read(path, s.n, &old, NULL) == ERR_OK &&
		       span_eq(buf_view(&old), s);
	if (e == ERR_OK && !same)
		e = file_write(path, s, 0644, d);
	free(path);
	buf_free(&name);
	buf_free(&old);
	return e;
}

static enum err
role_keep(struct room *r, const char *name, uint64_t version, struct span file,
	struct diag *d)
{
	char rest[LIMIT_NAME + 40];
	enum err e = ERR_OK;

	snprintf(rest, sizeof(rest), "m/%llu.%s.json",
		(unsigned long long)version, name);
	if (strcmp(name, "timestamp") != 0)
		e = repository_put(r, rest, file, d);
	if (e == ERR_OK)
		e = db_run(r->db, d,
			"INSERT INTO role(name, version, file) VALUES(?,?,?)"
			" ON CONFLICT(name) DO UPDATE SET"
			" version=excluded.version, file=excluded.file",
			"tib", name, (int64_t)version, file);
	return e;
}

enum err
roles_root(struct room *r, struct tuf_doc **out, struct diag *d)
{
	char name[64], *path = NULL;
	struct buf b;
	enum err e = ERR_OK;
	unsigned n;

	/* The newest of repository/m/N.root.json. */
	for (n = 1;; n++) {
		snprintf(
			name, sizeof(name), "repository/m/%u.root.json", n + 1);
		path = room_path(r, name);
		if (path == NULL || !file_exists(path))
			break;
		free(path);
	}
	free(path);
	snprintf(name, sizeof(name), "repository/m/%u.root.json", n);
	path = room_path(r, name);
	buf_init(&b, LIMIT_ROOT);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_ROOT, &b, d);
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&b), LIMIT_ROOT, TUF_ROOT, out, d);
	buf_free(&b);
	free(path);
	return e;
}

/* ---- one role */

/* Whether a body says what the last one said, version and dates aside, and
 * that one has more than half of its life left. */
static bool
still_good(const struct tuf_doc *last, const json_t *body, int64_t now,
	int64_t life)
{
	json_t *copy = json_deep_copy(body);
	bool same;

	if (last->expires - now < life / 2) {
		json_decref(copy);
		return false;
	}
	json_object_set(
		copy, "version", json_object_get(last->body, "version"));
	json_object_set(
		copy, "expires", json_object_get(last->body, "expires"));
	same = json_equal(copy, last->body) == 1;
	json_decref(copy);
	return same;
}

struct role {
	const char *name;
	enum tuf_type type;
	int64_t life;
	/* The keys that must sign it. */
	struct sign_key *keys[ROOM_KEYS];
	size_t n_keys;
};

/* Sign `body` as the next version of a role unless the present one will do.
 * Takes the body's reference. */
static enum err
role_update(struct room *r, const struct role *role, json_t *body, int64_t now,
	unsigned *changed, struct diag *d)
{
	struct tuf_doc *last = NULL;
	struct buf old, file;
	int64_t version;
	enum err e;

	buf_init(&old, LIMIT_METADATA);
	buf_init(&file, LIMIT_METADATA);
	e = role_last(r, role->name, &version, &old, d);
	if (e == ERR_OK && version > 0)
		e = tuf_parse(
			buf_view(&old), LIMIT_METADATA, role->type, &last, d);
	/* A timestamp says that somebody was here today. */
	if (e == ERR_OK && last != NULL && role->type != TUF_TIMESTAMP &&
		still_good(last, body, now, role->life))
		goto out;
	if (e == ERR_OK && json_object_set_new(body, "version",
				   json_integer(version + 1)) != 0)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = tuf_sign(body, role->keys, role->n_keys, &file);
	if (e == ERR_OK)
		e = role_keep(r, role->name, (uint64_t)version + 1,
			buf_view(&file), d);
	if (e == ERR_OK)
		++*changed;
out:
	tuf_free(last);
	buf_free(&old);
	buf_free(&file);
	json_decref(body);
	return e;
}

/* The keys that a top-level role's rule asks for, as many as its threshold. */
static enum err
role_keys(struct room *r, const struct context *cx, const struct tuf_doc *root,
	struct role *role, struct diag *d)
{
	struct tuf_rule rule = tuf_root_rule(root, role->type);
	uint8_t public[CRYPTO_PUBLIC];
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < json_array_size(rule.keyids) &&
		    role->n_keys < rule.threshold && role->n_keys < ROOM_KEYS;
		i++) {
		const char *id =
			json_string_value(json_array_get(rule.keyids, i));

		if (!tuf_key_ed25519(json_object_get(rule.keys, id), public))
			continue;
		e = room_key(r, cx, public, &role->keys[role->n_keys], d);
		if (e == ERR_OK)
			role->n_keys++;
		else if (e != ERR_MISSING)
			return e;
	}
	if (role->n_keys < rule.threshold)
		return diag_set(d, ERR_MISSING,
			"%s needs %llu keys to sign; keys/ holds %zu of them",
			role->name, (unsigned long long)rule.threshold,
			role->n_keys);
	return ERR_OK;
}

/* ---- bodies */

static enum err
target_add(json_t *body, struct room *r, const char *path, struct span file,
	struct diag *d)
{
	const char *slash = strrchr(path, '/');
	char hex[65], rest[LIMIT_PATH + 80];
	uint8_t sha256[32];
	enum err e;

	hash_bytes(HASH_SHA256, file, sha256);
	text_hex(hex, sha256, 32);
	snprintf(rest, sizeof(rest), "t/%.*s%s.%s", (int)(slash + 1 - path),
		path, hex, slash + 1);
	e = repository_put(r, rest, file, d);
	if (e == ERR_OK)
		e = tuf_body_target(body, path, file.n, sha256, NULL);
	return e;
}

/* x: the mirror list and the dictionaries. */
static enum err
body_x(struct room *r, struct span mirrors, int64_t now, json_t **out,
	struct diag *d)
{
	json_t *body = tuf_body(TUF_TARGETS, 1, now + ROLE_X_SECONDS);
	struct db_query *q;
	enum err e, done;

	*out = body;
	if (body == NULL)
		return ERR_NOMEM;
	e = target_add(body, r, "x/mirrors.json", mirrors, d);
	if (e != ERR_OK)
		return e;
	e = db_query(r->db, d, &q, "SELECT path, file FROM dictionary", "");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = target_add(body, r, db_text(q, 0), db_blob(q, 1), d);
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

static enum err
bundle_target(json_t *body, struct db_query *q)
{
	char hex[65];
	json_t *custom;
	enum err e;

	text_hex(hex, db_blob(q, 4).p, 32);
	custom = json_pack("{s:{s:I, s:s}, s:I}", "head", "length",
		(json_int_t)db_int(q, 3), "blake2b-256", hex, "text",
		(json_int_t)db_int(q, 5));
	e = custom == NULL
		    ? ERR_NOMEM
		    : tuf_body_target(body, db_text(q, 0),
			      (uint64_t)db_int(q, 2), db_blob(q, 1).p, custom);
	json_decref(custom);
	return e;
}

static enum err
body_desk(struct room *r, const char *desk, int64_t now, json_t **out,
	struct diag *d)
{
	json_t *body = tuf_body(TUF_TARGETS, 1, now + ROLE_DESK_SECONDS);
	struct db_query *q;
	enum err e, done;

	*out = body;
	if (body == NULL)
		return ERR_NOMEM;
	e = db_query(r->db, d, &q,
		"SELECT path, sha256, length, head, head_digest, text_end"
		" FROM bundle WHERE desk=?",
		"t", desk);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = bundle_target(body, q);
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

/* targets: who may sign what. The order matters: x, then the desks. */
static enum err
body_targets(const struct role *x, const struct role *desk, int64_t now,
	json_t **out)
{
	struct minisign_key keys[ROOM_KEYS];
	struct tuf_grant grant = {keys, x->n_keys, (unsigned)x->n_keys};
	const char *patterns[2] = {"x/*", NULL};
	char pattern[80];
	json_t *body = tuf_body(TUF_TARGETS, 1, now + ROLE_TARGETS_SECONDS);
	enum err e;
	size_t i;

	*out = body;
	if (body == NULL)
		return ERR_NOMEM;
	for (i = 0; i < x->n_keys; i++)
		keys[i] = *sign_key_public(x->keys[i]);
	e = tuf_body_delegate(body, "x", &grant, patterns, true);
	for (i = 0; i < desk->n_keys; i++)
		keys[i] = *sign_key_public(desk->keys[i]);
	grant.n = desk->n_keys;
	grant.threshold = (unsigned)desk->n_keys;
	snprintf(pattern, sizeof(pattern), "b/%s/*/*", desk->name + 2);
	patterns[0] = pattern;
	if (e == ERR_OK)
		e = tuf_body_delegate(body, desk->name, &grant, patterns, true);
	return e;
}

/* An entry for each role's present file, with length and hash so that little
 * is parsed before it is known to be the right one. */
static enum err
meta_add(struct room *r, json_t *body, const char *role, struct diag *d)
{
	struct buf file;
	struct span s;
	int64_t version;
	enum err e;

	buf_init(&file, LIMIT_METADATA);
	e = role_last(r, role, &version, &file, d);
	s = buf_view(&file);
	if (e == ERR_OK)
		e = tuf_body_meta(body, role, (uint64_t)version, &s);
	buf_free(&file);
	return e;
}

static enum err
snapshot_update(struct room *r, struct role *role, const char *desk,
	int64_t now, unsigned *changed, struct diag *d)
{
	json_t *body = tuf_body(TUF_SNAPSHOT, 1, now + role->life);
	enum err e = body == NULL ? ERR_NOMEM : meta_add(r, body, "targets", d);

	if (e == ERR_OK)
		e = meta_add(r, body, "x", d);
	if (e == ERR_OK)
		e = meta_add(r, body, desk, d);
	if (e != ERR_OK) {
		json_decref(body);
		return e;
	}
	return role_update(r, role, body, now, changed, d);
}

static enum err
timestamp_update(struct room *r, struct role *role, int64_t now, struct diag *d)
{
	json_t *body = tuf_body(TUF_TIMESTAMP, 1, now + role->life);
	unsigned changed = 0;
	enum err e =
		body == NULL ? ERR_NOMEM : meta_add(r, body, "snapshot", d);

	if (e == ERR_OK)
		e = tuf_body_made(body, now);
	if (e != ERR_OK) {
		json_decref(body);
		return e;
	}
	return role_update(r, role, body, now, &changed, d);
}

/* ---- all of them */

/* Until desks and archive have keys of their own, the key of targets signs
 * for what it delegates. */
static enum err
delegates_update(struct room *r, const struct role *targets,
	const struct role *x, const struct role *desk, struct span mirrors,
	int64_t now, unsigned *changed, struct diag *d)
{
	json_t *body = NULL;
	enum err e = body_x(r, mirrors, now, &body, d);

	if (e == ERR_OK) {
		e = role_update(r, x, body, now, changed, d);
		body = NULL;
	}
	if (e == ERR_OK)
		e = body_desk(r, desk->name + 2, now, &body, d);
	if (e == ERR_OK) {
		e = role_update(r, desk, body, now, changed, d);
		body = NULL;
	}
	if (e == ERR_OK)
		e = body_targets(x, desk, now, &body);
	if (e == ERR_OK) {
		e = role_update(r, targets, body, now, changed, d);
		body = NULL;
	}
	json_decref(body);
	return e;
}

enum err
roles_update(struct room *r, const struct context *cx, struct span mirrors,
	int64_t now, unsigned *changed, struct diag *d)
{
	struct role targets = {.name = "targets",
		.type = TUF_TARGETS,
		.life = ROLE_TARGETS_SECONDS};
	struct role snapshot = {.name = "snapshot",
		.type = TUF_SNAPSHOT,
		.life = ROLE_SNAPSHOT_SECONDS};
	struct role timestamp = {.name = "timestamp",
		.type = TUF_TIMESTAMP,
		.life = ROLE_TIMESTAMP_SECONDS};
	struct role x, desk;
	struct tuf_doc *root = NULL;
	char desk_name[64];
	enum err e = roles_root(r, &root, d);

	*changed = 0;
	if (e == ERR_OK)
		e = role_keys(r, cx, root, &targets, d);
	if (e == ERR_OK)
		e = role_keys(r, cx, root, &snapshot, d);
	if (e == ERR_OK)
		e = role_keys(r, cx, root, &timestamp, d);
	tuf_free(root);
	if (e != ERR_OK)
		return e;
	snprintf(desk_name, sizeof(desk_name), "d-%s", r->desk);
	x = desk = targets;
	x.name = "x";
	x.life = ROLE_X_SECONDS;
	desk.name = desk_name;
	desk.life = ROLE_DESK_SECONDS;
	e = db_begin(r->db, d);
	if (e == ERR_OK)
		e = delegates_update(
			r, &targets, &x, &desk, mirrors, now, changed, d);
	if (e == ERR_OK)
		e = snapshot_update(r, &snapshot, desk_name, now, changed, d);
	if (e == ERR_OK)
		e = timestamp_update(r, &timestamp, now, d);
	if (e == ERR_OK)
		e = db_commit(r->db, d);
	if (e != ERR_OK)
		db_rollback(r->db);
	return e;
}

/* ---- the head */

#define PACK_FILES 64

static enum err
pack_add(struct pack_file *files, char (*names)[LIMIT_NAME + 40],
	struct buf *bodies, size_t *n, struct db_query *q)
{
	const char *name = db_text(q, 0);
	enum err e;

	if (*n == PACK_FILES)
		return ERR_OK; /* a shortcut may be short */
	if (strcmp(name, "timestamp") == 0)
		snprintf(names[*n], sizeof(*names), "m/timestamp.json");
	else
		snprintf(names[*n], sizeof(*names), "m/%llu.%s.json",
			(unsigned long long)db_int(q, 1), name);
	buf_init(&bodies[*n], LIMIT_METADATA);
	e = buf_span(&bodies[*n], db_blob(q, 2));
	files[*n].name = names[*n];
	files[*n].body = buf_view(&bodies[*n]);
	++*n;
	return e;
}

static enum err
head_put(struct room *r, const char *rest, struct span s, struct diag *d)
{
	char *path = room_path(r, rest);
	enum err e = path == NULL ? ERR_NOMEM : file_write(path, s, 0644, d);

	free(path);
	return e;
}

enum err
roles_head(struct room *r, struct diag *d)
{
	struct pack_file files[PACK_FILES];
	char(*names)[LIMIT_NAME + 40] = calloc(PACK_FILES, sizeof(*names));
	struct buf bodies[PACK_FILES], pack;
	struct db_query *q;
	size_t i, n = 0;
	enum err e, done;

	if (names == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	buf_init(&pack, LIMIT_PACK);
	e = db_query(r->db, d, &q,
		"SELECT name, version, file FROM role ORDER BY name='timestamp'"
		" DESC, name='snapshot' DESC, name='targets' DESC, name",
		"");
	if (e != ERR_OK)
		goto out;
	while (e == ERR_OK && db_row(q))
		e = pack_add(files, names, bodies, &n, q);
	done = db_done(r->db, q, d);
	if (e == ERR_OK)
		e = done;
	if (e == ERR_OK)
		e = pack_make(files, n, &pack);
	if (e == ERR_OK)
		e = head_put(r, "repository/m/now.pack", buf_view(&pack), d);
	for (i = 0; e == ERR_OK && i < n; i++)
		if (strcmp(files[i].name, "m/timestamp.json") == 0)
			e = head_put(r, "repository/m/timestamp.json",
				files[i].body, d);
out:
	for (i = 0; i < n; i++)
		buf_free(&bodies[i]);
	buf_free(&pack);
	free(names);
	return e;
}
