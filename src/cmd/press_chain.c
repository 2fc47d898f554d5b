#include "press_chain.h"

#include <stdio.h>
#include <string.h>

#include "../core/limits.h"
#include "press_records.h"

void
chain_free(struct chain *c)
{
	tuf_free(c->root);
	tuf_free(c->targets);
	buf_free(&c->root_file);
	buf_free(&c->targets_file);
	grants_free(&c->grants);
}

/* Something that waits cannot be used: say why, go on without. */
static void
leave(struct chain *c, const char *name, const struct diag *why)
{
	snprintf(c->left, sizeof(c->left),
		"the %s that waited is left out (%.200s); make it anew", name,
		why->why);
}

/* A waiting root counts if it follows the last one. */
static enum err
root_pending(struct room *r, struct chain *c, struct diag *d)
{
	struct tuf_doc *doc = NULL;
	struct diag why = {.code = ERR_OK};
	struct tuf_rule rule;
	struct buf b;
	bool found = false;
	enum err e, bad;

	buf_init(&b, LIMIT_ROOT);
	e = records_pending(r, "root", &b, &found, d);
	if (e != ERR_OK || !found)
		goto out;
	bad = tuf_parse(buf_view(&b), LIMIT_ROOT, TUF_ROOT, &doc, &why);
	/* A run that was cut off at its very end: it is published. */
	if (bad == ERR_OK && span_eq(buf_view(&b), buf_view(&c->root_file)))
		goto out;
	if (bad == ERR_OK && doc->version != c->root->version + 1)
		bad = diag_set(&why, ERR_MIXED, "another one came before it");
	if (bad == ERR_OK) {
		rule = tuf_root_rule(c->root, TUF_ROOT);
		bad = tuf_check(doc, &rule, &why);
	}
	if (bad == ERR_OK) {
		rule = tuf_root_rule(doc, TUF_ROOT);
		bad = tuf_check(doc, &rule, &why);
	}
	if (bad != ERR_OK) {
		leave(c, "root", &why);
		goto out;
	}
	tuf_free(c->root);
	c->root = doc;
	doc = NULL;
	c->root_new = true;
	buf_clear(&c->root_file);
	e = buf_span(&c->root_file, buf_view(&b));
out:
	tuf_free(doc);
	buf_free(&b);
	return e;
}

static enum err
targets_pending(struct room *r, struct chain *c, struct diag *d)
{
	uint64_t last = c->targets == NULL ? 0 : c->targets->version;
	struct tuf_rule rule = tuf_root_rule(c->root, TUF_TARGETS);
	struct diag why = {.code = ERR_OK};
	struct tuf_doc *doc = NULL;
	struct buf b;
	bool found = false;
	enum err e, bad;

	buf_init(&b, LIMIT_TARGETS);
	e = records_pending(r, "targets", &b, &found, d);
	if (e != ERR_OK || !found)
		goto out;
	bad = tuf_parse(buf_view(&b), LIMIT_TARGETS, TUF_TARGETS, &doc, &why);
	if (bad == ERR_OK && doc->version != last + 1)
		bad = diag_set(&why, ERR_MIXED, "another one came before it");
	if (bad == ERR_OK)
		bad = tuf_check(doc, &rule, &why);
	if (bad != ERR_OK) {
		leave(c, "targets", &why);
		goto out;
	}
	tuf_free(c->targets);
	c->targets = doc;
	doc = NULL;
	c->targets_new = true;
	buf_clear(&c->targets_file);
	e = buf_span(&c->targets_file, buf_view(&b));
out:
	tuf_free(doc);
	buf_free(&b);
	return e;
}

/* Before the first targets: the key of targets will do everything that they
 * delegate. */
static enum err
grants_first(struct room *r, struct chain *c, struct diag *d)
{
	struct tuf_rule rule = tuf_root_rule(c->root, TUF_TARGETS);
	struct minisign_key *key;
	struct grant all;
	char desk[64];
	enum err e = grant_read(&rule, "targets", &all, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	key = &all.keys[0];
	for (i = all.n; i-- > 0;)
		if (keyring_at_hand(&r->keys, all.keys[i].key))
			key = &all.keys[i];
	snprintf(desk, sizeof(desk), "d-%.32s", r->home);
	e = grants_put(&c->grants, "x", key, d);
	return e == ERR_OK ? grants_put(&c->grants, desk, key, d) : e;
}

enum err
chain_load(
	struct room *r, enum chain_waits waits, struct chain *c, struct diag *d)
{
	int64_t version = 0;
	enum err e;

	*c = (struct chain){.root = NULL};
	buf_init(&c->root_file, LIMIT_ROOT);
	buf_init(&c->targets_file, LIMIT_TARGETS);
	e = records_newest_root(r, &c->root, &c->root_file, d);
	if (e == ERR_OK && waits != CHAIN_LAST)
		e = root_pending(r, c, d);
	if (e == ERR_OK)
		e = records_role(r, "targets", &version, &c->targets_file, d);
	if (e == ERR_OK && version > 0)
		e = tuf_parse(buf_view(&c->targets_file), LIMIT_TARGETS,
			TUF_TARGETS, &c->targets, d);
	if (e == ERR_OK && waits == CHAIN_ALL)
		e = targets_pending(r, c, d);
	if (e == ERR_OK)
		e = c->targets == NULL ? grants_first(r, c, d)
				       : grants_read(c->targets, &c->grants, d);
	return e;
}

enum err
chain_desk(const struct chain *c, const char *desk, struct minisign_key *out,
	struct diag *d)
{
	const struct grant *g;
	char name[64];

	snprintf(name, sizeof(name), "d-%.32s", desk);
	g = grants_find(&c->grants, name);
	if (g == NULL)
		return diag_set(d, ERR_MISSING,
			"there is no desk \"%s\"; erika-press desk add %s "
			"makes one",
			desk, desk);
	if (g->n != 1)
		return diag_set(d, ERR_UNSUPPORTED,
			"the desk \"%s\" has %zu keys instead of one", desk,
			g->n);
	*out = g->keys[0];
	return ERR_OK;
}
