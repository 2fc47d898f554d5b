/* Delegations: TUF 1.0.34, section 5.6.7. Pre-order, depth first, a
 * terminating role ends the search. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "trust_priv.h"

size_t
trust_role_find(const struct trust *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_roles; i++)
		if (strcmp(t->roles[i]->name, name) == 0)
			break;
	return i;
}

static int
target_order(const void *a, const void *b)
{
	return strcmp(((const struct trust_target *)a)->path,
		((const struct trust_target *)b)->path);
}

enum err
trust_role_add(struct trust *t, struct tuf_doc *doc)
{
	const json_t *targets = json_object_get(doc->body, "targets");
	struct trust_role **roles, *r;
	const char *path;
	json_t *entry;
	size_t n = 0;

	roles = realloc(t->roles, (t->n_roles + 1) * sizeof(*roles));
	if (roles == NULL)
		return ERR_NOMEM;
	t->roles = roles;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return ERR_NOMEM;
	r->n = json_object_size(targets);
	r->list = calloc(r->n + 1, sizeof(*r->list));
	if (r->list == NULL) {
		free(r);
		return ERR_NOMEM;
	}
	r->name = t->next.name;
	r->parent = t->next.parent;
	r->doc = doc;
	json_object_foreach((json_t *)(uintptr_t)targets, path, entry)
		r->list[n++] = (struct trust_target){
		.path = path, .role = r->name, .entry = entry};
	qsort(r->list, r->n, sizeof(*r->list), target_order);
	t->roles[t->n_roles++] = r;
	return ERR_OK;
}

enum err
trust_next_rule(const struct trust *t, struct tuf_rule *rule, struct diag *d)
{
	if (strcmp(t->next.name, "targets") == 0) {
		*rule = trust_root_rule(t, t->root, TUF_TARGETS);
		return ERR_OK;
	}
	if (!tuf_delegation_rule(
		    t->roles[t->next.parent]->doc, t->next.name, rule))
		return diag_set(
			d, ERR_MISSING, "nothing delegates to that role");
	rule->schemes = t->schemes;
	return ERR_OK;
}

/* Whether the word of `who` counts only because `role` delegates to it, at
 * one remove or at several. */
static bool
stands_on(const struct trust *t, size_t who, size_t role)
{
	while (who != role && who != 0)
		who = t->roles[who]->parent;
	return who == role;
}

/* A role that is at hand was checked by the word of one delegator; it must
 * satisfy this one too. Parents stay a tree below the top-level targets: two
 * roles may delegate to each other. */
static enum err
recheck(struct trust *t, size_t role, struct diag *d)
{
	struct trust_role *r = t->roles[role];
	struct tuf_rule rule;
	enum err e;

	if (r->parent == t->next.parent)
		return ERR_OK;
	e = trust_next_rule(t, &rule, d);
	if (e == ERR_OK)
		e = tuf_check(r->doc, &rule, d);
	if (e == ERR_OK && !stands_on(t, t->next.parent, role))
		r->parent = t->next.parent;
	return e;
}

/* The covering delegations of a role, first one on top of the stack. */
static enum err
push_children(struct trust *t, size_t role)
{
	const struct tuf_doc *doc = t->roles[role]->doc;
	const json_t *del;
	size_t i, k, first = t->n_stack;
	bool ends = false;

	for (i = 0; !ends && (del = tuf_delegation(doc, i)) != NULL; i++) {
		struct trust_visit *v;

		if (!tuf_delegation_covers(del, t->path))
			continue;
		v = realloc(t->stack, (t->n_stack + 1) * sizeof(*v));
		if (v == NULL)
			return ERR_NOMEM;
		t->stack = v;
		v += t->n_stack++;
		v->parent = role;
		v->name = tuf_delegation_name(del);
		ends = tuf_delegation_terminating(del);
	}
	if (ends) {
		/* Nothing that waited before may be visited any more. */
		memmove(t->stack, t->stack + first,
			(t->n_stack - first) * sizeof(*t->stack));
		t->n_stack -= first;
		first = 0;
	}
	for (i = first, k = t->n_stack; k > 0 && i < k - 1; i++, k--) {
		struct trust_visit swap = t->stack[i];

		t->stack[i] = t->stack[k - 1];
		t->stack[k - 1] = swap;
	}
	return ERR_OK;
}

static const struct trust_target *
role_target(const struct trust_role *r, const char *path)
{
	struct trust_target key = {.path = path};

	return bsearch(&key, r->list, r->n, sizeof(key), target_order);
}

/* Visit the role in t->next, which is at hand. */
static enum err
visit(struct trust *t, size_t role, struct diag *d)
{
	enum err e = recheck(t, role, d);

	if (e != ERR_OK)
		return diag_prefix(d, e, "%s", t->next.name);
	t->found = role_target(t->roles[role], t->path);
	if (t->found != NULL)
		return ERR_OK;
	t->visited[t->n_visited++] = t->next.name;
	return push_children(t, role);
}

static bool
visited(const struct trust *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_visited; i++)
		if (strcmp(t->visited[i], name) == 0)
			return true;
	return false;
}

void
trust_lose(struct trust *t, const struct diag *why)
{
	t->lost = *why;
	t->found = NULL;
	t->n_stack = 0;
	t->stage = STAGE_READY;
}

enum err
trust_lost(const struct trust *t, struct diag *d)
{
	if (d != NULL && t->lost.code != ERR_OK)
		*d = t->lost;
	return t->lost.code;
}

/* What is on top of the stack: visit it, or want it. */
static enum err
search_step(struct trust *t, struct diag *d)
{
	struct tuf_file f;
	size_t role;

	if (t->n_visited > LIMIT_DELEGATIONS)
		return diag_set(d, ERR_LIMIT,
			"not found in the first %d roles that may list it",
			LIMIT_DELEGATIONS);
	t->next = t->stack[t->n_stack - 1];
	role = trust_role_find(t, t->next.name);
	if (role < t->n_roles) {
		t->n_stack--;
		return visit(t, role, d);
	}
	if (!tuf_meta(t->snapshot, t->next.name, &f))
		return diag_set(d, ERR_MISSING, "the snapshot does not name %s",
			t->next.name);
	t->stage = STAGE_TARGETS_STORED;
	return ERR_OK;
}

enum err
trust_search(struct trust *t, struct diag *d)
{
	struct diag why = {.code = ERR_OK};
	enum err e = ERR_OK;

	t->stage = STAGE_READY;
	while (e == ERR_OK && t->stage == STAGE_READY && t->path != NULL &&
		t->found == NULL && t->n_stack > 0) {
		if (visited(t, t->stack[t->n_stack - 1].name))
			t->n_stack--;
		else
			e = search_step(t, &why);
	}
	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if (e != ERR_OK)
		trust_lose(t, &why);
	return ERR_OK;
}

/* Forget what was searched or loaded before. */
static void
search_reset(struct trust *t)
{
	free(t->path);
	t->path = NULL;
	t->found = NULL;
	t->n_visited = 0;
	t->n_stack = 0;
	t->lost = (struct diag){.code = ERR_OK};
}

enum err
trust_find(struct trust *t, const char *path, struct diag *d)
{
	struct trust_visit *stack;
	enum err e;

	if (t->stage != STAGE_READY || t->n_roles == 0)
		return diag_set(d, ERR_FAILED, "the metadata is not complete");
	search_reset(t);
	t->path = strdup(path);
	stack = realloc(t->stack, sizeof(*stack));
	if (stack != NULL)
		t->stack = stack;
	if (t->path == NULL || stack == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	*stack = (struct trust_visit){.name = "targets"};
	t->n_stack = 1;
	e = trust_search(t, d);
	return e == ERR_OK ? trust_lost(t, d) : e;
}

const struct trust_target *
trust_found(const struct trust *t)
{
	return t->stage == STAGE_READY ? t->found : NULL;
}

const char *
trust_delegation_by(const struct trust *t, const char *by, size_t i)
{
	size_t r = trust_role_find(t, by);
	const json_t *del =
		r == t->n_roles ? NULL : tuf_delegation(t->roles[r]->doc, i);

	return del == NULL ? NULL : tuf_delegation_name(del);
}

const char *
trust_delegation(const struct trust *t, size_t i)
{
	return trust_delegation_by(t, "targets", i);
}

enum err
trust_load(struct trust *t, const char *role, struct diag *d)
{
	return trust_load_by(t, "targets", role, d);
}

enum err
trust_load_by(struct trust *t, const char *by, const char *role, struct diag *d)
{
	size_t i, parent = trust_role_find(t, by);
	const json_t *del;
	struct tuf_file f;

	if (t->stage != STAGE_READY || t->n_roles == 0)
		return diag_set(d, ERR_FAILED, "the metadata is not complete");
	if (parent == t->n_roles)
		return diag_set(d, ERR_MISSING, "%s is not loaded", by);
	search_reset(t);
	for (i = 0; (del = tuf_delegation(t->roles[parent]->doc, i)) != NULL;
		i++)
		if (strcmp(tuf_delegation_name(del), role) == 0)
			break;
	if (del == NULL)
		return diag_set(d, ERR_MISSING, "nothing delegates to it");
	t->next = (struct trust_visit){
		.name = tuf_delegation_name(del), .parent = parent};
	i = trust_role_find(t, role);
	if (i < t->n_roles)
		return recheck(t, i, d);
	if (!tuf_meta(t->snapshot, role, &f))
		return diag_set(
			d, ERR_MISSING, "the snapshot does not name %s", role);
	t->stage = STAGE_TARGETS_STORED;
	return ERR_OK;
}

const struct trust_target *
trust_listed(const struct trust *t, const char *role, size_t i)
{
	size_t r = trust_role_find(t, role);

	if (r == t->n_roles || i >= t->roles[r]->n)
		return NULL;
	return &t->roles[r]->list[i];
}

const char *
trust_loaded(const struct trust *t, size_t i)
{
	return i < t->n_roles ? t->roles[i]->name : NULL;
}
