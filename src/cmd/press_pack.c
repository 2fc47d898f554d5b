/* erika-press pack: pages and feeds become a signed bundle. Idempotent: what
 * has not changed since the last time is not packed again. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_dictionary.h"
#include "press_json.h"
#include "press_pack.h"

/* Deepest folder, and most entries of one. */
#define DEPTH_MAX 16
#define FOLDER_MAX 200000

static bool
has_ending(const char *name, const char *const *endings)
{
	size_t n = strlen(name);

	for (; *endings != NULL; endings++) {
		size_t k = strlen(*endings);

		if (n > k && strcmp(name + n - k, *endings) == 0)
			return true;
	}
	return false;
}

static bool
is_source(const char *name)
{
	static const char *const endings[] = {
		".html", ".htm", ".xhtml", ".xml", ".rss", ".atom", NULL};

	return has_ending(name, endings);
}

void
packing_left(struct packing *p, const char *what, const char *why)
{
	char shown[160];

	p->left++;
	talk(p->cx, "left out    %s: %s",
		text_show(shown, sizeof(shown), span_str(what)), why);
}

/* ---- flushing */

static enum err
bundle_close(struct packing *p, struct diag *d)
{
	uint64_t text = 0, total = 0;
	enum err e = ERR_OK;

	if (p->bundle == NULL)
		return ERR_OK;
	if (press_bundle_articles(p->bundle) > 0)
		e = press_bundle_finish(p->bundle, &text, &total, d);
	if (e == ERR_OK && total > 0) {
		char a[TALK_SIZE], b[TALK_SIZE];

		p->bundles++;
		talk(p->cx, "bundle      %s: %zu article%s, text %s, in all %s",
			press_bundle_path(p->bundle),
			press_bundle_articles(p->bundle),
			press_bundle_articles(p->bundle) == 1 ? "" : "s",
			talk_size(a, text), talk_size(b, total));
	}
	press_bundle_free(p->bundle);
	p->bundle = NULL;
	return e;
}

static enum err
held_add(struct packing *p, struct packing_held *h, struct diag *d)
{
	enum err e = ERR_OK;

	if (p->bundle == NULL)
		e = press_bundle_new(
			p->room, p->room->desk, p->now, &p->bundle, d);
	if (e == ERR_OK)
		e = press_bundle_add(p->bundle, &h->article, buf_view(&h->text),
			h->images, h->n_images, &h->digest, d);
	if (e == ERR_OK && press_bundle_full(p->bundle))
		e = bundle_close(p, d);
	return e;
}

void
packing_held_clear(struct packing_held *h)
{
	size_t i;

	article_clear(&h->article);
	buf_free(&h->text);
	for (i = 0; i < h->n_images; i++)
		press_image_clear(&h->images[i]);
	free(h->images);
	strings_free(h->missing, h->n_missing);
	*h = (struct packing_held){.n_images = 0};
}

/* Articles wait in batches, so that a language's first dictionary can be made
 * of several of them before the first is compressed. */
static enum err
batch_flush(struct packing *p, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	if (!p->dry_run)
		e = dictionaries_train(p->room, p->held, p->n_held, d);
	for (i = 0; e == ERR_OK && !p->dry_run && i < p->n_held; i++)
		e = held_add(p, &p->held[i], d);
	for (i = 0; i < p->n_held; i++)
		packing_held_clear(&p->held[i]);
	p->n_held = 0;
	return e;
}

enum err
packing_hold(struct packing *p, struct packing_held *h, struct diag *d)
{
	char shown[160];
	bool again = h->article.previous > 0;
	size_t i;

	if (p->cx->json) {
		json_t *v = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}",
			"schema", "erika-packed-1", "change",
			again ? "changed" : "new", "id", h->article.id,
			"language", h->article.language, "revision",
			(int)h->article.revision, "title", h->article.title);

		press_json_print(v);
		json_decref(v);
	} else {
		printf("%-11s %s  %s\n", again ? "changed" : "new",
			h->article.id,
			text_show(shown, sizeof(shown),
				span_str(h->article.title)));
	}
	if (again)
		p->changed++;
	else
		p->fresh++;
	p->gps += h->gps;
	p->pictures += (unsigned)h->n_missing;
	for (i = 0; i < h->n_missing; i++)
		talk(p->cx, "left out    %s", h->missing[i]);
	p->held[p->n_held++] = *h; /* moved */
	return p->n_held < PACKING_BATCH ? ERR_OK : batch_flush(p, d);
}

/* ---- walking */

/* What a page is called below the packed PATH, so that two index.html in two
 * folders are two articles; a PATH that is a file is its last component. */
static const char *
name_below(const char *root, const char *path)
{
	size_t n = strlen(root);
	const char *slash = strrchr(path, '/');

	if (strncmp(path, root, n) == 0 && path[n] != '\0') {
		while (path[n] == '/')
			n++;
		return path + n;
	}
	return slash == NULL ? path : slash + 1;
}

static enum err
pack_file(struct packing *p, const char *path, struct diag *d)
{
	struct ingest_result r = {.n_articles = 0};
	char shown[160];
	const char *why;
	enum err e;
	size_t i, k;

	e = importer_file(p->importer, path, name_below(p->root, path),
		p->language, p->now, &r, d);
	if (e == ERR_NOMEM || e == ERR_FAILED)
		return e;
	if (e != ERR_OK) {
		/* One bad file must not stop the others. */
		text_show(shown, sizeof(shown), span_str(path));
		k = strlen(shown);
		why = strncmp(d->why, shown, k) == 0 && d->why[k] == ':'
			      ? d->why + k + 2
			      : d->why;
		packing_left(p, path, why);
		p->refused++;
		return ERR_OK;
	}
	for (i = 0; i < r.n_left; i++)
		packing_left(p, r.left[i].what, r.left[i].why);
	for (i = 0; e == ERR_OK && i < r.n_articles; i++)
		e = packing_article(p, path, &r.articles[i], d);
	if (e != ERR_OK)
		e = diag_prefix(d, e, "%s",
			text_show(shown, sizeof(shown), span_str(path)));
	ingest_result_clear(&r);
	return e;
}

static enum err
pack_path(struct packing *p, const char *path, int depth, struct diag *d)
{
	char **names = NULL, *below;
	size_t i, n = 0;
	enum err e;

	if (!file_is_dir(path))
		return pack_file(p, path, d);
	if (depth == 0)
		return diag_set(d, ERR_LIMIT, "%s nests too deep", path);
	e = file_list(path, FOLDER_MAX, &names, &n, d);
	for (i = 0; e == ERR_OK && i < n; i++) {
		below = file_join(path, names[i]);
		if (below == NULL)
			e = ERR_NOMEM;
		else if (file_is_dir(below) || is_source(names[i]))
			e = pack_path(p, below, depth - 1, d);
		free(below);
	}
	strings_free(names, n);
	return e;
}

static enum err
packing_report(const struct packing *p, struct diag *d)
{
	char pictures[60] = "";

	if (p->pictures > 0)
		snprintf(pictures, sizeof(pictures), "; %u picture%s left out",
			p->pictures, p->pictures == 1 ? "" : "s");
	talk(p->cx, "%u new, %u changed, %u unchanged, %u left out%s", p->fresh,
		p->changed, p->unchanged, p->left, pictures);
	if (p->fresh + p->changed + p->unchanged + p->left == 0)
		talk(p->cx, "There is no page (.html) and no feed (.xml).");
	if (p->gps > 0)
		talk(p->cx,
			"%u photograph%s told where %s taken; that is "
			"gone now",
			p->gps, p->gps == 1 ? "" : "s",
			p->gps == 1 ? "it was" : "they were");
	if (p->dry_run)
		talk(p->cx, "Nothing was written (--dry-run).");
	else if (p->bundles > 0)
		talk(p->cx, "Next: erika-press publish%s", p->room->option);
	if (p->refused > 0)
		return diag_set(d, ERR_PARTIAL,
			"%u file%s could not be read; %s", p->refused,
			p->refused == 1 ? "" : "s",
			p->fresh + p->changed + p->unchanged == 0
				? "nothing else was there"
				: "the rest is packed");
	return ERR_OK;
}

enum err
press_pack(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct room_options ro = {.dir = NULL};
	struct packing p = {.cx = cx, .now = clock_now()};
	const char *desk = NULL;
	struct keyring_key *key;
	const struct opt opts[] = {ROOM_OPTIONS(ro),
		{"desk", 0, OPT_STRING, &desk, "DESK",
			"pack for this desk (newsroom.ini's)"},
		{"correction", 0, OPT_STRING, &p.correction, "TEXT",
			"what readers are told of changed articles"},
		{"language", 0, OPT_STRING, &p.language, "TAG",
			"language of sources that say none"},
		{"images", 0, OPT_STRING, &p.images, "DIR",
			"look for pictures in DIR too"},
		{"dry-run", 'n', OPT_FLAG, &p.dry_run, NULL,
			"say what would be packed, write nothing"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	char shown[160];
	enum err e;
	int i, first = 0;
	size_t k;

	e = command_opts(cx, opts, argc, argv, 1, 1000, &first, d);
	if (e == ERR_OK && p.correction != NULL &&
		!text_line_ok(span_str(p.correction), LIMIT_TITLE))
		e = diag_set(d, ERR_USAGE, "--correction TEXT is one line");
	for (i = first; e == ERR_OK && i < argc; i++)
		if (!file_exists(argv[i]))
			e = diag_set(d, ERR_MISSING,
				"%s: no such file or folder; nothing was "
				"packed%s",
				text_show(shown, sizeof(shown),
					span_str(argv[i])),
				strstr(argv[i], "://") == NULL
					? ""
					: ". Nothing is fetched from here: "
					  "save pages and feeds first");
	if (e == ERR_OK)
		e = room_open(&ro, &p.room, d);
	if (e == ERR_OK)
		e = room_lock(p.room, d);
	if (e == ERR_OK)
		e = importer_new(&p.importer, d);
	if (e == ERR_OK)
		importer_forget(p.importer, room_forget, p.room);
	if (e == ERR_OK)
		e = room_desk(p.room, desk, d);
	if (e == ERR_OK && !p.dry_run)
		e = press_bundle_key(p.room, p.room->desk, &key, d);
	if (e == ERR_OK)
		e = db_run(p.room->db, d,
			"CREATE TEMP TABLE seen(id TEXT PRIMARY KEY)", "");
	if (e == ERR_OK && p.language == NULL)
		p.language = p.room->language;
	for (i = first; e == ERR_OK && i < argc; i++) {
		p.root = argv[i];
		e = pack_path(&p, argv[i], DEPTH_MAX, d);
	}
	if (e == ERR_OK)
		e = batch_flush(&p, d);
	if (e == ERR_OK)
		e = bundle_close(&p, d);
	if (e == ERR_OK)
		e = packing_report(&p, d);
	for (k = 0; k < p.n_held; k++)
		packing_held_clear(&p.held[k]);
	press_bundle_free(p.bundle);
	importer_free(p.importer);
	room_close(p.room);
	return e;
}
