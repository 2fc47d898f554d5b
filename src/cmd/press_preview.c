/* erika-press preview: an article as readers will see it, through the
 * reader's own checks. */
#include <stdlib.h>
#include <string.h>

#include "../core/date.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../read/page.h"
#include "../read/terminal.h"
#include "../sys/file.h"
#include "press.h"
#include "press_json.h"
#include "press_packed.h"

static enum err
list_print(const struct context *cx, struct room *r, struct diag *d)
{
	struct db_query *q;
	char day[DATE_SIZE], shown[200];
	enum err e;

	e = db_query(r->db, d, &q,
		"SELECT id, status, language, published, title FROM article"
		" ORDER BY published DESC, id",
		"");
	if (e != ERR_OK)
		return e;
	while (db_row(q)) {
		date_format(day, db_int(q, 3));
		if (cx->json) {
			json_t *v = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
				"schema", "erika-packed-article-1", "id",
				db_text(q, 0), "status",
				article_status_str(
					(enum article_status)db_int(q, 1)),
				"language", db_text(q, 2), "published", day,
				"title", db_text(q, 4));

			press_json_print(v);
			json_decref(v);
			continue;
		}
		printf("%.10s  %-3s %-9s %s  %s\n", day, db_text(q, 2),
			article_status_str((enum article_status)db_int(q, 1)),
			db_text(q, 0),
			text_show(
				shown, sizeof(shown), span_str(db_text(q, 4))));
	}
	return db_done(r->db, q, d);
}

static enum err
article_print(struct context *cx, struct room *r, const struct bundle *bundle,
	const char *file, const struct article *a, struct diag *d)
{
	const struct terminal_style style = {.width = 80, .color = cx->color};
	struct verified *text = NULL;
	struct buf out;
	char day[DATE_SIZE], shown[LIMIT_TITLE];
	enum err e = ERR_OK;

	buf_init(&out, 16 * LIMIT_TEXT);
	date_format(day, a->published);
	printf("%s\n%.10s  %s  revision %u, %s\n",
		text_show(shown, sizeof(shown), span_str(a->title)), day,
		a->language, (unsigned)a->revision,
		article_status_str(a->status));
	if (a->note != NULL)
		printf("%s\n",
			text_show(shown, sizeof(shown), span_str(a->note)));
	putchar('\n');
	if (a->text >= 0) {
		e = packed_text(r, bundle, file, a, &text, d);
		if (e == ERR_OK)
			e = terminal_render(text, &style, &out, d);
		if (e == ERR_OK)
			fwrite(out.p, 1, out.n, stdout);
	}
	verified_free(text);
	buf_free(&out);
	return e;
}

/* ---- as a page */

struct pictures {
	struct room *room;
	struct verified *last;
};

/* A picture that cannot be read is shown as its description. */
static const struct verified *
picture(void *arg, const struct article_image *image)
{
	struct pictures *p = arg;
	struct diag d;

	verified_free(p->last);
	p->last = NULL;
	if (packed_image(p->room, &image->name, &p->last, &d) != ERR_OK)
		return NULL;
	return p->last;
}

static enum err
article_page(struct room *r, const struct bundle *bundle, const char *file,
	const struct article *a, const char *to, struct diag *d)
{
	static const struct page_claim claim = {false,
		"A preview: not signed for readers yet, or already published; "
		"this page itself carries no signature."};
	struct pictures pictures = {r, NULL};
	struct page page = {.article = a,
		.outlet = r->name,
		.claims = &claim,
		.n_claims = 1,
		.image = picture,
		.arg = &pictures};
	struct verified *text = NULL;
	struct buf out;
	enum err e = ERR_OK;

	buf_init(&out, LIMIT_IMAGES_PER_ARTICLE * LIMIT_OBJECT);
	if (a->text >= 0)
		e = packed_text(r, bundle, file, a, &text, d);
	page.text = text;
	if (e == ERR_OK)
		e = page_render(&page, &out, d);
	if (e == ERR_OK)
		e = file_write(to, buf_view(&out), 0644, d);
	verified_free(pictures.last);
	verified_free(text);
	buf_free(&out);
	return e;
}

static enum err
article_show(struct context *cx, struct room *r, const char *id,
	const char *html, struct diag *d)
{
	char path[LIMIT_PATH + 1] = "", *file = NULL, shown[200];
	struct bundle *bundle = NULL;
	const struct article *a;
	struct db_query *q;
	int64_t position = 0;
	enum err e;

	e = db_query(r->db, d, &q,
		"SELECT bundle, position FROM article WHERE id=?", "t", id);
	if (e != ERR_OK)
		return e;
	if (db_row(q)) {
		snprintf(path, sizeof(path), "%s", db_text(q, 0));
		position = db_int(q, 1);
	}
	e = db_done(r->db, q, d);
	if (e == ERR_OK && path[0] == '\0')
		e = diag_set(d, ERR_MISSING,
			"no such article; erika-press preview lists them");
	if (e == ERR_OK)
		e = packed_bundle(r, path, &bundle, &file, d);
	if (e == ERR_OK) {
		a = bundle_article(bundle, (size_t)position);
		e = html == NULL ? article_print(cx, r, bundle, file, a, d)
				 : article_page(r, bundle, file, a, html, d);
	}
	if (e == ERR_OK && html != NULL)
		talk(cx, "Wrote %s",
			text_show(shown, sizeof(shown), span_str(html)));
	bundle_free(bundle);
	free(file);
	return e;
}

enum err
press_preview(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct room_options ro = {.dir = NULL};
	const char *html = NULL;
	const struct opt opts[] = {ROOM_OPTIONS(ro),
		{"html", 0, OPT_STRING, &html, "FILE",
			"write the article as one HTML page instead"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct room *r = NULL;
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);
	if (e == ERR_OK && html != NULL && first == argc)
		e = diag_set(d, ERR_USAGE, "--html wants an ARTICLE too");
	if (e == ERR_OK)
		e = room_open(&ro, &r, d);
	if (e == ERR_OK)
		e = first < argc ? article_show(cx, r, argv[first], html, d)
				 : list_print(cx, r, d);
	room_close(r);
	return e;
}
