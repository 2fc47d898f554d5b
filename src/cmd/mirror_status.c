/* erika-mirror status: what an operator wants to know at a glance. Read from
 * the mirror's own files, whether or not a server runs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/date.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "mirror_blocks.h"
#include "mirror_held.h"

struct status {
	struct mirror_config c;
	struct mirror_state state;
	struct mirror_blocks blocks;
	struct mirror_held *held;
	bool running, space;
	uint64_t left, all; /* bytes of the disk */
	int64_t now;
};

/* "3 minutes ago", "in 5 days", "never". */
#define AGE_SIZE 32
static const char *
age(char out[static AGE_SIZE], int64_t now, int64_t then)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	int64_t n = then > now ? then - now : now - then;
	size_t i = 0;

	if (then == 0) {
		snprintf(out, AGE_SIZE, "never");
		return out;
	}
	while (i < 3 && n < 2 * units[i].seconds)
		i++;
	n /= units[i].seconds;
	if (i == 3)
		snprintf(out, AGE_SIZE, "now");
	else
		snprintf(out, AGE_SIZE, "%s%lld %ss%s", then > now ? "in " : "",
			(long long)n, units[i].name, then > now ? "" : " ago");
	return out;
}

static uint64_t
sent_this_month(const struct status *s)
{
	char date[DATE_SIZE], month[8];

	date_format(date, s->now);
	snprintf(month, sizeof(month), "%04u-%02u", s->state.month.year % 10000,
		s->state.month.month % 100);
	return strncmp(date, month, 7) == 0 ? s->state.month.sent : 0;
}

/* ---- for people */

static void
print_head(const struct status *s, const struct mirror_held *h)
{
	char came[AGE_SIZE], made[AGE_SIZE], end[AGE_SIZE];

	if (h->err == ERR_MISSING && h->head.timestamp == 0) {
		printf("  nothing has come yet\n");
		return;
	}
	if (h->err != ERR_OK)
		printf("  NOT IN ORDER: %s\n", h->why);
	if (h->head.timestamp == 0)
		return;
	printf("  version %llu", (unsigned long long)h->head.timestamp);
	if (h->head.as_of != 0)
		printf(", signed %s", age(made, s->now, h->head.as_of));
	printf(", came %s\n", age(came, s->now, h->came));
	if (h->head.expires <= s->now)
		printf("  STALE: %s expired %s; has the newsroom stopped "
		       "publishing, or pushing here?\n",
			h->head.stale_role, age(end, s->now, h->head.expires));
	else
		printf("  fresh: the first of its roles expires %s\n",
			age(end, s->now, h->head.expires));
}

static void
print_publisher(const struct status *s, size_t i)
{
	const struct mirror_held *h = &s->held[i];
	const struct admit_publisher *p = &s->c.admit[i];
	char size[TALK_SIZE], most[TALK_SIZE];

	printf("%s\n", p->name);
	print_head(s, h);
	printf("  %llu bundle%s, %llu file%s, %s",
		(unsigned long long)h->bundles, h->bundles == 1 ? "" : "s",
		(unsigned long long)h->files, h->files == 1 ? "" : "s",
		talk_size(size, h->bytes));
	if (p->store > 0)
		printf(" of %s", talk_size(most, p->store));
	printf("\n");
}

static void
print_text(const struct status *s)
{
	char a[TALK_SIZE], b[TALK_SIZE], when[AGE_SIZE];
	size_t i;

	printf("server   %s\n", s->running ? "running" : "not running");
	for (i = 0; i < s->c.n_publishers; i++)
		print_publisher(s, i);
	if (s->c.n_publishers == 0)
		printf("no publisher is configured: whatever is in the folder "
		       "is served, and nothing is taken\n");
	if (s->space)
		printf("disk     %s free of %s\n", talk_size(a, s->left),
			talk_size(b, s->all));
	printf("traffic  %s sent this month", talk_size(a, sent_this_month(s)));
	if (s->c.serve.month > 0)
		printf(" of %s%s", talk_size(b, s->c.serve.month),
			sent_this_month(s) >= s->c.serve.month
				? ": USED UP, bundles are not handed out"
				: "");
	printf("\n");
	printf("pushed   %s\n", age(when, s->now, s->state.pushed));
	printf("pulled   %s\n", age(when, s->now, s->state.pulled));
	if (s->blocks.n > 0)
		printf("blocked  %zu; erika-mirror block --list shows them\n",
			s->blocks.n);
}

/* ---- for programs */

static json_t *
date_json(int64_t t)
{
	char date[DATE_SIZE];

	if (t == 0)
		return json_null();
	date_format(date, t);
	return json_string(date);
}

static json_t *
publisher_json(const struct status *s, size_t i)
{
	const struct mirror_held *h = &s->held[i];
	const struct admit_publisher *p = &s->c.admit[i];

	return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:b, s:I, s:I, s:I, "
			 "s:I, s:s}",
		"name", p->name, "folder", p->folder, "version",
		(json_int_t)h->head.timestamp, "signed",
		date_json(h->head.as_of), "came", date_json(h->came), "expires",
		date_json(h->head.expires), "stale", h->head.expires <= s->now,
		"bundles", (json_int_t)h->bundles, "files",
		(json_int_t)h->files, "bytes", (json_int_t)h->bytes, "store",
		(json_int_t)p->store, "error", h->why);
}

static enum err
print_json(const struct status *s, struct diag *d)
{
	json_t *all = json_array(), *top;
	size_t i;
	int k;

	for (i = 0; i < s->c.n_publishers; i++)
		json_array_append_new(all, publisher_json(s, i));
	top = json_pack("{s:s, s:b, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:I}",
		"schema", "erika-mirror-status-1", "running", s->running,
		"publishers", all, "disk-free", (json_int_t)s->left, "disk",
		(json_int_t)s->all, "sent", (json_int_t)sent_this_month(s),
		"traffic", (json_int_t)s->c.serve.month, "pushed",
		date_json(s->state.pushed), "pulled",
		date_json(s->state.pulled), "blocked", (json_int_t)s->blocks.n);
	if (top == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	k = json_dumpf(top, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(top);
	putchar('\n');
	return k == 0 ? ERR_OK : diag_set(d, ERR_IO, "standard output");
}

static enum err
gather(struct status *s, struct diag *d)
{
	enum err e = mirror_state_read(&s->c, &s->state, d);
	size_t i;

	if (e == ERR_OK)
		e = mirror_blocks_load(&s->blocks, &s->c, d);
	s->held = calloc(s->c.n_publishers + 1, sizeof(*s->held));
	if (e == ERR_OK && s->held == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e != ERR_OK)
		return e;
	s->now = clock_now();
	for (i = 0; i < s->c.n_publishers; i++) {
		mirror_held_head(&s->c, i, s->now, &s->held[i]);
		mirror_held_count(&s->c, i, &s->held[i]);
	}
	s->running = mirror_state_running(&s->c);
	s->space = mirror_held_space(s->c.root, &s->left, &s->all);
	return ERR_OK;
}

enum err
mirror_status(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirror_options o = {NULL, NULL, NULL, NULL};
	const struct opt opts[] = {{"config", 'c', OPT_STRING, &o.file, "FILE",
					   "configuration (" MIRROR_FILE ")"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct status s = {.held = NULL};
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);

	if (e == ERR_OK)
		e = mirror_config_load(&o, &s.c, d);
	if (e != ERR_OK)
		return e;
	e = gather(&s, d);
	if (e == ERR_OK) {
		if (cx->json)
			e = print_json(&s, d);
		else
			print_text(&s);
	}
	free(s.held);
	mirror_blocks_free(&s.blocks);
	mirror_config_free(&s.c);
	return e;
}
