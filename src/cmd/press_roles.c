#include "press_roles.h"

#include <stdlib.h>
#include <string.h>

#include "../core/date.h"
#include "../core/json.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../core/tuf_write.h"
#include "press.h"
#include "press_head.h"
#include "press_records.h"
#include "press_signers.h"

/* ---- one role */

/* Whether a body says what the last one said, version and dates aside. */
static bool
same_body(const struct tuf_doc *last, const json_t *body)
{
	static const char *const dated[] = {"version", "expires"};
	json_t *copy = json_deep_copy(body);
	bool same;
	size_t i;

	for (i = 0; i < 2; i++)
		json_object_set(
			copy, dated[i], json_object_get(last->body, dated[i]));
	same = json_equal(copy, last->body) == 1;
	json_decref(copy);
	return same;
}

/* A role that stays as it is because its key is elsewhere: what to know. */
static enum err
left_note(struct roles *u, const char *name, const struct tuf_rule *rule,
	const struct tuf_doc *last, bool synced, int64_t life)
{
	char absent[SIGNERS_TEXT], when[DATE_SIZE];
	const char *what = NULL;

	if (last->expires <= u->now)
		what = "has EXPIRED: readers call it stale until it is signed "
		       "with";
	else if (strcmp(name, "timestamp") == 0)
		what = NULL; /* publish itself says that */
	else if (!synced)
		what = "has something new that waits to be signed with";
	else if (last->expires - u->now < life / 4)
		what = "must soon be signed with";
	if (what == NULL)
		return ERR_OK;
	date_format(when, last->expires);
	return buf_printf(&u->notes, "%-12s %s %s (good until %s)\n", name,
		what, signers_absent(&u->room->keys, rule, absent), when);
}

static enum err
sign_next(struct roles *u, const char *name, const struct tuf_rule *rule,
	json_t *body, const struct tuf_doc *last, struct diag *d)
{
	uint64_t version = last == NULL ? 1 : last->version + 1;
	struct buf file;
	enum err e;

	buf_init(&file, LIMIT_METADATA);
	if (json_object_set_new(
		    body, "version", json_integer((json_int_t)version)) != 0)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	else
		e = signers_sign(&u->room->keys, rule, name, body, &file, d);
	if (e == ERR_OK)
		e = records_role_put(
			u->room, name, version, buf_view(&file), d);
	buf_free(&file);
	return e;
}

enum err
roles_sign(struct roles *u, const char *name, enum tuf_type type,
	const struct tuf_rule *rule, int64_t life, json_t *body, bool *synced,
	struct diag *d)
{
	struct tuf_doc *last = NULL;
	bool good, here = signers_here(&u->room->keys, rule);
	enum err e = records_doc(u->room, name, &last, d);

	*synced = false;
	good = last != NULL && last->type == type &&
	       tuf_check(last, rule, NULL) == ERR_OK;
	if (e != ERR_OK)
		goto out;
	*synced = good && same_body(last, body);
	/* A timestamp says that somebody was here today. */
	if (*synced && type != TUF_TIMESTAMP &&
		last->expires - u->now >= life / 2)
		goto out;
	if (here || !good) {
		e = sign_next(u, name, rule, body, last, d);
		*synced = e == ERR_OK;
	} else {
		e = left_note(u, name, rule, last, *synced, life);
	}
out:
	tuf_free(last);
	json_decref(body);
	return e;
}

/* ---- bodies */

static enum err
target_add(struct roles *u, json_t *body, const char *path, struct span file,
	bool write, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	char hex[65], rest[LIMIT_PATH + 80];
	uint8_t sha256[32];
	enum err e = ERR_OK;

	hash_bytes(HASH_SHA256, file, sha256);
	text_hex(hex, sha256, 32);
	snprintf(rest, sizeof(rest), "t/%.*s%s.%s", (int)(slash + 1 - path),
		path, hex, slash + 1);
	if (write)
		e = records_file(u->room, rest, file, d);
	return e == ERR_OK ? tuf_body_target(body, path, file.n, sha256, NULL)
			   : e;
}

/* x: the mirror list and the dictionaries. */
static enum err
body_x(struct roles *u, json_t *body, bool write, struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	e = target_add(u, body, "x/mirrors.json", u->mirrors, write, d);
	if (e != ERR_OK)
		return e;
	e = db_query(
		u->room->db, d, &q, "SELECT path, file FROM dictionary", "");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = target_add(u, body, db_text(q, 0), db_blob(q, 1), write, d);
	done = db_done(u->room->db, q, d);
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

/* Weeks that were sealed under a year which targets do not name yet, since the
 * targets that will are still waiting: until then the desk answers for them. */
static enum err
body_sealed(struct roles *u, const char *desk, json_t *body, struct diag *d)
{
	struct db_query *years, *q;
	char pattern[80];
	enum err e, done;

	e = db_query(u->room->db, d, &years,
		"SELECT name FROM role WHERE name GLOB 'y-*'", "");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(years)) {
		if (grants_find(&u->chain.grants, db_text(years, 0)) != NULL)
			continue;
		snprintf(pattern, sizeof(pattern), "b/%.32s/%.4s-*", desk,
			db_text(years, 0) + 2);
		e = db_query(u->room->db, d, &q,
			"SELECT path, sha256, length, head, head_digest,"
			" text_end FROM bundle"
			" WHERE desk=? AND sealed=1 AND path GLOB ?",
			"tt", desk, pattern);
		if (e != ERR_OK)
			break;
		while (e == ERR_OK && db_row(q))
			e = bundle_target(body, q);
		done = db_done(u->room->db, q, d);
		if (e == ERR_OK)
			e = done;
	}
	done = db_done(u->room->db, years, d);
	return e != ERR_OK ? e : done;
}

/* A desk: its bundles of weeks that are not sealed. */
static enum err
body_desk(struct roles *u, const char *desk, json_t *body, struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	e = db_query(u->room->db, d, &q,
		"SELECT path, sha256, length, head, head_digest, text_end"
		" FROM bundle WHERE desk=? AND sealed=0 ORDER BY path",
		"t", desk);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = bundle_target(body, q);
	done = db_done(u->room->db, q, d);
	if (e == ERR_OK)
		e = done;
	return e == ERR_OK ? body_sealed(u, desk, body, d) : e;
}

/* ---- what targets delegate */

/* A year is the archive's to sign, in `seal`. Here it only has to be there
 * when targets first name it, or searches would end at it. */
static enum err
year_update(struct roles *u, const char *name, const struct tuf_rule *rule,
	struct diag *d)
{
	struct tuf_doc *last = NULL;
	json_t *body = NULL;
	enum err e;

	if (!u->chain.targets_new)
		return ERR_OK;
	e = records_doc(u->room, name, &last, d);
	if (e == ERR_OK && last == NULL) {
		body = tuf_body(TUF_TARGETS, 1, u->now + ROLE_YEAR_SECONDS);
		e = body == NULL ? ERR_NOMEM
				 : sign_next(u, name, rule, body, NULL, d);
	} else if (e == ERR_OK) {
		e = tuf_check(last, rule, d);
		if (e != ERR_OK)
			e = diag_set(d, ERR_MISSING,
				"%s must be signed with the new archive key: "
				"erika-press seal, where that key is",
				name);
	}
	json_decref(body);
	tuf_free(last);
	return e;
}

static enum err
desk_update(struct roles *u, const char *name, const struct tuf_rule *rule,
	bool *synced, struct diag *d)
{
	json_t *body = tuf_body(TUF_TARGETS, 1, u->now + ROLE_DESK_SECONDS);
	enum err e = body == NULL ? ERR_NOMEM : body_desk(u, name + 2, body, d);

	if (e != ERR_OK) {
		json_decref(body);
		return e;
	}
	return roles_sign(
		u, name, TUF_TARGETS, rule, ROLE_DESK_SECONDS, body, synced, d);
}

static enum err
delegate_update(struct roles *u, size_t i, struct diag *d)
{
	const char *name = u->chain.grants.list[i].name;
	struct tuf_rule rule;
	json_t *body;
	enum err e;

	if (!tuf_delegation_rule(u->chain.targets, name, &rule))
		return diag_set(d, ERR_FAILED, "targets lack %s", name);
	if (name[0] == 'y')
		return year_update(u, name, &rule, d);
	if (name[0] == 'd')
		return desk_update(u, name, &rule, &u->synced[i], d);
	body = tuf_body(TUF_TARGETS, 1, u->now + ROLE_X_SECONDS);
	e = body == NULL
		    ? ERR_NOMEM
		    : body_x(u, body, signers_here(&u->room->keys, &rule), d);
	if (e != ERR_OK) {
		json_decref(body);
		return e;
	}
	return roles_sign(u, name, TUF_TARGETS, &rule, ROLE_X_SECONDS, body,
		&u->synced[i], d);
}

/* ---- targets and root */

static enum err
targets_update(struct roles *u, struct diag *d)
{
	struct tuf_rule rule = tuf_root_rule(u->chain.root, TUF_TARGETS);
	json_t *body = NULL;
	bool synced;
	enum err e;

	if (u->chain.targets_new) {
		e = records_role_put(u->room, "targets",
			u->chain.targets->version,
			buf_view(&u->chain.targets_file), d);
		return e == ERR_OK ? records_pending_drop(u->room, "targets", d)
				   : e;
	}
	e = grants_targets(
		&u->chain.grants, 1, u->now + ROLE_TARGETS_SECONDS, &body, d);
	if (e != ERR_OK) {
		json_decref(body);
		return e;
	}
	e = roles_sign(u, "targets", TUF_TARGETS, &rule, ROLE_TARGETS_SECONDS,
		body, &synced, d);
	if (e != ERR_OK)
		return e;
	tuf_free(u->chain.targets);
	return records_doc(u->room, "targets", &u->chain.targets, d);
}

/* A root that nears its end is signed again as it is where its keys are at
 * hand; where they are kept offline, people are told in time. */
static enum err
root_renew(struct roles *u, struct diag *d)
{
	struct tuf_rule rule = tuf_root_rule(u->chain.root, TUF_ROOT);
	struct tuf_doc *root = u->chain.root, *next = NULL;
	int64_t left = root->expires - u->now;
	json_t *body;
	struct buf b;
	enum err e;

	if (u->chain.root_new || left > ROLE_ROOT_SECONDS / 4)
		return ERR_OK;
	if (!signers_here(&u->room->keys, &rule))
		return left_note(
			u, "root", &rule, root, true, ROLE_ROOT_SECONDS);
	buf_init(&b, LIMIT_ROOT);
	body = json_deep_copy(root->body);
	e = body == NULL ? ERR_NOMEM
			 : tuf_body_again(body, root->version + 1,
				   u->now + ROLE_ROOT_SECONDS);
	if (e == ERR_OK)
		e = signers_sign(&u->room->keys, &rule, "root", body, &b, d);
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&b), LIMIT_ROOT, TUF_ROOT, &next, d);
	if (e == ERR_OK) {
		tuf_free(root);
		u->chain.root = next;
		u->chain.root_new = true;
		buf_free(&u->chain.root_file);
		u->chain.root_file = b;
	} else {
		buf_free(&b);
	}
	json_decref(body);
	return e;
}

/* Last, and after everything that needs it is recorded: a root that waits can
 * be taken up again, a file that is there cannot be taken back. The last one
 * may be there by a run that was cut off before it was listed or dropped. */
static enum err
root_keep(struct roles *u, struct diag *d)
{
	struct span file = buf_view(&u->chain.root_file);
	char rest[64];
	enum err e;

	if (!u->head)
		return ERR_OK;
	snprintf(rest, sizeof(rest), "m/%llu.root.json",
		(unsigned long long)u->chain.root->version);
	e = u->chain.root_new ? records_file(u->room, rest, file, d)
			      : records_listed(u->room, rest, d);
	return e == ERR_OK ? db_run(u->room->db, d,
				     "DELETE FROM pending"
				     " WHERE name='root' AND file=?",
				     "b", file)
			   : e;
}

/* ---- all of them */

/* The bundles that readers can find now. */
static enum err
published_mark(struct roles *u, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < u->chain.grants.n; i++)
		if (u->synced[i] && u->chain.grants.list[i].name[0] == 'd')
			e = db_run(u->room->db, d,
				"UPDATE bundle SET published=1"
				" WHERE published=0 AND desk=?",
				"t", u->chain.grants.list[i].name + 2);
	return e;
}

static enum err
all_sign(struct roles *u, struct diag *d)
{
	enum err e;
	size_t i;

	u->head = u->complete = false;
	free(u->synced);
	u->synced = calloc(u->chain.grants.n + 1, sizeof(*u->synced));
	if (u->synced == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = targets_update(u, d);
	for (i = 0; e == ERR_OK && i < u->chain.grants.n; i++)
		e = delegate_update(u, i, d);
	if (e == ERR_OK)
		e = head_sign(u, d);
	if (e == ERR_OK && u->head && u->complete)
		e = published_mark(u, d);
	return e;
}

/* Sign and check within one transaction; `waits` says what of that which waits
 * is to take effect. */
static enum err
attempt(struct roles *u, enum chain_waits waits, struct diag *d)
{
	struct buf timestamp, snapshot, anchor;
	struct tuf_doc *root = NULL;
	int64_t version;
	enum err e = chain_load(u->room, waits, &u->chain, d);

	buf_init(&timestamp, LIMIT_TIMESTAMP);
	buf_init(&snapshot, LIMIT_SNAPSHOT);
	buf_init(&anchor, LIMIT_ROOT);
	if (e == ERR_OK)
		e = records_newest_root(u->room, &root, &anchor, d);
	if (e == ERR_OK)
		e = records_role(u->room, "timestamp", &version, &timestamp, d);
	if (e == ERR_OK)
		e = records_role(u->room, "snapshot", &version, &snapshot, d);
	if (e == ERR_OK)
		e = root_renew(u, d);
	if (e == ERR_OK)
		e = db_begin(u->room->db, d);
	if (e == ERR_OK)
		e = all_sign(u, d);
	if (e == ERR_OK && u->head)
		e = head_check(u, buf_view(&anchor), buf_view(&timestamp),
			buf_view(&snapshot), d);
	if (e == ERR_OK)
		e = db_commit(u->room->db, d);
	if (e != ERR_OK)
		db_rollback(u->room->db);
	else
		e = root_keep(u, d);
	tuf_free(root);
	buf_free(&timestamp);
	buf_free(&snapshot);
	buf_free(&anchor);
	return e;
}

enum err
roles_update(struct room *r, struct span mirrors, int64_t now,
	struct buf *notes, bool *head, struct diag *d)
{
	struct roles u = {.room = r, .now = now, .mirrors = mirrors};
	enum chain_waits waits = CHAIN_ALL;
	enum err e;

	buf_init(&u.notes, LIMIT_CONFIG);
	e = attempt(&u, waits, d);
	if (e == ERR_OK && u.chain.left[0] != '\0')
		e = buf_printf(&u.notes, "%s\n", u.chain.left);
	/* News must not wait for a ceremony that is not over. */
	while (e == ERR_MISSING && waits != CHAIN_LAST &&
		(u.chain.root_new || u.chain.targets_new)) {
		bool targets = u.chain.targets_new;

		buf_clear(&u.notes);
		chain_free(&u.chain);
		e = buf_printf(&u.notes,
			"The new %s still waits, all else goes on: %s\n",
			targets ? "list of desks (targets)" : "root", d->why);
		waits = targets ? CHAIN_ROOT : CHAIN_LAST;
		if (e == ERR_OK)
			e = attempt(&u, waits, d);
	}
	if (e == ERR_OK)
		e = buf_span(notes, buf_view(&u.notes));
	*head = u.head;
	chain_free(&u.chain);
	free(u.synced);
	buf_free(&u.notes);
	return e;
}
