/* erika forget: what may not be found on this machine. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "../sys/reach.h"
#include "erika.h"

struct forget {
	bool yes, all, networks, read;
	const struct library_outlet *outlet;
};

/* ---- asking */

static void
outlet_say(const struct context *cx, const struct library_outlet *o)
{
	char shown[200];

	talk(cx,
		"%s: %lld article%s, with pictures, mirrors and what proves "
		"them",
		text_show(shown, sizeof(shown), span_str(o->name)),
		(long long)o->articles, o->articles == 1 ? "" : "s");
}

static enum err
decide(const struct context *cx, const struct forget *f,
	const struct library_outlets *list, struct diag *d)
{
	size_t i;

	/* Nothing of a newsroom's is lost with these. */
	if (f->outlet == NULL && !f->all)
		return ERR_OK;
	for (i = 0; i < list->n; i++)
		if (f->all || f->outlet == &list->list[i])
			outlet_say(cx, &list->list[i]);
	if (f->yes ||
		talk_confirm(cx, f->all ? "Forget everything?" : "Forget it?"))
		return ERR_OK;
	return diag_set(d, ERR_CANCELLED,
		"nothing was forgotten; it wants a yes, or --yes");
}

/* ---- doing */

static enum err
outlets_forget(struct library *l, const struct forget *f,
	const struct library_outlets *list, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < list->n; i++)
		if (f->all || f->outlet == &list->list[i])
			e = library_forget_outlet(l, list->list[i].id, d);
	return e;
}

static enum err
forget(struct library *l, const struct forget *f,
	const struct library_outlets *list, struct diag *d)
{
	struct diag more;
	enum err done, e = library_forget_start(l, d);

	if (e != ERR_OK)
		return e;
	e = outlets_forget(l, f, list, d);
	if (e == ERR_OK && (f->networks || f->all))
		e = reach_forget(l, d);
	if (e == ERR_OK && f->read)
		e = library_forget_read(l, d);
	done = library_forget_end(l, &more);
	if (e == ERR_OK && done != ERR_OK) {
		diag_set(d, done,
			"deleted, but the library could not be written anew, "
			"so that more traces may be left: %s",
			more.why);
		e = done;
	}
	return e;
}

/* An empty library says that there was one. */
static enum err
file_forget(struct diag *d)
{
	struct buf path;
	enum err e;

	buf_init(&path, 4096);
	e = library_path(&path, d);
	if (e == ERR_OK && unlink(buf_cstr(&path)) != 0 && errno != ENOENT)
		e = diag_set(
			d, ERR_IO, "%s: %s", buf_cstr(&path), strerror(errno));
	buf_free(&path);
	return e;
}

static enum err
result_say(const struct context *cx, const struct forget *f,
	const struct library_outlets *list, struct diag *d)
{
	char shown[200];

	if (cx->json)
		return erika_json(
			json_pack("{s:s, s:o, s:b, s:b, s:b}", "schema",
				"erika-forget-1", "outlet",
				f->outlet == NULL
					? json_null()
					: erika_json_text(f->outlet->name),
				"all", f->all, "networks",
				f->networks || f->all, "read",
				f->read || f->all),
			d);
	if (f->all)
		talk(cx,
			"forgotten: everything (%zu outlet%s); the library's "
			"file is gone",
			list->n, list->n == 1 ? "" : "s");
	if (f->outlet != NULL)
		talk(cx, "forgotten: %s, with all that came from it",
			text_show(shown, sizeof(shown),
				span_str(f->outlet->name)));
	if (f->networks && !f->all)
		talk(cx, "forgotten: which ways to mirrors worked in which "
			 "network");
	if (f->read && !f->all)
		talk(cx, "forgotten: what you read; all is unread again");
	talk(cx, "The file holds nothing of it any more. Flash memory and "
		 "backups may still: see erika(1), forget.");
	return ERR_OK;
}

enum err
erika_forget(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct forget f = {.yes = false};
	const struct opt opts[] = {
		{"networks", 0, OPT_FLAG, &f.networks, NULL,
			"which mirrors worked in which network"},
		{"read", 0, OPT_FLAG, &f.read, NULL, "what you read"},
		{"all", 0, OPT_FLAG, &f.all, NULL,
			"everything, and the library's file"},
		{"yes", 'y', OPT_FLAG, &f.yes, NULL, "do not ask"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	struct library_outlets list = {.n = 0};
	struct library *l = NULL;
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e != ERR_OK)
		return e;
	if (f.all && first < argc)
		return diag_set(
			d, ERR_USAGE, "either one outlet or --all, not both");
	if (!f.all && !f.networks && !f.read && first == argc)
		return diag_set(d, ERR_USAGE,
			"what to forget: an outlet, --networks, --read or "
			"--all");
	e = erika_library(&l, &list, true, d);
	if (e == ERR_OK && first < argc)
		e = erika_outlet_find(&list, argv[first], &f.outlet, d);
	if (e == ERR_OK)
		e = decide(cx, &f, &list, d);
	if (e == ERR_OK)
		e = forget(l, &f, &list, d);
	library_close(l);
	if (e == ERR_OK && f.all)
		e = file_forget(d);
	if (e == ERR_OK)
		e = result_say(cx, &f, &list, d);
	library_outlets_clear(&list);
	return e;
}
