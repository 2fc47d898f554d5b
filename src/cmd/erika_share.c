/* erika share: news in a file, for whoever has no network. */
#include <stdio.h>
#include <string.h>

#include "../core/date.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/share.h"
#include "erika.h"

static enum err
outlet_pick(const struct library_outlets *list, const char *which,
	const struct library_outlet **out, struct diag *d)
{
	if (which != NULL)
		return erika_outlet_find(list, which, out, d);
	*out = &list->list[0];
	if (list->n > 1)
		return diag_set(d, ERR_USAGE,
			"you trust %zu outlets; name the one to share",
			list->n);
	return ERR_OK;
}

static enum err
report(const struct context *cx, const struct library_outlet *o,
	const char *file, const struct share_report *r, struct diag *d)
{
	char size[TALK_SIZE], shown[200], path[200], since[DATE_SIZE];

	if (cx->json)
		return erika_json(
			json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I}",
				"schema", "erika-share-1", "outlet", o->name,
				"file", erika_json_text(file), "bundles",
				(json_int_t)r->bundles, "pictures",
				(json_int_t)r->pictures, "bytes",
				(json_int_t)r->bytes, "unlisted",
				(json_int_t)r->unlisted),
			d);
	text_show(shown, sizeof(shown), span_str(o->name));
	text_show(path, sizeof(path), span_str(file));
	talk(cx, "%s: %zu bundle%s of %s, %zu picture%s, %s", path, r->bundles,
		r->bundles == 1 ? "" : "s", shown, r->pictures,
		r->pictures == 1 ? "" : "s", talk_size(size, r->bytes));
	if (r->unlisted > 0) {
		date_format(since, r->unlisted_since);
		talk(cx,
			"%zu bundle%s had to stay out: their weeks are sealed "
			"since they came, and the lists that prove them are "
			"not here; erika sync --since %.10s gets those",
			r->unlisted, r->unlisted == 1 ? "" : "s", since);
	}
	talk(cx, "Who has the outlet already runs: erika sync --from %s", path);
	talk(cx,
		"Who has not, first runs: erika add %s, and compares the "
		"words",
		path);
	return ERR_OK;
}

enum err
erika_share(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct share_options opt = {.now = clock_now()};
	const char *file = NULL, *since = NULL, *until = NULL;
	bool yes = false;
	const struct opt opts[] = {
		{"out", 'o', OPT_STRING, &file, "FILE",
			"write here; a name in .erika says what it is"},
		{"bundle", 0, OPT_STRING, &opt.path, "PATH",
			"only this bundle: b/news/2026-w47/1.ekb"},
		{"since", 0, OPT_STRING, &since, "DATE",
			"only bundles made on this day or after"},
		{"until", 0, OPT_STRING, &until, "DATE",
			"only bundles made on this day or before"},
		{"images", 'i', OPT_FLAG, &opt.images, NULL,
			"with pictures, where all of a bundle's are here"},
		{"yes", 'y', OPT_FLAG, &yes, NULL,
			"write over FILE when it is there"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	struct library_outlets list = {.n = 0};
	const struct library_outlet *o = NULL;
	struct share_report r;
	struct library *l = NULL;
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e == ERR_OK && file == NULL)
		e = diag_set(d, ERR_USAGE, "-o FILE says where to write");
	if (e == ERR_OK && since != NULL)
		e = erika_day("since", since, &opt.since, d);
	if (e == ERR_OK && until != NULL) {
		e = erika_day("until", until, &opt.until, d);
		opt.until += 86400;
	}
	if (e != ERR_OK)
		return e;
	e = erika_library(&l, &list, false, d);
	if (e == ERR_OK)
		e = outlet_pick(
			&list, first < argc ? argv[first] : NULL, &o, d);
	if (e == ERR_OK)
		e = talk_overwrite(cx, file, &yes, d);
	if (e == ERR_OK)
		e = share_write(l, o, &opt, file, &r, d);
	if (e == ERR_OK)
		e = report(cx, o, file, &r, d);
	library_outlets_clear(&list);
	library_close(l);
	return e;
}
