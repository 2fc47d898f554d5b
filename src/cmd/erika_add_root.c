/* erika add: where the first root comes from: a file, a folder, or mirrors by
 * every way that the user allows. */
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../core/words.h"
#include "../sys/archive.h"
#include "../sys/file.h"
#include "../sys/source.h"
#include "erika_add.h"

#define FIRST_ROOT "m/1.root.json"

/* Whether it is the root that the link names. */
static enum err
root_take(void *arg, struct span file, struct diag *d)
{
	struct add *a = arg;
	uint8_t fp[32];
	enum err e = ERR_OK;

	if (a->is_link)
		e = trust_fingerprint(file, fp, d);
	if (e == ERR_OK && a->is_link &&
		memcmp(fp, a->link.fingerprint, 32) != 0)
		e = diag_set(d, ERR_KEY,
			"the mirror has another outlet's root, not the one "
			"that the %s names",
			a->what == NULL ? "file" : "link");
	buf_clear(&a->root);
	if (e == ERR_OK && buf_span(&a->root, file) != ERR_OK)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	return e;
}

static bool
is_url(const char *s)
{
	return strstr(s, "://") != NULL;
}

/* A mirror that the user named, or a link on the user's word. */
static enum err
mirror_view(const struct mirror *from, char *url, bool told,
	struct route_mirror *list, size_t *n, struct diag *d)
{
	char shown[120];

	if (!mirrors_base_ok(span_str(url)))
		return diag_set(d, ERR_USAGE,
			"%s is not a mirror's address; it begins with https:// "
			"or http:// and ends in /",
			text_show(shown, sizeof(shown), span_str(url)));
	list[*n] = (struct route_mirror){.named = true, .told = told};
	if (from != NULL)
		list[*n].m = *from;
	list[*n].m.name = list[*n].m.url = url;
	(*n)++;
	return ERR_OK;
}

#define PLACES (OPT_LIST_MAX + LINK_URLS + LIMIT_MIRRORS + 1)

/* URLs that may have the first root: what is added, --mirror, the link's, the
 * file's. */
static enum err
urls_list(struct add *a, struct route_mirror *list, size_t *n, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	if (!a->is_link)
		return mirror_view(
			NULL, (char *)(uintptr_t)a->what, false, list, n, d);
	for (i = 0; e == ERR_OK && i < a->mirrors.n; i++)
		if (is_url(a->mirrors.values[i]))
			e = mirror_view(NULL,
				(char *)(uintptr_t)a->mirrors.values[i], false,
				list, n, d);
	for (i = 0; e == ERR_OK && i < a->link.n_urls; i++)
		e = mirror_view(&a->link.ways[i], a->link.urls[i],
			!a->agreed[i], list, n, d);
	for (i = 0; e == ERR_OK && i < a->own.n; i++)
		e = mirror_view(
			&a->own.list[i], a->own.list[i].url, false, list, n, d);
	return e;
}

/* By the network, as the user allows it. */
static enum err
root_by_url(struct add *a, struct fetch *f, struct diag *d)
{
	struct route_mirror *list = calloc(PLACES, sizeof(*list));
	struct config_outlet own = {.said = {.code = ERR_OK}};
	size_t n = 0;
	enum err e = list == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
				  : urls_list(a, list, &n, d);

	if (e == ERR_OK && n == 0)
		e = diag_set(d, ERR_USAGE,
			"the link names no mirror; --mirror URL adds one");
	if (e == ERR_OK)
		e = config_outlet(a->config, NULL, 0, &own, d);
	if (e == ERR_OK)
		e = reach_file(f, list, n, &own.reach, FIRST_ROOT, LIMIT_ROOT,
			root_take, a, d);
	/* 403, 404 or 451 from all of them: no way to it was found. */
	if (e == ERR_MISSING)
		e = d->code = ERR_NETWORK;
	config_outlet_clear(&own);
	free(list);
	return e;
}

/* From a folder, stick or share file. */
static enum err
root_by_path(struct add *a, struct fetch *f, const char *path, struct diag *d)
{
	struct source *s = source_new(f);
	char below[320];
	enum err e = s == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			       : source_add_any(s, path, d);

	buf_clear(&a->root);
	if (e == ERR_OK)
		e = source_file(s, 0, FIRST_ROOT, LIMIT_ROOT, &a->root, d);
	if (e == ERR_MISSING) {
		erika_below(below, sizeof(below), path);
		e = diag_set(d, e,
			"there is no " FIRST_ROOT " in it, so it "
			"does not say whose it is%s",
			below);
	}
	source_free(s);
	return e;
}

/* Folders first: they cost nothing and nobody sees it. */
static enum err
root_by_link(struct add *a, struct fetch *f, struct diag *d)
{
	struct buf copy;
	bool done = false;
	size_t i;

	for (i = 0; !done && i < a->mirrors.n; i++) {
		if (is_url(a->mirrors.values[i]) ||
			root_by_path(a, f, a->mirrors.values[i], d) != ERR_OK)
			continue;
		copy = a->root;
		buf_init(&a->root, LIMIT_ROOT);
		done = root_take(a, buf_view(&copy), d) == ERR_OK;
		buf_free(&copy);
	}
	return done ? ERR_OK : root_by_url(a, f, d);
}

/* What a file is that is no root: people give what they were given. */
static enum err
file_explain(const struct add *a, struct diag *d)
{
	struct span s = buf_view(&a->root), link = span_str(LINK_SCHEME);
	char shown[200];

	text_show(shown, sizeof(shown), span_str(a->what));
	if (s.n >= link.n && span_eq(span_sub(s, 0, link.n), link))
		return diag_set(d, ERR_USAGE,
			"%s has a link in it: erika add \"$(cat %s)\"", shown,
			shown);
	if (s.n > 0 && (s.p[0] == '[' || s.p[0] == '#'))
		return diag_set(d, ERR_USAGE,
			"%s looks like a file of mirrors: erika add "
			"--mirror-file %s",
			shown, shown);
	if (s.n == 0 || s.p[0] != '{')
		return diag_set(d, ERR_SYNTAX,
			"%s is neither a 1.root.json nor a share file (.erika)",
			shown);
	return ERR_OK;
}

static enum err
file_take(struct add *a, struct diag *d)
{
	enum err e = file_read(a->what, LIMIT_ROOT, &a->root, d);

	if (e == ERR_LIMIT)
		return diag_set(d, ERR_SYNTAX,
			"%s is too large for a 1.root.json, and no share file "
			"(.erika)",
			a->what);
	return e == ERR_OK ? file_explain(a, d) : e;
}

enum err
add_root_get(struct add *a, struct diag *d)
{
	uint8_t fp[WORDS_BYTES];
	struct fetch *f = NULL;
	enum err e;

	if (!a->is_link && !file_exists(a->what) &&
		words_parse(span_str(a->what), fp, d) == ERR_OK)
		return diag_set(d, ERR_USAGE,
			"eight words say whom to trust, not where to find "
			"them: erika add --words \"...\" with the newsroom's "
			"link, or a URL or file of theirs");
	if (!a->is_link && !is_url(a->what) && !file_exists(a->what))
		return diag_set(d, ERR_MISSING,
			"%s is no file, folder, link, URL (https://.../) or "
			"outlet that you trust (erika outlets lists those)",
			a->what);

	a->is_mirror = !a->is_link && (is_url(a->what) || file_is_dir(a->what));
	if (!a->is_link && !a->is_mirror && !archive_probe(a->what))
		return file_take(a, d);
	e = config_fetch(a->config, &f, d);
	if (e == ERR_OK && a->is_link)
		e = root_by_link(a, f, d);
	else if (e == ERR_OK)
		e = is_url(a->what) ? root_by_url(a, f, d)
				    : root_by_path(a, f, a->what, d);
	fetch_free(f);
	return e;
}
