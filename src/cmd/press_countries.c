/* erika-press countries: what the newsroom knows about networks by country,
 * from what others measured. */
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../ingest/measure.h"
#include "../ingest/wire.h"
#include "../sys/confine.h"
#include "../sys/file.h"
#include "press.h"
#include "press_json.h"
#include "press_lists.h"

/* What makes a site blocked: so many confirmed measurements, since one may be
 * a probe's mistake. What makes it suspected: so many measured, and half of
 * them odd. Of a way (dns, tcp_ip, ...) so many are counted before it is
 * said. */
#define PROOF 3
#define SUSPECT 50
#define WAY 3

#define SOURCE "OONI web_connectivity, aggregated"

struct import {
	const struct context *cx;
	struct room_options room;
	const char *country, *since, *until, *site;
	bool dry;
	struct room *r;
	struct measure counts, list; /* of all files together */
	bool have_counts, have_list;
	struct countries known; /* countries.ini as it is */
	struct country *here;	/* in it, or NULL */
	struct buf text;	/* countries.ini as it becomes */
	size_t fresh, changed, same, open, weak, not_listed;
};

/* ---- reading */

/* A host of one more file is the same site: its counts add up. */
static enum err
site_merge(struct measure *to, const struct measure_site *s, struct diag *d)
{
	struct measure_site *more;
	size_t i, bit;

	for (i = 0; i < to->n; i++) {
		struct measure_site *t = &to->sites[i];

		if (strcmp(t->host, s->host) != 0)
			continue;
		if (s->measured > LIMIT_COUNTED - t->measured)
			return diag_set(d, ERR_LIMIT,
				"more measurements than there can be");
		t->measured += s->measured;
		t->confirmed += s->confirmed;
		t->anomalies += s->anomalies;
		for (bit = 0; bit < BLOCKED_HOW; bit++)
			t->by_how[bit] += s->by_how[bit];
		if (t->from[0] == '\0' ||
			(s->from[0] != '\0' && strcmp(s->from, t->from) < 0))
			memcpy(t->from, s->from, sizeof(t->from));
		if (strcmp(s->until, t->until) > 0)
			memcpy(t->until, s->until, sizeof(t->until));
		if (t->first[0] == '\0' ||
			(s->first[0] != '\0' && strcmp(s->first, t->first) < 0))
			memcpy(t->first, s->first, sizeof(t->first));
		return ERR_OK;
	}
	more = realloc(to->sites, (to->n + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	to->sites = more;
	more[to->n] = *s;
	more[to->n].host = strdup(s->host);
	if (more[to->n].host == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	to->n++;
	return ERR_OK;
}

/* The first file is taken as it is, so that one large table costs nothing. */
static enum err
measure_merge(
	struct measure *to, struct measure *from, bool first, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	if (first) {
		*to = *from;
		*from = (struct measure){.n = 0};
		return ERR_OK;
	}
	/* Two tables of every site there is would take an hour. */
	if (to->n > 0 && from->n > 0 && to->n > 16 * LIMIT_MIB / from->n)
		return diag_set(d, ERR_LIMIT,
			"that many sites are more than can be added up; "
			"import one file at a time");
	for (i = 0; e == ERR_OK && i < from->n; i++)
		e = site_merge(to, &from->sites[i], d);
	return e;
}

static void
rows_tell(const struct context *cx, const char *file, const struct measure *m)
{
	char shown[200];

	text_show(shown, sizeof(shown), span_str(file));
	if (m->kind == MEASURE_LIST)
		talk(cx, "%s: a list of test sites, %zu of news", shown, m->n);
	else
		talk(cx, "%s: measurements, %u row%s, %zu site%s", shown,
			m->rows, m->rows == 1 ? "" : "s", m->n,
			m->n == 1 ? "" : "s");
	if (m->elsewhere > 0)
		talk(cx, "  %u rows are of another country", m->elsewhere);
	if (m->other_test > 0)
		talk(cx, "  %u rows are of another test than web_connectivity",
			m->other_test);
	if (m->kind == MEASURE_COUNTS && m->not_news > 0)
		talk(cx, "  %u rows are not of news", m->not_news);
	if (m->no_host > 0)
		talk(cx, "  %u rows name no site", m->no_host);
}

static enum err
file_import(struct import *im, struct confine *child, const char *file,
	struct diag *d)
{
	struct measure_want want = {.site = im->site};
	struct measure m = {.n = 0};
	struct buf bytes, request, answer;
	char shown[200];
	bool list;
	enum err e;

	memcpy(want.country.s, im->country, 3);
	buf_init(&bytes, LIMIT_SOURCE);
	buf_init(&request, LIMIT_SOURCE + LIMIT_PART);
	buf_init(&answer, WIRE_ANSWER);
	e = file_read(file, LIMIT_SOURCE, &bytes, d);
	if (e == ERR_OK &&
		measure_request(&request, buf_view(&bytes), &want) != ERR_OK)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		e = confine_call(child, buf_view(&request), &answer, d);
	if (e == ERR_OK)
		e = measure_answer(buf_view(&answer), &m, d);
	if (e != ERR_OK && e != ERR_MISSING && e != ERR_IO)
		diag_prefix(d, e, "%s",
			text_show(shown, sizeof(shown), span_str(file)));
	if (e == ERR_OK) {
		rows_tell(im->cx, file, &m);
		list = m.kind == MEASURE_LIST;
		e = measure_merge(list ? &im->list : &im->counts, &m,
			list ? !im->have_list : !im->have_counts, d);
		im->have_list = im->have_list || list;
		im->have_counts = im->have_counts || !list;
	}
	measure_clear(&m);
	buf_free(&bytes);
	buf_free(&request);
	buf_free(&answer);
	return e;
}

static enum err
files_import(struct import *im, int n, char **files, struct diag *d)
{
	static const struct confine_limits limits = {
		.memory = LIMIT_IMPORT_MEMORY,
		.seconds = LIMIT_IMPORT_SECONDS,
		.answer = WIRE_ANSWER,
	};
	struct confine *child = NULL;
	enum err e = confine_new(measure_job, &limits, &child);
	int i, k;

	if (e != ERR_OK)
		return diag_set(d, e, "out of memory");
	confine_prepare(child, ingest_prepare);
	confine_forget(child, room_forget, im->r);
	for (i = 0; e == ERR_OK && i < n; i++) {
		for (k = 0; k < i; k++)
			if (strcmp(files[i], files[k]) == 0)
				break;
		if (k < i)
			e = diag_set(d, ERR_USAGE,
				"%s is named twice, and would count twice",
				files[i]);
		else
			e = file_import(im, child, files[i], d);
	}
	confine_free(child);
	return e;
}

/* ---- deciding */

/* Whether a list names the site, or one above it. */
static bool
is_listed(const struct import *im, const char *host)
{
	size_t i, n = strlen(host);

	for (i = 0; i < im->list.n; i++) {
		const char *l = im->list.sites[i].host;
		size_t k = strlen(l);

		if (k <= n && strcmp(host + n - k, l) == 0 &&
			(k == n || host[n - k - 1] == '.'))
			return true;
	}
	return !im->have_list;
}

static const struct blocked *
entry_of(const struct import *im, const char *host)
{
	size_t i;

	for (i = 0; im->here != NULL && i < im->here->n_blocked; i++)
		if (strcmp(im->here->blocked[i].host, host) == 0)
			return &im->here->blocked[i];
	return NULL;
}

static const char *
earlier(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	/* "2022" is not later than "2022-03-04": it may be that day. */
	return strncmp(a, b, strlen(b)) <= 0 ? a : b;
}

/* What the entry says now. Strings are borrowed from the old entry, the site
 * and `source`. */
static struct blocked
entry_make(const struct import *im, const struct measure_site *s,
	const struct blocked *old, struct buf *source, enum err *e)
{
	struct blocked b = {.host = s->host,
		.measured = s->measured,
		.confirmed = s->confirmed,
		.anomalies = s->anomalies};
	const char *was = old == NULL ? NULL : old->source;
	size_t bit;

	b.name = old == NULL ? NULL : old->name;
	b.since = (char *)(uintptr_t)earlier(old == NULL ? NULL : old->since,
		s->first[0] == '\0' ? NULL : s->first);
	for (bit = 0; bit < BLOCKED_HOW; bit++)
		if (s->by_how[bit] >= WAY)
			b.how |= 1u << bit;
	if (b.how == 0 && old != NULL)
		b.how = old->how;
	/* Days of the table, or those that OONI was asked for. */
	if (s->from[0] != '\0') {
		b.from = (char *)(uintptr_t)s->from;
		b.until = (char *)(uintptr_t)s->until;
	} else if (im->since != NULL) {
		b.from = (char *)(uintptr_t)im->since;
		b.until = (char *)(uintptr_t)im->until;
	}
	/* Another source stays, beside ours. */
	*e = ERR_OK;
	if (was != NULL && strstr(was, SOURCE) != NULL)
		*e = buf_str(source, was);
	else if (was != NULL)
		*e = buf_printf(source, "%s; %s", was, SOURCE);
	else
		*e = buf_str(source, SOURCE);
	b.source = (char *)(uintptr_t)buf_cstr(source);
	return b;
}

/* ---- telling */

static void
site_tell(const struct import *im, const char *what, const struct blocked *b)
{
	if (im->cx->json) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:b,"
				      " s:s?, s:s?, s:s?}",
			"schema", "erika-import-1", "country", im->country,
			"host", b->host, "change", what, "measured",
			(json_int_t)b->measured, "confirmed",
			(json_int_t)b->confirmed, "anomalies",
			(json_int_t)b->anomalies, "proven",
			(int)blocked_proven(b), "since", b->since, "from",
			b->from, "until", b->until);

		press_json_print(o);
		json_decref(o);
		return;
	}
	printf("%-8s %-28s ", what, b->host);
	if (b->confirmed > 0)
		printf("%llu of %llu confirmed, %llu odd",
			(unsigned long long)b->confirmed,
			(unsigned long long)b->measured,
			(unsigned long long)b->anomalies);
	else
		printf("SUSPECTED only: %llu of %llu odd",
			(unsigned long long)b->anomalies,
			(unsigned long long)b->measured);
	if (b->from != NULL)
		printf("  %s to %s", b->from, b->until);
	putchar('\n');
}

/* ---- writing */

/* Put one entry into the text of countries.ini. */
static enum err
entry_put(struct import *im, const struct blocked *b, bool was, struct diag *d)
{
	struct buf section, next, before;
	char header[300];
	bool found;
	enum err e;

	buf_init(&section, LIMIT_CONFIG_LINE);
	buf_init(&before, LIMIT_CONFIG_LINE);
	buf_init(&next, LIMIT_CONFIG);
	snprintf(header, sizeof(header), "[blocked \"%s %s\"]", im->country,
		b->host);
	e = blocked_write(im->country, b, &section);
	if (e == ERR_OK && was)
		e = blocked_write(im->country, entry_of(im, b->host), &before);
	if (e == ERR_OK && was &&
		span_eq(buf_view(&section), buf_view(&before))) {
		im->same++;
	} else if (e == ERR_OK) {
		e = lists_section(buf_view(&im->text), header,
			buf_view(&section), &next, &found);
		if (e == ERR_OK) {
			struct buf old = im->text;

			im->text = next;
			next = old;
			site_tell(im, was ? "changed" : "new", b);
			im->changed += was;
			im->fresh += !was;
		}
	}
	if (e != ERR_OK)
		diag_set(d, e,
			"countries.ini would be larger than %zu bytes; leave "
			"out sites that no reader asks for",
			LIMIT_CONFIG);
	buf_free(&section);
	buf_free(&before);
	buf_free(&next);
	return e;
}

static enum err
site_take(struct import *im, const struct measure_site *s, struct diag *d)
{
	const struct blocked *old = entry_of(im, s->host);
	bool proof = s->confirmed >= PROOF;
	bool odd = s->confirmed == 0 && s->measured >= SUSPECT &&
		   s->anomalies >= s->measured - s->anomalies;
	struct blocked b;
	struct buf source;
	enum err e;

	if (!is_listed(im, s->host)) {
		im->not_listed++;
		return ERR_OK;
	}
	if (!proof && (!odd || (old != NULL && blocked_proven(old)))) {
		im->weak++;
		/* It is for people to find out whether that is over. */
		if (old != NULL && s->measured >= SUSPECT) {
			im->open++;
			talk(im->cx,
				"%s: %llu of %llu measurements confirm it now; "
				"if it is open again, remove its section from "
				"countries.ini",
				s->host, (unsigned long long)s->confirmed,
				(unsigned long long)s->measured);
		}
		return ERR_OK;
	}
	buf_init(&source, LIMIT_CONFIG_LINE);
	b = entry_make(im, s, old, &source, &e);
	if (e == ERR_OK)
		e = entry_put(im, &b, old != NULL, d);
	else
		diag_set(d, e, "out of memory");
	buf_free(&source);
	return e;
}

static void
summary(const struct import *im)
{
	if (!im->have_counts) {
		talk(im->cx, "A list says what is tested, not what is blocked: "
			     "give OONI's measurements, too.");
		return;
	}
	talk(im->cx,
		"%zu new, %zu changed, %zu as before. Left out: %zu with under "
		"%d confirmed measurements and not odd in half of %d or more",
		im->fresh, im->changed, im->same, im->weak, PROOF, SUSPECT);
	if (im->not_listed > 0)
		talk(im->cx, "Also left out: %zu that no list calls news",
			im->not_listed);
	if (im->fresh + im->changed > 0)
		talk(im->cx, im->dry ? "Nothing is written (--dry-run)."
				     : "Signed with the next erika-press "
				       "publish; readers there then never "
				       "contact these sites.");
}

/* The text is checked as a whole before it is written. */
static enum err
text_save(struct import *im, struct diag *d)
{
	struct countries again = {.n = 0};
	struct mirrors all;
	struct buf signed_list;
	enum err e = countries_parse(buf_view(&im->text), LISTS_COUNTRIES,
		COUNTRY_SIGNED, &again, d);

	if (e == ERR_OK)
		e = lists_read(im->r, &all, d);
	if (e == ERR_OK) {
		countries_clear(&all.countries);
		all.countries = again;
		again = (struct countries){.n = 0};
		buf_init(&signed_list, LIMIT_MIRROR_LIST);
		e = mirrors_write(&all, &signed_list, d);
		buf_free(&signed_list);
		mirrors_clear(&all);
	}
	if (e == ERR_OK && !im->dry)
		e = lists_save(im->r, LISTS_COUNTRIES, buf_view(&im->text), d);
	countries_clear(&again);
	return e;
}

static enum err
table_read(struct import *im, struct diag *d)
{
	size_t i;
	enum err e = lists_text(im->r, LISTS_COUNTRIES, &im->text, d);

	if (e == ERR_OK)
		e = countries_parse(buf_view(&im->text), LISTS_COUNTRIES,
			COUNTRY_SIGNED, &im->known, d);
	for (i = 0; e == ERR_OK && i < im->known.n; i++)
		if (strcmp(im->known.list[i].code.s, im->country) == 0)
			im->here = &im->known.list[i];
	if (e == ERR_OK && im->text.n == 0 &&
		buf_str(&im->text,
			"# What readers are told about networks by country, "
			"with the signed mirror\n# list: erika-press(1), "
			"COUNTRIES.INI.\n") != ERR_OK)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	return e;
}

static enum err
import_run(struct import *im, int n, char **files, struct diag *d)
{
	enum err e = room_open(&im->room, &im->r, d);
	size_t i;

	if (e == ERR_OK)
		e = room_lock(im->r, d);
	if (e == ERR_OK)
		e = table_read(im, d);
	if (e == ERR_OK)
		e = files_import(im, n, files, d);
	for (i = 0; e == ERR_OK && i < im->counts.n; i++)
		e = site_take(im, &im->counts.sites[i], d);
	if (e == ERR_OK && im->fresh + im->changed > 0)
		e = text_save(im, d);
	if (e == ERR_OK)
		summary(im);
	measure_clear(&im->counts);
	measure_clear(&im->list);
	countries_clear(&im->known);
	room_close(im->r);
	return e;
}

static enum err
options_check(const struct import *im, struct diag *d)
{
	struct countries none = {.n = 0};
	struct country c;
	enum err e;

	if (im->country == NULL || im->country[0] == '\0')
		return diag_set(d, ERR_USAGE, "--country says of which");
	e = countries_find(&none, im->country, &c, d);
	if (e != ERR_MISSING)
		return e;
	if ((im->since == NULL) != (im->until == NULL))
		return diag_set(d, ERR_USAGE,
			"--since and --until say together of which days a "
			"table is that does not say it itself");
	if (im->since != NULL &&
		(strlen(im->since) != 10 || strlen(im->until) != 10 ||
			strcmp(im->since, im->until) > 0))
		return diag_set(d, ERR_USAGE,
			"--since and --until want days like 2026-06-01");
	return ERR_OK;
}

enum err
press_countries(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct import im = {.cx = cx};
	const struct opt opts[] = {ROOM_OPTIONS(im.room),
		{"country", 'c', OPT_STRING, &im.country, "CC",
			"where it was measured: RU, IR, BY"},
		{"since", 0, OPT_STRING, &im.since, "DAY",
			"first day of a table that does not say it"},
		{"until", 0, OPT_STRING, &im.until, "DAY", "its last day"},
		{"site", 0, OPT_STRING, &im.site, "HOST",
			"the site of a table that does not say it"},
		{"dry-run", 'n', OPT_FLAG, &im.dry, NULL,
			"say what would change, write nothing"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 2, 64, &first, d);
	if (e == ERR_OK && strcmp(argv[first], "import") != 0)
		e = diag_set(d, ERR_USAGE, "it is import with files");
	if (e == ERR_OK)
		e = options_check(&im, d);
	if (e != ERR_OK)
		return e;
	buf_init(&im.text, LIMIT_CONFIG);
	e = import_run(&im, argc - first - 1, argv + first + 1, d);
	buf_free(&im.text);
	return e;
}
