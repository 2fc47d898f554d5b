/* The signed mirror list, taken over into the library. */
#include <stdlib.h>
#include <string.h>

#include "../core/mirrors.h"
#include "sync_priv.h"

/* The new list in place of the old one, all of it or nothing. */
static enum err
list_store(struct sync *s, const struct verified *v, const struct mirrors *list,
	struct diag *d)
{
	enum err e = library_begin(s->lib, d);
	size_t i;

	if (e == ERR_OK)
		e = library_mirrors_drop_list(s->lib, s->outlet->id, d);
	if (e == ERR_OK)
		e = library_list_set(s->lib, s->outlet->id, v, d);
	for (i = 0; e == ERR_OK && i < list->n; i++)
		e = library_mirror_put(s->lib, s->outlet->id, &list->list[i],
			LIBRARY_MIRROR_LIST, d);
	if (e == ERR_OK)
		e = library_commit(s->lib, d);
	if (e != ERR_OK)
		library_rollback(s->lib);
	return e;
}

/* Call the mirrors in the report what the newsroom calls them. */
static enum err
names_learn(struct sync *s, const struct mirrors *list, struct diag *d)
{
	size_t i, k;

	for (i = 0; i < s->r->n_mirrors; i++) {
		struct sync_mirror *m = &s->r->mirrors[i];

		for (k = 0; k < list->n; k++) {
			char *name;

			if (strcmp(list->list[k].url, m->url) != 0)
				continue;
			name = strdup(list->list[k].name);
			if (name == NULL)
				return diag_set(d, ERR_NOMEM, "out of memory");
			free(m->name);
			m->name = name;
		}
	}
	return ERR_OK;
}

/* What is here need not be what is valid: a newsroom may go back to an earlier
 * list. `had`: it was here before. */
static enum err
list_take(struct sync *s, const struct verified *v, bool had, struct diag *d)
{
	struct mirrors list = {.n = 0};
	struct diag why;
	bool same = false;
	enum err e = library_list_is(s->lib, s->outlet->id, v, &same, d);

	if (e != ERR_OK || same)
		return e;
	if (mirrors_parse(verified_bytes(v), &list, &why) == ERR_OK) {
		e = list_store(s, v, &list, d);
		if (e == ERR_OK)
			e = names_learn(s, &list, d);
	} else if (!had) {
		s->refused = true;
		e = sync_note(s, d, "the mirror list is left out: %s", why.why);
	}
	mirrors_clear(&list);
	return e;
}

/* Take it over from the library. */
static enum err
list_use(struct sync *s, const struct trust_target *g, bool had, struct diag *d)
{
	struct verified *v = NULL;
	uint8_t sha256[32];
	bool here = false;
	enum err e = ERR_OK;

	if (trust_target_sha256(g, sha256))
		e = library_target(s->lib, s->outlet->id, sha256, &v, &here, d);
	if (e == ERR_OK && here)
		e = list_take(s, v, had, d);
	verified_free(v);
	return e;
}

static enum err
list_check(struct sync *s, void *arg, struct span body, enum err *verdict,
	struct diag *why, struct diag *d)
{
	enum err e = sync_target_check(s, arg, body, verdict, why, d);

	if (e != ERR_OK || *verdict != ERR_OK)
		return e;
	s->list = false;
	return list_use(s, arg, false, d);
}

enum err
sync_mirror_list_file(struct sync *s, struct buf *path, struct sync_file *f,
	bool *want, struct diag *d)
{
	const struct trust_target *g;
	enum err e = sync_find(s, "x/mirrors.json", &g, d);

	*want = false;
	if (e == ERR_OK && g != NULL)
		e = sync_target_file(s, g, path, f, want, d);
	if (*want)
		f->check = list_check;
	return e;
}

enum err
sync_mirror_list(struct sync *s, bool now, struct diag *d)
{
	const struct trust_target *g;
	struct sync_file f;
	struct buf path;
	bool want;
	enum err e;

	buf_init(&path, LIMIT_PATH + 80);
	e = sync_mirror_list_file(s, &path, &f, &want, d);
	s->list = want && !now;
	if (e == ERR_OK && want && now) {
		e = sync_files(s, &f, 1, d);
		if (e == ERR_OK)
			sync_file_lost(s, &f);
	} else if (e == ERR_OK && !want && (g = trust_found(s->t)) != NULL) {
		e = list_use(s, g, true, d);
	}
	buf_free(&path);
	return e;
}
