/* Roots: the chain from the one that the operator chose. */
#include <stdio.h>
#include <string.h>

#include "admit_priv.h"

enum err
root_machine(struct admit_place *pl, struct trust **out, struct buf *root,
	struct diag *d)
{
	struct trust_change change;
	char rest[TRUST_NAME + 2];
	struct trust_want w;
	enum err e = stage_read(pl, "m/1.root.json", LIMIT_ROOT, root, d);

	*out = NULL;
	if (e == ERR_MISSING)
		return diag_set(d, ERR_MISSING, "m/1.root.json comes first");
	if (e == ERR_OK)
		e = trust_new(
			buf_view(root), pl->a->c->now(), TRUST_LENIENT, out, d);
	while (e == ERR_OK && trust_wants(*out, &w) &&
		strcmp(w.role, "root") == 0) {
		struct buf next;

		buf_init(&next, LIMIT_ROOT);
		snprintf(rest, sizeof(rest), "m/%s", w.name);
		e = stage_read(pl, rest, LIMIT_ROOT, &next, d);
		if (e == ERR_OK)
			e = trust_feed(*out, buf_view(&next), &change, d);
		if (e != ERR_OK) {
			buf_free(&next);
			break;
		}
		buf_free(root);
		*root = next;
	}
	if (e == ERR_MISSING)
		e = ERR_OK;
	if (e != ERR_OK) {
		trust_free(*out);
		*out = NULL;
	}
	return e;
}

uint64_t
intake_next_root(const struct admit_place *pl)
{
	char rest[48];
	uint64_t n;

	for (n = 1;; n++) {
		snprintf(rest, sizeof(rest), "m/%llu.root.json",
			(unsigned long long)n);
		if (!stage_live(pl, rest, NULL) && !stage_has(pl, rest, NULL))
			return n;
	}
}

static enum err
first_root(struct admit_place *pl, struct span bytes, struct diag *d)
{
	const struct admit_publisher *p = pl->p;
	struct trust *t = NULL;
	uint8_t fp[32];
	enum err e = trust_fingerprint(bytes, fp, d);

	if (e == ERR_OK && memcmp(fp, p->fingerprint, p->fingerprint_n) != 0)
		e = diag_set(d, ERR_KEY,
			"the root of another outlet than the one chosen here");
	if (e == ERR_OK)
		e = trust_new(bytes, pl->a->c->now(), TRUST_LENIENT, &t, d);
	trust_free(t);
	return e == ERR_OK ? form_root(bytes, span_of(NULL, 0), d) : e;
}

static enum err
later_root(struct admit_place *pl, const char *name, struct span bytes,
	struct diag *d)
{
	struct trust_change change;
	struct trust *t = NULL;
	struct trust_want w;
	struct buf root;
	enum err e;

	buf_init(&root, LIMIT_ROOT);
	e = root_machine(pl, &t, &root, d);
	if (e == ERR_OK && (!trust_wants(t, &w) || strcmp(w.name, name) != 0))
		e = diag_set(d, ERR_MISSING, "another root comes first");
	if (e == ERR_OK)
		e = trust_feed(t, bytes, &change, d);
	if (e == ERR_OK)
		e = form_root(bytes, buf_view(&root), d);
	trust_free(t);
	buf_free(&root);
	return e;
}

enum err
intake_root(struct admit_place *pl, const char *name, struct span bytes,
	struct diag *d)
{
	char rest[TRUST_NAME + 2];
	struct diag why;
	enum err e;

	if (strcmp(name, "1.root.json") == 0)
		e = first_root(pl, bytes, d);
	else
		e = later_root(pl, name, bytes, d);
	snprintf(rest, sizeof(rest), "m/%s", name);
	if (e == ERR_OK)
		e = stage_put(pl, rest, bytes, d);
	/* The head on its way must pass by this root too. */
	if (e == ERR_OK && pl->in != NULL) {
		intake_drop(pl);
		(void)!intake_resume(pl, &why);
		/* If it does not pass, the root stays all the same. */
		if (!stage_has(pl, rest, NULL))
			e = stage_put(pl, rest, bytes, d);
	}
	return e;
}
