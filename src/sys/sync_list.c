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

enum err
sync_mirror_list(struct sync *s, struct diag *d)
{
	const struct trust_target *g;
	struct verified *v = NULL;
	struct mirrors list = {.n = 0};
	uint8_t sha256[32];
	struct diag why;
	bool had = false, ok = false, same = false;
	enum err e, bad;

	e = sync_find(s, "x/mirrors.json", &g, d);
	if (e != ERR_OK || g == NULL || !trust_target_sha256(g, sha256))
		return e;
	e = library_target(s->lib, s->outlet->id, sha256, &v, &had, d);
	if (e == ERR_OK && !had)
		e = sync_target(s, g, &ok, d);
	if (e == ERR_OK && ok)
		e = library_target(s->lib, s->outlet->id, sha256, &v, &ok, d);
	if (e != ERR_OK || v == NULL)
		goto out;
	/* What is here need not be what is valid: a newsroom may go back to an
	 * earlier list. */
	e = library_list_is(s->lib, s->outlet->id, v, &same, d);
	if (e != ERR_OK || same)
		goto out;
	bad = mirrors_parse(verified_bytes(v), &list, &why);
	if (bad == ERR_OK) {
		e = list_store(s, v, &list, d);
		if (e == ERR_OK)
			e = names_learn(s, &list, d);
	} else if (!had) {
		s->refused = true;
		e = sync_note(s, d, "the mirror list is left out: %s", why.why);
	}
out:
	mirrors_clear(&list);
	verified_free(v);
	return e;
}
