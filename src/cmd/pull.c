/* erika-mirror-pull: the command `pull` of erika-mirror, see pull.h. */
#include "../sys/pull.h"

#include <jansson.h>
#include <signal.h>
#include <time.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "mirror_blocks.h"
#include "mirror_config.h"
#include "mirror_held.h"
#include "pull.h"

/* What became of all publishers. */
struct outcome {
	unsigned done, failed;
	enum err e; /* the first failure */
};

static void
sources_tell(const struct context *cx, const struct admit_publisher *p,
	const struct pull_report *r)
{
	char show[160];
	size_t i;

	for (i = 0; i < r->n_sources; i++)
		if (r->source[i].code != ERR_OK)
			talk_warn(cx, "%s: %s: %s: %s", p->name,
				text_show(show, sizeof(show),
					span_str(p->sources[i])),
				err_str(r->source[i].code), r->source[i].why);
}

static void
one_tell(const struct context *cx, const struct admit_publisher *p,
	const struct pull_report *r, enum err e, const struct diag *d)
{
	char size[TALK_SIZE];

	sources_tell(cx, p, r);
	if (e != ERR_OK)
		talk_warn(cx, "%s: %s: %s", p->name, err_str(e), d->why);
	else if (r->after == r->before)
		talk(cx, "%-12s version %llu, nothing newer", p->name,
			(unsigned long long)r->after);
	else
		talk(cx, "%-12s version %llu, %llu file%s, %s", p->name,
			(unsigned long long)r->after,
			(unsigned long long)r->files, r->files == 1 ? "" : "s",
			talk_size(size, r->bytes));
}

static enum err
one_json(const struct admit_publisher *p, const struct pull_report *r,
	enum err e, struct diag *d)
{
	json_t *j = json_pack("{s:s, s:I, s:I, s:I, s:I, s:s?}", "publisher",
		p->name, "before", (json_int_t)r->before, "version",
		(json_int_t)r->after, "files", (json_int_t)r->files, "bytes",
		(json_int_t)r->bytes, "error", e == ERR_OK ? NULL : err_str(e));
	int k;

	if (j == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	k = json_dumpf(j, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(j);
	putchar('\n');
	(void)fflush(stdout);
	return k == 0 ? ERR_OK : diag_set(d, ERR_IO, "standard output");
}

/* One pull of all that have sources; one that fails stops no other. */
static enum err
all_pull(const struct context *cx, const struct admit_config *c,
	struct fetch *f, struct outcome *o, struct diag *d)
{
	struct admit *a = NULL;
	struct diag why;
	size_t i;
	enum err e = admit_new(c, ADMIT_PULL, &a, d);

	*o = (struct outcome){.e = ERR_OK};
	for (i = 0; e == ERR_OK && i < c->n_publishers; i++) {
		const struct admit_publisher *p = &c->publishers[i];
		struct pull_report r;
		enum err one;

		if (p->n_sources == 0)
			continue;
		why = (struct diag){.code = ERR_OK};
		one = pull_run(a, c, i, f, &r, &why);
		one_tell(cx, p, &r, one, &why);
		if (cx->json)
			e = one_json(p, &r, one, d);
		o->done += one == ERR_OK;
		o->failed += one != ERR_OK;
		if (one != ERR_OK && o->e == ERR_OK)
			o->e = one;
		if (one == ERR_NOMEM)
			e = diag_set(d, one, "out of memory");
	}
	admit_tick(a);
	admit_free(a);
	return e;
}

/* When one was pulled and another not, it is partly done. */
static enum err
outcome_err(const struct outcome *o, struct diag *d)
{
	if (o->failed == 0 && o->done == 0)
		return diag_set(d, ERR_CONFIG,
			"no publisher has a source: name mirrors or a folder "
			"with \"pull\"");
	if (o->failed == 0)
		return ERR_OK;
	return diag_set(d, o->done > 0 ? ERR_PARTIAL : o->e,
		"%u of %u publishers could not be pulled", o->failed,
		o->failed + o->done);
}

/* What status shows; that it cannot be written is no failure of a pull. */
static void
note(const struct context *cx, const struct mirror_config *c,
	const struct outcome *o)
{
	struct diag d;

	if (o->failed == 0 && o->done > 0 &&
		mirror_state_pulled(c, clock_now(), &d) != ERR_OK)
		talk_warn(cx, "the time is not noted: %s", d.why);
}

/* Until a signal ends the program: nothing is lost by that at any moment. */
static _Noreturn void
forever(const struct context *cx, const struct mirror_config *mc,
	const struct admit_config *c, struct fetch *f, unsigned minutes)
{
	for (;;) {
		struct timespec left = {.tv_sec = (time_t)minutes * 60};
		struct outcome o;
		struct diag d;

		if (all_pull(cx, c, f, &o, &d) != ERR_OK)
			talk_warn(cx, "%s", d.why);
		else
			note(cx, mc, &o);
		while (nanosleep(&left, &left) != 0)
			;
	}
}

static enum err
pull(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirror_options o = {NULL, NULL, NULL, NULL};
	unsigned every = 0;
	const struct opt opts[] = {{"config", 'c', OPT_STRING, &o.file, "FILE",
					   "configuration (" MIRROR_FILE ")"},
		{"root", 0, OPT_STRING, &o.root, "DIR", "folder to pull into"},
		{"every", 0, OPT_UINT, &every, "MINUTES",
			"go on, and pull again so often"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct mirror_config c;
	struct mirror_blocks blocks = {.n = 0};
	struct admit_config ac;
	struct fetch *f = NULL;
	struct outcome out;
	int first;
	enum err e;

	e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);
	if (e == ERR_OK && every > 7 * 24 * 60)
		e = diag_set(d, ERR_USAGE, "--every: at most 10080, a week");
	if (e == ERR_OK)
		e = mirror_config_load(&o, &c, d);
	if (e != ERR_OK)
		return e;
	mirror_config_admit(&c, &ac);
	ac.blocked = mirror_blocks_sha256;
	ac.blocked_arg = &blocks;
	e = mirror_blocks_load(&blocks, &c, d);
	if (e == ERR_OK)
		e = fetch_new(NULL, &f, d);
	if (e == ERR_OK && every > 0)
		forever(cx, &c, &ac, f, every);
	if (e == ERR_OK)
		e = all_pull(cx, &ac, f, &out, d);
	if (e == ERR_OK)
		note(cx, &c, &out);
	if (e == ERR_OK)
		e = outcome_err(&out, d);
	fetch_free(f);
	mirror_blocks_free(&blocks);
	mirror_config_free(&c);
	return e;
}

static const struct command table[] = {
	{"pull", "[-c FILE] [--root DIR] [--every MINUTES]",
		"fetch what is new from other mirrors", pull},
	{NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	return command_main("erika-mirror",
		"This is the command pull of erika-mirror.", table, argc, argv);
}
