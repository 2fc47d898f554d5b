/* The dictionaries that bundles on their way need. */
#include <stdlib.h>
#include <string.h>

#include "sync_priv.h"

/* Dictionaries that are got at once. */
#define DICTS 16

struct dicts {
	struct sync_file file[DICTS];
	struct buf path[DICTS];
	size_t n;
};

/* One more, if it is new and signed for. */
static enum err
dict_want(struct sync *s, struct dicts *l, const struct bundle_dict *dict,
	struct diag *d)
{
	const struct trust_target *g;
	struct verified *v = NULL;
	struct buf *path = &l->path[l->n];
	uint8_t sha256[32];
	bool here, want;
	size_t i;
	enum err e = library_target(
		s->lib, s->outlet->id, dict->sha256, &v, &here, d);

	verified_free(v);
	if (e == ERR_OK && !here)
		e = sync_find(s, dict->path, &g, d);
	if (e != ERR_OK || here || g == NULL ||
		!trust_target_sha256(g, sha256) ||
		memcmp(sha256, dict->sha256, sizeof(sha256)) != 0)
		return e;
	buf_init(path, LIMIT_PATH + 80);
	e = sync_target_file(s, g, path, &l->file[l->n], &want, d);
	for (i = 0; want && i < l->n; i++)
		want = strcmp(l->file[i].path, buf_cstr(path)) != 0;
	if (e == ERR_OK && want)
		l->n++;
	else
		buf_free(path);
	return e;
}

static enum err
dicts_flush(struct sync *s, struct dicts *l, struct diag *d)
{
	enum err e = l->n > 0 ? sync_files(s, l->file, l->n, d) : ERR_OK;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (e == ERR_OK)
			sync_file_lost(s, &l->file[i]);
		buf_free(&l->path[i]);
	}
	l->n = 0;
	return e;
}

enum err
sync_dicts(
	struct sync *s, const struct sync_pull *list, size_t n, struct diag *d)
{
	struct dicts *l = calloc(1, sizeof(*l));
	enum err e = ERR_OK;
	size_t i, k;

	if (l == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < n; i++)
		for (k = 0; e == ERR_OK && list[i].ok &&
			    k < bundle_dicts(list[i].b);
			k++) {
			e = dict_want(s, l, bundle_dict(list[i].b, k), d);
			if (e == ERR_OK && l->n == DICTS)
				e = dicts_flush(s, l, d);
		}
	if (e == ERR_OK)
		e = dicts_flush(s, l, d);
	for (i = 0; i < l->n; i++)
		buf_free(&l->path[i]);
	free(l);
	return e;
}
