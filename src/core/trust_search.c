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
trust_role_add(struct trust *t, const char *name, struct tuf_doc *doc)
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
	r->doc = doc;
	snprintf(r->name, sizeof(r->name), "%s", name);
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

/* A role that is at hand was checked by the word of one delegator; it must
 * satisfy this one too. */
static enum err
recheck(const struct trust *t, size_t role, struct diag *d)
{
	struct tuf_rule rule;
	enum err e = trust_next_rule(t, &rule, d);

	return e == ERR_OK ? tuf_check(t->roles[role]->doc, &rule, d) : e;
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
		snprintf(v->name, sizeof(v->name), "%s",
			tuf_delegation_name(del));
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
	snprintf(t->visited[t->n_visited++], sizeof(*t->visited), "%s",
		t->next.name);
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

enum err
trust_search(struct trust *t, struct diag *d)
{
	struct tuf_file f;
	enum err e = ERR_OK;

	while (t->path != NULL && t->found == NULL && t->n_stack > 0 &&
		t->n_visited <= LIMIT_DELEGATIONS) {
		size_t role;

		t->next = t->stack[t->n_stack - 1];
		if (visited(t, t->next.name)) {
			t->n_stack--;
			continue;
		}
		role = trust_role_find(t, t->next.name);
		if (role == t->n_roles) {
			if (!tuf_meta(t->snapshot, t->next.name, &f)) {
				t->stage = STAGE_FAILED;
				return diag_set(d, ERR_MISSING,
					"the snapshot does not name %s",
					t->next.name);
			}
			t->stage = STAGE_TARGETS_STORED;
			return ERR_OK;
		}
		t->n_stack--;
		e = visit(t, role, d);
		if (e != ERR_OK) {
			t->stage = STAGE_FAILED;
			return e;
		}
	}
	t->stage = STAGE_READY;
	return ERR_OK;
}

enum err
trust_find(struct trust *t, const char *path, struct diag *d)
{
	struct trust_visit *stack;

	if (t->stage != STAGE_READY)
		return diag_set(d, ERR_FAILED, "the metadata is not complete");
	free(t->path);
	t->path = strdup(path);
	t->found = NULL;
	t->n_visited = 0;
	if (t->visited == NULL)
		t->visited = calloc(LIMIT_DELEGATIONS + 2, sizeof(*t->visited));
	stack = realloc(t->stack, sizeof(*stack));
	if (stack != NULL) {
		t->stack = stack;
		*stack = (struct trust_visit){.name = "targets"};
		t->n_stack = 1;
	}
	if (t->path == NULL || stack == NULL || t->visited == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return trust_search(t, d);
}

const struct trust_target *
trust_found(const struct trust *t)
{
	return t->stage == STAGE_READY ? t->found : NULL;
}

const char *
trust_delegation(const struct trust *t, size_t i)
{
	const json_t *del =
		t->n_roles == 0 ? NULL : tuf_delegation(t->roles[0]->doc, i);

	return del == NULL ? NULL : tuf_delegation_name(del);
}

enum err
trust_load(struct trust *t, const char *role, struct diag *d)
{
	struct tuf_rule rule;
	struct tuf_file f;

	if (t->stage != STAGE_READY || t->n_roles == 0)
		return diag_set(d, ERR_FAILED, "the metadata is not complete");
	free(t->path);
	t->path = NULL;
	t->found = NULL;
	t->next = (struct trust_visit){.parent = 0};
	if (strlen(role) > LIMIT_NAME ||
		!tuf_delegation_rule(t->roles[0]->doc, role, &rule))
		return diag_set(d, ERR_MISSING, "nothing delegates to it");
	snprintf(t->next.name, sizeof(t->next.name), "%s", role);
	if (trust_role_find(t, role) < t->n_roles)
		return ERR_OK;
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
