/* erika sync: get what is new, and say who brought it and who lied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "../read/xhtml.h"
#include "../sys/archive.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "../sys/source.h"
#include "../sys/sync.h"
#include "common_say.h"
#include "erika.h"
#include "erika_config.h"
#include "erika_report.h"

#define FIRST_ROOT "m/1.root.json"

struct run {
	struct context *cx;
	const char *from;
	bool images;
	struct sync_options o;
	struct config config;
	bool said;    /* what is not known about the country */
	json_t *json; /* array of outlets' reports */
	enum err worst;
	struct diag why;
};

/* ---- progress */

/* One line, which what comes next is written over: it must not be longer than
 * the terminal is wide. */
static void
progress(void *arg, const struct sync_progress *p)
{
	char size[TALK_SIZE], rate[TALK_SIZE], shown[60];
	char left[32] = "", speed[32] = "", todo[64] = "";
	unsigned columns = say_columns(stderr);
	int used;

	(void)arg;
	talk_size(size, p->bytes);
	if (p->seconds >= 1)
		snprintf(speed, sizeof(speed), "  %s/s",
			talk_size(rate, (unsigned long long)((double)p->bytes /
							     p->seconds)));
	if (p->todo > 0)
		snprintf(todo, sizeof(todo), "  %zu of %zu", p->done, p->todo);
	/* An estimate from less than a second would only flicker. */
	if (p->seconds >= 1 && p->done > 0 && p->done <= p->todo) {
		double rest = p->seconds * (double)(p->todo - p->done) /
			      (double)p->done;

		snprintf(left, sizeof(left), "  ETA %u:%02u",
			(unsigned)rest / 60, (unsigned)rest % 60);
	}
	used = (int)(strlen(size) + strlen(speed) + strlen(todo) +
		       strlen(left)) +
	       3;
	text_show(shown, sizeof(shown), span_str(p->mirror));
	if (columns > 0 && used + (int)strlen(shown) > (int)columns)
		shown[0] = '\0';
	fprintf(stderr, "\r%s%s%s%s  %s\033[K", size, speed, todo, left, shown);
	fflush(stderr);
}

static void
progress_clear(const struct run *r)
{
	if (r->o.progress != NULL)
		fprintf(stderr, "\r\033[K");
}

/* ---- one outlet */

static void
keep_worst(struct run *r, enum err e, const struct diag *d,
	const struct library_outlet *o)
{
	char shown[100];

	if (sync_badness(e) <= sync_badness(r->worst))
		return;
	r->worst = e;
	diag_set(&r->why, e, "%s: %s",
		text_show(shown, sizeof(shown), span_str(o->name)), d->why);
}

/* When nothing came: what the settings may have to do with it. */
static void
settings_say(const struct run *r, const struct sync_report *news)
{
	size_t i, asked = 0;

	for (i = 0; i < news->n_mirrors; i++)
		asked += news->mirrors[i].asked;
	if (news->complete || news->n_mirrors == 0)
		return;
	if (asked == 0 && r->from != NULL)
		talk(r->cx, "  it may not be asked from here: an onion service "
			    "wants --proxy tor, and a site that is blocked in "
			    "your country is never contacted");
	else if (asked == 0)
		talk(r->cx, "  no mirror may be asked from here; erika doctor "
			    "says why");
	else if (r->config.proxy != NULL)
		talk(r->cx,
			"  all went by the proxy %s, and nothing beside "
			"it: is it running?",
			r->config.proxy);
	else if (r->from == NULL)
		talk(r->cx, "  erika doctor tries what works here; a friend's "
			    "share file needs no network");
}

/* With what is known of its country; the signed list that the sync itself
 * brings counts from the next one on. */
static enum err
outlet_sync(struct run *r, struct library *l, const struct library_outlet *o,
	struct diag *d)
{
	struct sync_report news = {.err = ERR_OK}, pictures = {.err = ERR_OK};
	struct config_outlet own;
	enum err e = config_outlet(&r->config, l, o->id, &own, d);

	if (e == ERR_OK && own.said.code == ERR_MISSING && !r->said) {
		talk(r->cx, "%s", own.said.why);
		r->said = true;
	}
	r->o.country = r->config.country[0] == '\0' ? NULL : &own.here;
	r->o.reach = &own.reach;
	if (e == ERR_OK)
		e = sync_outlet(l, o, &r->o, &news, d);
	if (e == ERR_OK && r->images && news.complete)
		e = sync_images(l, o, 0, &r->o, &pictures, d);
	progress_clear(r);
	if (e == ERR_OK) {
		/* Without a mirror, what it ends with says all. */
		if (news.complete || news.n_mirrors > 0)
			report_print(r->cx, o, &news, &pictures);
		settings_say(r, &news);
		if (r->cx->json && json_array_append_new(r->json,
					   report_json(o, &news, &pictures)))
			e = diag_set(d, ERR_NOMEM, "out of memory");
		keep_worst(r, news.err, &news.diag, o);
		keep_worst(r, pictures.err, &pictures.diag, o);
	}
	sync_report_clear(&news);
	sync_report_clear(&pictures);
	config_outlet_clear(&own);
	return e;
}

/* ---- which outlets */

static enum err
root_take(void *arg, struct span file, struct diag *d)
{
	struct buf *root = arg;

	buf_clear(root);
	return buf_span(root, file) == ERR_OK
		       ? ERR_OK
		       : diag_set(d, ERR_NOMEM, "out of memory");
}

/* The first root at `from`: a URL only as the user allows it. */
static enum err
root_of_source(struct run *r, struct buf *root, struct diag *d)
{
	struct route_mirror m = {.named = true};
	struct source *s = source_new(r->o.fetch);
	struct config_outlet own = {.said = {.code = ERR_OK}};
	enum err e = s == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			       : source_add_any(s, r->from, d);

	if (e == ERR_OK && strstr(r->from, "://") == NULL)
		e = source_file(s, 0, FIRST_ROOT, LIMIT_ROOT, root, d);
	else if (e == ERR_OK) {
		m.m.url = m.m.name = (char *)(uintptr_t)r->from;
		e = config_outlet(&r->config, NULL, 0, &own, d);
		if (e == ERR_OK)
			e = reach_file(r->o.fetch, &m, 1, &own.reach,
				FIRST_ROOT, LIMIT_ROOT, root_take, root, d);
	}
	source_free(s);
	config_outlet_clear(&own);
	return e;
}

/* Whose a mirror, folder or share file is, by its first root. */
static enum err
outlet_by_source(struct run *r, const struct library_outlets *list,
	const struct library_outlet **out, struct diag *d)
{
	char below[320] = "";
	struct buf root;
	enum err e;

	*out = NULL;
	buf_init(&root, LIMIT_ROOT);
	e = root_of_source(r, &root, d);
	if (e == ERR_MISSING && file_is_dir(r->from))
		erika_below(below, sizeof(below), r->from);
	if (e == ERR_OK)
		e = erika_outlet_of(list, buf_view(&root), out, d);
	else if (below[0] != '\0')
		e = diag_set(d, ERR_MISSING,
			"there is no " FIRST_ROOT " in that folder%s", below);
	else if (e == ERR_MISSING && list->n == 1)
		*out = &list->list[0], e = ERR_OK;
	else if (e == ERR_MISSING)
		e = diag_set(d, ERR_USAGE,
			"it does not say whose it is; name the outlet");
	if (e == ERR_OK && *out == NULL)
		e = diag_set(d, ERR_KEY,
			"this is from an outlet that you do not trust; "
			"erika add would ask you");
	buf_free(&root);
	return e;
}

static enum err
outlets_sync(struct run *r, struct library *l,
	const struct library_outlets *list, const char *which, struct diag *d)
{
	const struct library_outlet *one = NULL;
	enum err e = ERR_OK;
	size_t i;

	if (which != NULL)
		e = erika_outlet_find(list, which, &one, d);
	else if (r->from != NULL)
		e = outlet_by_source(r, list, &one, d);
	if (e == ERR_OK && one != NULL)
		return outlet_sync(r, l, one, d);
	for (i = 0; e == ERR_OK && i < list->n; i++)
		e = outlet_sync(r, l, &list->list[i], d);
	return e;
}

static enum err
run(struct run *r, const char *which, struct diag *d)
{
	struct library_outlets list = {.n = 0};
	struct library *l = NULL;
	struct fetch *f = NULL;
	bool share = r->from != NULL && strstr(r->from, "://") == NULL &&
		     !file_is_dir(r->from);
	enum err e = ERR_OK;

	/* A share file needs no network, so there is none. */
	if (!share)
		e = config_fetch(&r->config, &f, d);
	if (e == ERR_OK && r->cx->verbose && fetch_sandbox()[0] != '\0')
		talk_warn(r->cx, "what fetches is not quite shut in: %s",
			fetch_sandbox());
	r->o.fetch = f;
	if (e == ERR_OK)
		e = erika_library(&l, &list, false, d);
	if (e == ERR_OK)
		e = outlets_sync(r, l, &list, which, d);
	library_outlets_clear(&list);
	library_close(l);
	fetch_free(f);
	return e;
}

enum err
erika_sync(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct run r = {.cx = cx};
	struct config_options options = {.http = false};
	const char *since = NULL;
	const struct opt opts[] = {
		{"from", 'f', OPT_STRING, &r.from, "PATH",
			"only from this folder, share file or URL"},
		CONFIG_OPTS(options),
		{"since", 0, OPT_STRING, &since, "DATE",
			"sealed weeks, too, from this day's on"},
		{"images", 'i', OPT_FLAG, &r.images, NULL,
			"get the pictures too"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	int64_t from = 0;
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e == ERR_OK && since != NULL)
		e = erika_day("since", since, &from, d);
	if (e == ERR_OK)
		e = config_load(&options, &r.config, d);
	if (e != ERR_OK)
		return e;
	r.o = (struct sync_options){.now = clock_now(),
		.from = r.from,
		.check = xhtml_check,
		.since = from};
	if (!cx->quiet && !cx->json && isatty(STDERR_FILENO) == 1)
		r.o.progress = progress;
	r.json = json_array();
	e = run(&r, first < argc ? argv[first] : NULL, d);
	if (e == ERR_OK && cx->json)
		e = erika_json(json_pack("{s:s, s:O}", "schema", "erika-sync-1",
				       "outlets", r.json),
			d);
	json_decref(r.json);
	config_clear(&r.config);
	if (e == ERR_OK && r.worst != ERR_OK) {
		*d = r.why;
		e = r.worst;
	}
	return e;
}
