/* erika list: headlines, newest first. */
#include <stdio.h>
#include <string.h>

#include "../core/date.h"
#include "../core/text.h"
#include "../read/terminal.h"
#include "../sys/clock.h"
#include "erika.h"

#define LIMIT_ON_TERMINAL 20

/* Below so many columns, as on a phone, the title gets the room. */
#define COLUMNS_NARROW 64

static enum err
article_json(const struct library_article *a, struct diag *d)
{
	return erika_json(
		json_pack("{s:s, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s,"
			  " s:o, s:o, s:s, s:s, s:b}",
			"schema", "erika-headline-1", "number",
			(json_int_t)a->n, "outlet", a->outlet_name, "desk",
			a->desk, "id", a->id, "revision",
			(json_int_t)a->revision, "status",
			article_status_str(a->status), "title", a->title,
			"language", a->language, "authors", a->authors,
			"published", erika_json_date(a->published), "updated",
			erika_json_date(a->updated), "note", a->note, "url",
			a->url, "unread", !a->read),
		d);
}

/* '-' retracted, '+' corrected, '*' unread, in this order of weight. */
static char
mark(const struct library_article *a)
{
	if (a->status == ARTICLE_RETRACTED)
		return '-';
	if (a->status == ARTICLE_CORRECTED)
		return '+';
	return a->read ? ' ' : '*';
}

/* "19 Nov" of the year that it is, "2025" of another. */
static const char *
day_short(char out[static 8], const char *iso, int64_t now)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	unsigned month =
		(unsigned)(iso[5] - '0') * 10 + (unsigned)(iso[6] - '0');
	char today[DATE_SIZE];

	date_format(today, now);
	if (strncmp(iso, today, 4) == 0 && month >= 1 && month <= 12)
		snprintf(out, 8, "%c%c %.3s", iso[8] == '0' ? ' ' : iso[8],
			iso[9], names + (size_t)3 * (month - 1));
	else
		snprintf(out, 8, "%.4s", iso);
	return out;
}

static enum err
article_print(const struct context *cx, const struct library_article *a,
	unsigned columns, int64_t now, struct diag *d)
{
	static const char gone[] = "[retracted] ";
	char iso[DATE_SIZE], left[80], day[8];
	unsigned width;
	struct buf line;
	enum err e;
	int n;

	date_format(iso, a->updated);
	/* A phone does without the language's region. */
	if (columns > 0 && columns < COLUMNS_NARROW)
		n = snprintf(left, sizeof(left), "%3lld %c %-6s %-2.*s ",
			(long long)a->n, mark(a), day_short(day, iso, now),
			(int)strcspn(a->language, "-"), a->language);
	else
		n = snprintf(left, sizeof(left), "%4lld %c %.10s %-7.8s ",
			(long long)a->n, mark(a), iso, a->language);
	buf_init(&line, 8192);
	e = buf_str(&line, left);
	width = columns > (unsigned)n + 16 ? columns - (unsigned)n : 16;
	if (columns == 0)
		width = 10000;
	if (e == ERR_OK && a->status == ARTICLE_RETRACTED) {
		e = buf_str(&line, gone);
		width = width > sizeof(gone) + 8
				? width - (unsigned)sizeof(gone) + 1
				: 8;
	}
	if (e == ERR_OK)
		e = terminal_line(span_str(a->title), width, &line);
	if (e != ERR_OK)
		diag_set(d, e, "a headline is too long");
	else if (cx->color && !a->read)
		printf("\033[1m%s\033[0m\n", buf_cstr(&line));
	else
		puts(buf_cstr(&line));
	buf_free(&line);
	return e;
}

static enum err
articles_print(const struct context *cx, struct library *l,
	const struct library_filter *f, struct diag *d)
{
	unsigned columns = erika_columns();
	struct library_articles list;
	enum err e = library_articles(l, f, &list, d);
	bool marked = false;
	size_t i;

	if (e != ERR_OK)
		return e;
	for (i = 0; e == ERR_OK && i < list.n; i++)
		e = cx->json ? article_json(&list.list[i], d)
			     : article_print(cx, &list.list[i], columns,
				       clock_now(), d);
	for (i = 0; i < list.n; i++)
		marked |= mark(&list.list[i]) != ' ';
	/* The hint comes after what it is about, also into one file. */
	fflush(stdout);
	if (list.n == 0)
		talk(cx, "Nothing here%s. erika sync fetches what is new.",
			f->language != NULL ? " in that language" : "");
	else if (f->limit > 0 && list.n == f->limit)
		talk(cx,
			"The newest %zu; --all shows all. erika read NUMBER "
			"shows one.",
			list.n);
	if (marked && columns > 0 && !cx->json)
		talk(cx, "* unread  + corrected  - retracted");
	library_articles_clear(&list);
	return e;
}

enum err
erika_list(struct context *cx, int argc, char **argv, struct diag *d)
{
	const char *language = NULL, *outlet = NULL;
	unsigned limit = 0;
	bool all = false;
	const struct opt opts[] = {
		{"limit", 'n', OPT_UINT, &limit, "N", "show the newest N"},
		{"all", 'a', OPT_FLAG, &all, NULL, "show all"},
		{"language", 'l', OPT_STRING, &language, "LL",
			"only this language: ru, fa, zh-Hant"},
		{"outlet", 0, OPT_STRING, &outlet, "NAME", "only this outlet"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	struct library_filter f = {.n = 0};
	struct library_outlets list = {.n = 0};
	const struct library_outlet *o;
	struct library *l = NULL;
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);

	if (e != ERR_OK)
		return e;
	e = erika_library(&l, &list, false, d);
	if (e == ERR_OK && outlet != NULL) {
		e = erika_outlet_find(&list, outlet, &o, d);
		f.outlet = e == ERR_OK ? o->id : 0;
	}
	f.language = language;
	f.limit = limit;
	if (limit == 0 && !all && !cx->json && erika_columns() > 0)
		f.limit = LIMIT_ON_TERMINAL;
	if (all)
		f.limit = 0;
	if (e == ERR_OK)
		e = articles_print(cx, l, &f, d);
	library_outlets_clear(&list);
	library_close(l);
	return e;
}
