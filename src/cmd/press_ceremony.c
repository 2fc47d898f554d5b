#include "press_ceremony.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_explain.h"
#include "press_records.h"
#include "press_signers.h"

/* ---- a new one */

/* Every root, the waiting one too when targets stand on it. */
static enum err
roots_read(struct room *r, const struct chain *c, enum tuf_type type,
	struct buf **out, size_t *n, struct diag *d)
{
	uint64_t last = c->root->version - (c->root_new ? 1 : 0);
	struct buf *roots = calloc((size_t)last + 1, sizeof(*roots));
	enum err e = ERR_OK;

	*out = roots;
	*n = 0;
	if (roots == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	while (e == ERR_OK && *n < last) {
		buf_init(&roots[*n], LIMIT_ROOT);
		e = records_root(r, *n + 1, &roots[*n], d);
		++*n;
	}
	if (e == ERR_OK && c->root_new && type == TUF_TARGETS) {
		buf_init(&roots[*n], LIMIT_ROOT);
		e = buf_span(&roots[*n], buf_view(&c->root_file));
		++*n;
	}
	return e;
}

static enum err
body_make(const struct chain *c, enum tuf_type type, uint64_t version,
	const struct grants *g, json_t **out, struct diag *d)
{
	const json_t *outlet = json_object_get(c->root->body, "x-erika-outlet");
	const char *name = json_string_value(json_object_get(outlet, "name"));
	int64_t now = clock_now();

	if (type == TUF_ROOT)
		return grants_root(g, version, now + ROLE_ROOT_SECONDS,
			name == NULL ? "" : name, out, d);
	return grants_targets(g, version, now + ROLE_TARGETS_SECONDS, out, d);
}

/* The last targets that are not just waiting: what the new ones follow. */
static enum err
before_read(struct room *r, enum tuf_type type, struct buf *out, uint64_t *next,
	struct diag *d)
{
	int64_t version = 0;
	enum err e = ERR_OK;

	if (type == TUF_TARGETS)
		e = records_role(r, "targets", &version, out, d);
	*next = (uint64_t)version + 1;
	return e;
}

static enum err
proposal_new(struct room *r, const struct chain *c, enum tuf_type type,
	const struct grants *g, struct proposal **out, struct diag *d)
{
	struct span views[LIMIT_ROOT_ROTATIONS + 2];
	struct buf *roots, before, file;
	json_t *body = NULL;
	uint64_t next = 0;
	size_t i, n;
	enum err e = roots_read(r, c, type, &roots, &n, d);

	buf_init(&before, LIMIT_TARGETS);
	buf_init(&file, LIMIT_PROPOSAL);
	if (e == ERR_OK && n > LIMIT_ROOT_ROTATIONS)
		e = diag_set(d, ERR_LIMIT, "more than %d roots",
			LIMIT_ROOT_ROTATIONS);
	for (i = 0; e == ERR_OK && i < n; i++)
		views[i] = buf_view(&roots[i]);
	if (e == ERR_OK)
		e = before_read(r, type, &before, &next, d);
	if (e == ERR_OK)
		e = body_make(
			c, type, type == TUF_ROOT ? n + 1 : next, g, &body, d);
	if (e == ERR_OK)
		e = proposal_make(views, n, buf_view(&before), body, &file, d);
	if (e == ERR_OK)
		e = proposal_open(buf_view(&file), out, d);
	for (i = 0; i < n; i++)
		buf_free(&roots[i]);
	free(roots);
	json_decref(body);
	buf_free(&before);
	buf_free(&file);
	return e;
}

/* Sign with every key of its rules that is here. */
static enum err
all_sign(struct room *r, struct proposal *p, struct diag *d)
{
	struct sign_key *key;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < r->keys.n; i++) {
		struct keyring_key *k = &r->keys.list[i];

		if (!proposal_asks(p, k->pub.key) ||
			!keyring_at_hand(&r->keys, k->pub.key))
			continue;
		e = keyring_unlock(&r->keys, k, &key, d);
		if (e == ERR_OK)
			e = proposal_sign(p, key, d);
	}
	return e;
}

static bool
keys_here(struct room *r, const struct proposal *p)
{
	struct tuf_rule rule;
	const char *whose;
	size_t i;

	for (i = 0; proposal_rule(p, i, &rule, &whose); i++)
		if (!signers_here(&r->keys, &rule))
			return false;
	return true;
}

static enum err
proposal_put(const struct context *cx, const struct proposal *p,
	const char *file, struct diag *d)
{
	const char *type = tuf_type_str(p->doc->type);
	char name[64];
	struct buf b;
	enum err e;

	snprintf(name, sizeof(name), "%s-%llu.proposal", type,
		(unsigned long long)p->doc->version);
	if (file == NULL)
		file = name;
	if (file_exists(file))
		return diag_set(d, ERR_EXISTS,
			"%s is there already; remove it or name another with "
			"--out",
			file);
	buf_init(&b, LIMIT_PROPOSAL);
	e = proposal_save(p, &b);
	if (e == ERR_OK)
		e = file_write(file, buf_view(&b), 0644, d);
	buf_free(&b);
	if (e == ERR_OK)
		talk(cx,
			"%s is for those who sign: erika-press %s sign %s "
			"[--key FILE].\nWhen it is complete: erika-press %s "
			"install %s, then publish.",
			file, type, file, type, file);
	return e;
}

enum err
ceremony_propose(struct room *r, const struct context *cx,
	const struct chain *c, enum tuf_type type, const struct grants *g,
	const char *file, bool *waits, struct diag *d)
{
	struct proposal *p = NULL;
	bool here = false;
	enum err e = proposal_new(r, c, type, g, &p, d);

	if (e == ERR_OK)
		here = file == NULL && keys_here(r, p);
	if (e == ERR_OK && !cx->json)
		e = explain_proposal(p, &r->keys, d);
	if (e == ERR_OK && here) {
		e = all_sign(r, p, d);
		if (e == ERR_OK)
			e = ceremony_install(r, p, d);
		if (e == ERR_OK)
			talk(cx, "Signed. It takes effect with the next "
				 "erika-press publish.");
	} else if (e == ERR_OK) {
		e = proposal_put(cx, p, file, d);
	}
	if (waits != NULL)
		*waits = e == ERR_OK && here;
	proposal_free(p);
	return e;
}

enum err
ceremony_may_drop(struct room *r, const char *role, struct diag *d)
{
	int64_t open = 0;
	bool found;
	enum err e;

	if (strncmp(role, "d-", 2) != 0)
		return diag_set(d, ERR_REFUSED,
			"only a desk can be dropped: what %s lists would be "
			"lost to readers",
			role);
	e = db_one_int(r->db, d, &open, &found,
		"SELECT count(*) FROM bundle WHERE desk=? AND sealed=0", "t",
		role + 2);
	if (e == ERR_OK && open > 0)
		e = diag_set(d, ERR_REFUSED,
			"%lld of its bundles are in weeks that are not sealed "
			"and would be lost to readers: seal them first, or "
			"give it another key with desk rotate",
			(long long)open);
	return e;
}

/* ---- one that exists */

static enum err
one_read(const char *file, struct proposal **out, struct diag *d)
{
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_PROPOSAL);
	e = file_read(file, LIMIT_PROPOSAL, &b, d);
	if (e == ERR_OK) {
		e = proposal_open(buf_view(&b), out, d);
		if (e != ERR_OK)
			e = diag_prefix(d, e, "%s", file);
	}
	buf_free(&b);
	return e;
}

enum err
ceremony_read(char **files, size_t n, struct proposal **out, struct diag *d)
{
	struct proposal *more = NULL;
	enum err e = one_read(files[0], out, d);
	size_t i;

	for (i = 1; e == ERR_OK && i < n; i++) {
		e = one_read(files[i], &more, d);
		if (e == ERR_OK)
			e = proposal_merge(*out, more, d);
		proposal_free(more);
		more = NULL;
	}
	return e;
}

enum err
ceremony_install(struct room *r, const struct proposal *p, struct diag *d)
{
	const char *name = tuf_type_str(p->doc->type);
	struct chain c = {.root = NULL};
	struct buf file;
	enum err e = proposal_check(p, d);

	if (e == ERR_KEY || e == ERR_SIGNATURE)
		e = diag_set(d, ERR_SIGNATURE,
			"it is not complete; erika-press %s status says whose "
			"signature is missing",
			name);
	buf_init(&file, LIMIT_METADATA);
	if (e == ERR_OK)
		e = proposal_metadata(p, &file);
	if (e == ERR_OK)
		e = db_begin(r->db, d);
	if (e == ERR_OK)
		e = records_pending_put(r, name, buf_view(&file), d);
	if (e == ERR_OK)
		e = chain_load(r, CHAIN_ALL, &c, d);
	/* It was complete for the roots in the file; it must be for ours. */
	if (e == ERR_OK &&
		!(p->doc->type == TUF_ROOT ? c.root_new : c.targets_new))
		e = diag_set(d, ERR_MIXED,
			"it does not fit this newsroom as it is now: %s",
			c.left[0] == '\0' ? "it is published already" : c.left);
	if (e == ERR_OK)
		e = db_commit(r->db, d);
	if (e != ERR_OK)
		db_rollback(r->db);
	chain_free(&c);
	buf_free(&file);
	return e;
}
