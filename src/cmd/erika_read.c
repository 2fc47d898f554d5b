/* erika read: one article, with who signed it and how fresh that is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../read/terminal.h"
#include "../read/xhtml.h"
#include "../sys/clock.h"
#include "../sys/sync.h"
#include "common_say.h"
#include "erika.h"
#include "erika_config.h"

#define MEASURE 80 /* columns that are pleasant to read */

/* What is shown of one article. */
struct view {
	const struct library_article *a;
	const struct library_outlet *outlet;
	struct library_open bundle;
	const struct article *full;
	struct verified *text; /* NULL when retracted */
	char authentic[400];
	char fresh[240];
};

/* The key's number in two halves, as people compare it. */
static void
authentic_say(struct view *v)
{
	char outlet[200], desk[100];
	const char *key = v->bundle.row.key;

	text_show(outlet, sizeof(outlet), span_str(v->outlet->name));
	text_show(desk, sizeof(desk), span_str(v->a->desk));
	snprintf(v->authentic, sizeof(v->authentic),
		"authentic: signed by %s, desk %s%s%s%s", outlet, desk,
		key[0] == '\0' ? "" : " (key ", key, key[0] == '\0' ? "" : ")");
}

static enum err
view_open(struct view *v, struct library *l, const struct library_article *a,
	const struct library_outlet *o, struct diag *d)
{
	enum err e;

	*v = (struct view){.a = a, .outlet = o};
	e = library_bundle_open(l, a->bundle, &v->bundle, d);
	if (e != ERR_OK)
		return e;
	v->full = bundle_article(v->bundle.bundle, a->index);
	authentic_say(v);
	erika_fresh(v->fresh, sizeof(v->fresh), o, clock_now());
	if (v->full->text < 0)
		return ERR_OK;
	e = library_unpack(l, a->outlet, v->bundle.bundle,
		verified_bytes(v->bundle.prefix), (size_t)v->full->text,
		&v->text, d);
	return e == ERR_OK ? xhtml_check(v->text, d) : e;
}

static void
view_close(struct view *v)
{
	library_open_clear(&v->bundle);
	verified_free(v->text);
}

/* ---- for people */

/* A line of the head, broken between words on a terminal: `columns`, or 0. */
static enum err
styled(struct buf *out, unsigned columns, const char *sgr, const char *text)
{
	enum err e = sgr == NULL ? ERR_OK : buf_printf(out, "\033[%sm", sgr);
	struct buf line;

	buf_init(&line, LIMIT_MIB);
	if (e == ERR_OK)
		e = text_escape(&line, span_str(text));
	if (e == ERR_OK)
		e = say_wrap(out, buf_cstr(&line), columns);
	buf_free(&line);
	if (e == ERR_OK && sgr != NULL)
		e = buf_str(out, "\033[0m");
	return e == ERR_OK ? buf_u8(out, '\n') : e;
}

/* "Ivan Petrov · 2026-03-05 14:30 UTC · ru · updated 2026-03-06 ... (v2)" */
static enum err
byline(struct buf *out, unsigned columns, const struct view *v)
{
	const struct library_article *a = v->a;
	char when[ERIKA_DATE];
	struct buf line;
	enum err e;

	buf_init(&line, LIMIT_MIB);
	e = buf_printf(&line, "%s%s%s \302\267 %s", a->authors,
		a->authors[0] == '\0' ? "" : " \302\267 ",
		erika_date(when, a->published), a->language);
	if (e == ERR_OK && a->revision > 1)
		e = buf_printf(&line, " \302\267 updated %s (v%u)",
			erika_date(when, a->updated), a->revision);
	if (e == ERR_OK)
		e = styled(out, columns, NULL, buf_cstr(&line));
	buf_free(&line);
	return e;
}

static enum err
status_line(struct buf *out, unsigned columns, const struct view *v,
	const char *bold)
{
	char line[LIMIT_NOTE + 32];

	if (v->a->status == ARTICLE_PUBLISHED)
		return ERR_OK;
	snprintf(line, sizeof(line), "%s: %s",
		v->a->status == ARTICLE_RETRACTED ? "RETRACTED" : "Corrected",
		v->a->note[0] == '\0' ? "no reason given" : v->a->note);
	return styled(out, columns, bold, line);
}

static enum err
view_text(const struct context *cx, const struct view *v, unsigned width,
	struct buf *out, struct diag *d)
{
	struct terminal_style style = {.width = width, .color = cx->color};
	/* What is no terminal gets each of these in one line. */
	unsigned columns = erika_columns();
	const char *bold = cx->color ? "1" : NULL,
		   *dim = cx->color ? "2" : NULL;
	bool fresh = strncmp(v->fresh, "fresh", 5) == 0;
	enum err e;

	if (width > 0 && width < columns)
		columns = width;
	e = styled(out, columns, bold, v->a->title);
	if (e == ERR_OK)
		e = byline(out, columns, v);
	if (e == ERR_OK)
		e = status_line(out, columns, v, bold);
	if (e == ERR_OK)
		e = styled(out, columns, dim, v->authentic);
	if (e == ERR_OK)
		e = styled(out, columns, fresh ? dim : bold, v->fresh);
	if (e == ERR_OK)
		e = buf_u8(out, '\n');
	if (e == ERR_OK && v->text == NULL)
		e = buf_str(out, "The newsroom withdrew this article. Its text "
				 "is not shown.\n");
	else if (e == ERR_OK)
		return terminal_render(v->text, &style, out, d);
	return e == ERR_OK ? e : diag_set(d, e, "the article is too long");
}

/* ---- for programs */

static json_t *
images_json(const struct article *a)
{
	json_t *list = json_array();
	char hex[65];
	size_t i;

	for (i = 0; i < a->n_images; i++) {
		text_hex(hex, a->images[i].name.b, 32);
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", hex,
						    "type", a->images[i].type));
	}
	return list;
}

static enum err
view_json(const struct view *v, struct diag *d)
{
	const struct library_article *a = v->a;
	struct span text =
		v->text == NULL ? span_of("", 0) : verified_bytes(v->text);

	return erika_json(
		json_pack("{s:s, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s,"
			  " s:o, s:o, s:s, s:s, s:s, s:s, s:b, s:o, s:s%}",
			"schema", "erika-article-1", "number", (json_int_t)a->n,
			"outlet", a->outlet_name, "desk", a->desk, "id", a->id,
			"revision", (json_int_t)a->revision, "status",
			article_status_str(a->status), "title", a->title,
			"language", a->language, "authors", a->authors,
			"published", erika_json_date(a->published), "updated",
			erika_json_date(a->updated), "note", a->note, "url",
			a->url, "bundle", v->bundle.row.path, "key",
			v->bundle.row.key, "fresh",
			!library_outlet_stale(v->outlet, clock_now()), "images",
			images_json(v->full), "text", text.p, text.n),
		d);
}

/* ---- which one */

static enum err
article_find(struct library *l, const struct library_outlets *outlets,
	const char *which, const char *outlet, struct library_articles *out,
	struct diag *d)
{
	const struct library_outlet *o = NULL;
	struct library_filter f = {.id = which};
	char shown[100];
	uint64_t n;
	enum err e = ERR_OK;

	*out = (struct library_articles){.n = 0};
	if (text_decimal(span_str(which), INT32_MAX, &n) == ERR_OK && n > 0)
		f = (struct library_filter){.n = (int64_t)n};
	if (outlet != NULL)
		e = erika_outlet_find(outlets, outlet, &o, d);
	if (o != NULL)
		f.outlet = o->id;
	if (e == ERR_OK)
		e = library_articles(l, &f, out, d);
	/* An id may look like a number. */
	if (e == ERR_OK && out->n == 0 && f.n != 0) {
		f.n = 0;
		f.id = which;
		e = library_articles(l, &f, out, d);
	}
	if (e != ERR_OK || out->n == 1)
		return e;
	text_show(shown, sizeof(shown), span_str(which));
	if (out->n == 0)
		return diag_set(d, ERR_MISSING,
			"no article %s; erika list shows what there is", shown);
	return diag_set(d, ERR_USAGE,
		"several articles are called %s; use the number that erika "
		"list shows",
		shown);
}

static enum err
pictures_get(struct library *l, const struct library_outlet *o, int64_t n,
	const struct config *c, const struct context *cx, struct diag *d)
{
	struct sync_options opt = {.now = clock_now(), .check = xhtml_check};
	struct sync_report r = {.err = ERR_OK};
	struct config_outlet own;
	enum err e = config_outlet(c, l, o->id, &own, d);

	opt.country = c->country[0] == '\0' ? NULL : &own.here;
	opt.reach = &own.reach;
	if (e == ERR_OK)
		e = config_fetch(c, &opt.fetch, d);
	if (e == ERR_OK)
		e = sync_images(l, o, n, &opt, &r, d);
	if (e == ERR_OK && r.err != ERR_OK)
		talk_warn(cx, "some pictures could not be had: %s", r.diag.why);
	sync_report_clear(&r);
	fetch_free(opt.fetch);
	config_outlet_clear(&own);
	return e;
}

static enum err
article_show(struct context *cx, struct library *l,
	const struct library_article *a, const struct library_outlet *o,
	unsigned width, struct diag *d)
{
	struct buf out;
	struct view v;
	enum err e = view_open(&v, l, a, o, d);

	buf_init(&out, 16 * LIMIT_TEXT);
	if (e == ERR_OK && cx->json)
		e = view_json(&v, d);
	else if (e == ERR_OK)
		e = view_text(cx, &v, width, &out, d);
	if (e == ERR_OK && !cx->json)
		e = erika_page(cx, buf_view(&out), d);
	if (e == ERR_OK)
		e = library_article_mark(l, a->n, true, d);
	view_close(&v);
	buf_free(&out);
	return e;
}

enum err
erika_read(struct context *cx, int argc, char **argv, struct diag *d)
{
	unsigned columns = erika_columns(), width = UINT32_MAX;
	struct config_options options = {.http = false};
	struct config config = {.http = false};
	const char *outlet = NULL;
	bool images = false;
	const struct opt opts[] = {
		{"width", 'w', OPT_UINT, &width, "N",
			"wrap at N columns; 0 does not wrap"},
		{"outlet", 0, OPT_STRING, &outlet, "NAME", "of this outlet"},
		{"images", 'i', OPT_FLAG, &images, NULL,
			"get its pictures from the mirrors"},
		CONFIG_OPTS(options),
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	struct library_outlets outlets = {.n = 0};
	struct library_articles list = {.n = 0};
	const struct library_outlet *o = NULL;
	struct library *l = NULL;
	int first;
	size_t i;
	enum err e = command_opts(cx, opts, argc, argv, 1, 1, &first, d);

	if (e != ERR_OK)
		return e;
	/* Whoever reads without the network needs none of it. */
	if (images)
		e = config_load(&options, &config, d);
	if (e != ERR_OK)
		return e;
	if (width == UINT32_MAX)
		width = columns > 0 && columns < MEASURE ? columns : MEASURE;
	e = erika_library(&l, &outlets, false, d);
	if (e == ERR_OK)
		e = article_find(l, &outlets, argv[first], outlet, &list, d);
	for (i = 0; e == ERR_OK && i < outlets.n; i++)
		if (outlets.list[i].id == list.list[0].outlet)
			o = &outlets.list[i];
	if (e == ERR_OK && images)
		e = pictures_get(l, o, list.list[0].n, &config, cx, d);
	if (e == ERR_OK)
		e = article_show(cx, l, &list.list[0], o, width, d);
	library_articles_clear(&list);
	library_outlets_clear(&outlets);
	library_close(l);
	config_clear(&config);
	return e;
}
