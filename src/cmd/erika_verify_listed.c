/* A bundle without a usable signature of its own: what an outlet's metadata
 * says of it, from the library or from the folder that it lies in. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../core/tuf.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "erika_report.h"
#include "erika_verify.h"

/* Where metadata comes from: a library's outlet, a folder, or both. */
struct place {
	struct library *l; /* or NULL */
	int64_t outlet;
	char *dir;	 /* or NULL: of a mirror's tree, with m/ in it */
	char *path;	 /* with it: the target path that the file has there */
	struct diag why; /* of the first file that was no good */
};

/* ---- feeding the machine */

static enum err
bytes_get(const struct place *p, const struct trust_want *w, bool heard,
	struct buf *b, bool *found, struct diag *d)
{
	char file[PATH_MAX];
	int n;

	*found = false;
	if (w->source == TRUST_STORED)
		return p->l == NULL ? ERR_OK
				    : library_metadata(p->l, p->outlet, w->role,
					      b, found, d);
	/* Heads may be fed again and again: one folder has one. */
	if (p->dir == NULL || (heard && strcmp(w->role, "timestamp") == 0))
		return ERR_OK;
	n = snprintf(file, sizeof(file), "%s/m/%s", p->dir, w->name);
	*found = n > 0 && (size_t)n < sizeof(file) &&
		 file_read(file, w->max, b, NULL) == ERR_OK;
	return ERR_OK;
}

static enum err
satisfy(struct place *p, struct trust *t, struct diag *d)
{
	struct trust_change change;
	struct trust_want w;
	struct diag why;
	struct buf b;
	bool heard = false, found;
	enum err e = ERR_OK, fed;

	buf_init(&b, LIMIT_METADATA);
	while (e == ERR_OK && trust_wants(t, &w)) {
		bool head = strcmp(w.role, "timestamp") == 0;

		buf_clear(&b);
		e = bytes_get(p, &w, heard, &b, &found, d);
		if (e != ERR_OK)
			break;
		fed = found ? trust_feed(t, buf_view(&b), &change, &why)
			    : ERR_MISSING;
		heard |= head && w.source == TRUST_REMOTE;
		if (fed == ERR_NOMEM)
			e = diag_set(d, fed, "out of memory");
		else if (fed != ERR_OK && found && p->why.code == ERR_OK &&
			 w.source == TRUST_REMOTE)
			p->why = why;
		/* A stored copy that is of no use ends its wish itself. */
		if (e == ERR_OK && fed != ERR_OK &&
			(!found || w.source == TRUST_REMOTE))
			e = trust_pass(t, d);
	}
	buf_free(&b);
	return e;
}

/* A machine with the chain up to the top-level targets. */
static enum err
machine(struct place *p, struct span root, struct trust **out, struct diag *d)
{
	struct trust_verdict v;
	struct trust *t = NULL;
	enum err e = trust_new(root, clock_now(), TRUST_LENIENT, &t, d);

	*out = NULL;
	if (e == ERR_OK)
		e = satisfy(p, t, d);
	if (e == ERR_OK) {
		trust_verdict(t, &v);
		if (!v.complete)
			e = diag_set(d, ERR_MISSING, "not complete");
	}
	if (e != ERR_OK) {
		trust_free(t);
		return e;
	}
	*out = t;
	return ERR_OK;
}

/* ---- looking for the file */

/* Load what a role delegates to, as far as it is there: of the top-level
 * targets desks and years, of a year its periods, and no deeper. */
static enum err
roles_load(struct place *p, struct trust *t, const char *by, bool years,
	struct diag *d)
{
	struct diag none;
	const char *role;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0;
		e == ERR_OK && (role = trust_delegation_by(t, by, i)) != NULL;
		i++) {
		e = trust_load_by(t, by, role, &none);
		if (e == ERR_OK)
			e = satisfy(p, t, &none);
		if (e == ERR_OK && years && role[0] == 'y')
			e = roles_load(p, t, role, false, d);
		else if (e == ERR_NOMEM)
			diag_set(d, e, "out of memory");
		else
			e = ERR_OK; /* what is not here lists nothing */
	}
	return e;
}

static bool
is_file(const struct trust_target *g, const uint8_t sha256[static 32])
{
	uint8_t have[32];

	return trust_target_sha256(g, have) &&
	       memcmp(have, sha256, sizeof(have)) == 0;
}

/* Path of the file with this hash in whatever is loaded: a hint. */
static const char *
path_scan(const struct trust *t, const uint8_t sha256[static 32])
{
	const struct trust_target *g;
	const char *role;
	size_t i, k;

	for (i = 0; (role = trust_loaded(t, i)) != NULL; i++)
		for (k = 0; (g = trust_listed(t, role, k)) != NULL; k++)
			if (is_file(g, sha256))
				return trust_target_path(g);
	return NULL;
}

static void
listing_fill(struct verify_listing *out, const struct trust *t,
	const struct trust_target *g)
{
	const char *role = trust_target_role(g);
	struct trust_verdict v;

	trust_verdict(t, &v);
	report_fresh(out->fresh, sizeof(out->fresh), &v, clock_now());
	snprintf(out->role, sizeof(out->role), "%s", role);
	out->sealed = strncmp(role, "d-", 2) != 0;
	out->root = v.root;
	out->threshold = v.root_threshold;
	out->keys = v.root_keys;
}

/* Ask a machine of the file. ERR_MISSING: nobody in it lists it. */
static enum err
ask(struct place *p, struct trust *t, const uint8_t sha256[static 32],
	struct span bytes, struct verify_listing *out, struct diag *d)
{
	const struct trust_target *g = NULL;
	const char *path = p->path;
	enum err e = ERR_OK;

	if (path == NULL) {
		e = roles_load(p, t, "targets", true, d);
		path = path_scan(t, sha256);
	}
	if (e == ERR_OK && path != NULL) {
		e = trust_find(t, path, d);
		if (e == ERR_OK)
			e = satisfy(p, t, d);
		g = e == ERR_OK ? trust_found(t) : NULL;
	}
	if (e == ERR_NOMEM || e == ERR_IO)
		return e;
	if (g == NULL || (p->path == NULL && !is_file(g, sha256)))
		return diag_set(d, ERR_MISSING, "no list has it");
	e = trust_verify(g, bytes, &out->whole, d);
	if (e == ERR_OK)
		listing_fill(out, t, g);
	return e;
}

/* ---- places */

/* The mirror's tree that a file lies in, by its name there:
 * DIR/t/b/DESK/WEEK/SHA256.N.ekb. false: in none. */
static bool
tree_of(struct place *p, const char *file)
{
	char full[PATH_MAX], *at[5];
	size_t i;

	if (realpath(file, full) == NULL)
		return false;
	for (i = 0; i < 5; i++) {
		at[i] = strrchr(full, '/');
		if (at[i] == NULL)
			return false;
		*at[i] = '\0';
	}
	/* t, b, DESK, WEEK, SHA256.N.ekb, last first */
	if (strcmp(at[4] + 1, "t") != 0 || strcmp(at[3] + 1, "b") != 0 ||
		strlen(at[0] + 1) < 66 || at[0][65] != '.')
		return false;
	p->dir = strdup(full);
	p->path = malloc(PATH_MAX);
	if (p->dir != NULL && p->path != NULL)
		snprintf(p->path, PATH_MAX, "b/%s/%s/%s", at[2] + 1, at[1] + 1,
			at[0] + 66);
	return p->dir != NULL && p->path != NULL;
}

static void
place_clear(struct place *p)
{
	free(p->dir);
	free(p->path);
	p->dir = p->path = NULL;
}

static enum err
outlet_ask(struct place *p, const struct library_outlet *o,
	const uint8_t sha256[static 32], struct span bytes,
	struct verify_listing *out, struct diag *d)
{
	struct trust *t = NULL;
	struct buf root;
	bool found;
	enum err e;

	p->outlet = o->id;
	p->why = (struct diag){.code = ERR_OK};
	buf_init(&root, LIMIT_ROOT);
	e = library_metadata(p->l, o->id, "root", &root, &found, d);
	if (e == ERR_OK)
		e = machine(p, buf_view(&root), &t, d);
	if (e == ERR_OK)
		e = ask(p, t, sha256, bytes, out, d);
	if (e == ERR_OK)
		text_show(out->who, sizeof(out->who), span_str(o->name));
	trust_free(t);
	buf_free(&root);
	return e;
}

enum err
verify_listed(struct library *l, const struct library_outlets *list,
	const char *file, const uint8_t sha256[static 32], struct span bytes,
	struct verify_listing *out, struct diag *d)
{
	struct place here = {.l = l}, tree = {.l = l};
	enum err e = ERR_MISSING;
	size_t i;

	*out = (struct verify_listing){.whole = NULL};
	for (i = 0; e == ERR_MISSING && i < list->n; i++)
		e = outlet_ask(&here, &list->list[i], sha256, bytes, out, d);
	if (e == ERR_MISSING && file != NULL && tree_of(&tree, file)) {
		for (i = 0; e != ERR_OK && e != ERR_NOMEM && i < list->n; i++)
			e = outlet_ask(
				&tree, &list->list[i], sha256, bytes, out, d);
		out->beside = e == ERR_OK;
	}
	place_clear(&tree);
	return e == ERR_MISSING ? diag_set(d, e, "no list has it") : e;
}

enum err
verify_listed_root(struct span root, const char *file,
	const uint8_t sha256[static 32], struct span bytes,
	struct verify_listing *out, struct diag *d)
{
	struct place p = {.l = NULL};
	struct trust *t = NULL;
	char *name = NULL;
	enum err e = ERR_OK;

	*out = (struct verify_listing){.whole = NULL, .beside = true};
	if (!tree_of(&p, file))
		e = diag_set(d, ERR_USAGE,
			"with --root a bundle is checked by the metadata of "
			"the mirror's tree that it lies in, "
			"DIR/t/b/DESK/WEEK/; this one lies in none");
	if (e == ERR_OK)
		e = machine(&p, root, &t, d);
	if (e == ERR_OK)
		e = erika_root_name(root, &name, d);
	if (e == ERR_OK)
		e = ask(&p, t, sha256, bytes, out, d);
	if (e == ERR_MISSING && p.why.code != ERR_OK)
		*d = p.why, e = p.why.code;
	if (e == ERR_OK)
		text_show(out->who, sizeof(out->who), span_str(name));
	free(name);
	trust_free(t);
	place_clear(&p);
	return e;
}
