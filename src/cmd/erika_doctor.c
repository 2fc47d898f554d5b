/* erika doctor: what works here, mirror by mirror and way by way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "erika_doctor.h"

/* Seconds for one outlet, unless told otherwise: most silence is over in
 * fifteen. */
#define SECONDS 90

struct run {
	struct context *cx;
	struct config config;
	struct library *l;
	struct fetch *f;
	double seconds;
	bool yes;
	json_t *export; /* NULL: none is asked for */
	size_t outlets, works;
};

static const char warning[] =
	"This contacts every mirror by every way there is. Whoever watches "
	"this network\nsees which they are, and that somebody here looks for "
	"them.";

/* ---- one outlet */

static void
progress(void *arg, size_t done, size_t of)
{
	(void)arg;
	fprintf(stderr, "\r%zu of %zu ways tried\033[K", done, of);
	fflush(stderr);
}

static enum err
report(struct run *r, const struct doctor *x, struct diag *d)
{
	json_t *j;

	if (r->export != NULL) {
		j = doctor_json(x, true);
		if (j == NULL || json_array_append_new(r->export, j) != 0)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	r->outlets++;
	r->works += doctor_works(x) > 0;
	if (r->cx->json)
		return erika_json(doctor_json(x, false), d);
	doctor_print(r->cx, x);
	return ERR_OK;
}

static enum err
outlet_probe(struct run *r, const struct library_outlet *o,
	const struct config_outlet *own, struct reach *reach, struct diag *d)
{
	bool tty = !r->cx->quiet && !r->cx->json && isatty(STDERR_FILENO) == 1;
	struct probe_options opt = {
		.seconds = r->seconds, .progress = tty ? progress : NULL};
	struct probe_result *results =
		calloc(reach_routes(reach) + 1, sizeof(*results));
	struct probe_file file;
	struct doctor x = {.config = &r->config,
		.own = own,
		.outlet = o,
		.reach = reach,
		.file = &file,
		.results = results,
		.now = clock_now()};
	enum err e = probe_file(r->l, o->id, &file, d);

	if (results == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		e = probe_routes(r->f, reach, &file, &opt, results, d);
	if (tty)
		fprintf(stderr, "\r\033[K");
	if (e == ERR_OK)
		e = reach_save(reach, clock_now(), d);
	if (e == ERR_OK)
		e = report(r, &x, d);
	probe_file_clear(&file);
	free(results);
	return e;
}

static enum err
outlet_doctor(struct run *r, const struct library_outlet *o, struct diag *d)
{
	struct config_outlet own;
	struct reach *reach = NULL;
	enum err e = config_outlet(&r->config, r->l, o->id, &own, d);

	if (e == ERR_OK && own.said.code == ERR_MISSING && r->outlets == 0)
		talk(r->cx, "%s", own.said.why);
	own.reach.random = 1; /* all are tried anyway */
	if (e == ERR_OK)
		e = reach_new(r->l, o->id, &own.reach, clock_now(), &reach, d);
	if (e == ERR_OK)
		e = outlet_probe(r, o, &own, reach, d);
	reach_free(reach);
	config_outlet_clear(&own);
	return e;
}

/* ---- all */

static enum err
agree(struct context *cx, bool yes, struct diag *d)
{
	if (yes)
		return ERR_OK;
	talk(cx, "%s", warning);
	/* A script was told by the manual. */
	if (isatty(STDIN_FILENO) != 1 || cx->no_input ||
		talk_confirm(cx, "Go on?"))
		return ERR_OK;
	return diag_set(d, ERR_CANCELLED, "nobody was contacted");
}

static enum err
export_write(struct run *r, const char *path, struct diag *d)
{
	json_t *all = json_pack("{s:s, s:O}", "schema", "erika-doctor-export-1",
		"outlets", r->export);
	char *text = json_dumps(all, JSON_INDENT(1) | JSON_SORT_KEYS),
	     shown[200];
	enum err e;

	json_decref(all);
	if (text == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = file_write(path, span_str(text), 0600, d);
	free(text);
	if (e == ERR_OK)
		talk(r->cx, "%s: for others; read it before you give it away",
			text_show(shown, sizeof(shown), span_str(path)));
	return e;
}

static enum err
nothing_works(const struct run *r, struct diag *d)
{
	if (r->config.proxy != NULL)
		return diag_set(d, ERR_NETWORK,
			"nothing works by the proxy %s; is it running?",
			r->config.proxy);
	if (r->outlets > 1)
		return diag_set(d, ERR_NETWORK,
			"of %zu outlets, %zu can be reached here", r->outlets,
			r->works);
	return diag_set(d, ERR_NETWORK,
		"no way to any mirror works here; erika add --mirror adds one, "
		"and a friend's share file needs none");
}

static enum err
run(struct run *r, const char *which, const char *path, struct diag *d)
{
	const struct library_outlet *one = NULL;
	struct library_outlets list = {.n = 0};
	enum err e = config_fetch(&r->config, &r->f, d);
	size_t i;

	if (e == ERR_OK)
		e = erika_library(&r->l, &list, false, d);
	if (e == ERR_OK && which != NULL)
		e = erika_outlet_find(&list, which, &one, d);
	if (e == ERR_OK && path != NULL)
		e = talk_overwrite(r->cx, path, &r->yes, d);
	if (e == ERR_OK)
		e = agree(r->cx, r->yes, d);
	for (i = 0; e == ERR_OK && i < list.n; i++)
		if (one == NULL || one == &list.list[i])
			e = outlet_doctor(r, &list.list[i], d);
	if (e == ERR_OK && path != NULL)
		e = export_write(r, path, d);
	if (e == ERR_OK && r->works < r->outlets)
		e = nothing_works(r, d);
	library_outlets_clear(&list);
	library_close(r->l);
	fetch_free(r->f);
	return e;
}

enum err
erika_doctor(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct config_options options = {.http = false};
	struct run r = {.cx = cx};
	const char *path = NULL;
	unsigned seconds = SECONDS;
	const struct opt opts[] = {
		{"export", 0, OPT_STRING, &path, "FILE",
			"also write it for others, without local addresses"},
		CONFIG_OPTS(options),
		{"seconds", 0, OPT_UINT, &seconds, "N",
			"be done after so many; 90"},
		{"yes", 'y', OPT_FLAG, &r.yes, NULL, "do not warn and ask"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e == ERR_OK && (seconds == 0 || seconds > LIMIT_FETCH_SECONDS))
		e = diag_set(d, ERR_USAGE, "--seconds: 1 to %d",
			LIMIT_FETCH_SECONDS);
	if (e == ERR_OK)
		e = config_load(&options, &r.config, d);
	if (e != ERR_OK)
		return e;
	r.seconds = seconds;
	if (path != NULL)
		r.export = json_array();
	e = run(&r, first < argc ? argv[first] : NULL, path, d);
	json_decref(r.export);
	config_clear(&r.config);
	return e;
}
