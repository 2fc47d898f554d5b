/* m/now.pack, erika-repository(5): nobody signs it, so a mirror makes its own
 * from what it has verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/pack.h"
#include "admit_priv.h"

/* As erika-press: most files, and the bytes up to which desks are added. */
#define FILES 64
#define WANTED 6000

struct packing {
	struct admit_place *pl;
	struct pack_file files[FILES];
	char names[FILES][TRUST_NAME + 2];
	struct buf bodies[FILES];
	size_t n;
};

static enum err
file_add(struct packing *p, const char *name, size_t max, struct diag *d)
{
	struct buf *b = &p->bodies[p->n];
	enum err e;

	if (p->n == FILES)
		return ERR_OK; /* a shortcut may be short */
	snprintf(p->names[p->n], sizeof(*p->names), "m/%s", name);
	buf_init(b, max);
	e = stage_read(p->pl, p->names[p->n], max, b, d);
	if (e != ERR_OK) {
		buf_free(b);
		return e;
	}
	p->files[p->n].name = p->names[p->n];
	p->files[p->n].body = buf_view(b);
	p->n++;
	return ERR_OK;
}

/* One desk in any case, and others while the pack stays short. */
static enum err
desk_add(struct packing *p, const char *file, bool *first, struct buf *out,
	struct diag *d)
{
	enum err e = file_add(p, file, LIMIT_TARGETS, d);

	buf_clear(out);
	if (e == ERR_OK)
		e = pack_make(p->files, p->n, out);
	if (e == ERR_OK && out->n > WANTED && !*first)
		buf_free(&p->bodies[--p->n]);
	*first = false;
	return e;
}

/* What a reader begins with: the snapshot has the hash of those alone. */
static bool
is_begun_with(const struct admit_intake *in, const struct admit_role *r)
{
	return r->length > 0 && strcmp(r->by, "targets") == 0 &&
	       r->file[0] != '\0' && in->snapshot != NULL;
}

static enum err
files_add(struct packing *p, struct buf *out, struct diag *d)
{
	const struct admit_intake *in = p->pl->in;
	struct tuf_file targets;
	bool first = true;
	char name[64];
	size_t i;
	enum err e = file_add(p, "timestamp.json", LIMIT_TIMESTAMP, d);

	snprintf(name, sizeof(name), "%llu.snapshot.json",
		(unsigned long long)in->snapshot->version);
	if (e == ERR_OK)
		e = file_add(p, name, LIMIT_SNAPSHOT, d);
	if (e == ERR_OK && tuf_meta(in->snapshot, "targets", &targets)) {
		snprintf(name, sizeof(name), "%llu.targets.json",
			(unsigned long long)targets.version);
		e = file_add(p, name, LIMIT_TARGETS, d);
	}
	for (i = 0; e == ERR_OK && i < in->n_roles; i++)
		if (is_begun_with(in, &in->roles[i]) &&
			in->roles[i].name[0] != 'd')
			e = file_add(p, in->roles[i].file, LIMIT_TARGETS, d);
	for (i = 0; e == ERR_OK && i < in->n_roles; i++)
		if (is_begun_with(in, &in->roles[i]) &&
			in->roles[i].name[0] == 'd')
			e = desk_add(p, in->roles[i].file, &first, out, d);
	return e;
}

enum err
pack_head(struct admit_place *pl, struct buf *out, struct diag *d)
{
	struct packing *p = calloc(1, sizeof(*p));
	size_t i;
	enum err e;

	if (p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	p->pl = pl;
	e = files_add(p, out, d);
	buf_clear(out);
	if (e == ERR_OK)
		e = pack_make(p->files, p->n, out);
	/* An outlet whose chain is too long for a pack has an empty one. */
	if (e == ERR_LIMIT) {
		buf_clear(out);
		e = pack_make(p->files, 0, out);
	}
	if (e != ERR_OK && e != ERR_NOMEM && d != NULL && d->code == ERR_OK)
		diag_set(d, e, "now.pack: %s", err_str(e));
	for (i = 0; i < p->n; i++)
		buf_free(&p->bodies[i]);
	free(p);
	return e;
}
